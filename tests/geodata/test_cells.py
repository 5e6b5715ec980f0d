from __future__ import annotations

from pathlib import Path

import h3
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geodata import cells
from geodata.area import StudyArea, read_area

QUEEN_SQUARE = (-2.1288, 52.5862)
TOWN = StudyArea("town", shapely.box(-2.16, 52.57, -2.10, 52.60))
H3_SPHERE = 0.005  # h3 measures on a sphere (R1.2), the grid on an ellipsoid: 0.3% apart in England
LONGITUDES, LATITUDES = st.floats(-2.3, -2.0), st.floats(52.5, 52.7)


@pytest.mark.parametrize(
    ("resolution", "cell"), [(9, "89195c0f637ffff"), (10, "8a195c0f635ffff"), (11, "8b195c0f6358fff")]
)
def test_the_published_test_point_lies_in_its_cells(resolution: int, cell: str) -> None:
    assert list(cells.assign([QUEEN_SQUARE[0]], [QUEEN_SQUARE[1]], resolution)) == [cell]


def test_a_patrol_cell_has_the_published_size() -> None:
    assert cells.mean_area_km2(TOWN, 10) == pytest.approx(0.013580, rel=0.005)
    assert cells.mean_area_km2(TOWN, 9) == pytest.approx(0.095057, rel=0.005)


@given(st.lists(st.tuples(LONGITUDES, LATITUDES), min_size=1, max_size=30), st.integers(5, 12))
def test_every_point_is_looked_up_as_h3_alone_would(points: list[tuple[float, float]], resolution: int) -> None:
    repeated = points * 2
    longitude, latitude = zip(*repeated, strict=True)
    expected = [h3.latlng_to_cell(lat, lon, resolution) for lon, lat in repeated]
    assert list(cells.assign(longitude, latitude, resolution)) == expected


def test_no_points_have_no_cells() -> None:
    assert len(cells.assign([], [], 9)) == 0


@given(LONGITUDES, LATITUDES)
def test_a_point_lies_in_the_polygon_of_its_cell(longitude: float, latitude: float) -> None:
    cell = cells.assign([longitude], [latitude], 9)[0]
    polygon = cells.polygons([cell])[0]
    assert polygon.buffer(1e-9).contains(shapely.Point(longitude, latitude))


@pytest.mark.parametrize("resolution", [8, 9, 10])
def test_the_cover_holds_every_point_of_the_area(resolution: int) -> None:
    rng = np.random.default_rng(0)
    longitude, latitude = rng.uniform(-2.16, -2.10, 500), rng.uniform(52.57, 52.60, 500)
    held = cells.cover(TOWN, resolution)
    assert set(cells.assign(longitude, latitude, resolution)) <= set(held)
    assert held.is_monotonic_increasing
    assert held.is_unique


def test_the_cover_holds_partial_border_cells_and_their_land() -> None:
    frame = cells.frame(cells.cover(TOWN, 9), TOWN)
    assert (frame["land_km2"] <= frame["area_km2"] * (1 + 1e-9)).all()
    assert (frame["land_km2"] < frame["area_km2"] * 0.99).any()
    assert frame["land_km2"].sum() == pytest.approx(TOWN.area_km2, rel=H3_SPHERE)


def test_the_land_of_a_real_border_adds_up(shared: Path) -> None:
    area = read_area(shared / "data/boundaries/luton_lad19_E06000032.geojson")
    frame = cells.frame(cells.cover(area, 9), area)
    assert frame["land_km2"].sum() == pytest.approx(area.area_km2, rel=H3_SPHERE)
    assert (frame["land_km2"] > 0).all()


def test_the_cover_of_two_parts_is_both_covers() -> None:
    parts = [shapely.box(-2.2, 52.5, -2.15, 52.55), shapely.box(-1.9, 52.5, -1.85, 52.55)]
    both = cells.cover(StudyArea("both", shapely.MultiPolygon(parts)), 9)
    separate = [cells.cover(StudyArea("one", part), 9) for part in parts]
    assert set(both) == set(separate[0]) | set(separate[1])


def test_the_buffered_cover_is_wider() -> None:
    assert set(cells.cover(TOWN, 9)) < set(cells.cover(TOWN, 9, buffered=True))


def test_a_hole_is_not_covered() -> None:
    ring = shapely.box(-2.2, 52.5, -2.0, 52.7).difference(shapely.box(-2.15, 52.55, -2.05, 52.65))
    area = StudyArea("ring", ring)
    middle = cells.assign([-2.1], [52.6], 9)[0]
    assert middle not in cells.cover(area, 9)


@given(LONGITUDES, LATITUDES, st.integers(0, 4))
def test_a_disk_has_the_hexagonal_number_of_cells(longitude: float, latitude: float, rings: int) -> None:
    cell = cells.assign([longitude], [latitude], 10)[0]
    disk = cells.disk(cell, rings)
    assert len(disk) == 1 + 3 * rings * (rings + 1)
    assert disk == sorted(disk)
    assert max(cells.steps_between(cell, near) for near in disk) == rings


def test_the_ring_around_a_group_leaves_the_group_out() -> None:
    cell = cells.assign([QUEEN_SQUARE[0]], [QUEEN_SQUARE[1]], 10)[0]
    group = cells.disk(cell, 1)
    ring = cells.ring_around(group)
    assert ring.isdisjoint(group)
    assert ring | set(group) == set(cells.disk(cell, 2))


def test_neighbours_are_mutual_never_oneself_and_six_inside() -> None:
    index = cells.cover(TOWN, 9)
    matrix = cells.neighbours(index)
    assert (matrix != matrix.T).nnz == 0
    assert matrix.diagonal().sum() == 0
    assert matrix.sum(axis=1).max() == 6
    assert cells.neighbours(index, rings=2).sum(axis=1).max() == 18


def test_children_lead_back_to_their_parent() -> None:
    children = cells.assign([QUEEN_SQUARE[0]], [QUEEN_SQUARE[1]], 10)
    assert list(cells.parent(children, 9)) == ["89195c0f637ffff"]
    assert cells.resolution_of(children[0]) == 10


def test_only_cells_are_cells() -> None:
    assert cells.is_cell("89195c0f637ffff")
    assert not cells.is_cell("89195c0f637fffe0")
    assert not cells.is_cell("hello")


def test_centres_lie_in_their_cells_and_none_have_none() -> None:
    index = cells.cover(TOWN, 9)
    middle = cells.centres(index)
    assert list(cells.assign(middle[:, 0], middle[:, 1], 9)) == list(index)
    assert cells.centres([]).shape == (0, 2)


def test_the_frame_of_no_cells_is_empty_and_complete() -> None:
    frame = cells.frame(pd.Index([], dtype=object), TOWN)
    assert len(frame) == 0
    assert {"area_km2", "land_km2", "geometry"} <= set(frame.columns)
