"""Records placed at the middle of an area are found, whatever says so, and never pass as streets (R3.9)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geodata.area import StudyArea
from geodata.confidence import low_confidence
from geodata.institutions import kind_of_place
from geodata.quality import Gate, screen
from geodata.sources import read
from geodata.sources.geocoding import Placed, by_name, by_quality
from geodata.sources.intake import Intake

Write = Callable[..., Path]

HEADER = "ref,date,category,easting,northing,location,Geocode Quality"
MONTHS = pd.date_range("2023-01-05 10:10", periods=12, freq="MS") + pd.Timedelta("4D")


@pytest.mark.parametrize(
    ("value", "placed"),
    [
        ("Ward centroid", Placed("area", 1_000)), ("BEAT", Placed("area", 1_000)), ("Postcode", Placed("area", 100)),
        ("Postcode Sector", Placed("area", 1_500)), ("LSOA_CENTROID", Placed("area", 400)), ("Town", Placed("area")),
        ("No match", Placed("area")), ("centroid", Placed("area")), ("Exact", Placed("address")),
        ("Rooftop", Placed("address")), ("building centroid", Placed("address")), ("Street", Placed("street")),
        ("STREET_CENTROID", Placed("street")), ("87", None), ("", None), ("Good", None),
    ],
)  # fmt: skip
def test_words_of_geocoders_are_known(value: str, placed: Placed | None) -> None:
    assert by_quality(value) == placed


@pytest.mark.parametrize(
    ("name", "radius"),
    [
        ("Ward centroid 9", 1_000),
        ("Centre of postcode WV1 1AA", 100),
        ("LSOA centre", 400),
        ("Middle of the town", None),
    ],
)
def test_names_of_middles_of_areas_are_known(name: str, radius: float | None) -> None:
    assert by_name(name) == Placed("area", radius)


@pytest.mark.parametrize(
    "name", ["Ward Street", "Town Centre", "Beatties", "Sector Road", "Mander Centre", "Area 51", ""]
)
def test_names_of_places_are_no_areas(name: str) -> None:
    assert by_name(name) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("N/A", "no known place"), ("Not specified", "no known place"), ("None", "no known place"),
        ("Police Stn, Bilston Street", "police station"), ("Wolverhampton City Centre", "town centre"),
        ("Ward centroid 3", "middle of an area"), ("None Street", ""), ("Canal Path", ""),
        ("On or near Town Centre", ""), ("Shop in the old town centre arcade", ""),
    ],
)  # fmt: skip
def test_more_names_that_records_are_booked_to(text: str, kind: str) -> None:
    assert kind_of_place(text) == kind


def log(extract_csv: Write, named: list[str], quality: list[str], at: np.ndarray | None = None) -> Intake:
    """A log of reports at places of their own, or at those given, spread over twelve months."""
    n = len(named)
    rng = np.random.default_rng(3)
    own = np.column_stack([rng.integers(390_101, 392_499, n), rng.integers(297_501, 299_499, n)]) * 1.0
    own[:, 0] += 0.37  # written to no round metre
    places = own if at is None else np.where(np.isnan(at), own, at)
    lines = [
        f"R{i},{MONTHS[i % 12]:%Y-%m-%d %H}:{i % 60:02d},ASB,{x:.2f},{y:.2f},{named[i]},{quality[i]}"
        for i, (x, y) in enumerate(places)
    ]
    return read([extract_csv(lines, HEADER)])


def passed(intake: Intake, town: StudyArea, lsoa: gpd.GeoDataFrame | None = None) -> Gate:
    return screen(intake, town, lsoa=lsoa, today=pd.Timestamp("2024-06-01", tz="Europe/London"))


def test_geocode_quality_sets_precision_and_radius(extract_csv: Write, town: StudyArea) -> None:
    quality = ["Exact", "Street", "Postcode", "Ward centroid", "City", "87"] * 20
    intake = log(extract_csv, ["High Street"] * 120, quality)
    assert intake.records["location_precision"].tolist()[:6] == ["address", "street", "area", "area", "area", "street"]
    assert any(
        "geocode qualities that say neither address, street nor area: 20 (first '87')" in n for n in intake.notes
    )
    held = passed(intake, town).incidents
    radius = held.groupby(intake.records["location"].index.to_numpy() % 6)["error_radius_m"].first()
    assert radius.tolist() == pytest.approx([15, 75, 100, 1000, np.sqrt(town.boundary_m.area / np.pi), 75])


@pytest.mark.parametrize(("n_centroid", "grade", "severity"), [(8, "A", "info"), (20, "B", "amber"), (60, "C", "red")])
def test_the_grade_follows_the_share_placed_at_middles_of_wards(
    extract_csv: Write, town: StudyArea, n_centroid: int, grade: str, severity: str
) -> None:
    named = [f"Ward centroid {i % 4}" if i < n_centroid else f"Road {i}" for i in range(200)]
    report = passed(log(extract_csv, named, [""] * 200), town).report
    (found,) = [finding for finding in report.findings if finding.check == "middles of areas"]
    assert (found.severity, found.n, report.grade) == (severity, n_centroid, grade)
    assert f"{n_centroid} of 200 records" in found.message
    assert dict(report.location_shares)["area"] == n_centroid / 200


def test_postcodes_are_areas_too_small_to_lower_the_grade(extract_csv: Write, town: StudyArea) -> None:
    report = passed(log(extract_csv, ["Road"] * 200, ["Postcode"] * 200), town).report
    assert report.grade == "A"
    assert any("200 of 200 records" in f.message for f in report.findings if f.check == "middles of areas")


def test_unnamed_middles_are_told_by_the_boundaries_given_with_their_size_as_radius(
    extract_csv: Write, town: StudyArea
) -> None:
    squares = [shapely.box(390_150 + 800 * i, 297_600, 390_950 + 800 * i, 298_400) for i in range(2)]
    lsoa = gpd.GeoDataFrame({"code": ["E01000001", "E01000002"], "name": ""}, geometry=squares, crs=27700).to_crs(4326)
    at = np.full((200, 2), np.nan)
    at[:30] = (390_550.2, 298_000.3)
    at[30:34] = (391_350.4, 298_001.9)
    at[34:37] = (390_550.2, 298_030.3)  # thirty metres off is no middle
    intake = log(extract_csv, ["Somewhere"] * 200, [""] * 200, at)
    blind, told = passed(intake, town), passed(intake, town, lsoa)
    assert "area" not in set(blind.incidents["location_precision"])
    held = told.incidents.set_index("crime_id")
    is_middle = held["location_precision"] == "area"
    assert set(held.index[is_middle]) == {f"R{i}" for i in range(34)}
    assert held.loc[is_middle, "error_radius_m"].to_numpy() == pytest.approx(np.sqrt(800**2 / np.pi), rel=0.01)
    assert told.report.grade == "C"
    assert "stated_radius_m" not in blind.incidents  # no column is made where nothing stands for an area


@pytest.mark.parametrize(
    ("names", "is_middle"),
    [(["12 High Street"] * 30, False), (["12 High Street", "3 Mill Lane"] * 15, True), (["Bilston"] * 30, True)],
)
def test_one_numbered_address_may_lie_in_the_middle_of_an_area(
    extract_csv: Write, town: StudyArea, names: list[str], is_middle: bool
) -> None:
    square = shapely.box(390_150, 297_600, 390_950, 298_400)
    lsoa = gpd.GeoDataFrame({"code": ["E01000001"], "name": ""}, geometry=[square], crs=27700).to_crs(4326)
    at = np.full((200, 2), np.nan)
    at[:30] = (390_550.2, 298_000.3)
    told = passed(log(extract_csv, [*names, *["Somewhere"] * 170], [""] * 200, at), town, lsoa)
    assert ("area" in set(told.incidents["location_precision"])) == is_middle


def test_a_hotspot_that_stands_on_middles_of_areas_says_so(extract_csv: Write, town: StudyArea) -> None:
    named = ["Ward centroid 1" if i < 60 else f"Road {i}" for i in range(200)]
    at = np.full((200, 2), np.nan)
    at[:60] = (391_000.3, 298_500.7)
    held = passed(log(extract_csv, named, [""] * 200, at), town).incidents
    group = pd.Series(np.where(held["location"] == "Ward centroid 1", "H1", "H2"), index=held.index)
    said = low_confidence(held, group, pd.Series({"H1": 0.06, "H2": 0.06}))
    assert said["is_low_confidence"].tolist() == [True, False]
    assert "placed only to within some 1000 m (middles of areas 60)" in said.loc["H1", "sentence"]
