"""Every command that README.md prints is run as printed, in a folder that holds the files it names."""

from __future__ import annotations

import json
import re
import shlex
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

import geodata
from geodata.sample import make_city, write_city
from hotspots.cli import app

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOT_HERE = ("fetch", "app")
"""They ask the network, or wait for a browser; their options are checked."""

RED = {"check": 1}
"""One month of data is no list: `check` says so and exits with 1, as it should."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """Return the arguments of each `hotspots ...` line of README.md, in order."""
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("hotspots ")]
    return [shlex.split(line, comments=True)[1:] for line in lines]


def test_readme_prints_commands_and_each_is_one_of_ours() -> None:
    printed = commands()
    assert len(printed) >= 15
    for arguments in printed:
        given = {word for word in arguments if word.startswith("--")}
        words = [word for word in arguments[:2] if word.islower() and "." not in word and "/" not in word]
        helped = CliRunner().invoke(app, [*words[: 2 if words[0] == "design" else 1], "--help"], env={"COLUMNS": "200"})
        assert helped.exit_code == 0, words
        assert not [option for option in given if option not in helped.output], arguments


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file for each name README.md uses, all of the sample city."""
    folder = tmp_path_factory.mktemp("readme")
    city = write_city(make_city(0), folder / "city")
    _boundaries(folder, city)
    _incidents(folder, city)
    _companions(folder, city)
    _design(folder, city)
    return folder


def _boundaries(folder: Path, city: dict[str, Path]) -> None:
    area = gpd.read_file(city["area.geojson"])
    area.to_file(folder / "wolverhampton.geojson")
    area.to_file(folder / "lpa.gpkg")
    gpd.read_file(city["streets.geojson"]).to_file(folder / "roads.gpkg")


def _incidents(folder: Path, city: dict[str, Path]) -> None:
    table = pd.read_csv(city["incidents.csv"], dtype=str)
    table.to_csv(folder / "extract.csv", index=False)
    table.head(9000).to_excel(folder / "extract.xlsx", index=False)  # writing a workbook is slow
    records = geodata.read([city["incidents.csv"]]).records
    names = {"anti-social-behaviour": "Anti-social behaviour", "public-order": "Public order"}
    street = pd.DataFrame(
        {
            "Crime ID": "", "Month": records["month"].dt.strftime("%Y-%m"), "Reported by": "West Midlands Police",
            "Falls within": "West Midlands Police", "Longitude": records["longitude"], "Latitude": records["latitude"],
            "Location": "On or near High Street", "LSOA code": "", "LSOA name": "",
            "Crime type": records["category"].map(names).fillna("Other crime"), "Last outcome category": "",
            "Context": "",
        }
    )  # fmt: skip
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        for month, rows in street.groupby("Month"):
            archive.writestr(f"{month}/{month}-west-midlands-street.csv", rows.to_csv(index=False))
            if month == "2023-08":
                rows.to_csv(folder / "2023-08-west-midlands-street.csv", index=False)


def _companions(folder: Path, city: dict[str, Path]) -> None:
    area = gpd.read_file(city["area.geojson"])
    middle = area.geometry.iloc[0].representative_point()
    site = gpd.GeoDataFrame({"name": ["Prison"]}, geometry=[middle.buffer(0.001)], crs=4326)
    site.to_file(folder / "prisons_and_hospitals.gpkg")
    gpd.GeoDataFrame({"name": ["Station"]}, geometry=[middle], crs=4326).to_file(folder / "places.gpkg")
    area.assign(LSOA21CD="E01000001")[["LSOA21CD", "geometry"]].to_file(folder / "lsoa_2021.geojson")
    (folder / "holidays.csv").write_text("first_day,last_day,name\n2023-07-22,2023-09-03,Summer\n")
    (folder / "bank_holidays.csv").write_text("day,name\n2023-12-25,Christmas Day\n")
    (folder / "nsir.csv").write_bytes((ROOT / "geodata/data/nsir.csv").read_bytes())
    settings, edits = blocks("toml")
    (folder / "settings.toml").write_text(settings)
    cells = re.sub(r"(?m)^(drawn_list|cells) = .*\n", "", edits).replace('"add"', '"drop"')
    (folder / "edits.toml").write_text(cells)
    (folder / "cctv.csv").write_bytes(city["cameras.csv"].read_bytes())
    (folder / "css.csv").write_text("category,weight\npublic-order,20\nother-crime,30\n")
    bounds = shapely.box(*middle.buffer(0.02).bounds)
    points = [bounds.exterior.interpolate(i / 12, normalized=True) for i in range(12)]
    rows = [f"Pub {i},public house,{point.x:.5f},{point.y:.5f}" for i, point in enumerate(points)]
    (folder / "pubs.csv").write_text("\n".join(["name,type,longitude,latitude", *rows]))


def _design(folder: Path, city: dict[str, Path]) -> None:
    for name in ("incidents.csv", "area.geojson", "treated.geojson", "visits.csv"):
        (folder / name).write_bytes(city[name].read_bytes())
    (folder / "DESIGN.toml").write_bytes(city["design.toml"].read_bytes())
    months = [f"{year}-{month:02d}" for year in (2021, 2022, 2023) for month in range(1, 13)]
    pilot = {
        "pilot_id": "p1", "months": months, "start": "2023-01", "after": list(range(24, 36)),
        "treated": [{"id": f"T{i}", "counts": [5] * 24 + [3] * 12} for i in range(6)],
        "controls": [{"id": f"C{i}", "counts": [2 + i % 3] * 36} for i in range(24)],
    }  # fmt: skip
    (folder / "pilots.jsonl").write_text(json.dumps(pilot) + "\n")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_command_runs_as_printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    failed = {}
    for arguments in commands():
        if arguments[0] in NOT_HERE:
            continue
        done = CliRunner().invoke(app, arguments)
        if done.exit_code not in (0, RED.get(arguments[0], 0)):
            failed[" ".join(arguments)] = f"{done.exit_code}: {done.exception or done.output[-500:]}"
    assert not failed
