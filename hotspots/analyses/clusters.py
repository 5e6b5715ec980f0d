"""Is it more than chance? Unusual clusters, odd cells, the list, the agreement of measures, concentration."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from geodata import cells as h3cells
from geodata.errors import DataError
from hotspots.analyses import facts
from hotspots.analyses.pictures import Bars, CellMap, Curve, MapClass
from hotspots.analyses.result import Answer, Options
from hotspots.facilities import share_table
from hotspots.results import Run
from hotspots.significance import cautions, false_discovery, local_moran, local_moran_permuted, scan_list

PERMUTATIONS = 9999
"""So many that p-values are small enough for the false discovery rate over all cells of a city."""


def unusual(run: Run, _options: Options) -> Answer:
    """Gi* over the cell and its ring, against ordinary neighbourhoods, with the false discovery rate (R4.3)."""
    rate, rings = run.config.significance.false_discovery_rate, run.config.significance.rings
    columns = pd.DataFrame(run.cells[["gi_z", "gi_p", "is_cluster"]])
    table = facts.cells_table(run, columns, order="gi_p", ascending=True)
    found = columns.index[columns["is_cluster"]]
    share = run.cells.loc[found, "n"].sum() / max(run.cells["n"].sum(), 1)
    neighbours = h3cells.neighbours(run.cells.index, rings=rings)
    sentences = (
        f"{len(found):,} of {len(run.cells):,} cells lie in a neighbourhood busier than ordinary ones here; they hold "
        f"{share:.0%} of the reports.",
        f"Of cells called unusual up to {rate:.0%} may be chance (false discovery rate). Unusual means busier than "
        "ordinary places, not dangerous, and says nothing about what comes next.",
        *_near_default(run, found),
        *_cautions(run.cells["n"], neighbours),
    )
    judged = run.cells.index[run.cells["n"].to_numpy() > 0].union(found)
    of_class = pd.Series(np.where(run.cells.loc[judged, "is_cluster"], 1, 0), index=judged)
    return Answer(
        sentences=sentences, table=table,
        picture=CellMap(
            of_class, (MapClass("reports, not unusual", 0), MapClass("unusual cluster", 3, "+")), "Unusual clusters"
        ),
        method=(
            f"Getis-Ord Gi* over the cell and {rings} ring of neighbours (Ord & Getis 1995, "
            "https://doi.org/10.1111/j.1538-4632.1995.tb00912.x), p against ordinary neighbourhoods (negative "
            f"binomial fitted below the busiest 1%), false discovery rate {rate:.0%} (R4.3).",
            "The normal p-value of Gi* is not used: on counts this small it calls noise a cluster too often.",
        ),
    )  # fmt: skip


def _cautions(counts: pd.Series, neighbours: Any) -> tuple[str, ...]:
    """Return what to read the result with: few places, islands, low counts, for which the p-values here are made."""
    notes = cautions(counts.to_numpy(), neighbours)
    return tuple(
        f"{note.partition(';')[0]}: few, so the p-values here do not rest on the normal curve."
        if "normal p-value" in note
        else note
        for note in notes
    )


def _near_default(run: Run, found: pd.Index) -> tuple[str, ...]:
    """Return how many unusual cells owe it to a default location in them or beside them (R3.9)."""
    n = int(found.isin(facts.near_default(run)).sum())
    if not n:
        return ()
    return (
        f"{n:,} of the unusual cells hold or touch a default location, where reports are booked that happened "
        "elsewhere: disregard them.",
    )


def odd_cells(run: Run, _options: Options) -> Answer:
    """Local Moran's I of the busy cells: among busy ones, or alone among quiet ones."""
    counts = facts.cell_counts(run)
    neighbours = h3cells.neighbours(run.cells.index, rings=run.config.significance.rings)
    found = local_moran(counts.to_numpy(), neighbours)
    _, p = local_moran_permuted(counts.to_numpy(), neighbours, permutations=PERMUTATIONS, random_state=run.config.seed)
    # the permutations hold each cell's own count fixed, so choosing cells by it leaves their p-values valid
    is_busy = counts.to_numpy() > counts.mean()
    p = np.where(is_busy, p, np.nan)
    passes = false_discovery(p, run.config.significance.false_discovery_rate)
    pattern = pd.Series(np.where(passes, found.quadrant, ""), index=run.cells.index)
    columns = pd.DataFrame({"moran_i": found.statistic, "z": found.z, "p_value": p, "pattern": pattern})
    n = pattern.value_counts()
    order = {"": 0, "high-low": 1, "high-high": 2}
    classes = (
        MapClass("busy, neither", 0),
        MapClass("busy alone among quiet", 2, "o"),
        MapClass("busy among busy", 3, "+"),
    )
    return Answer(
        sentences=(
            f"Of {int(is_busy.sum()):,} cells busier than the average, {n.get('high-high', 0):,} lie among busy ones "
            f"and {n.get('high-low', 0):,} stand alone among quiet ones: look there for one address or one shop rather "
            "than a troubled street.",
            *_cautions(counts, neighbours),
            *facts.left_out(run),
        ),
        table=facts.cells_table(run, columns.loc[is_busy], order="z"),
        picture=CellMap(pattern.loc[is_busy].map(order), classes, "Busy cells like or unlike their neighbours"),
        method=(
            "Local Moran's I, conditional permutation (Anselin 1995, "
            f"https://doi.org/10.1111/j.1538-4632.1995.tb00338.x), {PERMUTATIONS:,} permutations, two-sided, false "
            f"discovery rate {run.config.significance.false_discovery_rate:.0%} over the cells above the average.",
        ),
    )


def list_chance(run: Run, _options: Options) -> Answer:
    """How many places of the ranked list could be there by chance, under two stated nulls (R4.7)."""
    if run.hotspots.empty:
        raise DataError("There is no ranked list in this run, so there is nothing that could be chance (R1.8).")
    known = run.cells.loc[run.cells["is_known"]]
    ordered = run.hotspots.sort_values("rank")
    busiest = [known.loc[text.split(","), "n"].idxmax() for text in ordered["cells"]]
    p_top = pd.Series(ordered["p_top"].to_numpy(), index=busiest)
    scan = scan_list(known["n"], busiest, p_top=p_top, top=run.config.delineation.n_hotspots)
    table = scan.table.rename(columns={"n": "n_busiest_cell"}).rename_axis("cell").reset_index()
    table[["p_even", "p_ordinary"]] = table[["p_even", "p_ordinary"]].abs()  # no chance at all comes as -0
    table.insert(0, "place", ordered["name"].to_numpy())
    table.insert(0, "rank", ordered["rank"].to_numpy())
    return Answer(
        sentences=(
            scan.describe(),
            "Each hotspot is judged by its busiest cell. Neither chance says how a place will do next: places picked "
            "because they were busy come down by themselves.",
        ),
        table=table,
        picture=Bars(
            tuple(facts.ranked_names(run)), tuple(100 * table["p_top"]), "% likely to belong to the true top",
            stressed=tuple(table["p_ordinary"] > scan.level), stress_name="could be an ordinary place",
            are_chances=True,
        ),
        method=(
            f"Family-wise chance that the busiest of {scan.n_places:,} known places holds as many: Poisson (all alike) "
            f"and negative binomial (ordinary places), level {scan.level:.0%} (R4.7).",
        ),
    )  # fmt: skip


def agreement(run: Run, _options: Options) -> Answer:
    """Count, density and repeat places beside each other: where they agree and where not (R4.1)."""
    k = run.config.delineation.n_hotspots
    ranks = pd.DataFrame(
        {
            "count_rank": run.cells["n"].rank(method="first", ascending=False),
            "density_rank": run.cells["density_rank"],
            "repeat_rank": _repeat_score(run).rank(method="first", ascending=False),
            "list_rank": run.cells["rank"],
        }
    ).astype("int64")
    in_top = ranks[["count_rank", "density_rank", "repeat_rank"]] <= k
    ranks["in_top_of"] = in_top.sum(axis=1)
    wanted = in_top.any(axis=1)
    table = facts.cells_table(run, ranks.loc[wanted], order="count_rank", ascending=True, counts=run.cells["n"])
    n_by = table["in_top_of"].value_counts()
    density = int((table["count_rank"].le(k) & table["density_rank"].le(k)).sum())
    repeat = int((table["count_rank"].le(k) & table["repeat_rank"].le(k)).sum())
    of_class = (table.set_index("cell")["in_top_of"] - 1).clip(lower=0)
    classes = (
        MapClass("top of one measure", 1, "o"),
        MapClass("top of two", 2, "-"),
        MapClass("top of all three", 3, "+"),
    )
    return Answer(
        sentences=(
            f"Of the {k} cells with most reports, {density} are also among the {k} of highest density and {repeat} "
            f"among the {k} with most repeat places.",
            f"{n_by.get(3, 0):,} cells are in all three; {n_by.get(1, 0):,} are named by one measure only: a count "
            "without density is a busy spot in a quiet street, density without count a spot between busy ones, repeats "
            "without count a few addresses.",
            *facts.kept_in(run),
        ),
        table=table,
        picture=CellMap(of_class, classes, f"In the top {k} by count, density or repeat places"),
        method=(
            "Count first; density and repeat score beside it, with their agreement (Camacho Doyle et al. 2021; R4.1).",
            f"Density: the run's kernel density, {run.config.density.bandwidth_m:g} m. Repeat score of a cell: the sum "
            "over its repeat places.",
        ),
    )


def _repeat_score(run: Run) -> pd.Series:
    places = run.repeat_locations.loc[~run.repeat_locations["is_default_location"].to_numpy(dtype=bool)]
    own = h3cells.assign(places["longitude"], places["latitude"], run.resolution)
    total: pd.Series = places["score"].groupby(own).sum()
    return total.reindex(run.cells.index, fill_value=0.0)


def concentrated(run: Run, _options: Options) -> Answer:
    """What share of the cells holds what share of the reports, and whether chance would do the same (R1.13, R4.7)."""
    known = run.cells.loc[run.cells["is_known"]]
    counts, found = known["n"], run.concentration
    if found is None or counts.sum() == 0:
        raise DataError("There is no report with a place, so there is no concentration to tell.")
    shares = share_table(counts)
    table = shares.loc[shares["n"] > 0].rename_axis("cell").reset_index()
    table.insert(1, "place", facts.cell_names(run, pd.Index(table["cell"])).to_numpy())
    return Answer(
        sentences=(
            f"The busiest {found.top_share:.0%} of the cells with a report hold {found.held_share:.0%} of the reports; "
            f"thrown at random, they would hold {found.chance_share:.0%} at most in 19 of 20 cases.",
            f"Half of all reports lie in {found.area_share_for_half:.1%} of the land.",
            f"Gini coefficient {found.gini:.2f} (0 = as even as whole reports can be, 1 = all in one cell), corrected "
            "for having few reports for the number of cells.",
            *facts.kept_in(run),
        ),
        table=table,
        picture=curve(counts, "of the cells", random_state=run.config.seed),
        method=(
            f"Lorenz curve over {found.n_places:,} cells where anything was ever recorded; "
            f"{run.config.repeats.simulations} random throws (R1.13, R4.7).",
            "Gini corrected for small counts (Bernasco & Steenbeek 2017, https://doi.org/10.1007/s10940-016-9324-7).",
        ),
    )


def curve(counts: pd.Series, places_name: str, *, random_state: int) -> Curve:
    """Return the curve of the counts, busiest first, with the curve of as many reports thrown at random."""
    shares = share_table(counts)
    thrown = np.random.default_rng(random_state).multinomial(
        int(counts.sum()), np.full(len(counts), 1 / len(counts))
    )  # fmt: skip
    chance = share_table(pd.Series(np.sort(thrown)))
    for_half = int(np.searchsorted(shares["reports_so_far"].to_numpy(), 0.5))
    at = float(shares["places_so_far"].iloc[min(for_half, len(shares) - 1)])
    return Curve(
        shares["places_so_far"].to_numpy(), shares["reports_so_far"].to_numpy(), places_name,
        chance=(chance["places_so_far"].to_numpy(), chance["reports_so_far"].to_numpy()),
        point=(at, 0.5), point_name=f"half of the reports: {at:.1%} {places_name}",
    )  # fmt: skip
