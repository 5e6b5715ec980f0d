"""Names of places from the streets in the data: "High Street", never "Cluster 3".

Text from data stays text: control characters are removed here, escaping belongs to whoever writes HTML or sheets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geodata.points import METRES_PER_DEGREE

LONGEST_NAME = 60

GENERIC = frozenset({
    "airport/airfield", "bus/coach station", "conference/exhibition centre", "educational building", "ferry terminal",
    "further/higher educational building", "hospital", "motorway service area", "nightclub", "no location", "n/a",
    "none", "not known", "other", "park/open space", "parking area", "pedestrian subway", "petrol station",
    "police station", "prison", "public house", "race track", "shopping area", "sports/recreation area",
    "supermarket", "theatre/concert hall", "unknown",
})  # fmt: skip
"""Kinds of place police.uk prints instead of a street; they name a hotspot only if nothing better is there."""

_ON_OR_NEAR = re.compile(r"^\s*(?:on or near|on|near|outside|opposite|o/s|opp|junction of|jct of)\s+(?=\S)", re.I)
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b", re.I)
_UNIT = re.compile(r"^\s*(?:flat|apartment|apt|unit|room|suite|block|shop|floor)\s+[\w-]{1,6}\b[\s,]*", re.I)
_NUMBER = re.compile(r"^\s*(?:no\.?\s*)?\d+\s?[a-z]?(?:\s*[-/&]\s*\d+\s?[a-z]?)?(?=[\s,])[\s,]*", re.I)

_NEAR = re.compile(r"Near -?\d+\.\d{4}, -?\d+\.\d{4}(?:,|$| \()")

NEAREST_STREET_M = 50.0
"""A report farther than this from any street line is named by none: half the depth of an ordinary block."""

_COMPASS = ("east", "north east", "north", "north west", "west", "south west", "south", "south east")


def clean_text(text: object) -> str:
    r"""Return `text` on one line: control, format and unassigned characters removed, spaces collapsed.

    Examples
    --------
    >>> clean_text("High\x07  Street\n")
    'High Street'
    """
    if not isinstance(text, str):
        return ""
    if text.isprintable():
        return " ".join(text.split())
    kept = (" " if c.isspace() else c for c in text if c.isspace() or not unicodedata.category(c).startswith("C"))
    return " ".join("".join(kept).split())


def street_name(location: object) -> str:
    """Return the street a location text names, without house number, unit, postcode or "On or near".

    Examples
    --------
    >>> street_name("On or near High Street")
    'High Street'
    >>> street_name("Flat 3, 12A MARKET STREET, Wolverhampton WV1 3AG")
    'Market Street'
    >>> street_name("")
    ''
    """
    text = _POSTCODE.sub(" ", clean_text(location))
    text = _ON_OR_NEAR.sub("", text)
    parts = [part.strip() for part in text.split(",")]
    numbered = [part for part in parts if (bare := _without_number(part)) and bare != part]
    named = numbered or [part for part in parts if _without_number(part)]
    if not named:
        return ""
    street = _without_number(named[0])
    if street.isupper() and len(street) > 3:
        street = re.sub(r"[A-Z]+(?:'[A-Z]+)?", lambda word: word[0].capitalize(), street)
    return street[:LONGEST_NAME].strip()


def landmark_name(name: object) -> str:
    r"""Return the name of a named place on one line, as hotspots are said to lie at or by it.

    Examples
    --------
    >>> landmark_name("Wolverhampton\n Station")
    'Wolverhampton Station'
    """
    return clean_text(name)[:LONGEST_NAME]


def _without_number(part: str) -> str:
    bare = _NUMBER.sub("", _UNIT.sub("", part + " ")).strip(" .-")
    return bare if re.search(r"[^\W\d_]", bare) else ""


def is_generic(name: str) -> bool:
    """Return whether a name is only a kind of place ("Parking Area")."""
    return name.casefold() in GENERIC


def near(longitude: float, latitude: float) -> str:
    """Return the name of a place nothing names.

    Examples
    --------
    >>> near(-2.1288, 52.5862)
    'Near 52.5862, -2.1288'
    """
    return f"Near {latitude:.4f}, {longitude:.4f}"


def names_nothing(name: str) -> bool:
    """Return whether a name is only where the place is, as `near` writes it.

    Examples
    --------
    >>> names_nothing(near(-2.1288, 52.5862)), names_nothing("Near Miss Lane")
    (True, False)
    """
    return _NEAR.match(name) is not None


def place_names(
    points: pd.DataFrame, polygons: Sequence[Any] | NDArray[Any], *, streets: gpd.GeoDataFrame | None = None
) -> list[str]:
    """Name each polygon after the street most reports in it name, or lie on where none of them names any.

    A second street tells two places of the same name apart ("High Street by Market Place"), then the compass
    ("High Street, north"), then a number. Ties go to the first name in the alphabet.

    Parameters
    ----------
    points : DataFrame
        One row a report: ``longitude``, ``latitude`` (degrees) and ``location`` (text as given).
    polygons : sequence of shapely polygons
        In degrees.
    streets : GeoDataFrame, optional
        Street lines with ``name``, in degrees; only polygons whose reports name nothing are named by them.

    Returns
    -------
    list of str, one a polygon, all different
    """
    shapes = np.asarray(polygons, dtype=object)
    if len(shapes) == 0:
        return []
    ranked_streets = _streets_by_polygon(points, shapes)
    if streets is not None:
        ranked_streets = _with_street_lines(ranked_streets, points, shapes, streets)
    centres = shapely.get_coordinates(shapely.centroid(shapes))
    first = [ranked[0] if ranked else near(*centre) for ranked, centre in zip(ranked_streets, centres, strict=True)]
    second = [
        f"{ranked[0]} by {ranked[1]}" if len(ranked) > 1 and not is_generic(ranked[1]) else name
        for ranked, name in zip(ranked_streets, first, strict=True)
    ]
    return all_different(_apart(first, second), centres)


def all_different(names: list[str], centres: NDArray[np.float64]) -> list[str]:
    """Return names told apart where they are the same: by the side they lie to, then by a number.

    Parameters
    ----------
    names : list of str
    centres : array, shape (n, 2)
        Longitude and latitude of each place.
    """
    return _numbered(_apart(names, _with_compass(names, centres)))


def _streets_by_polygon(points: pd.DataFrame, shapes: NDArray[Any]) -> list[list[str]]:
    """Return the streets named in each polygon, most reports first, kinds of place last."""
    distinct = points.groupby(["longitude", "latitude", "location"], sort=False).size().rename("n").reset_index()
    at = distinct[["longitude", "latitude"]].to_numpy(dtype=float)
    places = np.asarray(shapely.points(at), dtype=object)
    polygon, point = shapely.STRtree(places.tolist()).query(shapes, predicate="intersects")
    named = distinct[["location", "n"]].iloc[point].assign(polygon=polygon)
    named["street"] = named["location"].map({text: street_name(text) for text in named["location"].unique()})
    totals = named.loc[named["street"] != ""].groupby(["polygon", "street"])["n"].sum().reset_index()
    totals["generic"] = totals["street"].map(is_generic).astype(bool)
    totals = totals.sort_values(["polygon", "generic", "n", "street"], ascending=[True, True, False, True])
    by_polygon = totals.groupby("polygon")["street"].agg(list)
    return [by_polygon.get(i, []) for i in range(len(shapes))]


def _with_street_lines(
    ranked: list[list[str]], points: pd.DataFrame, shapes: NDArray[Any], streets: gpd.GeoDataFrame
) -> list[list[str]]:
    """Return the streets of each polygon, where its reports name none those nearest to most of them."""
    lines, names = named_streets(streets)
    unnamed = np.array([i for i, found in enumerate(ranked) if not found], dtype=int)
    if len(unnamed) == 0 or len(lines) == 0:
        return ranked
    distinct = points.groupby(["longitude", "latitude"], sort=True).size().rename("n").reset_index()
    at = np.asarray(shapely.points(distinct[["longitude", "latitude"]].to_numpy(dtype=float)), dtype=object)
    polygon, point = shapely.STRtree(at).query(shapes[unnamed], predicate="intersects")
    latitude = float(distinct["latitude"].mean())
    tree = shapely.STRtree(_flat(lines, latitude))
    near, line = tree.query_nearest(_flat(at[point], latitude), max_distance=NEAREST_STREET_M)
    lain = pd.DataFrame({"polygon": unnamed[polygon[near]], "near": near, "n": distinct["n"].to_numpy()[point[near]]})
    lain["street"] = [clean_text(name)[:LONGEST_NAME].strip() for name in names[line]]
    once = lain.drop_duplicates(["near", "street"])  # a street may come in pieces that meet at the nearest point
    totals = once.groupby(["polygon", "street"])["n"].sum().reset_index()
    totals = totals.sort_values(["polygon", "n", "street"], ascending=[True, False, True])
    by_polygon = totals.groupby("polygon")["street"].agg(list)
    return [found or by_polygon.get(i, []) for i, found in enumerate(ranked)]


def _flat(shapes: NDArray[Any], latitude: float) -> NDArray[Any]:
    """Return shapes of one town in metres, true to about a hundredth: enough to see which street is nearest."""
    scale = METRES_PER_DEGREE * np.array([np.cos(np.radians(latitude)), 1.0])
    flat: NDArray[Any] = shapely.transform(shapes, lambda degrees: degrees * scale)
    return flat


def named_streets(streets: gpd.GeoDataFrame) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return the lines of a street table that have a name, and the names."""
    if "name" not in streets:
        return np.empty(0, dtype=object), np.empty(0, dtype=object)
    names = streets["name"].fillna("").astype(str).str.strip().to_numpy(dtype=object)
    shapes = streets.geometry.to_numpy()
    kept = (names != "") & (shapely.get_type_id(shapes) == 1)
    return shapes[kept], names[kept]


def _apart(names: list[str], longer: list[str]) -> list[str]:
    """Use the longer name wherever the short one is not unique."""
    times = pd.Series(names, dtype=object).value_counts()
    return [long if times[name] > 1 else name for name, long in zip(names, longer, strict=True)]


def _with_compass(names: list[str], centres: NDArray[np.float64]) -> list[str]:
    """Add where each place lies from the middle of all places of its name."""
    frame = pd.DataFrame({"name": names, "x": centres[:, 0], "y": centres[:, 1]})
    middle = frame.groupby("name")[["x", "y"]].transform("mean")
    shrink_x = np.cos(np.radians(middle["y"]))
    sides = compass((frame["x"] - middle["x"]) * shrink_x, frame["y"] - middle["y"])
    return [f"{name}, {side}" for name, side in zip(names, sides, strict=True)]


def compass(east: ArrayLike, north: ArrayLike) -> list[str]:
    """Return the side of the compass each step lies to, e.g. ``north east``."""
    angle = np.arctan2(np.asarray(north, dtype=float), np.asarray(east, dtype=float))
    return [_COMPASS[sector] for sector in np.round(angle / (np.pi / 4)).astype(int) % 8]


def _numbered(names: list[str]) -> list[str]:
    frame = pd.Series(names, dtype=object)
    turn = frame.groupby(frame).cumcount()
    return [name if i == 0 else f"{name} ({i + 1})" for name, i in zip(names, turn, strict=True)]
