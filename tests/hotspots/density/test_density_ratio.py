"""Dual density: alike is 1, the band holds what chance does, low denominators say nothing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from geodata.errors import DataError, DesignError
from hotspots.density import risk_ratio


def town(rng, n):
    busy = rng.normal((1000, 1000), 200, (n // 2, 2))
    return np.round(np.vstack([busy, rng.uniform(0, 3000, (n - n // 2, 2))]))


SIDE = np.arange(50.0, 3000, 150)
CELLS = np.column_stack([axis.ravel() for axis in np.meshgrid(SIDE, SIDE)])


def test_two_sets_that_are_the_same_have_ratio_1_everywhere():
    points = town(np.random.default_rng(1), 2000)
    found = risk_ratio(points, points, CELLS, bandwidth_m=300)
    known = np.isfinite(found.ratio)
    assert known.sum() > 100
    assert_allclose(found.ratio[known], 1.0)
    assert not (found.is_higher | found.is_lower).any()


def test_the_ratio_by_hand():
    """10 reports against 30 at one place, 20 against 20 at another: shares 1/3 : 3/5 and 2/3 : 2/5."""
    first = [[0, 0]] * 10 + [[5000, 0]] * 20
    second = [[0, 0]] * 30 + [[5000, 0]] * 20
    found = risk_ratio(first, second, [[10, 0], [5000, 10]], bandwidth_m=100)
    assert_allclose(found.ratio, [(1 / 3) / (3 / 5), (2 / 3) / (2 / 5)])
    assert_allclose(found.reports, [40, 40])
    p, n = 30 / 80, 80
    spread = np.sqrt(n / (n - 1) * (1 / 40 - 1 / 80) / (p * (1 - p)))
    assert_allclose(np.log(found.high), 1.959964 * spread, rtol=1e-6)
    assert_allclose(found.low * found.high, 1.0)
    assert found.is_lower.tolist() == [True, False]
    assert found.is_higher.tolist() == [False, True]


@pytest.mark.parametrize("kernel", ["quartic", "gaussian"])
def test_labels_dealt_at_random_leave_the_band_as_often_as_it_says(kernel):
    rng = np.random.default_rng(2)
    points = town(rng, 1500)
    share = []
    for _ in range(60):
        mine = rng.permutation(1500) < 600
        bandwidth = 300 if kernel == "quartic" else 110
        found = risk_ratio(points[mine], points[~mine], CELLS, bandwidth_m=bandwidth, kernel=kernel, min_expected=10)
        known = np.isfinite(found.ratio)
        share.append((found.is_higher | found.is_lower)[known].mean())
    assert np.mean(share) == pytest.approx(0.05, abs=0.012)


def test_a_planted_excess_lies_outside_the_band_where_it_was_planted():
    rng = np.random.default_rng(3)
    extra = rng.normal((2200, 700), 80, (80, 2))
    found = risk_ratio(np.vstack([town(rng, 1500), extra]), town(rng, 1500), CELLS, bandwidth_m=250)
    peak = CELLS[np.nanargmax(np.where(found.is_higher, found.ratio, np.nan))]
    assert np.hypot(*(peak - (2200, 700))) < 200


def test_few_reports_give_no_ratio_and_say_so():
    found = risk_ratio([[0, 0]] * 3, [[0, 0]] * 30, [[0, 0], [900, 0]], bandwidth_m=100)
    assert np.isnan(found.ratio).all()
    assert not found.is_higher.any()
    assert "At 1 of 2 places fewer than 5 reports" in found.notes[0]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(DataError, match="they have 0 and 1"):
        risk_ratio(np.empty((0, 2)), [[0, 0]], [[0, 0]], bandwidth_m=100)
    with pytest.raises(DesignError, match="level"):
        risk_ratio([[0, 0]], [[0, 0]], [[0, 0]], bandwidth_m=100, level=1.0)
