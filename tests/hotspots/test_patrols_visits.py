"""Delivered visits: read with clear errors, and compared with the plan by hand-worked figures."""

from __future__ import annotations

import openpyxl
import pandas as pd
import pytest

from geodata.errors import SourceError
from hotspots.patrols import dose_delivered, read_visits
from hotspots.patrols.visits import NOT_AS_PLANNED, NOT_PLANNED

HEADER = "hotspot,started,minutes,crew,resource\n"


def log(tmp_path, text, name="visits.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def a_plan(visits=7):
    return pd.DataFrame(
        {
            "name": ["High Street", "Mill Lane"],
            "visits_per_week_low": [visits, visits],
            "day_numbers": ["2,3,4,5", ""],
            "start_hour": [20.0, float("nan")],
            "window_hours": [7.0, float("nan")],
        },
        index=pd.Index(["H01", "H02"], name="hotspot_id"),
    )


def test_a_visit_log_is_read_with_local_time(tmp_path):
    visits = read_visits(
        log(tmp_path, HEADER + "H01,2023-08-02 16:20,15,2,PC\nHigh Street,03/08/2023 09:05,12,1,PCSO\n")
    )
    assert visits["started"].astype(str).to_list() == ["2023-08-02 16:20:00+01:00", "2023-08-03 09:05:00+01:00"]
    assert visits["minutes"].to_list() == [15.0, 12.0]
    assert visits["crew"].to_list() == [2.0, 1.0]
    assert visits["resource"].to_list() == ["PC", "PCSO"]


def test_other_column_names_and_missing_crew_are_understood(tmp_path):
    visits = read_visits(log(tmp_path, "Location;Start time;Duration (minutes)\nH01;2023-12-02T16:20;15\n"))
    assert visits["crew"].to_list() == [2.0]
    assert visits["resource"].to_list() == [""]


def test_a_workbook_is_read_like_a_csv(tmp_path):
    book = openpyxl.Workbook()
    for row in (["hotspot", "started", "minutes"], ["H01", pd.Timestamp("2023-08-02 16:20").to_pydatetime(), 15]):
        book.active.append(row)
    book.save(tmp_path / "visits.xlsx")
    visits = read_visits(tmp_path / "visits.xlsx")
    assert visits["started"].astype(str).to_list() == ["2023-08-02 16:20:00+01:00"]


def test_the_clock_going_back_and_forth_stops_nothing(tmp_path):
    visits = read_visits(log(tmp_path, HEADER + "H01,2023-10-29 01:30,15,2,\nH01,2023-03-26 01:30,15,2,\n"))
    assert visits["started"].astype(str).to_list() == ["2023-10-29 01:30:00+01:00", "2023-03-26 02:00:00+01:00"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("hotspot,minutes\nH01,15\n", "the visits table has no column started; its columns are: hotspot, minutes"),
        (HEADER + "H01,yesterday,15,2,PC\n", "1 of 1 start times cannot be read (first on line 2: 'yesterday')"),
        (HEADER + "H01,2023-08-02 16:20,15,2,PC\nH01,2023-08-02 18:20,long,2,PC\n", "first on line 3: 'long'"),
        (HEADER + "H01,2023-08-02 16:20,-5,2,PC\n", "minutes are not a number from 0 to 1440"),
        (HEADER + "H01,2023-08-02 16:20,15,0,PC\n", "crew are not a number from 1 to 100"),
        (HEADER + ",2023-08-02 16:20,15,2,PC\n", "1 of 1 visits name no hotspot (first on line 2)"),
        ("", "visits.csv is empty"),
    ],
)
def test_a_broken_log_gets_one_clear_sentence(tmp_path, text, says):
    with pytest.raises(SourceError) as refusal:
        read_visits(log(tmp_path, text))
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_log_that_is_not_there_is_said(tmp_path):
    with pytest.raises(SourceError, match="There is no visits file"):
        read_visits(tmp_path / "nowhere.csv")


def test_the_dose_of_two_weeks_worked_by_hand(tmp_path):
    text = HEADER + "".join(
        [
            "H01,2024-01-03 20:30,15,2,PC\n",  # Wed, in the window
            "high street,2024-01-04 02:30,10,3,PC\n",  # police day Wed, still in Wednesday's window 20:00-03:00
            "H01,2024-01-05 12:00,5,2,PC\n",  # too short, outside the window
            "H01,2024-01-09 21:00,30,1,PCSO\n",  # Tuesday: outside; too long to qualify, long enough to be a visit
            "H01,2024-01-15 20:30,15,2,PC\n",  # after the plan
            "Park,2024-01-03 20:30,15,2,PC\n",
        ]
    )
    dose = dose_delivered(read_visits(log(tmp_path, text)), a_plan(), first_day="2024-01-01", last_day="2024-01-14")
    high_street = dose.loc["H01"]
    assert high_street["visits"] == 4
    assert high_street["minutes"] == 60
    assert high_street["person_minutes"] == 15 * 2 + 10 * 3 + 5 * 2 + 30
    assert high_street["share_qualifying"] == 0.5
    assert high_street["share_in_window"] == 0.5
    assert high_street["days_covered"] == 3
    assert high_street["longest_gap_days"] == 5  # 4 to 8 January: the 5-minute call on the 5th is no dose
    assert high_street["planned"] == 14
    assert high_street["compliance"] == pytest.approx(3 / 14)
    assert high_street["flag"] == NOT_AS_PLANNED
    unvisited = dose.loc["H02"]
    assert (unvisited["visits"], unvisited["longest_gap_days"], unvisited["compliance"]) == (0, 14, 0)
    assert pd.isna(unvisited["share_qualifying"])
    assert dose.loc["Park", ["name", "visits", "flag"]].to_list() == ["Park", 1, NOT_PLANNED]
    assert dose["visits"].sum() == 5


@pytest.mark.parametrize(("delivered", "flagged"), [(8, False), (7, True)])
def test_below_four_fifths_of_the_plan_outcomes_are_not_to_be_interpreted(tmp_path, delivered, flagged):
    text = HEADER + "".join(f"H01,2024-01-{1 + i % 7:02d} {10 + i}:00,15,2,PC\n" for i in range(delivered))
    dose = dose_delivered(
        read_visits(log(tmp_path, text)), a_plan(visits=10), first_day="2024-01-01", last_day="2024-01-07"
    )
    assert (dose.loc["H01", "flag"] == NOT_AS_PLANNED) == flagged


def test_a_visit_before_six_in_the_morning_belongs_to_the_police_day_before(tmp_path):
    text = HEADER + "H01,2024-01-01 05:59,15,2,PC\nH01,2024-01-01 06:00,15,2,PC\n"
    dose = dose_delivered(read_visits(log(tmp_path, text)), a_plan(), first_day="2024-01-01", last_day="2024-01-07")
    assert dose.loc["H01", "visits"] == 1


def test_a_plan_that_ends_before_it_starts_is_refused(tmp_path):
    visits = read_visits(log(tmp_path, HEADER + "H01,2024-01-03 20:30,15,2,PC\n"))
    with pytest.raises(SourceError, match="before it starts"):
        dose_delivered(visits, a_plan(), first_day="2024-01-02", last_day="2024-01-01")


def test_a_plan_of_one_day_is_one(tmp_path):
    visits = read_visits(log(tmp_path, HEADER + "H01,2024-01-03 20:30,15,2,PC\n"))
    dose = dose_delivered(visits, a_plan(), first_day="2024-01-03", last_day="2024-01-03")
    assert dose[["visits", "days_covered", "longest_gap_days"]].loc["H01"].to_list() == [1, 1, 0]


def test_the_sample_citys_170_patrols_by_its_presentation_are_counted(sample_city):
    visits = read_visits(sample_city["visits.csv"])
    officers = visits.loc[visits["resource"].isin(["PC", "PCSO"])]
    names = sorted(visits["hotspot"].unique())
    plan = pd.DataFrame({"name": names, "visits_per_week_low": 4}, index=pd.Index(names, name="hotspot_id"))
    dose = dose_delivered(officers, plan, first_day="2023-07-31", last_day="2023-11-16")
    assert dose["visits"].sum() == 170
    assert dose["share_in_window"].isna().all()
