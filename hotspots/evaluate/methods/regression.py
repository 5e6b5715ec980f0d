"""Textbook regressions on a pilot's counts: interrupted time series, with comparison, and ANCOVA (statsmodels)."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
from scipy import stats
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.regression.linear_model import OLS
from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

from hotspots.evaluate.estimators import Floats
from hotspots.evaluate.methods.panel import Panel
from hotspots.evaluate.methods.result import (
    CONFIDENCE,
    REAL_COUNTS,
    About,
    MethodResult,
    from_counts,
    from_log,
    refused,
)

MIN_MONTHS_BEFORE, MIN_MONTHS_AFTER = 12, 6
"""Gate of interrupted time series (R6.12)."""

SEASON_MONTHS_BEFORE = 24
"""Months before the start that seasonal terms need (R6.5)."""

_LAGS = 3
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
    "t, autocorrelation-robust (Newey-West, 3 months)",
    6.4,
    REAL_COUNTS,
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
    note = "" if seasonal else "Under 24 months before the start season cannot be told apart, so it is part of this."
    found = _robust(ITS, GLM(total, design, family=families.Poisson()), panel, _contrast(design, is_after))
    return replace(found, sentence=f"{found.sentence} {note}".strip())


def controlled_its(panel: Panel) -> MethodResult:
    """Project the trend of the treated places' share of both groups' reports past the start."""
    if reason := _too_short(panel):
        return refused(CONTROLLED_ITS, reason)
    months, time, is_after = _time(panel)
    design = _ramp(time, is_after)
    both = np.column_stack([group[:, months].sum(axis=0) for group in (panel.treated, panel.controls)])
    if both[is_after == 0].sum(axis=0).min() <= 0 or both[is_after == 1].sum(axis=0).min() <= 0:
        return refused(CONTROLLED_ITS, "A group has no report in one of the periods.")
    seen = both.sum(axis=1) > 0
    model = GLM(both[seen], design[seen], family=families.Binomial())
    return _robust(CONTROLLED_ITS, model, panel, _contrast(design, is_after))


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
    reach = float(stats.t.ppf(0.5 + CONFIDENCE / 2, fit.df_resid)) * error
    return from_counts(ANCOVA, change, change - reach, change + reach, treated_after=float(after[:k].sum()),
                       p_value=float(fit.pvalues[2]))  # fmt: skip


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


def _robust(about: About, model: GLM, panel: Panel, contrast: Floats) -> MethodResult:
    total = float(panel.totals(panel.after).sum())
    if total <= 0 or panel.totals(panel.before).sum() <= 0:
        return refused(about, "The treated places have no report in one of the periods.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)  # a series on its trend exactly is no separation
        fit = model.fit(cov_type="HAC", cov_kwds={"maxlags": _LAGS, "use_correction": True}, use_t=True)
    d = float(contrast @ fit.params)
    error = float(np.sqrt(contrast @ fit.cov_params() @ contrast))
    df = float(fit.df_resid)
    reach = float(stats.t.ppf(0.5 + CONFIDENCE / 2, df)) * error
    p_value = float(2 * stats.t.sf(abs(d) / error, df))
    return from_log(about, d, d - reach, d + reach, treated_after=total, p_value=p_value)


def _too_short(panel: Panel) -> str:
    before, after = panel.start, len(panel.after)
    if before < MIN_MONTHS_BEFORE or after < MIN_MONTHS_AFTER:
        return (
            f"{before} months before and {after} after the start; at least {MIN_MONTHS_BEFORE} and {MIN_MONTHS_AFTER} "
            "are needed (R6.12)."
        )
    return ""
