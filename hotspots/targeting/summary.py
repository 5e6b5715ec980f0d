"""All origins together: accuracy by method and area, with intervals, and held against the plain count."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from hotspots.results import ListAccuracy
from hotspots.targeting import metrics
from hotspots.targeting.bootstrap import Ratio, ratio_of_sums
from hotspots.targeting.ceiling import CEILING
from hotspots.targeting.rankers import BASELINE

LIST_AREA: Final = 0.01
"""The share of the land a sentence about a list speaks of."""

_TAKEN: Final = (
    "hit_rate", "hit_rate_low", "hit_rate_high", "ratio", "ratio_low", "ratio_high", "pai", "pei", "overlap",
)  # fmt: skip


def summary(monthly: pd.DataFrame, *, land_cells: float, block: int = 1, random_state: int = 0) -> pd.DataFrame:
    """Return accuracy over all origins by method and area.

    Returns
    -------
    DataFrame
        ``method``, ``area``, ``k``, ``origins``, ``reports``; ``hit_rate`` with ``_low`` and ``_high``; ``pai``;
        ``pei`` with its interval; ``rri``; ``overlap``; ``ratio`` (hits to those of the plain count) with its interval.
    """
    baseline = monthly.loc[monthly["method"] == BASELINE].set_index(["area", "origin"])["found"]
    rows = []
    for (method, area), group in monthly.groupby(["method", "area"], sort=False):
        held = group.sort_values("origin")
        plain = baseline.xs(area, level="area").reindex(held["origin"]).to_numpy()
        found = held["found"].to_numpy()
        compared = {
            "hit_rate": ratio_of_sums(found, held["total"], block=block, random_state=random_state),
            "pei": ratio_of_sums(found, held["most"], block=block, random_state=random_state),
            "ratio": ratio_of_sums(found, plain, block=block, random_state=random_state),
        }
        k = int(held["k"].iloc[0])
        rows.append(
            {"method": method, "area": area, "k": k, "origins": len(held), "reports": float(held["total"].sum())}
            | _with_interval("hit_rate", compared["hit_rate"])
            | {"pai": compared["hit_rate"].value / (k / land_cells)}
            | _with_interval("pei", compared["pei"])
            | {"rri": _recaptured(held), "overlap": float(held["overlap"].mean())}
            | _with_interval("ratio", compared["ratio"])
        )
    return pd.DataFrame(rows)


def _with_interval(name: str, ratio: Ratio) -> dict[str, float]:
    return {name: ratio.value, f"{name}_low": ratio.low, f"{name}_high": ratio.high}


def _recaptured(held: pd.DataFrame) -> float:
    sums = held[["found", "found_before", "total", "total_before"]].sum()
    return float(metrics.recapture_rate_index(*sums.to_numpy()))


def in_short(accuracy: pd.DataFrame, method: str, area: float, **about: Any) -> ListAccuracy:
    """Return the accuracy of one method at one area, with whatever else is said `about` the back-test."""
    table = accuracy.loc[np.isclose(accuracy["area"], area)].set_index("method")
    numbers: dict[str, Any] = {name: float(table[name].loc[method]) for name in _TAKEN}
    return ListAccuracy(
        method=method,
        area_share=area,
        origins=int(table["origins"].loc[method]),
        n_reports=int(table["reports"].loc[method]),
        n_cells=int(table["k"].loc[method]),
        count_hit_rate=float(table["hit_rate"].loc[BASELINE]),
        ceiling=float(table["hit_rate"].get(CEILING, np.nan)),
        **numbers,
        **about,
    )
