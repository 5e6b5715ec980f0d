"""How finely each record was placed, by what its geocoder or its own words say: address, street or only an area."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl


@dataclass(frozen=True, slots=True)
class Placed:
    """How finely a record was placed; a radius of None is that of the whole study area."""

    precision: str
    radius_m: float | None = None


# Half the width of such an area in a town, as a disc: judgement, after the sizes ONS gives for England (J).
_LEVELS: Final = (
    (r"post ?code (?:sector|area)s?", Placed("area", 1_500)),
    (r"post ?code districts?|outward code|outcode", Placed("area", 3_000)),
    (r"post ?codes?|zip ?code", Placed("area", 100)),
    (r"output areas?|oa", Placed("area", 200)),
    (r"lsoas?|super output areas?", Placed("area", 400)),
    (r"msoas?", Placed("area", 900)),
    (r"wards?|beats?|neighbou?rhoods?|parish|sectors?|estates?", Placed("area", 1_000)),
    (r"town|city|village|locality|borough|district|county|force|default|failed|unmatched|no match|not matched",
     Placed("area")),
    (r"address|rooftop|premises?|building|property|uprn|house|exact|parcel", Placed("address")),
    (r"street|road|usrn|junction|intersection|interpolated", Placed("street")),
    (r"area|centroid|centre of area", Placed("area")),
)  # fmt: skip
_PATTERNS: Final = tuple((re.compile(rf"\b(?:{words})\b"), placed) for words, placed in _LEVELS)
_AREA: Final = (
    r"(?:post ?code|output area|lsoa|msoa|ward|beat|neighbou?rhood|parish|sector|area|town|city|borough|village)"
)
_MIDDLE: Final = re.compile(
    rf"\bcentroids?\b|\b{_AREA} (?:mid-?point|middle)\b|\b(?:post ?code|ward|beat|sector|lsoa|msoa) (?:centre|center)\b"
    rf"|\b(?:centre|center|middle|mid-?point) of (?:the )?{_AREA}\b"
)


def by_quality(value: str) -> Placed | None:
    """Return what a geocoder's word for the quality of a match says, None where it says nothing known.

    Examples
    --------
    >>> by_quality("Ward centroid"), by_quality("STREET_CENTROID"), by_quality("87")
    (Placed(precision='area', radius_m=1000), Placed(precision='street', radius_m=None), None)
    """
    words = re.sub(r"[^a-z]+", " ", value.lower()).strip()
    return next((placed for pattern, placed in _PATTERNS if pattern.search(words)), None)


def by_name(value: str) -> Placed | None:
    """Return the area a place's name says it is the middle of, None for any other place (R3.9).

    Examples
    --------
    >>> by_name("Ward centroid 9"), by_name("Centre of postcode WV1 1AA"), by_name("Ward Street")
    (Placed(precision='area', radius_m=1000), Placed(precision='area', radius_m=100), None)
    """
    lower = value.lower()
    if not _MIDDLE.search(lower):
        return None
    placed = by_quality(lower)
    return placed if placed is not None and placed.precision == "area" else None


def stated(text: pl.DataFrame, location: pl.Series, name: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return how finely each record says it was placed, and a note on words nobody knows.

    Parameters
    ----------
    text : DataFrame
        Text columns; ``geocode_quality`` may be among them.
    location : Series of str
        The place of each record in words.
    name : str
        File name for the note.

    Returns
    -------
    DataFrame
        ``precision`` (null where nothing is said) and ``radius_m`` (null unless it is an area of known size).
    notes : tuple of str
    """
    named = _looked_up(location, by_name)
    if "geocode_quality" not in text.columns:
        return named, ()
    quality = text["geocode_quality"].str.strip_chars()
    graded = _looked_up(quality, by_quality)
    is_named = named["precision"].is_not_null()
    both = pl.DataFrame([named[column].zip_with(is_named, graded[column]) for column in named.columns])
    unknown = quality.filter(graded["precision"].is_null() & (quality != ""))
    if unknown.is_empty():
        return both, ()
    return both, (
        f"{name}: geocode qualities that say neither address, street nor area: {unknown.len():,} (first "
        f"'{unknown[0][:20]}'); those rows count as placed to the street.",
    )


def _looked_up(text: pl.Series, look: Callable[[str], Placed | None]) -> pl.DataFrame:
    """Return what each text says; each distinct text is looked at once."""
    distinct = text.unique()
    found = [look(value) for value in distinct]
    table = pl.DataFrame(
        {
            "text": distinct,
            "precision": [placed and placed.precision for placed in found],
            "radius_m": [placed and placed.radius_m for placed in found],
        },
        schema_overrides={"precision": pl.String, "radius_m": pl.Float64},
    )
    return pl.DataFrame({"text": text}).join(table, on="text", how="left", maintain_order="left").drop("text")
