"""Tails of distributions, against scipy.stats and against sums by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from geodata import tails

CHANCE = np.random.default_rng(20)
COUNT = CHANCE.integers(-2, 60, 5000)
MEAN = CHANCE.gamma(0.7, 15, 5000) + 1e-3
SHARE = CHANCE.uniform(0.01, 0.99, 5000)
OF = np.maximum(COUNT, 0) + CHANCE.integers(0, 40, 5000)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (tails.poisson_above(COUNT, MEAN), stats.poisson.sf(COUNT, MEAN)),
        (tails.poisson_up_to(COUNT, MEAN), stats.poisson.cdf(COUNT, MEAN)),
        (tails.log_poisson_up_to(COUNT, MEAN), stats.poisson.logcdf(COUNT, MEAN)),
        (tails.poisson_exactly(np.maximum(COUNT, 0), MEAN), stats.poisson.pmf(np.maximum(COUNT, 0), MEAN)),
        (tails.binomial_above(COUNT, OF, SHARE), stats.binom.sf(COUNT, OF, SHARE)),
        (tails.binomial_up_to(COUNT, OF, SHARE), stats.binom.cdf(COUNT, OF, SHARE)),
        (tails.log_negative_binomial_up_to(COUNT, MEAN, SHARE), stats.nbinom.logcdf(COUNT, MEAN, SHARE)),
        (tails.normal_above(MEAN - 5), stats.norm.sf(MEAN - 5)),
    ],
)
def test_tails_are_those_of_scipy_stats(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0)


def test_the_ends_are_certain() -> None:
    assert tails.poisson_above(-1, 3.0) == 1
    assert tails.poisson_up_to(-1, 3.0) == 0
    assert tails.binomial_above([-1, 4], 4, 0.5).tolist() == [1, 0]
    assert tails.binomial_up_to([-1, 4], 4, 0.5).tolist() == [0, 1]


def test_four_coins_by_hand() -> None:
    assert tails.binomial_above([0, 1, 2, 3], 4, 0.5) * 16 == pytest.approx([15, 11, 5, 1])
    assert tails.poisson_above(0, np.log(2)) == pytest.approx(0.5)


@pytest.mark.parametrize(("chance", "mean"), [(0.5, 0.1), (1e-3, 2.0), (1e-12, 40.0), (1e-16, 0.01)])
def test_a_count_is_exceeded_with_at_most_the_chance_and_one_less_is_not(chance: float, mean: float) -> None:
    least = tails.poisson_exceeded(chance, mean)
    assert least == stats.poisson.isf(chance, mean)
    assert least == 0 or stats.poisson.sf(least - 1, mean) > chance * 0.5
