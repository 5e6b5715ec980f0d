"""Day and night, calendar months, weekends and school holidays: by hand, planted, and under chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from geodata.errors import DataError, DesignError
from geodata.period import Period
from hotspots.seasons import calendar_months, daily_counts, day_effects, rate_ratio, split_day_night, why_no_hours
from hotspots.timing import has_hours


def spans(reports, *pairs, **columns):
    n = len(pairs)
    return reports(np.zeros(n), np.zeros(n), when=[a for a, _ in pairs], until=[b for _, b in pairs], **columns)


def test_the_day_runs_from_six_to_six(reports):
    times = ["2024-03-10 05:59", "2024-03-10 06:00", "2024-03-10 17:59", "2024-03-10 18:00", "2024-03-10 23:00"]
    found = split_day_night(reports(np.zeros(5), np.zeros(5), when=times))
    assert found.day.index.to_list() == [1, 2]
    assert found.night.index.to_list() == [0, 3, 4]
    assert found.left_out == {}


def test_an_interval_belongs_where_its_larger_part_lies_and_an_even_one_where_it_starts(reports):
    table = spans(
        reports,
        ("2024-03-10 17:00", "2024-03-10 20:00"),  # 1 h of the day, 2 h of the night
        ("2024-03-10 16:00", "2024-03-10 19:00"),  # 2 h against 1 h
        ("2024-03-10 17:00", "2024-03-10 19:00"),  # even, starts by day
        ("2024-03-10 05:00", "2024-03-10 07:00"),  # even, starts by night
        ("2024-03-10 20:00", "2024-03-11 19:00"),  # 12 h of the next day, 11 h of two nights
    )
    found = split_day_night(table)
    assert found.day.index.to_list() == [1, 2, 4]
    assert found.night.index.to_list() == [0, 3]


def test_reports_without_an_hour_are_counted_by_reason_and_all_adds_up(reports):
    table = spans(
        reports,
        ("2024-03-10 12:00", "2024-03-10 12:00"),
        ("2024-03-10", "2024-03-11"),
        ("2024-03-01", "2024-04-01"),
        ("2024-03-10 12:00", "2024-03-12 12:00"),
        ("2024-03-10 12:00", "2024-03-10 12:00"),
        time_precision=["minute", "day", "month", "minute", "minute"],
    )
    table.loc[4, "occurred_from"] = pd.NaT
    assert why_no_hours(table) == {
        "no time": 1,
        "known to the month only": 1,
        "known to the day only": 1,
        "an interval of more than 24 hours": 1,
    }
    assert int(has_hours(table).sum()) + sum(why_no_hours(table).values()) == len(table)
    found = split_day_night(table)
    assert len(found.day) + len(found.night) + sum(found.left_out.values()) == len(table)


def months(counts, first="2022-01-01"):
    return pd.Series(counts, index=pd.date_range(first, periods=len(counts), freq="MS", unit="us"))


def test_as_many_reports_every_day_is_an_index_of_one_in_every_month():
    totals = months([0] * 24)
    totals[:] = 10 * pd.DatetimeIndex(totals.index).days_in_month
    found = calendar_months(totals)
    assert_allclose(found["index"], 1.0)
    assert_allclose(found["per_day"], 10.0)
    assert ((found["low"] < 1) & (found["high"] > 1)).all()


def test_a_busy_july_by_hand():
    totals = months([31, 28, 31, 30, 31, 30, 62, 31, 30, 31, 30, 31])  # 2022: one a day, July two
    found = calendar_months(totals)
    assert found.loc[7, "index"] == pytest.approx(62 / (396 * 31 / 365))
    assert found.loc[7, "n"] == 62
    assert found.loc[7, ["low", "high"]].to_list() == pytest.approx(
        [47.54 / (396 * 31 / 365), 79.48 / (396 * 31 / 365)], abs=0.005
    )  # Poisson table: 62 has 47.5 to 79.5


def test_a_trend_from_year_to_year_is_no_season_and_early_odd_months_are_left_out():
    days = pd.DatetimeIndex(months([0] * 29, "2021-08-01").index).days_in_month.to_numpy()
    totals = months(days * np.repeat([50, 1, 2], [5, 12, 12]), "2021-08-01")
    found = calendar_months(totals)
    assert_allclose(found["index"], 1.0)
    assert (found["years"] == 2).all()


def test_years_that_differ_widen_the_interval():
    same = calendar_months(months([100] * 24))
    unlike = calendar_months(months([100, 200] * 6 + [200, 100] * 6))
    assert (unlike["high"] - unlike["low"] > same["high"] - same["low"]).all()


@pytest.mark.parametrize(
    ("totals", "message"),
    [
        (months([1] * 11), "at least 12 months"),
        (months([1] * 13).drop(pd.Timestamp("2022-05-01")), "in a row"),
        (months([-1] + [1] * 11), "negative"),
        (months([0] * 12), "no report"),
    ],
)
def test_seasons_that_cannot_be_told_are_refused(totals, message):
    with pytest.raises(DataError, match=message):
        calendar_months(totals)


def test_a_rate_ratio_by_hand():
    # stratum 1: 2 exposed days with 6, 4 others with 4; stratum 2: 1 exposed day with 4, 1 other with 2
    n = [3, 3, 1, 1, 1, 1, 4, 2]
    exposed = [True, True, False, False, False, False, True, False]
    found = rate_ratio("Busy days", n, exposed, [1] * 6 + [2] * 2)
    assert found.ratio == pytest.approx((6 * 4 / 6 + 4 * 1 / 2) / (4 * 2 / 6 + 2 * 1 / 2))
    assert found.raw_ratio == pytest.approx((10 / 3) / (6 / 5))
    assert (found.n_days, found.n_other_days, found.n_reports, found.dispersion) == (3, 5, 16, 1.0)
    variance = (10 * 2 * 4 / 36 + 6 * 1 * 1 / 4) / (6 * 7 / 3)
    assert np.log(found.high / found.ratio) == pytest.approx(1.959964 * np.sqrt(variance), rel=1e-6)
    assert found.describe().startswith("Busy days: 2.57 times")


def test_strata_of_one_kind_of_day_compare_nothing():
    found = rate_ratio("Holidays", [5, 5, 9, 9], [True, True, False, False], [1, 1, 2, 2])
    assert np.isnan(found.ratio)
    assert found.n_days == 0
    assert "no two kinds of day" in found.describe()
    assert np.isnan(rate_ratio("Nothing", [], [], []).ratio)
    with pytest.raises(DesignError, match="one count"):
        rate_ratio("x", [1], [True, False], [1])


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.integers(0, 2)), min_size=1, max_size=40))
def test_swapping_the_kinds_of_day_turns_the_ratio_over(days):
    n, exposed, strata = (np.array(column) for column in zip(*days, strict=True))
    one, other = rate_ratio("x", n, exposed, strata), rate_ratio("x", n, ~exposed.astype(bool), strata)
    assert np.isnan(one.ratio) == np.isnan(other.ratio)
    if np.isfinite(one.ratio):
        assert one.ratio * other.ratio == pytest.approx(1)
        assert one.p_value == pytest.approx(other.p_value)


def test_under_chance_the_interval_holds_one_in_about_95_of_100():
    rng = np.random.default_rng(0)
    strata = np.arange(365) // 30
    inside = []
    for _ in range(400):
        mean = rng.gamma(4, 2, 365) * (1 + np.sin(strata))  # days unlike each other, months too
        found = rate_ratio("x", rng.poisson(np.maximum(mean, 0.1)), np.arange(365) % 7 >= 5, strata)
        inside.append(found.low <= 1 <= found.high)
    assert 0.90 <= np.mean(inside) <= 0.985


def simulated(reports, rng, weekend=1.0, holiday=1.0, summer=1.0):
    from geodata.calendar import is_school_holiday

    days = pd.Series(pd.date_range("2022-01-01", "2023-12-31", freq="D", unit="us"))
    mean = np.full(len(days), 12.0)
    mean = mean * np.where(days.dt.day_of_week >= 5, weekend, 1) * np.where(days.dt.month.isin([7, 8]), summer, 1)
    mean = mean * np.where(is_school_holiday(days).to_numpy(dtype=bool), holiday, 1)
    when = days.repeat(rng.poisson(mean)) + pd.Timedelta(hours=14)
    return reports(np.zeros(len(when)), np.zeros(len(when)), when=when.to_numpy())


def test_planted_weekend_and_holiday_effects_come_out(reports):
    table = simulated(reports, np.random.default_rng(1), weekend=1.5, holiday=1.3)
    found = day_effects(table, Period.of("2022-01", "2023-12"))
    assert found["weekend"].low < 1.5 < found["weekend"].high
    assert found["school_holiday"].low < 1.3 < found["school_holiday"].high
    assert found["school_holiday"].p_value < 0.001
    assert found["bank_holiday"].n_days >= 10


def test_a_busy_summer_is_not_mistaken_for_its_holidays(reports):
    found = day_effects(simulated(reports, np.random.default_rng(2), summer=1.8), Period.of("2022-01", "2023-12"))
    holiday = found["school_holiday"]
    assert holiday.raw_ratio > 1.15
    assert holiday.low < 1 < holiday.high


def test_every_day_counts_also_one_without_a_report(reports):
    table = reports(np.zeros(2), np.zeros(2), when=["2024-02-02 03:00", "2024-02-29 12:00"])
    daily = daily_counts(table, Period.of("2024-02", "2024-02"))
    assert len(daily) == 29
    assert daily["2024-02-01"] == 1  # 03:00 belongs to the day before
    assert daily["2024-02-29"] == 1
    assert daily.sum() == 2


def test_months_alone_are_refused_in_words(reports):
    table = reports(np.zeros(3), np.zeros(3), time_precision="month")
    with pytest.raises(DataError, match="None of 3 reports is known to the day"):
        day_effects(table, Period.of("2024-03", "2024-03"))
