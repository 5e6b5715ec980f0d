"""The list from parts of the period: halves and quarters of the months, each ranked as the whole is (R1.9)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geodata.errors import DesignError
from hotspots.config import RankingConfig
from hotspots.ranking import decayed_rate, ranks
from hotspots.results import Stability

Floats = NDArray[np.float64]

WHOLE: Final = "whole"
HALVES: Final = ("first half", "second half")
QUARTERS: Final = ("first quarter", "second quarter", "third quarter", "last quarter")


def spans(n_months: int) -> dict[str, slice]:
    """Return the whole period and the parts it is long enough for, by name, as slices of its months.

    Examples
    --------
    >>> spans(3)
    {'whole': slice(0, 3, None), 'first half': slice(0, 1, None), 'second half': slice(1, 3, None)}
    """
    found = {WHOLE: slice(0, n_months)}
    for names in (HALVES, QUARTERS):
        if n_months >= len(names):
            cuts = [n_months * i // len(names) for i in range(len(names) + 1)]
            found |= {name: slice(*ends) for name, ends in zip(names, itertools.pairwise(cuts), strict=True)}
    return found


def ranked(score: Floats, cells: pd.Index, *, may: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the rank of each cell by score (1 = highest, ties by cell); cells that may not be picked come last."""
    rank = ranks(np.where(may, score, -np.inf), cells)
    return np.where(may, rank, len(cells) + 1)


def ranks_by_part(
    matrix: pd.DataFrame,
    config: RankingConfig,
    *,
    known: ArrayLike | pd.Series | None = None,
    missing: pd.DatetimeIndex | None = None,
) -> pd.DataFrame:
    """Rank the cells by their decayed count, which shrinkage towards one mean keeps in order, from each part alone.

    Parameters
    ----------
    matrix : DataFrame, cells x months
        From `month_matrix`.
    config : RankingConfig
    known : array or Series of bool, optional
        Cells that may be picked; default all.
    missing : DatetimeIndex, optional
        Months the source did not deliver. A part without a delivered month picks nothing.

    Returns
    -------
    DataFrame of int
        On the index of `matrix`, a column for each of `spans`: 1 = highest; a cell without a report in the part, or
        not known, ranks behind all others.
    """
    may = np.ones(len(matrix), dtype=bool)
    if known is not None:
        given = known.reindex(matrix.index, fill_value=False) if isinstance(known, pd.Series) else known
        may = np.asarray(given, dtype=bool)

    def rank(part: pd.DataFrame) -> NDArray[np.int64]:
        if missing is not None and part.columns.isin(missing).all():
            return np.full(len(part), len(part) + 1)
        y = decayed_rate(
            part, half_life_months=config.half_life_months, season_weight=config.season_weight, missing=missing
        )["y"].to_numpy()
        return ranked(y, part.index, may=may & (y > 0))

    columns = {name: rank(matrix.iloc[:, months]) for name, months in spans(matrix.shape[1]).items()}
    return pd.DataFrame(columns, index=matrix.index)


def picked(parts: pd.DataFrame, groups: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Return which parts of the period would have picked each group of cells (a hotspot).

    A part picks as many cells as the whole period needs to reach every group; a group is picked when one of its cells
    is. A group the whole period does not rank at all sets no such number.

    Parameters
    ----------
    parts : DataFrame of int
        Rank of each cell from the whole and from each part: `ranks_by_part`.
    groups : sequence of sequences of str

    Returns
    -------
    DataFrame of bool
        One row a group, a column for each part but the whole.
    """
    n = len(parts)
    best = pd.DataFrame(
        [parts.reindex(list(group)).min() for group in groups], columns=parts.columns, index=range(len(groups))
    ).fillna(n + 1)
    reached = best.loc[best[WHOLE] <= n, WHOLE]
    return best.drop(columns=WHOLE) <= (reached.max() if len(reached) else 0)


def in_both_halves(parts: pd.DataFrame, groups: Sequence[Sequence[str]]) -> list[bool]:
    """Return for each group whether both halves of the months would have picked it; False below 2 months."""
    if not set(HALVES) <= set(parts):
        return [False] * len(groups)
    return [bool(both) for both in picked(parts, groups)[list(HALVES)].all(axis=1)]


def quarters_that_pick(parts: pd.DataFrame, groups: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    """Return for each group how many of the four quarters of the months would have picked it.

    Raises
    ------
    DesignError
        If there are fewer than 4 months.
    """
    if not set(QUARTERS) <= set(parts):
        raise DesignError("Quarters of the period need at least 4 months.")
    return picked(parts, groups)[list(QUARTERS)].sum(axis=1).to_numpy(dtype=np.int64)


def split_stability(parts: pd.DataFrame, months: pd.DatetimeIndex, k: int, *, min_overlap: float = 0.5) -> Stability:
    """Return how many of the top `k` cells the two halves of the months have in common (R1.9).

    Parameters
    ----------
    parts : DataFrame of int
        `ranks_by_part`.
    months : DatetimeIndex
        Months of the whole.
    k : int
    min_overlap : float
        Share from which the list is called stable.

    Raises
    ------
    DesignError
        If there are fewer than 2 months.
    """
    if not set(HALVES) <= set(parts):
        raise DesignError("The months cannot be split into halves: the period has fewer than 2.")
    k = min(k, len(parts))
    overlap = float((parts[list(HALVES)] <= k).all(axis=1).sum()) / k if k else 0.0
    first, second = (months[spans(len(months))[half]] for half in HALVES)
    return Stability(
        k=k,
        overlap=overlap,
        first_half=f"{first[0]:%Y-%m} to {first[-1]:%Y-%m}",
        second_half=f"{second[0]:%Y-%m} to {second[-1]:%Y-%m}",
        is_stable=overlap >= min_overlap,
    )
