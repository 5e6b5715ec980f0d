"""A small town with a few busy places, in INCIDENTS and as a panel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import shapely

from geodata import cells as h3cells
from geodata.area import StudyArea
from geodata.period import Period
from hotspots.targeting import Panel, build_panel

TOWN = StudyArea(name="Town", boundary=shapely.box(-2.14, 52.57, -2.11, 52.59))
PERIOD = Period.of("2021-01", "2023-06")
KINDS = ("anti-social-behaviour", "violent-crime", "shoplifting", "burglary", "public-order")


def make_town(
    *,
    n_points: int = 120,
    reports: float = 90.0,
    seed: int = 0,
    spread: float = 1.2,
    one_a_cell: bool = False,
    period: Period = PERIOD,
) -> pd.DataFrame:
    """Return INCIDENTS month by month at fixed points; `spread` 0 with a point in each cell is pure noise."""
    rng = np.random.default_rng(seed)
    west, south, east, north = TOWN.boundary.bounds
    x, y = rng.uniform(west, east, n_points).round(5), rng.uniform(south, north, n_points).round(5)
    if one_a_cell:
        x, y = h3cells.centres(h3cells.cover(TOWN, 10)).T
        within = TOWN.contains(x, y)
        x, y, n_points = x[within], y[within], int(within.sum())
    share = rng.lognormal(0.0, spread, n_points)
    parts = []
    for kind, scale in zip(KINDS, (1.0, 1.5, 0.7, 0.4, 0.6), strict=True):
        own = share * rng.lognormal(0.0, 0.4 if spread else 0.0, n_points)
        counts = rng.poisson(reports * scale * own / own.sum(), size=(period.n_months, n_points))
        month, point = np.nonzero(counts)
        times = counts[month, point]
        parts.append(
            pd.DataFrame(
                {
                    "longitude": np.repeat(x[point], times),
                    "latitude": np.repeat(y[point], times),
                    "category": kind,
                    "month": np.repeat(period.months.to_numpy()[month], times),
                    "origin": "public",
                    "inside": True,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def panel_from(incidents: pd.DataFrame, *, period: Period = PERIOD, resolution: int = 10, **given) -> Panel:
    return build_panel(
        incidents,
        TOWN,
        wanted=incidents["category"] == "anti-social-behaviour",
        resolution=resolution,
        steps=period.months,
        **given,
    )


@pytest.fixture(scope="session")
def town() -> pd.DataFrame:
    return make_town()


@pytest.fixture(scope="session")
def panel(town: pd.DataFrame) -> Panel:
    return panel_from(town)


@pytest.fixture(scope="session")
def town_of() -> Callable[..., pd.DataFrame]:
    return make_town


@pytest.fixture(scope="session")
def panel_of_town() -> Callable[..., Panel]:
    return panel_from
