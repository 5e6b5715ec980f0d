"""Reports of each ward, neighbourhood or LSOA, by where they lie (R2.3), beside the same months a year before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtr, stdtrit

from geodata.area import WGS84, StudyArea
from geodata.context import assign
from geodata.errors import DataError
from hotspots.seasons import rate_ratio
from hotspots.significance import false_discovery

Floats = NDArray[np.float64]

MONTHS_PER_YEAR: Final = 12
FEWEST_COMPARED: Final = 3
"""Months with a month a year before: with fewer nothing tells how much months differ by themselves."""

FEWEST_REPORTS: Final = 30
"""Reports of both years together below which no ratio is given (R4.16: no percentage on small counts)."""

FALSE_DISCOVERY_RATE: Final = 0.10  # R4.17
SLIVER: Final = 0.01  # of an area inside the study area: less is two outlines drawn differently
WHOLE: Final = 0.95  # outlines drawn more or less finely differ by some per cent
SQUARE_METRES_PER_KM2: Final = 1e6


@dataclass(frozen=True, slots=True)
class Change:
    """How many times the reports of the same months a year before there were, with a 95% interval.

    ``n_now`` and ``n_before`` are the reports, ``error`` is the standard error of the log of the ratio and ``freedom``
    its degrees of freedom. NaN without a report in either year.
    """

    n_now: int
    n_before: int
    times_before: float
    low: float
    high: float
    error: float
    freedom: int


@dataclass(frozen=True, slots=True, eq=False)
class AreaCounts:
    """Reports by area.

    Attributes
    ----------
    table : GeoDataFrame
        One row an area, most reports first: ``code``, ``name``, ``n``, ``per_month``, ``share_of_reports`` (of those in
        any of the areas), ``area_km2`` and ``share_inside`` (of the area, inside the study area). Where months can be
        compared also ``n_now``, ``n_before``, ``times_before`` with ``low`` and ``high`` (95%) and ``differs`` (from
        the change of the study area as a whole, 10% false discovery rate).
    of_report : array of int
        The row of each report's area, -1 in none.
    whole : Change or None
        The change of all reports together; None without enough months.
    compared : DatetimeIndex
        The months of ``n_now``.
    """

    table: gpd.GeoDataFrame
    of_report: NDArray[np.int64]
    whole: Change | None
    compared: pd.DatetimeIndex

    def count(self, is_counted: ArrayLike) -> NDArray[np.int64]:
        """Return how many of some reports lie in each area."""
        rows = self.of_report[np.asarray(is_counted, dtype=bool) & (self.of_report >= 0)]
        return np.bincount(rows, minlength=len(self.table)).astype(np.int64)


def count_by_area(
    reports: pd.DataFrame,
    boundaries: gpd.GeoDataFrame,
    area: StudyArea,
    *,
    months: pd.DatetimeIndex,
    missing: pd.DatetimeIndex | None = None,
) -> AreaCounts:
    """Count reports by the area they lie in, whatever area they state (R2.3).

    Parameters
    ----------
    reports : DataFrame
        Located, with ``longitude``, ``latitude`` and ``month``.
    boundaries : GeoDataFrame
        As `geodata.context.read_boundaries` gives them; parts with one code and name are one area.
    area : StudyArea
        Areas outside it are left out, those across its border counted as far as the reports reach.
    months : DatetimeIndex
        Months of the reports, in a row.
    missing : DatetimeIndex, optional
        Months that were not delivered: they count in no mean and are compared with nothing.

    Raises
    ------
    DataError
        If none of the areas lies in the study area.
    """
    table = _areas_within(boundaries, area)
    keys = pd.MultiIndex.from_frame(table[["code", "name"]])
    found = pd.MultiIndex.from_frame(assign(reports["longitude"], reports["latitude"], boundaries))
    which = keys.get_indexer(found)
    delivered = months.difference(missing) if missing is not None else months
    monthly = np.zeros((len(table) + 1, len(months)))  # the last row are reports in none
    np.add.at(monthly, (which, months.get_indexer(pd.DatetimeIndex(reports["month"]))), 1)
    held = monthly[:-1].sum(axis=1)
    table["n"] = held.astype(np.int64)
    table["per_month"] = monthly[:-1][:, months.isin(delivered)].sum(axis=1) / max(len(delivered), 1)
    table["share_of_reports"] = held / max(held.sum(), 1)
    compared = _compared(months, delivered)
    whole = None
    if len(compared) >= FEWEST_COMPARED:
        now, before = (monthly[:, months.get_indexer(when)] for when in (compared, _year_before(compared)))
        whole = _change(now.sum(axis=0), before.sum(axis=0))
        table = table.assign(**_changes(now[:-1], before[:-1], whole.times_before))
    ordered = table.sort_values(["n", "name", "code"], ascending=[False, True, True])
    row_of = np.append(np.argsort(ordered.index.to_numpy()), -1)
    return AreaCounts(ordered.reset_index(drop=True), row_of[which], whole, compared if whole else compared[:0])


def _areas_within(boundaries: gpd.GeoDataFrame, area: StudyArea) -> gpd.GeoDataFrame:
    """Return the areas that lie in the study area, one row each, with their size and how much of them does."""
    named = boundaries.loc[(boundaries["code"] != "") | (boundaries["name"] != "")]
    near = named.loc[shapely.intersects(named.geometry.to_numpy(), area.boundary)]
    shapes = near.groupby(["code", "name"], sort=True)["geometry"].agg(lambda parts: shapely.union_all(list(parts)))
    metres = area.in_metres(shapes.to_numpy())
    size = shapely.area(metres)
    inside = shapely.area(shapely.intersection(metres, area.boundary_m)) / np.maximum(size, 1e-9)
    found = gpd.GeoDataFrame(
        shapes.reset_index()[["code", "name"]].assign(area_km2=size / SQUARE_METRES_PER_KM2, share_inside=inside),
        geometry=shapes.to_numpy(), crs=WGS84,
    )  # fmt: skip
    kept = found.loc[found["share_inside"] >= SLIVER].reset_index(drop=True)
    if kept.empty:
        raise DataError(
            f"None of the {len(boundaries):,} areas given lies in '{area.name}'; give the boundaries of its own wards, "
            "neighbourhoods or LSOAs."
        )
    return kept


def _year_before(months: pd.DatetimeIndex) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(months - pd.DateOffset(years=1))


def _compared(months: pd.DatetimeIndex, delivered: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return those of the last twelve months that were delivered in both years."""
    last = months[-MONTHS_PER_YEAR:]
    return last[last.isin(delivered) & _year_before(last).isin(delivered)]


def _change(now: ArrayLike, before: ArrayLike) -> Change:
    """Return how many times the reports of the months before the same months now have.

    Months are compared within quarters of the compared months (`hotspots.seasons.rate_ratio`), and the interval is as
    wide as months of one quarter differ by themselves. That spread is itself measured on few months, hence Student's t.
    """
    counts = np.concatenate([np.asarray(now, dtype=float), np.asarray(before, dtype=float)])
    k = len(counts) // 2
    quarter = np.tile(np.arange(k) // 3, 2)
    effect = rate_ratio("a year later", counts, np.arange(2 * k) < k, quarter)
    freedom = 2 * (k - len(np.unique(quarter)))
    error = float(np.log(effect.high / effect.low) / (2 * ndtri(0.975)))
    reach = float(np.exp(stdtrit(freedom, 0.975) * error))
    n_now, n_before = int(counts[:k].sum()), int(counts[k:].sum())
    return Change(n_now, n_before, effect.ratio, effect.ratio / reach, effect.ratio * reach, error, freedom)


def _changes(now: Floats, before: Floats, whole: float) -> dict[str, NDArray[np.generic]]:
    """Return the columns that compare each area's months with a year before, and with the change of all (`whole`)."""
    is_told = (now + before).sum(axis=1) >= FEWEST_REPORTS
    found = [_change(*pair) for pair in zip(now, before, strict=True)]
    ratio, low, high, error = (
        np.where(is_told, [getattr(change, part) for change in found], np.nan)
        for part in ("times_before", "low", "high", "error")
    )
    known = np.isfinite(error) & np.isfinite(whole)
    differs = np.zeros(len(now), dtype=bool)
    if known.any():
        t = np.abs(np.log(ratio[known] / whole)) / error[known]
        differs[known] = false_discovery(2 * stdtr(found[0].freedom, -t), FALSE_DISCOVERY_RATE)
    return {
        "n_now": now.sum(axis=1).astype(np.int64), "n_before": before.sum(axis=1).astype(np.int64),
        "times_before": ratio, "low": low, "high": high, "differs": differs,
    }  # fmt: skip
