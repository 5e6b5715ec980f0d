"""Which cells to point at: a decayed count with season, shrunk towards the typical place (R4.6).

Explainable by hand and as good as anything measured when only one kind of report is loaded (R4.5, R4.20).
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainccinv, gammaincinv

from geodata import cells as h3cells
from geodata.errors import DesignError
from hotspots.config import RankingConfig
from hotspots.mixing import fit_mixing
from hotspots.results import Agreement
from hotspots.shrinkage import fit_prior, shrink

Floats = NDArray[np.float64]

MONTHS_PER_YEAR = 12

_NEGLIGIBLE = 1e-5
"""Posterior tail that decides which cells could belong to the top at all."""


def decayed_rate(
    matrix: pd.DataFrame, *, half_life_months: float, season_weight: float, missing: pd.DatetimeIndex | None = None
) -> pd.DataFrame:
    r"""Return each cell's reports with recent months and the coming season weighing more.

    The month being ranked for is the one after the last; a month `lead` months before it weighs

    .. math:: w = 0.5^{lead / h} \, (1 + s \, (1 + \cos(2 \pi \, lead / 12)) / 2)

    and y = (sum of w n) (sum of w) / (sum of w^2), so that the variance of a Poisson count equals its mean again:
    y is a count collected over (sum of w)^2 / (sum of w^2) effective months.

    Parameters
    ----------
    matrix : DataFrame, cells x months
        From `month_matrix`; columns are first days of months.
    half_life_months : float
        h: after so many months a report counts half.
    season_weight : float
        s: 1 lets the same season count double, 0 ignores season.
    missing : DatetimeIndex, optional
        Months the source did not deliver; they weigh 0.

    Returns
    -------
    DataFrame
        On the index of `matrix`: ``y`` and ``months`` (effective, the same for every cell).
    """
    w = _month_weights(pd.DatetimeIndex(matrix.columns), half_life_months, season_weight, missing)
    squares = float(w @ w)
    if squares == 0:
        raise DesignError("Every month of the period is marked as missing; there is nothing to rank.")
    # Summed row by row: a matrix product may add equal rows in different orders and so break a tie between equal cells.
    y = (np.ascontiguousarray(matrix, dtype=float) * w).sum(axis=1) * (w.sum() / squares)
    return pd.DataFrame({"y": y, "months": w.sum() ** 2 / squares}, index=matrix.index)


def step_weights(
    n: int, half_life: float, season_weight: float, *, months_per_step: float = 1.0, horizon: int = 1
) -> Floats:
    r"""Return how much each of `n` steps of time weighs for the `horizon` steps that follow the last.

    A step `lead` months before the step ranked for weighs
    :math:`0.5^{lead / h} (1 + s (1 + \cos(2 \pi \, lead / 12)) / 2)`; for several steps the season is their mean.

    Parameters
    ----------
    n : int
    half_life : float
        h, months.
    season_weight : float
        s: 1 lets the same season count double, 0 ignores season.
    months_per_step : float
    horizon : int

    Examples
    --------
    >>> step_weights(2, 1.0, 0.0).tolist()
    [0.25, 0.5]
    """
    lead = np.arange(n, 0, -1) * months_per_step
    later = np.arange(horizon)[:, None] * months_per_step
    season = 1 + season_weight * (1 + np.cos(2 * np.pi * (lead + later) / MONTHS_PER_YEAR).mean(axis=0)) / 2
    return np.asarray(0.5 ** (lead / half_life) * season)


def _month_weights(
    months: pd.DatetimeIndex, half_life: float, season_weight: float, missing: pd.DatetimeIndex | None
) -> Floats:
    number = np.asarray(months.year * MONTHS_PER_YEAR + months.month)
    n = int(number.max() - number.min()) + 1
    w = step_weights(n, half_life, season_weight)[number - number.min()]
    if missing is not None and len(missing):
        w[months.isin(missing)] = 0.0
    return np.asarray(w)


def rank_cells(
    matrix: pd.DataFrame,
    config: RankingConfig,
    *,
    top_k: int,
    random_state: int,
    known: ArrayLike | pd.Series | None = None,
    missing: pd.DatetimeIndex | None = None,
) -> pd.DataFrame:
    """Rank cells by their shrunk decayed rate, and say how sure the top is.

    Parameters
    ----------
    matrix : DataFrame, cells x months
        From `month_matrix`.
    config : RankingConfig
    top_k : int
        Size of the top the probability is about.
    random_state : int
        Seed of the posterior draws.
    known : array or Series of bool, optional
        Cells where anything, of any category, was ever recorded; these are the similar places a cell is pulled
        towards. The others expect and score 0. Default: cells with a report in `matrix`.
    missing : DatetimeIndex, optional
        Months the source did not deliver.

    Returns
    -------
    DataFrame
        On the index of `matrix`: ``expected`` (mean reports of the known cells over the same months), ``n_shrunk`` (the
        cell's own total, allowing for luck), ``had`` and ``similar`` (decayed reports per month, and what a similar
        place has), ``score`` (the first pulled towards the second), ``rank`` (1 = highest; ties by cell) and ``p_top``
        (probability that the cell truly belongs to the top `top_k`).
    """
    place = _known(matrix, known)
    total = matrix.to_numpy().sum(axis=1).astype(float)
    decayed = _decayed(matrix, config, missing)
    y, months = decayed["y"].to_numpy(), float(decayed["months"].iloc[0]) if len(decayed) else 1.0
    recent = fit_prior(y[place])
    score = np.where(place, shrink(y, recent) / months, 0.0)
    rank = ranks(score, matrix.index)
    return pd.DataFrame(
        {
            "expected": np.where(place, total[place].mean() if place.any() else 0.0, 0.0),
            "n_shrunk": _allowing_for_luck(total, place),
            "had": np.where(place, y / months, 0.0),
            "similar": np.where(place, recent.mean / months, 0.0),
            "score": score,
            "rank": rank,
            "p_top": probability_of_top(
                y + recent.shape,
                np.where(place & (recent.mean > 0), 1.0, 0.0),  # the same for all, so their order does not need it
                rank,
                top_k=top_k,
                draws=config.draws,
                random_state=random_state,
            ),
        },
        index=matrix.index,
    )


def _allowing_for_luck(total: Floats, place: NDArray[np.bool_]) -> Floats:
    """Return each known place's expected count given its own, by a spread of rates of any shape (`fit_mixing`).

    A gamma spread cannot hold a city of quiet places and a few busy ones, and pulls the busy ones down too far. A
    count above the average is never lifted: with few busy places the fitted spread has spikes that could.
    """
    if not total[place].any():
        return np.zeros(len(total))
    mixing = fit_mixing(total[place])
    values, of_value = np.unique(total, return_inverse=True)
    found = mixing.expected(values)[of_value]
    return np.where(place, np.minimum(found, np.maximum(total, total[place].mean())), 0.0)


def _decayed(matrix: pd.DataFrame, config: RankingConfig, missing: pd.DatetimeIndex | None) -> pd.DataFrame:
    return decayed_rate(
        matrix, half_life_months=config.half_life_months, season_weight=config.season_weight, missing=missing
    )


def _known(matrix: pd.DataFrame, known: ArrayLike | pd.Series | None) -> NDArray[np.bool_]:
    reported = np.asarray(matrix.to_numpy().sum(axis=1) > 0, dtype=bool)
    if known is None:
        return reported
    given = known.reindex(matrix.index, fill_value=False) if isinstance(known, pd.Series) else known
    place: NDArray[np.bool_] = np.asarray(given, dtype=bool) | reported
    return place


def ranks(score: Floats, cells: pd.Index) -> NDArray[np.int64]:
    """Return the rank of each score, 1 = highest; ties by cell."""
    order = np.lexsort((cells.to_numpy().astype(str), -score))
    rank = np.empty(len(score), dtype=np.int64)
    rank[order] = np.arange(1, len(score) + 1)
    return rank


def probability_of_top(
    shape: Floats, scale: Floats, rank: NDArray[np.int64], *, top_k: int, draws: int, random_state: int
) -> Floats:
    """Return the share of posterior draws in which each cell is among the `top_k` highest.

    Given its count a cell's mean is gamma. Only cells whose upper tail reaches the k-th highest lower tail are drawn;
    in rank order, so row order is irrelevant.

    Parameters
    ----------
    shape, scale : array of float, shape (n,)
        Of each cell's posterior; a scale of 0 marks a cell that cannot belong to the top.
    rank : array of int, shape (n,)
        1 = highest.
    top_k, draws, random_state : int
    """
    chance = np.zeros(len(shape))
    inside = np.flatnonzero(scale > 0)
    if len(inside) <= top_k:
        chance[inside] = 1.0
        return chance
    inside = inside[np.argsort(rank[inside])]
    low = gammaincinv(shape[inside], _NEGLIGIBLE) * scale[inside]
    high = gammainccinv(shape[inside], _NEGLIGIBLE) * scale[inside]
    rivals = inside[high >= np.partition(low, -top_k)[-top_k]]
    drawn = np.random.default_rng(random_state).standard_gamma(shape[rivals], size=(draws, len(rivals)))
    top = np.argpartition(-drawn * scale[rivals], min(top_k, len(rivals)) - 1, axis=1)[:, :top_k]
    chance[rivals] = np.bincount(top.ravel(), minlength=len(rivals)) / draws
    return chance


def agreement(cells: pd.DataFrame, repeat_locations: gpd.GeoDataFrame, *, k: int) -> Agreement:
    """Compare the top `k` cells by count, by kernel density and by repeat places (R4.1).

    Parameters
    ----------
    cells : DataFrame
        Index ``cell``; columns ``n`` and ``density``.
    repeat_locations : GeoDataFrame
        ``longitude``, ``latitude``, ``score``; a cell's repeat score is the sum over its repeat places.
    k : int

    Returns
    -------
    Agreement
        Shares of the top `k` in common, and Spearman's rank correlation of count and density over the cells with a
        report; NaN where there is nothing to compare.
    """
    k = min(k, int((cells["n"] > 0).sum()))
    by_count = _top(cells["n"], k)
    repeat_score = _repeat_score(cells.index, repeat_locations)
    by_repeats = _top(repeat_score.loc[repeat_score > 0], k)
    reported = cells.loc[cells["n"] > 0, ["n", "density"]]
    comparable = len(reported) > 2 and bool((reported.max() > reported.min()).all())
    return Agreement(
        k=k,
        count_and_density=len(by_count & _top(cells["density"], k)) / k if k else float("nan"),
        count_and_repeats=len(by_count & by_repeats) / len(by_repeats) if by_repeats else float("nan"),
        rank_correlation_density=float(np.corrcoef(reported["n"].rank(), reported["density"].rank())[0, 1])
        if comparable
        else float("nan"),
    )


def _top(values: pd.Series, k: int) -> set[Any]:
    order = np.lexsort((values.index.to_numpy().astype(str), -values.to_numpy(dtype=float)))
    return set(values.index[order[:k]])


def _repeat_score(cells: pd.Index, repeat_locations: pd.DataFrame) -> pd.Series:
    if len(repeat_locations) == 0 or len(cells) == 0:
        return pd.Series(0.0, index=cells)
    usable = repeat_locations.loc[~repeat_locations["is_default_location"].to_numpy(dtype=bool)]
    own = h3cells.assign(usable["longitude"], usable["latitude"], h3cells.resolution_of(cells[0]))
    return usable["score"].groupby(own).sum().reindex(cells, fill_value=0.0)
