"""How far times can be trusted: times that stand for "not known", intervals, and how late reports are recorded.

Each check takes RECORDS or INCIDENTS and returns one finding, or none. Those that compare with the time a record was
made need the optional column ``created`` (zone-aware, missing where not known) and return none without it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.findings import Finding, Severity
from geodata.tails import poisson_above

MIDNIGHT_SHARE: Final = 0.05  # R3.13: more than this makes hours doubtful
STAND_INS: Final = {0: "00:00", 1: "00:01", 720: "12:00"}
"""Minutes of the day that systems and people write when they do not know (R3.13)."""

SPIKE_RATIO: Final = 1.5  # J: full hours differ from their neighbours by less
CHANCE_LEVEL: Final = 0.001
SAME_TIME_NOTABLE: Final = 0.05  # J
SAME_TIME_MOSTLY: Final = 0.5  # J: then the hours are those of the telephone
LONG_HOURS: Final = 24.0  # R4.14: a longer span has no place in the hours of a week
LONG_SHARE: Final = 0.2  # J
UNTIMED_SHARE: Final = 0.2  # J
COMPLETE_SHARE: Final = 0.95
LAG_WEEKS: Final = 12  # J: reports that come later than this are not waited for
MIN_LAGS: Final = 100  # J: fewer records say nothing about the slowest twentieth
DEFAULT_INCOMPLETE_WEEKS: Final = 6  # R6.19

_NEAR_NOON_AND_MIDNIGHT: Final = {0: (1320, 1380, 60, 120), 720: (600, 660, 780, 840)}
_MINUTES_PER_DAY: Final = 1440
_DAY: Final = pd.Timedelta(days=1)
_HOUR: Final = pd.Timedelta(hours=1)


def spikes(records: pd.DataFrame) -> pd.DataFrame:
    """Compare 00:00, 00:01 and 12:00 with their neighbours on the clock (R3.13).

    Written times heap on round hours, so 00:00 and 12:00 are held against the two full hours before and after; 00:01 is
    held against the minutes from 23:51 to 00:09 that do not end in 0, 1 or 5. Only records known to the minute count.

    Returns
    -------
    DataFrame
        Index ``clock`` (text); ``n``, ``expected`` (mean of the neighbours), ``excess`` (n - expected, never below 0)
        and ``is_spike``: at least one and a half times what the neighbours hold, and above what chance gives them
        (Poisson, 0.1%).
    """
    minute = _clock_minutes(records)
    held = np.bincount(minute[minute >= 0], minlength=_MINUTES_PER_DAY)
    about_midnight = [m % _MINUTES_PER_DAY for m in range(-9, 10) if m % 10 not in (0, 1, 5)]
    neighbours = {**_NEAR_NOON_AND_MIDNIGHT, 1: about_midnight}
    n = np.array([held[m] for m in STAND_INS])
    expected = np.array([held[list(neighbours[m])].mean() for m in STAND_INS])
    is_spike = (n >= SPIKE_RATIO * expected) & (poisson_above(n - 1, np.maximum(expected, 0.5)) < CHANCE_LEVEL)
    columns = {"n": n, "expected": expected, "excess": np.maximum(n - expected, 0.0), "is_spike": is_spike}
    return pd.DataFrame(columns, index=pd.Index(STAND_INS.values(), name="clock"))


def unknown_time_candidates(records: pd.DataFrame, *, among: pd.DataFrame | None = None) -> pd.Series:
    """Return which records carry a clock time that is a spike, so that their hour may be invented (R3.13).

    Spikes are those of `records` themselves, or of the records `among`.
    """
    found = spikes(records if among is None else among)["is_spike"].to_numpy()
    suspect = np.array(list(STAND_INS))[found]
    is_suspect = np.isin(_clock_minutes(records), suspect)
    return pd.Series(is_suspect, index=records.index, name="unknown_time_candidate")


def without_stand_ins(incidents: pd.DataFrame) -> pd.DataFrame:
    """Return incidents whose times at a spike of the clock are known to the day only (R3.13).

    Which records of a spike were meant cannot be told, so all of them lose their hour; they keep day and place. Spikes
    are judged on the reports inside the area. Incidents without a spike are returned as they are.

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS.
    """
    if not (incidents["time_precision"] == "minute").any():
        return incidents
    is_suspect = unknown_time_candidates(incidents, among=incidents.loc[incidents["inside"]])
    if not is_suspect.any():
        return incidents
    start, end = incidents["occurred_from"], incidents["occurred_to"]
    day = start.dt.tz_localize(None).dt.normalize()
    first, following = (
        dates.dt.tz_localize(start.dt.tz, ambiguous=np.ones(len(start), dtype=bool), nonexistent="shift_forward")
        for dates in (day, day + _DAY)
    )
    return incidents.assign(
        occurred_from=start.where(~is_suspect, first),
        occurred_to=end.where(~is_suspect | (end > following), following),
        time_precision=incidents["time_precision"].astype("str").mask(is_suspect, "day"),
    )


def time_spikes(records: pd.DataFrame) -> Finding | None:
    """Report clock times that hold far more records than their neighbours (R3.13)."""
    found = spikes(records)
    found = found.loc[found["is_spike"]]
    if found.empty:
        return None
    n_timed = int((_clock_minutes(records) >= 0).sum())
    excess = round(float(found["excess"].sum()))
    severity: Severity = "amber" if excess > MIDNIGHT_SHARE * n_timed else "info"
    shown = ", ".join(f"{clock} ({row.n:,}, usual {row.expected:.0f})" for clock, row in found.iterrows())
    message = (
        f"Some {excess:,} of {n_timed:,} times ({_percent(excess / n_timed)}) are more than the clock explains at "
        f"{shown}: these often mean 'not known', so all records at such a minute count for places and are left out of "
        "hours."
    )
    return Finding("time spikes", severity, excess, message, "R3.13")


def same_as_created(records: pd.DataFrame) -> Finding | None:
    """Report records that are said to have happened at the minute they were made (R3.13)."""
    both = _timed_and_created(records)
    if both.empty:
        return None
    same = _to_minute(both["occurred_from"]) == _to_minute(both["created"])
    n, share = int(same.sum()), float(same.mean())
    if share < SAME_TIME_NOTABLE:
        return None
    severity: Severity = "amber" if share >= SAME_TIME_MOSTLY else "info"
    message = (
        f"{n:,} of {len(both):,} records ({_percent(share)}) are said to have happened in the minute they were logged: "
        "their hour is that of the call, not surely that of the event."
    )
    return Finding("occurred when logged", severity, n, message, "R3.13")


def interval_hours(records: pd.DataFrame) -> pd.Series:
    """Return hours elapsed between occurred_from and occurred_to: NaN where one is missing, negative where reversed.

    Elapsed, not wall-clock: 00:30 to 02:30 lasts one hour when clocks go forward. An end that seems to lie before its
    start in the hour that comes twice in autumn is read as the second of the two.
    """
    start, end = records["occurred_from"], records["occurred_to"]
    hours: pd.Series = (_after(start, end) - start).dt.total_seconds().div(3600).rename("interval_hours")
    return hours


def exchanged_dates(n: int) -> Finding | None:
    """Report dates whose day and month were exchanged where both readings exist (`geodata.sources.halfdates`)."""
    if n == 0:
        return None
    message = (
        f"Day and month of about {n:,} dates look exchanged (a spreadsheet does this to days up to the 12th): reports "
        "lie in wrong months and the period is wrong. Export the records again without opening them in a spreadsheet, "
        "or write dates as 2024-05-03."
    )
    return Finding("exchanged dates", "red", n, message, "R3.13")


def reversed_intervals(records: pd.DataFrame) -> Finding | None:
    """Report records that end before they start."""
    n = int((interval_hours(records) < 0).sum())
    if n == 0:
        return None
    message = f"{n:,} of {len(records):,} records end before they start; their start alone is used."
    return Finding("reversed intervals", "amber", n, message, "R3.13")


def long_intervals(records: pd.DataFrame) -> Finding | None:
    """Report spans too long to be placed in the hours of a week (R4.14), and how long spans usually are."""
    timed = records.loc[(records["time_precision"] == "minute") & records["occurred_from"].notna()]
    hours = interval_hours(timed)
    n = int((hours > LONG_HOURS).sum())
    if n == 0:
        return None
    spans = hours[hours > 0]
    severity: Severity = "amber" if n > LONG_SHARE * len(timed) else "info"
    message = (
        f"{n:,} of {len(timed):,} timed records ({_percent(n / len(timed))}) lie somewhere in a span of more than "
        f"{LONG_HOURS:.0f} hours and have no place in the hours of the week; of the {len(spans):,} spans half are "
        f"longer than {spans.median():.1f} hours."
    )
    return Finding("long intervals", severity, n, message, "R4.14")


def unknown_times(records: pd.DataFrame) -> Finding | None:
    """Report records without an hour, in data that otherwise have hours; data of months only have no finding here."""
    is_timed = (records["time_precision"] == "minute") & records["occurred_from"].notna()
    n = int((~is_timed).sum())
    if n == 0 or not is_timed.any():
        return None
    severity: Severity = "amber" if n > UNTIMED_SHARE * len(records) else "info"
    message = (
        f"{n:,} of {len(records):,} records ({_percent(n / len(records))}) say a day or month but no hour; they count "
        "for places and are left out of hours."
    )
    return Finding("unknown times", severity, n, message, "R3.13")


def future_dates(records: pd.DataFrame, as_of: pd.Timestamp) -> Finding | None:
    """Report records that happened after `as_of`, the (zone-aware) moment the data were taken."""
    n = int((records["occurred_from"] > as_of).sum())
    if n == 0:
        return None
    latest = records["occurred_from"].max()
    message = (
        f"{n:,} of {len(records):,} records lie after {as_of:%Y-%m-%d}, the day the data were taken (latest "
        f"{latest:%Y-%m-%d}): a slip of the keyboard, or day and month exchanged."
    )
    return Finding("future dates", "amber", n, message, "R3.13")


def logged_before(records: pd.DataFrame) -> Finding | None:
    """Report records made before what they report had happened."""
    both = _timed_and_created(records)
    if both.empty:
        return None
    start = both["occurred_from"]
    n = int((_to_minute(_after(start, both["created"])) < _to_minute(start)).sum())
    if n == 0:
        return None
    message = f"{n:,} of {len(both):,} records were logged before the time they are said to have happened."
    return Finding("logged before it happened", "amber", n, message, "R3.13")


# How late reports come -----------------------------------------------------------------------------------------------


def reporting_lags(records: pd.DataFrame, as_of: pd.Timestamp | None = None) -> pd.Series:
    """Return days from occurred_from to created, of records old enough for slow ones to have come in too (R6.19).

    Recent records are known only if they came quickly, and records from before the first log only if they came slowly;
    both would bend the distribution. So only what happened after the first log and at least 12 weeks before `as_of`
    counts, and lags beyond 12 weeks are left out.

    Parameters
    ----------
    records : DataFrame
        RECORDS or INCIDENTS with ``created``; without it there are no lags.
    as_of : Timestamp, optional
        Zone-aware moment the data were taken; by default the latest ``created``.

    Returns
    -------
    Series of float
        Days, never negative, on the index of the records that count.
    """
    if "created" not in records.columns or records["created"].isna().all():
        return pd.Series([], dtype=float, name="lag_days")
    known = records.loc[records["created"].notna() & records["occurred_from"].notna()]
    cut = known["created"].max() if as_of is None else as_of
    occurred = known["occurred_from"]
    is_settled = (occurred >= known["created"].min()) & (occurred <= cut - LAG_WEEKS * 7 * _DAY)
    lag = (known["created"] - occurred).dt.total_seconds().div(86400).clip(lower=0)
    settled: pd.Series = lag.loc[is_settled & (lag <= LAG_WEEKS * 7)].rename("lag_days")
    return settled


def completeness(lag_days: pd.Series) -> pd.DataFrame:
    """Return what share of the reports of each of the last 12 weeks has come in by the day the data were taken.

    The share of lags short enough to be known, averaged over the days of the week; week 1 ends on that day.

    Returns
    -------
    DataFrame
        Index ``weeks_ago`` (1 to 12), ``complete`` (share). Rises with the index.
    """
    weeks = np.arange(1, LAG_WEEKS + 1)
    lag_weeks = lag_days.to_numpy(dtype=float)[None, :] / 7
    share = np.clip(weeks[:, None] - lag_weeks, 0, 1).mean(axis=1) if lag_days.size else np.full(len(weeks), np.nan)
    return pd.DataFrame({"complete": share}, index=pd.RangeIndex(1, LAG_WEEKS + 1, name="weeks_ago"))


def n_incomplete_weeks(records: pd.DataFrame, as_of: pd.Timestamp | None = None) -> int | None:
    """Return how many of the last weeks hold less than 95% of the reports they will hold; None if that is not known.

    Not known without ``created``, or with fewer than 100 lags to learn from.
    """
    lags = reporting_lags(records, as_of)
    if len(lags) < MIN_LAGS:
        return None
    return int((completeness(lags)["complete"] < COMPLETE_SHARE).sum())


def incomplete_weeks(records: pd.DataFrame, as_of: pd.Timestamp | None = None) -> Finding | None:
    """Report the last weeks of the data that later reports will still fill (R6.19).

    Data of months only have no finding here. Where lags are not known the rule's six weeks stand in.
    """
    timed = records.loc[(records["time_precision"] != "month") & records["occurred_from"].notna()]
    if timed.empty:
        return None
    n_weeks = n_incomplete_weeks(timed, as_of)
    if n_weeks == 0:
        return None
    latest = _cut(timed) if as_of is None else as_of
    since = latest - (n_weeks or DEFAULT_INCOMPLETE_WEEKS) * 7 * _DAY
    n = int((timed["occurred_from"] > since).sum())
    if n_weeks is None:
        message = (
            f"How late reports are logged cannot be told from these data: take the last {DEFAULT_INCOMPLETE_WEEKS} "
            f"weeks (from {since:%Y-%m-%d}, {n:,} records) as incomplete."
        )
        return Finding("reporting delay not known", "info", n, message, "R6.19")
    share = completeness(reporting_lags(timed, as_of))["complete"].iloc[0]
    message = (
        f"Reports come late: the last {n_weeks} weeks (from {since:%Y-%m-%d}, {n:,} records) hold less than "
        f"{COMPLETE_SHARE:.0%} of what they will hold, the very last {_percent(share)}; end comparisons before them."
    )
    return Finding("incomplete weeks", "amber", n, message, "R6.19")


def _cut(timed: pd.DataFrame) -> pd.Timestamp:
    """Return the latest moment the data show."""
    is_logged = "created" in timed.columns and timed["created"].notna().any()
    latest: pd.Timestamp = timed["created"].max() if is_logged else timed["occurred_from"].max()
    return latest


def _clock_minutes(records: pd.DataFrame) -> NDArray[np.int64]:
    """Return the local minute of the day of each record's start, -1 where it is not known to the minute."""
    start = records["occurred_from"]
    is_timed = (records["time_precision"] == "minute") & start.notna()
    minute: NDArray[np.int64] = (start.dt.hour * 60 + start.dt.minute).where(is_timed, -1).to_numpy(dtype=np.int64)
    return minute


def _timed_and_created(records: pd.DataFrame) -> pd.DataFrame:
    """Return the records known to the minute with the time they were made."""
    if "created" not in records.columns:
        return records.iloc[:0]
    is_both = (records["time_precision"] == "minute") & records["occurred_from"].notna() & records["created"].notna()
    return records.loc[is_both]


def _after(start: pd.Series, end: pd.Series) -> pd.Series:
    """Return `end`, moved on one hour where that rescues it: both read as the first pass of autumn's repeated hour."""
    naive = end.dt.tz_localize(None)
    zone = end.dt.tz
    second = naive.dt.tz_localize(zone, ambiguous=np.zeros(len(end), dtype=bool), nonexistent="shift_forward")
    is_rescued = (end < start) & (second >= start) & (second - end == _HOUR)
    return end.where(~is_rescued, second)


def _to_minute(times: pd.Series) -> pd.Series:
    # In UTC, because a local minute of the hour that comes twice cannot be rounded.
    minutes: pd.Series = times.dt.tz_convert("UTC").dt.floor("min")
    return minutes


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
