"""Sparse data: how the list and its accuracy change as reports thin out, and where no list is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from geodata.errors import DesignError
from hotspots.targeting.backtest import run_backtest
from hotspots.targeting.metrics import cells_in, overlap
from hotspots.targeting.panel import Panel, thin
from hotspots.targeting.rankers import RANKERS
from hotspots.targeting.summary import LIST_AREA

SHARES: Final = (1.0, 0.5, 0.25, 0.1, 0.05, 0.02, 0.005)
"""Parts of the wanted reports kept; other crime stays complete."""

_MEASURED: Final = ("hit_rate", "count_hit_rate", "ratio", "ratio_low", "ratio_high")


def sparse_curve(
    panel: Panel, method: str, *, shares: Sequence[float] = SHARES, newest: int | None = 12, random_state: int = 0
) -> pd.DataFrame:
    """Rank from a random part of the wanted reports, and test on all of them.

    Returns
    -------
    DataFrame
        One row a share: ``share``, ``reports_a_month`` (kept), ``hit_rate``, ``count_hit_rate``, ``ratio`` with
        ``ratio_low`` and ``ratio_high`` against the plain count of the same part, ``same_cells`` (share of the last
        list also in that of all reports) and ``refused`` (why no list is given; then the others are NaN).
    """
    full = RANKERS[method].score(panel, 1)
    k = cells_in([LIST_AREA], panel.land_cells)
    seeds = np.random.SeedSequence(random_state).generate_state(len(shares))
    rows = []
    for share, seed in zip(shares, seeds, strict=True):
        part = panel if share >= 1 else thin(panel, share, int(seed))
        row: dict[str, object] = {"share": share, "reports_a_month": float(part.totals[part.delivered].mean())}
        try:
            tested = run_backtest(
                part, [RANKERS[method]], areas=(LIST_AREA,), newest=newest, truth=panel, ceiling=False,
                random_state=random_state,
            )  # fmt: skip
        except DesignError as reason:
            rows.append(row | {"refused": str(reason)})
            continue
        found = tested.of_list(method)
        same = float(overlap(RANKERS[method].score(part, 1), full, k)[0])
        rows.append(row | {name: getattr(found, name) for name in _MEASURED} | {"same_cells": same, "refused": ""})
    return pd.DataFrame(rows, columns=["share", "reports_a_month", *_MEASURED, "same_cells", "refused"])
