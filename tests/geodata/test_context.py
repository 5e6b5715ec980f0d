"""Boundaries, places and streets as users have them, and stated LSOAs against where points fall."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geodata.area import StudyArea
from geodata.context import assign, lsoa_vintage, read_boundaries, relocate, stated_lsoa
from geodata.errors import SourceError
from geodata.landmarks import read_places
from geodata.sources import read
from geodata.sources.streets import read_streets

from .conftest import records

LSOA11 = "data/boundaries/wolverhampton_lsoa11_E08000031_martinjc.geojson"
LSOA21 = "data/boundaries/wolverhampton_lsoa21_E08000031.geojson"
CITY_2014 = "data/police_uk/wolverhampton_2014-01_2014-02.csv"


def squares() -> gpd.GeoDataFrame:
    """Two squares side by side."""
    return gpd.GeoDataFrame(
        {"code": ["E01000001", "E01000002"], "name": ["West", "East"]},
        geometry=[shapely.box(-2.2, 52.5, -2.1, 52.6), shapely.box(-2.1, 52.5, -2.0, 52.6)], crs=4326,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "code", "name"),
    [
        ({"LSOA21CD": ["E01000001", "E01000002"], "LSOA21NM": ["West", "East"]}, "E01000001", "West"),
        ({"lad19cd": ["E1", "E2"], "lad19nm": ["West", "East"], "lad19nmw": [" ", " "]}, "E1", "West"),
        ({"ward21_code": ["E1", "E2"], "ward21_name": ["West", "East"]}, "E1", "West"),
        ({"lsoa21_cod": ["E1", "E2"], "lsoa21_nam": ["West", "East"]}, "E1", "West"),
        ({"WD13CD": ["E1", "E2"], "LAD13CD": ["E0", "E0"], "WD13NM": ["West", "East"]}, "E1", "West"),
        ({"name": ["West", "East"]}, "", "West"),
        ({"code": [1, 2]}, "1", ""),
    ],
)
def test_codes_and_names_are_found_by_the_columns_of_ons_and_plain_ones(
    tmp_path: Path, columns: dict[str, list[object]], code: str, name: str
) -> None:
    frame = gpd.GeoDataFrame(columns, geometry=squares().geometry.to_numpy(), crs=4326).to_crs(27700)
    frame.to_file(tmp_path / "wards.gpkg", driver="GPKG")
    found = read_boundaries(tmp_path / "wards.gpkg")
    at = assign([-2.15], [52.55], found)
    assert (at["code"].iloc[0], at["name"].iloc[0]) == (code, name)
    assert found.crs == "EPSG:4326"
    assert list(found.columns) == ["code", "name", "geometry"]


def test_files_without_polygons_or_names_are_refused(tmp_path: Path) -> None:
    gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.Point(-2, 52)], crs=4326).to_file(tmp_path / "p.geojson")
    squares()[["geometry"]].assign(height=3).to_file(tmp_path / "bare.geojson")
    (tmp_path / "text.geojson").write_text("hello")
    with pytest.raises(SourceError, match="holds no layer of such shapes"):
        read_boundaries(tmp_path / "p.geojson")
    with pytest.raises(SourceError, match="names its areas in no column"):
        read_boundaries(tmp_path / "bare.geojson")
    with pytest.raises(SourceError, match="could not be read as a boundary file"):
        read_boundaries(tmp_path / "text.geojson")
    with pytest.raises(SourceError, match="There is no boundary file"):
        read_boundaries(tmp_path / "none.gpkg")


def test_a_point_is_assigned_once_and_outside_or_missing_to_nothing() -> None:
    found = assign([-2.15, -2.05, -2.1, -1.0, np.nan], [52.55, 52.55, 52.55, 52.55, 52.55], squares())
    assert found["name"].tolist() == ["West", "East", "West", "", ""]  # on the line between: the first
    assert assign([], [], squares()).empty


def test_assigning_agrees_with_a_spatial_join(shared: Path) -> None:
    boundaries = read_boundaries(shared / LSOA11)
    rows = read([shared / CITY_2014]).records
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(rows["longitude"], rows["latitude"]), crs=4326)
    joined = points.sjoin(boundaries, how="left", predicate="within")
    joined = joined.loc[~joined.index.duplicated()]
    assert (
        assign(rows["longitude"], rows["latitude"], boundaries)["code"].tolist() == joined["code"].fillna("").tolist()
    )


def test_wolverhamptons_wrongly_stated_lsoas_are_counted_as_an_independent_count_has_them(shared: Path) -> None:
    raw = pd.read_csv(shared / CITY_2014)
    polygons = gpd.read_file(shared / LSOA11).set_index("LSOA11CD").geometry
    n_other = n_outside = 0
    for x, y, code in zip(raw["Longitude"], raw["Latitude"], raw["LSOA code"], strict=True):
        point = shapely.Point(x, y)
        if code in polygons.index and polygons[code].contains(point):
            continue
        is_in_any = polygons.contains(point).any()
        n_other, n_outside = n_other + is_in_any, n_outside + (not is_in_any)
    assert (len(raw), n_other, n_outside) == (3_238, 120, 3)  # as the data's README has it

    finding = stated_lsoa(read([shared / CITY_2014]).records, read_boundaries(shared / LSOA11))
    assert finding is not None
    assert finding.n == 123
    assert "123 of 3,238 (3.8%; 120 in another LSOA, 3 outside all of them)" in finding.message
    assert finding.severity == "info"


def test_the_vintage_of_stated_codes_is_told_and_reconciled_by_location(shared: Path) -> None:
    old, new = read_boundaries(shared / LSOA11), read_boundaries(shared / LSOA21)
    rows = read([shared / CITY_2014]).records
    candidates = [("2021", new), ("2011", old)]
    assert lsoa_vintage(rows["lsoa_code"], candidates) == "2011"
    moved = relocate(rows, new)
    assert lsoa_vintage(moved["lsoa_code"], candidates) == "2021"
    finding = stated_lsoa(moved, new)
    assert finding is not None
    assert finding.n == 0
    wrong_vintage = stated_lsoa(rows, new)
    assert wrong_vintage is not None
    # by hand: rows in a 2021 area whose stated code no 2021 area has; all rows of this file are the city's own
    unknown = ~rows["lsoa_code"].astype("str").isin(new["code"])
    unknown &= assign(rows["longitude"], rows["latitude"], new)["code"] != ""
    assert f"most of these, {unknown.sum()}, state codes of another vintage" in wrong_vintage.message


def test_coarse_outlines_and_not_vintages_are_why_luton_disagrees(shared: Path) -> None:
    outlines = read_boundaries(shared / "data/boundaries/luton_lsoa21_E06000032.geojson")
    rows = read([shared / "data/police_uk/bedfordshire-2021-05_2024-04.zip"]).records
    finding = stated_lsoa(rows, outlines)
    assert finding is not None
    assert (finding.n, finding.severity) == (9529, "amber")
    assert "vintage" not in finding.message  # the stated codes are those of 2021; a neighbour's are not of another year
    assert "only 7 corners an area, too coarse to place points" in finding.message


def test_records_that_state_no_lsoa_give_no_finding() -> None:
    assert stated_lsoa(records(3), squares()) is None
    assert stated_lsoa(records(3, lsoa_code=""), squares()) is None
    away = records(3, lsoa_code="E09", longitude=1.0)  # another city's record that states another city's LSOA
    assert stated_lsoa(away, squares()) is None
    wrong = stated_lsoa(records(3, lsoa_code="E01000002"), squares())
    assert wrong is not None
    assert (wrong.n, wrong.severity) == (3, "amber")


def road_links(path: Path) -> Path:
    """A GeoPackage as OS Open Roads has it: links and nodes on the British National Grid, names in name_1."""
    links = gpd.GeoDataFrame(
        {"name_1": ["High Street", None, "Far Lane"], "road_function": "Local Road"},
        geometry=[shapely.LineString([(391300 + d, 298700), (391400 + d, 298800)]) for d in (0, 50, 90_000)], crs=27700,
    )  # fmt: skip
    nodes = gpd.GeoDataFrame({"form": ["junction"]}, geometry=[shapely.Point(391300, 298700)], crs=27700)
    nodes.to_file(path, layer="road_node", driver="GPKG")
    links.to_file(path, layer="road_link", driver="GPKG")
    return path


def test_os_open_roads_is_read_by_its_own_layer_and_name_and_only_in_the_area(tmp_path: Path, town: StudyArea) -> None:
    path = road_links(tmp_path / "oproad_gb.gpkg")
    assert sorted(read_streets(path)["name"]) == ["", "Far Lane", "High Street"]
    assert sorted(read_streets(path, area=town)["name"]) == ["", "High Street"]


OSM = """<?xml version='1.0' encoding='UTF-8'?>
<osm version="0.6" generator="by hand">
 <node id="1" lat="52.5862" lon="-2.1288"/><node id="2" lat="52.5870" lon="-2.1280"/>
 <node id="3" lat="52.5880" lon="-2.1270"/>
 <way id="10"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/><tag k="name" v="High Street"/></way>
 <way id="11"><nd ref="2"/><nd ref="3"/><tag k="waterway" v="canal"/><tag k="name" v="Main Line"/></way>
</osm>
"""


def test_an_openstreetmap_extract_gives_its_streets(tmp_path: Path) -> None:
    (tmp_path / "town.osm").write_text(OSM, encoding="utf-8")
    assert read_streets(tmp_path / "town.osm")["name"].tolist() == ["High Street"]


ODD_SHAPES = (
    None, {"type": "Point", "coordinates": []}, {"type": "Point", "coordinates": [-2.12, None]}, {"type": "Nonsense"},
    {"type": "Point", "coordinates": [1e300, 1e300]}, {"type": "Point", "coordinates": [-2.12, 52.59, 5]},
    {"type": "GeometryCollection", "geometries": []},
    {"type": "LineString", "coordinates": [[-2.12, 52.59], [-2.13, 52.59]]},
    {"type": "Polygon", "coordinates": [[[-2.12, 52.59], [-2.12, 52.59], [-2.12, 52.59], [-2.12, 52.59]]]},
    {"type": "Polygon", "coordinates": [[[-2.2, 52.5], [-2.1, 52.6], [-2.1, 52.5], [-2.2, 52.6], [-2.2, 52.5]]]},
    {"type": "MultiPoint", "coordinates": [[-2.12, 52.59], [-2.13, 52.59]]},
)  # fmt: skip
ODD_VALUES = (None, "", "A", 5, 1.5, True, ["x"], {"a": 1}, "\x00", "A\nB", "=1+1", "{{x}}")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("reader", [read_boundaries, read_streets, read_places])
def test_a_layer_of_odd_shapes_and_names_gives_what_is_good_of_it(
    tmp_path: Path, town: StudyArea, reader: Callable[..., gpd.GeoDataFrame]
) -> None:
    good = shapely.box(-2.13, 52.58, -2.12, 52.59) if reader is not read_streets else shapely.LineString(
        [(-2.13, 52.58), (-2.12, 52.59)]
    )  # fmt: skip
    for number, value in enumerate(ODD_VALUES):
        shapes = [*ODD_SHAPES, shapely.geometry.mapping(good)]
        names = [*([value] * len(ODD_SHAPES)), "Good"]
        features = [
            {"type": "Feature", "properties": {"name": name, "type": value}, "geometry": shape}
            for name, shape in zip(names, shapes, strict=True)
        ]
        path = tmp_path / f"{number}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
        found = reader(path, area=town)
        assert found["name"].map(type).eq(str).all()
        assert "Good" in found["name"].to_numpy()


def test_points_given_as_streets_are_refused(tmp_path: Path) -> None:
    gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.Point(-2, 52)], crs=4326).to_file(tmp_path / "p.geojson")
    with pytest.raises(SourceError, match="holds no layer of such shapes"):
        read_streets(tmp_path / "p.geojson")
    with pytest.raises(SourceError, match="There is no street file"):
        read_streets(tmp_path / "none.geojson")


@pytest.mark.parametrize(
    "name",
    [
        "wolverhampton_wards21_E08000031.geojson",
        "luton_lad19_E06000032.geojson",
        "wolverhampton_oa11_E08000031_martinjc.geojson",
        "police_force_areas_2020.geojson",
    ],
)
def test_the_real_boundary_files_are_read_with_one_code_an_area(shared: Path, name: str) -> None:
    found = read_boundaries(shared / "data/boundaries" / name)
    assert found["code"].is_unique
    assert (found["code"] != "").all()
    assert found.geometry.is_valid.all()
