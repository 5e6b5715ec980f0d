"""Synthetic control and synthetic difference in differences: a comparison blended to follow the treated past."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from hotspots.evaluate.estimators import Floats
from hotspots.evaluate.methods.panel import Panel
from hotspots.evaluate.methods.placebo import DRAWS, judged_by_placebos
from hotspots.evaluate.methods.result import REAL_COUNTS, About, MethodResult, refused
from hotspots.evaluate.methods.weights import simplex_weights

MIN_MONTHS_BEFORE = 24
MIN_DONORS = 20
"""Gates of R6.13."""

Fit = Callable[[Floats, Floats, int], "SyntheticFit"]

_NOTHING_TO_FOLLOW = "The treated places have no report in one of the periods; there is no past to follow."
_FOLLOWS = "A blend of comparison places that followed the treated places before would have followed them after."

SYNTHETIC = About(
    "synthetic_control",
    "Synthetic control, placebo groups",
    "gap = Y_T - sum w_i Y_i, w >= 0, sum w = 1, least squares before the start; each place indexed to its own past",
    "Abadie, Diamond & Hainmueller (2010), doi:10.1198/jasa.2009.ap08746; practice rule R6.13",
    (_FOLLOWS, "The treated places lie inside the range of the comparison places."),
    "placebo groups of places",
    4.4,
    REAL_COUNTS,
)
SDID = About(
    "sdid",
    "Synthetic difference in differences, placebo groups",
    "tau = (Y_T,post - l'Y_T,pre) - sum w_i (Y_i,post - l'Y_i,pre), simplex weights w over places, l over months",
    "Arkhangelsky et al. (2021), doi:10.1257/aer.20190159",
    (_FOLLOWS, "A weighted average of months before stands for the months after."),
    "placebo groups of places",
    1.3,
    REAL_COUNTS,
)


@dataclass(frozen=True, eq=False)
class SyntheticFit:
    """One treated series against its blend.

    Attributes
    ----------
    effect : float
        Mean gap after the start, in units of the outcome (for SDID: tau).
    weights : array of float, shape (J,)
        Of the donors.
    gaps : array of float, shape (periods,)
        Treated less blend.
    pre_rmse : float
        Root mean squared gap before the start: how well the blend follows.
    month_weights : array of float or None
        SDID: weights of the periods before.
    """

    effect: float
    weights: Floats
    gaps: Floats
    pre_rmse: float
    month_weights: Floats | None = None


def synthetic_control(
    treated: ArrayLike, donors: ArrayLike, n_before: int, *, weights: ArrayLike | None = None
) -> SyntheticFit:
    """Fit a synthetic control to outcomes before the start.

    Parameters
    ----------
    treated : array of float, shape (periods,)
    donors : array of float, shape (J, periods)
    n_before : int
        Periods before the start.
    weights : array of float, shape (J,), optional
        Weights found elsewhere (for instance on predictors); fitted to the outcomes if absent.

    References
    ----------
    Abadie, Diamond & Hainmueller (2010), doi:10.1198/jasa.2009.ap08746.

    Examples
    --------
    >>> fit = synthetic_control([1, 2, 1], [[0, 1, 1], [2, 3, 3]], 2)
    >>> fit.effect, fit.weights.tolist()
    (-1.0, [0.5, 0.5])
    """
    y, x = np.asarray(treated, dtype=float), np.asarray(donors, dtype=float)
    w = simplex_weights(x[:, :n_before], y[:n_before]) if weights is None else np.asarray(weights, dtype=float)
    gaps = y - w @ x
    return SyntheticFit(float(gaps[n_before:].mean()), w, gaps, float(np.sqrt((gaps[:n_before] ** 2).mean())))


def synthetic_did(treated: ArrayLike, donors: ArrayLike, n_before: int, *, n_treated: int = 1) -> SyntheticFit:
    r"""Estimate tau by synthetic difference in differences.

    Unit weights have an intercept and the ridge zeta^2 T_pre with zeta = (n_treated T_post)^(1/4) sigma, sigma the
    standard deviation of the donors' first differences before the start; month weights have an intercept and the
    ridge (1e-6 sigma)^2 J.

    References
    ----------
    Arkhangelsky et al. (2021), doi:10.1257/aer.20190159, algorithm 1.
    """
    y, x = np.asarray(treated, dtype=float), np.asarray(donors, dtype=float)
    before, after = slice(None, n_before), slice(n_before, None)
    sigma = float(np.diff(x[:, before], axis=1).std(ddof=1))
    zeta = (n_treated * (x.shape[1] - n_before)) ** 0.25 * sigma
    w = simplex_weights(x[:, before], y[before], ridge=zeta**2 * n_before, intercept=True)
    after_means = x[:, after].mean(axis=1)
    months = simplex_weights(x[:, before].T, after_means, ridge=(1e-6 * sigma) ** 2 * len(x), intercept=True)
    gaps = y - w @ x
    effect = float(gaps[after].mean() - months @ gaps[before])
    fitted = gaps[before] - gaps[before].mean()
    return SyntheticFit(effect, w, gaps, float(np.sqrt((fitted**2).mean())), months)


def synthetic(panel: Panel, *, random_state: int, draws: int = DRAWS) -> MethodResult:
    """Synthetic control on the treated total, every place indexed to its own months before the start."""
    if reason := _gate(panel):
        return refused(SYNTHETIC, reason)
    return _judged(SYNTHETIC, panel, synthetic_control, random_state=random_state, draws=draws)


def sdid(panel: Panel, *, random_state: int, draws: int = DRAWS) -> MethodResult:
    """Synthetic difference in differences on the treated total, every place indexed to its own past."""
    if reason := _gate(panel):
        return refused(SDID, reason)

    def fit(treated: Floats, donors: Floats, n_before: int) -> SyntheticFit:
        return synthetic_did(treated, donors, n_before, n_treated=len(panel.treated))

    return _judged(SDID, panel, fit, random_state=random_state, draws=draws)


def _judged(about: About, panel: Panel, fit: Fit, *, random_state: int, draws: int) -> MethodResult:
    n_before, months = panel.start, [*panel.before, *panel.after]

    def fitted(group: Floats, others: Floats) -> tuple[SyntheticFit, Floats, Floats] | None:
        total = _indexed(group[:, months].sum(axis=0, keepdims=True), n_before)
        donors = _indexed(others[:, months], n_before)
        return None if not len(total) or len(donors) < 2 else (fit(total[0], donors, n_before), total[0], donors)

    def statistic(group: Floats, others: Floats) -> tuple[float, float] | None:
        found = fitted(group, others)
        if found is None:
            return None
        one, total, _ = found
        observed = float(total[n_before:].mean())
        expected = observed - one.effect
        return (math.log(observed / expected), 1.0) if min(observed, expected) > 0 else None

    result = judged_by_placebos(
        about, panel, statistic, random_state=random_state, draws=draws, why_none=_NOTHING_TO_FOLLOW
    )
    found = fitted(panel.treated, panel.controls)
    if result.refusal or found is None:
        return result
    kept = np.flatnonzero(panel.controls[:, :n_before].sum(axis=1) > 0)
    table = pd.DataFrame({"control": kept, "weight": found[0].weights})
    table = table[table["weight"] > 1e-6].sort_values("weight", ascending=False, ignore_index=True)
    note = f"The blend misses the treated places' past by {100 * found[0].pre_rmse:.0f}% a month."
    return replace(result, table=table, sentence=f"{result.sentence} {note}")


def _indexed(counts: Floats, n_before: int) -> Floats:
    """Divide each row by its mean before the start; rows without a report before are left out."""
    past = counts[:, :n_before].mean(axis=1)
    return np.asarray(counts[past > 0] / past[past > 0, None])


def _gate(panel: Panel) -> str:
    if panel.start < MIN_MONTHS_BEFORE or len(panel.controls) < MIN_DONORS:
        return (
            f"{panel.start} months before the start and {len(panel.controls)} comparison places; at least "
            f"{MIN_MONTHS_BEFORE} months and {MIN_DONORS} places are needed."
        )
    return ""
