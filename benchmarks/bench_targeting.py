"""The default ranking of a city against scikit-learn's kernel density on the same cells; prints seconds and the ratio.

Run with ``python -m pytest benchmarks/bench_targeting.py -s``.
"""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
import shapely
from sklearn.neighbors import KernelDensity

from geodata.area import StudyArea
from geodata.period import Period
from hotspots.targeting import RANKERS, Panel, build_panel, rankers_named, run_backtest

AREA = StudyArea("Benchmark city", shapely.box(-2.24, 52.50, -2.10, 52.60))
PERIOD = Period.of("2021-05", "2024-04")
EIGHT = ("ebreg_mean", "last1", "count24", "kde", "kde_tuned", "decayed", "gi_star", "poisson_glm")


def city() -> pd.DataFrame:
    """Some 65,000 records of five kinds on 3,000 street points over 36 months."""
    rng = np.random.default_rng(0)
    west, south, east, north = AREA.boundary.bounds
    x, y = rng.uniform(west, east, 3000).round(6), rng.uniform(south, north, 3000).round(6)
    share = rng.pareto(1.2, 3000) + 0.1
    n = 65_000
    point = rng.choice(3000, n, p=share / share.sum())
    kinds = ("anti-social-behaviour", "violent-crime", "shoplifting", "burglary", "public-order")
    return pd.DataFrame(
        {
            "longitude": x[point], "latitude": y[point], "month": PERIOD.months[rng.integers(0, 36, n)],
            "category": rng.choice(kinds, n, p=(0.2, 0.35, 0.15, 0.15, 0.15)), "origin": "public", "inside": True,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def panel() -> Panel:
    records = city()
    wanted = records["category"] == "anti-social-behaviour"
    return build_panel(records, AREA, wanted=wanted, resolution=10, steps=PERIOD.months)


def seconds(work, times: int = 3) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def test_the_default_is_ranked_as_fast_as_a_kernel_density(panel: Panel) -> None:
    past = panel.past(30)
    ground = past.surroundings
    weights = ground.counts[:, 18:30].sum(axis=1)

    def peer() -> None:
        model = KernelDensity(bandwidth=300.0, kernel="epanechnikov")
        model.fit(ground.points_m[weights > 0], sample_weight=weights[weights > 0]).score_samples(ground.centres_m)

    RANKERS["ebreg_mean"].score(past, 1)  # once, so that what is kept between origins is there
    own, other = seconds(lambda: RANKERS["ebreg_mean"].score(past, 1)), seconds(peer)
    print(f"\n{len(panel.cells):,} cells: default {own:.3f} s an origin, scikit-learn's density {other:.3f} s "
          f"({other / own:.1f} times as long)")  # fmt: skip
    assert own < 0.5


def test_a_back_test_of_eight_methods_over_24_origins(panel: Panel) -> None:
    taken = seconds(lambda: run_backtest(panel, rankers_named(EIGHT)), times=1)
    print(f"\n24 origins, 8 methods, {len(panel.cells):,} cells: {taken:.1f} s")
    assert taken < 120
