"""Pairs by distance and days: published tables, a plain double loop, and both ways of counting."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from geodata.errors import DesignError
from hotspots import pair_counts
from hotspots.pair_counts import Bands, close_pairs, pair_table, shuffled_tables

INF = float("inf")


def chicago(shared: Path, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = pd.read_csv(shared / "reference" / "near_repeat" / name, header=None)
    day = pd.to_datetime(table[2]).to_numpy().astype("datetime64[D]").astype(np.int64)
    return table[0].to_numpy(), table[1].to_numpy(), day


@pytest.fixture(params=["listed", "walked"])
def way(request, monkeypatch):
    """Both ways of counting."""
    if request.param == "walked":
        monkeypatch.setattr(pair_counts, "CROWDED", -1)
        monkeypatch.setattr(pair_counts, "_LONGEST_LIST", -1)
    return request.param


def loop_table(x, y, day, bands):
    """Every pair, one by one, as the definition has it."""
    counts = np.zeros((len(bands.distance_m), len(bands.days)), dtype=int)
    for i in range(len(x)):
        for j in range(i):
            dx, dy = abs(x[i] - x[j]), abs(y[i] - y[j])
            metres = dx + dy if bands.metric == "manhattan" else (dx**2 + dy**2) ** 0.5
            row = [metres <= b if bands.upper_included else metres < b for b in bands.distance_m]
            column = [abs(day[i] - day[j]) <= b if bands.upper_included else abs(day[i] - day[j]) < b
                      for b in bands.days]  # fmt: skip
            if any(row) and any(column):
                counts[row.index(True), column.index(True)] += 1
    return counts


def test_burglaries_of_chicago_fall_into_the_published_table(shared, way):
    bands = Bands(distance_m=(1, 101, 201, 301, INF), days=(8, 15, 22, INF), upper_included=False, metric="manhattan")
    assert pair_table(*chicago(shared, "chicago_be_month1.csv"), bands).tolist() == [
        [29, 4, 5, 2],
        [45, 15, 7, 2],
        [106, 48, 21, 13],
        [88, 64, 46, 15],
        [206611, 138108, 88321, 36415],
    ]


def test_the_calculators_own_intervals_give_its_own_table(shared, way):
    bands = Bands(distance_m=(1, 100, 200, 300, INF), days=(7, 14, 21, INF), upper_included=False, metric="manhattan")
    assert pair_table(*chicago(shared, "chicago_be_month1.csv"), bands).tolist() == [
        [28, 5, 5, 2],
        [44, 13, 8, 4],
        [97, 56, 19, 16],
        [77, 67, 45, 20],
        [182194, 146149, 95237, 45879],
    ]


def test_two_events_100_m_and_3_days_apart_fall_into_the_band_up_to_100_m(way):
    assert pair_table([0, 100], [0, 0], [5, 2], Bands()).tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]]


def test_a_bound_belongs_to_the_next_band_where_upper_bounds_are_left_out(way):
    bands = Bands(distance_m=(1, 100, 200), days=(7, 14), upper_included=False)
    assert pair_table([0, 100], [0, 0], [5, 2], bands).tolist() == [[0, 0], [0, 0], [1, 0]]
    assert pair_table([0, 50], [0, 0], [9, 2], bands).tolist() == [[0, 0], [0, 1], [0, 0]]


def test_under_a_metre_apart_is_near_and_not_the_same_place(way):
    assert pair_table([0, 0.4], [0, 0], [1, 1], Bands())[:, 0].tolist() == [0, 1, 0, 0]
    assert pair_table([0, 0.0004], [0, 0], [1, 1], Bands())[:, 0].tolist() == [1, 0, 0, 0]  # noise of a projection


def test_no_event_and_one_event_make_no_pair(way):
    assert pair_table([], [], [], Bands()).sum() == 0
    assert pair_table([3], [4], [5], Bands()).sum() == 0


EVENTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 40)), max_size=25)


@given(EVENTS, st.booleans(), st.sampled_from(["euclidean", "manhattan"]))
def test_both_ways_agree_with_a_plain_double_loop(events, upper_included, metric):
    x, y, day = (np.array(column, dtype=float) * scale for column, scale in zip(
        np.array(events, dtype=float).reshape(-1, 3).T, (50, 50, 1), strict=True
    ))  # fmt: skip
    bands = Bands(distance_m=(0.5, 100, 210), days=(0.5, 7, 20), upper_included=upper_included, metric=metric)
    expected = loop_table(x, y, day, bands)
    assert_array_equal(pair_table(x, y, day, bands), expected)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pair_counts, "CROWDED", -1)
        patch.setattr(pair_counts, "_LONGEST_LIST", -1)
        assert_array_equal(pair_table(x, y, day, bands), expected)


def test_shuffling_keeps_every_pair_of_places_and_averages_what_independence_expects(way):
    rng = np.random.default_rng(3)
    x, y, day = rng.integers(0, 5, 60) * 60.0, np.zeros(60), rng.integers(0, 30, 60)
    bands = Bands(distance_m=(0, 100, INF), days=(7, INF))
    observed, shuffled = shuffled_tables(x, y, day, bands, shuffles=600, random_state=1)
    assert (shuffled.sum(axis=2) == observed.sum(axis=1)).all()
    assert (shuffled.sum(axis=1) == observed.sum(axis=0)).all()
    independent = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / observed.sum()
    error = shuffled.std(axis=0) / np.sqrt(600)
    assert (np.abs(shuffled.mean(axis=0) - independent) <= 4 * error + 1e-9).all()


def test_the_same_seed_gives_the_same_tables_and_more_shuffles_begin_alike(way):
    rng = np.random.default_rng(0)
    x, y, day = rng.uniform(0, 800, 80), rng.uniform(0, 800, 80), rng.integers(0, 60, 80)
    _, few = shuffled_tables(x, y, day, Bands(), shuffles=64, random_state=7)
    _, many = shuffled_tables(x, y, day, Bands(), shuffles=100, random_state=7)
    assert_array_equal(few, many[:64])
    assert len(many) == 100


def test_close_pairs_are_each_pair_once_and_the_bound_counts():
    i, j = close_pairs([0, 0, 100, 250], [0, 0, 0, 0], 100.0)
    assert {frozenset(pair) for pair in zip(i.tolist(), j.tolist(), strict=True)} == {
        frozenset(pair) for pair in [(0, 1), (0, 2), (1, 2)]
    }
    assert len(i) == 3


@pytest.mark.parametrize("bounds", [(), (100, 50), (-1, 5), (5, 5), (float("nan"),)])
def test_bounds_that_do_not_rise_are_refused(bounds):
    with pytest.raises(DesignError, match="rising"):
        Bands(distance_m=bounds)


def test_an_unknown_metric_is_refused():
    with pytest.raises(DesignError, match="metric"):
        Bands(metric="taxi")
