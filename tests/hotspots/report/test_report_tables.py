from __future__ import annotations

import csv
import io
import json

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotspots.report import hotspots_csv, hotspots_xlsx, run_json
from hotspots.report.tables import safe_text

SCRIPT = "<script>alert(1)</script>"
FORMULA = "=cmd|' /C calc'!A0"


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_csv_has_one_row_per_hotspot_with_the_promised_columns(run):
    rows = _rows(hotspots_csv(run))
    assert [row["rank"] for row in rows] == [str(i) for i in range(1, 11)]
    assert {"hotspot_id", "rank", "name", "n", "expected", "cells"} <= set(rows[0])
    assert rows[0]["name"] == "High Street"
    assert "geometry" not in rows[0]


@given(st.text())
def test_no_text_a_spreadsheet_would_run_survives(text):
    assert not str(safe_text(text)).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.one_of(st.integers(), st.floats(allow_nan=False)))
def test_numbers_stay_numbers(number):
    assert safe_text(number) == number


def test_hostile_names_reach_the_csv_as_text(hostile_run):
    names = [row["name"] for row in _rows(hotspots_csv(hostile_run))]
    assert names[0] == SCRIPT
    assert names[1] == f"'{FORMULA}"
    assert not [name for name in names if name.startswith(("=", "+", "-", "@"))]


def test_hostile_names_reach_the_workbook_as_text_and_never_as_a_formula(hostile_run):
    book = openpyxl.load_workbook(io.BytesIO(hotspots_xlsx(hostile_run)))
    formulas = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.data_type == "f"]
    assert {(at.parent.title, at.parent.cell(1, at.column).value) for at in formulas} == {("Why", "recalculated")}
    assert not [at for at in formulas if SCRIPT in at.value or FORMULA[1:] in at.value]
    names = [book["Hotspots"].cell(row=line, column=3).value for line in (2, 3)]
    assert book["Hotspots"].cell(row=1, column=3).value == "name"
    assert names == [SCRIPT, FORMULA]


def test_workbook_has_a_sheet_per_table_and_says_what_it_rests_on(run):
    book = openpyxl.load_workbook(io.BytesIO(hotspots_xlsx(run)))
    facts = ["Cells", "Repeat places", "Months", "Kinds", "Places"]
    assert book.sheetnames == ["Hotspots", "Why", *facts, "Patrols", "Cameras", "About"]
    assert book["Cells"].max_row <= 501
    about = {line[0].value: line[1].value for line in book["About"].iter_rows(min_row=2)}
    assert about["Records used"] == 2400
    assert about["Left out: no coordinates"] == 120
    assert about["Marking"] == "OFFICIAL"
    assert "SYNTHETIC" in about


@pytest.mark.parametrize("write", [hotspots_csv, hotspots_xlsx, run_json])
def test_same_run_gives_the_same_bytes(run, write):
    assert write(run) == write(run)


@pytest.mark.parametrize("write", [hotspots_csv, hotspots_xlsx, run_json])
def test_a_refused_run_still_has_its_files(refused_run, write):
    assert write(refused_run)


def test_csv_without_hotspots_keeps_its_columns(refused_run):
    header = hotspots_csv(refused_run).decode("utf-8-sig").splitlines()
    assert len(header) == 1
    assert header[0].startswith("hotspot_id,rank,name,n,")


def test_the_record_holds_what_a_check_needs_and_ends_with_the_time(run):
    record = json.loads(run_json(run))
    assert {"n_read", "n_used", "dropped", "grade", "fingerprint", "config", "seed", "versions"} <= set(record)
    assert record["n_read"] == record["n_used"] + sum(record["dropped"].values())
    assert list(record)[-1] == "created"
    assert record["config"]["patrol"]["visit_minutes"] == 15.0


def test_the_record_of_a_refusal_names_its_rule(refused_run):
    record = json.loads(run_json(refused_run))
    assert record["refused"][0]["rule"] == "R1.8"
    assert record["stability"] is None
