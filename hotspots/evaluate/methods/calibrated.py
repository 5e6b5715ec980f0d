"""Calibrated weights: many small places weighted so that they add up to the treated places' past exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hotspots.evaluate.estimators import Floats
from hotspots.evaluate.methods.panel import Panel
from hotspots.evaluate.methods.placebo import DRAWS, judged_by_placebos
from hotspots.evaluate.methods.result import TWO_CITIES, About, MethodResult, refused
from hotspots.evaluate.methods.weights import calibration_weights

_BLOCKS = (1, 2, 3, 4, 6, 12)
"""Lengths tried, in months, for the totals that must be met: the finest that can be met is used."""

_PLACES_PER_TOTAL = 5

CALIBRATED = About(
    "calibrated",
    "Calibrated weights over many places (as microsynth)",
    "d = log(T1 / sum w_i C1_i), w >= 0 nearest to equal with sum w_i C0_ib = T0_b for every block b of months before",
    "Robbins, Saunders & Kilmer (2017), doi:10.1080/01621459.2016.1213634; Hainmueller (2012), doi:10.1093/pan/mpr025",
    (
        "Places weighted to add up to the treated places' past would have added up to their future.",
        "If nothing was done, treated and comparison places could have changed places.",
    ),
    "placebo groups of places",
    10.4,
    TWO_CITIES,
)


@dataclass(frozen=True, eq=False)
class Calibration:
    """Weights of the comparison places, the totals they meet, and how the months were joined."""

    weights: Floats
    traits: Floats
    totals: Floats
    months_per_block: int
    matches_number: bool


def calibrate(treated: Floats, controls: Floats) -> Calibration | None:
    """Return weights under which the comparison places add up to the treated places in every block of months.

    The finest blocks are tried first, with the number of places among the totals, then without it; at least five
    places are needed for each total.

    Parameters
    ----------
    treated, controls : array of float, shape (K, months before), (J, months before)
    """
    for match_number in (True, False):
        for length in _BLOCKS:
            traits, totals = _traits(treated, controls, length, match_number=match_number)
            if len(totals) * _PLACES_PER_TOTAL > len(controls) or not len(totals) or totals.min() <= 0:
                continue
            weights = calibration_weights(traits, totals)
            if weights is not None:
                return Calibration(weights, traits, totals, length, match_number)
    return None


def calibrated(panel: Panel, *, random_state: int, draws: int = DRAWS) -> MethodResult:
    """Estimate the effect against weighted comparison places, judged by placebo groups run through the same steps."""
    before, after = list(panel.before), list(panel.after)

    def statistic(group: Floats, others: Floats) -> tuple[float, float] | None:
        found = calibrate(group[:, before], others[:, before])
        if found is None:
            return None
        own, theirs = group[:, after].sum(), others[:, after].sum(axis=1)
        expected = float(found.weights @ theirs)
        if min(own, expected) <= 0:
            return None
        scale = math.sqrt(1 / own + float(found.weights**2 @ theirs) / expected**2)
        return math.log(own / expected), scale

    why_none = (
        f"No weights of the {len(panel.controls)} comparison places add up to the treated places' past, not even by "
        "year; offer more places, or busier ones."
    )
    result = judged_by_placebos(CALIBRATED, panel, statistic, random_state=random_state, draws=draws, why_none=why_none)
    if result.refusal:
        return result
    fit = calibrate(panel.treated[:, before], panel.controls[:, before])
    if fit is None:
        return refused(CALIBRATED, why_none)
    table = pd.DataFrame({"control": np.arange(len(fit.weights)), "weight": fit.weights})
    number = "and number of places" if fit.matches_number else "but not the number of places"
    note = (
        f"The weighted places meet the treated places' totals in blocks of {fit.months_per_block} month(s) {number}; "
        f"they amount to {fit.weights.sum() ** 2 / (fit.weights**2).sum():.0f} equal places."
    )
    return replace(
        result,
        table=table.sort_values("weight", ascending=False, ignore_index=True),
        sentence=f"{result.sentence} {note}",
    )


def _traits(treated: Floats, controls: Floats, length: int, *, match_number: bool) -> tuple[Floats, Floats]:
    """Return block totals of each comparison place and of the treated places; the oldest months over are dropped."""
    n_blocks = treated.shape[1] // length
    kept = slice(treated.shape[1] - n_blocks * length, None)
    theirs = controls[:, kept].reshape(len(controls), n_blocks, length).sum(axis=2)
    own = treated[:, kept].sum(axis=0).reshape(n_blocks, length).sum(axis=1)
    if match_number:
        return np.column_stack([theirs, np.ones(len(controls))]), np.append(own, float(len(treated)))
    return theirs, own
