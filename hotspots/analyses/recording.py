"""What misrecording could change: ASB beside the crimes it is mistaken for, month by month and place by place."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geodata import cells as h3cells
from geodata.errors import DataError
from geodata.period import Period, parse_month
from geodata.schema import ASB
from geodata.streams import (
    SHIFT_POINTS,
    counts_by_place,
    is_linked_crime,
    rank_agreement,
    recording_change,
    recording_shares,
)
from hotspots.analyses import facts
from hotspots.analyses.pictures import Line, Lines
from hotspots.analyses.result import Answer, Options
from hotspots.results import Run

FEWEST_COMPARED = 3
"""Months on each side below which the two sides are not compared."""


def sensitivity(run: Run, _options: Options) -> Answer:
    """Rank places by ASB alone and with the crimes it is mistaken for, and watch its share of both (R3.5)."""
    reports = facts.inside(run)
    if not (reports["category"] == ASB).any() or not is_linked_crime(reports["category"]).any():
        raise DataError(
            "This needs anti-social behaviour together with public order, criminal damage and harassment, and the run "
            "holds not both; run it with all categories (--category all, or all categories on the Data page)."
        )
    if run.hotspots.empty:
        raise DataError("There is no ranked list in this run, so there are no places to rank in two ways (R1.8).")
    months = recording_shares(reports, run.period)
    return Answer(
        sentences=(
            _of_cells(run, reports),
            *_shift(run, reports),
            "West Midlands Police said it recorded 61% of anti-social behaviour rightly; where a place ranks high in "
            "one way only, look at how its reports were recorded before acting on its rank.",
            *facts.kept_in(run),
        ),
        table=_hotspots(run, reports),
        picture=_share_by_month(run, months),
        method=(
            "ASB together with public order, criminal damage and harassment by place: what passes between them by "
            "misrecording cannot change that count (R3.5). All months of the run count. On police.uk "
            "harassment is part of violence and is left out.",
            "Spearman's rank correlation over the cells with any of either; equal counts share their mean rank.",
            f"Recording may have changed where the share moves by over {SHIFT_POINTS:g} points (R3.5).",
        ),
    )


def _of_cells(run: Run, reports: pd.DataFrame) -> str:
    """Say how far the cells rank the same in both ways."""
    cell = pd.Series(h3cells.assign(reports["longitude"], reports["latitude"], run.resolution), index=reports.index)
    counts = counts_by_place(reports, cell)
    found = rank_agreement(counts["asb"], counts["combined"], k=len(run.hotspots))
    correlation = f" (rank correlation {found.rho:.2f} over {found.n_places:,} cells)" if np.isfinite(found.rho) else ""
    return (
        f"Of the {found.k} cells with most anti-social behaviour, {found.n_shared} are also among the first {found.k} "
        f"once public order, criminal damage and harassment are counted with it{correlation}."
    )


def _hotspots(run: Run, reports: pd.DataFrame) -> pd.DataFrame:
    """Return the hotspots of the list, ranked in both ways."""
    owner = pd.Series(facts.owners(run, reports), index=reports.index)
    names = facts.ranked_names(run)
    counts = counts_by_place(reports, owner.where(owner != "")).reindex(names.index, fill_value=0)
    ranks = counts.rank(method="min", ascending=False).astype("int64")
    table = counts.assign(
        linked=counts["combined"] - counts["asb"], rank_asb=ranks["asb"], rank_combined=ranks["combined"]
    )
    table.insert(0, "place", names)
    columns = ["place", "asb", "linked", "combined", "rank_asb", "rank_combined"]
    return table[columns].rename_axis("hotspot_id").reset_index()


def _shift(run: Run, reports: pd.DataFrame) -> tuple[str, ...]:
    """Say whether ASB's share moved between the two sides of the change, or of the middle where none is given."""
    at = _changed(run) or run.period.months[len(run.period.months) // 2]
    before = Period(run.period.first, at - pd.offsets.MonthBegin())
    after = Period(at, run.period.last)
    if min(before.n_months, after.n_months) < FEWEST_COMPARED:
        return (f"From {FEWEST_COMPARED} months on each side of {at:%B %Y} the shares could be compared.",)
    totals = [recording_shares(reports, period)[["asb", "linked"]].sum() for period in (before, after)]
    if any(held.sum() == 0 for held in totals):
        return ()
    found = recording_change(reports, before, after)
    if found is not None:
        return (found.message,)
    first, second = (100 * held["asb"] / held.sum() for held in totals)
    return (
        f"Anti-social behaviour was {first:.0f}% of both together in {before} and {second:.0f}% in {after}: no sign "
        "that recording changed.",
    )


def _changed(run: Run) -> pd.Timestamp | None:
    """Return the month a person says recording changed in, where it parts the months of the run."""
    given = run.config.recording_changed
    at = parse_month(given) if given else None
    return at if at is not None and run.period.first < at <= run.period.last else None


def _share_by_month(run: Run, months: pd.DataFrame) -> Lines:
    at = _changed(run)
    return Lines(
        tuple(f"{month:%b %Y}" for month in months.index),
        (Line("anti-social behaviour", 100 * months["asb_share"].to_numpy(dtype=float)),),
        "month",
        "% of it and linked crime",
        chosen=None if at is None else list(months.index).index(at),
        chosen_name="recording changed",
    )
