"""The planted pilot: treated places, delivered visits, and the evaluation design written before it starts."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.area import WGS84
from geodata.sample.outline import GRID, locality_points
from geodata.sample.places import (
    LABEL,
    LOCALITIES,
    PATROLS_BY_PRESENTATION,
    PEAK_DAYS,
    PEAK_END_HOUR,
    PEAK_START_HOUR,
    PILOT_START,
    PRESENTATION_DATE,
    YOUTH_WORK_FROM,
)

PLANNED_VISITS_PER_WEEK = 12
_LAST_DAY = "2024-07-31"
_VISITS_PER_WEEK_AFTER = 11.4
_YOUTH_VISITS_PER_WEEK = 2.0
_IN_PEAK_SHARE = 0.87
_SHORT_SHARE, _LONG_SHARE = 0.06, 0.05

DESIGN = f"""\
# {LABEL}: the sample city's pilot, as it would have been written down before it started.
name = "Sample pilot, modelled on Op Eternity ({LABEL})"
incidents = ["incidents.csv"]
area = "area.geojson"
category = ["anti-social-behaviour"]
treated = "treated.geojson"  # one polygon for each treated hotspot, with its name
start = "{PILOT_START}"  # first month with patrols
months_after = 12
visits = "visits.csv"  # what was delivered
planned_visits_per_week = {PLANNED_VISITS_PER_WEEK}  # in all treated hotspots together

[notes]
synthetic = true
"""


def treated_areas() -> gpd.GeoDataFrame:
    """Return the treated hotspots as circles of the planted radius, EPSG:4326, column ``name``."""
    chosen = [(place, xy) for place, xy in zip(LOCALITIES, locality_points(), strict=True) if place.is_treated]
    circles = [shapely.Point(xy).buffer(place.radius_m, quad_segs=16) for place, xy in chosen]
    return gpd.GeoDataFrame(
        {"name": [place.name for place, _ in chosen], "synthetic": LABEL},
        geometry=GRID.in_degrees(np.array(circles, dtype=object)),
        crs=WGS84,
    )


def make_visits(rng: np.random.Generator) -> pd.DataFrame:
    """Return delivered visits: officers' 170 by 16 November 2023, then about as many a week, and youth work.

    Returns
    -------
    DataFrame
        ``hotspot``, ``started`` (local, ISO text), ``minutes``, ``crew``, ``resource`` and ``source``, in time order.
    """
    weeks_after = (pd.Timestamp(_LAST_DAY) - pd.Timestamp(PRESENTATION_DATE)).days / 7
    weeks_youth = (pd.Timestamp(_LAST_DAY) - pd.Timestamp(YOUTH_WORK_FROM)).days / 7
    next_day = f"{pd.Timestamp(PRESENTATION_DATE) + pd.Timedelta(days=1):%Y-%m-%d}"
    parts = [
        _visits(f"{PILOT_START}-01", PRESENTATION_DATE, PATROLS_BY_PRESENTATION, ("PC", "PCSO"), rng),
        _visits(next_day, _LAST_DAY, round(_VISITS_PER_WEEK_AFTER * weeks_after), ("PC", "PCSO"), rng),
        _visits(YOUTH_WORK_FROM, _LAST_DAY, round(_YOUTH_VISITS_PER_WEEK * weeks_youth), ("youth worker",), rng),
    ]
    visits = pd.concat(parts).sort_values(["started", "hotspot"], kind="stable", ignore_index=True)
    return visits.assign(source=f"{LABEL} sample")


def _visits(first: str, last: str, n: int, resources: tuple[str, ...], rng: np.random.Generator) -> pd.DataFrame:
    names = [place.name for place in LOCALITIES if place.is_treated]
    started = _starts(pd.date_range(first, last, freq="D"), n, rng)
    return pd.DataFrame(
        {
            "hotspot": rng.choice(names, size=n),
            "started": np.datetime_as_string(started, unit="m"),
            "minutes": _minutes(n, rng),
            "crew": rng.choice([1, 2, 3], size=n, p=[0.15, 0.75, 0.10]),
            "resource": rng.choice(resources, size=n),
        }
    )


def _starts(days: pd.DatetimeIndex, n: int, rng: np.random.Generator) -> NDArray[np.datetime64]:
    """Return start times, mostly in the late shift; the others at any hour from 09:00 to midnight."""
    in_peak = rng.random(n) < _IN_PEAK_SHARE
    peak_days = days[days.day_of_week.isin(PEAK_DAYS)]
    day = np.where(in_peak, rng.choice(peak_days.to_numpy(), n), rng.choice(days.to_numpy(), n))
    first, last = 60 * PEAK_START_HOUR, 60 * PEAK_END_HOUR
    minute = np.where(in_peak, rng.integers(first, last - 20, n), rng.integers(9 * 60, 24 * 60, n))
    return np.asarray(day.astype("datetime64[m]") + minute.astype("timedelta64[m]"))


def _minutes(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return lengths in minutes, mostly 10-20 (R1.15), some shorter and some longer."""
    u = rng.random(n)
    usual = np.clip(np.round(rng.normal(15, 2.5, n)), 10, 20)
    odd = np.where(u < _SHORT_SHARE, rng.integers(3, 10, n), rng.integers(21, 46, n))
    return np.where((u < _SHORT_SHARE) | (u > 1 - _LONG_SHARE), odd, usual).astype(np.int64)
