"""The patrol plan: windows from a hotspot's own reports, pooled where few, refused where there are no hours."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal

from geodata import cells as h3cells
from geodata.area import StudyArea
from geodata.sample import make_city, write_city
from geodata.schema import ASB
from geodata.sources import read
from hotspots.config import PatrolConfig
from hotspots.patrols import can_plan_hours, empty_plan, plan
from hotspots.patrols.plan import PLAN_COLUMNS

AREA = StudyArea("Testham", shapely.box(-2.20, 52.55, -2.05, 52.62))
CENTRES = {"H01": (-2.13, 52.585), "H02": (-2.11, 52.595)}


def hotspots(scores=(9.0, 3.0)):
    rows = []
    for rank, ((_, centre), score) in enumerate(zip(CENTRES.items(), scores, strict=True), start=1):
        own = h3cells.disk(h3cells.assign([centre[0]], [centre[1]], 10)[0], 1)
        shape = shapely.union_all(h3cells.polygons(own))
        rows.append({"rank": rank, "name": f"Street {rank}", "score": score, "cells": ",".join(own), "geometry": shape})
    return gpd.GeoDataFrame(rows, index=pd.Index(list(CENTRES), name="hotspot_id"), crs=4326)


def reports(hotspot_id, times, *, precision="minute"):
    """One report at each local time, at the middle of a hotspot."""
    longitude, latitude = CENTRES[hotspot_id]
    start = pd.Series(pd.DatetimeIndex(times).as_unit("us").tz_localize("Europe/London"))
    return pd.DataFrame(
        {
            "longitude": longitude,
            "latitude": latitude,
            "month": start.dt.tz_localize(None).to_numpy().astype("datetime64[M]").astype("datetime64[us]"),
            "occurred_from": start,
            "occurred_to": start,
            "time_precision": precision,
        }
    )


def evenings(n, *, first="2023-01-04", hour=16):
    """n times, one a week at `hour` and a bit, from a Wednesday on."""
    return [pd.Timestamp(first) + pd.Timedelta(weeks=i % 50, hours=hour, minutes=i % 60) for i in range(n)]


def together(*parts):
    return pd.concat(parts, ignore_index=True)


def test_the_window_is_that_of_the_hotspots_own_reports():
    data = together(reports("H01", evenings(160, hour=16)), reports("H02", evenings(160, first="2023-01-08", hour=2)))
    made = plan(hotspots(), data, PatrolConfig(shift_hours=3, shift_days=1), area=AREA)
    assert made["days"].to_list() == ["Wed", "Sun"]
    assert made.loc["H01", "start_hour"] <= 16 < made.loc["H01", "start_hour"] + 3
    assert made["share_of_reports"].to_list() == [1.0, 1.0]
    assert made["share_of_week"].to_list() == pytest.approx([3 / 168] * 2)
    assert made["window"].str.contains("100% of reports in 2% of the week").all()
    assert made["note"].to_list() == ["", ""]


def test_below_thirty_reports_the_window_is_pooled_and_says_so():
    data = together(reports("H01", evenings(160)), reports("H02", evenings(29, first="2023-01-08", hour=2)))
    made = plan(hotspots(), data, PatrolConfig(shift_hours=3, shift_days=1), area=AREA)
    assert made["days"].to_list() == ["Wed", "Wed"]
    assert made.loc["H02", "note"] == (
        "Only 29 of its reports carry a clock time (30 are needed), so the window is that of all hotspots of Testham "
        "together (189 reports)."
    )
    thirty = together(reports("H01", evenings(160)), reports("H02", evenings(30, first="2023-01-08", hour=2)))
    assert plan(hotspots(), thirty, PatrolConfig(), area=AREA).loc["H02", "note"] == ""


def test_below_thirty_reports_in_all_hotspots_no_hour_is_named():
    made = plan(hotspots(), reports("H01", evenings(29)), PatrolConfig(), area=AREA)
    assert (made["days"] == "").all()
    assert made["window"].str.startswith("No hours: fewer than 30").all()
    assert made["note"].str.contains("together have 29 reports with a clock time").all()


def test_reports_outside_the_hotspots_do_not_move_a_window():
    inside = reports("H01", evenings(160))
    far = reports("H01", evenings(500, hour=3)).assign(longitude=-2.18)
    config = PatrolConfig(shift_hours=3, shift_days=1)
    alone = plan(hotspots(), inside, config, area=AREA)
    assert_frame_equal(plan(hotspots(), together(inside, far), config, area=AREA), alone)


@pytest.mark.parametrize("precision", ["month", "day"])
def test_data_without_clock_times_get_visits_and_no_hours(precision):
    data = reports("H01", evenings(160), precision=precision)
    made = plan(hotspots(), data, PatrolConfig(), area=AREA)
    assert (made["visits_per_week_low"] > 0).all()
    assert (made["hours"] == "").all()
    assert made["share_of_reports"].isna().all()
    assert made["window"].str.contains(f"No hours: 160 of 160 reports carry no clock time \\(the {precision}").all()
    refusal = can_plan_hours(data)
    assert refusal is not None
    assert "R2.2e" in refusal.rule


def test_half_the_reports_with_a_clock_time_are_enough():
    timed, dated = reports("H01", evenings(50)), reports("H01", evenings(50), precision="day")
    assert can_plan_hours(together(timed, dated)) is None
    assert can_plan_hours(together(timed.iloc[1:], dated)) is not None
    assert can_plan_hours(timed.iloc[:0]) is None


def test_visits_follow_the_score_and_the_budget():
    data = reports("H01", evenings(160))
    made = plan(hotspots((9.0, 3.0)), data, PatrolConfig(max_visits_per_week=40), area=AREA)
    assert made["visits_per_week_low"].to_list() == [26, 8]  # 34.8 a week, 3:1
    assert made["visits_per_week_high"].to_list() == [39, 13]  # 52.5 a week
    poor = plan(hotspots(), data, PatrolConfig(budget_gbp_per_year=5_000), area=AREA)
    assert poor["visits_per_week_low"].to_list() == [3, 0]  # 3.5 a week
    assert poor["visits_per_week_high"].to_list() == [5, 0]  # 5.2 a week, two hotspots need 6
    assert "does not reach this hotspot" in poor.loc["H02", "note"]
    tight = plan(hotspots(), data, PatrolConfig(budget_gbp_per_year=7_000), area=AREA)
    assert (tight.loc["H02", "visits_per_week_low"], tight.loc["H02", "visits_per_week_high"]) == (0, 3)
    assert "only at the cheaper hour" in tight.loc["H02", "note"]


def test_the_plan_keeps_the_hotspots_index_and_shape_and_changes_nothing_it_was_given():
    data, places = reports("H01", evenings(160)), hotspots()
    before_data, before_places = data.copy(), places.copy()
    made = plan(places, data, PatrolConfig(), area=AREA)
    assert made.index.equals(places.index)
    assert made.geometry.geom_equals(places.geometry).all()
    assert made.crs == places.crs
    assert_frame_equal(data, before_data)
    assert_frame_equal(pd.DataFrame(places), pd.DataFrame(before_places))


def test_a_plan_without_hotspots_has_the_same_columns():
    made = plan(hotspots().iloc[:0], reports("H01", evenings(40)), PatrolConfig(), area=AREA)
    full = plan(hotspots(), reports("H01", evenings(40)), PatrolConfig(), area=AREA)
    assert made.empty
    assert list(made.columns) == list(full.columns) == [*PLAN_COLUMNS, "geometry"]
    assert (made.dtypes == full.dtypes).all()
    assert made.index.name == full.index.name == "hotspot_id"
    assert empty_plan().crs == full.crs


def test_a_span_over_the_peak_counts_for_the_hours_it_touches():
    start = evenings(160, hour=15)
    data = reports("H01", start).assign(occurred_to=lambda frame: frame["occurred_from"] + pd.Timedelta(hours=2))
    made = plan(hotspots(), data, PatrolConfig(shift_hours=3, shift_days=1), area=AREA)
    assert made.loc["H01", "start_hour"] == 15
    assert np.isclose(made.loc["H01", "share_of_reports"], 1.0)


def test_the_planted_late_shift_peak_of_the_sample_city_is_found(tmp_path):
    city = make_city(0)
    records = read([write_city(city, tmp_path)["incidents.csv"]]).records.dropna(subset=["longitude", "latitude"])
    records = records.loc[records["category"] == ASB]
    planted = city.truth["hotspots"]
    own = [h3cells.disk(h3cells.assign([p["longitude"]], [p["latitude"]], 10)[0], 1) for p in planted]
    places = gpd.GeoDataFrame(
        {
            "rank": range(1, len(planted) + 1),
            "name": [place["name"] for place in planted],
            "score": 1.0,
            "cells": [",".join(cells) for cells in own],
        },
        geometry=[shapely.union_all(h3cells.polygons(cells)) for cells in own],
        index=pd.Index([f"H{i + 1:02d}" for i in range(len(planted))], name="hotspot_id"),
        crs=4326,
    )
    made = plan(places, records, PatrolConfig(), area=city.area)
    peak = city.truth["peak"]
    assert peak["days"] == ["Wed", "Thu", "Fri", "Sat"]
    found = (made["days"] == "Wed-Sat") & ((made["start_hour"] - peak["start_hour"]).abs() <= 1)
    assert found.sum() >= len(planted) - 1
    assert (made["share_of_reports"] > 2.4 * made["share_of_week"]).all()


def test_police_uk_months_name_no_hour(shared):
    records = read([shared / "data" / "police_uk" / "wolverhampton_2014-01_2014-02.csv"]).records
    located = records.dropna(subset=["longitude", "latitude"])
    refusal = can_plan_hours(located)
    assert refusal is not None
    assert refusal.reason.startswith(f"{len(located):,} of {len(located):,} reports carry no clock time (the month")
    made = plan(hotspots(), located, PatrolConfig(), area=AREA)
    assert made["window"].str.startswith("No hours: ").all()
