"""The places compared: treated cells, their rings, and next-best hotspots of the ranking before the start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geodata import cells as h3cells
from geodata.area import StudyArea
from geodata.errors import DesignError
from geodata.period import Period
from geodata.quality import DefaultLocation
from hotspots.config import DelineationConfig, RankingConfig
from hotspots.counts import count_cells, month_matrix
from hotspots.delineate import delineate
from hotspots.evaluate.gates import MAX_CONTROLS, MIN_CONTROLS
from hotspots.ranking import rank_cells

MIN_REPORTS_12M = 12
"""A comparison place needs a report a month: far below the hotspot rule R1.4, so that twenty can be found."""

SEPARATIONS_M = (500.0, 300.0)
"""Distances tried between comparison places (R1.5, R6.6); the shorter only when the longer leaves fewer than 20."""

_MONTHS_PER_YEAR = 12
_RING_CLEARANCE = 2


@dataclass(frozen=True, eq=False)
class Place:
    """One unit of the comparison: its cells and the cells of its ring.

    ``rank``: of its best cell before the start for a treated place, the order of choice for a comparison place.
    """

    name: str
    cells: tuple[str, ...]
    ring: tuple[str, ...] = ()
    rank: int = 0


def treated_places(treated: gpd.GeoDataFrame, area: StudyArea, resolution: int) -> tuple[Place, ...]:
    """Return each treated polygon as the cells whose centre lies in it, or else the cell it is centred on.

    Raises
    ------
    DesignError
        If a polygon lies outside the study area, or two polygons share a cell.
    """
    outside = [
        str(name)
        for name, shape in zip(treated["name"], treated.geometry, strict=True)
        if not area.boundary.intersects(shape)
    ]
    if outside:
        raise DesignError(
            f"{len(outside)} places of the design lie outside the study area '{area.name}' "
            f"({', '.join(outside[:5])}); check the polygons' coordinate system and the area file."
        )
    places = tuple(
        Place(str(name), _cells_in(shape, resolution))
        for name, shape in zip(treated["name"], treated.geometry, strict=True)
    )
    owner: dict[str, str] = {}
    for place in places:
        for cell in place.cells:
            if cell in owner:
                raise DesignError(
                    f"The places '{owner[cell]}' and '{place.name}' of the design overlap (they share cell {cell}); "
                    "draw them apart or join them."
                )
            owner[cell] = place.name
    return places


def _cells_in(shape: BaseGeometry, resolution: int) -> tuple[str, ...]:
    candidates = h3cells.cover(StudyArea("treated place", shape), resolution)
    centres = h3cells.centres(candidates)
    inside = shapely.intersects_xy(shape, centres[:, 0], centres[:, 1])
    if inside.any():
        return tuple(candidates[inside])
    middle = shape.representative_point()
    return tuple(h3cells.assign([middle.x], [middle.y], resolution))


def comparison_places(
    incidents_before: pd.DataFrame,
    before: Period,
    area: StudyArea,
    treated: Sequence[Place],
    *,
    rings: int,
    seed: int,
    missing: pd.DatetimeIndex,
    default_locations: Sequence[DefaultLocation] = (),
    resolution: int | None = None,
) -> tuple[tuple[Place, ...], pd.DataFrame, tuple[str, ...]]:
    """Return untreated next-best hotspots, drawn from the months before the start only (R6.4, R6.6).

    The cells are ranked and delineated exactly as a list of hotspots would have been on the day before the start,
    without the treated places and the cells within two rings of them (or `rings`, if more).

    Parameters
    ----------
    incidents_before : DataFrame
        INCIDENTS inside the area in `before`.
    treated : sequence of Place
        Empty to list every hotspot before anything is chosen; `resolution` then says how fine.
    missing : DatetimeIndex
        Months the source did not deliver.

    Returns
    -------
    places : tuple of Place
        At most 60, in rank order.
    cells : DataFrame
        Every cell of the area with its counts and ranking before the start.
    notes : tuple of str
    """
    resolution = resolution or h3cells.resolution_of(treated[0].cells[0])
    counts = count_cells(incidents_before, resolution)
    cover = h3cells.cover(area, resolution).union(counts.index.get_level_values("cell").unique()).rename("cell")
    matrix = month_matrix(counts, cover, before.months)
    ranked = rank_cells(matrix, RankingConfig(), top_k=len(treated) or MIN_CONTROLS, random_state=seed, missing=missing)
    cells = h3cells.frame(cover, area)
    cells["n"] = matrix.sum(axis=1)
    cells["n_12m"] = matrix.iloc[:, -_MONTHS_PER_YEAR:].sum(axis=1)
    cells = cells.join(ranked)
    cells["density_rank"] = cells["rank"]
    own = {cell for place in treated for cell in place.cells}
    barred = own | h3cells.ring_around(own, max(rings, _RING_CLEARANCE))
    free = cells.loc[~cells.index.isin(list(barred))]
    nearby = pd.Series(h3cells.assign(incidents_before["longitude"], incidents_before["latitude"], resolution))
    free_incidents = incidents_before.loc[~nearby.isin(list(barred)).to_numpy()]
    places, notes = _next_best(
        free,
        free_incidents,
        area,
        _same_size(treated, area, resolution),
        period=before,
        missing=missing,
        default_locations=default_locations,
    )
    return places, cells, notes


def _next_best(
    cells: gpd.GeoDataFrame, incidents: pd.DataFrame, area: StudyArea, config: DelineationConfig, **known: Any
) -> tuple[tuple[Place, ...], tuple[str, ...]]:
    found = gpd.GeoDataFrame()
    for separation in SEPARATIONS_M:
        found, _ = delineate(cells, incidents, area, replace(config, min_separation_m=separation), **known)
        if len(found) >= MIN_CONTROLS:
            break
    places = tuple(
        Place(str(row["name"]), tuple(str(row["cells"]).split(",")), rank=int(row["rank"]))
        for _, row in found.sort_values("rank").iterrows()
    )
    tight = len(places) and separation < SEPARATIONS_M[0]
    note = (
        f"Comparison places lie at least {separation:.0f} m apart, because {SEPARATIONS_M[0]:.0f} m leaves too few.",
    )
    return places, note if tight else ()


def _same_size(treated: Sequence[Place], area: StudyArea, resolution: int) -> DelineationConfig:
    """Comparison places may grow to the median size of the treated ones."""
    default = DelineationConfig()
    size = max(1, int(np.median([len(place.cells) for place in treated]))) if treated else default.max_cells
    room = max(default.max_area_km2, 1.05 * size * h3cells.mean_area_km2(area, resolution))
    return replace(
        default,
        n_hotspots=MAX_CONTROLS,
        max_cells=max(size, 1),
        max_area_km2=room,
        min_incidents_12m=MIN_REPORTS_12M,
    )


def best_rank(place: Place, cells: pd.DataFrame) -> int:
    """Return the rank the best cell of a place had on the day before the start."""
    own = cells["rank"].reindex(list(place.cells)).dropna()
    return int(own.min()) if len(own) else len(cells) + 1


def with_rings(treated: Sequence[Place], controls: Sequence[Place], rings: int) -> tuple[tuple[Place, ...], ...]:
    """Return both groups with the ring of each place: cells within `rings` steps that belong to no place.

    A cell in reach of several places goes to the first, treated places before comparison places, so that no report is
    counted twice.
    """
    taken = {cell for place in (*treated, *controls) for cell in place.cells}
    ringed: list[Place] = []
    for place in (*treated, *controls):
        ring = tuple(sorted(h3cells.ring_around(place.cells, rings) - taken))
        taken.update(ring)
        ringed.append(replace(place, ring=ring))
    return tuple(ringed[: len(treated)]), tuple(ringed[len(treated) :])


def monthly_counts(
    incidents: pd.DataFrame, months: pd.DatetimeIndex, places: Sequence[Place], *, of_ring: bool = False
) -> pd.DataFrame:
    """Return reports of each place (or of its ring) and month, zeros said aloud; index is the place's position."""
    groups = [place.ring if of_ring else place.cells for place in places]
    owner: Mapping[str, int] = {cell: number for number, cells in enumerate(groups) for cell in cells}
    resolution = h3cells.resolution_of(places[0].cells[0]) if places else 0
    index = pd.RangeIndex(len(places), name="unit")
    if not places or not owner:
        return pd.DataFrame(0, index=index, columns=months)
    counts = month_matrix(count_cells(incidents, resolution), pd.Index(list(owner), name="cell"), months)
    return (
        counts.groupby(pd.Index([owner[cell] for cell in counts.index], name="unit")).sum().reindex(index, fill_value=0)
    )


def place_numbers(incidents: pd.DataFrame, places: Sequence[Place]) -> NDArray[np.int64]:
    """Return the position of the place each incident lies in, -1 where it lies in none."""
    owner = {cell: number for number, place in enumerate(places) for cell in place.cells}
    resolution = h3cells.resolution_of(places[0].cells[0])
    held = h3cells.assign(incidents["longitude"], incidents["latitude"], resolution)
    return np.array([owner.get(str(cell), -1) for cell in held], dtype=np.int64)


def table(places: Sequence[Place], prefix: str, before: Iterable[int], after: Iterable[int]) -> pd.DataFrame:
    """Return the places as a table: name, counts, size and centre."""
    centres = [h3cells.centres(place.cells).mean(axis=0) for place in places]
    points = np.array(centres, dtype=float).reshape(-1, 2)
    return pd.DataFrame(
        {
            "name": [place.name for place in places],
            "rank": [place.rank for place in places],
            "before": np.asarray(list(before), dtype="int64"),
            "after": np.asarray(list(after), dtype="int64"),
            "n_cells": [len(place.cells) for place in places],
            "cells": [",".join(place.cells) for place in places],
            "longitude": points[:, 0],
            "latitude": points[:, 1],
        },
        index=pd.Index([f"{prefix}{number:02d}" for number in range(1, len(places) + 1)], name="unit"),
    )
