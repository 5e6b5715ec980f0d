"""What was planted, as ``truth.json`` says it: numbers that can be counted are counted in the finished file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.area import british_grid_to_wgs84
from geodata.sample.clock import peak_share
from geodata.sample.labels import ASB_TEXT
from geodata.sample.outline import locality_points
from geodata.sample.places import (
    DISPLACED_SHARE,
    LABEL,
    LOCALITIES,
    LOCALITY_GROUPS,
    N_MONTHS,
    PEAK_DAYS,
    PEAK_END_HOUR,
    PEAK_START_HOUR,
    PILOT_EFFECT,
    PILOT_START,
    PRESENTATION_DATE,
    RING_M,
    YOUTH_WORK_FROM,
    Locality,
)

_REPEAT_MONTHS = 6
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def make_truth(
    records: pd.DataFrame,
    *,
    station: pd.Series,
    repeats: pd.DataFrame,
    visits: pd.DataFrame,
    misrecorded: dict[str, int],
    seed: int,
) -> dict[str, Any]:
    """Return everything planted, with coordinates in degrees and counts taken from the finished extract."""
    once = records.drop_duplicates("incident_ref")
    asb = once[once["category"] == ASB_TEXT]
    copies = records[records["incident_ref"].duplicated(keep=False)]
    places = copies.groupby("incident_ref")[["easting", "northing"]].nunique(dropna=False).max(axis=1)
    return {
        "note": f"{LABEL}: a made-up city; nothing here happened.",
        "seed": seed,
        "n_records": len(records),
        "n_asb": len(asb),
        "hotspots": _hotspots(asb),
        "default_location": {
            **_lonlat(station),
            "address": station["address"],
            "share": round(float((records["uprn"] == station["uprn"]).mean()), 4),
        },
        "repeat_addresses": _repeats(asb, repeats),
        "peak": {
            "days": [_DAY_NAMES[day] for day in PEAK_DAYS],
            "start_hour": PEAK_START_HOUR,
            "end_hour": PEAK_END_HOUR,
            "share": round(peak_share(), 3),
        },
        "pilot": _pilot(visits),
        "misrecorded": misrecorded,
        "missing_coordinates": int(records["easting"].isna().sum()),
        "duplicates": {"rows": len(records) - len(once), "conflicting": int((places > 1).sum())},
    }


def _hotspots(asb: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the planted hotspots, busiest first, with the ASB records of any origin inside their radius."""
    points = asb[["easting", "northing"]].astype(float).to_numpy()
    found = []
    for place, centre in zip(LOCALITIES, locality_points(), strict=True):
        inside = np.hypot(*(points - centre).T) <= place.radius_m
        by_year = np.bincount(asb["month"].to_numpy()[inside] // 12, minlength=N_MONTHS // 12)
        found.append(_hotspot(place, by_year))
    return sorted(found, key=lambda hotspot: -hotspot["reports_per_12m"])


def _hotspot(place: Locality, by_year: NDArray[np.int64]) -> dict[str, Any]:
    return {
        "name": place.name,
        "longitude": place.longitude,
        "latitude": place.latitude,
        "radius_m": place.radius_m,
        "reports_per_12m": round(float(by_year.mean()), 1),
        "reports_by_year": [int(n) for n in by_year],
        "treated": place.is_treated,
    }


def _repeats(asb: pd.DataFrame, repeats: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the planted repeat addresses with their reports in the last six months."""
    recent = asb.loc[asb["month"] >= N_MONTHS - _REPEAT_MONTHS, "uprn"].value_counts()
    found = [
        {"uprn": row["uprn"], "address": row["address"], "n": int(recent[row["uprn"]]), **_lonlat(row)}
        for _, row in repeats.iterrows()
    ]
    return sorted(found, key=lambda place: (-place["n"], place["uprn"]))


def _pilot(visits: pd.DataFrame) -> dict[str, Any]:
    is_youth = visits["resource"] == "youth worker"
    by_presentation = visits["started"].str[:10] <= PRESENTATION_DATE
    return {
        "start": PILOT_START,
        "months": 12,
        "effect": PILOT_EFFECT,
        "effect_on": "reports by the public inside the treated hotspots; officer-generated reports rise instead",
        "areas": [place.name for place in LOCALITIES if place.is_treated],
        "localities": {name: list(members) for name, members in LOCALITY_GROUPS.items()},
        "displaced_share": DISPLACED_SHARE,
        "ring_m": list(RING_M),
        "visits": int((~is_youth).sum()),
        f"visits_by_{PRESENTATION_DATE}": int((by_presentation & ~is_youth).sum()),
        "youth_visits": int(is_youth.sum()),
        "youth_from": YOUTH_WORK_FROM,
    }


def _lonlat(row: pd.Series) -> dict[str, float]:
    longitude, latitude = british_grid_to_wgs84([row["easting"]], [row["northing"]])
    return {"longitude": round(float(longitude[0]), 6), "latitude": round(float(latitude[0]), 6)}
