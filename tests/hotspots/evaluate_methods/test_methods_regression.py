"""Regressions, empirical Bayes and the event study: against statsmodels, by hand, and on planted effects."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from hotspots.evaluate.methods import make_panel
from hotspots.evaluate.methods.bayes import empirical_bayes
from hotspots.evaluate.methods.did import did_cluster, long_max
from hotspots.evaluate.methods.events import event_study, pre_trend
from hotspots.evaluate.methods.regression import ancova, controlled_its, its


def smooth(n_before=24, n_after=12, fall=0.7, k=6, j=30, growth=0.0, gap_growth=0.0):
    """Exact expectations: levels, a season and a trend; the treated fall by a factor after the start."""
    t = np.arange(n_before + n_after)
    shape = np.exp(growth * t) * (1 + 0.4 * np.sin(2 * np.pi * t / 12))
    controls = np.outer(np.linspace(4, 12, j), shape)
    treated = np.outer(np.linspace(8, 20, k), shape * np.exp(gap_growth * t) * np.where(t >= n_before, fall, 1.0))
    dates = pd.date_range("2021-01", periods=len(t), freq="MS")
    return make_panel(treated, controls, dates, dates[n_before])


def test_poisson_did_is_the_regression_with_place_and_month_effects(hotspot_panel):
    """The closed form and statsmodels agree to 1e-8, with unequal places and overdispersed months."""
    panel = hotspot_panel(seed=4, k=5, j=12, n_before=9, n_after=5)
    places = np.vstack([panel.treated, panel.controls])
    n_places, n_months = places.shape
    place, month = np.indices(places.shape)
    on = ((place < 5) & (month >= panel.start)).ravel().astype(float)
    dummies = np.column_stack([np.eye(n_places)[place.ravel()], np.eye(n_months)[month.ravel()][:, 1:]])
    fit = sm.GLM(places.ravel(), np.column_stack([on, dummies]), family=sm.families.Poisson()).fit(tol=1e-14)
    assert fit.params[0] == pytest.approx(math.log1p(did_cluster(panel).estimate_pct / 100), abs=1e-8)
    assert long_max(panel).estimate_pct == pytest.approx(100 * math.expm1(fit.params[0]), abs=1e-6)


@pytest.mark.parametrize("growth", [0.0, 0.01])
def test_time_series_follow_a_trend_and_a_season_past_the_start(growth):
    panel = smooth(growth=growth, n_before=36)
    assert controlled_its(panel).estimate_pct == pytest.approx(-30, abs=1e-6)
    found = its(panel)  # the season of this panel is no pair of harmonics on the log scale, but nearly
    assert found.estimate_pct == pytest.approx(-30, abs=2)
    assert found.low_pct < -30 < found.high_pct


def test_a_gap_that_was_growing_anyway_is_no_effect_of_the_controlled_series():
    panel = smooth(fall=1.0, gap_growth=0.02)
    assert controlled_its(panel).estimate_pct == pytest.approx(0, abs=1e-6)
    assert long_max(panel).estimate_pct > 20


def test_time_series_need_twelve_months_before_and_six_after():
    for method in (its, controlled_its):
        assert "12 and 6 are needed" in method(smooth(n_before=11)).refusal
        assert "12 and 6 are needed" in method(smooth(n_after=5)).refusal
    assert "season cannot be told apart" in its(smooth(n_before=23)).sentence
    assert "season" not in its(smooth(n_before=24)).sentence


def test_ancova_is_ordinary_least_squares_with_hc3(hotspot_panel):
    panel = hotspot_panel(seed=7)
    before = np.concatenate([panel.treated[:, :24].sum(axis=1), panel.controls[:, :24].sum(axis=1)])
    after = np.concatenate([panel.treated[:, 24:].sum(axis=1), panel.controls[:, 24:].sum(axis=1)])
    x = np.column_stack([np.ones(48), before, np.repeat([1, 0], [8, 40])])
    beta = np.linalg.solve(x.T @ x, x.T @ after)
    hat = np.einsum("ij,jk,ik->i", x, np.linalg.inv(x.T @ x), x)
    meat = (x * (((after - x @ beta) / (1 - hat)) ** 2)[:, None]).T @ x
    error = math.sqrt((np.linalg.inv(x.T @ x) @ meat @ np.linalg.inv(x.T @ x))[2, 2])
    found = ancova(panel)
    assert found.prevented == pytest.approx(-8 * beta[2])
    assert found.prevented_high - found.prevented == pytest.approx(8 * error * 2.0141, rel=1e-4)  # t(0.975, 45)
    assert "at least 12" in ancova(hotspot_panel(seed=7, k=4, j=6)).refusal


def test_ancova_on_a_line_finds_the_fall_exactly():
    before = np.arange(2.0, 42.0)
    after = 3 + 0.5 * before
    after[:10] -= 4
    panel = make_panel(np.column_stack([before, after])[:10], np.column_stack([before, after])[10:],
                       ["2021-01", "2021-02"], "2021-02")  # fmt: skip
    assert ancova(panel).prevented == pytest.approx(40)


def test_empirical_bayes_takes_the_peak_out():
    """Places alike but for chance: the treated are those that happened to be high, and come down by themselves."""
    rng = np.random.default_rng(3)
    counts = rng.poisson(20, (200, 2)).astype(float)
    order = np.argsort(-counts[:, 0])
    panel = make_panel(counts[order[:20]], counts[order[20:]], ["2021-01", "2021-02"], "2021-02")
    assert long_max(panel).estimate_pct < -20
    found = empirical_bayes(panel)
    assert found.low_pct < 0 < found.high_pct
    assert abs(found.estimate_pct) < 10


def test_empirical_bayes_by_hand_where_all_places_are_alike():
    # Equal counts leave nothing to shrink apart: expected = T0 C1/C0 = 100, observed 50.
    panel = make_panel([[20, 10]] * 5, [[20, 20]] * 400, ["2021-01", "2021-02"], "2021-02")
    assert empirical_bayes(panel).estimate_pct == pytest.approx(-50, abs=0.1)


def test_the_event_study_shows_the_fall_when_it_comes_and_nothing_before():
    panel = smooth()
    found = event_study(panel, random_state=0)
    before, after = (found.table[found.table["quarter"].lt(0) == is_before] for is_before in (True, False))
    np.testing.assert_allclose(before["effect_pct"], 0, atol=1e-9)
    np.testing.assert_allclose(after["effect_pct"], -30, atol=1e-9)
    assert found.table["months"].sum() == 36
    assert found.estimate_pct == pytest.approx(-30)
    assert "drifted by" in found.sentence


def test_the_pre_trend_is_the_planted_drift_and_is_noticed():
    drifting = pre_trend(smooth(gap_growth=0.01, fall=1.0), random_state=1)
    assert drifting.pct_per_year == pytest.approx(100 * math.expm1(0.12), abs=0.5)
    assert drifting.p_value < 0.01
    assert pre_trend(smooth(gap_growth=0.0), random_state=1).pct_per_year == pytest.approx(0, abs=1e-9)
    assert pre_trend(smooth(n_before=5), random_state=1) is None
