"""Addresses of the sample city: numbered houses on both sides of every street, with UPRN-like ids."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.area import StudyArea

UPRN_PREFIX = "9990"
"""Twelve digits that start like this are the sample's own; they are not Unique Property Reference Numbers."""

_PLOT_M = 18.0
_SETBACK_M = 12.0
_DWELLING_SHARE = 0.9


def make_addresses(streets: gpd.GeoDataFrame, area: StudyArea, rng: np.random.Generator) -> pd.DataFrame:
    """Return numbered addresses beside the streets.

    Returns
    -------
    DataFrame
        ``uprn`` (text), ``address`` (house number and street), ``street`` (row of `streets`), ``is_dwelling``,
        ``easting`` and ``northing`` (whole metres, no two addresses at one point).
    """
    lines = streets.geometry.to_numpy()
    plots = np.maximum((shapely.length(lines) - _PLOT_M) // _PLOT_M, 1).astype(int)
    street = np.repeat(np.arange(len(lines)), plots)
    order = np.arange(len(street)) - np.repeat(np.cumsum(plots) - plots, plots)
    along = (order + 1) * _PLOT_M
    here = shapely.get_coordinates(shapely.line_interpolate_point(lines[street], along))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(lines[street], along + 1))
    normal = (ahead - here)[:, ::-1] * (-1, 1)
    side = np.where(order % 2 == 0, 1, -1)[:, None]
    east, north = np.round(here + normal * side * _SETBACK_M).T
    names = streets["name"].to_numpy()[street]
    frame = pd.DataFrame(
        {
            "address": [f"{number} {name}" for number, name in zip(order + 1, names, strict=True)],
            "street": street,
            "is_dwelling": rng.random(len(street)) < _DWELLING_SHARE,
            "easting": east.astype(int),
            "northing": north.astype(int),
        }
    )
    inside = shapely.contains_xy(area.boundary_m.buffer(-2), frame["easting"], frame["northing"])
    frame = frame[inside].drop_duplicates(["easting", "northing"]).reset_index(drop=True)
    frame.insert(0, "uprn", [f"{UPRN_PREFIX}{number:08d}" for number in frame.index + 1])
    return frame
