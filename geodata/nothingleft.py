"""Why no record is left for an area: no categories, not located, coordinates swapped, a sign lost, another place."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from geodata import placequality as places
from geodata.area import StudyArea
from geodata.sources.intake import Intake

_UNREAD: Final = "columns not needed were not read: "
_EARTH_RADIUS_KM: Final = 6371.0


def no_category_column(intake: Intake, wanted: str) -> str:
    """Say in one sentence that no column was taken for the category, which were left unread, and the two ways out."""
    unread = next((note.partition(_UNREAD)[2] for note in intake.notes if _UNREAD in note), "").rstrip(".")
    return (
        f"No column was taken for the category, so no record is '{wanted}'; map category to the column that holds it "
        f"(--map category=Column{unread and f'; not read so far: {unread}'}), or, where every row is ASB, write "
        'category = "ASB" under [fixed] in a profile (check --save-profile makes one).'
    )


def nothing_located(intake: Intake, n: int) -> str:
    """Say in one sentence that no record is located, and what was found in the columns where positions should be."""
    found = next((note.partition("; those rows")[0] for note in intake.notes if "count as not located" in note), "")
    return f"None of the {n:,} wanted records has coordinates; export them with positions{found and f' ({found})'}."


def nothing_inside(located: pd.DataFrame, area: StudyArea) -> str:
    """Say in one sentence why no record lies in the area: swapped coordinates, or far away."""
    longitude, latitude = located["longitude"].to_numpy(), located["latitude"].to_numpy()
    n_swapped = int(area.contains(latitude, longitude).sum())
    if n_swapped:
        return (
            f"Longitude and latitude are swapped: {n_swapped:,} of {len(located):,} located records lie in "
            f"'{area.name}' once exchanged; exchange the two columns (longitude is about "
            f"{area.boundary.centroid.x:.1f} there, latitude {area.boundary.centroid.y:.1f})."
        )
    _, n_metres = places.exchanged(located, area)
    if n_metres:
        return (
            f"Easting and northing are swapped: {n_metres:,} of {len(located):,} located records lie in '{area.name}' "
            "once exchanged; exchange the two columns."
        )
    n_mirrored = places.mirrored(located, area)
    if n_mirrored > places.MIRRORED_SHARE * len(located):
        return (
            f"The longitudes have lost their minus sign: {n_mirrored:,} of {len(located):,} located records lie in "
            f"'{area.name}' with the other sign; west of Greenwich longitudes are negative."
        )
    east, north = float(np.median(longitude)), float(np.median(latitude))
    centre = area.boundary.representative_point()
    distance = _great_circle_km(east, north, centre.x, centre.y)
    return (
        f"All {len(located):,} located records lie outside the area '{area.name}' (latitude {centre.y:.2f}, longitude "
        f"{centre.x:.2f}): they are around latitude {north:.2f}, longitude {east:.2f}, some {distance:,.0f} km away; "
        "check that records and area belong together."
    )


def _great_circle_km(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Haversine distance on a sphere."""
    a, b = np.radians(lat_a), np.radians(lat_b)
    half = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(lon_b - lon_a) / 2) ** 2
    return float(2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(half)))
