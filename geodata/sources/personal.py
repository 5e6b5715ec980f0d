"""People's details told by content, whatever the column is called (R3.17)."""

from __future__ import annotations

from typing import Final

import polars as pl

E_MAIL: Final = r"[\w.+-]+@[\w-]+\.\w+"
PHONE: Final = (
    r"(?:\+44[\s-]?(?:\(0\))?|\b0)(?:7\d{3}[\s-]?\d{3}[\s-]?\d{3}|[12]\d{2}[\s-]?\d{3}[\s-]?\d{4}"
    r"|[12]\d{3}[\s-]?\d{5,6}|[12]\d{3}[\s-]\d{3}[\s-]\d{3})\b"
)
NATIONAL_INSURANCE: Final = r"(?i)\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b"
BORN: Final = r"(?i)\b(?:dob|d\.o\.b|born|date of birth)\b"

MAX_WORDS: Final = 20
"""A category or an address has fewer words; more are free text."""

MAX_SHARE: Final = 0.10
"""A column of which this share holds people's details is left out whole; below it, single values are blanked."""

MIN_VALUES: Final = 5
"""Fewer such values say nothing about a whole column."""

_FIELDS: Final = ("incident_ref", "category", "heading", "qualifier", "address", "location", "origin")
_KINDS: Final = {
    "e-mail addresses": pl.col("text").str.contains(E_MAIL),
    "telephone numbers": pl.col("text").str.contains(PHONE),
    "National Insurance numbers": pl.col("text").str.contains(NATIONAL_INSURANCE),
    "dates of birth": pl.col("text").str.contains(BORN),
    "free text": pl.col("text").str.count_matches(r"\S+") > MAX_WORDS,
}


def without_personal(text: pl.DataFrame, columns: dict[str, str], name: str) -> tuple[pl.DataFrame, list[str]]:
    """Leave out fields whose content is people's details, and blank single values that are.

    Parameters
    ----------
    text : DataFrame
        Canonical fields as text.
    columns : dict
        Canonical field -> column it was read from, for the notes.
    name : str
        File name for the notes.

    Returns
    -------
    text : DataFrame
    notes : list of str
    """
    notes = []
    for field in [field for field in _FIELDS if field in text.columns]:
        found = _rows_by_kind(text[field])
        if not found:
            continue
        is_personal = pl.Series([False] * text.height)
        for rows in found.values():
            is_personal = is_personal | rows
        n, kinds, column = int(is_personal.sum()), ", ".join(found), columns.get(field, field)
        if n >= MIN_VALUES and n > MAX_SHARE * int((text[field] != "").sum()):
            text = text.drop(field)
            notes.append(f"{name}: column {column} was not used, because it holds {kinds} ({n:,} values).")
        else:
            text = text.with_columns(text[field].zip_with(~is_personal, pl.Series([""])).alias(field))
            notes.append(f"{name}: values of {column} blanked because they held {kinds}: {n:,}.")
    return text, notes


def _rows_by_kind(column: pl.Series) -> dict[str, pl.Series]:
    """Return which rows hold which kind of personal detail; each distinct text is looked at once."""
    distinct = pl.DataFrame({"text": column.unique()}).with_columns(**_KINDS)
    held = [kind for kind in _KINDS if distinct[kind].any()]
    if not held:
        return {}
    rows = pl.DataFrame({"text": column}).join(distinct, on="text", how="left", maintain_order="left")
    return {kind: rows[kind] for kind in held}
