"""Each design the whole way on the command line: drawn, written, frozen, evaluated; what was planted is found."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pypdfium2 as pdfium
import pytest

from hotspots.evaluate import read_design, read_lot

from .conftest import MONTHS, START, new

AFTER = MONTHS >= START


def drawn(hotspots, folder, kind, *more):
    """Draw the lot and write the design; return the lot."""
    lot = folder / "lot.csv"
    assert hotspots("design", "randomise", folder / "run", "--kind", kind, "--start", "2023-01", "--months", 12,
                    "--out", lot, "--seed", 3, *more)[0] == 0  # fmt: skip
    assert hotspots(*new(folder, "--assignment", lot))[0] == 0
    return read_lot(folder / "design" / "assignment.csv")


def result(hotspots, folder, reports):
    """Freeze, bring the incidents, evaluate; return what was printed and the JSON."""
    assert hotspots("design", "freeze", folder / "design" / "DESIGN.toml")[0] == 0
    reports.to_csv(folder / "incidents.csv", index=False)
    code, out, err = hotspots("evaluate", folder / "design" / "DESIGN.toml", "--out", folder / "result")
    assert code == 0, err
    return out, json.loads((folder / "result" / "evaluation.json").read_text())


def text_of(path):
    """Return the words of a PDF, whatever its lines."""
    document = pdfium.PdfDocument(path)
    texts = [document[number].get_textpage().get_text_bounded() for number in range(len(document))]
    return " ".join(" ".join(texts).split())


def covers(found, truth):
    return found["effect"]["low_pct"] <= truth <= found["effect"]["high_pct"] < 0


def test_a_rotation_finds_the_planted_fall_by_drawing_its_turns_again(hotspots, folder, town):
    lot = drawn(hotspots, folder, "rotation", "--treated", 12)
    assert lot.kind == "rotation"
    turns = lot.turns(town.names, MONTHS)
    assert turns[:, AFTER].sum(axis=0).tolist() == [12] * 12
    out, found = result(hotspots, folder, town.reports(np.where(turns, 0.6, 1.0)))
    assert covers(found, -40)
    assert (found["verdict"], found["level"], found["form"]) == ("reduction", 5, "rotation")
    assert found["permutation_p"] < 0.01
    assert "24 places that took turns, compared with themselves." in found["compared_sentence"]
    assert "drawing the turns again" in found["design_sentence"]
    assert found["controls"] == []
    assert [row["name"] for row in found["methods"]] == ["rotation"]
    assert "Reduction beyond" in out
    said = text_of(folder / "result" / "evaluation.pdf")
    assert "comparison places, scaled" not in said  # nobody else was compared
    assert "beyond the same places' months without" in said
    assert "Were the turns drawn again" in said


def test_pairs_are_judged_by_drawing_within_the_pairs_again(hotspots, folder, town):
    lot = drawn(hotspots, folder, "pairs", "--treated", 12)
    left = np.where(np.isin(town.names, lot.treated)[:, None] & AFTER, 0.5, 1.0)
    _, found = result(hotspots, folder, town.reports(left))
    assert covers(found, -50)
    assert (found["verdict"], found["level"], found["form"]) == ("reduction", 5, "pairs")
    assert any(gate["name"] == "ways to draw the lot" and "4,096" in gate["message"] for gate in found["gates"])
    partners = [row["name"] for row in found["controls"]][:12]
    assert sorted(partners) == sorted(lot.controls)
    assert len(found["controls"]) >= 20


@pytest.mark.slow
def test_a_lot_among_the_busiest_is_drawn_again_among_those_alone(hotspots, folder, town):
    lot = drawn(hotspots, folder, "top", "--treated", 8)
    left = np.where(np.isin(town.names, lot.treated)[:, None] & AFTER, 0.5, 1.0)
    _, found = result(hotspots, folder, town.reports(left, seed=2))
    assert covers(found, -50)
    assert (found["level"], found["form"], len(lot.controls)) == (5, "top", 16)


def test_staggered_starts_count_each_place_from_its_own_month(hotspots, folder, town):
    late = ("--starts", "H03=2023-04", "--starts", "Street 4=2023-04")
    assert hotspots(*new(folder, "--start", "2023-01", "--treated", 8, *late))[0] == 0
    design = read_design(folder / "design" / "DESIGN.toml")
    assert (design.form, design.starts["Street 3"]) == ("staggered", pd.Timestamp("2023-04"))
    starts = np.full(len(town.names), 99)
    starts[:8], starts[2:4] = 24, 27
    left = np.where(np.arange(36) >= starts[:, None], 0.5, 1.0)
    _, found = result(hotspots, folder, town.reports(left, per_month=12))
    assert covers(found, -50)
    assert found["form"] == "staggered"
    assert [check["name"][-7:] for check in found["checks"]] == ["2023-01", "2023-04"]


@pytest.mark.slow
def test_police_from_january_and_youth_work_from_april_are_told_step_by_step(hotspots, folder, town):
    steps = ("--step", "police=2023-01", "--step", "youth work=2023-04")
    assert hotspots(*new(folder, "--start", "2023-01", "--treated", 8, *steps))[0] == 0
    month, treated = np.arange(36), np.arange(42)[:, None] < 8
    left = np.where(treated, np.select([month >= 27, month >= 24], [0.4, 0.7], 1.0), 1.0)
    _, found = result(hotspots, folder, town.reports(left, per_month=20))
    row = next(row for row in found["methods"] if row["name"] == "steps")
    assert covers(found, 100 * ((3 * 0.7 + 9 * 0.4) / 12 - 1))
    assert row["refusal"] == ""
    said = next(check for check in found["checks"] if "youth work" in check["name"])
    assert "youth work" in said["message"]


def test_the_users_own_comparison_places_are_the_only_ones(hotspots, folder, town):
    own = gpd.GeoDataFrame({"name": town.names[15:40]}, geometry=list(town.polygons[15:40]), crs=4326)
    own.to_file(folder / "mine.geojson")
    assert hotspots(*new(folder, "--start", "2023-01", "--treated", 8, "--controls", folder / "mine.geojson"))[0] == 0
    left = np.where((np.arange(42)[:, None] < 8) & AFTER, 0.5, 1.0)
    _, found = result(hotspots, folder, town.reports(left))
    assert [row["name"] for row in found["controls"]] == list(town.names[15:40])
    assert covers(found, -50)
    assert "those the design names" in found["design_sentence"]


def test_period_pairs_compare_only_the_months_they_name(hotspots, folder, town):
    assert hotspots(*new(folder, "--start", "2023-01", "--treated", 8))[0] == 0
    file = folder / "design" / "DESIGN.toml"
    pairs = '[[period_pairs]]\nbefore = ["2022-06", "2022-08"]\nafter = ["2023-06", "2023-08"]\n'
    pairs += '[[period_pairs]]\nbefore = ["2022-11", "2022-12"]\nafter = ["2023-11", "2023-12"]\n'
    file.write_text(file.read_text() + pairs)
    left = np.where((np.arange(42)[:, None] < 8) & AFTER, 0.5, 1.0)
    reports = town.reports(left, per_month=25)
    _, found = result(hotspots, folder, reports)
    month = reports["Occurred"].str[:7]
    at = np.column_stack([reports["Longitude"], reports["Latitude"]])
    for row in found["treated"]:
        here = np.isclose(at, [row["longitude"], row["latitude"]], atol=1e-5).all(axis=1)
        for side, year in (("before", 2022), ("after", 2023)):
            named = month.isin([f"{year}-{number:02d}" for number in (6, 7, 8, 11, 12)])
            assert row[side] == (here & named).sum()
    assert covers(found, -50)


@pytest.mark.slow
def test_a_baseline_is_what_is_compared_with(hotspots, folder, town):
    assert hotspots(*new(folder, "--start", "2023-01", "--treated", 8))[0] == 0
    file = folder / "design" / "DESIGN.toml"
    file.write_text('baseline = ["2021-01", "2021-12"]\n' + file.read_text())
    reports = town.reports(np.where((np.arange(42)[:, None] < 8) & AFTER, 0.5, 1.0))
    _, found = result(hotspots, folder, reports)
    assert (found["before"]["first"], found["before"]["last"]) == ("2021-01", "2021-12")
    assert sum(row["before"] for row in found["treated"]) < 0.7 * sum(row["after"] for row in found["treated"]) * 3


@pytest.mark.slow
def test_the_primary_measure_decides_and_reports_stand_beside_it(hotspots, folder, town):
    assert hotspots(*new(folder, "--start", "2023-01", "--treated", 8, "--primary", "night_reports"))[0] == 0
    left = np.where((np.arange(42)[:, None] < 8) & AFTER, 0.5, 1.0)
    reports = town.reports(left, per_month=16)
    _, found = result(hotspots, folder, reports)
    by_night = pd.to_datetime(reports["Occurred"]).dt.hour >= 18
    assert found["primary"] == "night_reports"
    assert "reports of the evening and night" in found["primary_sentence"]
    counted = sum(row["before"] + row["after"] for row in found["treated"])
    assert counted < 0.75 * by_night.size
    assert any(one["name"] == "reports" for one in found["outcomes"])
    assert not any(one["name"].startswith("reports of the evening") for one in found["outcomes"])


def test_what_could_have_moved_is_told_by_place_time_and_kind(hotspots, folder, town):
    assert hotspots(*new(folder, "--start", "2023-01", "--treated", 10, "--hours", "15-22"))[0] == 0
    left = np.where((np.arange(42)[:, None] < 10) & AFTER, 0.5, 1.0)
    reports = town.reports(left, per_month=12, late=3)
    crime = reports.sample(frac=0.3, random_state=1).assign(Category="Public order")
    _, found = result(hotspots, folder, pd.concat([reports, crime], ignore_index=True))
    said = found["displacement"]["sentence"]
    assert "could have moved next door" in said
    assert "prevented in the hours patrolled (15:00-22:00) could have moved to other hours" in said
    assert "could have turned into related crime there" in said
    inside, outside = (found["displacement"][key] for key in ("in_hours", "to_other_hours"))
    assert -60 < inside["low_pct"] <= -50 <= inside["high_pct"] < -40
    # Half of the reports of other hours went as well, but three a month came at 23:00.
    assert outside["effect_pct"] > inside["effect_pct"] + 10
    assert outside["prevented_low"] < 0
