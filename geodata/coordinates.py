"""Coordinates as people write them: which system they are in, what they say, and how finely they say it.

Pure functions of text and numbers. `geodata.sources.places` reads files with them and `geodata.confidence` judges
positions; the transforms themselves are in `geodata.area`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from geodata.points import METRES_PER_DEGREE
from geodata.tails import binomial_above

System = Literal["degrees", "swapped degrees", "grid metres", "Irish metres", "unknown"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

GRID_EXTENT_M: Final = (700_000.0, 1_300_000.0)  # of the British National Grid (R3.10)
BRITAIN_DEGREES: Final = (-9.0, 49.0, 2.5, 61.0)  # west, south, east, north: the United Kingdom with room to spare
IRISH_EXTENT_M: Final = (417_000.0, 519_000.0, 785_000.0, 968_000.0)  # of Irish Transverse Mercator (EPSG:2157)

STEPS_M: Final = (1000.0, 100.0, 10.0)
"""Grid steps coordinates are rounded to, coarse to fine."""

DECIMALS: Final = (2, 3, 4)
"""Decimals of degrees that are coarser than a house, coarse to fine."""

ROUNDED_NOTABLE: Final = 0.05  # J: below this share single round coordinates are left alone
ROUNDED_CHANCE: Final = 0.001  # and so are those chance gives

_MOSTLY: Final = 0.5
_GRID_TOLERANCE_M: Final = 4.0  # two transforms of one grid point differ by up to that much (R3.12)
_FINE_TOLERANCE_M: Final = 0.5
_FULL_DECIMALS: Final = 6  # of police.uk and of most geocoders

_MARKS: Final = r"[\s\u00a0\u2009\u202f'’°ºM]+"  # after upper case
_GROUPS: Final = r"^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"
_DECIMAL_COMMA: Final = r"^-?\d+,\d+$"
_EUROPEAN: Final = r"^-?\d{1,3}(?:\.\d{3})+,\d+$"

_BRITISH: Final = r"^([A-HJ-Z]{2})(\d{2}|\d{4}|\d{6}|\d{8}|\d{10})$"
_IRISH: Final = r"^I?([A-HJ-Z])(\d{4}|\d{6}|\d{8}|\d{10})$"
_PAIR: Final = r"^(\d{5,6}(?:\.\d+)?)[,;/](\d{5,7}(?:\.\d+)?)$"
_SQUARE_M: Final = 100_000.0


# ---- what is written


def numbers(text: pl.Series, *, is_degrees: bool) -> pl.Series:
    """Return written coordinates as numbers, null where they are none.

    Thousands may be grouped by commas, spaces or apostrophes, the decimal mark may be a comma, a minus may be a dash,
    and degrees may carry a degree sign and N, S, E or W. ``52,586`` is 52.586 among degrees and 52586 among metres;
    ``391,370`` is no degree, so it is 391370 in either.

    Parameters
    ----------
    text : Series of str
    is_degrees : bool
        Whether the column is said to hold degrees.
    """
    stripped = text.str.strip_chars()
    read = stripped.cast(pl.Float64, strict=False)
    is_odd = (read.is_null() & (stripped != "")).fill_null(value=False)
    if is_odd.any():
        odd = stripped.filter(is_odd).unique()
        found = pl.DataFrame({"text": odd, "value": _odd_numbers(odd, is_degrees=is_degrees)})
        told = pl.DataFrame({"text": stripped}).join(found, on="text", how="left", maintain_order="left")["value"]
        read = read.zip_with(~is_odd, told)
    return read.set(~read.is_finite(), None).alias(text.name)


def _odd_numbers(text: pl.Series, *, is_degrees: bool) -> pl.Series:
    bare = text.str.to_uppercase().str.replace_all(r"[−–—]", "-").str.replace_all(_MARKS, "")
    is_negative = bare.str.contains(r"^[SW]|[SW]$") if is_degrees else pl.repeat(False, len(bare), eager=True)
    bare = bare.str.strip_chars("NSEW") if is_degrees else bare
    grouped = bare.str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False)
    decimal = bare.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    european = bare.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True)
    is_group = bare.str.contains(_GROUPS)
    if is_degrees:
        is_group &= (decimal.abs() > 180).fill_null(value=True)
    read = pl.select(
        pl.when(is_group).then(grouped)
        .when(bare.str.contains(_DECIMAL_COMMA)).then(decimal)
        .when(bare.str.contains(_EUROPEAN)).then(european.cast(pl.Float64, strict=False))
        .otherwise(bare.cast(pl.Float64, strict=False))
    ).to_series()  # fmt: skip
    return (-read.abs()).zip_with(is_negative, read)


def grid_references(text: pl.Series) -> pl.DataFrame:
    """Read British grid references: two letters and 2 to 10 digits, with or without spaces (R3.10).

    A reference names a square, so the place is taken to be its centre. Twelve-figure pairs of metres
    (``391370 298718``) are understood too. Irish references (one letter) are recognised and not read.

    Parameters
    ----------
    text : Series of str

    Returns
    -------
    DataFrame
        ``easting``, ``northing`` (metres, null where not understood), ``square_m`` (side of the square, 1 to 10,000)
        and ``is_irish``.

    Examples
    --------
    >>> grid_references(pl.Series(["SO 914 987"])).row(0)
    (391450.0, 298750.0, 100.0, False)
    """
    upper = text.str.to_uppercase().str.strip_chars()
    bare = upper.str.replace_all(r"[\s.\-]+", "")
    letters, digits = bare.str.extract(_BRITISH, 1), bare.str.extract(_BRITISH, 2)
    half = digits.str.len_chars() // 2
    square = (10.0 ** (5 - half.cast(pl.Float64))).alias("square_m")
    east = letters.replace_strict(_SQUARES_EAST, default=None, return_dtype=pl.Float64)
    north = letters.replace_strict(_SQUARES_NORTH, default=None, return_dtype=pl.Float64)
    places = pl.DataFrame({"digits": digits, "half": half})
    first = places.select(pl.col("digits").str.head(pl.col("half")).cast(pl.Float64)).to_series()
    second = places.select(pl.col("digits").str.tail(pl.col("half")).cast(pl.Float64)).to_series()
    pair = upper.str.replace_all(r"[\s,;/]+", ",")
    easting = pl.select(pl.coalesce(east + (first + 0.5) * square, pair.str.extract(_PAIR, 1).cast(pl.Float64)))
    northing = pl.select(pl.coalesce(north + (second + 0.5) * square, pair.str.extract(_PAIR, 2).cast(pl.Float64)))
    is_pair = pair.str.contains(_PAIR)
    return pl.DataFrame({
        "easting": easting.to_series(), "northing": northing.to_series(),
        "square_m": pl.select(pl.when(is_pair).then(1.0).when(east.is_not_null()).then(square)).to_series(),
        "is_irish": bare.str.contains(_IRISH) & letters.is_null(),
    })  # fmt: skip


def _squares() -> tuple[dict[str, float], dict[str, float]]:
    """Return the south-west corner of each lettered 100 km square of the British National Grid."""
    alphabet = "ABCDEFGHJKLMNOPQRSTUVWXYZ"  # no I
    east, north = {}, {}
    for i, first in enumerate(alphabet):
        for j, second in enumerate(alphabet):
            x, y = (i % 5 - 2) * 5 + j % 5, (3 - i // 5) * 5 + 4 - j // 5
            if 0 <= x < 7 and 0 <= y < 13:
                east[first + second], north[first + second] = x * _SQUARE_M, y * _SQUARE_M
    return east, north


_SQUARES_EAST, _SQUARES_NORTH = _squares()


# ---- which system it is


def detect(x: ArrayLike, y: ArrayLike) -> System:
    """Return the coordinate system most pairs of numbers are in (R3.10).

    Degrees of another datum cannot be told from numbers (OSGB36 read as WGS84 lies 104 m off in Wolverhampton, R3.11),
    nor Irish Grid metres from British ones; Irish Transverse Mercator can, because its places lie in the North Sea on
    the British grid.

    Parameters
    ----------
    x, y : array of float
        First and second column as written; NaN and (0, 0) say nothing.
    """
    first, second = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    says = np.isfinite(first) & np.isfinite(second) & ((first != 0) | (second != 0))
    first, second = first[says], second[says]
    swapped = is_swapped(first, second)
    irish = is_irish_metres(first, second)
    holds: dict[System, Flags] = {
        "degrees": is_degree_pair(first, second) & ~swapped,
        "swapped degrees": swapped,
        "grid metres": is_grid_pair(first, second) & ~irish,
        "Irish metres": irish,
    }
    return next((system for system, flags in holds.items() if flags.sum() > _MOSTLY * len(first)), "unknown")


def is_degree_pair(x: ArrayLike, y: ArrayLike) -> Flags:
    """Return which pairs can be longitude and latitude."""
    return np.asarray((np.abs(x) <= 180) & (np.abs(y) <= 90))


def is_grid_pair(x: ArrayLike, y: ArrayLike) -> Flags:
    """Return which pairs can be metres on the British National Grid and cannot be degrees."""
    first, second = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    east, north = GRID_EXTENT_M
    on_grid = (first >= 0) & (first <= east) & (second >= 0) & (second <= north)
    return np.asarray(on_grid & ~is_degree_pair(first, second))


def is_swapped(longitude: ArrayLike, latitude: ArrayLike) -> Flags:
    """Return which pairs are latitude and longitude in that order.

    They lie in the British Isles only once exchanged, or can only be degrees once exchanged.
    """
    x, y = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
    only_exchanged = (np.abs(y) > 90) & (np.abs(y) <= 180) & (np.abs(x) <= 90)
    return np.asarray((_in_britain(y, x) & ~_in_britain(x, y)) | only_exchanged)


def is_irish_metres(easting: ArrayLike, northing: ArrayLike) -> Flags:
    """Return which pairs are metres of Irish Transverse Mercator: on the British grid they would lie in the sea."""
    x, y = np.asarray(easting, dtype=float), np.asarray(northing, dtype=float)
    west, south, east, north = IRISH_EXTENT_M
    in_ireland = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    in_north_sea = ((x > 475_000) & (y > 540_000)) | ((x > 425_000) & (y > 600_000))
    return np.asarray(in_ireland & in_north_sea)


def _in_britain(longitude: Floats, latitude: Floats) -> Flags:
    west, south, east, north = BRITAIN_DEGREES
    return (longitude >= west) & (longitude <= east) & (latitude >= south) & (latitude <= north)


# ---- how finely it is written


@dataclass(frozen=True, slots=True)
class Rounding:
    """How coarsely each point is written.

    Attributes
    ----------
    radius_m : array of float, shape (n,)
        Half the diagonal of the square or rectangle a point stands for; 0 where it is written finely.
    steps : tuple of (str, int)
        What the points are rounded to, in words, and how many are.
    """

    radius_m: Floats
    steps: tuple[tuple[str, int], ...]


def rounding(longitude: ArrayLike, latitude: ArrayLike, x_m: ArrayLike, y_m: ArrayLike) -> Rounding:
    """Find points written to 1,000, 100 or 10 m of a grid, or to 2, 3 or 4 decimals of a degree (R3.10).

    A step counts where a notable share of the points (5%) lies on it and chance would not put so many there: with
    tolerance t a random point lies on the corners or the centres of a grid of step s with probability 2 (2t/s)^2.

    Parameters
    ----------
    longitude, latitude, x_m, y_m : array of float, shape (n,)
        Distinct points, in degrees and in metres of the grid they may be rounded on.
    """
    lon, lat = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
    x, y = np.asarray(x_m, dtype=float), np.asarray(y_m, dtype=float)
    radius = np.zeros(len(lon))
    steps: list[tuple[str, int]] = []
    for name, is_on, chance, half_diagonal in (*_grid_steps(x, y), *_degree_steps(lon, lat)):
        found = is_on & (radius == 0)
        n = int(found.sum())
        if n > ROUNDED_NOTABLE * len(lon) and binomial_above(n - 1, len(lon), chance) < ROUNDED_CHANCE:
            radius = np.where(found, half_diagonal, radius)
            steps.append((name, n))
    return Rounding(radius, tuple(steps))


_Step = tuple[str, Flags, float, Floats]  # its name, the points on it, how likely a point is by chance, half diagonals


def _grid_steps(x: Floats, y: Floats) -> Iterator[_Step]:
    for step in STEPS_M:
        tolerance = _GRID_TOLERANCE_M if step >= 100 else _FINE_TOLERANCE_M
        chance = 2 * (2 * tolerance / step) ** 2
        yield f"{step:,.0f} m", _on_grid(x, y, step, tolerance), chance, np.full(len(x), step / np.sqrt(2))


def _degree_steps(longitude: Floats, latitude: Floats) -> Iterator[_Step]:
    for decimals in DECIMALS:
        height = METRES_PER_DEGREE * 10.0**-decimals
        half_diagonal = np.hypot(height, height * np.cos(np.radians(latitude))) / 2
        chance = 10.0 ** (2 * (decimals - _FULL_DECIMALS))
        yield f"{decimals} decimals of a degree", _has_decimals(longitude, latitude, decimals), chance, half_diagonal


def _on_grid(x: Floats, y: Floats, step: float, tolerance: float) -> Flags:
    """Return which points lie at the corners of a grid, or at the centres of its squares."""
    at_corner = (_off(x, step) <= tolerance) & (_off(y, step) <= tolerance)
    at_centre = (_off(x - step / 2, step) <= tolerance) & (_off(y - step / 2, step) <= tolerance)
    return np.asarray(at_corner | at_centre)


def _off(value: Floats, step: float) -> Floats:
    return np.asarray(np.abs(value - step * np.round(value / step)))


def _has_decimals(longitude: Floats, latitude: Floats, decimals: int) -> Flags:
    def is_short(value: Floats) -> Flags:
        return np.asarray(np.abs(value - np.round(value, decimals)) < 1e-9)

    return is_short(longitude) & is_short(latitude)
