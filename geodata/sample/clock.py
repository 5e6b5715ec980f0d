"""When reports happen: season, school holidays, Halloween and Bonfire Night, day of the week and hour."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.sample.places import FIRST_MONTH, N_MONTHS, PEAK_DAYS, PEAK_END_HOUR, PEAK_START_HOUR

Profile = Literal["hotspot", "elsewhere", "patrol", "crime"]
Times = NDArray[np.datetime64]

MONTHS = pd.date_range(f"{FIRST_MONTH}-01", periods=N_MONTHS, freq="MS", unit="us")
ZONE = "Europe/London"

_PEAK_EXTRA = 0.25  # share of hotspot reports that come in the late shift over and above the city's own rhythm
_CALENDAR_MONTH = np.array([0.82, 0.86, 0.97, 1.04, 1.10, 1.12, 1.20, 1.20, 1.02, 1.06, 0.95, 0.80])
_HOUR = np.array(
    [0.30, 0.20, 0.12, 0.08, 0.06, 0.06, 0.10, 0.18, 0.30, 0.40, 0.50, 0.55,
     0.65, 0.70, 0.80, 1.00, 1.10, 1.15, 1.20, 1.15, 1.10, 0.95, 0.75, 0.50]
)  # fmt: skip
_WEEKDAY = np.array([1.00, 0.97, 0.98, 1.00, 1.12, 1.20, 1.00])
_CRIME_HOUR = np.array(
    [0.70, 0.60, 0.55, 0.45, 0.35, 0.30, 0.35, 0.50, 0.75, 0.85, 0.90, 0.95,
     1.05, 1.00, 1.00, 1.10, 1.15, 1.15, 1.15, 1.10, 1.05, 1.00, 0.95, 0.85]
)  # fmt: skip
_SCHOOL_HOLIDAYS = (("01-01", "01-03"), ("02-13", "02-21"), ("04-03", "04-16"), ("05-27", "06-04"),
                    ("07-22", "09-03"), ("10-24", "11-01"), ("12-20", "12-31"))  # fmt: skip
"""Typical English term dates, the same every year: a pattern, not a council's calendar."""


def season() -> NDArray[np.float64]:
    """Return the factor of each month on the number of ASB reports, mean 1 over a year; shared by every place."""
    factor = _CALENDAR_MONTH / _CALENDAR_MONTH.mean()
    return np.asarray(factor[MONTHS.month.to_numpy() - 1])


def peak_share() -> float:
    """Return the planted share of hotspot reports between Wednesday and Saturday, 15:00-22:00."""
    return float(_week("hotspot")[np.ix_(PEAK_DAYS, range(PEAK_START_HOUR, PEAK_END_HOUR))].sum())


def draw_times(months: NDArray[np.int64], profile: Profile, rng: np.random.Generator) -> Times:
    """Return one local time to the minute for each month number, shape of `months`, ``datetime64[s]``."""
    times = np.empty(len(months), dtype="datetime64[s]")
    week = _week(profile)
    for month in np.unique(months):
        chosen = months == month
        hours = pd.date_range(MONTHS[month], MONTHS[month] + pd.offsets.MonthBegin(), freq="h", inclusive="left")
        weight = week[hours.day_of_week, hours.hour] * _day_factor(hours) * ~_is_skipped(hours)
        drawn = rng.choice(hours.to_numpy(), size=int(chosen.sum()), p=weight / weight.sum())
        times[chosen] = drawn.astype("datetime64[s]")
    minutes = rng.integers(1, 60, len(times)).astype("timedelta64[m]")
    return np.asarray(times + minutes)


def later(times: Times, seconds: NDArray[np.int64]) -> Times:
    """Return local times moved by real elapsed seconds, across clock changes too."""
    moved = pd.DatetimeIndex(times).tz_localize(
        ZONE, ambiguous=np.ones(len(times), dtype=bool), nonexistent="shift_forward"
    )
    result: Times = (moved + pd.to_timedelta(seconds, unit="s")).tz_localize(None).to_numpy().astype("datetime64[s]")
    return result


def _week(profile: Profile) -> NDArray[np.float64]:
    """Return the share of each hour of the week, shape (7, 24)."""
    plain = np.outer(_WEEKDAY, _CRIME_HOUR if profile == "crime" else _HOUR)
    plain = plain / plain.sum()
    late_shift = np.zeros((7, 24))
    late_shift[np.ix_(PEAK_DAYS, range(PEAK_START_HOUR, PEAK_END_HOUR))] = 1
    late_shift /= late_shift.sum()
    extra = {"hotspot": _PEAK_EXTRA, "elsewhere": 0.0, "patrol": 0.6, "crime": 0.0}[profile]
    return np.asarray((1 - extra) * plain + extra * late_shift)


def _day_factor(hours: pd.DatetimeIndex) -> NDArray[np.float64]:
    day = hours.strftime("%m-%d").to_numpy().astype(str)
    factor = np.ones(len(hours))
    for first, last in _SCHOOL_HOLIDAYS:
        factor[(day >= first) & (day <= last)] *= 1.15
    factor[np.isin(day, ("10-30", "10-31"))] *= 2.0
    factor[np.isin(day, ("11-04", "11-05", "11-06"))] *= 1.8
    return factor


def _is_skipped(hours: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Return the local hours that do not exist because the clocks go forward."""
    return np.asarray(hours.tz_localize(ZONE, ambiguous=np.ones(len(hours), dtype=bool), nonexistent="NaT").isna())
