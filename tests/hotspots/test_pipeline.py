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

AREA = StudyArea("Little Town", shapely.box(-2.14, 52.57, -2.10, 52.60))
MONTHS = pd.date_range("2022-01-01", periods=18, freq="MS")


def town(*, seed: int = 0) -> pd.DataFrame:
    """Three busy corners among thirty quiet ones, one report at a time."""
    rng = np.random.default_rng(seed)
    corners = np.column_stack([rng.uniform(-2.138, -2.102, 33), rng.uniform(52.572, 52.598, 33)])
    rows = []
    for number, corner in enumerate(corners):
        for month in MONTHS:
            days = rng.uniform(0, 27, rng.poisson(6 if number < 3 else 0.5))
            rows += [(*corner, month + pd.Timedelta(days=day), f"{number} Short Road") for day in days]
    frame = pd.DataFrame(rows, columns=["longitude", "latitude", "occurred_from", "location"])
    frame["occurred_from"] = pd.to_datetime(frame["occurred_from"]).dt.floor("min").dt.tz_localize("Europe/London")
    return frame.assign(
        occurred_to=frame["occurred_from"], time_precision="minute", location_precision="address",
        category="anti-social-behaviour", origin="public",
    )  # fmt: skip


def test_many_calls_about_one_evening_raise_the_count_and_not_the_rank() -> None:
    quiet = town()
    calls = quiet.loc[quiet["location"] == "20 Short Road"].tail(1)
    minutes = pd.to_timedelta(np.arange(40) % 50, unit="min")
    flood = pd.concat([calls] * 40, ignore_index=True)
    flood["occurred_from"] = flood["occurred_to"] = (calls["occurred_from"].iloc[0] + minutes).to_numpy()
    flood["occurred_from"] = pd.to_datetime(flood["occurred_from"], utc=True).dt.tz_convert("Europe/London")
    flood["occurred_to"] = flood["occurred_from"]
    before = hotspots.run(quiet, AREA)
    after = hotspots.run(pd.concat([quiet, flood], ignore_index=True), AREA)
    cell = h3cells.assign(calls["longitude"], calls["latitude"], 10)[0]
    assert after.cells.loc[cell, "n"] == before.cells.loc[cell, "n"] + 40
    assert after.cells.loc[cell, "n_events"] <= before.cells.loc[cell, "n_events"] + 1
    assert after.cells.loc[cell, "rank"] > 3
    assert any("events" in note for note in after.notes)


def test_reports_in_the_buffer_lift_the_density_at_the_border_and_count_nowhere() -> None:
    inside = town()
    outside = inside.tail(60).assign(longitude=-2.1405, latitude=52.585)
    alone = hotspots.run(inside, AREA)
    both = hotspots.run(pd.concat([inside, outside], ignore_index=True), AREA)
    assert both.cells["n"].sum() == alone.cells["n"].sum() == both.quality.n_used
    assert both.quality.n_context == 60
    assert both.cells["density"].sum() > alone.cells["density"].sum()


def test_the_order_of_records_changes_nothing() -> None:
    frame = town()
    runs = [hotspots.run(table, AREA) for table in (frame, frame.sample(frac=1, random_state=4))]
    columns = ["name", "n", "n_12m", "score", "rank", "p_top", "cells"]
    pd.testing.assert_frame_equal(*(pd.DataFrame(run.hotspots[columns]) for run in runs))


def test_the_input_is_left_as_it_was() -> None:
    frame = town()
    copy = frame.copy(deep=True)
    hotspots.run(frame, AREA)
    pd.testing.assert_frame_equal(frame, copy)


def test_an_area_far_away_is_refused_with_where_the_reports_lie() -> None:
    with pytest.raises(DataError, match=r"52\.[56]"):
        hotspots.run(town(), StudyArea("Elsewhere", shapely.box(-87.9, 41.6, -87.5, 42.0)))
