"""The sample city holds what its truth says, is the same every time, and says SYNTHETIC wherever it is shown."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geodata.area import read_area
from geodata.errors import DataError
from geodata.sample import City, make_city, write_city
from geodata.sample.places import CITY_BOX_M, LOCALITIES
from geodata.sources import read

ASB = "Anti-social behaviour"
FILES = {
    "incidents.csv", "area.geojson", "streets.geojson", "cameras.csv", "visits.csv", "truth.json", "treated.geojson",
    "design.toml",
}  # fmt: skip


@pytest.fixture(scope="module")
def city() -> City:
    return make_city(seed=0)


@pytest.fixture(scope="module")
def files(city, tmp_path_factory):
    return write_city(city, tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def rows(files) -> pd.DataFrame:
    """The extract as plain text, as any other program would read it."""
    return pd.read_csv(files["incidents.csv"], dtype="str", keep_default_na=False)


@pytest.fixture(scope="module")
def truth(files):
    return json.loads(files["truth.json"].read_text(encoding="utf-8"))


def _metres(frame: pd.DataFrame) -> np.ndarray:
    return frame[["easting", "northing"]].replace("", np.nan).astype(float).to_numpy()


def _grid(points) -> np.ndarray:
    """Project truth's degrees independently of the sample's own code."""
    series = gpd.GeoSeries([shapely.Point(p["longitude"], p["latitude"]) for p in points], crs="EPSG:4326")
    return shapely.get_coordinates(series.to_crs("EPSG:27700").to_numpy())


def _within(frame: pd.DataFrame, centre: np.ndarray, radius_m: float) -> pd.Series:
    return pd.Series(np.hypot(*(_metres(frame) - centre).T) <= radius_m, index=frame.index)


def test_every_promised_file_is_written(files):
    assert set(files) == FILES
    assert all(path.is_file() for path in files.values())


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(city, files, tmp_path):
    def digests(paths):
        return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items()}

    again = digests(write_city(make_city(seed=0), tmp_path / "again"))
    other = digests(write_city(make_city(seed=1), tmp_path / "other"))
    assert again == digests(files)
    varying = FILES - {"design.toml", "treated.geojson", "cameras.csv"}  # places and plan are facts, not chance
    assert all(other[name] != again[name] for name in varying)


def test_writing_leaves_the_city_unchanged(city, tmp_path):
    before = city.incidents.copy()
    write_city(city, tmp_path)
    pd.testing.assert_frame_equal(city.incidents, before)


def test_a_negative_seed_is_refused():
    with pytest.raises(DataError, match="0 or more, not -1"):
        make_city(seed=-1)


@pytest.mark.parametrize("seed", range(3))
def test_the_area_has_the_published_size_lies_in_the_published_box_and_holds_every_ring(seed, tmp_path):
    area = read_area(write_city(make_city(seed), tmp_path)["area.geojson"])
    assert area.area_km2 == pytest.approx(69.4, rel=0.005)
    assert shapely.box(*CITY_BOX_M).buffer(1).covers(area.boundary_m)
    circles = shapely.points(_grid([dataclasses.asdict(place) for place in LOCALITIES]))
    assert shapely.covers(area.boundary_m, shapely.buffer(circles, 350)).all()


def test_planted_hotspots_lie_apart_and_away_from_the_police_station(truth):
    centres = _grid([*truth["hotspots"], truth["default_location"]])
    gaps = np.hypot(*(centres[:, None] - centres[None]).transpose(2, 0, 1)) + np.eye(len(centres)) * 1e9
    assert gaps[:-1, :-1].min() >= 700
    assert gaps[-1].min() >= 600


def test_streets_are_named_lines_and_every_address_lies_beside_its_street(city, files):
    streets = gpd.read_file(files["streets.geojson"])
    assert 1000 <= len(streets) <= 5000
    assert (streets.geom_type == "LineString").all()
    assert streets["name"].is_unique
    lines = streets.to_crs("EPSG:27700").geometry.to_numpy()[city.addresses["street"]]
    away = shapely.distance(lines, shapely.points(city.addresses[["easting", "northing"]].to_numpy(float)))
    assert away.max() < 20


def test_the_volume_is_that_of_the_real_city_in_every_one_of_36_months(rows, files):
    months = rows["occurred_from"].str[:7]
    assert sorted(months.unique()) == [f"{m:%Y-%m}" for m in pd.date_range("2021-08-01", "2024-07-01", freq="MS")]
    asb = months[rows["category"] == ASB].value_counts()
    assert asb.mean() == pytest.approx(375, rel=0.05)
    assert (len(rows) - asb.sum()) / 36 == pytest.approx(800, rel=0.05)
    assert files["incidents.csv"].stat().st_size < 8_000_000


def test_summer_has_more_asb_than_winter_and_bonfire_week_more_fireworks(rows):
    asb = rows[rows["category"] == ASB]
    month = asb["occurred_from"].str[5:7]
    assert month.isin(["06", "07", "08"]).sum() > 1.2 * month.isin(["12", "01", "02"]).sum()
    fireworks = asb[asb["nsir_category"] == "Fireworks"]["occurred_from"].str[5:10]
    assert fireworks.between("10-25", "11-08").mean() > 0.4


def test_ten_planted_hotspots_hold_the_reports_the_truth_says(rows, truth):
    once = rows.drop_duplicates("incident_ref")
    asb = once[once["category"] == ASB]
    assert len(truth["hotspots"]) == 10
    for place, centre in zip(truth["hotspots"], _grid(truth["hotspots"]), strict=True):
        inside = _within(asb, centre, place["radius_m"]).sum()
        assert inside == sum(place["reports_by_year"])
        assert place["reports_per_12m"] == pytest.approx(inside / 3, abs=0.05)
        assert min(place["reports_by_year"]) >= 60
        assert place["reports_per_12m"] <= 150


def test_the_planted_share_of_hotspot_reports_falls_in_the_late_shift(rows, truth):
    by_public = rows[(rows["category"] == ASB) & (rows["officer_initiated"] == "N")]
    inside = sum(
        _within(by_public, centre, place["radius_m"])
        for place, centre in zip(truth["hotspots"], _grid(truth["hotspots"]), strict=True)
    )
    exact = by_public["occurred_to"].isin(["", *by_public["occurred_from"]]) & ~by_public["occurred_from"].str.endswith(
        "00:00"
    )
    times = pd.to_datetime(by_public.loc[(inside > 0) & exact, "occurred_from"])
    in_peak = times.dt.strftime("%a").isin(truth["peak"]["days"]) & times.dt.hour.between(15, 21)
    assert in_peak.mean() == pytest.approx(truth["peak"]["share"], abs=0.03)


def test_every_planted_repeat_address_has_its_reports_in_the_last_six_months(rows, truth):
    recent = rows[(rows["category"] == ASB) & (rows["occurred_from"] >= "2024-02-01")]
    assert len(truth["repeat_addresses"]) >= 10
    for place in truth["repeat_addresses"]:
        found = recent[recent["uprn"] == place["uprn"]]
        assert len(found) == place["n"] >= 3
        assert set(found["address"]) == {place["address"]}


def test_the_police_station_holds_about_three_percent_at_one_point(rows, truth):
    station = rows[rows["address"] == truth["default_location"]["address"]]
    assert len(station) / len(rows) == pytest.approx(0.03, abs=0.005)
    assert len(station[["easting", "northing"]].drop_duplicates()) == 1
    assert truth["default_location"]["share"] == pytest.approx(len(station) / len(rows), abs=1e-3)


def test_missing_coordinates_duplicates_and_misrecorded_rows_are_as_many_as_the_truth_says(rows, truth):
    assert (rows["easting"] == "").sum() == truth["missing_coordinates"]
    assert truth["missing_coordinates"] / len(rows) == pytest.approx(0.02, abs=0.003)
    same = rows.groupby("incident_ref")
    assert len(rows) - same.ngroups == truth["duplicates"]["rows"]
    n_points = rows.assign(point=rows["easting"] + "," + rows["northing"]).groupby("incident_ref")["point"].nunique()
    assert (n_points > 1).sum() == truth["duplicates"]["conflicting"] > 0
    misfit = (rows["category"] != ASB) & (rows["nsir_category"] != "")
    assert not misfit.any()  # nothing in the file gives a misrecorded row away
    assert min(truth["misrecorded"].values()) > 50


def test_some_rows_lie_outside_the_area_and_some_times_are_midnight_exactly(rows, city):
    located = _metres(rows[rows["easting"] != ""])
    outside = ~shapely.contains_xy(city.area.boundary_m, located)
    assert 0.003 < outside.mean() < 0.01
    assert 0.005 < rows["occurred_from"].str.endswith("00:00").mean() < 0.03


def test_personal_asb_is_mostly_at_dwellings_and_every_heading_is_an_nsir_one(rows, city, truth):
    is_placed = (rows["uprn"] != "") & (rows["address"] != truth["default_location"]["address"])
    asb = rows[(rows["category"] == ASB) & is_placed]
    assert asb["nsir_category"].nunique() == 13
    assert set(asb["nsir_qualifier"]) == {"Personal", "Nuisance", "Environmental"}
    is_dwelling = city.addresses.set_index("uprn")["is_dwelling"].reindex(asb["uprn"]).to_numpy()
    personal = (asb["nsir_qualifier"] == "Personal").to_numpy()
    assert personal[is_dwelling].mean() > 4 * personal[~is_dwelling].mean()


def test_occurred_times_are_in_order_and_logged_afterwards(rows):
    start, end, logged = (pd.to_datetime(rows[name]) for name in ("occurred_from", "occurred_to", "created_dt"))
    assert (end.isna() | (end >= start)).all()
    assert (logged >= end.fillna(start)).all()
    assert 0.1 < (end > start).mean() < 0.4


def test_officers_had_completed_170_patrols_by_16_november_2023_and_youth_work_began_in_october(files):
    visits = pd.read_csv(files["visits.csv"])
    is_youth = visits["resource"] == "youth worker"
    assert ((visits["started"].str[:10] <= "2023-11-16") & ~is_youth).sum() == 170
    assert visits["started"].min() >= "2023-08-01"
    assert "2023-10-01" <= visits.loc[is_youth, "started"].min() < "2023-11-01"
    assert visits["started"].max() < "2024-08-01"
    assert visits["minutes"].between(10, 20).mean() > 0.8
    assert visits["minutes"].min() < 10
    assert visits["minutes"].max() > 20
    treated = gpd.read_file(files["treated.geojson"])
    assert set(visits["hotspot"]) == set(treated["name"]) == {p.name for p in LOCALITIES if p.is_treated}


def test_the_design_names_files_that_are_there(files):
    design = tomllib.loads(files["design.toml"].read_text(encoding="utf-8"))
    named = [*design["incidents"], design["area"], design["treated"], design["visits"]]
    assert set(named) <= set(files)
    assert design["start"] == "2023-08"
    assert design["months_after"] == 12
    assert design["notes"]["synthetic"] is True


def test_every_file_and_every_row_says_synthetic(files, rows):
    for path in files.values():
        assert "SYNTHETIC" in path.read_text(encoding="utf-8"), path.name
    assert rows["source"].str.contains("SYNTHETIC").all()
    for name in ("visits.csv", "cameras.csv"):
        assert pd.read_csv(files[name])["source"].str.contains("SYNTHETIC").all()
    for name in ("area.geojson", "streets.geojson", "treated.geojson"):
        assert (gpd.read_file(files[name])["synthetic"] == "SYNTHETIC").all()


def test_no_file_has_a_field_about_a_person(rows, files):
    fields = {*rows, *pd.read_csv(files["visits.csv"])}
    personal = ("surname", "forename", "person", "caller", "phone", "email", "birth", "dob", "officer_name", "ethnic")
    assert not [name for name in fields if any(word in name.lower() for word in personal)]


def test_the_written_city_is_read_back_row_by_row_as_synthetic_and_where_it_was_planted(files, rows, truth):
    intake = read([files["incidents.csv"]])
    assert intake.is_synthetic
    assert intake.kind == "force_extract"
    assert intake.n_read == len(rows) == len(intake.records) + sum(intake.dropped.values())
    assert intake.duplicate_ids == truth["duplicates"]["rows"]
    for place in truth["repeat_addresses"]:
        found = intake.records[intake.records["place_id"].str.endswith(place["uprn"])]
        assert len(found) >= place["n"]
        read_back = _grid(found[["longitude", "latitude"]].to_dict("records"))
        assert np.hypot(*(read_back - _grid([place])).T).max() < 1
