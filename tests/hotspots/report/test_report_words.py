from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.period import Period
from hotspots.report import reasons, words


@given(st.floats(0.0051, 0.95))
def test_a_share_in_words_is_never_far_from_the_share(share):
    part, whole = (int(text) for text in words.about(share).removeprefix("about ").split(" in "))
    assert part / whole == pytest.approx(share, rel=0.3)


def test_shares_at_the_ends_are_said_without_a_false_fraction():
    assert [words.about(x) for x in (0, 0.001, 0.97, 1)] == ["none", "fewer than 1 in 200", "nearly all", "all"]


def test_a_change_between_two_years_needs_z_of_three_to_be_called_one(run):
    row = run.hotspots.iloc[0].copy()
    for z, word in ((2.9, "No clear change"), (3.0, "More reports"), (-3.0, "Fewer reports")):
        row["change_z"] = z
        assert words.trend(row).startswith(word)
    row["n_before_12m"] = float("nan")
    assert words.trend(row) == "No full earlier year to compare with."


def test_reasons_come_in_rank_order_with_rank_and_name(run):
    lines = reasons(replace(run, hotspots=run.hotspots.iloc[::-1]))
    assert len(lines) == 10
    assert lines[0].startswith("1. High Street: ")
    assert lines[9].startswith("10. Penn Road: ")


def test_snap_points_never_answer_whether_it_is_one_address(run):
    row = run.hotspots.iloc[0].copy()
    row["repeat_share"] = float("nan")
    assert "cannot tell" in words.one_address(row, run)


def test_one_address_speaks_only_of_reports_with_a_place_of_their_own(run):
    row = run.hotspots.iloc[0].copy()
    assert "of its reports come from" in words.one_address(row, run)
    row["share_area"] = 0.4
    assert "of its reports with a place of their own come from" in words.one_address(row, run)


def test_hours_are_not_invented_where_the_plan_has_none(run):
    patrol = run.patrols.iloc[0].copy()
    patrol["hours"] = ""
    window, held = words.window(patrol)
    assert window == ""
    assert "not known" in held
    assert "local knowledge" in words.manner(patrol)


def test_monthly_counts_equal_a_count_by_hand_with_quiet_months_said_aloud(run):
    from geodata import cells as h3cells

    table = words.monthly(run)
    assert list(table.columns) == list(run.period.months[-12:])
    own = set(run.hotspots.loc["H01", "cells"].split(","))
    cell = h3cells.assign(run.incidents["longitude"], run.incidents["latitude"], 10)
    by_hand = run.incidents.loc[pd.Series(cell, index=run.incidents.index).isin(own)]
    assert table.loc["H01"].to_dict() == {m: int((by_hand["month"] == m).sum()) for m in run.period.months[-12:]}
    assert table.loc["H01"].sum() == run.hotspots.loc["H01", "n_12m"]


def test_a_short_period_is_not_called_twelve_months(run):
    short = replace(run, period=Period.of("2026-06", "2026-07"))
    assert words.year_label(short) == "in the 2 months of data"
    assert list(words.monthly(short).columns) == list(short.period.months)


def test_where_there_is_no_list_the_reason_is_the_refusal_of_the_list(refused_run, run):
    assert words.no_list(run) == []
    assert len(words.no_list(refused_run)) == 1
    assert "4 months" in words.no_list(refused_run)[0]


def test_nothing_said_promises_the_future(run):
    said = " ".join([*reasons(run), *words.sureness(run), words.CAVEAT, words.CLAIM, words.councillor(run)]).lower()
    assert not [word for word in ("predict", "forecast", "crime", "offender") if word in said]
    assert "reports have concentrated" in said
