"""Places reported again and again, and whether that is more than chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, poisson

from geodata.area import read_area
from geodata.quality import DefaultLocation
from hotspots.config import RepeatConfig
from hotspots.repeats import concentration, empty_repeat_locations, place_units, repeat_locations

CONFIG = RepeatConfig()
AS_OF = pd.Timestamp("2024-05-01")
LON, LAT = -2.13, 52.58
METRE = 1 / 111_320  # degrees of latitude


def listed(table, area, **more):
    return repeat_locations(table, area, CONFIG, as_of=AS_OF, **more)


def at_place(reports, dates, place="UPRN:1", **columns):
    n = len(dates)
    return reports(np.full(n, LON), np.full(n, LAT), when=dates, place_id=place, **columns)


def joined(*tables):
    return pd.concat(tables, ignore_index=True).rename_axis("incident_id")


def test_the_property_reference_then_the_address_then_the_coordinate_is_the_place(reports, square_area):
    table = reports(
        [LON, LON + 0.01, LON, LON, LON, LON],
        [LAT, LAT, LAT, LAT, LAT + 24 * METRE, LAT + 0.01],
        place_id=["UPRN:7", "UPRN:7", "", "", "", ""],
        location=["", "", "12 High Street", " 12  HIGH street", "High Street", "High Street"],
    )
    units = place_units(table, square_area)
    assert units["place"].iloc[0] == units["place"].iloc[1] == "UPRN:7"
    assert units["place"].iloc[2] == units["place"].iloc[3] == "address:12 high street"
    assert units["place"].iloc[4] != units["place"].iloc[5]
    assert units["place"].iloc[4].startswith("point:")
    assert units["kind"].to_list() == ["address"] * 4 + ["point (reports within 25 m)"] * 2


def test_coordinates_within_25_m_of_a_busier_one_are_one_place(reports, square_area):
    steps = np.array([0, 0, 0, 20, 40, 40, 60]) * METRE  # busiest first, a chain of 20 m steps
    units = place_units(reports(np.full(7, LON), LAT + steps, location_precision="street"), square_area)
    assert units["place"].nunique() == 2
    assert units["place"].iloc[3] == units["place"].iloc[0]
    assert units["place"].iloc[6] == units["place"].iloc[4]


def test_a_snap_point_is_its_coordinate_and_an_area_is_no_place(reports, square_area):
    table = reports(
        [LON, LON, LON], [LAT, LAT + 5 * METRE, LAT], location_precision=["snap_point", "snap_point", "area"]
    )
    units = place_units(table, square_area)
    assert units["place"].iloc[0] == f"point:{LON:.6f},{LAT:.6f}"
    assert units["place"].iloc[1] != units["place"].iloc[0]
    assert units["place"].iloc[2] == ""


def test_three_reports_in_six_months_meet_the_case_review_threshold(reports, square_area):
    table = joined(
        at_place(reports, ["2023-11-01 10:00", "2024-01-05 10:00", "2024-04-30 23:00"], "UPRN:1"),
        at_place(reports, ["2023-10-31 23:00", "2024-01-05 10:00", "2024-04-30 23:00"], "UPRN:2"),
        at_place(reports, ["2023-06-01 10:00", "2023-07-01 10:00", "2024-04-30 23:00"], "UPRN:3"),
    )
    found = listed(table, square_area)
    assert found.loc["UPRN:1", ["n_6m", "status"]].to_list() == [3, "case review threshold met"]
    assert found.loc["UPRN:2", ["n_6m", "status"]].to_list() == [2, "approaching threshold"]
    assert found.loc["UPRN:3", ["n_6m", "status"]].to_list() == [1, ""]


def test_the_score_is_the_product_of_its_factors_worked_by_hand(reports, square_area):
    dates = ["2024-03-02 12:00", "2024-03-02 18:00", "2024-03-02 12:00", "2024-03-02 13:00"]
    other = ["2024-03-02 12:00", "2024-02-02 12:00"]
    found = listed(joined(at_place(reports, dates, "UPRN:1"), at_place(reports, other, "UPRN:2")), square_area)
    first = found.loc["UPRN:1"]
    assert first["expected"] == 3.0
    assert first["recency_factor"] == pytest.approx(0.5 ** (59 / 60))  # 59 whole days to 1 May
    assert first["spread_factor"] == 0.25
    assert found.loc["UPRN:2", "spread_factor"] == 1.0
    assert (found["score"] == found["count_factor"] * found["recency_factor"] * found["spread_factor"]).all()
    assert first["p_value"] == pytest.approx(poisson.sf(3, 3.0))


def test_the_police_day_runs_from_six_to_six(reports, square_area):
    found = listed(at_place(reports, ["2024-03-02 23:00", "2024-03-03 05:59", "2024-03-03 06:00"]), square_area)
    assert found.loc["UPRN:1", "distinct_days"] == 2


def test_months_are_all_that_police_uk_gives(reports, square_area):
    table = at_place(
        reports, ["2024-02-01", "2024-02-01", "2024-04-01"], "", time_precision="month",
        location_precision="snap_point", location="On or near High Street",
    )  # fmt: skip
    found = listed(table, square_area).iloc[0]
    assert found["kind"] == "snap point (street)"
    assert found["name"] == "High Street"
    assert found["last_report"] == "2024-04"
    assert found["status"] == ""
    assert found["spread_factor"] == pytest.approx(2 / 3)
    assert found["recency_factor"] == pytest.approx(0.5 ** (15 / 60))  # the middle of April


def test_a_default_location_is_marked_listed_last_and_has_no_clock(reports, square_area):
    booked = at_place(reports, ["2024-04-01 10:00"] * 50, "UPRN:police")
    home = reports(np.full(3, LON + 0.01), np.full(3, LAT), when="2024-04-02 10:00", place_id="UPRN:1")
    default = DefaultLocation(LON, LAT, "Police Station", 50, 0.9, "half of all")
    found = listed(joined(booked, home), square_area, default_locations=[default])
    assert found.index.to_list() == ["UPRN:1", "UPRN:police"]
    assert found["is_default_location"].to_list() == [False, True]
    assert found["status"].to_list() == ["case review threshold met", ""]
    assert (found["expected"] == 3.0).all()


def test_only_reports_in_the_area_and_before_the_end_count(reports, square_area):
    table = at_place(reports, ["2024-04-01 10:00", "2024-04-02 10:00", "2024-04-03 10:00", "2024-05-01 00:00"])
    table.loc[2, "inside"] = False
    assert listed(table, square_area)["n"].to_list() == [2]
    assert listed(table, square_area)["last_report"].to_list() == ["2024-04-02"]


def test_a_place_seen_once_is_no_repeat_and_nothing_gives_the_empty_table(reports, square_area):
    once = listed(at_place(reports, ["2024-04-01 10:00"]), square_area)
    nothing = listed(reports([], []), square_area)
    for table in (once, nothing):
        assert len(table) == 0
        assert table.columns.to_list() == empty_repeat_locations().columns.to_list()
        assert table.dtypes.astype(str).to_list() == empty_repeat_locations().dtypes.astype(str).to_list()
        assert table.crs == "EPSG:4326"


def test_the_order_of_rows_is_irrelevant_and_the_input_stays(reports, square_area):
    rng = np.random.default_rng(4)
    table = reports(
        LON + rng.integers(0, 12, 200) * 1e-3, np.full(200, LAT),
        when=pd.Timestamp("2023-05-01") + pd.to_timedelta(rng.integers(0, 365 * 24, 200), unit="h"),
        place_id=[f"UPRN:{i}" if i else "" for i in rng.integers(0, 9, 200)],
    )  # fmt: skip
    before = table.copy()
    first, again = listed(table, square_area), listed(table.sample(frac=1, random_state=1), square_area)
    pd.testing.assert_frame_equal(pd.DataFrame(first), pd.DataFrame(again))
    pd.testing.assert_frame_equal(table, before)
    assert first["rank"].to_list() == list(range(1, len(first) + 1))
    assert first["score"].is_monotonic_decreasing


def test_a_planted_repeat_address_is_unusual_and_noise_is_not(reports, square_area):
    rng = np.random.default_rng(5)
    place = np.concatenate([rng.integers(0, 400, 600), np.full(20, 999)])
    hours = pd.to_timedelta(rng.integers(0, 360 * 24, 620), unit="h")
    table = reports(
        np.full(620, LON), np.full(620, LAT), when=pd.Timestamp("2023-05-02") + hours,
        place_id=[f"UPRN:{p}" for p in place],
    )  # fmt: skip
    found = listed(table, square_area)
    assert found.index[found["is_unusual"]].to_list() == ["UPRN:999"]
    assert found["count_factor"].idxmax() == "UPRN:999"


def test_concentration_is_worked_by_hand():
    counts = [10, 4, 3, 2, 1, 0, 0, 0, 0, 0]
    found = concentration(counts, top_share=0.2, simulations=199, random_state=0)
    assert (found.n_places, found.n_places_with_report) == (10, 5)
    assert found.held_share == 0.5  # one place of five holds 10 of 20
    assert found.area_share_for_half == 0.1
    # the Lorenz curve by trapezes: 1 - sum of (share held so far + share held before) / n
    held = np.cumsum([0, *sorted(counts)]) / 20
    assert found.gini == pytest.approx(1 - (held[1:] + held[:-1]).sum() / 10)


def test_area_counts_where_places_differ_in_size():
    found = concentration([6, 5, 1], [1.0, 1.0, 8.0], simulations=9, random_state=0)
    assert found.area_share_for_half == pytest.approx(0.1)
    dense_first = concentration([6, 5, 1], [8.0, 1.0, 1.0], simulations=9, random_state=0)
    assert dense_first.area_share_for_half == pytest.approx(0.2)


@given(st.integers(1, 40), st.integers(1, 40))
def test_the_corrected_gini_is_zero_for_the_most_even_spread_and_near_one_for_a_single_place(places, reports_each):
    even = concentration([reports_each] * places, simulations=1, random_state=0)
    sparse_even = concentration([1] * places + [0] * 50, simulations=1, random_state=0)
    single = concentration([reports_each] + [0] * (places - 1), simulations=1, random_state=0)
    assert even.gini == pytest.approx(0.0, abs=1e-9)
    assert sparse_even.gini == pytest.approx(0.0, abs=1e-9)
    assert single.gini == pytest.approx(1 - max(1 / reports_each, 1 / places), abs=1e-9)


def test_reports_thrown_at_random_have_uniform_p_values():
    rng = np.random.default_rng(6)
    p = [
        concentration(np.bincount(rng.integers(0, 300, 900), minlength=300), simulations=199, random_state=i).p_value
        for i in range(400)
    ]
    assert kstest(p, "uniform").statistic < 1.63 / np.sqrt(400)  # 1 % critical value
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


def test_the_chance_share_equals_throwing_every_report_by_itself():
    rng = np.random.default_rng(7)
    thrown = []
    for _ in range(500):
        n = np.sort(np.bincount(rng.integers(0, 200, 500), minlength=200))[::-1]
        thrown.append(n[: int(np.ceil(0.1 * (n > 0).sum()))].sum() / 500)
    counts = np.bincount(rng.integers(0, 200, 500), minlength=200)
    found = concentration(counts, simulations=4000, random_state=1)
    assert found.chance_share == pytest.approx(np.quantile(thrown, 0.95), abs=0.01)


def test_chance_throws_only_where_a_report_could_be():
    counts = [3, 3, 3, 3] + [0] * 96
    everywhere = concentration(counts, simulations=199, random_state=0)
    known = concentration(counts, simulations=199, random_state=0, known=[True] * 4 + [False] * 96)
    assert everywhere.n_places == 100
    assert known.n_places == 4
    assert known.p_value > 0.5


def test_no_report_concentrates_nowhere():
    found = concentration([0, 0, 0], simulations=9, random_state=0)
    assert found.held_share == 0.0
    assert found.p_value == 1.0
    assert np.isnan(found.gini)
    assert np.isnan(found.area_share_for_half)


def test_wolverhampton_in_2014_is_as_concentrated_as_published(shared):
    """README of the shared data: 479 of 1,308 points had ASB and the top 10 % of them hold 28 %."""
    frame = pd.read_csv(shared / "data" / "police_uk" / "wolverhampton_2014-01_2014-02.csv")
    boundary = sorted((shared / "data" / "boundaries").glob("wolverhampton_lad*"))[0]
    area = read_area(boundary)
    frame = frame.loc[area.contains(frame["Longitude"], frame["Latitude"])]
    asb = frame["Crime type"] == "Anti-social behaviour"
    n = frame.assign(asb=asb).groupby(["Longitude", "Latitude"])["asb"].sum()
    found = concentration(n, simulations=199, random_state=0)
    assert found.n_places_with_report == pytest.approx(479, abs=3)
    assert found.held_share == pytest.approx(0.28, abs=0.01)
    assert found.p_value == 1 / 200


@pytest.mark.parametrize("places", [9_000, 20_000, 3_000_000])
def test_concentration_is_told_for_as_many_places_as_a_force_has(places: int) -> None:
    counts = np.zeros(places, dtype=np.int64)
    counts[: places // 10] = 20
    found = concentration(counts, simulations=9, random_state=1)
    assert found.held_share == pytest.approx(0.1)  # all places with a report have the same number
    assert found.p_value == 1.0
