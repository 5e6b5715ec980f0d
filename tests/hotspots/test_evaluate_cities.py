"""The evaluation on the sample city, whose effect is planted, and on real counts, where nothing was."""

from __future__ import annotations

import json

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geodata import cells as h3cells
from geodata.area import read_area
from geodata.sources import read
from hotspots.evaluate import Design, evaluate, read_design


@pytest.fixture(scope="module")
def sample(sample_city):
    """The truth of the sample city and its evaluation."""
    design = read_design(sample_city["design.toml"])
    truth = json.loads(sample_city["truth.json"].read_text(encoding="utf-8"))
    return truth, evaluate(design, read(design.incidents), read_area(design.area))


def test_the_planted_effect_lies_inside_the_reported_interval(sample):
    truth, result = sample
    planted = 100 * truth["pilot"]["effect"]
    assert result.effect.low_pct <= planted <= result.effect.high_pct
    assert result.verdict == "reduction"


def test_the_delivered_visits_are_those_of_the_log(sample):
    truth, result = sample
    assert result.dose.delivered_visits == truth["pilot"]["visits"] + truth["pilot"]["youth_visits"]
    assert result.dose.is_enough
    assert 0.8 <= result.dose.share <= 1.3


def test_the_sample_says_what_it_is_and_what_was_left_out(sample):
    truth, result = sample
    assert result.is_synthetic
    assert list(result.treated["name"]) == truth["pilot"]["areas"]
    assert result.officer_generated_excluded > 0
    assert all(gate.passed for gate in result.gates)
    assert len(result.controls) >= 20
    assert result.level == 3


def test_real_hotspots_where_nothing_was_done_show_no_proven_effect(shared):
    """Eight of Luton's busiest streets, chosen on the months before: naive figures move, the interval holds zero."""
    area = read_area(shared / "data" / "boundaries" / "luton_lad19_E06000032.geojson")
    intake = read([shared / "data" / "police_uk" / "bedfordshire-2021-05_2024-04.zip"])
    start = pd.Timestamp("2023-05-01")
    records = intake.records.dropna(subset=["longitude"])
    wanted = records[(records["category"] == "anti-social-behaviour") & (records["month"] < start)]
    wanted = wanted[area.contains(wanted["longitude"], wanted["latitude"])]
    busiest = pd.Series(h3cells.assign(wanted["longitude"], wanted["latitude"], 9)).value_counts()
    apart: list[str] = []
    for cell in busiest.index:
        if all(h3cells.steps_between(cell, other) > 4 for other in apart):
            apart.append(cell)
    treated = gpd.GeoDataFrame({"name": apart[:8]}, geometry=h3cells.polygons(apart[:8]), crs=4326)
    design = Design(
        name="Nothing was done", incidents=(), area=shared, treated=treated, categories=("anti-social-behaviour",),
        start=start,
    )  # fmt: skip
    result = evaluate(design, intake, area)
    assert result.resolution == 9
    assert list(result.treated["before"]) == [int(busiest[cell]) for cell in apart[:8]]
    assert result.verdict == "no_clear_change"
    assert len(result.controls) >= 20
    assert shapely.Point(result.controls[["longitude", "latitude"]].iloc[0]).within(area.boundary.buffer(0.01))
    assert result.provenance.licence.startswith("Contains data from data.police.uk")
