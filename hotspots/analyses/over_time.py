"""New or long-standing, more or fewer than the season, and which months are busy."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geodata import cells as h3cells
from geodata.errors import DataError
from hotspots.alerts import ALERT_Z, FALSE_DISCOVERY_RATE, change_alerts
from hotspots.analyses import facts
from hotspots.analyses.pictures import Bars, Ranges, Strips
from hotspots.analyses.result import Answer, Options
from hotspots.results import Run
from hotspots.seasons import calendar_months
from hotspots.trend import (
    FEWEST_MONTHS,
    HISTORICAL,
    LABELS,
    MEANINGS,
    hot_cold_steps,
    kinds_by_suitable_steps,
    steps_of_groups,
)

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
MOST_ROWS = 15
"""Rows of a picture that a reader takes in at once; the table holds all."""


def kinds(run: Run, options: Options) -> Answer:
    """What kind of hotspot each place is over time, exactly as R4.15 has it, hotspots first, then other cells."""
    matrix = facts.cell_months(run, facts.inside(run)).drop(columns=facts.missing_months(run), errors="ignore")
    if matrix.shape[1] < FEWEST_MONTHS:
        raise DataError(
            f"Telling new from long-standing places needs at least {FEWEST_MONTHS} months; there are "
            f"{matrix.shape[1]} (R4.15)."
        )
    near, owner = h3cells.neighbours(matrix.index), facts.hotspot_of_cell(run)
    of_hotspots = kinds_by_suitable_steps(matrix, near, groups=owner) if len(owner) else None
    of_cells = kinds_by_suitable_steps(matrix, near)
    apart = owner.index.union(facts.near_default(run))
    of_cells = of_cells.loc[(of_cells["kind"] != "") & ~of_cells.index.isin(apart)]
    rows = []
    if of_hotspots is not None:
        names = facts.ranked_names(run)
        listed = of_hotspots.reindex(names.index)
        listed.insert(0, "place", names)
        rows.append(listed.assign(what="hotspot"))
    cells = of_cells.sort_values(["n_hot", "nearby"], ascending=False)
    cells.insert(0, "place", facts.cell_names(run, cells.index))
    rows.append(cells.assign(what="cell"))
    table = pd.concat(rows).rename_axis("id").reset_index()
    if options.hotspot:
        table = table.loc[table["id"] == options.hotspot].reset_index(drop=True)
    table["meaning"] = table["kind"].map(MEANINGS).fillna("")
    shown = table.loc[table["what"] == "hotspot"].head(MOST_ROWS)
    return Answer(
        sentences=(*_kinds_said(table), *_of_one_month(table), "This is what has been, never what will be."),
        table=table.drop(columns="last_hot").assign(last_unusual=_as_month(table["last_hot"])),
        picture=_strips(run, shown, steps_of_groups(hot_cold_steps(matrix, near), owner).state) if len(shown) else None,
        method=(
            f"Gi* in each of {matrix.shape[1]} months with the false discovery rate, confirmed by an exact binomial "
            "test, then a Mann-Kendall trend of its z-scores; categories in the fixed order of R4.15 (after Esri's "
            "emerging hot spots).",
            "Places with less than one report a month in and around them are judged by quarters, where there are eight "
            "(column step).",
        ),
    )


def _kinds_said(table: pd.DataFrame) -> tuple[str, ...]:
    listed = table.loc[table["what"] == "hotspot"]
    names = listed["label"].replace("", "none of these kinds (not unusual last month)")
    said = []
    if len(listed) == 1:
        only = listed.iloc[0]
        said.append(f"{only['place']}: {names.iloc[0]}{', ' + only['why'] if only['why'] else ''}.")
    elif len(listed):
        n = names.value_counts()
        said.append(f"Of {len(listed)} hotspots: " + ", ".join(f"{k} {v}" for k, v in n.items()) + ".")
    others = table.loc[table["what"] == "cell", "label"].value_counts()
    if len(others):
        said.append(
            "Among cells that are no hotspot: " + ", ".join(f"{name} {count:,}" for name, count in others.items()) + "."
        )
    return tuple(said) or ("No place was statistically unusual in any month.",)


def _of_one_month(table: pd.DataFrame) -> tuple[str, ...]:
    """Warn of the kind that one quiet month makes of a busy place."""
    if not (table["kind"] == HISTORICAL).any():
        return ()
    return (
        f"'{LABELS[HISTORICAL]}' says that a place unusual in nine of ten months was not so in the last one; it may "
        "still be busy, and a single quieter month does not end a hotspot.",
    )


def _as_month(values: pd.Series) -> pd.Series:
    return values.map(lambda month: f"{month:%Y-%m}" if isinstance(month, pd.Timestamp) else "")


def _strips(run: Run, shown: pd.DataFrame, state: pd.DataFrame) -> Strips:
    months = run.period.months
    monthly = facts.hotspot_months(run).reindex(shown["id"]).astype(float)
    missing = facts.missing_months(run)
    monthly.loc[:, monthly.columns.isin(missing)] = np.nan
    marked = (state.reindex(index=shown["id"], columns=months) == 1).to_numpy()
    return Strips(
        tuple(shown["place"]), tuple(shown["label"].replace("", LABELS[""])), months, monthly.to_numpy(), marked,
        "statistically unusual that month",
    )  # fmt: skip


def changes(run: Run, options: Options) -> Answer:
    """Which places had more or fewer reports in the last month than season and trend lead to expect (R4.16, R4.17)."""
    matrix = facts.cell_months(run, facts.inside(run)).astype(float)
    missing = facts.missing_months(run)
    matrix.loc[:, matrix.columns.isin(missing)] = np.nan
    totals = matrix.sum(axis=0, min_count=1)
    of_cells = change_alerts(matrix, registered=False)
    is_place = ~of_cells.index.isin(facts.near_default(run))
    alerted = of_cells.loc[of_cells["is_alert"] & is_place].sort_values("z", key=np.abs, ascending=False)
    alerted.insert(0, "place", facts.cell_names(run, alerted.index))
    listed = facts.hotspot_months(run).astype(float)
    listed.loc[:, listed.columns.isin(missing)] = np.nan
    rows = [alerted.assign(what="cell")]
    if len(listed):
        of_hotspots = change_alerts(listed, registered=True, totals=totals)
        of_hotspots.insert(0, "place", facts.ranked_names(run))
        rows.insert(0, of_hotspots.assign(what="hotspot"))
    table = pd.concat(rows).rename_axis("id").reset_index()
    if options.hotspot:
        table = table.loc[table["id"] == options.hotspot].reset_index(drop=True)
    shown = table.loc[table["what"] == "hotspot"].head(MOST_ROWS)
    month = f"{run.period.last:%B %Y}"
    n_hotspots, n_cells = (int(table.loc[table["what"] == what, "is_alert"].sum()) for what in ("hotspot", "cell"))
    said = [f"{row.place}: {row.why}." for row in table.loc[table["is_alert"]].head(5).itertuples()]
    return Answer(
        sentences=(
            f"{month}: {n_hotspots} of {int((table['what'] == 'hotspot').sum())} hotspots and {n_cells} cells stand "
            "out from what the same season and the trend of the area lead to expect.",
            *said,
            "Small counts differ by chance: below the limits nothing is called a change, and no percentage is given. "
            "Reports of the last month may still be missing.",
        ),
        table=table,
        picture=Bars(
            tuple(shown["place"]), tuple(shown["now"].astype(float)), f"reports in {month}",
            marks=tuple(shown["expected"]), mark_name="expected from season and trend",
            stressed=tuple(shown["is_alert"]), stress_name="change alert",
        ) if len(shown) else None,
        method=(
            f"z = 2(sqrt(now) - sqrt(expected)), alert from {ALERT_Z:g} for the hotspots on the list (Wheeler 2016, "
            "https://doi.org/10.1177/1461355716642781; R4.16).",
            f"All cells: exact comparison of two Poisson counts, false discovery rate {FALSE_DISCOVERY_RATE:.0%} "
            "(R4.17). Expected: same-season mean with the trend of the area.",
        ),
    )  # fmt: skip


def months_of_year(run: Run, options: Options) -> Answer:
    """How busy each calendar month is beside the average month, days made fair (1 = average)."""
    reports = facts.reports_of(run, options)
    totals = reports["month"].value_counts().reindex(run.period.months, fill_value=0).astype(float)
    missing = facts.missing_months(run)
    if len(missing):
        raise DataError(
            "The months of the year can be compared only where every month was delivered; missing: "
            f"{', '.join(f'{month:%Y-%m}' for month in missing)} (R2.11)."
        )
    table = calendar_months(totals).reset_index()
    table.insert(1, "name", [_MONTHS[number - 1] for number in table["month"]])
    busy, quiet = (table.iloc[int(position)] for position in (table["index"].argmax(), table["index"].argmin()))
    years = int(table["years"].iloc[0])
    once = " One year only: a busy month may be that year's chance." if years < 2 else ""
    return Answer(
        sentences=(
            f"{facts.whose(run, options)}: {busy['name']} is the busiest month with {busy['index']:.2f} times the "
            f"reports of an average day, {quiet['name']} the quietest with {quiet['index']:.2f}.",
            f"From {years} year{'s' if years > 1 else ''} of twelve months, {int(table['n'].sum()):,} reports.{once}",
            f"{int(((table['low'] > 1) | (table['high'] < 1)).sum())} of 12 months differ from the average beyond "
            "their 95% interval.",
        ),
        table=table,
        picture=Ranges(
            tuple(table["name"]), tuple(table["index"]), tuple(table["low"]), tuple(table["high"]),
            "times the average day", 1.0, "average month",
        ),
        method=(
            "Index of the calendar month over blocks of twelve months, per day, so that a trend from year to year "
            "stays out; 95% interval exact for a Poisson count, widened where years differ more than that.",
        ),
    )  # fmt: skip
