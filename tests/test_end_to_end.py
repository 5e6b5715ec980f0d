"""The whole way of the data on real files, as a user runs it: the command line, then the files it wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

FILES = ("run.json", "hotspots.gpkg", "hotspots.csv", "cells.parquet", "map.html", "briefing.pdf")
LAYERS = {"hotspots", "cells", "repeat_locations", "patrols", "cameras"}


def hotspots(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hotspots", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def processor_seconds() -> float:
    """Return the processor time of all finished commands: what a quiet machine would need, however busy this one is."""
    used = os.times()
    return used.children_user + used.children_system


def read_run(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())


def count_asb_inside(frame: pd.DataFrame, boundary: Path) -> int:
    """Count ASB rows whose point lies in the boundary, with nothing of the project's own code."""
    shape = shapely.union_all(gpd.read_file(boundary).geometry.to_numpy())
    asb = frame.loc[frame["Crime type"].str.lower() == "anti-social behaviour"].dropna(subset=["Longitude"])
    return int(shapely.contains_xy(shape, asb["Longitude"].to_numpy(), asb["Latitude"].to_numpy()).sum())


def read_archive(path: Path) -> pd.DataFrame:
    with zipfile.ZipFile(path) as archive:
        streets = [name for name in archive.namelist() if name.endswith("-street.csv")]
        return pd.concat([pd.read_csv(archive.open(name)) for name in streets])


@pytest.fixture(scope="session")
def luton(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Run the recipe on Luton twice, as the issue's command line has it."""
    source = shared / "data/police_uk/bedfordshire-2021-05_2024-04.zip"
    boundary = shared / "data/boundaries/luton_lad19_E06000032.geojson"
    folders = [tmp_path_factory.mktemp("luton") for _ in range(2)]
    seconds = []
    for folder in folders:
        started = processor_seconds()
        done = hotspots("run", source, "--area", boundary, "--category", "anti-social-behaviour", "--out", folder)
        seconds.append(processor_seconds() - started)
        assert done.returncode == 0, done.stderr
    return {"source": source, "boundary": boundary, "folders": folders, "seconds": seconds, "text": done.stdout}


def test_luton_writes_every_file_and_layer_of_the_contract(luton: dict) -> None:
    folder = luton["folders"][0]
    assert all((folder / name).stat().st_size > 0 for name in FILES)
    assert set(gpd.list_layers(folder / "hotspots.gpkg")["name"]) >= LAYERS
    hotspots_layer = gpd.read_file(folder / "hotspots.gpkg", layer="hotspots")
    assert hotspots_layer.crs.to_epsg() == 4326
    assert {"rank", "name", "n", "expected", "cells"} <= set(hotspots_layer.columns)
    assert sorted(hotspots_layer["rank"]) == list(range(1, len(hotspots_layer) + 1))
    assert len(hotspots_layer) >= 5


def test_luton_uses_exactly_the_reports_an_independent_count_finds(luton: dict) -> None:
    run = read_run(luton["folders"][0])
    assert run["n_used"] == count_asb_inside(read_archive(luton["source"]), luton["boundary"])
    assert run["n_read"] == run["n_used"] + sum(run["dropped"].values())
    cells = gpd.read_parquet(luton["folders"][0] / "cells.parquet")
    assert cells.index.name == "cell"
    assert cells["n"].sum() == run["n_used"]


def test_luton_run_twice_gives_the_same_outputs_apart_from_timestamps(luton: dict) -> None:
    def undated(folder: Path, name: str) -> bytes:
        """Return a file without the moment the run was made, which GeoPackage and JSON carry."""
        return (folder / name).read_bytes().replace(read_run(folder)["created"][:19].encode(), b"")

    first, second = luton["folders"]
    for name in FILES:
        assert undated(first, name) == undated(second, name), name


def test_luton_takes_less_than_ten_seconds_warm(luton: dict) -> None:
    assert luton["seconds"][1] < 10


def test_luton_says_what_snap_points_cannot_support(luton: dict) -> None:
    refused = {refusal["analysis"]: refusal for refusal in read_run(luton["folders"][0])["refused"]}
    assert "repeat addresses" in refused
    assert any("hour" in analysis or "hour" in refusal["reason"] for analysis, refusal in refused.items())
    assert any("camera" in analysis for analysis in refused)
    assert all(refusal["rule"].startswith("R2.") for refusal in refused.values())
    assert "Not shown" in luton["text"]


@pytest.mark.parametrize("kind", ["archive", "derived"])
def test_two_wolverhampton_months_use_the_independent_count_and_give_no_list(
    shared: Path, tmp_path: Path, kind: str
) -> None:
    police = shared / "data/police_uk"
    files = {"archive": "west-midlands-2014-01_2014-02.zip", "derived": "wolverhampton_2014-01_2014-02.csv"}
    source = police / files[kind]
    boundary = shared / "data/boundaries/wolverhampton_lad19_E08000031.geojson"
    done = hotspots("run", source, "--area", boundary, "--category", "anti-social-behaviour", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert all((tmp_path / name).exists() for name in FILES)
    run = read_run(tmp_path)
    frame = read_archive(source) if kind == "archive" else pd.read_csv(source)
    assert run["n_used"] == count_asb_inside(frame, boundary)
    assert gpd.read_parquet(tmp_path / "cells.parquet")["n"].sum() == run["n_used"]
    assert any("R1.8" in refusal["rule"] for refusal in run["refused"] if refusal["analysis"] == "ranked hotspots")
    assert gpd.read_file(tmp_path / "hotspots.gpkg", layer="hotspots").empty


def test_the_2011_layout_uses_the_independent_count(shared: Path, tmp_path: Path) -> None:
    source = shared / "data/police_uk/west-midlands-2011-02-old-format.csv.gz"
    boundary = shared / "data/boundaries/wolverhampton_lad19_E08000031.geojson"
    done = hotspots("run", source, "--area", boundary, "--category", "anti-social-behaviour", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    run = read_run(tmp_path)
    frame = pd.read_csv(source)
    asb = frame.loc[frame["Crime type"] == "Anti-social behaviour"].dropna(subset=["Easting"])
    metres = gpd.read_file(boundary).to_crs(27700).geometry.union_all()
    expected = int(shapely.contains_xy(metres, asb["Easting"].to_numpy(), asb["Northing"].to_numpy()).sum())
    assert run["n_used"] == expected
    assert len(run["refused"]) >= 3


@pytest.fixture(scope="session")
def sample_run(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """Run the demo on the synthetic city."""
    folder = tmp_path_factory.mktemp("demo")
    done = hotspots("demo", "--no-app", "--out", folder)
    assert done.returncode == 0, done.stderr
    return {"folder": folder, "text": done.stdout, "truth": json.loads((folder / "sample/truth.json").read_text())}


def test_the_sample_finds_nine_of_ten_planted_hotspots_in_the_top_ten(sample_run: dict) -> None:
    found = gpd.read_file(sample_run["folder"] / "hotspots.gpkg", layer="hotspots").to_crs(27700)
    top = found.loc[found["rank"] <= 10]
    planted = sample_run["truth"]["hotspots"]
    points = gpd.GeoSeries(
        gpd.points_from_xy([h["longitude"] for h in planted], [h["latitude"] for h in planted]), crs=4326
    ).to_crs(27700)
    hit = [top.distance(point).min() <= place["radius_m"] for point, place in zip(points, planted, strict=True)]
    assert len(planted) >= 10
    assert sum(hit[:10]) >= 9


def test_the_sample_flags_the_planted_default_location(sample_run: dict) -> None:
    planted = sample_run["truth"]["default_location"]
    flagged = read_run(sample_run["folder"])["default_locations"]
    assert any(
        abs(place["longitude"] - planted["longitude"]) < 1e-4 and abs(place["latitude"] - planted["latitude"]) < 1e-4
        for place in flagged
    )


def test_the_sample_pilot_effect_lies_inside_the_reported_interval(sample_run: dict) -> None:
    result = json.loads((sample_run["folder"] / "evaluation.json").read_text())["effect"]
    planted = 100 * sample_run["truth"]["pilot"]["effect"]
    assert result["low_pct"] <= planted <= result["high_pct"]


def test_the_demo_prints_the_ranked_list_with_reasons_and_the_paths(sample_run: dict) -> None:
    assert "SYNTHETIC" in sample_run["text"]
    assert "Did it work?" in sample_run["text"]
    for name in FILES:
        assert name in sample_run["text"]
