"""What a cell had, pulled towards what similar cells have: empirical Bayes with three kinds of prior (R4.6).

The prior is what differs: the mean of all cells, the mean of the cells around, or a regression on what is known of
the cell (the default, `design/targeting.md`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from hotspots.shrinkage import fit_shape
from hotspots.targeting.panel import Bools, Floats, Panel
from hotspots.targeting.rankers.poisson import expected_counts

HALF_LIVES: Final = (3.0, 6.0, 12.0)
"""Months; the memory of places differs between towns and kinds of report, so that three are averaged."""

FALLBACK_HALF_LIFE: Final = 5.0
"""Where only one kind of report is loaded."""

SEASON_WEIGHT: Final = 1.0
"""The same season counts double."""

OTHER_HALF_LIFE: Final = 12.0
AROUND_M: Final = 300.0
OFFSET: Final = 0.3
"""Added to counts before the logarithm, so that none is a finite number."""

RIDGE: Final = 1e-3
"""Keeps a coefficient finite where a feature says nothing; too small to matter elsewhere."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """Reports a month by cell: what it had, what similar cells have, and the first pulled towards the second.

    Attributes
    ----------
    own, prior, posterior : array of float, shape (n,)
        0 where no point is known.
    months : float
        Effective months the count was collected over; (own x months) is a count with Poisson variance.
    shape : float
        k: how many reports the prior is worth is k / (prior x months).
    """

    own: Floats
    prior: Floats
    posterior: Floats
    months: float
    shape: float


def decayed(past: Panel, half_life: float, horizon: int) -> tuple[Floats, float]:
    """Return the decayed count with season of each cell (`hotspots.ranking.decayed_rate`) and its effective months."""
    return collected(past, past.weights(half_life, horizon=horizon, season_weight=SEASON_WEIGHT))


def collected(panel: Panel, weights: Floats) -> tuple[Floats, float]:
    """Return each cell's weighted count, scaled to Poisson variance, and the effective months it was collected over.

    Without a delivered step both count over none.
    """
    squares = float(weights @ weights)
    if squares == 0:
        return np.zeros(len(panel.cells)), panel.months_per_step
    months = float(weights.sum() ** 2 / squares) * panel.months_per_step
    return panel.count(weights) * (weights.sum() / squares), months


def decayed_count(past: Panel, horizon: int) -> Floats:
    """Score by the decayed count with season, pulled towards the mean of all known cells.

    The pull is the same for every cell and leaves their order; it puts the score on the scale of reports a month.
    """
    return _mean_decayed(past, horizon).posterior


def neighbourhood_bayes(past: Panel, horizon: int) -> Floats:
    """Score by the decayed count pulled towards the mean of the known cells that touch the cell.

    That mean is itself pulled towards the mean of all known cells, by one cell's worth (Marshall 1991,
    https://doi.org/10.2307/2347593, with a prior mean for each neighbourhood).
    """
    y, months = decayed(past, FALLBACK_HALF_LIFE, horizon)
    known = past.known
    if not y[known].any():
        return y
    overall = float(y[known].mean())
    ring = past.surroundings.ring
    prior = ((ring @ y + overall) / (ring @ known.astype(float) + 1))[known]
    return _pull(y, prior, known, months).posterior


def regression_bayes(past: Panel, weights: Floats, slow: Floats) -> Pulled:
    r"""Return the decayed count pulled towards what a regression expects of a cell like it.

    y is the weighted count; its prior mean m a Poisson regression on the log number of known points in the cell, on
    reports around it (quartic, 300 m, its own left out), on other crime in it in four groups and on other crime in the
    cells that touch it (as log(x + 0.3)), over the cells with a known point; k the likeliest negative binomial shape
    about m. The posterior is

    .. math:: m \, (y + k) / (m + k)

    and both m and y can be shown beside it. No demographics, no stop and search, no officers' own records (R7.5, R7.7).

    Parameters
    ----------
    past : Panel
    weights, slow : array of float, shape (T,)
        What each step weighs for the wanted reports, and for other crime.
    """
    y, months = collected(past, weights)
    known = past.known
    if not y[known].any():
        return _pull(y, y[known], known, months)
    features = standardised(cell_features(past, weights, slow)[known])
    return _pull(y, expected_counts(features, y[known], RIDGE), known, months)


def cell_features(past: Panel, weights: Floats, slow: Floats) -> Floats:
    """Return what the regression knows of each cell but its own wanted reports, shape (n, 7)."""
    squares = float(weights @ weights)
    around = past.around(weights, AROUND_M) * (weights.sum() / squares if squares else 0.0)
    others = past.count_others(slow)
    ring = past.surroundings.ring @ others.sum(axis=1)
    points = np.log(np.maximum(past.n_points, 1.0))
    return np.column_stack([points, np.log(np.column_stack([around, others, ring]) + OFFSET)])


def standardised(features: Floats) -> Floats:
    """Return columns with mean 0 and standard deviation 1; a column without spread is 0."""
    spread = features.std(axis=0)
    return np.asarray((features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def averaged_bayes(past: Panel, horizon: int) -> Floats:
    """Score by `pulled`: the default."""
    return pulled(past, horizon).posterior


def pulled(past: Panel, horizon: int) -> Pulled:
    """Return `regression_bayes` averaged over half-lives of 3, 6 and 12 months.

    Without other crime there is nothing to regress on: then the decayed count, pulled towards the mean of all cells.
    """
    if not past.has_others:
        return _mean_decayed(past, horizon)
    slow = past.weights(OTHER_HALF_LIFE)
    weights = [past.weights(h, horizon=horizon, season_weight=SEASON_WEIGHT) for h in HALF_LIVES]
    return averaged([regression_bayes(past, w, slow) for w in weights])


def averaged(parts: Sequence[Pulled]) -> Pulled:
    """Return the mean of every number."""
    return Pulled(*(np.mean([getattr(part, field.name) for part in parts], axis=0) for field in fields(Pulled)))


def mean_bayes(past: Panel, weights: Floats) -> Pulled:
    """Return the weighted count pulled towards the mean of all known cells."""
    y, months = collected(past, weights)
    known = past.known
    return _pull(y, np.full(int(known.sum()), y[known].mean() if known.any() else 0.0), known, months)


def _mean_decayed(past: Panel, horizon: int) -> Pulled:
    return mean_bayes(past, past.weights(FALLBACK_HALF_LIFE, horizon=horizon, season_weight=SEASON_WEIGHT))


def _pull(y: Floats, prior: Floats, known: Bools, months: float) -> Pulled:
    """Pull the count of each known cell towards its prior mean, by the likeliest shape."""
    m, posterior = np.zeros(len(y)), np.zeros(len(y))
    shape = 1.0
    if y[known].any():
        shape = fit_shape(y[known], prior)
        m[known] = prior
        posterior[known] = prior * (y[known] + shape) / (prior + shape)
    return Pulled(np.where(known, y / months, 0.0), m / months, posterior / months, months, shape)
