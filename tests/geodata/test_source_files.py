"""Files, folders and archives: what is found in them, and what a hostile one can do."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from geodata.errors import SourceError
from geodata.sources import files, read
from geodata.sources.files import collect

from .conftest import STREET_HEADER, street_line

Write = Callable[..., Path]
ONE_ROW = f"{STREET_HEADER}\n{street_line()}\n"


def names_in(*paths: Path) -> list[str]:
    with collect(paths) as (parts, _):
        return [part.name for part in parts]


def test_a_folder_is_searched_at_any_depth_and_archives_in_it_too(
    tmp_path: Path, street_csv: Write, zip_of: Write
) -> None:
    street_csv([street_line()], "a/b/2024-01/2024-01-x-street.csv")
    (tmp_path / "a/.hidden").mkdir()
    street_csv([street_line()], "a/.hidden/2024-01-secret-street.csv")
    zip_of({"2024-02/2024-02-x-street.csv": ONE_ROW}, "a/more.zip")
    assert sorted(names_in(tmp_path / "a")) == ["2024-01-x-street.csv", "2024-02-x-street.csv"]


def test_outcomes_and_stop_and_search_are_ignored_and_said(zip_of: Write) -> None:
    path = zip_of({
        "2024-01/2024-01-x-street.csv": ONE_ROW,
        "2024-01/2024-01-x-outcomes.csv": "not,read\n1,2",
        "2024-01/2024-01-x-stop-and-search.csv": "not,read\n1,2",
    })  # fmt: skip
    intake = read([path])
    assert intake.n_read == 1
    assert intake.files == ("download.zip",)
    assert any("2 outcomes or stop-and-search files were ignored" in note for note in intake.notes)


def test_the_same_file_given_twice_counts_once(tmp_path: Path, street_csv: Write, zip_of: Write) -> None:
    loose = street_csv([street_line()], "2024-01-x-street.csv")
    packed = zip_of({"2024-01/2024-01-x-street.csv": loose.read_bytes()})
    intake = read([loose, packed])
    assert intake.n_read == 1
    assert any("is there twice and was read once" in note for note in intake.notes)


def test_two_versions_of_a_month_are_never_added_up(tmp_path: Path, zip_of: Write) -> None:
    old = zip_of({"2024-01/2024-01-x-street.csv": ONE_ROW}, "old.zip")
    new = zip_of({"2024-01/2024-01-x-street.csv": ONE_ROW + street_line() + "\n"}, "new.zip")
    for order in ([old, new], [new, old]):
        intake = read(order)
        assert intake.n_read == 2
        assert any("two versions; the larger was read" in note for note in intake.notes)


def test_a_stranger_in_a_folder_is_noted_and_the_rest_is_read(tmp_path: Path, street_csv: Write) -> None:
    street_csv([street_line()], "in/2024-01-x-street.csv")
    (tmp_path / "in/cameras.csv").write_text("camera,longitude,latitude\nC1,-2.1,52.5\n")
    (tmp_path / "in/readme.txt").write_text("Nothing to see here.")
    (tmp_path / "in/empty.csv").write_text("")
    intake = read([tmp_path / "in"])
    assert intake.n_read == 1
    assert sum("was ignored" in note for note in intake.notes) == 3


def test_an_empty_month_in_a_folder_is_an_error_not_a_note(tmp_path: Path, street_csv: Write) -> None:
    street_csv([street_line()], "in/2024-01-x-street.csv")
    (tmp_path / "in/2024-02-x-street.csv").write_text("")
    with pytest.raises(SourceError, match=r"2024-02-x-street\.csv is empty"):
        read([tmp_path / "in"])


def test_a_missing_path_an_empty_folder_and_no_path_each_say_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no file or folder at"):
        read([tmp_path / "nothing.csv"])
    with pytest.raises(SourceError, match=r"holds no CSV, TSV, XLSX or ZIP"):
        read([tmp_path])
    with pytest.raises(SourceError, match="No file was given"):
        read([])


def test_a_zip_without_a_table_says_what_it_holds(zip_of: Write) -> None:
    with pytest.raises(SourceError, match=r"no street file of police\.uk.*among its 1 files \(found 'notes\.pdf'"):
        read([zip_of({"notes.pdf": "hello"})])
    with pytest.raises(SourceError, match=r"among its 0 files.*found nothing"):
        read([zip_of({}, "empty.zip")])
    inner = zip_of({"2024-01-x-street.csv": ONE_ROW}, "inner.zip")
    with pytest.raises(SourceError, match="archives inside it are not opened"):
        read([zip_of({"inner.zip": inner.read_bytes()}, "outer.zip")])


def extract(*hours: int) -> pd.DataFrame:
    """A force's log with one report for each hour."""
    return pd.DataFrame({
        "ref": [f"A{hour}" for hour in hours], "date": [f"2024-03-05 {hour:02d}:10" for hour in hours],
        "category": "ASB", "easting": 391370, "northing": 298718,
    })  # fmt: skip


def as_workbook(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.to_excel(out, index=False)
    return out.getvalue()


def test_a_zip_of_a_forces_tables_is_read_as_its_folder_would_be(tmp_path: Path, zip_of: Write) -> None:
    files = {
        "out/2023.csv": extract(1, 2).to_csv(index=False).encode(), "out/2024.xlsx": as_workbook(extract(3, 4, 5)),
        "readme.txt": b"hello this is a note", "__MACOSX/._2023.csv": b"\x00", "out/~$2024.xlsx": b"\x00",
    }  # fmt: skip
    packed = zip_of(files, "force.zip")
    for name, data in files.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(data)
    found, loose = read([packed]), read([tmp_path / "folder"])
    assert found.n_read == 5
    assert found.files == ("force.zip",)
    assert sorted(found.records["crime_id"]) == ["A1", "A2", "A3", "A4", "A5"]
    pd.testing.assert_frame_equal(found.records, loose.records)
    assert [note for note in found.notes if "readme.txt was ignored" in note]
    assert found.notes == loose.notes


def test_the_only_table_of_a_zip_says_itself_what_is_wrong(zip_of: Write) -> None:
    with pytest.raises(SourceError, match=r"list\.csv.*no column holds"):
        read([zip_of({"list.csv": "name,colour\nA,red\n"})])


def test_a_workbook_packed_once_more_cannot_grow_past_the_limits(
    zip_of: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = b'<c r="A1"/>' + b" " * 900_000  # by itself too small to be a bomb
    workbook = zip_of({"xl/workbook.xml": "<x/>", **{f"xl/worksheets/s{i}.xml": sheet for i in range(20)}}, "a.xlsx")
    log = extract(1).to_csv(index=False)
    with pytest.raises(SourceError, match=r"twice\.zip was refused as a possible ZIP bomb"):
        read([zip_of({"a.xlsx": workbook.read_bytes(), "b.csv": log}, "twice.zip")])
    monkeypatch.setattr("geodata.sources.files.MAX_UNPACKED_BYTES", 20_000)
    small = {"a.xlsx": as_workbook(extract(1)), "b.xlsx": as_workbook(extract(2)), "c.csv": log}
    with pytest.raises(SourceError, match=r"small\.zip was refused: it would unpack to"):
        read([zip_of(small, "small.zip")])


def test_a_forces_zip_keeps_the_guards_of_any_zip(
    tmp_path: Path, zip_of: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = extract(1).to_csv(index=False)
    with pytest.raises(SourceError, match="possible ZIP bomb"):
        read([zip_of({"log.csv": log, "zeros.csv": b"0" * 50_000_000})])
    hostile = read([zip_of({"../../log.csv": log, "C:\\temp\\more.csv": extract(2).to_csv(index=False)})])
    assert hostile.n_read == 2
    assert set(hostile.records["source"]) == {"log.csv", "more.csv"}
    assert not list(tmp_path.parent.glob("*.csv"))
    monkeypatch.setattr("geodata.sources.files.MAX_MEMBERS", 1)
    with pytest.raises(SourceError, match="it lists 2 files, the limit is 1"):
        read([zip_of({"a.csv": log, "b.csv": log})])


def test_a_damaged_zip_is_refused(tmp_path: Path, zip_of: Write) -> None:
    whole = zip_of({"2024-01/2024-01-x-street.csv": ONE_ROW * 50}).read_bytes()
    (tmp_path / "half.zip").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match=r"half\.zip could not be opened as a ZIP"):
        read([tmp_path / "half.zip"])
    broken = bytearray(whole)
    broken[60:90] = b"\x00" * 30
    (tmp_path / "broken.zip").write_bytes(broken)
    with pytest.raises(SourceError, match=r"broken\.zip is damaged"):
        read([tmp_path / "broken.zip"])


def test_a_zip_bomb_is_refused_by_its_growth_and_the_limit_is_stated(zip_of: Write) -> None:
    bomb = zip_of({"2024-01/2024-01-x-street.csv": b"0" * 50_000_000})
    assert bomb.stat().st_size < 100_000
    with pytest.raises(SourceError, match=r"possible ZIP bomb.*the limit is 200 times"):
        read([bomb])


def test_a_bomb_beside_a_good_month_is_refused_too(zip_of: Write) -> None:
    with pytest.raises(SourceError, match="possible ZIP bomb"):
        read([zip_of({"2024-01/2024-01-x-street.csv": ONE_ROW, "readme.bin": b"0" * 50_000_000})])


def test_a_zip_that_unpacks_to_too_much_is_refused(zip_of: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zip_of({"2024-01/2024-01-x-street.csv": ONE_ROW})
    monkeypatch.setattr(files, "MAX_UNPACKED_BYTES", 100)
    with pytest.raises(SourceError, match=r"would unpack to .* GiB, the limit is"):
        read([path])


def test_a_zip_with_too_many_files_is_refused(zip_of: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zip_of({f"{i}.csv": "" for i in range(6)})
    monkeypatch.setattr(files, "MAX_MEMBERS", 5)
    with pytest.raises(SourceError, match="lists 6 files, the limit is 5"):
        read([path])


def test_a_zip_that_lies_about_its_size_is_refused_without_unpacking_more_than_it_said(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("2024-01-x-street.csv", ONE_ROW + "0" * 5_000_000)
    data = bytearray(buffer.getvalue())
    directory = data.index(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<I", 500)  # uncompressed size in the archive's directory
    (tmp_path / "liar.zip").write_bytes(data)
    with pytest.raises(SourceError, match=r"liar\.zip is damaged"):
        read([tmp_path / "liar.zip"])


def test_a_gzip_bomb_is_stopped_while_unpacking(tmp_path: Path) -> None:
    bomb = tmp_path / "2024-01-x-street.csv.gz"
    bomb.write_bytes(gzip.compress(b"0" * 50_000_000))
    with pytest.raises(SourceError, match=r"possible bomb.*limits: 200 times its size, 4 GiB"):
        read([bomb])


def test_a_cut_gzip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(ONE_ROW.encode() * 100)[:60])
    with pytest.raises(SourceError, match=r"cut\.csv\.gz is damaged"):
        read([tmp_path / "cut.csv.gz"])


def test_hostile_member_names_write_nothing_and_keep_only_their_last_part(tmp_path: Path, zip_of: Write) -> None:
    before = sorted(path for path in tmp_path.rglob("*"))
    path = zip_of({"../../2024-01-up-street.csv": ONE_ROW, "C:\\temp\\2024-02-win-street.csv": ONE_ROW})
    intake = read([path])
    assert sorted(set(intake.records["source"])) == ["2024-01-up-street.csv", "2024-02-win-street.csv"]
    assert sorted(path for path in tmp_path.rglob("*")) == [*before, path]
    assert not (tmp_path.parent / "2024-01-up-street.csv").exists()


def test_a_locked_zip_is_refused_with_advice(tmp_path: Path, zip_of: Write) -> None:
    data = bytearray(zip_of({"2024-01-x-street.csv": ONE_ROW}).read_bytes())
    directory = data.index(b"PK\x01\x02")
    data[directory + 8] |= 1  # the flag that says "encrypted"
    (tmp_path / "locked.zip").write_bytes(data)
    with pytest.raises(SourceError, match="locked with a password"):
        read([tmp_path / "locked.zip"])
