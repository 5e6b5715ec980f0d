"""Where each row lies: degrees from whichever columns hold a position, and what is wrong with them (R3.10-R3.12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from geodata.area import british_grid_to_wgs84, osgb36_to_wgs84
from geodata.coordinates import (
    detect,
    grid_references,
    is_degree_pair,
    is_grid_pair,
    is_irish_metres,
    is_swapped,
    numbers,
)
from geodata.errors import SourceError
from geodata.sources.agreement import settled

PAIRS: Final = (
    ("longitude", "latitude"), ("osgb36_longitude", "osgb36_latitude"), ("easting", "northing"), ("x", "y"),
)  # fmt: skip
"""Pairs of columns that hold a position, best first; ``x`` and ``y`` may be degrees or metres."""

POSITIONS: Final = (*(field for pair in PAIRS for field in pair), "grid_reference")
"""Every field that holds a position or half of one."""

_MOSTLY: Final = 0.5
_KM_EAST, _KM_NORTH = 700, 1300  # the British grid in kilometres

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def degrees(text: pl.DataFrame, name: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return where each row lies and notes on what was found.

    Degrees are taken where they are given, then degrees on the OSGB36 datum, then grid metres, then grid references. A
    point at (0, 0) or outside the range of its coordinate system is no location; single rows with longitude and
    latitude exchanged are put right, a file of them is left for the gate to refuse. Two positions of one row are
    compared, and degrees that the other proves to be on OSGB36 are converted (`geodata.sources.agreement`).

    Parameters
    ----------
    text : DataFrame
        Text columns among `POSITIONS`.
    name : str
        File name for messages.

    Returns
    -------
    places : DataFrame
        ``longitude``, ``latitude`` (float, null where not located) and ``stated_radius_m``: how far the place may be
        off by the way it is written (half the diagonal of a grid square), null where nothing is said.
    notes : tuple of str

    Raises
    ------
    SourceError
        If the columns hold another system than their names say, or Irish coordinates.
    """
    notes: list[str] = []
    readings = {}
    for x, y in PAIRS:
        if x in text.columns and y in text.columns:
            pair = _pairs(text, x, y, name, notes)
            readings[x] = _READERS[x](pair, name, notes)
    if "grid_reference" in text.columns:
        readings["grid_reference"] = _from_references(text["grid_reference"], name, notes)
    readings, more = settled(readings, name)
    found = _nowhere(text.height)
    for places in readings.values():
        found = _first_of(found, places)
    return found, (*notes, *more)


def _nowhere(n: int) -> pl.DataFrame:
    nothing = pl.Series([None] * n, dtype=pl.Float64)
    return pl.DataFrame({"longitude": nothing, "latitude": nothing, "stated_radius_m": nothing})


def _first_of(found: pl.DataFrame, more: pl.DataFrame) -> pl.DataFrame:
    is_found = found["longitude"].is_not_null()
    return pl.DataFrame([found[column].zip_with(is_found, more[column]) for column in found.columns])


def _pairs(text: pl.DataFrame, x: str, y: str, name: str, notes: list[str]) -> pl.DataFrame:
    """Return two columns as numbers ``x`` and ``y``, null unless both are there."""
    is_degrees = x.endswith("longitude")
    read = {}
    for column, field in (("x", x), ("y", y)):
        read[column] = numbers(text[field], is_degrees=is_degrees)
        unread = text[field].str.strip_chars().filter(read[column].is_null())
        unread = unread.filter(unread != "")
        if len(unread):
            notes.append(
                f"{name}: values of {field} that are no numbers: {len(unread):,} (first '{unread[0][:20]}'); those "
                "rows count as not located."
            )
    is_pair = pl.all_horizontal(pl.all().is_not_null())
    return pl.DataFrame(read).select(pl.when(is_pair).then(column).alias(column) for column in ("x", "y"))


def _arrays(pairs: pl.DataFrame) -> tuple[Floats, Floats]:
    return pairs["x"].fill_null(np.nan).to_numpy(), pairs["y"].fill_null(np.nan).to_numpy()


def _from_degrees(pairs: pl.DataFrame, name: str, notes: list[str]) -> pl.DataFrame:
    x, y = _arrays(pairs)
    if _system(pairs) == "grid metres":
        on_grid = is_grid_pair(x, y)
        raise SourceError(
            f"{name}: the longitude and latitude columns hold British National Grid metres in {on_grid.sum():,} of "
            f"{pairs['x'].count():,} located rows (first {_first(pairs, on_grid)}); name the columns easting and "
            "northing."
        )
    x, y = _put_right(x, y, name, notes)
    is_place = is_degree_pair(x, y) & ((x != 0) | (y != 0))
    _note_lost(notes, pairs["x"].count() - int(is_place.sum()), name, "longitude/latitude")
    return _places(x, y, is_place)


def _put_right(x: Floats, y: Floats, name: str, notes: list[str]) -> tuple[Floats, Floats]:
    """Exchange longitude and latitude in the rows that have them the wrong way round, unless most do."""
    swapped = is_swapped(x, y)
    n = int(swapped.sum())
    if n == 0 or n > _MOSTLY * np.isfinite(x).sum():
        return x, y
    notes.append(f"{name}: rows with longitude and latitude exchanged, which were put right: {n:,}.")
    return np.where(swapped, y, x), np.where(swapped, x, y)


def _from_osgb36(pairs: pl.DataFrame, name: str, notes: list[str]) -> pl.DataFrame:
    found = _from_degrees(pairs, name, notes)
    x, y = found["longitude"].fill_null(np.nan).to_numpy(), found["latitude"].fill_null(np.nan).to_numpy()
    is_place = np.isfinite(x)
    if is_place.any():
        notes.append(
            f"{name}: degrees on the OSGB36 datum were converted to WGS84 in {is_place.sum():,} rows; they would have "
            "lain some 100 m off."
        )
    return _converted(osgb36_to_wgs84, x, y, is_place)


def _from_grid(pairs: pl.DataFrame, name: str, notes: list[str]) -> pl.DataFrame:
    x, y = _arrays(pairs)
    system = _system(pairs)
    if system in ("degrees", "swapped degrees"):
        small = is_degree_pair(x, y) & ((x != 0) | (y != 0))
        raise SourceError(
            f"{name}: the easting and northing columns hold degrees in {small.sum():,} of "
            f"{pairs['x'].count():,} located rows (first {_first(pairs, small)}); name the columns longitude and "
            "latitude."
        )
    is_short = np.isfinite(x) & (x > 0) & (x < _KM_EAST) & (y > 0) & (y < _KM_NORTH)
    if is_short.sum() > _MOSTLY * np.isfinite(x).sum():
        raise SourceError(
            f"{name}: the easting and northing columns hold kilometres, not metres, in {is_short.sum():,} of "
            f"{pairs['x'].count():,} located rows (first {_first(pairs, is_short)}); multiply both by 1,000."
        )
    if system == "Irish metres":
        irish = is_irish_metres(x, y)
        raise SourceError(
            f"{name}: the grid metres are Irish (Irish Transverse Mercator) in {irish.sum():,} of "
            f"{pairs['x'].count():,} located rows (first {_first(pairs, irish)}): on the British grid they would lie "
            "in the sea; export longitude and latitude instead."
        )
    is_place = is_grid_pair(x, y) & (x > 0) & (y > 0)
    _note_lost(notes, pairs["x"].count() - int(is_place.sum()), name, "the British National Grid")
    return _converted(british_grid_to_wgs84, x, y, is_place)


def _from_either(pairs: pl.DataFrame, name: str, notes: list[str]) -> pl.DataFrame:
    """Read columns called x and y by what they hold."""
    if _system(pairs) not in ("degrees", "swapped degrees"):
        return _from_grid(pairs, name, notes)
    notes.append(f"{name}: the columns x and y hold degrees and were read as longitude and latitude.")
    return _from_degrees(pairs, name, notes)


def _from_references(text: pl.Series, name: str, notes: list[str]) -> pl.DataFrame:
    distinct = text.unique()
    read = pl.DataFrame({"text": text}).join(
        grid_references(distinct).with_columns(text=distinct), on="text", how="left", maintain_order="left"
    )
    n_given = int((text.str.strip_chars() != "").sum())
    n_irish = int(read["is_irish"].sum())
    if n_irish > _MOSTLY * n_given:
        first = read.filter("is_irish")["text"][0]
        raise SourceError(
            f"{name}: the grid references are Irish in {n_irish:,} of {n_given:,} rows (first '{first[:20]}'): the "
            "British grid does not reach there; export longitude and latitude instead."
        )
    is_place = read["easting"].is_not_null().to_numpy()
    unread = n_given - int(is_place.sum())
    if unread:
        notes.append(
            f"{name}: grid references that could not be read: {unread:,}"
            + (f", of them Irish: {n_irish:,}" if n_irish else "")
            + "; those rows count as not located."
        )
    x, y = (read[column].fill_null(np.nan).to_numpy() for column in ("easting", "northing"))
    found = _converted(british_grid_to_wgs84, x, y, is_place)
    return found.with_columns(stated_radius_m=read["square_m"] / np.sqrt(2))


_READERS: Final[dict[str, Callable[[pl.DataFrame, str, list[str]], pl.DataFrame]]] = {
    "longitude": _from_degrees, "osgb36_longitude": _from_osgb36, "easting": _from_grid, "x": _from_either,
}  # fmt: skip


def _system(pairs: pl.DataFrame) -> str:
    return detect(*_arrays(pairs))


def _converted(
    convert: Callable[[Floats, Floats], tuple[Floats, Floats]], x: Floats, y: Floats, is_place: Flags
) -> pl.DataFrame:
    longitude, latitude = convert(np.where(is_place, x, 400_000.0), np.where(is_place, y, 300_000.0))
    return _places(longitude, latitude, is_place)


def _places(longitude: Floats, latitude: Floats, is_place: Flags) -> pl.DataFrame:
    nowhere = _nowhere(len(longitude))
    is_there = pl.Series(is_place)
    columns = {"longitude": longitude, "latitude": latitude}
    return nowhere.with_columns(
        pl.Series(values).zip_with(is_there, nowhere[column]).alias(column) for column, values in columns.items()
    )


def _first(pairs: pl.DataFrame, held: Flags) -> str:
    x, y = pairs.filter(pl.Series(held)).row(0)
    return f"{x:.10g}, {y:.10g}"


def _note_lost(notes: list[str], n: int, name: str, extent: str) -> None:
    if n:
        notes.append(f"{name}: positions outside {extent} or at (0, 0): {n:,}; those rows count as not located.")
