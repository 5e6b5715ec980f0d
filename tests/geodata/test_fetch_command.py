"""`hotspots fetch` against a server on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import geopandas as gpd
import pytest

from geodata.area import StudyArea
from geodata.sources import read

from .police_uk_server import PoliceUk, crime, forces_archive, serve

MONTHS = ["2024-01", "2024-02"]
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def server() -> Iterator[PoliceUk]:
    crimes = [crime(i, -2.13, 52.58, month) for i, month in enumerate(MONTHS)]
    with serve(PoliceUk(crimes=crimes, months=MONTHS, archives={"2024-02": forces_archive(MONTHS)})) as running:
        yield running


@pytest.fixture
def fetch(hotspots: Call, server: PoliceUk) -> Call:
    return partial(hotspots, "fetch", "--base", server.base)


def test_a_force_is_fetched_and_what_was_done_is_said(fetch: Call, tmp_path: Path) -> None:
    code, out, err = fetch("--force", "west-midlands", "--from", "2024-01", "--to", "2024-02", tmp_path / "out")
    assert code == 0
    assert out.startswith(f"2 monthly street files in {tmp_path / 'out'}: 2 fetched, 0 there already; 0.0 MB in 1 ")
    assert "Downloading the archive of 2024-02" in err
    assert len(read([tmp_path / "out"]).records) == 7


def test_an_area_is_fetched_and_a_note_goes_to_stderr(fetch: Call, tmp_path: Path, town: StudyArea) -> None:
    area = tmp_path / "town.geojson"
    gpd.GeoDataFrame({"name": ["Town"]}, geometry=[town.boundary], crs=4326).to_file(area)
    months = ["--from", "2024-01", "--to", "2024-02"]
    code, out, err = fetch("--force", "kent", *months, "--area", area, tmp_path / "out")
    assert code == 0
    assert "2 fetched, 0 there already" in out
    assert (tmp_path / "out" / "2024-01" / "2024-01-town-street.csv").exists()
    assert "forces other than kent are included" in err
    assert len(read([tmp_path / "out"]).records) == 2


def test_a_refusal_is_one_sentence_and_exit_code_1(fetch: Call, tmp_path: Path, server: PoliceUk) -> None:
    code, out, err = fetch("--force", "West Midlands", "--from", "2024-01", "--to", "2024-02", tmp_path / "out")
    assert (code, out) == (1, "")
    assert "is not a force as police.uk writes it" in err
    assert "Traceback" not in err
    assert server.log == []


def test_a_host_beside_the_base_is_asked_only_when_named(fetch: Call, tmp_path: Path, server: PoliceUk) -> None:
    with serve(PoliceUk(archives=server.archives)) as storage:
        server.redirects["/data/archive/2024-02.zip"] = (302, f"{storage.base}/data/archive/2024-02.zip")
        asked = ["--force", "kent", "--from", "2024-01", "--to", "2024-02", tmp_path / "out"]
        host = storage.base.removeprefix("http://")
        code, _, err = fetch(*asked)
        assert (code, storage.log) == (1, [])
        assert f"--also-host {host}" in err
        assert fetch(*asked, "--also-host", host)[0] == 0
