"""Facilities of one type: the 80/20 table by hand, the published store, and chance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.errors import DataError, DesignError, SourceError
from hotspots.facilities import count_at_facilities, facility_curves, fewest_for, read_facilities, share_table

LON, LAT = -2.13, 52.58
METRE = 1 / 111_320  # degrees of latitude


def facilities_at(*north_m, kind="shop"):
    return pd.DataFrame(
        {
            "name": [f"{kind} {i}" for i in range(len(north_m))],
            "type": kind,
            "longitude": LON,
            "latitude": LAT + np.array(north_m) * METRE,
        }
    ).rename_axis("facility")


def test_the_six_steps_by_hand():
    found = share_table(pd.Series([1, 0, 6, 3], index=["a", "b", "c", "d"]))
    assert found.index.to_list() == ["c", "d", "a", "b"]
    assert found["share"].to_list() == pytest.approx([0.6, 0.3, 0.1, 0])
    assert found["places_so_far"].to_list() == [0.25, 0.5, 0.75, 1]
    assert found["reports_so_far"].to_list() == pytest.approx([0.6, 0.9, 1, 1])
    assert found["times_average"].iloc[0] == pytest.approx(2.4)
    assert (fewest_for(found, 0.5), fewest_for(found, 0.8), fewest_for(found, 0.9)) == (1, 2, 2)


def test_three_of_78_stores_with_55_per_cent_are_told_as_published():
    counts = pd.Series([50, 35, 25] + [2] * 15 + [1] * 60)
    found = share_table(counts)
    assert found["reports_so_far"].iloc[2] == pytest.approx(0.55)
    assert found["places_so_far"].iloc[2] == pytest.approx(3 / 78)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40))
def test_the_curve_never_falls_and_lies_on_or_above_the_diagonal(counts):
    found = share_table(pd.Series(counts))
    assert found["n"].sum() == sum(counts)
    if sum(counts):
        assert found["reports_so_far"].iloc[-1] == pytest.approx(1)
        assert (found["reports_so_far"] >= found["places_so_far"] - 1e-9).all()
        assert found["n"].iloc[: fewest_for(found, 0.5)].sum() >= sum(counts) / 2
    else:
        assert fewest_for(found, 0.5) == 0


def test_negative_counts_are_refused():
    with pytest.raises(DataError, match="1 of 2 counts"):
        share_table(pd.Series([1, -1]))


def test_a_report_counts_at_the_nearest_facility_of_each_type_within_reach(reports, square_area):
    places = pd.concat([facilities_at(0, 80), facilities_at(10, kind="pub")], ignore_index=True)
    north = np.array([5, 30, 45, 120, 140])
    table = reports(np.full(5, LON), LAT + north * METRE)
    found = count_at_facilities(table, places, square_area, within_m=50)
    assert found.to_list() == [2, 2, 3]  # 140 m is out of reach of all
    table.loc[0, "inside"] = False
    table.loc[1, "location_precision"] = "snap_point"
    assert count_at_facilities(table, places, square_area, within_m=50).to_list() == [0, 2, 1]
    with pytest.raises(DesignError, match="above 0 metres"):
        count_at_facilities(table, places, square_area, within_m=0)


def test_one_bad_shop_among_twenty_is_more_than_chance_and_equal_shops_are_not(reports, square_area):
    shops = facilities_at(*(np.arange(20) * 120 - 1200))
    rng = np.random.default_rng(0)
    equal = rng.integers(0, 20, 60)
    bad = np.concatenate([np.full(45, 3), rng.integers(0, 20, 15)])
    curve = {}
    for name, at in (("equal", equal), ("bad", bad)):
        table = reports(np.full(60, LON), shops["latitude"].to_numpy()[at])
        curves, too_few = facility_curves(table, shops, square_area, random_state=0)
        curve[name] = curves["shop"]
        assert too_few == {}
    assert curve["bad"].chance.p_value <= 0.01
    assert curve["bad"].n_for_half == 1
    assert curve["bad"].table["name"].iloc[0] == "shop 3"
    assert "more concentrated than chance" in curve["bad"].describe()
    assert curve["equal"].chance.p_value > 0.05
    assert "no more than chance" in curve["equal"].describe()


def test_types_with_few_facilities_have_no_curve_and_those_outside_do_not_count(reports, square_area):
    shops = pd.concat([facilities_at(*range(0, 600, 100)), facilities_at(0, 50, kind="pub")], ignore_index=True)
    shops.loc[0, "latitude"] = 53.9
    curves, too_few = facility_curves(reports([LON], [LAT]), shops, square_area, random_state=0)
    assert list(curves) == ["shop"]
    assert len(curves["shop"].table) == 5
    assert too_few == {"pub": 2}
    assert "no report within 50 m of any of the 5" in curves["shop"].describe()


def test_what_cannot_be_told_is_refused(reports, square_area):
    far = facilities_at(*[1e6] * 6)
    with pytest.raises(DataError, match="None of 6 facilities"):
        facility_curves(reports([LON], [LAT]), far, square_area, random_state=0)
    with pytest.raises(DataError, match="street centre"):
        facility_curves(
            reports([LON], [LAT], location_precision="snap_point"),
            facilities_at(*range(6)),
            square_area,
            random_state=0,
        )


def test_a_table_of_facilities_is_read_by_its_own_names(tmp_path):
    path = tmp_path / "shops.csv"
    path.write_text("Premises,Kind,lon,lat\nCorner Shop,shop,-2.1,52.6\n", encoding="utf-8")
    found = read_facilities(path)
    assert found.iloc[0].to_list() == ["Corner Shop", "shop", -2.1, 52.6]
    path.write_text("Premises,Kind,lon,lat\nCorner Shop,,-2.1,52.6\n", encoding="utf-8")
    with pytest.raises(SourceError, match="1 of 1 facilities have no name or no type, first line 2"):
        read_facilities(path)
    path.write_text("Premises,Kind,lon,lat\nCorner Shop,shop,391000,298000\n", encoding="utf-8")
    with pytest.raises(SourceError, match="longitude are not a number"):
        read_facilities(path)
