"""Kernel density at any points: exact sums over distinct points, by a numba cell list."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from geodata.points import distinct
from hotspots.density.kernels import (
    GAUSSIAN_REACH,
    KERNELS,
    PEAK,
    Floats,
    checked_bandwidth,
    checked_kernel,
    checked_points,
    checked_weights,
)

_BINS_PER_REACH = 3.0  # small bins hug the circle, many bins cost memory: 3 was the fastest measured
_MAX_BINS = 2048  # along each side, so that one stray point far away cannot exhaust memory


def collapse_points(x: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> tuple[Floats, Floats]:
    """Return the distinct points and the total weight at each.

    Police data put many reports on one coordinate, so smoothing distinct points saves most of the work.

    Parameters
    ----------
    x, y : array of float, shape (n,)
        Coordinates, any unit.
    weights : array of float, shape (n,), optional
        Weight of each point; 1 if absent.

    Returns
    -------
    points : array of float, shape (m, 2)
        Sorted by x, then y, so that the order of the input is irrelevant.
    weights : array of float, shape (m,)
    """
    east, north = np.asarray(x, dtype=float) + 0.0, np.asarray(y, dtype=float) + 0.0  # so that -0.0 is 0.0
    codes, first = distinct(east, north)
    given = None if weights is None else np.asarray(weights, dtype=float)
    total = np.bincount(codes, weights=given, minlength=len(first)).astype(float)
    order = np.lexsort((north[first], east[first]))
    return np.column_stack([east[first], north[first]])[order], total[order]


def kernel_density(
    points_m: ArrayLike,
    at_m: ArrayLike,
    *,
    bandwidth_m: float,
    kernel: str = "quartic",
    weights: ArrayLike | None = None,
) -> Floats:
    r"""Return the number of events per square metre at given places.

    .. math:: f(s) = \sum_i w_i \, \frac{c}{h^2} \, K(|s - x_i| / h)

    with, for u <= 1, quartic K = (1 - u^2)^2 and c = 3/pi, Epanechnikov K = 1 - u^2 and c = 2/pi; Gaussian
    K = exp(-u^2 / 2) and c = 1/(2 pi). Each kernel's volume is 1, so the surface integrates to the total weight
    (Silverman 1986, https://doi.org/10.1201/9781315140919, section 4.2). No correction at borders: read events a
    bandwidth beyond the border instead (R3.15).

    Parameters
    ----------
    points_m : array of float, shape (n, 2)
        Where the events are, in metres east and north.
    at_m : array of float, shape (m, 2)
        Where to measure, in the same coordinates.
    bandwidth_m : float
        h: the radius of the quartic and Epanechnikov kernels, the standard deviation of the Gaussian.
    kernel : {"quartic", "epanechnikov", "gaussian"}
        The first two are exact; the Gaussian is cut at 10 standard deviations.
    weights : array of float, shape (n,), optional
        Events at each point; 1 if absent.

    Returns
    -------
    array of float, shape (m,)

    Raises
    ------
    DesignError
        If the kernel is not known or the bandwidth is not above 0.
    DataError
        If a coordinate is missing, or a weight is negative or missing.

    Examples
    --------
    >>> float(kernel_density([[0.0, 0.0]], [[0.0, 0.0]], bandwidth_m=100.0)[0].round(9))  # 3 / (pi 100^2)
    9.5493e-05
    """
    checked_kernel(kernel)
    h = checked_bandwidth(bandwidth_m)
    given, at = checked_points(points_m), checked_points(at_m)
    points, total = collapse_points(given[:, 0], given[:, 1], checked_weights(weights, len(given)))
    return kernel_sums(points, total, np.full(len(points), h), at, kernel=kernel)


def kernel_sums(
    points: Floats, weights: Floats, bandwidths: Floats, at: Floats, *, kernel: str, squared: bool = False
) -> Floats:
    r"""Return sum_i w_i K_{h_i}(s - x_i) at each place, each point with its own bandwidth; exact.

    With `squared`, the sum of w_i K_{h_i}(s - x_i)^2: the variance of the first when w_i counts Poisson reports.
    Points are treated in groups whose bandwidths differ by less than a factor of 2, each with its own cell list.

    Parameters
    ----------
    points : array of float, shape (n, 2)
    weights, bandwidths : array of float, shape (n,)
    at : array of float, shape (m, 2)
    kernel : str
    squared : bool

    Returns
    -------
    array of float, shape (m,)
        Per square metre (per square metre squared with `squared`).
    """
    found = np.zeros(len(at))
    if len(points) == 0 or len(at) == 0:
        return found
    at = np.ascontiguousarray(at)
    group = np.floor(np.log2(bandwidths / bandwidths.min()) + 1e-9)
    for level in np.unique(group):
        own = group == level
        found += _sums_by_cell_list(points[own], weights[own], bandwidths[own], at, kernel=kernel, squared=squared)
    return found


def _sums_by_cell_list(
    points: Floats, weights: Floats, bandwidths: Floats, at: Floats, *, kernel: str, squared: bool
) -> Floats:
    reach = float(bandwidths.max()) * (GAUSSIAN_REACH if kernel == "gaussian" else 1.0)
    origin = points.min(axis=0)
    extent = points.max(axis=0) - origin
    side = max(reach / _BINS_PER_REACH, float(extent.max()) / _MAX_BINS)
    shape = np.floor(extent / side).astype(np.int64) + 1
    bins = np.minimum(np.floor((points - origin) / side).astype(np.int64), shape - 1)
    flat = bins[:, 1] * shape[0] + bins[:, 0]
    order = np.argsort(flat, kind="stable")
    starts = np.searchsorted(flat[order], np.arange(shape[0] * shape[1] + 1)).astype(np.int64)
    peak = PEAK[kernel] / bandwidths**2
    sums: Floats = _sum_kernels(
        np.ascontiguousarray(points[order]), (weights * peak ** (2 if squared else 1))[order],
        (1.0 / bandwidths**2)[order], starts, at, float(origin[0]), float(origin[1]), side, int(shape[0]),
        int(shape[1]), reach, KERNELS.index(kernel), squared,
    )  # fmt: skip
    return sums


@njit(cache=True)
def _sum_kernels(  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    points, heights, inverse2, starts, at, left, bottom, side, columns, rows, reach, kernel, squared
):
    """Sum the kernels within reach of each place; bins of a row are neighbours in memory, so each row is one run."""
    found = np.zeros(len(at))
    reach2 = reach * reach
    cut2 = GAUSSIAN_REACH * GAUSSIAN_REACH if kernel == 2 else 1.0
    for i in range(len(at)):
        x = at[i, 0]
        y = at[i, 1]
        total = 0.0
        low = max(0, int(np.floor((y - reach - bottom) / side)))
        high = min(rows - 1, int(np.floor((y + reach - bottom) / side)))
        for row in range(low, high + 1):
            near = max(0.0, bottom + row * side - y, y - (bottom + (row + 1) * side))
            half = np.sqrt(max(0.0, reach2 - near * near)) + 1e-6 * side  # a hair wider than the chord: rounding
            first = max(0, int(np.floor((x - half - left) / side)))
            last = min(columns - 1, int(np.floor((x + half - left) / side)))
            if first > last:
                continue
            for j in range(starts[row * columns + first], starts[row * columns + last + 1]):
                dx = points[j, 0] - x
                dy = points[j, 1] - y
                u2 = (dx * dx + dy * dy) * inverse2[j]
                if u2 >= cut2:
                    continue
                if kernel == 2:
                    value = np.exp(-0.5 * u2)
                elif kernel == 0:
                    value = (1.0 - u2) * (1.0 - u2)
                else:
                    value = 1.0 - u2
                total += heights[j] * (value * value if squared else value)
        found[i] = total
    return found
