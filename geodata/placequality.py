"""How far places can be trusted: who lies far off, names that are no places, months not delivered.

Each check takes records and returns what it found, or one finding, or none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.findings import HIT_RATE_GREEN, HIT_RATE_RED, Finding, Severity, fallen
from geodata.points import METRES_PER_DEGREE, distinct

FAR_GAP_KM: Final = 20.0  # J: nobody lives in a gap as wide as this between a force's records and strays
FAR_SHARE: Final = 0.01  # J: more than this is no stray but another district
FAR_MIN: Final = 100
AREA_FAR_M: Final = 150.0  # J: a place of patrol size reaches no further
NAME_POINTS: Final = 5  # a name at so many points tells nobody where
EXCHANGED_KM: Final = 20.0  # points that exchanging would move by less may simply lie across the border
MIRRORED_SHARE: Final = 0.05  # of points with the other sign: by chance hardly one falls on a known point

_STREET_FILE: Final = r"(?:^|/)(\d{4}-\d{2})-(.+?)-street\b"
_KM_PER_DEGREE: Final = METRES_PER_DEGREE / 1000
_POINT_DECIMALS: Final = 5  # of a degree: a metre

Flags = NDArray[np.bool_]


# ---- who lies far off


def is_far(located: pd.DataFrame) -> Flags:
    """Return which records lie far from all others of their source.

    Around the median point of each force (or file), records lying beyond a ring of 20 km that holds no record are far
    if they are at most 1% of the source. A source of fewer than 100 records has no ring.
    """
    far = np.zeros(len(located), dtype=bool)
    lon, lat = located["longitude"].to_numpy(dtype=float), located["latitude"].to_numpy(dtype=float)
    groups, _ = pd.factorize(_forces(located["source"]).fillna(located["source"].astype("str")))
    for rows in np.split(np.argsort(groups, kind="stable"), np.cumsum(np.bincount(groups))[:-1]) if len(groups) else ():
        if len(rows) < FAR_MIN:
            continue
        east, north = np.median(lon[rows]), np.median(lat[rows])
        away = _KM_PER_DEGREE * np.hypot((lon[rows] - east) * np.cos(np.radians(north)), lat[rows] - north)
        ordered = np.sort(away)
        start = int(np.ceil((1 - FAR_SHARE) * len(rows)))
        gaps = np.flatnonzero(np.diff(ordered[start - 1 :]) >= FAR_GAP_KM)
        if len(gaps):
            far[rows] = away >= ordered[start + gaps[0]]
    return far


def far_outside(located: pd.DataFrame) -> Finding | None:
    """Report records far from all others of their force or file; every force's file holds some."""
    n = int(is_far(located).sum())
    if n == 0:
        return None
    message = (
        f"{n:,} of {len(located):,} located records lie more than {FAR_GAP_KM:.0f} km beyond all others of their force "
        "or file: wrongly placed, or booked from elsewhere; the boundary leaves them out."
    )
    return Finding("far outside", "info", n, message, "R3.10")


def exchanged(outside: pd.DataFrame, area: StudyArea) -> tuple[int, int]:
    """Count records outside the area that would lie in it with longitude and latitude, or east and north, exchanged.

    Returns
    -------
    by_degrees, by_metres : int
        Only records that exchanging would move by 20 km or more.
    """
    codes, first = distinct(outside["longitude"], outside["latitude"])
    n_at = np.bincount(codes, minlength=len(first))
    points = outside[["longitude", "latitude"]].to_numpy(dtype=float)[first]
    by_degrees = area.contains(points[:, 1], points[:, 0])
    is_far_enough = np.abs(points[:, 0] - points[:, 1]) * _KM_PER_DEGREE > EXCHANGED_KM
    in_range = np.abs(points[:, 0] - area.boundary.centroid.x) < 20
    x, y = area.project(points[in_range, 0], points[in_range, 1])
    moved = np.abs(x - y) * np.sqrt(2) > EXCHANGED_KM * 1000
    by_metres = np.zeros(len(points), dtype=bool)
    by_metres[np.flatnonzero(in_range)[moved]] = area.contains(*area.unproject(y[moved], x[moved]))
    return int(n_at[by_degrees & is_far_enough].sum()), int(n_at[by_metres].sum())


def mirrored(outside: pd.DataFrame, area: StudyArea) -> int:
    """Count records outside the area that would lie in it had their longitude the other sign."""
    longitude, latitude = outside["longitude"].to_numpy(dtype=float), outside["latitude"].to_numpy(dtype=float)
    return int(_is_mirrored(longitude, latitude, area).sum())


def sign_lost(located: pd.DataFrame, is_inside: NDArray[np.bool_], area: StudyArea) -> int:
    """Count records outside the area whose longitude has lost its sign, by all that can be seen.

    A file of many forces holds records on both sides of Greenwich. So records that would lie in the area with the other
    sign count only where some of them would lie exactly on points of the area, or where few others lie around them.
    """
    longitude, latitude = located["longitude"].to_numpy(dtype=float), located["latitude"].to_numpy(dtype=float)
    lost = ~is_inside & _is_mirrored(longitude, latitude, area)
    n = int(lost.sum())
    if n == 0:
        return 0
    points = _rounded(longitude[is_inside], latitude[is_inside]).unique()
    on_points = int(_rounded(-longitude[lost], latitude[lost]).isin(points).sum())
    around = int((~is_inside & ~lost & _is_beside_mirror(longitude, latitude, area, EXCHANGED_KM)).sum())
    return n if on_points >= MIRRORED_SHARE * n or around < n else 0


def _rounded(longitude: NDArray[Any], latitude: NDArray[Any]) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([longitude.round(_POINT_DECIMALS), latitude.round(_POINT_DECIMALS)])


def _is_mirrored(longitude: NDArray[Any], latitude: NDArray[Any], area: StudyArea) -> NDArray[np.bool_]:
    """Return which points would lie in the area with the other sign, and far enough from where they lie."""
    is_found = _is_beside_mirror(longitude, latitude, area, 0) & (2 * np.abs(longitude) * _KM_PER_DEGREE > EXCHANGED_KM)
    is_found[is_found] = area.contains(-longitude[is_found], latitude[is_found])
    return np.asarray(is_found)


def _is_beside_mirror(longitude: NDArray[Any], latitude: NDArray[Any], area: StudyArea, km: float) -> NDArray[np.bool_]:
    """Return which points lie in the rectangle around the area's mirror image, or within some km of it."""
    west, south, east, north = area.boundary.bounds
    dy = km / _KM_PER_DEGREE
    dx = dy / np.cos(np.deg2rad((south + north) / 2))
    is_beside = (-east - dx <= longitude) & (longitude <= -west + dx)
    return np.asarray(is_beside & (south - dy <= latitude) & (latitude <= north + dy))


def sign_lost_finding(n: int) -> Finding | None:
    """Report records that lie in the area once their longitude has the other sign (R3.10)."""
    if n == 0:
        return None
    message = (
        f"Records outside the area that would lie in it had their longitude the other sign: {n:,}, as when the minus "
        "west of Greenwich is lost; mend the file."
    )
    return Finding("sign of longitude", "amber", n, message, "R3.10")


def exchanged_finding(by_degrees: int, by_metres: int) -> Finding | None:
    """Report records that lie in the area once their two coordinates are exchanged (R3.10)."""
    n = by_degrees + by_metres
    if n == 0:
        return None
    which = " and ".join(
        f"{what} in {k:,}" for what, k in (("longitude and latitude", by_degrees), ("east and north", by_metres)) if k
    )
    message = f"Records outside the area that would lie in it with their coordinates exchanged: {which}; mend the file."
    return Finding("exchanged coordinates", "amber", n, message, "R3.10")


# ---- places that stand for an area


def coarse_places(inside: pd.DataFrame) -> Finding | None:
    """Report records placed at the middle of an area: a hotspot there is where forms were filled in, not the trouble.

    Those that may lie more than 150 m off, further than a place of patrol size reaches, are located no better than
    records without coordinates, so they are graded by the same bounds: over 5% amber, over 15% red (R3.7, R3.9).
    """
    is_area = inside["location_precision"] == "area"
    n = int(is_area.sum())
    if n == 0:
        return None
    radius = inside.loc[is_area, "error_radius_m"]
    n_far = int((radius > AREA_FAR_M).sum())
    well = 1 - n_far / len(inside)
    severity: Severity = "info" if well >= HIT_RATE_GREEN else "amber" if well >= HIT_RATE_RED else "red"
    names = inside.loc[is_area, "location"].astype("str").value_counts(sort=False).sort_index()
    names = names.loc[names.index != ""].sort_values(ascending=False, kind="stable").head(3)
    shown = " (such as " + "; ".join(f"{name} ({k:,})" for name, k in names.items()) + ")" if len(names) else ""
    message = (
        f"{n:,} of {len(inside):,} records ({n / len(inside):.1%}) are placed at the middle of a ward, postcode or "
        f"other area, not where they happened{shown}: to within some {radius.median():,.0f} m (median), {n_far:,} of "
        f"them maybe more than {AREA_FAR_M:.0f} m off; a hotspot at such a point says where records were booked."
    )
    return Finding("middles of areas", severity, n, message, "R3.7, R3.9")


# ---- names and deliveries


def repeated_names(inside: pd.DataFrame) -> Finding | None:
    """Say which names of snap points stand at many points: "Parking Area" is no place (R2.2)."""
    snapped = inside.loc[inside["location_precision"] == "snap_point"]
    points = snapped.loc[snapped["location"] != "", ["longitude", "latitude", "location"]].drop_duplicates()
    per_name = points["location"].value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    per_name = per_name.loc[per_name >= NAME_POINTS]
    if per_name.empty:
        return None
    shown = "; ".join(f"{name} ({n})" for name, n in per_name.head(5).items())
    message = (
        f"Names that stand at {NAME_POINTS} points or more: {len(per_name):,}, such as {shown}; places are told apart "
        "by their point, never by their name."
    )
    return Finding("repeated names", "info", len(per_name), message, "R2.2")


def missing_force_months(records: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Return force and month of police.uk street files that are not there or hold less than half of what is usual.

    Every force with a file is expected in every month from the first to the last of all files (R2.11).

    Parameters
    ----------
    records : DataFrame
        RECORDS of the wanted categories; forces and months are told by the names of their files in ``source``.
    """
    forces = _forces(records["source"])
    known = forces.notna()
    if not known.any():
        return ()
    counts = pd.crosstab(forces[known], records.loc[known, "month"])
    months = pd.date_range(counts.columns.min(), counts.columns.max(), freq="MS", unit="us")
    counts = counts.reindex(columns=months, fill_value=0)
    return tuple(
        (str(force), f"{months[i]:%Y-%m}")
        for force, held in zip(counts.index, counts.to_numpy(), strict=True)
        for i in np.flatnonzero((held == 0) | fallen(held)).tolist()
    )


def missing_force_months_finding(missing: Sequence[tuple[str, str]], nearby: frozenset[str]) -> Finding | None:
    """Report force-months that may be missing; amber where a force with records in the area is among them (R2.11)."""
    if not missing:
        return None
    severity: Severity = "amber" if any(force in nearby for force, _ in missing) else "info"
    by_month: dict[str, list[str]] = {}
    for force, month in missing:
        by_month.setdefault(month, []).append(force)
    shown = "; ".join(
        f"{month}: {', '.join(forces[:3])}" + (f" and {len(forces) - 3} more forces" if len(forces) > 3 else "")
        for month, forces in sorted(by_month.items())[:6]
    )
    more = f" and {len(by_month) - 6} more months" if len(by_month) > 6 else ""
    message = (
        f"Force-months that are missing or hold less than half of what is usual: {len(missing):,} ({shown}{more})."
    )
    return Finding("missing force-months", severity, len(missing), message, "R2.11")


def forces_of(records: pd.DataFrame) -> frozenset[str]:
    """Return the police.uk forces the records come from, by the names of their files."""
    return frozenset(_forces(records["source"]).dropna().unique())


def _forces(source: pd.Series) -> pd.Series:
    """Return the force in each file name, missing where the name is not police.uk's; each name is looked at once."""
    codes, names = pd.factorize(source)
    forces = pd.Series(names, dtype="str").str.extract(_STREET_FILE)[1].astype("str")
    return forces.iloc[codes].set_axis(source.index)
