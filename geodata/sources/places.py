"""Coordinates as written: degrees or British National Grid metres, and what is wrong with them."""

from __future__ import annotations

import polars as pl

from geodata.area import british_grid_to_wgs84
from geodata.errors import SourceError

_GRID_MAX = (700_000.0, 1_300_000.0)  # extent of the British National Grid in metres (R3.10)
_MOSTLY = 0.5


def degrees(text: pl.DataFrame, name: str) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return ``longitude`` and ``latitude`` (float, null where not located) and notes.

    Degrees are taken where they are given, otherwise grid metres are converted. A point at (0, 0) or outside the
    range of its coordinate system is no location.

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
    found = pl.DataFrame({
        "longitude": pl.Series([None] * text.height, dtype=pl.Float64),
        "latitude": pl.Series([None] * text.height, dtype=pl.Float64),
    })  # fmt: skip
    if "longitude" in text.columns:
        x, y = _numbers(text, "longitude", "latitude", name, notes)
        _refuse_metres(x, y, name)
        found = pl.DataFrame({"longitude": x, "latitude": y}).select(_within(180.0, 90.0))
        _count(
            notes,
            x.is_not_null().sum() - found["longitude"].count(),
            name,
            "lie outside longitude/latitude or at (0, 0)",
        )
    if "easting" in text.columns:
        east, north = _numbers(text, "easting", "northing", name, notes)
        _refuse_degrees(east, north, name)
        on_grid = (east > 0) & (north > 0) & (east <= _GRID_MAX[0]) & (north <= _GRID_MAX[1])
        _count(
            notes, east.is_not_null().sum() - on_grid.sum(), name, "lie outside the British National Grid or at (0, 0)"
        )
        longitude, latitude = british_grid_to_wgs84(east.fill_null(0).to_numpy(), north.fill_null(0).to_numpy())
        grid = pl.DataFrame({"x": longitude, "y": latitude, "is_on": on_grid.fill_null(value=False)})
        both = pl.concat([found, grid], how="horizontal")
        is_located = pl.col("longitude").is_not_null()
        found = both.select(
            longitude=pl.when(is_located).then("longitude").when("is_on").then("x"),
            latitude=pl.when(is_located).then("latitude").when("is_on").then("y"),
        )
    return found, tuple(notes)


def _numbers(text: pl.DataFrame, x: str, y: str, name: str, notes: list[str]) -> tuple[pl.Series, pl.Series]:
    """Return two columns as numbers, both null unless both are there; thousands separators are understood."""
    written = {c: text[c].str.strip_chars() for c in (x, y)}
    numbers = {}
    for column, values in written.items():
        if values.str.contains(r"^\d{1,3}(,\d{3})+(\.\d+)?$").any():
            values = values.str.replace_all(",", "", literal=True)
        numbers[column] = values.cast(pl.Float64, strict=False).fill_nan(None)
        unread = written[column].filter(numbers[column].is_null() & (written[column] != ""))
        first = f"are no numbers (first '{unread[0][:20]}')" if len(unread) else ""
        _count(notes, len(unread), name, f"in column '{column}' {first}")
    located = numbers[x].is_not_null() & numbers[y].is_not_null()
    empty = pl.Series([None] * text.height, dtype=pl.Float64)
    return numbers[x].zip_with(located, empty), numbers[y].zip_with(located, empty)


def _within(x_limit: float, y_limit: float) -> list[pl.Expr]:
    x, y = pl.col("longitude"), pl.col("latitude")
    valid = (x.abs() <= x_limit) & (y.abs() <= y_limit) & ((x != 0) | (y != 0))
    return [pl.when(valid).then(x), pl.when(valid).then(y)]


def _refuse_metres(x: pl.Series, y: pl.Series, name: str) -> None:
    on_grid = ((x.abs() > 180) | (y.abs() > 90)) & (x >= 0) & (y >= 0) & (x <= _GRID_MAX[0]) & (y <= _GRID_MAX[1])
    if x.count() and on_grid.sum() > _MOSTLY * x.count():
        raise SourceError(
            f"{name}: the longitude and latitude columns hold British National Grid metres in {on_grid.sum():,} of "
            f"{x.count():,} rows (first {_first(x, y, on_grid)}); name the columns easting and northing."
        )


def _refuse_degrees(east: pl.Series, north: pl.Series, name: str) -> None:
    small = (east.abs() <= 180) & (north.abs() <= 90) & ((east != 0) | (north != 0))
    if east.count() and small.sum() > _MOSTLY * east.count():
        raise SourceError(
            f"{name}: the easting and northing columns hold degrees in {small.sum():,} of {east.count():,} rows "
            f"(first {_first(east, north, small)}); name the columns longitude and latitude."
        )


def _first(x: pl.Series, y: pl.Series, which: pl.Series) -> str:
    return f"{x.filter(which)[0]:g}, {y.filter(which)[0]:g}"


def _count(notes: list[str], n: int, name: str, what: str) -> None:
    if n:
        notes.append(f"{name}: {n:,} coordinates {what}; those rows count as not located.")
