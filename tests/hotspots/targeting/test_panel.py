"""The panel counts every row once, in its cell and month, and knows nothing of later months once cut."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from geodata import cells as h3cells
from hotspots.counts import count_cells, month_matrix
from hotspots.density import kernel_density
from hotspots.targeting import steps_between, thin
from hotspots.targeting.groups import GROUPS, group_of, groups_of
from hotspots.targeting.panel import weighted


def dense(panel):
    """Return the wanted reports of every cell and step."""
    return np.column_stack([panel.followed(step, 1) for step in range(panel.n_steps)])


def test_counts_are_those_of_the_count_table(town, panel):
    asb = town.loc[town["category"] == "anti-social-behaviour"]
    expected = month_matrix(count_cells(asb, 10), panel.cells, panel.steps)
    assert_array_equal(dense(panel), expected.to_numpy())
    assert_allclose(panel.totals, expected.sum())
    assert panel.others.sum() == len(town) - len(asb)


def test_identical_rows_all_count(town, panel_of_town):
    twice = pd.concat([town, town], ignore_index=True)
    assert_allclose(dense(panel_of_town(twice)), 2 * dense(panel_of_town(town)))


def test_a_cell_is_known_from_the_month_of_its_first_point_of_any_category(town, panel):
    for step in (0, 1, 7):
        before = town.loc[town["month"] < panel.steps[step]]
        cells = h3cells.assign(before["longitude"], before["latitude"], 10)
        assert set(panel.cells[panel.past(step).known]) == set(cells)
        points = before.drop_duplicates(["longitude", "latitude"])
        assert panel.past(step).n_points.sum() == len(points)


def test_reports_outside_the_boundary_lie_around_a_cell_and_in_none(town, panel_of_town):
    outside = town.assign(inside=False)
    panel = panel_of_town(outside)
    assert dense(panel).sum() == panel.others.sum() == panel.totals.sum() == 0
    assert not panel.known.any()
    assert panel.density(panel.recent(), 300.0).sum() > 0


def test_the_kernel_is_the_density_of_the_project(town, panel):
    asb = town.loc[town["category"] == "anti-social-behaviour"]
    ground = panel.surroundings
    points = ground.points_m[np.repeat(np.arange(len(ground.points_m)), ground.counts.sum(axis=1).astype(int))]
    per_m2 = kernel_density(points, ground.centres_m, bandwidth_m=300.0)
    assert len(points) == len(asb)
    assert_allclose(panel.density(panel.recent(), 300.0), per_m2 * ground.cell_km2 * 1e6, atol=1e-9)


def test_neighbours_are_the_density_less_the_cells_own(town, panel):
    own_only = panel.density(panel.recent(), 300.0) - panel.around(panel.recent(), 300.0)
    has_none = panel.count(panel.recent()) == 0
    assert_allclose(own_only[has_none], 0, atol=1e-12)
    assert (own_only[~has_none] > 0).all()


def test_officers_records_and_police_activity_never_enter(town, panel_of_town):
    made = town.head(500).assign(origin="officer")
    stops = town.head(500).assign(category="stop-and-search")
    panel = panel_of_town(pd.concat([town, made, stops], ignore_index=True))
    plain = panel_of_town(town)
    assert_array_equal(dense(panel), dense(plain))
    assert_array_equal(panel.others, plain.others)


@pytest.mark.parametrize(
    ("category", "group"),
    [
        ("violent-crime", "violence"), ("assault-aggravated", "violence"), ("criminal-damage-arson", "order"),
        ("possession-of-weapons", "order"), ("anti-social-behaviour", "order"), ("bicycle-theft", "retail"),
        ("robbery-commercial", "retail"), ("auto-theft", "home"), ("vehicle-crime", "home"), ("burglary", "home"),
        ("other-crime", "home"), ("violence", "violence"), ("order", "order"), ("retail", "retail"), ("home", "home"),
    ],
)  # fmt: skip
def test_every_category_has_its_group(category, group):
    assert GROUPS[group_of(category)] == group
    assert groups_of(pd.Series([category])).tolist() == [GROUPS.index(group)]


def test_a_missing_month_weighs_nothing(town, panel_of_town):
    missing = pd.DatetimeIndex(["2022-03-01"])
    panel = panel_of_town(town, missing=missing)
    gone = panel.steps.get_loc(missing[0])
    assert panel.weights(6.0)[gone] == panel.recent(None)[gone] == 0
    noisy = panel_of_town(pd.concat([town, town.loc[town["month"] == missing[0]]]), missing=missing)
    assert_array_equal(panel.count(panel.weights(6.0)), noisy.count(noisy.weights(6.0)))


def test_equal_rows_have_equal_sums():
    rows = np.tile(np.random.default_rng(0).integers(0, 9, 36), (500, 1)).astype(float)
    assert len(set(weighted(rows, np.random.default_rng(1).random(36)).tolist())) == 1


def test_thinning_keeps_a_share_of_the_wanted_reports_and_all_the_rest(panel):
    part = thin(panel, 0.25, 3)
    assert dense(part).sum() == pytest.approx(0.25 * dense(panel).sum(), rel=0.1)
    assert (dense(part) <= dense(panel)).all()
    assert_allclose(part.totals, dense(part).sum(axis=0))
    assert_array_equal(part.others, panel.others)
    assert_array_equal(dense(thin(panel, 0.25, 3)), dense(part))


def test_weeks_and_days_cut_time_without_a_gap():
    first, last = pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-01")
    days, weeks = (steps_between(first, last, unit) for unit in ("day", "week"))
    assert len(days) == 31 + 29
    assert len(weeks) == (31 + 29) // 7
    assert set(np.diff(weeks).astype("timedelta64[D]").astype(int)) == {7}
