"""What an analysis looks like outside: SVG that keeps text as text, CSV, workbook, JSON, and the command line."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from hotspots.analyses import ANALYSES, Options, analyse
from hotspots.analyses.pictures import Bars, Curve, Ranges, Week, shaded
from hotspots.analyses.words import HEADINGS, KEYS, SHARES
from hotspots.report import plots
from hotspots.report.analyses import analysis_files, analysis_svg, draw, picture_svg
from hotspots.results import PeakWindow, Run

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ("repeat-score", "week", "kinds", "clusters", "near-repeat")
SCRIPT = '<script>alert(1)</script>"&'


def words_of(svg: str) -> str:
    return " ".join("".join(text.itertext()) for text in ElementTree.fromstring(svg).iter(f"{SVG}text"))


@pytest.fixture(scope="module")
def answered(town: Run):
    return [analyse(town, name) for name in NAMES]


def test_each_answer_has_its_files_and_all_share_a_workbook_and_a_record(town, answered):
    files = analysis_files(town, answered)
    assert sorted(files) == sorted(
        [*(f"{name}.{end}" for name in NAMES[:-1] for end in ("csv", "svg")), "analyses.xlsx", "analyses.json"]
    )
    record = json.loads(files["analyses.json"])
    assert [entry["name"] for entry in record["analyses"]] == list(NAMES)
    assert record["analyses"][-1]["refusal"]["rule"] == "R4.12"
    assert record["marking"] == town.marking
    assert record["n_used"] == town.quality.n_used
    book = openpyxl.load_workbook(io.BytesIO(files["analyses.xlsx"]))
    assert book.sheetnames == ["Answers", *NAMES[:-1], "About"]
    assert [cell.value for cell in next(book["Answers"].iter_rows())] == ["analysis", "question", "kind", "text"]
    table = pd.read_csv(io.BytesIO(files["week.csv"]), encoding="utf-8-sig")
    assert len(table) == len(answered[1].table)
    assert (table["marking"] == town.marking).all()


def test_the_same_run_gives_the_same_bytes(town, answered):
    again = [analyse(town, name) for name in NAMES]
    assert analysis_files(town, answered) == analysis_files(town, again)


def test_every_picture_of_the_sample_parses_and_stands_alone_with_what_it_rests_on(city, answers_of_city):
    for answer in answers_of_city:
        words = words_of(analysis_svg(city, answer))
        assert answer.title.split()[0] in words
        assert "SYNTHETIC" in words
        assert city.provenance.fingerprint[:12] in words
        assert "nan" not in words.split()
        assert "NaN" not in picture_svg(city, answer)
        size = ElementTree.fromstring(picture_svg(city, answer)).attrib
        assert float(size["width"]) == plots.WIDTH
        assert float(size["height"]) < 1200


@pytest.fixture(scope="module")
def answers_of_city(city: Run):
    wanted = ("repeat-prompts", "repeat-concentration", "seasons", "kinds", "changes", "list-chance", "density-compare")
    return [analyse(city, name) for name in wanted]


def test_text_of_the_data_stays_text_in_picture_table_and_workbook(town):
    hostile = replace(town, repeat_locations=town.repeat_locations.assign(name=f"=1+1 {SCRIPT}"))
    answer = analyse(hostile, "repeat-score")
    svg = analysis_svg(hostile, answer)
    assert "<script" not in svg
    assert "=1+1 <script>" in words_of(svg)
    csv = analysis_files(hostile, [answer])["repeat-score.csv"].decode("utf-8-sig")
    assert "\"'=1+1" in csv


def test_rows_that_are_areas_come_as_a_geopackage_too_and_their_names_stay_text(town, tmp_path):
    hostile = gpd.GeoDataFrame({"code": ["W1"], "name": [f"=1+1 {SCRIPT}"]}, geometry=[town.area.boundary], crs=4326)
    answer = analyse(town, "areas", Options(boundaries=hostile))
    files = analysis_files(town, [answer])
    assert set(files) == {"areas.csv", "areas.svg", "areas.gpkg", "analyses.xlsx", "analyses.json"}
    (tmp_path / "areas.gpkg").write_bytes(files["areas.gpkg"])
    layer = gpd.read_file(tmp_path / "areas.gpkg", layer="areas")
    assert layer.crs.to_epsg() == 4326
    assert layer["n"].tolist() == [town.quality.n_used]
    assert layer["marking"].tolist() == [town.marking]
    assert layer.geometry[0].equals(town.area.boundary)
    assert "\"'=1+1" in files["areas.csv"].decode("utf-8-sig")
    sheet = openpyxl.load_workbook(io.BytesIO(files["analyses.xlsx"]))["areas"]
    assert sheet["A2"].data_type != "f"
    assert "<script" not in files["areas.svg"].decode()
    assert analysis_files(town, [answer]) == files
    assert set(answer.table) | {"n_default", "n_not_located", "share_inside"} <= set(HEADINGS)


def test_every_column_has_a_heading_and_the_lists_name_columns(answers_of_city, answered):
    used = {str(name) for answer in [*answers_of_city, *answered] for name in answer.table.columns}
    assert used <= set(HEADINGS)
    assert set(HEADINGS) >= KEYS | SHARES


# Drawing by hand-worked numbers ---------------------------------------------------------------------------------------


def rectangles(drawn: plots.Drawn, *, height: str) -> list[float]:
    return [float(found) for found in re.findall(rf'width="([\d.]+)" height="{height}"', "".join(drawn.marks))]


def test_a_bar_is_as_long_as_its_value():
    bars = rectangles(plots.draw_bars(Bars(("a", "b", "c"), (2.0, 4.0, 0.0), "reports")), height="14")
    assert bars[1] == pytest.approx(2 * bars[0], abs=0.11)
    assert bars[2] == 0


def test_an_interval_beyond_the_reference_stands_out_in_weight_not_in_colour_alone():
    drawn = plots.draw_ranges(Ranges(("a", "b"), (1.5, 1.1), (1.2, 0.9), (1.8, 1.3), "times", 1.0, "average"))
    assert "".join(drawn.marks).count('font-weight="bold"') == 2  # label and number of the first row


def test_a_window_that_runs_past_midnight_is_outlined_in_both_days():
    window = PeakWindow((4, 5), 21, 6, 0.4, 0.07, 200, "")
    held = plots._hours_in(window)
    assert held[4].nonzero()[0].tolist() == [21, 22, 23]
    assert held[5].nonzero()[0].tolist() == [0, 1, 2, 21, 22, 23]
    assert held[6].nonzero()[0].tolist() == [0, 1, 2]
    past_sunday = plots._hours_in(PeakWindow((6,), 22, 4, 0.1, 0.02, 200, ""))
    assert past_sunday[0].nonzero()[0].tolist() == [0, 1]


def test_nothing_to_draw_draws_without_a_number_that_is_none(town):
    nothing = np.zeros(0)
    assert draw(town, Bars((), (), "reports")).height > 0
    assert "nan" not in "".join(draw(town, Week(np.zeros((7, 24)))).marks)
    assert "nan" not in "".join(draw(town, Curve(np.array([1.0]), np.array([1.0]), "of the places")).marks)
    assert shaded(pd.Series(nothing), unit="reports")[1] == ()


def test_classes_of_a_map_cut_at_their_shares():
    values = pd.Series(np.arange(1.0, 101.0))
    position, classes = shaded(values, unit="reports")
    assert position.value_counts().sort_index().tolist() == pytest.approx([50, 30, 15, 5], abs=1)
    assert [step.shade for step in classes] == [0, 1, 2, 3]
    assert classes[0].label == "up to 50 reports"


# The command line -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def files(town: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The town as a force's extract, its boundary, and the files a user may bring."""
    folder = tmp_path_factory.mktemp("town")
    reports = town.incidents
    pd.DataFrame(
        {
            "Reference": range(len(reports)), "Longitude": reports["longitude"], "Latitude": reports["latitude"],
            "occurred_from": reports["occurred_from"].dt.strftime("%Y-%m-%d %H:%M"),
            "Category": "Anti-social behaviour",
            "Address": reports["location"],
        }
    ).to_csv(folder / "extract.csv", index=False)  # fmt: skip
    gpd.GeoDataFrame({"name": [town.area.name]}, geometry=[town.area.boundary], crs=4326).to_file(
        folder / "area.geojson"
    )
    (folder / "weights.csv").write_text("category,weight\nburglary,100\n", encoding="utf-8")
    return {path.name: path for path in folder.iterdir()}


def test_asked_by_name_it_writes_the_answers_and_says_them(hotspots, files, tmp_path):
    code, out, err = hotspots(
        "analyse", "week", "harm", "near-repeat", files["extract.csv"], "--area", files["area.geojson"],
        "--harm-weights", files["weights.csv"], "--asb-weight", "2", "--out", tmp_path,
    )  # fmt: skip
    assert code == 0, err
    assert {path.name for path in tmp_path.iterdir()} == {
        "week.csv", "week.svg", "harm.csv", "harm.svg", "analyses.xlsx", "analyses.json",
    }  # fmt: skip
    assert ANALYSES["week"].question in out
    assert "weighs 2" in out
    assert "Not shown: near-repeat" in " ".join(out.split())


def test_areas_are_counted_by_the_boundaries_given(hotspots, files, tmp_path):
    code, out, err = hotspots(
        "analyse", "areas", files["extract.csv"], "--area", files["area.geojson"], "--boundaries",
        files["area.geojson"], "--out", tmp_path,
    )  # fmt: skip
    assert code == 0, err
    assert "reports lie in the 1 area given, 0 outside all of them" in " ".join(out.split())
    assert (tmp_path / "areas.gpkg").exists()
    assert pd.read_csv(tmp_path / "areas.csv")["n"].sum() == 874


def test_a_ward_whose_reports_lack_coordinates_is_found_by_the_check_and_stands_beside_its_count(
    hotspots, files, tmp_path
):
    rows = pd.read_csv(files["extract.csv"])
    middle = float(rows["Longitude"].mean())
    rows["Ward"] = np.where(rows["Longitude"] < middle, "WEST", "East")
    lost = rows.index[rows["Ward"] == "WEST"][::5]
    rows.loc[lost, ["Longitude", "Latitude"]] = np.nan
    rows.to_csv(tmp_path / "extract.csv", index=False)
    both = gpd.read_file(files["area.geojson"]).geometry[0].bounds
    halves = [shapely.box(both[0], both[1], middle, both[3]), shapely.box(middle, *both[1:])]
    gpd.GeoDataFrame({"name": ["West", "East"]}, geometry=halves, crs=4326).to_file(tmp_path / "wards.geojson")
    given = (tmp_path / "extract.csv", "--area", files["area.geojson"])
    code, out, _ = hotspots("check", *given, "--json", tmp_path / "check.json")
    assert code == 0
    n = int((rows["Ward"] == "WEST").sum())
    assert f"beat WEST {1 - len(lost) / n:.1%} of {n}" in " ".join(out.split())
    by_beat = [rate for rate in json.loads((tmp_path / "check.json").read_text())["hit_rates"] if rate["by"] == "beat"]
    assert {rate["group"]: rate["n"] - rate["located"] for rate in by_beat} == {"WEST": len(lost), "East": 0}
    code, out, _ = hotspots("analyse", "areas", *given, "--boundaries", tmp_path / "wards.geojson", "--out", tmp_path)
    assert code == 0
    table = pd.read_csv(tmp_path / "areas.csv").set_index("place")
    assert table["n_not_located"].to_dict() == {"West": len(lost), "East": 0}
    assert table.loc["West", "n"] == n - len(lost)


def test_a_near_repeat_of_every_report_is_run_when_it_is_named(hotspots, files, tmp_path):
    code, out, _ = hotspots(
        "analyse", "near-repeat", files["extract.csv"], "--area", files["area.geojson"], "--near-repeat-category",
        "all", "--out", tmp_path,
    )  # fmt: skip
    assert code == 0
    assert "874 events" in " ".join(out.split())
    assert (tmp_path / "near-repeat.svg").exists()


@pytest.mark.slow
def test_a_run_with_its_analyses_writes_them_beside_its_files(hotspots, files, tmp_path):
    code, _, err = hotspots(
        "run", files["extract.csv"], "--area", files["area.geojson"], "--analyses", "--out", tmp_path
    )
    assert code == 0, err
    written = {path.name for path in (tmp_path / "analyses").iterdir()}
    assert {"analyses.json", "analyses.xlsx", "week.svg", "repeat-clocks.csv", "density.svg"} <= written
    assert (tmp_path / "hotspots.csv").exists()


def test_the_list_needs_no_data(hotspots):
    code, out, _ = hotspots("analyse", "--list")
    assert code == 0
    assert all(name in out for name in ANALYSES)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["week"], 2, "--area"),
        (["extract.csv", "--area", "area.geojson", "--out", "x"], 2, "at least one analysis"),
        (["tarot", "extract.csv", "--area", "area.geojson", "--out", "x"], 1, "There is no analysis 'tarot'"),
        (["week", "gone.csv", "--area", "area.geojson", "--out", "x"], 1, "gone.csv"),
        (["week", "extract.csv", "--area", "area.geojson", "--out", "x", "--bandwidth", "-3"], 1, "metres above 0"),
        (["week", "extract.csv", "--area", "area.geojson", "--out", "x", "--harm-weights", "no.csv"], 1, "no.csv"),
    ],
)
def test_wrong_usage_and_bad_files_get_one_sentence(hotspots, files, tmp_path, monkeypatch, arguments, code, words):
    monkeypatch.chdir(tmp_path)
    given = [files.get(argument, argument) for argument in arguments]
    ended, _, err = hotspots("analyse", *given)
    assert ended == code
    assert words in err
    assert "Traceback" not in err
    assert not (tmp_path / "x").exists()
