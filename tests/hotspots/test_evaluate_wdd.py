"""Textbook methods against the published numbers of the shared reference (apwheele/ptools, POP Guide 10)."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hotspots.evaluate import (
    e_test,
    harm_weighted,
    scan_p_value,
    weighted_displacement_difference,
    weighted_displacement_quotient,
)

PAPER = ((207, 110), (308, 318), (178, 157), (150, 140))
HARM = {  # treated, control, weight
    "motor vehicle theft": ((130, 74), (133, 91), 3),
    "theft": ((327, 202), (388, 305), 2),
    "burglary": ((398, 190), (148, 97), 5),
    "robbery": ((144, 92), (86, 64), 7),
    "assault": ((183, 96), (94, 67), 10),
}


def test_the_example_of_wheeler_and_ratcliffe():
    found = weighted_displacement_difference(*PAPER)
    assert found.estimate == -118
    assert found.standard_error == pytest.approx(39.598, abs=5e-4)
    assert found.standard_error**2 == pytest.approx(1568)
    assert found.z == pytest.approx(-2.98, abs=5e-3)
    assert (found.low, found.high) == pytest.approx((-195.61, -40.39), abs=5e-3)
    assert found.p_one_tailed == pytest.approx(0.00144, abs=5e-6)


def test_the_small_example_with_a_ninety_percent_interval():
    found = weighted_displacement_difference((20, 10), (20, 20), confidence=0.9)
    assert found.estimate == -10
    assert found.standard_error == pytest.approx(8.3666, abs=5e-5)
    assert found.z == pytest.approx(-1.195229, abs=5e-7)
    assert (found.low, found.high) == pytest.approx((-23.761833, 3.761833), abs=5e-7)


def test_periods_of_unequal_length():
    found = weighted_displacement_difference((80, 20), (100, 50), time_weights=(2, 1))
    assert found.estimate == -20
    assert found.standard_error == pytest.approx(math.sqrt(115))


def test_areas_of_unequal_size():
    # The reference lists its weights with the control first: .9 control, 1.2 treated, 1.6 and 1.5 next door.
    found = weighted_displacement_difference(*PAPER, area_weights=(1.2, 0.9, 1.5, 1.6))
    assert found.estimate == pytest.approx(-99.69444444, abs=5e-9)
    assert found.standard_error == pytest.approx(35.4280755, abs=5e-8)
    assert found.z == pytest.approx(-2.813995483, abs=5e-10)
    assert (found.low, found.high) == pytest.approx((-169.1321965, -30.25669241), abs=5e-8)


def test_five_crime_types_weighted_by_harm():
    parts = [weighted_displacement_difference(treated, control) for treated, control, _ in HARM.values()]
    found = harm_weighted(parts, [weight for *_, weight in HARM.values()])
    assert found.estimate == -1721
    assert found.standard_error == pytest.approx(304.10360077, abs=5e-9)
    assert found.z == pytest.approx(-5.65925558, abs=5e-9)
    assert (found.low, found.high) == pytest.approx((-2317.03210507, -1124.96789493), abs=5e-9)


@pytest.mark.parametrize(
    ("groups", "options", "expected"),
    [
        (((120, 100), (130, 150)), {}, (-40, 22.4, -76.8, -3.2)),
        (((120, 100), (130, 150), (40, 25), (30, 25)), {}, (-50, 24.9, -91.0, -9.0)),
        (((100, 20), (200, 100)), {"time_weights": (2, 1)}, (-30, 14.0, -53.0, -7.0)),
        (
            ((200, 100), (400, 200), (40, 20), (80, 40)),
            {"area_weights": (1, 2, 1, 2)},
            (0, 23.2, -38.2, 38.2),
        ),
    ],
)
def test_the_rows_of_the_author_s_notebook(groups, options, expected):
    found = weighted_displacement_difference(*groups, **options, confidence=0.9)
    assert (found.estimate, found.standard_error, found.low, found.high) == pytest.approx(expected, abs=0.05)


def test_the_constant_of_the_practice_note():
    found = weighted_displacement_difference((200, 150), (200, 195))
    assert (found.estimate, found.standard_error, found.z) == pytest.approx((-45, 27.3, -1.65), abs=0.05)


def test_a_control_group_k_times_larger_counts_one_kth():
    found = weighted_displacement_difference((80, 60), (400, 440), control_scale=4)
    assert found.estimate == -20 - 40 / 4
    assert found.standard_error**2 == pytest.approx(80 + 60 + 840 / 16)
    assert found.false_positives_pct == 26


@given(st.lists(st.integers(0, 500), min_size=8, max_size=8), st.floats(0.5, 4))
def test_dividing_both_periods_and_areas_by_a_number_scales_estimate_and_error(values, weight):
    groups = [(values[i], values[i + 1]) for i in range(0, 8, 2)]
    plain = weighted_displacement_difference(*groups)
    scaled = weighted_displacement_difference(*groups, time_weights=(weight, weight))
    assert scaled.estimate == pytest.approx(plain.estimate / weight, abs=1e-9)
    assert scaled.standard_error == pytest.approx(plain.standard_error / weight)


def test_weights_and_counts_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="above 0"):
        weighted_displacement_difference((1, 2), (3, 4), time_weights=(0, 1))
    with pytest.raises(ValueError, match="negative"):
        weighted_displacement_difference((1, -2), (3, 4))
    with pytest.raises(ValueError, match="as many weights"):
        harm_weighted([weighted_displacement_difference((1, 2), (3, 4))], [1, 2])


def test_without_a_single_report_nothing_is_claimed():
    found = weighted_displacement_difference((0, 0), (0, 0))
    assert (found.estimate, found.standard_error, found.z, found.p_one_tailed) == (0, 0, 0, 0.5)


@pytest.mark.parametrize(("buffer", "quotient", "net"), [((100, 150), -1.0, 0.0), ((100, 75), 0.5, 75.0)])
def test_the_hand_checkable_quotients(buffer, quotient, net):
    found = weighted_displacement_quotient((100, 50), buffer, (100, 100))
    assert found.quotient == pytest.approx(quotient)
    assert found.total_net_effect == pytest.approx(net)
    assert found.gross_effect == 50
    assert found.net_effect == pytest.approx(0.5)
    assert found.success == pytest.approx(-0.5)


def test_with_a_flat_control_the_total_net_effect_is_minus_the_difference():
    treated, _, buffer, _ = PAPER
    found = weighted_displacement_quotient(treated, buffer, (458, 458))
    assert found.total_net_effect == pytest.approx(118)
    pooled = weighted_displacement_difference(treated, (458, 458), buffer)
    assert found.total_net_effect == pytest.approx(-pooled.estimate)


def test_the_quotient_is_undefined_where_the_treated_places_did_no_better():
    assert weighted_displacement_quotient((100, 100), (50, 40), (100, 100)).quotient is None
    assert "undefined" in weighted_displacement_quotient((100, 120), (50, 40), (100, 100)).reading
    with pytest.raises(ValueError, match="at least one report"):
        weighted_displacement_quotient((100, 50), (50, 40), (0, 10))


@pytest.mark.parametrize(
    ("buffer", "words"),
    [((100, 10), "above the effect"), ((100, 75), "diffusion"), ((100, 100), "as in the comparison"),
     ((100, 125), "below the effect"), ((100, 400), "above the effect")],
)  # fmt: skip
def test_each_range_of_the_quotient_has_its_reading(buffer, words):
    assert words in weighted_displacement_quotient((100, 50), buffer, (100, 100)).reading


@pytest.mark.parametrize(
    ("first", "second", "p"), [(3, 0, 0.08838), (6, 2, 0.17487), (10, 5, 0.20616), (15, 5, 0.025035)]
)
def test_the_e_test_of_krishnamoorthy_and_thomson(first, second, p):
    assert e_test(first, second) == pytest.approx(p, abs=6e-6)
    assert e_test(second, first) == pytest.approx(p, abs=6e-6)


def test_the_scan_statistic_of_naus():
    assert scan_p_value(6, per_window=0.6, windows=208) == pytest.approx(0.03902, abs=5e-6)
    # An independent draw: continuous windows of a Poisson process, the fullest of each series.
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(3000):
        times = np.sort(rng.uniform(0, 40, rng.poisson(0.6 * 40)))
        found += bool((times[4:] - times[:-4] <= 2).any()) if len(times) > 4 else False
    expected = scan_p_value(5, per_window=1.2, windows=20)
    assert found / 3000 == pytest.approx(expected, abs=4 * math.sqrt(expected * (1 - expected) / 3000))
    with pytest.raises(ValueError, match="two windows"):
        scan_p_value(6, per_window=0.6, windows=1)


def test_the_row_with_unequal_exposures_is_standardised_by_the_pooled_rate():
    found = e_test(100, 25, exposure_first=10, exposure_second=5, pooled_variance=True)
    assert found == pytest.approx(0.0015381, abs=5e-8)


@pytest.mark.parametrize(("first", "second"), [(3, 0), (6, 2), (10, 5), (15, 5), (31, 17)])
def test_for_equal_exposures_the_e_test_equals_scipy(first, second):
    assert e_test(first, second) == pytest.approx(stats.poisson_means_test(first, 1, second, 1).pvalue, abs=1e-9)


@given(st.integers(0, 9), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=20, deadline=None)
def test_the_e_test_equals_a_double_sum_in_exact_fractions(first, second, exposure_first, exposure_second):
    """Ties must count: floating point alone loses them, scipy's 4/2 against 2/4 included."""

    def squared(one, two):
        variance = Fraction(one, exposure_first**2) + Fraction(two, exposure_second**2)
        return (Fraction(one, exposure_first) - Fraction(two, exposure_second)) ** 2 / variance if variance else 0

    rate = (first + second) / (exposure_first + exposure_second)
    p_one = stats.poisson.pmf(range(60), rate * exposure_first)
    p_two = stats.poisson.pmf(range(60), rate * exposure_second)
    observed = squared(first, second)
    expected = sum(p_one[i] * p_two[j] for i in range(60) for j in range(60) if squared(i, j) >= observed)
    found = e_test(first, second, exposure_first=exposure_first, exposure_second=exposure_second)
    assert found == pytest.approx(expected, abs=1e-9)


def test_equal_rates_do_not_differ():
    assert e_test(0, 0) == 1.0
    assert e_test(4, 8, exposure_first=2, exposure_second=4) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="negative"):
        e_test(-1, 3)


def test_on_equal_rates_the_e_test_rejects_no_more_than_five_percent():
    rng = np.random.default_rng(4)
    pairs = rng.poisson(8, (200, 2))
    rejected = np.mean([e_test(int(a), int(b)) < 0.05 for a, b in pairs])
    assert rejected <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 200)
