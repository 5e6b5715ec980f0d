"""Counting cells against a plain h3 loop, in the same process on the same points; prints the ratio.

Run with ``python -m pytest benchmarks/bench_counts.py -s``.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import h3
import numpy as np
import pandas as pd
import pytest

from hotspots.counts import count_cells


def street_reports(n: int) -> pd.DataFrame:
    """Reports of 36 months on 15,000 distinct street points, a few of them very busy."""
    rng = np.random.default_rng(0)
    longitude, latitude = rng.uniform(-2.2, -1.98, 15_000).round(6), rng.uniform(52.5, 52.64, 15_000).round(6)
    busy = rng.pareto(1.2, 15_000) + 0.1
    row = rng.choice(15_000, n, p=busy / busy.sum())
    months = pd.date_range("2021-05-01", periods=36, freq="MS", unit="us").to_numpy()
    return pd.DataFrame(
        {"longitude": longitude[row], "latitude": latitude[row], "month": months[rng.integers(0, 36, n)]}
    )


def loop(reports: pd.DataFrame) -> Counter[str]:
    """The peer: h3-py, one call a report."""
    return Counter(
        h3.latlng_to_cell(lat, lon, 10)
        for lat, lon in zip(reports["latitude"].tolist(), reports["longitude"].tolist(), strict=True)
    )


@pytest.mark.parametrize("n", [100_000, 1_000_000])
def test_counting_cells_and_months(benchmark: Any, n: int) -> None:
    reports = street_reports(n)
    found = benchmark.pedantic(count_cells, args=(reports, 10), rounds=3)
    ours = benchmark.stats.stats.median
    started = time.perf_counter()
    expected = loop(reports)
    theirs = time.perf_counter() - started
    print(f"\nn={n:,}: ours, with months, {ours:.3f} s, h3 loop without {theirs:.3f} s: {theirs / ours:.1f} x")
    assert found["n"].groupby(level="cell").sum().to_dict() == dict(expected)
    assert theirs > ours
