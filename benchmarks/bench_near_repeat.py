"""Knox's test against pointpats, in the same process on the same events; prints the ratio.

Run with ``python -m pytest benchmarks/bench_near_repeat.py -s``. pointpats is no dependency of the project.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from hotspots.pair_counts import Bands, shuffled_tables

PERMUTATIONS = 999
BAND = Bands(distance_m=(200.0,), days=(14.0,))
SIDE_M, DAYS = 10_500.0, 365


def scattered(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.uniform(0, SIDE_M, (n, 2)), rng.integers(0, DAYS, n)


def on_street_points(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Events on 15,000 distinct points, a few of them very busy, over three years."""
    rng = np.random.default_rng(0)
    points, busy = rng.uniform(0, SIDE_M, (15_000, 2)), rng.pareto(1.2, 15_000) + 0.1
    return points[rng.choice(15_000, n, p=busy / busy.sum())], rng.integers(0, 3 * DAYS, n)


def shuffle(at: np.ndarray, day: np.ndarray, shuffles: int, bands: Bands = BAND) -> tuple[np.ndarray, np.ndarray]:
    return shuffled_tables(at[:, 0], at[:, 1], day, bands, shuffles=shuffles, random_state=0)


def peer_seconds(pointpats: Any, at: np.ndarray, day: np.ndarray, permutations: int) -> tuple[float, Any]:
    np.random.seed(0)  # noqa: NPY002 - the peer draws from the global stream
    started = time.perf_counter()
    found = pointpats.Knox(at, day[:, None], delta=200, tau=14, permutations=permutations)
    return time.perf_counter() - started, found


@pytest.mark.parametrize(("n", "least"), [(3_000, 30), (10_000, 100)])
def test_knox_beside_pointpats(benchmark: Any, n: int, least: float) -> None:
    pointpats = pytest.importorskip("pointpats")
    at, day = scattered(n)
    shuffle(at[:100], day[:100], 2)  # compile
    observed, shuffled = benchmark.pedantic(shuffle, args=(at, day, PERMUTATIONS), rounds=3)
    ours = benchmark.stats.stats.median
    peer_seconds(pointpats, at[:100], day[:100], 1)
    once, _ = peer_seconds(pointpats, at, day, 1)
    often, peer = peer_seconds(pointpats, at, day, 99)
    theirs = once + (often - once) / 98 * (PERMUTATIONS - 1)  # what it does only once is counted once
    print(f"\nn={n:,}: ours {ours:.2f} s, pointpats {theirs:.0f} s (from 1 and 99): {theirs / ours:.0f} x")
    assert peer.statistic_ == observed[0, 0]
    assert peer.expected[0, 0] == pytest.approx(shuffled.mean(), rel=0.02)
    assert theirs > least * ours


def test_a_hundred_thousand_events_on_street_points() -> None:
    at, day = on_street_points(100_000)
    shuffle(at[:100], day[:100], 2)
    started = time.perf_counter()
    _, shuffled = shuffle(at, day, PERMUTATIONS)
    took = time.perf_counter() - started
    print(f"\nn=100,000 on 15,000 points: {took:.1f} s, {shuffled.mean():,.0f} close pairs expected")
    assert took < 20


def test_the_whole_table_of_bands() -> None:
    at, day = scattered(10_000)
    started = time.perf_counter()
    shuffle(at, day, PERMUTATIONS, Bands())
    print(f"\nn=10,000, 4 x 3 bands to 400 m and 28 days: {time.perf_counter() - started:.1f} s")
