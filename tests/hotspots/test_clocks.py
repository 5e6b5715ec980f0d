"""The three clocks of repeat places, by when to act, how soon repeats follow, and the monthly share of repeats."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from geodata.errors import DataError
from geodata.period import Period
from geodata.quality import DefaultLocation
from hotspots.clocks import act_by, repeat_clocks, repeat_course, repeat_share
from hotspots.config import RepeatConfig

CONFIG = RepeatConfig()
AS_OF = pd.Timestamp("2024-05-01")
LON, LAT = -2.13, 52.58


def at_place(reports, dates, place="UPRN:1", **columns):
    n = len(dates)
    return reports(np.full(n, LON), np.full(n, LAT), when=dates, place_id=place, **columns)


def joined(*tables):
    return pd.concat(tables, ignore_index=True).rename_axis("incident_id")


RECENT = [f"2024-0{month}-10 10:00" for month in (1, 2, 3, 4)]


def test_the_case_review_clock_counts_reports_made_within_a_month_of_the_incident(reports, square_area):
    table = at_place(reports, RECENT[:3])
    reported = table["occurred_from"] + pd.to_timedelta([0, 20, 32], unit="D")
    without = repeat_clocks(table, square_area, CONFIG, as_of=AS_OF)
    found = repeat_clocks(table, square_area, CONFIG, as_of=AS_OF, reported=reported)
    assert without.loc["UPRN:1", ["n_6m", "n_6m_in_time", "case_review"]].to_list() == [
        3, 3, "case review threshold met",
    ]  # fmt: skip
    assert found.loc["UPRN:1", ["n_6m", "n_6m_in_time", "case_review"]].to_list() == [3, 2, "approaching threshold"]


def test_the_neighbourhood_clock_needs_five_reports_by_more_than_one_person(reports, square_area):
    table = joined(
        at_place(reports, [*RECENT, "2023-11-02 09:00"], "UPRN:1"),
        at_place(reports, [*RECENT, "2023-11-02 09:00"], "UPRN:2"),
        at_place(reports, RECENT, "UPRN:3"),
        at_place(reports, [*RECENT, "2023-10-31 09:00"], "UPRN:4"),
    )
    keys = pd.Series(["k1"] * 4 + ["k2"] + ["k1"] * 4 + [""] + ["k1", "k2", "k3", "k4"] + ["k5"] * 5, index=table.index)
    found = repeat_clocks(table, square_area, CONFIG, as_of=AS_OF, reporters=keys)
    assert found["neighbourhood"].to_list() == [
        "neighbourhood threshold met",
        "",  # five reports, one person
        "approaching neighbourhood threshold",
        "approaching neighbourhood threshold",  # the fifth is more than six months old
    ]
    assert found["n_reporters_6m"].to_list() == [2, 1, 4, 1]
    unchecked = repeat_clocks(table, square_area, CONFIG, as_of=AS_OF)
    assert unchecked["neighbourhood"].iloc[0] == "five reports; by how many people is not in the data"
    assert unchecked["n_reporters_6m"].isna().all()


def test_any_repeat_within_twelve_months_is_the_third_clock(reports, square_area):
    table = joined(
        at_place(reports, ["2023-05-01 10:00", "2024-04-30 10:00"], "UPRN:1"),
        at_place(reports, ["2023-04-30 10:00", "2024-04-30 10:00"], "UPRN:2"),
        at_place(reports, ["2023-04-30 10:00"], "UPRN:3"),
    )
    found = repeat_clocks(table, square_area, CONFIG, as_of=AS_OF)
    assert found["is_repeat_12m"].to_dict() == {"UPRN:1": True, "UPRN:2": False}


def test_street_centres_and_default_locations_have_no_clock(reports, square_area):
    table = at_place(reports, [*RECENT, RECENT[0]], "", location_precision="snap_point")
    assert repeat_clocks(table, square_area, CONFIG, as_of=AS_OF)["case_review"].to_list() == [""]
    table = at_place(reports, [*RECENT, RECENT[0]])
    default = DefaultLocation(LON, LAT, "Police station", 5, 0.1, "over 1 %")
    found = repeat_clocks(table, square_area, CONFIG, as_of=AS_OF, default_locations=[default])
    assert found.loc["UPRN:1", ["case_review", "neighbourhood", "is_repeat_12m"]].to_list() == ["", "", False]


def test_a_fresh_repeat_prompts_action_within_7_and_28_days(reports, square_area):
    table = joined(
        at_place(reports, ["2023-06-01 10:00", "2024-04-26 22:00"], "UPRN:1"),  # 4 days before the end
        at_place(reports, ["2024-01-01 10:00", "2024-04-10 10:00"], "UPRN:2"),  # 20 days
        at_place(reports, ["2024-01-01 10:00", "2024-03-20 10:00"], "UPRN:3"),  # 41 days: passed
        at_place(reports, ["2023-04-01 10:00", "2024-04-20 10:00"], "UPRN:4"),  # over a year apart: no repeat
    )
    found = act_by(table, square_area, CONFIG, as_of=AS_OF)
    assert found.index.to_list() == ["UPRN:1", "UPRN:2"]
    assert found.loc["UPRN:1", "prompt"] == "act by 03 May 2024, again by 24 May 2024"
    assert found.loc["UPRN:2", "prompt"] == "7 days passed on 17 April 2024; act by 08 May 2024"
    assert found["n_12m"].to_list() == [2, 2]
    default = DefaultLocation(LON, LAT, "Police station", 9, 0.1, "over 1 %")
    assert len(act_by(table, square_area, CONFIG, as_of=AS_OF, default_locations=[default])) == 0
    months = at_place(reports, ["2024-04-01", "2024-04-01"], time_precision="month")
    assert len(act_by(months, square_area, CONFIG, as_of=AS_OF)) == 0


def test_how_soon_repeats_follow_by_hand(reports, square_area):
    table = joined(
        at_place(reports, ["2022-01-01", "2022-01-05", "2022-02-20"], "UPRN:1"),  # 4 and 46 days, then none
        at_place(reports, ["2022-03-01", "2022-12-25"], "UPRN:2"),  # 299 days, then none
        at_place(reports, ["2023-12-01", "2023-12-02"], "UPRN:3"),  # no full year after them
    )
    found = repeat_course(table, square_area, CONFIG, as_of=AS_OF)
    assert found["n"].to_list() == [1, 0, 1, 0, 1]
    assert found["n_followed"].iloc[0] == 5
    assert found["cumulative"].to_list() == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3, 1])
    assert found["share_of_followed"].iloc[-1] == pytest.approx(3 / 5)
    with pytest.raises(DataError, match="a year of data after them"):
        repeat_course(table.iloc[-2:], square_area, CONFIG, as_of=AS_OF)


def test_the_monthly_share_of_repeats_by_hand(reports, square_area):
    table = joined(
        at_place(reports, ["2023-01-05 10:00", "2023-01-20 10:00", "2024-01-21 10:00", "2024-02-01 10:00"], "UPRN:1"),
        at_place(reports, ["2024-02-03 10:00", "2024-02-03 11:00"], "UPRN:2"),
        at_place(reports, ["2024-02-10 10:00"], "UPRN:3"),
    )
    found = repeat_share(table, square_area, CONFIG, period=Period.of("2023-01", "2024-02"))
    assert found.loc["2023-01-01", ["n", "n_repeat"]].to_list() == [2, 1]
    assert found.loc["2024-01-01", ["n", "n_repeat"]].to_list() == [1, 0]  # a year and a day after the last
    assert found.loc["2024-02-01", ["n", "n_repeat", "n_places"]].to_list() == [4, 2, 2]
    assert np.isnan(found.loc["2023-05-01", "share"])
    assert found["looks_back_12m"].to_list() == [False] * 12 + [True, True]
    wilson = binomtest(2, 4).proportion_ci(method="wilson")
    assert found.loc["2024-02-01", ["low", "high"]].to_list() == pytest.approx([wilson.low, wilson.high])
    assert found["n"].sum() == len(table)


def test_a_planted_decrease_in_repeats_shows(reports, square_area):
    rng = np.random.default_rng(0)
    days = pd.Timestamp("2022-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 730, 2000)), unit="D")
    few = rng.integers(0, 20, 2000).astype(str)  # the same twenty places again and again ...
    many = rng.integers(20, 100_000, 2000).astype(str)
    repeats = rng.random(2000) < np.where(days < pd.Timestamp("2023-07-01"), 0.5, 0.1)  # ... until July 2023
    table = at_place(reports, list(days.astype(str)), np.where(repeats, few, many))
    found = repeat_share(table, square_area, CONFIG, period=Period.of("2022-01", "2023-12"))
    before, after = found.loc["2023-01":"2023-06", "share"].mean(), found.loc["2023-07":, "share"].mean()
    assert before == pytest.approx(0.5, abs=0.07)
    assert after == pytest.approx(0.1, abs=0.05)


def test_street_centres_alone_are_refused_in_words(reports, square_area):
    table = at_place(reports, RECENT, "", location_precision="snap_point")
    with pytest.raises(DataError, match="None of 4 reports lies at an address"):
        repeat_share(table, square_area, CONFIG, period=Period.of("2024-01", "2024-04"))
