"""The same incidents give the same records from every kind of file; shapes that are no points are refused in words."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

from geodata.errors import SourceError
from geodata.sources import describe_matching, load_profile, read, save_profile

Write = Callable[..., Path]

N = 60
EASTING = 391370.6 + 10.0 * np.arange(N)
NORTHING = 298718.3 + 7.0 * np.arange(N)
WHEN = pd.date_range("2023-07-20 19:15", periods=N, freq="7h")
COMPARED = ["longitude", "latitude", "occurred_from", "category", "crime_id", "location"]


def log() -> pd.DataFrame:
    """A force's log of 60 incidents with a column that must never be read."""
    return pd.DataFrame({
        "log_no": np.arange(1000, 1000 + N), "occurred": WHEN, "category": ["ASB Nuisance", "Robbery"] * (N // 2),
        "location": [f"{i} High Street" for i in range(N)], "caller": "A Person",
    })  # fmt: skip


def points(crs: str = "EPSG:27700") -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(log(), geometry=gpd.points_from_xy(EASTING, NORTHING), crs="EPSG:27700")
    return frame.to_crs(crs)


def as_csv(path: Path) -> Path:
    log().assign(easting=EASTING, northing=NORTHING).to_csv(path, index=False)
    return path


def as_xlsx(path: Path) -> Path:
    log().assign(easting=EASTING, northing=NORTHING).to_excel(path, index=False)
    return path


def as_ods(path: Path) -> Path:
    """Write the smallest OpenDocument spreadsheet, by hand: an oracle that no library of ours has a part in."""
    table = log().assign(easting=EASTING, northing=NORTHING)
    kinds = {"occurred": "date", "log_no": "float", "easting": "float", "northing": "float"}
    rows = [
        "".join(
            f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>' for name in table
        )
    ]
    for row in table.to_dict("records"):
        cells = []
        for name, value in row.items():
            kind = kinds.get(name, "string")
            text = value.isoformat() if kind == "date" else str(value)
            said = {"date": f' office:date-value="{text}"', "float": f' office:value="{text}"', "string": ""}[kind]
            cells.append(
                f'<table:table-cell office:value-type="{kind}"{said}><text:p>{text}</text:p></table:table-cell>'
            )
        rows.append("".join(cells))
    body = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    space = "urn:oasis:names:tc:opendocument:xmlns:"
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="{space}office:1.0" '
        f'xmlns:table="{space}table:1.0" xmlns:text="{space}text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="Log">{body}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", content)
    return path


def as_xls(path: Path) -> Path:
    """Copy the log as LibreOffice 7.4 saved it in the format of Excel 97: no library of ours writes it."""
    return Path(shutil.copy(Path(__file__).with_name("log.xls"), path))


def as_xlsb(path: Path) -> Path:
    """Write the smallest binary workbook by hand, record by record (MS-XLSB 2.1.4); dates travel as text."""
    table = log().assign(occurred=WHEN.strftime("%d/%m/%Y %H:%M"), easting=EASTING, northing=NORTHING)
    rows = [list(table), *table.to_numpy().tolist()]
    sheet = record(129) + record(148, struct.pack("<4I", 0, len(rows) - 1, 0, len(rows[0]) - 1)) + record(145)
    for number, cells in enumerate(rows):
        sheet += record(0, struct.pack("<IIHHBI", number, 0, 300, 0, 0, 0))
        for column, value in enumerate(cells):
            at = struct.pack("<II", column, 0)
            is_text = isinstance(value, str)
            sheet += record(6, at + wide(value)) if is_text else record(5, at + struct.pack("<d", float(value)))
    sheet += record(146) + record(130)
    book = record(131) + record(143) + record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("Log"))
    book += record(144) + record(132)
    kinds = "http://schemas.openxmlformats.org/package/2006/"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{kinds}content-types"/>')
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            f'<Relationships xmlns="{kinds}relationships"><Relationship Id="rId1" Type="{office}/worksheet" '
            'Target="worksheets/sheet1.bin"/></Relationships>',
        )
    return path


def record(kind: int, content: bytes = b"") -> bytes:
    """Return a record: kind and length in seven bits a byte, then its content."""
    return seven_bits(kind) + seven_bits(len(content)) + content


def seven_bits(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128, number >> 7])


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def as_parquet(path: Path) -> Path:
    log().assign(easting=EASTING, northing=NORTHING, tags=[["a"]] * N).to_parquet(path)
    return path


def as_geoparquet(path: Path) -> Path:
    points("EPSG:4326").to_parquet(path)
    return path


def as_zipped_shapefile(path: Path) -> Path:
    folder = path.with_suffix("")
    folder.mkdir()
    shape(folder / "log.shp")
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"export/{file.name}")
    shutil.rmtree(folder)
    return path


def shape(path: Path) -> Path:
    # a Shapefile's dates have no time of day, so the time travels as text, as real exports have it
    frame = points().assign(occurred=WHEN.strftime("%d/%m/%Y %H:%M"))
    frame.to_file(path)
    return path


def gis(driver: str, crs: str) -> Callable[[Path], Path]:
    def write(path: Path) -> Path:
        points(crs).to_file(path, driver=driver)
        return path

    return write


WRITERS: dict[str, Callable[[Path], Path]] = {
    "log.xlsx": as_xlsx,
    "log.ods": as_ods,
    "log.xls": as_xls,
    "log.xlsb": as_xlsb,
    "log.parquet": as_parquet,
    "log.geoparquet": as_geoparquet,
    "log.gpkg": gis("GPKG", "EPSG:27700"),
    "mercator.gpkg": gis("GPKG", "EPSG:3857"),
    "utm.fgb": gis("FlatGeobuf", "EPSG:32630"),
    "log.geojson": gis("GeoJSON", "EPSG:4326"),
    "log.shp": shape,
    "log.zip": as_zipped_shapefile,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_file_gives_the_records_of_the_csv(tmp_path: Path, name: str) -> None:
    expected = read([as_csv(tmp_path / "log.csv")]).records
    intake = read([WRITERS[name](tmp_path / name)])
    assert intake.n_read == N
    found = intake.records.sort_values("crime_id")  # FlatGeobuf keeps its rows in an order of its own
    for column in COMPARED[2:]:
        assert found[column].astype(object).tolist() == expected[column].astype(object).tolist(), column
    # GeoJSON keeps seven decimals, and the way through another projection costs some nanometres
    for column in COMPARED[:2]:
        assert found[column].to_numpy() == pytest.approx(expected[column].to_numpy(), abs=2e-7), column
    assert not found.astype(str).apply(lambda c: c.str.contains("A Person")).any().any()
    assert any("people's details were not read: caller" in note for note in intake.notes)


def test_files_of_different_kinds_are_read_together(tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    files = [write(folder / name) for name, write in WRITERS.items()]
    together = read([*files, as_csv(folder / "log.csv")])
    assert together.n_read == N * (len(WRITERS) + 1)
    # the same logs in so many files are copies of one another
    assert together.dropped["duplicate Crime ID"] > 0
    from_folder = read([folder])
    assert from_folder.n_read == together.n_read
    assert together.conflicting_ids == 0  # nanometres of another projection are no contradiction
    assert len(from_folder.records) == len(together.records)


def test_a_test_point_on_the_grid_lands_where_it_was_published(tmp_path: Path) -> None:
    # practice.md R3.10: Wolverhampton's centre, 391370.6 298718.3, is 52.5862, -2.1288
    records = read([WRITERS["log.gpkg"](tmp_path / "log.gpkg")]).records
    assert records["latitude"].iloc[0] == pytest.approx(52.5862, abs=5e-5)
    assert records["longitude"].iloc[0] == pytest.approx(-2.1288, abs=5e-5)


def test_polygons_and_lines_are_refused_in_words(tmp_path: Path) -> None:
    square = gpd.GeoDataFrame({"date": ["2023-01-01"]}, geometry=[shapely.box(-2.2, 52.5, -2.1, 52.6)], crs=4326)
    for name, driver in (("area.gpkg", "GPKG"), ("area.geojson", "GeoJSON"), ("area.fgb", "FlatGeobuf")):
        square.to_file(tmp_path / name, driver=driver)
    square.to_parquet(tmp_path / "area.parquet")
    for name in ("area.gpkg", "area.geojson", "area.fgb", "area.parquet"):
        with pytest.raises(SourceError, match=r"area\.\w+ holds shapes of kind .*Polygon.*not points"):
            read([tmp_path / name])


def test_a_missing_or_empty_point_is_a_row_without_a_place(tmp_path: Path) -> None:
    frame = points("EPSG:4326").head(3)
    frame.geometry = [frame.geometry.iloc[0], None, shapely.Point()]
    frame.to_parquet(tmp_path / "log.parquet")
    intake = read([tmp_path / "log.parquet"])
    assert intake.n_read == len(intake.records) == 3
    assert intake.records["longitude"].notna().tolist() == [True, False, False]


def test_points_without_a_coordinate_system_are_judged_by_their_numbers(tmp_path: Path) -> None:
    expected = read([as_csv(tmp_path / "log.csv")]).records
    frame = points().assign(occurred=WHEN.strftime("%d/%m/%Y %H:%M"))
    frame.to_file(tmp_path / "log.shp")
    (tmp_path / "log.prj").unlink()
    found = read([tmp_path / "log.shp"]).records
    assert found["longitude"].to_numpy() == pytest.approx(expected["longitude"].to_numpy(), abs=1e-9)
    frame.assign(geometry=shapely.points(-240000.0, 6900000.0)).to_file(tmp_path / "far.shp")
    (tmp_path / "far.prj").unlink()
    with pytest.raises(SourceError, match=r"states no coordinate system.*EPSG:27700"):
        read([tmp_path / "far.shp"])


def test_the_layer_with_incidents_is_chosen_and_others_are_named(tmp_path: Path) -> None:
    path = tmp_path / "all.gpkg"
    square = gpd.GeoDataFrame({"name": ["Ward"]}, geometry=[shapely.box(-2.2, 52.5, -2.1, 52.6)], crs=4326)
    square.to_file(path, layer="wards", driver="GPKG")
    points().to_file(path, layer="asb", driver="GPKG")
    intake = read([path])
    assert intake.n_read == N
    assert any("layer 'asb' was read; ignored: wards." in note for note in intake.notes)


def test_layers_with_the_same_columns_are_read_together_each_in_its_own_system(tmp_path: Path) -> None:
    path = tmp_path / "years.gpkg"
    points().iloc[:40].to_file(path, layer="asb2023", driver="GPKG")
    later = points("EPSG:4326").iloc[40:].rename(columns={"log_no": "Log No"})
    later[["location", "caller", "category", "Log No", "occurred", "geometry"]].to_file(
        path, layer="asb2024", driver="GPKG"
    )
    points().drop(columns="category").to_file(path, layer="other", driver="GPKG")
    intake, alone = read([path]), read([as_csv(tmp_path / "log.csv")])
    assert intake.n_read == N
    assert (
        "years.gpkg: layer 'asb2023' was read with asb2024, which have the same columns; ignored: other."
        in intake.notes
    )
    assert list(intake.records["crime_id"]) == list(alone.records["crime_id"])
    for place in ("longitude", "latitude"):
        assert intake.records[place].to_numpy() == pytest.approx(alone.records[place].to_numpy(), abs=1e-6)


def test_columns_that_repeat_the_position_give_way_to_the_geometry(tmp_path: Path) -> None:
    points().assign(easting=1.0, northing=2.0, LONGITUDE=0.0).to_file(tmp_path / "log.gpkg", driver="GPKG")
    intake = read([tmp_path / "log.gpkg"])
    assert intake.records["latitude"].iloc[0] == pytest.approx(52.5862, abs=5e-5)
    assert any("not from its columns easting, northing, LONGITUDE." in note for note in intake.notes)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"<html><table><tr><td>1</td></tr></table></html>", "XML or a web page"), (b'[{"a": 1}]', "a JSON list")],
)
def test_a_web_page_or_list_that_calls_itself_a_table_is_refused(tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "log.xls").write_bytes(content)
    with pytest.raises(SourceError, match=f"is {kind} inside, not a table"):
        read([tmp_path / "log.xls"])


def test_sheets_with_one_header_are_one_table(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for month in (1, 2, 3):
        sheet = book.create_sheet(f"Month {month}")
        sheet.append(["date", "category", "lon", "lat"])
        sheet.append([dt.datetime(2023, month, 5, 10, 30), "ASB", -2.1, 52.5])
    book.remove(book.worksheets[0])
    book.save(tmp_path / "year.xlsx")
    intake = read([tmp_path / "year.xlsx"])
    assert intake.records["month"].dt.month.tolist() == [1, 2, 3]
    assert any("Sheet 'Month 1' was read with Month 2, Month 3, which have the same header" in n for n in intake.notes)


def test_a_workbook_with_a_stray_cell_at_its_far_end_is_refused_before_memory_is(tmp_path: Path) -> None:
    path = as_xlsx(tmp_path / "log.xlsx")
    book = openpyxl.load_workbook(path)
    book.worksheets[0]["XFD1048576"] = "x"
    book.save(path)
    with pytest.raises(SourceError, match=r"runs over 1,048,576 rows and 16,384 columns"):
        read([path])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1690000000", "2023-07-22 05:26:40"),
        ("1690000000000", "2023-07-22 05:26:40"),
        ("1690000000.0", "2023-07-22 05:26:40"),
        ("202307220530", "2023-07-22 05:30"),
        ("20230722053015", "2023-07-22 05:30"),
        ("45129.25", "2023-07-22 06:00"),
    ],
)
def test_times_counted_by_computers_are_understood(extract_csv: Write, text: str, expected: str) -> None:
    # checked with `date -u -d @1690000000`: 04:26:40 UTC, British summer time one hour later
    [row] = read([extract_csv([f"{text},ASB,-2.1,52.5"], "date,category,lon,lat")]).records.to_dict("records")
    wanted = pd.Timestamp(expected, tz="Europe/London")
    assert abs(row["occurred_from"] - wanted) < pd.Timedelta(minutes=1)
    assert row["time_precision"] == "minute"


def test_epochs_that_are_all_midnights_are_dates(extract_csv: Write) -> None:
    days = [int(pd.Timestamp(f"2023-07-{day:02d}", tz="UTC").timestamp()) for day in (3, 9, 21)]
    records = read([extract_csv([f"{day},ASB,-2.1,52.5" for day in days], "date,category,lon,lat")]).records
    assert records["occurred_from"].dt.strftime("%m-%d %H:%M").tolist() == ["07-03 00:00", "07-09 00:00", "07-21 00:00"]
    assert set(records["time_precision"]) == {"day"}


# --- profiles ---------------------------------------------------------------------------------------------------


def test_midnight_is_read_alike_from_every_kind_of_file(tmp_path: Path) -> None:
    """A workbook holds midnight as a bare date; a table without any clock time holds dates."""
    table = log().drop(columns="caller").assign(easting=EASTING, northing=NORTHING)
    table["occurred"] = table["occurred"].where(np.arange(N) % 7 > 0, table["occurred"].dt.normalize())
    serial = (table["occurred"] - pd.Timestamp("1899-12-30")) / pd.Timedelta(days=1)
    table.to_csv(tmp_path / "log.csv", index=False)
    table.to_excel(tmp_path / "log.xlsx", index=False)
    table.to_parquet(tmp_path / "log.parquet")
    table.assign(occurred=[f"{day:.6f}".rstrip("0").rstrip(".") for day in serial]).to_csv(tmp_path / "serial.csv")
    found = [read([tmp_path / name]).records for name in ("log.csv", "log.xlsx", "log.parquet", "serial.csv")]
    assert (found[0]["time_precision"] == "minute").all()
    for other in found[1:]:
        pd.testing.assert_frame_equal(found[0].drop(columns="source"), other.drop(columns="source"))
    dates = table.assign(occurred=table["occurred"].dt.normalize())
    dates.to_excel(tmp_path / "dates.xlsx", index=False)
    assert (read([tmp_path / "dates.xlsx"]).records["time_precision"] == "day").all()


def test_a_saved_profile_reads_the_same_records_again(tmp_path: Path) -> None:
    path = as_csv(tmp_path / "log.csv")
    first = read([path])
    profile = save_profile(first, tmp_path / "force.toml")
    second = read([path], profile=profile)
    pd.testing.assert_frame_equal(first.records, second.records)
    assert load_profile(profile).columns == {**first.matched}
    assert "when it happened, or began <- occurred" in describe_matching(first)


def test_a_profile_names_columns_zone_order_of_dates_and_what_all_rows_share(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text('When "it" was,X\\Y,lat\n03/04/2019 21:30,-84.4,33.7\n', encoding="utf-8")
    (tmp_path / "atl.toml").write_text(
        'timezone = "America/New_York"\ndates = "month-first"\n[columns]\noccurred_from = "When \\"it\\" was"\n'
        'longitude = "X\\\\Y"\nlatitude = "lat"\n[fixed]\ncategory = "ASB"\norigin = "999 call"\n',
        encoding="utf-8",
    )
    intake = read([tmp_path / "log.csv"], profile=tmp_path / "atl.toml")
    [row] = intake.records.to_dict("records")
    assert row["occurred_from"] == pd.Timestamp("2019-03-04 21:30", tz="America/New_York")
    assert (row["category"], row["origin"]) == ("anti-social-behaviour", "public")
    again = load_profile(save_profile(intake, tmp_path / "saved.toml"))
    assert again == load_profile(tmp_path / "atl.toml")


def test_a_saved_profile_keeps_the_order_of_dates_that_the_file_proved(tmp_path: Path) -> None:
    def log(name: str, dates: list[str]) -> Path:
        rows = "".join(f"{date},ASB,-2.1,52.6\n" for date in dates)
        (tmp_path / name).write_text(f"Date,Category,Longitude,Latitude\n{rows}", encoding="utf-8")
        return tmp_path / name

    american = log("2023.csv", ["04/03/2023 10:00", "04/30/2023 10:00"])
    profile = save_profile(read([american]), tmp_path / "us.toml")
    assert load_profile(profile).dates == "month-first"
    following = log("may.csv", [f"05/{day:02d}/2024 10:00" for day in range(1, 13)])
    assert set(read([following], profile=profile).records["month"].dt.month) == {5}
    assert load_profile(save_profile(read([following]), tmp_path / "none.toml")).dates == ""
    british = log("uk.csv", ["30/04/2023 10:00"])
    assert load_profile(save_profile(read([british]), tmp_path / "uk.toml")).dates == "day-first"
    assert load_profile(save_profile(read([british, american]), tmp_path / "both.toml")).dates == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[columns]\nsurname = 'x'\n", "holds 'surname'"),
        ("[columns]\ncategory = 3\n", r"\[columns\] must hold lines like"),
        ("colums = 1\n", "holds 'colums'"),
        ("dates = 'american'\n", "write day-first or month-first"),
        ("timezone = 'Mars/Phobos'\n", "no time zone 'Mars/Phobos'"),
        ("[columns\n", "no TOML file"),
    ],
)
def test_a_profile_that_says_something_unknown_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(SourceError, match=message):
        load_profile(tmp_path / "p.toml")


def test_a_missing_profile_and_one_for_police_uk_are_refused(tmp_path: Path, street_csv: Write) -> None:
    from .conftest import street_line

    with pytest.raises(SourceError, match="no profile at"):
        load_profile(tmp_path / "none.toml")
    with pytest.raises(SourceError, match=r"columns of police\.uk files are always the same"):
        save_profile(read([street_csv([street_line()])]), tmp_path / "x.toml")


# --- people's details by content --------------------------------------------------------------------------------


def rows_with(values: list[str], n: int = 40) -> str:
    lines = [f'0{1 + i % 9}/08/2023 10:{i:02d},ASB,-2.1,52.5,"{values[i % len(values)]}",R{i}' for i in range(n)]
    return "\n".join(["date,category,lon,lat,place,ref", *lines]) + "\n"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a.person@example.org", "b@c.de"], "e-mail addresses"),
        (["07700 900123", "01902 555 0123"[:12] + "3", "0121 496 0123"], "telephone numbers"),
        (["AB 12 34 56 C", "JM123456D"], "National Insurance numbers"),
        (["Jo, dob 3/4/1980", "born 1971"], "dates of birth"),
        (["he said that she said " * 6], "free text"),
    ],
)
def test_a_column_full_of_peoples_details_is_not_used_and_listed(tmp_path: Path, values: list[str], kind: str) -> None:
    (tmp_path / "log.csv").write_text(rows_with(values))
    intake = read([tmp_path / "log.csv"], mapping={"location": "place"})
    assert set(intake.records["location"]) == {""}
    assert "location" not in intake.matched
    [note] = [note for note in intake.notes if "column place was not used" in note]
    assert kind in note
    everything = intake.records.astype(str).apply("|".join).str.cat()
    assert not any(value in everything for value in values)


def test_single_details_are_blanked_and_the_rest_of_the_column_stays(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(rows_with(["High Street"] * 39 + ["ring 07700 900123"]))
    intake = read([tmp_path / "log.csv"], mapping={"location": "place"})
    assert intake.records["location"].value_counts().to_dict() == {"High Street": 39, "": 1}
    assert any("values of place blanked because they held telephone numbers: 1." in note for note in intake.notes)


def test_ordinary_references_addresses_and_uprns_are_no_personal_details(tmp_path: Path) -> None:
    lines = [
        f"2023-08-{1 + i % 28:02d} 10:00,ASB,-2.1,52.5,{i} Old Hall Lane WV{i % 9} {i % 9}AB,20/{i}AB/2{i:04d}/23,"
        f"0{100071234567 + i}" for i in range(50)
    ]  # fmt: skip
    (tmp_path / "log.csv").write_text("\n".join(["date,category,lon,lat,address,ref,uprn", *lines]))
    intake = read([tmp_path / "log.csv"])
    assert not any("held" in note or "not used" in note for note in intake.notes)
    assert intake.records["location"].ne("").all()
    assert intake.records["place_id"].str.startswith("UPRN:").all()


def test_a_date_column_full_of_births_is_refused(tmp_path: Path) -> None:
    lines = [f"{1 + i % 28:02d}/03/19{50 + i % 50},ASB,-2.1,52.5" for i in range(40)]
    (tmp_path / "log.csv").write_text("\n".join(["date,category,lon,lat", *lines]))
    with pytest.raises(SourceError, match=r"'date' looks like dates of birth \(40 of 40"):
        read([tmp_path / "log.csv"])


# --- real files with their real defects -------------------------------------------------------------------------

STOPS = "data/timestamped/west-midlands-stop-and-search-2016-06_2017-05.csv"


def test_the_header_lines_in_the_middle_of_the_stops_file_are_counted_and_skipped(shared: Path) -> None:
    path = shared / STOPS
    lines = path.read_text(encoding="utf-8").splitlines()
    n_headers = sum(line == lines[0] for line in lines[1:])  # an independent count
    assert n_headers == 11
    intake = read([path], mapping={"occurred_from": "Date", "category": "Type", "location": "Policing operation"})
    assert intake.n_read == len(lines) - 1 - n_headers
    assert any("lines that repeat the header, as after joining files by hand: 11; they" in n for n in intake.notes)
    assert not any(column in intake.records for column in ("Gender", "Age range"))
    with pytest.raises(SourceError, match="stop-and-search file and holds no incidents"):
        read([path])


def test_american_files_are_read_with_a_profile(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "chicago.toml").write_text(
        'timezone = "America/Chicago"\n[columns]\noccurred_from = "date"\nlocation = "loc_cat"\n'
        '[fixed]\ncategory = "Aggravated assault"\n'
    )
    intake = read([shared / "data/timestamped/chicago_aggravated_assaults.csv.gz"], profile=tmp_path / "chicago.toml")
    assert intake.n_read == len(intake.records) == 148_636
    assert set(intake.records["category"]) == {"aggravated-assault"}
    assert str(intake.records["occurred_from"].dt.tz) == "America/Chicago"
    assert not any("no category column" in note for note in intake.notes)


def test_notes_are_plain_text_for_json(tmp_path: Path) -> None:
    json.dumps(read([as_xlsx(tmp_path / "log.xlsx")]).notes)


def test_a_geojson_that_does_not_name_its_layer_is_read(tmp_path: Path) -> None:
    points = gpd.points_from_xy([-2.10, -2.11, -2.12], [52.58, 52.59, 52.60])
    columns = {"incident_ref": ["a", "b", "c"], "occurred_from": "2024-01-05 12:30", "category": "ASB"}
    path = tmp_path / "export.geojson"
    path.write_text(gpd.GeoDataFrame(columns, geometry=points, crs=4326).to_json())
    found = read([path]).records
    assert found["longitude"].round(6).to_list() == [-2.10, -2.11, -2.12]
    assert found["crime_id"].to_list() == ["a", "b", "c"]
