"""Lists of the day and of the night (R1.10), and edits on the way through a whole run."""

from __future__ import annotations

import json

import pytest

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
