"""Designs in TOML: what is read, what is refused in one sentence, and the hash that freezes them."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geodata.errors import DesignError
from hotspots.evaluate import amend, design_files, design_hash, freeze, read_design
from hotspots.evaluate.design_file import read_places

GOOD = """
name = "Op Example"
incidents = ["incidents.csv"]
area = "area.geojson"
treated = "treated.geojson"
start = "2023-08"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "incidents.csv").write_text("x\n")
    square = shapely.box(-2.13, 52.58, -2.12, 52.59)
    gpd.GeoDataFrame({"name": ["all"]}, geometry=[square.buffer(0.1)], crs=4326).to_file(tmp_path / "area.geojson")
    squares = [square, shapely.affinity.translate(square, 0.02)]
    gpd.GeoDataFrame({"name": ["First", "Second"]}, geometry=squares, crs=4326).to_file(tmp_path / "treated.geojson")
    return tmp_path


def write(folder, text=GOOD, name="design.toml"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_a_short_design_takes_the_defaults(folder):
    design = read_design(write(folder))
    assert design.name == "Op Example"
    assert design.incidents == (folder / "incidents.csv",)
    assert list(design.treated["name"]) == ["First", "Second"]
    assert design.categories == ("anti-social-behaviour",)
    assert design.start == pd.Timestamp("2023-08-01")
    assert (design.months_after, design.visits, design.rings, design.assignment) == (None, None, None, "ranked")


def test_a_survey_may_come_after_the_pilot_but_its_name_and_design_effect_are_frozen(folder):
    plain = read_design(write(folder))
    asked = read_design(write(folder, GOOD + 'survey = "survey.csv"'))
    wider = read_design(write(folder, GOOD + 'survey = "survey.csv"\nsurvey_design_effect = 1.5'))
    assert asked.survey == folder / "survey.csv"
    assert (asked.survey_design_effect, wider.survey_design_effect) == (1.0, 1.5)
    assert len({design_hash(plain), design_hash(asked), design_hash(wider)}) == 3


def test_every_key_is_read_and_free_text_goes_to_the_notes(folder):
    (folder / "visits.csv").write_text("x\n")
    more = """category = "Anti-social behaviour"
months_after = 6
visits = "visits.csv"
planned_visits_per_week = 12
rings = 1
assignment = "randomised"
hypothesis = "fewer reports"
[notes]
stopping_rule = "none"
"""
    design = read_design(write(folder, GOOD + more))
    assert design.categories == ("anti-social-behaviour",)
    assert (design.months_after, design.rings, design.assignment) == (6, 1, "randomised")
    assert design.visits == folder / "visits.csv"
    assert design.planned_visits_per_week == 12
    assert design.notes == {"hypothesis": "fewer reports", "stopping_rule": "none"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('start = "2023-08"', "", "'start' is missing"),
        ('name = "Op Example"', "", "'name' is missing"),
        ('name = "Op Example"', "name = 3", "'name' must be a text"),
        ('start = "2023-08"', 'start = "August 2023"', "not a month"),
        ('start = "2023-08"', 'start = "2023-08"\nmonths_after = 0', "at least 1"),
        ('start = "2023-08"', 'start = "2023-08"\nmonths_after = true', "whole number"),
        ('start = "2023-08"', 'start = "2023-08"\nrings = 9', "from 1 to 3"),
        ('start = "2023-08"', 'start = "2023-08"\nplanned_visits_per_week = -1', "above 0"),
        ('start = "2023-08"', 'start = "2023-08"\nassignment = "picked"', "ranked, randomised"),
        ('start = "2023-08"', 'start = "2023-08"\nnotes = "x"', "'notes' must be a table"),
        ('start = "2023-08"', 'start = "2023-08"\nmonth_after = 6', "did you mean 'months_after'"),
        ('start = "2023-08"', 'start = "2023-08"\nsurvey = 7', "'survey' must be a text"),
        ('start = "2023-08"', 'start = "2023-08"\nsurvey_design_effect = 0.5', "a number from 1 to 20"),
        ('start = "2023-08"', 'start = "2023-08"\noutcomes = "x"', "'outcomes' is not read by an evaluation"),
        ('"incidents.csv"', '"absent.csv"', "names absent.csv, which is not there"),
        ('["incidents.csv"]', "[]", "'incidents' must be a list of texts"),
        ('"treated.geojson"', '"absent.geojson"', "which is not there"),
        ("name =", "name", "not valid TOML"),
    ],
)
def test_each_mistake_is_named(folder, old, new, message):
    with pytest.raises(DesignError, match=message):
        read_design(write(folder, GOOD.replace(old, new)))


def test_all_mistakes_come_in_one_sentence(folder):
    with pytest.raises(DesignError) as caught:
        read_design(write(folder, 'name = ""\nstart = "x"\nrings = 0\n'))
    text = str(caught.value)
    for part in ("'name' must be a text", "'incidents' is missing", "'start'", "'rings'"):
        assert part in text
    assert text.count("\n") == 0


def test_a_missing_design_file_is_said(tmp_path):
    with pytest.raises(DesignError, match="no design file"):
        read_design(tmp_path / "absent.toml")
    with pytest.raises(DesignError, match="no design file"):
        read_design(tmp_path)


def test_the_hash_survives_order_spelling_of_files_and_saving_again(folder):
    design = read_design(write(folder))
    treated = gpd.read_file(folder / "treated.geojson")
    treated.iloc[::-1].to_file(folder / "treated.geojson")
    shuffled = "\n".join(reversed(GOOD.strip().splitlines()))
    assert design_hash(read_design(write(folder, shuffled))) == design_hash(design)
    assert len(design_hash(design)) == 64


@pytest.mark.parametrize("change", ['start = "2023-09"', "months_after = 6", 'assignment = "randomised"', "rings = 1"])
def test_any_change_of_substance_changes_the_hash(folder, change):
    key = change.split(" ")[0]
    lines = [line for line in GOOD.splitlines() if not line.startswith(key)]
    changed = read_design(write(folder, "\n".join([*lines, change])))
    assert design_hash(changed) != design_hash(read_design(write(folder)))


def test_moving_a_treated_place_changes_the_hash(folder):
    before = design_hash(read_design(write(folder)))
    treated = gpd.read_file(folder / "treated.geojson")
    treated.geometry = treated.geometry.translate(0.0005)
    treated.to_file(folder / "treated.geojson")
    assert design_hash(read_design(write(folder))) != before


def test_a_frozen_design_is_accepted_until_it_is_amended(folder):
    frozen = f'frozen = "{design_hash(read_design(write(folder)))}"\n'
    assert read_design(write(folder, GOOD + frozen)).frozen
    with pytest.raises(DesignError, match="changed after it was frozen"):
        read_design(write(folder, GOOD.replace("2023-08", "2023-07") + frozen))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"label": ["a"]}, "'name' each"),
        ({"name": [""]}, "1 without"),
        ({"name": ["a", "a"]}, "1 twice"),
    ],
)
def test_treated_places_need_their_own_names(tmp_path, frame, message):
    shapes = [shapely.box(-2.13, 52.58, -2.12, 52.59)] * len(next(iter(frame.values())))
    gpd.GeoDataFrame(frame, geometry=shapes, crs=4326).to_file(tmp_path / "t.geojson")
    with pytest.raises(DesignError, match=message):
        read_places(tmp_path / "t.geojson")


def test_treated_places_must_be_polygons_in_a_readable_file(tmp_path):
    points = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.Point(-2.1, 52.6)], crs=4326)
    points.to_file(tmp_path / "points.geojson")
    with pytest.raises(DesignError, match="drawn as a polygon"):
        read_places(tmp_path / "points.geojson")
    (tmp_path / "junk.geojson").write_text("not a map")
    with pytest.raises(DesignError, match="could not be read"):
        read_places(tmp_path / "junk.geojson")
    with pytest.raises(DesignError, match="no file of treated places"):
        read_places(tmp_path / "absent.geojson")


def test_treated_places_in_metres_come_back_in_degrees(tmp_path):
    square = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(391_000, 298_000, 391_200, 298_200)], crs=27700)
    square.to_file(tmp_path / "metres.gpkg")
    west, south, east, north = read_places(tmp_path / "metres.gpkg").total_bounds
    assert -2.2 < west < east < -2.1
    assert 52.5 < south < north < 52.6


def test_a_design_freezes_once_and_a_silent_change_is_refused(folder):
    path = write(folder, freeze(write(folder), today="2023-07-01"))
    design = read_design(path)
    assert design.frozen == design_hash(design)
    assert design.frozen_on == "2023-07-01"
    assert not design.was_amended_late
    with pytest.raises(DesignError, match="was frozen on 2023-07-01"):
        freeze(path, today="2023-07-02")
    changed = write(folder, path.read_text().replace("2023-08", "2023-09"))
    with pytest.raises(DesignError, match="changed after it was frozen"):
        read_design(changed)


def test_an_amendment_is_visible_and_counts_as_late_once_the_pilot_runs(folder):
    frozen = freeze(write(folder), today="2023-07-01").replace("2023-08", "2023-09")
    path = write(folder, frozen)
    early = write(folder, amend(path, today="2023-07-15", what="start moved", why="training"), "early.toml")
    late = write(folder, amend(path, today="2024-01-15", what="start moved", why="it looked better"), "late.toml")
    assert not read_design(early).was_amended_late
    assert read_design(late).was_amended_late
    assert read_design(late).amendments[0].why == "it looked better"
    again = write(folder, late.read_text().replace("2023-09", "2023-10"))
    with pytest.raises(DesignError, match="changed after it was frozen"):
        read_design(again)
    with pytest.raises(DesignError, match="as it was frozen"):
        amend(late, today="2024-02-01", what="x", why="y")
    with pytest.raises(DesignError, match="never frozen"):
        amend(write(folder, name="open.toml"), today="2024-02-01", what="x", why="y")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('selection = ["2022-08", "2023-07"]\nbaseline = ["2022-08", "2023-07"]', "selected on"),
        ('selection = ["2023-07", "2022-08"]', "months in order"),
        ('baseline = ["2022-08", "2023-08"]', "must end before the start"),
        ('baseline = ["2022-08"]', "two months in order"),
        ('recording_changes = ["soon"]', "recording_changes"),
        ("cost_per_hour_gbp = 0", "above 0"),
        ('frozen_on = "yesterday"', "must be a date"),
        ('[[amendments]]\ndate = "2023-09-01"\nwhat = "x"', "every"),
    ],
)
def test_dates_in_the_wrong_order_and_a_selection_window_as_baseline_are_refused(folder, more, said):
    with pytest.raises(DesignError, match=said):
        read_design(write(folder, GOOD + more))


def test_a_design_is_made_from_a_list_and_a_lot(folder):
    listed = gpd.GeoDataFrame(
        {"rank": [1, 2], "name": ["First Road", "Second Road"]},
        geometry=[shapely.box(-2.13, 52.58, -2.12, 52.59), shapely.box(-2.11, 52.58, -2.10, 52.59)],
        index=pd.Index(["H01", "H02"], name="hotspot_id"), crs=4326,
    )  # fmt: skip
    settings = {"name": 'Op "Quote"', "incidents": ["incidents.csv"], "area": "area.geojson", "start": "2023-08"}
    lot = pd.DataFrame(
        {"hotspot_id": ["H01", "H02"], "name": ["First Road", "Second Road"], "arm": ["control", "treated"]}
    ).assign(first_day="2023-08-01", last_day="2024-07-31")
    for name, content in design_files(listed, [], settings, assignment=lot).items():
        (folder / name).write_bytes(content)
    design = read_design(folder / "DESIGN.toml")
    assert (design.name, design.assignment, list(design.treated["name"])) == (
        'Op "Quote"',
        "randomised",
        ["Second Road"],
    )
    with pytest.raises(DesignError, match="has no hotspot H09"):
        design_files(listed, ["H09"], settings, assignment=None)
