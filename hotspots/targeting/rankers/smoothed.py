"""Rankings that smooth over the ground: quartic kernel density, fixed and tuned, and Getis-Ord Gi* (R4.2, R4.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from hotspots.significance import gi_star
from hotspots.targeting.metrics import hits
from hotspots.targeting.panel import Panel
from hotspots.targeting.rankers.base import Floats

GRID_M: Final = (100.0, 150.0, 200.0, 250.0, 300.0, 400.0, 600.0, 800.0)
"""Bandwidths tried, metres."""

TUNED_AT: Final = 0.01
"""Share of the land at which the bandwidth is chosen."""

_MONTHS: Final = 12.0
_EARLIER_ORIGINS: Final = 12
_LEAST_MONTHS: Final = 6


def density_over(bandwidth_m: float) -> Callable[[Panel, int], Floats]:
    """Return the ranker by quartic kernel density over the last twelve months."""

    def score(past: Panel, _: int) -> Floats:
        return past.density(past.recent(_MONTHS), bandwidth_m)

    return score


def tuned_density(past: Panel, horizon: int) -> Floats:
    """Score by quartic kernel density with the bandwidth that would have served best at earlier origins.

    The bandwidth of most reports found in 1 % of the land, over up to twelve earlier origins of which every tested step
    lies in the past; of equal ones the narrowest. Without an earlier origin: 200 m (R4.2).
    """
    return density_over(_tuned_bandwidth(past, horizon))(past, horizon)


def _tuned_bandwidth(past: Panel, horizon: int) -> float:
    last = past.n_steps - horizon
    origins = [t for t in range(past.steps_in(_LEAST_MONTHS), last + 1) if past.delivered[t : t + horizon].all()]
    if not origins:
        return 200.0
    found = [sum(_found(past, t, horizon, h) for t in origins[-_EARLIER_ORIGINS:]) for h in GRID_M]
    return GRID_M[int(np.argmax(found))]


def _found(past: Panel, step: int, horizon: int, bandwidth_m: float) -> float:
    earlier = past.past(step)
    score = earlier.density(earlier.recent(_MONTHS), bandwidth_m)
    return float(hits(score, past.followed(step, horizon), [max(1, round(TUNED_AT * past.land_cells))])[0])


def gi_star_score(past: Panel, _: int) -> Floats:
    """Score by the Gi* statistic of the last twelve months over each cell and its ring."""
    return gi_star(past.count(past.recent(_MONTHS)), past.surroundings.ring)[0]
