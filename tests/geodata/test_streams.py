"""Who reported and what it is called: counts by hand, scipy as oracle, laws, and the sample's planted streams."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

import geodata
from geodata.errors import DesignError
from geodata.period import Period
from geodata.streams import (
    by_origin,
    combined,
    counts_by_place,
    is_linked_crime,
    officer_share_rise,
    public_reports,
    rank_agreement,
    recording_change,
    recording_shares,
)

ASB = "anti-social-behaviour"
BEFORE, AFTER = Period.of("2024-01", "2024-03"), Period.of("2024-04", "2024-06")


def incidents(*rows: tuple[str, str, str, int]) -> pd.DataFrame:
    """`n` incidents each of (month, category, origin, n)."""
    made = [row[:3] for row in rows for _ in range(row[3])]
    table = pd.DataFrame(made, columns=["month", "category", "origin"], dtype="str")
    table["month"] = pd.to_datetime(table["month"]).astype("datetime64[us]")
    return table.rename_axis("incident_id")


def recorded(asb_before: int, linked_before: int, asb_after: int, linked_after: int) -> pd.DataFrame:
    return incidents(
        ("2024-02-01", ASB, "public", asb_before),
        ("2024-02-01", "public-order", "public", linked_before),
        ("2024-05-01", ASB, "public", asb_after),
        ("2024-05-01", "criminal-damage-arson", "public", linked_after),
        ("2024-05-01", "burglary", "public", 500),
    )


# Who reported --------------------------------------------------------------------------------------------------------


def test_reports_by_the_public_leave_out_what_officers_generated_and_keep_what_is_not_stated() -> None:
    table = incidents(
        ("2024-01-01", ASB, "public", 3), ("2024-01-01", ASB, "officer", 2), ("2024-01-01", ASB, "unknown", 1)
    )
    assert public_reports(table)["origin"].tolist() == ["public"] * 3 + ["unknown"]


def test_every_month_is_listed_with_its_counts_and_officers_share_of_what_is_known() -> None:
    table = incidents(
        ("2024-01-01", ASB, "public", 3), ("2024-01-01", ASB, "officer", 1), ("2024-01-01", ASB, "unknown", 5),
        ("2024-03-01", ASB, "unknown", 2), ("2025-01-01", ASB, "officer", 9),
    )  # fmt: skip
    found = by_origin(table, BEFORE)
    assert list(found.columns) == ["public", "officer", "unknown", "officer_share"]
    assert found[["public", "officer", "unknown"]].to_numpy().tolist() == [[3, 1, 5], [0, 0, 0], [0, 0, 2]]
    assert found["officer_share"].iloc[0] == 0.25
    assert found["officer_share"].iloc[1:].isna().all()
    assert found.index.equals(BEFORE.months)


def test_no_incidents_are_zeros() -> None:
    assert by_origin(incidents(), BEFORE)[["public", "officer", "unknown"]].to_numpy().sum() == 0
    assert recording_shares(incidents(), BEFORE)[["asb", "linked"]].to_numpy().sum() == 0


@pytest.mark.parametrize(("officers_after", "is_flagged"), [(20, False), (21, True), (90, True), (0, False)])
def test_a_rise_of_officers_share_above_ten_points_is_flagged(officers_after: int, is_flagged: bool) -> None:
    table = incidents(
        ("2024-01-01", ASB, "public", 90), ("2024-01-01", ASB, "officer", 10),
        ("2024-04-01", ASB, "public", 100 - officers_after), ("2024-04-01", ASB, "officer", officers_after),
    )  # fmt: skip
    finding = officer_share_rise(table, BEFORE, AFTER)
    assert (finding is not None) == is_flagged
    if finding is not None:
        assert (finding.n, finding.rule) == (officers_after, "R7.6")


def test_without_known_origins_nothing_is_said_about_officers() -> None:
    table = incidents(("2024-01-01", ASB, "unknown", 9), ("2024-04-01", ASB, "officer", 9))
    assert officer_share_rise(table, BEFORE, AFTER) is None


# What it is called ---------------------------------------------------------------------------------------------------


def test_linked_crimes_are_public_order_damage_and_harassment_in_police_uks_words_and_forces() -> None:
    linked = [
        "public-order", "public-order-offences", "public-disorder-weapons", "criminal-damage-arson", "criminal-damage",
        "racially-aggravated-criminal-damage", "harassment", "stalking-and-harassment",
    ]  # fmt: skip
    others = [ASB, "burglary", "violent-crime", "other-crime", "drugs", "not-stated"]
    assert is_linked_crime(pd.Series(linked)).all()
    assert not is_linked_crime(pd.Series(others)).any()


def test_combined_keeps_asb_and_linked_crime_in_their_order() -> None:
    assert combined(recorded(1, 1, 1, 1))["category"].tolist() == [ASB, "public-order", ASB, "criminal-damage-arson"]


def test_the_asb_share_is_of_asb_and_linked_crime_only() -> None:
    found = recording_shares(recorded(6, 2, 3, 3), Period.of("2024-02", "2024-05"))
    assert found[["asb", "linked"]].to_numpy().tolist() == [[6, 2], [0, 0], [0, 0], [3, 3]]
    assert found["asb_share"].fillna(-1).tolist() == [0.75, -1, -1, 0.5]


@pytest.mark.parametrize(
    ("counts", "is_blocked"),
    [
        ((70, 30, 60, 40), False),  # exactly 10 points
        ((7, 3, 60, 40), False),
        ((70, 30, 59, 41), True),
        ((60, 40, 71, 29), True),  # either way
        ((300, 100, 250, 100), False),  # 75.0% and 71.4%
        ((100, 0, 80, 20), True),
    ],
)
def test_a_shift_of_more_than_ten_points_blocks_claims_on_asb_alone(counts: tuple, is_blocked: bool) -> None:
    finding = recording_change(recorded(*counts), BEFORE, AFTER)
    assert (finding is not None) == is_blocked
    if finding is not None:
        assert (finding.check, finding.severity, finding.rule) == ("recording change", "red", "R3.5")


@given(*[st.integers(0, 60)] * 4)
def test_the_guard_judges_both_ways_alike_and_never_blocks_equal_shares(a: int, b: int, c: int, d: int) -> None:
    if 0 in (a + b, c + d):
        with pytest.raises(DesignError, match="neither ASB nor linked crime"):
            recording_change(recorded(a, b, c, d), BEFORE, AFTER)
        return
    table = recorded(a, b, c, d)
    forth, back = recording_change(table, BEFORE, AFTER), recording_change(table, AFTER, BEFORE)
    assert (forth is None) == (back is None)
    same = recording_change(recorded(a, b, 3 * a, 3 * b), BEFORE, AFTER)
    assert same is None or same.check == "recording not checked"


def test_a_file_of_asb_alone_is_told_that_nothing_was_checked() -> None:
    finding = recording_change(recorded(50, 0, 80, 0), BEFORE, AFTER)
    assert finding is not None
    assert (finding.check, finding.severity) == ("recording not checked", "amber")


# Places --------------------------------------------------------------------------------------------------------------


def test_counts_of_places_are_asb_and_asb_with_linked_crime() -> None:
    table = incidents(
        ("2024-01-01", ASB, "public", 3),
        ("2024-01-01", "public-order", "public", 2),
        ("2024-01-01", "drugs", "public", 1),
    )
    place = pd.Series(["b", "b", None, "a", "b", "c"], index=table.index)
    found = counts_by_place(table, place)
    assert found.to_dict("index") == {"a": {"asb": 0, "combined": 1}, "b": {"asb": 2, "combined": 3}}
    assert set(found.dtypes) == {np.dtype("int64")}


counted = st.dictionaries(st.integers(0, 30), st.integers(0, 6), max_size=25).map(
    lambda held: pd.Series(held, dtype="int64")
)


@given(counted, counted)
def test_rho_is_scipys_over_the_places_that_have_a_count(first: pd.Series, second: pd.Series) -> None:
    found = rank_agreement(first, second)
    table = pd.concat([first.rename("a"), second.rename("b")], axis=1).fillna(0)
    table = table[(table["a"] > 0) | (table["b"] > 0)]
    assert found.n_places == len(table)
    if len(table) < 2 or (table.min() == table.max()).any():
        assert math.isnan(found.rho)
    else:
        assert found.rho == pytest.approx(spearmanr(table["a"], table["b"]).statistic)


@given(counted, st.integers(1, 12))
def test_a_ranking_agrees_with_itself(counts: pd.Series, k: int) -> None:
    found = rank_agreement(counts, 10 * counts, k=k)
    assert math.isnan(found.rho) or found.rho == pytest.approx(1)
    assert found.n_shared == min(k, int((counts > 0).sum()))


def test_lists_that_share_half_their_places_say_so() -> None:
    asb = pd.Series({"a": 9, "b": 8, "c": 1, "d": 1})
    both = pd.Series({"a": 20, "c": 15, "b": 9, "d": 1})
    found = rank_agreement(asb, both, k=2)
    assert (found.n_shared, found.n_places) == (1, 4)


# Planted -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(sample_city: dict[str, Path]) -> tuple[pd.DataFrame, Path]:
    return geodata.read([sample_city["incidents.csv"]]).records, sample_city["incidents.csv"]


def test_the_streams_of_the_sample_are_those_its_file_marks(sample) -> None:
    own, path = sample
    raw = pd.read_csv(path, dtype="str").drop_duplicates("incident_ref")
    period = Period(own["month"].min(), own["month"].max())
    found = by_origin(own, period)[["public", "officer", "unknown"]].sum()
    n_officer = int((raw["officer_initiated"] == "Y").sum())
    assert found.to_dict() == {"public": len(raw) - n_officer, "officer": n_officer, "unknown": 0}
    assert len(public_reports(own)) == len(raw) - n_officer


def test_the_sample_misrecords_at_a_steady_rate_so_no_pair_of_years_is_blocked(sample) -> None:
    own, _ = sample
    first = own["month"].min()
    years = [Period(first + pd.DateOffset(months=12 * k), first + pd.DateOffset(months=12 * k + 11)) for k in range(3)]
    assert recording_change(own, years[0], years[1]) is None
    assert recording_change(own, years[1], years[2]) is None


def test_a_recording_campaign_planted_in_the_last_year_is_caught_and_combined_counts_do_not_move(sample) -> None:
    own, _ = sample
    last = own["month"].max()
    after = Period(last - pd.DateOffset(months=11), last)
    before = Period(last - pd.DateOffset(months=23), last - pd.DateOffset(months=12))
    rng = np.random.default_rng(1)
    is_moved = (own["category"] == ASB) & after.contains(own["month"]) & (rng.random(len(own)) < 0.4)
    campaign = own.assign(category=own["category"].where(~is_moved, "public-order"))
    finding = recording_change(campaign, before, after)
    assert finding is not None
    assert finding.severity == "red"
    assert len(combined(campaign)) == len(combined(own))
    place = (own["longitude"].round(2).astype(str) + own["latitude"].round(2).astype(str)).where(
        own["longitude"].notna()
    )
    clean, moved = counts_by_place(own, place), counts_by_place(campaign, place)
    pd.testing.assert_series_equal(clean["combined"], moved["combined"])
    assert rank_agreement(clean["asb"], clean["combined"]).rho > 0.9
