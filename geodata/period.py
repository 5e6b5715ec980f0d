"""Months and the police day: the only place that knows how time is cut."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from geodata.errors import DataError

POLICE_DAY_STARTS = pd.Timedelta(hours=6)
"""An operational day runs 06:00-05:59 (R1.25)."""

_MONTH = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")


def parse_month(text: str) -> pd.Timestamp:
    """Return the first day of the month written ``YYYY-MM``.

    Raises
    ------
    DataError
        If `text` is not a month.

    Examples
    --------
    >>> parse_month("2023-08")
    Timestamp('2023-08-01 00:00:00')
    """
    if not _MONTH.match(str(text)):
        raise DataError(f"'{text}' is not a month; write it as YYYY-MM, for example 2023-08.")
    return pd.Timestamp(f"{text}-01")


@dataclass(frozen=True, slots=True)
class Period:
    """A run of whole months, both ends included.

    Examples
    --------
    >>> Period.of("2023-11", "2024-02").n_months
    4
    """

    first: pd.Timestamp
    last: pd.Timestamp

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise DataError(f"The period ends ({self.last:%Y-%m}) before it starts ({self.first:%Y-%m}).")

    @classmethod
    def of(cls, first: str, last: str) -> Period:
        """Build a period from two ``YYYY-MM`` texts."""
        return cls(parse_month(first), parse_month(last))

    @property
    def months(self) -> pd.DatetimeIndex:
        """First days of the months, in order, named ``month``."""
        return pd.date_range(self.first, self.last, freq="MS", name="month", unit="us")

    @property
    def n_months(self) -> int:
        """Number of months."""
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    def contains(self, months: pd.Series) -> pd.Series:
        """Return which of `months` (first-of-month timestamps) lie in the period."""
        return months.between(self.first, self.last)

    def __str__(self) -> str:
        return f"{self.first:%Y-%m} to {self.last:%Y-%m}"


def month_start(times: pd.Series) -> pd.Series:
    """Return the first day of each timestamp's local month as naive ``datetime64[us]``."""
    naive = times.dt.tz_localize(None) if times.dt.tz is not None else times
    starts = naive.to_numpy().astype("datetime64[M]").astype("datetime64[us]")
    return pd.Series(starts, index=times.index, name="month")


def police_day(times: pd.Series) -> pd.Series:
    """Return the operational day (06:00-05:59, R1.25) each local time belongs to, as naive midnight."""
    naive = times.dt.tz_localize(None) if times.dt.tz is not None else times
    return (naive - POLICE_DAY_STARTS).dt.normalize().rename("police_day")
