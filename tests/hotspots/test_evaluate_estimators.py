"""The default estimator: worked by hand, against a naive loop, by its laws, and calibrated on counts without effect."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hotspots.evaluate import estimate, rerandomisation_p_value
from hotspots.evaluate.estimators import redrawn_groups

counts = st.integers(0, 60)


def pilots(n_treated=5, n_controls=20):
    def group(n):
        return st.lists(counts, min_size=n, max_size=n).filter(any)

    return st.tuples(group(n_treated), group(n_treated), group(n_controls), group(n_controls))


def by_the_book(t0, t1, c0, c1):
    """The formulas of `estimate`, unit by unit, without any shared code: d, the four variances, V_shrunk, df, SE."""
    d = math.log(sum(t1) / sum(t0)) - math.log(sum(c1) / sum(c0))
    above = below = chi = 0.0
    reporting = 0
    groups = []
    for before, after in ((t0, t1), (c0, c1)):
        total = sum(before) + sum(after)
        q = sum(after) / total
        v = [(a + b) * q * (1 - q) for a, b in zip(before, after, strict=True)]
        r = [b - (a + b) * q for a, b in zip(before, after, strict=True)]
        shares = 0.0
        for a, b, vi, ri in zip(before, after, v, r, strict=True):
            above += ri**2 - vi * (1 - (a + b) / total)
            below += vi**2
            shares += ((a + b) / total) ** 2
            if vi > 0:
                chi += ri**2 / vi
                reporting += 1
        own = len(v) / (len(v) - 1) * sum((ri / sum(v)) ** 2 for ri in r)
        groups.append((1 / sum(before) + 1 / sum(after), shares, own, len(v)))
    tau2, phi = max(0.0, above / below), max(1.0, chi / max(reporting - 2, 1))
    poisson, random, cluster = (sum(p for p, *_ in groups), sum(p + tau2 * s for p, s, *_ in groups),
                                sum(own for *_, own, _ in groups))  # fmt: skip
    parts = [(3 * max(p + tau2 * s, phi * p) + (n - 1) * own) / (n + 2) for p, s, own, n in groups]
    df = sum(parts) ** 2 / sum(part**2 / (n + 2) for part, (*_, n) in zip(parts, groups, strict=True))
    shrunk, largest = sum(parts), max(random, cluster, phi * poisson)
    error = math.sqrt(shrunk + (1 - 1 / phi) * max(0.0, largest - shrunk))
    return d, poisson, random, cluster, phi * poisson, shrunk, df, error


@given(pilots())
def test_every_variance_equals_the_formula_written_out_unit_by_unit(pilot):
    effect = estimate(*pilot)
    d, poisson, random, cluster, quasi, shrunk, df, error = by_the_book(*pilot)
    assert effect.log_effect == pytest.approx(d, abs=1e-12)
    assert effect.v_poisson == pytest.approx(poisson, rel=1e-12)
    assert effect.v_random == pytest.approx(random, rel=1e-9)
    assert effect.v_cluster == pytest.approx(cluster, rel=1e-9, abs=1e-12)
    assert effect.v_quasi == pytest.approx(quasi, rel=1e-9)
    assert effect.v_shrunk == pytest.approx(shrunk, rel=1e-9)
    assert effect.df == pytest.approx(df, rel=1e-6)
    assert effect.standard_error == pytest.approx(error, rel=1e-9)
    assert effect.high_pct == pytest.approx(100 * math.expm1(d + stats.t.ppf(0.975, df) * error), rel=1e-6, abs=1e-6)


def test_identical_places_leave_three_places_worth_of_poisson_variance():
    # Five places fall from 40 to 20, twenty stay at 10: the effect is -50 % and nothing varies between places. The
    # groups' own variances are 0 on 4 and 19 degrees of freedom; the model's are 1/200 + 1/100 and 1/200 + 1/200.
    effect = estimate([40] * 5, [20] * 5, [10] * 20, [10] * 20)
    treated, controls = 3 / 7 * 0.015, 3 / 22 * 0.01
    df = (treated + controls) ** 2 / (treated**2 / 7 + controls**2 / 22)
    error = math.sqrt(treated + controls)
    reach = stats.t.ppf(0.975, df) * error
    assert effect.effect_pct == pytest.approx(-50)
    assert effect.v_quasi == effect.v_random == effect.v_poisson == pytest.approx(0.025)
    assert effect.standard_error == pytest.approx(error)
    assert (effect.low_pct, effect.high_pct) == pytest.approx(
        (100 * (0.5 * math.exp(-reach) - 1), 100 * (0.5 * math.exp(reach) - 1))
    )
    assert effect.prevented == pytest.approx(100)
    assert effect.expected_after == pytest.approx(200)
    assert effect.df == pytest.approx(df)
    assert effect.is_reduction
    assert not effect.is_increase


def test_places_that_vary_much_take_nearly_the_largest_variance():
    rng = np.random.default_rng(5)
    after = rng.poisson(100 * rng.gamma(2, 1 / 2, 40))
    effect = estimate([200] * 10, after[:10], [200] * 30, after[10:])
    largest = max(effect.v_random, effect.v_cluster, effect.v_quasi)
    assert effect.v_quasi > 10 * effect.v_poisson
    assert effect.standard_error**2 == pytest.approx(max(largest, effect.v_shrunk), rel=0.1)


@given(pilots())
def test_prevented_reports_and_percentages_say_the_same(pilot):
    effect = estimate(*pilot)
    assert effect.treated_after + effect.prevented == pytest.approx(effect.expected_after)
    assert effect.treated_after == pytest.approx(effect.expected_after * (1 + effect.effect_pct / 100))
    assert effect.low_pct <= effect.effect_pct <= effect.high_pct
    assert effect.prevented_low <= effect.prevented <= effect.prevented_high
    assert (effect.prevented_low > 0) == effect.is_reduction or effect.prevented_low == pytest.approx(0, abs=1e-9)


@given(pilots())
def test_the_p_value_is_below_five_percent_exactly_when_the_interval_leaves_out_zero(pilot):
    effect = estimate(*pilot)
    if abs(effect.p_value - 0.05) > 1e-9:
        assert (effect.p_value < 0.05) == (effect.is_reduction or effect.is_increase)


@given(pilots())
def test_swapping_the_periods_turns_the_log_effect_round(pilot):
    t0, t1, c0, c1 = pilot
    there, back = estimate(t0, t1, c0, c1), estimate(t1, t0, c1, c0)
    assert back.log_effect == pytest.approx(-there.log_effect, abs=1e-12)
    assert back.standard_error == pytest.approx(there.standard_error, rel=1e-9)


@given(pilots(), st.randoms(use_true_random=False))
def test_the_order_of_places_does_not_matter(pilot, random):
    t0, t1, c0, c1 = pilot
    order = list(range(len(c0)))
    random.shuffle(order)
    shuffled = estimate(t0, t1, [c0[i] for i in order], [c1[i] for i in order])
    assert shuffled.high_pct == pytest.approx(estimate(*pilot).high_pct, rel=1e-9)


@pytest.mark.parametrize(
    "pilot",
    [
        ([0] * 5, [3] * 5, [4] * 20, [4] * 20),
        ([3] * 5, [0] * 5, [4] * 20, [4] * 20),
        ([3] * 5, [3] * 5, [0] * 20, [4] * 20),
        ([3] * 5, [3] * 5, [4] * 20, [0] * 20),
        ([30], [20], [4] * 20, [4] * 20),
        ([3] * 5, [3] * 5, [40], [40]),
        ([], [], [4] * 20, [4] * 20),
    ],
)
def test_without_a_report_in_every_group_and_period_there_is_no_interval(pilot):
    assert estimate(*pilot) is None
    assert rerandomisation_p_value(*pilot, random_state=0) is None


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="negative"):
        estimate([-1] * 5, [3] * 5, [4] * 20, [4] * 20)
    with pytest.raises(ValueError, match="one count per place"):
        estimate([1] * 5, [3] * 4, [4] * 20, [4] * 20)


def test_the_estimate_leaves_its_input_alone():
    pilot = [np.array(values, dtype=float) for values in ([40.0] * 5, [20.0] * 5, [10.0] * 20, [11.0] * 20)]
    kept = [values.copy() for values in pilot]
    estimate(*pilot)
    for values, before in zip(pilot, kept, strict=True):
        assert (values == before).all()


def overdispersed_nulls(rng, n_pilots, n_treated, n_controls, *, effect=0.0):
    """Pilots on places that vary like real hotspots: gamma sizes, and a gamma factor for each place and period."""
    for _ in range(n_pilots):
        size = rng.gamma(1.5, 40, n_treated + n_controls) + 12
        drift = rng.gamma(20, 1 / 20, (2, len(size)))
        before, after = rng.poisson(2 * size * drift[0]), rng.poisson(size * drift[1])
        if effect:
            after[:n_treated] = rng.binomial(after[:n_treated], 1 - effect)
        yield before[:n_treated], after[:n_treated], before[n_treated:], after[n_treated:]


def test_about_five_percent_of_pilots_without_effect_show_one(rng):
    effects = [estimate(*pilot) for pilot in overdispersed_nulls(rng, 2000, 10, 60)]
    wrong = np.mean([effect.is_reduction or effect.is_increase for effect in effects])
    assert 0.03 <= wrong <= 0.07
    poisson_alone = np.mean([abs(e.log_effect) > 1.96 * math.sqrt(e.v_poisson) for e in effects])
    assert poisson_alone > 0.25  # the textbook variance would have found an effect in every third pilot


def test_the_interval_holds_the_planted_effect_about_95_times_in_100(rng):
    effects = [estimate(*pilot) for pilot in overdispersed_nulls(rng, 2000, 10, 60, effect=0.3)]
    held = np.mean([effect.low_pct <= -30 <= effect.high_pct for effect in effects])
    assert 0.93 <= held <= 0.975


def test_rerandomisation_is_exact_under_a_sharp_null(rng):
    """Skewed places with strong effects of their own, treated ones drawn at random: p must be uniform on its steps."""
    size = rng.gamma(0.4, 60, 30) + 2
    p_values = []
    for seed in range(600):
        before, after = rng.poisson(size), rng.poisson(size * rng.gamma(8, 1 / 8, 30))
        drawn = redrawn_groups(30, 6, 1, rng)[0]
        groups = (before[drawn], after[drawn], before[~drawn], after[~drawn])
        p_values.append(rerandomisation_p_value(*groups, permutations=199, random_state=seed))
    p = np.array(p_values, dtype=float)
    assert 0.03 <= np.mean(p <= 0.05) <= 0.075
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_rerandomisation_of_few_places_equals_trying_every_choice():
    from itertools import combinations

    before, after = np.array([30, 22, 18, 12, 40, 25, 9]), np.array([12, 9, 17, 14, 38, 30, 8])

    def statistic(chosen):
        drawn = np.isin(np.arange(7), chosen)
        d, *_, error = by_the_book(before[drawn], after[drawn], before[~drawn], after[~drawn])
        return abs(d) / error

    every = [statistic(chosen) for chosen in combinations(range(7), 2)]
    exact = np.mean(np.array(every) >= statistic((0, 1)) - 1e-12)
    found = rerandomisation_p_value(before[:2], after[:2], before[2:], after[2:], permutations=9999, random_state=1)
    assert found == pytest.approx(exact, abs=0.02)


def test_the_same_seed_gives_the_same_p_value():
    pilot = ([40, 31, 25], [20, 22, 19], [10] * 9, [12, 9, 10, 11, 8, 10, 13, 9, 10])
    assert rerandomisation_p_value(*pilot, random_state=3) == rerandomisation_p_value(*pilot, random_state=3)


@pytest.fixture
def rng():
    return np.random.default_rng(20231116)
