"""Gi* of counts without the normal curve: values dealt out at random, or places as ordinary ones are."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft, sparse

from geodata.errors import DataError, DesignError
from geodata.tails import poisson_above
from hotspots.significance.checks import Floats, checked
from hotspots.significance.local import gi_star
from hotspots.significance.ordinary import fit_ordinary, log_cdf

Alternative = Literal["two-sided", "greater"]

SMALLEST_P = 1e-12
"""Smaller chances cannot be told from rounding and are given as this."""

_LONGEST_SUM = 4_000_000


def gi_star_exact(
    values: ArrayLike, neighbours: Any, *, alternative: Alternative = "two-sided"
) -> tuple[Floats, Floats]:
    r"""Return the Gi* z-score of each place and its exact p-value under randomisation, for counts.

    If the n counts were dealt out over the places in random order, the sum over a place and its k - 1 neighbours would
    be that of k counts drawn without replacement. Its distribution is the elementary symmetric polynomial

    .. math:: e_k(t) = \frac{1}{k} \sum_{j=1}^{k} (-1)^{j-1} e_{k-j}(t) \, q_j(t), \quad q_j(t) = \sum_i t^{j x_i}

    over C(n, k) (Newton's identities), computed once for each k by the fast Fourier transform. No draws, no normal
    curve: right for any skew and any number of zeros, so that noise stays noise where the mean count is below 1 (the
    normal p-value of `gi_star` does not). The statistic and the null are those of Ord & Getis (1995,
    https://doi.org/10.1111/j.1538-4632.1995.tb00912.x), table by table rather than in the limit.

    Parameters
    ----------
    values : array of int >= 0, shape (n,)
        Counts, zeros included.
    neighbours : sparse array, shape (n, n)
        Equal weights of the neighbours; the place itself is added here.
    alternative : {"two-sided", "greater"}
        "two-sided" doubles the smaller tail; "greater" asks for busy places only.

    Returns
    -------
    z, p : array of float, shape (n,)
        `p` is at least 1e-12.

    Raises
    ------
    DataError
        If values are no counts, weights are not all equal, or the counts are too large; use the permutation test.
    """
    counts, size, sums, z = _sums_of_counts(values, neighbours)
    p = np.ones(len(counts))
    for k in np.unique(size):
        own = size == k
        at_least, at_most = _tails(counts, int(k))
        upper = at_least[sums[own]]
        p[own] = upper if alternative == "greater" else 2 * np.minimum(upper, at_most[sums[own]])
    return z, np.clip(p, SMALLEST_P, 1.0)


def _sums_of_counts(values: ArrayLike, neighbours: Any) -> tuple[Any, Any, Any, Floats]:
    """Return the counts, how many places each sum covers, the sums over a place and its neighbours, and Gi* z."""
    x, w = checked(values, neighbours)
    counts = np.rint(x).astype(np.int64)
    if len(x) and (not np.array_equal(counts, x) or counts.min() < 0):
        raise DataError("The exact test is for counts (whole numbers of 0 or more); use the permutation test instead.")
    around = sparse.csr_array(w - sparse.diags_array(w.diagonal()))
    around.eliminate_zeros()
    if around.nnz and not np.allclose(around.data, around.data[0]):
        raise DataError("The exact test is for neighbours of equal weight; use the permutation test instead.")
    binary = sparse.csr_array(around > 0, dtype=float) + sparse.eye_array(len(x), format="csr")
    z, _ = gi_star(x, binary)
    return counts, np.diff(binary.indptr), np.rint(binary @ x).astype(np.int64), z


def gi_star_ordinary(
    values: ArrayLike, neighbours: Any, *, null: Literal["ordinary", "even"] = "ordinary", trim: float = 0.01
) -> tuple[Floats, Floats]:
    r"""Return the Gi* z-score of each place and the chance that ordinary places would hold as many reports.

    The sum over a place and its k - 1 neighbours is held against one of two nulls, upper tail only:

    - ``"ordinary"``: places differ as gamma and independently, so the sum is negative binomial with k times the shape.
      Mean and shape are fitted to the counts below the highest `trim` share of places (truncated likelihood, averaged
      over their uncertainty), so that hotspots do not set the standard they are judged by.
    - ``"even"``: every report falls on any place alike, so the sum is Poisson with mean k N / n. Few real towns are
      like that, and most of their centres pass.

    Where shuffling (`gi_star_exact`) asks whether busy places lie together, this asks whether a neighbourhood is
    busier than ordinary ones are, so one very busy cell among quiet ones counts too. Give the places where reports
    could have fallen; many empty fields among them make ordinary places look more different than they are.

    Parameters
    ----------
    values : array of int >= 0, shape (n,)
        Counts, zeros included.
    neighbours : sparse array, shape (n, n)
        Equal weights of the neighbours; the place itself is added here.
    null : {"ordinary", "even"}
    trim : float
        Share of the places, the busiest, that have no say in what is ordinary.

    Returns
    -------
    z, p : array of float, shape (n,)
        `p` is at least 1e-12.

    Raises
    ------
    DataError
        If values are no counts or weights are not all equal.
    DesignError
        If the null is not known or `trim` is not a share.
    """
    if null not in {"ordinary", "even"} or not 0 < trim < 1:
        raise DesignError(f"Use the null 'ordinary' or 'even' and a trim between 0 and 1, got '{null}' and {trim:g}.")
    counts, size, sums, z = _sums_of_counts(values, neighbours)
    if len(counts) == 0:
        return z, z
    if null == "even":
        p = poisson_above(sums - 1, size * counts.mean())
    else:
        _, likely = fit_ordinary(counts.astype(float), float(np.quantile(counts, 1 - trim, method="higher")))
        (held, places), each = np.unique(np.vstack([sums, size]).astype(float), axis=1, return_inverse=True)
        chances = [weight * -np.expm1(log_cdf(held - 1, prior, places)) for prior, weight in likely]
        p = np.sum(chances, axis=0)[each.ravel()]
    return z, np.clip(p, SMALLEST_P, 1.0)


def _tails(counts: Any, k: int) -> tuple[Floats, Floats]:
    """Return P(S >= s) and P(S <= s) for every s that k of the counts, drawn without replacement, can sum to."""
    n = len(counts)
    longest = int(np.sort(counts)[-k:].sum()) + 1
    if longest > _LONGEST_SUM:
        raise DataError("The counts are too large for the exact test; use the permutation test instead.")
    length = int(fft.next_fast_len(longest, real=False))
    powers = fft.fft(np.bincount(counts, minlength=length)[:length].astype(float))
    index = np.arange(length)
    sums = [np.ones(length, dtype=complex)]
    for size in range(1, k + 1):
        total = np.zeros(length, dtype=complex)
        share = 1.0
        for j in range(1, size + 1):
            share *= (size - j + 1) / (n - size + j)  # C(n, size - j) / C(n, size)
            total += (-1) ** (j - 1) * share * sums[size - j] * powers[(j * index) % length]
        sums.append(total / size)
    chance = np.maximum(fft.ifft(sums[k]).real[:longest], 0.0)
    chance /= chance.sum()
    return np.cumsum(chance[::-1])[::-1], np.cumsum(chance)
