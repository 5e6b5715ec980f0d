"""Patrol minutes: what one visit to a place costs, the stop and the walk; the denominator of the objective."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.area import StudyArea
from hotspots.config import DelineationConfig

Floats = NDArray[np.float64]

_MINUTES_PER_HOUR = 60.0
_METRES_PER_KM = 1000.0


def walking_minutes(
    cells: gpd.GeoDataFrame, area: StudyArea, config: DelineationConfig, *, streets: gpd.GeoDataFrame | None = None
) -> Floats:
    r"""Return the minutes it takes to walk each cell once.

    .. math:: w_i = \frac{60}{v} \begin{cases} d \, a_i & \text{by area} \\
        \max(L_i, \sqrt{a_i}) & \text{by the streets given} \end{cases}

    with v the walking speed (km/h), d the length of street in a built-up square kilometre, a the area of the cell
    (km2) and L the length of the streets in it (km). A cell with hardly a street is still walked across. Speed and
    street length are design judgements, to be edited in the settings.

    Parameters
    ----------
    cells : GeoDataFrame
        ``area_km2`` and hexagons in EPSG:4326.
    area : StudyArea
        Whose metres are measured in.
    config : DelineationConfig
    streets : GeoDataFrame, optional
        Lines in EPSG:4326.

    Returns
    -------
    array of float, shape (n,)
    """
    area_km2 = cells["area_km2"].to_numpy(dtype=float)
    length_km = config.street_km_per_km2 * area_km2
    if streets is not None and len(streets) and len(cells):
        length_km = np.maximum(_street_km(cells, area, streets), np.sqrt(area_km2))
    return np.asarray(_MINUTES_PER_HOUR / config.walking_kmh * length_km)


def _street_km(cells: gpd.GeoDataFrame, area: StudyArea, streets: gpd.GeoDataFrame) -> Floats:
    hexagons, lines = area.in_metres(cells.geometry.to_numpy()), area.in_metres(streets.geometry.to_numpy())
    cell, line = shapely.STRtree(lines).query(hexagons, predicate="intersects")
    inside = shapely.length(shapely.intersection(lines[line], hexagons[cell]))
    return np.bincount(cell, inside, minlength=len(cells)) / _METRES_PER_KM
