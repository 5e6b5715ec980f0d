"""What the money buys, and how it is shared between the hotspots (R1.20, R1.24)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.errors import DesignError
from hotspots.config import PatrolConfig
from hotspots.results import PatrolBudget

WEEKS_PER_YEAR = 365.25 / 7
MINUTES_PER_HOUR = 60
SMALLEST_SHARE = 1e-9


def affordable(config: PatrolConfig) -> PatrolBudget:
    """Return the patrol hours and single-unit visits a yearly budget buys: low at the dear hour, high at the cheap.

    A visit is paid for as long as it lasts; travel between visits is part of the hourly cost (R1.20).

    Examples
    --------
    >>> budget = affordable(PatrolConfig())
    >>> [round(hours) for hours in budget.hours_per_year], [round(visits, -1) for visits in budget.visits_per_year]
    ([455, 685], [1820.0, 2740.0])
    """
    cheap, dear = config.cost_per_hour_gbp
    low, high = config.budget_gbp_per_year / dear, config.budget_gbp_per_year / cheap
    visits_per_hour = MINUTES_PER_HOUR / config.visit_minutes
    return PatrolBudget(
        hours_per_year=(low, high),
        visits_per_year=(low * visits_per_hour, high * visits_per_hour),
        visits_per_week=(low * visits_per_hour / WEEKS_PER_YEAR, high * visits_per_hour / WEEKS_PER_YEAR),
    )


def hotspots_affordable(budget: PatrolBudget, config: PatrolConfig) -> tuple[int, int]:
    """Return how many hotspots the money keeps at the weekly minimum of visits: low and high (R1.12, R1.24)."""
    low, high = (math.floor(visits / config.min_visits_per_week) for visits in budget.visits_per_week)
    return low, high


def share_visits(scores: ArrayLike, visits: float, *, low: float, high: float) -> NDArray[np.int64]:
    """Share whole weekly visits between hotspots in proportion to their score, each within `low` to `high`.

    Where the visits do not reach everybody at `low`, the highest scores are kept at `low` and the rest get none: a
    thinner dose everywhere is a dose nowhere (R1.7, R1.24). Otherwise each hotspot gets ``min(max(c * score, low),
    high)`` with the one c that spends everything, rounded to whole visits by largest remainder. Where all are at `high`
    the rest stays unspent.

    Parameters
    ----------
    scores : array of float, shape (n,)
        0 or more; missing counts as 0. All equal when none is above 0.
    visits : float
        Visits a week to share.
    low, high : float
        Fewest and most visits a week; rounded inwards to whole visits.

    Returns
    -------
    array of int, shape (n,)
        A higher score never gets fewer visits.

    Raises
    ------
    DesignError
        If `low` and `high` leave no whole number between them.
    """
    least, most = math.ceil(low), math.floor(high)
    if least > most or least < 0:
        raise DesignError(f"No whole number of weekly visits lies between {low:g} and {high:g}; widen the two.")
    score = np.nan_to_num(np.asarray(scores, dtype=float), nan=0.0)
    score = score if score.any() else np.ones(len(score))
    order = np.argsort(-score, kind="stable")
    shared = np.zeros(len(score), dtype=np.int64)
    kept = order if visits >= least * len(score) else order[: math.floor(visits / least)]
    if len(kept) == 0:
        return shared
    exact = _within_bounds(score[kept], min(visits, most * len(kept)), least, most)
    whole = np.floor(exact + 1e-9).astype(np.int64)
    spare = math.floor(exact.sum() + 1e-9) - int(whole.sum())
    by_remainder = np.argsort(-np.round(exact - whole, 9), kind="stable")
    whole[by_remainder[:spare]] += 1
    shared[kept] = whole
    return shared


def _within_bounds(score: NDArray[np.float64], total: float, low: float, high: float) -> NDArray[np.float64]:
    """Return ``clip(c * score, low, high)`` that sums to `total`, by bisection on c (the sum only rises with c)."""
    relative = np.maximum(score / score.max(), SMALLEST_SHARE)  # else nobody could take what others may not
    below, above = 0.0, high / SMALLEST_SHARE
    for _ in range(100):
        middle = (below + above) / 2
        if np.clip(middle * relative, low, high).sum() < total:
            below = middle
        else:
            above = middle
    return np.asarray(np.clip(above * relative, low, high))
