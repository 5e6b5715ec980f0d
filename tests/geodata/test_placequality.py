from __future__ import annotations

import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geodata.area import StudyArea
from geodata.hitrate import hit_rates, poorly_located, unlocated_by_area
from geodata.placequality import (
    exchanged,
    exchanged_finding,
    far_outside,
    forces_of,
    is_far,
    missing_force_months,
    missing_force_months_finding,
    repeated_names,
)
from geodata.sources import read

from .conftest import records

TOWN = StudyArea("town", shapely.box(-2.16, 52.57, -2.10, 52.60))
MANY = "data/police_uk/many-forces-2014-06_2014-08.zip"


# ---- hit rates


def test_hit_rates_are_counted_by_category_month_and_beat() -> None:
    table = records(
        4, longitude=[-2.1, np.nan, -2.1, np.nan], category=["a", "a", "b", "b"], beat=["W1", "W1", "", "W2"],
        month=pd.to_datetime(["2024-01-01", "2024-02-01", "2024-01-01", "2024-01-01"]),
    )  # fmt: skip
    found = {(rate.by, rate.group): (rate.n, rate.located) for rate in hit_rates(table)}
    assert found == {
        ("category", "a"): (2, 1), ("category", "b"): (2, 1), ("month", "2024-01"): (3, 2),
        ("month", "2024-02"): (1, 0), ("beat", "W1"): (2, 1), ("beat", "W2"): (1, 0),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("n", "located", "is_poor"), [(30, 25, True), (40, 34, False), (29, 0, False), (100, 84, True)]
)
def test_a_group_of_30_below_85_percent_is_said(n: int, located: int, is_poor: bool) -> None:
    table = records(n, longitude=[-2.1] * located + [np.nan] * (n - located), beat="W1")
    finding = poorly_located(hit_rates(table))
    assert (finding is not None) == is_poor
    if finding is not None:
        assert finding.severity == "amber"
        assert f"beat W1 {located / n:.1%} of {n}" in finding.message


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=40))
def test_every_record_is_in_one_group_of_each_kind(rows: list[tuple[str, bool]]) -> None:
    table = records(
        len(rows), category=[c for c, _ in rows], longitude=[-2.1 if there else np.nan for _, there in rows]
    )
    rates = hit_rates(table)
    for by in ("category", "month"):
        assert sum(rate.n for rate in rates if rate.by == by) == len(rows)
        assert sum(rate.located for rate in rates if rate.by == by) == sum(there for _, there in rows)


def test_a_hit_rate_by_area_is_told_only_where_records_without_a_place_state_one() -> None:
    placed_only = records(3, longitude=[-2.1, -2.1, np.nan], beat=["W1", "W1", ""], lsoa_code=["E1", "E2", ""])
    stated = placed_only.assign(lsoa_code=["E1", "E2", "E1"])
    assert {rate.by for rate in hit_rates(placed_only)} == {"category", "month"}
    found = {(rate.by, rate.group): (rate.n, rate.located) for rate in hit_rates(stated) if rate.by != "month"}
    assert found == {("category", "anti-social-behaviour"): (3, 2), ("LSOA", "E1"): (2, 1), ("LSOA", "E2"): (1, 1)}


@pytest.mark.parametrize(
    ("beat", "lsoa", "says"),
    [
        ("", "", "cannot be told: none of the 30 records"), ("W1", "", None), ("", "E01000001", None),
        (["W1"] * 25 + [""] * 15, "", "15 of the 30 records without coordinates state no beat"),
    ],
)  # fmt: skip
def test_why_there_is_no_hit_rate_by_beat_is_said(beat: object, lsoa: object, says: str | None) -> None:
    table = records(40, longitude=[-2.1] * 10 + [np.nan] * 30, beat=beat, lsoa_code=lsoa)
    finding = unlocated_by_area(table)
    assert (finding is None) == (says is None)
    assert finding is None or str(says) in finding.message
    assert unlocated_by_area(table.drop(columns=["beat", "lsoa_code"])) is not None
    assert unlocated_by_area(table.iloc[:39]) is None  # too few to say anything of an area


def test_bedfordshire_has_no_hit_rate_by_beat(shared: Path) -> None:
    wanted = read([shared / "data/police_uk/bedfordshire-2021-05_2024-04.zip"]).records
    finding = unlocated_by_area(wanted)
    assert finding is not None
    with zipfile.ZipFile(shared / "data/police_uk/bedfordshire-2021-05_2024-04.zip") as archive:
        rows = pd.concat(pd.read_csv(archive.open(name)) for name in archive.namelist() if name.endswith("street.csv"))
    unlocated = rows.loc[rows["Longitude"].isna()]
    assert unlocated["LSOA code"].isna().all()
    assert finding.n == len(unlocated) == 6381


# ---- strays


def test_strays_beyond_an_empty_ring_are_far_and_an_outlying_town_is_not() -> None:
    town, outlying = np.linspace(-2.2, -2.1, 900), np.full(97, -1.5)  # 97 records 44 km away: a district of its own
    table = records(1000, longitude=[*town, *outlying, -0.1, -0.1, 1.2])
    assert is_far(table).tolist() == [False] * 997 + [True] * 3
    finding = far_outside(table)
    assert finding is not None
    assert (finding.n, finding.severity) == (3, "info")
    assert not is_far(records(99, longitude=[-2.1] * 98 + [1.2])).any()
    assert far_outside(records(1).iloc[:0]) is None


def test_each_force_has_its_own_ring() -> None:
    files = ["2024-01/2024-01-north-street.csv", "2024-02/2024-02-north-street.csv", "2024-01/2024-01-south-street.csv"]
    table = records(303, longitude=[-2.1] * 100 + [-2.1] * 101 + [0.5] * 101 + [-2.1],
                    source=np.repeat(files, [100, 101, 102]))  # fmt: skip
    assert np.flatnonzero(is_far(table)).tolist() == [302]


def test_staffordshires_strays_lie_outside_staffordshire_and_nobody_elses_do(shared: Path) -> None:
    """The boundary of the force, which the check never sees, confirms what it finds."""
    located = read([shared / MANY]).records.dropna(subset=["longitude"])
    located = located.loc[located["source"].str.contains("staffordshire")]
    strays = is_far(located)
    forces = gpd.read_file(shared / "data/boundaries/police_force_areas_2020.geojson").to_crs(27700)
    home = forces.loc[forces["pfa20_name"] == "Staffordshire"].geometry.union_all()
    points = gpd.GeoSeries(gpd.points_from_xy(located["longitude"], located["latitude"]), crs=4326).to_crs(27700)
    away_km = points.distance(home).to_numpy() / 1000
    assert strays.sum() > 20
    assert strays.sum() == (away_km > 20).sum()
    assert away_km[strays].min() > 20
    assert away_km[~strays].max() < 20


# ---- exchanged


def test_exchanged_degrees_and_metres_are_counted() -> None:
    x, y = TOWN.project([-2.13, -2.12], [52.585, 52.586])
    wrong_longitude, wrong_latitude = TOWN.unproject(y, x)
    table = records(
        4, longitude=[52.585, *wrong_longitude, -1.9], latitude=[-2.13, *wrong_latitude, 52.5]
    )  # one pair of degrees, two of metres, one place elsewhere
    assert exchanged(table, TOWN) == (1, 2)
    finding = exchanged_finding(1, 2)
    assert finding is not None
    assert "longitude and latitude in 1 and east and north in 2" in finding.message
    assert exchanged_finding(0, 0) is None
    assert exchanged(table.iloc[:0], TOWN) == (0, 0)


def test_a_neighbour_across_the_border_is_not_exchanged() -> None:
    """Near Leeds east and north are much alike: exchanging moves a place a few kilometres, perhaps into the area."""
    leeds = StudyArea("Leeds", shapely.box(-1.60, 53.75, -1.50, 53.82))
    x, y = leeds.project(-1.55, 53.79)
    longitude, latitude = leeds.unproject([float(y)], [float(x)])
    assert exchanged(records(1, longitude=longitude, latitude=latitude), leeds) == (0, 0)


# ---- names


def test_names_that_stand_at_many_points_are_said() -> None:
    longitude = [-2.10, -2.11, -2.12, -2.13, -2.14, -2.14, -2.15]
    table = records(7, longitude=longitude, location=["On or near Parking Area"] * 6 + ["On or near High Street"],
                    location_precision="snap_point")  # fmt: skip
    finding = repeated_names(table)
    assert finding is not None
    assert "5 points or more: 1, such as On or near Parking Area (5)" in finding.message
    assert repeated_names(table.assign(location_precision="address")) is None


def test_parking_area_stands_at_21_points_of_wolverhampton(shared: Path) -> None:
    path = shared / "data/police_uk/wolverhampton_2014-01_2014-02.csv"
    finding = repeated_names(read([path]).records)
    plain = pd.read_csv(path).groupby("Location")[["Longitude", "Latitude"]].apply(lambda p: len(p.drop_duplicates()))
    assert plain["On or near Parking Area"] == 21
    assert finding is not None
    assert "On or near Parking Area (21)" in finding.message
    assert finding.n == (plain >= 5).sum()


# ---- deliveries


def street(force: str, month: str, n: int) -> pd.DataFrame:
    return records(n, month=pd.Timestamp(f"{month}-01"), source=f"{month}/{month}-{force}-street.csv")


def test_a_month_of_a_force_that_is_not_there_is_named() -> None:
    held = [
        ("north", "2024-01"),
        ("north", "2024-03"),
        ("south", "2024-01"),
        ("south", "2024-02"),
        ("south", "2024-03"),
    ]
    table = pd.concat([street(force, month, 5) for force, month in held], ignore_index=True)
    assert missing_force_months(table) == (("north", "2024-02"),)
    assert forces_of(table) == {"north", "south"}
    amber = missing_force_months_finding([("north", "2024-02")], frozenset({"north"}))
    info = missing_force_months_finding([("north", "2024-02")], frozenset({"south"}))
    assert amber is not None
    assert info is not None
    assert (amber.severity, info.severity) == ("amber", "info")
    assert "1 (2024-02: north)" in amber.message


def test_a_month_of_a_force_that_fell_by_more_than_half_is_named() -> None:
    counts = [60, 62, 58, 61, 20, 60]
    table = pd.concat([street("north", f"2024-{m:02d}", n) for m, n in enumerate(counts, 1)], ignore_index=True)
    assert missing_force_months(table) == (("north", "2024-05"),)


def test_extracts_of_forces_have_no_force_months() -> None:
    assert missing_force_months(records(3)) == ()
    assert missing_force_months_finding((), frozenset()) is None


def test_july_2014_is_missing_for_every_force_of_the_real_archive(shared: Path) -> None:
    with zipfile.ZipFile(shared / MANY) as archive:
        names = [Path(name).name for name in archive.namelist() if name.endswith("-street.csv")]
    delivered = {(name[8 : -len("-street.csv")], name[:7]) for name in names}
    forces = {force for force, _ in delivered}
    expected = {(force, month) for force in forces for month in ("2014-06", "2014-07", "2014-08")} - delivered
    assert len(forces) == 38
    assert set(missing_force_months(read([shared / MANY]).records)) == expected == {(f, "2014-07") for f in forces}
