"""Days unlike other days: bank holidays and school holidays, by default or as a user's own file has them."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import IO, Final

import holidays
import pandas as pd

from geodata.errors import DesignError, SourceError
from geodata.period import Period

NATIONS: Final = {"England": "ENG", "Wales": "WLS", "Scotland": "SCT", "Northern Ireland": "NIR"}
"""Nations of the United Kingdom, and what the `holidays` library calls them."""

SCHOOL_COLUMNS: Final = ("first_day", "last_day", "name")
BANK_COLUMNS: Final = ("day", "name")
_DEFAULT_FILE: Final = "data/school_holidays_england.csv"
_OBSERVED: Final = " (observed)"
_SATURDAY: Final = 5
_WRITTEN: Final = "written as YYYY-MM-DD or DD/MM/YYYY"


def bank_holidays(period: Period, nation: str = "England") -> pd.DataFrame:
    """Return the bank and public holidays of one nation in a period.

    As the official lists have it: a holiday that falls on a weekend is kept on its substitute weekday only.

    Parameters
    ----------
    period : Period
    nation : str
        "England", "Wales", "Scotland" or "Northern Ireland".

    Returns
    -------
    DataFrame
        ``day`` (naive midnight) and ``name``, in order of day.

    Raises
    ------
    DesignError
        If `nation` is none of the four.

    Examples
    --------
    >>> bank_holidays(Period.of("2022-12", "2022-12"))["day"].dt.day.tolist()
    [26, 27]
    """
    if nation not in NATIONS:
        raise DesignError(f"There is no bank holiday calendar for '{nation}'; choose one of {', '.join(NATIONS)}.")
    years = range(period.first.year, period.last.year + 1)
    listed = holidays.country_holidays("GB", subdiv=NATIONS[nation], years=years)
    held = pd.DataFrame(sorted(listed.items()), columns=["day", "name"]).astype(
        {"day": "datetime64[us]", "name": "str"}
    )
    held["name"] = held["name"].str.removesuffix(_OBSERVED)
    end = period.last + pd.offsets.MonthBegin()
    is_in = (held["day"] >= period.first) & (held["day"] < end) & (held["day"].dt.day_of_week < _SATURDAY)
    kept: pd.DataFrame = held.loc[is_in].reset_index(drop=True)
    return kept


def own_bank_holidays(path: str | Path) -> pd.DataFrame:
    """Return a user's own bank holidays from a CSV file of day and name.

    Lines that begin with ``#`` are comments; days are written ``YYYY-MM-DD`` or ``DD/MM/YYYY``, and may lie
    on a weekend.

    Returns
    -------
    DataFrame
        ``day`` (naive midnight) and ``name``, in order of day.

    Raises
    ------
    SourceError
        If the file cannot be read, lacks a column, is empty, or a row has no readable day or names a day twice.
    """
    text, name = _read(path, "bank holiday", BANK_COLUMNS), Path(path).name
    day = _days(text["day"])
    _refuse_rows(text, day.isna(), name, f"a bank holiday has its day {_WRITTEN}")
    _refuse_rows(text, day.duplicated(), name, "each bank holiday is a day listed once")
    return pd.DataFrame({"day": day, "name": text["name"]}).sort_values("day", kind="stable", ignore_index=True)


def is_bank_holiday(times: pd.Series, nation: str = "England", *, own: pd.DataFrame | None = None) -> pd.Series:
    """Return which local times fall on a bank holiday; a missing time falls on none.

    Parameters
    ----------
    times : Series of datetime
        Local times with or without a zone, or days; for the operational day pass ``geodata.period.police_day(times)``.
    nation : str
        Whose bank holidays, in the years that `own` does not list.
    own : DataFrame, optional
        From `own_bank_holidays`; a year it lists any day of, it lists whole.

    Returns
    -------
    Series of bool
        On the index of `times`.
    """
    days = _local_days(times)
    is_held = pd.Series(data=False, index=times.index, name="is_bank_holiday")
    if days.notna().any():
        period = Period(days.min().replace(day=1), days.max().replace(day=1))
        listed = bank_holidays(period, nation)["day"]
        if own is not None:
            listed = pd.concat([listed.loc[~listed.dt.year.isin(own["day"].dt.year)], own["day"]])
        is_held |= days.isin(listed)
    return is_held


def school_holidays(path: str | Path | None = None) -> pd.DataFrame:
    """Return school holidays from a CSV file of first_day, last_day and name.

    Without `path` these are typical dates for England from 2010 to 2027, good to a week or two only: councils set their
    own. Lines that begin with ``#`` are comments; days are written ``YYYY-MM-DD`` or ``DD/MM/YYYY``.

    Returns
    -------
    DataFrame
        ``first_day`` and ``last_day`` (naive midnight, both included) and ``name``, in order.

    Raises
    ------
    SourceError
        If the file cannot be read, lacks a column, is empty, or a row has no readable days or ends before it starts.
    """
    if path is None:
        return _default_holidays().copy()
    return _school_table(_read(path, "school holiday", SCHOOL_COLUMNS), Path(path).name)


def is_school_holiday(times: pd.Series, calendar: pd.DataFrame | None = None) -> pd.Series:
    """Return which local times fall into school holidays.

    A weekend that touches a holiday belongs to it, whether or not the file lists it. Days before the first or after
    the last holiday of the calendar are missing (NA): the calendar does not know them.

    Parameters
    ----------
    times : Series of datetime
        Local times with or without a zone, or days; for the operational day pass ``geodata.period.police_day(times)``.
    calendar : DataFrame, optional
        From `school_holidays`; by default the typical dates for England.

    Returns
    -------
    Series of boolean (nullable)
        On the index of `times`.
    """
    known = school_holidays() if calendar is None else calendar
    days = _local_days(times)
    first = known["first_day"] - pd.to_timedelta((known["first_day"].dt.day_of_week == 0) * 2, unit="D")
    to_sunday = (6 - known["last_day"].dt.day_of_week).where(known["last_day"].dt.day_of_week >= _SATURDAY - 1, 0)
    last = known["last_day"] + pd.to_timedelta(to_sunday, unit="D")
    off = pd.DatetimeIndex([day for span in zip(first, last, strict=True) for day in pd.date_range(*span)])
    is_off = days.isin(off).astype("boolean").rename("is_school_holiday")
    is_off[~days.between(first.min(), last.max())] = None
    return is_off


@cache
def _default_holidays() -> pd.DataFrame:
    with resources.files("geodata").joinpath(_DEFAULT_FILE).open(encoding="utf-8") as file:
        return _school_table(_text_in(file, _DEFAULT_FILE, "school holiday", SCHOOL_COLUMNS), _DEFAULT_FILE)


def _read(path: str | Path, what: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return the rows of a user's calendar as text, or refuse the file in one sentence."""
    name = Path(path).name
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            return _text_in(file, name, what, columns)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SourceError(
            f"'{name}' cannot be read as {what}s; give a CSV file with the columns {', '.join(columns)}."
        ) from error


def _text_in(file: IO[str], name: str, what: str, columns: tuple[str, ...]) -> pd.DataFrame:
    text = pd.read_csv(file, dtype="str", comment="#", keep_default_na=False, skipinitialspace=True)
    missing = [column for column in columns if column not in text.columns]
    if missing:
        raise SourceError(f"'{name}' has no column {missing[0]}; {what}s need {', '.join(columns)}.")
    if text.empty:
        raise SourceError(f"'{name}' lists no {what}.")
    return text[list(columns)]


def _days(text: pd.Series) -> pd.Series:
    """Return days written as 2024-07-25 or, as in every extract here, with the day first: 25/07/2024."""
    iso, day_first = (pd.to_datetime(text, format=form, errors="coerce") for form in ("%Y-%m-%d", "%d/%m/%Y"))
    days: pd.Series = iso.fillna(day_first).astype("datetime64[us]")
    return days


def _refuse_rows(text: pd.DataFrame, is_wrong: pd.Series, name: str, rule: str) -> None:
    if is_wrong.any():
        n, row = int(is_wrong.sum()), ",".join(text.loc[is_wrong].iloc[0])
        raise SourceError(f"'{name}': {rule}; {n} of {len(text)} rows break that, first '{row}'.")


def _school_table(text: pd.DataFrame, name: str) -> pd.DataFrame:
    first, last = _days(text["first_day"]), _days(text["last_day"])
    _refuse_rows(text, first.isna() | last.isna(), name, f"a school holiday has its days {_WRITTEN}")
    _refuse_rows(text, last < first, name, "a school holiday ends after it starts")
    table = pd.DataFrame({"first_day": first, "last_day": last, "name": text["name"]})
    return table.sort_values(["first_day", "last_day"], kind="stable", ignore_index=True)


def _local_days(times: pd.Series) -> pd.Series:
    naive = times.dt.tz_localize(None) if times.dt.tz is not None else times
    days: pd.Series = naive.dt.normalize().astype("datetime64[us]")
    return days
