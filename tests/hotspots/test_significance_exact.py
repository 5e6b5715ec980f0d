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
from scipy.stats import hypergeom

from geodata.errors import DataError
from hotspots.significance import false_discovery, gi_star, gi_star_exact


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


@pytest.mark.parametrize("mean", [0.1, 0.5, 2.0])
def test_200_cities_of_noise_hold_a_cluster_as_rarely_as_they_should(mean):
    """Reports fall on cells at random; the share of cities with any cluster stays at the nominal 5 %."""
    rng = np.random.default_rng(int(10 * mean))
    near, cells, runs = grid(40), 1600, 200
    found = {"two-sided": 0, "greater": 0}
    for _ in range(runs):
        counts = rng.multinomial(int(mean * cells), np.full(cells, 1 / cells))
        for alternative in found:
            z, p = gi_star_exact(counts, near, alternative=alternative)
            found[alternative] += bool((false_discovery(p, 0.05) & (z > 0)).any())
    for count in found.values():
        assert count / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


def test_200_cities_whose_places_differ_but_do_not_cluster_stay_nominal_too():
    rng = np.random.default_rng(5)
    near, runs = grid(40), 200
    counts = (rng.poisson(rng.gamma(0.3, 2 / 0.3, 1600)) for _ in range(runs))
    found = sum(bool((false_discovery(gi_star_exact(c, near)[1], 0.05)).any()) for c in counts)
    assert found / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


def test_the_normal_p_value_does_not_hold_where_counts_are_few():
    """Why the exact one exists: skewed sparse counts of pure noise, normal curve, false discovery rate 5 %."""
    rng = np.random.default_rng(5)
    near, runs = grid(40), 60
    counts = (rng.poisson(rng.gamma(0.3, 2 / 0.3, 1600)) for _ in range(runs))
    found = sum(bool((false_discovery(gi_star(c, near)[1], 0.05)).any()) for c in counts)
    assert found / runs > 0.5


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
