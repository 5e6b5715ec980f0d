"""Coordinates as written: degrees or British National Grid metres, and what is wrong with them."""

from __future__ import annotations

from typing import Final

import polars as pl

from geodata.area import british_grid_to_wgs84
from geodata.errors import SourceError

_GRID_MAX: Final = (700_000.0, 1_300_000.0)  # extent of the British National Grid in metres (R3.10)
_MOSTLY: Final = 0.5
_THOUSANDS: Final = r"^\d{1,3}(,\d{3})+(\.\d+)?$"


def degrees(text: pl.DataFrame, name: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return ``longitude`` and ``latitude`` (float, null where not located) and notes.

    Degrees are taken where they are given, otherwise grid metres are converted. A point at (0, 0) or outside the
    range of its coordinate system is no location (R3.10).

    Parameters
    ----------
    text : DataFrame
        Text columns ``longitude``/``latitude`` and/or ``easting``/``northing``.
    name : str
        File name for messages.

    Raises
    ------
    SourceError
        If the degree columns hold grid metres, or the grid columns hold degrees.
    """
    notes: list[str] = []
    written, from_grid = _not_located(text.height), _not_located(text.height)
    if "longitude" in text.columns:
        written = _from_degrees(_pairs(text, "longitude", "latitude", name, notes), name, notes)
    if "easting" in text.columns:
        from_grid = _from_grid(_pairs(text, "easting", "northing", name, notes), name, notes)
    is_written = written["longitude"].is_not_null()
    columns = [written[column].zip_with(is_written, from_grid[column]) for column in ("longitude", "latitude")]
    return pl.DataFrame(columns), tuple(notes)


def _not_located(n: int) -> pl.DataFrame:
    nothing = pl.Series([None] * n, dtype=pl.Float64)
    return pl.DataFrame({"longitude": nothing, "latitude": nothing})


def _pairs(text: pl.DataFrame, x: str, y: str, name: str, notes: list[str]) -> pl.DataFrame:
    """Return two columns as numbers ``x`` and ``y``, null unless both are there."""
    numbers = pl.DataFrame({"x": _numbers(text[x], name, notes), "y": _numbers(text[y], name, notes)})
    is_pair = pl.all_horizontal(pl.all().is_not_null())
    return numbers.select(pl.when(is_pair).then(column).alias(column) for column in ("x", "y"))


def _numbers(written: pl.Series, name: str, notes: list[str]) -> pl.Series:
    """Return a column as numbers; thousands separators are understood."""
    bare = written.str.strip_chars()
    if bare.str.contains(_THOUSANDS).any():
        bare = bare.str.replace_all(",", "", literal=True)
    numbers = bare.cast(pl.Float64, strict=False)
    numbers = numbers.set(~numbers.is_finite(), None)
    unread = bare.filter(numbers.is_null() & (bare != ""))
    if len(unread):
        notes.append(
            f"{name}: values of {written.name} that are no numbers: {len(unread):,} (first '{unread[0][:20]}'); those "
            "rows count as not located."
        )
    return numbers


def _from_degrees(pairs: pl.DataFrame, name: str, notes: list[str]) -> pl.DataFrame:
    x, y = pl.col("x"), pl.col("y")
    is_degrees = (x.abs() <= 180) & (y.abs() <= 90)
    on_grid = ~is_degrees & x.is_between(0, _GRID_MAX[0]) & y.is_between(0, _GRID_MAX[1])
    metres = pairs.filter(on_grid)
    if metres.height > _MOSTLY * pairs["x"].count():
        raise SourceError(
            f"{name}: the longitude and latitude columns hold British National Grid metres in {metres.height:,} of "
            f"{pairs['x'].count():,} located rows (first {_first(metres)}); name the columns easting and northing."
        )
    is_place = is_degrees & ((x != 0) | (y != 0))
    _note_lost(notes, pairs.filter(~is_place).height, name, "longitude/latitude")
    return pairs.select(longitude=pl.when(is_place).then(x), latitude=pl.when(is_place).then(y))


def _from_grid(pairs: pl.DataFrame, name: str, notes: list[str]) -> pl.DataFrame:
    x, y = pl.col("x"), pl.col("y")
    small = pairs.filter((x.abs() <= 180) & (y.abs() <= 90) & ((x != 0) | (y != 0)))
    if small.height > _MOSTLY * pairs["x"].count():
        raise SourceError(
            f"{name}: the easting and northing columns hold degrees in {small.height:,} of "
            f"{pairs['x'].count():,} located rows (first {_first(small)}); name the columns longitude and latitude."
        )
    is_place = (x > 0) & (y > 0) & (x <= _GRID_MAX[0]) & (y <= _GRID_MAX[1])
    _note_lost(notes, pairs.filter(~is_place).height, name, "the British National Grid")
    on_grid = pairs.select(is_place.fill_null(value=False).alias("on"))["on"]
    metres = pairs.fill_null(0.0)
    longitude, latitude = british_grid_to_wgs84(metres["x"].to_numpy(), metres["y"].to_numpy())
    nothing = _not_located(pairs.height)
    return pl.DataFrame({
        "longitude": pl.Series(longitude).zip_with(on_grid, nothing["longitude"]),
        "latitude": pl.Series(latitude).zip_with(on_grid, nothing["latitude"]),
    })  # fmt: skip


def _first(pairs: pl.DataFrame) -> str:
    x, y = pairs.row(0)
    return f"{x:.10g}, {y:.10g}"


def _note_lost(notes: list[str], n: int, name: str, extent: str) -> None:
    if n:
        notes.append(f"{name}: positions outside {extent} or at (0, 0): {n:,}; those rows count as not located.")
