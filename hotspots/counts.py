"""Reports per cell and month: the one table every analysis of places starts from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geodata import cells as h3cells
from geodata.points import distinct

COUNT_INDEX = ["cell", "month"]


def count_cells(incidents: pd.DataFrame, resolution: int) -> pd.DataFrame:
    """Count reports per H3 cell and month.

    Every row counts, identical rows included: police data repeat coordinates and dates, and those repeats are what
    a hotspot is made of.

    Parameters
    ----------
    incidents : DataFrame
        Columns ``longitude``, ``latitude`` (degrees, finite) and ``month`` (first of the month).
    resolution : int
        H3 resolution, 0-15.

    Returns
    -------
    DataFrame
        COUNTS: index (``cell``, ``month``), sorted; ``n`` >= 1. Empty cells and months are absent.
    """
    longitude, latitude = incidents["longitude"].to_numpy(), incidents["latitude"].to_numpy()
    point, first = distinct(longitude, latitude)
    cell_of_point, cells = pd.factorize(h3cells.assign(longitude[first], latitude[first], resolution), sort=True)
    month, months = pd.factorize(incidents["month"].to_numpy().astype("datetime64[us]"), sort=True)
    total = np.bincount(cell_of_point[point] * len(months) + month, minlength=len(cells) * len(months))
    pair = np.flatnonzero(total)
    cell_row, month_column = np.divmod(pair, max(len(months), 1))
    index = pd.MultiIndex.from_arrays(
        [pd.Index(cells[cell_row], dtype=object), pd.DatetimeIndex(months[month_column])], names=COUNT_INDEX
    )
    return pd.DataFrame({"n": total[pair].astype("int64")}, index=index)


def merge_counts(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return the COUNTS of all parts together; an empty part changes nothing.

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples([("8a", pd.Timestamp("2024-01-01"))], names=["cell", "month"])
    >>> one = pd.DataFrame({"n": [2]}, index=index)
    >>> merge_counts([one, one])["n"].to_list()
    [4]
    """
    filled = [part for part in parts if len(part)]
    if not filled:
        return parts[0].copy()
    return pd.concat(filled).groupby(level=COUNT_INDEX, sort=True)[["n"]].sum()


def month_matrix(counts: pd.DataFrame, cells: pd.Index, months: pd.DatetimeIndex) -> pd.DataFrame:
    """Return COUNTS as a table of `cells` by `months`, with 0 said aloud where nothing was recorded.

    Counts of other cells and months are left out, so the caller chooses the area and the window.

    Returns
    -------
    DataFrame of int64, shape (len(cells), len(months))
        Index `cells` (named ``cell``), columns `months` (named ``month``), both in the order given.
    """
    matrix = np.zeros((len(cells), len(months)), dtype="int64")
    row = cells.get_indexer(counts.index.get_level_values("cell"))
    column = months.get_indexer(pd.DatetimeIndex(counts.index.get_level_values("month")))
    wanted = (row >= 0) & (column >= 0)
    np.add.at(matrix, (row[wanted], column[wanted]), counts["n"].to_numpy()[wanted])
    return pd.DataFrame(matrix, index=cells.rename("cell"), columns=months.rename("month"))
