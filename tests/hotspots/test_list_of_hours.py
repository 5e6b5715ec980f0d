"""Lists of the day and of the night (R1.10), and edits on the way through a whole run."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import geodata
from geodata.errors import DataError, DesignError
from geodata.sample import make_city, write_city
from hotspots import pipeline
from hotspots.config import RankingConfig, RunConfig
from hotspots.edits import Edit, edits_toml
from hotspots.report.provenance import run_json

QUICK = RankingConfig(backtest_origins=0)  # the back-test of the list is not what is tested here


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    write_city(make_city(3), folder)
    return geodata.read([folder / "incidents.csv"]), geodata.read_area(folder / "area.geojson")


@pytest.fixture(scope="module")
def whole(city):
    return pipeline.run(*city, RunConfig(ranking=QUICK))


def test_day_and_night_share_out_the_reports_and_each_has_its_own_list(city, whole):
    runs = {hours: pipeline.run(*city, RunConfig(ranking=QUICK, hours=hours)) for hours in ("day", "night")}
    used = {hours: run.quality.n_used for hours, run in runs.items()}
    unknown = {run.quality.dropped.get("hour not known", 0) for run in runs.values()}
    assert len(unknown) == 1
    assert sum(used.values()) + unknown.pop() == whole.quality.n_used
    for hours, run in runs.items():
        assert run.cells["n"].sum() == used[hours]
        assert run.quality.n_read == run.quality.n_used + sum(run.quality.dropped.values())
        start = run.incidents["occurred_from"].dt.hour
        by_day = ((start >= 6) & (start < 18)).mean()
        assert by_day > 0.9 if hours == "day" else by_day < 0.1
    assert runs["day"].drawn_list != runs["night"].drawn_list


def test_midnights_that_stand_for_not_known_decide_no_patrol_hours(city, whole):
    intake, area = city
    is_asked = np.arange(len(intake.records)) % 7 == 0
    midnight = intake.records["occurred_from"].dt.normalize()
    when = {"occurred_from": midnight, "occurred_to": midnight}
    spoilt = intake.records.assign(**{name: intake.records[name].mask(is_asked, at) for name, at in when.items()})
    run = pipeline.run(replace(intake, records=spoilt), area, RunConfig(ranking=QUICK))
    assert "00:00" in run.quality.doubtful_hours
    assert run.quality.doubtful_hours in run.notes
    inside = run.incidents.loc[run.incidents["inside"]]
    at_midnight = spoilt.loc[inside.index, "occurred_from"].dt.strftime("%H:%M") == "00:00"
    assert (inside.loc[at_midnight, "time_precision"] == "day").all()
    kept = run.week.to_numpy().sum() / whole.week.to_numpy().sum()  # of reports that were not at midnight before
    assert kept == pytest.approx(6 / 7, abs=0.02)
    by_hour, before = (week.sum() / week.to_numpy().sum() for week in (run.week, whole.week))
    assert (by_hour - before).abs().max() < 0.01
    assert set(run.patrols["hours"]) & set(whole.patrols["hours"])
    assert_frame_equal(
        run.cells[["n", "score"]].sum().to_frame(), whole.cells[["n", "score"]].sum().to_frame(), rtol=0.02
    )


def test_a_list_of_the_night_is_refused_in_words_where_only_months_are_known(city):
    intake, area = city
    records = intake.records.drop(columns=["occurred_from", "occurred_to"]).assign(time_precision="month")
    with pytest.raises(DataError, match="None of these reports tells its hour"):
        pipeline.run(records, area, RunConfig(ranking=QUICK, hours="night"))
    with pytest.raises(DesignError, match="hours must be one of all, day, night"):
        RunConfig(hours="evening")


def test_edits_travel_through_a_run_into_its_record(city, whole):
    largest = str(whole.hotspots["n_cells"].idxmax())
    edits = (
        Edit(action="split", hotspot=largest, reason="two estates"),
        Edit(action="rename", hotspot="H01", reason="its local name", name="The Precinct"),
    )
    run = pipeline.run(*city, RunConfig(ranking=QUICK, edits=edits, drawn_list=whole.drawn_list))
    assert len(run.hotspots) == len(whole.hotspots) + 1
    assert run.hotspots.loc["H01", "name"] == "The Precinct"
    assert set(run.patrols.index) == set(run.hotspots.index)
    record = json.loads(run_json(run))
    assert [edit["reason"] for edit in record["edits"]] == ["two estates", "its local name"]
    assert record["drawn_list"] == whole.drawn_list
    assert any("two estates" in note for note in record["notes"])


def test_edits_of_another_list_are_refused(city):
    edits = (Edit(action="drop", hotspot="H01", reason="closed"),)
    with pytest.raises(DesignError, match="edits were made to another list"):
        pipeline.run(*city, RunConfig(ranking=QUICK, edits=edits, drawn_list="0" * 16))


def test_the_file_of_edits_can_be_written_from_a_run(whole):
    edit = Edit(action="drop", hotspot="H01", reason='"quoted" \\ reason')
    assert b'reason = "\\"quoted\\" \\\\ reason"' in edits_toml([edit], whole.drawn_list)
