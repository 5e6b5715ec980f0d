"""Streets as a graph: junctions where lines share an end, and the pieces of street a density is given for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geodata.area import StudyArea
from geodata.errors import DesignError
from hotspots.density.kernels import Floats, checked_points

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class StreetGraph:
    """Streets joined at the ends they share.

    Attributes
    ----------
    lines : array of LineString, shape (e,)
        In metres.
    start, end : array of int, shape (e,)
        Junction at the first and at the last coordinate of each line.
    length : array of float, shape (e,)
        Metres.
    first, edge, side : array of int
        Ends of lines around junction j: rows ``first[j]`` to ``first[j + 1]`` of `edge` and `side` (0 where the line
        starts there, 1 where it ends there).
    """

    lines: NDArray[Any]
    start: Ints
    end: Ints
    length: Floats
    first: Ints
    edge: Ints
    side: Ints

    @property
    def degree(self) -> Ints:
        """Number of line ends at each junction."""
        return np.diff(self.first)


def street_graph(
    streets: gpd.GeoDataFrame | ArrayLike, *, area: StudyArea | None = None, tolerance_m: float = 0.1
) -> StreetGraph:
    """Return the graph of streets that meet at shared ends.

    Lines that merely cross are a bridge, not a junction: cut them where they meet first (noding).

    Parameters
    ----------
    streets : GeoDataFrame or array of LineString / MultiLineString
        In degrees if `area` is given, in metres otherwise.
    area : StudyArea, optional
        Whose metric coordinates to use.
    tolerance_m : float
        Ends this near to each other are one junction.

    Raises
    ------
    DesignError
        If there is no line, or the coordinates are degrees and no area is given.
    """
    if isinstance(streets, gpd.GeoDataFrame) and area is None and streets.crs is not None and streets.crs.is_geographic:
        raise DesignError(
            "The streets are in degrees; give the study area too, so that they can be measured in metres."
        )
    shapes = streets.geometry.to_numpy() if isinstance(streets, gpd.GeoDataFrame) else np.asarray(streets, dtype=object)
    parts = shapely.get_parts(shapes[~shapely.is_missing(shapes)])
    lines = parts[(shapely.get_type_id(parts) == 1) & (shapely.length(parts) > 0)]
    if len(lines) == 0:
        raise DesignError("The streets hold no line; give the street lines of the area.")
    if area is not None:
        lines = area.in_metres(lines)
    ends = np.vstack([shapely.get_coordinates(shapely.get_point(lines, place)) for place in (0, -1)])
    pairs = cKDTree(ends).query_pairs(tolerance_m, output_type="ndarray")
    ones = np.ones(len(pairs))
    same = sparse.coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(len(ends), len(ends)))
    _, junction = connected_components(same, directed=False)
    junction = junction.astype(np.int64)
    order = np.argsort(junction, kind="stable")
    first = np.searchsorted(junction[order], np.arange(junction.max() + 2)).astype(np.int64)
    n = len(lines)
    return StreetGraph(
        lines=lines, start=junction[:n], end=junction[n:], length=shapely.length(lines), first=first,
        edge=(order % n).astype(np.int64), side=(order // n).astype(np.int64),
    )  # fmt: skip


def nearest_street(points_m: ArrayLike, graph: StreetGraph) -> tuple[Ints, Floats, Floats]:
    """Return for each point the nearest line, how far along it, and how far away, in metres.

    Of lines equally near, the one that comes first is taken.
    """
    points: Any = shapely.points(checked_points(points_m))
    if len(points) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0)
    (rows, lines), away = shapely.STRtree(graph.lines).query_nearest(points, return_distance=True)
    order = np.lexsort((lines, rows))
    keep = order[np.unique(rows[order], return_index=True)[1]]
    edge = lines[keep].astype(np.int64)
    return edge, shapely.line_locate_point(graph.lines[edge], points), np.asarray(away[keep])


def lixels(graph: StreetGraph, lixel_m: float) -> tuple[Ints, Floats, Floats]:
    """Cut every line into equal pieces of at most `lixel_m` ("lixels").

    Returns
    -------
    edge : array of int, shape (k,)
        The line of each piece, in order along it.
    start_m, end_m : array of float, shape (k,)
        Where the piece begins and ends along its line.
    """
    if not lixel_m > 0:
        raise DesignError(f"A piece of street must be longer than 0 metres, got {lixel_m:g}.")
    count = np.maximum(np.ceil(graph.length / lixel_m - 1e-9), 1).astype(np.int64)
    edge = np.repeat(np.arange(len(count)), count)
    place = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    size = (graph.length / count)[edge]
    return edge, place * size, (place + 1) * size
