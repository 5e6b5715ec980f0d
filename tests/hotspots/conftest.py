"""Small tables of reports, built in code, for the analyses of places and hours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from geodata.area import StudyArea

Reports = Callable[..., pd.DataFrame]

TOWN = StudyArea("Little Town", shapely.box(-2.14, 52.57, -2.10, 52.60))


def town_records(*, seed: int = 0, months: int = 26, busy: float = 6) -> pd.DataFrame:
    """Three busy corners of `TOWN` among thirty quiet ones, known to the minute and the address."""
    rng = np.random.default_rng(seed)
    corners = np.column_stack([rng.uniform(-2.138, -2.102, 33), rng.uniform(52.572, 52.598, 33)])
    rows = [
        (*corner, month + pd.Timedelta(days=day), f"{number} Short Road")
        for number, corner in enumerate(corners)
        for month in pd.date_range("2022-01-01", periods=months, freq="MS")
        for day in rng.uniform(0, 27, rng.poisson(busy if number < 3 else 0.5))
    ]
    frame = pd.DataFrame(rows, columns=["longitude", "latitude", "occurred_from", "location"])
    frame["occurred_from"] = pd.to_datetime(frame["occurred_from"]).dt.floor("min").dt.tz_localize("Europe/London")
    return frame.assign(
        occurred_to=frame["occurred_from"], time_precision="minute", location_precision="address",
        category="anti-social-behaviour", origin="public",
    )  # fmt: skip


def make_reports(
    longitude: Any,
    latitude: Any,
    *,
    when: Any = "2024-03-10 12:00",
    until: Any = None,
    time_precision: str = "minute",
    location_precision: str = "address",
    **columns: Any,
) -> pd.DataFrame:
    """Return INCIDENTS at the given points; what is not given has one plain value for all."""
    n = len(np.atleast_1d(longitude))
    start = _times(when, n)
    end = start if until is None else _times(until, n)
    frame = pd.DataFrame(
        {
            "longitude": np.atleast_1d(longitude).astype(float),
            "latitude": np.atleast_1d(latitude).astype(float),
            "category": "anti-social-behaviour",
            "month": start.to_numpy().astype("datetime64[M]").astype("datetime64[us]"),
            "occurred_from": start.dt.tz_localize("Europe/London"),
            "occurred_to": end.dt.tz_localize("Europe/London"),
            "time_precision": time_precision,
            "location_precision": location_precision,
            "location": "",
            "place_id": "",
            "crime_id": "",
            "qualifier": "",
            "origin": "public",
            "source": "test",
            "inside": True,
        },
        index=pd.RangeIndex(n, name="incident_id"),
    )
    return frame.assign(**columns)


def _times(given: Any, n: int) -> pd.Series:
    texts = np.broadcast_to(np.asarray(given, dtype=object), n)
    return pd.Series(pd.to_datetime(texts, format="mixed")).astype("datetime64[us]")


@pytest.fixture(scope="session")
def reports() -> Reports:
    """The builder of small INCIDENTS tables."""
    return make_reports


@pytest.fixture(scope="session")
def square_area() -> StudyArea:
    """About 7 km by 7 km around the middle of Wolverhampton."""
    return StudyArea(name="Square", boundary=shapely.box(-2.18, 52.55, -2.08, 52.61))
