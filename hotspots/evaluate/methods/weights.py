"""Weights that make a comparison: on the simplex (synthetic control) or meeting totals exactly (calibration)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize, nnls

from hotspots.evaluate.estimators import Floats

_TOLERANCE = 1e-11
_NEWTON_STEPS = 60
_FEASIBLE = 1e-7


def simplex_weights(
    donors: ArrayLike, target: ArrayLike, *, ridge: float = 0.0, intercept: bool = False, importance: ArrayLike = 1.0
) -> Floats:
    r"""Return w >= 0, sum w = 1, that minimises \|V^(1/2) (donors' w - target)\|^2 + ridge \|w\|^2.

    On the simplex donors' w - target = M w with M = donors' - target 1', and the nearest point of a polytope to the
    origin is the normalised solution of the non-negative least squares problem \|M v\|^2 + (sum v - 1)^2: exact, and
    as fast as `scipy.optimize.nnls` (Wolfe 1976, doi:10.1007/BF01580381).

    Parameters
    ----------
    donors : array of float, shape (J, P)
        One row a donor, one column a period (or predictor).
    target : array of float, shape (P,)
    ridge : float
        Penalty on the squared weights, in squared units of the outcome.
    intercept : bool
        Let donors and target differ by a constant.
    importance : array of float, shape (P,), or float
        Diagonal of V.

    Examples
    --------
    >>> simplex_weights([[0, 0], [2, 2]], [1.5, 1.5]).tolist()
    [0.25, 0.75]
    """
    a, b = np.asarray(donors, dtype=float), np.asarray(target, dtype=float)
    gaps = a - b
    if intercept:
        gaps = gaps - gaps.mean(axis=1, keepdims=True)
    gaps = gaps * np.sqrt(np.asarray(importance, dtype=float))
    n = len(gaps)
    rows = gaps.T if ridge <= 0 else np.vstack([gaps.T, np.sqrt(ridge) * np.eye(n)])
    scale = np.sqrt((rows**2).sum(axis=0)).min()
    rows = rows / (scale if scale > 0 else 1.0)
    v, _ = nnls(np.vstack([rows, np.ones((1, n))]), np.append(np.zeros(len(rows)), 1.0), maxiter=50 * n)
    return np.asarray(v / v.sum())


@dataclass(frozen=True, eq=False)
class NestedWeights:
    """Weights of donors found on predictors, the importance of each predictor, and the squared error they leave."""

    weights: Floats
    importance: Floats
    mspe: float


def nested_weights(
    predictors: ArrayLike, own_predictors: ArrayLike, donors: ArrayLike, treated: ArrayLike
) -> NestedWeights:
    r"""Return synthetic control weights by the nested search over the importance of predictors.

    The inner problem finds w(V) on the predictors, each scaled by its standard deviation over all units; the outer one
    the diagonal V whose w(V) follows the outcomes best, by Nelder and Mead from equal importance and from the squared
    coefficients of a regression of the outcomes on the predictors. The outer problem has many optima: the better of the
    two searches is returned, which need not be the best there is.

    Parameters
    ----------
    predictors : array of float, shape (J, P)
    own_predictors : array of float, shape (P,)
    donors : array of float, shape (J, T)
        Outcomes of the periods V is chosen on.
    treated : array of float, shape (T,)

    References
    ----------
    Abadie & Gardeazabal (2003), doi:10.1257/000282803321455188, appendix B.
    """
    traits = np.vstack([np.asarray(own_predictors, dtype=float), np.asarray(predictors, dtype=float)])
    outcomes = np.vstack([np.asarray(treated, dtype=float), np.asarray(donors, dtype=float)])
    scaled = traits / traits.std(axis=0, ddof=1)

    def weights(importance: Floats) -> Floats:
        shares = np.abs(importance) / np.abs(importance).sum()
        return simplex_weights(scaled[1:], scaled[0], importance=shares)

    def loss(importance: Floats) -> float:
        return float(((outcomes[0] - weights(importance) @ outcomes[1:]) ** 2).mean())

    design = np.column_stack([np.ones(len(scaled)), scaled])
    slopes = np.linalg.lstsq(design, outcomes, rcond=None)[0][1:]
    by_regression = (slopes**2).sum(axis=1)
    starts = (np.full(scaled.shape[1], 1 / scaled.shape[1]), by_regression / by_regression.sum())
    options = {"maxiter": 4000, "maxfev": 6000, "xatol": 1e-8, "fatol": 1e-12}
    found = [minimize(loss, start, method="Nelder-Mead", options=options).x for start in starts]
    best = min(found, key=loss)
    return NestedWeights(weights(best), np.abs(best) / np.abs(best).sum(), loss(best))


def calibration_weights(traits: ArrayLike, totals: ArrayLike) -> Floats | None:
    r"""Return the weights nearest to equal ones whose weighted traits are exactly the wanted totals.

    Minimises sum w log(w / mean) subject to traits' w = totals and w >= 0 (entropy balancing, Hainmueller 2012,
    doi:10.1093/pan/mpr025; calibration as in microsynth, Robbins, Saunders & Kilmer 2017,
    doi:10.1080/01621459.2016.1213634): w = exp(traits z), with z from Newton's method on the convex dual.

    Parameters
    ----------
    traits : array of float, shape (J, C)
        What must add up: one row a comparison place.
    totals : array of float, shape (C,)
        What it must add up to, positive.

    Returns
    -------
    array of float, shape (J,), or None
        None where no weights of at least zero meet the totals, or only ones at the edge of what is possible.

    Examples
    --------
    >>> calibration_weights([[1.0, 1.0], [1.0, 3.0]], [2.0, 5.0]).round(6).tolist()
    [0.5, 1.5]
    """
    x = np.asarray(traits, dtype=float) / np.asarray(totals, dtype=float)
    ones = np.ones(x.shape[1])
    if nnls(x.T, ones, maxiter=50 * len(x))[1] > _FEASIBLE:
        return None
    base = 1 / x.mean(axis=1).sum() if x.any() else 1.0
    z, w = np.zeros(x.shape[1]), np.full(len(x), base)
    for _ in range(_NEWTON_STEPS):
        gradient = w @ x - ones
        if np.abs(gradient).max() < _TOLERANCE:
            return w
        step = np.linalg.lstsq((x * w[:, None]).T @ x, -gradient, rcond=1e-14)[0]
        z, w = _line_search(x, base, z, step)
    gradient = w @ x - ones
    return w if np.abs(gradient).max() < 1e3 * _TOLERANCE else None


def _line_search(x: Floats, base: float, z: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Halve the Newton step until the dual falls (it is convex, so this reaches the optimum if there is one)."""

    def dual(at: Floats) -> tuple[float, Floats]:
        w = base * np.exp(np.minimum(x @ at, 700.0))
        return float(w.sum() - at.sum()), w

    now, w = dual(z)
    length = 1.0
    while length > 1e-8:
        value, trial = dual(z + length * step)
        if value <= now + 1e-14 * abs(now):
            return z + length * step, trial
        length /= 2
    return z, w
