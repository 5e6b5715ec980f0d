"""Gaussian kernel density by cubic B-splines and the fast Fourier transform: for many points and many repetitions."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import ArrayLike
from scipy import fft

from hotspots.density.kernels import Floats, checked_bandwidth, checked_points, checked_weights
from hotspots.density.planar import kernel_density

NODES_PER_BANDWIDTH = 5
"""Grid nodes per standard deviation. With 4 a whole city is within 4e-4, but a single report errs by up to 9e-4 where
its own density has fallen to a thousandth; with 5 that worst case is within 5e-4 too, at hardly more cost."""

_PADDING = 8.0  # standard deviations around the places asked for: exp(-32) is 1e-14 of the peak
_MAX_NODES = 16_000_000  # 128 MB; beyond, the exact sum needs less


def gaussian_density(
    points_m: ArrayLike, at_m: ArrayLike, *, bandwidth_m: float, weights: ArrayLike | None = None
) -> Floats:
    r"""Return Gaussian kernel density at given places, within 5e-4 of the exact sum and much faster.

    The same quantity as `kernel_density` with ``kernel="gaussian"``. Points are spread by cubic B-splines over a grid
    of spacing h / 5, the grid is multiplied in Fourier space by the Gaussian's transform over the squared transform of
    the B-spline, :math:`e^{-2 \pi^2 f^2 h^2} / \mathrm{sinc}^{8} f` along each axis, and B-splines read the result at
    the places (the nonuniform fast Fourier transform of Dutt & Rokhlin 1993, https://doi.org/10.1137/0914081). The
    relative error is below 5e-4 wherever the density is at least a thousandth of its maximum. Where the places lie so
    far apart that the grid would need more than 16 million nodes, the exact sum is returned.

    Parameters
    ----------
    points_m : array of float, shape (n, 2)
        Where the events are, in metres east and north.
    at_m : array of float, shape (m, 2)
        Where to measure, in the same coordinates.
    bandwidth_m : float
        h: the standard deviation.
    weights : array of float, shape (n,), optional
        Events at each point; 1 if absent.

    Returns
    -------
    array of float, shape (m,)
        Events per square metre.

    Raises
    ------
    DesignError
        If the bandwidth is not above 0.
    DataError
        If a coordinate is missing, or a weight is negative or missing.

    Examples
    --------
    >>> float(gaussian_density([[0.0, 0.0]], [[0.0, 0.0]], bandwidth_m=100.0)[0].round(8))  # 1 / (2 pi 100^2)
    1.592e-05
    """
    h = checked_bandwidth(bandwidth_m)
    points, at = checked_points(points_m), checked_points(at_m)
    weight = checked_weights(weights, len(points))
    if len(points) == 0 or len(at) == 0:
        return np.zeros(len(at))
    step = h / NODES_PER_BANDWIDTH
    low, high = at.min(axis=0) - _PADDING * h, at.max(axis=0) + _PADDING * h
    nodes = np.ceil((high - low) / step) + 4
    if float(nodes.prod()) > _MAX_NODES:
        return kernel_density(points, at, bandwidth_m=h, kernel="gaussian", weights=weight)
    columns, rows = (int(fft.next_fast_len(int(n), real=True)) for n in nodes)
    grid = _spread(points, weight, low[0], low[1], high[0], high[1], step, rows, columns)
    smooth = fft.irfft2(fft.rfft2(grid) * np.outer(_response(rows), _response(columns)[: columns // 2 + 1]), grid.shape)
    found: Floats = _read(smooth, at, low[0], low[1], step)
    return np.maximum(found, 0.0) / step**2


def _response(n: int) -> Floats:
    f = fft.fftfreq(n)
    return np.asarray(np.exp(-2.0 * (np.pi * f * NODES_PER_BANDWIDTH) ** 2) / np.sinc(f) ** 8)


@njit(cache=True)
def _splines(u):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Return six times the cubic B-spline's weights of the four nodes around a place, u past the second of them."""
    v = 1.0 - u
    return v * v * v, 4.0 - 6.0 * u * u + 3.0 * u * u * u, 4.0 - 6.0 * v * v + 3.0 * v * v * v, u * u * u


@njit(cache=True)
def _spread(  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    points, weights, left, bottom, right, top, step, rows, columns
):
    """Add each point to its 4 x 4 nodes; unsigned positions spare a check for negative ones at every node."""
    grid = np.zeros((rows, columns))
    per_metre = 1.0 / step
    for i in range(len(points)):
        x = points[i, 0]
        y = points[i, 1]
        if x < left or x > right or y < bottom or y > top:
            continue
        x = (x - left) * per_metre
        y = (y - bottom) * per_metre
        column = np.uint64(x)
        row = np.uint64(y)
        first, second, third, fourth = _splines(x - column)
        up = _splines(y - row)
        weight = weights[i] / 36.0
        for j in range(4):
            line = grid[row + np.uint64(j)]
            share = weight * up[j]
            line[column] += share * first
            line[column + np.uint64(1)] += share * second
            line[column + np.uint64(2)] += share * third
            line[column + np.uint64(3)] += share * fourth
    return grid


@njit(cache=True)
def _read(grid, at, left, bottom, step):  # type: ignore[no-untyped-def]  # pragma: no cover
    found = np.empty(len(at))
    for i in range(len(at)):
        x = (at[i, 0] - left) / step
        y = (at[i, 1] - bottom) / step
        column = int(x)
        row = int(y)
        across = _splines(x - column)
        up = _splines(y - row)
        total = 0.0
        for j in range(4):
            line = 0.0
            for k in range(4):
                line += grid[row + j, column + k] * across[k]
            total += line * up[j]
        found[i] = total / 36.0
    return found
