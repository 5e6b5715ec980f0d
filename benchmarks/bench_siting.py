"""Exact camera siting against spopt's MCLP on the same cover matrices: seconds, ratio, and equal objectives.

Run ``python benchmarks/bench_siting.py``; spopt and pulp<4 are optional (without them only our own times are printed).
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from hotspots.cameras import maximal_cover

SITES = 20
CASES = (
    # name, candidates, demand points, range in metres, side of the square in metres
    ("city", 200, 2_000, 150.0, 8_300.0),
    ("city", 1_000, 5_000, 150.0, 8_300.0),
    ("city", 2_000, 10_000, 150.0, 8_300.0),
    ("city", 5_000, 20_000, 150.0, 8_300.0),
    ("town centre", 1_000, 5_000, 150.0, 2_000.0),
)
SPOPT_LARGEST = 1_000 * 5_000  # beyond this spopt builds its model for minutes


def case(n_sites: int, n_demand: int, reach_m: float, side_m: float) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    """Return a cover matrix and skewed weights: demand around 60 centres, sites at some of the demand."""
    rng = np.random.default_rng(0)
    centres = rng.uniform(0, side_m, (60, 2))
    demand = centres[rng.integers(0, 60, n_demand)] + rng.normal(0, side_m / 25, (n_demand, 2))
    sites = demand[rng.choice(n_demand, n_sites, replace=False)] + rng.normal(0, 20, (n_sites, 2))
    near = cKDTree(demand).query_ball_point(sites, reach_m, return_sorted=True)
    starts = np.concatenate([[0], np.cumsum([len(found) for found in near])])
    columns = np.concatenate([np.asarray(found, dtype=np.int64) for found in near])
    covers = sparse.csr_array((np.ones(len(columns)), columns, starts), shape=(n_sites, n_demand))
    return covers, np.ceil(rng.pareto(1.5, n_demand) + 1)


def seconds(work: Callable[[], float], *, repeat: int = 3) -> tuple[float, float]:
    """Return the best time of `repeat` runs and the result."""
    best = np.inf
    for _ in range(repeat):
        began = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - began)
    return best, result


def spopt_cover(covers: sparse.csr_array, weights: NDArray[np.float64]) -> float:
    """Solve the same case with spopt and CBC; its cost matrix has demand in rows."""
    import pulp
    from spopt.locate import MCLP

    cost = 1.0 - covers.toarray().T  # 0 within reach, 1 beyond
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MCLP.from_cost_matrix(cost, weights, service_radius=0.5, p_facilities=SITES)
        model.solve(pulp.PULP_CBC_CMD(msg=False))
    return float(pulp.value(model.problem.objective))


def has_spopt() -> bool:
    """Return whether spopt with a PuLP it works with is installed."""
    try:
        import pulp
        import spopt.locate  # noqa: F401
    except ImportError:
        return False
    return int(pulp.__version__.split(".")[0]) < 4


def main() -> None:
    """Print one line a case."""
    compare = has_spopt()
    print(f"p = {SITES}; spopt + CBC {'installed' if compare else 'not installed: own times only'}")
    print(f"{'case':<28}{'ours s':>9}{'greedy gap':>12}{'proven':>8}{'spopt s':>9}{'ratio':>8}  same objective")
    for name, n_sites, n_demand, reach_m, side_m in CASES:
        covers, weights = case(n_sites, n_demand, reach_m, side_m)
        siting = maximal_cover(covers, weights, SITES)
        own, objective = seconds(lambda c=covers, w=weights: maximal_cover(c, w, SITES).covered)
        line = f"{f'{name} {n_sites:,} x {n_demand:,}':<28}{own:>9.3f}{siting.greedy_gap:>12.3%}{siting.is_proven!s:>8}"
        if compare and n_sites * n_demand <= SPOPT_LARGEST:
            theirs, their_objective = seconds(lambda c=covers, w=weights: spopt_cover(c, w), repeat=1)
            line += f"{theirs:>9.2f}{theirs / own:>7.0f}x  {abs(their_objective - objective) < 1e-6}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
