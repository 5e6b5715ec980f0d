"""The named place by each hotspot: by hand, against a plain double loop, and through the whole recipe."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

import geodata
import hotspots
from geodata.area import WGS84, StudyArea, read_area
from geodata.errors import DesignError, SourceError
from geodata.schema import ASB
from hotspots.cli import app
from hotspots.config import RankingConfig, RunConfig
from hotspots.nearby import hotspots_with_places, note_on_places
from hotspots.report import words
from hotspots.results import Run

UNCHECKED = RunConfig(ranking=RankingConfig(backtest_origins=0))


def listed(area: StudyArea, names: list[str], size_m: float = 100.0) -> gpd.GeoDataFrame:
    """Squares of the area's grid, 1 km apart from west to east, each the place of one hotspot."""
    x, y = (float(v[0]) for v in area.project([-2.17], [52.58]))
    lefts = [x + 1000 * i for i in range(len(names))]
    corners = [shapely.box(left, y, left + size_m, y + size_m) for left in lefts]
    shapes = [shapely.transform(c, area.unproject, interleaved=False) for c in corners]
    longitude, latitude = area.unproject(np.array(lefts) + size_m / 2, np.full(len(names), y + size_m / 2))
    index = pd.Index([f"H{i + 1:02d}" for i in range(len(names))], name="hotspot_id")
    return gpd.GeoDataFrame(
        {"rank": range(1, len(names) + 1), "name": names, "longitude": longitude, "latitude": latitude},
        geometry=shapes, index=index, crs=WGS84,
    )  # fmt: skip


def places_at(area: StudyArea, of: gpd.GeoDataFrame, east_m: dict[str, float]) -> gpd.GeoDataFrame:
    """Places so many metres east of the middle of the first hotspot."""
    x, y = area.project([of["longitude"].iloc[0]], [of["latitude"].iloc[0]])
    longitude, latitude = area.unproject(x + np.array(list(east_m.values())), np.repeat(y, len(east_m)))
    return gpd.GeoDataFrame({"name": list(east_m)}, geometry=gpd.points_from_xy(longitude, latitude), crs=WGS84)


def test_the_nearest_place_is_named_with_its_distance_from_the_outline(square_area: StudyArea) -> None:
    found = listed(square_area, ["High Street", "Mill Lane", "Elm Close"])
    near = hotspots_with_places(
        found,
        places_at(square_area, found, {"Station": 130, "School": 195, "Far Pub": 1500}),
        square_area,
        within_m=150,
    )
    # the outline ends 50 m from its middle: the station lies 80 m off, the pub 450 m from the second and third
    assert near["near_place"].tolist() == ["Station", "", ""]
    assert near["near_place_m"].tolist()[0] == 80
    assert near["near_place_m"].isna().tolist() == [False, True, True]
    assert near["name"].tolist() == found["name"].tolist()
    assert words.by_place(near.iloc[0]) == "by Station (80 m)"
    assert words.placed(near.iloc[0]) == "High Street, by Station (80 m)"
    assert words.placed(near.iloc[1]) == "Mill Lane"


def test_within_is_measured_to_the_metre(square_area: StudyArea) -> None:
    found = listed(square_area, ["High Street"])
    for metres, expected in ((199.5, "Edge"), (200.5, "")):
        near = hotspots_with_places(found, places_at(square_area, found, {"Edge": metres}), square_area, within_m=150)
        assert near["near_place"].tolist() == [expected]


def test_of_places_inside_the_one_nearest_to_the_middle_of_the_reports_is_named(square_area: StudyArea) -> None:
    found = listed(square_area, ["High Street"])
    inside = places_at(square_area, found, {"A Shop": 40, "Market Hall": 5, "Bank": -20})
    near = hotspots_with_places(found, inside, square_area, within_m=150)
    assert words.placed(near.iloc[0]) == "High Street, at Market Hall"
    equal = places_at(square_area, found, {"B": 5, "A": 5})
    assert hotspots_with_places(found, equal, square_area, within_m=150)["near_place"].tolist() == ["A"]


def test_a_park_is_as_near_as_its_edge(square_area: StudyArea) -> None:
    found = listed(square_area, ["High Street"])
    middle = places_at(square_area, found, {"West Park": 650})
    park = middle.set_geometry(middle.to_crs(square_area.crs).buffer(500).to_crs(WGS84))
    assert hotspots_with_places(found, middle, square_area, within_m=150)["near_place"].tolist() == [""]
    near = hotspots_with_places(found, park, square_area, within_m=150)
    assert near["near_place_m"].iloc[0] == pytest.approx(650 - 500 - 50, abs=1)


def test_a_hotspot_no_street_names_is_named_after_the_place_and_names_stay_different(square_area: StudyArea) -> None:
    found = listed(square_area, ["Near 52.5800, -2.1700", "Near 52.5800, -2.1552", "Near Miss Lane"])
    park = gpd.GeoDataFrame({"name": ["Canal"]}, geometry=[shapely.box(-2.18, 52.578, -2.08, 52.5795)], crs=WGS84)
    near = hotspots_with_places(found, park, square_area, within_m=150)
    assert near["name"].tolist() == ["Near Canal, west", "Near Canal, east", "Near Miss Lane"]
    assert words.placed(near.iloc[0]) == "Near Canal, west"  # said once
    assert words.placed(near.iloc[2]).startswith("Near Miss Lane, by Canal (")


def test_the_nearest_agrees_with_a_plain_double_loop(square_area: StudyArea) -> None:
    rng = np.random.default_rng(3)
    found = listed(square_area, ["a", "b", "c", "d", "e"])
    points = gpd.points_from_xy(rng.uniform(-2.18, -2.08, 400), rng.uniform(52.57, 52.59, 400))
    places = gpd.GeoDataFrame({"name": [f"p{i}" for i in range(400)]}, geometry=points, crs=WGS84)
    near = hotspots_with_places(found, places, square_area, within_m=120)
    outlines, shapes = found.to_crs(square_area.crs).geometry, places.to_crs(square_area.crs).geometry
    for outline, name in zip(outlines, near["near_place"], strict=True):
        distances = np.array([outline.distance(shape) for shape in shapes])
        nearest = set(places["name"][np.flatnonzero(distances == distances.min())]) if distances.min() <= 120 else {""}
        assert name in nearest
    assert (near["near_place"] != "").sum() >= 3


def test_no_hotspot_and_no_place_change_nothing(square_area: StudyArea) -> None:
    found = listed(square_area, ["High Street"])
    none = places_at(square_area, found, {"Far": 5000})
    alone = hotspots_with_places(found, none, square_area, within_m=150)
    assert alone[found.columns].astype({"name": found["name"].dtype}).equals(found)
    assert list(hotspots_with_places(found.iloc[:0], none, square_area, within_m=150)["near_place"]) == []
    assert "1 named place lies in the area or near it; 0 of 1 hotspots have one within 150 m" in note_on_places(
        alone, none, within_m=150
    )


@pytest.fixture(scope="module")
def folder(sample_city: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with places of the sample city: two by planted hotspots, one of them text that must stay text."""
    folder = tmp_path_factory.mktemp("places")
    (folder / "places.csv").write_text(
        "name,kind,longitude,latitude\n=1+1 {{ 7*7 }} <b>Hall</b>,hall,-2.1288,52.5862\n"
        "Low Hill Library,library,-2.1110,52.6085\n"
    )
    return folder


@pytest.fixture(scope="module")
def runs(sample_city: dict[str, Path], folder: Path) -> tuple[Run, Run]:
    """The same city without and with named places."""
    records, area = geodata.read([sample_city["incidents.csv"]]).records, read_area(sample_city["area.geojson"])
    reports, plain = records.loc[records["category"] == ASB], replace(UNCHECKED, first_month="2023-08")
    with_places = replace(plain, places=str(folder / "places.csv"))
    return hotspots.run(reports, area, plain), hotspots.run(reports, area, with_places)


def test_places_are_said_and_nothing_else_of_the_list_changes(runs: tuple[Run, Run]) -> None:
    plain, told = runs
    assert set(told.hotspots) - set(plain.hotspots) == {"near_place", "near_place_m"}
    pd.testing.assert_frame_equal(pd.DataFrame(told.hotspots[plain.hotspots.columns]), pd.DataFrame(plain.hotspots))
    assert told.drawn_list == plain.drawn_list
    named = told.hotspots.loc[told.hotspots["near_place"] != ""]
    assert set(named["near_place"]) == {"=1+1 {{ 7*7 }} <b>Hall</b>", "Low Hill Library"}
    assert any("2 named places lie in the area or near it; 2 of 10 hotspots" in note for note in told.notes)
    assert plain.places is None
    assert told.places is not None


def test_the_command_says_places_in_the_terminal_and_in_every_table(
    sample_city: dict[str, Path], folder: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text("places_within_m = 100\n[ranking]\nbacktest_origins = 0\n")
    given = ["run", str(sample_city["incidents.csv"]), "--area", str(sample_city["area.geojson"]), "--out"]
    given += [str(tmp_path / "out"), "--config", str(settings), "--places", str(folder / "places.csv")]
    answered = CliRunner().invoke(app, given)
    assert answered.exit_code == 0, answered.output
    assert "Low Hill Library" in answered.output
    table = pd.read_csv(tmp_path / "out/hotspots.csv")
    assert {"Low Hill Library", "'=1+1 {{ 7*7 }} <b>Hall</b>"} & set(table["near_place"].dropna())
    layer = gpd.read_file(tmp_path / "out/hotspots.gpkg", layer="hotspots")
    assert (layer["near_place"] == "Low Hill Library").sum() == 1
    assert layer["near_place_m"].dropna().le(100).all()
    record = json.loads((tmp_path / "out/run.json").read_text(encoding="utf-8"))
    assert record["config"]["places"].endswith("places.csv")
    assert record["config"]["places_within_m"] == 100
    digest = record["setting_files"]["places"]
    assert digest.startswith("places.csv: sha256 ")
    assert len(digest.rpartition(" ")[2]) == 64


def test_places_that_cannot_be_used_are_refused_before_anything_is_written(
    sample_city: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "far.csv").write_text("name,longitude,latitude\nEverywhere Station,0.1,51.5\n")
    given = [str(sample_city["incidents.csv"]), "--area", str(sample_city["area.geojson"]), "--out"]
    for command in (["run"], ["analyse", "week"]):
        asked = [*command, *given, str(tmp_path / "out"), "--places", str(tmp_path / "far.csv")]
        answered = CliRunner().invoke(app, asked)
        assert answered.exit_code == 1
        assert "0 of 1 named places of far.csv lie in" in str(answered.exception)
    assert not (tmp_path / "out").exists()


def test_the_distance_must_be_more_than_nothing(sample_city: dict[str, Path]) -> None:
    with pytest.raises(DesignError, match="places_within_m must be above 0"):
        RunConfig(places_within_m=0)
    area = read_area(sample_city["area.geojson"])
    with pytest.raises(SourceError, match="There is no place file"):
        hotspots.run(geodata.read([sample_city["incidents.csv"]]), area, replace(UNCHECKED, places="none.csv"))
