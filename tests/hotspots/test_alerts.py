"""Change alerts: the published example, expected counts by hand, and how often chance alone raises an alarm."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, poisson

from geodata.errors import DataError, DesignError
from hotspots.alerts import change_alerts, change_z, expected_counts


def table(counts, first="2022-01-01"):
    counts = np.atleast_2d(counts)
    months = pd.date_range(first, periods=counts.shape[1], freq="MS", unit="us", name="month")
    return pd.DataFrame(counts, index=[f"H{i:02d}" for i in range(1, len(counts) + 1)], columns=months)


def test_sixteen_to_twenty_five_is_two_standard_deviations_though_it_is_56_per_cent():
    assert change_z(25, 16) == 2.0
    assert change_z(16, 25) == -2.0
    assert change_z([4, 0], [4, 1]).tolist() == [0.0, -2.0]


@given(st.floats(8, 400))
def test_a_poisson_count_has_about_unit_standard_deviation_on_this_scale(mean):
    k = np.arange(int(mean + 12 * np.sqrt(mean)) + 10)
    chance = poisson.pmf(k, mean)
    z = change_z(k, mean)
    spread = np.sqrt(chance @ z**2 - (chance @ z) ** 2)
    assert spread == pytest.approx(1, abs=0.06)


def test_without_trend_the_expected_count_is_the_mean_of_the_same_season():
    counts = np.full((1, 25), 4)
    counts[0, [11, 12, 13]] = 6, 9, 12  # December, January, February
    counts[0, 23] = 6  # December again, so that the months compared for the trend agree
    counts[0, 24] = 25
    found = expected_counts(table(counts))
    # January 2024: season December 2022 - February 2023 and January - February 2022
    assert found["season_months"].iloc[0] == 5
    assert found["season_total"].iloc[0] == 6 + 9 + 12 + 4 + 4


def test_the_areas_trend_moves_the_expected_count():
    counts = np.vstack([np.full(25, 10), np.full(25, 90)])
    counts[:, 13:24] *= 2  # the whole area doubled, 11 of the 12 months before the last
    counts[:, 12] *= 2
    counts[:, 24] = 20, 180
    found = expected_counts(table(counts[:, 1:]))  # 24 months: one earlier season, 11 months for the trend
    assert found["trend"].iloc[0] == pytest.approx(2.0)
    # season: months 11, 12 and 13 of the list above, the last two of them doubled already
    assert found["expected"].iloc[0] == pytest.approx(2.0 * (10 + 20 + 20) / 3)


def test_a_register_is_given_the_trend_of_its_area():
    counts = table(np.full((2, 24), 10))
    totals = pd.Series(np.repeat([100, 200], 12), index=counts.columns)
    found = expected_counts(counts, totals=totals)
    assert found["trend"].iloc[0] == pytest.approx(2.0)
    assert found["expected"].to_list() == pytest.approx([20.0, 20.0])
    assert change_alerts(counts, registered=True, totals=totals)["direction"].to_list() == ["", ""]


def test_thirteen_months_have_no_trend_and_one_season():
    found = expected_counts(table([[3, 5] + [9] * 11]))
    assert found[["expected", "season_months", "trend"]].iloc[0].to_list() == [4.0, 2, 1.0]


def test_missing_months_are_left_out_of_season_and_trend():
    counts = np.full((2, 25), 8.0)
    counts[:, 12] = np.nan
    counts[:, 18] = np.nan
    found = expected_counts(table(counts))
    assert found["season_months"].iloc[0] == 4
    assert found["expected"].iloc[0] == pytest.approx(8.0)


def test_a_registered_hotspot_alerts_at_three_standard_deviations():
    counts = np.full((3, 25), 16)
    counts[:, -1] = 25, 31, 4
    found = change_alerts(table(counts), registered=True)
    assert found["z"].iloc[0] == 2.0
    assert found["is_alert"].to_list() == [False, True, True]
    assert found["direction"].to_list() == ["", "more", "fewer"]
    assert found["why"].iloc[1] == (
        "31 reports in January 2024, 16.0 expected from the same season with the area's trend"
    )


def test_three_standard_deviations_to_the_letter_are_an_alert():
    counts = np.full((2, 25), 12.0)
    counts[:, 12] = np.nan
    counts[:, 13] = 13  # the four other months of the season now hold 49 reports: 12.25 are expected
    counts[:, -1] = 25, 4
    totals = pd.Series(100, index=table(counts).columns)
    found = change_alerts(table(counts), registered=True, totals=totals)
    assert found["z"].to_list() == [3.0, -3.0]
    assert found["is_alert"].all()


def test_the_exact_test_is_the_binomial_one():
    counts = np.full((1, 25), 3)
    counts[0, -1] = 9
    found = change_alerts(table(counts), registered=False).iloc[0]
    assert found["season_months"] == 5
    above = binomtest(9, 9 + 15, 1 / 6, alternative="greater").pvalue
    assert found["p_value"] == pytest.approx(2 * above)


def test_over_many_quiet_cells_chance_alone_raises_few_alarms():
    rng = np.random.default_rng(0)
    any_alarm, by_z = [], []
    for _ in range(60):
        found = change_alerts(table(rng.poisson(0.4, (1500, 25))), registered=False)
        any_alarm.append(found["is_alert"].any())
        by_z.append(int((found["z"].abs() >= 3).sum()))
    assert np.mean(any_alarm) <= 0.10 + 3 * np.sqrt(0.09 / 60)
    assert np.mean(by_z) > 1  # which is why |z| >= 3 is for the register only


def test_a_planted_surge_among_cells_is_found():
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.4, (1500, 25))
    counts[7, -1] = 14
    found = change_alerts(table(counts), registered=False)
    assert found.index[found["is_alert"]].to_list() == ["H08"]


def test_what_cannot_be_compared_is_refused_in_words():
    with pytest.raises(DataError, match="at least 13 months"):
        change_alerts(table([[1] * 12]), registered=True)
    with pytest.raises(DataError, match="1 counts are negative"):
        change_alerts(table([[-1] + [1] * 12]), registered=True)
    with pytest.raises(DesignError, match="follow each other"):
        change_alerts(table([[1] * 14]).iloc[:, [0, *range(2, 14)]], registered=True)
    with pytest.raises(DataError, match="last month was not delivered"):
        change_alerts(table([[1.0] * 12 + [np.nan]]), registered=True)
    with pytest.raises(DataError, match="same season"):
        change_alerts(table([[np.nan] * 2 + [1.0] * 11]), registered=True)
