"""Kernel density at any points: exact sums over distinct points, by a numba cell list.

The picture beside the ranking (R4.1, R4.2): smoothing shows where reports lie thick, counts say which place is first.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from geodata.errors import DesignError
from geodata.points import distinct

Floats = NDArray[np.float64]

KERNELS = ("quartic", "epanechnikov", "gaussian")
GAUSSIAN_REACH = 10.0
"""Standard deviations after which a Gaussian is left out: exp(-50) is 2e-22 of its peak."""

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

    Examples
    --------
    >>> float(kernel_density([[0.0, 0.0]], [[0.0, 0.0]], bandwidth_m=100.0)[0].round(9))  # 3 / (pi 100^2)
    9.5493e-05
    """
    if kernel not in KERNELS:
        raise DesignError(f"The kernel '{kernel}' is not known; use one of {', '.join(KERNELS)}.")
    if not bandwidth_m > 0:
        raise DesignError(f"The bandwidth must be above 0 metres, got {bandwidth_m:g}.")
    given = np.asarray(points_m, dtype=float).reshape(-1, 2)
    at = np.ascontiguousarray(np.asarray(at_m, dtype=float).reshape(-1, 2))
    points, total = collapse_points(given[:, 0], given[:, 1], weights)
    if len(points) == 0 or len(at) == 0:
        return np.zeros(len(at))
    reach = bandwidth_m * (GAUSSIAN_REACH if kernel == "gaussian" else 1.0)
    origin = points.min(axis=0)
    extent = points.max(axis=0) - origin
    side = max(reach / _BINS_PER_REACH, float(extent.max()) / _MAX_BINS)
    shape = np.floor(extent / side).astype(np.int64) + 1
    bins = np.minimum(np.floor((points - origin) / side).astype(np.int64), shape - 1)
    flat = bins[:, 1] * shape[0] + bins[:, 0]
    order = np.argsort(flat, kind="stable")
    starts = np.searchsorted(flat[order], np.arange(shape[0] * shape[1] + 1)).astype(np.int64)
    density: Floats = _sum_kernels(
        np.ascontiguousarray(points[order]), np.ascontiguousarray(total[order]), starts, at,
        float(origin[0]), float(origin[1]), side, int(shape[0]), int(shape[1]),
        float(bandwidth_m), reach, KERNELS.index(kernel),
    )  # fmt: skip
    return density


@njit(cache=True)
def _sum_kernels(  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    points, weights, starts, at, left, bottom, side, columns, rows, bandwidth, reach, kernel
):
    """Sum the kernels within reach of each place; bins of a row are neighbours in memory, so each row is one run."""
    found = np.zeros(len(at))
    reach2 = reach * reach
    scale = 1.0 / (bandwidth * bandwidth)
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
                u2 = (dx * dx + dy * dy) * scale
                if kernel == 2:
                    if dx * dx + dy * dy <= reach2:
                        total += weights[j] * np.exp(-0.5 * u2)
                elif u2 < 1.0:
                    total += weights[j] * ((1.0 - u2) * (1.0 - u2) if kernel == 0 else 1.0 - u2)
        found[i] = total
    if kernel == 0:
        return found * (3.0 / np.pi * scale)
    if kernel == 1:
        return found * (2.0 / np.pi * scale)
    return found * (0.5 / np.pi * scale)
