"""Conditional permutation: every draw by hand, and esda."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.spatial import cKDTree

from geodata.errors import DesignError
from hotspots.significance import gi_star, gi_star_permuted, local_moran, local_moran_permuted, permutation


def near_of(points, reach):
    pairs = cKDTree(points).query_pairs(reach, output_type="ndarray")
    rows, columns = np.vstack([pairs, pairs[:, ::-1]]).T
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(points), len(points)))


def by_draws(x, w, draws):
    """Walk the same table place by place, draw by draw."""
    larger, smaller = np.zeros(len(x), dtype=int), np.zeros(len(x), dtype=int)
    dense = w.toarray()
    for i in range(len(x)):
        columns = np.flatnonzero(dense[i])
        weights = dense[i, columns]
        observed = weights @ x[columns]
        for row in draws:
            total = weights @ x[row[row != i][: len(columns)]]
            larger[i] += total >= observed - 1e-9
            smaller[i] += total <= observed + 1e-9
    return larger, smaller


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.booleans())
def test_counts_equal_walking_the_table_with_any_weights(seed, weighted):
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, 100, (20, 2))
    w = near_of(points, 35)
    if weighted:
        w.data = rng.uniform(0.1, 3, len(w.data))
    x = rng.poisson(2, 20).astype(float)
    width = int(np.diff(w.indptr).max()) + 1
    draws = permutation._draw_table(20, width, 49, seed)
    larger, smaller = by_draws(x, w, draws)
    z, p = gi_star_permuted(x, w, permutations=49, random_state=seed)
    assert_allclose(p, np.minimum(1, 2 * (1 + np.minimum(larger, smaller)) / 50))
    _, busy = gi_star_permuted(x, w, permutations=49, random_state=seed, alternative="greater")
    assert_allclose(busy, (1 + larger) / 50)
    assert_allclose(z, gi_star(x, w)[0])


@pytest.mark.parametrize("limit", [0, 5_000_000])
def test_every_set_of_other_places_is_drawn_equally_often(monkeypatch, limit):
    monkeypatch.setattr(permutation, "_SORT_BELOW", limit)
    draws = permutation._draw_table(6, 4, 30_000, 1)
    assert all(len(set(row)) == 4 for row in draws[:500])
    for place in (0, 3):
        used = [tuple(sorted(row[row != place][:3])) for row in draws]
        _, times = np.unique(used, axis=0, return_counts=True)
        assert len(times) == 10
        assert_allclose(times / 30_000, 0.1, atol=0.01)


def test_many_permutations_come_close_to_every_permutation():
    rng = np.random.default_rng(2)
    x = np.array([0.0, 0.0, 1.0, 2.0, 3.0, 7.0, 8.0])
    w = np.triu(rng.random((7, 7)) < 0.5, 1) * rng.uniform(0.5, 2, (7, 7))
    w = sparse.csr_array(w + w.T)
    _, p = gi_star_permuted(x, w, permutations=20_000, random_state=3, alternative="greater")
    for i in range(7):
        columns, weights = w[[i], :].indices, w[[i], :].data
        others = np.delete(x, i)
        sums = np.array([weights @ chosen for chosen in itertools.permutations(others, len(columns))])
        assert p[i] == pytest.approx((sums >= weights @ x[columns] - 1e-9).mean(), abs=0.012)


@pytest.fixture
def esda(monkeypatch):
    """Let esda run as plain Python: compiling its permutations takes a hundred times as long as making them."""
    esda = pytest.importorskip("esda")
    for module in (esda.crand, esda.getisord):
        for name, function in vars(module).copy().items():
            monkeypatch.setattr(module, name, getattr(function, "py_func", function))
    monkeypatch.setattr(esda.crand, "boolean", bool)  # numba's, which numpy does not know
    return esda


@pytest.mark.filterwarnings("ignore:The alternative hypothesis")
def test_it_agrees_with_esda(esda):
    libpysal = pytest.importorskip("libpysal")
    rng = np.random.default_rng(4)
    w = near_of(rng.uniform(0, 100, (150, 2)), 15)
    values = rng.gamma(1.0, 5.0, 150)
    weights = libpysal.weights.WSP(w).to_W(silence_warnings=True)
    theirs = esda.G_Local(values, weights, transform="B", star=True, permutations=9999, n_jobs=1, seed=1)
    _, ours = gi_star_permuted(values, w, permutations=9999, random_state=1, alternative="directed")
    has = np.diff(w.indptr) > 0
    assert_allclose(ours[has], theirs.p_sim[has], atol=0.02)


def test_local_moran_asks_the_same_draws_and_swaps_the_tails_below_the_average():
    rng = np.random.default_rng(5)
    w, x = near_of(rng.uniform(0, 100, (80, 2)), 20), rng.poisson(3, 80).astype(float)
    statistic, alike = local_moran_permuted(x, w, random_state=1, alternative="greater")
    assert_allclose(statistic, local_moran(x, w).statistic)
    _, busy = gi_star_permuted(x, w, random_state=1, alternative="greater")
    _, quiet = gi_star_permuted(-x, w, random_state=1, alternative="greater")
    assert_allclose(alike, np.where(x < x.mean(), quiet, busy))


def test_empty_places_among_empty_places_are_not_cold():
    """esda leaves ties out of the lower tail, so that nearly all empty cells come out at p = 0.001."""
    points = np.column_stack([axis.ravel() for axis in np.meshgrid(np.arange(20.0), np.arange(20.0))])
    x = np.zeros(400)
    x[[10, 200, 333]] = 5.0
    _, p = gi_star_permuted(x, near_of(points, 1.5), random_state=1)
    assert p[x == 0].min() > 0.02
    assert np.median(p) == 1.0


def test_the_same_seed_gives_the_same_and_islands_cannot_stand_out():
    x = np.array([1.0, 5.0, 2.0, 9.0])
    w = sparse.csr_array(np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], dtype=float))
    first, second = (gi_star_permuted(x, w, random_state=9)[1] for _ in range(2))
    assert_array_equal(first, second)
    assert first[2:].tolist() == [1.0, 1.0]
    assert gi_star_permuted(x, sparse.csr_array((4, 4)), random_state=1)[1].tolist() == [1.0] * 4
    assert local_moran_permuted([], sparse.csr_array((0, 0)), random_state=1)[1].shape == (0,)


def test_p_values_of_noise_are_even():
    rng = np.random.default_rng(8)
    points = np.column_stack([axis.ravel() for axis in np.meshgrid(np.arange(15.0), np.arange(15.0))])
    w = near_of(points, 1.5)
    shares = [
        (gi_star_permuted(rng.normal(size=225), w, permutations=199, random_state=run)[1] <= 0.05).mean()
        for run in range(100)
    ]
    assert np.mean(shares) == pytest.approx(0.05, abs=0.008)


def test_what_makes_no_sense_is_refused():
    w = sparse.csr_array((3, 3))
    with pytest.raises(DesignError, match="at least 1 permutation"):
        gi_star_permuted([1, 2, 3], w, permutations=0, random_state=1)
    with pytest.raises(DesignError, match="'less' is not known"):
        gi_star_permuted([1, 2, 3], w, random_state=1, alternative="less")
