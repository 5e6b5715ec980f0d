"""What the design could ever detect, said before the result (R6.8 in its honest form)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from hotspots.evaluate.estimators import log_effect, redrawn_groups, unit_moments

Z_POWER = 0.84
"""Normal quantile of 80 % power."""

FALLBACK_DESIGN_EFFECT = 4.0
"""Variance of real hotspots over a Poisson count when the user's own history is too short to measure it."""

MIN_HISTORY_MONTHS = 12
"""Months a placebo run needs before its pretended start."""

_DRAWS = 200
_MAX_STARTS = 6


@dataclass(frozen=True, slots=True)
class DetectableFall:
    """The smallest fall the design would find in 80 % of pilots, and where its standard error comes from."""

    mde_pct: float
    standard_error: float
    design_effect: float
    n_placebo_starts: int
    method: str


def detectable_fall(
    treated: ArrayLike, controls: ArrayLike, *, months_after: int, confidence: float = 0.95, random_state: int = 0
) -> DetectableFall | None:
    """Return the minimum detectable fall from monthly counts before the start alone.

    MDE80 = 1 - exp(-(t + 0.84) SE), with SE^2 = design effect x V and V = 1/T0 + 1/T1 + 1/C0 + 1/C1 at the counts
    expected if nothing changes. The design effect is the mean of d^2 / V over placebo pilots in the user's own
    history: pretended starts with at least a year before them, places drawn at random from treated and comparison
    places together. With too short a history it is 4, the value measured on real hotspots.

    Parameters
    ----------
    treated, controls : array of float, shape (places, months before the start)
        Monthly counts.
    months_after : int
        Months the pilot runs.

    Returns
    -------
    DetectableFall or None
        None where a group has no report before the start, or fewer than two places.
    """
    before_t, before_c = np.asarray(treated, dtype=float), np.asarray(controls, dtype=float)
    n_before = before_t.shape[1]
    t0, c0 = before_t.sum(), before_c.sum()
    if min(len(before_t), len(before_c)) < 2 or min(t0, c0) <= 0 or months_after < 1:
        return None
    poisson = (1 / t0 + 1 / c0) * (1 + n_before / months_after)
    places = np.vstack([before_t, before_c])
    ratios = _placebo_ratios(places, len(before_t), months_after, np.random.default_rng(random_state))
    if ratios:
        effect = max(1.0, float(np.mean(ratios)))
        method = f"{len(ratios)} placebo starts in the months before, {_DRAWS} draws of places each"
    else:
        effect = FALLBACK_DESIGN_EFFECT
        method = f"design effect {FALLBACK_DESIGN_EFFECT:g} (history too short for placebo runs)"
    error = math.sqrt(effect * poisson)
    quantile = float(stats.t.ppf(0.5 + confidence / 2, len(places) - 2))
    mde = -100 * math.expm1(-(quantile + Z_POWER) * error)
    return DetectableFall(mde, error, effect, len(ratios), method)


def _placebo_ratios(
    places: NDArray[np.float64], n_treated: int, months_after: int, rng: np.random.Generator
) -> list[float]:
    """Return the mean of d^2 / V over draws, for each pretended start."""
    latest = places.shape[1] - months_after
    if latest < MIN_HISTORY_MONTHS:
        return []
    starts = np.unique(np.linspace(MIN_HISTORY_MONTHS, latest, _MAX_STARTS).astype(int))
    units = (n_treated, len(places) - n_treated)
    ratios = []
    for start in starts:
        moments = unit_moments(places[:, :start].sum(axis=1), places[:, start : start + months_after].sum(axis=1))
        sums = redrawn_groups(len(places), n_treated, _DRAWS, rng).astype(float) @ moments
        found = log_effect(sums, moments.sum(axis=0) - sums, units=units)
        drawn_in_both = np.isfinite(found.log_effect) & np.isfinite(found.v_poisson)
        ratio = found.log_effect[drawn_in_both] ** 2 / found.v_poisson[drawn_in_both]
        if len(ratio):
            ratios.append(float(ratio.mean()))
    return ratios
