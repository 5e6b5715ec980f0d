"""Risky facilities: which few of the places of one type have most of the reports, and whether by more than chance.

The facilities come from a file of the user; nothing is looked up (R4.7).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geodata.area import StudyArea
from geodata.errors import DataError, DesignError, SourceError
from geodata.points import distinct
from geodata.sources.hand_kept import numbers, read_table
from hotspots.repeats import concentration
from hotspots.results import Concentration

Floats = NDArray[np.float64]

FEWEST_FACILITIES = 5
"""Of one type: with fewer, a curve says nothing."""

_COLUMNS = {
    "name": ("facility", "facility_name", "premises"),
    "type": ("facility_type", "kind", "category", "class"),
    "longitude": ("lon", "lng", "x"),
    "latitude": ("lat", "y"),
}


@dataclass(frozen=True, slots=True)
class FacilityCurve:
    """How reports are shared between the facilities of one type.

    Attributes
    ----------
    type : str
    table : DataFrame
        From `share_table`: the six steps, and the points of the J-curve.
    n_reports : int
        Reports within reach of a facility of this type, each counted at the nearest.
    within_m : float
    n_for_half, n_for_80 : int
        Fewest facilities that hold half, and 80%, of the reports.
    chance : Concentration
        Whether throwing the reports at random on the same facilities would concentrate them as much.
    """

    type: str
    table: pd.DataFrame
    n_reports: int
    within_m: float
    n_for_half: int
    n_for_80: int
    chance: Concentration

    def describe(self) -> str:
        """Return the curve in one sentence."""
        n = len(self.table)
        if self.n_reports == 0:
            return f"{self.type}: no report within {self.within_m:g} m of any of the {n:,}."
        top = f"{self.n_for_80:,} of {n:,} ({self.n_for_80 / n:.0%}) hold 80% of {self.n_reports:,} reports"
        chance = "more concentrated than chance" if self.chance.p_value <= 0.05 else "no more than chance would give"
        return f"{self.type}: {top} within {self.within_m:g} m; {chance} (p = {self.chance.p_value:.3f})."


def read_facilities(path: str | Path) -> pd.DataFrame:
    """Read facilities from a CSV or XLSX table of name, type, longitude and latitude (degrees).

    Returns
    -------
    DataFrame
        ``name``, ``type``, ``longitude``, ``latitude``; index ``facility`` from 0.

    Raises
    ------
    SourceError
        If the file cannot be read, a column is missing, a coordinate is no number in range, or a name or type is empty.
    """
    path = Path(path)
    table = read_table(path, what="facilities", columns=_COLUMNS, required=tuple(_COLUMNS))
    unnamed = (table["name"] == "") | (table["type"] == "")
    if unnamed.any():
        raise SourceError(
            f"{path.name}: {int(unnamed.sum()):,} of {len(table):,} facilities have no name or no type, first line "
            f"{table.index[unnamed][0]}."
        )
    table["longitude"] = numbers(table, "longitude", path=path, low=-180, high=180)
    table["latitude"] = numbers(table, "latitude", path=path, low=-90, high=90)
    return table.reset_index(drop=True).rename_axis("facility")


def count_at_facilities(
    incidents: pd.DataFrame, facilities: pd.DataFrame, area: StudyArea, *, within_m: float = 50.0
) -> pd.Series:
    """Return the reports at each facility: those within `within_m` metres and nearer to no other of its type.

    A report near facilities of two types counts once for each type. Reports of the buffer (``inside`` False) are left
    out, as are those located to a street centre or an area, which cannot tell one facility from the next.

    Returns
    -------
    Series of int
        ``n``, on the index of `facilities`.
    """
    if not within_m > 0:
        raise DesignError(f"The reach of a facility must be above 0 metres, got {within_m:g}.")
    used = incidents.loc[incidents["inside"].to_numpy(dtype=bool)] if "inside" in incidents else incidents
    used = used.loc[~used["location_precision"].isin(["snap_point", "area"])]
    n = np.zeros(len(facilities), dtype=np.int64)
    if len(used):
        codes, first = distinct(used["longitude"], used["latitude"])
        held = np.bincount(codes)
        lon, lat = used["longitude"].to_numpy()[first], used["latitude"].to_numpy()[first]
        points = np.column_stack(area.project(lon, lat))
        at = np.column_stack(area.project(facilities["longitude"].to_numpy(), facilities["latitude"].to_numpy()))
        for rows in facilities.reset_index(drop=True).groupby("type").indices.values():
            distance, nearest = cKDTree(at[rows]).query(points)
            near = distance <= within_m
            np.add.at(n, rows[nearest[near]], held[near])
    return pd.Series(n, index=facilities.index, name="n")


def share_table(counts: pd.Series) -> pd.DataFrame:
    """Return the six steps of the 80/20 table for places of one kind (R4.7): list, rank, share, add up, compare, draw.

    Parameters
    ----------
    counts : Series of int >= 0
        Reports of each place, zeros included: a curve of the places with reports only flatters itself.

    Returns
    -------
    DataFrame
        On the index of `counts`, busiest first: ``n``, ``rank``, ``share`` of the reports, ``places_so_far`` and
        ``reports_so_far`` (cumulative shares: the J-curve), and ``times_average`` (n over the mean).

    Raises
    ------
    DataError
        If a count is negative or missing.
    """
    n = counts.to_numpy(dtype=float)
    wrong = int((~np.isfinite(n) | (n < 0)).sum())
    if wrong:
        raise DataError(f"{wrong:,} of {len(n):,} counts are negative or missing; counts must be 0 or more.")
    order = np.argsort(-n, kind="stable")
    ranked, total = n[order], float(n.sum())
    share = ranked / total if total else np.zeros(len(n))
    return pd.DataFrame(
        {
            "n": ranked.astype(np.int64),
            "rank": np.arange(1, len(n) + 1),
            "share": share,
            "places_so_far": np.arange(1, len(n) + 1) / max(len(n), 1),
            "reports_so_far": np.cumsum(share),
            "times_average": share * len(n),
        },
        index=counts.index[order],
    )


def fewest_for(table: pd.DataFrame, share: float) -> int:
    """Return how many of the busiest places hold at least `share` of the reports; 0 without reports."""
    reached = table["reports_so_far"].to_numpy()
    return int(np.searchsorted(reached, share - 1e-12)) + 1 if len(reached) and reached[-1] > 0 else 0


def facility_curves(
    incidents: pd.DataFrame,
    facilities: pd.DataFrame,
    area: StudyArea,
    *,
    within_m: float = 50.0,
    simulations: int = 999,
    random_state: int,
) -> tuple[dict[str, FacilityCurve], dict[str, int]]:
    """Return the J-curve of each type of facility, tested against chance (R4.7).

    Random variation is the first of the reasons why some facilities have more; the others (size, custom, management,
    what is sold) need someone to go and look (Eck, Clarke & Guerette 2007, Crime Prevention Studies 21).

    Returns
    -------
    curves : dict of str to FacilityCurve
        By type, the most reports first.
    too_few : dict of str to int
        Types with fewer than five facilities inside the area, and how many they have: no curve.

    Raises
    ------
    DataError
        If no facility lies inside the area, or no report is located finer than a street centre.
    """
    inside = facilities.loc[np.asarray(area.contains(facilities["longitude"], facilities["latitude"]), dtype=bool)]
    if len(inside) == 0:
        raise DataError(f"None of {len(facilities):,} facilities lies inside the area; check their coordinates.")
    if len(incidents) and incidents["location_precision"].isin(["snap_point", "area"]).all():
        raise DataError(
            f"All {len(incidents):,} reports are located to a street centre or an area, which cannot tell one facility "
            "from the next."
        )
    counts = count_at_facilities(incidents, inside, area, within_m=within_m)
    curves, too_few = [], {}
    for kind, rows in inside.groupby("type", sort=True).indices.items():
        if len(rows) < FEWEST_FACILITIES:
            too_few[str(kind)] = len(rows)
            continue
        table = share_table(counts.iloc[rows])
        table.insert(0, "name", inside["name"].reindex(table.index))
        chance = concentration(table["n"].to_numpy(), top_share=0.2, simulations=simulations, random_state=random_state)
        curves.append(
            FacilityCurve(
                str(kind),
                table,
                int(table["n"].sum()),
                within_m,
                fewest_for(table, 0.5),
                fewest_for(table, 0.8),
                chance,
            )
        )
    return {curve.type: curve for curve in sorted(curves, key=lambda c: (-c.n_reports, c.type))}, too_few
