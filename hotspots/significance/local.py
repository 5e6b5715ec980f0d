"""Which places stand out: Getis-Ord Gi and Gi*, and local Moran's I (R4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from geodata.tails import normal_above
from hotspots.significance.checks import Floats, checked


@dataclass(frozen=True, slots=True)
class LocalMoran:
    """Local Moran's I of each place.

    Attributes
    ----------
    statistic : array of float, shape (n,)
    z, p : array of float, shape (n,)
        Conditional randomisation; `p` is two-sided and normal.
    quadrant : array of str, shape (n,)
        "high-high" (a busy place among busy ones), "low-low", "high-low" (a busy place among quiet ones), "low-high";
        "" where there is no neighbour.
    """

    statistic: Floats
    z: Floats
    p: Floats
    quadrant: NDArray[Any]


def gi_star(values: ArrayLike, neighbours: sparse.csr_array) -> tuple[Floats, Floats]:
    r"""Return the Getis-Ord Gi* z-score of each place and its two-sided normal p-value.

    .. math:: z_i = \frac{\sum_j w_{ij} x_j - W_i \bar x}{s \sqrt{(n \sum_j w_{ij}^2 - W_i^2) / (n - 1)}}

    with the place itself among its neighbours (weight 1) and s^2 = mean(x^2) - mean(x)^2, as ``spdep::localG``
    (Ord & Getis 1995, https://doi.org/10.1111/j.1538-4632.1995.tb00912.x). The normal p-value holds where a place and
    its neighbours hold many reports; where they hold few it finds clusters in pure noise, and `gi_star_exact`
    and `gi_star_ordinary` do not (see `cautions`). Judge many places at once with `false_discovery`.

    Parameters
    ----------
    values : array of float, shape (n,)
        What was counted at each place, zeros included.
    neighbours : sparse array, shape (n, n)
        Weights of the neighbours, 0 or more, without the place itself (the diagonal is set to 1 here).

    Returns
    -------
    z, p : array of float, shape (n,)
        z = 0 and p = 1 where nothing can stand out: all values equal, or every place is a neighbour.
    """
    x, w = checked(values, neighbours)
    n = len(x)
    own = 1.0 - w.diagonal()
    local = w @ x + own * x
    weight = np.asarray(w.sum(axis=1)).ravel() + own
    square = np.asarray(w.multiply(w).sum(axis=1)).ravel() - w.diagonal() ** 2 + 1.0
    if n < 2:
        return np.zeros(n), np.ones(n)
    spread = float(np.std(x)) if np.ptp(x) > 0 else 0.0  # equal values differ from their mean by rounding alone
    return _z_and_p(local - weight * x.mean(), spread * np.sqrt(np.maximum(n * square - weight**2, 0.0) / (n - 1)))


def gi(values: ArrayLike, neighbours: sparse.csr_array) -> tuple[Floats, Floats]:
    r"""Return the Getis-Ord Gi z-score (the place itself left out) and its two-sided normal p-value.

    Mean and variance of place i are those of the other n - 1 values, as ``spdep::localG``
    (Getis & Ord 1992, https://doi.org/10.1111/j.1538-4632.1992.tb00261.x).

    Parameters
    ----------
    values : array of float, shape (n,)
    neighbours : sparse array, shape (n, n)
        Weights of the neighbours; a diagonal is ignored.

    Returns
    -------
    z, p : array of float, shape (n,)
        z = 0 and p = 1 where a place has no neighbour or the other values are all equal.
    """
    x, w = checked(values, neighbours)
    n = len(x)
    if n < 3:
        return np.zeros(n), np.ones(n)
    diagonal = w.diagonal()
    local = w @ x - diagonal * x
    weight = np.asarray(w.sum(axis=1)).ravel() - diagonal
    square = np.asarray(w.multiply(w).sum(axis=1)).ravel() - diagonal**2
    centred = x - x.mean() if np.ptp(x) > 0 else np.zeros(n)
    mean = x.mean() - centred / (n - 1)
    # sum of squares of the others about their own mean, without cancellation
    variance = np.maximum((np.sum(centred**2) - centred**2 * n / (n - 1)) / (n - 1), 0.0)
    variance[variance < 1e-12 * max(float(np.mean(centred**2)), 1e-300)] = 0.0
    return _z_and_p(local - weight * mean, np.sqrt(variance * np.maximum((n - 1) * square - weight**2, 0.0) / (n - 2)))


def _z_and_p(difference: Floats, error: Floats) -> tuple[Floats, Floats]:
    z = np.divide(difference, error, out=np.zeros_like(difference), where=error > 0)
    return z, 2 * normal_above(np.abs(z))


def local_moran(values: ArrayLike, neighbours: sparse.csr_array, *, row_standardise: bool = True) -> LocalMoran:
    r"""Return local Moran's I: whether a place resembles its neighbours or differs from them.

    .. math:: I_i = (n - 1) \frac{z_i \sum_j w_{ij} z_j}{\sum_k z_k^2}, \quad z = x - \bar x

    (Anselin 1995, https://doi.org/10.1111/j.1538-4632.1995.tb00338.x; scaled as ``esda.Moran_Local``). Given the value
    of the place itself, the values around it are a draw from all others (conditional randomisation), so the z-score is
    that of `gi`, with the sign of z_i.

    Parameters
    ----------
    values : array of float, shape (n,)
    neighbours : sparse array, shape (n, n)
        Weights of the neighbours, 0 or more; a diagonal is ignored.
    row_standardise : bool
        Whether each place's weights are first scaled to sum to 1; changes I, not z.

    Returns
    -------
    LocalMoran
    """
    x, w = checked(values, neighbours)
    z, p = gi(x, w)
    around = sparse.csr_array(w - sparse.diags_array(w.diagonal()))
    weight = np.asarray(around.sum(axis=1)).ravel()
    centred = x - x.mean() if len(x) else x
    lag = around @ centred
    if row_standardise:
        lag = np.divide(lag, weight, out=np.zeros_like(lag), where=weight > 0)
    squares = float(centred @ centred)
    statistic = (len(x) - 1) * centred * lag / squares if squares > 0 else np.zeros(len(x))
    own = np.where(centred > 0, "high", "low")
    near = np.where(lag > 0, "high", "low")
    pairs = np.array([f"{a}-{b}" for a, b in zip(own, near, strict=True)], dtype=object)
    return LocalMoran(statistic, z * np.where(centred > 0, 1.0, -1.0), p, np.where(weight > 0, pairs, ""))
