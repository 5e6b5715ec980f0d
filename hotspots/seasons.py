"""When in the year and on which days: day and night sets, calendar months, weekends and school holidays.

Rates per day, so that short months and long holidays compare fairly; effects within the same month, so that a summer
is not mistaken for its holidays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv, ndtri

from geodata.calendar import is_bank_holiday, is_school_holiday
from geodata.errors import DataError, DesignError
from geodata.period import Period, police_day
from geodata.tails import normal_above
from hotspots.timing import has_hours

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DAY_STARTS, NIGHT_STARTS = 6, 18  # R1.10
WEEKEND = (5, 6)  # Saturday and Sunday, as operational days: Saturday 06:00 to Monday 05:59
FEWEST_MONTHS = 12


@dataclass(frozen=True, slots=True)
class DayNight:
    """The reports of the day (06:00-18:00) and of the evening and night (18:00-06:00), and those of neither (R1.10)."""

    day: pd.DataFrame
    night: pd.DataFrame
    left_out: dict[str, int]


@dataclass(frozen=True, slots=True)
class DayEffect:
    """How many times the reports a day of one kind has, against days of the other kind.

    ``ratio`` compares within the same strata of the calendar, with a 95% interval that allows for days being more
    unlike than a Poisson count; ``raw_ratio`` compares all days with all days. NaN where nothing can be compared.
    """

    what: str
    ratio: float
    low: float
    high: float
    p_value: float
    raw_ratio: float
    n_days: int
    n_other_days: int
    n_reports: int
    dispersion: float

    def describe(self) -> str:
        """Return the effect in one sentence."""
        if not np.isfinite(self.ratio):
            return f"{self.what}: no two kinds of day to compare within the same part of the calendar."
        return (
            f"{self.what}: {self.ratio:.2f} times the reports of other days of the same month "
            f"(95% interval {self.low:.2f} to {self.high:.2f}; {self.n_days:,} against {self.n_other_days:,} days)."
        )


def split_day_night(incidents: pd.DataFrame) -> DayNight:
    """Return the reports of the day (06:00-18:00) and of the night, for two lists of hotspots (R1.10).

    A report known to lie between two times belongs where the larger part of its interval lies; an even split belongs
    where it starts. Reports whose hour is not known (`why_no_hours`) belong to neither.

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS.
    """
    placed = has_hours(incidents).to_numpy()
    known = incidents.loc[placed]
    start = known["occurred_from"].dt.tz_localize(None)
    end = known["occurred_to"].dt.tz_localize(None)
    end = end.where(end > start, start)
    by_day, span = _hours_by_day(start, end), ((end - start) / pd.Timedelta(hours=1)).to_numpy()
    hour = start.dt.hour
    starts_by_day = ((hour >= DAY_STARTS) & (hour < NIGHT_STARTS)).to_numpy()
    even = np.isclose(by_day * 2, span)
    is_day = np.where(even, starts_by_day, by_day * 2 > span)
    return DayNight(known.loc[is_day], known.loc[~is_day], why_no_hours(incidents))


def _hours_by_day(start: pd.Series, end: pd.Series) -> Floats:
    """Return how many hours of each interval (at most a day long) lie between 06:00 and 18:00."""
    midnight = start.dt.normalize()
    total = np.zeros(len(start))
    for day in range(2):
        opens = midnight + pd.Timedelta(days=day, hours=DAY_STARTS)
        closes = midnight + pd.Timedelta(days=day, hours=NIGHT_STARTS)
        overlap = np.minimum(end, closes) - np.maximum(start, opens)
        total += np.maximum((overlap / pd.Timedelta(hours=1)).to_numpy(dtype=float), 0.0)
    return total


def why_no_hours(incidents: pd.DataFrame) -> dict[str, int]:
    """Return how many reports cannot be placed in the hours of the day, by reason (R4.14).

    With the reports that can (`hotspots.timing.has_hours`) they make up all.
    """
    precision = incidents["time_precision"].to_numpy().astype(str)
    start = incidents["occurred_from"].isna().to_numpy()
    reasons = {
        "no time": start & (precision != "month"),
        "known to the month only": precision == "month",
        "known to the day only": (precision == "day") & ~start,
        "an interval of more than 24 hours": (precision == "minute") & ~start & ~has_hours(incidents).to_numpy(),
    }
    return {reason: int(rows.sum()) for reason, rows in reasons.items() if rows.any()}


def calendar_months(totals: pd.Series) -> pd.DataFrame:
    r"""Return how busy each calendar month is, against the average month of the same twelve (1 = average).

    .. math:: I_m = \frac{\sum_b n_{b,m}}{\sum_b N_b \, d_{b,m} / D_b}

    over blocks b of twelve months in a row, the last ending with the last month: N its reports, D its days, d the days
    of month m. Days make February fair; blocks keep a trend from year to year out, not one within the year.

    Parameters
    ----------
    totals : Series of int
        Reports of each month, on first-of-month timestamps in a row, zeros said aloud.

    Returns
    -------
    DataFrame
        Index ``month`` 1-12: ``n``, ``years``, ``per_day``, ``index``, ``low`` and ``high`` (95%: exact for a Poisson
        count, widened by the square root of the dispersion between years if there are two or more).

    Raises
    ------
    DataError
        If there are fewer than 12 months, a month is missing or negative, or no report at all.
    """
    months = pd.DatetimeIndex(totals.index)
    n = totals.to_numpy(dtype=float)
    _check_months(months, n)
    blocks = len(n) // 12
    n, months = n[-12 * blocks :], months[-12 * blocks :]
    days, name = months.days_in_month.to_numpy(dtype=float), months.month.to_numpy()
    block = np.repeat(np.arange(blocks), 12)
    expected = np.bincount(block, n)[block] * days / np.bincount(block, days)[block]
    held, fair = np.bincount(name, n, 13)[1:], np.bincount(name, expected, 13)[1:]
    index = np.divide(held, fair, out=np.full(12, np.nan), where=fair > 0)
    low, high = _poisson_interval(held.astype(float))
    widen = np.sqrt(_dispersion_between_years(n, expected, index[name - 1], blocks))
    return pd.DataFrame(
        {
            "n": held.astype(np.int64),
            "years": blocks,
            "per_day": held / np.bincount(name, days, 13)[1:],
            "index": index,
            "low": np.maximum((held - (held - low) * widen) / fair, 0.0),
            "high": (held + (high - held) * widen) / fair,
        },
        index=pd.RangeIndex(1, 13, name="month"),
    )


def _check_months(months: pd.DatetimeIndex, n: Floats) -> None:
    if len(n) < FEWEST_MONTHS:
        raise DataError(f"The season of the year needs at least {FEWEST_MONTHS} months, there are {len(n)}.")
    in_a_row = (np.diff(months.year * 12 + months.month) == 1).all()
    if not in_a_row or not np.isfinite(n).all() or (n < 0).any():
        raise DataError("The season of the year needs months in a row, none of them missing or negative.")
    if n[-12 * (len(n) // 12) :].sum() == 0:
        raise DataError("There is no report in these months, so no season can be told.")


def _poisson_interval(count: Floats) -> tuple[Floats, Floats]:
    """Return the exact 95% interval of a Poisson mean (Garwood 1936, https://doi.org/10.1093/biomet/28.3-4.437)."""
    low = np.where(count > 0, gammaincinv(np.maximum(count, 1), 0.025), 0.0)
    return low, np.asarray(gammaincinv(count + 1, 0.975))


def _dispersion_between_years(n: Floats, expected: Floats, index: Floats, blocks: int) -> float:
    fitted = expected * np.nan_to_num(index)
    some = fitted > 0
    if blocks < 2 or not some.any():
        return 1.0
    chi = float(np.sum((n[some] - fitted[some]) ** 2 / fitted[some]))
    return max(chi / (11 * (blocks - 1)), 1.0)


def day_effects(
    incidents: pd.DataFrame,
    period: Period,
    *,
    school_holidays: pd.DataFrame | None = None,
    bank_holidays: pd.DataFrame | None = None,
    nation: str = "England",
) -> dict[str, DayEffect]:
    """Return the effect of weekends, school holidays and bank holidays on reports a day.

    Days are operational days (06:00-05:59, R1.25); a report known to the day counts on that date. Weekends are
    compared with weekdays of the same month, in term and in holidays apart; school holidays with term days, and bank
    holidays with other days, of the same month and the same part of the week (Monday-Friday, Saturday, Sunday): a
    month that is all holiday compares nothing and is left out.

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS; reports known to the month only are left out.
    period : Period
        Every day of it counts, also one without a report.
    school_holidays : DataFrame, optional
        From `geodata.calendar.school_holidays`; by default the typical dates for England.
    bank_holidays : DataFrame, optional
        From `geodata.calendar.own_bank_holidays`, for the years it lists.
    nation : str
        For bank holidays of all other years.

    Returns
    -------
    dict of str to DayEffect
        ``weekend``, ``school_holiday``, ``bank_holiday``.

    Raises
    ------
    DataError
        If no report is known to the day.
    """
    daily = daily_counts(incidents, period)
    days = pd.Series(daily.index, index=daily.index)
    month = days.dt.year * 12 + days.dt.month
    part = days.dt.day_of_week.clip(lower=4)  # Monday to Friday, Saturday, Sunday
    is_weekend = days.dt.day_of_week.isin(WEEKEND).to_numpy()
    school = is_school_holiday(days, school_holidays)
    known = school.notna().to_numpy()
    is_bank = is_bank_holiday(days, nation, own=bank_holidays).to_numpy()
    n, strata = daily.to_numpy(dtype=float), (month * 10 + part).to_numpy()
    return {
        "weekend": rate_ratio("Weekends", n, is_weekend, (month * 10 + school.astype("Int64").fillna(2)).to_numpy()),
        "school_holiday": rate_ratio("School holidays", n[known], school[known].to_numpy(dtype=bool), strata[known]),
        "bank_holiday": rate_ratio("Bank holidays", n, is_bank, strata),
    }


def daily_counts(incidents: pd.DataFrame, period: Period) -> pd.Series:
    """Return reports of each operational day of `period`, zeros said aloud.

    Raises
    ------
    DataError
        If no report is known to the day.
    """
    known = incidents["occurred_from"].notna() & (incidents["time_precision"] != "month")
    if not known.any():
        raise DataError(
            f"None of {len(incidents):,} reports is known to the day, so weekends and holidays cannot be compared; "
            "load a force extract with dates."
        )
    used = incidents.loc[known]
    start = used["occurred_from"].dt.tz_localize(None)
    day = start.dt.normalize().mask(used["time_precision"] == "minute", police_day(start))
    days = pd.date_range(period.first, period.last + pd.offsets.MonthEnd(), freq="D", name="day", unit="us")
    # the small hours of the first of the month belong to a day whose evening is not in the period, and to no day here
    counted: pd.Series = day.value_counts().reindex(days, fill_value=0)
    return counted.rename("n")


def rate_ratio(what: str, n: ArrayLike, exposed: ArrayLike, strata: ArrayLike) -> DayEffect:
    r"""Return how many times the reports exposed days have, within strata (Mantel-Haenszel).

    .. math:: R = \frac{\sum_k a_k T_{0k} / T_k}{\sum_k b_k T_{1k} / T_k}, \quad
        \mathrm{var}(\ln R) = \phi \frac{\sum_k (a_k + b_k) T_{1k} T_{0k} / T_k^2}
        {(\sum_k a_k T_{0k} / T_k)(\sum_k b_k T_{1k} / T_k)}

    with a, b reports on exposed and other days and T their numbers of days in stratum k (Greenland & Robins 1985,
    https://doi.org/10.2307/2530643), and phi >= 1 the dispersion of the daily counts about the mean of their kind
    of day in their stratum. Assumes one ratio for all strata and days independent of each other.

    Parameters
    ----------
    what : str
        Name of the exposed days.
    n : array of int, shape (days,)
    exposed : array of bool, shape (days,)
    strata : array of int, shape (days,)
        Days are compared with days of the same stratum only.
    """
    count, is_exposed = np.asarray(n, dtype=float), np.asarray(exposed, dtype=bool)
    code = pd.factorize(np.asarray(strata))[0]
    if not len(count) == len(is_exposed) == len(code):
        raise DesignError("Each day needs one count, one kind and one stratum.")
    k = int(code.max()) + 1 if len(code) else 0
    t1, t0 = np.bincount(code[is_exposed], minlength=k), np.bincount(code[~is_exposed], minlength=k)
    a = np.bincount(code[is_exposed], count[is_exposed], k)
    b = np.bincount(code[~is_exposed], count[~is_exposed], k)
    both = (t1 > 0) & (t0 > 0)
    used = both[code] if len(code) else np.zeros(0, dtype=bool)
    t = np.maximum(t1 + t0, 1)
    up, down = float(np.sum((a * t0 / t)[both])), float(np.sum((b * t1 / t)[both]))
    weight = float(np.sum(((a + b) * t1 * t0 / t**2)[both]))
    dispersion = _daily_dispersion(count[used], code[used] * 2 + is_exposed[used])
    ratio, low, high, p = _interval(up, down, weight * dispersion)
    return DayEffect(
        what, ratio, low, high, p, _raw_ratio(count, is_exposed), int(t1[both].sum()), int(t0[both].sum()),
        int(count[used].sum()), dispersion,
    )  # fmt: skip


def _interval(up: float, down: float, weight: float) -> tuple[float, float, float, float]:
    if up <= 0 or down <= 0:
        return float("nan"), float("nan"), float("nan"), float("nan")
    ratio, error = up / down, float(np.sqrt(weight / (up * down)))
    reach = float(np.exp(ndtri(0.975) * error))
    return ratio, ratio / reach, ratio * reach, float(2 * normal_above(abs(np.log(ratio)) / error))


def _raw_ratio(count: Floats, exposed: Bools) -> float:
    if not exposed.any() or exposed.all() or count[~exposed].sum() == 0:
        return float("nan")
    return float(count[exposed].mean() / count[~exposed].mean())


def _daily_dispersion(count: Floats, group: NDArray[np.int64]) -> float:
    """Return Pearson's chi-square per degree of freedom about the means of the groups, at least 1."""
    if len(count) == 0:
        return 1.0
    code = pd.factorize(group)[0]
    days = np.bincount(code)
    mean = (np.bincount(code, count) / days)[code]
    some = mean > 0
    free = len(count) - len(days)
    if free <= 0 or not some.any():
        return 1.0
    return max(float(np.sum((count[some] - mean[some]) ** 2 / mean[some]) / free), 1.0)
