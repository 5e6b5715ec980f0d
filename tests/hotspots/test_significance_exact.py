"""The exact Gi* of counts: every order of the values, and noise that stays noise."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.spatial import cKDTree
from scipy.stats import hypergeom, poisson

from geodata.errors import DataError, DesignError
from hotspots.significance import false_discovery, gi_star, gi_star_exact, gi_star_ordinary


def grid(n, reach=1.5):
    points = np.column_stack([axis.ravel() for axis in np.meshgrid(np.arange(float(n)), np.arange(float(n)))])
    pairs = cKDTree(points).query_pairs(reach, output_type="ndarray")
    rows, columns = np.vstack([pairs, pairs[:, ::-1]]).T
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(n * n, n * n))


@settings(max_examples=30)
@given(st.lists(st.integers(0, 30), min_size=4, max_size=7), st.integers(0, 2**31))
def test_it_counts_every_way_to_deal_the_values(values, seed):
    rng = np.random.default_rng(seed)
    n = len(values)
    w = np.triu(rng.random((n, n)) < 0.5, 1).astype(float)
    w += w.T
    z, p = gi_star_exact(values, sparse.csr_array(w))
    _, busy = gi_star_exact(values, sparse.csr_array(w), alternative="greater")
    for i in range(n):
        own = [*np.flatnonzero(w[i]).tolist(), i]
        sums = np.array([sum(chosen) for chosen in itertools.combinations(values, len(own))])
        observed = sum(values[j] for j in own)
        upper, lower = (sums >= observed).mean(), (sums <= observed).mean()
        assert busy[i] == pytest.approx(upper, abs=1e-9)
        assert p[i] == pytest.approx(min(1.0, 2 * min(upper, lower)), abs=1e-9)
    assert_allclose(z, gi_star(values, sparse.csr_array(w))[0])


def test_zeros_and_ones_are_the_hypergeometric():
    values = (np.arange(400) % 9 == 0).astype(int)
    near = grid(20)
    _, p = gi_star_exact(values, near, alternative="greater")
    size = np.diff(near.indptr) + 1
    sums = near @ values + values
    assert_allclose(p, hypergeom.sf(sums - 1, 400, values.sum(), size), atol=1e-10)


def test_it_agrees_with_the_normal_curve_where_counts_are_many():
    values = np.random.default_rng(1).poisson(400, 900)
    near = grid(30)
    assert_allclose(gi_star_exact(values, near)[1], gi_star(values, near)[1], atol=0.03)


RUNS = 200
ROOM = 3 * np.sqrt(0.05 * 0.95 / RUNS)
WAYS = {
    "shuffled, either tail": gi_star_exact,
    "shuffled, busy": lambda counts, near: gi_star_exact(counts, near, alternative="greater"),
    "ordinary": gi_star_ordinary,
    "even": lambda counts, near: gi_star_ordinary(counts, near, null="even"),
}


def share_with_a_cluster(cities, near, way):
    return np.mean([bool((false_discovery((zp := way(c, near))[1], 0.05) & (zp[0] > 0)).any()) for c in cities])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mean", [0.1, 0.5, 2.0])
def test_200_cities_of_noise_hold_a_cluster_as_rarely_as_they_should(mean, way):
    """Reports fall on cells at random; the share of cities with any cluster stays at the nominal 5 %."""
    rng = np.random.default_rng(int(10 * mean))
    cities = (rng.multinomial(int(mean * 1600), np.full(1600, 1 / 1600)) for _ in range(RUNS))
    assert share_with_a_cluster(cities, grid(40), WAYS[way]) <= 0.05 + ROOM


@pytest.mark.parametrize("way", ["shuffled, either tail", "shuffled, busy", "ordinary"])
def test_200_cities_whose_places_differ_but_do_not_cluster_stay_nominal_too(way):
    rng = np.random.default_rng(5)
    cities = (rng.poisson(rng.gamma(0.3, 2 / 0.3, 1600)) for _ in range(RUNS))
    assert share_with_a_cluster(cities, grid(40), WAYS[way]) <= 0.05 + ROOM


def test_one_very_busy_cell_is_beyond_ordinary_though_no_shuffling_would_call_it_a_cluster():
    counts = np.random.default_rng(7).poisson(np.random.default_rng(8).gamma(1.0, 2.0, 1600))
    counts[820] = 150
    near = grid(40)
    assert not false_discovery(gi_star_exact(counts, near)[1], 0.05).any()
    hot = np.flatnonzero(false_discovery(gi_star_ordinary(counts, near)[1], 0.05))
    assert set(hot) == {820 + down + across for down in (-40, 0, 40) for across in (-1, 0, 1)}


def test_the_even_null_by_hand():
    counts = np.array([3, 0, 1, 0, 2, 0, 0, 0, 4])
    near = grid(3)
    sums, size = near @ counts + counts, np.diff(near.indptr) + 1
    z, p = gi_star_ordinary(counts, near, null="even")
    assert_allclose(p, poisson.sf(sums - 1, size * 10 / 9))
    assert_allclose(z, gi_star(counts, near)[0])
    assert gi_star_ordinary([], sparse.csr_array((0, 0)))[1].shape == (0,)
    assert (gi_star_ordinary(np.zeros(9), near)[1] == 1.0).all()
    with pytest.raises(DesignError, match=r"'odd' and 0\.01"):
        gi_star_ordinary(counts, near, null="odd")


@pytest.mark.parametrize("shape", [0.3, 1e6])
def test_the_normal_p_value_does_not_hold_where_counts_are_few(shape):
    """Why the others exist: sparse counts of pure noise, normal curve, false discovery rate 5 %."""
    rng = np.random.default_rng(5)
    cities = (rng.poisson(rng.gamma(shape, 0.5 / shape, 1600)) for _ in range(60))
    assert share_with_a_cluster(cities, grid(40), gi_star) > 0.25


def test_a_planted_cluster_is_found_among_few_counts():
    rng = np.random.default_rng(6)
    middle = np.zeros((40, 40))
    middle[18:22, 18:22] = 4.0
    counts = rng.poisson(0.4 + middle.ravel())
    z, p = gi_star_exact(counts, grid(40))
    hot = (false_discovery(p, 0.05) & (z > 0)).reshape(40, 40)
    assert hot[18:22, 18:22].mean() > 0.9
    assert hot.sum() <= 36


def test_nothing_stands_out_among_equal_counts_or_alone():
    assert gi_star_exact(np.full(9, 3), grid(3))[1].tolist() == [1.0] * 9
    assert gi_star_exact([4], sparse.csr_array((1, 1)))[1].tolist() == [1.0]
    assert gi_star_exact([], sparse.csr_array((0, 0)))[1].shape == (0,)
    assert (gi_star_exact(np.zeros(9), grid(3))[1] == 1.0).all()


def test_what_it_is_not_for_is_refused():
    near = grid(3)
    with pytest.raises(DataError, match="is for counts"):
        gi_star_exact(np.full(9, 0.5), near)
    near.data[0] = 2.0
    with pytest.raises(DataError, match="equal weight"):
        gi_star_exact(np.ones(9), near)
    with pytest.raises(DataError, match="too large"):
        gi_star_exact([1, 2, 3, 4, 5, 6, 7, 8, 9_000_000], grid(3))
