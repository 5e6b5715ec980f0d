"""Dates and times as people and systems write them."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.sources.times import join_clock, month_spans, parse

LONDON = "Europe/London"


def read_as(*texts: str, timezone: str = LONDON) -> list[tuple[str, str]]:
    found = parse(pl.Series(texts), timezone)
    start = found["start"].dt.strftime("%Y-%m-%d %H:%M %z")
    return list(zip(start.to_list(), found["precision"].to_list(), strict=True))


@pytest.mark.parametrize(
    "text",
    ["2023-02-01 21:05", "2023-02-01T21:05:30", "2023-02-01 21:05:30.123", "01/02/2023 21:05", "1/2/2023 21:05:00",
     "01-02-2023 21:05", "01.02.2023 21:05", "01/02/23 21:05", "01/02/2023 9:05 PM", "01/02/2023 09:05:00 pm",
     "1 Feb 2023 21:05", "01-FEB-2023 21:05", "1 February 2023, 21:05", "Wed 01/02/2023 21:05",
     "1st February 2023 21:05",
     "20230201 2105", "2023-02-01T21:05Z", "2023-02-01T22:05+01:00", "44958.878472222225", " 01/02/2023 21:05 "],
)  # fmt: skip
def test_one_evening_in_february_however_it_is_written(text: str) -> None:
    assert read_as(text) == [("2023-02-01 21:05 +0000", "minute")]


@pytest.mark.parametrize(
    "text", ["2023-02-01", "01/02/2023", "1 Feb 2023", "01-Feb-23", "20230201", "44958", "2023-2-1"]
)
def test_one_day_however_it_is_written(text: str) -> None:
    assert read_as(text) == [("2023-02-01 00:00 +0000", "day")]


@pytest.mark.parametrize("text", ["2023-02", "Feb 2023", "February 2023", "Feb-23", "2023/02"])
def test_one_month_however_it_is_written(text: str) -> None:
    assert read_as(text) == [("2023-02-01 00:00 +0000", "month")]


@pytest.mark.parametrize("text", ["", "unknown", "32/01/2023", "30/02/2023", "2023-13-01", "01/02/3023", "12:30"])
def test_what_is_no_date_is_left_empty(text: str) -> None:
    assert read_as(text) == [(None, None)]


def test_dates_are_day_first_unless_only_month_first_fits() -> None:
    assert [day for day, _ in read_as("01/02/2023", "13/02/2023")] == [
        "2023-02-01 00:00 +0000",
        "2023-02-13 00:00 +0000",
    ]
    american = parse(pl.Series(["01/02/2023", "12/31/2023"]), LONDON)
    assert american["start"].dt.strftime("%m-%d").to_list() == ["01-02", "12-31"]
    assert set(american["order"]) == {"month-first"}


def test_a_contradictory_column_stays_day_first() -> None:
    assert read_as("31/12/2023", "12/31/2023")[1] == (None, None)


def test_summer_time_is_told_from_winter_time() -> None:
    assert [text for text, _ in read_as("2023-07-01 12:00", "2023-12-01 12:00")] == [
        "2023-07-01 12:00 +0100", "2023-12-01 12:00 +0000",
    ]  # fmt: skip


def test_the_hour_that_comes_twice_is_the_first_and_the_missing_hour_moves_on() -> None:
    twice, missing = read_as("29/10/2023 01:30", "26/03/2023 01:30")
    assert twice == ("2023-10-29 01:30 +0100", "minute")
    assert missing == ("2023-03-26 02:30 +0100", "minute")


def test_a_day_of_25_hours_ends_at_midnight() -> None:
    found = parse(pl.Series(["2023-10-29"]), LONDON)
    assert (found["end"] - found["start"])[0].total_seconds() == 25 * 3600


def test_where_midnight_does_not_exist_the_day_is_kept() -> None:
    assert read_as("2018-11-04", timezone="America/Sao_Paulo") == [("2018-11-04 01:00 -0200", "day")]


def test_times_that_are_all_midnight_are_dates() -> None:
    assert {p for _, p in read_as("2023-02-01T00:00:00", "2023-02-02T00:00:00")} == {"day"}
    assert {p for _, p in read_as("2023-02-01T00:00:00", "2023-02-02T00:01:00")} == {"minute"}


def test_many_dates_that_are_all_the_first_are_months() -> None:
    firsts = [f"2023-{month:02d}-01" for month in range(1, 13)]
    assert set(parse(pl.Series(firsts * 2), LONDON)["precision"]) == {"month"}
    assert set(parse(pl.Series(firsts), LONDON)["precision"]) == {"day"}


@pytest.mark.parametrize("text", ["2014-01", "Jan-14", "01/01/2014", "2014-01-01", "41640"])
def test_police_uk_months_survive_a_spreadsheet(text: str) -> None:
    spans = month_spans(pl.Series([text, text]), LONDON)
    assert spans["month"].to_list() == [datetime(2014, 1, 1)] * 2
    assert spans["occurred_to"].dt.strftime("%Y-%m-%d %H:%M").to_list() == ["2014-02-01 00:00"] * 2


def test_a_month_of_summer_time_runs_from_local_midnight_to_local_midnight() -> None:
    spans = month_spans(pl.Series(["2023-10"]), LONDON)
    assert spans["occurred_from"].dt.strftime("%H:%M %z").to_list() == ["00:00 +0100"]
    assert spans["occurred_to"].dt.strftime("%H:%M %z").to_list() == ["00:00 +0000"]


def test_a_clock_in_its_own_column_joins_its_date() -> None:
    date = pl.Series(["01/02/2023", "01/02/2023", "2023-02-01T00:00:00", "01/02/2023 22:00", "", "01/02/2023"])
    clock = pl.Series(["0930", "930", "09:30:00", "21:00", "09:30", ""])
    assert join_clock(date, clock).to_list() == [
        "01/02/2023 0930", "01/02/2023 0930", "2023-02-01 09:30:00", "01/02/2023 22:00", "", "01/02/2023",
    ]  # fmt: skip


@given(
    st.datetimes(datetime(1991, 1, 1), datetime(2098, 12, 31)),
    st.sampled_from(["%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M:%S", "%d %B %Y %H:%M", "%d-%b-%Y %I:%M %p", "%Y%m%dT%H%M"]),
)
def test_what_a_system_writes_is_read_back(moment: datetime, pattern: str) -> None:
    found = parse(pl.Series([moment.strftime(pattern), "2023-01-01 12:34"]), "UTC")
    expected = moment.replace(second=0, microsecond=0)
    assert found["start"].dt.replace_time_zone(None)[0] == expected


@given(st.lists(st.text(max_size=25), min_size=1, max_size=8))
def test_no_text_breaks_the_reader_and_no_row_is_lost(texts: list[str]) -> None:
    assert parse(pl.Series(texts, dtype=pl.String), LONDON).height == len(texts)
