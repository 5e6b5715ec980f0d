"""Distinct callers without knowing one: keys made by a hash become numbers that mean nothing else (R3.17, R6.16)."""

from __future__ import annotations

import hashlib
from typing import Final

import polars as pl

FIELD: Final = "caller"
_KEY: Final = r"^(?:[0-9a-f]{16,128}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$"
_LETTER: Final = r"[a-f]"
_MOSTLY: Final = 0.5
_OF_NOBODY: Final = frozenset(
    digest
    for text in (b"", b"unknown", b"anonymous", b"withheld", b"null", b"none", b"nan")
    for digest in (hashlib.md5(text, usedforsecurity=False).hexdigest(),
                   hashlib.sha1(text, usedforsecurity=False).hexdigest(), hashlib.sha256(text).hexdigest())
)  # fmt: skip


def keys_only(text: pl.DataFrame, columns: dict[str, str], name: str) -> tuple[pl.DataFrame, list[str]]:
    """Leave out a column of callers that does not hold keys made by a hash, and say so without quoting it.

    A key is 16 or more hexadecimal digits, or a UUID. Names and telephone numbers are neither; nor are reference
    numbers, which lead to a person in the system they come from.

    Parameters
    ----------
    text : DataFrame
        Canonical fields as text.
    columns : dict
        Canonical field -> column it was read from, for the note.
    name : str
        File name for the note.

    Returns
    -------
    text : DataFrame
        With lower-case keys, "" where the caller is not known: also for hashes of nothing or of "unknown".
    notes : list of str
    """
    if FIELD not in text.columns:
        return text, []
    key = text[FIELD].str.strip_chars().str.to_lowercase()
    distinct = key.unique()
    distinct = distinct.filter(distinct != "")
    strange = int((~distinct.str.contains(_KEY)).sum())
    are_hashes = len(distinct) > 0 and bool(distinct.str.contains(_LETTER).mean() > _MOSTLY)  # type: ignore[operator]
    if strange or not are_hashes:
        what = f"{strange:,} of its {len(distinct):,} values are" if strange else "its values are"
        return text.drop(FIELD), [
            f"{name}: column {columns.get(FIELD, FIELD)} was not used to count callers, because {what} no keys made by "
            "a hash (16 or more hexadecimal digits, or a UUID); names, numbers and references of people are not read."
        ]
    return text.with_columns(pl.when(key.is_in(list(_OF_NOBODY))).then(pl.lit("")).otherwise(key).alias(FIELD)), []


def caller_numbers(text: pl.DataFrame) -> pl.Series:
    """Return a number for each key, 0 where there is none, null throughout where the file has no keys.

    The same key gets the same number in every file. Two of a million keys share one with a chance of 1 in 37 million.
    """
    if FIELD not in text.columns:
        return pl.Series([None] * text.height, dtype=pl.UInt64)
    distinct = text[FIELD].unique()
    numbers = pl.Series([_number(key) for key in distinct], dtype=pl.UInt64)
    return text[FIELD].replace_strict(distinct, numbers, return_dtype=pl.UInt64)


def _number(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big") if key else 0
