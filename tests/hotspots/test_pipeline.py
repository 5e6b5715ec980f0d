"""Laws of the whole recipe, on a small town."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely

import hotspots
from geodata import cells as h3cells
from geodata.area import StudyArea
from geodata.errors import DataError

from .conftest import TOWN, town_records

MONTHS = pd.date_range("2022-01-01", periods=18, freq="MS")


def test_many_calls_about_one_evening_raise_the_count_and_not_the_rank() -> None:
    quiet = town_records(months=18)
    calls = quiet.loc[quiet["location"] == "20 Short Road"].tail(1)
    minutes = pd.to_timedelta(np.arange(40) % 50, unit="min")
    flood = pd.concat([calls] * 40, ignore_index=True)
    flood["occurred_from"] = flood["occurred_to"] = (calls["occurred_from"].iloc[0] + minutes).to_numpy()
    flood["occurred_from"] = pd.to_datetime(flood["occurred_from"], utc=True).dt.tz_convert("Europe/London")
    flood["occurred_to"] = flood["occurred_from"]
    before = hotspots.run(quiet, TOWN)
    after = hotspots.run(pd.concat([quiet, flood], ignore_index=True), TOWN)
    cell = h3cells.assign(calls["longitude"], calls["latitude"], 10)[0]
    assert after.cells.loc[cell, "n"] == before.cells.loc[cell, "n"] + 40
    assert after.cells.loc[cell, "n_events"] <= before.cells.loc[cell, "n_events"] + 1
    assert after.cells.loc[cell, "rank"] > 3
    assert any("events" in note for note in after.notes)


def test_reports_in_the_buffer_lift_the_density_at_the_border_and_count_nowhere() -> None:
    inside = town_records(months=18)
    outside = inside.tail(60).assign(longitude=-2.1405, latitude=52.585)
    alone = hotspots.run(inside, TOWN)
    both = hotspots.run(pd.concat([inside, outside], ignore_index=True), TOWN)
    assert both.cells["n"].sum() == alone.cells["n"].sum() == both.quality.n_used
    assert both.quality.n_context == 60
    assert both.cells["density"].sum() > alone.cells["density"].sum()


def test_the_order_of_records_changes_nothing() -> None:
    frame = town_records(months=18)
    runs = [hotspots.run(table, TOWN) for table in (frame, frame.sample(frac=1, random_state=4))]
    columns = ["name", "n", "n_12m", "score", "rank", "p_top", "cells"]
    pd.testing.assert_frame_equal(*(pd.DataFrame(run.hotspots[columns]) for run in runs))


def test_the_input_is_left_as_it_was() -> None:
    frame = town_records(months=18)
    copy = frame.copy(deep=True)
    hotspots.run(frame, TOWN)
    pd.testing.assert_frame_equal(frame, copy)


def test_an_area_far_away_is_refused_with_where_the_reports_lie() -> None:
    with pytest.raises(DataError, match=r"52\.[56]"):
        hotspots.run(town_records(months=18), StudyArea("Elsewhere", shapely.box(-87.9, 41.6, -87.5, 42.0)))


def test_every_hotspot_says_its_kind_over_time_and_what_it_stands_on() -> None:
    run = hotspots.run(town_records(months=18, busy=25), TOWN)
    assert len(run.hotspots) == 3
    assert set(run.hotspots["kind_label"]) == {"Long-standing"}
    assert run.hotspots["kind_why"].str.contains("18").all()
    assert (run.hotspots["share_address"] == 1).all()
    assert run.hotspots["median_error_m"].between(1, 50).all()
    assert run.cells.loc[run.cells["n"] > 0, "share_address"].eq(1).all()
    assert any("could be a place like any other" in note for note in run.notes)


def test_less_than_a_year_gives_no_kind() -> None:
    months = [f"{month:%Y-%m}" for month in MONTHS]
    run = hotspots.run(town_records(months=18), TOWN, hotspots.RunConfig(first_month=months[0], last_month=months[8]))
    assert set(run.hotspots["kind_label"]) <= {""}


def test_noise_alone_gives_no_cluster_in_most_towns() -> None:
    """Reports on places that are all alike: Gi* against ordinary places stays quiet (rate 5 %, at most 3 of 20)."""
    rng = np.random.default_rng(11)
    marked = 0
    for _ in range(20):
        n = 1500
        frame = pd.DataFrame({"longitude": rng.uniform(-2.14, -2.10, n), "latitude": rng.uniform(52.57, 52.60, n)})
        frame["month"] = rng.choice(MONTHS, n)
        frame = frame.assign(category="anti-social-behaviour", location_precision="address", origin="public")
        marked += bool(hotspots.run(frame, TOWN).cells["is_cluster"].any())
    assert marked <= 3
