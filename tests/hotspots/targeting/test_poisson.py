"""The Poisson regression of the default ranker, against scikit-learn and against what its equations demand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import PoissonRegressor

from hotspots.targeting.rankers.poisson import expected_counts

RIDGE = 1e-3


def made(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Counts of a log-linear model; one feature says nothing, every third time two say the same."""
    chance = np.random.default_rng(seed)
    features = chance.normal(size=(int(chance.integers(30, 800)), 7))
    features[:, 4] = 0
    if seed % 3 == 0:
        features[:, 2] = features[:, 1]
    mean = np.exp(chance.normal(-0.5, 1) + features @ chance.normal(0, 0.6, 7))
    return features, chance.poisson(mean) * chance.uniform(0.2, 3)


@pytest.mark.parametrize("seed", range(24))
def test_it_expects_what_scikit_learn_does(seed: int) -> None:
    features, y = made(seed)
    oracle = PoissonRegressor(alpha=RIDGE, solver="newton-cholesky", max_iter=300).fit(features, y)
    np.testing.assert_allclose(expected_counts(features, y, RIDGE), oracle.predict(features), rtol=1e-11)


@pytest.mark.parametrize("seed", range(6))
def test_expected_and_counted_add_up_to_the_same(seed: int) -> None:
    features, y = made(seed)
    assert expected_counts(features, y, RIDGE).mean() == pytest.approx(y.mean(), abs=2e-4)


def test_a_feature_of_two_groups_gives_their_means() -> None:
    features = np.repeat([[-1.0], [1.0]], 50, axis=0)
    y = np.concatenate([np.tile([1.0, 3.0], 25), np.tile([4.0, 12.0], 25)])
    found = expected_counts(features, y, 1e-9)
    assert found[[0, -1]] == pytest.approx([2, 8], rel=1e-3)


def test_a_busy_cell_far_off_does_not_make_a_step_too_long() -> None:
    features = np.append(np.zeros(199), 14.0)[:, None]
    y = np.append(np.full(199, 0.01), 400.0)
    found = expected_counts(features, y, RIDGE)
    assert np.isfinite(found).all()
    oracle = PoissonRegressor(alpha=RIDGE, solver="newton-cholesky", max_iter=300).fit(features, y)
    np.testing.assert_allclose(found, oracle.predict(features), rtol=1e-9)
