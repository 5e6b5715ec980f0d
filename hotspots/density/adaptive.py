"""Kernel density with a bandwidth of its own for each point: narrow where reports lie thick, wide where few."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

from geodata.errors import DesignError
from hotspots.density.kernels import (
    Bandwidth,
    Floats,
    checked_bandwidth,
    checked_kernel,
    checked_points,
    checked_weights,
)
from hotspots.density.planar import collapse_points, kernel_density, kernel_sums

ABRAMSON_CLIP = 10.0
"""A bandwidth by the square root law is never more than this many times the pilot's, nor less than one such part."""


def adaptive_bandwidths(
    points_m: ArrayLike, *, nearest: int, floor_m: float, ceiling_m: float = np.inf, weights: ArrayLike | None = None
) -> Floats:
    r"""Return each point's distance to its k-th nearest other report, kept between a floor and a ceiling.

    The k-nearest-neighbour bandwidth of Breiman, Meisel & Purcell (1977,
    https://doi.org/10.1080/00401706.1977.10489521): :math:`h_i = d_k(x_i)`. Reports at the point itself count as
    neighbours at distance 0, so a busy address meets the floor; without a floor its density would be infinite.

    Parameters
    ----------
    points_m : array of float, shape (n, 2)
        Metres east and north.
    nearest : int
        k: how many other reports to reach; at least 1.
    floor_m, ceiling_m : float
        Metres. A sensible floor is the size of a cell.
    weights : array of float, shape (n,), optional
        Reports at each point.

    Returns
    -------
    array of float, shape (n,)
        Metres. Where there are fewer than k other reports: the ceiling, or the farthest report if there is none.

    Examples
    --------
    >>> adaptive_bandwidths([[0.0, 0.0], [0.0, 30.0], [0.0, 100.0]], nearest=1, floor_m=50.0).tolist()
    [50.0, 50.0, 70.0]
    """
    floor = checked_bandwidth(floor_m)
    if nearest < 1:
        raise DesignError(f"An adaptive bandwidth must reach at least 1 other report, got {nearest}.")
    if not ceiling_m >= floor:
        raise DesignError(f"The widest bandwidth ({ceiling_m:g} m) must not be below the narrowest ({floor:g} m).")
    points = checked_points(points_m)
    weight = checked_weights(weights, len(points))
    if len(points) == 0:
        return np.zeros(0)
    return np.clip(_reach_of(points, weight, nearest), floor, ceiling_m)


def _reach_of(points: Floats, weights: Floats, nearest: int) -> Floats:
    """Return the distance at which the reports around each point, without the point's own one, first number k."""
    tree = cKDTree(points)
    wanted = nearest + np.minimum(weights, 1.0)  # the report itself is not its own neighbour
    radius = np.full(len(points), np.nan)
    open_rows = np.arange(len(points))
    k = min(nearest + 1, len(points))
    while len(open_rows):
        distance, neighbour = (np.reshape(part, (len(open_rows), k)) for part in tree.query(points[open_rows], k=k))
        held = np.cumsum(weights[neighbour], axis=1) >= wanted[open_rows, None] - 1e-9
        reached = held.any(axis=1)
        radius[open_rows[reached]] = distance[reached, held[reached].argmax(axis=1)]
        if k == len(points):
            far = np.inf if len(points) == 1 else distance[~reached, -1]
            radius[open_rows[~reached]] = far
            break
        open_rows = open_rows[~reached]
        k = min(2 * k, len(points))
    return np.where(np.isfinite(radius), radius, 0.0)


def adaptive_density(
    points_m: ArrayLike,
    at_m: ArrayLike,
    *,
    nearest: int | None = None,
    pilot_m: float | None = None,
    floor_m: float = 50.0,
    ceiling_m: float = np.inf,
    kernel: str = "quartic",
    weights: ArrayLike | None = None,
) -> tuple[Floats, Bandwidth]:
    r"""Return the number of events per square metre with a bandwidth of its own for each point.

    .. math:: f(s) = \sum_i w_i \, K_{h_i}(s - x_i)

    Two ways to choose :math:`h_i`; give one of `nearest` and `pilot_m`:

    - `nearest`: the distance to the k-th nearest other report (Breiman, Meisel & Purcell 1977,
      https://doi.org/10.1080/00401706.1977.10489521).
    - `pilot_m`: the square root law :math:`h_i = h (f_h(x_i) / g)^{-1/2}` with g the geometric mean of the pilot
      density at the reports (Abramson 1982, https://doi.org/10.1214/aos/1176345986; Silverman 1986, section 5.3),
      within a factor of 10 of h.

    Assumes reports whose coordinates are as exact as the narrowest bandwidth; on snap points use a fixed one.

    Parameters
    ----------
    points_m, at_m : array of float, shape (n, 2) and (m, 2)
        Metres east and north.
    nearest : int, optional
    pilot_m : float, optional
    floor_m, ceiling_m : float
        No bandwidth is narrower or wider.
    kernel : {"quartic", "epanechnikov", "gaussian"}
    weights : array of float, shape (n,), optional

    Returns
    -------
    density : array of float, shape (m,)
        Exact, per square metre; integrates to the total weight.
    bandwidth : Bandwidth
        The report-weighted median and how it was chosen; ``scores`` stay empty.
    """
    checked_kernel(kernel)
    if (nearest is None) == (pilot_m is None):
        raise DesignError("Give either the number of nearest reports or a pilot bandwidth, not both and not neither.")
    given, at = checked_points(points_m), checked_points(at_m)
    points, weight = collapse_points(given[:, 0], given[:, 1], checked_weights(weights, len(given)))
    if nearest is not None:
        own = adaptive_bandwidths(points, nearest=nearest, floor_m=floor_m, ceiling_m=ceiling_m, weights=weight)
        method = f"distance to the {nearest} nearest reports, at least {floor_m:g} m; median"
    else:
        own = np.clip(_square_root_law(points, weight, checked_bandwidth(pilot_m or 0.0), kernel), floor_m, ceiling_m)
        method = f"square root law on a pilot of {pilot_m:g} m, at least {floor_m:g} m; median"
    density = kernel_sums(points, weight, own, at, kernel=kernel)
    return density, Bandwidth(_weighted_median(own, weight), method)


def _square_root_law(points: Floats, weights: Floats, pilot: float, kernel: str) -> Floats:
    if len(points) == 0 or weights.sum() == 0:
        return np.full(len(points), pilot)
    density = kernel_density(points, points, bandwidth_m=pilot, kernel=kernel, weights=weights)
    counted = weights > 0
    typical = np.exp(np.average(np.log(density[counted]), weights=weights[counted]))
    relative = np.sqrt(typical / np.maximum(density, 1e-300))
    return np.asarray(pilot * np.clip(relative, 1 / ABRAMSON_CLIP, ABRAMSON_CLIP))


def _weighted_median(values: Floats, weights: Floats) -> float:
    if len(values) == 0 or weights.sum() == 0:
        return float("nan")
    order = np.argsort(values, kind="stable")
    cumulated = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulated, cumulated[-1] / 2)])
