"""Calls and events: cases worked by hand on a metre grid, a naive loop as oracle, laws, both clock changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geodata
from geodata.area import StudyArea
from geodata.errors import DesignError
from geodata.events import Events, group_events

TOWN = StudyArea("town", shapely.box(-2.16, 52.57, -2.10, 52.60))
EAST, NORTH = 391_000.0, 298_700.0
START = pd.Timestamp("2024-01-15 20:00", tz="Europe/London")


def calls(rows: list[tuple[float, float, float]], category: object = "anti-social-behaviour") -> pd.DataFrame:
    """INCIDENTS at metres east and north of a corner of the town, and minutes after 20:00."""
    east, north, minutes = np.array(rows, dtype=float).reshape(-1, 3).T
    longitude, latitude = TOWN.unproject(EAST + east, NORTH + north)
    start = pd.Series(START + pd.to_timedelta(np.round(minutes), unit="min")).dt.as_unit("us")
    return pd.DataFrame(
        {
            "longitude": longitude, "latitude": latitude, "category": category, "occurred_from": start,
            "occurred_to": start.copy(), "time_precision": "minute",
        },
        index=pd.RangeIndex(len(east), name="incident_id"),
    )  # fmt: skip


def ids(table: pd.DataFrame, **limits: float) -> list[int]:
    return group_events(table, TOWN, **limits).event_id.tolist()


def partition(events: Events) -> set[frozenset[int]]:
    return {frozenset(held.index) for _, held in events.event_id.groupby(events.event_id)}


def test_calls_within_50_metres_and_60_minutes_are_one_event() -> None:
    assert ids(calls([(0, 0, 0), (40, 0, 30), (0, 49, 60)])) == [0, 0, 0]


@pytest.mark.parametrize(
    ("second", "n_events"),
    [((50, 0, 0), 1), ((50.01, 0, 0), 2), ((36, 36, 0), 2), ((30, 40, 60), 1), ((0, 0, 61), 2), ((0, 0, 60), 1)],
)
def test_the_limits_themselves_are_within_and_distance_is_as_the_crow_flies(second, n_events: int) -> None:
    assert group_events(calls([(0, 0, 0), second]), TOWN).n_events == n_events


def test_another_category_is_another_event() -> None:
    assert ids(calls([(0, 0, 0), (0, 0, 0)], category=["noise", "litter"])) == [1, 0]


def test_an_evening_of_calls_does_not_chain_into_one_event() -> None:
    evening = calls([(0, 0, 20 * k) for k in range(13)])  # every 20 minutes for four hours
    assert ids(evening) == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3]


def test_a_street_of_calls_does_not_chain_into_one_event() -> None:
    street = calls([(30 * k, 0, k) for k in range(6)])  # 150 m, a call a minute
    assert ids(street) == [0, 0, 1, 1, 2, 2]


def test_a_call_between_two_events_belongs_to_the_earlier() -> None:
    assert ids(calls([(0, 0, 0), (80, 0, 1), (45, 0, 2)])) == [0, 1, 0]


def test_calls_and_events_are_both_counted_and_the_first_call_stands_for_its_event() -> None:
    table = calls([(0, 0, 10), (0, 0, 0), (500, 0, 0)])
    events = group_events(table, TOWN)
    assert (events.n_calls, events.n_events, events.n_alone) == (3, 2, 0)
    assert events.is_first.tolist() == [False, True, True]
    assert len(table.loc[events.is_first]) == events.n_events


def test_a_call_that_is_not_known_to_the_hour_stays_alone() -> None:
    table = calls([(0, 0, 0)] * 6)
    table.loc[1, "occurred_to"] += pd.Timedelta(minutes=61)
    table.loc[2, "occurred_to"] += pd.Timedelta(minutes=60)
    table.loc[3, "time_precision"] = "day"
    table.loc[4, ["occurred_from", "occurred_to"]] = pd.NaT
    table.loc[5, "occurred_to"] = pd.NaT
    events = group_events(table, TOWN)
    assert partition(events) == {frozenset({0, 2, 5}), frozenset({1}), frozenset({3}), frozenset({4})}
    assert events.n_alone == 3


def test_data_of_months_are_refused_with_what_to_do() -> None:
    with pytest.raises(DesignError, match=r"only 0 of 2 records say the minute; use an extract with times"):
        group_events(calls([(0, 0, 0), (0, 0, 0)]).assign(time_precision="month"), TOWN)


def test_no_calls_are_no_events() -> None:
    events = group_events(calls([(0, 0, 0)]).iloc[:0], TOWN)
    assert (events.n_calls, events.n_events, len(events.event_id)) == (0, 0, 0)


@pytest.mark.parametrize(
    ("first", "second", "n_events"),
    [
        ("2024-03-31 00:50", "2024-03-31 02:10", 1),  # clocks go forward: 20 minutes
        ("2024-10-27 00:50", "2024-10-27 02:10", 2),  # clocks go back: 140 minutes
        ("2024-07-15 00:50", "2024-07-15 02:10", 2),
    ],
)
def test_minutes_are_elapsed_minutes_across_both_clock_changes(first: str, second: str, n_events: int) -> None:
    start = pd.Series(pd.to_datetime([first, second])).dt.as_unit("us").dt.tz_localize("Europe/London")
    table = calls([(0, 0, 0), (0, 0, 0)]).assign(occurred_from=start, occurred_to=start)
    assert group_events(table, TOWN).n_events == n_events


def test_the_arguments_are_left_as_they_were() -> None:
    table = calls([(0, 0, 0), (10, 0, 5)])
    before = table.copy()
    group_events(table, TOWN)
    pd.testing.assert_frame_equal(table, before)


# Laws ----------------------------------------------------------------------------------------------------------------

# Metres and minutes on a coarse grid, so that ties in time and place are common.
spots = st.tuples(
    st.integers(0, 12).map(lambda k: 15 * k), st.integers(0, 3).map(lambda k: 25 * k), st.integers(0, 180)
)
many = st.lists(st.tuples(spots, st.sampled_from(["noise", "litter"])), max_size=40)


def table_of(made: list) -> pd.DataFrame:
    return calls([spot for spot, _ in made], category=[category for _, category in made])


@given(many, st.randoms())
def test_the_order_of_rows_changes_nothing(made: list, random) -> None:
    table = table_of(made)
    shuffled = table.loc[random.sample(range(len(table)), len(table))]
    one, other = group_events(table, TOWN), group_events(shuffled, TOWN)
    pd.testing.assert_series_equal(one.event_id, other.event_id.sort_index(), check_index_type=False)
    pd.testing.assert_series_equal(one.is_first, other.is_first.sort_index(), check_index_type=False)


@given(many)
def test_a_naive_loop_groups_the_same(made: list) -> None:
    openers: list[tuple] = []
    expected: dict[int, int] = {}
    x, y = TOWN.project(*table_of(made)[["longitude", "latitude"]].to_numpy().T)
    order = sorted(range(len(made)), key=lambda k: (made[k][1], made[k][0][2], x[k], y[k], k))
    for k in order:
        (_, _, minute), category = made[k]
        home = next(
            (
                number
                for number, (where, when, what) in enumerate(openers)
                if what == category and minute - when <= 60 and np.hypot(x[k] - where[0], y[k] - where[1]) <= 50 + 1e-6
            ),
            None,
        )
        if home is None:
            home = len(openers)
            openers.append(((x[k], y[k]), minute, category))
        expected[k] = home
    assert group_events(table_of(made), TOWN).event_id.to_dict() == expected


@given(many)
def test_every_call_is_close_to_the_first_of_its_event_and_first_calls_of_one_category_are_not_close(made) -> None:
    table = table_of(made)
    events = group_events(table, TOWN)
    x, y = TOWN.project(*table[["longitude", "latitude"]].to_numpy().T)
    minute = np.array([spot[2] for spot, _ in made])
    first = events.event_id[events.is_first].reset_index().set_index("event_id")["incident_id"]
    assert len(first) == events.n_events
    leader = first.reindex(events.event_id).to_numpy(dtype=int)
    assert (np.hypot(x - x[leader], y - y[leader]) <= 50.001).all()
    assert ((minute - minute[leader] >= 0) & (minute - minute[leader] <= 60)).all()
    for a in first:
        for b in first:
            if a < b and made[a][1] == made[b][1]:
                assert abs(minute[a] - minute[b]) > 60 or np.hypot(x[a] - x[b], y[a] - y[b]) > 50


@given(many)
def test_calls_repeated_word_for_word_make_no_new_event(made: list) -> None:
    assert group_events(table_of(made + made), TOWN).n_events == group_events(table_of(made), TOWN).n_events


@given(many)
def test_categories_grouped_apart_add_up(made: list) -> None:
    table = table_of(made)
    apart = [group_events(held, TOWN).n_events for _, held in table.groupby("category")]
    assert sum(apart) == group_events(table, TOWN).n_events


# Planted -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(sample_city: dict[str, Path]) -> tuple[pd.DataFrame, StudyArea]:
    area = geodata.read_area(sample_city["area.geojson"])
    gate = geodata.screen(geodata.read([sample_city["incidents.csv"]]), area, categories=("all",))
    return gate.incidents, area


def test_planted_second_calls_are_found_again_one_event_each(sample) -> None:
    incidents, area = sample
    events = group_events(incidents, area)
    rng = np.random.default_rng(3)
    is_known = (incidents["occurred_to"] - incidents["occurred_from"]).fillna(pd.Timedelta(0)) <= pd.Timedelta(hours=1)
    openers = incidents.loc[events.is_first & is_known]
    again = openers.iloc[rng.choice(len(openers), 400, replace=False)].copy()
    late = pd.to_timedelta(rng.integers(0, 60, 400), unit="min")
    again["occurred_from"] = again["occurred_from"] + late
    again["occurred_to"] = again["occurred_from"]
    x, y = area.project(again["longitude"], again["latitude"])
    turn, far = rng.uniform(0, 2 * np.pi, 400), rng.uniform(0, 49.9, 400)
    again["longitude"], again["latitude"] = area.unproject(x + far * np.cos(turn), y + far * np.sin(turn))
    again.index = pd.RangeIndex(incidents.index.max() + 1, incidents.index.max() + 401, name="incident_id")
    both = group_events(pd.concat([incidents, again]), area)
    assert both.n_calls == events.n_calls + 400
    # Each is close to a first call, so an event takes it and it can open none.
    assert both.n_events == events.n_events


def test_the_sample_is_mostly_single_calls_so_events_and_calls_nearly_agree(sample) -> None:
    incidents, area = sample
    station = incidents.groupby(["longitude", "latitude"])["category"].transform("size")
    usual = incidents.loc[station < 0.01 * len(incidents)]
    events = group_events(usual, area)
    assert 0.97 < events.n_events / events.n_calls < 1
