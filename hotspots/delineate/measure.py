"""The numbers of a hotspot, counted afresh from its cells, however its outline came about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata import cells as h3cells
from geodata.area import WGS84, StudyArea
from geodata.period import Period
from hotspots.config import DelineationConfig, RankingConfig
from hotspots.counts import count_cells, month_matrix
from hotspots.delineate.minutes import walking_minutes
from hotspots.describe import describe
from hotspots.naming import place_names
from hotspots.parts import in_both_halves, ranks_by_part

Floats = NDArray[np.float64]

MONTHS_PER_YEAR = 12

COLUMNS: dict[str, str] = {
    "rank": "int64", "name": "object", "n": "int64", "n_12m": "int64", "expected": "float64", "n_shrunk": "float64",
    "score": "float64", "p_top": "float64", "cells": "object", "n_cells": "int64", "area_km2": "float64",
    "patrol_minutes": "float64", "per_minute": "float64", "longitude": "float64", "latitude": "float64",
    "density_rank": "int64", "repeat_share": "float64", "n_before_12m": "float64", "change_z": "float64",
    "top_types": "object", "peak": "object", "in_both_halves": "bool", "months_with_reports": "int64",
    "flags": "object", "edited": "object", "reason": "object",
}  # fmt: skip


def empty_hotspots() -> gpd.GeoDataFrame:
    """Return a HOTSPOTS table without rows."""
    columns = {name: pd.Series([], dtype=dtype) for name, dtype in COLUMNS.items()}
    index = pd.Index([], name="hotspot_id", dtype=object)
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=WGS84), index=index, crs=WGS84)


@dataclass(frozen=True, slots=True, eq=False)
class Basis:
    """What the numbers of a hotspot are counted from.

    ``cells`` and ``reports`` (INCIDENTS inside the area, with the ``cell`` each lies in) are those of `delineate`;
    ``parts`` are the ranks of the cells from parts of the months, ``minutes`` the walking minutes of each cell,
    ``moments`` the sums of x and y (metres) over its reports and their number ``n``; ``streets`` name hotspots whose
    reports name no street.
    """

    cells: gpd.GeoDataFrame
    reports: pd.DataFrame
    area: StudyArea
    config: DelineationConfig
    period: Period
    missing: pd.DatetimeIndex | None
    parts: pd.DataFrame
    minutes: pd.Series
    moments: pd.DataFrame
    streets: gpd.GeoDataFrame | None = None

    @property
    def resolution(self) -> int:
        """H3 resolution of the cells."""
        return h3cells.resolution_of(self.cells.index[0])


def inside_of(incidents: pd.DataFrame) -> pd.DataFrame:
    """Return the reports of the area itself, without those of its buffer."""
    return incidents.loc[incidents["inside"].to_numpy(dtype=bool)] if "inside" in incidents else incidents


def basis_of(
    cells: gpd.GeoDataFrame,
    incidents: pd.DataFrame,
    area: StudyArea,
    config: DelineationConfig,
    *,
    period: Period | None = None,
    missing: pd.DatetimeIndex | None = None,
    parts: pd.DataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
) -> Basis:
    """Return what hotspots are counted from; there is at least one report and one cell. Arguments as in `delineate`."""
    reports = inside_of(incidents)
    own = h3cells.assign(reports["longitude"], reports["latitude"], h3cells.resolution_of(cells.index[0]))
    x, y = area.project(reports["longitude"], reports["latitude"])
    covered = period or Period(reports["month"].min(), reports["month"].max())
    if parts is None:
        matrix = month_matrix(count_cells(reports, h3cells.resolution_of(cells.index[0])), cells.index, covered.months)
        parts = ranks_by_part(matrix, RankingConfig(), missing=missing)
    moments = pd.DataFrame({"x": x, "y": y, "n": 1}).groupby(own).sum()
    return Basis(
        cells=cells,
        reports=reports.assign(cell=own),
        area=area,
        config=config,
        period=covered,
        missing=missing,
        parts=parts,
        minutes=pd.Series(walking_minutes(cells, area, config, streets=streets), index=cells.index),
        moments=moments,
        streets=streets,
    )


def volume_needed(basis: Basis) -> int:
    """Return the reports needed in the last 12 months, in proportion to the months there are (R1.4)."""
    last_year = basis.period.months[-MONTHS_PER_YEAR:]
    available = len(last_year) if basis.missing is None else int((~last_year.isin(basis.missing)).sum())
    return int(np.ceil(basis.config.min_incidents_12m * available / MONTHS_PER_YEAR))


def centres(groups: Sequence[Sequence[str]], basis: Basis) -> Floats:
    """Return the report-weighted centre of each group of cells, in metres, shape (n, 2)."""
    totals = [basis.moments.reindex(list(group), fill_value=0.0).sum().to_numpy(dtype=float) for group in groups]
    sums = np.array(totals).reshape(-1, 3)
    return np.asarray(sums[:, :2] / sums[:, 2:])


def hotspot_score(scores: Floats | pd.Series) -> float:
    """Return how far a place stands out: the sum of its cells' scores over the square root of their number.

    A sum of counts over c cells varies by chance in proportion to sqrt(c); by the sum alone a diffuse place would
    outrank a sharp one by its size (R1.7: rank equal-sized units).
    """
    return float(scores.sum() / np.sqrt(len(scores)))


def measure(groups: Sequence[Sequence[str]], basis: Basis) -> gpd.GeoDataFrame:
    """Return HOTSPOTS for groups of cells, highest score first: everything counted from the cells and the reports.

    Parameters
    ----------
    groups : sequence of sequences of str
        The cells of each hotspot.
    basis : Basis

    Returns
    -------
    GeoDataFrame
        Columns `COLUMNS`, index ``hotspot_id`` ("H01" = rank 1), EPSG:4326; ``peak`` is left empty.
    """
    if not groups:
        return empty_hotspots()
    scores = [hotspot_score(basis.cells.loc[list(group), "score"]) for group in groups]
    order = np.argsort(-np.array(scores), kind="stable")
    ranked = [list(groups[i]) for i in order]
    hotspots = _sums(ranked, basis)
    hotspots["name"] = place_names(basis.reports, hotspots.geometry.to_numpy(), streets=basis.streets)
    hotspots["in_both_halves"] = in_both_halves(basis.parts, ranked)
    described = describe(
        hotspots, basis.reports, basis.area, basis.period, missing=basis.missing,
        split_above_12m=basis.config.split_above_12m,
    )  # fmt: skip
    return gpd.GeoDataFrame(described[list(COLUMNS)].astype(COLUMNS), geometry=hotspots.geometry, crs=WGS84)


def _sums(groups: Sequence[Sequence[str]], basis: Basis) -> gpd.GeoDataFrame:
    """Return what the cells of each hotspot add up to, in rank order."""
    cells = basis.cells.assign(minutes=basis.minutes)
    member = pd.DataFrame(
        {"hotspot": np.repeat(np.arange(len(groups)), [len(group) for group in groups])},
        index=pd.Index([cell for group in groups for cell in group], dtype=object),
    )
    own = member.join(cells.drop(columns="geometry"))
    by_hotspot = own.groupby("hotspot")
    summed = by_hotspot[["n", "n_12m", "expected", "n_shrunk", "area_km2"]].sum()
    minutes = basis.config.stop_minutes + by_hotspot["minutes"].sum()
    centre = centres(groups, basis)
    longitude, latitude = basis.area.unproject(centre[:, 0], centre[:, 1])
    shapes = [shapely.union_all(cells.geometry.loc[list(group)].to_numpy(), grid_size=1e-9) for group in groups]
    rank = np.arange(1, len(groups) + 1)
    facts = summed.assign(
        rank=rank,
        score=by_hotspot["score"].agg(hotspot_score),
        p_top=by_hotspot["p_top"].max(),
        density_rank=by_hotspot["density_rank"].min(),
        cells=[",".join(sorted(group)) for group in groups],
        n_cells=[len(group) for group in groups],
        patrol_minutes=minutes,
        per_minute=by_hotspot["score"].sum() / minutes,
        longitude=longitude,
        latitude=latitude,
        peak="",
        edited="",
    )
    index = pd.Index([f"H{r:02d}" for r in rank], name="hotspot_id", dtype=object)
    return gpd.GeoDataFrame(facts.set_axis(index, axis=0), geometry=gpd.GeoSeries(shapes, index=index), crs=WGS84)
