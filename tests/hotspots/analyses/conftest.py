"""Runs that the tests of the analyses ask: the sample city, and a small town with exact and with coarse records."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import geodata
import hotspots
from geodata.area import read_area
from geodata.sources.streets import read_streets
from hotspots.config import RankingConfig, RunConfig
from hotspots.results import Run

from ..conftest import TOWN, town_records

UNCHECKED = RunConfig(ranking=RankingConfig(backtest_origins=0))
"""The recipe without the back-test of its list, which no analysis asks for."""


@pytest.fixture(scope="session")
def city(sample_city: dict[str, Path]) -> Run:
    """The sample city, all its months, with its streets."""
    area = read_area(sample_city["area.geojson"])
    intake = geodata.read([sample_city["incidents.csv"]])
    return hotspots.run(intake, area, UNCHECKED, streets=read_streets(sample_city["streets.geojson"], area=area))


@pytest.fixture(scope="session")
def snapped() -> Run:
    """A town as police.uk would publish it: the month, and a street centre."""
    records = town_records()
    records["month"] = records["occurred_from"].dt.tz_localize(None).dt.to_period("M").dt.to_timestamp()
    records["occurred_from"] = records["occurred_to"] = pd.Series(
        pd.NaT, index=records.index, dtype="datetime64[us, Europe/London]"
    )
    return hotspots.run(records.assign(time_precision="month", location_precision="snap_point"), TOWN, UNCHECKED)


ODD_RECORDS = {
    "one month": lambda records: records.loc[records["occurred_from"] < "2022-02-01"],
    "one point": lambda records: records.assign(longitude=-2.12, latitude=52.585),
    "a gap": lambda records: records.loc[~records["occurred_from"].dt.month.isin([5, 6])],
    "days": lambda records: records.assign(time_precision="day"),
    "areas": lambda records: records.assign(location_precision="area"),
    "one report": lambda records: records.head(1),
}


SLOWER = ("one point", "days")


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.slow) if name in SLOWER else name for name in ODD_RECORDS])
def odd(request: pytest.FixtureRequest) -> tuple[str, Run]:
    """A run on records that lack something, and what they lack."""
    return request.param, hotspots.run(ODD_RECORDS[request.param](town_records()), TOWN, UNCHECKED)


@pytest.fixture(scope="session")
def town() -> Run:
    """A town known to the minute and the address."""
    return hotspots.run(town_records(), TOWN, UNCHECKED)
