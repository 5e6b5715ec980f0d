"""From ranked cells to named hotspots."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata import cells as h3cells
from geodata.period import Period
from geodata.quality import DefaultLocation
from hotspots.config import DelineationConfig, RankingConfig
from hotspots.counts import count_cells, month_matrix
from hotspots.delineate import COLUMNS, delineate, empty_hotspots
from hotspots.ranking import rank_cells

CONFIG = DelineationConfig()
MIDDLE = "8a194da9a6cffff"  # a resolution-10 cell of Wolverhampton
PERIOD = Period.of("2022-05", "2024-04")


@pytest.fixture(scope="module")
def grid():
    """Cells within 12 steps of one in the middle, named by their ring so that tests can read."""
    return h3cells.disk(MIDDLE, 12)


def away(grid, steps):
    return next(cell for cell in grid if h3cells.steps_between(MIDDLE, cell) == steps)


def monthly(reports, counts, *, period=PERIOD, **columns):
    """Return so many reports a month at the centre of each cell."""
    cells = [cell for cell, n in counts.items() for _ in range(n)]
    at = np.repeat(h3cells.centres(cells), period.n_months, axis=0)
    when = np.tile(period.months.to_numpy() + np.timedelta64(9 * 24 + 12, "h"), len(cells))
    columns = {"location": "12 High Street"} | columns
    return reports(at[:, 0], at[:, 1], when=when, **columns)


def measured(table, grid, area, resolution=10):
    index = pd.Index(grid, name="cell", dtype=object)
    period = Period(table["month"].min(), table["month"].max())
    matrix = month_matrix(count_cells(table, resolution), index, period.months)
    cells = h3cells.frame(index, area).join(rank_cells(matrix, RankingConfig(), top_k=10, random_state=0))
    cells["n"], cells["n_12m"] = matrix.sum(axis=1), matrix.iloc[:, -12:].sum(axis=1)
    return cells.assign(density_rank=cells["rank"])


def drawn(table, grid, area, config=CONFIG, **more):
    return delineate(measured(table, grid, area), table, area, config, **more)


@pytest.mark.parametrize(("n_area", "said"), [(0, "one address holds 100% of the last 12 months"), (6, "")])
def test_one_address_is_said_of_all_reports_those_at_the_middle_of_an_area_too(
    reports, grid, square_area, n_area, said
):
    table = monthly(reports, {MIDDLE: 2 + n_area})
    booked = np.arange(len(table)) >= 2 * PERIOD.n_months
    table["location_precision"] = np.where(booked, "area", "address")
    found, _ = drawn(table, grid, square_area, dataclasses.replace(CONFIG, min_incidents_12m=12))
    assert found.iloc[0]["n_12m"] == 12 * (2 + n_area)
    assert ("one address" in found.iloc[0]["flags"]) == bool(said)
    assert said in found.iloc[0]["flags"]


def test_a_busy_cell_becomes_a_named_hotspot_with_every_column(reports, grid, square_area):
    found, notes = drawn(monthly(reports, {MIDDLE: 5, away(grid, 9): 1}), grid, square_area)
    assert found.columns.drop("geometry").to_list() == list(COLUMNS)
    assert found.index.to_list() == ["H01"]
    row = found.iloc[0]
    assert (row["name"], row["cells"], row["n_cells"], row["n"], row["n_12m"]) == ("High Street", MIDDLE, 1, 120, 60)
    assert (row["n_before_12m"], row["change_z"], row["months_with_reports"], row["peak"]) == (60.0, 0.0, 24, "")
    assert row["top_types"] == "Anti-social behaviour"
    assert row["repeat_share"] == 1.0
    hexagon = h3cells.polygons([MIDDLE])[0]
    assert row["geometry"].symmetric_difference(hexagon).area < 1e-6 * hexagon.area
    assert [row["longitude"], row["latitude"]] == pytest.approx(h3cells.centres([MIDDLE])[0], abs=1e-6)
    assert notes == (
        "1 place has at least the 36 reports in the last 12 months that a hotspot needs; up to 10 were asked for.",
    )


def test_the_reason_is_plain_words_with_the_numbers_of_the_row(reports, grid, square_area):
    table = monthly(reports, {MIDDLE: 5, away(grid, 9): 1})
    table["qualifier"] = np.where(np.arange(len(table)) % 4 == 0, "personal", "nuisance")
    row = drawn(table, grid, square_area)[0].iloc[0]
    assert row["top_types"] == "nuisance 75%, personal 25%"
    assert row["reason"] == (
        "120 reports in 24 months, 1.7 times the 72 that a similar cell had; 60 of them in the last 12 months. "
        "Reports in 24 of 24 months, mostly nuisance 75%, personal 25%; no clear change on the 12 months before "
        "(60 after 60)."
    )


def test_touching_busy_cells_join_one_hotspot_and_quiet_ones_do_not(reports, grid, square_area):
    ring = sorted(set(h3cells.disk(MIDDLE, 1)) - {MIDDLE})
    table = monthly(reports, {MIDDLE: 10, ring[0]: 8, ring[1]: 8, ring[2]: 1, away(grid, 9): 1})
    found, _ = drawn(table, grid, square_area)
    assert set(found.loc["H01", "cells"].split(",")) == {MIDDLE, ring[0], ring[1]}
    assert found.loc["H01", "n"] == 26 * 24


def test_a_hotspot_stays_within_its_cells_and_its_area(reports, grid, square_area):
    table = monthly(reports, dict.fromkeys(h3cells.disk(MIDDLE, 2), 3))
    by_cells = dataclasses.replace(CONFIG, max_cells=4, min_separation_m=0.0)
    assert drawn(table, grid, square_area, by_cells)[0]["n_cells"].max() == 4
    by_area = dataclasses.replace(CONFIG, max_area_km2=0.03, min_separation_m=0.0)
    found, _ = drawn(table, grid, square_area, by_area)
    assert found["n_cells"].max() == 2
    assert (found["area_km2"] <= 0.03).all()


def test_places_with_too_few_reports_are_not_hotspots(reports, grid, square_area):
    far = away(grid, 9)
    table = monthly(reports, {MIDDLE: 3, far: 2})
    found, notes = drawn(table, grid, square_area)
    assert found["n_12m"].to_list() == [36]
    assert "1 place has at least the 36 reports" in notes[-1]


def test_fewer_than_twelve_months_need_reports_in_proportion(reports, grid, square_area):
    table = monthly(reports, {MIDDLE: 3, away(grid, 9): 2}, period=Period.of("2023-11", "2024-04"))
    found, notes = drawn(table, grid, square_area)
    assert found["n"].to_list() == [18]
    assert "18 reports" in notes[-1]
    assert np.isnan(found["n_before_12m"].iloc[0])
    assert found["reason"].iloc[0].startswith("18 reports in 6 months, ")


def test_a_place_close_to_a_higher_hotspot_is_passed_over_and_said(reports, grid, square_area):
    close, far = away(grid, 3), away(grid, 9)
    found, notes = drawn(monthly(reports, {MIDDLE: 9, close: 5, far: 4}), grid, square_area)
    assert found["cells"].to_list() == [MIDDLE, far]
    assert notes[0].startswith("1 place lies within 500 m of a better hotspot")
    relaxed, _ = drawn(
        monthly(reports, {MIDDLE: 9, close: 5, far: 4}), grid, square_area,
        dataclasses.replace(CONFIG, min_separation_m=0.0),
    )  # fmt: skip
    assert relaxed["cells"].to_list() == [MIDDLE, close, far]


def test_a_cell_of_a_default_location_is_left_out_with_its_reason(reports, grid, square_area):
    far = away(grid, 9)
    booked = monthly(reports, {MIDDLE: 9}, location="Police Station, Low Street")
    table = pd.concat([booked, monthly(reports, {far: 4})], ignore_index=True).rename_axis("incident_id")
    lon, lat = h3cells.centres([MIDDLE])[0]
    default = DefaultLocation(lon, lat, "Police Station", 216, 0.7, "most reports")
    found, notes = drawn(table, grid, square_area, default_locations=[default])
    assert found["cells"].to_list() == [far]
    assert notes[0] == (
        "Left out: the cell at Police Station, because 100% of its 216 reports are booked to a default location, "
        "not to where they happened."
    )


def test_a_busy_snap_point_is_a_street_not_a_default_location(reports, grid, square_area):
    lon, lat = h3cells.centres([MIDDLE])[0]
    default = DefaultLocation(lon, lat, "", 216, 0.7, "most reports")
    for location, expected in (("On or near High Street", 1), ("On or near Police Station", 0)):
        table = monthly(
            reports, {MIDDLE: 9}, location_precision="snap_point", time_precision="month", location=location
        )
        found, _ = drawn(table, grid, square_area, default_locations=[default])
        assert len(found) == expected
        assert found["repeat_share"].isna().all()


def test_the_diffuse_does_not_outrank_the_sharp_by_size_alone(reports, grid, square_area):
    sharp = away(grid, 9)
    diffuse = dict.fromkeys(h3cells.disk(MIDDLE, 1), 2)
    found, _ = drawn(monthly(reports, {sharp: 9} | diffuse), grid, square_area)
    assert found["n_cells"].to_list() == [1, 7]
    assert found["n"].to_list() == [216, 336]
    assert found["score"].is_monotonic_decreasing


def test_rank_one_has_the_highest_score_and_ids_follow_ranks(reports, grid, square_area):
    counts = {away(grid, 0): 4, away(grid, 6): 8, away(grid, 12): 6}
    found, _ = drawn(monthly(reports, counts), grid, square_area)
    assert found["rank"].to_list() == [1, 2, 3]
    assert found.index.to_list() == ["H01", "H02", "H03"]
    assert found["score"].is_monotonic_decreasing
    assert found["name"].nunique() == 3


def test_over_150_in_a_year_is_flagged_for_splitting(reports, grid, square_area):
    found, _ = drawn(monthly(reports, {MIDDLE: 13}, place_id=""), grid, square_area)
    assert "over 150 in 12 months: split or plan as a town centre" in found["flags"].iloc[0]


def test_a_clear_rise_is_flagged_and_a_small_one_is_not(reports, grid, square_area):
    table = monthly(reports, {MIDDLE: 12})
    later = table["month"] > pd.Timestamp("2023-04-01")
    thinned = table.loc[later | (np.arange(len(table)) % 2 == 0)]
    row = drawn(thinned, grid, square_area)[0].iloc[0]
    assert row["change_z"] == pytest.approx(2 * (np.sqrt(row["n_12m"]) - np.sqrt(row["n_before_12m"])))
    assert row["change_z"] > 3
    assert "clear rise" in row["flags"]
    assert "clearly up on the 12 months before (144 after 72)" in row["reason"]


def test_no_change_is_stated_across_a_missing_month(reports, grid, square_area):
    table = monthly(reports, {MIDDLE: 12})
    found, _ = drawn(table, grid, square_area, missing=pd.DatetimeIndex(["2022-07-01"]), period=PERIOD)
    assert np.isnan(found["n_before_12m"].iloc[0])
    assert "12 months before" not in found["reason"].iloc[0]


def test_many_units_can_be_drawn_for_comparison(reports, grid, square_area):
    table = monthly(reports, {cell: 1 + i % 3 for i, cell in enumerate(grid)})
    many = dataclasses.replace(CONFIG, n_hotspots=80, min_incidents_12m=1, min_separation_m=0.0)
    found, _ = drawn(table, grid, square_area, many)
    assert len(found) >= 60
    cells = [cell for text in found["cells"] for cell in text.split(",")]
    assert len(cells) == len(set(cells))


def test_nothing_drawn_still_has_every_column(reports, grid, square_area):
    quiet, notes = drawn(monthly(reports, {MIDDLE: 1}), grid, square_area)
    assert notes[-1].startswith("No place has at least the 36 reports")
    none, _ = delineate(
        measured(monthly(reports, {MIDDLE: 1}), grid, square_area), reports([], []), square_area, CONFIG
    )
    for table in (quiet, none, empty_hotspots()):
        assert len(table) == 0
        assert table.columns.drop("geometry").to_list() == list(COLUMNS)
        assert table.crs == "EPSG:4326"


COUNTS = st.dictionaries(st.integers(0, 90), st.integers(1, 9), min_size=1, max_size=25)


@settings(max_examples=25)
@given(COUNTS, st.integers(0, 1000))
def test_hotspots_are_contiguous_apart_separate_and_independent_of_row_order(reports, grid, square_area, counts, seed):
    table = monthly(reports, {grid[i * 5 % len(grid)]: n for i, n in counts.items()})
    found, notes = drawn(table, grid, square_area)
    used = [cell for text in found["cells"] for cell in text.split(",")]
    assert len(used) == len(set(used))
    assert (found["n_12m"] >= 36).all()
    assert found.geometry.is_valid.all()
    assert (found.geometry.geom_type == "Polygon").all()  # one piece: the cells touch
    x, y = square_area.project(found["longitude"], found["latitude"])
    apart = np.hypot(x[:, None] - x, y[:, None] - y)[~np.eye(len(x), dtype=bool)]
    assert (apart >= 500 - 1e-6).all()
    shuffled, same_notes = drawn(table.sample(frac=1, random_state=seed), grid, square_area)
    pd.testing.assert_frame_equal(
        pd.DataFrame(found.drop(columns="geometry")), pd.DataFrame(shuffled.drop(columns="geometry"))
    )
    assert notes == same_notes


def test_planted_hotspots_of_a_noisy_city_come_first(reports, square_area):
    """Ten places of 80 m radius with 5 reports a month among background; at least nine are the top ten."""
    rng = np.random.default_rng(20)
    cells = h3cells.cover(square_area, 10)
    east, north = square_area.boundary_m.bounds[:2]
    centres = np.array([(east + 600 + 1400 * i, north + 900 + 1500 * j) for i in range(5) for j in range(4)])
    centres = centres[rng.permutation(20)[:10]] + rng.uniform(-300, 300, (10, 2))
    planted = np.repeat(centres, 36 * 5, axis=0)
    angle, radius = rng.uniform(0, 2 * np.pi, len(planted)), 80 * np.sqrt(rng.uniform(0, 1, len(planted)))
    planted = planted + np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None]
    scattered = np.column_stack([rng.uniform(east, east + 6500, 8000), rng.uniform(north, north + 6500, 8000)])
    lon, lat = square_area.unproject(*np.vstack([planted, scattered]).T)
    month = np.concatenate([np.tile(np.arange(36), 50), rng.integers(0, 36, 8000)])
    when = pd.Timestamp("2021-05-15") + np.array([pd.DateOffset(months=int(m)) for m in month])
    table = reports(lon, lat, when=when)
    table = table.loc[square_area.contains(table["longitude"], table["latitude"])]
    found, _ = drawn(table, cells, square_area)
    shapes = shapely.transform(found.geometry.to_numpy(), square_area.project, interleaved=False)
    distance = shapely.distance(shapes[None, :], shapely.points(centres)[:, None])
    assert (distance.min(axis=1) <= 100).sum() >= 9
    assert isinstance(found, gpd.GeoDataFrame)
