"""How much could be known at all: the list someone would draw who knew the months after as well as those before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from hotspots.ranking import step_weights
from hotspots.targeting.panel import Floats, Panel
from hotspots.targeting.rankers.bayes import (
    HALF_LIVES,
    OTHER_HALF_LIFE,
    SEASON_WEIGHT,
    mean_bayes,
    regression_bayes,
)

CEILING: Final = "ceiling"


MEMORIES: Final = (*HALF_LIVES, math.inf)
"""Half-lives tried, months; places that never change are best known from every month alike."""


def two_sided(panel: Panel, step: int, horizon: int, half_life: float) -> Floats:
    """Score as the default does, from the steps on both sides of the tested ones, which count nothing themselves.

    No ranking from the past alone can be expected to do better: what it misses beyond this is luck of the month. Near
    the end of the data few later months are known, and the ceiling is lower than it would be.
    """
    weights = _both_sides(panel, step, horizon, half_life)
    if not panel.has_others:
        return mean_bayes(panel, weights).posterior
    return regression_bayes(panel, weights, _both_sides(panel, step, horizon, OTHER_HALF_LIFE)).posterior


def best_of(candidates: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return, for each area, the months of the candidate that found most in all: hindsight may choose its memory."""
    totals = pd.DataFrame([c.groupby("area", sort=False)["found"].sum() for c in candidates])
    winners = dict(zip(totals, totals.to_numpy().argmax(axis=0), strict=True))
    best = [candidates[i].loc[candidates[i]["area"] == area] for area, i in winners.items()]
    joined: pd.DataFrame = pd.concat(best, ignore_index=True)
    return joined.assign(method=CEILING)


def _both_sides(panel: Panel, step: int, horizon: int, half_life: float) -> Floats:
    season_weight = SEASON_WEIGHT if math.isfinite(half_life) else 0.0
    before, after = (
        step_weights(n, half_life, season_weight, months_per_step=panel.months_per_step, horizon=horizon)
        for n in (step, panel.n_steps - step - horizon)
    )
    return np.where(panel.delivered, np.concatenate([before, np.zeros(horizon), after[::-1]]), 0.0)
