"""Density in space and time: a report fades by half every half-life and counts once in all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from geodata.errors import DataError, DesignError
from hotspots.density import kernel_density, space_time_density


def test_the_sum_by_hand():
    rng = np.random.default_rng(1)
    points, days, weights = rng.uniform(0, 500, (40, 2)), rng.uniform(0, 100, 40), rng.uniform(0, 2, 40)
    at = rng.uniform(0, 500, (10, 2))
    decay = np.log(2) / 20
    expected = np.zeros(10)
    for point, day, weight in zip(points, days, weights, strict=True):
        if day <= 60:
            expected += weight * kernel_density([point], at, bandwidth_m=150) * decay * np.exp(-decay * (60 - day))
    found = space_time_density(points, days, at, as_of_days=60, bandwidth_m=150, half_life_days=20, weights=weights)
    assert_allclose(found, expected, rtol=1e-9, atol=1e-18)


def test_over_all_later_time_each_report_counts_once():
    moments = np.arange(0, 800, 0.5) + 0.25
    each = [
        space_time_density([[0, 0]], [0], [[0, 0]], as_of_days=t, bandwidth_m=100, half_life_days=30)[0]
        for t in moments
    ]
    assert sum(each) * 0.5 == pytest.approx(3 / np.pi / 100**2, rel=1e-3)


@given(st.floats(0, 300), st.floats(0.5, 90))
def test_one_more_half_life_halves_what_has_happened(later, half_life):
    at = [[0, 0]]

    def density(t):
        return space_time_density(
            [[5, 5], [30, 0]], [0, -3], at, as_of_days=t, bandwidth_m=80, half_life_days=half_life
        )

    assert_allclose(density(later + half_life), density(later) / 2)


def test_what_is_still_to_come_is_left_out():
    assert space_time_density([[0, 0]], [5], [[0, 0]], as_of_days=4, bandwidth_m=1, half_life_days=1).tolist() == [0.0]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(DesignError, match="half-life"):
        space_time_density([[0, 0]], [0], [[0, 0]], as_of_days=0, bandwidth_m=1, half_life_days=0)
    with pytest.raises(DataError, match="2 times for 1 points"):
        space_time_density([[0, 0]], [0, 1], [[0, 0]], as_of_days=0, bandwidth_m=1, half_life_days=1)
    with pytest.raises(DataError, match="1 of 1 events have no time"):
        space_time_density([[0, 0]], [np.nan], [[0, 0]], as_of_days=0, bandwidth_m=1, half_life_days=1)
