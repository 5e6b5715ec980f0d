"""Camera sites: demand, credit for what stands already, street furniture only, and the exact choice behind them."""

from __future__ import annotations

from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal

from geodata import cells as h3cells
from geodata.area import StudyArea
from geodata.errors import DesignError, SourceError
from geodata.quality import DefaultLocation
from geodata.sources import read
from hotspots.cameras import can_site, candidate_sites, empty_sites, read_cameras, site_cameras
from hotspots.config import CameraConfig

AREA = StudyArea("Testham", shapely.box(-2.20, 52.55, -2.05, 52.62))
CENTRE = h3cells.centres([h3cells.assign([-2.13], [52.585], 10)[0]])[0]
X0, Y0 = (float(metres[0]) for metres in AREA.project([CENTRE[0]], [CENTRE[1]]))
CONFIG = CameraConfig(n_cameras=1, range_m=60)


def at(east, north):
    """Degrees of a point metres east and north of the middle of the hotspot."""
    longitude, latitude = AREA.unproject([X0 + east], [Y0 + north])
    return float(longitude[0]), float(latitude[0])


def hotspot():
    own = h3cells.disk(h3cells.assign([CENTRE[0]], [CENTRE[1]], 10)[0], 1)
    row = {"rank": 1, "name": "Mill Lane", "cells": ",".join(own), "geometry": shapely.union_all(h3cells.polygons(own))}
    return gpd.GeoDataFrame([row], index=pd.Index(["H01"], name="hotspot_id"), crs=4326)


def street(*metres, name="High Street"):
    line = shapely.LineString([at(*point) for point in metres])
    return gpd.GeoDataFrame({"name": [name]}, geometry=[line], crs=4326)


def reports(*piles, precision="address", month="2024-03", qualifier="nuisance", location="12 High Street"):
    """Piles of (east, north, n) reports."""
    points = [at(east, north) for east, north, n in piles for _ in range(n)]
    frame = pd.DataFrame(points, columns=["longitude", "latitude"])
    return frame.assign(
        month=pd.Timestamp(f"{month}-01").as_unit("us"),
        location_precision=precision,
        qualifier=qualifier,
        location=location,
    )


def site(data, *, streets=None, existing=None, config=CONFIG, **options):
    return site_cameras(hotspot(), data, streets=streets, existing=existing, area=AREA, config=config, **options)


LONG_STREET = ((-300, 0), (300, 0))


def test_a_camera_goes_where_most_reports_are_within_range():
    found = site(reports((-100, 10, 3), (80, 10, 9), (90, -10, 4)), streets=street(*LONG_STREET))
    assert found.loc["C1", ["n_covered", "n_marginal", "name", "hotspot_id"]].to_list() == [
        13,
        13,
        "On High Street",
        "H01",
    ]
    assert found.loc["C1", "share_covered"] == pytest.approx(13 / 16)
    x, y = AREA.project(found["longitude"], found["latitude"])
    assert abs(y[0] - Y0) < 1  # on the street
    assert np.hypot(x[0] - X0 - 85, y[0] - Y0) < 60


def test_the_choice_equals_brute_force_over_all_candidates():
    rng = np.random.default_rng(4)
    piles = [(*rng.uniform(-180, 180, 2), int(n)) for n in rng.integers(1, 6, 60)]
    data, streets = reports(*piles), pd.concat([street(*LONG_STREET), street((0, -300), (0, 300), name="Cross Street")])
    config = CameraConfig(n_cameras=3, range_m=60)
    candidates = candidate_sites(hotspot(), data, streets=streets, area=AREA, spacing_m=40)
    sites = np.column_stack(AREA.project(candidates["longitude"], candidates["latitude"]))
    points = np.column_stack(AREA.project(data["longitude"], data["latitude"]))
    covers = np.hypot(*(sites[:, None] - points[None]).transpose(2, 0, 1)) <= 60
    best = max(covers[list(chosen)].any(axis=0).sum() for chosen in combinations(range(len(sites)), 3))
    found = site(data, streets=streets, config=config)
    assert found["n_marginal"].sum() == best
    assert found["n_marginal"].is_monotonic_decreasing
    assert found["share_covered"].is_monotonic_increasing


def test_what_an_existing_camera_sees_is_credited_to_it():
    longitude, latitude = at(80, 0)
    existing = pd.DataFrame({"longitude": [longitude], "latitude": [latitude], "range_m": [40.0]})
    found = site(reports((-100, 10, 3), (80, 10, 9)), streets=street(*LONG_STREET), existing=existing)
    assert found.loc["C1", ["n_covered", "n_marginal"]].to_list() == [3, 3]
    assert found.loc["C1", "share_covered"] == 1.0
    assert site(reports((80, 10, 9)), streets=street(*LONG_STREET), existing=existing).empty


def test_a_short_sighted_existing_camera_leaves_the_rest_to_do():
    longitude, latitude = at(80, 0)
    existing = pd.DataFrame({"longitude": [longitude], "latitude": [latitude], "range_m": [5.0]})
    found = site(reports((80, 10, 9), (80, 2, 2)), streets=street(*LONG_STREET), existing=existing)
    assert found.loc["C1", ["n_covered", "n_marginal"]].to_list() == [11, 9]


def test_only_the_last_twelve_months_count():
    old, edge = reports((-100, 0, 50), month="2023-03"), reports((-100, 0, 2), month="2023-04")
    data = pd.concat([old, edge, reports((100, 0, 3))], ignore_index=True)
    found = site(data, streets=street(*LONG_STREET), config=CameraConfig(n_cameras=2))
    assert found["n_covered"].to_list() == [3, 2]


def test_personal_reports_and_default_locations_draw_no_camera():
    neighbours = reports((-100, 0, 50), qualifier="personal")
    filed = reports((0, 0, 40))
    longitude, latitude = filed.loc[0, ["longitude", "latitude"]]
    station = DefaultLocation(longitude, latitude, "Police Station", 40, 0.3, "test")
    data = pd.concat([neighbours, filed, reports((150, 0, 3))], ignore_index=True)
    found = site(data, streets=street(*LONG_STREET), default_locations=[station])
    assert found.loc["C1", ["n_covered", "share_covered"]].to_list() == [3, 1.0]


def test_reports_beyond_reach_of_the_hotspot_are_no_demand():
    data = reports((100, 0, 3), (2000, 0, 500))
    found = site(data, streets=street((-3000, 0), (3000, 0)))
    assert found.loc["C1", ["n_covered", "share_covered"]].to_list() == [3, 1.0]


def test_no_site_is_named_that_adds_nothing():
    found = site(reports((80, 10, 9)), streets=street(*LONG_STREET), config=CameraConfig(n_cameras=4))
    assert len(found) == 1


def test_a_second_site_on_one_street_says_so():
    found = site(reports((-150, 0, 5), (150, 0, 4)), streets=street(*LONG_STREET), config=CameraConfig(n_cameras=2))
    assert found["name"].to_list() == ["On High Street", "On High Street (site 2)"]


def test_every_site_expires_and_carries_its_caveat():
    found = site(reports((80, 10, 9)), streets=street(*LONG_STREET)).loc["C1"]
    assert (found["expires_after_weeks"], found["review_weeks"], found["range_m"]) == (12, "4, 12", 60.0)
    assert found["caveat"].startswith("A camera is a time-limited support to a plan, not a plan")
    assert "60 m circle" in found["caveat"]
    assert "ignores walls" in found["caveat"]


def test_candidates_stand_every_few_metres_along_streets_inside_the_hotspot():
    found = candidate_sites(hotspot(), reports((0, 0, 1)), streets=street(*LONG_STREET), area=AREA, spacing_m=40)
    x, y = AREA.project(found["longitude"], found["latitude"])
    assert np.allclose(np.diff(np.sort(x)), 40, atol=0.05)
    assert np.allclose(y, Y0, atol=0.5)
    assert hotspot().union_all().contains(gpd.points_from_xy(found["longitude"], found["latitude"])).all()
    assert set(found["kind"]) == {"street line"}


def test_a_junction_is_one_candidate_and_multilines_are_taken_apart():
    crossing = pd.concat([street((0, 0), (100, 0)), street((0, 0), (0, 100), name="Cross Street")])
    joined = gpd.GeoDataFrame({"name": ["Both"]}, geometry=[shapely.union_all(crossing.geometry)], crs=4326)
    for streets in (crossing, joined):
        found = candidate_sites(hotspot(), reports((0, 0, 1)), streets=streets, area=AREA, spacing_m=50)
        assert len(found) == 5


def test_without_streets_the_street_points_of_the_reports_are_candidates():
    data = reports((80, 10, 9), (-80, 0, 2), precision="street", location="On or near Mill Lane")
    found = candidate_sites(hotspot(), data, streets=None, area=AREA, spacing_m=40)
    assert sorted(found["street"]) == ["Mill Lane", "Mill Lane"]
    assert set(found["kind"]) == {"street point"}
    assert site(data).loc["C1", "name"] == "On Mill Lane"


def test_an_address_is_never_a_candidate():
    rng = np.random.default_rng(0)
    data = reports(*[(*rng.uniform(-150, 150, 2), 1) for _ in range(200)])
    found = candidate_sites(hotspot(), data, streets=None, area=AREA, spacing_m=40)
    assert set(found["kind"]) == {"cell centre"}
    addresses = set(zip(data["longitude"], data["latitude"], strict=True))
    assert addresses.isdisjoint(zip(found["longitude"], found["latitude"], strict=True))
    chosen = site(data).loc["C1"]
    assert chosen["name"] == "On High Street"  # no house number
    assert "look for the nearest lamp column" in chosen["caveat"]


def test_a_hotspot_no_street_line_crosses_still_gets_candidates():
    elsewhere = street((1000, 0), (1300, 0))
    data = reports((80, 10, 9), precision="street")
    assert set(candidate_sites(hotspot(), data, streets=elsewhere, area=AREA, spacing_m=40)["kind"]) == {"street point"}


def test_an_unnamed_street_is_named_by_its_hotspot_and_a_kind_of_place_is_at():
    data = reports((80, 10, 9))
    assert site(data, streets=street(*LONG_STREET, name=None)).loc["C1", "name"] == "In Mill Lane"
    assert site(data, streets=street(*LONG_STREET, name="Parking Area")).loc["C1", "name"] == "At Parking Area"


@pytest.mark.parametrize("precision", ["snap_point", "area"])
def test_reports_placed_at_shared_points_site_no_camera(precision):
    data = reports((80, 10, 9), precision=precision)
    refusal = can_site(data)
    assert refusal is not None
    assert refusal.reason.startswith("9 of 9 reports are placed at a shared map point")
    assert "R2.12" in refusal.rule
    with pytest.raises(DesignError, match="Camera sites are refused"):
        site(data)


def test_half_the_reports_finely_placed_are_enough_and_only_they_count():
    fine, coarse = reports((80, 10, 5)), reports((-80, 10, 5), precision="snap_point")
    assert can_site(pd.concat([fine, coarse])) is None
    assert can_site(pd.concat([fine.iloc[1:], coarse])) is not None
    assert can_site(fine.iloc[:0]) is None
    found = site(pd.concat([fine, coarse], ignore_index=True), streets=street(*LONG_STREET))
    assert found.loc["C1", ["n_covered", "share_covered"]].to_list() == [5, 1.0]


def test_without_hotspots_cameras_or_demand_the_table_is_empty_with_the_same_columns():
    data, streets = reports((80, 10, 9)), street(*LONG_STREET)
    full = site(data, streets=streets)
    none = site_cameras(hotspot().iloc[:0], data, streets=streets, existing=None, area=AREA, config=CONFIG)
    for empty in (
        none,
        empty_sites(),
        site(data, streets=streets, config=CameraConfig(n_cameras=0)),
        site(data.iloc[:0]),
    ):
        assert empty.empty
        assert list(empty.columns) == list(full.columns)
        assert (empty.dtypes == full.dtypes).all()
        assert empty.index.name == "camera_id"


def test_the_same_reports_in_another_order_give_the_same_sites():
    rng = np.random.default_rng(4)
    data = reports(*[(*rng.uniform(-180, 180, 2), int(n)) for n in rng.integers(1, 6, 60)])
    shuffled = data.sample(frac=1, random_state=1)
    before = shuffled.copy()
    config = CameraConfig(n_cameras=3)
    for streets in (None, street(*LONG_STREET)):
        first, second = (site(frame, streets=streets, config=config) for frame in (data, shuffled))
        assert_frame_equal(pd.DataFrame(first), pd.DataFrame(second))
    assert_frame_equal(shuffled, before)


def test_a_camera_list_is_read_with_the_range_it_states_or_the_overview_range(tmp_path):
    path = tmp_path / "cameras.csv"
    path.write_text("Name,Lon,Lat,Range_m\nPole 4,-2.13,52.585,90\n<b>,-2.12,52.59,\n", encoding="utf-8")
    cameras = read_cameras(path)
    assert cameras["range_m"].to_list() == [90.0, 60.0]
    assert cameras["name"].to_list() == ["Pole 4", "<b>"]
    assert (cameras.geometry.x == cameras["longitude"]).all()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "name,easting\nPole 4,390000\n",
            "the cameras table has no column longitude, latitude; its columns are: name, easting",
        ),
        (
            "longitude,latitude\n-2.13,north\n",
            "1 of 1 values of latitude are not a number from -90 to 90 (first on line 2: 'north')",
        ),
        ("longitude,latitude\n391370,298718\n", "1 of 1 values of longitude are not a number from -180 to 180"),
        ("longitude,latitude,range_m\n-2.13,52.58,0\n", "range_m are not a number from 0.1 to 2000"),
        ("", "cameras.csv is empty"),
    ],
)
def test_a_broken_camera_list_gets_one_clear_sentence(tmp_path, text, says):
    path = tmp_path / "cameras.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError) as refusal:
        read_cameras(path)
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_police_uk_points_site_no_camera(shared):
    records = read([shared / "data" / "police_uk" / "wolverhampton_2014-01_2014-02.csv"]).records
    refusal = can_site(records.dropna(subset=["longitude", "latitude"]))
    assert refusal is not None
    assert "shared map point" in refusal.reason
