"""Gates and power: what is refused, from what was known before the start."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspots.evaluate import check_gates, detectable_fall, estimate
from hotspots.evaluate.gates import closed, effective_number


def gates(treated=(20, 20, 20, 20, 20, 20), n_controls=20, months_before=12, months_after=12, mde_pct=30.0):
    found = check_gates(treated, n_controls, months_before=months_before, months_after=months_after, mde_pct=mde_pct)
    return {gate.name: gate for gate in found}


def test_a_sound_design_passes_every_gate():
    assert all(gate.passed for gate in gates().values())


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"treated": (30, 30, 30, 30)}, "treated places"),
        ({"treated": (100, 2, 2, 2, 2)}, "effective number"),
        ({"n_controls": 19}, "comparison places"),
        ({"treated": (9, 10, 10, 10, 10, 10)}, "expected reports"),
        ({"mde_pct": 50.1}, "detectable fall"),
        ({"mde_pct": None}, "detectable fall"),
    ],
)
def test_each_gate_closes_just_below_its_threshold(change, name):
    found = gates(**change)
    assert [gate.name for gate in closed(tuple(found.values()))] == [name]
    assert "needed" in found[name].message or "must not exceed" in found[name].message


def test_fewer_than_twelve_months_before_are_said_but_do_not_refuse():
    found = gates(treated=(40,) * 5, months_before=11)
    assert not found["months before"].passed
    assert closed(tuple(found.values())) == ()


def test_expected_reports_come_from_the_months_before_only():
    # 120 reports in 24 months are 5 a month: 12 months after expect 60.
    assert gates(treated=(24,) * 5, months_before=24)["expected reports"].passed
    assert not gates(treated=(24, 24, 24, 24, 23), months_before=24)["expected reports"].passed


@given(st.lists(st.integers(0, 100), min_size=1, max_size=20))
def test_the_effective_number_lies_between_one_and_the_number_of_places(counts):
    found = effective_number(counts)
    assert found == 0 if sum(counts) == 0 else 1 - 1e-9 <= found <= len(counts) + 1e-9


def test_equal_places_count_fully():
    assert effective_number([7] * 5) == pytest.approx(5)
    assert effective_number([]) == 0


def test_more_places_help_and_a_longer_after_period_hardly_does():
    rng = np.random.default_rng(3)
    history = rng.poisson(rng.gamma(4, 1, (80, 12)))
    few = detectable_fall(history[:5], history[20:], months_after=6)
    many = detectable_fall(history[:20], history[20:], months_after=6)
    assert many.mde_pct < few.mde_pct


def test_on_a_poisson_history_the_design_effect_is_about_one():
    rng = np.random.default_rng(5)
    history = rng.poisson(rng.gamma(2, 2, (60, 1)) * np.ones(36))
    found = detectable_fall(history[:8], history[8:], months_after=6)
    assert found.n_placebo_starts == 6
    assert found.place_variance < 0.02
    assert 1 <= found.design_effect < 1.7


def test_places_that_vary_raise_the_design_effect():
    rng = np.random.default_rng(5)
    yearly = np.repeat(rng.gamma(4, 1, (60, 3)), 12, axis=1)
    calm, restless = (rng.poisson(3 * factor) for factor in (np.ones((60, 36)), yearly))
    steady = detectable_fall(calm[:8], calm[8:], months_after=12)
    varying = detectable_fall(restless[:8], restless[8:], months_after=12)
    assert varying.design_effect > 2 * steady.design_effect


def test_without_reports_before_the_start_no_fall_can_be_stated():
    assert detectable_fall(np.zeros((5, 12)), np.ones((20, 12)), months_after=6) is None
    assert detectable_fall(np.ones((1, 12)), np.ones((20, 12)), months_after=6) is None


def test_the_same_seed_gives_the_same_detectable_fall():
    rng = np.random.default_rng(8)
    history = rng.poisson(4, (50, 30))
    runs = [detectable_fall(history[:6], history[6:], months_after=6, random_state=2) for _ in range(2)]
    assert runs[0] == runs[1]


def test_a_fall_of_the_printed_size_is_found_far_more_often_than_not():
    """On places that vary like real hotspots."""
    rng = np.random.default_rng(11)
    found, printed = [], []
    for _ in range(300):
        size = rng.gamma(2, 2.5, (70, 1)) + 1
        drift = np.repeat(rng.gamma(15, 1 / 15, (70, 4)), 12, axis=1)
        counts = rng.poisson(size * drift)
        mde = detectable_fall(counts[:10, :36], counts[10:, :36], months_after=12)
        after = rng.binomial(counts[:10, 36:], 1 - mde.mde_pct / 100).sum(axis=1)
        effect = estimate(
            counts[:10, :36].sum(axis=1), after, counts[10:, :36].sum(axis=1), counts[10:, 36:].sum(axis=1)
        )
        found.append(effect.is_reduction)
        printed.append(mde.mde_pct)
    assert 0.7 <= np.mean(found) <= 0.92, (np.mean(found), np.median(printed))
