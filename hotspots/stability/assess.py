"""All of it for one list: the columns every hotspot gets, and what is said about the list as a whole."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.period import Period
from geodata.quality import DefaultLocation
from hotspots.config import RunConfig
from hotspots.membership import hotspot_of
from hotspots.parts import quarters_that_pick
from hotspots.ranking import decayed_rate
from hotspots.results import Quarters, Robustness, Survival
from hotspots.stability.regression import expected_change
from hotspots.stability.survival import grids, redraw, survivors

MONTHS_PER_YEAR = 12
QUARTERS_FOR_STEADY = 3


def assess(
    hotspots: gpd.GeoDataFrame,
    reports: pd.DataFrame,
    area: StudyArea,
    config: RunConfig,
    *,
    events: pd.DataFrame,
    parts: pd.DataFrame,
    last_year: pd.Series,
    known: pd.Series,
    known_at: pd.DataFrame,
    period: Period,
    resolution: int,
    counted: NDArray[np.bool_] | None = None,
    missing: pd.DatetimeIndex | None = None,
    default_locations: Sequence[DefaultLocation] = (),
    streets: gpd.GeoDataFrame | None = None,
) -> tuple[gpd.GeoDataFrame, Robustness | None]:
    """Return the hotspots with how steady each is, and how steady the list is.

    Parameters
    ----------
    hotspots : GeoDataFrame
        HOTSPOTS.
    reports : DataFrame
        INCIDENTS inside the area.
    area : StudyArea
    config : RunConfig
    events : DataFrame, cells x months
        What the cells are ranked by.
    parts : DataFrame of int
        Rank of each cell from the whole and from parts of the months, as the list was ranked.
    last_year : Series of int
        Reports of each cell in the last 12 months, or in all where there are fewer.
    known : Series of bool
        Cells where anything was ever recorded.
    known_at, counted, default_locations, streets
        As in `redraw`.
    period : Period
    resolution : int
    missing : DatetimeIndex, optional

    Returns
    -------
    hotspots : GeoDataFrame
        With ``quarters`` (how many of four quarters pick it), ``survives`` (on how many other grids it is there too),
        ``expected_next``, ``next_low`` and ``next_high`` (reports in an equal period to come with nothing done).
    robustness : Robustness or None
        None where there is no hotspot.
    """
    if hotspots.empty:
        return hotspots, None
    groups = [text.split(",") for text in hotspots["cells"]]
    picked = quarters_that_pick(parts, groups)
    owner = pd.Series(hotspot_of(hotspots, reports["longitude"], reports["latitude"]), index=reports.index)
    others = grids(resolution)
    found = [
        survivors(
            owner,
            redraw(
                reports, known_at, area, grid, config, period=period, counted=counted, missing=missing,
                default_locations=default_locations, streets=streets,
            ),
            list(hotspots.index),
        )
        for grid in others
    ]  # fmt: skip
    survived = np.sum(found, axis=0)
    months = min(MONTHS_PER_YEAR, period.n_months)
    decayed = decayed_rate(
        events, half_life_months=config.ranking.half_life_months, season_weight=config.ranking.season_weight,
        missing=missing,
    )  # fmt: skip
    each, regression = expected_change(
        last_year, groups, months=months, evidence=decayed["y"], random_state=config.seed, known=known
    )
    robustness = Robustness(
        quarters=Quarters(
            n_hotspots=len(hotspots),
            in_all=int((picked == 4).sum()),
            in_three=int((picked >= QUARTERS_FOR_STEADY).sum()),
            months=period.n_months // 4,
        ),
        survival=Survival(
            n_hotspots=len(hotspots),
            everywhere=int((survived == len(others)).sum()),
            by_grid={grid.describe(): int(kept.sum()) for grid, kept in zip(others, found, strict=True)},
        ),
        regression=regression,
    )
    columns = each.set_axis(hotspots.index).assign(quarters=picked, survives=survived)
    return hotspots.join(columns), robustness
