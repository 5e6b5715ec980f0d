"""Event study: the gap between treated and comparison places quarter by quarter, and whether it was drifting before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspots.evaluate.estimators import ASSUMPTIONS, Floats, estimate, redrawn_groups
from hotspots.evaluate.methods.did import DEFAULT
from hotspots.evaluate.methods.panel import Panel
from hotspots.evaluate.methods.result import About, MethodResult, from_effect, refused

_QUARTER = 3
_DRAWS = 999
_MIN_MONTHS = 6

EVENT_STUDY = About(
    "event_study",
    "Event study with a test of the trend before",
    "d_q = log(T_q / T_ref) - log(C_q / C_ref); before the start ref is every other month before, after it all of them",
    "Freyaldenhoven, Hansen & Shapiro (2019), doi:10.1257/aer.20180609; practice rules R6.6 and R6.11",
    ASSUMPTIONS,
    DEFAULT.interval_method,
    DEFAULT.false_positives_pct,
    f"its average is the default estimate: {DEFAULT.measured}",
)


@dataclass(frozen=True, slots=True)
class PreTrend:
    """How the gap between the groups drifted before the start: percent a year, and how unusual that is."""

    pct_per_year: float
    p_value: float


def event_study(panel: Panel, *, random_state: int) -> MethodResult:
    """Return the gap in each quarter around the start (table) and say whether it was drifting before."""
    groups = [panel.totals(months, group=group) for group in ("treated", "controls") for months in
              (panel.before, panel.after)]  # fmt: skip
    effect = estimate(*groups)
    if effect is None:
        return refused(EVENT_STUDY, "A group has no report in one of the periods, or fewer than two places.")
    trend = pre_trend(panel, random_state=random_state)
    note = (
        "Too few months before the start to test the trend before."
        if trend is None
        else f"Before the start the gap drifted by {trend.pct_per_year:+.0f}% a year (p = {trend.p_value:.2f}); "
        "a test that finds nothing does not show that there was none."
    )
    return from_effect(EVENT_STUDY, effect, table=_quarters(panel), note=note)


def pre_trend(panel: Panel, *, random_state: int, draws: int = _DRAWS) -> PreTrend | None:
    """Test whether the treated places were drifting apart from the comparison before the start.

    With the shared months' shares s_t, a place's drift is sum_t (y_it - n_i s_t)(t - mean t); the difference of the
    groups' drifts per report, over the spread of t, is the drift in log rate a month. Its p-value re-draws which
    places were treated, studentised by the places' own variation.

    Returns
    -------
    PreTrend or None
        None with fewer than 6 months before the start, or a group of fewer than two places or without a report.
    """
    before = list(panel.before)
    places = np.vstack([panel.treated[:, before], panel.controls[:, before]])
    k, totals = len(panel.treated), places.sum(axis=1)
    if len(before) < _MIN_MONTHS or min(k, len(places) - k) < 2 or min(totals[:k].sum(), totals[k:].sum()) <= 0:
        return None
    shares = places.sum(axis=0) / totals.sum()
    time = panel.month_numbers[before].astype(float)
    time = time - shares @ time
    spread = float(shares @ time**2)
    drift = (places - totals[:, None] * shares) @ time
    chosen = np.zeros((1, len(places)), dtype=bool)
    chosen[0, :k] = True
    drawn = redrawn_groups(len(places), k, draws, np.random.default_rng(random_state))
    slope, observed = _drift_ratio(drift, totals, chosen)
    _, again = _drift_ratio(drift, totals, drawn)
    p = (1 + int((again >= observed[0] * (1 - 1e-9)).sum())) / (1 + draws)
    return PreTrend(float(100 * np.expm1(12 * slope[0] / spread)), p)


def _drift_ratio(drift: Floats, totals: Floats, chosen: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the difference of drifts per report and its studentised size, for each choice of treated places."""
    difference, variance = np.zeros(len(chosen)), np.zeros(len(chosen))
    for group, sign in ((chosen.astype(float), 1.0), (1.0 - chosen, -1.0)):
        reports, units = group @ totals, group.sum(axis=1)
        mean = np.divide(group @ drift, reports, out=np.zeros(len(chosen)), where=reports > 0)
        squares = group @ drift**2 - 2 * mean * (group @ (drift * totals)) + mean**2 * (group @ totals**2)
        difference += sign * mean
        variance += units / (units - 1) * np.maximum(squares, 0.0) / np.maximum(reports, 1.0) ** 2
    ratio = np.divide(np.abs(difference), np.sqrt(variance), out=np.zeros(len(chosen)), where=variance > 0)
    return difference, ratio


def _quarters(panel: Panel) -> pd.DataFrame:
    """Return one row a quarter: ``quarter`` (0 starts with the pilot), ``first``, ``months``, the gap and interval."""
    since = panel.month_numbers - panel.month_numbers[panel.start]
    used = np.array([*panel.before, *panel.after])
    rows = []
    for quarter in np.unique(since[used] // _QUARTER):
        months = tuple(int(c) for c in used[since[used] // _QUARTER == quarter])
        reference = tuple(c for c in panel.before if c not in months)
        found = estimate(*(panel.totals(m, group=g) for g in ("treated", "controls") for m in (reference, months)))
        rows.append(
            {
                "quarter": int(quarter),
                "first": f"{panel.months[months[0]]:%Y-%m}",
                "months": len(months),
                "effect_pct": np.nan if found is None else found.effect_pct,
                "low_pct": np.nan if found is None else found.low_pct,
                "high_pct": np.nan if found is None else found.high_pct,
            }
        )
    return pd.DataFrame(rows)
