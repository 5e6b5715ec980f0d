"""When in the week: aoristic hour profile and the peak window a shift can cover (R4.14, R1.26)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.errors import DesignError
from hotspots.results import PeakWindow

Floats = NDArray[np.float64]

DAYS, HOURS = 7, 24
HOURS_PER_WEEK = DAYS * HOURS
LONGEST_SPAN_HOURS = 24.0  # R4.14
FULL_MATRIX, FOUR_HOUR_BANDS, WEEKEND_BANDS = 150, 60, 30  # R1.26: reports needed for each fineness


def has_hours(incidents: pd.DataFrame) -> pd.Series:
    """Return which reports can be placed in the hours of a week (R4.14).

    Those known to the minute, with a start and a span of at most 24 hours; a missing or earlier end counts as the
    start. What is False is excluded from `week_matrix`: say how many.
    """
    start, end = _wall_clock(incidents)
    span = (end - start) / np.timedelta64(1, "h")
    precise = incidents["time_precision"].to_numpy() == "minute"
    return pd.Series(precise & ~np.isnat(start) & (span <= LONGEST_SPAN_HOURS), index=incidents.index, name="has_hours")


def week_matrix(incidents: pd.DataFrame) -> pd.DataFrame:
    """Return the expected number of reports in each hour of the week, local wall-clock time.

    A report known to lie between two times spreads its weight of 1 evenly over them (aoristic: Ratcliffe 2002,
    https://doi.org/10.1023/A:1013240828824); one at an instant puts it all in that hour.

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS; only the reports of `has_hours` are placed.

    Returns
    -------
    DataFrame of float, shape (7, 24)
        Index ``day`` (0 = Monday), columns ``hour``; the sum is the number of reports placed.
    """
    start, end = _wall_clock(incidents.loc[has_hours(incidents).to_numpy()])
    week = np.zeros(HOURS_PER_WEEK)
    monday = np.datetime64("1969-12-29", "us")  # a Monday
    begin = (start - monday) / np.timedelta64(1, "h")
    span = (end - start) / np.timedelta64(1, "h")
    first = np.floor(begin)
    instant = span <= 0
    np.add.at(week, first[instant].astype(np.int64) % HOURS_PER_WEEK, 1.0)
    begin, span, first = begin[~instant], span[~instant], first[~instant]
    for step in range(int(LONGEST_SPAN_HOURS) + 1):  # a span of 24 h touches at most 25 clock hours
        overlap = np.minimum(begin + span, first + step + 1) - np.maximum(begin, first + step)
        inside = overlap > 0
        hour = (first[inside].astype(np.int64) + step) % HOURS_PER_WEEK
        np.add.at(week, hour, overlap[inside] / span[inside])
    return pd.DataFrame(
        week.reshape(DAYS, HOURS), index=pd.RangeIndex(DAYS, name="day"), columns=pd.RangeIndex(HOURS, name="hour")
    )


def _wall_clock(incidents: pd.DataFrame) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64]]:
    """Return start and end as naive local times; a missing or earlier end is the start."""
    start = incidents["occurred_from"].dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    end = incidents["occurred_to"].dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    usable = ~np.isnat(end) & (end > start)
    return start, np.where(usable, end, start)


def peak_window(week: pd.DataFrame, *, hours: int, days: int, n: int | None = None) -> PeakWindow | None:
    """Return the window of `hours` on `days` days in a row that holds the largest share of reports (R1.26).

    The window may run past midnight and past Sunday. With few reports the week is smoothed before the best window
    is chosen: from 150 reports hour by hour, from 60 in 4-hour bands of each day, from 30 in 6-hour bands of
    weekdays and weekend; equal windows are told apart by the reports themselves, then by the earlier start. The share
    is always that of the reports themselves.

    Parameters
    ----------
    week : DataFrame, shape (7, 24)
        From `week_matrix`.
    hours, days : int
        Length of the shift (1-24) and number of days (1-7).
    n : int, optional
        Number of reports behind `week`; its rounded sum if absent.

    Returns
    -------
    PeakWindow or None
        None below 30 reports: pool the place with its surroundings.

    Raises
    ------
    DesignError
        If `hours` or `days` is out of range.
    """
    if not (1 <= hours <= HOURS and 1 <= days <= DAYS):
        raise DesignError(f"A window has 1-24 hours on 1-7 days, got {hours} hours on {days} days.")
    reports = week.to_numpy(dtype=float)
    n = round(float(reports.sum())) if n is None else n
    if n < WEEKEND_BANDS or reports.sum() == 0:
        return None
    smooth, method = _smoothed(reports, n)
    chosen, actual = _window_sums(smooth, hours, days), _window_sums(reports, hours, days)
    starts = np.arange(HOURS_PER_WEEK)
    if days == DAYS:
        starts = starts[:HOURS]  # every day: all first days are the same window
    best = starts[np.lexsort((starts, -np.round(actual[starts], 9), -np.round(chosen[starts], 9)))[0]]
    first_day, start_hour = divmod(int(best), HOURS)
    return PeakWindow(
        days=tuple((first_day + j) % DAYS for j in range(days)),
        start_hour=start_hour,
        hours=hours,
        share_of_reports=float(actual[best] / reports.sum()),
        share_of_week=hours * days / HOURS_PER_WEEK,
        n=n,
        method=method,
    )


def _smoothed(reports: Floats, n: int) -> tuple[Floats, str]:
    if n >= FULL_MATRIX:
        return reports, "hour by hour (150 reports or more)"
    if n >= FOUR_HOUR_BANDS:
        return _banded(reports, 4), "4-hour bands of each day (60 to 149 reports)"
    banded = _banded(reports, 6)
    weekday, weekend = banded[:5].mean(axis=0), banded[5:].mean(axis=0)
    return np.vstack([np.tile(weekday, (5, 1)), np.tile(weekend, (2, 1))]), (
        "6-hour bands of weekdays and weekend (30 to 59 reports)"
    )


def _banded(reports: Floats, width: int) -> Floats:
    bands = reports.reshape(DAYS, HOURS // width, width).mean(axis=2)
    return np.repeat(bands, width, axis=1)


def _window_sums(reports: Floats, hours: int, days: int) -> Floats:
    """Return the reports in the window that starts at each hour of the week, which is a circle."""
    flat = reports.ravel()
    shift = sum(np.roll(flat, -h) for h in range(hours))
    return np.asarray(sum(np.roll(shift, -HOURS * d) for d in range(days)))
