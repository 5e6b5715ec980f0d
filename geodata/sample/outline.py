"""The outline of the sample city: an irregular blob of the published area inside the published box."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.sample.places import CITY_AREA_KM2, CITY_BOX_M, CITY_NAME, LOCALITIES

GRID = StudyArea(name=CITY_NAME, boundary=shapely.Point(LOCALITIES[0].longitude, LOCALITIES[0].latitude))
"""Turns degrees into metres of the British National Grid and back, before the city has an outline."""

_MARGIN_M = 650.0  # every planted hotspot and its ring lie inside
_ROUNDING_M = 150.0
_HARMONICS = np.arange(2, 24)
_ROUGHNESS = 0.16


def make_outline(rng: np.random.Generator) -> StudyArea:
    """Return the sample city's area: 69.4 km2, irregular, holding every planted locality.

    The edge is a circle roughened by random harmonics with amplitude falling as 1/k; it is widened to hold the
    localities, cut at the box, and scaled by bisection until it has the published area.
    """
    angle = np.linspace(0, 2 * np.pi, 480, endpoint=False)
    waves = rng.normal(0, _ROUGHNESS / _HARMONICS)[:, None] * np.cos(
        np.outer(_HARMONICS, angle) + rng.uniform(0, 2 * np.pi, len(_HARMONICS))[:, None]
    )
    radius = 1 + waves.sum(axis=0)
    boundary = _scaled_to_area(radius * np.cos(angle), radius * np.sin(angle), _core())
    degrees = shapely.transform(GRID.in_degrees(boundary), lambda xy: np.round(xy, 6))
    return StudyArea(name=CITY_NAME, boundary=degrees)


def locality_points() -> NDArray[np.float64]:
    """Return easting and northing of the planted localities, shape (n, 2), metres."""
    return to_grid([(place.latitude, place.longitude) for place in LOCALITIES])


def to_grid(points: list[tuple[float, float]]) -> NDArray[np.float64]:
    """Return easting and northing of (latitude, longitude) pairs, shape (n, 2)."""
    latitude, longitude = np.array(points, dtype=float).T
    return np.column_stack(GRID.project(longitude, latitude))


def _core() -> shapely.Polygon:
    hull: shapely.Polygon = shapely.MultiPoint(locality_points()).convex_hull.buffer(_MARGIN_M)
    return hull


def _scaled_to_area(x: NDArray[np.float64], y: NDArray[np.float64], core: shapely.Polygon) -> shapely.Polygon:
    box = shapely.box(*CITY_BOX_M)
    centre = box.centroid

    def shape(scale: float) -> shapely.Polygon:
        blob = shapely.Polygon(np.column_stack([centre.x + scale * x, centre.y + scale * y])).buffer(0)
        inside: Any = blob.union(core).buffer(_ROUNDING_M).buffer(-_ROUNDING_M).intersection(box)
        return shapely.Polygon(inside.exterior)

    low, high = 3000.0, 9000.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if shape(middle).area < CITY_AREA_KM2 * 1e6 else (low, middle)
    return shape(high)
