"""Named places at hotspots: the nearest by name and distance, said beside a hotspot's own name; no rank changes."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.area import StudyArea
from hotspots.naming import all_different, landmark_name, names_nothing


def hotspots_with_places(
    hotspots: gpd.GeoDataFrame, places: gpd.GeoDataFrame, area: StudyArea, *, within_m: float
) -> gpd.GeoDataFrame:
    """Return hotspots with the named place nearest to each outline.

    Of several as near (those inside a hotspot are all 0 m away) it is the one nearest to the middle of the reports,
    then the first in the alphabet. A hotspot no street names ("Near 52.5862, -2.1288") takes its name from the place;
    every other name, and every rank, stays as it is.

    Parameters
    ----------
    hotspots : GeoDataFrame
        HOTSPOTS with ``longitude`` and ``latitude``, the middle of the reports.
    places : GeoDataFrame
        ``name`` and shapes, as `geodata.landmarks.read_places` gives them.
    area : StudyArea
    within_m : float
        Places farther from the outline name nothing.

    Returns
    -------
    GeoDataFrame
        A copy with ``near_place`` ("" without one) and ``near_place_m``, metres from the outline (NaN without one).
    """
    if hotspots.empty:
        return hotspots.assign(near_place=pd.Series(dtype=object), near_place_m=pd.Series(dtype=float))
    nearest = _nearest(hotspots, places, area, within_m)
    named = nearest["name"].reindex(range(len(hotspots))).fillna("").to_numpy(dtype=object)
    metres = nearest["metres"].reindex(range(len(hotspots))).to_numpy(dtype=float)
    names = [
        f"Near {place}" if place and names_nothing(name) else name
        for name, place in zip(hotspots["name"], named, strict=True)
    ]
    centres = shapely.get_coordinates(shapely.centroid(hotspots.geometry.to_numpy()))
    told = hotspots.assign(name=all_different(names, centres), near_place=named, near_place_m=np.round(metres))
    return told.astype({"name": object, "near_place": object})


def _nearest(hotspots: gpd.GeoDataFrame, places: gpd.GeoDataFrame, area: StudyArea, within_m: float) -> pd.DataFrame:
    """Return ``name`` and ``metres`` of the nearest place by the hotspot's position, for those that have one."""
    outlines = area.in_metres(hotspots.geometry.to_numpy())
    shapes = area.in_metres(places.geometry.to_numpy())
    middles: Any = shapely.points(np.column_stack(area.project(hotspots["longitude"], hotspots["latitude"])))
    hotspot, place = shapely.STRtree(shapes).query(outlines, predicate="dwithin", distance=within_m)
    found = pd.DataFrame(
        {
            "hotspot": hotspot,
            "metres": shapely.distance(outlines[hotspot], shapes[place]),
            "to_middle": shapely.distance(middles[hotspot], shapes[place]),
            "name": pd.Series([landmark_name(name) for name in places["name"].iloc[place]], dtype=object),
        }
    )
    return found.sort_values(["hotspot", "metres", "to_middle", "name"]).drop_duplicates("hotspot").set_index("hotspot")


def note_on_places(hotspots: gpd.GeoDataFrame, places: gpd.GeoDataFrame, *, within_m: float) -> str:
    """Return how many hotspots have a named place, and that it changes no rank."""
    n = int((hotspots["near_place"] != "").sum())
    known = "1 named place lies" if len(places) == 1 else f"{len(places):,} named places lie"
    return (
        f"{known} in the area or near it; {n} of {len(hotspots)} hotspots have one within "
        f"{within_m:g} m of their outline, said beside their name. Named places change no rank."
    )
