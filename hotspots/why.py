"""Why each hotspot is on the list, number by number: how each comes about, and what would move it (R7.12)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from hotspots.membership import hotspot_of
from hotspots.results import Run

COLUMNS = ["hotspot_id", "rank", "name", "about", "key", "quantity", "value", "how"]
CHANGE = "what would move it up or down"
OVERTAKE, OVERTAKEN = "to_overtake", "to_be_overtaken"
WITHOUT_PLACE, WITHOUT_MONTH = "without_busiest_place", "without_busiest_month"
MONTHS_PER_YEAR = 12

_Line = tuple[str, str, str, Any, str]

_TAKEN = (
    ("reports", "n", "reports in all months", "sheet Cells: sum of n over its cells (sheet Hotspots, cells)"),
    ("reports", "n_12m", "reports in the last 12 months", "sheet Cells: sum of n_12m over its cells"),
    ("reports", "months_with_reports", "months with a report", "sheet Months: how many of its months have a report"),
    ("reports", "top_types", "kinds of report", "sheet Kinds: each kind's n / all of its n, largest three"),
    ("reports", "repeat_share", "share from repeat places", "sheet Places: sum of n_12m of its places with 2 or "
     "more / of all its places"),
    ("reports", "median_error_m", "how far off half of the reports may be (m)", "median of the reports' error radius"),
    ("reports", "peak", "busiest hours", "see the patrol plan"),
    ("rank", "expected", "reports a similar place would have had", "sheet Cells: sum of expected over its cells"),
    ("rank", "n_shrunk", "reports, allowing for luck", "sheet Cells: sum of n_shrunk over its cells"),
    ("rank", "score", "score", "sheet Cells: sum of score over its cells / square root of n_cells"),
    ("rank", "rank", "rank", "1 + how many hotspots have a higher score"),
    ("rank", "p_top", "chance that it truly belongs to the top", "sheet Cells: largest p_top of its cells"),
    ("how steady", "in_both_halves", "picked by both halves of the months", "each half ranked by itself"),
    ("how steady", "quarters", "quarters of the months that pick it, of 4", "each quarter ranked by itself"),
    ("how steady", "survives", "other grids it is there on, of 3", "at least half of the reports shared"),
    ("how steady", "expected_next", "reports to expect next if nothing is done", "sheet Cells: sum of expected_next "
     "over its cells; of each: the expected rate given its count, at last year's level"),
    ("how steady", "next_low", "lower end of that (90% band)", "5 of 100 draws are lower"),
    ("how steady", "next_high", "upper end of that (90% band)", "5 of 100 draws are higher"),
)  # fmt: skip
_STEP = "if its score moves in step with its reports of the last 12 months: "


def why(run: Run) -> pd.DataFrame:
    """Return one row for each number behind each hotspot, with how it comes about.

    The rows under `CHANGE` answer what would swap a hotspot with its neighbours in the list, and where it would stand
    without its busiest place and without its busiest month. They let the score move in step with the reports of the
    last 12 months, which shrinkage makes true to within a report or two, and leave all other places as they are.

    Parameters
    ----------
    run : Run

    Returns
    -------
    DataFrame
        Columns ``hotspot_id``, ``rank``, ``name``, ``about`` (reports, rank, how steady, what would move it up or
        down), ``key`` (the column of HOTSPOTS, or a name for what would move it), ``quantity``, ``value`` (number or
        text) and ``how``; one after the other, in rank order.
    """
    ordered = run.hotspots.sort_values("rank")
    months = _busiest_months(run)
    rows = [
        (hotspot_id, row["rank"], row["name"], *line)
        for hotspot_id, row in ordered.iterrows()
        for line in (*_taken(row), *_changes(row, ordered, run, months.get(hotspot_id)))
    ]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object).infer_objects()


def volume_to_stay(run: Run) -> int:
    """Return the reports of the last 12 months below which a hotspot leaves the list; 0 with fewer months (R1.4)."""
    return run.config.delineation.min_incidents_12m if run.period.n_months >= MONTHS_PER_YEAR else 0


def what_would_move(table: pd.DataFrame, hotspot_id: str) -> list[str]:
    """Return what would move one hotspot up or down the list, from the table of `why`, as sentences to read out."""
    own = table.loc[(table["hotspot_id"] == hotspot_id) & (table["about"] == CHANGE)]
    return [_said(line) for line in own.itertuples()]


def _said(line: Any) -> str:
    reports = "report" if line.value == 1 else "reports"
    if line.key == OVERTAKE:
        return f"With {line.value} more {reports} in 12 months it would overtake the place above it."
    if line.key == OVERTAKEN and line.value == 0:
        return "The place below it has the same score."
    if line.key == OVERTAKEN:
        return f"With {line.value} fewer {reports} in 12 months the place below would overtake it."
    still = "still " if line.value == f"rank {line.rank}" else ""
    return f"{line.quantity[:1].upper()}{line.quantity[1:]} it would {still}be {line.value}."


def _taken(row: pd.Series) -> Iterator[_Line]:
    for about, column, quantity, how in _TAKEN:
        value = row.get(column)
        if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
            continue
        if isinstance(value, bool | np.bool_):
            value = "yes" if value else "no"
        yield about, column, quantity, round(value, 4) if isinstance(value, float) else value, how


def _changes(row: pd.Series, ordered: pd.DataFrame, run: Run, busiest_month: tuple[str, int] | None) -> Iterator[_Line]:
    score, n = float(row["score"]), int(row["n_12m"])
    if score <= 0 or n == 0:
        return
    others = ordered.loc[ordered.index != row.name]
    above, below = others.loc[others["score"] > score, "score"], others.loc[others["score"] <= score, "score"]
    if len(above):
        more = math.ceil(n * (above.min() / score - 1))
        yield (
            CHANGE,
            OVERTAKE,
            "more reports in 12 months to overtake the one above",
            more,
            (f"{_STEP}n_12m x (score above / score - 1), rounded up"),
        )
    if len(below):
        fewer = math.ceil(n * (1 - below.max() / score))
        yield (
            CHANGE,
            OVERTAKEN,
            "fewer reports in 12 months for the one below to overtake it",
            fewer,
            (f"{_STEP}n_12m x (1 - score below / score), rounded up"),
        )
    places = run.repeat_locations.loc[run.repeat_locations["hotspot_id"] == row.name]
    if len(places):
        place = places.sort_values("n_12m", ascending=False).iloc[0]
        named = f"without its busiest place ({place['name']})"
        yield CHANGE, WITHOUT_PLACE, named, *_without(int(place["n_12m"]), row, others, run)
    if busiest_month is not None:
        named = f"without its busiest month ({busiest_month[0]})"
        yield CHANGE, WITHOUT_MONTH, named, *_without(busiest_month[1], row, others, run)


def _without(lost: int, row: pd.Series, others: pd.DataFrame, run: Run) -> tuple[str, str]:
    """Return where a hotspot would stand without some of its reports of the last 12 months."""
    n, needed = int(row["n_12m"]), volume_to_stay(run)
    lost = min(lost, n)
    how = f"{_STEP}rank of score x (1 - {lost} / {n}) among the other hotspots"
    if n - lost < needed:
        return f"off the list: {n - lost} reports are fewer than {needed}", how
    rank = 1 + int((others["score"] > float(row["score"]) * (1 - lost / n)).sum())
    return f"rank {rank}", how


def _busiest_months(run: Run) -> dict[str, tuple[str, int]]:
    """Return the month of the last 12 with most reports in each hotspot, and how many."""
    recent = run.incidents["month"] > run.period.last - pd.DateOffset(months=MONTHS_PER_YEAR)
    reports = run.incidents.loc[run.incidents["inside"] & recent]
    owner = hotspot_of(run.hotspots, reports["longitude"], reports["latitude"])
    counts = reports.assign(hotspot_id=owner).loc[owner != ""].groupby(["hotspot_id", "month"]).size()
    busiest = {}
    for hotspot_id, own in counts.groupby(level="hotspot_id"):
        month = own.idxmax()[1]
        busiest[str(hotspot_id)] = (f"{month:%Y-%m}", int(own.max()))
    return busiest
