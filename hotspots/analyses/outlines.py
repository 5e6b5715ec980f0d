"""The drawn hotspots beside two other ways to draw them: HDBSCAN clusters and clumps of unusual cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components
from sklearn.cluster import HDBSCAN

from geodata import cells as h3cells
from geodata.errors import DataError
from geodata.period import Period
from hotspots.analyses.pictures import Bars
from hotspots.analyses.result import Answer, Options
from hotspots.counts import count_cells, month_matrix
from hotspots.delineate import Basis, basis_of, draw, volume_needed
from hotspots.ranking import rank_cells
from hotspots.results import Run
from hotspots.significance import false_discovery, gi_star_ordinary

LATER_MONTHS = 6
FEWEST_MONTHS = 18  # a year to draw from, half a year to look at afterwards
OURS, CLUSTERS, CLUMPS = "Hotspots as drawn", "HDBSCAN clusters", "Gi* clumps"

Groups = list[list[str]]


def compared(run: Run, _options: Options) -> Answer:
    """Draw places in three ways from the same months, and hold them against the six months after.

    A place of any method is the cells it touches, so that all are walked at the same pace; each method keeps as many
    places as asked for, those with the most reports for each patrol minute.
    """
    months = run.period.months
    if len(months) < FEWEST_MONTHS:
        raise DataError(
            f"Comparing outlines on later months needs {FEWEST_MONTHS} months of data, there are {len(months)}."
        )
    cut = months[-LATER_MONTHS]
    inside = run.incidents.loc[run.incidents["inside"]]
    earlier, later = inside.loc[inside["month"] < cut], inside.loc[inside["month"] >= cut]
    if earlier.empty or later.empty:
        raise DataError(f"Comparing outlines needs reports before {cut:%Y-%m} and after; one side has none.")
    basis = _basis(run, earlier, Period(months[0], months[-LATER_MONTHS - 1]))
    ours = [text.split(",") for text in draw(basis, run.quality.default_locations)[0]["cells"]]
    methods = {OURS: ours, CLUSTERS: _clusters(basis), CLUMPS: _clumps(basis, run)}
    held_later = pd.Series(h3cells.assign(later["longitude"], later["latitude"], run.resolution)).value_counts()
    table = pd.DataFrame([
        _row(method, _best(groups, basis, run.config.delineation.n_hotspots), ours, basis, held_later)
        for method, groups in methods.items()
    ])  # fmt: skip
    sentences = [
        f"{method}: {places} place{'' if places == 1 else 's'} of {100 * area_km2:.1f} hectares in all held "
        f"{share:.1%} of the reports they were drawn from and {later_share:.1%} of those of the {LATER_MONTHS} months "
        f"after, {a_minute:.2f} a month for each patrol minute."
        for method, places, area_km2, share, later_share, a_minute in zip(
            *(table[name] for name in ("method", "places", "area_km2", "share", "later_share", "later_per_minute")),
            strict=True,
        )
    ]
    return Answer(
        sentences=(*sentences, *_larger_than_a_visit(table)),
        table=table,
        picture=Bars(
            labels=tuple(table["method"]), values=tuple(table["later_per_minute"]),
            unit="later reports a month for each patrol minute",
        ),
        method=(
            f"Drawn from the months before {cut:%Y-%m}; one visit to each place takes {basis.config.stop_minutes:.0f} "
            "minutes and the walk through its cells (R1.15).",
            "HDBSCAN (Campello, Moulavi & Sander 2013, https://doi.org/10.1007/978-3-642-37456-2_14) on the reports' "
            "positions, least cluster the volume a hotspot needs (R1.4); Gi* clumps: touching cells that are busier "
            "than ordinary ones after the false discovery rate (R4.3).",
            "Neither keeps to the size, distance and institution rules R1.3, R1.5 and R1.11. Overlap is shared area "
            "over joint area.",
        ),
    )  # fmt: skip


def _larger_than_a_visit(table: pd.DataFrame) -> tuple[str, ...]:
    """Say why another way can hold more for each minute: one stop is counted for a place no visit could cover."""
    ours = table.loc[table["method"] == OURS].iloc[0]
    ahead = table.loc[(table["later_per_minute"] > ours["later_per_minute"]) & (table["places"] > 0)]
    return tuple(
        f"{row.method} hold more for each patrol minute: their places are larger than a visit can cover ("
        f"{100 * row.area_km2 / row.places:,.0f} hectares and {row.patrol_minutes / row.places:,.0f} minutes on "
        f"average, the {ours['places']} hotspots {100 * ours['area_km2'] / ours['places']:.0f} and "
        f"{ours['patrol_minutes'] / ours['places']:.0f}), so that fewer stops are counted. For each minute walked they "
        f"hold {row.later_per_walked_minute:.2f} later reports a month, the hotspots "
        f"{ours['later_per_walked_minute']:.2f}."
        for row in ahead.itertuples()
        if ours["places"]
    )


def _basis(run: Run, earlier: pd.DataFrame, period: Period) -> Basis:
    cover = run.cells.index
    matrix = month_matrix(count_cells(earlier, run.resolution), cover, period.months)
    known = run.cells["is_known"]
    ranked = rank_cells(
        matrix, run.config.ranking, top_k=run.config.delineation.n_hotspots, known=known, random_state=run.config.seed
    )
    cells = run.cells[["area_km2", "land_km2", "geometry"]].join(ranked)
    cells = cells.assign(n=matrix.sum(axis=1), n_12m=matrix.iloc[:, -12:].sum(axis=1), density_rank=cells["rank"])
    return basis_of(cells, earlier, run.area, run.config.delineation, period=period, streets=run.streets)


def _clusters(basis: Basis) -> Groups:
    """Return the cells each HDBSCAN cluster of reports touches; a cell goes to the cluster with most reports in it."""
    x, y = basis.area.project(basis.reports["longitude"], basis.reports["latitude"])
    least = max(2, volume_needed(basis) * basis.period.n_months // 12)
    if len(x) <= least:
        return []
    label = HDBSCAN(min_cluster_size=least, min_samples=5, copy=True).fit_predict(np.column_stack([x, y]))
    counts = pd.crosstab(basis.reports["cell"].to_numpy(), label).drop(columns=-1, errors="ignore")
    counts = counts.loc[counts.sum(axis=1) > 0]
    return [] if counts.empty else [list(own) for own in counts.groupby(counts.idxmax(axis=1)).groups.values()]


def _clumps(basis: Basis, run: Run) -> Groups:
    """Return touching cells that are statistically unusual."""
    cells, rings = basis.cells, run.config.significance.rings
    z, p = gi_star_ordinary(cells["n"].to_numpy(), h3cells.neighbours(cells.index, rings=rings))
    unusual = cells.index[false_discovery(p, run.config.significance.false_discovery_rate) & (z > 0)]
    if len(unusual) == 0:
        return []
    piece = connected_components(h3cells.neighbours(unusual), directed=False)[1]
    return [unusual[piece == i].to_list() for i in range(piece.max() + 1)]


def _minutes(group: list[str], basis: Basis) -> float:
    return float(basis.config.stop_minutes + basis.minutes.loc[group].sum())


def _best(groups: Groups, basis: Basis, n: int) -> Groups:
    """Return the places with the most reports of the last 12 months for each minute, with the volume of R1.4."""
    count = basis.cells["n_12m"]
    enough = [group for group in groups if count.loc[group].sum() >= volume_needed(basis)]
    return sorted(enough, key=lambda group: (-count.loc[group].sum() / _minutes(group, basis), min(group)))[:n]


def _row(method: str, groups: Groups, ours: Groups, basis: Basis, held_later: pd.Series) -> dict[str, object]:
    own = sorted({cell for group in groups for cell in group})
    drawn = {cell for group in ours for cell in group}
    area_km2 = basis.cells["area_km2"]
    minutes = sum(_minutes(group, basis) for group in groups)
    walked = float(basis.minutes.loc[own].sum())
    last_year, later = int(basis.cells.loc[own, "n_12m"].sum()), int(held_later.reindex(own, fill_value=0).sum())
    union = float(area_km2.loc[sorted(drawn | set(own))].sum())
    return {
        "method": method,
        "places": len(groups),
        "area_km2": float(area_km2.loc[own].sum()),
        "n": int(basis.cells.loc[own, "n"].sum()),
        "share": float(basis.cells.loc[own, "n"].sum() / max(len(basis.reports), 1)),
        "patrol_minutes": minutes,
        "per_minute": last_year / 12 / minutes if minutes else 0.0,
        "later_share": later / max(int(held_later.sum()), 1),
        "later_per_minute": later / LATER_MONTHS / minutes if minutes else 0.0,
        "later_per_walked_minute": later / LATER_MONTHS / walked if walked else 0.0,
        "overlap": float(area_km2.loc[sorted(drawn & set(own))].sum()) / union if union else 0.0,
    }
