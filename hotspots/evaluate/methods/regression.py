"""Textbook regressions on a pilot's counts: interrupted time series, with comparison, and ANCOVA (statsmodels)."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.regression.linear_model import OLS
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from hotspots.evaluate.estimators import Floats
from hotspots.evaluate.methods.panel import Panel
from hotspots.evaluate.methods.result import (
    REAL_COUNTS,
    TWO_CITIES,
    About,
    MethodResult,
    count_interval,
    log_interval,
    refused,
)

MIN_MONTHS_BEFORE, MIN_MONTHS_AFTER = 12, 6
"""Gate of interrupted time series (R6.12)."""

SEASON_MONTHS_BEFORE = 24
"""Months before the start that seasonal terms need (R6.5)."""

_NEWEY_WEST: dict[str, Any] = {
    "cov_type": "HAC",
    "cov_kwds": {"maxlags": 3, "use_correction": True},
    "use_t": True,
}
_MIN_PLACES = 12

ITS = About(
    "its",
    "Interrupted time series, no comparison",
    "log E T_t = a + b t + season + c after + e t after, t from the start; effect: c + e (mean t of the after months)",
    "Wagner et al. (2002), doi:10.1046/j.1365-2710.2002.00430.x; practice rule R6.12",
    ("Without the pilot the treated places' own trend and season would have gone on.",),
    "t, autocorrelation-robust (Newey-West, 3 months)",
    16.0,
    REAL_COUNTS,
)
CONTROLLED_ITS = About(
    "controlled_its",
    "Interrupted time series against the comparison places",
    "logit of T_t / (T_t + C_t) = a + b t + c after + e (t - start) after; shared season and shocks cancel",
    "Lopez Bernal, Cummins & Gasparrini (2018), doi:10.1093/ije/dyy135; practice rule R6.12",
    ("Without the pilot the gap between treated and comparison places would have kept its own trend.",),
    "t, larger of two variances: clustered by place, and autocorrelation-robust over months",
    10.4,
    TWO_CITIES,
)
ANCOVA = About(
    "ancova",
    "ANCOVA on the count the places were chosen on",
    "n1_i = a + b n0_i + c treated_i, HC3 standard errors; prevented = -c K",
    "Vickers & Altman (2001), doi:10.1136/bmj.323.7321.1123; HC3: MacKinnon & White (1985), "
    "doi:10.1016/0304-4076(85)90158-7",
    ("Given the count they were chosen on, treated and comparison places would have fared alike.",),
    "t, HC3",
    5.2,
    REAL_COUNTS,
)


def its(panel: Panel) -> MethodResult:
    """Project the treated places' own trend (and season, from 24 months on) past the start."""
    if reason := _too_short(panel):
        return refused(ITS, reason)
    months, time, is_after = _time(panel)
    seasonal = panel.start >= SEASON_MONTHS_BEFORE
    calendar = np.asarray(panel.months.month, dtype=float)[months]
    design = np.column_stack([_ramp(time, is_after), *(_season(calendar) if seasonal else ())])
    total = panel.treated[:, months].sum(axis=0)
    if total[is_after == 1].sum() <= 0 or total[is_after == 0].sum() <= 0:
        return refused(ITS, "The treated places have no report in one of the periods.")
    fit = GLM(total, design, family=families.Poisson()).fit(**_NEWEY_WEST)
    contrast = _contrast(design, is_after)
    variance = float(contrast @ fit.cov_params() @ contrast)
    found = log_interval(ITS, float(contrast @ fit.params), variance**0.5, df=float(fit.df_resid),
                         treated_after=float(panel.totals(panel.after).sum()))  # fmt: skip
    note = "" if seasonal else " Under 24 months before the start season cannot be told apart, so it is part of this."
    return replace(found, sentence=f"{found.sentence}{note}")


def controlled_its(panel: Panel) -> MethodResult:
    """Project the trend of the treated places' share of both groups' reports past the start."""
    if reason := _too_short(panel):
        return refused(CONTROLLED_ITS, reason)
    if min(len(panel.treated), len(panel.controls)) < 2:
        return refused(CONTROLLED_ITS, "At least two places are needed in each group to see how places vary.")
    months, time, is_after = _time(panel)
    design = _ramp(time, is_after)
    both = np.column_stack([group[:, months].sum(axis=0) for group in (panel.treated, panel.controls)])
    if both[is_after == 0].sum(axis=0).min() <= 0 or both[is_after == 1].sum(axis=0).min() <= 0:
        return refused(CONTROLLED_ITS, "A group has no report in one of the periods.")
    seen = both.sum(axis=1) > 0
    both, design = both[seen], design[seen]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)  # a gap on its trend exactly is no separation
        fit = GLM(both, design, family=families.Binomial()).fit(**_NEWEY_WEST)
    places = [group[:, months][:, seen] for group in (panel.treated, panel.controls)]
    by_place = _clustered_by_place(design, places[0], places[1], np.asarray(fit.fittedvalues))
    contrast, df = _contrast(design, is_after[seen]), float(len(panel.treated) + len(panel.controls) - 2)
    # Places drift for themselves, and months shake all places of a group: neither variance knows of the other.
    variance = max(float(contrast @ covariance @ contrast) for covariance in (by_place, fit.cov_params()))
    return log_interval(CONTROLLED_ITS, float(contrast @ fit.params), variance**0.5, df=df,
                        treated_after=float(panel.totals(panel.after).sum()))  # fmt: skip


def ancova(panel: Panel) -> MethodResult:
    """Regress each place's after count on the count it was chosen on and whether it was treated."""
    k, j = len(panel.treated), len(panel.controls)
    if min(k, j) < 2 or k + j < _MIN_PLACES:
        return refused(ANCOVA, f"{k} treated and {j} comparison places; at least {_MIN_PLACES} together are needed.")
    chosen_on = panel.before if panel.selection is None else panel.selection
    before, after = (
        np.concatenate([panel.totals(months, group=group) for group in ("treated", "controls")])
        for months in (chosen_on, panel.after)
    )
    treated = np.repeat([1.0, 0.0], [k, j])
    if np.ptp(before) == 0 or after[:k].sum() <= 0:
        return refused(ANCOVA, "The counts before are all alike, or the treated places have no report after the start.")
    fit = OLS(after, np.column_stack([np.ones(k + j), before, treated])).fit(cov_type="HC3", use_t=True)
    change, error = float(fit.params[2]) * k, float(fit.bse[2]) * k
    return count_interval(ANCOVA, change, error, treated_after=float(after[:k].sum()), df=float(fit.df_resid))


def _time(panel: Panel) -> tuple[list[int], Floats, Floats]:
    """Return the columns used, their months from the start, and whether each is after it."""
    months = [*panel.before, *panel.after]
    time = (panel.month_numbers - panel.month_numbers[panel.start]).astype(float)[months]
    return months, time, (time >= 0).astype(float)


def _ramp(time: Floats, is_after: Floats) -> Floats:
    return np.column_stack([np.ones_like(time), time, is_after, time * is_after])


def _season(calendar: Floats) -> list[Floats]:
    """Return two pairs of harmonics of the year."""
    angle = 2 * np.pi * calendar / 12
    return [wave(order * angle) for order in (1, 2) for wave in (np.sin, np.cos)]


def _contrast(design: Floats, is_after: Floats) -> Floats:
    """Return what of the coefficients makes the mean effect over the after months: level and slope at the mean time."""
    contrast = np.zeros(design.shape[1])
    contrast[2:4] = 1.0, float(design[is_after == 1, 1].mean())
    return contrast


def _clustered_by_place(design: Floats, treated: Floats, controls: Floats, share: Floats) -> Floats:
    r"""Return the sandwich covariance of the regression of shares, with each place a cluster.

    Given a month's reports, treated places have the share p_t. A treated place's score is
    sum_t x_t (1 - p_t)(y_it - n_i f_t) with f_t the fitted course of its group, a comparison place's the same with
    -p_t. The months' own errors would not do: a place that drifts moves all its months together.
    """
    reports = treated.sum(axis=0) + controls.sum(axis=0)
    bread = np.linalg.inv((design * (reports * share * (1 - share))[:, None]).T @ design)
    meat = np.zeros_like(bread)
    for places, fitted, weight in ((treated, reports * share, 1 - share), (controls, reports * (1 - share), -share)):
        residuals = places - np.outer(places.sum(axis=1), fitted / fitted.sum())
        scores = (residuals * weight) @ design
        meat += len(places) / (len(places) - 1) * scores.T @ scores
    return np.asarray(bread @ meat @ bread)


def _too_short(panel: Panel) -> str:
    before, after = panel.start, len(panel.after)
    if before < MIN_MONTHS_BEFORE or after < MIN_MONTHS_AFTER:
        return (
            f"{before} months before and {after} after the start; at least {MIN_MONTHS_BEFORE} and {MIN_MONTHS_AFTER} "
            "are needed."
        )
    return ""
