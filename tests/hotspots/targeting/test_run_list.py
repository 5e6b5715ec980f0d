"""A run ranks with the default where other crime was read, checks its list on past months, and says how good it is."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import hotspots
from geodata.area import StudyArea
from hotspots.config import RankingConfig, RunConfig
from hotspots.parts import split_stability
from hotspots.pipeline import take_through_gate
from hotspots.ranking import probability_of_top, ranks
from hotspots.report import words
from hotspots.report.provenance import run_json
from hotspots.targeting import RANKERS
from hotspots.targeting.assemble import panel_of
from hotspots.targeting.run_cells import panel_ranks_by_part


@pytest.fixture(scope="module")
def records(town_of) -> pd.DataFrame:
    """The little town as records of street precision, so that several calls are several events."""
    frame = town_of(reports=60.0, spread=1.6)
    when = pd.Series(pd.to_datetime(frame["month"])).dt.tz_localize("Europe/London")
    return frame.drop(columns="inside").assign(
        occurred_from=when, occurred_to=when, time_precision="month", location_precision="street", location="Some Road"
    )


@pytest.fixture(scope="module")
def area() -> StudyArea:
    import shapely

    return StudyArea(name="Town", boundary=shapely.box(-2.14, 52.57, -2.11, 52.59))


@pytest.fixture(scope="module")
def run(records, area):
    return hotspots.run(records, area)


def test_the_list_is_that_of_the_default(run, records, area):
    from geodata.sources import intake_of

    intake, config = intake_of(records), RunConfig()
    panel = panel_of(take_through_gate(intake, area, config), intake, area, config, resolution=10)
    score = pd.Series(RANKERS["ebreg_mean"].score(panel, 1), index=panel.cells)
    assert_allclose(run.cells["score"], score.reindex(run.cells.index))
    assert run.cells.sort_values("rank")["score"].is_monotonic_decreasing


def test_both_numbers_stand_beside_the_score(run):
    low, high = run.cells[["had", "similar"]].min(axis=1), run.cells[["had", "similar"]].max(axis=1)
    between = run.cells["score"].between(0.9 * low - 1e-9, 1.1 * high + 1e-9)  # averages over three memories
    assert between.all()
    first = run.hotspots.iloc[0]
    assert first["had"] == pytest.approx(run.cells.loc[first["cells"].split(","), "had"].sum())


def test_the_typical_place_is_still_the_mean_of_all(run):
    known = run.cells["expected"] > 0
    assert_allclose(run.cells.loc[known, "expected"], run.cells["n"].sum() / known.sum())


@pytest.mark.parametrize(("ceiling", "said"), [
    (0.35, "would have held 35%; the rest"),
    (0.314, "would have held 31.4%, this list held 31.2%; the rest"),
    (0.3122, "Ceiling: reached"),
])  # fmt: skip
def test_a_ceiling_is_never_printed_as_what_the_list_found(run, ceiling, said):
    assert said in words.accuracy(replace(run.accuracy, hit_rate=0.312, ceiling=ceiling))[-1]


def test_the_list_is_checked_on_past_months(run):
    found = run.accuracy
    assert (found.method, found.origins, found.first, found.last) == ("ebreg_mean", 18, "2022-01", "2023-06")
    said = " ".join(words.sureness(run))
    assert "Checked on 18 months" in said
    assert "simple count" in said
    assert "Ceiling" in said
    record = json.loads(run_json(run))
    assert record["accuracy"]["ratio"] == pytest.approx(found.ratio)
    assert record["accuracy_in_words"] == words.accuracy(found)


def test_one_kind_of_report_is_ranked_by_its_own_past(records, area):
    asb = records.loc[records["category"] == "anti-social-behaviour"]
    run = hotspots.run(asb, area)
    assert run.accuracy.method == "decayed"
    assert np.ptp(run.cells.loc[run.cells["similar"] > 0, "similar"]) == 0


def test_the_old_list_can_be_kept(records, area, run):
    config = RunConfig(ranking=RankingConfig(method="decayed", backtest_origins=0))
    old = hotspots.run(records, area, config)
    assert old.accuracy is None
    assert not np.allclose(old.cells["score"], run.cells["score"])


def test_too_short_a_past_is_said(records, area):
    run = hotspots.run(records, area, RunConfig(first_month="2022-08", last_month="2023-06"))
    assert run.accuracy is None
    assert any(refusal.analysis == "accuracy of the list" and "needs 12" in refusal.reason for refusal in run.refused)
    assert not run.hotspots.empty


def test_officers_records_move_no_cell(records, area, run):
    made = records.loc[records["category"] == "violent-crime"].head(400).assign(origin="officer", longitude=-2.125)
    again = hotspots.run(pd.concat([records, made], ignore_index=True), area)
    assert_allclose(again.cells["score"], run.cells["score"])


def test_halves_are_ranked_from_their_own_months_alone(town, panel, panel_of_town):
    cut = panel.n_steps // 2
    second = town.loc[town["month"] >= panel.steps[cut]]
    alone = panel_of_town(second).since(cut)
    assert_allclose(panel.since(cut).n_points, alone.n_points)
    assert_allclose(RANKERS["ebreg_mean"].score(panel.since(cut), 1), RANKERS["ebreg_mean"].score(alone, 1))
    score = pd.Series(RANKERS["ebreg_mean"].score(panel, 1), index=panel.cells)
    parts = panel_ranks_by_part(panel, pd.Series(ranks(score.to_numpy(), panel.cells), index=panel.cells))
    ranked = RANKERS["ebreg_mean"].score(alone, 1)
    assert parts["second half"].nsmallest(20).index.to_list() == list(panel.cells[np.argsort(-ranked)[:20]])
    found = split_stability(parts, panel.steps, 10)
    assert found.is_stable
    assert (found.first_half, found.second_half) == ("2021-01 to 2022-03", "2022-04 to 2023-06")


def test_the_chance_of_the_top_weighs_each_cells_own_scale():
    # the same shape, twice the scale: first in two draws of three (beta prime with equal shapes at ratio 1/2)
    shape, scale = np.array([1.0, 1.0]), np.array([2.0, 1.0])
    chance = probability_of_top(shape, scale, np.array([1, 2]), top_k=1, draws=20_000, random_state=0)
    assert chance[0] == pytest.approx(2 / 3, abs=0.01)
    assert chance.sum() == pytest.approx(1)
