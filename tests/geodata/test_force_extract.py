from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import polars as pl
import pytest

from geodata.categories import NOT_STATED
from geodata.errors import SourceError
from geodata.schema import ASB
from geodata.sources import read
from geodata.sources.personal import is_personal, without_personal
from geodata.sources.synonyms import SYNONYMS, words

Write = Callable[..., Path]
HEADER = "incident_ref,occurred_from,occurred_to,category,easting,northing"
LINE = "L1,05/08/2023 22:15,05/08/2023 23:00,ASB Nuisance,391370.6,298718.3"


def one(path: Path, **options: object) -> dict[str, object]:
    [row] = read([path], **options).records.to_dict("records")  # type: ignore[arg-type]
    return row


def test_an_extract_is_read_by_the_names_of_its_columns(extract_csv: Write) -> None:
    row = one(extract_csv([LINE]))
    assert row["category"] == ASB
    assert row["qualifier"] == "nuisance"
    assert row["occurred_from"] == pd.Timestamp("2023-08-05 22:15", tz="Europe/London")
    assert row["occurred_to"] == pd.Timestamp("2023-08-05 23:00", tz="Europe/London")
    assert row["month"] == pd.Timestamp("2023-08-01")
    assert (row["longitude"], row["latitude"]) == pytest.approx((-2.1288, 52.5862), abs=5e-5)
    assert (row["time_precision"], row["location_precision"], row["crime_id"]) == ("minute", "street", "L1")


@pytest.mark.parametrize(
    "header",
    [
        "Log No,Incident Date,To Date,Incident Type,Eastings,Northings",
        "URN;From Date;Date To;Category;X;Y",
        "CAD Number\tOccurred\tOccurred To\tOffence Type\tEASTING\tNORTHING",
        "incident_ref|Date/Time|End Date|opening_code|BNG Easting|BNG Northing",
    ],
)
def test_other_forces_names_and_delimiters_are_understood(extract_csv: Write, header: str) -> None:
    delimiter = next(mark for mark in "\t;|," if mark in header)
    row = one(extract_csv([LINE.replace(",", delimiter)], header))
    assert row["category"] == ASB
    assert row["occurred_from"] == pd.Timestamp("2023-08-05 22:15", tz="Europe/London")


def test_a_mapping_overrides_what_the_names_suggest(extract_csv: Write) -> None:
    path = extract_csv(["01/01/2020,05/08/2023,Drugs,ASB,-2.1,52.5"], "date,started,category,kind,lon,lat")
    row = one(path, mapping={"occurred_from": "started", "category": "kind"})
    assert row["category"] == ASB
    assert row["month"] == pd.Timestamp("2023-08-01")


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"when": "date"}, "names the field 'when', which does not exist"),
        ({"category": "sort"}, "names column 'sort' for category, but extract.csv has: 'date'"),
        ({"location": "caller_name"}, "people's details and free text are never read"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(extract_csv: Write, mapping: dict[str, str], message: str) -> None:
    path = extract_csv(["05/08/2023,ASB,-2.1,52.5,A B"], "date,category,lon,lat,caller_name")
    with pytest.raises(SourceError, match=message):
        read([path], mapping=mapping)


def test_wrong_columns_are_named_with_what_is_missing_and_what_to_do(extract_csv: Write) -> None:
    with pytest.raises(SourceError) as caught:
        read([extract_csv(["1,2"], "apples,pears")])
    message = str(caught.value)
    for part in (
        "extract.csv",
        "longitude and latitude, or easting and northing",
        "a date",
        "'apples', 'pears'",
        "mapping",
    ):
        assert part in message
    assert message.count("\n") == 0


def test_half_a_position_is_no_position(extract_csv: Write) -> None:
    with pytest.raises(SourceError, match="no column holds a position"):
        read([extract_csv(["05/08/2023,ASB,-2.1"], "date,category,longitude")])


def test_two_columns_that_fit_equally_well_are_asked_about(extract_csv: Write) -> None:
    path = extract_csv(["05/08/2023,06/08/2023,ASB,-2.1,52.5"], "incident_date,date_of_incident,category,lon,lat")
    with pytest.raises(SourceError, match="'incident_date', 'date_of_incident' could each be the occurred_from"):
        read([path])
    assert one(path, mapping={"occurred_from": "date_of_incident"})["occurred_from"].day == 6  # type: ignore[attr-defined]


def test_a_better_name_wins_over_a_weaker_one(extract_csv: Write) -> None:
    path = extract_csv(["01/01/2020,05/08/2023 10:00,ASB,-2.1,52.5"], "date,occurred_from,category,lon,lat")
    assert one(path)["month"] == pd.Timestamp("2023-08-01")


def test_degrees_in_grid_columns_are_refused_and_said(extract_csv: Write) -> None:
    path = extract_csv(["L1,05/08/2023,,ASB,-2.1288,52.5862"] * 3)
    with pytest.raises(SourceError, match="easting and northing columns hold degrees in 3 of 3"):
        read([path])


def test_grid_metres_in_degree_columns_are_refused_and_said(extract_csv: Write) -> None:
    path = extract_csv(["05/08/2023,ASB,391370,298718"], "date,category,lon,lat")
    with pytest.raises(SourceError, match="British National Grid metres in 1 of 1"):
        read([path])


def test_degrees_missing_in_a_row_are_taken_from_the_grid(extract_csv: Write) -> None:
    header = "date,category,longitude,latitude,easting,northing"
    path = extract_csv(["05/08/2023,ASB,,,391370.6,298718.3", "05/08/2023,ASB,-2.1,52.5,391370.6,298718.3"], header)
    assert read([path]).records["longitude"].tolist() == pytest.approx([-2.1288, -2.1], abs=5e-5)


def test_thousands_separators_are_understood(extract_csv: Write) -> None:
    row = one(extract_csv(['05/08/2023,ASB,"391,370.6","298,718.3"'], "date,category,easting,northing"))
    assert row["longitude"] == pytest.approx(-2.1288, abs=5e-5)


def test_a_uprn_or_an_address_makes_the_place_an_address(extract_csv: Write) -> None:
    header = "date,category,lon,lat,uprn,address,street"
    lines = ["05/08/2023,ASB,-2.1,52.5,100071234567.0,,High St", "05/08/2023,ASB,-2.1,52.5,,1 High St,High St",
             "05/08/2023,ASB,-2.1,52.5,,,High St"]  # fmt: skip
    records = read([extract_csv(lines, header)]).records
    assert records["location_precision"].tolist() == ["address", "address", "street"]
    assert records["place_id"].tolist() == ["UPRN:100071234567", "", ""]
    assert records["location"].tolist() == ["High St", "1 High St", "High St"]


def test_police_uk_points_under_another_header_are_still_snap_points(extract_csv: Write) -> None:
    path = extract_csv(["2023-08,ASB,-2.1,52.5,On or near High Street"] * 3, "month,category,lon,lat,location")
    assert set(read([path]).records["location_precision"]) == {"snap_point"}


def test_who_reported_is_told_apart(extract_csv: Write) -> None:
    header = "date,category,lon,lat,officer_initiated,channel"
    tails = ["Y,", "N,999", ",101", ",Officer on patrol", ",Online", ",", "0,Officer"]
    path = extract_csv([f"05/08/2023,ASB,-2.1,52.5,{tail}" for tail in tails], header)
    assert read([path]).records["origin"].tolist() == [
        "officer", "public", "public", "officer", "public", "unknown", "public",
    ]  # fmt: skip


def test_national_standard_headings_are_asb_with_their_heading_kept(extract_csv: Write) -> None:
    header = "date,nsir_category,nsir_qualifier,lon,lat"
    path = extract_csv(["05/08/2023,Street Drinking,Environmental,-2.1,52.5", "05/08/2023,Burglary,,-2.1,52.5"], header)
    records = read([path]).records
    assert records["category"].tolist() == [ASB, "burglary"]
    assert records["heading"].tolist() == ["Street Drinking", ""]
    assert records["qualifier"].tolist() == ["environmental", ""]


def test_people_and_free_text_are_never_read_and_listed(extract_csv: Write) -> None:
    header = "date,category,lon,lat,Caller Name,DOB,result_text,phone number,ward"
    intake = read([extract_csv(["05/08/2023,ASB,-2.1,52.5,A Person,01/01/1980,he said,07700 900123,Bilston"], header)])
    [note] = [note for note in intake.notes if "people's details" in note]
    assert note.endswith("were not read: Caller Name, DOB, result_text, phone number.")
    assert not intake.records.astype(str).apply(lambda c: c.str.contains("Person|1980|he said|07700")).any().any()


@pytest.mark.parametrize("text", ["call 07700 900123", "+44 7700 900 123", "a.person@example.org"])
def test_a_location_that_holds_a_number_or_address_of_a_person_is_blanked(extract_csv: Write, text: str) -> None:
    intake = read([extract_csv([f"05/08/2023,ASB,-2.1,52.5,{text}"], "date,category,lon,lat,location")])
    assert intake.records["location"].tolist() == [""]
    assert any("values of location blanked" in note for note in intake.notes)


@pytest.mark.parametrize(
    "column",
    [
        "Surname", "victim_dob", "Officer Name", "incident description", "E-mail", "Email", "notes", "CallerName",
        "DateOfBirth", "PhoneNumber", "VictimSurname", "Contact", "Contact No", "Nominal Ref", "PNC ID", "VRM",
        "Vehicle Reg", "Collar No", "Witness", "Resident", "Reported By", "Attending Officer", "Home Address",
        "Defendant", "Ethnic Appearance", "Mental Health", "Occupation", "FirstName",
    ],
)  # fmt: skip
def test_personal_columns_are_known_by_their_names(column: str) -> None:
    assert is_personal(column)


@pytest.mark.parametrize(
    "column",
    ["Location Name", "Incident Category Description", "Final Incident Type Desc", "Officer Initiated", "Generated By",
     "Contact Method", "ContactType", "Beat", "Personal", "Street Name", "Region"],
)  # fmt: skip
def test_columns_of_places_kinds_and_channels_are_not_personal(column: str) -> None:
    assert not is_personal(column)


def test_a_personal_column_is_refused_though_a_person_maps_it(extract_csv: Write) -> None:
    path = extract_csv(["05/08/2023,ASB,-2.1,52.5,Mr John Smith"], "date,category,lon,lat,CallerName")
    with pytest.raises(SourceError, match="never read"):
        read([path], mapping={"location": "CallerName"})


def test_no_synonym_is_personal_and_none_has_the_words_of_another_fields() -> None:
    known = [(field, name) for field, tiers in SYNONYMS.items() for tier in tiers for name in tier]
    assert not [name for _, name in known if is_personal(name)]
    fields: dict[frozenset[str], set[str]] = {}
    for field, name in known:
        fields.setdefault(words(name), set()).add(field)
    assert {frozenset(held) for held in fields.values() if len(held) > 1} == {frozenset({"category", "heading"})}
    assert frozenset() not in fields


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("Occurred Date From", "Occurred Date To"), ("Earliest Date", "Latest Date"), ("OccurredFrom", "OccurredTo"),
        ("Incident Start Date", "Incident End Date"), ("DateTimeFrom", "DateTimeTo"),
        ("EventStartDateTime", "EventEndDateTime"), ("First Committed Date", "Last Committed Date"),
    ],
)  # fmt: skip
def test_dates_are_found_by_the_words_of_their_names(extract_csv: Write, begin: str, end: str) -> None:
    path = extract_csv(
        ["06/08/2023,05/08/2023,04/08/2023,ASB,391370,298718"], f"{end},Reported Date/Time,{begin},Category,BNG E,BNG N"
    )
    assert {field: read([path]).matched.get(field) for field in ("occurred_from", "occurred_to", "created")} == {
        "occurred_from": begin, "occurred_to": end, "created": "Reported Date/Time",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("x", "y"),
    [("BNG E", "BNG N"), ("Grid Reference X", "Grid Reference Y"), ("LocX", "LocY"), ("MapX", "MapY"),
     ("Geo X", "Geo Y"), ("IncidentEasting", "IncidentNorthing"), ("GridEasting", "GridNorthing"),
     ("Easting Coordinate", "Northing Coordinate")],
)  # fmt: skip
def test_grid_metres_are_found_under_many_names(extract_csv: Write, x: str, y: str) -> None:
    row = one(extract_csv(["05/08/2023,ASB,298718,391370"], f"date,category,{y},{x}"))
    assert (row["longitude"], row["latitude"]) == pytest.approx((-2.129, 52.586), abs=0.002)


@pytest.mark.parametrize(
    "column", ["Closing Classification", "Final Class", "NICL Code", "Incident Class 1", "Result Code",
               "Incident Category Description", "Final Incident Type Desc"],
)  # fmt: skip
def test_kinds_are_found_under_many_names(extract_csv: Write, column: str) -> None:
    assert one(extract_csv(["05/08/2023,ASB,-2.1,52.5"], f"date,{column},lon,lat"))["category"] == ASB


def test_names_that_a_shapefile_cut_are_found_and_said(extract_csv: Write) -> None:
    path = extract_csv(
        ["R1,05/08/2023 22:15,ASB Nuisance,Street drinking,Nuisance,-2.1,52.5"],
        "Incident R,Occurred_F,Category,NSIR Categ,NSIR Quali,longitude,latitude",
    )
    intake = read([path])
    [row] = intake.records.to_dict("records")
    assert row["occurred_from"] == pd.Timestamp("2023-08-05 22:15", tz="Europe/London")
    assert (row["crime_id"], row["heading"], row["qualifier"]) == ("R1", "Street drinking", "nuisance")
    assert any("occurred_from from 'Occurred_F'" in note for note in intake.notes)


def test_a_cut_name_of_two_fields_is_not_taken(extract_csv: Write) -> None:
    path = extract_csv(["05/08/2023,ASB,-2.1,52.5"], "Date,Incident T,lon,lat")  # incident time, or type
    assert one(path)["category"] == NOT_STATED


def test_two_cut_dates_are_refused(extract_csv: Write) -> None:
    with pytest.raises(SourceError, match="whose names were cut, could each be the occurred_from"):
        read([extract_csv(["05/08/2023,05/08/2023,ASB,-2.1,52.5"], "Occurred_F,Offence_Da,category,lon,lat")])


def test_a_name_is_cut_only_among_short_names(extract_csv: Write) -> None:
    with pytest.raises(SourceError, match="of which 'Occurred_F' may be meant"):
        read([extract_csv(["05/08/2023,ASB,-2.1,52.5,"], "Occurred_F,category,lon,lat,a longer name")])


@pytest.mark.parametrize("column", ["Closed Date", "Last Updated Date", "Report Start Date", "Date Printed"])
def test_other_dates_are_never_taken_for_the_date_but_named_as_perhaps_meant(extract_csv: Write, column: str) -> None:
    with pytest.raises(SourceError, match=f"of which '{column}' may be meant"):
        read([extract_csv(["05/08/2023,ASB,-2.1,52.5,01/01/1980"], f"{column},category,lon,lat,DateOfBirth")])


def test_two_dates_of_the_same_words_are_refused(extract_csv: Write) -> None:
    header = "Occurred Date From,From Date Occurred,category,lon,lat"
    with pytest.raises(SourceError, match="could each be the occurred_from"):
        read([extract_csv(["05/08/2023,06/08/2023,ASB,-2.1,52.5"], header)])


def test_a_column_told_by_its_words_is_said(extract_csv: Write) -> None:
    path = extract_csv(["05/08/2023,ASB,1,52"], "OccurredDateFrom,category,lon,lat")
    [note] = [note for note in read([path]).notes if "words" in note]
    assert note.endswith("(look whether they are right): occurred_from from 'OccurredDateFrom'.")


@pytest.mark.parametrize(
    "text",
    ["12 High Street, Mrs Jane Smith", "MR J. SMITH", "Dr Khan", "Mr & Mrs Jones, 4 Low Road", "Peter O'Brien",
     "sarah patel", "John A Smith", "Seen in AB12 CDE", "Smith 01/02/1980"],
)  # fmt: skip
def test_a_person_in_a_place_is_blanked_and_counted_never_printed(extract_csv: Write, text: str) -> None:
    intake = read([extract_csv([f'05/08/2023,ASB,-2.1,52.5,"{text}"'], "date,category,lon,lat,location")])
    assert intake.records["location"].tolist() == [""]
    [note] = [note for note in intake.notes if "blanked" in note]
    assert note.endswith(": 1.")
    assert text not in note


@pytest.mark.parametrize(
    "text",
    ["Dr Johnson Road", "St John's", "Lord Street", "Mrs Smith's Charity", "Oakfield Dr, Dudley", "100 PEACHTREE DR NW",
     "John Harper Street", "Thomas Telford School", "Mary Vale", "Dob Lane", "Victoria Square", "A449 Stafford Road",
     "WV10 9AB", "Mr Singh's Pizza"],
)  # fmt: skip
def test_a_place_called_after_a_person_stays(extract_csv: Write, text: str) -> None:
    path = extract_csv([f'05/08/2023,ASB,-2.1,52.5,"{text}"'], "date,category,lon,lat,location")
    assert read([path]).records["location"].tolist() == [text]


def test_kinds_and_wards_that_sound_like_people_stay(extract_csv: Write) -> None:
    lines = ["05/08/2023,ASB,-2.1,52.5,High Street,Park"] * 20
    lines += ["05/08/2023,Miss use of fireworks,-2.1,52.5,High Street,Margaret Mitchell", "05/08/2023,Ann Smith,1,2,,"]
    intake = read([extract_csv(lines, "date,category,lon,lat,location,ward")])
    assert intake.records["category"].tolist()[-2:] == ["miss-use-of-fireworks", "ann-smith"]
    assert intake.records["beat"].tolist()[-2] == "Margaret Mitchell"
    assert not [note for note in intake.notes if "blanked" in note]


def test_a_column_of_names_is_left_out_whole(extract_csv: Write) -> None:
    path = extract_csv(["05/08/2023,ASB,-2.1,52.5,Mary Jones"] * 5, "date,category,lon,lat,ward")
    intake = read([path])
    assert "beat" not in intake.records
    assert any("column ward was not used, because it holds names of people (5 values)" in n for n in intake.notes)


def test_no_real_street_name_is_taken_for_a_person(shared: Path) -> None:
    with zipfile.ZipFile(shared / "data/police_uk/many-forces-2014-06_2014-08.zip") as archive:
        files = [archive.read(name) for name in archive.namelist() if name.endswith("2014-07-west-midlands-street.csv")]
        files += [archive.read(name) for name in archive.namelist() if "2014-08" in name and "street" in name]
    texts = pl.concat(pl.read_csv(file, infer_schema=False, columns=["Location"]) for file in files).to_series()
    names = texts.unique().str.strip_prefix("On or near ")
    assert len(names) > 50_000
    kept, notes = without_personal(pl.DataFrame({"location": names}), {}, "streets")
    assert notes == []
    assert kept["location"].to_list() == names.to_list()


def test_a_missing_date_is_replaced_by_the_date_of_the_report_and_said(extract_csv: Write) -> None:
    header = "occurred_from,created_dt,category,lon,lat"
    intake = read([extract_csv([",06/08/2023 09:00,ASB,-2.1,52.5", ",,ASB,-2.1,52.5"], header)])
    assert intake.records["occurred_from"].tolist() == [pd.Timestamp("2023-08-06 09:00", tz="Europe/London")]
    assert intake.dropped["no date"] == 1
    assert any("the date of the report stands in: 1." in note for note in intake.notes)


def test_an_end_before_the_start_is_ignored_and_said(extract_csv: Write) -> None:
    intake = read([extract_csv(["L1,05/08/2023 22:00,04/08/2023 22:00,ASB,391370,298718"])])
    [row] = intake.records.to_dict("records")
    assert row["occurred_to"] == row["occurred_from"]
    assert any("that end before they start, whose end was ignored: 1." in note for note in intake.notes)


def test_a_date_and_a_clock_in_two_columns_are_joined(extract_csv: Write) -> None:
    row = one(extract_csv(["05/08/2023,930,ASB,-2.1,52.5"], "date,time,category,lon,lat"))
    assert row["occurred_from"] == pd.Timestamp("2023-08-05 09:30", tz="Europe/London")


def test_no_row_is_lost_when_the_clocks_change(extract_csv: Write) -> None:
    lines = [f"L{i},{day} 01:{minute:02d},,ASB,391370,298718" for i, (day, minute) in enumerate(
        [(day, minute) for day in ("29/10/2023", "26/03/2023") for minute in range(60)])]  # fmt: skip
    intake = read([extract_csv(lines)])
    assert len(intake.records) == 120
    assert intake.records["occurred_from"].notna().all()


def test_one_log_with_two_offences_stays_two_and_an_exact_copy_goes(extract_csv: Write) -> None:
    intake = read([extract_csv([LINE, LINE, LINE.replace("ASB Nuisance", "Robbery"), LINE.replace("05/08", "06/08")])])
    assert len(intake.records) == 3
    assert intake.dropped["duplicate Crime ID"] == 1


def test_rows_without_a_reference_are_never_copies(extract_csv: Write) -> None:
    assert len(read([extract_csv([LINE.replace("L1", "")] * 4)]).records) == 4


def test_a_file_without_a_category_says_so(extract_csv: Write) -> None:
    line, header = "05/08/2023,-2.1,52.5", "date,lon,lat"
    assert one(extract_csv([line], header))["category"] == NOT_STATED
    assert one(extract_csv([line], header, "asb_2023.csv"))["category"] == ASB
    assert one(extract_csv([line], header, "basbow.csv"))["category"] == NOT_STATED


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("synthetic", "true", True),
        ("synthetic", "", False),
        ("source", "SYNTHETIC sample", True),
        ("source", "STORM", False),
    ],
)
def test_synthetic_data_are_known_by_their_label(extract_csv: Write, header: str, value: str, expected: bool) -> None:
    assert (
        read([extract_csv([f"05/08/2023,ASB,-2.1,52.5,{value}"], f"date,category,lon,lat,{header}")]).is_synthetic
        is expected
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
def test_every_usual_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "extract.csv"
    path.write_bytes("date,category,lon,lat,location\n05/08/2023,ASB,-2.1,52.5,Café £1 Row\n".encode(encoding))
    assert one(path)["location"] == "Café £1 Row"


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending_is_read(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "extract.csv"
    path.write_bytes(
        ending.join(["date,category,lon,lat", "05/08/2023,ASB,-2.1,52.5", "06/08/2023,ASB,-2.1,52.5"]).encode()
    )
    assert len(read([path]).records) == 2


@pytest.mark.parametrize("content", [bytes(range(256)) * 8, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\x00" * 50])
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "photo.csv").write_bytes(content)
    with pytest.raises(SourceError, match=r"photo\.csv is not (a text file|readable text)"):
        read([tmp_path / "photo.csv"])


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    for content in (b"", b"\n\n", b"   \n"):
        (tmp_path / "extract.csv").write_bytes(content)
        with pytest.raises(SourceError, match=r"extract\.csv is empty"):
            read([tmp_path / "extract.csv"])


def test_a_quoted_comma_and_a_quoted_line_break_stay_in_their_cell(extract_csv: Write) -> None:
    path = extract_csv(
        ['05/08/2023,ASB,-2.1,52.5,"High St,\nBilston"', "06/08/2023,ASB,-2.1,52.5,X"], "date,category,lon,lat,location"
    )
    assert read([path]).records["location"].tolist() == ["High St,\nBilston", "X"]


def test_text_that_looks_like_markup_or_a_formula_stays_text(extract_csv: Write) -> None:
    texts = ["<script>alert(1)</script>", "=cmd|' /C calc'!A0"]
    path = extract_csv([f"05/08/2023,ASB,-2.1,52.5,{text}" for text in texts], "date,category,lon,lat,location")
    assert read([path]).records["location"].tolist() == texts


def workbook(path: Path, rows: list[list[object]], *, extra_sheet: bool = False) -> Path:
    book = openpyxl.Workbook()
    if extra_sheet:
        book.active.append(["Produced by the analysts"])
        book.create_sheet("Log")
    for row in rows:
        book.worksheets[-1].append(row)
    book.save(path)
    return path


def test_a_workbook_is_read_with_its_own_dates_and_numbers(tmp_path: Path) -> None:
    header = ["incident_ref", "occurred_from", "category", "easting", "northing", "uprn"]
    rows = [header, [17, dt.datetime(2023, 8, 5, 22, 15), "ASB", 391370.6, 298718.3, 100071234567.0],
            [18, dt.datetime(2023, 8, 6), "ASB", 391370.6, 298718.3, None]]  # fmt: skip
    records = read([workbook(tmp_path / "log.xlsx", rows)]).records
    assert records["occurred_from"].dt.strftime("%d %H:%M").tolist() == ["05 22:15", "06 00:00"]
    assert records["crime_id"].tolist() == ["17", "18"]
    assert records["place_id"].tolist() == ["UPRN:100071234567", ""]


def test_titles_above_the_header_and_other_sheets_are_passed_over(tmp_path: Path) -> None:
    rows = [
        ["ASB log, August 2023"],
        [],
        ["Date", "Category", "Longitude", "Latitude"],
        [dt.date(2023, 8, 5), "ASB", -2.1, 52.5],
    ]
    intake = read([workbook(tmp_path / "log.xlsx", rows, extra_sheet=True)])
    assert len(intake.records) == 1
    assert intake.records["time_precision"].tolist() == ["day"]
    assert any("Sheet 'Log' was read; ignored: Sheet." in note for note in intake.notes)


def test_an_empty_workbook_and_an_old_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="none of its sheets holds a table"):
        read([workbook(tmp_path / "empty.xlsx", [])])
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 500)
    with pytest.raises(SourceError, match=r"old\.xls could not be read as a workbook, it is damaged or locked"):
        read([tmp_path / "old.xls"])


def test_a_broken_workbook_is_refused_in_one_sentence(tmp_path: Path, zip_of: Write) -> None:
    path = zip_of({"xl/workbook.xml": "<broken", "[Content_Types].xml": "<x/>"}, "broken.xlsx")
    with pytest.raises(SourceError, match=r"broken\.xlsx could not be read as a workbook"):
        read([path])


def test_a_workbook_bomb_is_refused(zip_of: Write) -> None:
    path = zip_of({"xl/workbook.xml": "<x/>", "xl/worksheets/sheet1.xml": b"0" * 50_000_000}, "bomb.xlsx")
    with pytest.raises(SourceError, match="possible ZIP bomb"):
        read([path])


def test_real_timestamps_are_read_to_the_minute(shared: Path) -> None:
    intake = read([shared / "data/timestamped/atlanta-2019-incidents.csv.gz"], timezone="America/New_York")
    assert intake.n_read == 16_099
    assert (intake.records["time_precision"] == "minute").mean() > 0.99
    spans = intake.records["occurred_to"] - intake.records["occurred_from"]
    assert (spans >= pd.Timedelta(0)).all()
    assert spans.median() > pd.Timedelta(0)
    first = intake.records.iloc[0]
    assert first["occurred_from"] == pd.Timestamp("2019-01-01 00:20", tz="America/New_York")


def test_ten_years_of_real_times_keep_every_row(shared: Path) -> None:
    intake = read([shared / "data/timestamped/chicago_aggravated_assaults.csv.gz"], timezone="America/Chicago")
    assert intake.n_read == len(intake.records) == 148_636
    assert intake.records["occurred_from"].notna().all()
