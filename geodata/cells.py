"""H3 cells: assign, cover, rings, polygons, real areas. The only place that uses h3.

A cell is written as its H3 hexadecimal text everywhere. Resolution 10 (about 1.4 ha, 150 m across) is the
patrol cell and resolution 9 (about 9.5 ha) the cell for snap-point data (R1.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from geodata.area import WGS84, StudyArea


def assign(longitude: ArrayLike, latitude: ArrayLike, resolution: int) -> NDArray[Any]:
    """Return the cell of each point.

    Police data repeat coordinates, so each distinct point is looked up once.

    Parameters
    ----------
    longitude, latitude : array of float, shape (n,)
        Degrees; must be finite.
    resolution : int
        H3 resolution, 0-15.

    Returns
    -------
    array of str, shape (n,)
    """
    points = np.column_stack([np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)])
    if len(points) == 0:
        return np.empty(0, dtype=object)
    codes, first = _distinct(points)
    found = [h3.latlng_to_cell(lat, lon, resolution) for lon, lat in points[first]]
    return np.asarray(found, dtype=object)[codes]


def _distinct(points: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (code of each row, first row of each code); hashing is faster than sorting rows."""
    key = np.ascontiguousarray(points).view(np.complex128).ravel()
    codes, distinct = pd.factorize(key)
    first = np.full(len(distinct), -1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return codes, first


def cover(area: StudyArea, resolution: int, *, buffered: bool = False) -> pd.Index:
    """Return every cell that touches the area (or the area and its buffer), sorted, as an index named ``cell``."""
    shape = area.buffered if buffered else area.boundary
    found: set[str] = set()
    for polygon in getattr(shape, "geoms", [shape]):
        if polygon.geom_type == "Polygon":
            found.update(h3.polygon_to_cells_experimental(h3.geo_to_h3shape(polygon), resolution, contain="overlap"))
    return pd.Index(sorted(found), name="cell", dtype=object)


def frame(cells: Iterable[str], area: StudyArea) -> gpd.GeoDataFrame:
    """Return cells as polygons with the area of land they cover.

    Returns
    -------
    GeoDataFrame
        Index ``cell``; ``geometry`` (EPSG:4326, whole hexagons), ``area_km2`` (real area of the hexagon) and
        ``land_km2`` (the part inside the boundary; partial border cells are kept).
    """
    index = pd.Index(list(cells), name="cell", dtype=object)
    shapes = polygons(index)
    whole = np.array([h3.cell_area(cell, unit="km^2") for cell in index], dtype=float)
    hexagons = area.in_metres(shapes)
    boundary = area.boundary_m
    shapely.prepare(boundary)
    share = np.ones(len(index))
    partial = ~shapely.contains_properly(boundary, hexagons)
    if partial.any():
        edge = hexagons[partial]
        share[partial] = shapely.area(shapely.intersection(edge, boundary)) / shapely.area(edge)
    return gpd.GeoDataFrame({"area_km2": whole, "land_km2": whole * share}, geometry=shapes, index=index, crs=WGS84)


def polygons(cells: Sequence[str] | pd.Index) -> NDArray[Any]:
    """Return the hexagon of each cell in degrees (x = longitude)."""
    rings = [h3.cell_to_boundary(cell) for cell in cells]
    corners = np.array([corner for ring in rings for corner in ring], dtype=float).reshape(-1, 2)[:, ::-1]
    ring_of = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    return np.asarray(shapely.polygons(shapely.linearrings(corners, indices=ring_of)))


def centres(cells: Sequence[str] | pd.Index) -> NDArray[np.float64]:
    """Return longitude and latitude of each cell's centre, shape (n, 2)."""
    return np.array([h3.cell_to_latlng(cell)[::-1] for cell in cells], dtype=float).reshape(-1, 2)


def disk(cell: str, rings: int) -> list[str]:
    """Return the cell and every cell within `rings` steps of it, sorted."""
    return sorted(h3.grid_disk(cell, rings))


def ring_around(cells: Iterable[str], rings: int = 1) -> set[str]:
    """Return the cells within `rings` steps of any of `cells`, without `cells` themselves."""
    own = set(cells)
    return {near for cell in own for near in h3.grid_disk(cell, rings)} - own


def steps_between(a: str, b: str) -> int:
    """Return the number of cell steps from `a` to `b`."""
    return int(h3.grid_distance(a, b))


def neighbours(cells: Sequence[str] | pd.Index, *, rings: int = 1) -> sparse.csr_array:
    """Return the binary neighbour matrix of `cells` (no self), shape (n, n), within `rings` steps."""
    position = {cell: i for i, cell in enumerate(cells)}
    rows: list[int] = []
    columns: list[int] = []
    for cell, row in position.items():
        for near in h3.grid_disk(cell, rings):
            column = position.get(near)
            if column is not None and column != row:
                rows.append(row)
                columns.append(column)
    ones = np.ones(len(rows))
    return sparse.csr_array((ones, (rows, columns)), shape=(len(position), len(position)))


def parent(cells: Sequence[str] | pd.Index, resolution: int) -> NDArray[Any]:
    """Return the cell of a coarser `resolution` each cell belongs to."""
    return np.array([h3.cell_to_parent(cell, resolution) for cell in cells], dtype=object)


def resolution_of(cell: str) -> int:
    """Return the resolution of a cell."""
    return int(h3.get_resolution(cell))


def is_cell(text: str) -> bool:
    """Return whether `text` is a valid H3 cell."""
    return bool(h3.is_valid_cell(text))


def mean_area_km2(area: StudyArea, resolution: int) -> float:
    """Return the real area of one cell at the middle of the study area, in square kilometres."""
    middle = area.boundary.representative_point()
    return float(h3.cell_area(h3.latlng_to_cell(middle.y, middle.x, resolution), unit="km^2"))
