"""The back-test ranks from the past, tests on what followed, and refuses what it cannot test."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from geodata.errors import DesignError
from geodata.period import Period
from hotspots.report import words
from hotspots.targeting import BASELINE, DEFAULT, RANKERS, Panel, rankers_named, run_backtest, thin
from hotspots.targeting.backtest import one_ranking, ranking
from hotspots.targeting.ceiling import CEILING
from hotspots.targeting.rankers.bayes import pulled

TWO = rankers_named([DEFAULT, BASELINE])


def dense(panel):
    """Return the wanted reports of every cell and step."""
    return np.column_stack([panel.followed(step, 1) for step in range(panel.n_steps)])


@pytest.fixture(scope="module")
def tested(panel: Panel):
    return run_backtest(panel, TWO, areas=(0.02, 0.05))


def test_every_month_with_twelve_before_it_is_tested(tested, panel):
    assert list(tested.origins) == list(panel.steps[12:])
    assert set(tested.monthly["method"]) == {DEFAULT, BASELINE, CEILING}
    assert len(tested.monthly) == 18 * 3 * 2


def test_one_month_is_worked_by_hand(tested, panel):
    row = tested.monthly.query("method == @BASELINE and area == 0.05").iloc[3]
    score = dense(panel)[:, 3:15].sum(axis=1)
    k = round(0.05 * panel.land_cells)
    after = dense(panel)[:, 15]
    level = np.sort(score)[::-1][k - 1]
    tied = score == level
    expected = after[score > level].sum() + (k - (score > level).sum()) * after[tied].mean()
    assert row["origin"] == panel.steps[15]
    assert row["k"] == k
    assert row["found"] == pytest.approx(expected)
    assert row["total"] == after.sum()
    assert row["most"] == np.sort(after)[::-1][:k].sum()


def test_accuracy_sums_over_origins(tested, panel):
    chosen = tested.monthly.query("method == @DEFAULT and area == 0.02")
    plain = tested.monthly.query("method == @BASELINE and area == 0.02")
    row = tested.accuracy.query("method == @DEFAULT and area == 0.02").iloc[0]
    assert row["hit_rate"] == pytest.approx(chosen["found"].sum() / chosen["total"].sum())
    assert row["pai"] == pytest.approx(row["hit_rate"] / (row["k"] / panel.land_cells))
    assert row["pei"] == pytest.approx(chosen["found"].sum() / chosen["most"].sum())
    assert row["ratio"] == pytest.approx(chosen["found"].sum() / plain["found"].sum())
    assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"]


def test_the_count_is_held_against_itself(tested):
    rows = tested.accuracy.query("method == @BASELINE")
    assert_allclose(rows[["ratio", "ratio_low", "ratio_high"]], 1)


def test_nothing_finds_more_than_hindsight_would(tested):
    assert (tested.monthly["found"] <= tested.monthly["most"] + 1e-9).all()


def test_the_ceiling_knows_the_months_after(town_of, panel_of_town):
    # after eighteen months every place is another: no past tells, the months after do
    before, after = town_of(seed=1), town_of(seed=2)
    begins = pd.Timestamp("2022-07-01")
    moved = pd.concat([before.loc[before["month"] < begins], after.loc[after["month"] >= begins]])
    found = run_backtest(panel_of_town(moved), TWO, areas=(0.05,), first=begins, last=begins)
    rates = found.accuracy.set_index("method")["hit_rate"]
    assert rates[CEILING] > 2 * rates[BASELINE]


def test_rankings_list_each_origin_once_and_leave_out_the_lowest(tested, panel):
    found = tested.rankings([DEFAULT])
    assert list(found.columns) == ["origin", "cell", "score", "method"]
    assert not found.duplicated(["origin", "cell"]).any()
    assert found["origin"].unique().tolist() == [f"{month:%Y-%m}" for month in panel.steps[12:]]
    assert (found["score"] > 0).all()
    assert set(ranking(pd.Index(["a", "b", "c"]), np.array([-1.0, 2.0, 0.0]), "2024-01", "x")["cell"]) == {"b", "c"}


def test_one_ranking_is_the_last_of_a_back_test_and_shows_both_numbers(tested, panel):
    alone = one_ranking(panel.past(29), RANKERS[DEFAULT], 1, "2023-06")
    listed = tested.rankings([DEFAULT]).query("origin == '2023-06'").reset_index(drop=True)
    pd.testing.assert_frame_equal(alone[["origin", "cell", "score", "method"]], listed)
    assert alone["rank"].tolist() == list(range(1, len(alone) + 1))
    both = pulled(panel.past(29), 1)
    rows = panel.cells.get_indexer(alone["cell"])
    assert_allclose(alone["had"], both.own[rows])
    assert_allclose(alone["similar"], both.prior[rows])


def test_longer_horizons_test_the_months_together(panel):
    found = run_backtest(panel, TWO, horizon=3, areas=(0.05,))
    assert list(found.origins) == list(panel.steps[12:28])
    first = found.monthly.query("method == @BASELINE").iloc[0]
    assert first["total"] == panel.totals[12:15].sum()


def test_only_the_months_asked_for_are_tested(panel):
    found = run_backtest(panel, TWO, first=pd.Timestamp("2022-08-01"), last=pd.Timestamp("2022-10-01"))
    assert [f"{month:%Y-%m}" for month in found.origins] == ["2022-08", "2022-09", "2022-10"]
    assert len(run_backtest(panel, TWO, newest=5).origins) == 5


def test_missing_months_are_not_tested(town, panel_of_town):
    gone = pd.DatetimeIndex(["2022-05-01"])
    found = run_backtest(panel_of_town(town.loc[town["month"] != gone[0]], missing=gone), TWO)
    assert gone[0] not in found.origins
    assert len(found.origins) == 17


def test_months_of_the_covid_restrictions_stand_apart(town_of, panel_of_town):
    period = Period.of("2019-07", "2021-06")
    found = run_backtest(panel_of_town(town_of(period=period), period=period), TWO, areas=(0.05,))
    assert found.monthly["is_covid"].sum() == 9 * 3
    assert (found.accuracy["origins"] == 3).all()
    assert (found.covid["origins"] == 9).all()
    assert found.of_list(DEFAULT, 0.05).first == "2021-04"


def test_the_same_input_gives_the_same_numbers(panel, tested):
    again = run_backtest(panel, TWO, areas=(0.02, 0.05))
    pd.testing.assert_frame_equal(again.accuracy, tested.accuracy)


def test_a_part_of_the_reports_is_tested_on_all_of_them(panel):
    found = run_backtest(thin(panel, 0.3, 0), TWO, truth=panel)
    assert found.monthly.query("method == @DEFAULT and area == 0.01")["total"].tolist() == panel.totals[12:].tolist()


REFUSED = {
    "too short": ({"months": 12}, {}, "needs 12 periods to learn from and 1 to test"),
    "too short for three": ({"months": 14}, {"horizon": 3}, "needs 12 periods to learn from and 3 to test"),
    "no horizon": ({}, {"horizon": 0}, "at least 1"),
    "beyond the data": ({}, {"first": "2023-07"}, "No month with 12 periods before it"),
    "horizon beyond the data": ({}, {"first": "2023-05", "horizon": 3}, "may be 2022-01 to 2023-04"),
    "before the training": ({}, {"last": "2021-11"}, "No month with 12 periods before it"),
    "in a missing month": ({"missing": ["2022-05-01"]}, {"first": "2022-05"}, "2022-05 is a month in which"),
    "all missing": (
        {"missing": pd.date_range("2022-01-01", "2023-06-01", freq="MS")}, {}, "Every month that could be tested",
    ),
    "hardly a report": ({"rows": 30}, {}, r"Only \d+ reports lie before"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "asked", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_tested_is_refused_with_the_reason(data, asked, said, town, panel_of_town):
    asb = town.loc[town["category"] == "anti-social-behaviour"].iloc[:: 1 if "rows" not in data else 90]
    period = Period.of("2021-01", "2023-06")
    if "months" in data:
        period = Period(period.first, period.months[data["months"] - 1])
    panel = panel_of_town(asb, period=period, missing=pd.DatetimeIndex(data.get("missing", [])))
    given = {name: pd.Timestamp(f"{v}-01") if name in ("first", "last") else v for name, v in asked.items()}
    with pytest.raises(DesignError, match=said):
        run_backtest(panel, TWO, **given)


def test_words_say_when_a_simple_count_is_as_good(tested):
    found = tested.of_list(DEFAULT, 0.05)
    import dataclasses

    better = dataclasses.replace(found, ratio=1.1, ratio_low=1.02, ratio_high=1.2)
    equal = dataclasses.replace(found, ratio=1.01, ratio_low=0.98, ratio_high=1.04)
    worse = dataclasses.replace(found, ratio=0.9, ratio_low=0.8, ratio_high=0.99)
    assert better.beats_count
    assert "Better than a simple count" in " ".join(words.accuracy(better))
    for other in (equal, worse):
        assert not other.beats_count
        assert "A simple count is as good here" in " ".join(words.accuracy(other))
    assert "as good here and better: this list found 0.90 times" in " ".join(words.accuracy(worse))


@pytest.mark.slow
def test_on_pure_noise_a_simple_count_is_as_good(town_of, panel_of_town):
    period = Period.of("2021-01", "2023-12")
    verdicts = []
    for seed in range(100):
        noise = town_of(seed=seed, spread=0.0, one_a_cell=True, period=period)
        panel = panel_of_town(noise, period=period)
        verdicts.append(run_backtest(panel, TWO, areas=(0.01,), ceiling=False).of_list(DEFAULT))
    said = ["A simple count is as good here" in " ".join(words.accuracy(verdict)) for verdict in verdicts]
    assert np.mean(said) >= 0.90
