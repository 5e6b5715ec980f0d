"""Poisson difference in differences: the default, and the same estimate with the standard errors of the textbooks."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import optimize

from hotspots.evaluate.estimators import (
    ASSUMPTIONS,
    LONG_MAX,
    LONG_MAX_FALSE_POSITIVES_PCT,
    Effect,
    Floats,
    estimate,
    log_effect,
    redrawn_groups,
    studentised,
    unit_moments,
)
from hotspots.evaluate.methods.panel import Panel
from hotspots.evaluate.methods.result import (
    CONFIDENCE,
    FAKE_PILOTS,
    REAL_COUNTS,
    About,
    MethodResult,
    from_effect,
    from_log,
    log_interval,
    refused,
)

_DRAWS = 999
_WIDEST = 8.0
_DID = "d = log(T1 / T0) - log(C1 / C0): Poisson regression with place and month effects"

DEFAULT = About(
    "long_max",
    LONG_MAX,
    f"{_DID}; SE^2 from shrunk group variances to max(random effects, cluster-robust, quasi-Poisson), by I squared",
    "design/evaluation.md; DerSimonian & Laird (1986), doi:10.1016/0197-2456(86)90046-2",
    ASSUMPTIONS,
    "t, variance as large as places vary",
    LONG_MAX_FALSE_POSITIVES_PCT,
    FAKE_PILOTS,
)
MODEL = About(
    "did_model",
    "Poisson difference in differences, the model's own standard error",
    f"{_DID}; SE^2 = 1/T0 + 1/T1 + 1/C0 + 1/C1",
    "Wooldridge (2023), doi:10.1093/ectj/utad016",
    (*ASSUMPTIONS, "Places vary no more than Poisson counts do."),
    "normal, Poisson variance",
    29.0,
    REAL_COUNTS,
)
CLUSTER = About(
    "did_cluster",
    "Poisson difference in differences, errors clustered by place",
    f"{_DID}; SE^2 = sum over groups J/(J-1) sum (r_i / sum v)^2",
    "Wooldridge (2023), doi:10.1093/ectj/utad016; practice rule R6.11",
    (*ASSUMPTIONS, "There are enough places in each group for their variation to be measured."),
    "t, cluster-robust",
    8.4,
    REAL_COUNTS,
)
WILD = About(
    "did_wild",
    "Poisson difference in differences, wild cluster bootstrap",
    f"{_DID}; signs of the places' scores under no effect drawn again",
    "Kline & Santos (2012), doi:10.1515/2156-6674.1006; practice rule R6.11",
    (*ASSUMPTIONS, "Places are independent of each other."),
    "inverted score bootstrap",
    6.7,
    REAL_COUNTS,
)
PERMUTATION = About(
    "permutation",
    "Re-randomisation of the default statistic over places",
    f"{_DID}; |d| / SE against the same statistic with the treated places drawn again",
    "Chung & Romano (2013), doi:10.1214/13-AOS1090",
    ("If nothing was done, treated and comparison places could have changed places.", ASSUMPTIONS[2]),
    "inverted re-randomisation test",
    4.6,
    FAKE_PILOTS,
)


def long_max(panel: Panel) -> MethodResult:
    """Return the default estimate (`hotspots.evaluate.estimators.estimate`)."""
    effect = _effect(panel)
    return refused(DEFAULT, _too_few(panel)) if effect is None else from_effect(DEFAULT, effect)


def did_model(panel: Panel) -> MethodResult:
    """Poisson difference in differences with the model's standard error: too narrow for hotspots."""
    effect = _effect(panel)
    if effect is None:
        return refused(MODEL, _too_few(panel))
    return log_interval(MODEL, effect.log_effect, math.sqrt(effect.v_poisson), treated_after=effect.treated_after)


def did_cluster(panel: Panel) -> MethodResult:
    """Poisson difference in differences with cluster-robust standard error and a t quantile."""
    effect = _effect(panel)
    if effect is None:
        return refused(CLUSTER, _too_few(panel))
    if effect.v_cluster <= 0:
        return refused(CLUSTER, "Every place changed by exactly the same percentage; places show no variation to use.")
    return log_interval(CLUSTER, effect.log_effect, math.sqrt(effect.v_cluster), treated_after=effect.treated_after,
                        df=len(panel.treated) + len(panel.controls) - 2)  # fmt: skip


def did_wild(panel: Panel, *, random_state: int, draws: int = _DRAWS) -> MethodResult:
    r"""Poisson difference in differences with a wild score bootstrap over places (for fewer than 20 clusters).

    Under a supposed effect the places' scores r_i / sum v (of the pooled model) get random signs; the p-value is the
    share of \|sum\| / SE at least as large, and the interval holds every supposed effect with p above 5 %.
    """
    effect = _effect(panel)
    if effect is None:
        return refused(WILD, _too_few(panel))
    signs = np.random.default_rng(random_state).choice([-1.0, 1.0], (draws, len(panel.treated) + len(panel.controls)))
    treated, controls = _split(panel, "treated"), _split(panel, "controls")

    def p_value(supposed: float) -> float:
        return _wild_p(treated, controls, supposed, signs)

    return _inverted(WILD, effect, p_value)


def permutation(panel: Panel, *, random_state: int, draws: int = _DRAWS) -> MethodResult:
    """Re-draw which places were treated (within its pairs or pool, if it has them) and compare the default statistic.

    Exact under the sharp null of no effect anywhere if the treated places were drawn at random. The interval holds
    every supposed percentage that, taken out of the treated places' reports, leaves a p-value above 5 %.
    """
    effect = _effect(panel)
    if effect is None:
        return refused(PERMUTATION, _too_few(panel))
    drawn = _drawn(panel, draws, np.random.default_rng(random_state))
    return _inverted(PERMUTATION, effect, lambda supposed: _redrawn_p(panel, drawn, supposed))


def permutation_p_value(panel: Panel, *, random_state: int, draws: int = _DRAWS) -> float | None:
    """Return the p-value of `permutation` alone, without its interval; None where there is no estimate."""
    if _effect(panel) is None:
        return None
    return _redrawn_p(panel, _drawn(panel, draws, np.random.default_rng(random_state)), 0.0)


def _redrawn_p(panel: Panel, drawn: Floats, supposed: float) -> float:
    """Return the share of redrawn choices of treated places at least as extreme, a supposed log effect taken out."""
    treated, controls = _split(panel, "treated"), _split(panel, "controls")
    units = (len(treated), len(controls))
    places = np.vstack([unit_moments(treated[:, 0], treated[:, 1] * math.exp(-supposed)), unit_moments(*controls.T)])
    sums = drawn @ places
    again = studentised(log_effect(sums, places.sum(axis=0) - sums, units=units))
    own = places[: units[0]].sum(axis=0)
    observed = studentised(log_effect(own, places.sum(axis=0) - own, units=units))
    return (1 + int((again >= observed * (1 - 1e-9)).sum())) / (1 + len(drawn))


def _effect(panel: Panel) -> Effect | None:
    treated, controls = _split(panel, "treated"), _split(panel, "controls")
    return estimate(*treated.T, *controls.T, confidence=CONFIDENCE)


def _split(panel: Panel, group: str) -> Floats:
    return np.column_stack([panel.totals(months, group=group) for months in (panel.before, panel.after)])


def _drawn(panel: Panel, draws: int, rng: np.random.Generator) -> Floats:
    """Return which places are called treated in each draw, shape (draws, K + J), as 0 and 1."""
    k, j = len(panel.treated), len(panel.controls)
    drawn = np.zeros((draws, k + j))
    if panel.pairs is None:
        pool = range(j) if panel.pool is None else panel.pool
        drawn[:, [*range(k), *(k + row for row in pool)]] = redrawn_groups(k + len(pool), k, draws, rng)
        return drawn
    drawn[:, :k] = 1.0
    swaps = rng.random((draws, len(panel.pairs))) < 0.5
    for column, (row, partner) in enumerate(panel.pairs):
        drawn[:, row], drawn[:, k + partner] = ~swaps[:, column], swaps[:, column]
    return drawn


def _wild_p(treated: Floats, controls: Floats, supposed: float, signs: Floats) -> float:
    """Return the bootstrap p-value of one supposed log effect.

    The supposed effect is taken out of the treated places' after counts and both groups share the pooled split
    between before and after; a place's score is its residual from that, divided by its group's information.
    """
    scores = []
    adjusted = treated * [1.0, math.exp(-supposed)]
    q = (adjusted[:, 1].sum() + controls[:, 1].sum()) / (adjusted.sum() + controls.sum())
    for group, sign in ((adjusted, 1.0), (controls, -1.0)):
        n = group.sum(axis=1)
        residuals = group[:, 1] - n * q
        scores.append(sign * residuals / (n.sum() * q * (1 - q)))
    score = np.concatenate(scores)
    if not score.any():
        return 1.0
    again = np.abs(signs @ score)
    # Signs leave every squared score as it is, so the sum itself orders the draws as its studentised form does.
    return float((1 + (again >= abs(score.sum()) * (1 - 1e-9)).sum()) / (1 + len(signs)))


def _inverted(about: About, effect: Effect, p_value: Callable[[float], float]) -> MethodResult:
    low, high = invert(p_value, effect.log_effect, effect.standard_error)
    return from_log(about, effect.log_effect, low, high, treated_after=effect.treated_after, p_value=p_value(0.0))


def invert(p_value: Callable[[float], float], centre: float, scale: float) -> tuple[float, float]:
    """Return the supposed effects around an estimate at which a test's p-value crosses 5 %.

    Walks outwards in steps that double, then bisects; a side whose p-value never falls to 5 % has no bound.
    """

    def above(supposed: float) -> float:
        return p_value(supposed) - (1 - CONFIDENCE)

    bounds = []
    for side in (-1.0, 1.0):
        inner, step = centre, scale
        while above(centre + side * step) > 0 and step < _WIDEST:
            inner, step = centre + side * step, 2 * step
        outer = centre + side * step
        crossed = above(outer) <= 0 < above(inner)
        bounds.append(float(optimize.bisect(above, inner, outer, xtol=1e-4)) if crossed else side * math.inf)
    return bounds[0], bounds[1]


def _too_few(panel: Panel) -> str:
    return (
        f"{len(panel.treated)} treated and {len(panel.controls)} comparison places with a report in both periods are "
        "too few: at least two places and one report are needed in each group and period."
    )
