"""What a reader finds their way by when there are no map tiles: streets, or the named points of the data itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from hotspots.results import Run

MAX_POINTS = 3000
MAX_LABELS = 800
SIMPLIFY_DEGREES = 2e-5  # about 2 m: below the width of a street
_PREFIX = re.compile(r"^\s*(?:on or near\s+)?(?:\d+[a-z]?(?:\s*-\s*\d+[a-z]?)?\s+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Label:
    """A street name and where to write it; the list is ordered, most useful first."""

    longitude: float
    latitude: float
    text: str


def street_lines(run: Run) -> BaseGeometry | None:
    """Return every street that touches the widened area as one multi-line in degrees, or None without a street file."""
    if run.streets is None or run.streets.empty:
        return None
    shapes = run.streets.geometry.to_numpy()
    shapely.prepare(run.area.buffered)
    near = shapes[shapely.intersects(run.area.buffered, shapes)]
    parts = shapely.get_parts(near)
    lines = parts[shapely.get_type_id(parts) == 1]
    return shapely.simplify(shapely.multilinestrings(lines), SIMPLIFY_DEGREES) if len(lines) else None


def named_points(run: Run) -> pd.DataFrame:
    """Return the distinct points of the data with their street name, busiest first.

    Returns
    -------
    DataFrame
        ``longitude``, ``latitude``, ``name``, ``n``; at most 3,000 rows. House numbers are left out of the names.
    """
    located = run.incidents.loc[:, ["longitude", "latitude", "location"]]
    grouped = located.groupby(["longitude", "latitude"], sort=True)["location"].agg(["first", "size"]).reset_index()
    points = grouped.rename(columns={"first": "name", "size": "n"}).sort_values("n", ascending=False, kind="stable")
    points = points.head(MAX_POINTS)
    points["name"] = [_PREFIX.sub("", str(text)).strip() for text in points["name"]]
    return points.reset_index(drop=True)


def labels(run: Run) -> list[Label]:
    """Return street names with a place to write each: longest streets first, or busiest named points."""
    if run.streets is not None and "name" in run.streets and not run.streets.empty:
        return _street_labels(run.streets)
    points = named_points(run)
    points = points.loc[points["name"] != ""].head(MAX_LABELS)
    return [
        Label(float(lon), float(lat), str(name))
        for lon, lat, name in zip(points["longitude"], points["latitude"], points["name"], strict=True)
    ]


def _street_labels(streets: gpd.GeoDataFrame) -> list[Label]:
    named = streets.loc[streets["name"].notna() & (streets["name"].astype(str).str.strip() != "")]
    shapes: NDArray[np.object_] = named.geometry.to_numpy()
    lengths = shapely.length(shapes)
    longest = pd.Series(lengths).groupby(named["name"].astype(str).to_numpy()).idxmax()
    order = longest.iloc[np.argsort(-lengths[longest.to_numpy()], kind="stable")].head(MAX_LABELS)
    middles = shapely.line_interpolate_point(shapes[order.to_numpy()], 0.5, normalized=True)
    x, y = shapely.get_x(middles), shapely.get_y(middles)
    return [Label(float(lon), float(lat), str(name)) for name, lon, lat in zip(order.index, x, y, strict=True)]
