"""The patrol plan: how often each hotspot, and in which window of the week (R1.16-R1.18, R1.24, R1.26)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.area import StudyArea
from hotspots.config import PatrolConfig
from hotspots.membership import hotspot_of
from hotspots.patrols.dose import affordable, share_visits
from hotspots.results import PeakWindow, Refusal
from hotspots.timing import WEEKEND_BANDS, has_hours, peak_window, week_matrix

PLAN_COLUMNS: dict[str, str] = {
    "rank": "int64", "name": "str", "visits_per_week_low": "int64", "visits_per_week_high": "int64",
    "minutes_per_visit": "float64", "days": "str", "hours": "str", "share_of_reports": "float64",
    "share_of_week": "float64", "window": "str", "note": "str",
    "day_numbers": "str", "start_hour": "float64", "window_hours": "float64",
}  # fmt: skip


def can_plan_hours(incidents: pd.DataFrame) -> Refusal | None:
    """Return why these reports cannot name patrol hours, or None when they can (R2.2e).

    At least half of the reports must carry a clock time.
    """
    timed = incidents["time_precision"] == "minute"
    if len(incidents) == 0 or timed.mean() >= 0.5:
        return None
    known = "month" if (incidents["time_precision"] == "month").mean() >= 0.5 else "day"
    return Refusal(
        "patrol hours",
        f"{(~timed).sum():,} of {len(incidents):,} reports carry no clock time (the {known} is the finest these data "
        "know), so no day or hour is named. Use the force's own records for peak hours.",
        "R2.2e, R2.5",
    )


def plan(
    hotspots: gpd.GeoDataFrame, incidents: pd.DataFrame, config: PatrolConfig, *, area: StudyArea
) -> gpd.GeoDataFrame:
    """Plan affordable visits a week and the peak window of each hotspot.

    Visits are shared in proportion to the hotspots' score within the weekly minimum and maximum (`share_visits`), once
    with what the dear hour buys and once with what the cheap hour buys. The window comes from the hotspot's own reports
    (those in its cells); below 30 of them from all hotspots together, and the note says so.

    Parameters
    ----------
    hotspots : GeoDataFrame
        HOTSPOTS with ``score``.
    incidents : DataFrame
        INCIDENTS inside the area, over the whole period: patrol windows need every report they can get.
    config : PatrolConfig
        Budget, visit length, weekly bounds and shift.
    area : StudyArea
        Named in the notes.

    Returns
    -------
    GeoDataFrame
        PATROLS on the hotspots' index, EPSG:4326. Without clock times ``days`` and ``hours`` are "", the shares NaN and
        ``window`` says why. ``day_numbers`` ("2,3,4,5", 0 = Monday), ``start_hour`` and ``window_hours`` repeat the
        window for `visit_times`.
    """
    if hotspots.empty:
        return empty_plan()
    budget = affordable(config)
    low, high = (
        share_visits(hotspots["score"], visits, low=config.min_visits_per_week, high=config.max_visits_per_week)
        for visits in budget.visits_per_week
    )
    windows, notes = _windows(hotspots, incidents, config, area)
    refusal = can_plan_hours(incidents)
    refused_text = f"No hours: {refusal.reason}" if refusal else "No hours: fewer than 30 reports carry a clock time."
    rows = pd.DataFrame(
        {
            "rank": hotspots["rank"],
            "name": hotspots["name"],
            "visits_per_week_low": low,
            "visits_per_week_high": high,
            "minutes_per_visit": float(config.visit_minutes),
            "days": [_days(window) for window in windows],
            "hours": [_hours(window) for window in windows],
            "share_of_reports": [window.share_of_reports if window else np.nan for window in windows],
            "share_of_week": [window.share_of_week if window else np.nan for window in windows],
            "window": [window.describe() if window else refused_text for window in windows],
            "note": [
                " ".join(filter(None, [_dose_note(int(a), int(b), config), note]))
                for a, b, note in zip(low, high, notes, strict=True)
            ],
            "day_numbers": [",".join(map(str, window.days)) if window else "" for window in windows],
            "start_hour": [float(window.start_hour) if window else np.nan for window in windows],
            "window_hours": [float(window.hours) if window else np.nan for window in windows],
        },
        index=hotspots.index,
    ).astype(PLAN_COLUMNS)
    return gpd.GeoDataFrame(rows, geometry=hotspots.geometry, crs=hotspots.crs)


def empty_plan() -> gpd.GeoDataFrame:
    """Return a patrol plan without rows."""
    columns = {name: pd.Series([], dtype=kind) for name, kind in PLAN_COLUMNS.items()}
    index = pd.Index([], name="hotspot_id", dtype=object)
    return gpd.GeoDataFrame(
        pd.DataFrame(columns, index=index), geometry=gpd.GeoSeries([], index=index), crs="EPSG:4326"
    )


def _windows(
    hotspots: gpd.GeoDataFrame, incidents: pd.DataFrame, config: PatrolConfig, area: StudyArea
) -> tuple[list[PeakWindow | None], list[str]]:
    """Return each hotspot's window (its own, else the pooled one) and what to say about it."""
    if can_plan_hours(incidents) is not None:
        return [None] * len(hotspots), [""] * len(hotspots)
    timed = incidents.loc[has_hours(incidents).to_numpy()]
    owner = hotspot_of(hotspots, timed["longitude"], timed["latitude"])
    pooled = _peak(timed.loc[owner != ""], config)
    windows: list[PeakWindow | None] = []
    notes: list[str] = []
    for hotspot_id in hotspots.index:
        own = timed.loc[owner == hotspot_id]
        window = _peak(own, config)
        windows.append(window or pooled)
        notes.append("" if window else _pooled_note(len(own), int((owner != "").sum()), area))
    return windows, notes


def _peak(incidents: pd.DataFrame, config: PatrolConfig) -> PeakWindow | None:
    return peak_window(week_matrix(incidents), hours=config.shift_hours, days=config.shift_days)


def _pooled_note(own: int, all_hotspots: int, area: StudyArea) -> str:
    if all_hotspots < WEEKEND_BANDS:
        return f"All hotspots of {area.name} together have {all_hotspots} reports with a clock time; 30 are needed."
    return (
        f"Only {own} of its reports carry a clock time (30 are needed), so the window is that of all hotspots of "
        f"{area.name} together ({all_hotspots} reports)."
    )


def _days(window: PeakWindow | None) -> str:
    return window.describe().partition(":")[0].rpartition(" ")[0] if window else ""


def _hours(window: PeakWindow | None) -> str:
    return f"{window.start_hour:02d}:00-{(window.start_hour + window.hours) % 24:02d}:00" if window else ""


def _dose_note(low: int, high: int, config: PatrolConfig) -> str:
    least = f"the minimum of {config.min_visits_per_week:g} visits a week"
    if high == 0:
        return f"The budget does not reach this hotspot with {least}."
    if low == 0:
        return f"The budget reaches this hotspot with {least} only at the cheaper hour."
    return ""
