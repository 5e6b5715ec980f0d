"""Small tables of cells and reports to draw on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geodata import cells as h3cells
from geodata.period import Period
from hotspots.config import DelineationConfig, RankingConfig
from hotspots.counts import count_cells, month_matrix
from hotspots.delineate import basis_of
from hotspots.ranking import rank_cells

MIDDLE = "8a194da9a6cffff"  # a resolution-10 cell of Wolverhampton
PERIOD = Period.of("2022-05", "2024-04")


@pytest.fixture(scope="session")
def grid():
    return h3cells.disk(MIDDLE, 12)


@pytest.fixture(scope="session")
def basis_from(reports, grid, square_area):
    """A function from reports a month in each cell to what hotspots are drawn from."""

    def made(counts, *, cells=None, area=square_area, config=None, **columns):
        chosen = [cell for cell, n in counts.items() for _ in range(n)]
        at = np.repeat(h3cells.centres(chosen), PERIOD.n_months, axis=0)
        when = np.tile(PERIOD.months.to_numpy() + np.timedelta64(9 * 24 + 12, "h"), len(chosen))
        table = reports(at[:, 0], at[:, 1], when=when, **({"location": "12 High Street"} | columns))
        index = pd.Index(cells or grid, name="cell", dtype=object)
        matrix = month_matrix(count_cells(table, 10), index, PERIOD.months)
        ranked = rank_cells(matrix, RankingConfig(), top_k=10, random_state=0)
        frame = h3cells.frame(index, area).join(ranked)
        frame = frame.assign(n=matrix.sum(axis=1), n_12m=matrix.iloc[:, -12:].sum(axis=1), density_rank=frame["rank"])
        return basis_of(frame, table, area, config or DelineationConfig(), period=PERIOD)

    return made
