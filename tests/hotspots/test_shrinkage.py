"""Pulling counts towards what similar places have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import nbinom

from hotspots.shrinkage import GammaPrior, fit_prior, shrink

COUNTS = st.lists(st.integers(0, 200), min_size=1, max_size=50)


@given(COUNTS)
def test_a_shrunk_count_lies_between_the_count_and_what_is_expected(counts):
    prior = fit_prior(counts)
    shrunk = shrink(counts, prior)
    low, high = np.minimum(counts, prior.mean), np.maximum(counts, prior.mean)
    assert (shrunk >= low - 1e-9).all()
    assert (shrunk <= high + 1e-9).all()


@given(COUNTS)
def test_shrinking_keeps_the_order_and_the_total(counts):
    prior = fit_prior(counts)
    shrunk = shrink(counts, prior)
    assert (np.diff(shrunk[np.argsort(counts)]) >= -1e-9).all()
    assert shrunk.sum() == pytest.approx(sum(counts), rel=1e-9)  # the mean is the likeliest mean


@given(COUNTS, st.randoms(use_true_random=False))
def test_the_order_of_places_changes_no_bit(counts, random):
    assert fit_prior(random.sample(counts, len(counts))) == fit_prior(counts)


def test_the_posterior_mean_is_worked_by_hand():
    # gamma(shape 2, mean 4) is gamma(2, rate 1/2); after 10 reports gamma(12, rate 3/2), mean 8
    assert shrink([10.0], GammaPrior(mean=4.0, shape=2.0)).tolist() == [8.0]


def test_the_prior_of_simulated_places_is_recovered():
    rng = np.random.default_rng(5)
    for shape in (0.3, 1.0, 5.0):
        counts = rng.poisson(rng.gamma(shape, 6.0 / shape, 20_000))
        prior = fit_prior(counts)
        assert prior.mean == pytest.approx(6.0, rel=0.1)
        assert prior.shape == pytest.approx(shape, rel=0.1)


def test_no_other_shape_is_likelier():
    counts = np.random.default_rng(6).poisson(np.random.default_rng(7).gamma(0.8, 5.0, 500))
    prior = fit_prior(counts)

    def log_likelihood(shape):
        return nbinom.logpmf(counts, shape, shape / (shape + prior.mean)).sum()

    best = log_likelihood(prior.shape)
    assert all(log_likelihood(prior.shape * factor) <= best for factor in (0.9, 0.99, 1.01, 1.1))


def test_places_that_differ_by_chance_alone_are_pulled_almost_together():
    counts = np.random.default_rng(8).poisson(10.0, 3000)
    shrunk = shrink(counts, fit_prior(counts))
    assert np.ptp(shrunk) < 0.2 * np.ptp(counts)


def test_nothing_reported_anywhere_expects_nothing():
    assert fit_prior([0, 0, 0]).mean == 0
    assert fit_prior([]).mean == 0
    assert_allclose(shrink([0.0, 0.0], fit_prior([0, 0])), 0.0)
