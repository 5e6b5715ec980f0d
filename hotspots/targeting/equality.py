"""Equality view: how the flagged land and what was found there lie over deprivation, area by area (R7.7).

It describes a list and never enters one.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata import cells as h3cells
from geodata.context import assign
from geodata.errors import SourceError
from hotspots.targeting.backtest import Backtest
from hotspots.targeting.panel import Panel

DECILES: Final = range(1, 11)
_DECILE: Final = re.compile(r"^(imd|index of multiple deprivation).*decile", re.IGNORECASE)
_CODE: Final = re.compile(r"lsoa.*code|^code$|^lsoa\d*cd$", re.IGNORECASE)


def read_deciles(path: str | Path) -> pd.Series:
    """Read deprivation deciles (1 = most deprived) by area code from a CSV.

    Returns
    -------
    Series of int
        Index: area code.

    Raises
    ------
    SourceError
        If the file cannot be read, or has no column of codes or of deciles.
    """
    try:
        table = pd.read_csv(path, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise SourceError(f"{Path(path).name} could not be read as a CSV of deprivation deciles: {error}.") from error
    code, decile = (
        next((column for column in table.columns if pattern.search(str(column))), None) for pattern in (_CODE, _DECILE)
    )
    if code is None or decile is None:
        raise SourceError(
            f"{Path(path).name} needs a column of area codes (lsoa21_code) and one of deciles (IMD_decile); it has: "
            f"{', '.join(map(str, table.columns[:12]))}."
        )
    known = pd.to_numeric(table[decile], errors="coerce")
    usable = known.isin(DECILES)
    return pd.Series(known[usable].astype(int).to_numpy(), index=table.loc[usable, code].astype(str), name="decile")


def equality_view(
    tested: Backtest, panel: Panel, method: str, *, area: float, boundaries: gpd.GeoDataFrame, deciles: pd.Series
) -> pd.DataFrame:
    """Return, by deprivation decile, shares of the land, of the flagged cells, of all reports and of those found.

    A cell belongs to the area its centre lies in. Cells that tie at the cut are flagged in part. Shares are over all
    tested origins; each column sums to 1 over the cells whose decile is known.

    Parameters
    ----------
    tested : Backtest
    panel : Panel
    method : str
    area : float
        Share of the land flagged.
    boundaries : GeoDataFrame
        As `geodata.context.read_boundaries` gives them.
    deciles : Series
        As `read_deciles` gives them.

    Returns
    -------
    DataFrame
        Index ``decile``; ``land``, ``flagged``, ``reports``, ``found``.

    Raises
    ------
    SourceError
        If no cell has a decile: the codes of the two files do not meet.
    """
    centres = h3cells.centres(panel.cells)
    code = assign(centres[:, 0], centres[:, 1], boundaries)["code"]
    decile = deciles[~deciles.index.duplicated()].reindex(code).to_numpy()
    if not np.isfinite(decile).any():
        raise SourceError("No area of the boundaries has a decile: the codes of the two files are of different years.")
    k = int(tested.monthly.loc[np.isclose(tested.monthly["area"], area), "k"].iloc[0])
    flagged, reports, found = (np.zeros(len(panel.cells)) for _ in range(3))
    for origin, score in zip(tested.origins, tested.scores[method], strict=True):
        after = panel.followed(int(panel.steps.searchsorted(origin)), tested.horizon)
        part = flagged_part(score, k)
        flagged += part
        reports += after
        found += part * after
    table = pd.DataFrame({"decile": decile, "land": 1.0, "flagged": flagged, "reports": reports, "found": found})
    sums = table.dropna().astype({"decile": int}).groupby("decile").sum().reindex(DECILES, fill_value=0.0)
    return sums / sums.sum()


def flagged_part(score: np.ndarray, k: int) -> np.ndarray:
    """Return how much of each cell is among the `k` highest: 1, 0, or an even share where scores tie at the cut.

    Examples
    --------
    >>> flagged_part(np.array([3.0, 1.0, 1.0, 0.0]), 2).tolist()
    [1.0, 0.5, 0.5, 0.0]
    """
    cut = np.sort(score)[::-1][min(k, len(score)) - 1]
    above, level = score > cut, score == cut
    return np.asarray(above + level * ((k - above.sum()) / level.sum()))
