"""Kernel density at any points: exact sums over distinct points, by a numba cell list."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

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

_BINS_PER_REACH = 1.5, 3.0  # small bins hug the circle, large ones make fewer and longer runs: fastest as measured
_DENSE = 200  # points within reach from which the smaller bins pay
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: spreads the bits of a coordinate
_FIRST_SLOTS = 1 << 18
_MANY = 200_000  # points from which a second thread is worth its start
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
    given = None if weights is None else np.asarray(weights, dtype=float)
    east, north, total = _gather_in_halves(np.asarray(x, dtype=float), np.asarray(y, dtype=float), given)
    order = _in_order(np.argsort(east), east, north)
    return np.column_stack([east, north])[order], total[order]


def _gather_in_halves(east: Floats, north: Floats, weights: Floats | None) -> tuple[Floats, Floats, Floats]:
    """Gather many points as two halves side by side, always the same two, and then what they gave."""

    def gather(part: slice) -> tuple[Floats, Floats, Floats]:
        found: tuple[Floats, Floats, Floats] = _gather(
            east[part], north[part], np.ones(1) if weights is None else weights[part]
        )
        return found

    if len(east) < _MANY:
        return gather(slice(None))
    with ThreadPoolExecutor(2) as both:
        halves = both.map(gather, (slice(len(east) // 2), slice(len(east) // 2, None)))
    merged: tuple[Floats, Floats, Floats] = _gather(*(np.concatenate(parts) for parts in zip(*halves, strict=True)))
    return merged


@njit(cache=True, nogil=True)
def _gather(east, north, weights):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Return the distinct pairs and the total weight of each, found in a hash table that grows as needed.

    The table holds numbers of pairs, not pairs, and is kept sparse: it then stays in the processor's cache, and the
    first look is nearly always the right one.
    """
    constant = len(weights) == 1
    w = weights[0] if constant else 0.0
    size = _FIRST_SLOTS
    slots = np.zeros(size, np.int32)  # number of the pair + 1
    x, y, total = np.empty(size // 4), np.empty(size // 4), np.empty(size // 4)
    count = 0
    for i in range(len(east)):
        a, b = east[i] + 0.0, north[i] + 0.0  # so that -0.0 is 0.0
        if not constant:
            w = weights[i]
        at = _slot(a, b, size)
        while slots[at] != 0 and (x[slots[at] - 1] != a or y[slots[at] - 1] != b):
            at = (at + 1) & (size - 1)
        if slots[at] != 0:
            total[slots[at] - 1] += w
            continue
        if count == len(x):
            size *= 4
            slots = np.zeros(size, np.int32)
            x, y, total = (
                np.append(x, np.empty(3 * count)),
                np.append(y, np.empty(3 * count)),
                np.append(total, np.empty(3 * count)),
            )
            for k in range(count):
                at = _slot(x[k], y[k], size)
                while slots[at] != 0:
                    at = (at + 1) & (size - 1)
                slots[at] = k + 1
            at = _slot(a, b, size)
            while slots[at] != 0:
                at = (at + 1) & (size - 1)
        x[count], y[count], total[count] = a, b, w
        count += 1
        slots[at] = count
    return x[:count], y[:count], total[:count]


@njit(cache=True)
def _slot(east, north, size):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Return where a pair of coordinates, by their bits, is looked for first."""
    mixed = (np.float64(east).view(np.uint64) * _MIX ^ np.float64(north).view(np.uint64)) * _MIX
    return np.int64((mixed ^ (mixed >> np.uint64(32))) & np.uint64(size - 1))


@njit(cache=True)
def _in_order(order, east, north):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Return an order by east with equal ones put in order of north."""
    begin = 0
    for end in range(1, len(order) + 1):
        if end == len(order) or east[order[end]] != east[order[begin]]:
            if end - begin > 1:
                run = order[begin:end].copy()
                order[begin:end] = run[np.argsort(north[run])]
            begin = end
    return order


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
    each = None if weights is None else checked_weights(weights, len(given))
    points, total = collapse_points(given[:, 0], given[:, 1], each)
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
    within_reach = len(points) * np.pi * reach**2 / max(float(extent.prod()), reach**2)
    side = max(reach / _BINS_PER_REACH[int(within_reach > _DENSE)], float(extent.max()) / _MAX_BINS)
    shape = np.floor(extent / side).astype(np.int64) + 1
    bins = np.minimum(np.floor((points - origin) / side).astype(np.int64), shape - 1)
    flat = bins[:, 1] * shape[0] + bins[:, 0]
    order = np.argsort(flat, kind="stable")
    starts = np.searchsorted(flat[order], np.arange(shape[0] * shape[1] + 1)).astype(np.int64)
    peak = PEAK[kernel] / bandwidths**2
    east, north = np.ascontiguousarray(points[order].T)
    sums: Floats = _sum_kernels(
        east, north, (weights * peak ** (2 if squared else 1))[order],
        (1.0 / bandwidths**2)[order], starts, at, float(origin[0]), float(origin[1]), side, int(shape[0]),
        int(shape[1]), reach, KERNELS.index(kernel), squared,
    )  # fmt: skip
    return sums


@njit(cache=True, fastmath={"reassoc", "contract"})
def _sum_kernels(  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    px, py, heights, inverse2, starts, at, left, bottom, side, columns, rows, reach, kernel, squared
):
    """Sum the kernels within reach of each place; bins of a row are neighbours in memory, so each row is one run.

    Sums may be taken in any order, and the finite kernels are cut by a maximum rather than a test, so that several
    points are summed at once.
    """
    found = np.zeros(len(at))
    reach2 = reach * reach
    per_side = 1.0 / side
    cut2 = GAUSSIAN_REACH * GAUSSIAN_REACH
    for i in range(len(at)):
        x = at[i, 0]
        y = at[i, 1]
        total = 0.0
        low = max(0, int(np.floor((y - reach - bottom) * per_side)))
        high = min(rows - 1, int(np.floor((y + reach - bottom) * per_side)))
        for row in range(low, high + 1):
            near = max(0.0, bottom + row * side - y, y - (bottom + (row + 1) * side))
            half = np.sqrt(max(0.0, reach2 - near * near)) + 1e-6 * side  # a hair wider than the chord: rounding
            first = max(0, int(np.floor((x - half - left) * per_side)))
            last = min(columns - 1, int(np.floor((x + half - left) * per_side)))
            if first > last:
                continue
            begin = starts[row * columns + first]
            end = starts[row * columns + last + 1]
            if kernel == 2:
                for j in range(begin, end):
                    u2 = ((px[j] - x) ** 2 + (py[j] - y) ** 2) * inverse2[j]
                    if u2 < cut2:
                        value = np.exp(-0.5 * u2)
                        total += heights[j] * (value * value if squared else value)
                continue
            power = (2 if kernel == 0 else 1) * (2 if squared else 1)
            if power == 1:
                for j in range(begin, end):
                    total += heights[j] * max(0.0, 1.0 - ((px[j] - x) ** 2 + (py[j] - y) ** 2) * inverse2[j])
            elif power == 2:
                for j in range(begin, end):
                    value = max(0.0, 1.0 - ((px[j] - x) ** 2 + (py[j] - y) ** 2) * inverse2[j])
                    total += heights[j] * value * value
            else:
                for j in range(begin, end):
                    value = max(0.0, 1.0 - ((px[j] - x) ** 2 + (py[j] - y) ** 2) * inverse2[j])
                    total += heights[j] * value * value * value * value
        found[i] = total
    return found
