"""Pure noise: over 200 cities whose reports fall by chance, what the product calls unusual stays at its level."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial import cKDTree

from hotspots.alerts import change_alerts
from hotspots.config import RepeatConfig
from hotspots.near_repeat import knox_table
from hotspots.pair_counts import Bands
from hotspots.repeats import concentration, repeat_locations
from hotspots.significance import false_discovery, local_moran_permuted, scan_list

RUNS = 200
INF = float("inf")


def limit(level: float) -> float:
    """Three standard deviations of a share over `RUNS` cities above its level."""
    return level + 3 * np.sqrt(level * (1 - level) / RUNS)


def grid(n: int) -> sparse.csr_array:
    points = np.column_stack([axis.ravel() for axis in np.meshgrid(np.arange(float(n)), np.arange(float(n)))])
    pairs = cKDTree(points).query_pairs(1.5, output_type="ndarray")
    rows, columns = np.vstack([pairs, pairs[:, ::-1]]).T
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n * n, n * n))


@pytest.mark.slow
def test_a_list_of_chance_is_called_chance() -> None:
    rng = np.random.default_rng(1)
    found = []
    for _ in range(RUNS):
        counts = pd.Series(rng.multinomial(1200, np.full(600, 1 / 600)))
        top = list(counts.sort_values(ascending=False, kind="stable").index[:10])
        scan = scan_list(counts, top)
        found.append(scan.could_be_even < len(top))
    assert np.mean(found) <= limit(0.05)


def test_concentration_by_chance_is_rarely_called_more() -> None:
    rng = np.random.default_rng(2)
    found = []
    for _ in range(RUNS):
        told = concentration(rng.multinomial(900, np.full(300, 1 / 300)), np.ones(300), simulations=99, random_state=0)
        found.append(told is not None and told.p_value <= 0.05)
    assert np.mean(found) <= limit(0.05)


def test_alerts_over_all_cells_stay_within_their_false_discovery_rate() -> None:
    rng = np.random.default_rng(3)
    months = pd.date_range("2022-01-01", periods=25, freq="MS", name="month")
    cells = pd.Index([f"c{i:03d}" for i in range(200)], name="cell")
    found = []
    for _ in range(RUNS):
        matrix = pd.DataFrame(rng.poisson(2.0, (200, 25)), index=cells, columns=months)
        found.append(bool(change_alerts(matrix, registered=False)["is_alert"].any()))
    assert np.mean(found) <= limit(0.10)


@pytest.mark.slow
def test_local_moran_by_permutation_finds_no_cluster_in_noise() -> None:
    rng = np.random.default_rng(4)
    near = grid(15)
    found = []
    for _ in range(RUNS):
        statistic, p = local_moran_permuted(
            rng.poisson(3.0, 225), near, permutations=9999, random_state=int(rng.integers(2**31))
        )
        found.append(bool((false_discovery(p, 0.05) & (statistic > 0)).any()))
    assert np.mean(found) <= limit(0.05)


@pytest.mark.slow
def test_repeat_places_of_chance_are_rarely_called_unusual(reports, square_area) -> None:
    rng = np.random.default_rng(5)
    at = rng.uniform([-2.17, 52.56], [-2.09, 52.60], (300, 2))
    found = []
    for _ in range(RUNS):
        own = at[rng.integers(0, 300, 400)]
        table = repeat_locations(
            reports(own[:, 0], own[:, 1], when="2024-03-10 12:00"), square_area, RepeatConfig(),
            as_of=pd.Timestamp("2024-04-01"),
        )  # fmt: skip
        found.append(bool(table["is_unusual"].any()))
    assert np.mean(found) <= limit(0.05)


@settings(max_examples=8)
@given(st.integers(20, 80), st.integers(0, 2**31), st.sampled_from([50.0, 200.0, 400.0]), st.sampled_from([3, 14]))
def test_close_pairs_are_those_of_pointpats(n: int, seed: int, within_m: float, within_days: int) -> None:
    pointpats = pytest.importorskip("pointpats")
    rng = np.random.default_rng(seed)
    at, day = rng.uniform(0, 1000, (n, 2)), rng.integers(0, 60, n)
    peer = pointpats.Knox(at, day[:, None].astype(float), delta=within_m, tau=within_days, permutations=1)
    bands = Bands(distance_m=(within_m, INF), days=(within_days, INF))
    table = knox_table(at[:, 0], at[:, 1], day, bands, permutations=99, random_state=0)
    near = table.loc[~table["is_part"]].iloc[0]
    assert near["observed"] == peer.statistic_
