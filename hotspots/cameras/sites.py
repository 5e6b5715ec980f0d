"""Deployable camera sites for the hotspots: demand, what is covered already, the exact choice, and its caveats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from geodata.area import WGS84, StudyArea
from geodata.confidence import at_any
from geodata.errors import DesignError
from geodata.quality import DefaultLocation
from geodata.schema import CAMERAS, check
from geodata.sources.hand_kept import numbers, read_table
from hotspots.cameras.candidates import CELL_CENTRE, candidate_sites
from hotspots.cameras.siting import Siting, maximal_cover
from hotspots.config import CameraConfig
from hotspots.naming import is_generic
from hotspots.results import Refusal

PRECISE_PLACES = ("street", "address")
MONTHS_OF_DEMAND = 12  # R5.12
OVERVIEW_RANGE_M = 60.0  # R5.9

SITE_COLUMNS: dict[str, str] = {
    "rank": "int64", "name": "str", "hotspot_id": "str", "n_covered": "int64", "n_marginal": "int64",
    "share_covered": "float64", "range_m": "float64", "expires_after_weeks": "int64", "review_weeks": "str",
    "caveat": "str", "longitude": "float64", "latitude": "float64",
}  # fmt: skip


def can_site(incidents: pd.DataFrame) -> Refusal | None:
    """Return why these reports cannot site a camera, or None when they can (R2.2f, R2.12).

    At least half of the reports must be located to a street or an address.
    """
    precise = incidents["location_precision"].isin(PRECISE_PLACES)
    if len(incidents) == 0 or precise.mean() >= 0.5:
        return None
    return Refusal(
        "camera sites",
        f"{(~precise).sum():,} of {len(incidents):,} reports are placed at a shared map point, not where they "
        "happened; the real place may be several streets away, so no camera site is named. Use the force's own "
        "records.",
        "R2.2f, R2.12",
    )


def site_cameras(
    hotspots: gpd.GeoDataFrame,
    incidents: pd.DataFrame,
    *,
    streets: gpd.GeoDataFrame | None,
    existing: pd.DataFrame | None,
    area: StudyArea,
    config: CameraConfig,
    default_locations: Sequence[DefaultLocation] = (),
) -> gpd.GeoDataFrame:
    """Choose the camera sites that together have the most reports of the last 12 months within range.

    Demand is every report of the last 12 months located to a street or address, in a hotspot or within range of one;
    personal anti-social behaviour is left out because it is between neighbours, not in the street (R5.14), and so are
    default locations, where reports are filed rather than made (R3.9). Reports within range of an existing camera are
    credited to it. Sites lie on streets inside the hotspots (R5.8) and are chosen exactly (`maximal_cover`).

    Parameters
    ----------
    hotspots : GeoDataFrame
        HOTSPOTS.
    incidents : DataFrame
        INCIDENTS inside the area.
    streets : GeoDataFrame, optional
        Street lines with ``name``.
    existing : DataFrame, optional
        CAMERAS that stand already.
    area : StudyArea
        For metres.
    config : CameraConfig
        How many cameras, and how far one sees.
    default_locations : sequence of DefaultLocation
        Coordinates the quality gate flagged.

    Returns
    -------
    GeoDataFrame
        Index ``camera_id``, best first, EPSG:4326 points. ``n_covered``: demand within range; ``n_marginal``: of it,
        not within range of an existing camera or an earlier site; ``share_covered``: share of all demand within range
        of existing cameras, this site and the earlier ones. Fewer rows than asked where a further site adds nothing.

    Raises
    ------
    DesignError
        If the reports are not located finely enough (`can_site`).
    """
    refusal = can_site(incidents)
    if refusal is not None:
        raise DesignError(f"Camera sites are refused: {refusal.reason}")
    demand, weights = _demand(hotspots, incidents, area, config, default_locations)
    if config.n_cameras == 0 or len(weights) == 0:
        return empty_sites()
    candidates = candidate_sites(hotspots, incidents, streets=streets, area=area, spacing_m=config.candidate_spacing_m)
    if candidates.empty:
        return empty_sites()
    covers = _within_range(
        np.column_stack(area.project(candidates["longitude"], candidates["latitude"])), demand, config
    )
    watched = _watched(existing, demand, area)
    siting = maximal_cover(covers, weights, config.n_cameras, existing=watched)
    return _sites_frame(
        siting,
        candidates=candidates,
        covers=covers,
        weights=weights,
        watched=watched,
        hotspots=hotspots,
        config=config,
    )


def empty_sites() -> gpd.GeoDataFrame:
    """Return a table of camera sites without rows."""
    columns = {name: pd.Series([], dtype=kind) for name, kind in SITE_COLUMNS.items()}
    index = pd.Index([], name="camera_id", dtype=object)
    return gpd.GeoDataFrame(pd.DataFrame(columns, index=index), geometry=gpd.GeoSeries([], index=index), crs=WGS84)


def read_cameras(path: str | Path, *, default_range_m: float = OVERVIEW_RANGE_M) -> gpd.GeoDataFrame:
    """Read existing cameras from a CSV or XLSX file with longitude and latitude in degrees.

    Parameters
    ----------
    path : path
        Columns ``longitude``, ``latitude`` and, where known, ``range_m`` and ``name``.
    default_range_m : float
        Range of a camera whose ``range_m`` is not given (R5.9: 60 m overview).

    Returns
    -------
    GeoDataFrame
        CAMERAS, EPSG:4326 points, index ``camera``; ``name`` is "" where not given.

    Raises
    ------
    SourceError
        If the file cannot be read, a column is missing, or a value is not a coordinate or a range.
    """
    table = read_table(
        path,
        what="cameras",
        columns={
            "longitude": ("lon", "lng", "long", "x"),
            "latitude": ("lat", "y"),
            "range_m": ("range", "range metres", "radius_m"),
            "name": ("camera", "location", "site", "id"),
        },
        required=("longitude", "latitude"),
    )
    ranges = table["range_m"] if "range_m" in table else pd.Series("", index=table.index)
    table["range_m"] = ranges.replace("", str(default_range_m))
    cameras = pd.DataFrame(
        {
            "longitude": numbers(table, "longitude", path=path, low=-180, high=180),
            "latitude": numbers(table, "latitude", path=path, low=-90, high=90),
            "range_m": numbers(table, "range_m", path=path, low=0.1, high=2000),
            "name": table.get("name", ""),
        }
    ).reset_index(drop=True)
    cameras.index.name = "camera"
    check(cameras, CAMERAS)
    points = gpd.points_from_xy(cameras["longitude"], cameras["latitude"])
    return gpd.GeoDataFrame(cameras, geometry=points, crs=WGS84)


def _demand(
    hotspots: gpd.GeoDataFrame,
    incidents: pd.DataFrame,
    area: StudyArea,
    config: CameraConfig,
    default_locations: Sequence[DefaultLocation],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return distinct points in metres, shape (n, 2), and the reports at each."""
    since = incidents["month"].max() - pd.DateOffset(months=MONTHS_OF_DEMAND - 1)
    wanted = incidents.loc[
        (incidents["month"] >= since)
        & incidents["location_precision"].isin(PRECISE_PLACES)
        & (incidents["qualifier"] != "personal")
    ]
    counts = wanted.groupby(["longitude", "latitude"]).size()
    if hotspots.empty or counts.empty:
        return np.empty((0, 2)), np.empty(0)
    longitude, latitude = counts.index.get_level_values("longitude"), counts.index.get_level_values("latitude")
    points = np.column_stack(area.project(longitude, latitude))
    watched_ground = hotspots.to_crs(area.crs).union_all()
    shapely.prepare(watched_ground)
    near = shapely.dwithin(watched_ground, shapely.points(points), config.range_m)
    near &= ~at_any(longitude, latitude, default_locations, area)
    return points[near], counts.to_numpy(dtype=float)[near]


def _within_range(sites: NDArray[np.float64], demand: NDArray[np.float64], config: CameraConfig) -> sparse.csr_array:
    """Return which demand points lie within range of which site, shape (sites, demand)."""
    near = cKDTree(demand).query_ball_point(sites, config.range_m, return_sorted=True)
    lengths = np.fromiter((len(found) for found in near), dtype=np.int64, count=len(near))
    columns = np.concatenate([np.asarray(found, dtype=np.int64) for found in near])
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return sparse.csr_array((np.ones(len(columns)), columns, starts), shape=(len(sites), len(demand)))


def _watched(existing: pd.DataFrame | None, demand: NDArray[np.float64], area: StudyArea) -> NDArray[np.bool_]:
    """Return which demand points lie within range of a camera that stands already."""
    watched = np.zeros(len(demand), dtype=bool)
    if existing is None or existing.empty:
        return watched
    cameras = np.column_stack(area.project(existing["longitude"], existing["latitude"]))
    for seen in cKDTree(demand).query_ball_point(cameras, existing["range_m"].to_numpy(dtype=float)):
        watched[seen] = True
    return watched


def _sites_frame(
    siting: Siting,
    *,
    candidates: pd.DataFrame,
    covers: sparse.csr_array,
    weights: NDArray[np.float64],
    watched: NDArray[np.bool_],
    hotspots: gpd.GeoDataFrame,
    config: CameraConfig,
) -> gpd.GeoDataFrame:
    if not siting.chosen:
        return empty_sites()
    rows = list(siting.chosen)
    chosen = candidates.iloc[rows]
    covered_before = float(weights[watched].sum())
    sites = pd.DataFrame(
        {
            "rank": np.arange(1, len(rows) + 1),
            "name": _names(chosen, hotspots),
            "hotspot_id": chosen["hotspot_id"].to_numpy(),
            "n_covered": (covers[rows] @ weights).round().astype("int64"),
            "n_marginal": np.round(siting.marginal).astype("int64"),
            "share_covered": (covered_before + np.cumsum(siting.marginal)) / weights.sum(),
            "range_m": float(config.range_m),
            "expires_after_weeks": config.deploy_weeks,
            "review_weeks": ", ".join(str(week) for week in config.review_weeks),
            "caveat": [_caveat(kind, config) for kind in chosen["kind"]],
            "longitude": chosen["longitude"].to_numpy(),
            "latitude": chosen["latitude"].to_numpy(),
        },
        index=pd.Index([f"C{i}" for i in range(1, len(rows) + 1)], name="camera_id", dtype=object),
    ).astype(SITE_COLUMNS)
    return gpd.GeoDataFrame(sites, geometry=gpd.points_from_xy(sites["longitude"], sites["latitude"]), crs=WGS84)


def _names(chosen: pd.DataFrame, hotspots: gpd.GeoDataFrame) -> list[str]:
    """Name each site by its street; the second on one street says so."""
    names: list[str] = []
    for hotspot_id, street in zip(chosen["hotspot_id"], chosen["street"], strict=True):
        where = f"{'At' if is_generic(street) else 'On'} {street}"
        name = where if street else f"In {hotspots.loc[hotspot_id, 'name']}"
        again = sum(earlier == name or earlier.startswith(f"{name} (site ") for earlier in names)
        names.append(f"{name} (site {again + 1})" if again else name)
    return names


def _caveat(kind: str, config: CameraConfig) -> str:
    mount = (
        "The point is the middle of a small cell, not a mounting point: look for the nearest lamp column. "
        if kind == CELL_CENTRE
        else ""
    )
    return (
        "A camera is a time-limited support to a plan, not a plan: name who watches it and what else is done, and "
        f"remove it after {config.deploy_weeks} weeks unless the need is shown again. {mount}"
        f"The {config.range_m:g} m circle gives an overview and ignores walls, trees and slopes; "
        "a camera that turns looks one way at a time."
    )
