"""Which points may be no scene, and how far off each record that stays may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from geodata import findings as checks
from geodata.area import StudyArea
from geodata.confidence import at_any, confidence
from geodata.findings import DefaultLocation
from geodata.institutions import WITHOUT_SCENE, LocationPolicy, named_institutions
from geodata.points import distinct

MIDDLE_M: Final = 10.0  # J: two ways of working out the middle of one outline differ by less

_MOSTLY: Final = 0.5
_PLACED_ALONE: Final = ("address", "street", "rounded")


@dataclass(frozen=True, slots=True)
class Suspects:
    """Points that may be no scene: default locations, just busy points, and points named as institutions."""

    default: tuple[DefaultLocation, ...]
    busiest: tuple[DefaultLocation, ...]
    named: tuple[DefaultLocation, ...]


def suspects(inside: pd.DataFrame, area: StudyArea, policies: Sequence[LocationPolicy]) -> Suspects:
    """Return the likely default locations that nobody has settled.

    Where most points stand for a street or a square (snap points, rounded coordinates) a crowded point is just busy.
    """
    settled = [policy for policy in policies if policy.action != "exclude"]
    held = inside["location_precision"].value_counts(normalize=True)
    is_snapped = held.get("snap_point", 0.0) > _MOSTLY
    is_shared = is_snapped or held.get("rounded", 0.0) > _MOSTLY
    crowded = checks.crowded_points(inside)
    named = named_institutions(inside)
    likely = () if is_shared else crowded
    taken = {(place.longitude, place.latitude) for place in likely}
    no_scene = [place for kind, place in named if kind in WITHOUT_SCENE and not is_snapped]
    likely = (*likely, *(place for place in no_scene if (place.longitude, place.latitude) not in taken))
    is_settled = at_any([p.longitude for p in likely], [p.latitude for p in likely], settled, area)
    return Suspects(
        default=tuple(place for place, done in zip(likely, is_settled, strict=True) if not done),
        busiest=crowded if is_shared else (),
        named=tuple(place for _, place in named),
    )


def with_confidence(
    incidents: pd.DataFrame, records: pd.DataFrame, area: StudyArea, areas: gpd.GeoDataFrame | None = None
) -> pd.DataFrame:
    """Return the incidents with location_precision and error_radius_m; those at the middle of an area are "area"."""
    incidents = _at_middles(incidents, area, areas)
    is_snapped = (incidents["location_precision"] == "snap_point").any()
    known = _known_points(records, area) if is_snapped else None
    return incidents.assign(**confidence(incidents, area, snap_points=known))


def _at_middles(incidents: pd.DataFrame, area: StudyArea, areas: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """Mark records at the centre of gravity of the study area or of one of `areas`, its size as radius (R3.9).

    A point whose records all give one numbered address is that address, wherever it lies.
    """
    shapes = [area.boundary_m, *(area.in_metres(shape) for shape in (areas.geometry if areas is not None else ()))]
    middles = np.array([(shape.centroid.x, shape.centroid.y) for shape in shapes])
    radius = np.sqrt([shape.area / np.pi for shape in shapes])
    codes, first = distinct(incidents["longitude"], incidents["latitude"])
    at = incidents[["longitude", "latitude"]].to_numpy(dtype=float)[first]
    apart, nearest = cKDTree(middles).query(np.column_stack(area.project(at[:, 0], at[:, 1])))
    there = (apart <= MIDDLE_M)[codes] & incidents["location_precision"].isin(_PLACED_ALONE).to_numpy()
    there &= ~_at_one_address(incidents["location"], codes, there)
    if not there.any():
        return incidents
    known = incidents.get("stated_radius_m", np.nan)
    return incidents.assign(
        location_precision=incidents["location_precision"].mask(there, "area"),
        stated_radius_m=np.where(there, radius[nearest][codes], known),
    )


def _at_one_address(location: pd.Series, codes: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Return which of the records `there` share their point with no other text than one with a house number."""
    texts = location[there].astype("str").str.strip()
    alike = texts.groupby(codes[there]).transform("nunique") == 1
    is_one = np.zeros(len(location), dtype=bool)
    is_one[there] = alike & texts.str.contains(r"\d", regex=True)
    return is_one


def with_default_marked(incidents: pd.DataFrame, area: StudyArea, default: tuple[DefaultLocation, ...]) -> pd.DataFrame:
    """Return the incidents with those at default locations marked so; snap points and areas stay what they are."""
    there = at_any(incidents["longitude"], incidents["latitude"], default, area)
    there &= ~incidents["location_precision"].isin(["snap_point", "area"]).to_numpy()
    booked = confidence(incidents.loc[there].assign(location_precision="default"), area)
    marked = incidents[booked.columns].astype({"location_precision": object})
    marked.loc[there] = booked
    return incidents.assign(**marked)


def _known_points(records: pd.DataFrame, area: StudyArea) -> np.ndarray:
    """Return the distinct snap points of all categories near the area, shape (m, 2)."""
    west, south, east, north = area.buffered.bounds
    near = records["longitude"].between(west, east) & records["latitude"].between(south, north)
    near &= records["location_precision"] == "snap_point"
    points = records.loc[near, ["longitude", "latitude"]].to_numpy(dtype=float)
    return points[distinct(points[:, 0], points[:, 1])[1]]
