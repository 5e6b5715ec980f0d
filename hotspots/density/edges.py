"""Edge correction: what a kernel loses beyond the boundary, given back."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike
from shapely.geometry.base import BaseGeometry

from geodata.errors import DataError, DesignError
from hotspots.density.kernels import (
    Floats,
    checked_bandwidth,
    checked_kernel,
    checked_points,
    checked_weights,
)
from hotspots.density.planar import collapse_points, kernel_sums

QUADRATURE_PER_BANDWIDTH = {"quartic": 16, "epanechnikov": 16, "gaussian": 6}
"""Quadrature cells along one bandwidth; the kernel's mass is then right to about 1e-3."""

_REACH = {"quartic": 1.0, "epanechnikov": 1.0, "gaussian": 5.0}  # beyond 5 sd lies 4e-6 of a Gaussian
_MAX_CELLS = 20_000_000


def mass_inside(
    points_m: ArrayLike, boundary_m: BaseGeometry, *, bandwidth_m: float, kernel: str = "quartic"
) -> Floats:
    r"""Return the share of each point's kernel that lies inside the boundary.

    .. math:: e(x) = \int_A K_h(u - x) \, du

    by quadrature over square cells; cells the boundary cuts count with the area and the centroid of their part inside.

    Parameters
    ----------
    points_m : array of float, shape (n, 2)
        Metres east and north.
    boundary_m : shapely Polygon or MultiPolygon
        In the same metres.
    bandwidth_m : float
    kernel : {"quartic", "epanechnikov", "gaussian"}

    Returns
    -------
    array of float, shape (n,)
        1 well inside, about 1/2 on a straight border, 0 well outside.

    Examples
    --------
    >>> square = shapely.box(0, 0, 1000, 1000)
    >>> mass_inside([[500, 500], [0, 500], [0, 0]], square, bandwidth_m=100).round(2).tolist()
    [1.0, 0.5, 0.25]
    """
    h, points = checked_bandwidth(bandwidth_m), checked_points(points_m)
    checked_kernel(kernel)
    if boundary_m.is_empty or boundary_m.area == 0:
        raise DesignError("The boundary has no area, so no kernel can lie inside it; give a polygon.")
    shapely.prepare(boundary_m)
    places = shapely.points(points)
    near = shapely.dwithin(boundary_m.boundary, places, _REACH[kernel] * h)
    mass = shapely.contains(boundary_m, places).astype(float)
    if near.any():
        nodes, areas = _quadrature(boundary_m, points[near], h, kernel)
        inside = kernel_sums(nodes, areas, np.full(len(nodes), h), points[near], kernel=kernel)
        mass[near] = np.clip(inside, 0.0, 1.0)
    return mass


def _quadrature(boundary: Any, points: Floats, h: float, kernel: str) -> tuple[Floats, Floats]:
    """Return centroids and areas of the parts of square cells that lie inside, around the given points."""
    step, reach = h / QUADRATURE_PER_BANDWIDTH[kernel], _REACH[kernel] * h
    west, south, east, north = boundary.bounds
    low = np.maximum(points.min(axis=0) - reach, (west, south))
    high = np.minimum(points.max(axis=0) + reach, (east, north))
    shape = np.maximum(np.ceil((high - low) / step), 0).astype(np.int64)
    if float(shape[0]) * float(shape[1]) > _MAX_CELLS:
        raise DesignError(
            f"A bandwidth of {h:g} m is too fine for edge correction of an area {high[0] - low[0]:.0f} m across; "
            "use a wider one, or read reports beyond the boundary instead."
        )
    if shape.min() == 0:
        return np.zeros((0, 2)), np.zeros(0)
    x, y = np.meshgrid(low[0] + step * (np.arange(shape[0]) + 0.5), low[1] + step * (np.arange(shape[1]) + 0.5))
    nodes = np.column_stack([x.ravel(), y.ravel()])
    centre_in = shapely.contains_xy(boundary, nodes)
    cut = shapely.dwithin(boundary.boundary, shapely.points(nodes), step * np.sqrt(0.5))
    corners = nodes[cut]
    squares = shapely.box(*(corners - step / 2).T, *(corners + step / 2).T)
    parts = shapely.intersection(squares, boundary)
    areas, middles = shapely.area(parts), shapely.get_coordinates(shapely.centroid(parts[shapely.area(parts) > 0]))
    whole = nodes[centre_in & ~cut]
    return np.vstack([whole, middles]), np.concatenate([np.full(len(whole), step**2), areas[areas > 0]])


def edge_corrected_density(
    points_m: ArrayLike,
    at_m: ArrayLike,
    boundary_m: BaseGeometry,
    *,
    bandwidth_m: float,
    kernel: str = "quartic",
    weights: ArrayLike | None = None,
) -> Floats:
    r"""Return the number of events per square metre, each kernel scaled up to hold its event inside the boundary.

    .. math:: f(s) = \sum_i w_i \, K_h(s - x_i) / e(x_i)

    (Diggle 1985, https://doi.org/10.2307/2347366), so the surface inside integrates to the total weight. Assumes that
    reports beyond the boundary are unknown; where they are known (the analysis buffer, R3.15), smoothing them is
    better. For the data of a neighbouring force, or an area at the coast, they are not.

    Parameters
    ----------
    points_m, at_m : array of float, shape (n, 2) and (m, 2)
        Metres east and north; every event must lie inside the boundary.
    boundary_m : shapely Polygon or MultiPolygon
    bandwidth_m : float
    kernel : {"quartic", "epanechnikov", "gaussian"}
    weights : array of float, shape (n,), optional

    Returns
    -------
    array of float, shape (m,)

    Raises
    ------
    DataError
        If an event lies outside the boundary, a coordinate is missing, or a weight is negative or missing.
    DesignError
        If kernel, bandwidth or boundary make no sense.
    """
    given, at = checked_points(points_m), checked_points(at_m)
    points, weight = collapse_points(given[:, 0], given[:, 1], checked_weights(weights, len(given)))
    mass = mass_inside(points, boundary_m, bandwidth_m=bandwidth_m, kernel=kernel)
    shapely.prepare(boundary_m)
    outside = int((~shapely.intersects_xy(boundary_m, points)).sum()) if len(points) else 0
    if outside:
        raise DataError(
            f"{outside} of {len(points)} points lie outside the boundary; leave them out before correcting its edge, "
            "or smooth them too and correct nothing."
        )
    return kernel_sums(points, weight / mass, np.full(len(points), float(bandwidth_m)), at, kernel=kernel)
