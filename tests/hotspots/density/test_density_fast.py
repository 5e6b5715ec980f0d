"""Gaussian density by splines and the fast Fourier transform: the exact sum is its oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from geodata.errors import DataError, DesignError
from hotspots.density import fast, gaussian_density, kernel_density

LIMIT = 5e-4
CORNER = np.array([390_000.0, 295_000.0])


def worst(points, at, bandwidth, weights=None):
    exact = kernel_density(points, at, bandwidth_m=bandwidth, kernel="gaussian", weights=weights)
    found = gaussian_density(points, at, bandwidth_m=bandwidth, weights=weights)
    seen = exact >= 1e-3 * exact.max()
    return float(np.abs(found[seen] / exact[seen] - 1).max())


@given(st.integers(0, 2**31), st.floats(20, 1000), st.integers(1, 300))
def test_any_city_is_within_the_promised_error(seed, bandwidth, n):
    rng = np.random.default_rng(seed)
    points = CORNER + np.round(rng.uniform(0, 3000, (n, 2)), 1)
    at = np.vstack([CORNER + rng.uniform(-500, 3500, (200, 2)), points[:50]])
    assert worst(points, at, bandwidth, rng.pareto(1.5, n)) < LIMIT


def test_one_report_at_any_place_between_nodes_is_within_the_promised_error():
    rng = np.random.default_rng(4)
    for _ in range(50):
        spot = CORNER + rng.uniform(0, 100, 2)
        around = spot + rng.uniform(-4, 4, (400, 2)) * 100
        assert worst(spot[None, :], np.vstack([around, spot]), 100.0) < LIMIT


def test_a_busy_place_far_from_where_one_looks_adds_nothing_there():
    points, at = np.array([[0.0, 0.0], [1e6, 1e6]]), np.array([[10.0, 10.0], [200.0, 0.0]])
    assert worst(points, at, 100.0, np.array([1.0, 1e6])) < LIMIT


def test_nothing_is_negative_and_nothing_gives_nothing():
    rng = np.random.default_rng(5)
    found = gaussian_density(rng.uniform(0, 100, (20, 2)), rng.uniform(-2000, 2000, (3000, 2)), bandwidth_m=50)
    assert (found >= 0).all()
    assert gaussian_density(np.empty((0, 2)), [[0.0, 0.0]], bandwidth_m=1.0).tolist() == [0.0]
    assert gaussian_density([[0.0, 0.0]], np.empty((0, 2)), bandwidth_m=1.0).shape == (0,)


def test_a_grid_too_large_gives_way_to_the_exact_sum(monkeypatch):
    monkeypatch.setattr(fast, "_MAX_NODES", 100)
    points, at = np.array([[0.0, 0.0]]), np.array([[0.0, 0.0], [70.0, 20.0]])
    exact = kernel_density(points, at, bandwidth_m=100, kernel="gaussian")
    assert_array_equal(gaussian_density(points, at, bandwidth_m=100), exact)


def test_weights_are_repetitions():
    rng = np.random.default_rng(6)
    points, at, weights = rng.uniform(0, 900, (30, 2)), rng.uniform(0, 900, (30, 2)), rng.integers(0, 5, 30)
    repeated = gaussian_density(np.repeat(points, weights, axis=0), at, bandwidth_m=90)
    assert_allclose(gaussian_density(points, at, bandwidth_m=90, weights=weights), repeated, rtol=1e-9)


def test_bad_input_is_refused():
    with pytest.raises(DesignError, match="above 0"):
        gaussian_density([[0, 0]], [[0, 0]], bandwidth_m=-1)
    with pytest.raises(DataError, match="1 of 1 points"):
        gaussian_density([[0, np.nan]], [[0, 0]], bandwidth_m=1)
    with pytest.raises(DataError, match="negative or missing"):
        gaussian_density([[0, 0]], [[0, 0]], bandwidth_m=1, weights=[np.nan])
