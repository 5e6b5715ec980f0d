from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from geodata.area import (
    BRITISH_NATIONAL_GRID,
    OSTN15_VARIABLE,
    StudyArea,
    area_from_frame,
    british_grid_to_wgs84,
    choose_ostn15_grid,
    metric_crs,
    operation_accuracy,
    osgb36_to_wgs84,
    read_area,
    to_wgs84,
)
from geodata.errors import SourceError

QUEEN_SQUARE = (-2.1288, 52.5862)


def square(longitude: float, latitude: float, size: float = 0.05) -> StudyArea:
    return StudyArea("square", shapely.box(longitude - size, latitude - size, longitude + size, latitude + size))


def test_the_published_test_point_lands_on_its_grid_reference() -> None:
    x, y = square(*QUEEN_SQUARE).project(*QUEEN_SQUARE)
    assert (float(x), float(y)) == pytest.approx((391370.6, 298718.3), abs=5)


def test_the_grid_reference_leads_back_to_the_point() -> None:
    longitude, latitude = british_grid_to_wgs84(391370.6, 298718.3)
    assert (float(longitude), float(latitude)) == pytest.approx(QUEEN_SQUARE, abs=5e-5)


def test_reading_osgb36_degrees_as_wgs84_moves_a_point_by_104_metres() -> None:
    area = square(*QUEEN_SQUARE)
    x, y = area.project(*QUEEN_SQUARE)
    old_degrees = Transformer.from_crs(BRITISH_NATIONAL_GRID, "EPSG:4277", always_xy=True).transform(x, y)
    wrong_x, wrong_y = area.project(*old_degrees)
    assert float(np.hypot(wrong_x - x, wrong_y - y)) == pytest.approx(104, abs=3)


def test_the_operation_in_use_and_its_accuracy_are_on_record() -> None:
    assert "British National Grid" in operation_accuracy()
    assert " m)" in operation_accuracy()


def test_degrees_known_to_be_osgb36_are_put_where_they_belong() -> None:
    area = square(*QUEEN_SQUARE)
    x, y = area.project(*QUEEN_SQUARE)
    old_degrees = Transformer.from_crs(BRITISH_NATIONAL_GRID, "EPSG:4277", always_xy=True).transform(x, y)
    mended = area.project(*osgb36_to_wgs84(*old_degrees))
    assert np.hypot(mended[0] - x, mended[1] - y) < 0.01


# ---- a local grid of shifts


def test_a_local_grid_is_used_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ntv2_grid: Callable[..., Path]
) -> None:
    osgb36 = Transformer.from_crs(BRITISH_NATIONAL_GRID, "EPSG:4277", always_xy=True).transform(391370.6, 298718.3)
    grid = ntv2_grid(tmp_path / "with a space.gsb", north_s=1.0, west_s=5.0)
    monkeypatch.setenv(OSTN15_VARIABLE, str(grid))
    assert british_grid_to_wgs84(391370.6, 298718.3) == pytest.approx(
        (osgb36[0] - 5 / 3600, osgb36[1] + 1 / 3600), abs=1e-8
    )
    assert osgb36_to_wgs84(*osgb36) == pytest.approx((osgb36[0] - 5 / 3600, osgb36[1] + 1 / 3600), abs=1e-8)
    assert "with a space.gsb" in operation_accuracy("EPSG:4326", BRITISH_NATIONAL_GRID)
    area = square(*QUEEN_SQUARE)
    assert area.unproject(*area.project(*QUEEN_SQUARE)) == pytest.approx(QUEEN_SQUARE, abs=1e-8)


def test_a_place_the_grid_does_not_cover_is_converted_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ntv2_grid: Callable[..., Path]
) -> None:
    without = british_grid_to_wgs84([391370.6, 800_000.0], [298718.3, 300_000.0])
    monkeypatch.setenv(OSTN15_VARIABLE, str(ntv2_grid(tmp_path / "grid.gsb", north_s=1.0, west_s=5.0)))
    longitude, latitude = british_grid_to_wgs84([391370.6, 800_000.0], [298718.3, 300_000.0])
    assert (longitude[0], latitude[0]) != (without[0][0], without[1][0])
    assert (longitude[1], latitude[1]) == (without[0][1], without[1][1])


def test_shapes_on_the_british_grid_go_by_the_chosen_grid_too(tmp_path: Path, ntv2_grid: Callable[..., Path]) -> None:
    points = gpd.GeoSeries([shapely.Point(391370.6, 298718.3)], index=["x"], crs=BRITISH_NATIONAL_GRID)
    frame = gpd.GeoDataFrame({"n": [1]}, index=["x"], geometry=points)
    plain = to_wgs84(points)
    assert plain.index.tolist() == ["x"]
    choose_ostn15_grid(ntv2_grid(tmp_path / "own.gsb", north_s=1.0, west_s=10.0))
    try:
        by_grid = tuple(map(float, british_grid_to_wgs84(391370.6, 298718.3)))
        for moved in (to_wgs84(points), to_wgs84(frame).geometry):
            assert moved.crs == "EPSG:4326"
            assert (moved.x.iloc[0], moved.y.iloc[0]) == pytest.approx(by_grid, abs=1e-12)
            assert moved.index.tolist() == ["x"]
        assert abs(plain.x.iloc[0] - by_grid[0]) > 0.0005
    finally:
        choose_ostn15_grid("")


def test_a_grid_file_that_is_missing_or_no_grid_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(OSTN15_VARIABLE, str(tmp_path / "OSTN15.tif"))
    with pytest.raises(SourceError, match=r"names the OSTN15 grid file .*OSTN15\.tif, which is not there"):
        british_grid_to_wgs84(391370.6, 298718.3)
    (tmp_path / "OSTN15.tif").write_bytes(b"not a grid" * 100)
    with pytest.raises(SourceError, match=r"OSTN15\.tif is no OSTN15 grid of coordinate shifts"):
        british_grid_to_wgs84(391370.6, 298718.3)
    square(-87.63, 41.88).project(-87.63, 41.88)  # a place that needs no grid


@given(st.floats(-2.5, -1.5), st.floats(52.2, 53.0))
def test_there_and_back_is_the_same_place(longitude: float, latitude: float) -> None:
    area = square(*QUEEN_SQUARE)
    back = area.unproject(*area.project(longitude, latitude))
    assert (float(back[0]), float(back[1])) == pytest.approx((longitude, latitude), abs=5e-8)  # 5 mm


@pytest.mark.parametrize(
    ("place", "longitude", "latitude", "crs"),
    [
        ("Wolverhampton", -2.13, 52.59, "EPSG:27700"),
        ("Land's End", -5.70, 50.07, "EPSG:27700"),
        ("Lerwick", -1.15, 60.15, "EPSG:27700"),
        ("Stornoway", -6.39, 58.21, "EPSG:27700"),
        ("Dover", 1.31, 51.13, "EPSG:27700"),
        ("Holyhead", -4.63, 53.31, "EPSG:27700"),
        ("Belfast", -5.93, 54.60, "EPSG:32630"),
        ("Dublin", -6.26, 53.35, "EPSG:32629"),
        ("Calais", 1.86, 50.95, "EPSG:32631"),
        ("Chicago", -87.63, 41.88, "EPSG:32616"),
        ("Sydney", 151.2, -33.87, "EPSG:32756"),
        ("the date line", 180.0, 10.0, "EPSG:32660"),
    ],
)
def test_metres_are_measured_on_the_british_grid_in_britain_and_on_utm_elsewhere(
    place: str, longitude: float, latitude: float, crs: str
) -> None:
    assert metric_crs(longitude, latitude) == crs, place


def test_local_time_is_london_in_britain() -> None:
    assert square(*QUEEN_SQUARE).timezone == "Europe/London"
    assert square(-87.63, 41.88).timezone == "UTC"


@pytest.mark.parametrize(("longitude", "latitude"), [QUEEN_SQUARE, (-87.63, 41.88), (151.2, -33.87)])
def test_the_buffer_reaches_a_kilometre_out_and_no_further(longitude: float, latitude: float) -> None:
    area = square(longitude, latitude)
    west, south, _, north = area.boundary_m.bounds
    middle = (south + north) / 2
    points = area.unproject([west - 900, west - 1200], [middle, middle])
    assert list(area.is_near(*points)) == [True, False]
    assert not area.contains(*points).any()


@given(st.floats(-2.3, -2.0), st.floats(52.5, 52.7))
def test_what_is_inside_is_also_near(longitude: float, latitude: float) -> None:
    area = square(*QUEEN_SQUARE)
    if area.contains([longitude], [latitude])[0]:
        assert area.is_near([longitude], [latitude])[0]


def test_a_missing_coordinate_lies_nowhere() -> None:
    area = square(*QUEEN_SQUARE)
    assert list(area.contains([np.nan, -2.1288], [52.5862, np.nan])) == [False, False]
    assert area.contains([], []).shape == (0,)


def test_a_point_on_the_boundary_is_inside() -> None:
    assert StudyArea("unit", shapely.box(-2.2, 52.5, -2.1, 52.6)).contains([-2.2], [52.55])[0]


def test_wolverhampton_has_its_published_area_and_box(shared: Path) -> None:
    area = read_area(shared / "data/boundaries/wolverhampton_lad19_E08000031.geojson")
    assert area.area_km2 == pytest.approx(69.4, abs=0.1)
    assert area.boundary_m.bounds == pytest.approx((386081, 294016, 396846, 304469), abs=30)


def test_a_file_in_grid_metres_gives_the_same_area(tmp_path: Path) -> None:
    area = square(*QUEEN_SQUARE)
    frame = gpd.GeoDataFrame(geometry=[area.boundary], crs="EPSG:4326").to_crs(BRITISH_NATIONAL_GRID)
    frame.to_file(tmp_path / "ward.gpkg")
    assert read_area(tmp_path / "ward.gpkg").area_km2 == pytest.approx(area.area_km2, rel=1e-7)
    assert read_area(tmp_path / "ward.gpkg").name == "ward"


def test_several_polygons_become_one_area() -> None:
    halves = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], crs="EPSG:4326")
    assert area_from_frame(halves, name="whole").boundary.equals(shapely.box(0, 0, 2, 1))


def test_a_bow_tie_is_mended_rather_than_refused() -> None:
    bow_tie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    area = area_from_frame(gpd.GeoDataFrame(geometry=[bow_tie], crs="EPSG:4326"), name="tie")
    assert area.boundary.is_valid
    assert area.boundary.area == pytest.approx(0.5)


def test_a_file_without_a_polygon_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0), shapely.LineString([(0, 0), (1, 1)])], crs="EPSG:4326")
    frame.to_file(tmp_path / "streets.geojson")
    with pytest.raises(SourceError, match=r"holds no polygon \(LineString, Point\)"):
        read_area(tmp_path / "streets.geojson")


def test_a_missing_area_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"There is no area file at .*nowhere\.geojson"):
        read_area(tmp_path / "nowhere.geojson")


def test_a_file_that_is_no_polygon_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "area.geojson").write_text("this is no map")
    with pytest.raises(SourceError, match=r"area\.geojson could not be read as a polygon file") as caught:
        read_area(tmp_path / "area.geojson")
    assert "\n" not in str(caught.value)


def test_metres_without_a_stated_system_are_refused_with_advice() -> None:
    frame = gpd.GeoDataFrame(geometry=[shapely.box(391000, 298000, 392000, 299000)])
    with pytest.raises(SourceError, match=r"states no coordinate system.*EPSG:27700"):
        area_from_frame(frame, name="ward")


def test_an_area_can_be_in_two_parts() -> None:
    area = StudyArea(
        "two", shapely.MultiPolygon([shapely.box(-2.2, 52.5, -2.1, 52.6), shapely.box(-1.9, 52.5, -1.8, 52.6)])
    )
    assert list(area.contains([-2.15, -2.0, -1.85], [52.55] * 3)) == [True, False, True]
