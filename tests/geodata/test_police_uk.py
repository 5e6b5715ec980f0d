from __future__ import annotations

import gzip
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from geodata.errors import SourceError
from geodata.schema import ASB
from geodata.sources import read

from .conftest import STREET_HEADER, street_line

Write = Callable[..., Path]
BEDFORDSHIRE = "data/police_uk/bedfordshire-2021-05_2024-04.zip"
OLD_HEADER = "Month,Reported by,Falls within,Easting,Northing,Location,Crime type,Context"


@pytest.fixture(scope="module")
def bedfordshire(shared: Path) -> pd.DataFrame:
    """Every street file of the archive, read by pandas alone."""
    with zipfile.ZipFile(shared / BEDFORDSHIRE) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith("-street.csv"))
        return pd.concat([pd.read_csv(archive.open(name)) for name in names], ignore_index=True)


def test_one_file_becomes_one_row_a_record(street_csv: Write) -> None:
    intake = read([street_csv([street_line(), street_line("c1" * 32, category="Drugs", longitude="", latitude="")])])
    first, second = intake.records.to_dict("records")
    assert (first["category"], first["month"], first["crime_id"]) == (ASB, pd.Timestamp("2024-01-01"), 0)
    assert first["occurred_from"] == pd.Timestamp("2024-01-01", tz="Europe/London")
    assert first["occurred_to"] == pd.Timestamp("2024-02-01", tz="Europe/London")
    assert (first["time_precision"], first["location_precision"]) == ("month", "snap_point")
    assert (first["location"], first["source"]) == ("On or near Queen Square", "2024-01-a-force-street.csv")
    assert (second["category"], second["crime_id"]) == ("drugs", 0xC1C1_C1C1_C1C1_C1C1)
    assert pd.isna(second["longitude"])
    assert intake.kind == "police_uk"


def test_identical_asb_rows_are_never_dropped(street_csv: Write) -> None:
    intake = read([street_csv([street_line()] * 5)])
    assert len(intake.records) == intake.n_read == 5


def test_copies_of_a_crime_id_count_once_and_the_located_one_is_kept(street_csv: Write) -> None:
    lines = [street_line("c1", longitude="", latitude=""), street_line("c1"), street_line("c2"), street_line("c2")]
    intake = read([street_csv(lines)])
    assert intake.dropped == {"duplicate Crime ID": 2, "no date": 0}
    assert intake.records["longitude"].notna().all()
    assert (intake.duplicate_ids, intake.conflicting_ids) == (2, 1)


def test_copies_that_differ_in_category_or_place_are_conflicts(street_csv: Write) -> None:
    lines = [
        street_line("c1"), street_line("c1", category="Drugs"),
        street_line("c2"), street_line("c2", longitude=-2.2),
        street_line("c3"), street_line("c3", location="On or near Elsewhere"),
    ]  # fmt: skip
    intake = read([street_csv(lines)])
    assert (intake.duplicate_ids, intake.conflicting_ids) == (3, 2)


def test_the_same_crime_id_in_another_month_is_another_crime(street_csv: Write) -> None:
    lines = [street_line("c1", month="2014-06"), street_line("c1", month="2014-08", category="Drugs")]
    assert len(read([street_csv(lines)]).records) == 2


def test_which_copy_is_kept_does_not_depend_on_the_order_of_rows(street_csv: Write) -> None:
    lines = [street_line("c1", longitude=-2.3), street_line("c1", longitude=-2.1), street_line("c1", longitude="")]
    kept = [
        read([street_csv(order, f"{i}-street.csv")]).records["longitude"].tolist()
        for i, order in enumerate((lines, lines[::-1]))
    ]
    assert kept[0] == kept[1]


def test_a_row_without_a_month_is_dropped_and_counted(street_csv: Write) -> None:
    intake = read([street_csv([street_line(), street_line(month="")])])
    assert intake.dropped["no date"] == 1
    assert len(intake.records) + sum(intake.dropped.values()) == intake.n_read


def test_headers_repeated_between_months_are_no_records(street_csv: Write) -> None:
    assert read([street_csv([street_line(), STREET_HEADER, street_line()])]).n_read == 2


def test_the_2011_layout_is_turned_into_degrees(tmp_path: Path) -> None:
    path = tmp_path / "2011-02-x-street.csv"
    line = "2011-02,F,F,391370.6,298718.3,On or near Queen Square,Violent crime,"
    path.write_text(f"{OLD_HEADER}\n{line}\n2011-02,F,F,,,No location,Robbery,\n2011-02,F,F,0,0,No location,Robbery,\n")
    records = read([path]).records
    assert (records.loc[0, "longitude"], records.loc[0, "latitude"]) == pytest.approx((-2.1288, 52.5862), abs=5e-5)
    assert records.loc[0, "category"] == "violent-crime"
    assert records["longitude"].isna().tolist() == [False, True, True]


def test_grid_metres_in_degree_columns_are_refused_and_said(street_csv: Write) -> None:
    path = street_csv([street_line(longitude=391370.6, latitude=298718.3)] * 3)
    with pytest.raises(SourceError, match=r"British National Grid metres in 3 of 3 .*first 391370\.6, 298718\.3"):
        read([path])


def test_a_point_at_zero_or_off_the_globe_is_no_location(street_csv: Write) -> None:
    lines = [
        street_line(),
        street_line(longitude=0, latitude=0),
        street_line(longitude=-2, latitude=952),
        street_line(longitude="x"),
    ]
    intake = read([street_csv(lines)])
    assert intake.records["longitude"].isna().tolist() == [False, True, True, True]
    assert any("positions outside longitude/latitude or at (0, 0): 2" in note for note in intake.notes)
    assert any("values of longitude that are no numbers: 1 (first 'x')" in note for note in intake.notes)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (
            "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Outcome type",
            "outcomes",
        ),
        ("Type,Date,Latitude,Longitude,Legislation,Object of search,Outcome", "stop-and-search"),
    ],
)
def test_other_police_uk_files_given_by_name_are_refused(tmp_path: Path, header: str, kind: str) -> None:
    (tmp_path / "other.csv").write_text(f"{header}\n{','.join('x' * (header.count(',') + 1))}\n")
    with pytest.raises(SourceError, match=f"is a police.uk {kind} file and holds no incidents"):
        read([tmp_path / "other.csv"])


def test_a_header_without_rows_is_refused(street_csv: Write) -> None:
    with pytest.raises(SourceError, match="There is a header but no incident"):
        read([street_csv([])])


def test_rows_whose_dates_cannot_be_read_are_refused_together(street_csv: Write) -> None:
    with pytest.raises(SourceError, match="None of the 2 rows has a date"):
        read([street_csv([street_line(month="soon")] * 2)])


def test_a_file_in_windows_text_is_read_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "2024-01-x-street.csv"
    path.write_bytes(f"{STREET_HEADER}\n{street_line(location='On or near Café Row')}\n".encode("cp1252"))
    intake = read([path])
    assert intake.records["location"].tolist() == ["On or near Café Row"]
    assert any("not written in UTF-8" in note for note in intake.notes)


def test_zip_folder_and_loose_files_give_the_same_records(tmp_path: Path, zip_of: Write, street_csv: Write) -> None:
    months = {f"2024-0{m}/2024-0{m}-x-street.csv": [street_line(month=f"2024-0{m}")] * m for m in (1, 2, 3)}
    loose = [street_csv(lines, f"in/{name}") for name, lines in months.items()]
    packed = zip_of({name: path.read_bytes() for name, path in zip(months, loose, strict=True)})
    squeezed = []
    for path in loose:
        squeezed.append(tmp_path / f"{path.name}.gz")
        squeezed[-1].write_bytes(gzip.compress(path.read_bytes()))
    expected = read(loose).records
    assert len(expected) == 6
    for paths in ([packed], [tmp_path / "in"], squeezed):
        pd.testing.assert_frame_equal(read(paths).records, expected)


def test_bedfordshire_reads_as_pandas_reads_it(shared: Path, bedfordshire: pd.DataFrame) -> None:
    intake = read([shared / BEDFORDSHIRE])
    assert intake.n_read == len(bedfordshire) == 182_113
    assert (intake.duplicate_ids, intake.conflicting_ids, intake.dropped["duplicate Crime ID"]) == (184, 1, 184)
    asb = intake.records.loc[intake.records["category"] == ASB]
    expected = bedfordshire.loc[bedfordshire["Crime type"] == "Anti-social behaviour"]
    assert len(asb) == len(expected) == 34_017
    assert asb["longitude"].tolist() == pytest.approx(expected["Longitude"].tolist(), nan_ok=True, abs=0)
    assert asb["location"].tolist() == expected["Location"].tolist()
    assert asb["month"].dt.strftime("%Y-%m").tolist() == expected["Month"].tolist()


def test_between_a_quarter_and_a_half_of_asb_rows_equal_another_and_stay(
    shared: Path, bedfordshire: pd.DataFrame
) -> None:
    asb = bedfordshire.loc[bedfordshire["Crime type"] == "Anti-social behaviour"]
    assert 0.26 <= asb.duplicated(keep=False).mean() <= 0.46
    records = read([shared / BEDFORDSHIRE]).records
    assert (records["category"] == ASB).sum() == len(asb)


def test_bedfordshire_is_read_in_under_two_seconds(shared: Path) -> None:
    read([shared / BEDFORDSHIRE])
    started = time.perf_counter()
    read([shared / BEDFORDSHIRE])
    assert time.perf_counter() - started < 2


def test_northern_irish_ids_used_again_in_another_month_stay_apart(shared: Path) -> None:
    intake = read([shared / "data/police_uk/many-forces-2014-06_2014-08.zip"])
    assert intake.n_read == 636_162
    assert (intake.duplicate_ids, intake.dropped["duplicate Crime ID"]) == (115, 144)
    assert len(intake.records) + sum(intake.dropped.values()) == intake.n_read


def test_the_old_layout_agrees_with_the_published_degrees(shared: Path) -> None:
    old = read([shared / "data/police_uk/west-midlands-2011-02-old-format.csv.gz"])
    derived = pd.read_csv(shared / "data/police_uk/wolverhampton_2011-02.csv")
    assert old.n_read == 25_558
    assert (old.records["category"] == ASB).sum() == 8_728
    ours = set(zip(old.records["longitude"].round(5), old.records["latitude"].round(5), strict=True))
    theirs = {(round(x, 5), round(y, 5)) for x, y in zip(derived["Longitude"], derived["Latitude"], strict=True)}
    assert len(theirs - ours) / len(theirs) < 0.15  # rounding in the sixth decimal moves some fifth decimals


def test_a_tab_separated_file_of_asb_months_is_taken_as_what_its_name_says(shared: Path) -> None:
    intake = read([shared / "data/police_uk/lancashire_asb.tab.gz"])
    assert intake.n_read == len(intake.records) == 56_434
    assert set(intake.records["category"]) == {ASB}
    assert set(intake.records["time_precision"]) == {"month"}
    assert set(intake.records["location_precision"]) == {"snap_point"}
    assert any("every row was taken as anti-social behaviour" in note for note in intake.notes)
