"""Kinds of hotspot over time: one case a kind by hand, the order of the tests, and the trend test against scipy."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.stats import kendalltau, norm

from geodata.errors import DataError, DesignError
from hotspots.significance import gi_star
from hotspots.trend import (
    LABELS,
    MEANINGS,
    Steps,
    _thrown_at_random_p,
    by_quarter,
    hot_cold_steps,
    kind_of,
    kinds_by_suitable_steps,
    kinds_over_time,
    mann_kendall,
    steps_of_groups,
)

MONTHS = pd.date_range("2023-01-01", periods=24, freq="MS", unit="us", name="month")


def grid(rows, columns):
    """Neighbours on a grid: the eight cells around."""
    at = np.array(list(itertools.product(range(rows), range(columns))))
    apart = np.abs(at[:, None] - at[None]).max(axis=2)
    return sparse.csr_array((apart == 1).astype(float))


def table(counts, months=MONTHS):
    counts = np.asarray(counts)
    cells = pd.Index([f"c{i}" for i in range(len(counts))], name="cell")
    return pd.DataFrame(counts, index=cells, columns=months[: counts.shape[1]])


def steps_of(*states, z=None, nearby=5.0):
    state = pd.DataFrame(np.array(states, dtype=np.int8), columns=MONTHS[: len(states[0])])
    z = state.astype(float) if z is None else pd.DataFrame(np.array(z, dtype=float), columns=state.columns)
    return Steps(z, state, pd.Series(nearby, index=state.index))


# One case a kind -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "state", "direction"),
    [
        ("new", [0] * 19 + [1], 0),
        ("new", [-1] * 19 + [1], 0),  # a quiet past is no hot past
        ("consecutive", [0] * 18 + [1, 1], 0),
        ("consecutive", [0] * 3 + [1] * 17, 1),  # 85 %, in one run at the end: not intensifying
        ("historical", [1] * 19 + [0], 0),
        ("historical", [1] * 19 + [0], -1),
        ("historical", [1] * 18 + [0, 0], 0),  # exactly 90 %
        ("intensifying", [1] * 20, 1),
        ("intensifying", [0, 0] + [1] * 18, 1),  # 90 % in one run at the end: too often for consecutive
        ("diminishing", [1] * 20, -1),
        ("persistent", [1] * 20, 0),
        ("persistent", [1] * 9 + [0, 0] + [1] * 9, 0),  # exactly 90 %
        ("persistent", [1] * 9 + [-1, 0] + [1] * 9, 0),  # once cold does not matter at 90 %
        ("oscillating", [0, -1] + [1, 0] * 8 + [0, 1], 0),
        ("oscillating", [1] * 9 + [-1, 0, 0] + [1] * 8, 1),  # 85 %, once cold
        ("sporadic", [1] * 9 + [0, 0, 0] + [1] * 8, 1),  # 85 %, never cold
        ("sporadic", [1] + [0] * 18 + [1], 0),
        ("", [1] * 17 + [0, 0, 0], 0),  # under 90 % and not hot now
        ("", [0] * 20, 0),
        ("", [-1] * 20, -1),
    ],
)
def test_each_kind_by_hand(kind, state, direction):
    assert kind_of(state, direction) == kind


@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=12, max_size=40), st.sampled_from([-1, 0, 1]))
def test_every_place_that_is_hot_now_or_mostly_hot_has_exactly_one_kind(state, direction):
    kind = kind_of(state, direction)
    hot = np.array(state) == 1
    assert (kind != "") == bool(hot[-1] or hot.mean() >= 0.9)
    # and the definitions, each on its own
    if kind == "new":
        assert hot.sum() == 1
        assert hot[-1]
    if kind in ("intensifying", "diminishing", "persistent", "historical"):
        assert hot.mean() >= 0.9
        assert hot[-1] == (kind != "historical")
    if kind in ("consecutive", "oscillating", "sporadic"):
        assert hot.mean() < 0.9
        assert (np.array(state) == -1).any() or kind != "oscillating"
    if kind == "consecutive":
        assert np.abs(np.diff(hot.astype(int))).sum() == 1


def test_every_kind_has_plain_words():
    assert set(LABELS) - {""} == set(MEANINGS)
    assert set(LABELS.values()) - {"", "Too few reports to say"} == {
        "New", "Building", "Long-standing", "Easing", "Comes and goes", "Long-standing, quieter lately"
    }  # fmt: skip


def test_a_busy_place_below_its_usual_last_month_is_not_called_quiet_but_the_usual_name_is_found():
    found = kinds_over_time(steps_of([1] * 11 + [0]))
    assert found["kind"].to_list() == ["historical"]
    assert found["label"].to_list() == ["Long-standing, quieter lately"]
    assert "gone quiet" in MEANINGS["historical"]  # R4.15


def test_a_rising_z_makes_a_hot_place_intensifying_and_a_falling_one_diminishing():
    hot = [1] * 12
    found = kinds_over_time(steps_of(hot, hot, hot, z=[np.arange(12), -np.arange(12), [3, 1] * 6]))
    assert found["kind"].to_list() == ["intensifying", "diminishing", "persistent"]
    assert found["label"].to_list() == ["Building", "Easing", "Long-standing"]
    assert found["last_hot"].to_list() == [MONTHS[11]] * 3
    assert found["why"].iloc[0] == "statistically unusual in 12 of 12 months, last in December 2023, rising"


def test_few_reports_and_few_months_are_said_to_be_few():
    found = kinds_over_time(steps_of([0] * 11 + [1], [0] * 12, nearby=0.9))
    assert found["kind"].to_list() == ["insufficient data", ""]
    assert found["last_hot"].isna().to_list() == [False, True]
    assert found["why"].to_list() == [
        "statistically unusual in 1 of 12 months, last in December 2023; "
        "too few reports in and around it for the pattern to mean anything",
        "",
    ]
    with pytest.raises(DataError, match="at least 12 steps, there are 11"):
        kinds_over_time(steps_of([1] * 11))
    assert kinds_over_time(steps_of([1] * 8), fewest_steps=8)["kind"].to_list() == ["persistent"]


# The trend test ------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 10**6), min_size=3, max_size=30, unique=True))
def test_without_ties_the_trend_test_is_scipys_exact_one(values):
    found, oracle = mann_kendall([values]), kendalltau(np.arange(len(values)), values, method="exact")
    assert found.tau[0] == pytest.approx(oracle.statistic, abs=1e-12)
    assert found.p_value[0] == pytest.approx(oracle.pvalue, abs=1e-9)


@given(st.lists(st.integers(0, 5), min_size=4, max_size=40).filter(lambda values: len(set(values)) > 1))
def test_with_ties_tau_and_variance_are_scipys(values):
    n = len(values)
    if len(set(values)) == n:
        return
    found, oracle = mann_kendall([values]), kendalltau(np.arange(n), values, method="asymptotic")
    assert found.tau[0] == pytest.approx(oracle.statistic, abs=1e-12)
    # scipy's normal p-value is without the continuity correction
    assert 2 * norm.sf(abs(found.s[0]) / np.sqrt(found.variance[0])) == pytest.approx(oracle.pvalue, abs=1e-9)
    assert found.p_value[0] >= oracle.pvalue - 1e-12


def test_a_flat_series_has_no_trend_and_a_missing_value_is_refused():
    assert mann_kendall([[2.0] * 12]).p_value[0] == 1.0
    assert mann_kendall([[2.0] * 12]).tau[0] == 0.0
    with pytest.raises(DataError, match="finite"):
        mann_kendall([[1.0, np.nan, 2.0]])


def test_by_hand_four_rising_values_have_one_order_in_twelve_as_extreme():
    found = mann_kendall([[1, 2, 3, 4], [4, 3, 2, 1]])
    assert found.s.tolist() == [6, -6]
    assert found.variance[0] == pytest.approx(4 * 3 * 13 / 18)
    assert_allclose(found.p_value, 2 / 24)


# Hot and cold steps --------------------------------------------------------------------------------------------------


def test_z_is_gi_star_in_every_step():
    rng = np.random.default_rng(0)
    counts = table(rng.poisson(2, (36, 12)))
    steps = hot_cold_steps(counts, grid(6, 6))
    for month in counts.columns:
        assert_allclose(steps.z[month], gi_star(counts[month], grid(6, 6))[0])
    assert steps.nearby.iloc[0] == pytest.approx(counts.iloc[[0, 1, 6, 7]].to_numpy().sum() / 12)


def test_pure_noise_has_hot_or_cold_cells_in_at_most_five_of_a_hundred_months():
    """One report to eight cells, as in a real month of a city: where the normal curve calls something hot each time."""
    rng = np.random.default_rng(1)
    counts = table(rng.poisson(0.125, (40 * 40, 300)), pd.date_range("2000-01-01", periods=300, freq="MS", unit="us"))
    steps = hot_cold_steps(counts, grid(40, 40))
    found = float((steps.state != 0).any().mean())
    assert found <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


def test_a_small_step_by_hand():
    # 9 cells in a row of 3 x 3; all 6 reports in one corner, whose neighbourhood is 4 of the 9 cells
    steps = hot_cold_steps(table([[6]] + [[0]] * 8), grid(3, 3), false_discovery_rate=0.2)
    p = _thrown_at_random_p(np.r_[6.0, np.zeros(8)], np.r_[4.0, np.full(8, 1.0)], 6)
    assert p[0] == pytest.approx(2 * (4 / 9) ** 6)
    assert p[1] == pytest.approx(2 * (8 / 9) ** 6)
    assert steps.z.iloc[0, 0] == pytest.approx(
        (6 - 4 * 6 / 9) / (np.sqrt(4 - (6 / 9) ** 2) * np.sqrt((9 * 4 - 16) / 8))
    )


def test_planted_kinds_are_told_apart():
    rng = np.random.default_rng(3)
    mean = np.full((30, 30, 24), 0.1)
    at = {
        "persistent": (4, 4),
        "new": (4, 20),
        "historical": (14, 10),
        "intensifying": (25, 4),
        "consecutive": (24, 24),
    }
    shape = {name: np.full(24, 12.0) for name in at}
    shape["new"][:23] = 0.1
    shape["historical"][22:] = 0.1
    shape["consecutive"][:12] = 0.1
    shape["intensifying"] = np.linspace(7, 18, 24)
    for name, (i, j) in at.items():
        mean[i : i + 2, j : j + 2] = shape[name] / 2
    found = kinds_over_time(hot_cold_steps(table(rng.poisson(mean).reshape(900, 24)), grid(30, 30)))
    for name, (i, j) in at.items():
        assert found["kind"].iloc[30 * i + j] == name


def test_an_island_and_an_empty_month_are_never_hot():
    counts = np.zeros((9, 12), dtype=int)
    steps = hot_cold_steps(table(counts), grid(3, 3))
    assert (steps.state == 0).all().all()
    assert (steps.z == 0).all().all()
    alone = hot_cold_steps(table(counts + 1), sparse.csr_array((9, 9)))
    assert (alone.state == 0).all().all()


def test_negative_counts_and_odd_weights_are_refused():
    with pytest.raises(DataError, match="1 of 108 counts are negative"):
        hot_cold_steps(table(np.where(np.eye(9, 12) * np.arange(9)[:, None] == 8, -1, 0)), grid(3, 3))
    with pytest.raises(DesignError, match="0 and 1"):
        hot_cold_steps(table(np.zeros((9, 12))), grid(3, 3) * 0.5)
    with pytest.raises(DesignError, match="9 places"):
        hot_cold_steps(table(np.zeros((9, 12))), grid(2, 3))


def test_quarters_end_with_the_last_month():
    counts = table(np.arange(11)[None, :])
    found = by_quarter(counts)
    assert found.to_numpy().tolist() == [[2 + 3 + 4, 5 + 6 + 7, 8 + 9 + 10]]
    assert found.columns[0] == MONTHS[2]
    with pytest.raises(DesignError, match="gap"):
        by_quarter(counts.drop(columns=MONTHS[5]))


def test_places_too_thin_for_months_are_judged_by_quarters_and_the_others_by_months():
    rows = np.zeros((1600, 24), dtype=int)
    rows[45], rows[1240] = 1, np.tile([1, 1, 0], 8)
    counts, near = table(rows), grid(40, 40)
    by_month = kinds_over_time(hot_cold_steps(counts, near))
    found = kinds_by_suitable_steps(counts, near)
    busy, thin = found.iloc[45], found.iloc[1240]
    assert by_month["kind"].iloc[1240] in {"insufficient data", ""}
    assert (busy["step"], thin["step"]) == ("month", "quarter")
    assert (thin["n_steps"], thin["kind"]) == (8, "persistent")
    assert "of 8 quarters, last in the quarter from October 2024" in thin["why"]
    assert found.loc[found["step"] == "month"].equals(by_month.loc[found["step"] == "month"])
    for short in (counts.iloc[:, 1:], counts.drop(columns=MONTHS[5])):
        assert (kinds_by_suitable_steps(short, near)["step"] == "month").all()
    group = kinds_by_suitable_steps(counts, near, groups=pd.Series("H01", index=counts.index[[1240]]))
    assert group["kind"].to_list() == ["persistent"]


def test_a_hotspot_is_hot_where_any_of_its_cells_is():
    steps = steps_of([1, 0, -1, 0], [0, 0, -1, -1], [0, 1, 0, 0], z=[[3, 0, -3, 0], [1, 1, -4, -3], [0, 3, 0, 0]])
    found = steps_of_groups(steps, pd.Series(["H01", "H01", ""], index=steps.state.index))
    assert found.state.loc["H01"].to_list() == [1, 0, -1, 0]
    assert found.z.loc["H01"].to_list() == [3, 1, -3, 0]
    assert list(found.state.index) == ["H01"]


def test_the_table_given_is_not_changed():
    counts = table(np.random.default_rng(0).poisson(1, (9, 12)))
    before = counts.copy()
    kinds_over_time(hot_cold_steps(counts, grid(3, 3)))
    pd.testing.assert_frame_equal(counts, before)
