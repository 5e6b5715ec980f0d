"""The command line refuses bad input with one sentence and exit code 1, and leaves nothing half-written."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import openpyxl
import pytest
import shapely

HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context\n"
)
TOWN = shapely.box(-2.20, 52.55, -2.05, 52.64)

Outcome = tuple[int, str, str]


def row(
    longitude: object = -2.12, latitude: object = 52.59, *, month: str = "2023-01", kind: str = "Anti-social behaviour"
) -> str:
    return f",{month},Force,Force,{longitude},{latitude},On or near Short Road,,,{kind},,\n"


@pytest.fixture
def area(tmp_path: Path) -> Path:
    path = tmp_path / "town.geojson"
    gpd.GeoDataFrame({"name": ["Town"]}, geometry=[TOWN], crs=4326).to_file(path)
    return path


def text_file(content: str, name: str = "2023-01-force-street.csv") -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_text(content, encoding="utf-8")
        return folder / name

    return write


def bytes_file(content: bytes, name: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return write


def archive(members: dict[str, bytes]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / "given.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in members.items():
                file.writestr(name, content)
        return path

    return write


BOMB = {"2023-01/2023-01-force-street.csv": b"0" * 300_000_000}

REFUSED = {
    "an empty file": (text_file(""), "empty"),
    "wrong columns": (text_file("a,b,c\n1,2,3\n"), "column"),
    "no coordinates at all": (text_file(HEADER + row("", "") * 20), "coordinates"),
    "everything outside the area": (text_file(HEADER + row(-0.41, 51.88) * 20), "outside"),
    "swapped coordinates": (text_file(HEADER + row(52.59, -2.12) * 20), "swap"),
    "metres in degree columns": (text_file(HEADER + row(391370, 298718) * 20), "British National Grid"),
    "a ZIP that is not police.uk": (archive({"holiday.txt": b"sunny"}), "holiday.txt is not recognised as incidents"),
    "a ZIP of pictures": (archive({"holiday.jpg": b"sunny"}), "holds no street file of police.uk"),
    "a ZIP bomb": (archive(BOMB), "limit"),
    "a file that is no text": (bytes_file(bytes(range(256)) * 50, "records.csv"), ""),
    "a file that does not exist": (lambda folder: folder / "absent.csv", "absent.csv"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_records_get_one_sentence_and_leave_nothing(
    case: str, area: Path, tmp_path: Path, hotspots: Callable[..., Outcome]
) -> None:
    make, expected = REFUSED[case]
    out = tmp_path / "out"
    code, said, error = hotspots("run", make(tmp_path), "--area", area, "--out", out)
    assert code == 1
    assert said == ""
    assert error.startswith("hotspots: ")
    assert expected.lower() in error.lower()
    assert "Traceback" not in error
    assert not out.exists()


def test_an_unknown_category_names_the_known_ones(area: Path, tmp_path: Path, hotspots: Callable[..., Outcome]) -> None:
    records = text_file(HEADER + row() + row(kind="Burglary"))(tmp_path)
    code, _, error = hotspots("run", records, "--area", area, "--category", "litter", "--out", tmp_path / "out")
    assert code == 1
    assert "anti-social-behaviour" in error
    assert "burglary" in error


def test_no_reports_left_after_the_period_is_refused(
    area: Path, tmp_path: Path, hotspots: Callable[..., Outcome]
) -> None:
    records = text_file(HEADER + row())(tmp_path)
    code, _, error = hotspots("run", records, "--area", area, "--from", "2024-01", "--out", tmp_path / "out")
    assert code == 1
    assert not (tmp_path / "out").exists()
    assert "2023-01" in error or "period" in error


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("{}", "polygon"),
        ('{"type":"FeatureCollection","features":[]}', "polygon"),
        (
            '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},'
            '"geometry":{"type":"Point","coordinates":[-2.1,52.6]}}]}',
            "polygon",
        ),
        ("not json", "polygon"),
    ],
)
def test_an_area_file_without_a_polygon_is_refused(
    content: str, expected: str, tmp_path: Path, hotspots: Callable[..., Outcome]
) -> None:
    records = text_file(HEADER + row())(tmp_path)
    area = tmp_path / "bad.geojson"
    area.write_text(content)
    code, _, error = hotspots("run", records, "--area", area, "--out", tmp_path / "out")
    assert code == 1
    assert expected in error


def test_an_area_on_another_continent_is_refused_with_where_the_reports_lie(
    tmp_path: Path, hotspots: Callable[..., Outcome]
) -> None:
    area = tmp_path / "chicago.geojson"
    gpd.GeoDataFrame(geometry=[shapely.box(-87.9, 41.6, -87.5, 42.0)], crs=4326).to_file(area)
    records = text_file(HEADER + row() * 20)(tmp_path)
    code, _, error = hotspots("run", records, "--area", area, "--out", tmp_path / "out")
    assert code == 1
    assert "52.6" in error or "52.59" in error


def test_wrong_usage_ends_with_two(tmp_path: Path, hotspots: Callable[..., Outcome]) -> None:
    assert hotspots("run")[0] == 2
    assert hotspots("evaluate", "--out", tmp_path)[0] == 2
    assert hotspots("nonsense")[0] == 2


def test_check_ends_with_one_when_the_gate_is_red_and_zero_when_it_is_not(
    area: Path, tmp_path: Path, hotspots: Callable[..., Outcome]
) -> None:
    def rows(located: int) -> Path:
        months = [f"2023-{month:02d}" for month in range(1, 13)]
        good = "".join(row(-2.1 - i / 1000, month=months[i % 12]) for i in range(located))
        return text_file(HEADER + good + row("", "") * (100 - located))(tmp_path)

    code, said, _ = hotspots("check", rows(84), "--area", area, "--json", tmp_path / "report.json")
    assert code == 1
    assert "grade C" in said
    assert json.loads((tmp_path / "report.json").read_text())["n_used"] == 84
    assert hotspots("check", rows(96), "--area", area)[0] == 0


def test_a_setting_that_does_not_exist_is_refused_by_name(
    area: Path, tmp_path: Path, hotspots: Callable[..., Outcome]
) -> None:
    (tmp_path / "settings.toml").write_text("[patrol]\nbudjet = 3\n")
    records = text_file(HEADER + row())(tmp_path)
    code, _, error = hotspots(
        "run", records, "--area", area, "--config", tmp_path / "settings.toml", "--out", tmp_path / "out"
    )
    assert code == 1
    assert "budjet" in error
    assert "budget_gbp_per_year" in error


EXTRACT = "Log No,When,What,X,Y,House\n" + "".join(
    f"L{i},{1 + i % 28:02d}/{1 + i % 12:02d}/2023 21:{i % 60:02d},Rowdy behaviour,"
    f"{391000 + 40 * i},{298000 + 30 * i},{i} High Street\n"
    for i in range(60)
)
COLUMNS = {
    "incident_ref": "Log No", "occurred_from": "When", "category": "What", "easting": "X", "northing": "Y",
    "location": "House",
}  # fmt: skip


def test_kept_records_give_the_same_report_as_their_files(
    area: Path, tmp_path: Path, hotspots: Callable[..., Outcome]
) -> None:
    rows = "".join(row(-2.12, 52.58, month=f"2023-{month:02d}") for month in range(1, 13) for _ in range(9))
    file = text_file(HEADER + rows)(tmp_path)
    hotspots("check", file, "--area", area, "--json", tmp_path / "files.json", "--keep", tmp_path / "kept")
    (kept,) = (tmp_path / "kept").glob("*.parquet")
    code, out, _ = hotspots("check", kept, "--area", area, "--json", tmp_path / "kept.json")
    assert "108" in out
    assert (tmp_path / "kept.json").read_bytes() == (tmp_path / "files.json").read_bytes()
    code, _, error = hotspots("check", kept, file, "--area", area)
    assert code == 1
    assert "give it alone" in error


def test_a_saved_profile_reads_the_next_extract_without_any_mapping(
    area: Path, tmp_path: Path, hotspots: Callable[..., Outcome]
) -> None:
    extract = text_file(EXTRACT, "extract.csv")(tmp_path)
    named = [part for field, column in COLUMNS.items() for part in ("--map", f"{field}={column}")]
    profile = tmp_path / "force.toml"
    common = ("--area", area, "--category", "all")
    hotspots("check", extract, *common, *named, "--save-profile", profile)
    assert "Log No" in profile.read_text()
    _, said, _ = hotspots("check", extract, *common, "--profile", profile)
    assert re.search(r"reports used\s+60\b", said)


def test_a_profile_is_saved_though_no_category_column_was_found(
    area: Path, tmp_path: Path, hotspots: Callable[..., Outcome]
) -> None:
    extract = text_file(EXTRACT, "extract.csv")(tmp_path)
    named = [
        part for field, column in COLUMNS.items() if field != "category" for part in ("--map", f"{field}={column}")
    ]
    profile = tmp_path / "force.toml"
    code, _, error = hotspots("check", extract, "--area", area, *named, "--save-profile", profile)
    assert code == 1
    assert "not read so far: What" in error
    assert 'easting = "X"' in profile.read_text()


def test_a_query_needs_a_database_and_paths_or_a_query_are_needed(
    area: Path, tmp_path: Path, hotspots: Callable[..., Outcome]
) -> None:
    assert hotspots("check", "--area", area)[0] == 2
    assert hotspots("check", "--area", area, "--query", "select 1")[0] == 2


def test_a_database_is_asked_through_the_environment_and_its_password_is_never_said(
    area: Path, tmp_path: Path, hotspots: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASB_HOTSPOTS_DATABASE", "postgresql+psycopg://reader:s3cret@127.0.0.1:1/none")
    code, said, error = hotspots("check", "--area", area, "--query", "select 1 as a")
    assert code == 1
    assert "s3cret" not in said + error


def test_red_data_are_listed_on_a_persons_reason_which_is_printed_everywhere(
    area: Path, tmp_path: Path, hotspots: Callable[..., Outcome]
) -> None:
    months = [f"2023-{month:02d}" for month in range(1, 13)]
    busy = "".join(row(-2.12, 52.59, month=month) * 5 for month in months)
    spread = "".join(row(-2.1 - i / 1000, 52.58, month=months[i % 12]) for i in range(40))
    lost = row("", "") * 40
    records = text_file(HEADER + busy + spread + lost)(tmp_path)
    blocked = tmp_path / "blocked"
    hotspots("run", records, "--area", area, "--out", blocked)
    assert "ranked hotspots" in {
        refusal["analysis"] for refusal in json.loads((blocked / "run.json").read_text())["refused"]
    }
    out = tmp_path / "out"
    hotspots("run", records, "--area", area, "--out", out, "--override-reason", "Beat 4 has no gazetteer")
    run = json.loads((out / "run.json").read_text())
    assert "ranked hotspots" not in {refusal["analysis"] for refusal in run["refused"]}
    assert run["n_hotspots"] >= 1
    assert any("Beat 4 has no gazetteer" in note for note in run["notes"])
    reason = "Beat 4 has no gazetteer"  # printed on everything (R3.7)
    assert run["marking"].endswith(f"list made on a person's reason: {reason}")
    texts = {name: (out / name).read_text(encoding="utf-8-sig") for name in ("map.html", "hotspots.csv", "why.csv")}
    assert [name for name, text in texts.items() if reason not in text] == []
    for layer in ("hotspots", "cells"):
        assert gpd.read_file(out / "hotspots.gpkg", layer=layer)["marking"].str.endswith(reason).all()
    assert gpd.read_parquet(out / "cells.parquet")["marking"].str.endswith(reason).all()
    assert reason in "".join(map(str, openpyxl.load_workbook(out / "hotspots.xlsx")["About"].values))
