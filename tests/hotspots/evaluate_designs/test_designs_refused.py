"""What an evaluation refuses, one by one through the command line: why, and what would be needed."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from .conftest import MONTHS, START, new

AFTER = MONTHS >= START
TREATED = 8


@pytest.fixture(scope="module")
def reports(town):
    left = np.where((np.arange(42)[:, None] < TREATED) & AFTER, 0.5, 1.0)
    return town.reports(left, per_month=8)


@pytest.fixture
def made(hotspots, folder, reports):
    """Write a design (8 treated places unless said otherwise) and its incidents; return its file."""

    def make(*more, text="", treated=TREATED, frame=None):
        assert hotspots(*new(folder, "--start", "2023-01", "--treated", treated, *more))[0] == 0
        (reports if frame is None else frame).to_csv(folder / "incidents.csv", index=False)
        file = folder / "design" / "DESIGN.toml"
        file.write_text(text + file.read_text())
        return file

    return make


@pytest.fixture
def result(hotspots, folder):
    def call(file):
        code, _, err = hotspots("evaluate", file, "--out", folder / "result")
        assert code == 0, err
        return json.loads((folder / "result" / "evaluation.json").read_text())

    return call


def test_fewer_than_five_treated_hotspots(made, result):
    found = result(made(treated=4))
    assert found["verdict"] == "not_assessable"
    assert "4 treated places; at least 5 are needed." in found["headline"]
    assert found["effect"] is None


def test_treated_places_that_overlap(made, refused, folder, town):
    file = made()
    shapes = [town.polygons[0], town.polygons[0], *town.polygons[2:8]]
    gpd.GeoDataFrame({"name": town.names[:8]}, geometry=shapes, crs=4326).to_file(folder / "design" / "treated.geojson")
    said = refused("evaluate", file, "--out", folder / "result")
    assert "'Street 1' and 'Street 2' of the design overlap" in said
    assert "draw them apart or join them" in said


def own(folder, names, shapes):
    gpd.GeoDataFrame({"name": names}, geometry=shapes, crs=4326).to_file(folder / "mine.geojson")
    return "--controls", folder / "mine.geojson"


def test_a_comparison_place_that_is_treated_or_overlaps_one(made, refused, folder, town):
    mine = own(folder, town.names[5:30], list(town.polygons[5:30]))
    both = refused(*new(folder, "--start", "2023-01", "--treated", TREATED, *mine))
    assert "Street 6, Street 7, Street 8 is both treated and a comparison place" in both
    file = made(*own(folder, ["Mine", *town.names[10:35]], [town.polygons[3], *town.polygons[10:35]]))
    assert "'Street 4' and 'Mine' of the design overlap" in refused("evaluate", file, "--out", folder / "result")


def test_a_comparison_place_where_reports_may_have_moved_to(made, refused, folder, town):
    beside = shapely.affinity.translate(town.polygons[3], 0.002, 0)
    file = made(*own(folder, ["Beside", *town.names[10:35]], [beside, *town.polygons[10:35]]))
    said = refused("evaluate", file, "--out", folder / "result")
    assert "1 of 26 comparison places lie within 2 cells of a treated place (Beside)" in said
    assert "name places further away" in said


def test_a_start_after_the_end_of_the_data(made, refused, folder, reports):
    file = made(frame=reports[reports["Occurred"] < "2022-12"])
    said = refused("evaluate", file, "--out", folder / "result")
    assert "needs months on both sides, but the data run from 2021-01 to 2022-11" in said
    assert "correct the start or add the missing months" in said


@pytest.mark.slow
def test_a_percentage_on_a_base_under_thirty(made, result, town):
    few = town.reports(np.ones((42, 36)), per_month=0.15, seed=4)
    found = result(made(frame=few))
    assert found["naive"]["before"] < 30
    assert found["naive"]["change_pct"] is None
    assert "is under 30: no percentage is given" in found["naive"]["warning"]
    assert found["effect"] is None
    assert "at least 60 are needed" in found["headline"]


def test_the_window_of_selection_as_baseline(made, refused, folder):
    file = made(text='selection = ["2022-01", "2022-12"]\nbaseline = ["2022-01", "2022-12"]\n')
    said = refused("evaluate", file, "--out", folder / "result")
    assert "lies in the window the places were selected on" in said
    assert "take the months before the selection" in said


def test_a_dose_under_four_fifths_of_the_plan(made, result, folder, town):
    days = pd.date_range("2023-01-02", "2023-12-29", freq="W-MON")
    rows = [f"{name},{day:%Y-%m-%d} 18:00,15,2" for day in days for name in town.names[:TREATED]]
    (folder / "design").mkdir()
    (folder / "design" / "visits.csv").write_text("\n".join(["hotspot,started,minutes,crew", *rows]) + "\n")
    found = result(made("--visits-per-week", 16, text='visits = "visits.csv"\n'))
    assert found["verdict"] == "not_delivered"
    assert found["headline"].startswith("Not delivered: 416 qualifying visits were delivered of 834 planned (50%)")
    assert "below the 80% an outcome can be read from" in found["headline"]


@pytest.mark.slow
def test_a_recording_change_inside_the_window(made, result):
    found = result(made(text='recording_changes = ["2022-06"]\n'))
    assert found["verdict"] == "not_assessable"
    assert "Recording changed in 2022-06, inside the months compared" in found["headline"]
    assert "choose months on one side of the change" in found["headline"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('selection = ["2022-12", "2022-01"]\n', "must be two months in order"),
        ('baseline = ["2022-01", "2023-02"]\n', "must end before the start 2023-01"),
    ],
)
def test_dates_in_the_wrong_order(made, refused, folder, text, why):
    assert why in refused("evaluate", made(text=text), "--out", folder / "result")


def test_a_design_changed_after_it_was_frozen(hotspots, made, refused, folder):
    file = made()
    assert hotspots("design", "freeze", file)[0] == 0
    file.write_text(file.read_text().replace("months_after = 12", "months_after = 6"))
    said = refused("evaluate", file, "--out", folder / "result")
    assert "was changed after it was frozen" in said
    assert "amend it with `hotspots design amend`" in said


@pytest.mark.slow
def test_an_amended_design_is_told_first_and_only_described(hotspots, made, result, monkeypatch):
    import importlib

    file = made()
    assert hotspots("design", "freeze", file)[0] == 0
    file.write_text(file.read_text().replace("months_after = 12", "months_after = 6"))
    monkeypatch.setattr(importlib.import_module("hotspots.cli.design"), "_today", lambda: "2023-09-01")
    assert hotspots("design", "amend", file, "--what", "six months", "--why", "money ran out")[0] == 0
    found = result(file)
    assert found["headline"].startswith("Description only:")
    assert found["amendments"] == ["Amended on 2023-09-01: six months. Reason given: money ran out."]
    assert found["level"] == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('primary = "harm"\n', "'primary' must be one of reports, repeat_reports"),
        ("hours = [15]\n", "'hours' must be the first and the end hour"),
        ("hours = [6, 6]\n", "leave it out if patrols were round the clock"),
        ('lot = "absent.csv"\n', "names absent.csv, which is not there"),
        ('assignment = "picked"\n', "must be one of ranked, randomised"),
    ],
)
def test_keys_that_make_no_sense(made, refused, folder, text, why):
    file = made()
    kept = [line for line in file.read_text().splitlines() if not line.startswith(text.split(" ")[0])]
    file.write_text(text + "\n".join(kept) + "\n")
    assert why in refused("evaluate", file, "--out", folder / "result")


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ('[starts]\n"Nowhere Road" = "2023-03"\n', "names Nowhere Road, which is no treated place"),
        ('[starts]\n"Street 1" = "2022-03"\n', "Street 1 starts before the start 2023-01"),
        ('[starts]\n"Street 1" = "soon"\n', "must give a month"),
        ('[[steps]]\nmeasure = "police"\nfrom = "2023-02"\n', "the first of the [[steps]] is from 2023-02"),
        ('[[steps]]\nmeasure = "police"\n', "needs a measure (text) and the month"),
        (
            '[[period_pairs]]\nbefore = ["2022-01", "2022-03"]\nafter = ["2022-04", "2022-05"]\n',
            "both sides of the start",
        ),
        ('[[period_pairs]]\nbefore = ["2022-01"]\nafter = ["2023-04", "2023-05"]\n', "needs before and after"),
    ],
)
def test_tables_that_make_no_sense(made, refused, folder, table, why):
    file = made()
    file.write_text(file.read_text() + table)
    assert why in refused("evaluate", file, "--out", folder / "result")


def drawn(hotspots, folder, kind="rotation", treated=6):
    lot = folder / "lot.csv"
    assert hotspots("design", "randomise", folder / "run", "--kind", kind, "--start", "2023-01", "--months", 4,
                    "--treated", treated, "--out", lot)[0] == 0  # fmt: skip
    return lot


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda rows: rows.drop(columns="arm"), "it has no arm"),
        (lambda rows: rows.iloc[1:], "12 hotspots and 4 months need 48 rows, there are 47"),
        (lambda rows: rows.assign(arm="treated"), "nobody is in the arm control"),
        (lambda rows: rows.assign(arm="both"), "the arm must be treated or control"),
        (lambda rows: rows.assign(first_day="2023-01-09"), "turns must be whole months"),
        (lambda rows: rows.assign(first_day="soon"), "have a day that is no date"),
        (lambda rows: pd.concat([rows, rows.iloc[:1]]), "is listed twice from 2023-01"),
        (
            lambda rows: rows.assign(name=rows["name"].replace("Street 1", "Street 2")),
            "a hotspot_id goes with two names",
        ),
    ],
)
def test_a_malformed_list_of_turns(hotspots, refused, folder, change, why):
    lot = drawn(hotspots, folder)
    change(pd.read_csv(lot)).to_csv(lot, index=False)
    assert why in refused(*new(folder, "--assignment", lot))


def test_a_pair_that_is_none_and_a_list_of_another_run(hotspots, refused, folder):
    lot = drawn(hotspots, folder, "pairs")
    rows = pd.read_csv(lot)
    rows.assign(pair=rows["pair"].replace(2, 1)).to_csv(lot, index=False)
    assert "pair 1 is not one treated and one control hotspot" in refused(*new(folder, "--assignment", lot))
    rows.assign(name=rows["name"] + " North").to_csv(lot, index=False)
    assert "was drawn from another run" in refused(*new(folder, "--assignment", lot))


@pytest.mark.slow
def test_too_few_pairs_to_show_anything(hotspots, folder, reports, result):
    lot = drawn(hotspots, folder, "pairs", 5)
    assert hotspots(*new(folder, "--assignment", lot))[0] == 0
    reports.to_csv(folder / "incidents.csv", index=False)
    found = result(folder / "design" / "DESIGN.toml")
    assert "The lot could have fallen in 32 ways; at least 40 are needed" in found["headline"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--kind", "straws"), "choose one of rotation, pairs, top"),
        (("--kind", "top", "--treated", 20), "need 60 hotspots for this design; the list has 42"),
        (("--treated", 3), "at least 5 are needed"),
        (("--start", "spring"), "spring"),
    ],
)
def test_lots_that_cannot_be_drawn(refused, folder, arguments, why):
    given = {"--start": "2023-01", "--out": folder / "lot.csv"} | dict(
        zip(arguments[::2], arguments[1::2], strict=True)
    )
    said = refused("design", "randomise", folder / "run", *(one for pair in given.items() for one in pair))
    assert why in said
    assert not (folder / "lot.csv").exists()


def test_a_folder_without_a_list_and_an_amendment_of_nothing(hotspots, refused, made, folder):
    empty = folder / "empty"
    empty.mkdir()
    assert "There is no list of hotspots" in refused("design", "randomise", empty, "--start", "2023-01", "--out",
                                                     folder / "lot.csv")  # fmt: skip
    file = made()
    assert "was never frozen" in refused("design", "amend", file, "--what", "x", "--why", "y")
    assert hotspots("design", "freeze", file)[0] == 0
    assert "was frozen on 2022-12-15" in refused("design", "freeze", file)
    assert "is as it was frozen" in refused("design", "amend", file, "--what", "x", "--why", "y")
    assert "There is no design file" in refused("design", "freeze", folder / "absent.toml")
    assert (
        hotspots("design", "new", folder / "run", "--name", "x", "--incidents", file, "--area", file, "--out", empty)[0]
        == 2
    )


@pytest.mark.slow
def test_power_says_what_each_design_could_detect_on_this_history(hotspots, refused, folder, reports):
    before = reports[reports["Occurred"] < "2023"]
    before.to_csv(folder / "history.csv", index=False)
    code, out, err = hotspots("design", "power", folder / "history.csv", "--area", folder / "area.geojson", "--out",
                              folder / "power.csv")  # fmt: skip
    assert code == 0, err
    table = pd.read_csv(folder / "power.csv")
    assert set(table["design"]) == {"rotation", "random", "top"}
    assert "would be found in 80% of such pilots" in " ".join(out.split())
    assert "absent.csv" in refused("design", "power", folder / "absent.csv", "--area", folder / "area.geojson")
