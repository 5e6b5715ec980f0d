"""What makes no sense, given to every analysis: one clear sentence, or a result that states its limit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geodata.errors import DataError, DesignError
from geodata.period import Period
from hotspots.alerts import change_alerts
from hotspots.clocks import repeat_clocks, repeat_share
from hotspots.config import RankingConfig, RepeatConfig
from hotspots.density import (
    adaptive_density,
    gaussian_density,
    kernel_density,
    risk_ratio,
    space_time_density,
)
from hotspots.harm import harm_weights
from hotspots.mixing import fit_mixing
from hotspots.near_repeat import near_repeat
from hotspots.ranking import rank_cells, split_stability
from hotspots.repeats import concentration, repeat_locations
from hotspots.seasons import day_effects, split_day_night
from hotspots.significance import general_g, gi_star, gi_star_ordinary, gi_star_permuted, local_moran, morans_i
from hotspots.stability import expected_change, quarters_that_pick
from hotspots.timing import peak_window, week_matrix

POINTS = np.random.default_rng(0).uniform(0, 1000, (50, 2))
ONE_POINT = np.full((50, 2), 500.0)
DAYS = np.arange(50.0)
RING = sparse.csr_array(np.roll(np.eye(12), 1, axis=1) + np.roll(np.eye(12), -1, axis=1))
MONTH = pd.DatetimeIndex(["2024-03-01"], name="month")

DENSITIES: dict[str, Callable[..., np.ndarray]] = {
    "planar": lambda points, h, weights: kernel_density(points, POINTS, bandwidth_m=h, weights=weights),
    "splines": lambda points, h, weights: gaussian_density(points, POINTS, bandwidth_m=h, weights=weights),
    "adaptive": lambda points, h, weights: adaptive_density(points, POINTS, pilot_m=h, weights=weights)[0],
    "space-time": lambda points, h, weights: space_time_density(
        points, DAYS, POINTS, as_of_days=60, bandwidth_m=h, half_life_days=30, weights=weights
    ),
}
BAD_WEIGHTS = {"negative": np.r_[-1.0, np.ones(49)], "missing": np.r_[np.nan, np.ones(49)]}
SIGNIFICANCE = {
    "gi_star": gi_star,
    "ordinary": gi_star_ordinary,
    "permuted": lambda values, near: gi_star_permuted(values, near, permutations=99, random_state=0),
    "local Moran": local_moran,
    "Moran": morans_i,
    "general G": general_g,
}


def one_sentence(error: pytest.ExceptionInfo[BaseException]) -> None:
    text = str(error.value)
    assert text[0].isupper() or text[0].isdigit()
    assert text.endswith(".")
    assert "\n" not in text


@pytest.mark.parametrize("weights", BAD_WEIGHTS.values(), ids=BAD_WEIGHTS)
@pytest.mark.parametrize("density", DENSITIES.values(), ids=DENSITIES)
def test_weights_that_are_negative_or_missing_are_counted_and_refused(density, weights):
    with pytest.raises(DataError, match="1 of 50 weights are negative or missing") as error:
        density(POINTS, 200.0, weights)
    one_sentence(error)


@pytest.mark.parametrize("bandwidth", [0.0, -5.0, float("nan")])
@pytest.mark.parametrize("density", DENSITIES.values(), ids=DENSITIES)
def test_a_bandwidth_that_is_none_is_refused(density, bandwidth):
    with pytest.raises(DesignError, match="above 0") as error:
        density(POINTS, bandwidth, None)
    one_sentence(error)


@pytest.mark.parametrize("density", DENSITIES.values(), ids=DENSITIES)
def test_all_reports_at_one_point_and_a_bandwidth_below_a_cell_give_numbers(density):
    found = density(ONE_POINT, 20.0, None)
    assert np.isfinite(found).all()
    assert (found >= 0).all()


def test_a_ratio_with_an_empty_category_is_refused():
    with pytest.raises(DataError, match="reports in both sets") as error:
        risk_ratio(POINTS, POINTS[:0], POINTS, bandwidth_m=200)
    one_sentence(error)


@pytest.mark.parametrize("test", SIGNIFICANCE.values(), ids=SIGNIFICANCE)
def test_values_and_weights_without_sense_are_refused_by_every_test(test):
    with pytest.raises(DataError, match="1 of 12 places have no value") as error:
        test(np.r_[np.nan, np.ones(11)], RING)
    one_sentence(error)
    with pytest.raises(DataError, match="negative or missing") as error:
        test(np.arange(12.0), RING * -1)
    one_sentence(error)


@pytest.mark.parametrize("name", ["gi_star", "ordinary", "permuted", "local Moran"])
def test_equal_values_stand_out_nowhere(name):
    found = SIGNIFICANCE[name](np.full(12, 3), RING)
    p = found.p if name == "local Moran" else found[1]
    assert not (np.nan_to_num(np.asarray(p, dtype=float), nan=1.0) < 0.05).any()


@pytest.mark.parametrize("analysis", [
    lambda m: split_stability(m, RankingConfig(), 3),
    lambda m: quarters_that_pick(m, RankingConfig(), [["a"]]),
    lambda m: change_alerts(m, registered=True),
], ids=["halves", "quarters", "alerts"])  # fmt: skip
def test_a_single_month_is_refused_where_months_are_compared(analysis):
    single = pd.DataFrame([[5], [1], [0]], index=pd.Index(["a", "b", "c"], name="cell"), columns=MONTH)
    with pytest.raises((DataError, DesignError)) as error:
        analysis(single)
    one_sentence(error)


def test_a_single_month_and_no_report_are_ranked_as_what_they_are():
    single = pd.DataFrame([[5], [1], [0]], index=pd.Index(["a", "b", "c"], name="cell"), columns=MONTH)
    ranked = rank_cells(single, RankingConfig(), top_k=1, random_state=0)
    assert ranked["rank"].to_list() == [1, 2, 3]
    nothing = rank_cells(single * 0, RankingConfig(), top_k=1, random_state=0)
    assert (nothing["score"] == 0).all()
    assert (nothing["p_top"] == 0).all()


def test_no_report_has_nothing_to_fall_and_broken_counts_are_refused():
    none = pd.Series([0, 0, 0], index=["a", "b", "c"])
    _, found = expected_change(none, [["a"]], months=12, random_state=0)
    assert found.expected == found.reports == 0
    with pytest.raises(DataError) as error:
        fit_mixing([1, float("nan")])
    one_sentence(error)


def test_an_empty_category_has_no_repeat_place_no_clock_and_no_concentration(reports, square_area):
    empty = reports([], [], when=[])
    as_of = pd.Timestamp("2024-07-01")
    assert repeat_locations(empty, square_area, RepeatConfig(), as_of=as_of).empty
    assert repeat_clocks(empty, square_area, RepeatConfig(), as_of=as_of).empty
    period = Period(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-06-01"))
    with pytest.raises(DataError, match="0 reports") as error:
        repeat_share(empty, square_area, RepeatConfig(), period=period)
    one_sentence(error)
    told = concentration(np.zeros(5, dtype=int), np.ones(5), simulations=99, random_state=0)
    assert (told.n_places_with_report, told.p_value) == (0, 1.0)
    assert np.isnan(told.gini)


def test_an_empty_category_has_no_hours(reports):
    empty = reports([], [], when=[])
    week = week_matrix(empty)
    assert week.to_numpy().sum() == 0
    assert peak_window(week, hours=7, days=4) is None
    both = split_day_night(empty)
    assert len(both.day) + len(both.night) == 0
    period = Period(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-06-01"))
    with pytest.raises(DataError) as error:
        day_effects(empty, period)
    one_sentence(error)


def test_fewer_events_than_the_gate_allows_are_refused(reports, square_area):
    few = reports(np.full(20, -2.13), np.full(20, 52.58), when=["2024-03-10"] * 20, category="burglary")
    with pytest.raises(DataError) as error:
        near_repeat(few, square_area, random_state=0)
    one_sentence(error)


@pytest.mark.parametrize("weight", [-1.0, float("nan")])
def test_a_weight_of_harm_that_is_negative_or_missing_is_refused(weight):
    with pytest.raises((DataError, DesignError)) as error:
        harm_weights({"burglary": weight}, source="My table")
    one_sentence(error)
