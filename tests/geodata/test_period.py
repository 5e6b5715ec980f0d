from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.errors import DataError
from geodata.period import Period, month_start, parse_month, police_day

MONTHS = st.dates(pd.Timestamp("1990-01-01").date(), pd.Timestamp("2060-12-01").date()).map(
    lambda d: d.strftime("%Y-%m")
)


@pytest.mark.parametrize("text", ["2023-13", "2023-8", "23-08", "August 2023", "2023-08-01", "", "2023-00"])
def test_what_is_not_a_month_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(DataError, match="write it as YYYY-MM, for example 2023-08"):
        parse_month(text)


def test_a_period_counts_both_ends() -> None:
    period = Period.of("2023-11", "2024-02")
    assert period.n_months == 4
    assert list(period.months.strftime("%Y-%m")) == ["2023-11", "2023-12", "2024-01", "2024-02"]
    assert str(period) == "2023-11 to 2024-02"


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(DataError, match=r"ends \(2023-01\) before it starts \(2023-02\)"):
        Period.of("2023-02", "2023-01")


@given(MONTHS, MONTHS)
def test_months_listed_are_the_months_counted_and_all_contained(a: str, b: str) -> None:
    period = Period.of(min(a, b), max(a, b))
    assert len(period.months) == period.n_months
    assert period.contains(period.months.to_series()).all()
    outside = pd.Series([period.first - pd.offsets.MonthBegin(1), period.last + pd.offsets.MonthBegin(1)])
    assert not period.contains(outside).any()


def test_the_month_of_a_report_is_its_local_month() -> None:
    utc = pd.Series(pd.to_datetime(["2023-06-30 23:30", "2023-12-31 23:30"], utc=True))
    local = utc.dt.tz_convert("Europe/London")  # 00:30 on 1 July in summer time; still 31 December in winter
    assert list(month_start(local).dt.strftime("%Y-%m")) == ["2023-07", "2023-12"]


def test_the_police_day_begins_at_six_in_the_morning() -> None:
    times = pd.Series(pd.to_datetime(["2023-08-05 05:59", "2023-08-05 06:00", "2023-08-06 02:00"]))
    assert list(police_day(times).dt.strftime("%Y-%m-%d")) == ["2023-08-04", "2023-08-05", "2023-08-05"]


def test_the_police_day_goes_by_the_clock_on_the_wall_when_the_clocks_change() -> None:
    times = pd.Series(pd.to_datetime(["2023-10-29 05:30", "2023-10-29 06:30"])).dt.tz_localize("Europe/London")
    assert list(police_day(times).dt.strftime("%Y-%m-%d")) == ["2023-10-28", "2023-10-29"]
