"""How far times can be trusted: cases counted by hand, laws, both clock changes, planted and real records."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import geodata
from geodata import timequality as tq

ZONE = "Europe/London"


def records(starts: list[str], **columns: object) -> pd.DataFrame:
    """Records known to the minute that began at local times, with further columns."""
    start = local(starts)
    given_columns = {"occurred_from": start, "occurred_to": start, "time_precision": "minute"} | columns
    return pd.DataFrame(given_columns, index=pd.RangeIndex(len(starts), name="incident_id"))


def local(texts: list[str], *, second_pass: bool = False) -> pd.Series:
    """Local times; in the hour that comes twice the first, unless the second is asked for."""
    naive = pd.Series(pd.to_datetime(texts, format="ISO8601")).dt.as_unit("us")
    return naive.dt.tz_localize(ZONE, ambiguous=np.full(len(naive), not second_pass), nonexistent="raise")


def every_minute(n: int) -> list[str]:
    return [f"2024-01-15 {m // 60:02}:{m % 60:02}" for m in range(1440) for _ in range(n)]


# Spikes --------------------------------------------------------------------------------------------------------------


def test_records_spread_evenly_over_the_clock_have_no_spike() -> None:
    table = records(every_minute(2))
    assert tq.time_spikes(table) is None
    assert not tq.unknown_time_candidates(table).any()


def test_midnight_is_held_against_the_full_hours_around_it() -> None:
    around = [f"2024-01-15 {hour}:00" for hour in ("22", "23", "01", "02") for _ in range(5)]
    table = records(around + ["2024-01-15 00:00"] * 40)
    found = tq.spikes(table).loc["00:00"]
    assert (found["n"], found["expected"], found["excess"], found["is_spike"]) == (40, 5.0, 35.0, True)
    finding = tq.time_spikes(table)
    assert finding is not None
    assert (finding.n, finding.severity) == (35, "amber")
    assert "00:00 (40, usual 5)" in finding.message
    assert tq.unknown_time_candidates(table).sum() == 40


@pytest.mark.parametrize(("clock", "wrong"), [("00:00", "23:00"), ("00:01", "00:02"), ("12:00", "13:00")])
def test_times_at_a_spike_lose_their_hour_and_keep_their_day(clock: str, wrong: str) -> None:
    table = records([*every_minute(2), *[f"2024-03-31 {clock}"] * 30]).assign(inside=True)
    made = tq.without_stand_ins(table)
    lost = made["time_precision"] == "day"
    assert lost.sum() == 32  # the two that may be real cannot be told from the thirty
    assert set(table.loc[lost, "occurred_from"].dt.strftime("%H:%M")) == {clock}
    assert (made.loc[lost, "occurred_from"].dt.normalize() == made.loc[lost, "occurred_from"]).all()
    assert (made.loc[lost, "occurred_to"].dt.date - made.loc[lost, "occurred_from"].dt.date).unique() == [
        pd.Timedelta(days=1)
    ]
    assert (made["occurred_from"].dt.date == table["occurred_from"].dt.date).all()
    pd.testing.assert_frame_equal(made.loc[~lost], table.loc[~lost])


def test_without_a_spike_inside_the_area_nothing_changes() -> None:
    clean = records(every_minute(2)).assign(inside=True)
    assert tq.without_stand_ins(clean) is clean
    beside = records([*every_minute(2), *["2024-01-15 00:00"] * 30])
    beside = beside.assign(inside=np.arange(len(beside)) < 2880)
    assert tq.without_stand_ins(beside) is beside
    months = records(["2024-01-01 00:00"] * 90, time_precision="month").assign(inside=True)
    assert tq.without_stand_ins(months) is months


def test_heaping_on_every_full_hour_alike_is_no_spike() -> None:
    table = records([f"2024-01-15 {hour:02}:00" for hour in range(24) for _ in range(50)])
    assert tq.time_spikes(table) is None


@pytest.mark.parametrize(("clock", "wrong"), [("00:00", "23:00"), ("00:01", "00:02"), ("12:00", "13:00")])
def test_each_stand_in_time_is_found_and_its_neighbour_is_not_accused(clock: str, wrong: str) -> None:
    table = records(every_minute(2) + [f"2024-01-15 {clock}"] * 30)
    assert tq.spikes(table)["is_spike"].to_dict() == {name: name == clock for name in ("00:00", "00:01", "12:00")}
    assert tq.time_spikes(records(every_minute(2) + [f"2024-01-15 {wrong}"] * 30)) is None


def test_a_small_excess_is_told_and_does_not_lower_the_grade() -> None:
    finding = tq.time_spikes(records(every_minute(1) + ["2024-01-15 00:00"] * 30))
    assert finding is not None
    assert (finding.severity, finding.n) == ("info", 30)


def test_dates_without_a_clock_are_not_midnights() -> None:
    assert tq.time_spikes(records(["2024-01-15 00:00"] * 500, time_precision="day")) is None


def test_midnight_in_summer_is_local_midnight() -> None:
    summer = records(every_minute(1) + ["2024-07-15 00:00"] * 40)
    utc = summer.assign(occurred_from=summer["occurred_from"].dt.tz_convert("UTC"))
    assert tq.spikes(summer).loc["00:00", "is_spike"]
    assert not tq.spikes(utc).loc["00:00", "is_spike"]


@given(st.lists(st.integers(0, 1439), max_size=300), st.randoms())
def test_the_order_of_records_changes_no_spike_and_candidates_are_the_spiking_records(minutes, random) -> None:
    starts = [f"2024-01-15 {m // 60:02}:{m % 60:02}" for m in minutes]
    shuffled = random.sample(starts, len(starts))
    found = tq.spikes(records(starts))
    pd.testing.assert_frame_equal(found, tq.spikes(records(shuffled)))
    assert tq.unknown_time_candidates(records(starts)).sum() == found.loc[found["is_spike"], "n"].sum()


def test_pure_chance_seldom_looks_like_a_spike() -> None:
    rng = np.random.default_rng(5)
    day = np.datetime64("2024-01-15T00:00", "us")
    false_alarms = 0
    for _ in range(100):
        minutes = rng.integers(0, 1440, 3000)
        start = pd.Series(day + minutes.astype("timedelta64[m]")).dt.tz_localize(ZONE)
        table = pd.DataFrame({"occurred_from": start, "time_precision": "minute"})
        false_alarms += tq.time_spikes(table) is not None
    assert false_alarms <= 3


# Occurred and logged -------------------------------------------------------------------------------------------------


def test_occurred_in_the_minute_it_was_logged_is_counted_and_seconds_do_not_matter() -> None:
    starts = ["2024-01-15 10:00"] * 10
    logged = local(["2024-01-15 10:00:59"] * 6 + ["2024-01-15 10:01"] * 4)
    finding = tq.same_as_created(records(starts, created=logged))
    assert finding is not None
    assert (finding.n, finding.severity) == (6, "amber")


def test_a_few_records_logged_at_once_are_normal() -> None:
    logged = local(["2024-01-15 10:00"] * 4 + ["2024-01-15 11:00"] * 96)
    assert tq.same_as_created(records(["2024-01-15 10:00"] * 100, created=logged)) is None


def test_checks_that_need_the_log_time_are_silent_without_it() -> None:
    table = records(["2024-01-15 10:00"] * 3)
    assert tq.same_as_created(table) is None
    assert tq.logged_before(table) is None
    assert tq.reporting_lags(table).empty
    empty = table.assign(created=pd.Series([pd.NaT] * 3, dtype=f"datetime64[us, {ZONE}]"))
    assert tq.same_as_created(empty) is None
    assert tq.logged_before(empty) is None
    assert tq.n_incomplete_weeks(empty) is None


def test_a_record_logged_before_it_happened_is_found() -> None:
    logged = local(["2024-01-15 09:59", "2024-01-15 10:00", "2024-01-16 10:00"])
    finding = tq.logged_before(records(["2024-01-15 10:00"] * 3, created=logged))
    assert finding is not None
    assert finding.n == 1


def test_the_hour_that_comes_twice_makes_no_call_seem_early_and_nothing_reversed() -> None:
    # 01:50 summer time, logged 20 minutes later, when the clock says 01:10 again; both were read as the first pass.
    table = records(["2024-10-27 01:50"], created=local(["2024-10-27 01:10"]), occurred_to=local(["2024-10-27 01:20"]))
    assert tq.logged_before(table) is None
    assert tq.reversed_intervals(table) is None
    assert tq.interval_hours(table).tolist() == [0.5]
    assert tq.same_as_created(table) is None


def test_records_of_the_second_pass_are_compared_as_they_are() -> None:
    second = local(["2024-10-27 01:30"], second_pass=True)
    table = records(["2024-10-27 01:30"], occurred_to=second, created=second)
    assert tq.interval_hours(table).tolist() == [1.0]
    assert tq.same_as_created(table) is None


# Intervals -----------------------------------------------------------------------------------------------------------


def test_hours_are_elapsed_hours_across_both_clock_changes() -> None:
    table = records(
        ["2024-03-31 00:30", "2024-10-27 00:30", "2024-01-15 22:00"],
        occurred_to=local(["2024-03-31 02:30", "2024-10-27 02:30", "2024-01-16 06:00"]),
    )
    assert tq.interval_hours(table).tolist() == [1.0, 3.0, 8.0]


def test_reversed_intervals_are_counted_and_missing_ends_are_not() -> None:
    ends = local(["2024-01-15 09:00", "2024-01-15 10:00", "2024-01-15 11:00", "2024-07-15 09:00"])
    table = records(["2024-01-15 10:00"] * 4, occurred_to=ends.where(ends.index < 3))
    finding = tq.reversed_intervals(table)
    assert finding is not None
    assert finding.n == 1
    assert tq.interval_hours(table).isna().tolist() == [False, False, False, True]


def test_an_end_an_hour_early_on_an_ordinary_night_is_still_reversed() -> None:
    table = records(["2024-10-26 01:50"], occurred_to=local(["2024-10-26 01:20"]))
    assert tq.reversed_intervals(table) is not None


def test_spans_of_more_than_a_day_are_reported_with_the_usual_length() -> None:
    ends = local(["2024-01-15 12:00", "2024-01-16 10:00", "2024-01-18 10:00", "2024-01-15 10:00"])
    finding = tq.long_intervals(records(["2024-01-15 10:00"] * 4, occurred_to=ends))
    assert finding is not None
    assert (finding.n, finding.severity) == (1, "amber")  # exactly 24 hours still fits; spans are 2, 24 and 72 hours
    assert "of the 3 spans half are longer than 24.0 hours" in finding.message


def test_days_and_months_are_not_long_intervals() -> None:
    ends = local(["2024-02-01 00:00"])
    assert tq.long_intervals(records(["2024-01-01 00:00"], occurred_to=ends, time_precision="month")) is None


def test_unknown_times_are_counted_only_where_others_have_hours() -> None:
    precision = ["minute"] * 7 + ["day"] * 3
    finding = tq.unknown_times(records(["2024-01-15 10:00"] * 10, time_precision=precision))
    assert finding is not None
    assert (finding.n, finding.severity) == (3, "amber")
    assert tq.unknown_times(records(["2024-01-01 00:00"] * 10, time_precision="month")) is None
    assert tq.unknown_times(records(["2024-01-15 10:00"] * 10)) is None


def test_a_start_that_is_missing_is_an_unknown_time() -> None:
    table = records(["2024-01-15 10:00"] * 10)
    table.loc[0, "occurred_from"] = pd.NaT
    finding = tq.unknown_times(table)
    assert finding is not None
    assert (finding.n, finding.severity) == (1, "info")


def test_dates_after_the_data_were_taken_are_found() -> None:
    as_of = pd.Timestamp("2024-02-01", tz=ZONE)
    table = records(["2024-01-31 23:59", "2024-02-01 00:00", "2024-12-01 00:00", "2042-01-01 08:00"])
    finding = tq.future_dates(table, as_of)
    assert finding is not None
    assert finding.n == 2
    assert "latest 2042-01-01" in finding.message
    assert tq.future_dates(table.iloc[:2], as_of) is None


# Late reports --------------------------------------------------------------------------------------------------------


def test_a_week_is_as_complete_as_its_average_day() -> None:
    # Half the reports at once, half after exactly 7 days: of the last week half is known, of the one before all.
    complete = tq.completeness(pd.Series([0.0] * 50 + [7.0] * 50))["complete"]
    assert complete.loc[1] == pytest.approx(0.5)
    assert (complete.loc[2:] == 1).all()
    # After exactly 3.5 days: of the last week the older half of the days is known.
    assert tq.completeness(pd.Series([3.5]))["complete"].loc[1] == pytest.approx(0.5)


@given(st.lists(st.floats(0, 84), min_size=1, max_size=50), st.floats(0, 10))
def test_older_weeks_are_never_less_complete_and_slower_reports_never_complete_a_week(lags, slower) -> None:
    complete = tq.completeness(pd.Series(lags))["complete"]
    assert complete.between(0, 1 + 1e-12).all()
    assert (complete.diff().dropna() >= -1e-12).all()
    assert (tq.completeness(pd.Series(lags) + slower)["complete"] <= complete + 1e-12).all()


def delayed(slow_days: float, slow_share: float, seed: int = 0) -> pd.DataFrame:
    """Two years of reports, some logged late, as they stood on the last day: what was not yet logged is missing."""
    rng = np.random.default_rng(seed)
    n = 40_000
    start = pd.Timestamp("2022-01-01", tz=ZONE) + pd.to_timedelta(np.sort(rng.uniform(0, 730, n)), unit="D")
    lag = np.where(rng.random(n) < slow_share, rng.exponential(slow_days, n), rng.exponential(0.02, n))
    created = start + pd.to_timedelta(lag, unit="D")
    is_known = created <= pd.Timestamp("2024-01-01", tz=ZONE)
    columns = {"occurred_from": start, "occurred_to": start, "created": created, "time_precision": "minute"}
    return pd.DataFrame(columns).loc[is_known].reset_index(drop=True)


@pytest.mark.parametrize(("slow_days", "slow_share"), [(14.0, 0.3), (21.0, 0.2), (7.0, 0.5), (0.5, 0.1)])
def test_the_planted_delay_tells_which_weeks_are_incomplete(slow_days: float, slow_share: float) -> None:
    table = delayed(slow_days, slow_share)
    ages = np.linspace(0, 84, 84 * 24 + 1)
    known = 1 - slow_share * np.exp(-ages / slow_days) - (1 - slow_share) * np.exp(-ages / 0.02)
    truth = np.array([known[(ages >= 7 * k) & (ages < 7 * k + 7)].mean() for k in range(12)])
    found = tq.completeness(tq.reporting_lags(table))["complete"].to_numpy()
    np.testing.assert_allclose(found, truth, atol=0.015)
    n_weeks = tq.n_incomplete_weeks(table)
    assert n_weeks is not None
    assert abs(n_weeks - (truth < 0.95).sum()) <= 1
    finding = tq.incomplete_weeks(table)
    assert (finding is None) == (n_weeks == 0)
    if finding is not None:
        assert finding.severity == "amber"
        assert f"the last {n_weeks} weeks" in finding.message


def test_lags_of_reports_just_taken_in_do_not_make_late_reports_look_quick() -> None:
    table = delayed(28.0, 0.5)
    naive = ((table["created"] - table["occurred_from"]) / pd.Timedelta(days=1)).tail(2000).mean()
    assert tq.reporting_lags(table).mean() > naive + 3


def test_without_log_times_the_rule_of_six_weeks_stands_in() -> None:
    starts = [f"2024-{month:02}-{day:02} 20:00" for month in (1, 2, 3) for day in range(1, 29)]
    finding = tq.incomplete_weeks(records(starts))
    assert finding is not None
    assert (finding.check, finding.severity) == ("reporting delay not known", "info")
    assert "from 2024-02-15" in finding.message
    assert finding.n == 13 + 28  # 15 February at 20:00 is exactly six weeks before and does not count
    assert tq.incomplete_weeks(records(starts, time_precision="month")) is None


# Planted and real ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(sample_city: dict[str, Path]) -> pd.DataFrame:
    own = geodata.read([sample_city["incidents.csv"]]).records
    raw = pd.read_csv(sample_city["incidents.csv"], dtype="str")
    logged = raw.drop_duplicates("incident_ref").set_index("incident_ref")["created_dt"]
    created = pd.to_datetime(own["crime_id"].map(logged)).dt.as_unit("us")
    return own.assign(created=created.dt.tz_localize(ZONE, ambiguous=np.ones(len(own), dtype=bool)))


def test_the_sample_plants_two_percent_of_unknown_times_at_midnight_and_nowhere_else(sample: pd.DataFrame) -> None:
    found = tq.spikes(sample)
    assert found["is_spike"].to_dict() == {"00:00": True, "00:01": False, "12:00": False}
    assert found.loc["00:00", "excess"] / len(sample) == pytest.approx(0.02, abs=0.004)


def test_nothing_in_the_sample_is_reversed_or_in_the_future_and_its_quick_reports_leave_no_week_incomplete(
    sample: pd.DataFrame,
) -> None:
    assert tq.reversed_intervals(sample) is None
    assert tq.logged_before(sample) is None
    assert tq.future_dates(sample, sample["created"].max()) is None
    assert tq.n_incomplete_weeks(sample) == 0


def test_atlanta_has_noon_and_midnight_stand_ins_and_spans_as_counted_by_the_standard_library(shared: Path) -> None:
    raw = pd.read_csv(shared / "data/timestamped/atlanta-2019-incidents.csv.gz", dtype="str", keep_default_na=False)
    start = pd.to_datetime(raw["Occur Date"] + raw["Occur Time"].str.zfill(4), format="%Y-%m-%d%H%M", errors="coerce")
    end = pd.to_datetime(
        raw["Possible Date"] + raw["Possible Time"].str.zfill(4), format="%Y-%m-%d%H%M", errors="coerce"
    )
    zoned = {"occurred_from": start, "occurred_to": end}
    table = pd.DataFrame({name: times.dt.tz_localize("UTC") for name, times in zoned.items()})
    table["time_precision"] = "minute"

    clock = raw.loc[start.notna(), "Occur Time"].str.zfill(4).value_counts()
    found = tq.spikes(table)
    for text, wanted in (("00:00", "0000"), ("00:01", "0001"), ("12:00", "1200")):
        assert found.loc[text, "n"] == clock.get(wanted, 0)
    assert found.loc["12:00", "expected"] == np.mean([clock[hour] for hour in ("1000", "1100", "1300", "1400")])
    long = tq.long_intervals(table)
    assert long is not None
    assert long.n == int(((end - start).dt.total_seconds() > 86400).sum())
    backwards = tq.reversed_intervals(table)
    assert (0 if backwards is None else backwards.n) == int((end < start).sum())
