"""Outlines compared: ours beside HDBSCAN clusters and Gi* clumps, counted again from the reports."""

from __future__ import annotations

import pytest

from hotspots.analyses import Options
from hotspots.analyses.outlines import CLUMPS, CLUSTERS, LATER_MONTHS, OURS, _larger_than_a_visit, compared


@pytest.fixture(scope="module")
def table(city):
    return compared(city, Options()).table.set_index("method")


def test_the_hotspots_hold_more_reports_for_each_patrol_minute_before_and_after(table):
    for column in ("per_minute", "later_per_minute"):
        assert table.loc[OURS, column] > 1.5 * table.loc[[CLUSTERS, CLUMPS], column].max()


def test_shares_minutes_and_overlap_hang_together(table, city):
    inside = city.incidents.loc[city.incidents["inside"]]
    earlier = (inside["month"] < city.period.months[-LATER_MONTHS]).sum()
    assert (table["n"] / earlier).to_numpy() == pytest.approx(table["share"].to_numpy())
    assert (table["patrol_minutes"] > 15 * table["places"]).all()
    assert table.loc[OURS, "overlap"] == 1.0
    assert table["overlap"].between(0, 1).all()
    assert (table["later_share"] > table["area_km2"] / city.area.area_km2).all()


def test_a_minute_walked_leaves_out_the_stops(table):
    per_visit = table["later_per_minute"] * table["patrol_minutes"]
    walked = table["patrol_minutes"] - 15 * table["places"]
    assert (per_visit / walked).to_numpy() == pytest.approx(table["later_per_walked_minute"].to_numpy())


def test_a_place_larger_than_a_visit_is_called_that(table):
    assert _larger_than_a_visit(table.reset_index()) == ()
    ahead = table.assign(later_per_minute=[0.115, 0.092, 0.125], places=[8, 10, 1], area_km2=[0.75, 2.5, 2.26])
    (said,) = _larger_than_a_visit(ahead.reset_index())
    assert said.startswith("Gi* clumps hold more for each patrol minute: their places are larger than a visit can")
    assert "226 hectares" in said
