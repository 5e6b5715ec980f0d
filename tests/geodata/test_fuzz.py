"""Whatever bytes or tables are given, the answer is data or one clear sentence: never another error, never a crash.

Over 2,000 files: random bytes behind every kind of start, valid files cut short, valid files with some bytes changed,
and tables of random columns and cells. Seeded, so a failure can be had again.
"""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.area import StudyArea
from geodata.context import read_boundaries
from geodata.errors import DataError
from geodata.landmarks import read_places
from geodata.quality import screen
from geodata.sources import Intake, load_profile, read

from .conftest import STREET_HEADER, street_line

TOWN = StudyArea("town", shapely.box(-2.16, 52.57, -2.10, 52.60))
SUFFIXES = (
    ".csv", ".tsv", ".txt", ".xlsx", ".xls", ".xlsb", ".ods", ".parquet", ".gpkg", ".shp", ".geojson", ".json", ".fgb",
    ".zip", ".gz", ".csv.gz", "-street.csv",
)  # fmt: skip
STARTS = (
    b"", b"PK\x03\x04", b"PAR1", b"SQLite format 3\x00", b"\x00\x00\x27\x0a", b"fgb\x03fgb\x00", b'{"type":',
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b\x08", b"date,category,lon,lat\n", b"\xff\xfe", b"\xef\xbb\xbf",
    STREET_HEADER.encode() + b"\n", b"<?xml", b"[", b"\x00\x00",
)  # fmt: skip
N_RANDOM = 640
N_CUT = 50
N_CHANGED = 60
LONGEST_SENTENCE = 1_200


T = TypeVar("T")


def answer(ask: Callable[[], T]) -> T | str:
    """Return what is answered: a result, or the one sentence of a refusal."""
    try:
        return ask()
    except DataError as error:
        sentence = str(error)
    assert sentence.strip()
    assert "\n" not in sentence
    assert len(sentence) < LONGEST_SENTENCE
    return sentence


def outcome(path: Path) -> Intake | str:
    """Return the records, or the sentence that refuses the file."""
    intake = answer(lambda: read([path]))
    if isinstance(intake, Intake):
        assert len(intake.records) + sum(intake.dropped.values()) == intake.n_read
    return intake


def random_bytes(chance: random.Random, n: int) -> bytes:
    kind = chance.randrange(3)
    if kind == 0:
        return chance.randbytes(n)
    alphabet = b'0123456789,;\t\n"-/:. abcxyzABC{}[]' if kind == 1 else b"\x00\x01\xff,\n"
    return bytes(chance.choices(alphabet, k=n))


@pytest.mark.parametrize("part", range(4))
def test_random_bytes_behind_any_start(tmp_path: Path, part: int) -> None:
    chance = random.Random(part)
    for i in range(N_RANDOM // 4):
        start = STARTS[i % len(STARTS)]
        path = tmp_path / f"f{i}{chance.choice(SUFFIXES)}"
        path.write_bytes(start + random_bytes(chance, chance.choice([0, 1, 7, 60, 500, 5_000])))
        outcome(path)
        path.unlink()


def log() -> pd.DataFrame:
    return pd.DataFrame({
        "ref": [f"R{i}" for i in range(40)], "date": pd.date_range("2023-01-01 10:20", periods=40, freq="31h"),
        "category": "ASB", "location": "High Street", "lon": [-2.13 + i / 1e4 for i in range(40)], "lat": 52.58,
    })  # fmt: skip


def points() -> gpd.GeoDataFrame:
    table = log()
    return gpd.GeoDataFrame(
        table.drop(columns=["lon", "lat"]), geometry=gpd.points_from_xy(table.lon, table.lat), crs=4326
    )


def saved(write: Callable[[Path], object], name: str, folder: Path) -> bytes:
    write(folder / name)
    return (folder / name).read_bytes()


def street_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for month in ("2024-01", "2024-02"):
            lines = [STREET_HEADER, *[street_line(month=month)] * 20]
            archive.writestr(f"{month}/{month}-x-street.csv", "\n".join(lines))
    return buffer.getvalue()


def shapefile_zip(folder: Path) -> bytes:
    points().assign(date="05/08/2023 21:15").to_file(folder / "log.shp")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.glob("log.*"):
            archive.write(file, file.name)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """One good file of each kind."""
    folder = tmp_path_factory.mktemp("valid")
    table, street = log().to_csv(index=False).encode(), "\n".join([STREET_HEADER, *[street_line()] * 30]).encode()
    return {
        "a.csv": table,
        "a.csv.gz": gzip.compress(table),
        "2024-01-x-street.csv": street,
        "a.zip": street_zip(),
        "a.xlsx": saved(lambda path: log().to_excel(path, index=False), "a.xlsx", folder),
        "a.parquet": saved(log().to_parquet, "a.parquet", folder),
        "g.parquet": saved(points().to_parquet, "g.parquet", folder),
        "a.gpkg": saved(lambda path: points().to_file(path, driver="GPKG"), "a.gpkg", folder),
        "a.geojson": saved(lambda path: points().to_file(path, driver="GeoJSON"), "a.geojson", folder),
        "a.fgb": saved(lambda path: points().to_file(path, driver="FlatGeobuf"), "a.fgb", folder),
        "s.zip": shapefile_zip(folder),
        "s.shp": (folder / "log.shp").read_bytes(),
    }


KINDS = (
    "a.csv", "a.csv.gz", "2024-01-x-street.csv", "a.zip", "a.xlsx", "a.parquet", "g.parquet", "a.gpkg", "a.geojson",
    "a.fgb", "s.zip", "s.shp",
)  # fmt: skip


def test_every_good_file_is_read(tmp_path: Path, valid: dict[str, bytes]) -> None:
    assert tuple(valid) == KINDS
    for name, data in valid.items():
        if name == "s.shp":  # without its neighbours it is no table
            continue
        (tmp_path / name).write_bytes(data)
        assert isinstance(outcome(tmp_path / name), Intake), name


@pytest.mark.parametrize("name", KINDS)
def test_a_good_file_cut_short_anywhere(tmp_path: Path, valid: dict[str, bytes], name: str) -> None:
    data, chance = valid[name], random.Random(name)
    for _ in range(N_CUT):
        (tmp_path / name).write_bytes(data[: chance.randrange(len(data))])
        outcome(tmp_path / name)


@pytest.mark.parametrize("name", KINDS)
def test_a_good_file_with_some_bytes_changed(tmp_path: Path, valid: dict[str, bytes], name: str) -> None:
    chance = random.Random(f"changed {name}")
    for _ in range(N_CHANGED):
        data = bytearray(valid[name])
        for _ in range(chance.choice([1, 3, 30])):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.2:
            at = chance.randrange(len(data))
            del data[at : at + chance.randrange(50)]
        (tmp_path / name).write_bytes(data)
        outcome(tmp_path / name)


HEADERS = (
    "date", "month", "occurred", "created", "time", "category", "heading", "lon", "lat", "longitude", "latitude",
    "easting", "northing", "x", "y", "grid_ref", "ref", "crime_id", "uprn", "address", "location", "notes", "surname",
    "origin", "officer_initiated", "beat", "synthetic", "source", "", "Ünïcode", "a,b",
)  # fmt: skip
CELLS = st.one_of(
    st.sampled_from(["", "0", "-2.13", "52.58", "391370", "298718", "2023-08-05", "05/08/2023 21:15", "2023-08", "ASB",
                     "31/02/2023", "24:00", "1e999", "nan", "inf", "-", "SO 914 987", "true", "1690000000", "45000",
                     "99999999999999999999", "2023-13-45", "12/31/2023", "=1+1", "0x10", "١٢", "\u202e", "a@b.co"]),
    st.text(max_size=12),
    st.floats().map(str),
    st.integers().map(str),
)  # fmt: skip


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    header = draw(st.lists(st.sampled_from(HEADERS), min_size=1, max_size=9))
    if draw(st.booleans()):
        header += ["date", "category", "lon", "lat"]
    row = st.lists(CELLS, min_size=max(0, len(header) - 1), max_size=len(header) + 1)
    return [header, *draw(st.lists(row, max_size=8))]


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(table=tables(), as_street=st.booleans())
def test_tables_of_random_columns_and_cells(tmp_path: Path, table: list[list[str]], as_street: bool) -> None:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in table]
    path = tmp_path / ("2024-01-x-street.csv" if as_street else "log.csv")
    path.write_bytes("\n".join(quoted).encode("utf-8", "surrogatepass"))
    found = outcome(path)
    if isinstance(found, Intake):
        answer(lambda: screen(found, TOWN, categories=("all",)))


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(cells=st.lists(st.lists(CELLS, min_size=12, max_size=12), min_size=1, max_size=6))
def test_street_files_of_random_cells(tmp_path: Path, cells: list[list[str]]) -> None:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
    path = tmp_path / "2024-01-x-street.csv"
    path.write_bytes("\n".join([STREET_HEADER, *lines]).encode("utf-8", "surrogatepass"))
    outcome(path)


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))))
def test_profiles_boundaries_and_places_of_random_bytes(tmp_path: Path, data: bytes) -> None:
    for name, reader in (("p.toml", load_profile), ("b.geojson", read_boundaries), ("c.csv", read_places)):
        (tmp_path / name).write_bytes(data)
        answer(partial(reader, tmp_path / name))
