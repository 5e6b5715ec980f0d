"""Rotation of turns and staggered starts: planted effects recovered, statsmodels, laws and refusals."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from geodata.errors import DesignError
from hotspots.evaluate.methods import make_panel
from hotspots.evaluate.methods.did import long_max
from hotspots.evaluate.methods.rotation import _blocks, _redraw, _used, rotation, rotation_effect
from hotspots.evaluate.methods.staggered import staggered, steps


def draw_turns(rng, n_places, n_periods):
    half = np.arange(n_places) < n_places // 2
    return np.column_stack([rng.permutation(half) for _ in range(n_periods)])


def regression(y, on, used):
    place, period = np.indices(y.shape)
    dummies = np.column_stack([np.eye(y.shape[0])[place.ravel()], np.eye(y.shape[1])[period.ravel()][:, 1:]])
    x = np.column_stack([on.ravel().astype(float), dummies])[used.ravel()]
    return sm.GLM(y.ravel()[used.ravel()], x, family=sm.families.Poisson()).fit(tol=1e-14).params[0]


@pytest.mark.parametrize("washout", [0, 1])
def test_the_estimate_is_the_poisson_regression_with_place_and_period_effects(washout):
    rng = np.random.default_rng(1)
    y, on = rng.poisson(rng.gamma(2, 4, (12, 1)), (12, 14)).astype(float), draw_turns(rng, 12, 14)
    used = _used(on[None], washout)[0]
    found = rotation_effect(y, on, washout=washout, draws=9, random_state=0)
    assert found.log_effect == pytest.approx(regression(y, on, used), abs=1e-8)
    assert found.n_used == used.sum()


def test_the_washout_leaves_out_what_follows_a_turn():
    on = np.array([[[True, False, False, False, True, False]]])
    assert _used(on, 0).all()
    assert _used(on, 1)[0, 0].tolist() == [True, False, True, True, True, False]
    assert _used(on, 2)[0, 0].tolist() == [True, False, False, True, True, False]


def test_turns_are_drawn_again_as_they_were_drawn():
    rng = np.random.default_rng(0)
    on = draw_turns(rng, 8, 6)
    again = _redraw(on, np.arange(6), 500, rng)
    np.testing.assert_array_equal(again.sum(axis=1), np.broadcast_to(on.sum(axis=0), (500, 6)))
    assert np.abs(again.mean(axis=0) - 0.5).max() < 0.1
    kept = np.repeat(draw_turns(rng, 8, 3), 2, axis=1)
    blocked = _redraw(kept, np.repeat([0, 1, 2], 2), 100, rng)
    np.testing.assert_array_equal(blocked[:, :, ::2], blocked[:, :, 1::2])


def test_a_pair_of_turns_stays_a_pair():
    first = np.arange(6) < 3
    second = np.array([True, False, True, False, True, False])
    on = np.column_stack([first, ~first, second, second, first])
    assert _blocks(on, None).tolist() == [0, 0, 1, 1, 2]
    assert _blocks(on, [7, 7, 7, 9, 9]).tolist() == [0, 0, 0, 1, 1]
    again = _redraw(on, _blocks(on, None), 50, np.random.default_rng(0))
    np.testing.assert_array_equal(again[:, :, 0], ~again[:, :, 1])


def rotating_panel(seed, effect, n_places=20, n_after=12):
    rng = np.random.default_rng(seed)
    n = 12 + n_after
    level = rng.gamma(3, 4, (n_places, 1))
    on = np.zeros((n_places, n), dtype=bool)
    on[:, 12:] = draw_turns(rng, n_places, n_after)
    rate = level * rng.gamma(6, 1 / 6, (n_places, n)) * np.where(on, 1 + effect, 1.0)
    dates = pd.date_range("2022", periods=n, freq="MS")
    return make_panel(rng.poisson(rate), np.ones((2, n)), dates, "2023-01", assignment=on)


def test_a_planted_fall_of_thirty_percent_is_recovered_by_rotation():
    found = [rotation(rotating_panel(seed, -0.3), random_state=seed, draws=99) for seed in range(20)]
    assert np.median([one.estimate_pct for one in found]) == pytest.approx(-30, abs=3)
    assert sum(one.low_pct <= -30 <= one.high_pct for one in found) >= 17
    assert sum(one.claims_effect for one in found) >= 12
    assert all((one.p_value <= 0.05) == one.claims_effect for one in found)
    assert found[0].table["washout"].tolist() == [0, 1, 2, 4]


def test_exact_rates_give_the_exact_effect():
    rng = np.random.default_rng(2)
    on = draw_turns(rng, 10, 8)
    y = np.outer(np.arange(1.0, 11), np.linspace(3, 9, 8)) * np.where(on, 0.6, 1.0)
    found = rotation_effect(y, on, draws=199, random_state=0)
    assert found.log_effect == pytest.approx(math.log(0.6), abs=1e-9)
    assert found.p_value == 1 / 200


def test_rotation_needs_its_list_and_both_kinds_of_months(hotspot_panel):
    assert "no list of turns" in rotation(hotspot_panel(seed=0), random_state=0).refusal
    always = np.zeros((8, 36), dtype=bool)
    always[:, 24:] = True
    assert "at least one report" in rotation(hotspot_panel(seed=0, assignment=always), random_state=0).refusal
    with pytest.raises(DesignError, match="blocks"):
        hotspot_panel(seed=0, assignment_blocks=(0, 1))


def smooth(first=0.8, second=0.6, k=10, j=40):
    """Exact expectations: half the places start in month 24 with one effect, half in month 26 with another."""
    t = np.arange(36)
    shape = np.exp(0.01 * t) * (1 + 0.3 * np.sin(2 * np.pi * t / 12))
    controls, treated = np.outer(np.linspace(3, 9, j), shape), np.outer(np.linspace(6, 15, k), shape)
    starts = np.repeat([24, 26], k // 2)
    effects = np.repeat([first, second], k // 2)
    treated = treated * np.where(t >= starts[:, None], effects[:, None], 1.0)
    return make_panel(treated, controls, pd.date_range("2021-08", periods=36, freq="MS"), "2023-08",
                      starts=tuple(int(s) for s in starts))  # fmt: skip


def test_each_cohort_shows_its_own_planted_effect():
    found = staggered(smooth())
    np.testing.assert_allclose(found.table["effect_pct"], [-20, -40], atol=1e-9)
    assert found.table["start"].tolist() == ["2023-08", "2023-10"]
    assert -40 < found.estimate_pct < -20
    # Starting later is not an effect: the default, which dates everybody to the first start, sees too little.
    assert long_max(smooth(1.0, 0.5)).estimate_pct > staggered(smooth(1.0, 0.5)).estimate_pct


def test_staggered_starts_recover_both_effects_on_noisy_counts(hotspot_panel):
    rng = np.random.default_rng(8)
    inside = []
    for seed in range(30):
        panel = hotspot_panel(seed=seed, k=20, j=60)
        treated = panel.treated.copy()
        for rows, start, left in ((slice(0, 10), 24, 0.7), (slice(10, 20), 27, 0.5)):
            treated[rows, start:] = rng.binomial(treated[rows, start:].astype(int), left)
        made = make_panel(treated, panel.controls, panel.months, panel.months[24], starts=(24,) * 10 + (27,) * 10)
        table = staggered(made).table
        inside += [(table["low_pct"] <= [-30, -50]).all() and (table["high_pct"] >= [-30, -50]).all()]
    assert np.mean(inside) >= 0.8


def test_steps_show_what_each_measure_added():
    """Police from August, youth work as well from October: 0.8 alone, then another 0.75 on top."""
    t = np.arange(36)
    shape = 1 + 0.3 * np.sin(2 * np.pi * t / 12)
    treated = np.outer([8.0, 9.0, 10.0, 11.0, 12.0], shape * np.select([t >= 26, t >= 24], [0.6, 0.8], 1.0))
    controls = np.outer(np.linspace(3, 9, 30), shape)
    panel = make_panel(treated, controls, pd.date_range("2021-08", periods=36, freq="MS"), "2023-08",
                       steps=(("police", 24), ("youth work", 26)))  # fmt: skip
    found = steps(panel)
    assert found.table["step"].tolist() == ["police", "youth work"]
    np.testing.assert_allclose(found.table["effect_pct"], [-20, -25], atol=1e-9)
    assert found.estimate_pct == pytest.approx(long_max(panel).estimate_pct)
    assert "youth work -25%" in found.sentence


def test_starts_and_steps_that_cannot_be_are_refused(hotspot_panel):
    assert "same month" in staggered(hotspot_panel(seed=0)).refusal
    assert "before its own start" in staggered(hotspot_panel(seed=0, starts=(0,) * 4 + (24,) * 4)).refusal
    assert "no measures" in steps(hotspot_panel(seed=0)).refusal
    assert "month of its own" in steps(hotspot_panel(seed=0, steps=(("a", 24), ("b", 24)))).refusal


def test_the_jackknife_interval_covers_no_effect_as_often_as_it_says(hotspot_panel):
    starts = (24,) * 4 + (27,) * 4
    found = [staggered(hotspot_panel(seed=seed, starts=starts)) for seed in range(120)]
    assert np.mean([one.claims_effect for one in found]) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 120)
