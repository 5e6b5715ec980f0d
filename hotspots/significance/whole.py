"""Is there clustering at all: Moran's I and Getis-Ord general G of the whole map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from geodata.errors import DataError
from geodata.tails import normal_above
from hotspots.significance.checks import checked


@dataclass(frozen=True, slots=True)
class MoranI:
    """Moran's I with its expectation and variance under the stated assumption; ``p_value`` is two-sided."""

    statistic: float
    expected: float
    variance: float
    z: float
    p_value: float
    assumption: str


@dataclass(frozen=True, slots=True)
class GeneralG:
    """Getis-Ord general G with its expectation and variance under randomisation; ``p_value`` is two-sided."""

    statistic: float
    expected: float
    variance: float
    z: float
    p_value: float


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

    Raises
    ------
    DataError
        If there are fewer than 4 places, all values are equal, or no place has a neighbour.
    """
    x, w = checked(values, neighbours)
    n = len(x)
    if n < 4 or not np.ptp(x) > 0 or w.nnz == 0:
        raise DataError(f"Moran's I needs at least 4 places that differ and some neighbours; there are {n} places.")
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
    return MoranI(statistic, expected, variance, float(score), float(2 * normal_above(abs(score))), assumption)


def general_g(values: ArrayLike, neighbours: sparse.csr_array) -> GeneralG:
    r"""Return Getis-Ord general G: whether high values lie next to high values.

    .. math:: G = \frac{\sum_{i \ne j} w_{ij} x_i x_j}{\sum_{i \ne j} x_i x_j}

    with expectation W / (n (n - 1)) and the variance over all orders of the values (Getis & Ord 1992,
    https://doi.org/10.1111/j.1538-4632.1992.tb00261.x). Moran's I cannot tell clusters of high values from clusters
    of low ones; G can.

    Parameters
    ----------
    values : array of float >= 0, shape (n,), n >= 4
    neighbours : sparse array, shape (n, n)
        Weights of the neighbours, 0 or more; a diagonal is ignored.

    Raises
    ------
    DataError
        If there are fewer than 4 places, a value is negative, or fewer than 2 are above 0.
    """
    x, w = checked(values, neighbours)
    n = len(x)
    if n < 4 or x.min() < 0 or np.count_nonzero(x) < 2:
        raise DataError(f"General G needs at least 4 places, none negative and two above 0; there are {n} places.")
    w = sparse.csr_array(w - sparse.diags_array(w.diagonal()))
    m1, m2, m3, m4 = (float(np.sum(x**power)) for power in (1, 2, 3, 4))
    s0, s1, s2 = _weight_sums(w)
    statistic = float(x @ (w @ x)) / (m1**2 - m2)
    expected = s0 / (n * (n - 1))
    squares = ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2) * m2**2
    squares -= ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2) * m4
    squares -= (2 * n * s1 - (n + 3) * s2 + 6 * s0**2) * m1**2 * m2
    squares += (4 * (n - 1) * s1 - 2 * (n + 1) * s2 + 8 * s0**2) * m1 * m3
    squares += (s1 - s2 + s0**2) * m1**4
    variance = squares / ((m1**2 - m2) ** 2 * n * (n - 1) * (n - 2) * (n - 3)) - expected**2
    z = (statistic - expected) / float(np.sqrt(variance)) if variance > 1e-12 * expected**2 else 0.0
    return GeneralG(statistic, expected, variance, z, float(2 * normal_above(abs(z))))


def _weight_sums(w: Any) -> tuple[float, float, float]:
    both = w + w.T
    columns = np.asarray(w.sum(axis=0)).ravel()
    rows = np.asarray(w.sum(axis=1)).ravel()
    return float(w.sum()), float(both.multiply(both).sum()) / 2, float(np.sum((rows + columns) ** 2))
