from __future__ import annotations

import json
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from docx import Document

from hotspots.evaluate import Outcome
from hotspots.report import charts
from hotspots.report.evaluation import evaluation_files
from hotspots.report.words import tidy
from hotspots.results import RegressionToMean

from .conftest import page_texts


def test_the_verdict_comes_first_and_the_interval_before_the_point(evaluation):
    first = page_texts(evaluation_files(evaluation)["evaluation.pdf"])[0]
    order = [
        first.index(words) for words in ("Reduction (level 3", "Between 30 and 80", "This is wrong if", "\u221275%")
    ]
    assert order == sorted(order)


def test_naive_claim_and_honest_result_stand_side_by_side(evaluation):
    first = page_texts(evaluation_files(evaluation)["evaluation.pdf"])[0]
    assert "What a press release would say" in first
    assert tidy(f"{evaluation.effect.low_pct:+.0f}% to {evaluation.effect.high_pct:+.0f}%") in first


@pytest.fixture(scope="module")
def settling(evaluation):
    """An evaluation of places that would go from 200 reports to 180 by themselves, 90 % band 150 to 210."""
    band = RegressionToMean(5, 12, 200, 180.0, 150.0, 210.0, -0.1, -0.1)
    outcome = Outcome("survey, 'Safe'", None, None, "Survey, 'Safe': answers.")
    return replace(evaluation, regression=band, outcomes=(outcome,), primary_sentence="Primary measure: reports.")


def test_the_fall_that_comes_by_itself_stands_between_claim_and_result(settling):
    files = evaluation_files(settling)
    first = page_texts(files["evaluation.pdf"])[0]
    titles = ("What a press release would say", "What would come with nothing done", "What can be said")
    assert "\u221225% to +5%" in first
    assert [first.index(title) for title in titles] == sorted(first.index(title) for title in titles)
    table = next(t for t in Document(BytesIO(files["evaluation.docx"])).tables if t.rows[0].cells[0].text == titles[0])
    assert [cell.text for cell in table.rows[0].cells] == list(titles)
    assert table.rows[1].cells[1].text == "\u221225% to +5%"
    assert json.loads(files["evaluation.json"])["regression_to_the_mean"]["expected"] == 180


def test_the_report_says_which_outcome_is_primary(settling):
    files = evaluation_files(settling)
    texts = [paragraph.text for paragraph in Document(BytesIO(files["evaluation.docx"])).paragraphs]
    assert "Primary measure: reports." in page_texts(files["evaluation.pdf"])[0]
    assert "Primary measure: reports." in texts


def test_the_document_holds_the_same_pictures_as_the_pdf_with_words_for_them(settling):
    read = Document(BytesIO(evaluation_files(settling)["evaluation.docx"]))
    assert len(read.inline_shapes) == 2  # months, intervals; the third comes with other methods
    assert all(shape._inline.docPr.get("descr") for shape in read.inline_shapes)


def test_gates_notes_and_places_are_on_the_second_page(evaluation):
    pages = page_texts(evaluation_files(evaluation)["evaluation.pdf"])
    assert len(pages) == 2
    assert "at least 20 are needed" in pages[1]
    assert "Up to 12 of the 50" in pages[1]
    assert "One note." in pages[1]


def test_a_closed_gate_prints_no_percentage_of_ours(evaluation_maker):
    files = evaluation_files(evaluation_maker(with_effect=False))
    pages = page_texts(files["evaluation.pdf"])
    assert "not assessable" in pages[0]
    assert "FAILS" in pages[1]
    assert json.loads(files["evaluation.json"])["effect"] is None


def test_the_json_holds_verdict_effect_and_series_and_no_folder_of_the_machine(evaluation):
    content = evaluation_files(evaluation)["evaluation.json"]
    record = json.loads(content)
    assert list(record)[:2] == ["name", "verdict"]
    assert record["effect"]["effect_pct"] == pytest.approx(-50)
    assert record["series"][0]["month"] == "2022-08"
    assert record["treated"][0]["unit"] == "T01"
    assert list(record)[-1] == "created"
    assert b"secret" not in content


def test_same_evaluation_gives_the_same_bytes(evaluation):
    assert evaluation_files(evaluation) == evaluation_files(evaluation)


def test_text_from_the_design_is_never_code(evaluation_maker):
    name = '#panic("x") <script>alert(1)</script>'
    pages = page_texts(evaluation_files(evaluation_maker(name))["evaluation.pdf"])
    assert name in pages[0]


def test_a_missing_month_breaks_the_line(evaluation):
    whole = evaluation.series.assign(is_missing=False)
    assert charts.monthly_chart(evaluation.series).count("M") == charts.monthly_chart(whole).count("M") + 2


def test_an_interval_is_drawn_to_scale():
    import re

    picture = charts.interval_chart([charts.Interval("a", -20, -40, 0, is_main=True)])
    (x1, _, x2, _) = (
        float(v) for v in re.search(r'M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)" stroke="#12436D"', picture).groups()
    )
    zero = float(re.search(r'<text x="([\d.]+)"[^>]*>no change', picture)[1])
    tick = float(re.search(r'<text x="([\d.]+)"[^>]*>-20%', picture)[1])
    assert x2 == pytest.approx(zero, abs=0.1)
    assert x1 == pytest.approx(zero - 2 * (zero - tick), abs=0.2)


def test_a_series_without_a_report_still_has_a_chart(evaluation):
    empty = evaluation.series.assign(treated=0.0, controls_scaled=np.nan)
    assert "<svg" in charts.monthly_chart(empty)
