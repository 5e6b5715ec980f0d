"""Small files and areas, written by hand, for the tests of geodata."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd
import pytest
import shapely

from geodata.area import StudyArea

STREET_HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)
EXTRACT_HEADER = "incident_ref,occurred_from,occurred_to,category,easting,northing"


def street_line(
    crime_id: str = "",
    month: str = "2024-01",
    longitude: object = -2.1288,
    latitude: object = 52.5862,
    category: str = "Anti-social behaviour",
    location: str = "On or near Queen Square",
) -> str:
    return f"{crime_id},{month},A Force,A Force,{longitude},{latitude},{location},E01,W 001A,{category},,"


@pytest.fixture
def street_csv(tmp_path: Path) -> Callable[..., Path]:
    """Write a police.uk street file from lines made by `street_line`."""

    def write(lines: Iterable[str], name: str = "2024-01-a-force-street.csv") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([STREET_HEADER, *lines]) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def extract_csv(tmp_path: Path) -> Callable[..., Path]:
    """Write a force extract from a header and lines."""

    def write(lines: Iterable[str], header: str = EXTRACT_HEADER, name: str = "extract.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def zip_of(tmp_path: Path) -> Callable[..., Path]:
    """Write a ZIP from member names and contents."""

    def write(members: dict[str, bytes | str], name: str = "download.zip") -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return path

    return write


@pytest.fixture
def town() -> StudyArea:
    """A square of some 4 km around the middle of Wolverhampton."""
    return StudyArea("town", shapely.box(-2.16, 52.57, -2.10, 52.60))


def records(n: int = 1, **columns: object) -> pd.DataFrame:
    """RECORDS of `n` identical ASB reports to the minute at an address, with some columns changed."""
    start = pd.Timestamp("2024-01-15 21:30", tz="Europe/London")
    given = {
        "longitude": -2.1288, "latitude": 52.5862, "category": "anti-social-behaviour",
        "month": pd.Timestamp("2024-01-01"), "occurred_from": start, "occurred_to": start,
        "time_precision": "minute", "location_precision": "address", "location": "1 Queen Square", "place_id": "",
        "crime_id": "", "qualifier": "", "origin": "public", "source": "made.csv",
    } | columns  # fmt: skip
    frame = pd.DataFrame(given, index=pd.RangeIndex(n, name="incident_id"))
    frame["month"] = pd.to_datetime(frame["month"]).dt.as_unit("us")
    return frame.astype({"longitude": float, "latitude": float})
