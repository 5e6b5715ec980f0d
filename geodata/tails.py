"""Chances of counts and scores beyond a value, straight from scipy.special.

scipy.stats has them too, in the same numbers, but takes as long to load as a city takes to read.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Floats = NDArray[np.float64]


def poisson_above(count: ArrayLike, mean: ArrayLike) -> Floats:
    """Return the chance of more than `count` events, a whole number of any sign, where `mean` are expected."""
    k = np.floor(np.asarray(count, dtype=float))
    return np.asarray(np.where(k < 0, 1.0, special.pdtrc(np.maximum(k, 0), mean)))


def poisson_up_to(count: ArrayLike, mean: ArrayLike) -> Floats:
    """Return the chance of at most `count` events where `mean` are expected."""
    k = np.floor(np.asarray(count, dtype=float))
    return np.asarray(np.where(k < 0, 0.0, special.pdtr(np.maximum(k, 0), mean)))


def log_poisson_up_to(count: ArrayLike, mean: ArrayLike) -> Floats:
    """Return the log chance of at most `count` events where `mean` are expected; -inf below none."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(poisson_up_to(count, mean)))


def poisson_exactly(count: ArrayLike, mean: ArrayLike) -> Floats:
    """Return the chance of exactly `count` events, 0 or more, where `mean` are expected."""
    k = np.asarray(count, dtype=float)
    return np.asarray(np.exp(special.xlogy(k, mean) - special.gammaln(k + 1) - mean))


def poisson_exceeded(chance: float, mean: float) -> int:
    """Return the least count that is exceeded with at most `chance` where `mean` events are expected."""
    count = float(np.ceil(special.pdtrik(1 - chance, mean)))
    one_less = max(count - 1, 0.0)
    return int(one_less if special.pdtr(one_less, mean) >= 1 - chance else count)


def binomial_above(count: ArrayLike, n: ArrayLike, share: ArrayLike) -> Floats:
    """Return the chance of more than `count` of `n` where each counts with chance `share`."""
    k, n = np.broadcast_arrays(np.floor(np.asarray(count, dtype=float)), np.asarray(n, dtype=float))
    within = special.betainc(np.maximum(k, 0) + 1, np.maximum(n - k, 1), share)
    return np.asarray(np.select([k < 0, k >= n], [1.0, 0.0], within))


def binomial_up_to(count: ArrayLike, n: ArrayLike, share: ArrayLike) -> Floats:
    """Return the chance of at most `count` of `n` where each counts with chance `share`."""
    k, n = np.broadcast_arrays(np.floor(np.asarray(count, dtype=float)), np.asarray(n, dtype=float))
    within = special.betaincc(np.maximum(k, 0) + 1, np.maximum(n - k, 1), share)
    return np.asarray(np.select([k < 0, k >= n], [0.0, 1.0], within))


def log_negative_binomial_up_to(count: ArrayLike, shape: ArrayLike, success: ArrayLike) -> Floats:
    """Return the log chance of at most `count` failures before `shape` successes, each with chance `success`."""
    k = np.floor(np.asarray(count, dtype=float))
    low, high = np.maximum(k, 0) + 1, 1 - np.asarray(success, dtype=float)
    up_to = np.where(k < 0, 0.0, special.betainc(shape, low, success))
    above = special.betainc(low, shape, high)  # the small one of the two keeps its digits
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(up_to > 0.5, np.log1p(-above), np.log(up_to)))


def normal_above(z: ArrayLike) -> Floats:
    """Return the chance of a standard normal score above `z`."""
    return np.asarray(special.ndtr(-np.asarray(z, dtype=float)))
