"""The specification curve and the checks on a panel: what they vary, and that planted trouble is noticed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hotspots.evaluate.checks import (
    baseline_choice,
    control_choice,
    leave_one_place_out,
    panel_checks,
    placebo_in_place,
    placebo_in_time,
    trend_before,
)
from hotspots.evaluate.methods import make_panel, specification_curve
from hotspots.evaluate.methods.did import long_max
from hotspots.evaluate.methods.specification import baseline_choices, control_choices, with_baseline


def test_the_curve_holds_every_choice_once_and_marks_the_default(hotspot_panel):
    panel = hotspot_panel(seed=1, j=70, selection=tuple(range(12, 24)))
    curve = specification_curve(panel, random_state=0)
    assert not curve.duplicated(["method", "baseline", "controls", "ring"]).any()
    assert curve["estimate_pct"].is_monotonic_increasing
    assert set(curve["controls"]) == {"next best 20", "next best 40", "next best 60", "all 70", "20 nearest in level"}
    assert set(curve["ring"]) == {"treated places", "treated places and ring"}
    default = curve[curve["is_default"]]
    assert len(default) == 1
    assert default["estimate_pct"].item() == pytest.approx(long_max(panel).estimate_pct)
    assert len(curve) == 5 * 3 * 5 * 2  # methods, baselines, comparison groups, with and without the ring


def test_without_ring_or_spare_places_the_curve_is_shorter(hotspot_panel):
    panel = hotspot_panel(seed=1, j=20, treated_ring=None, controls_ring=None)
    curve = specification_curve(panel, random_state=0, methods=("long_max",))
    assert set(curve["controls"]) == {"all 20"}
    assert curve["baseline"].tolist() in (["all months", "like months"], ["like months", "all months"])


def test_a_ring_that_gained_what_the_places_lost_takes_the_effect_away():
    dates = pd.date_range("2021", periods=36, freq="MS")
    treated, near = np.full((6, 36), 10.0), np.full((6, 36), 4.0)
    treated[:, 24:], near[:, 24:] = 7.0, 7.0
    panel = make_panel(treated, np.full((30, 36), 5.0), dates, "2023", treated_ring=near,
                       controls_ring=np.full((30, 36), 2.0))  # fmt: skip
    curve = specification_curve(panel, random_state=0, methods=("long_max",))
    by_ring = curve.groupby("ring")["estimate_pct"].agg(["min", "max"])
    np.testing.assert_allclose(by_ring.loc["treated places"], -30)
    np.testing.assert_allclose(by_ring.loc["treated places and ring"], 0, atol=1e-9)


def test_a_baseline_keeps_every_month_from_the_start_on(hotspot_panel):
    panel = hotspot_panel(seed=2, starts=(24,) * 4 + (26,) * 4, selection=(20, 21, 22, 23))
    varied = with_baseline(panel, (3, 4, 5))
    assert varied.start == 3
    assert varied.after == tuple(range(3, 15))
    assert varied.starts == (3,) * 4 + (5,) * 4
    np.testing.assert_array_equal(varied.treated, panel.treated[:, [3, 4, 5, *range(24, 36)]])
    assert list(baseline_choices(panel)) == ["all months", "like months", "without the months of choice"]
    assert baseline_choices(panel)["without the months of choice"].start == 20


def test_places_nearest_in_level_are_those_nearest_in_level(hotspot_panel):
    panel = hotspot_panel(seed=2, j=50)
    chosen = control_choices(panel)["20 nearest in level"].totals(panel.before, group="controls")
    away = np.abs(panel.totals(panel.before, group="controls") - np.median(panel.totals(panel.before)))
    assert np.sort(away)[:20].max() == pytest.approx(np.abs(chosen - np.median(panel.totals(panel.before))).max())


def still(fall=1.0):
    """Places that never change, but for the treated after the start."""
    treated = np.tile(np.arange(8.0, 16.0)[:, None], 36)
    treated[:, 24:] *= fall
    return make_panel(treated, np.full((40, 36), 6.0), pd.date_range("2021", periods=36, freq="MS"), "2023")


def test_where_nothing_moves_every_check_passes_but_that_no_group_is_as_clear():
    checks = {one.name: one for one in panel_checks(still(), random_state=0)}
    assert all(one.passed for name, one in checks.items() if name != "placebo in place")
    assert all(one.sentence.endswith(".") for one in checks.values())
    np.testing.assert_allclose(checks["placebo in time"].table["effect_pct"], 0, atol=1e-9)


def test_every_check_speaks_on_a_panel_with_rings_and_starts(hotspot_panel):
    panel = hotspot_panel(seed=3, starts=(24,) * 4 + (26,) * 4)
    assert all(one.passed is not None for one in panel_checks(panel, random_state=0))


def test_a_planted_fall_is_rarer_than_groups_drawn_at_random():
    found = placebo_in_place(still(0.6), random_state=0)
    assert found.passed
    assert "0.1% of groups" in found.sentence


def test_a_fall_before_the_start_is_noticed_in_time_and_as_a_trend(hotspot_panel):
    panel = hotspot_panel(seed=5, k=10)
    treated = panel.treated.copy()
    treated[:, 14:] = np.random.default_rng(0).binomial(treated[:, 14:].astype(int), 0.4)
    fallen = replace(panel, treated=treated)
    assert placebo_in_time(fallen).passed is False
    assert trend_before(fallen, random_state=0).passed is False


def test_an_answer_that_hangs_on_one_place_is_noticed():
    panel = still()
    treated = panel.treated.copy()
    treated[0] = 60.0
    treated[0, 24:] = 5.0
    found = leave_one_place_out(replace(panel, treated=treated))
    assert found.table["effect_pct"].idxmax() == 0
    assert found.table["effect_pct"].max() == pytest.approx(0, abs=1e-9)
    assert len(found.table) == 8


def test_an_answer_that_hangs_on_the_comparison_or_the_baseline_is_noticed():
    panel = still()
    controls = panel.controls.copy()
    controls[20:, 24:] = 12.0
    found = control_choice(replace(panel, controls=controls))
    assert found.passed is False
    assert found.table["effect_pct"].min() < -20
    treated = panel.treated.copy()
    treated[:, 12:24] *= 2.5
    assert baseline_choice(replace(panel, treated=treated)).passed is False


def test_checks_that_cannot_be_made_say_why():
    short = with_baseline(still(), (20, 21, 22))
    assert placebo_in_time(short).passed is None
    assert trend_before(short, random_state=0).passed is None
    two = replace(still(), treated=still().treated[:2])
    assert leave_one_place_out(two).passed is None
    few = replace(still(), controls=still().controls[:10])
    assert control_choice(few).passed is None
