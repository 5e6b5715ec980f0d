"""A bandwidth of its own for each point."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from geodata.errors import DesignError
from hotspots.density import adaptive_bandwidths, adaptive_density, kernel_density
from hotspots.density.planar import kernel_sums


def by_hand(points, weights, nearest, floor):
    """Sort every distance, as if each point stood `weight` times."""
    found = []
    for place, weight in zip(points, weights, strict=True):
        away = np.repeat(np.hypot(*(points - place).T), weights)
        away = np.sort(away)[1:] if weight else np.sort(away)
        found.append(away[nearest - 1] if len(away) >= nearest else away[-1] if len(away) else 0.0)
    return np.maximum(found, floor)


@given(st.integers(0, 2**31), st.integers(1, 12), st.integers(1, 25))
def test_the_kth_nearest_report_counts_repeats(seed, nearest, n):
    rng = np.random.default_rng(seed)
    points = np.unique(np.round(rng.uniform(0, 1000, (n, 2))), axis=0)
    weights = rng.integers(1, 4, len(points))
    found = adaptive_bandwidths(points, nearest=nearest, floor_m=10.0, weights=weights)
    assert_allclose(found, by_hand(points, weights, nearest, 10.0))


@pytest.mark.parametrize("kernel", ["quartic", "epanechnikov", "gaussian"])
@pytest.mark.parametrize("squared", [False, True])
def test_sums_with_many_bandwidths_equal_every_pair(kernel, squared):
    rng = np.random.default_rng(1)
    points, at = rng.uniform(0, 3000, (200, 2)), rng.uniform(0, 3000, (100, 2))
    weights, own = rng.uniform(0, 3, 200), rng.uniform(20, 900, 200)
    expected = np.zeros(100)
    for point, weight, h in zip(points, weights, own, strict=True):
        one = kernel_density(point[None, :], at, bandwidth_m=h, kernel=kernel)
        expected += weight * (one**2 if squared else one)
    found = kernel_sums(points, weights, own, at, kernel=kernel, squared=squared)
    assert_allclose(found, expected, rtol=1e-9, atol=1e-15 * expected.max())


@pytest.mark.parametrize("chosen", [{"nearest": 8}, {"pilot_m": 150.0}])
def test_the_surface_holds_every_report_once(chosen):
    rng = np.random.default_rng(2)
    points = np.vstack([rng.normal(0, 60, (60, 2)), rng.uniform(-800, 800, (20, 2))])
    side = np.arange(-4000.0, 4000.0, 20) + 10
    grid = np.column_stack([axis.ravel() for axis in np.meshgrid(side, side)])
    density, bandwidth = adaptive_density(points, grid, floor_m=60.0, ceiling_m=1500.0, **chosen)
    assert density.sum() * 400 == pytest.approx(80, rel=2e-3)
    assert 60 <= bandwidth.value_m <= 1500
    assert bandwidth.describe().startswith("Bandwidth")


def test_the_square_root_law_by_hand():
    points = np.array([[0.0, 0.0], [10_000.0, 0.0]])
    density, bandwidth = adaptive_density(points, points, pilot_m=100.0, weights=[16.0, 1.0])
    typical = np.exp((16 * np.log(16) + np.log(1)) / 17)
    own = 100 * (np.array([16.0, 1.0]) / typical) ** -0.5
    assert_allclose(density, 3 / np.pi * np.array([16.0, 1.0]) / np.maximum(own, 50.0) ** 2)
    assert bandwidth.value_m == pytest.approx(own[0])


def test_all_reports_at_one_point_meet_the_floor_and_none_give_none():
    density, bandwidth = adaptive_density([[0, 0]] * 9, [[0, 0]], nearest=5, floor_m=50.0)
    assert bandwidth.value_m == 50.0
    assert_allclose(density, 9 * 3 / np.pi / 2500)
    density, bandwidth = adaptive_density(np.empty((0, 2)), [[0, 0]], nearest=5)
    assert density.tolist() == [0.0]
    assert np.isnan(bandwidth.value_m)
    density, _ = adaptive_density(np.empty((0, 2)), [[0, 0]], pilot_m=100.0)
    assert density.tolist() == [0.0]
    assert adaptive_bandwidths(np.empty((0, 2)), nearest=1, floor_m=1.0).shape == (0,)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(DesignError, match="at least 1"):
        adaptive_bandwidths([[0, 0]], nearest=0, floor_m=1.0)
    with pytest.raises(DesignError, match="below the narrowest"):
        adaptive_bandwidths([[0, 0]], nearest=1, floor_m=100.0, ceiling_m=50.0)
    for both in ({}, {"nearest": 3, "pilot_m": 100.0}):
        with pytest.raises(DesignError, match="not both"):
            adaptive_density([[0, 0]], [[0, 0]], **both)
