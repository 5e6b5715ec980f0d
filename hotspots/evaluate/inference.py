"""The estimate a design calls for: by the default variance, by re-drawing its lot, or start by start."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from hotspots.evaluate.design import DesignForm
from hotspots.evaluate.estimators import Effect, Floats, estimate
from hotspots.evaluate.methods import Panel
from hotspots.evaluate.methods.did import permutation
from hotspots.evaluate.methods.result import MethodResult
from hotspots.evaluate.methods.rotation import rotation
from hotspots.evaluate.methods.staggered import staggered

REDRAWN = ("top", "pairs", "rotation")
"""Forms whose interval comes from drawing the lot again."""


def effect_of(form: DesignForm, panel: Panel, *, random_state: int) -> Effect | None:
    """Return the effect on the places of a panel by the method the design fixed; None where there is no interval.

    A lot is judged by drawing it again, which is exact whatever the counts' distribution; staggered starts by each
    cohort's own months; anything else by the default estimate.
    """
    if form == "ranked":
        return default_effect(panel)
    found = (
        rotation(panel, random_state=random_state, washouts=())
        if form == "rotation"
        else answer_of(form, panel, random_state)
    )
    return _as_effect(found, panel)


def answer_of(form: DesignForm, panel: Panel, random_state: int) -> MethodResult:
    """Return what the method of a form says about a panel, with its table."""
    methods: dict[DesignForm, Callable[[Panel], MethodResult]] = {
        "top": partial(permutation, random_state=random_state),
        "pairs": partial(permutation, random_state=random_state),
        "rotation": partial(rotation, random_state=random_state),
        "staggered": staggered,
    }
    return methods[form](panel)


def default_effect(panel: Panel) -> Effect | None:
    """Return the default estimate of a panel."""
    return estimate(*(panel.totals(months, group=group) for group in ("treated", "controls")
                      for months in (panel.before, panel.after)))  # fmt: skip


def ring_of(panel: Panel) -> Panel:
    """Return the panel of the places next door."""
    return _with_counts(panel, panel.treated_ring, panel.controls_ring)


def with_ring(panel: Panel) -> Panel:
    """Return the panel in which every place includes its ring."""
    if panel.treated_ring is None or panel.controls_ring is None:
        return panel
    return _with_counts(panel, panel.treated + panel.treated_ring, panel.controls + panel.controls_ring)


def _with_counts(panel: Panel, treated: Floats | None, controls: Floats | None) -> Panel:
    if treated is None or controls is None:
        return panel
    return replace(panel, treated=treated, controls=controls)


def _as_effect(found: MethodResult, panel: Panel) -> Effect | None:
    """Return the result of a method as the effect of an evaluation."""
    numbers = (found.estimate_pct, found.low_pct, found.high_pct, found.prevented, found.prevented_low,
               found.prevented_high, found.p_value)  # fmt: skip
    if any(number is None for number in numbers):
        return None
    effect, low, high, prevented, prevented_low, prevented_high, p_value = (float(str(number)) for number in numbers)
    on, off = _reports(panel)
    return Effect(
        effect_pct=effect,
        low_pct=low,
        high_pct=high,
        prevented=prevented,
        prevented_low=prevented_low,
        prevented_high=prevented_high,
        treated_before=float(panel.totals(panel.before).sum()),
        treated_after=on,
        controls_before=float(panel.totals(panel.before, group="controls").sum()),
        controls_after=off,
        expected_after=on + prevented,
        log_effect=math.log1p(effect / 100),
        standard_error=math.nan,
        v_poisson=math.nan,
        v_random=math.nan,
        v_cluster=math.nan,
        v_quasi=math.nan,
        v_shrunk=math.nan,
        df=0,
        confidence=0.95,
        p_value=p_value,
        method=f"{found.label}; {found.interval_method}",
        assumptions=found.assumptions,
    )


def _reports(panel: Panel) -> tuple[float, float]:
    """Return the reports of treated places and months, and of those they are compared with, from the start on."""
    after = list(panel.after)
    treated = panel.treated[:, after]
    if panel.assignment is not None:
        on = panel.assignment[:, after]
        return float(treated[on].sum()), float(treated[~on].sum())
    if panel.starts is not None:
        started = np.asarray(after)[None, :] >= np.asarray(panel.starts)[:, None]
        return float(treated[started].sum()), float(panel.controls[:, after].sum())
    return float(treated.sum()), float(panel.controls[:, after].sum())
