"""Affordable dose: the published figures, and the laws of a fair share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geodata.errors import DesignError
from hotspots.config import PatrolConfig
from hotspots.patrols import affordable, hotspots_affordable, share_visits

SCORES = hnp.arrays(float, st.integers(1, 12), elements=st.floats(0, 1000))


def test_fifty_thousand_pounds_buy_the_published_hours_and_visits():
    budget = affordable(PatrolConfig(budget_gbp_per_year=50_000, cost_per_hour_gbp=(73, 110), visit_minutes=15))
    assert [round(hours) for hours in budget.hours_per_year] == [455, 685]
    assert [round(visits, -1) for visits in budget.visits_per_year] == [1820, 2740]
    per_locality = [visits / 3 for visits in budget.visits_per_week]
    assert [round(visits) for visits in per_locality] == [12, 18]


def test_the_money_keeps_eleven_to_seventeen_hotspots_at_three_visits_a_week():
    config = PatrolConfig()
    assert hotspots_affordable(affordable(config), config) == (11, 17)


@given(SCORES, st.floats(0, 400), st.integers(0, 5), st.integers(5, 25))
@settings(max_examples=200)
def test_shares_are_whole_bounded_fair_and_spend_what_they_can(scores, visits, low, high):
    shared = share_visits(scores, visits, low=low, high=high)
    assert shared.sum() <= visits + 1e-6
    reached = shared > 0 if low else np.ones(len(scores), dtype=bool)
    assert (shared[reached] >= low).all()
    assert (shared <= high).all()
    order = np.argsort(-scores, kind="stable")
    assert (np.diff(shared[order]) <= 0).all()
    if visits >= low * len(scores):
        assert shared.sum() == int(min(visits, high * len(scores)) + 1e-6)


def test_a_share_worked_by_hand():
    # 30 visits over scores 6:3:1 are 18, 9, 3; with at most 15 the first gives 3 back, shared 3:1 between the others
    assert share_visits([6, 3, 1], 30, low=0, high=30).tolist() == [18, 9, 3]
    assert share_visits([6, 3, 1], 30, low=0, high=15).tolist() == [15, 11, 4]
    assert share_visits([6, 3, 1], 30, low=5, high=30).tolist() == [17, 8, 5]


def test_too_little_money_keeps_the_top_hotspots_whole_and_leaves_the_rest_out():
    assert share_visits([1, 9, 5], 7, low=3, high=21).tolist() == [0, 4, 3]
    assert share_visits([1, 9, 5], 2, low=3, high=21).tolist() == [0, 0, 0]


def test_a_missing_score_counts_as_nothing_and_no_score_at_all_is_an_even_split():
    assert share_visits([np.nan, 4], 10, low=2, high=20).tolist() == [2, 8]
    assert share_visits([0, 0, 0], 9, low=2, high=20).tolist() == [3, 3, 3]
    assert share_visits([], 9, low=2, high=20).tolist() == []


def test_bounds_without_a_whole_number_between_them_are_refused():
    with pytest.raises(DesignError, match="No whole number"):
        share_visits([1], 5, low=2.2, high=2.8)
