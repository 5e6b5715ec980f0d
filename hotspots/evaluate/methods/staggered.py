"""Staggered starts: places that began at different times, and measures that were added one after the other."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspots.evaluate.estimators import ASSUMPTIONS, Floats, estimate
from hotspots.evaluate.methods.panel import Panel
from hotspots.evaluate.methods.result import About, MethodResult, from_effect, log_interval, refused

Rows = NDArray[np.bool_] | slice

STAGGERED = About(
    "staggered",
    "Staggered starts, each cohort against places never treated",
    "d = log(sum_g T1_g / sum_g T0_g C1_g / C0_g), T0_g, C0_g over all months before the start of cohort g",
    "Callaway & Sant'Anna (2021), doi:10.1016/j.jeconom.2020.12.001 (never the two-way regression: Goodman-Bacon 2021, "
    "doi:10.1016/j.jeconom.2021.03.014)",
    (*ASSUMPTIONS, "Places changed nothing before their own start."),
    "t, places left out one at a time (jackknife)",
)
STEPS = About(
    "steps",
    "Measures added one after the other",
    "d_s = log(T_s / T_before) - log(C_s / C_before): each step against the months just before it",
    "design/evaluation.md, long_max on the months of each step",
    (*ASSUMPTIONS, "What an earlier step did goes on unchanged when the next begins."),
    "t, variance as large as places vary",
)


def staggered(panel: Panel) -> MethodResult:
    """Estimate the effect where treated places started at different times.

    The table has one row a cohort (places with the same start): its own estimate against the comparison places,
    with an interval where it has two places or more.
    """
    if panel.starts is None or len(set(panel.starts)) < 2:
        return refused(STAGGERED, "All treated places started in the same month; the default estimate applies.")
    starts, last = np.asarray(panel.starts), max(panel.after)
    if starts.min() < 1 or starts.max() > last:
        return refused(STAGGERED, "Every treated place needs months before its own start and at least one after it.")
    observed = _log_ratio(panel, panel.treated, panel.controls, starts)
    if observed is None:
        return refused(STAGGERED, "A cohort or the comparison has no report in one of the periods.")
    error = _jackknife_error(panel, starts)
    if error is None or error <= 0:
        return refused(STAGGERED, "Leaving one place out leaves no report in a period; more places are needed.")
    df = len(panel.treated) + len(panel.controls) - 2
    after = sum(float(panel.treated[starts == start][:, _after(panel, start)].sum()) for start in np.unique(starts))
    return log_interval(STAGGERED, observed, error, treated_after=after, df=df, table=_cohorts(panel, starts))


def steps(panel: Panel) -> MethodResult:
    """Estimate what each measure added, where all treated places got the same measures one after the other.

    The result is the effect of everything over the after months; the table has one row a step: what it changed beyond
    the months just before it (for the first: all months before).
    """
    if not panel.steps:
        return refused(STEPS, "The panel names no measures that were added one after the other.")
    named = sorted(panel.steps, key=lambda step: step[1])
    bounds = [column for _, column in named] + [max(panel.after) + 1]
    if bounds[0] < 1 or any(one >= two for one, two in pairwise(bounds)):
        return refused(STEPS, "Each measure needs a month of its own, and the first needs months before it.")
    before = tuple(range(bounds[0]))
    rows = []
    for (name, first), end in zip(named, bounds[1:], strict=True):
        months = tuple(range(first, end))
        rows.append({"step": name, "from": f"{panel.months[first]:%Y-%m}", "months": len(months),
                     **_columns(panel, slice(None), before, months)})  # fmt: skip
        before = months
    whole = estimate(*_counts(panel, slice(None), tuple(range(bounds[0])), tuple(range(bounds[0], bounds[-1]))))
    table = pd.DataFrame(rows)
    if whole is None:
        return refused(STEPS, "A group has no report in one of the periods.", table=table)
    found = from_effect(STEPS, whole, table=table)
    each = "; ".join(_said(row) for row in rows)
    return replace(found, sentence=f"{found.sentence} Step by step: {each}.")


def _said(row: dict[str, object]) -> str:
    if not math.isfinite(float(str(row["effect_pct"]))):
        return f"{row['step']}: too few reports"
    return f"{row['step']} {row['effect_pct']:+.0f}% ({row['low_pct']:+.0f} to {row['high_pct']:+.0f}%)"


def _cohorts(panel: Panel, starts: NDArray[np.int64]) -> pd.DataFrame:
    rows = []
    for start in np.unique(starts):
        mine = starts == start
        rows.append({"start": f"{panel.months[start]:%Y-%m}", "places": int(mine.sum()),
                     **_columns(panel, mine, tuple(range(start)), tuple(_after(panel, start)))})  # fmt: skip
    return pd.DataFrame(rows)


def _columns(panel: Panel, rows: Rows, before: tuple[int, ...], after: tuple[int, ...]) -> dict[str, float]:
    counts = _counts(panel, rows, before, after)
    effect = estimate(*counts)
    if effect is not None:
        return {"effect_pct": effect.effect_pct, "low_pct": effect.low_pct, "high_pct": effect.high_pct,
                "p_value": effect.p_value}  # fmt: skip
    t0, t1, c0, c1 = (float(group.sum()) for group in counts)
    point = 100 * (t1 * c0 / (t0 * c1) - 1) if t0 * c1 > 0 else math.nan
    return {"effect_pct": point, "low_pct": math.nan, "high_pct": math.nan, "p_value": math.nan}


def _counts(panel: Panel, rows: Rows, before: tuple[int, ...], after: tuple[int, ...]) -> tuple[Floats, ...]:
    treated, sides = panel.treated[rows], (before, after)
    return tuple(group[:, list(months)].sum(axis=1) for group in (treated, panel.controls) for months in sides)


def _after(panel: Panel, start: int) -> list[int]:
    return list(range(start, max(panel.after) + 1))


def _log_ratio(panel: Panel, treated: Floats, controls: Floats, starts: NDArray[np.int64]) -> float | None:
    """Return log(observed / expected) over all cohorts; None where a sum is zero."""
    pooled = controls.sum(axis=0)
    observed = expected = 0.0
    for start in np.unique(starts):
        after = _after(panel, start)
        own = treated[starts == start].sum(axis=0)
        if pooled[:start].sum() <= 0:
            return None
        observed += own[after].sum()
        expected += own[:start].sum() * pooled[after].sum() / pooled[:start].sum()
    return math.log(observed / expected) if min(observed, expected) > 0 else None


def _jackknife_error(panel: Panel, starts: NDArray[np.int64]) -> float | None:
    """Return the standard error from leaving out each treated and each comparison place in turn."""
    k, j = len(panel.treated), len(panel.controls)
    variance = 0.0
    for n, group in ((k, "treated"), (j, "controls")):
        keep = [np.arange(n) != row for row in range(n)]
        if group == "treated":
            found = [_log_ratio(panel, panel.treated[rows], panel.controls, starts[rows]) for rows in keep]
        else:
            found = [_log_ratio(panel, panel.treated, panel.controls[rows], starts) for rows in keep]
        if n < 2 or any(one is None for one in found):
            return None
        values = np.array(found, dtype=float)
        variance += (n - 1) / n * float(((values - values.mean()) ** 2).sum())
    return math.sqrt(variance)
