"""A Poisson regression on a few features, small enough to be fitted hundreds of times in one back-test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.linalg import solve

from hotspots.targeting.panel import Floats

_TOLERANCE: Final = 1e-4  # scikit-learn's own, so that both stop at the same step
_MOST_STEPS: Final = 300
_ENOUGH: Final = 2.0**-11  # Armijo's share of the fall a Newton step promises
_MOST_HALVINGS: Final = 20


def expected_counts(features: Floats, y: Floats, ridge: float) -> Floats:
    r"""Return the mean count a log-linear regression of `y` expects in each row.

    Minimises, by Newton steps that are halved until they help,

    .. math:: \frac{1}{n} \sum_i \left( \mu_i - y_i \log \mu_i \right) + \frac{\lambda}{2} \sum_j w_j^2,
        \qquad \log \mu_i = b + x_i w

    as ``sklearn.linear_model.PoissonRegressor(solver="newton-cholesky")`` does; loading and calling that costs a run
    more than all its regressions.

    Parameters
    ----------
    features : array of float, shape (n, k)
        Standardised, or the ridge would weigh on them unequally.
    y : array of float, shape (n,)
        Counts, 0 or more, not all 0; they need not be whole.
    ridge : float
        The penalty, not on the intercept; keeps a coefficient finite where a feature says nothing.
    """
    n, k = features.shape
    x = np.column_stack([features, np.ones(n)])
    penalty = np.append(np.full(k, ridge), 0.0)

    def loss(at: Floats) -> float:
        linear = x @ at
        return float(np.mean(np.exp(linear) - y * linear) + penalty @ at**2 / 2)

    def slope(at: Floats, mean: Floats) -> Floats:
        return np.asarray(x.T @ (mean - y) / n + penalty * at)

    coefficients = np.append(np.zeros(k), np.log(y.mean()))
    mean = np.full(n, y.mean())
    for _ in range(_MOST_STEPS):
        gradient = slope(coefficients, mean)
        curvature = (x.T * (mean / n)) @ x + np.diag(penalty)
        step = -solve(curvature, gradient, assume_a="pos")
        coefficients = coefficients + _share(loss, coefficients, step, gradient @ step) * step
        mean = np.exp(x @ coefficients)
        is_level = np.abs(slope(coefficients, mean)).max() <= _TOLERANCE
        if is_level and step @ curvature @ step <= 2 * _TOLERANCE:
            break
    return np.asarray(mean)


def _share(loss: Callable[[Floats], float], at: Floats, step: Floats, promised: float) -> float:
    """Return the largest of 1, 1/2, 1/4 ... of a Newton step that lowers the loss by a fair share of its promise."""
    start = loss(at)
    rounding = 16 * np.finfo(float).eps * abs(start)
    share = 1.0
    for _ in range(_MOST_HALVINGS):
        change = loss(at + share * step) - start
        if change <= share * _ENOUGH * promised or abs(change) <= rounding:
            break
        share /= 2
    return share
