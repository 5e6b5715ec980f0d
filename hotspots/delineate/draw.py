"""Hotspots drawn by an explicit objective: the most reports for each patrol minute, within rules of size and place."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata import cells as h3cells
from geodata.area import StudyArea
from geodata.confidence import at_any
from geodata.period import Period
from geodata.quality import DefaultLocation
from hotspots.config import DelineationConfig
from hotspots.delineate.measure import Basis, basis_of, centres, empty_hotspots, inside_of, measure, volume_needed
from hotspots.delineate.polygons import Ground, Limits, best_first
from hotspots.naming import street_name

Floats = NDArray[np.float64]

INSTITUTIONS = r"\b(?:police station|custody|hospital|prison|court|council offices?|civic centre)\b"
"""On snap points one coordinate holds a whole street, so only a place named as an institution is taken out (R1.11)."""


def delineate(
    cells: gpd.GeoDataFrame,
    incidents: pd.DataFrame,
    area: StudyArea,
    config: DelineationConfig,
    *,
    default_locations: Sequence[DefaultLocation] = (),
    period: Period | None = None,
    missing: pd.DatetimeIndex | None = None,
    parts: pd.DataFrame | None = None,
    streets: gpd.GeoDataFrame | None = None,
) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    r"""Draw the named hotspots that hold the most reports for each minute of a patrol visit.

    .. math:: \max_P \frac{\sum_{i \in P} s_i}{t + \sum_{i \in P} w_i}

    with s the score of a cell (shrunk reports a month), w the minutes to walk it (`walking_minutes`) and t the minutes
    of the stop (R1.15), over connected sets P of at most `max_cells` cells and `max_area_km2` (R1.3) that had
    `min_incidents_12m` reports in the last 12 months (R1.4; fewer months, in proportion). The best such polygon of all
    is drawn first, then the best on the cells left, and so on, each found exactly (`best_polygon`). One whose
    report-weighted centre lies within `min_separation_m` of an earlier one is passed over (R1.5). A cell joins as long
    as the reports it adds are worth the minutes it costs; a busy place therefore stays small and a quiet one grows.

    Hotspots are ranked by `score`, how far a place stands out (`hotspot_score`).

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
    parts : DataFrame of int, optional
        Rank of each cell from the whole and from parts of the months, for ``in_both_halves``; by default that of
        `hotspots.parts.ranks_by_part`.
    streets : GeoDataFrame, optional
        Lines whose length says how long a cell takes to walk; without them its area does.

    Returns
    -------
    hotspots : GeoDataFrame
        HOTSPOTS (see README.md), index ``hotspot_id`` ("H01" = rank 1), EPSG:4326; ``peak`` is left empty. The
        ``p_top`` of a hotspot is that of its surest cell, ``expected`` and ``n_shrunk`` are sums over its cells.
    notes : tuple of str
        What was left out, and why.
    """
    if len(inside_of(incidents)) == 0 or len(cells) == 0:
        return empty_hotspots(), ()
    basis = basis_of(cells, incidents, area, config, period=period, missing=missing, parts=parts, streets=streets)
    return draw(basis, default_locations)


def draw(basis: Basis, default_locations: Sequence[DefaultLocation] = ()) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Draw hotspots from what they are counted from; see `delineate`."""
    config = basis.config
    excluded, notes = institution_cells(basis, default_locations)
    groups, passed_over = choose_groups(eligible_cells(basis, excluded), basis)
    return measure(groups, basis), notes + _selection_notes(len(groups), passed_over, volume_needed(basis), config)


def institution_cells(basis: Basis, default_locations: Sequence[DefaultLocation]) -> tuple[set[str], tuple[str, ...]]:
    """Return the cells dominated by default locations, and a note on each (R1.11, R3.9)."""
    reports = basis.reports
    booked = at_any(reports["longitude"], reports["latitude"], default_locations, basis.area)
    if not booked.any():
        return set(), ()
    snapped = (reports["location_precision"] == "snap_point").to_numpy()
    if snapped.any():
        named = reports["location"].str.contains(INSTITUTIONS, case=False, regex=True).to_numpy(dtype=bool)
        booked &= ~snapped | named
    by_cell = pd.DataFrame({"cell": reports["cell"].to_numpy(), "booked": booked}).groupby("cell")["booked"]
    found = pd.DataFrame({"share": by_cell.mean(), "n": by_cell.size()})
    found = found.loc[found["share"] >= basis.config.institution_share].sort_index()
    texts = reports.loc[booked].groupby("cell")["location"].agg(lambda given: given.mode().iloc[0])
    at = [street_name(text) for text in texts.reindex(found.index)]
    notes = tuple(
        f"Left out: the cell at {name or cell}, because {part:.0%} of its {n} reports are booked to a default "
        "location, not to where they happened."
        for name, cell, part, n in zip(at, found.index, found["share"], found["n"], strict=True)
    )
    return set(found.index), notes


def eligible_cells(basis: Basis, excluded: set[str]) -> gpd.GeoDataFrame:
    """Return the cells that may be drawn, best score first."""
    cells = basis.cells
    eligible = cells.loc[(cells["score"] > 0) & (cells["n"] > 0) & ~cells.index.isin(list(excluded))]
    return eligible.iloc[np.lexsort((eligible.index.to_numpy().astype(str), -eligible["score"].to_numpy()))]


def choose_groups(eligible: gpd.GeoDataFrame, basis: Basis) -> tuple[list[list[str]], int]:
    """Return the cells of each hotspot, best first, and how many places were too close to a better one."""
    config = basis.config
    chosen: list[list[str]] = []
    centre_of_chosen = np.empty((0, 2))
    passed_over = 0
    for polygon in best_first(ground_of(eligible, basis), limits_of(basis)):
        group = eligible.index[polygon].to_list()
        centre = centres([group], basis)
        if (np.hypot(*(centre_of_chosen - centre).T) < config.min_separation_m).any():
            passed_over += 1
            continue
        chosen.append(group)
        centre_of_chosen = np.vstack([centre_of_chosen, centre])
        if len(chosen) == config.n_hotspots:
            break
    return chosen, passed_over


def limits_of(basis: Basis) -> Limits:
    """Return what every polygon must keep to."""
    config = basis.config
    return Limits(config.max_cells, config.max_area_km2, volume_needed(basis), config.stop_minutes)


def ground_of(eligible: gpd.GeoDataFrame, basis: Basis) -> Ground:
    """Return the cells as the search reads them; they must come best score first."""
    touching = h3cells.neighbours(eligible.index)
    starts, ends = touching.indptr, touching.indices
    return Ground(
        near=[sorted(ends[starts[i] : starts[i + 1]].tolist()) for i in range(len(eligible))],
        score=eligible["score"].to_numpy(dtype=float).tolist(),
        minutes=basis.minutes.loc[eligible.index].tolist(),
        area_km2=eligible["area_km2"].to_numpy(dtype=float).tolist(),
        n_12m=eligible["n_12m"].to_numpy().tolist(),
    )


def _selection_notes(n_chosen: int, passed_over: int, needed: int, config: DelineationConfig) -> tuple[str, ...]:
    notes = []
    if passed_over:
        places = "1 place lies" if passed_over == 1 else f"{passed_over} places lie"
        notes.append(
            f"{places} within {config.min_separation_m:g} m of a better hotspot and "
            f"{'was' if passed_over == 1 else 'were'} passed over, so that each can be judged by itself."
        )
    if n_chosen < config.n_hotspots:
        found = "No place has" if n_chosen == 0 else "1 place has" if n_chosen == 1 else f"{n_chosen} places have"
        notes.append(
            f"{found} at least the {needed} reports in the last 12 months that a hotspot needs; "
            f"up to {config.n_hotspots} were asked for."
        )
    return tuple(notes)
