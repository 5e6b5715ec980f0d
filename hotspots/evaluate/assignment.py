"""Who is treated, drawn by lot before the start: monthly rotation, pairs, or among the busiest 3K (R1.34, R1.35)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from geodata.errors import DesignError
from geodata.period import parse_month

DesignKind = Literal["rotation", "pairs", "top"]
KINDS: tuple[DesignKind, ...] = ("rotation", "pairs", "top")
"""Monthly rotation; one of each pair of neighbours in the ranking; K among the busiest 3K."""

COLUMNS = ["hotspot_id", "name", "pair", "first_day", "last_day", "arm", "seed"]
_MIN_TREATED = 5
_POOL = 3


def randomise(
    hotspots: pd.DataFrame,
    kind: DesignKind,
    *,
    start: str | pd.Timestamp,
    months: int,
    random_state: int,
    treated: int | None = None,
) -> pd.DataFrame:
    """Draw the assignment list of a randomised design; keep it, for the analysis repeats the same draw.

    Parameters
    ----------
    hotspots : DataFrame
        Index the hotspots' ids, ``rank`` and ``name``.
    kind : {"rotation", "pairs", "top"}
        rotation: each month half of the hotspots, every hotspot in as many months as any other (give or take one).
        pairs: neighbours in the ranking, one of each drawn.
        top: `treated` of the busiest 3 x `treated`.
    start : str or Timestamp
        First treated month.
    months : int
        Months the pilot runs.
    random_state : int
        Seed; printed in the list.
    treated : int, optional
        Treated at a time. Rotation uses the busiest 2 x `treated`, default all; pairs default all.

    Returns
    -------
    DataFrame
        ``hotspot_id``, ``name``, ``pair`` (0 = none), ``first_day``, ``last_day``, ``arm`` ("treated" or "control"),
        ``seed``; one row a hotspot, in a rotation one row a hotspot and month.

    Raises
    ------
    DesignError
        If there are too few hotspots for at least five treated ones, or no month.
    """
    if kind not in KINDS:
        raise DesignError(f"'{kind}' is no randomised design; choose one of {', '.join(KINDS)}.")
    if months < 1:
        raise DesignError("A pilot runs for at least one month.")
    ranked = hotspots.sort_values("rank", kind="stable")
    k = _treated(len(ranked), kind, treated)
    rng = np.random.default_rng(random_state)
    first = (parse_month(start) if isinstance(start, str) else pd.Timestamp(start)).to_period("M")
    if kind == "rotation":
        chosen = ranked.head(2 * k)
        turns = _rotation(len(chosen), months, rng)
        blocks = [_rows(chosen, turns[:, month], first + month, first + month) for month in range(months)]
        rows = pd.concat(blocks, ignore_index=True)
    elif kind == "pairs":
        chosen = ranked.head(2 * k)
        drawn = np.column_stack([side := rng.random(k) < 0.5, ~side]).ravel()
        rows = _rows(chosen, drawn, first, first + months - 1, pair=np.repeat(np.arange(1, k + 1), 2))
    else:
        chosen = ranked.head(_POOL * k)
        drawn = np.isin(np.arange(len(chosen)), rng.choice(len(chosen), k, replace=False))
        rows = _rows(chosen, drawn, first, first + months - 1)
    return rows.assign(seed=random_state)[COLUMNS]


def _treated(n_hotspots: int, kind: DesignKind, treated: int | None) -> int:
    """Return how many are treated at a time, or say how many hotspots would be needed."""
    per = _POOL if kind == "top" else 2
    most = n_hotspots // per
    k = most if treated is None else treated
    if k < _MIN_TREATED:
        raise DesignError(
            f"{n_hotspots} hotspots allow {k} treated at a time; at least {_MIN_TREATED} are needed, "
            f"so list {per * _MIN_TREATED} or more."
        )
    if k > most:
        raise DesignError(f"{k} treated at a time need {per * k} hotspots for this design; the list has {n_hotspots}.")
    return k


def _rotation(n: int, months: int, rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Return turns, shape (n, months): half a month, and each next month the other half of a fresh draw."""
    turns = np.zeros((n, months), dtype=bool)
    for month in range(0, months, 2):
        turns[rng.permutation(n)[: n // 2], month] = True
        if month + 1 < months:
            turns[:, month + 1] = ~turns[:, month]
    return turns


def _rows(
    hotspots: pd.DataFrame, is_treated: np.ndarray, first: pd.Period, last: pd.Period, pair: np.ndarray | int = 0
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "hotspot_id": hotspots.index.astype(str),
            "name": hotspots["name"].to_numpy(),
            "pair": pair,
            "first_day": first.start_time.normalize(),
            "last_day": last.end_time.normalize(),
            "arm": np.where(is_treated, "treated", "control"),
        }
    )
