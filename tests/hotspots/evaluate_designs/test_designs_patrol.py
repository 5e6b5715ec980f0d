"""The rota of a pilot: assigned hotspots alone, each in its own time, and the controls never."""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import pytest

from geodata.errors import DesignError
from hotspots.config import PatrolConfig, RunConfig
from hotspots.evaluate import randomise, read_assignment
from hotspots.patrols import assigned_plan, assigned_times

from .conftest import new


@pytest.fixture
def planned(folder, town):
    """Give the run a patrol plan: Wednesday to Saturday, 15:00-22:00."""
    plan = gpd.GeoDataFrame(
        {
            "hotspot_id": [f"H{number:02d}" for number in range(1, 43)], "rank": range(1, 43), "name": town.names,
            "visits_per_week_low": 3, "visits_per_week_high": 6, "minutes_per_visit": 15.0, "days": "Wed-Sat",
            "hours": "15:00-22:00", "share_of_reports": 0.4, "share_of_week": 0.17, "window": "", "note": "",
            "day_numbers": "2,3,4,5", "start_hour": 15.0, "window_hours": 7.0,
        },
        geometry=list(town.polygons), crs=4326,
    )  # fmt: skip
    plan.to_file(folder / "run" / "hotspots.gpkg", layer="patrols")
    (folder / "run" / "run.json").write_text(json.dumps({"config": {"patrol": RunConfig().to_dict()["patrol"]}}))
    return plan.set_index("hotspot_id")


def lot(hotspots, folder, kind, treated):
    assert hotspots("design", "randomise", folder / "run", "--kind", kind, "--start", "2025-04", "--months", 4,
                    "--treated", treated, "--seed", 5, "--out", folder / "lot.csv")[0] == 0  # fmt: skip
    return pd.read_csv(folder / "lot.csv", parse_dates=["first_day", "last_day"])


def patrol(hotspots, folder, *more):
    return hotspots("patrol", folder / "run", "--out", folder / "rota", *more)


def test_a_rotation_sends_patrols_only_to_places_in_their_turn(hotspots, folder, planned):
    drawn = lot(hotspots, folder, "rotation", 6)
    code, out, err = patrol(hotspots, folder, "--assignment", folder / "lot.csv", "--first-monday", "2025-04-07",
                            "--weeks", 9, "--crews", 2)  # fmt: skip
    assert code == 0, err
    assert "Only the 12 hotspots the pilot assigned are planned, each in its own time (6 at once)" in " ".join(
        out.split()
    )
    times = pd.read_csv(folder / "rota" / "visit_times.csv", parse_dates=["start"])
    treated = drawn[drawn["arm"] == "treated"]
    for row in times.itertuples():
        turns = treated[treated["hotspot_id"] == row.hotspot_id]
        assert ((turns["first_day"] <= row.start) & (row.start < turns["last_day"] + pd.Timedelta(days=1))).any()
    months = times.groupby(times["start"].dt.to_period("M"))["hotspot_id"].agg(set)
    assert all(len(one) == 6 for one in months)
    assert not months["2025-04"] & months["2025-05"]
    turns = pd.read_csv(folder / "rota" / "patrol_plan.csv")
    assert len(turns) == 6 * 4


def test_the_controls_of_a_lot_are_never_planned_and_it_is_said(hotspots, folder, planned):
    drawn = lot(hotspots, folder, "pairs", 6)
    code, out, err = patrol(hotspots, folder, "--assignment", folder / "lot.csv", "--first-monday", "2025-04-07")
    assert code == 0, err
    said = " ".join(out.split())
    assert "Never planned, because the pilot compares with them:" in said
    assert "The 30 other hotspots of the list take no part and are not planned either." in said
    times = pd.read_csv(folder / "rota" / "visit_times.csv")
    assert set(times["hotspot_id"]) == set(drawn.loc[drawn["arm"] == "treated", "hotspot_id"])


def test_a_design_file_says_who_is_patrolled_and_from_when(hotspots, folder, planned):
    made = new(folder, "--start", "2025-04", "--treated", 5, "--starts", "H05=2025-05")
    assert hotspots(*made)[0] == 0
    assert patrol(hotspots, folder, "--assignment", folder / "design" / "DESIGN.toml", "--first-monday", "2025-04-07",
                  "--weeks", 8)[0] == 0  # fmt: skip
    times = pd.read_csv(folder / "rota" / "visit_times.csv", parse_dates=["start"])
    first = times.groupby("hotspot_id")["start"].min()
    assert list(first.index) == ["H01", "H02", "H03", "H04", "H05"]
    assert first["H05"] >= pd.Timestamp("2025-05-01")
    assert (first.drop("H05") < pd.Timestamp("2025-04-20")).all()


def test_without_an_assignment_the_whole_plan_is_drawn(hotspots, folder, planned):
    code, out, err = patrol(hotspots, folder, "--first-monday", "2025-04-07", "--weeks", 1, "--crews", 9)
    assert code == 0, err
    assert "All 42 hotspots of the list are planned" in out
    assert pd.read_csv(folder / "rota" / "visit_times.csv")["hotspot_id"].nunique() == 42


def test_the_budget_goes_to_those_in_their_turn(planned):
    rows = randomise(
        planned.assign(rank=range(1, 43)), "rotation", start="2025-04", months=2, treated=6, random_state=1
    )
    scores = pd.Series(1.0, index=planned.index)
    found = assigned_plan(planned, scores, rows, PatrolConfig(budget_gbp_per_year=50_000))
    spent = found.turns.groupby("first_day")["visits_per_week_low"].sum()
    assert list(spent) == [34, 34]  # 455 hours buy 34.8 visits of 15 minutes a week
    one = assigned_times(planned, found, weeks=2, first_monday="2025-04-07", random_state=0, crews=3)
    pd.testing.assert_frame_equal(
        one, assigned_times(planned, found, weeks=2, first_monday="2025-04-07", random_state=0, crews=3)
    )


def test_what_cannot_be_a_rota_is_refused_in_one_sentence(hotspots, refused, folder, planned):
    lot(hotspots, folder, "pairs", 6)

    def said(*more, monday="2025-04-07"):
        return refused("patrol", folder / "run", "--out", folder / "rota", "--first-monday", monday, *more)

    assert "starts on a Monday" in said(monday="2025-04-08")
    assert "is no date" in said(monday="soon")
    assert "no hotspot has its turn then" in said("--assignment", folder / "lot.csv", monday="2026-04-06")
    assert "no assignment list at" in said("--assignment", folder / "absent.csv")
    (folder / "other.csv").write_text((folder / "lot.csv").read_text().replace("Street 1,", "Station Road,"))
    assert "plan with the run the assignment was made from" in said("--assignment", folder / "other.csv")
    (folder / "run" / "run.json").unlink()
    assert "holds no patrol plan of a run" in said()
    with pytest.raises(DesignError, match="no assignment list"):
        read_assignment(folder / "incidents.csv")
