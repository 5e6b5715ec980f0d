"""A query's rows are the same records as the same table in a file; nothing is written, and no secret is said."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
import sqlalchemy as sa

from geodata.errors import SourceError
from geodata.sources import read
from geodata.sources.database import read_database

SECRET = "s3cr3t-p4ss"
N = 50
LONGITUDE = -2.1288 + 0.001 * np.arange(N)
LATITUDE = 52.5862 + 0.0007 * np.arange(N)
WHEN = pd.date_range("2023-07-20 19:15", periods=N, freq="7h")
COMPARED = ["longitude", "latitude", "occurred_from", "category", "crime_id", "location"]


def log() -> pd.DataFrame:
    return pd.DataFrame({
        "log_no": [f"L{i}" for i in range(N)], "occurred": WHEN, "category": ["ASB Nuisance", "Robbery"] * (N // 2),
        "location": [f"{i} High Street" for i in range(N)], "caller": "A Person",
    })  # fmt: skip


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    path = tmp_path_factory.mktemp("csv") / "log.csv"
    log().assign(longitude=LONGITUDE, latitude=LATITUDE).to_csv(path, index=False)
    return read([path]).records


def same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    found = found.sort_values("crime_id", ignore_index=True)
    expected = expected.sort_values("crime_id", ignore_index=True)
    for column in COMPARED[2:]:
        assert found[column].astype(object).tolist() == expected[column].astype(object).tolist(), column
    for column in COMPARED[:2]:
        assert found[column].to_numpy() == pytest.approx(expected[column].to_numpy(), abs=1e-9), column


# --- PostgreSQL with PostGIS, started here ----------------------------------------------------------------------------


def _programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _as_postgres(command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user PostgreSQL accepts: it refuses to start as root."""
    line = ["su", "postgres", "-c", command] if os.geteuid() == 0 else ["sh", "-c", command]
    return subprocess.run(line, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of our own with PostGIS: a user 'reader' with a password, and the log in three projections."""
    programs = _programs()
    if programs is None or sys.platform == "win32":
        pytest.skip("PostgreSQL is not on this machine (Debian: postgresql-15 postgresql-15-postgis-3)")
    folder = Path("/tmp") / f"asb-hotspots-postgres-{os.getpid()}"  # postgres may not enter pytest's own folders
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    try:
        _as_postgres(f"{programs}/initdb -D {data} -A trust -U owner -E UTF8 --no-sync")
        (folder / "pg_hba.conf").write_text("local all owner trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        (folder / "pg_hba.conf").chmod(0o644)
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c hba_file={folder}/pg_hba.conf -c fsync=off"
        _as_postgres(f"{programs}/pg_ctl -D {data} -l {folder}/log -w -o '{options}' start")
        try:
            _fill(folder, port)
            yield f"postgresql+psycopg://reader:{SECRET}@127.0.0.1:{port}/postgres"
        finally:
            _as_postgres(f"{programs}/pg_ctl -D {data} -m immediate -w stop")
    finally:
        _as_postgres(f"rm -rf {data}")
        shutil.rmtree(folder, ignore_errors=True)


def _fill(folder: Path, port: int) -> None:
    owner = sa.create_engine(f"postgresql+psycopg://owner@/postgres?host={folder}&port={port}")
    with owner.begin() as connection:
        try:
            connection.exec_driver_sql("CREATE EXTENSION postgis")
        except sa.exc.DBAPIError as error:
            pytest.skip(f"PostGIS is not on this machine ({error.orig})")
    with owner.begin() as connection:
        connection.exec_driver_sql(f"CREATE ROLE reader LOGIN PASSWORD '{SECRET}'")
        connection.exec_driver_sql(
            "CREATE TABLE log (log_no text, occurred timestamp, category text, location text, caller text, "
            "longitude float8, latitude float8)"
        )
        table = log().assign(longitude=LONGITUDE, latitude=LATITUDE)
        rows = [{**row, "occurred": row["occurred"].to_pydatetime()} for row in table.to_dict("records")]
        names = ", ".join(table.columns)
        places = ", ".join(f":{column}" for column in table.columns)
        connection.execute(sa.text(f"INSERT INTO log ({names}) VALUES ({places})"), rows)
        point = "ST_SetSRID(ST_MakePoint(longitude, latitude), 4326)"
        connection.exec_driver_sql(
            f"CREATE TABLE spatial AS SELECT log_no, occurred, category, location, caller, 0.0 AS easting, "
            f"0.0 AS northing, {point}::geography AS geog, ST_Transform({point}, 27700) AS grid, {point} AS geom, "
            f"ST_Buffer({point}, 0.001) AS around FROM log"
        )
        connection.exec_driver_sql("GRANT SELECT ON log, spatial TO reader; GRANT INSERT, DELETE ON log TO reader")
    owner.dispose()


def test_rows_of_a_table_are_the_records_of_the_csv(server: str, expected: pd.DataFrame) -> None:
    intake = read_database(server, "SELECT * FROM log;")
    same(intake.records, expected)
    assert intake.n_read == N
    assert intake.kind == "force_extract"


def test_the_password_may_be_given_apart_from_the_address(server: str, expected: pd.DataFrame) -> None:
    without = server.replace(f":{SECRET}@", "@")
    assert SECRET not in without
    same(read_database(without, "SELECT * FROM log", password=SECRET).records, expected)
    for password in ("wrong-p4ss", ""):
        with pytest.raises(SourceError) as told:
            read_database(without, "SELECT * FROM log", password=password)
        assert "\n" not in str(told.value)
        assert "password" in str(told.value)  # the server's own word: authentication failed, or none supplied
        assert "wrong-p4ss" not in str(told.value)
    with pytest.raises(SourceError, match="holds a password; take it out") as told:
        read_database(server, "SELECT * FROM log", password=SECRET)
    assert SECRET not in str(told.value)


@pytest.mark.parametrize("column", ["geom", "geog"])
def test_postgis_points_are_the_position(server: str, expected: pd.DataFrame, column: str) -> None:
    intake = read_database(server, f"SELECT log_no, occurred, category, location, caller, {column} AS p FROM spatial")
    same(intake.records, expected)
    assert any("positions were taken from the geometry column p." in note for note in intake.notes)


def test_postgis_points_on_the_british_grid_are_converted(server: str, expected: pd.DataFrame) -> None:
    query = "SELECT log_no, occurred, category, location, easting, northing, grid FROM spatial ORDER BY log_no"
    intake = read_database(server, query)
    found = intake.records.sort_values("crime_id")
    # PostGIS may use the OSTN15 grid where our offline Helmert is some metres off (R3.12)
    wanted = expected.sort_values("crime_id")
    assert found["longitude"].to_numpy() == pytest.approx(wanted["longitude"].to_numpy(), abs=1e-4)
    assert found["latitude"].to_numpy() == pytest.approx(wanted["latitude"].to_numpy(), abs=5e-5)
    assert any("not from easting, northing." in note for note in intake.notes)


def test_polygons_are_refused(server: str) -> None:
    with pytest.raises(SourceError, match="holds shapes of kind Polygon"):
        read_database(server, "SELECT log_no, occurred, category, around FROM spatial")


def test_values_are_given_as_parameters(server: str) -> None:
    query = "SELECT * FROM log WHERE category = :kind AND occurred >= :first"
    intake = read_database(server, query, parameters={"kind": "Robbery", "first": WHEN[10].to_pydatetime()})
    assert intake.n_read == N // 2 - 5
    hostile = {"kind": "x'; DELETE FROM log; --", "first": WHEN[0].to_pydatetime()}
    with pytest.raises(SourceError, match="returns no row"):
        read_database(server, query, parameters=hostile)
    assert read_database(server, "SELECT * FROM log").n_read == N


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM log",
        "DELETE FROM log RETURNING *",
        "WITH gone AS (DELETE FROM log RETURNING *) SELECT * FROM gone",
        "SELECT * FROM log; DELETE FROM log",
        "SELECT * FROM log) AS q; COMMIT; DELETE FROM log; SELECT * FROM (SELECT * FROM log",
        "SELECT * FROM log) AS q; SET default_transaction_read_only = off; --",
    ],
)
def test_nothing_can_be_written_even_by_a_user_who_may(server: str, query: str) -> None:
    with pytest.raises(SourceError, match="database 'postgres' could not be read"):
        read_database(server, query)
    assert read_database(server, "SELECT * FROM log").n_read == N


def test_peoples_columns_never_leave_the_database(server: str) -> None:
    # a column that fails when it is computed shows that it was not
    query = (
        "SELECT log_no, occurred, category, longitude, latitude, (1 / (length(caller) - 8))::text AS caller FROM log"
    )
    intake = read_database(server, query)
    assert intake.n_read == N
    assert any("people's details were not read: caller" in note for note in intake.notes)


def test_a_column_named_twice_is_refused(server: str) -> None:
    with pytest.raises(SourceError, match="returns column 'location' twice; name each column with AS"):
        read_database(server, "SELECT *, category AS location FROM log")


def test_a_query_that_takes_too_long_is_stopped(server: str) -> None:
    with pytest.raises(SourceError, match="statement timeout"):
        read_database(server, "SELECT *, pg_sleep(20)::text AS ref FROM log", timeout_seconds=1)


@pytest.mark.parametrize(
    ("change", "query"),
    [
        (lambda url: url, "SELECT * FROM nowhere"),
        (lambda url: url, "SELEC"),
        (lambda url: url.replace("reader", "nobody"), "SELECT 1"),
        (lambda url: url.replace(SECRET, SECRET + "x"), "SELECT 1"),
        (lambda url: url.replace("127.0.0.1", "127.0.0.1:1").replace(":1:", ":1#"), "SELECT 1"),
        (lambda url: url + f"?password={SECRET}&sslmode=require", "SELECT 1"),
        (lambda url: url, "SELECT 1 AS one"),
    ],
)
def test_a_failure_is_one_sentence_without_the_password(server: str, change: Callable[[str], str], query: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_database(change(server), query)
    said = str(caught.value)
    assert SECRET not in said
    assert "\n" not in said
    assert caught.value.__cause__ is None or SECRET not in str(caught.value.__cause__)


def test_what_is_kept_says_neither_address_nor_password(server: str) -> None:
    intake = read_database(server, "SELECT * FROM log")
    said = asdict(intake) | {"records": intake.records.astype(str).to_dict("list")}
    text = json.dumps(said)
    assert SECRET not in text
    assert "127.0.0.1" not in text
    assert intake.files == ("database 'postgres'",)


# --- SQLite, which needs no server ------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "asb.sqlite"
    points = shapely.to_wkb(shapely.points(LONGITUDE, LATITUDE))
    table = log().assign(occurred=WHEN.strftime("%Y-%m-%d %H:%M"), geom=points)
    with sqlite3.connect(path) as connection:
        table.to_sql("log", connection, index=False)
    connection.close()
    return path


def test_sqlite_with_well_known_binary_is_read_too(small: Path, expected: pd.DataFrame) -> None:
    same(read_database(f"sqlite:///{small}", "SELECT * FROM log").records, expected)


def test_sqlite_is_never_written_nor_made(small: Path, tmp_path: Path) -> None:
    before = small.read_bytes()
    with pytest.raises(SourceError, match="could not be read"):
        read_database(f"sqlite:///{small}", "DELETE FROM log RETURNING *")
    assert small.read_bytes() == before
    with pytest.raises(SourceError, match=r"There is no file for database 'none\.sqlite'"):
        read_database(f"sqlite:///{tmp_path}/none.sqlite", "SELECT 1")
    assert not (tmp_path / "none.sqlite").exists()


def test_a_query_without_rows_is_refused(small: Path) -> None:
    with pytest.raises(SourceError, match="returns no row"):
        read_database(f"sqlite:///{small}", "SELECT * FROM log WHERE 1 = 0")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("not an address", "address of the database is not understood"),
        ("oraclex://u:p@h/d", "no driver for 'oraclex' databases"),
        ("", "address of the database is not understood"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused(url: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_database(url, "SELECT 1")


def test_without_the_extra_the_sentence_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy.engine", None)
    with pytest.raises(SourceError, match=r"install the extra: pip install 'asb-hotspots\[postgis\]'"):
        read_database("sqlite://", "SELECT 1")
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SourceError, match=r"driver 'psycopg' is not installed.*asb-hotspots\[postgis\]"):
        read_database("postgresql+psycopg://h/d", "SELECT 1")
