"""Many pilots as lines: the answers' fields, refusals, and the scorer on the shared pack of real counts."""

from __future__ import annotations

import gzip
import json
import math
import subprocess
import sys
import time

import numpy as np
import pytest
from scipy import stats

from geodata.errors import DesignError, SourceError
from hotspots.evaluate import estimate, evaluate_batch, open_lines

MONTHS = [f"{year}-{month:02d}" for year in (2021, 2022, 2023) for month in range(1, 13)]
FIELDS = ["pilot_id", "effect_pct", "lo_pct", "hi_pct", "verdict", "ring_pct", "ring_lo_pct", "ring_hi_pct"]


def pilot(**changes):
    units = [{"id": f"T{i}", "counts": [5 + i % 2] * 24 + [3] * 12, "ring_counts": [2] * 36} for i in range(6)]
    others = [{"id": f"C{i}", "counts": [2 + i % 3] * 36, "ring_counts": [1] * 36} for i in range(24)]
    given = {"pilot_id": "p1", "months": MONTHS, "start": "2023-01", "after": list(range(24, 36)), "treated": units,
             "controls": others}  # fmt: skip
    return json.dumps({**given, **changes})


def answer(**changes):
    return next(evaluate_batch([pilot(**changes)]))


def test_a_halved_pilot_reads_as_a_reduction_with_ring():
    found = answer()
    assert list(found)[: len(FIELDS)] == FIELDS
    assert found["effect_pct"] == pytest.approx(100 * (3 / 5.5 - 1))
    assert found["lo_pct"] < found["effect_pct"] < found["hi_pct"] < 0
    assert found["verdict"] == "reduction"
    assert found["ring_pct"] == pytest.approx(0, abs=1e-9)
    assert found["reason"] == ""


def test_a_closed_gate_answers_nothing_and_says_why():
    found = answer(controls=json.loads(pilot())["controls"][:19])
    assert [found[field] for field in FIELDS[1:]] == [None, None, None, "not_assessable", None, None, None]
    assert "at least 20 are needed" in found["reason"]


def test_a_group_without_a_report_after_the_start_is_not_assessable():
    silent = [unit | {"counts": [9] * 24 + [0] * 12} for unit in json.loads(pilot())["treated"]]
    found = answer(treated=silent)
    assert found["verdict"] == "not_assessable"
    assert "no report" in found["reason"]
    json.dumps(found, allow_nan=False)


def test_pilots_without_ring_counts_are_answered_without_a_ring():
    bare = {group: [{"id": u["id"], "counts": u["counts"]} for u in json.loads(pilot())[group]]
            for group in ("treated", "controls")}  # fmt: skip
    found = answer(**bare)
    assert found["verdict"] == "reduction"
    assert found["ring_pct"] is None


def test_blank_lines_are_passed_over_and_order_is_kept():
    lines = [pilot(pilot_id="a"), "", "\n", pilot(pilot_id="b")]
    assert [found["pilot_id"] for found in evaluate_batch(lines)] == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "Line 1 is not JSON"),
        ("[1]", "one JSON object"),
        ("{}", "has no pilot_id, months, start"),
        (pilot(start="2030-01"), "not among its months"),
        (pilot(after=[3, 4]), "between the start and the last month"),
        (pilot(after=[]), "between the start and the last month"),
        (pilot(treated=[{"id": "T", "counts": [1, 2]}] * 6), "one number for each of the months"),
        (pilot(treated=[{"id": "T", "counts": [-1] * 36}] * 6), "at least 0"),
        (pilot(treated=[{"id": "T", "counts": ["x"] * 36}] * 6), "one number for each"),
        (pilot(treated=[{"id": "T"}] * 6), "needs 'counts'"),
    ],
)
def test_a_line_that_is_no_pilot_is_refused_with_its_number(line, message):
    with pytest.raises(DesignError, match=message) as caught:
        list(evaluate_batch([line]))
    assert "Line 1" in str(caught.value)


def test_plain_and_gzipped_files_read_the_same(tmp_path):
    text = pilot() + "\n" + pilot(pilot_id="p2") + "\n"
    (tmp_path / "plain.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "misnamed.jsonl").write_bytes(gzip.compress(text.encode()))
    assert list(open_lines(tmp_path / "plain.jsonl")) == list(open_lines(tmp_path / "misnamed.jsonl"))


def test_files_that_cannot_be_read_are_refused(tmp_path):
    with pytest.raises(SourceError, match="no file of pilots"):
        list(open_lines(tmp_path / "absent.jsonl"))
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b"x" * 9999)[:-9])
    with pytest.raises(SourceError, match="could not be read"):
        list(open_lines(tmp_path / "cut.jsonl.gz"))
    (tmp_path / "latin.jsonl").write_bytes("\xe9\n".encode("latin-1"))
    with pytest.raises(SourceError, match="could not be read"):
        list(open_lines(tmp_path / "latin.jsonl"))


@pytest.fixture(scope="module")
def answers(shared, tmp_path_factory):
    """Answers to the whole pack, and the processor seconds they took, as the clock of an idle machine would say."""
    began = time.process_time()
    found = list(evaluate_batch(open_lines(shared / "checks" / "evaluation" / "pilots.jsonl.gz")))
    took = time.process_time() - began
    path = tmp_path_factory.mktemp("batch") / "answers.jsonl"
    path.write_text("\n".join(json.dumps(one, allow_nan=False) for one in found) + "\n", encoding="utf-8")
    return path, found, took


def test_the_scorer_passes_every_line_on_real_counts(shared, answers):
    path, _, took = answers
    scorer = shared / "checks" / "evaluation" / "score.py"
    done = subprocess.run([sys.executable, str(scorer), str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL" not in done.stdout
    assert done.stdout.count("PASS") == 6
    assert took < 60


def test_point_estimates_and_the_three_variances_equal_the_published_reference_answers(shared, answers):
    """The reference takes the largest of the three variances on units - 2 degrees of freedom, ours what they vary."""
    folder = shared / "checks" / "evaluation"
    expected = {one["pilot_id"]: one for one in map(json.loads, open_lines(folder / "reference_answers.jsonl.gz"))}
    same_verdict = []
    for found, line in zip(answers[1], open_lines(folder / "pilots.jsonl.gz"), strict=True):
        other = expected[found["pilot_id"]]
        same_verdict.append(found["verdict"] == other["verdict"])
        for field in ("effect_pct", "ring_pct"):
            if other.get(field) is None:
                assert found[field] is None
            else:
                assert found[field] == pytest.approx(other[field], rel=1e-9, abs=1e-9)
        if other["effect_pct"] is not None:
            low, high = largest_of_three(json.loads(line))
            assert (low, high) == pytest.approx((other["lo_pct"], other["hi_pct"]), rel=1e-9, abs=1e-9)
    assert np.mean(same_verdict) > 0.97


def largest_of_three(given):
    """The interval of the published answers from our variances."""
    start = given["months"].index(given["start"])
    treated, controls = (np.array([unit["counts"] for unit in given[group]]) for group in ("treated", "controls"))
    sums = (group[:, months].sum(axis=1) for group in (treated, controls) for months in (range(start), given["after"]))
    effect = estimate(*sums)
    error = math.sqrt(max(effect.v_random, effect.v_cluster, effect.v_quasi))
    reach = stats.t.ppf(0.975, len(treated) + len(controls) - 2) * error
    return tuple(100 * math.expm1(effect.log_effect + side * reach) for side in (-1, 1))
