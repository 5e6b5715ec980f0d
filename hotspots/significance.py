"""Is a cluster unusual? Getis-Ord Gi and Gi*, Moran's I and the false discovery rate (R4.3).

The word for what passes is "statistically unusual cluster", not "risk".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.stats import norm

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MoranI:
    """Moran's I with its expectation and variance under the stated assumption; ``p_value`` is two-sided."""

    statistic: float
    expected: float
    variance: float
    z: float
    p_value: float
    assumption: str


def gi_star(values: ArrayLike, neighbours: sparse.csr_array) -> tuple[Floats, Floats]:
    r"""Return the Getis-Ord Gi* z-score of each place and its two-sided normal p-value.

    .. math:: z_i = \frac{\sum_j w_{ij} x_j - W_i \bar x}{s \sqrt{(n \sum_j w_{ij}^2 - W_i^2) / (n - 1)}}

    with the place itself among its neighbours (weight 1) and s^2 = mean(x^2) - mean(x)^2, as ``spdep::localG``
    (Ord & Getis 1995, https://doi.org/10.1111/j.1538-4632.1995.tb00912.x). Counts are skewed, so the normal p-value
    is a guide; judge many places at once with `false_discovery`.

    Parameters
    ----------
    values : array of float, shape (n,)
        What was counted at each place, zeros included.
    neighbours : sparse array, shape (n, n)
        Weights of the neighbours, without the place itself (the diagonal is set to 1 here).

    Returns
    -------
    z, p : array of float, shape (n,)
        z = 0 and p = 1 where nothing can stand out: all values equal, or every place is a neighbour.
    """
    x = np.asarray(values, dtype=float)
    n = len(x)
    w = sparse.csr_array(neighbours)
    own = 1.0 - w.diagonal()
    local = w @ x + own * x
    weight = np.asarray(w.sum(axis=1)).ravel() + own
    square = np.asarray(w.multiply(w).sum(axis=1)).ravel() - w.diagonal() ** 2 + 1.0
    if n < 2:
        return np.zeros(n), np.ones(n)
    spread = np.sqrt(max(float(np.mean((x - x.mean()) ** 2)), 0.0))
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
    x = np.asarray(values, dtype=float)
    n = len(x)
    if n < 3:
        return np.zeros(n), np.ones(n)
    w = sparse.csr_array(neighbours)
    diagonal = w.diagonal()
    local = w @ x - diagonal * x
    weight = np.asarray(w.sum(axis=1)).ravel() - diagonal
    square = np.asarray(w.multiply(w).sum(axis=1)).ravel() - diagonal**2
    centred = x - x.mean()
    mean = x.mean() - centred / (n - 1)
    # sum of squares of the others about their own mean, without cancellation
    variance = np.maximum((np.sum(centred**2) - centred**2 * n / (n - 1)) / (n - 1), 0.0)
    variance[variance < 1e-12 * max(float(np.mean(centred**2)), 1e-300)] = 0.0
    return _z_and_p(local - weight * mean, np.sqrt(variance * np.maximum((n - 1) * square - weight**2, 0.0) / (n - 2)))


def _z_and_p(difference: Floats, error: Floats) -> tuple[Floats, Floats]:
    z = np.divide(difference, error, out=np.zeros_like(difference), where=error > 0)
    return z, 2 * norm.sf(np.abs(z))


def morans_i(
    values: ArrayLike,
    neighbours: sparse.csr_array,
    *,
    assumption: Literal["randomisation", "normality"] = "randomisation",
    row_standardise: bool = True,
) -> MoranI:
    """Return Moran's I: whether neighbours resemble each other more than chance would have it.

    Variances after Cliff & Ord (1981), as ``spdep::moran.test``.

    Parameters
    ----------
    values : array of float, shape (n,), n >= 4, not all equal
    neighbours : sparse array, shape (n, n)
        Weights of the neighbours.
    assumption : {"randomisation", "normality"}
        Where the variance comes from: shuffling the values, or normal values.
    row_standardise : bool
        Whether each place's weights are first scaled to sum to 1.
    """
    x = np.asarray(values, dtype=float)
    n = len(x)
    w = sparse.csr_array(neighbours, dtype=float)
    if row_standardise:
        sums = np.asarray(w.sum(axis=1)).ravel()
        w = sparse.diags_array(np.divide(1.0, sums, out=np.zeros(n), where=sums > 0)) @ w
    z = x - x.mean()
    m2 = float(np.mean(z**2))
    s0, s1, s2 = _weight_sums(w)
    statistic = float(z @ (w @ z)) / (s0 * m2)
    expected = -1.0 / (n - 1)
    if assumption == "normality":
        variance = (n**2 * s1 - n * s2 + 3 * s0**2) / (s0**2 * (n**2 - 1)) - expected**2
    else:
        kurtosis = float(np.mean(z**4)) / m2**2
        shuffled = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
        shuffled -= kurtosis * ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
        variance = shuffled / ((n - 1) * (n - 2) * (n - 3) * s0**2) - expected**2
    score = (statistic - expected) / np.sqrt(variance)
    return MoranI(statistic, expected, variance, float(score), float(2 * norm.sf(abs(score))), assumption)


def _weight_sums(w: Any) -> tuple[float, float, float]:
    both = w + w.T
    columns = np.asarray(w.sum(axis=0)).ravel()
    rows = np.asarray(w.sum(axis=1)).ravel()
    return float(w.sum()), float(both.multiply(both).sum()) / 2, float(np.sum((rows + columns) ** 2))


def false_discovery(p: ArrayLike, rate: float) -> NDArray[np.bool_]:
    """Return which p-values pass when at most `rate` of those that pass may be false.

    Benjamini & Hochberg (1995), https://doi.org/10.1111/j.2517-6161.1995.tb02031.x. A missing p-value never passes
    and is not counted.

    Examples
    --------
    >>> false_discovery([0.01, 0.02, 0.03, 0.9], 0.05).tolist()
    [True, True, True, False]
    """
    values = np.asarray(p, dtype=float)
    known = np.flatnonzero(np.isfinite(values))
    passes = np.zeros(len(values), dtype=bool)
    if len(known) == 0:
        return passes
    order = known[np.argsort(values[known], kind="stable")]
    below = values[order] <= rate * np.arange(1, len(order) + 1) / len(order)
    if below.any():
        passes[order[: int(np.flatnonzero(below)[-1]) + 1]] = True
    return passes
