from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from geodata.area import StudyArea, read_area
from geodata.confidence import at_any, confidence, low_confidence, share_by_precision
from geodata.schema import LOCATION_PRECISIONS
from geodata.sources import read

from .conftest import records

TOWN = StudyArea("town", shapely.box(-2.16, 52.57, -2.10, 52.60))


@dataclass(frozen=True)
class Place:
    longitude: float
    latitude: float


def at_metres(area: StudyArea, x: object, y: object, **columns: object) -> pd.DataFrame:
    longitude, latitude = area.unproject(x, y)  # type: ignore[arg-type]
    return records(len(longitude), longitude=longitude, latitude=latitude, **columns)


def exact(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(390_000, 392_000, n), rng.uniform(297_500, 299_500, n)


def test_an_address_is_a_plot_and_a_street_is_half_its_length(town: StudyArea) -> None:
    x, y = exact(40)
    reports = at_metres(town, x, y, location_precision=["address", "street"] * 20)
    found = confidence(reports, town)
    assert found["location_precision"].tolist() == ["address", "street"] * 20
    assert found["error_radius_m"].tolist() == [15.0, 75.0] * 20
    assert found.index.equals(reports.index)


@pytest.mark.parametrize(
    ("step", "precision", "radius", "expected"),
    [
        (100, "address", np.hypot(15, 70.711), "rounded"),
        (100, "street", np.hypot(75, 70.711), "rounded"),
        (1000, "street", np.hypot(75, 707.11), "rounded"),
        (10, "address", np.hypot(15, 7.0711), "address"),
        (10, "street", np.hypot(75, 7.0711), "street"),
    ],
)
def test_rounding_adds_half_the_diagonal_of_its_square(
    town: StudyArea, step: int, precision: str, radius: float, expected: str
) -> None:
    x, y = exact(60)
    reports = at_metres(town, step * np.round(x / step), step * np.round(y / step), location_precision=precision)
    found = confidence(reports, town)
    assert set(found["location_precision"]) == {expected}
    assert found["error_radius_m"].to_numpy() == pytest.approx(np.full(60, radius), rel=1e-3)


def test_a_radius_stated_by_the_source_counts(town: StudyArea) -> None:
    x, y = exact(3)
    reports = at_metres(
        town, x, y, location_precision=["address", "street", "area"], stated_radius_m=[70.7, np.nan, 900]
    )
    found = confidence(reports, town)
    assert found["location_precision"].tolist() == ["rounded", "street", "area"]
    assert found["error_radius_m"].tolist() == pytest.approx([np.hypot(15, 70.7), 75, 900])


def test_the_middle_of_an_area_and_a_default_location_may_be_anywhere(town: StudyArea) -> None:
    x, y = exact(3)
    reports = at_metres(town, x, y, location_precision=["area", "address", "address"])
    somewhere = Place(*reports[["longitude", "latitude"]].iloc[1])
    found = confidence(reports, town, [somewhere])
    assert found["location_precision"].tolist() == ["area", "default", "address"]
    radius = float(np.sqrt(town.area_km2 * 1e6 / np.pi))
    assert found["error_radius_m"].tolist() == pytest.approx([radius, radius, 15.0])


def test_a_snap_point_reaches_half_way_to_its_neighbours(town: StudyArea) -> None:
    """On a square lattice of step s the 5 nearest lie at s, s, s, s and s sqrt 2: the median is s."""
    x, y = (side.ravel() for side in np.meshgrid(391_000.3 + 100 * np.arange(5), 298_000.7 + 100 * np.arange(5)))
    found = confidence(at_metres(town, x, y, location_precision="snap_point"), town)
    assert found["error_radius_m"].iloc[12] == pytest.approx(50, abs=0.05)
    assert set(found["location_precision"]) == {"snap_point"}  # a map point is where it is, not rounded


def test_catchments_stay_within_bounds_and_shrink_as_more_points_are_known(town: StudyArea) -> None:
    lonely = at_metres(town, [391_000.0], [298_000.0], location_precision="snap_point")
    assert confidence(lonely, town)["error_radius_m"].tolist() == [500]
    x, y = exact(300)
    more = np.column_stack(town.unproject(x, y))
    assert 25 <= confidence(lonely, town, snap_points=more)["error_radius_m"].iloc[0] < 250
    crowded = at_metres(town, 391_000 + np.arange(8.0), np.full(8, 298_000.0), location_precision="snap_point")
    assert set(confidence(crowded, town)["error_radius_m"]) == {25}


@settings(max_examples=30)
@given(st.lists(st.sampled_from(LOCATION_PRECISIONS), min_size=1, max_size=40), st.integers(0, 5))
def test_every_report_has_a_precision_and_a_radius_above_nothing(precisions: list[str], seed: int) -> None:
    reports = at_metres(TOWN, *exact(len(precisions), seed), location_precision=precisions)
    before = reports.copy(deep=True)
    found = confidence(reports, TOWN, [Place(-2.1288, 52.5862)])
    assert found["location_precision"].isin(LOCATION_PRECISIONS).all()
    assert np.isfinite(found["error_radius_m"]).all()
    assert (found["error_radius_m"] > 0).all()
    pd.testing.assert_frame_equal(reports, before)


def test_no_report_has_no_confidence(town: StudyArea) -> None:
    assert confidence(records(1).iloc[:0], town, [Place(-2.1, 52.5)]).empty


def test_a_place_is_the_same_within_25_metres(town: StudyArea) -> None:
    longitude, latitude = town.unproject([391_000.0, 391_024.0, 391_026.0], [298_000.0] * 3)
    assert at_any(longitude, latitude, [Place(longitude[0], latitude[0])], town).tolist() == [True, True, False]


# ---- what travels


def graded(precisions: list[str], radii: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"location_precision": precisions, "error_radius_m": radii})


def test_shares_by_precision_sum_to_one() -> None:
    reports = graded(["address", "address", "rounded", "default"], [15, 15, 72, 4700])
    cell = pd.Series(["a", "a", "a", None], name="cell")
    found = share_by_precision(reports, cell)
    assert found.index.tolist() == ["a"]
    assert found.index.name == "cell"
    assert found.loc["a", "n"] == 3
    assert found.loc["a", "share_address"] == pytest.approx(2 / 3)
    assert found.filter(like="share_").sum(axis=1).tolist() == [pytest.approx(1)]
    assert found.loc["a", "median_error_m"] == 15


def test_a_hotspot_on_uncertain_reports_says_so_in_a_sentence() -> None:
    reports = graded(["address"] * 4 + ["rounded"] * 6, [15] * 4 + [720] * 6)
    hotspot = pd.Series(["H01"] * 10, name="hotspot_id")
    area_km2 = pd.Series({"H01": np.pi * 0.1**2, "H02": 0.05})  # a disc 200 m wide
    found = low_confidence(reports, hotspot, area_km2)
    assert found.loc["H01", "share_uncertain"] == pytest.approx(0.6)
    assert found["is_low_confidence"].tolist() == [True, False]
    assert found.loc["H01", "sentence"] == (
        "Low location confidence: 6 of its 10 reports (60%) may belong elsewhere, because they are placed only to "
        "within some 720 m (rounded coordinates 6) and the place is 200 m wide."
    )
    assert found.loc["H02", "sentence"] == ""


def test_half_is_not_more_than_half() -> None:
    reports = graded(["address", "area"], [15, 900])
    found = low_confidence(reports, pd.Series(["H01", "H01"]), pd.Series({"H01": 0.03}))
    assert not found.loc["H01", "is_low_confidence"]


# ---- real snap points


def test_the_catchments_of_wolverhamptons_1308_snap_points_are_those_of_a_plain_computation(shared: Path) -> None:
    area = read_area(shared / "data/boundaries/wolverhampton_lad19_E08000031.geojson")
    located = read([shared / "data/police_uk/wolverhampton_2014-01_2014-02.csv"]).records
    found = confidence(located, area)["error_radius_m"]
    points = located[["longitude", "latitude"]].drop_duplicates()
    assert len(points) == 1308
    metres = gpd.GeoSeries(gpd.points_from_xy(*points.to_numpy().T), crs=4326).to_crs(27700)
    xy = np.column_stack([metres.x, metres.y])
    nearest = np.sort(cKDTree(xy).query(xy, 6)[0], axis=1)[:, 1:]
    expected = np.clip(np.median(nearest, axis=1) / 2, 25, 500)
    assert found.loc[points.index].to_numpy() == pytest.approx(expected, abs=0.01)
    assert np.median(expected) == pytest.approx(98, abs=1)
