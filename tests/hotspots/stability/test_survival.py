"""Hotspots on other grids (R4.18)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import shapely

import hotspots
from geodata.area import StudyArea
from geodata.period import Period
from hotspots.config import RunConfig
from hotspots.stability import Grid, grids, redraw, survivors

AREA = StudyArea("Little Town", shapely.box(-2.14, 52.57, -2.10, 52.60))
PERIOD = Period(pd.Timestamp("2023-01-01"), pd.Timestamp("2024-12-01"))
CORNERS = np.array([[-2.13, 52.575], [-2.12, 52.585], [-2.11, 52.595]])


@pytest.fixture
def town(reports: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Three tight busy corners and a haze of single reports."""
    rng = np.random.default_rng(0)
    busy = np.repeat(CORNERS, 120, axis=0) + rng.normal(0, 1e-4, (360, 2))
    haze = rng.uniform([-2.14, 52.57], [-2.10, 52.60], (400, 2))
    points = np.vstack([busy, haze])
    when = rng.choice(PERIOD.months, len(points)) + pd.Timedelta(days=3, hours=15)
    return reports(points[:, 0], points[:, 1], when=when)


def drawn(reports: pd.DataFrame, grid: Grid) -> pd.Series:
    return redraw(reports, reports[["longitude", "latitude"]], AREA, grid, RunConfig(), period=PERIOD)


@pytest.mark.parametrize("grid", [*grids(10), Grid(10)])
def test_tight_busy_corners_are_found_on_every_grid(grid: Grid, town: pd.DataFrame) -> None:
    found = drawn(town, grid)
    corner = np.repeat([0, 1, 2], 120)
    held = pd.crosstab(corner, found.iloc[:360].to_numpy()).drop(columns=-1, errors="ignore")
    assert (held.max(axis=1) >= 60).all()
    assert held.idxmax(axis=1).nunique() == 3


def test_moving_the_grid_by_nothing_draws_what_the_run_draws(town: pd.DataFrame) -> None:
    run = hotspots.run(town, AREA)
    again = drawn(run.incidents.loc[run.incidents["inside"]], Grid(run.resolution))
    assert again.max() + 1 == len(run.hotspots)
    assert (run.hotspots["survives"] == 3).all()
    assert run.robustness is not None
    assert run.robustness.survival.everywhere == len(run.hotspots)


def test_a_place_that_only_one_grid_sees_does_not_survive() -> None:
    owner = pd.Series(["H01"] * 10 + [""] * 5)
    elsewhere = pd.Series([-1] * 10 + [0] * 5)
    fringe = pd.Series([0] * 4 + [-1] * 6 + [0] * 5)
    inside_it = pd.Series([0] * 3 + [-1] * 12)
    assert not survivors(owner, elsewhere, ["H01"])[0]
    assert not survivors(owner, fringe, ["H01"])[0]  # 4 of the 9 reports of the smaller
    assert survivors(owner, inside_it, ["H01"])[0]  # a sharper outline round the same place
    assert not survivors(owner, pd.Series(-1, index=owner.index), ["H01"])[0]


def test_the_grids_are_the_other_sizes_and_the_own_one_moved() -> None:
    assert [grid.describe() for grid in grids(9)] == [
        "cells of 1.4 ha", "cells of 0.2 ha", "the same cells, moved by half their width",
    ]  # fmt: skip
    assert grids(10, shift=(0.0, 0.5))[-1].shift == (0.0, 0.5)
