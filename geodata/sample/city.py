"""Make the whole sample city from one seed; every part has its own stream of chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.area import WGS84, StudyArea, british_grid_to_wgs84
from geodata.errors import DataError
from geodata.sample.addresses import make_addresses
from geodata.sample.defects import with_defects
from geodata.sample.intensity import make_groups, repeat_places
from geodata.sample.outline import make_outline, to_grid
from geodata.sample.pilot import DESIGN, make_visits, treated_areas
from geodata.sample.places import LABEL, LOCALITIES, POLICE_STATION
from geodata.sample.records import COLUMNS, make_records
from geodata.sample.reports import make_reports
from geodata.sample.streets import make_streets
from geodata.sample.truth import make_truth

# name of the planted hotspot, metres east and north of its centre: a handful, mostly in the centre
_CAMERAS = (
    ("City Centre Queen Square", 15, 10), ("City Centre Queen Square", 130, -60),
    ("City Centre Queen Square", -140, 90), ("City Centre Queen Square", 40, 210),
    ("City Centre Queen Square", -60, -230), ("Bilston", 60, 20), ("Heath Town", -110, 70),
    ("Whitmore Reans", 170, -120),
)  # fmt: skip
_CAMERA_RANGE_M = 60.0


@dataclass(frozen=True)
class City:
    """The SYNTHETIC sample city: the same tables the files hold, before they are written.

    ``area`` (StudyArea), ``streets`` and ``treated`` (EPSG:4326), ``addresses`` (every address, metres; not written
    to a file), ``incidents`` (the extract), ``cameras``, ``visits``, ``design`` (TOML text) and ``truth``.
    """

    area: StudyArea
    streets: gpd.GeoDataFrame
    addresses: pd.DataFrame
    incidents: pd.DataFrame
    cameras: pd.DataFrame
    visits: pd.DataFrame
    treated: gpd.GeoDataFrame
    design: str
    truth: dict[str, Any]


def make_city(seed: int = 0) -> City:
    """Return the sample city of a seed; the same seed always gives the same city.

    Parameters
    ----------
    seed : int
        Zero or more.

    Raises
    ------
    DataError
        If the seed is below zero.

    Examples
    --------
    >>> len(make_city(seed=0).truth["hotspots"])
    10
    """
    if seed < 0:
        raise DataError(f"The sample city's seed must be 0 or more, not {seed}.")
    chance = [np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(8)]
    area = make_outline(chance[0])
    lines = make_streets(area, chance[1])
    addresses = make_addresses(lines, area, chance[2])
    station_row = _nearest(addresses, POLICE_STATION)
    addresses.loc[station_row, "address"] = _station_text(addresses, station_row)
    addresses.loc[station_row, "is_dwelling"] = False
    groups = make_groups(addresses, station_row, chance[3])
    repeats = repeat_places(addresses, groups, chance[4])
    records = make_records(make_reports(groups, repeats, chance[5]), addresses, chance[6])
    pilot_chance, defect_chance = chance[7].spawn(2)
    station: pd.Series = addresses.iloc[station_row]
    records, misrecorded = with_defects(records, area, station, defect_chance)
    visits = make_visits(pilot_chance)
    truth = make_truth(
        records,
        station=station,
        repeats=addresses.loc[repeats],
        visits=visits,
        misrecorded=misrecorded,
        seed=seed,
    )
    return City(
        area=area,
        streets=lines.to_crs(WGS84).assign(synthetic=LABEL),
        addresses=addresses,
        incidents=records[list(COLUMNS)],
        cameras=_cameras(),
        visits=visits,
        treated=treated_areas(),
        design=DESIGN,
        truth=truth,
    )


def _nearest(addresses: pd.DataFrame, point: tuple[float, float]) -> int:
    """Return the row of the address nearest to (latitude, longitude)."""
    xy = to_grid([point])[0]
    return int(np.hypot(*(addresses[["easting", "northing"]].to_numpy() - xy).T).argmin())


def _station_text(addresses: pd.DataFrame, row: int) -> str:
    return f"Police Station, {addresses['address'][row].split(' ', 1)[1]}"


def _cameras() -> pd.DataFrame:
    """Return existing fixed cameras: ``camera_id``, ``name``, degrees, ``range_m``, ``kind``, ``source``."""
    centres = {place.name: (place.latitude, place.longitude) for place in LOCALITIES}
    xy = to_grid([centres[name] for name, _, _ in _CAMERAS]) + [offset for _, *offset in _CAMERAS]
    longitude, latitude = british_grid_to_wgs84(*xy.T)
    numbers = range(1, len(_CAMERAS) + 1)
    return pd.DataFrame(
        {
            "camera_id": [f"SYN-CAM-{number:02d}" for number in numbers],
            "name": [f"{name} {number} ({LABEL})" for number, (name, _, _) in zip(numbers, _CAMERAS, strict=True)],
            "longitude": longitude.round(6),
            "latitude": latitude.round(6),
            "range_m": _CAMERA_RANGE_M,
            "kind": "fixed",
            "source": f"{LABEL} sample",
        }
    )
