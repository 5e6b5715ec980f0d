"""Whether two positions of one row agree, and degrees that the grid metres beside them prove to be on OSGB36."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from geodata.area import osgb36_to_wgs84
from geodata.points import METRES_PER_DEGREE

APART_M: Final = 100.0  # J: further apart than any rounding a log is fit for, and two places of patrol size
APART_SHARE: Final = 0.01  # J: fewer rows that contradict themselves are slips
DATUM_M: Final = 40.0  # the shift from OSGB36 to WGS84 is 80 m and more on land in Great Britain
LEFT_SHARE: Final = 0.2  # J: of the shift that may be left once the degrees are converted
MIN_ROWS: Final = 3  # J

_DEGREES: Final = "longitude"
_NAMES: Final = {
    "longitude": "the longitude and latitude", "osgb36_longitude": "the OSGB36 degrees",
    "easting": "the easting and northing", "x": "the x and y", "grid_reference": "the grid reference",
}  # fmt: skip

Floats = NDArray[np.float64]


def settled(readings: Mapping[str, pl.DataFrame], name: str) -> tuple[dict[str, pl.DataFrame], tuple[str, ...]]:
    """Return positions as read from each pair of columns, the wrong datum put right, and notes on how they agree.

    Degrees that lie off the second position of their rows by what separates OSGB36 from WGS84 there (about 104 m in
    Wolverhampton, R3.11), and agree with it once converted, are on OSGB36. Medians of the shift are compared, so that
    degrees of few decimals do not hide it.

    Parameters
    ----------
    readings : mapping of DataFrame
        The first of each pair of columns -> ``longitude``, ``latitude`` (WGS84, null where not located) and
        ``stated_radius_m``, best pair first.
    name : str
        File name for the notes.
    """
    used, other = (*readings, "", "")[:2]
    if not other:
        return dict(readings), ()
    rows = _both(readings[used], readings[other])
    if rows.sum() == 0:
        return dict(readings), ()
    places, other_places = _points(readings[used])[rows], _points(readings[other])[rows]
    gap = np.hypot(*_metres(places, other_places).T)
    pair = f"{name}: {_NAMES[used]} and {_NAMES[other]} of the same rows"
    if used == _DEGREES and len(gap) >= MIN_ROWS and _is_datum(places, other_places):
        converted = _converted(readings[used])
        left = np.hypot(*_metres(_points(converted)[rows], other_places).T)
        note = (
            f"{pair} lie a median of {np.median(gap):.0f} m apart, as degrees on the OSGB36 datum do: they were "
            f"converted to WGS84 in {converted['longitude'].count():,} rows, and a median of {np.median(left):.0f} m "
            "is left; if instead the grid metres were made from WGS84 degrees without the shift, remove them."
        )
        return {**readings, used: converted}, (note,)
    beyond = gap > APART_M + readings[other]["stated_radius_m"].fill_null(0.0).to_numpy()[rows]
    if beyond.mean() <= APART_SHARE:
        return dict(readings), ()
    note = (
        f"{pair} lie a median of {np.median(gap):,.0f} m apart, more than {APART_M:.0f} m in {beyond.sum():,} of "
        f"{len(gap):,}; {_NAMES[used]} were used: check which of the two is right."
    )
    return dict(readings), (note,)


def _both(first: pl.DataFrame, second: pl.DataFrame) -> NDArray[np.bool_]:
    return (first["longitude"].is_not_null() & second["longitude"].is_not_null()).to_numpy()


def _points(places: pl.DataFrame) -> Floats:
    return places.select(pl.col("longitude", "latitude").fill_null(np.nan)).to_numpy()


def _metres(places: Floats, others: Floats) -> Floats:
    """Return how far east and north each place lies of another, shape (n, 2)."""
    delta = (places - others) * METRES_PER_DEGREE
    return np.column_stack([delta[:, 0] * np.cos(np.radians(others[:, 1])), delta[:, 1]])


def _is_datum(places: Floats, others: Floats) -> bool:
    """Return whether places are off by a datum's shift, which converting them from OSGB36 takes away."""
    before = _typical(_metres(places, others))
    if not before > DATUM_M:
        return False
    after = _typical(_metres(np.column_stack(osgb36_to_wgs84(places[:, 0], places[:, 1])), others))
    return after < LEFT_SHARE * before


def _typical(shift: Floats) -> float:
    return float(np.hypot(*np.median(shift, axis=0)))


def _converted(places: pl.DataFrame) -> pl.DataFrame:
    """Return degrees on OSGB36 as WGS84."""
    is_there = places["longitude"].is_not_null()
    points = _points(places.filter(is_there))
    moved = np.full((places.height, 2), np.nan)
    moved[is_there.to_numpy()] = np.column_stack(osgb36_to_wgs84(points[:, 0], points[:, 1]))
    columns = {column: pl.Series(moved[:, i]).fill_nan(None) for i, column in enumerate(("longitude", "latitude"))}
    return places.with_columns(**columns)
