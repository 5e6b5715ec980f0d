"""Reading many clean street files at once gives what reading them one by one gives, and leaves the rest to that."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import geodata.sources
from geodata.schema import INCIDENTS, check
from geodata.sources import Intake, read
from geodata.sources.files import collect
from geodata.sources.street_files import read_street_files

from .conftest import STREET_HEADER, street_line

Write = Callable[..., Path]


def one_by_one(paths: list[Path]) -> Intake:
    with mock.patch.object(geodata.sources, "read_street_files", return_value=None):
        return read(paths)


def is_read_at_once(paths: list[Path]) -> bool:
    with collect(paths) as (parts, _):
        return read_street_files(parts, "Europe/London") is not None


def same(found: Intake, expected: Intake) -> None:
    texts = [name for name in found.records if isinstance(found.records[name].dtype, pd.CategoricalDtype)]
    plain = found.records.astype(dict.fromkeys(texts, "str"))
    pd.testing.assert_frame_equal(plain, expected.records)
    for name in ("n_read", "files", "kind", "notes", "duplicate_ids", "conflicting_ids", "dropped", "is_synthetic"):
        assert getattr(found, name) == getattr(expected, name), name
    assert found.matched == expected.matched


@pytest.mark.parametrize(
    "name",
    [
        "bedfordshire-2021-05_2024-04.zip",
        "many-forces-2014-06_2014-08.zip",
        "west-midlands-2014-01_2014-02.zip",
    ],
)
def test_real_archives_give_the_same_records_both_ways(shared: Path, name: str) -> None:
    paths = [shared / "data/police_uk" / name]
    assert is_read_at_once(paths)
    same(read(paths), one_by_one(paths))


PLACES = ((-2.1288, 52.5862), (-2.13, 52.59), ("", ""))


@st.composite
def line(draw: st.DrawFn) -> str:
    longitude, latitude = draw(st.sampled_from(PLACES))
    return street_line(
        crime_id=draw(st.sampled_from(["", "", "a1" * 32, "a2" * 32, "a1" * 31 + "ff", "b" * 64])),
        month=draw(st.sampled_from(["2024-01", "2024-01", "2024-02"])),
        longitude=longitude,
        latitude=latitude,
        category=draw(st.sampled_from(["Anti-social behaviour", "Burglary", "Something new", ""])),
        location=draw(st.sampled_from(["On or near High Street", '"On or near A, B"', "Café", ""])),
    )


rows = st.lists(line(), min_size=1, max_size=12)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(rows, min_size=1, max_size=3))
def test_any_rows_give_the_same_records_both_ways(tmp_path: Path, files: list[list[str]]) -> None:
    paths = []
    for i, lines in enumerate(files):
        paths.append(tmp_path / f"2024-0{i}-x-street.csv")
        paths[-1].write_text("\n".join([STREET_HEADER, *lines]) + "\n", encoding="utf-8")
    same(read(paths), one_by_one(paths))


@pytest.mark.parametrize(
    "lines",
    [
        [street_line(longitude="text")],
        [street_line(longitude=0, latitude=0)],
        [street_line(longitude=52.5862, latitude=-2.1288)],
        [street_line(longitude="nan")],
        [street_line(longitude="")],
        [street_line("a1")],
        [street_line("20140600000000000001")],
        [street_line(month="soon")],
        [street_line(month="")],
        [street_line(month="2024-13")],
        [street_line(), STREET_HEADER, street_line()],
    ],
)
def test_an_unusual_row_among_many_is_left_to_the_slower_reader(street_csv: Write, lines: list[str]) -> None:
    path = street_csv([street_line(), *lines])
    assert not is_read_at_once([path])
    assert read([path]).n_read == len(lines) + 1 - lines.count(STREET_HEADER)


def test_other_encodings_and_layouts_are_left_to_the_slower_reader(tmp_path: Path) -> None:
    path = tmp_path / "2024-01-x-street.csv"
    path.write_bytes(f"{STREET_HEADER}\n{street_line(location='Café')}\n".encode("cp1252"))
    assert not is_read_at_once([path])
    path.write_text(f"{STREET_HEADER.replace('Longitude', 'Easting')}\n{street_line()}\n")
    assert not is_read_at_once([path])
    path.write_text(f"{STREET_HEADER}\n{street_line()}\n", encoding="utf-16")
    assert not is_read_at_once([path])


def test_the_same_files_give_the_same_table_however_threads_run(shared: Path) -> None:
    paths = [shared / "data/police_uk/bedfordshire-2021-05_2024-04.zip"]
    first, second = read(paths).records, read(paths).records
    pd.testing.assert_frame_equal(first, second)
    for name in ("category", "location", "source"):
        assert first[name].cat.categories.is_monotonic_increasing
        assert list(first[name].cat.categories) == list(second[name].cat.categories)


def test_the_gate_makes_repeated_texts_plain_again(street_csv: Write) -> None:
    records = read([street_csv([street_line()] * 3)]).records
    assert isinstance(records["location"].dtype, pd.CategoricalDtype)
    incidents = check(records.assign(inside=np.ones(3, dtype=bool)), INCIDENTS)
    texts = incidents[["category", "location", "source", "origin"]]
    assert not any(isinstance(dtype, pd.CategoricalDtype) for dtype in texts.dtypes)


OUTCOMES_HEADER = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Outcome type"


def outcome_line(crime_id: str, month: str, outcome: str) -> str:
    return f"{crime_id},{month},A Force,A Force,-2.1,52.5,On or near X,E01,W,{outcome}"


@pytest.mark.parametrize("is_packed", [False, True])
def test_outcomes_are_joined_by_crime_id_and_the_latest_one_counts(tmp_path: Path, is_packed: bool) -> None:
    street = [
        street_line("a1" * 32, category="Burglary").removesuffix(",") + "Under investigation,",
        street_line("a2" * 32, category="Burglary").removesuffix(",") + "Under investigation,",
        street_line(),
    ]
    outcomes = [
        outcome_line("a1" * 32, "2024-03", "Offender sent to prison"),
        outcome_line("a1" * 32, "2024-02", "Suspect charged"),
        outcome_line("", "2024-02", "Nobody's outcome"),
        outcome_line("elsewhere", "2024-02", "Suspect charged"),
    ]
    folder = tmp_path / "in" / "2024-01"
    folder.mkdir(parents=True)
    (folder / "2024-01-x-street.csv").write_text("\n".join([STREET_HEADER, *street]) + "\n")
    (folder / "2024-01-x-outcomes.csv").write_text("\n".join([OUTCOMES_HEADER, *outcomes]) + "\n")
    source = tmp_path / "in"
    if is_packed:
        source = tmp_path / "x.zip"
        with zipfile.ZipFile(source, "w") as packed:
            for file in folder.iterdir():
                packed.write(file, f"2024-01/{file.name}")
    intake = read([source], outcomes=True)
    assert intake.records["outcome"].tolist() == ["Offender sent to prison", "Under investigation", ""]
    assert any(
        "files read: 1; records whose latest outcome they hold: 1 of 2 with a Crime ID." in n for n in intake.notes
    )
    assert "outcome" not in read([source]).records
    if not is_packed:
        loose = read([folder / "2024-01-x-street.csv", folder / "2024-01-x-outcomes.csv"], outcomes=True)
        assert loose.records["outcome"].tolist() == intake.records["outcome"].tolist()


def test_references_that_share_their_first_digits_keep_their_own_outcomes(tmp_path: Path) -> None:
    references = [f"2014060000000000{n:04d}" for n in range(3)]
    street = [STREET_HEADER, *(street_line(reference, category="Burglary") for reference in references)]
    (tmp_path / "2024-01-x-street.csv").write_text("\n".join(street) + "\n")
    outcomes = [OUTCOMES_HEADER, outcome_line(references[1], "2024-02", "Suspect charged")]
    (tmp_path / "2024-01-x-outcomes.csv").write_text("\n".join(outcomes) + "\n")
    records = read([tmp_path], outcomes=True).records
    assert records["crime_id"].tolist() == references
    assert records["outcome"].tolist() == ["", "Suspect charged", ""]


def test_the_stated_lsoa_is_kept_from_a_file_and_from_an_archive(street_csv: Write, zip_of: Write) -> None:
    path = street_csv([street_line(), street_line()])
    archive = zip_of({"2024-01/2024-01-x-street.csv": path.read_bytes()})
    for source in (path, archive):
        assert read([source]).records["lsoa_code"].tolist() == ["E01", "E01"]


def test_without_outcomes_files_the_street_files_own_last_outcome_counts(shared: Path) -> None:
    intake = read([shared / "data/police_uk/west-midlands-2014-01_2014-02.zip"], outcomes=True)
    expected = []
    with zipfile.ZipFile(shared / "data/police_uk/west-midlands-2014-01_2014-02.zip") as packed:
        for name in sorted(name for name in packed.namelist() if name.endswith("street.csv")):
            with packed.open(name) as file:
                expected.append(pd.read_csv(file, usecols=["Last outcome category"]).squeeze("columns"))
    assert intake.dropped["duplicate Crime ID"] == 0
    assert intake.records["outcome"].tolist() == pd.concat(expected).fillna("").tolist()
