"""Outlines compared: ours beside HDBSCAN clusters and Gi* clumps, counted again from the reports."""

from __future__ import annotations

import pytest

from hotspots.analyses import Options
from hotspots.analyses.outlines import CLUMPS, CLUSTERS, LATER_MONTHS, OURS, compared


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
