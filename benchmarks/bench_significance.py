"""Gi* against esda, in the same process on the same cells; prints the ratio.

Run with ``python -m pytest benchmarks/bench_significance.py -s``. The area of a force has 264,000 cells of resolution
10, where esda needs minutes for 999 permutations; a square of `PEER_SIDE` cells stands in for it, and its time is
scaled by the number of cells (it grows at least in proportion).
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from hotspots.significance import gi_star, gi_star_exact, gi_star_permuted

esda = pytest.importorskip("esda")
libpysal = pytest.importorskip("libpysal")

PEER_SIDE = 128


def hexagons(side: int) -> Any:
    """Neighbours of `side` x `side` cells with six neighbours each, as H3's."""
    row, column = (part.ravel() for part in np.mgrid[0:side, 0:side])
    pairs = []
    for down, across in ((0, 1), (1, 0), (1, 1)):
        inside = (row + down < side) & (column + across < side)
        here = row[inside] * side + column[inside]
        pairs.append(np.column_stack([here, here + down * side + across]))
    both = np.vstack([*pairs, *[pair[:, ::-1] for pair in pairs]])
    return sparse.csr_array((np.ones(len(both)), tuple(both.T)), shape=(side**2, side**2))


def counts(side: int) -> Any:
    rng = np.random.default_rng(0)
    return rng.poisson(rng.gamma(0.3, 2 / 0.3, side**2)).astype(float)


def peer(values: Any, neighbours: Any, permutations: int) -> float:
    """Seconds esda takes, its weights made beforehand and its code compiled."""
    weights = libpysal.weights.WSP(neighbours).to_W(silence_warnings=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        settings: dict[str, Any] = {"transform": "B", "star": True, "n_jobs": 1, "keep_simulations": False, "seed": 1}
        if permutations:
            esda.G_Local(values, weights, permutations=9, **settings)
        started = time.perf_counter()
        esda.G_Local(values, weights, permutations=permutations, **settings)
        return time.perf_counter() - started


@pytest.mark.parametrize("side", [128, 514])
def test_gi_star_with_999_permutations(benchmark: Any, side: int) -> None:
    values, neighbours = counts(side), hexagons(side)
    gi_star_permuted(values[:9], neighbours[:9, :9], permutations=9, random_state=1)  # compile
    benchmark.pedantic(gi_star_permuted, args=(values, neighbours), kwargs={"random_state": 1}, rounds=3)
    ours = benchmark.stats.stats.median
    theirs = peer(counts(PEER_SIDE), hexagons(PEER_SIDE), 999) * (side / PEER_SIDE) ** 2
    print(f"\nGi* x 999, {side**2:,} cells: ours {ours:.3f} s, esda {theirs:.1f} s: {theirs / ours:.0f} x")
    assert theirs > 20 * ours


@pytest.mark.parametrize("way", [gi_star, gi_star_exact])
def test_gi_star_without_permutations(benchmark: Any, way: Any) -> None:
    side = 514
    values, neighbours = counts(side), hexagons(side)
    benchmark.pedantic(way, args=(values, neighbours), rounds=3)
    ours, theirs = benchmark.stats.stats.median, peer(values, neighbours, 0)
    print(f"\n{way.__name__}, {side**2:,} cells: ours {ours:.4f} s, esda's normal one {theirs:.3f} s")
