"""Which hotspots the quarters of the period would have picked, each by itself (R1.9)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geodata.errors import DesignError
from hotspots.config import RankingConfig
from hotspots.ranking import decayed_rate

QUARTERS = 4


def quarters_that_pick(
    matrix: pd.DataFrame,
    config: RankingConfig,
    groups: Sequence[Sequence[str]],
    *,
    known: ArrayLike | pd.Series | None = None,
    missing: pd.DatetimeIndex | None = None,
) -> NDArray[np.int64]:
    """Return for each group of cells (a hotspot) how many quarters of the months would have picked it.

    As `hotspots.ranking.in_both_halves` does for halves: a quarter ranks the cells from its own months alone and picks
    as many as the whole period needs to reach every group; a group is picked when one of its cells is. Cells are in
    the order of their decayed counts, which shrinkage keeps, so none is fitted. A quarter without one delivered month
    picks nothing.

    Parameters
    ----------
    matrix : DataFrame, cells x months
        From `month_matrix`.
    config : RankingConfig
    groups : sequence of sequences of str
        Cells of each hotspot.
    known : array or Series of bool, optional
        Cells that may be picked; default all.
    missing : DatetimeIndex, optional
        Months the source did not deliver.

    Returns
    -------
    array of int, 0-4, shape (len(groups),)

    Raises
    ------
    DesignError
        If there are fewer than 4 months.
    """
    if matrix.shape[1] < QUARTERS:
        raise DesignError(f"Quarters need at least {QUARTERS} months; the period has {matrix.shape[1]}.")
    if known is not None:
        may = known.reindex(matrix.index, fill_value=False) if isinstance(known, pd.Series) else known
        matrix = matrix.loc[np.asarray(may, dtype=bool)]
    rows = [np.flatnonzero(matrix.index.isin(list(group))) for group in groups]
    if not any(len(row) for row in rows):
        return np.zeros(len(rows), dtype=np.int64)
    whole = _ranks(matrix, config, missing)
    k = max(int(whole[row].min()) for row in rows if len(row))
    picked = np.zeros(len(rows), dtype=np.int64)
    for columns in np.array_split(np.arange(matrix.shape[1]), QUARTERS):
        quarter = matrix.iloc[:, columns]
        if missing is not None and quarter.columns.isin(missing).all():
            continue
        rank = _ranks(quarter, config, missing)
        picked += np.array([(rank[row] <= k).any() for row in rows])
    return picked


def _ranks(matrix: pd.DataFrame, config: RankingConfig, missing: pd.DatetimeIndex | None) -> NDArray[np.int64]:
    """Return the place of each cell by decayed count, 1 = highest, ties by cell; a cell without a report comes last."""
    y = decayed_rate(
        matrix, half_life_months=config.half_life_months, season_weight=config.season_weight, missing=missing
    )["y"].to_numpy()
    rank = np.empty(len(y), dtype=np.int64)
    rank[np.lexsort((matrix.index.to_numpy().astype(str), -y))] = np.arange(1, len(y) + 1)
    rank[y == 0] = len(y) + 1
    return rank
