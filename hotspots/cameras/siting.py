"""Exact choice among candidate sites: maximal covering and set covering as mixed-integer programmes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from geodata.errors import DesignError

TIME_LIMIT_S = 60.0
"""HiGHS proves city-sized cases in well under a second; a case it cannot prove in a minute is returned as such."""


@dataclass(frozen=True, slots=True)
class Siting:
    """Chosen sites, best marginal gain first.

    Attributes
    ----------
    chosen : tuple of int
        Rows of the cover matrix; shorter than asked where a further site would cover nothing new.
    marginal : tuple of float
        Weight each site adds to `existing` and the sites before it.
    covered : float
        Weight covered by the chosen sites beyond `existing`.
    greedy_covered : float
        What adding the best site again and again would have covered: never more than `covered`.
    is_proven : bool
        Whether the solver proved that no other choice covers more.
    """

    chosen: tuple[int, ...]
    marginal: tuple[float, ...]
    covered: float
    greedy_covered: float
    is_proven: bool

    @property
    def greedy_gap(self) -> float:
        """Share of the covered weight that greedy adding would have missed."""
        return 1 - self.greedy_covered / self.covered if self.covered else 0.0


def maximal_cover(covers: Any, weights: ArrayLike, p: int, *, existing: ArrayLike | None = None) -> Siting:
    """Choose at most `p` sites that cover the most weight: the maximal covering location problem, solved exactly.

    ``max sum(w_j y_j)`` with ``y_j <= sum of x_i that cover j``, ``sum(x_i) <= p``, x binary, 0 <= y <= 1
    (Church & ReVelle 1974, doi:10.1007/BF01942293). Demand covered by the same sites is joined first, which changes
    nothing but the size. Ties between sites are broken by their order in `covers`.

    Parameters
    ----------
    covers : sparse matrix or array of bool, shape (sites, demand)
        Whether a site covers a demand point.
    weights : array of float, shape (demand,)
        Weight of each demand point, 0 or more.
    p : int
        Number of sites, 0 or more.
    existing : array of bool, shape (demand,), optional
        Demand that is covered already; it counts for nothing here.

    Raises
    ------
    DesignError
        If shapes do not fit, a weight is negative or not a number, or `p` is negative.
    """
    matrix = _binary(covers)
    weight = np.asarray(weights, dtype=float)
    if weight.shape != (matrix.shape[1],):
        raise DesignError(f"{matrix.shape[1]} demand points came with weights of shape {weight.shape}.")
    if p < 0 or not np.isfinite(weight).all() or (weight < 0).any():
        raise DesignError("The number of sites and every weight must be 0 or more.")
    if existing is not None:
        weight = np.where(np.asarray(existing, dtype=bool), 0.0, weight)
    demand, weight = _join_alike(matrix, weight)
    sites = np.flatnonzero(np.diff(demand.indptr))  # sites that cover anything still uncovered
    greedy = _in_order_of_gain(demand, weight, sites, p)
    if p >= len(sites):
        best, is_proven = sites, True
    else:
        best, is_proven = _solve_cover(demand[sites], weight, p)
        best = sites[best]
    exact = _in_order_of_gain(demand, weight, best, p)
    kept = exact if sum(exact.values()) >= sum(greedy.values()) else greedy
    return Siting(
        chosen=tuple(kept),
        marginal=tuple(kept.values()),
        covered=float(sum(kept.values())),
        greedy_covered=float(sum(greedy.values())),
        is_proven=is_proven,
    )


def location_set_cover(covers: Any) -> tuple[int, ...]:
    """Return the fewest sites that together cover every demand point some site can cover.

    ``min sum(x_i)`` with ``sum of x_i that cover j >= 1``, x binary: the location set covering problem (Toregas et al.
    1971, doi:10.1287/opre.19.6.1363).
    """
    matrix = _binary(covers)
    coverable, _ = _join_alike(matrix, np.ones(matrix.shape[1]))
    if coverable.shape[1] == 0:
        return ()
    result = milp(
        np.ones(coverable.shape[0]),
        integrality=np.ones(coverable.shape[0]),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(coverable.T.tocsr(), lb=1),
        options={"mip_rel_gap": 0.0, "time_limit": TIME_LIMIT_S},
    )
    if result.x is None:
        raise DesignError(f"No set cover of {coverable.shape[1]} demand groups was found: {result.message}.")
    return tuple(int(site) for site in np.flatnonzero(result.x > 0.5))


def _binary(covers: Any) -> sparse.csr_array:
    matrix = sparse.csr_array(covers, dtype=float)
    matrix.eliminate_zeros()
    matrix.data[:] = 1.0
    matrix.sum_duplicates()
    matrix.sort_indices()
    return matrix


def _join_alike(matrix: sparse.csr_array, weight: NDArray[np.float64]) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """Join demand covered by the same sites; drop what weighs nothing or nobody can cover."""
    columns = matrix.tocsc()
    groups: dict[bytes, int] = {}
    first: list[int] = []
    total: list[float] = []
    for j in np.flatnonzero(weight > 0):
        key = columns.indices[columns.indptr[j] : columns.indptr[j + 1]].tobytes()
        if not key:
            continue
        if key in groups:
            total[groups[key]] += weight[j]
        else:
            groups[key] = len(first)
            first.append(int(j))
            total.append(float(weight[j]))
    return columns[:, first].tocsr(), np.asarray(total, dtype=float)


def _in_order_of_gain(
    demand: sparse.csr_array, weight: NDArray[np.float64], sites: NDArray[np.int64], p: int
) -> dict[int, float]:
    """Return up to `p` of `sites` with the weight each adds, best first; a site that adds nothing is left out."""
    left = weight.copy()
    gains: dict[int, float] = {}
    pool = demand[sites]
    for _ in range(min(p, len(sites))):
        gain = pool @ left
        best = int(gain.argmax())
        if gain[best] <= 0:
            break
        gains[int(sites[best])] = float(gain[best])
        left[pool.indices[pool.indptr[best] : pool.indptr[best + 1]]] = 0.0
    return gains


def _solve_cover(demand: sparse.csr_array, weight: NDArray[np.float64], p: int) -> tuple[NDArray[np.int64], bool]:
    n_sites, n_demand = demand.shape
    covered_by = sparse.hstack([demand.T, -sparse.eye_array(n_demand)], format="csr")
    at_most_p = sparse.csr_array(np.concatenate([np.ones(n_sites), np.zeros(n_demand)])[None, :])
    result = milp(
        -np.concatenate([np.zeros(n_sites), weight]),
        # y stays continuous: with x whole and weights above 0 the optimum is whole by itself, and far quicker to prove
        integrality=np.concatenate([np.ones(n_sites), np.zeros(n_demand)]),
        bounds=Bounds(0, 1),
        constraints=[LinearConstraint(covered_by, lb=0), LinearConstraint(at_most_p, ub=p)],
        options={"mip_rel_gap": 0.0, "time_limit": TIME_LIMIT_S},
    )
    if result.x is None:
        return np.empty(0, dtype=np.int64), False
    return np.flatnonzero(result.x[:n_sites] > 0.5), bool(result.status == 0)
