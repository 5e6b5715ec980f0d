"""The National Standard for Incident Recording: what kind of ASB, can a patrol deter it, and whose is it (R3.3, R1.6).

Everything is read from one table, ``data/nsir.csv``, whose rows a user's own file may change or add to. A report is
looked up by its heading, else by its qualifier, else by its category. The same table says which wordings are ASB.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import IO, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.categories import ASB_NAME, KNOWN, NEGATED, QUALIFIERS, is_named_asb, label
from geodata.errors import SourceError
from geodata.schema import ASB

COLUMNS: Final = ("kind", "slug", "label", "deterrable", "route", "agency", "synonyms")
KINDS: Final = ("heading", "qualifier", "category")
ROUTES: Final = ("tenancy", "environmental", "public place", "criminal")
"""The four ways in which ASB reports are routed to whoever deals with them."""

AGENCIES: Final = ("housing provider", "council", "ASB team", "police")
"""Whom the shipped table names; a user's own file may name others."""

_DEFAULT_FILE: Final = "data/nsir.csv"
_FILLERS: Final = frozenset({"or", "and", "asb", "the", "of"})
_DETERRABLE: Final = {"yes": True, "no": False}


def report_types(path: str | Path | None = None) -> pd.DataFrame:
    """Return the table of report types, with the rows of a user's CSV file in place of the shipped ones or beside them.

    A row of the file replaces the shipped row of the same kind and slug; other rows are new types. Lines that begin
    with ``#`` are comments.

    Parameters
    ----------
    path : path, optional
        CSV with the columns kind (heading, qualifier or category), slug, label, deterrable (yes or no), route (tenancy,
        environmental, public place, criminal or empty), agency and synonyms (separated by ``|``).

    Returns
    -------
    DataFrame
        Index ``kind``, ``slug``; ``label``, ``deterrable`` (bool), ``route``, ``agency``, ``synonyms`` (text).

    Raises
    ------
    SourceError
        If the file cannot be read, lacks a column, or holds a value that is not allowed or a type twice.
    """
    if path is None:
        return _shipped().copy()
    name = Path(path).name
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            own = _types_in(file, name)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SourceError(
            f"'{name}' cannot be read as report types; give a CSV file with the columns {', '.join(COLUMNS)}."
        ) from error
    shipped = _shipped()
    return pd.concat([own, shipped.loc[~shipped.index.isin(own.index)]])


def heading_of(text: str, types: pd.DataFrame | None = None) -> str:
    """Return the slug of the ASB heading a text names, or an empty text.

    The heading's own words or one of its synonyms must stand in the text as whole words; the longest such wording
    wins, so that "Rowdy/nuisance neighbours" is not taken for "rowdy".

    Examples
    --------
    >>> heading_of("ASB - ROWDY/INCONSIDERATE BEHAVIOUR"), heading_of("Rowdy / nuisance neighbours")
    ('rowdy-inconsiderate', 'nuisance-neighbours')
    >>> heading_of("Burglary dwelling")
    ''
    """
    return _lookup(_wordings(report_types() if types is None else types))(text)


def is_asb(text: str, types: pd.DataFrame | None = None) -> bool:
    """Return whether a category's text, or its slug, means ASB (R3.3).

    It does where it begins with ASB's own name, where it is a qualifier, and where it holds the wording of a heading or
    "ASB" as a word. A heading of one word ("noise", "neighbour") must begin the text, because in the middle of one it
    is often about something else. The wording of a category of crime beside it makes it a crime.

    Examples
    --------
    >>> is_asb("Street Drinkers"), is_asb("Nuisance - ASB"), is_asb("Nuisance: Noise")
    (True, True, True)
    >>> is_asb("Theft of fireworks"), is_asb("Neighbour dispute - assault"), is_asb("Non-ASB"), is_asb("Burglary")
    (False, False, False, False)
    """
    return asb_test(types)(text)


def asb_test(types: pd.DataFrame | None = None) -> Callable[[str], bool]:
    """Return `is_asb` for many texts under one table."""
    known = report_types() if types is None else types
    return _asb_test(_wordings(known), _wordings(known, "category"), _wordings(known, "qualifier"))


def knows_kind(types: pd.DataFrame | None = None) -> Callable[[str], bool]:
    """Return a function that tells whether a category's text, or its slug, is ASB or a crime by the table."""
    known = report_types() if types is None else types
    means_asb, crime = asb_test(known), _lookup(_wordings(known, "category"))
    return lambda text: means_asb(text) or crime(text) != ""


def with_own_types(records: pd.DataFrame, types: pd.DataFrame) -> pd.DataFrame:
    """Return RECORDS in which what a user's own table calls ASB is ASB, under the heading it was written as.

    Only wordings that the shipped table does not know are touched; records it took for ASB stay so.
    """
    slugs = [str(slug) for slug in records["category"].unique()]
    means_asb = asb_test(types)
    own = [slug for slug in slugs if slug != ASB and slug not in KNOWN and means_asb(slug)]
    if not own:
        return records
    is_own = records["category"].isin(own)
    written = records.loc[is_own, "category"].astype(str).map({slug: label(slug) for slug in own})
    texts = records.astype({"category": "str", "heading": "str"})
    return texts.assign(category=texts["category"].mask(is_own, ASB), heading=texts["heading"].mask(is_own, written))


def headings(incidents: pd.DataFrame, types: pd.DataFrame | None = None) -> pd.Series:
    """Return the heading slug of each report from its column ``heading``: empty if not ASB, not given or not known."""
    if "heading" not in incidents.columns:
        return pd.Series("", index=incidents.index, dtype="str", name="heading_slug")
    find = _lookup(_wordings(report_types() if types is None else types))
    codes, texts = pd.factorize(incidents["heading"].fillna(""))
    found = np.array([find(str(text)) for text in texts], dtype=object)[codes]
    is_asb = (incidents["category"] == ASB).to_numpy()
    return pd.Series(np.where(is_asb, found, ""), index=incidents.index, dtype="str", name="heading_slug")


def unknown_headings(incidents: pd.DataFrame, types: pd.DataFrame | None = None) -> pd.Series:
    """Return how often each ASB heading occurs that the table does not know, most frequent first.

    Add them to a file for `report_types` as synonyms or as types of their own.
    """
    if "heading" not in incidents.columns:
        return pd.Series([], dtype="int64", name="n")
    written = incidents["heading"].fillna("").str.strip()
    is_unknown = (incidents["category"] == ASB) & (written != "") & (headings(incidents, types) == "")
    plain = {text: _says_more(text) for text in written.loc[is_unknown].unique()}
    is_unknown &= written.map(plain).eq(True)  # "ASB - Nuisance" says no more than category and qualifier
    held = written.loc[is_unknown].value_counts().rename_axis("heading").rename("n").reset_index()
    return held.sort_values(["n", "heading"], ascending=[False, True]).set_index("heading")["n"]


def deterrable(incidents: pd.DataFrame, types: pd.DataFrame | None = None) -> NDArray[np.bool_]:
    """Return which reports a visible patrol may deter (R1.6), shape (n,).

    Neighbour disputes and malicious communications are not; ASB of which nothing more is known is; a category that is
    not in the table is not, because what a patrol is meant to prevent has to be chosen.
    """
    known = report_types() if types is None else types
    return _of_each(incidents, known, "deterrable", missing=False).astype(bool)


def agency(incidents: pd.DataFrame, types: pd.DataFrame | None = None) -> pd.Series:
    """Return who deals with each report; empty where its heading, qualifier and category do not tell."""
    known = report_types() if types is None else types
    owner = _of_each(incidents, known, "agency", missing="")
    return pd.Series(owner, index=incidents.index, dtype="str", name="agency")


def route(incidents: pd.DataFrame, types: pd.DataFrame | None = None) -> pd.Series:
    """Return the route of each report: tenancy, environmental, public place, criminal, or empty."""
    known = report_types() if types is None else types
    way = _of_each(incidents, known, "route", missing="")
    return pd.Series(way, index=incidents.index, dtype="str", name="route")


def _of_each(incidents: pd.DataFrame, types: pd.DataFrame, column: str, *, missing: object) -> NDArray[np.object_]:
    """Return a property of each report's type: of its heading, else its qualifier, else its category."""
    slugs = {"category": incidents["category"], "heading": headings(incidents, types)}
    if "qualifier" in incidents.columns:
        slugs["qualifier"] = incidents["qualifier"].where(incidents["category"] == ASB, "")
    found = np.full(len(incidents), missing, dtype=object)
    for kind in reversed(KINDS):  # the finest last, so that it has the last word
        if kind in slugs and kind in types.index.get_level_values("kind"):
            of_kind = types.xs(kind, level="kind")[column]
            is_known = slugs[kind].isin(of_kind.index).to_numpy()
            found[is_known] = slugs[kind].loc[is_known].map(of_kind).to_numpy()
    return found


def _says_more(text: str) -> bool:
    """Return whether a text says more than that it is ASB, and of which qualifier."""
    return bool(set(ASB_NAME.sub(" ", _words(text)).split()) - {*QUALIFIERS, *_FILLERS})


def _words(text: str) -> str:
    """Return lower-case words with single spaces: "Rowdy / Inconsiderate" -> "rowdy inconsiderate"."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    return " ".join(re.findall(r"[a-z0-9]+", ascii_text))


def _plain(text: str) -> str:
    """Return the words without fillers: "Rowdy or nuisance" -> "rowdy nuisance"."""
    return " ".join(word for word in _words(text).split() if word not in _FILLERS)


def _wordings(types: pd.DataFrame, kind: str = "heading") -> tuple[tuple[str, str], ...]:
    """Return (wording, slug) pairs of all types of a kind, longest wording first; ASB's own name is none of them."""
    pairs: dict[str, str] = {}
    of_kind = types.loc[types.index.get_level_values("kind") == kind]
    for (_, slug), label_, synonyms in zip(of_kind.index, of_kind["label"], of_kind["synonyms"], strict=True):
        for wording in (slug, label_, *synonyms.split("|")):
            if slug != ASB and (plain := _plain(wording)):
                pairs.setdefault(plain, slug)
    return tuple(sorted(pairs.items(), key=lambda pair: (-len(pair[0]), pair[0])))


@lru_cache(maxsize=32)
def _lookup(wordings: tuple[tuple[str, str], ...]) -> Callable[[str], str]:
    """Return a function that finds the type in a text, by the longest wording it holds."""
    if not wordings:
        return lambda _text: ""
    slug_of = dict(wordings)
    any_wording = re.compile(rf"(?<!\S)(?=({'|'.join(re.escape(wording) for wording in slug_of)})(?!\S))")

    def find(text: str) -> str:
        held = [match[1] for match in any_wording.finditer(_plain(text))]
        return slug_of[max(held, key=len)] if held else ""

    return find


_Wordings = tuple[tuple[str, str], ...]


@lru_cache(maxsize=8)
def _asb_test(headings: _Wordings, crimes: _Wordings, qualifiers: _Wordings) -> Callable[[str], bool]:
    """Return a function that tells whether a text means ASB, as `is_asb` says."""
    is_crime = {**{wording: False for wording, _ in headings}, **{wording: True for wording, _ in crimes}}
    longest_first = sorted(is_crime, key=lambda wording: (-len(wording), wording))
    held = re.compile(rf"(?<!\S)({'|'.join(map(re.escape, longest_first)) or '(?!)'})(?!\S)")
    of_qualifier = {wording for wording, _ in qualifiers}
    leading = re.compile(rf"(?:(?:{'|'.join(map(re.escape, of_qualifier)) or '(?!)'}) )*")

    def test(text: str) -> bool:
        if is_named_asb(text):
            return True
        affirmed = NEGATED.sub(" ", _words(text))
        plain = " ".join(word for word in affirmed.split() if word not in _FILLERS)
        found = list(held.finditer(plain))
        if any(is_crime[match[1]] for match in found):
            return False
        if ASB_NAME.search(affirmed) or plain in of_qualifier:
            return True
        begin = leading.match(plain)
        begins = {0, begin.end() if begin else 0}
        return any(" " in match[1] or match.start() in begins for match in found)

    return test


@cache
def _shipped() -> pd.DataFrame:
    with resources.files("geodata").joinpath(_DEFAULT_FILE).open(encoding="utf-8") as file:
        return _types_in(file, _DEFAULT_FILE)


def _types_in(file: IO[str], name: str) -> pd.DataFrame:
    text = pd.read_csv(file, dtype="str", comment="#", keep_default_na=False, skipinitialspace=True)
    missing = [column for column in COLUMNS if column not in text.columns]
    if missing:
        raise SourceError(f"'{name}' has no column {missing[0]}; report types need {', '.join(COLUMNS)}.")
    text = text[list(COLUMNS)].apply(lambda column: column.str.strip())
    allowed = {"kind": KINDS, "deterrable": tuple(_DETERRABLE), "route": (*ROUTES, "")}
    for column, values in allowed.items():
        wrong = text.loc[~text[column].isin(values), column]
        if len(wrong):
            known = ", ".join(value or "empty" for value in values)
            raise SourceError(
                f"'{name}': {column} must be one of {known}; {len(wrong)} rows are not, first '{wrong.iloc[0]}'."
            )
    is_bad = text.duplicated(["kind", "slug"]) | (text["slug"] == "")
    if is_bad.any():
        row = text.loc[is_bad].iloc[0]
        raise SourceError(f"'{name}': each kind and slug must be given once; '{row['kind']},{row['slug']}' is not.")
    table = text.assign(deterrable=text["deterrable"].map(_DETERRABLE).astype(bool))
    indexed: pd.DataFrame = table.set_index(["kind", "slug"])
    return indexed
