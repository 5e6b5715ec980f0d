"""The spread of rates behind counts: what it must get right whatever its shape."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.errors import DataError
from hotspots.mixing import fit_mixing
from hotspots.shrinkage import GammaPrior, shrink


def test_a_gamma_spread_gives_the_gamma_posterior_mean() -> None:
    rng = np.random.default_rng(0)
    counts = rng.poisson(rng.gamma(0.8, 5.0, size=40_000))
    asked = np.array([0.0, 1.0, 4.0, 10.0, 20.0])
    exact = shrink(asked, GammaPrior(mean=4.0, shape=0.8))
    assert fit_mixing(counts).expected(asked) == pytest.approx(exact, rel=0.12, abs=0.05)


def test_a_few_truly_busy_places_keep_their_counts() -> None:
    rng = np.random.default_rng(1)
    rates = np.append(np.full(4000, 0.8), np.full(10, 60.0))
    counts = rng.poisson(rates)
    assert fit_mixing(counts).expected(counts[-10:]) == pytest.approx(np.full(10, 60.0), rel=0.15)


def test_equal_places_are_told_to_be_equal() -> None:
    counts = np.random.default_rng(2).poisson(6.0, size=20_000)
    expected = fit_mixing(counts).expected([0, 6, 15])
    assert expected == pytest.approx([6.0, 6.0, 6.0], rel=0.25)


def test_likelihoods_of_rates_add_up_to_one_and_shares_too() -> None:
    mixing = fit_mixing([0, 0, 3, 50])
    assert mixing.share.sum() == pytest.approx(1)
    assert mixing.likely([0, 50]).sum(axis=1) == pytest.approx([1, 1])


@pytest.mark.parametrize("counts", [[], [1, -1], [1, float("nan")]])
def test_counts_that_are_none_are_refused(counts: list[float]) -> None:
    with pytest.raises(DataError, match="at least one count"):
        fit_mixing(counts)


def test_a_count_far_from_every_rate_is_still_given_one() -> None:
    mixing = fit_mixing([824])  # one place has all reports; what of a place with none?
    assert mixing.likely([0, 824]).sum(axis=1) == pytest.approx([1, 1])
    assert mixing.expected(0)[0] < mixing.expected(824)[0] == pytest.approx(824, rel=0.1)
