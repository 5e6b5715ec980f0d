"""One force from the archives: the rest of a download is continued, versions are never joined, ZIPs are not trusted."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geodata.errors import DataError
from geodata.sources import read
from geodata.sources.fetch import FetchReport, Patience, fetch

from .police_uk_server import PoliceUk, archive_of, forces_archive, serve, street_text

QUICK = Patience(attempts=4, first_wait_s=0.01, longest_wait_s=0.5, connect_s=2, silence_s=0.5)
MONTHS = ["2023-12", "2024-01", "2024-02"]
FILES = {f"{month}/{month}-west-midlands-street.csv" for month in MONTHS}


@pytest.fixture
def server() -> Iterator[PoliceUk]:
    with serve(PoliceUk(rate=10_000, burst=10_000, archives={"2024-02": forces_archive(MONTHS, padding=50_000)})) as up:
        yield up


def ask(server: PoliceUk, folder: Path, first: str = "2023-12", last: str = "2024-02", **given: object) -> FetchReport:
    settings = {"base": server.base, "requests_per_second": 10_000, "patience": QUICK, "random_state": 0} | given
    return fetch("west-midlands", first, last, folder, **settings)


def visible(folder: Path) -> set[str]:
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in files if not name.startswith(".fetch/")}


def ranges(server: PoliceUk) -> list[str]:
    return [given["range"] for _, _, given in server.log]


def test_the_street_files_of_one_force_and_of_the_months_asked_for_are_taken(server: PoliceUk, tmp_path: Path) -> None:
    report = ask(server, tmp_path, "2024-01", "2024-02")
    assert visible(tmp_path) == {f"{month}/{month}-west-midlands-street.csv" for month in MONTHS[1:]}
    assert report.files == tuple(tmp_path / month / f"{month}-west-midlands-street.csv" for month in MONTHS[1:])
    assert report.files[0].read_text() == street_text("2024-01", 4, "west-midlands")
    assert (report.months_fetched, report.months_cached) == (("2024-01", "2024-02"), ())
    assert (report.n_requests, report.n_retries, report.warnings) == (1, 0, ())
    assert report.n_bytes == len(server.archives["2024-02"])
    assert server.paths() == ["/data/archive/2024-02.zip"]


def test_the_folder_is_read_by_the_sources_without_what_is_hidden_in_it(server: PoliceUk, tmp_path: Path) -> None:
    ask(server, tmp_path)
    intake = read([tmp_path])
    assert len(intake.records) == 3 + 4 + 5  # identical rows of ASB included
    assert set(intake.files) == {Path(name).name for name in FILES}


def test_a_second_run_asks_nothing_and_another_force_asks_nothing_either(server: PoliceUk, tmp_path: Path) -> None:
    ask(server, tmp_path)
    report = ask(server, tmp_path)
    assert (report.months_cached, report.months_fetched, report.n_requests) == (tuple(MONTHS), (), 0)
    other = fetch("kent", "2024-01", "2024-02", tmp_path, base=server.base)
    assert (len(other.files), other.n_requests) == (2, 0)
    assert len(server.log) == 1


def test_a_download_that_is_cut_off_goes_on_where_it_stopped(server: PoliceUk, tmp_path: Path) -> None:
    server.faults, server.cut_after = ["cut", "cut", "cut"], 10_000
    told: list[int] = []
    report = ask(server, tmp_path, progress=lambda _, done, __: told.append(done))
    assert ranges(server) == ["", "bytes=10000-", "bytes=20000-", "bytes=30000-"]
    assert visible(tmp_path) == FILES
    assert report.n_retries == 3
    assert report.n_bytes == len(server.archives["2024-02"])  # not a byte twice
    assert told == sorted(told)


def test_a_download_given_up_is_continued_by_the_next_run(server: PoliceUk, tmp_path: Path) -> None:
    server.faults, server.cut_after = ["cut"] * 4, 5_000
    with pytest.raises(DataError, match=r"archive of 2024-02 could not be had in 4 attempts: .* cut off; run the same"):
        ask(server, tmp_path)
    assert visible(tmp_path) == set()
    ask(server, tmp_path)
    assert ranges(server)[4:] == ["bytes=20000-"]
    assert visible(tmp_path) == FILES


def test_many_small_cuts_do_not_use_up_the_attempts_while_there_is_real_progress(
    server: PoliceUk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("geodata.sources.fetch.client.ENOUGH_PROGRESS_BYTES", 4_000)
    server.faults, server.cut_after = ["cut"] * 10, 5_000
    assert ask(server, tmp_path).n_retries == 10


def test_the_rest_of_another_version_is_never_joined_to_the_beginning_of_one(server: PoliceUk, tmp_path: Path) -> None:
    server.faults, server.cut_after = ["cut"] * 4, 5_000
    with pytest.raises(DataError, match="cut off"):
        ask(server, tmp_path)
    server.archives["2024-02"] = forces_archive([*MONTHS, "2024-03"], padding=60_000)
    ask(server, tmp_path)
    (kept,) = (tmp_path / ".fetch" / "archive").iterdir()
    assert kept.read_bytes() == server.archives["2024-02"]


@pytest.mark.parametrize("damage", ["longer", "no note", "broken note", "note of nothing", "note of other size"])
def test_a_part_that_cannot_be_trusted_is_begun_again(server: PoliceUk, tmp_path: Path, damage: str) -> None:
    server.faults, server.cut_after = ["cut"] * 4, 5_000
    with pytest.raises(DataError, match="cut off"):
        ask(server, tmp_path)
    part = tmp_path / ".fetch" / "archive" / "2024-02.zip.part"
    note = part.with_name("2024-02.zip.part.json")
    known = json.loads(note.read_text())
    match damage:
        case "longer":
            part.write_bytes(b"x" * 200_000)
        case "no note":
            note.unlink()
        case "broken note":
            note.write_text("{")
        case "note of nothing":
            note.write_text("[]")
        case "note of other size":
            note.write_text(json.dumps(known | {"size": known["size"] + 7}))
    ask(server, tmp_path)
    assert visible(tmp_path) == FILES
    assert [path.name for path in (tmp_path / ".fetch" / "archive").iterdir()] == ["2024-02.zip"]


def test_a_part_that_was_complete_when_the_process_ended_is_not_asked_for_again(
    server: PoliceUk, tmp_path: Path
) -> None:
    ask(server, tmp_path / "one")
    archives = tmp_path / "two" / ".fetch" / "archive"
    archives.mkdir(parents=True)
    content = server.archives["2024-02"]
    (archives / "2024-02.zip.part").write_bytes(content)
    (archives / "2024-02.zip.part.json").write_text(json.dumps({"tag": '"x"', "size": len(content)}))
    assert ask(server, tmp_path / "two").n_requests == 0
    assert visible(tmp_path / "two") == FILES


def test_a_changed_street_file_is_taken_again_from_the_kept_archive(server: PoliceUk, tmp_path: Path) -> None:
    path = ask(server, tmp_path).files[1]
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"x")  # same length
    report = ask(server, tmp_path)
    assert path.read_bytes() == whole
    assert (report.months_fetched, report.n_requests) == (("2024-01",), 0)


def test_a_changed_archive_is_downloaded_again(server: PoliceUk, tmp_path: Path) -> None:
    path = ask(server, tmp_path).files[2]
    archive = tmp_path / ".fetch" / "archive" / "2024-02.zip"
    archive.write_bytes(archive.read_bytes()[:-10] + b"0123456789")
    path.unlink()
    assert ask(server, tmp_path).n_requests == 1
    assert visible(tmp_path) == FILES


def test_an_archive_damaged_on_the_way_is_refused_and_downloaded_again_by_the_next_run(
    server: PoliceUk, tmp_path: Path
) -> None:
    good = server.archives["2024-02"]
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as writer:
        writer.writestr("2024-02/2024-02-west-midlands-street.csv", street_text("2024-02", 50, "west-midlands"))
    broken = bytearray((tmp_path / "x.zip").read_bytes())
    broken[300] ^= 0xFF  # inside the stored text: only its checksum tells
    folder = tmp_path / "out"
    server.archives["2024-02"] = bytes(broken)
    with pytest.raises(DataError, match=r"2024-02\.zip is damaged .* run the same command again"):
        ask(server, folder)
    assert visible(folder) == set()
    server.archives["2024-02"] = good
    ask(server, folder)
    assert visible(folder) == FILES


@pytest.mark.parametrize("content", [b"<html>Maintenance</html>", b"", b"PK\x03\x04 nearly"])
def test_something_else_than_a_zip_is_refused(server: PoliceUk, tmp_path: Path, content: bytes) -> None:
    server.archives["2024-02"] = content
    with pytest.raises(DataError, match=r"2024-02\.zip could not be opened as a ZIP .* download it again"):
        ask(server, tmp_path)
    server.archives["2024-02"] = forces_archive(MONTHS)
    ask(server, tmp_path)
    assert visible(tmp_path) == FILES


def test_a_zip_bomb_is_refused_before_it_is_unpacked(server: PoliceUk, tmp_path: Path) -> None:
    server.archives["2024-02"] = archive_of({"2024-02/2024-02-west-midlands-street.csv": b"\0" * 30_000_000})
    with pytest.raises(DataError, match="possible ZIP bomb"):
        ask(server, tmp_path)
    assert visible(tmp_path) == set()


@pytest.mark.parametrize(
    "member",
    ["../../2024-02/2024-02-west-midlands-street.csv", "/2024-02/2024-02-west-midlands-street.csv",
     "deep/2024-02/2024-02-west-midlands-street.csv"],
)  # fmt: skip
def test_where_a_file_is_written_is_never_said_by_the_archive(server: PoliceUk, tmp_path: Path, member: str) -> None:
    server.archives["2024-02"] = archive_of({member: street_text("2024-02", 5)})
    ask(server, tmp_path / "in", "2024-02", "2024-02")
    assert visible(tmp_path) - {"in/.fetch/manifest.json", "in/.fetch/archive/2024-02.zip"} == {
        "in/2024-02/2024-02-west-midlands-street.csv"
    }


def test_an_archive_without_a_street_file_is_refused(server: PoliceUk, tmp_path: Path) -> None:
    server.archives["2024-02"] = archive_of({"2024-02/2024-02-kent-outcomes.csv": "x"})
    with pytest.raises(DataError, match=r"2024-02\.zip holds no street file"):
        ask(server, tmp_path)
    assert visible(tmp_path) == set()


def test_a_month_a_force_did_not_publish_is_missing_not_zero(server: PoliceUk, tmp_path: Path) -> None:
    with_gap = {f"{m}/{m}-kent-street.csv": street_text(m, 3) for m in MONTHS}
    with_gap |= {f"{m}/{m}-west-midlands-street.csv": street_text(m, 3) for m in ("2023-12", "2024-02")}
    server.archives["2024-02"] = archive_of(with_gap)
    for _ in range(2):  # also when everything else is there already
        report = ask(server, tmp_path)
        assert report.warnings == (
            "The archives hold no street file of west-midlands for 2024-01: missing, not zero (R2.11).",
        )
        assert [path.name[:7] for path in report.files] == ["2023-12", "2024-02"]
    assert len(server.log) == 1


def test_a_force_without_any_month_asked_for_is_refused(server: PoliceUk, tmp_path: Path) -> None:
    members = {f"{m}/{m}-kent-street.csv": street_text(m, 3) for m in MONTHS}
    server.archives["2024-02"] = archive_of(members | {"2023-12/2023-12-west-midlands-street.csv": "x"})
    with pytest.raises(DataError, match="no street file of west-midlands for 2024-01, 2024-02; choose other months"):
        ask(server, tmp_path, "2024-01", "2024-02")


def test_months_before_the_archive_are_taken_from_an_earlier_one(server: PoliceUk, tmp_path: Path) -> None:
    years = [f"{month:%Y-%m}" for month in pd.date_range("2020-01", "2024-02", freq="MS")]
    server.archives = {"2024-02": forces_archive(years[-36:]), "2021-02": forces_archive(years[:14])}
    report = ask(server, tmp_path, "2020-06", "2024-02")
    assert server.paths() == ["/data/archive/2024-02.zip", "/data/archive/2021-02.zip"]
    assert [path.name[:7] for path in report.files] == years[5:]


def test_an_unknown_force_is_answered_with_the_nearest_known(server: PoliceUk, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="knows no force 'west-midland' among its 2; did you mean west-midlands"):
        fetch("west-midland", "2024-02", "2024-02", tmp_path, base=server.base)


@pytest.mark.parametrize("force", ["West Midlands", "../etc", "kent/", "", "kent\n", "-kent", "KENT"])
def test_a_force_that_is_no_slug_is_refused_before_anything_is_asked(
    server: PoliceUk, tmp_path: Path, force: str
) -> None:
    with pytest.raises(DataError, match=r"is not a force as police\.uk writes it"):
        fetch(force, "2024-02", "2024-02", tmp_path / "new", base=server.base)
    assert server.log == []
    assert not (tmp_path / "new").exists()


def test_neither_force_nor_area_and_months_the_wrong_way_round_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Name a force, for example west-midlands, or give an area"):
        fetch(None, "2024-01", "2024-02", tmp_path)
    with pytest.raises(DataError, match=r"ends \(2024-01\) before it starts"):
        fetch("kent", "2024-02", "2024-01", tmp_path)
    with pytest.raises(DataError, match="not a month"):
        fetch("kent", "2024-2", "2024-03", tmp_path)


def test_an_archive_that_does_not_exist_is_said_with_what_to_do(server: PoliceUk, tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"has no archive of 2030-01; data appear about two months late .* choose other"
    ):
        ask(server, tmp_path, "2029-12", "2030-01")


def test_an_archive_kept_at_another_host_is_fetched_only_when_that_host_is_allowed(
    server: PoliceUk, tmp_path: Path
) -> None:
    with serve(PoliceUk(archives=server.archives)) as storage:
        server.redirects["/data/archive/2024-02.zip"] = (302, f"{storage.base}/data/archive/2024-02.zip")
        with pytest.raises(DataError, match=r"was not followed; if you trust it, allow it by name \(--also-host 127"):
            ask(server, tmp_path)
        assert storage.log == []
        storage.faults, storage.cut_after = ["cut"], 10_000
        ask(server, tmp_path, also_hosts=[storage.base.removeprefix("http://")])
        assert ranges(storage) == ["", "bytes=10000-"]
    assert visible(tmp_path) == FILES


def test_a_full_disk_is_said_and_leaves_nothing_half_written(
    server: PoliceUk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr("os.fsync", fail)
        with pytest.raises(DataError, match=r"could not be written \(No space left on device\)"):
            ask(server, tmp_path)
    assert visible(tmp_path) == set()
    assert list((tmp_path / ".fetch" / "tmp").iterdir()) == []
    ask(server, tmp_path)
    assert visible(tmp_path) == FILES


@pytest.mark.parametrize("manifest", [b"", b"[1]", b'{"2024-01/2024-01-west-midlands-street.csv": 5}', b"\xff\xfe{"])
def test_a_damaged_manifest_vouches_for_nothing(server: PoliceUk, tmp_path: Path, manifest: bytes) -> None:
    ask(server, tmp_path)
    (tmp_path / ".fetch" / "manifest.json").write_bytes(manifest)
    report = ask(server, tmp_path)
    assert report.months_fetched == tuple(MONTHS)
    assert visible(tmp_path) == FILES


@pytest.mark.slow
def test_a_real_download_served_as_an_archive_is_read_as_if_it_had_been_given(
    server: PoliceUk, tmp_path: Path, shared: Path
) -> None:
    real = shared / "data" / "police_uk" / "bedfordshire-2021-05_2024-04.zip"
    server.archives["2024-04"] = real.read_bytes()
    server.faults, server.cut_after = ["cut", "cut"], 2_000_000
    report = fetch(
        "bedfordshire", "2021-05", "2024-04", tmp_path, base=server.base, patience=QUICK, random_state=0
    )  # fmt: skip
    assert len(report.files) == 36
    fetched, given = read([tmp_path]), read([real])
    assert fetched.n_read == given.n_read
    assert fetched.dropped == given.dropped
    columns = [column for column in given.records if column != "source"]
    pd.testing.assert_frame_equal(fetched.records[columns], given.records[columns])
    assert np.isclose(report.n_bytes, real.stat().st_size)
