"""Regressions that learn from earlier origins what follows from what: Poisson GLM, boosted trees, and an average.

They are offered so that the default can be held against them; trees and average cannot be checked by hand.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from hotspots.targeting.panel import Panel
from hotspots.targeting.rankers.base import Floats
from hotspots.targeting.rankers.bayes import (
    HALF_LIVES,
    OFFSET,
    OTHER_HALF_LIFE,
    RIDGE,
    SEASON_WEIGHT,
    averaged_bayes,
    cell_features,
    decayed,
    decayed_count,
)

_EARLIER_ORIGINS: Final = 6
_LEAST_MONTHS: Final = 6


def poisson_regression(past: Panel, horizon: int) -> Floats:
    """Score by a Poisson regression of the next reports on the cell's decayed counts and what is known of it."""
    from sklearn.linear_model import PoissonRegressor  # slow to load, and a run does without
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), PoissonRegressor(alpha=RIDGE, solver="newton-cholesky", max_iter=300))
    return _learned(past, horizon, model)


def boosted_trees(past: Panel, horizon: int) -> Floats:
    """Score by gradient-boosted trees with Poisson loss on the same features (scikit-learn)."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    model = HistGradientBoostingRegressor(
        loss="poisson", learning_rate=0.05, max_iter=100, min_samples_leaf=50, early_stopping=False, random_state=0
    )
    return _learned(past, horizon, model)


def ensemble(past: Panel, horizon: int) -> Floats:
    """Score by the average of four rankers, each scaled to the same total."""
    scores = [rank(past, horizon) for rank in (averaged_bayes, decayed_count, poisson_regression, boosted_trees)]
    return np.asarray(np.mean([score / max(float(score.sum()), 1e-12) for score in scores], axis=0))


def _learned(past: Panel, horizon: int, model: Any) -> Floats:
    """Learn over up to six earlier origins what came after, and apply it now; without one, `decayed_count`."""
    origins = [
        step
        for step in range(past.steps_in(_LEAST_MONTHS), past.n_steps - horizon + 1)
        if past.delivered[step : step + horizon].all()
    ][-_EARLIER_ORIGINS:]
    examples = [_example(past, step, horizon) for step in origins]
    if not examples or not any(followed.any() for _, followed in examples):
        return decayed_count(past, horizon)
    model.fit(np.vstack([features for features, _ in examples]), np.concatenate([after for _, after in examples]))
    score = np.zeros(len(past.cells))
    score[past.known] = model.predict(_features(past, horizon))
    return score


def _example(past: Panel, step: int, horizon: int) -> tuple[Floats, Floats]:
    earlier = past.past(step)
    return _features(earlier, horizon), past.followed(step, horizon)[earlier.known]


def _features(past: Panel, horizon: int) -> Floats:
    """Return what is known of each known cell: its own decayed counts, and the features of the default."""
    own = np.column_stack([decayed(past, half_life, horizon)[0] for half_life in HALF_LIVES])
    weights = past.weights(HALF_LIVES[1], horizon=horizon, season_weight=SEASON_WEIGHT)
    return np.column_stack([np.log(own + OFFSET), cell_features(past, weights, past.weights(OTHER_HALF_LIFE))])[
        past.known
    ]
