"""The rota: random inside the window, never in two places at once, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy import stats

from geodata.errors import DesignError
from hotspots.patrols import visit_times


def a_plan(*, visits=(12, 8, 4), start_hour=15.0, hours=7.0, days="2,3,4,5", minutes=15.0):
    n = len(visits)
    return pd.DataFrame(
        {
            "name": [f"Street {i}" for i in range(n)],
            "visits_per_week_low": visits,
            "visits_per_week_high": [2 * v for v in visits],
            "minutes_per_visit": minutes,
            "hours": "15:00-22:00",
            "day_numbers": days,
            "start_hour": start_hour,
            "window_hours": hours,
        },
        index=pd.Index([f"H{i + 1:02d}" for i in range(n)], name="hotspot_id"),
    )


def draw(plan, *, seed=0, weeks=4, **options):
    return visit_times(plan, weeks=weeks, first_monday="2024-01-01", random_state=seed, **options)


def test_every_planned_visit_is_drawn_and_lies_inside_its_window():
    rota = draw(a_plan())
    assert rota.groupby(["week", "hotspot_id"]).size().to_list() == [12, 8, 4] * 4
    opens = rota["start"].dt.normalize() + pd.Timedelta(hours=15)
    assert (rota["start"] >= opens).all()
    assert (rota["end"] <= opens + pd.Timedelta(hours=7)).all()
    assert set(rota["start"].dt.day_of_week) == {2, 3, 4, 5}
    assert (rota["end"] - rota["start"] == pd.Timedelta(minutes=15)).all()
    assert rota["start"].dt.strftime("%a").equals(rota["day"])


def test_visits_are_spread_evenly_over_the_days():
    rota = draw(a_plan(visits=(13,)))
    per_day = rota.groupby(["week", "day"]).size()
    assert set(per_day) == {3, 4}


def test_one_crew_is_never_in_two_places_at_once():
    rota = draw(a_plan(), travel_minutes=10)
    idle = rota["start"].iloc[1:].to_numpy() - rota["end"].iloc[:-1].to_numpy()
    assert idle.min() >= np.timedelta64(10, "m")


def test_two_crews_are_never_in_three_places_at_once():
    rota = draw(a_plan(visits=(16, 16, 16)), crews=2, travel_minutes=0)
    at_once = [((rota["start"] <= t) & (rota["end"] > t)).sum() for t in rota["start"]]
    assert max(at_once) == 2


def test_a_hotspot_is_left_alone_between_visits_and_never_visited_twice_a_week_at_one_clock_time():
    rota = draw(a_plan(), weeks=20, min_gap_minutes=30)
    for _, own in rota.groupby(["week", "hotspot_id"]):
        assert (own["start"].iloc[1:].to_numpy() - own["end"].iloc[:-1].to_numpy()).min() >= np.timedelta64(30, "m")
        assert own["start"].dt.time.is_unique


def test_the_same_seed_gives_the_same_rota_and_another_seed_another():
    plan = a_plan()
    assert_frame_equal(draw(plan, seed=5), draw(plan, seed=5))
    assert not draw(plan, seed=5)["start"].equals(draw(plan, seed=6)["start"])
    assert set(draw(plan, seed=5)["seed"]) == {5}


def test_the_first_weeks_of_a_longer_rota_are_those_of_a_shorter_one():
    short, long = draw(a_plan(), weeks=2), draw(a_plan(), weeks=5)
    assert_frame_equal(long.loc[long["week"] <= 2].reset_index(drop=True), short)


def test_single_visits_start_uniformly_over_the_window():
    rota = draw(a_plan(visits=(1,)), weeks=600)
    minute = (rota["start"].dt.hour - 15) * 60 + rota["start"].dt.minute
    assert stats.kstest(minute / 405, "uniform").pvalue > 0.01
    assert stats.chisquare(rota["day"].value_counts()).pvalue > 0.01


def test_a_window_past_midnight_belongs_to_the_evening_before():
    rota = draw(a_plan(visits=(8,), start_hour=21.0, hours=6.0, days="4,5"))
    late = rota["start"].dt.hour < 12
    assert late.any()
    assert set(rota["day"]) == {"Fri", "Sat"}
    assert set(rota.loc[late, "start"].dt.day_of_week) == {5, 6}
    assert (rota.loc[late, "end"].dt.hour < 3).all()


def test_hotspots_without_a_window_or_visits_are_left_out():
    plan = a_plan().assign(day_numbers=["2,3", "", "2,3"], visits_per_week_low=[3, 3, 0])
    assert set(draw(plan)["hotspot_id"]) == {"H01"}
    empty = draw(plan.iloc[:0])
    assert empty.empty
    assert list(empty.columns) == list(draw(plan).columns)


def test_the_high_dose_draws_the_high_figure():
    assert len(draw(a_plan(visits=(3, 2)), weeks=1, dose="high")) == 10


def test_more_visits_than_the_window_holds_are_refused():
    with pytest.raises(DesignError, match="do not fit into 15:00-22:00 with 1 crew; add a crew"):
        draw(a_plan(visits=(70,)), weeks=1)


@pytest.mark.parametrize("options", [{"dose": "middle"}, {"weeks": 0}, {"crews": 0}])
def test_what_is_no_rota_is_refused(options):
    with pytest.raises(DesignError, match="at least one week"):
        draw(a_plan(), **options)


def test_a_rota_that_does_not_start_on_a_monday_is_refused():
    with pytest.raises(DesignError, match="2024-01-02 is a Tuesday"):
        visit_times(a_plan(), weeks=1, first_monday="2024-01-02", random_state=0)
