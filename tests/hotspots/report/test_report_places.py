"""Named places on the map, in the briefing and in the words of the list; their text stays text."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geodata.area import WGS84
from hotspots.report import briefing, features, furniture, maps, static_map, words
from hotspots.report.provenance import run_json
from hotspots.report.tables import about_table, hotspots_csv
from hotspots.results import Run

from .conftest import HOSTILE_PLACE


def test_a_layer_of_named_places_is_drawn_with_their_kind_and_escaped(placed: Run, run: Run) -> None:
    drawn = features.named_places(placed)
    assert next(f["properties"]["alt"] for f in drawn) == "Named place Central Station"
    assert {f["geometry"]["type"] for f in drawn} == {"Point"}
    assert len(drawn) == 3
    popups = " ".join(f["properties"]["popup"] for f in drawn)
    assert "Named place: station" in popups
    assert not {"<script", "<i>", "{"} & {sign for sign in ("<script", "<i>", "{") if sign in popups}
    assert features.named_places(run) == []
    assert "Named place (zoom in)" in furniture.legend(placed)
    assert "Named place" not in furniture.legend(run)


def test_only_the_nearest_are_drawn_where_there_are_very_many_and_the_legend_says_so(placed: Run) -> None:
    rng = np.random.default_rng(5)
    points = gpd.points_from_xy(rng.uniform(-2.18, -2.08, 620), rng.uniform(52.555, 52.615, 620))
    many = gpd.GeoDataFrame({"name": ["Pub"] * 620, "kind": "pub"}, geometry=points, crs=WGS84)
    crowded = replace(placed, places=many)
    drawn = shapely.points([f["geometry"]["coordinates"] for f in features.named_places(crowded)])
    everywhere = shapely.union_all(placed.hotspots.geometry.to_numpy())
    away = np.sort(shapely.distance(points, everywhere))
    assert len(drawn) == 500
    assert shapely.distance(drawn, everywhere).max() == pytest.approx(away[499], abs=2e-6)
    assert "Named place (zoom in), 500 of 620" in furniture.legend(crowded)


def test_the_page_holds_no_template_and_no_markup_of_a_places_name(placed: Run) -> None:
    page = maps.map_html(placed).decode()
    assert "49 " not in page.partition("Named places")[2][:4000]
    assert "<script>alert" not in page
    assert "at Central Station" in page
    assert '"asb-landmark"' in page  # the name is written beside its sign
    assert maps.map_html(placed) == maps.map_html(placed)


def test_the_briefing_says_the_place_and_marks_it_on_the_map(placed: Run, run: Run) -> None:
    told, plain = briefing.briefing_data(placed), briefing.briefing_data(run)
    near = {page["name"]: page["near"] for page in told["hotspots"]}
    assert sorted(filter(None, near.values())) == sorted([f"at {HOSTILE_PLACE}", "at Central Station"])
    assert {page["near"] for page in plain["hotspots"]} == {""}
    (page,) = [page for page in told["hotspots"] if page["near"] == "at Central Station"]
    assert ">Central Station</text>" in page["map"]
    assert "Circle: named place." in page["signs"]
    assert not any("Circle" in page["signs"] for page in plain["hotspots"])
    assert briefing.briefing_pdf(placed).startswith(b"%PDF")


def test_a_name_at_the_edge_stays_within_the_map(placed: Run) -> None:
    window = static_map.Window(0, 0, 1.0, 300.0, 300.0)
    for x in (1.0, 299.0):
        left, _, right, _ = static_map._Sign(x, 50.0, "W" * 60, window.width).box
        assert left >= 0
        assert right <= 300


def test_list_tables_and_record_say_it(placed: Run) -> None:
    row = placed.hotspots.iloc[0]
    assert words.placed(row) == f"{row['name']}, at Central Station"
    assert any("at Central Station" in line for line in words.reasons(placed))
    assert b"near_place,near_place_m" in hotspots_csv(placed)
    assert json.loads(run_json(placed))["setting_files"] == {"places": "places.gpkg: sha256 0a1b"}
    about = about_table(placed).set_index("what")["value"]
    assert about["File of the setting places"] == "places.gpkg: sha256 0a1b"


@pytest.mark.parametrize(
    ("metres", "said"),
    [(0.0, "at Mill"), (5.0, "at Mill"), (6.0, "by Mill (10 m)"), (84.0, "by Mill (80 m)"), (150.0, "by Mill (150 m)")],
)
def test_distances_are_said_to_ten_metres(placed: Run, metres: float, said: str) -> None:
    row = placed.hotspots.iloc[0].copy()
    row["near_place"], row["near_place_m"] = "Mill", metres
    assert words.by_place(row) == said
    row["name"] = "Windmill Street"
    assert words.by_place(row) == said
    row["name"] = "Near mill, west"
    assert words.by_place(row) == ""
