"""When in the week reports happen, and the shift that meets most of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from geodata.errors import DesignError
from hotspots.timing import has_hours, peak_window, week_matrix

MONDAY = pd.Timestamp("2024-03-11")


def at(reports, *spans, **columns):
    start = [s for s, _ in spans]
    until = [e for _, e in spans]
    return reports(np.zeros(len(spans)), np.zeros(len(spans)), when=start, until=until, **columns)


def test_an_instant_counts_in_its_hour(reports):
    week = week_matrix(at(reports, ("2024-03-11 00:00", "2024-03-11 00:00"), ("2024-03-17 23:59", "2024-03-17 23:59")))
    assert week.loc[0, 0] == 1.0
    assert week.loc[6, 23] == 1.0
    assert week.to_numpy().sum() == 2.0
    assert week.shape == (7, 24)


def test_a_span_spreads_evenly_over_its_hours(reports):
    # Sunday 22:30 to Monday 00:30: a quarter, a half, a quarter
    week = week_matrix(at(reports, ("2024-03-17 22:30", "2024-03-18 00:30")))
    assert_allclose([week.loc[6, 22], week.loc[6, 23], week.loc[0, 0]], [0.25, 0.5, 0.25])


def test_a_missing_or_earlier_end_is_the_start(reports):
    table = at(reports, ("2024-03-12 10:00", "2024-03-12 10:00"), ("2024-03-12 10:00", "2024-03-12 09:00"))
    table.loc[0, "occurred_to"] = pd.NaT
    assert week_matrix(table).loc[1, 10] == 2.0


def test_spans_over_a_day_and_reports_without_hours_are_left_out_and_said(reports):
    table = at(
        reports,
        ("2024-03-11 10:00", "2024-03-12 10:00"),
        ("2024-03-11 10:00", "2024-03-12 10:01"),
        ("2024-03-11", "2024-03-12"),
        ("2024-03-01", "2024-04-01"),
        ("2024-03-11 10:00", "2024-03-11 10:00"),
        time_precision=["minute", "minute", "day", "month", "minute"],
    )
    table.loc[4, "occurred_from"] = pd.NaT
    assert has_hours(table).to_list() == [True, False, False, False, False]
    assert week_matrix(table).to_numpy().sum() == pytest.approx(1.0)
    assert_allclose(week_matrix(table).loc[0, 10], 1 / 24)


SPANS = st.lists(
    st.tuples(st.integers(0, 7 * 24 * 60 - 1), st.integers(0, 24 * 60)).map(
        lambda v: (MONDAY + pd.Timedelta(minutes=v[0]), MONDAY + pd.Timedelta(minutes=v[0] + v[1]))
    ),
    min_size=1,
    max_size=20,
)


@given(SPANS)
def test_the_week_equals_a_plain_loop_over_minutes(reports, spans):
    expected = np.zeros(168)
    for start, end in spans:
        minutes = max(int((end - start) / pd.Timedelta(minutes=1)), 0)
        first = int((start - MONDAY) / pd.Timedelta(minutes=1))
        touched = [first] if minutes == 0 else range(first, first + minutes)
        for minute in touched:
            expected[minute // 60 % 168] += 1 / len(touched)
    assert_allclose(week_matrix(at(reports, *spans)).to_numpy().ravel(), expected, atol=1e-9)


@given(SPANS)
def test_every_placed_report_counts_once_and_order_is_irrelevant(reports, spans):
    table = at(reports, *spans)
    assert week_matrix(table).to_numpy().sum() == pytest.approx(len(spans))
    assert_allclose(week_matrix(table), week_matrix(table.iloc[::-1]), atol=1e-12)


def test_atlanta_spans_equal_a_plain_loop(shared, reports):
    frame = pd.read_csv(shared / "data" / "timestamped" / "atlanta-2019-incidents.csv.gz", dtype="str").head(300)
    start, end = (
        pd.to_datetime(frame[f"{which} Date"] + frame[f"{which} Time"], format="%Y-%m-%d%H%M", errors="coerce")
        for which in ("Occur", "Possible")
    )
    table = reports(np.zeros(len(frame)), np.zeros(len(frame)), when=start.to_numpy(), until=end.to_numpy())
    expected, placed = np.zeros((7, 24)), 0
    for first, last in zip(start, end.where(end > start, start), strict=True):
        if last - first > pd.Timedelta(hours=24):
            continue
        placed += 1
        minutes = pd.date_range(first, last, freq="min", inclusive="left") if last > first else [first]
        for minute in minutes:
            expected[minute.day_of_week, minute.hour] += 1 / len(minutes)
    assert 100 < placed < 300
    assert has_hours(table).sum() == placed
    assert_allclose(week_matrix(table), expected, atol=1e-9)


def week_with(hours, *, rest=0.0):
    week = np.full((7, 24), rest)
    for (day, hour), n in hours.items():
        week[day, hour] = n
    return pd.DataFrame(week)


def test_the_peak_window_is_where_the_reports_are():
    # Wednesday to Saturday, 15:00 to 22:00, as Op Savvy
    busy = {(d, h): 5.0 for d in (2, 3, 4, 5) for h in range(15, 22)}
    found = peak_window(week_with(busy, rest=0.5), hours=7, days=4)
    assert (found.days, found.start_hour) == ((2, 3, 4, 5), 15)
    assert found.share_of_reports == pytest.approx(140 / (140 + 70))
    assert found.share_of_week == pytest.approx(28 / 168)
    assert found.n == 210
    assert found.describe() == "Wed-Sat 15:00-22:00: 67% of reports in 17% of the week"


def test_a_window_may_run_past_midnight_and_past_sunday():
    busy = {(d, h): 20.0 for d in (5, 6) for h in (22, 23)} | {(d, h): 20.0 for d in (6, 0) for h in (0, 1)}
    found = peak_window(week_with(busy), hours=4, days=2)
    assert (found.days, found.start_hour) == ((5, 6), 22)
    assert found.share_of_reports == 1.0
    over_sunday = {(d, 12): 100.0 for d in (6, 0)}
    assert peak_window(week_with(over_sunday), hours=1, days=2).days == (6, 0)


def windows_by_loop(week, hours, days):
    flat = week.to_numpy().ravel()
    return [sum(flat[(start + 24 * d + h) % 168] for d in range(days) for h in range(hours)) for start in range(168)]


@given(st.integers(1, 24), st.integers(1, 7), st.integers(0, 2**31))
def test_no_other_window_holds_more(hours, days, seed):
    week = pd.DataFrame(np.random.default_rng(seed).poisson(3.0, (7, 24)).astype(float))
    found = peak_window(week, hours=hours, days=days, n=500)
    best = max(windows_by_loop(week, hours, days))
    assert found.share_of_reports * week.to_numpy().sum() == pytest.approx(best)


@given(st.integers(0, 23), st.integers(0, 6))
def test_turning_the_week_turns_the_window(hours, days):
    week = np.random.default_rng(1).uniform(0, 6, 168)  # no two windows equal
    still = peak_window(pd.DataFrame(week.reshape(7, 24)), hours=7, days=3, n=500)
    turned = np.roll(week, 24 * days + hours).reshape(7, 24)
    found = peak_window(pd.DataFrame(turned), hours=7, days=3, n=500)
    start = (24 * still.days[0] + still.start_hour + 24 * days + hours) % 168
    assert (found.days[0], found.start_hour) == divmod(start, 24)


@pytest.mark.parametrize(
    ("n", "method"),
    [(150, "hour by hour"), (149, "4-hour bands"), (60, "4-hour bands"), (59, "weekdays"), (30, "weekdays")],
)
def test_fewer_reports_are_looked_at_more_coarsely(n, method):
    week = pd.DataFrame(np.random.default_rng(2).poisson(1.0, (7, 24)).astype(float))
    assert method in peak_window(week, hours=7, days=4, n=n).method


def test_below_thirty_reports_there_is_no_window():
    assert peak_window(week_with({(0, 0): 29.0}), hours=7, days=4) is None
    assert peak_window(week_with({}), hours=7, days=4, n=100) is None


def test_with_few_reports_one_loud_hour_does_not_decide():
    # 40 reports: one hour with 8 on Monday night, but weekend evenings hold 24
    week = week_with({(0, 3): 8.0} | {(d, h): 2.0 for d in (5, 6) for h in range(18, 24)}, rest=0.0)
    found = peak_window(week, hours=6, days=2, n=40)
    assert (found.days, found.start_hour) == ((5, 6), 18)
    assert found.share_of_reports == pytest.approx(24 / 32)


def test_a_shift_that_is_none_is_refused():
    for hours, days in ((0, 4), (25, 4), (7, 0), (7, 8)):
        with pytest.raises(DesignError, match="1-24 hours"):
            peak_window(week_with({}), hours=hours, days=days)
