"""From ranked cells to named hotspots of patrol size (R1.1-R1.13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata import cells as h3cells
from geodata.area import WGS84, StudyArea
from geodata.confidence import at_any
from geodata.period import Period
from geodata.quality import DefaultLocation
from hotspots.config import DelineationConfig, RankingConfig
from hotspots.counts import count_cells, month_matrix
from hotspots.describe import describe
from hotspots.naming import place_names, street_name
from hotspots.ranking import in_both_halves

Floats = NDArray[np.float64]

MONTHS_PER_YEAR = 12
INSTITUTIONS = r"\b(?:police station|custody|hospital|prison|court|council offices?|civic centre)\b"
"""On snap points one coordinate holds a whole street, so only a place named as an institution is taken out (R1.11)."""

COLUMNS: dict[str, str] = {
    "rank": "int64", "name": "object", "n": "int64", "n_12m": "int64", "expected": "float64", "n_shrunk": "float64",
    "score": "float64", "p_top": "float64", "cells": "object", "n_cells": "int64", "area_km2": "float64",
    "longitude": "float64", "latitude": "float64", "density_rank": "int64", "repeat_share": "float64",
    "n_before_12m": "float64", "change_z": "float64", "top_types": "object", "peak": "object",
    "in_both_halves": "bool", "months_with_reports": "int64", "flags": "object", "reason": "object",
}  # fmt: skip


def empty_hotspots() -> gpd.GeoDataFrame:
    """Return a HOTSPOTS table without rows."""
    columns = {name: pd.Series([], dtype=dtype) for name, dtype in COLUMNS.items()}
    index = pd.Index([], name="hotspot_id", dtype=object)
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=WGS84), index=index, crs=WGS84)


def delineate(
    cells: gpd.GeoDataFrame,
    incidents: pd.DataFrame,
    area: StudyArea,
    config: DelineationConfig,
    *,
    default_locations: Sequence[DefaultLocation] = (),
    period: Period | None = None,
    missing: pd.DatetimeIndex | None = None,
    ranking: RankingConfig | None = None,
    known: pd.Series | None = None,
) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Draw named hotspots around the highest-scoring cells.

    Each hotspot starts from the best cell left and takes in touching cells, best first, while they hold at least
    `min_cell_share` of its score and the hotspot stays within `max_cells` and `max_area_km2` (R1.3). It stays if it
    had `min_incidents_12m` reports in the last 12 months (R1.4; fewer months, in proportion). One whose
    report-weighted centre lies within `min_separation_m` of a higher one is passed over (R1.5).

    Hotspots are ranked by the sum of their cells' scores over the square root of the number of cells. A sum of
    counts over c cells varies by chance in proportion to sqrt(c), so this is how far a place stands out; by the sum
    alone a diffuse place would outrank a sharp one by its size (R1.7: rank equal-sized units).

    Parameters
    ----------
    cells : GeoDataFrame
        CELLS with ``n``, ``n_12m``, ``expected``, ``n_shrunk``, ``score``, ``p_top`` and ``density_rank``.
    incidents : DataFrame
        INCIDENTS counted in `cells`; rows outside the area (``inside`` False) are left out.
    area : StudyArea
    config : DelineationConfig
        For comparison places in an evaluation, ``dataclasses.replace`` it with more hotspots and a lower volume.
    default_locations : sequence of DefaultLocation
        A cell with `institution_share` or more of its reports there is not drawn (R1.11).
    period : Period, optional
        Months covered; default: from the first to the last month of `incidents`.
    missing : DatetimeIndex, optional
        Months the source did not deliver: no change is stated across them.
    ranking : RankingConfig, optional
    known : Series of bool, optional
        How the halves of the months are ranked for ``in_both_halves``, as in `rank_cells`.

    Returns
    -------
    hotspots : GeoDataFrame
        HOTSPOTS (see README.md), index ``hotspot_id`` ("H01" = rank 1), EPSG:4326; ``peak`` is left empty. The
        ``p_top`` of a hotspot is that of its surest cell, ``expected`` and ``n_shrunk`` are sums over its cells.
    notes : tuple of str
        What was left out, and why.
    """
    reports = incidents.loc[incidents["inside"].to_numpy(dtype=bool)] if "inside" in incidents else incidents
    if len(reports) == 0 or len(cells) == 0:
        return empty_hotspots(), ()
    period = period or Period(reports["month"].min(), reports["month"].max())
    resolution = h3cells.resolution_of(cells.index[0])
    reports = reports.assign(cell=h3cells.assign(reports["longitude"], reports["latitude"], resolution))
    excluded, notes = _institutions(reports, area, config, default_locations)
    eligible = cells.loc[(cells["score"] > 0) & (cells["n"] > 0) & ~cells.index.isin(excluded)]
    eligible = eligible.iloc[np.lexsort((eligible.index.to_numpy().astype(str), -eligible["score"].to_numpy()))]

    needed = _volume_needed(config, period, missing)
    candidates = _grow_all(eligible, config, needed)
    centres = _centres(candidates, eligible.index, reports, area)
    chosen, passed_over = _separated(candidates, centres, eligible["score"].to_numpy(), config)
    notes += _selection_notes(len(chosen), passed_over, needed, config)
    if not chosen:
        return empty_hotspots(), notes
    groups = [eligible.index[candidates[i]].to_list() for i in chosen]
    hotspots = _measure(groups, centres[chosen], cells, area)
    hotspots["name"] = place_names(reports, hotspots.geometry.to_numpy())
    matrix = month_matrix(count_cells(reports, resolution), cells.index, period.months)
    hotspots["in_both_halves"] = in_both_halves(
        matrix, ranking or RankingConfig(), groups, known=known, missing=missing
    )
    described = describe(hotspots, reports, area, period, missing=missing, split_above_12m=config.split_above_12m)
    return gpd.GeoDataFrame(described[list(COLUMNS)].astype(COLUMNS), geometry=hotspots.geometry, crs=WGS84), notes


def _volume_needed(config: DelineationConfig, period: Period, missing: pd.DatetimeIndex | None) -> int:
    """Return the reports needed in the last 12 months, in proportion to the months there are (R1.4)."""
    last_year = period.months[-MONTHS_PER_YEAR:]
    available = len(last_year) if missing is None else int((~last_year.isin(missing)).sum())
    return int(np.ceil(config.min_incidents_12m * available / MONTHS_PER_YEAR))


def _institutions(
    reports: pd.DataFrame, area: StudyArea, config: DelineationConfig, default_locations: Sequence[DefaultLocation]
) -> tuple[set[str], tuple[str, ...]]:
    """Return the cells dominated by default locations, and a note on each (R1.11, R3.9)."""
    booked = at_any(reports["longitude"], reports["latitude"], default_locations, area)
    if not booked.any():
        return set(), ()
    snapped = (reports["location_precision"] == "snap_point").to_numpy()
    if snapped.any():
        named = reports["location"].str.contains(INSTITUTIONS, case=False, regex=True).to_numpy(dtype=bool)
        booked &= ~snapped | named
    by_cell = pd.DataFrame({"cell": reports["cell"].to_numpy(), "booked": booked}).groupby("cell")["booked"]
    found = pd.DataFrame({"share": by_cell.mean(), "n": by_cell.size()})
    found = found.loc[found["share"] >= config.institution_share].sort_index()
    texts = reports.loc[booked].groupby("cell")["location"].agg(lambda given: given.mode().iloc[0])
    at = [street_name(text) for text in texts.reindex(found.index)]
    notes = tuple(
        f"Left out: the cell at {name or cell}, because {part:.0%} of its {n} reports are booked to a default "
        "location, not to where they happened (R1.11)."
        for name, cell, part, n in zip(at, found.index, found["share"], found["n"], strict=True)
    )
    return set(found.index), notes


@dataclass(frozen=True, slots=True)
class _Ground:
    """Cells to grow on, best score first: who touches whom, scores and areas."""

    near: Any  # sparse neighbour matrix
    score: Floats
    area_km2: Floats

    def around(self, cell: int) -> set[int]:
        return set(self.near.indices[self.near.indptr[cell] : self.near.indptr[cell + 1]].tolist())


def _grow_all(eligible: gpd.GeoDataFrame, config: DelineationConfig, needed: int) -> list[list[int]]:
    """Return the groups of cells with enough reports, as positions in `eligible` (best score first)."""
    ground = _Ground(
        near=h3cells.neighbours(eligible.index),
        score=eligible["score"].to_numpy(dtype=float),
        area_km2=eligible["area_km2"].to_numpy(dtype=float),
    )
    n_12m = eligible["n_12m"].to_numpy()
    free = np.ones(len(eligible), dtype=bool)
    groups = []
    for seed in range(len(eligible)):
        if not free[seed]:
            continue
        group = _grow(seed, ground, free, config)
        if n_12m[group].sum() >= needed:
            free[group] = False
            groups.append(group)
    return groups


def _grow(seed: int, ground: _Ground, free: NDArray[np.bool_], config: DelineationConfig) -> list[int]:
    """Return `seed` and the touching cells that join it, best first (a lower position is a better score)."""
    score, area_km2 = ground.score, ground.area_km2
    group, total = [seed], area_km2[seed]
    edge = ground.around(seed)
    while edge and len(group) < config.max_cells:
        best = min(edge)
        edge.remove(best)
        if score[best] < config.min_cell_share * score[seed] or total + area_km2[best] > config.max_area_km2:
            break
        if free[best]:
            group.append(best)
            total += area_km2[best]
            edge = (edge | ground.around(best)).difference(group)
    return group


def _centres(groups: list[list[int]], index: pd.Index, reports: pd.DataFrame, area: StudyArea) -> Floats:
    """Return the report-weighted centre of each group, in metres, shape (n, 2)."""
    if not groups:
        return np.empty((0, 2))
    points = reports.groupby(["cell", "longitude", "latitude"]).size().rename("n").reset_index()
    x, y = area.project(points["longitude"], points["latitude"])
    weighted = pd.DataFrame({"x": x * points["n"], "y": y * points["n"], "n": points["n"]})
    sums = weighted.groupby(points["cell"]).sum().reindex(index, fill_value=0.0).to_numpy(dtype=float)
    totals = np.array([sums[group].sum(axis=0) for group in groups])
    return np.asarray(totals[:, :2] / totals[:, 2:])


def _separated(
    groups: list[list[int]], centres: Floats, score: Floats, config: DelineationConfig
) -> tuple[list[int], int]:
    """Return the groups to keep, highest score first, and how many were too close to a higher one."""
    total = np.array([_hotspot_score(score[group]) for group in groups])
    chosen: list[int] = []
    passed_over = 0
    for i in np.argsort(-total, kind="stable").tolist():
        if len(chosen) == config.n_hotspots:
            break
        away = np.hypot(*(centres[chosen] - centres[i]).T) if chosen else np.empty(0)
        if (away < config.min_separation_m).any():
            passed_over += 1
        else:
            chosen.append(i)
    return chosen, passed_over


def _hotspot_score(scores: Floats | pd.Series) -> float:
    return float(scores.sum() / np.sqrt(len(scores)))


def _selection_notes(n_chosen: int, passed_over: int, needed: int, config: DelineationConfig) -> tuple[str, ...]:
    notes = []
    if passed_over:
        places = "1 place lies" if passed_over == 1 else f"{passed_over} places lie"
        notes.append(
            f"{places} within {config.min_separation_m:g} m of a higher hotspot and "
            f"{'was' if passed_over == 1 else 'were'} passed over, so that each can be judged by itself (R1.5)."
        )
    if n_chosen < config.n_hotspots:
        found = "No place has" if n_chosen == 0 else "1 place has" if n_chosen == 1 else f"{n_chosen} places have"
        notes.append(
            f"{found} the {needed} reports in the last 12 months that a hotspot needs (R1.4); "
            f"up to {config.n_hotspots} were asked for."
        )
    return tuple(notes)


def _measure(groups: list[list[str]], centres: Floats, cells: gpd.GeoDataFrame, area: StudyArea) -> gpd.GeoDataFrame:
    """Return what the cells of each hotspot add up to, in rank order."""
    member = pd.DataFrame(
        {"hotspot": np.repeat(np.arange(len(groups)), [len(group) for group in groups])},
        index=pd.Index([cell for group in groups for cell in group], dtype=object),
    )
    own = member.join(cells.drop(columns="geometry"))
    summed = own.groupby("hotspot")[["n", "n_12m", "expected", "n_shrunk", "area_km2"]].sum()
    longitude, latitude = area.unproject(centres[:, 0], centres[:, 1])
    shapes = [shapely.union_all(cells.geometry.loc[group].to_numpy(), grid_size=1e-9) for group in groups]
    rank = np.arange(1, len(groups) + 1)
    facts = summed.assign(
        rank=rank,
        score=own.groupby("hotspot")["score"].agg(_hotspot_score),
        p_top=own.groupby("hotspot")["p_top"].max(),
        density_rank=own.groupby("hotspot")["density_rank"].min(),
        cells=[",".join(sorted(group)) for group in groups],
        n_cells=[len(group) for group in groups],
        longitude=longitude,
        latitude=latitude,
        peak="",
    )
    index = pd.Index([f"H{r:02d}" for r in rank], name="hotspot_id", dtype=object)
    return gpd.GeoDataFrame(facts.set_axis(index, axis=0), geometry=gpd.GeoSeries(shapes, index=index), crs=WGS84)
