"""Numbers that can be worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from hotspots.targeting import metrics
from hotspots.targeting.bootstrap import drawn_origins, ratio_of_sums


def test_three_cells_worked_by_hand():
    # 6, 3 and 0 reports came where 3, 2 and 1 were expected; each cell a third of the land
    found = metrics.hits([3, 2, 1], [6, 3, 0], [1, 2, 3])
    before = metrics.hits([3, 2, 1], [3, 2, 1], [1, 2, 3])
    assert_allclose(found, [6, 9, 9])
    assert_allclose(metrics.predictive_accuracy_index(found, 9, [1 / 3, 2 / 3, 1]), [2, 1.5, 1])
    assert_allclose(metrics.predictive_efficiency_index(found, metrics.most_possible([6, 3, 0], [1, 2, 3])), [1, 1, 1])
    assert_allclose(metrics.recapture_rate_index(found, before, 9, 6), [4 / 3, 1.2, 1])


def test_a_wrong_order_is_less_efficient():
    found = metrics.hits([1, 2, 3], [6, 3, 0], [1, 2])
    most = metrics.most_possible([6, 3, 0], [1, 2])
    assert_allclose(metrics.predictive_efficiency_index(found, most), [0, 1 / 3])


def test_cells_that_tie_at_the_cut_share_what_they_hold():
    assert_allclose(metrics.hits([1, 1, 1, 1], [8, 0, 0, 0], [1, 2, 4]), [2, 4, 8])
    assert_allclose(metrics.hits([2, 1, 1, 0], [1, 5, 3, 9], [2]), [1 + 4])


def test_more_places_than_cells_takes_every_cell():
    assert_allclose(metrics.hits([2, 1], [3, 4], [5]), [7])
    assert_allclose(metrics.most_possible([3, 4], [5]), [7])


SCORED = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=20)


@given(SCORED, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows, random):
    shuffled = random.sample(rows, len(rows))
    k = list(range(1, len(rows) + 1))
    found, again = (metrics.hits(*zip(*part, strict=True), k) for part in (rows, shuffled))
    assert_allclose(found, again)
    assert (np.diff(np.concatenate([[0], found])) >= -1e-9).all()
    assert (found <= metrics.most_possible([n for _, n in rows], k) + 1e-9).all()


def test_at_least_one_cell_is_looked_at():
    assert metrics.cells_in([0.005, 0.01, 0.05], 100) == [1, 1, 5]


def test_overlap_counts_what_two_lists_share():
    assert_allclose(metrics.overlap([4, 3, 2, 1], [1, 4, 3, 2], [1, 2, 4]), [0, 0.5, 1])


def test_nothing_to_compare_with_is_no_number():
    assert np.isnan(metrics.predictive_accuracy_index(0, 0, 0.1))


def test_a_ratio_of_equal_lists_is_one_without_doubt():
    found = ratio_of_sums([3, 5, 2, 8], [3, 5, 2, 8])
    assert (found.value, found.low, found.high) == (1, 1, 1)


def test_the_interval_of_a_ratio_holds_as_often_as_it_says():
    rng = np.random.default_rng(1)
    held = []
    for _ in range(300):
        plain = rng.poisson(60, 24)
        better = rng.poisson(66, 24)
        found = ratio_of_sums(better, plain, repetitions=400)
        held.append(found.low <= 1.1 <= found.high)
    assert 0.88 <= np.mean(held) <= 0.99


def test_blocks_keep_neighbouring_origins_together():
    rows = drawn_origins(10, 3, 200, 0)
    assert rows.shape == (200, 10)
    assert rows.min() >= 0
    assert rows.max() <= 9
    inside = np.diff(rows[:, :9].reshape(200, 3, 3), axis=2)
    assert (inside == 1).all()


@pytest.mark.parametrize("given", [([], []), ([1.0], [0.0])])
def test_a_ratio_to_nothing_is_no_number(given):
    assert np.isnan(ratio_of_sums(*given).value)
