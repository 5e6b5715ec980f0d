"""What makes no sense, given to every analysis: one clear sentence, or a result that states its limit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import shapely
from scipy import sparse

from geodata.errors import DataError, DesignError
from geodata.period import Period
from hotspots.alerts import change_alerts
from hotspots.clocks import repeat_clocks, repeat_course, repeat_share
from hotspots.config import RankingConfig, RepeatConfig
from hotspots.density import (
    adaptive_density,
    gaussian_density,
    kernel_density,
    network_density,
    risk_ratio,
    space_time_density,
    street_graph,
)
from hotspots.facilities import count_at_facilities, facility_curves
from hotspots.harm import harm_weights
from hotspots.mixing import fit_mixing
from hotspots.near_repeat import near_repeat
from hotspots.parts import quarters_that_pick, ranks_by_part, split_stability
from hotspots.ranking import rank_cells
from hotspots.repeats import concentration, repeat_locations
from hotspots.seasons import day_effects, split_day_night
from hotspots.significance import general_g, gi_star, gi_star_ordinary, gi_star_permuted, local_moran, morans_i
from hotspots.stability import expected_change
from hotspots.timing import peak_window, week_matrix
from hotspots.trend import by_quarter, hot_cold_steps, kinds_over_time, mann_kendall

POINTS = np.random.default_rng(0).uniform(0, 1000, (50, 2))
ONE_POINT = np.full((50, 2), 500.0)
DAYS = np.arange(50.0)
RING = sparse.csr_array(np.roll(np.eye(12), 1, axis=1) + np.roll(np.eye(12), -1, axis=1))
MONTH = pd.DatetimeIndex(["2024-03-01"], name="month")
STREETS = street_graph([shapely.LineString([(a, b), (a + 500, b)]) for a in (0, 500) for b in (0, 500, 1000)])
SHOPS = pd.DataFrame(
    {"name": list("abcdef"), "type": "shop", "longitude": -2.13, "latitude": 52.58 + np.arange(6) / 1000}
)

DENSITIES: dict[str, Callable[..., np.ndarray]] = {
    "planar": lambda points, h, weights: kernel_density(points, POINTS, bandwidth_m=h, weights=weights),
    "splines": lambda points, h, weights: gaussian_density(points, POINTS, bandwidth_m=h, weights=weights),
    "adaptive": lambda points, h, weights: adaptive_density(points, POINTS, pilot_m=h, weights=weights)[0],
    "space-time": lambda points, h, weights: space_time_density(
        points, DAYS, POINTS, as_of_days=60, bandwidth_m=h, half_life_days=30, weights=weights
    ),
    "along streets": lambda points, h, weights: (
        network_density(points, STREETS, bandwidth_m=h, weights=weights, max_snap_m=1000).lixels["per_m"].to_numpy()
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
    lambda m: split_stability(ranks_by_part(m, RankingConfig()), m.columns, 3),
    lambda m: quarters_that_pick(ranks_by_part(m, RankingConfig()), [["a"]]),
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


def test_streets_that_are_none_and_reports_far_from_any_are_told():
    for streets in ([], [shapely.Point(0, 0)], [shapely.LineString([(0, 0), (0, 0)])]):
        with pytest.raises(DesignError, match="hold no line") as error:
            street_graph(streets)
        one_sentence(error)
    with pytest.raises(DesignError, match="longer than 0 metres") as error:
        network_density(POINTS, STREETS, bandwidth_m=200, lixel_m=0)
    one_sentence(error)
    with pytest.raises(DataError, match="1 of 50 points have no coordinates") as error:
        network_density(np.vstack([POINTS[1:], [np.nan, 0]]), STREETS, bandwidth_m=200)
    one_sentence(error)
    far = network_density(POINTS + 1e5, STREETS, bandwidth_m=200)
    assert (far.lixels["per_m"] == 0).all()
    assert "50 of 50 reports lie more than 50 m from any street" in far.notes[0]
    none = network_density(POINTS[:0], STREETS, bandwidth_m=10)
    assert (none.lixels["per_m"] == 0).all()
    assert "shorter than a piece of street" in none.notes[0]


def test_facilities_outside_too_few_without_reports_or_without_places_of_their_own(reports, square_area):
    at = reports(np.full(20, -2.13), np.full(20, 52.58))
    with pytest.raises(DataError, match="None of 6 facilities lies inside") as error:
        facility_curves(at, SHOPS.assign(latitude=51.0), square_area, random_state=0)
    one_sentence(error)
    with pytest.raises(DataError, match="street centre") as error:
        facility_curves(at.assign(location_precision="snap_point"), SHOPS, square_area, random_state=0)
    one_sentence(error)
    with pytest.raises(DesignError, match="reach of a facility must be above 0") as error:
        count_at_facilities(at, SHOPS, square_area, within_m=float("nan"))
    one_sentence(error)
    assert facility_curves(at, SHOPS[:4], square_area, random_state=0) == ({}, {"shop": 4})
    curves, _ = facility_curves(at, SHOPS, square_area, random_state=0, simulations=99)
    assert (curves["shop"].n_reports, curves["shop"].n_for_80) == (20, 1)
    empty, _ = facility_curves(at[:0], SHOPS, square_area, random_state=0, simulations=99)
    assert empty["shop"].describe().endswith("no report within 50 m of any of the 6.")


def test_kinds_over_time_of_broken_counts_few_steps_and_nothing(square_area):
    months = pd.date_range("2023-01-01", periods=12, freq="MS", name="month")
    matrix = pd.DataFrame(np.zeros((12, 12)), columns=months)
    for broken in (-1.0, np.nan, 0.5):
        with pytest.raises(DataError, match="1 of 144 counts") as error:
            hot_cold_steps(matrix.where(np.arange(144).reshape(12, 12) != 5, broken), RING)
        one_sentence(error)
    with pytest.raises(DesignError, match="Neighbours") as error:
        hot_cold_steps(matrix, RING * 2)
    one_sentence(error)
    with pytest.raises(DataError, match="at least 12 steps, there are 1") as error:
        kinds_over_time(hot_cold_steps(matrix.iloc[:, :1], RING))
    one_sentence(error)
    with pytest.raises(DesignError, match="without a gap") as error:
        by_quarter(matrix.drop(columns=months[3]))
    one_sentence(error)
    with pytest.raises(DataError, match="finite value") as error:
        mann_kendall([1.0, np.nan])
    one_sentence(error)
    assert (kinds_over_time(hot_cold_steps(matrix, RING))["kind"] == "").all()


def test_how_soon_repeats_follow_needs_a_year_after_them(reports, square_area):
    late = reports(np.full(5, -2.13), np.full(5, 52.58), when=["2024-03-10"] * 5)
    for given in (late, late[:0], late.assign(location_precision="snap_point"), late.assign(time_precision="month")):
        with pytest.raises(DataError, match="a year of data after them") as error:
            repeat_course(given, square_area, RepeatConfig(), as_of=pd.Timestamp("2024-07-01"))
        one_sentence(error)
    same = repeat_course(late, square_area, RepeatConfig(), as_of=pd.Timestamp("2026-01-01"))
    assert same["n"].sum() == 4  # the last has nothing after it
