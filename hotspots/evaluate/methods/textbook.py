"""What boards ask for by name: before/after, the E-test, WDD and WDQ, each with how often it was fooled."""

from __future__ import annotations

import math

import pandas as pd

from hotspots.evaluate.estimators import log_effect, unit_moments
from hotspots.evaluate.methods.panel import Panel
from hotspots.evaluate.methods.result import (
    CONFIDENCE,
    REAL_COUNTS,
    TWO_CITIES,
    About,
    MethodResult,
    count_interval,
    from_log,
    log_interval,
    refused,
)
from hotspots.evaluate.wdd import (
    SCALED_WDD_FALSE_POSITIVES_PCT,
    WDD_FALSE_POSITIVES_PCT,
    Pair,
    e_test,
    weighted_displacement_difference,
    weighted_displacement_quotient,
)

_NOTHING = "The treated places have no report in one of the periods; nothing can be compared."

_INDEPENDENT = "Reports are independent Poisson counts: nothing makes one report lead to another."
_SAME_CHANGE = "Without the pilot the treated places would have changed by as many reports as the comparison."
_NO_OTHER_CAUSE = "Nothing but the pilot changed: no season, no trend, and the places were not picked at a peak."
_WDD_DOI = "Wheeler & Ratcliffe (2018), doi:10.1186/s40163-018-0085-5"

BEFORE_AFTER = About(
    "before_after",
    "Before and after, no comparison (what a press release uses)",
    "d = log(T1 / m1) - log(T0 / m0), SE^2 = 1/T0 + 1/T1",
    "Practice rule R6.1; shown only for contrast (R6.18)",
    (_NO_OTHER_CAUSE, _INDEPENDENT),
    "normal, Poisson variance",
    53.0,
    REAL_COUNTS,
)
E_TEST = About(
    "e_test",
    "E-test of two Poisson rates, before and after",
    "p = P(|K2/m1 - K1/m0| / SE >= observed), K1, K2 Poisson with the pooled rate",
    "Krishnamoorthy & Thomson (2004), doi:10.1016/S0378-3758(02)00408-1",
    (_NO_OTHER_CAUSE, _INDEPENDENT),
    "",
    55.0,
    TWO_CITIES,
)
WDD_MATCHED = About(
    "wdd",
    "Weighted displacement difference, as many next-best places",
    "WDD = (T1 - T0) - (C1 - C0), variance = sum of the counts",
    _WDD_DOI,
    (_SAME_CHANGE, _INDEPENDENT),
    "normal, Poisson variance",
    WDD_FALSE_POSITIVES_PCT,
    REAL_COUNTS,
)
WDD_SCALED = About(
    "wdd_scaled",
    "Weighted displacement difference, all comparison places scaled to the treated",
    "WDD = (T1 - T0) - (C1 - C0) / k, k = C0 / T0, variance T0 + T1 + (C0 + C1) / k^2",
    _WDD_DOI,
    (_SAME_CHANGE, _INDEPENDENT),
    "normal, Poisson variance",
    SCALED_WDD_FALSE_POSITIVES_PCT,
    REAL_COUNTS,
)
WDD_OVERDISPERSED = About(
    "wdd_overdispersed",
    "Weighted displacement difference, scaled, with the variation found between places",
    "as scaled, variance times the quasi-Poisson factor phi",
    f"{_WDD_DOI}; phi as Wedderburn (1974), doi:10.1093/biomet/61.3.439",
    (_SAME_CHANGE, "Every place varies by the same factor more than a Poisson count."),
    "normal, quasi-Poisson variance",
    5.7,
    REAL_COUNTS,
)
WDD_REST = About(
    "wdd_rest",
    "Weighted displacement difference against the rest of the area",
    WDD_SCALED.equation,
    _WDD_DOI,
    ("The rest of the area shares the treated places' trend, and their return from a peak.", _INDEPENDENT),
    "normal, Poisson variance",
    46.0,
    REAL_COUNTS,
)
WDQ = About(
    "wdq",
    "Weighted displacement quotient and total net effect",
    "WDQ = (D1/C1 - D0/C0) / (T1/C1 - T0/C0); TNE = [T0 C1/C0 - T1] + [D0 C1/C0 - D1]",
    "Bowers & Johnson (2003), doi:10.1023/A:1024909009240; Guerette (2009), POP Tool Guide 10",
    ("Treated places and the places next door would have changed by the comparison's percentage.",),
    "",
    60.0,
    f"reads success (it has no interval): {REAL_COUNTS}",
)


def before_after(panel: Panel) -> MethodResult:
    """Compare the treated places with themselves, as a press release does; for contrast only."""
    (t0, t1), months = _pair(panel, "treated"), _lengths(panel)
    if min(t0, t1) <= 0:
        return refused(BEFORE_AFTER, _NOTHING)
    d = math.log(t1 / months[1]) - math.log(t0 / months[0])
    error = math.sqrt(1 / t0 + 1 / t1)
    return log_interval(BEFORE_AFTER, d, error, treated_after=t1)


def rates_e_test(panel: Panel) -> MethodResult:
    """Test whether the treated places' rate is the same before and after; no comparison, no interval."""
    (t0, t1), months = _pair(panel, "treated"), _lengths(panel)
    if min(t0, t1) <= 0:
        return refused(E_TEST, _NOTHING)
    p = e_test(t0, t1, exposure_first=months[0], exposure_second=months[1])
    return from_log(E_TEST, math.log(t1 / months[1] * months[0] / t0), None, None, treated_after=t1, p_value=p)


def wdd_matched(panel: Panel) -> MethodResult:
    """WDD with as many comparison places as treated ones, the next best of the ranking."""
    control = _pair(panel, "controls", first=len(panel.treated))
    return _wdd(WDD_MATCHED, panel, control, scale=1.0)


def wdd_scaled(panel: Panel) -> MethodResult:
    """WDD with every comparison place, scaled to the treated places' reports before."""
    control = _pair(panel, "controls")
    return _wdd(WDD_SCALED, panel, control, scale=_scale(panel, control))


def wdd_overdispersed(panel: Panel) -> MethodResult:
    """Scaled WDD whose variance is multiplied by the quasi-Poisson factor found between places."""
    control = _pair(panel, "controls")
    before, after = panel.textbook_baseline, panel.after
    moments = [
        unit_moments(panel.totals(before, group=g), panel.totals(after, group=g)) for g in ("treated", "controls")
    ]
    if min(*_pair(panel, "treated"), *control) <= 0:
        return _wdd(WDD_OVERDISPERSED, panel, control, scale=0.0)
    found = log_effect(*(m.sum(axis=0) for m in moments), units=(len(moments[0]), len(moments[1])))
    factor = math.sqrt(float(found.v_quasi) / float(found.v_poisson))
    return _wdd(WDD_OVERDISPERSED, panel, control, scale=_scale(panel, control), error_factor=factor)


def wdd_rest(panel: Panel) -> MethodResult:
    """WDD against the study area without treated places and rings, scaled to the treated places."""
    if panel.rest is None:
        return refused(WDD_REST, "The panel has no series for the rest of the area; give one to use this method.")
    control = tuple(float(panel.rest[list(m)].sum()) for m in (panel.textbook_baseline, panel.after))
    return _wdd(WDD_REST, panel, (control[0], control[1]), scale=_scale(panel, (control[0], control[1])))


def wdq(panel: Panel) -> MethodResult:
    """Weighted displacement quotient over the places next door; it has no interval."""
    if panel.treated_ring is None:
        return refused(WDQ, "The panel has no counts of the places next door; give rings to use this method.")
    treated, buffer, control = _pair(panel, "treated"), _pair(panel, "treated_ring"), _pair(panel, "controls")
    if min(*control, *treated) <= 0:
        return refused(WDQ, "A group has no report in one of the periods; the quotient is undefined.")
    if (fall := wdd_scaled(panel).high_pct) is None or fall >= 0:
        return refused(WDQ, "The scaled difference shows no clear fall, so there is nothing to divide by.")
    found = weighted_displacement_quotient(treated, buffer, control)
    table = pd.DataFrame(
        {
            "measure": ["quotient", "success", "buffer", "gross effect", "net effect", "total net effect"],
            "value": [found.quotient, found.success, found.buffer, found.gross_effect, found.net_effect,
                      found.total_net_effect],
        }
    )  # fmt: skip
    d = math.log(treated[1] / treated[0]) - math.log(control[1] / control[0])
    quotient = "undefined" if found.quotient is None else f"{found.quotient:.2f}"
    note = f"Quotient {quotient}: {found.reading}; total net effect {found.total_net_effect:.0f} reports."
    return from_log(WDQ, d, None, None, treated_after=treated[1], table=table, note=note)


def _wdd(about: About, panel: Panel, control: Pair, *, scale: float, error_factor: float = 1.0) -> MethodResult:
    treated, months = _pair(panel, "treated"), _lengths(panel)
    if scale <= 0 or min(*treated, *control) <= 0:
        return refused(about, "A group has no report in one of the periods; the difference has no standard error.")
    # Counts before are brought to the length of the after period, so that the answer is in reports prevented.
    found = weighted_displacement_difference(
        treated, control, time_weights=(months[0] / months[1], 1.0), control_scale=scale, confidence=CONFIDENCE
    )
    return count_interval(about, found.estimate, found.standard_error * error_factor, treated_after=treated[1])


def _pair(panel: Panel, group: str, *, first: int | None = None) -> Pair:
    before, after = (float(panel.totals(m, group=group)[:first].sum()) for m in (panel.textbook_baseline, panel.after))
    return before, after


def _lengths(panel: Panel) -> Pair:
    return float(len(panel.textbook_baseline)), float(len(panel.after))


def _scale(panel: Panel, control: Pair) -> float:
    before = _pair(panel, "treated")[0]
    return control[0] / before if before > 0 else 0.0
