"""Conditional permutation: what neighbours' values would be if all other values were dealt out at random."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from geodata.errors import DesignError
from hotspots.significance.checks import Floats, checked
from hotspots.significance.local import gi_star, local_moran

Alternative = Literal["two-sided", "greater", "directed"]

_SORT_BELOW = 5_000_000  # random numbers sorted to draw rows without repetition, where rejecting repeats would be slow


def gi_star_permuted(
    values: ArrayLike,
    neighbours: Any,
    *,
    permutations: int = 999,
    random_state: int,
    alternative: Alternative = "two-sided",
) -> tuple[Floats, Floats]:
    r"""Return the Gi* z-score of each place and its p-value by conditional permutation.

    The place keeps its value and its neighbours' are drawn without replacement from all others,
    :math:`p = (1 + \#\{\text{as large}\}) / (1 + R)` (Anselin 1995, https://doi.org/10.1111/j.1538-4632.1995.tb00338.x;
    Phipson & Smyth 2010, https://doi.org/10.2202/1544-6115.1585). Weights are used as given. One table of draws
    serves every place, as in ``esda``. Draws equal to the observed sum count in both tails; ``esda`` leaves them out
    of the lower one, and so calls nearly every empty place among empty places significantly cold.

    With R permutations no p-value is below 1 / (R + 1), so few of many places can pass a false discovery rate: for
    that use `gi_star_exact`.

    Parameters
    ----------
    values : array of float, shape (n,)
    neighbours : sparse array, shape (n, n)
        Weights of the neighbours, 0 or more; a diagonal is ignored.
    permutations : int
        R.
    random_state : int
    alternative : {"two-sided", "greater", "directed"}
        "directed" is the smaller tail, not doubled, as ``esda`` has it by default.

    Returns
    -------
    z, p : array of float, shape (n,)
        z as `gi_star`; p = 1 where there is no neighbour.
    """
    x, w = checked(values, neighbours)
    z, _ = gi_star(x, w)
    larger, smaller = _as_extreme(x, w, permutations, random_state)
    return z, _p_value(larger, smaller, permutations, alternative)


def local_moran_permuted(
    values: ArrayLike,
    neighbours: Any,
    *,
    permutations: int = 999,
    random_state: int,
    alternative: Alternative = "two-sided",
) -> tuple[Floats, Floats]:
    """Return local Moran's I (row-standardised) and its p-value by conditional permutation.

    As `gi_star_permuted`; "greater" asks for places like their neighbours. For a place below the average a large I
    is a small sum around it, so the tails change places.
    """
    x, w = checked(values, neighbours)
    larger, smaller = _as_extreme(x, w, permutations, random_state)
    if len(x):
        below = x < x.mean()
        larger, smaller = np.where(below, smaller, larger), np.where(below, larger, smaller)
    return local_moran(x, w).statistic, _p_value(larger, smaller, permutations, alternative)


def _p_value(
    larger: NDArray[np.int64], smaller: NDArray[np.int64], permutations: int, alternative: Alternative
) -> Floats:
    if alternative == "greater":
        extreme = larger
    elif alternative in {"two-sided", "directed"}:
        extreme = np.minimum(larger, smaller)
    else:
        raise DesignError(f"The alternative '{alternative}' is not known; use two-sided, greater or directed.")
    p = (1.0 + extreme) / (1.0 + permutations)
    return np.asarray(np.minimum(2 * p, 1.0) if alternative == "two-sided" else p)


def _as_extreme(x: Floats, w: Any, permutations: int, random_state: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the permutations whose weighted sum around each place is at least, and at most, the observed one."""
    if permutations < 1:
        raise DesignError(f"A permutation test needs at least 1 permutation, got {permutations}.")
    around = sparse.csr_array(w - sparse.diags_array(w.diagonal()))
    around.eliminate_zeros()
    around.sort_indices()
    widest = int(np.diff(around.indptr).max(initial=0))
    if widest == 0:
        everything = np.full(len(x), permutations, dtype=np.int64)
        return everything, everything
    draws = _draw_table(len(x), widest + 1, permutations, random_state)
    order = np.argsort(draws, axis=None, kind="stable")
    own = np.searchsorted(draws.ravel()[order], np.arange(len(x) + 1)).astype(np.int64)
    larger, smaller = _count_extremes(
        x, around.data, around.indices.astype(np.int64), around.indptr.astype(np.int64), draws,
        np.ascontiguousarray(x[draws].T), (order // (widest + 1)).astype(np.int64), own,
    )  # fmt: skip
    return larger, smaller


def _draw_table(n: int, width: int, permutations: int, random_state: int) -> NDArray[np.int64]:
    """Return rows of `width` different places, one more than the most neighbours a place has.

    A place uses the first of them that are not itself, which is a draw without replacement from all others.
    """
    rng = np.random.default_rng(random_state)
    width = min(width, n)
    if n * permutations <= _SORT_BELOW:
        return np.asarray(np.argsort(rng.random((permutations, n)), axis=1)[:, :width])
    draws = rng.integers(0, n, (permutations, width))
    while True:
        ordered = np.sort(draws, axis=1)
        repeated = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
        if len(repeated) == 0:
            return draws
        draws[repeated] = rng.integers(0, n, (len(repeated), width))


@njit(cache=True)
def _count_extremes(  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    x, weights, columns, indptr, draws, drawn, owner_row, owner_start
):
    """Sum by columns of the table, which the processor does many at a time; only rows that hold the place differ."""
    n = len(x)
    permutations, width = draws.shape
    larger = np.zeros(n, dtype=np.int64)
    smaller = np.zeros(n, dtype=np.int64)
    sums = np.empty(permutations)
    highest = np.abs(x).max()
    for i in range(n):
        low = indptr[i]
        k = indptr[i + 1] - low
        observed = 0.0
        total = 0.0
        sums[:] = 0.0
        for j in range(k):
            weight = weights[low + j]
            observed += weight * x[columns[low + j]]
            total += weight
            column = drawn[j]
            for r in range(permutations):
                sums[r] += weight * column[r]
        for position in range(owner_start[i], owner_start[i + 1]):
            r = owner_row[position]
            value = 0.0
            j = 0
            for q in range(width):
                if j < k and draws[r, q] != i:
                    value += weights[low + j] * x[draws[r, q]]
                    j += 1
            sums[r] = value
        slack = 1e-11 * total * highest
        above = 0
        below = 0
        for r in range(permutations):
            above += sums[r] >= observed - slack
            below += sums[r] <= observed + slack
        larger[i] = above
        smaller[i] = below
    return larger, smaller
