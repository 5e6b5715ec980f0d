"""What a reader finds their way by when there are no map tiles: streets, or the named points of the data itself."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from hotspots.naming import landmark_name, named_streets, street_name
from hotspots.results import Run

MAX_POINTS = 3000
MAX_LABELS = 2500
MAX_PLACES = 500
SIMPLIFY_DEGREES = 2e-5  # about 2 m: below the width of a street


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
    points["name"] = points["name"].map({text: street_name(text) for text in points["name"].unique()})
    return points.reset_index(drop=True)


def labels(run: Run) -> list[Label]:
    """Return street names with a place to write each: longest stretches first, or busiest named points.

    A name may come several times; whoever draws writes it once in a view.
    """
    if run.streets is not None and not run.streets.empty:
        return _street_labels(run.streets)
    points = named_points(run)
    points = points.loc[points["name"] != ""].head(MAX_LABELS)
    return [
        Label(float(lon), float(lat), str(name))
        for lon, lat, name in zip(points["longitude"], points["latitude"], points["name"], strict=True)
    ]


def _street_labels(streets: gpd.GeoDataFrame) -> list[Label]:
    shapes, names = named_streets(streets)
    longest = np.argsort(-shapely.length(shapes), kind="stable")[:MAX_LABELS]
    middles = shapely.line_interpolate_point(shapes[longest], 0.5, normalized=True)
    x, y = shapely.get_x(middles), shapely.get_y(middles)
    return [Label(float(lon), float(lat), name) for lon, lat, name in zip(x, y, names[longest], strict=True)]


def named_places(run: Run) -> gpd.GeoDataFrame | None:
    """Return the user's named places, nearest to a hotspot first, at most 500; None where there are none."""
    if run.places is None or run.places.empty:
        return None
    away = shapely.distance(run.places.geometry.to_numpy(), shapely.union_all(run.hotspots.geometry.to_numpy()))
    return run.places.iloc[np.argsort(away, kind="stable")[:MAX_PLACES]]


def place_labels(run: Run) -> list[Label]:
    """Return the named places that hotspots are said to lie at or by, with where to write each."""
    drawn = named_places(run)
    if drawn is None or "near_place" not in run.hotspots:
        return []
    said = drawn.loc[drawn["name"].map(landmark_name).isin(run.hotspots["near_place"])]
    points = shapely.point_on_surface(said.geometry.to_numpy())
    return [
        Label(float(lon), float(lat), landmark_name(name))
        for lon, lat, name in zip(shapely.get_x(points), shapely.get_y(points), said["name"], strict=True)
    ]
