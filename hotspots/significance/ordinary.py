"""How ordinary places differ: a gamma-Poisson fit in which the busiest places have no say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

from geodata.tails import log_negative_binomial_up_to
from hotspots.shrinkage import GammaPrior, fit_prior
from hotspots.significance.checks import Floats

_SHAPE_RANGE = (1e-2, 1e6)
_NODES = 5  # along each axis of the estimates' uncertainty
_LEAST_CURVATURE = 1.0  # where the counts say nothing about the shape, allow for a factor of e either way


def fit_ordinary(y: Floats, reached: float) -> tuple[GammaPrior, list[tuple[GammaPrior, float]]]:
    """Return the likeliest gamma of the counts below `reached`, given that they are below it, and others as likely.

    The likelihood is truncated, so whatever makes the busiest places busy has no say. The others, with their weights,
    are nodes of a normal curve about the likeliest log mean and log shape. With fewer than three different counts
    below `reached` the shape cannot be told, and all counts are used instead.

    Parameters
    ----------
    y : array of int >= 0, shape (n,)
    reached : float

    Returns
    -------
    likeliest : GammaPrior
    likely : list of (GammaPrior, weight)
        Weights sum to 1.
    """
    values, times = np.unique(y[y < reached], return_counts=True)
    if len(values) < 3:
        found = fit_prior(y)
        return found, [(found, 1.0)]

    def misfit(log_parameters: Floats) -> float:
        mean, k = np.exp(log_parameters)
        each = gammaln(values + k) - gammaln(k) - gammaln(values + 1) + k * np.log(k / (k + mean))
        each += values * np.log(mean / (k + mean))
        given = float(log_negative_binomial_up_to(reached - 1, k, k / (k + mean)))
        return float(times.sum()) * given - float(times @ each)

    start = fit_prior(np.minimum(y, reached))
    low, high = np.log(_SHAPE_RANGE)
    begin = np.log([start.mean, np.clip(start.shape, *_SHAPE_RANGE)])
    best = minimize(misfit, begin, method="Nelder-Mead", bounds=[(None, None), (low, high)], options={"xatol": 1e-6})
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    spread = _spread(misfit, best.x)
    around = [
        (_prior(np.clip(best.x + spread @ [nodes[i], nodes[j]], -50, high)), float(weights[i] * weights[j]))
        for i in range(_NODES)
        for j in range(_NODES)
    ]
    return _prior(best.x), around


def _prior(log_parameters: Floats) -> GammaPrior:
    mean, shape = np.exp(log_parameters)
    return GammaPrior(float(mean), float(shape))


def _spread(misfit: Callable[[Floats], float], at: Floats, step: float = 0.02) -> Floats:
    """Return a root of the covariance of the estimates: the inverse of the misfit's curvature."""
    a, b = np.array([step, 0.0]), np.array([0.0, step])
    middle = misfit(at)
    across = (misfit(at + a + b) - misfit(at + a - b) - misfit(at - a + b) + misfit(at - a - b)) / 4
    own = [misfit(at + side) - 2 * middle + misfit(at - side) for side in (a, b)]
    values, vectors = np.linalg.eigh(np.array([[own[0], across], [across, own[1]]]) / step**2)
    return np.asarray(vectors / np.sqrt(np.maximum(values, _LEAST_CURVATURE)))


def log_cdf(c: Floats, prior: GammaPrior, places: Floats | float = 1.0) -> Floats:
    """Return the log chance that so many ordinary places together hold at most `c` reports."""
    if prior.mean == 0:
        return np.where(c >= 0, 0.0, -np.inf)
    return np.asarray(log_negative_binomial_up_to(c, places * prior.shape, prior.shape / (prior.shape + prior.mean)))
