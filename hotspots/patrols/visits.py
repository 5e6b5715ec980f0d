"""What was delivered: visits as logged, and the dose each hotspot got (R1.15, R1.21-R1.23, R1.25)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from geodata.errors import SourceError
from geodata.period import police_day
from geodata.schema import VISITS, check
from geodata.sources.hand_kept import numbers, read_table

QUALIFYING_MINUTES = (10.0, 20.0)  # R1.15
COMPLIANCE_FLOOR = 0.8  # R1.23
USUAL_CREW = 2.0
NOT_AS_PLANNED = "treatment not delivered as planned; do not interpret outcomes"  # R1.23
NOT_PLANNED = "not a hotspot of this plan"

_CLOCKS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M",
           "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")  # fmt: skip


def read_visits(path: str | Path, *, timezone: str = "Europe/London", default_crew: float = USUAL_CREW) -> pd.DataFrame:
    """Read delivered visits from a CSV or XLSX log.

    Parameters
    ----------
    path : path
        Columns ``hotspot`` (id or name), ``started`` (local date and time, year or day first) and ``minutes``; where
        known also ``crew`` (people) and ``resource`` (PC, PCSO, council warden, youth worker ...).
    timezone : str
        Zone of the clock; the repeated hour in autumn is read as the first of the two.
    default_crew : float
        People on a visit whose ``crew`` is not given.

    Returns
    -------
    DataFrame
        VISITS in the order of the file, ``started`` with its time zone.

    Raises
    ------
    SourceError
        If the file cannot be read, a column is missing, or a value is not a time or a number.
    """
    table = read_table(
        path,
        what="visits",
        columns={
            "hotspot": ("hotspot_id", "location", "area", "place"),
            "started": ("start", "start time", "arrived", "date time"),
            "minutes": ("duration", "duration minutes", "length"),
            "crew": ("officers", "people", "crew size"),
            "resource": ("resource type", "role", "unit"),
        },
        required=("hotspot", "started", "minutes"),
    )
    crew = table["crew"] if "crew" in table else pd.Series("", index=table.index)
    table["crew"] = crew.replace("", str(default_crew))
    unnamed = table["hotspot"] == ""
    if unnamed.any():
        raise SourceError(
            f"{Path(path).name}: {int(unnamed.sum())} of {len(table)} visits name no hotspot (first on line "
            f"{table.index[unnamed][0]}); add its id or name."
        )
    visits = pd.DataFrame(
        {
            "hotspot": table["hotspot"],
            "started": _local_times(table["started"], path, timezone),
            "minutes": numbers(table, "minutes", path=path, low=0, high=24 * 60),
            "crew": numbers(table, "crew", path=path, low=1, high=100),
            "resource": table.get("resource", pd.Series("", index=table.index)),
        }
    ).reset_index(drop=True)
    return check(visits, VISITS)


def dose_delivered(
    visits: pd.DataFrame,
    plan: pd.DataFrame,
    *,
    first_day: str | pd.Timestamp,
    last_day: str | pd.Timestamp,
    qualifying_minutes: tuple[float, float] = QUALIFYING_MINUTES,
) -> pd.DataFrame:
    """Compare delivered visits with the plan, hotspot by hotspot (R1.23).

    Days are police days, 06:00-05:59 (R1.25). A visit belongs to a hotspot by its id or its name.

    Parameters
    ----------
    visits : DataFrame
        VISITS.
    plan : DataFrame
        PATROLS from `plan`, or any table with ``name`` and ``visits_per_week_low``.
    first_day, last_day : date
        Police days the plan ran, both included; other visits are not counted.
    qualifying_minutes : tuple of float
        Shortest and longest visit that counts as the planned dose (R1.15).

    Returns
    -------
    DataFrame
        Index ``hotspot_id`` of the plan, then places visited but not planned, as written in the log. ``visits``,
        ``qualifying`` (those of at least the shortest qualifying length), ``minutes``, ``person_minutes`` (minutes
        times crew, R1.21), ``share_qualifying`` and ``share_in_window`` (of
        the visits; NaN without visits or window), ``days_covered``, ``longest_gap_days`` (most days in a row without
        a visit of at least the shortest qualifying length, R1.17), ``planned`` (the plan's low figure over the weeks),
        ``compliance`` (visits of at least that length, over planned) and ``flag``.
    """
    first, last = pd.Timestamp(first_day).normalize(), pd.Timestamp(last_day).normalize()
    n_days = (last - first).days + 1
    if n_days < 1:
        raise SourceError(f"The plan ends ({last:%Y-%m-%d}) before it starts ({first:%Y-%m-%d}).")
    logged = visits.assign(day=police_day(visits["started"]), place=_place_ids(visits["hotspot"], plan))
    logged = logged.loc[logged["day"].between(first, last)]
    unplanned = sorted(set(logged["place"]) - set(plan.index))
    planned = plan.drop(columns="geometry", errors="ignore").to_dict(orient="index")
    rows = {
        place: _dose(
            logged.loc[logged["place"] == place],
            planned.get(place),
            first=first,
            n_days=n_days,
            qualifying=qualifying_minutes,
        )
        for place in [*plan.index, *unplanned]
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("hotspot_id")


def _dose(
    own: pd.DataFrame, row: dict[Any, Any] | None, *, first: pd.Timestamp, n_days: int, qualifying: tuple[float, float]
) -> dict[str, object]:
    long_enough = own["minutes"] >= qualifying[0]
    planned = row["visits_per_week_low"] * n_days / 7 if row else np.nan
    compliance = long_enough.sum() / planned if planned > 0 else np.nan
    in_window = _in_window(own["started"], row) if row else None
    return {
        "name": row["name"] if row else own["place"].iloc[0],
        "visits": len(own),
        "qualifying": int(long_enough.sum()),
        "minutes": float(own["minutes"].sum()),
        "person_minutes": float((own["minutes"] * own["crew"]).sum()),
        "share_qualifying": float(own["minutes"].between(*qualifying).mean()) if len(own) else np.nan,
        "share_in_window": float(in_window.mean()) if in_window is not None and len(own) else np.nan,
        "days_covered": int(own["day"].nunique()),
        "longest_gap_days": _longest_gap(own.loc[long_enough, "day"], first, n_days),
        "planned": planned,
        "compliance": compliance,
        "flag": NOT_PLANNED if row is None else NOT_AS_PLANNED if compliance < COMPLIANCE_FLOOR else "",
    }


def _in_window(started: pd.Series, row: dict[Any, Any]) -> pd.Series | None:
    """Return which visits start inside the planned window, which may run past midnight."""
    if not row.get("day_numbers"):
        return None
    since = started.dt.tz_localize(None) - pd.Timedelta(hours=float(row["start_hour"]))
    hour = since.dt.hour + since.dt.minute / 60
    on_day = since.dt.day_of_week.isin([int(day) for day in row["day_numbers"].split(",")])
    inside: pd.Series = on_day & (hour < row["window_hours"])
    return inside


def _longest_gap(days: pd.Series, first: pd.Timestamp, n_days: int) -> int:
    visited = np.unique((days - first).dt.days.to_numpy())
    return int(np.diff(np.concatenate([[-1], visited, [n_days]])).max() - 1)


def _place_ids(names: pd.Series, plan: pd.DataFrame) -> pd.Series:
    known = {str(plan.loc[i, "name"]).casefold(): i for i in reversed(plan.index)} | {
        str(i).casefold(): i for i in plan.index
    }
    return names.map(lambda text: known.get(text.strip().casefold(), text.strip()))


def _local_times(texts: pd.Series, path: str | Path, timezone: str) -> pd.Series:
    times = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[us]")
    for layout in _CLOCKS:
        times = times.fillna(pd.to_datetime(texts, format=layout, errors="coerce").astype("datetime64[us]"))
    bad = times.isna()
    if bad.any():
        line, first = next(iter(texts.loc[bad].items()))
        raise SourceError(
            f"{Path(path).name}: {int(bad.sum())} of {len(texts)} start times cannot be read (first on line {line}: "
            f"{first!r}); write them as 2023-08-31 16:20 or 31/08/2023 16:20."
        )
    first_of_two = np.ones(len(times), dtype=bool)
    local: pd.Series = times.dt.tz_localize(timezone, ambiguous=first_of_two, nonexistent="shift_forward")
    return local
