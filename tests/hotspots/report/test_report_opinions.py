from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from hotspots.evaluate.methods import METHODS
from hotspots.evaluate.opinions import opinions_of, panel_of
from hotspots.report.evaluation import evaluation_files
from hotspots.report.opinions import METHOD_COLUMNS, choices_chart, method_rows, opinion_data

from .conftest import page_texts


@pytest.fixture(scope="module")
def opinions():
    """Places whose reports fall by 30 % after the start, and their comparison."""
    rng = np.random.default_rng(0)
    months = pd.date_range("2021", periods=36, freq="MS")
    frames = [
        pd.DataFrame(rng.poisson(mean, (n, 36)), columns=months) for n, mean in ((8, 12), (40, 8), (8, 4), (40, 4))
    ]
    frames[0].iloc[:, 24:] = rng.poisson(8.4, (8, 12))
    return opinions_of(panel_of(*frames, before=months[:24], after=months[24:]), random_state=0)


def test_missing_months_are_left_out_of_the_panel():
    months = pd.date_range("2021", periods=10, freq="MS")
    frame = pd.DataFrame(np.arange(20).reshape(2, 10), columns=months)
    panel = panel_of(frame, frame, frame, frame, before=months[[0, 1, 3]], after=months[[5, 6]])
    assert panel.treated[0].tolist() == [0, 1, 3, 5, 6]
    assert (panel.start, panel.after) == (3, (3, 4))
    assert panel.month_numbers.tolist() == [0, 1, 3, 5, 6]


def test_every_method_is_in_the_table_or_says_why_not(opinions):
    said = opinion_data(opinions)
    assert len(said["rows"]) + len(said["silent"]) == len(METHODS)
    assert all(len(row) == len(METHOD_COLUMNS) for row in said["rows"])
    first = dict(zip(METHOD_COLUMNS, said["rows"][0], strict=True))
    assert first["False alarms"] == "6% of pilots"
    assert len(said["checks"]) == 6


def test_a_bound_that_does_not_exist_is_said_and_not_printed_as_infinity():
    frame = pd.DataFrame({"label": ["a"], "low_pct": [-50.0], "high_pct": [np.inf], "estimate_pct": [-5.0],
                          "false_positives_pct": [np.nan]})  # fmt: skip
    assert method_rows(frame) == [["a", "-50% to no bound", "-5%", "not measured"]]


def test_the_curve_draws_every_choice_and_one_thick_stroke(opinions):
    root = ET.fromstring(choices_chart(opinions.choices))
    circles = [mark for mark in root.iter() if mark.tag.endswith("circle")]
    assert len(circles) == len(opinions.choices)
    assert sum(mark.get("r") == "3.4" for mark in circles) == 1
    heights = [float(mark.get("cy")) for mark in circles]
    assert heights == sorted(heights, reverse=True)


def test_the_report_gains_a_page_and_two_tables(evaluation, opinions):
    files = evaluation_files(replace(evaluation, opinions=opinions))
    assert {"evaluation_methods.csv", "evaluation_choices.csv"} <= set(files)
    _, _, words = page_texts(files["evaluation.pdf"])
    assert "False alarms" in words
    assert "reasonable choices" in words
    choices = pd.read_csv(io.BytesIO(files["evaluation_choices.csv"]))
    assert len(choices) == len(opinions.choices)
    assert choices["is_default"].sum() == 1
