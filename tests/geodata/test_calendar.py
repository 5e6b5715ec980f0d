"""Bank holidays against the official lists, school holidays against rules every English calendar keeps."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.calendar import bank_holidays, is_bank_holiday, is_school_holiday, own_bank_holidays, school_holidays
from geodata.errors import DesignError, SourceError
from geodata.period import Period, police_day

# As published on the government's page of bank holidays, copied by hand.
ENGLAND_2022 = ["01-03", "04-15", "04-18", "05-02", "06-02", "06-03", "08-29", "09-19", "12-26", "12-27"]
SCOTLAND_2022 = ["01-03", "01-04", "04-15", "05-02", "06-02", "06-03", "08-01", "09-19", "11-30", "12-26", "12-27"]
NORTHERN_IRELAND_2022 = [
    "01-03", "03-17", "04-15", "04-18", "05-02", "06-02", "06-03", "07-12", "08-29", "09-19", "12-26", "12-27",
]  # fmt: skip


def days(*texts: str) -> pd.Series:
    return pd.Series(pd.to_datetime(list(texts))).dt.as_unit("us")


@pytest.mark.parametrize(
    ("nation", "listed"),
    [
        ("England", ENGLAND_2022),
        ("Wales", ENGLAND_2022),
        ("Scotland", SCOTLAND_2022),
        ("Northern Ireland", NORTHERN_IRELAND_2022),
    ],
)
def test_the_bank_holidays_of_2022_are_those_the_government_published(nation: str, listed: list[str]) -> None:
    found = bank_holidays(Period.of("2022-01", "2022-12"), nation)
    assert found["day"].dt.strftime("%m-%d").tolist() == listed


def test_early_may_2020_was_moved_to_the_friday_of_ve_day() -> None:
    assert bank_holidays(Period.of("2020-05", "2020-05"))["day"].dt.day.tolist() == [8, 25]


def test_a_holiday_on_a_weekend_appears_once_under_its_plain_name() -> None:
    found = bank_holidays(Period.of("2021-12", "2022-01"))
    assert list(zip(found["day"].dt.strftime("%Y-%m-%d"), found["name"], strict=True)) == [
        ("2021-12-27", "Christmas Day"),
        ("2021-12-28", "Boxing Day"),
        ("2022-01-03", "New Year's Day"),
    ]


def test_an_unknown_nation_is_refused_with_the_four_that_are_known() -> None:
    with pytest.raises(DesignError, match="England, Wales, Scotland, Northern Ireland"):
        bank_holidays(Period.of("2022-01", "2022-01"), "Cornwall")


def test_a_night_after_a_bank_holiday_belongs_to_it_by_the_police_day() -> None:
    night = pd.Series(pd.to_datetime(["2023-08-29 02:00", "2023-08-29 06:00"]).tz_localize("Europe/London"))
    assert is_bank_holiday(night).tolist() == [False, False]
    assert is_bank_holiday(police_day(night)).tolist() == [True, False]


def test_midnight_in_summer_time_is_the_local_day_and_not_the_one_before() -> None:
    just_after = pd.Series(pd.to_datetime(["2023-08-28 00:10"]).tz_localize("Europe/London"), index=[7])
    assert is_bank_holiday(just_after).to_dict() == {7: True}


def test_times_that_are_all_missing_fall_on_no_bank_holiday() -> None:
    assert not is_bank_holiday(pd.Series([pd.NaT, pd.NaT], dtype="datetime64[us]")).any()


@given(st.integers(2010, 2030), st.sampled_from(["England", "Wales", "Scotland", "Northern Ireland"]))
def test_a_year_of_bank_holidays_is_the_sum_of_its_months_and_never_a_weekend(year: int, nation: str) -> None:
    whole = bank_holidays(Period.of(f"{year}-01", f"{year}-12"), nation)
    months = [bank_holidays(Period.of(f"{year}-{m:02}", f"{year}-{m:02}"), nation) for m in range(1, 13)]
    parts = pd.concat([part for part in months if len(part)], ignore_index=True)
    pd.testing.assert_frame_equal(whole, parts)
    assert (whole["day"].dt.day_of_week < 5).all()
    assert is_bank_holiday(whole["day"], nation).all()


# School holidays -----------------------------------------------------------------------------------------------------


def test_the_typical_calendar_has_six_holidays_a_year_on_weekdays_without_overlap() -> None:
    typical = school_holidays()
    assert (typical["first_day"].dt.year.loc[1:].value_counts() == 6).all()
    assert set(typical["first_day"].dt.year) == set(range(2009, 2028))
    assert (typical["last_day"].iloc[:-1].to_numpy() < typical["first_day"].iloc[1:].to_numpy()).all()
    assert (pd.concat([typical["first_day"], typical["last_day"]]).dt.day_of_week < 5).all()


def test_schools_are_shut_at_easter_and_christmas_and_open_on_other_bank_holidays_but_spring_and_late_summer() -> None:
    held = bank_holidays(Period.of("2010-01", "2027-12"))
    off = is_school_holiday(held["day"]).astype(bool)
    always = held["name"].str.contains("Good Friday|Easter|Christmas|Boxing|New Year|Spring|Summer")
    assert off[always].all()
    assert not off[held["name"].eq("May Day")].any()


def test_children_lose_about_thirteen_weeks_of_school_a_year() -> None:
    year = pd.Series(pd.date_range("2010-01-01", "2027-12-31", unit="us"))
    weekdays = year[year.dt.day_of_week < 5]
    per_year = is_school_holiday(weekdays).astype(int).groupby(weekdays.dt.year).sum()
    assert per_year.between(58, 70).all()


def test_well_known_days_are_on_the_right_side() -> None:
    known = days("2024-10-30", "2024-11-04", "2023-08-15", "2023-09-12", "2024-02-14", "2022-06-01", "2024-04-05")
    assert is_school_holiday(known).tolist() == [True, False, True, False, True, True, True]


def test_weekends_that_touch_a_holiday_belong_to_it_and_others_do_not() -> None:
    weekends = days("2024-10-26", "2024-10-27", "2024-11-02", "2024-11-03", "2024-11-09", "2024-10-25")
    assert is_school_holiday(weekends).tolist() == [True, True, True, True, False, False]


def test_days_the_calendar_does_not_know_are_missing_and_not_term() -> None:
    unknown = is_school_holiday(days("2005-08-01", "2040-08-01", "2023-08-01"))
    assert unknown.isna().tolist() == [True, True, False]
    assert is_school_holiday(pd.Series([pd.NaT], dtype="datetime64[us]")).isna().all()


def test_a_council_gives_its_own_dates(tmp_path: Path) -> None:
    own = tmp_path / "ours.csv"
    own.write_text("# ours\nfirst_day,last_day,name\n2024-05-27,2024-05-31,May\n2024-04-01,2024-04-02,Easter\n")
    calendar = school_holidays(own)
    assert calendar["name"].tolist() == ["Easter", "May"]
    asked = days("2024-03-30", "2024-04-02", "2024-04-03", "2024-05-26", "2024-06-02", "2024-06-03")
    answer = is_school_holiday(asked, calendar)
    assert answer.iloc[:5].tolist() == [True, True, False, True, True]
    assert answer.isna().tolist() == [False] * 5 + [True]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("first_day,name\n2024-01-01,x\n", "no column last_day"),
        ("first_day,last_day,name\n", "lists no school holiday"),
        (
            "first_day,last_day,name\n13/13/2024,2024-02-05,x\n",
            "or DD/MM/YYYY; 1 of 1 rows break that",
        ),
        ("first_day,last_day,name\n2024-02-05,2024-02-01,x\n", "ends after it starts; 1 of 1"),
        ("", "cannot be read as school holidays"),
        ('first_day,last_day,name\n"a,b\n', "cannot be read|YYYY-MM-DD"),
    ],
)
def test_a_calendar_that_cannot_be_used_is_refused_in_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    own = tmp_path / "ours.csv"
    own.write_text(text)
    with pytest.raises(SourceError, match=says):
        school_holidays(own)


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "terms.csv"
    binary.write_bytes(b"\xff\xfe\x00\x80" * 20)
    for path in (binary, tmp_path / "absent.csv", tmp_path):
        with pytest.raises(SourceError, match="cannot be read as school holidays"):
            school_holidays(path)


def test_a_users_bank_holidays_stand_for_the_years_they_list_and_no_others(tmp_path: Path) -> None:
    own = tmp_path / "bank.csv"
    own.write_text("# ours\nday,name\n2022-06-04,Carnival (a Saturday)\n2022-12-26,Boxing Day\n")
    asked = days("2022-06-04", "2022-12-26", "2022-12-27", "2022-06-03", "2021-12-27", "2023-01-02")
    # 27 December 2022 and 3 June 2022 are holidays of England, which the user's list for 2022 leaves out
    assert is_bank_holiday(asked, own=own_bank_holidays(own)).tolist() == [True, True, False, False, True, True]
    assert is_bank_holiday(asked).tolist() == [False, True, True, True, True, True]


def test_days_may_be_written_with_the_day_first(tmp_path: Path) -> None:
    own = tmp_path / "ours.csv"
    own.write_text("first_day,last_day,name\n03/04/2024,2024-04-12,Easter\n")
    assert school_holidays(own)["first_day"].tolist() == [pd.Timestamp("2024-04-03")]
    own.write_text("day,name\n05/04/2024,Ours\n")
    assert own_bank_holidays(own)["day"].tolist() == [pd.Timestamp("2024-04-05")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("date,name\n2024-01-01,x\n", "no column day; bank holidays need day, name"),
        ("day,name\n", "lists no bank holiday"),
        ("day,name\n12/25/2024,Christmas\n2024-12-26,Boxing Day\n", "DD/MM/YYYY; 1 of 2 rows break that, first '12/25"),
        ("day,name\n2024-12-26,a\n2024-12-26,b\n", "listed once; 1 of 2"),
        ("", "cannot be read as bank holidays"),
    ],
)
def test_bank_holidays_that_cannot_be_used_are_refused_in_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    own = tmp_path / "bank.csv"
    own.write_text(text)
    with pytest.raises(SourceError, match=says):
        own_bank_holidays(own)


def test_the_default_calendar_cannot_be_changed_by_a_caller() -> None:
    mine = school_holidays()
    mine["name"] = "spoilt"
    assert "spoilt" not in set(school_holidays()["name"])
