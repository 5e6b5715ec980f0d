"""Calls and events: several calls about one event inflate a hotspot, so both are counted (R3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geodata.area import StudyArea
from geodata.errors import DesignError

WITHIN_M: Final = 50.0  # R3.6
WITHIN_MINUTES: Final = 60.0  # R3.6
MIN_TIMED_SHARE: Final = 0.5  # J: with fewer the count of events would mostly be a count of calls
_SLACK: Final = 1e-6  # of a metre, so that exactly 50 m is within 50 m in spite of rounding

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Events:
    """Which event each call belongs to, and how many there are of both.

    Attributes
    ----------
    event_id : Series of int64
        On the index of the calls; 0 to ``n_events`` - 1 in order of category, time and place of the first call.
    is_first : Series of bool
        The first call of each event: ``incidents.loc[events.is_first]`` has one row an event.
    n_calls, n_events : int
    n_alone : int
        Calls not known to within `within_minutes`; each stays an event of its own.
    """

    event_id: pd.Series
    is_first: pd.Series
    n_calls: int
    n_events: int
    n_alone: int


def group_events(
    incidents: pd.DataFrame,
    area: StudyArea,
    *,
    within_m: float = WITHIN_M,
    within_minutes: float = WITHIN_MINUTES,
) -> Events:
    """Group calls of one category, close in place and time, into events (R3.6).

    Leader linkage: the earliest call not yet in an event opens one, and every later call of its category within
    `within_m` metres and `within_minutes` of *that first call* joins, unless an earlier event has it. So an event
    never lasts longer than `within_minutes` nor reaches farther than `within_m` from where it began; chains, which
    single linkage would let run through a whole evening, cannot form. A nuisance that goes on for hours becomes one
    event an hour. Calls at the same minute open in order of easting, then northing: the order of rows plays no part.

    A call known only to a day, or to a span longer than `within_minutes`, cannot be told to be the same event as
    another, and stays alone. Calls booked to one default location look close and are not: set that place aside first
    (R3.9).

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS.
    area : StudyArea
        Gives the metric coordinates.

    Raises
    ------
    DesignError
        If fewer than half of the incidents are known to the minute, as in data of months.
    """
    is_timed = (incidents["time_precision"] == "minute") & incidents["occurred_from"].notna()
    if len(incidents) and is_timed.mean() < MIN_TIMED_SHARE:
        raise DesignError(
            f"Calls cannot be grouped into events: only {int(is_timed.sum()):,} of {len(incidents):,} records say the "
            "minute; use an extract with times, or count calls."
        )
    span = incidents["occurred_to"] - incidents["occurred_from"]
    is_placed = (is_timed & ~(span > pd.Timedelta(minutes=within_minutes))).to_numpy()
    order = _canonical_order(incidents, area)
    rows = order.index.to_numpy()
    leader = np.arange(len(rows))
    placed = np.flatnonzero(is_placed[rows])
    leader[placed] = placed[_leaders(order.iloc[placed], within_m, within_minutes)]
    is_first = leader == np.arange(len(rows))
    number = np.cumsum(is_first) - 1
    event_id, first = np.empty(len(rows), dtype=np.int64), np.empty(len(rows), dtype=bool)
    event_id[rows], first[rows] = number[leader], is_first
    return Events(
        event_id=pd.Series(event_id, index=incidents.index, name="event_id"),
        is_first=pd.Series(first, index=incidents.index, name="is_first"),
        n_calls=len(incidents),
        n_events=int(is_first.sum()),
        n_alone=int((~is_placed).sum()),
    )


def _canonical_order(incidents: pd.DataFrame, area: StudyArea) -> pd.DataFrame:
    """Return category, time (microseconds) and metres, sorted by what the calls say; index: row number.

    Calls equal in all of it are in order of their ``incident_id``, so that which is first depends on no row order.
    """
    x, y = area.project(incidents["longitude"].to_numpy(), incidents["latitude"].to_numpy())
    start = incidents["occurred_from"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    said = pd.DataFrame({
        "category": incidents["category"].to_numpy(), "time": start.astype(np.int64), "x": x, "y": y,
        "incident_id": incidents.index,
    })  # fmt: skip
    ordered: pd.DataFrame = said.sort_values(list(said.columns), kind="stable")
    return ordered


def _leaders(calls: pd.DataFrame, within_m: float, within_minutes: float) -> Ints:
    """Return the position of the call that opened each call's event, for calls in canonical order."""
    leader = np.arange(len(calls))
    early, late = _close_pairs(calls, within_m, within_minutes)
    begin = np.searchsorted(early, np.arange(len(calls) + 1))
    is_free = np.ones(len(calls), dtype=bool)
    for opener in np.unique(early):
        if is_free[opener]:
            joining = late[begin[opener] : begin[opener + 1]]
            joining = joining[is_free[joining]]
            leader[joining] = opener
            is_free[joining] = False
    return leader


def _close_pairs(calls: pd.DataFrame, within_m: float, within_minutes: float) -> tuple[Ints, Ints]:
    """Return pairs of positions (earlier, later) of one category within both distances, in order of the earlier."""
    x, y, time = calls["x"].to_numpy(), calls["y"].to_numpy(), calls["time"].to_numpy()
    kind, _ = pd.factorize(calls["category"])
    longest = round(within_minutes * 60e6)
    if not len(calls):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    # One box of half-width 1 in every direction; categories lie 3 apart, so that they never meet.
    elapsed = (time - time.min()) / max(longest, 1)
    scaled = np.column_stack([x / within_m, y / within_m, elapsed, 3.0 * kind])
    pairs = cKDTree(scaled).query_pairs(1 + 1e-6, p=np.inf, output_type="ndarray").astype(np.int64)
    first, second = pairs.min(axis=1), pairs.max(axis=1)
    distance = np.hypot(x[first] - x[second], y[first] - y[second])
    is_close = (distance <= within_m + _SLACK) & (np.abs(time[second] - time[first]) <= longest)
    first, second = first[is_close], second[is_close]
    order = np.lexsort((second, first))
    return first[order], second[order]
