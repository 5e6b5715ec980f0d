"""How far each report may lie from where the record puts it, and what that means for a place built from reports.

The plausible error of a report is a radius r in metres within which its true place most likely lies:

- ``address``: r = 15 m, a building and its plot.
- ``street``: r = 75 m, half the length of an ordinary urban street.
- ``snap_point``: r = median over the 5 nearest other snap points of half their distance, within 25 to 500 m. Everything
  nearer to this point than to any other was moved here, so its catchment ends about half-way to its neighbours (R2.1).
- ``rounded``: r = sqrt(r0^2 + h^2), with r0 the radius of the address or street and h half the diagonal of the square
  or rectangle the coordinates stand for (R3.10).
- ``area``: the radius stated for the record, otherwise that of a disc as large as the study area.
- ``default``: that of a disc as large as the study area: the true place is unknown (R3.9).

A radius stated by the source (``stated_radius_m``) counts as h where it is larger than what the numbers show. The 15 m,
75 m and the bounds are judgement; measured on geocoded police records of arson, the median error was 83 m (R3.8).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from geodata.area import StudyArea
from geodata.coordinates import Rounding, rounding
from geodata.points import distinct
from geodata.schema import LOCATION_PRECISIONS

ADDRESS_M: Final = 15.0  # J
STREET_M: Final = 75.0  # J
SNAP_NEIGHBOURS: Final = 5
SNAP_BOUNDS_M: Final = (25.0, 500.0)  # J
COARSE_SHARE: Final = 0.5  # J: rounding to half of what the place itself is worth makes it a rounded one
SAME_PLACE_M: Final = 25.0  # R4.9
UNCERTAIN_SHARE: Final = 0.5

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_WRITTEN: Final = ("address", "street", "rounded")  # places whose coordinates somebody may have rounded
_WORDS: Final = {
    "default": "default locations", "area": "middles of areas", "snap_point": "map points shared by a street",
    "rounded": "rounded coordinates", "street": "streets", "address": "addresses",
}  # fmt: skip


class Located(Protocol):
    """Anything with a place in degrees."""

    @property
    def longitude(self) -> float:
        """Degrees east."""

    @property
    def latitude(self) -> float:
        """Degrees north."""


def confidence(
    incidents: pd.DataFrame,
    area: StudyArea,
    default_locations: Sequence[Located] = (),
    *,
    snap_points: ArrayLike | None = None,
) -> pd.DataFrame:
    """Return how finely each report is located and how far off it may plausibly be.

    Parameters
    ----------
    incidents : DataFrame
        Located records: ``longitude``, ``latitude``, ``location_precision`` and, optionally, ``stated_radius_m``.
    area : StudyArea
        Where metres are measured, and the size of "somewhere in the area".
    default_locations : sequence with longitude and latitude
        Places records are booked to when nobody knows where; reports within 25 m are ``default`` (R3.9).
    snap_points : array of float, shape (m, 2), optional
        Longitude and latitude of further snap points known from other categories: the more are known, the smaller and
        truer the catchments.

    Returns
    -------
    DataFrame
        On the index of `incidents`: ``location_precision`` and ``error_radius_m`` (metres, finite, above 0).
    """
    precision = incidents["location_precision"].to_numpy().astype(object)
    codes, first = distinct(incidents["longitude"], incidents["latitude"])
    at = incidents[["longitude", "latitude"]].to_numpy(dtype=float)
    known = incidents["stated_radius_m"].to_numpy(dtype=float) if "stated_radius_m" in incidents else np.nan
    stated = np.nan_to_num(np.broadcast_to(known, len(incidents)))
    whole_area = float(np.sqrt(area.boundary_m.area / np.pi))

    radius = np.select(
        [precision == "address", precision == "area", precision == "default"],
        [np.full(len(incidents), ADDRESS_M), np.where(stated > 0, stated, whole_area), whole_area],
        STREET_M,
    )
    is_written = np.isin(precision, _WRITTEN)
    if is_written.any():
        half = np.zeros(len(incidents))
        half[is_written] = written_rounding(at[is_written], area).radius_m
        half = np.maximum(half, np.where(is_written, stated, 0.0))
        precision[is_written & (half >= COARSE_SHARE * radius)] = "rounded"
        radius = np.hypot(radius, half)
    is_snap = precision == "snap_point"
    if is_snap.any():
        radius[is_snap] = _catchments(at[is_snap], area, snap_points)
    if default_locations and len(first):
        booked = at_any(at[first, 0], at[first, 1], default_locations, area)[codes]
        precision[booked], radius[booked] = "default", whole_area
    return pd.DataFrame({"location_precision": precision, "error_radius_m": radius}, index=incidents.index)


def written_rounding(at: Floats, area: StudyArea) -> Rounding:
    """Return how coarsely each place is written, judged over the distinct places.

    Parameters
    ----------
    at : array of float, shape (n, 2)
        Longitude and latitude.
    area : StudyArea
    """
    codes, first = distinct(at[:, 0], at[:, 1])
    places = at[first]
    found = rounding(places[:, 0], places[:, 1], *area.project(places[:, 0], places[:, 1]))
    return Rounding(found.radius_m[codes], found.steps)


def _catchments(at: Floats, area: StudyArea, more: ArrayLike | None) -> Floats:
    """Return the radius of the catchment of each snap point: the median of half the distances to its neighbours."""
    low, high = SNAP_BOUNDS_M
    everywhere = at if more is None else np.vstack([at, np.asarray(more, dtype=float).reshape(-1, 2)])
    codes, first = distinct(everywhere[:, 0], everywhere[:, 1])
    metres = np.column_stack(area.project(everywhere[first, 0], everywhere[first, 1]))
    k = min(SNAP_NEIGHBOURS, len(metres) - 1)
    if k == 0:
        return np.full(len(at), high)
    own = codes[: len(at)]
    used, back = np.unique(own, return_inverse=True)
    distance, _ = cKDTree(metres).query(metres[used], k + 1)
    catchment: Floats = np.clip(np.median(distance[:, 1:], axis=1) / 2, low, high)[back]
    return catchment


def at_any(
    longitude: ArrayLike,
    latitude: ArrayLike,
    places: Sequence[Located],
    area: StudyArea,
    *,
    within_m: float = SAME_PLACE_M,
) -> Flags:
    """Return which points lie within `within_m` metres of any of `places`."""
    lon, lat = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
    if len(places) == 0 or len(lon) == 0:
        return np.zeros(len(lon), dtype=bool)
    known = np.column_stack(area.project([p.longitude for p in places], [p.latitude for p in places]))
    codes, first = distinct(lon, lat)
    distance, _ = cKDTree(known).query(np.column_stack(area.project(lon[first], lat[first])))
    return np.asarray(distance <= within_m)[codes]


# ---- what travels to cells and hotspots


def share_by_precision(incidents: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """Return what the reports of each group stand on.

    Parameters
    ----------
    incidents : DataFrame
        ``location_precision`` and ``error_radius_m``.
    group : Series
        Cell or hotspot of each report, on the index of `incidents`; missing means none.

    Returns
    -------
    DataFrame
        Index group, sorted; ``n``, one ``share_<precision>`` for each of `LOCATION_PRECISIONS` (they sum to 1), and
        ``median_error_m``.
    """
    grouped = group.loc[group.notna()]
    held = incidents.loc[grouped.index, ["location_precision", "error_radius_m"]]
    counts = pd.crosstab(grouped.to_numpy(), held["location_precision"].to_numpy())
    counts = counts.reindex(columns=list(LOCATION_PRECISIONS), fill_value=0)
    counts.index.name = group.name
    n = counts.sum(axis=1)
    shares = counts.div(n, axis=0).add_prefix("share_")
    shares.columns.name = None
    shares.insert(0, "n", n)
    shares["median_error_m"] = held["error_radius_m"].groupby(grouped.to_numpy()).median().reindex(shares.index)
    return shares


def low_confidence(incidents: pd.DataFrame, group: pd.Series, area_km2: pd.Series) -> pd.DataFrame:
    """Say which groups stand on reports that may well belong elsewhere.

    A report is uncertain where its plausible error exceeds half the width of the place, w / 2 = sqrt(A / pi) for a
    place of area A; a place is of low confidence where more than half of its reports are uncertain.

    Parameters
    ----------
    incidents : DataFrame
        ``location_precision`` and ``error_radius_m``.
    group : Series
        Place of each report, on the index of `incidents`; missing means none.
    area_km2 : Series
        Area of each place, on the names of the groups; places without a report are certain.

    Returns
    -------
    DataFrame
        On the index of `area_km2`: ``share_uncertain``, ``is_low_confidence`` and ``sentence`` (empty where it is not).
    """
    grouped = group.loc[group.notna()]
    held = incidents.loc[grouped.index, ["location_precision", "error_radius_m"]].assign(place=grouped.to_numpy())
    half_width = np.sqrt(area_km2 * 1e6 / np.pi)
    held["is_uncertain"] = held["error_radius_m"].to_numpy() > held["place"].map(half_width).to_numpy(dtype=float)
    share = held.groupby("place")["is_uncertain"].mean().reindex(area_km2.index).fillna(0.0).astype(float)
    is_low = share > UNCERTAIN_SHARE
    sentences = [_sentence(held, place, half_width[place]) if is_low[place] else "" for place in area_km2.index]
    columns = {"share_uncertain": share, "is_low_confidence": is_low, "sentence": sentences}
    return pd.DataFrame(columns, index=area_km2.index)


def _sentence(held: pd.DataFrame, place: object, half_width: float) -> str:
    own = held.loc[held["place"] == place]
    uncertain = own.loc[own["is_uncertain"]]
    kinds = uncertain["location_precision"].value_counts()
    error_m = uncertain["error_radius_m"].median()
    named = ", ".join(f"{_WORDS[str(kind)]} {n:,}" for kind, n in kinds.items())
    return (
        f"Low location confidence: {len(uncertain):,} of its {len(own):,} reports ({len(uncertain) / len(own):.0%}) "
        f"may belong elsewhere, because they are placed only to within some {error_m:.0f} m "
        f"({named}) and the place is {2 * half_width:.0f} m wide."
    )
