from __future__ import annotations

import json

import numpy as np
import pypdfium2 as pdfium
import pytest

from hotspots.report import charts
from hotspots.report.evaluation import evaluation_files


def _pages(content: bytes) -> list[str]:
    document = pdfium.PdfDocument(content)
    texts = []
    for number in range(len(document)):
        page = document[number]
        layer = page.get_textpage()
        texts.append(" ".join(layer.get_text_bounded().split()))
        layer.close()
        page.close()
    document.close()
    return texts


def test_the_verdict_comes_first_and_the_interval_before_the_point(evaluation):
    first = _pages(evaluation_files(evaluation)["evaluation.pdf"])[0]
    order = [first.index(words) for words in ("Reduction (level 3", "Between 30 and 80", "This is wrong if", "-75%")]
    assert order == sorted(order)


def test_naive_claim_and_honest_result_stand_side_by_side(evaluation):
    first = _pages(evaluation_files(evaluation)["evaluation.pdf"])[0]
    assert "What a press release would say" in first
    assert f"{evaluation.effect.low_pct:+.0f}% to {evaluation.effect.high_pct:+.0f}%" in first


def test_gates_notes_and_places_are_on_the_second_page(evaluation):
    pages = _pages(evaluation_files(evaluation)["evaluation.pdf"])
    assert len(pages) == 2
    assert "at least 20 are needed" in pages[1]
    assert "Up to 12 of the 50" in pages[1]
    assert "One note." in pages[1]


def test_a_closed_gate_prints_no_percentage_of_ours(evaluation_maker):
    files = evaluation_files(evaluation_maker(with_effect=False))
    pages = _pages(files["evaluation.pdf"])
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
    pages = _pages(evaluation_files(evaluation_maker(name))["evaluation.pdf"])
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
