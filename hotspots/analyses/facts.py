"""What several analyses ask of a run: its reports, months, points and names, as the recipe used them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata import cells as h3cells
from geodata.confidence import at_any
from geodata.errors import DesignError
from hotspots.analyses.result import Options
from hotspots.counts import count_cells, month_matrix
from hotspots.membership import hotspot_of
from hotspots.naming import place_names
from hotspots.patrols.plan import can_plan_hours
from hotspots.results import Run

Floats = NDArray[np.float64]

MONTHS_PER_YEAR = 12
CLOCK, DATE, PLACE = "the clock time", "the date", "the exact place"
"""What of each report some questions cannot do without."""

SQUARE_METRES_PER_KM2 = 1e6


def inside(run: Run) -> pd.DataFrame:
    """Return the reports inside the area."""
    return run.incidents.loc[run.incidents["inside"].to_numpy(dtype=bool)]


def placed(run: Run, *, buffered: bool = False) -> pd.DataFrame:
    """Return the reports that lie where something happened: those booked to a default location left out (R3.9).

    Parameters
    ----------
    buffered : bool
        Whether the reports around the area count too.
    """
    reports: pd.DataFrame = run.incidents if buffered else inside(run)
    is_default = at_any(
        reports["longitude"], reports["latitude"], run.quality.default_locations, run.area,
        within_m=run.config.repeats.same_place_m,
    )  # fmt: skip
    return reports.loc[~np.asarray(is_default, dtype=bool)]


def left_out(run: Run) -> tuple[str, ...]:
    """Return how many reports `placed` leaves out, in words; nothing where it leaves out none."""
    lost = len(inside(run)) - len(placed(run))
    if not lost:
        return ()
    return (f"{lost:,} reports booked to a default location, not to where they happened, are left out.",)


def near_default(run: Run) -> pd.Index:
    """Return the cells that hold or touch a default location: their counts tell of a desk, not of a place (R3.9)."""
    booked = run.cells["n"] - cell_counts(run)
    cells = booked.index[booked > 0]
    touched = set(cells) | h3cells.ring_around(cells, rings=run.config.significance.rings)
    return pd.Index(sorted(touched), dtype=object)


def kept_in(run: Run) -> tuple[str, ...]:
    """Return how many reports at default locations are counted, as the run's own figures count them."""
    booked = len(inside(run)) - len(placed(run))
    if not booked:
        return ()
    return (f"{booked:,} reports booked to a default location are counted here, as in the run's own figures.",)


def reports_of(run: Run, options: Options) -> pd.DataFrame:
    """Return the reports of the hotspot asked about, or of the whole area.

    Raises
    ------
    DesignError
        If the run has no such hotspot.
    """
    reports = inside(run)
    if not options.hotspot:
        return reports
    if options.hotspot not in run.hotspots.index:
        known = ", ".join(map(str, run.hotspots.index)) or "none"
        raise DesignError(f"There is no hotspot '{options.hotspot}' in this run; its hotspots are: {known}.")
    own: pd.DataFrame = reports.loc[owners(run, reports) == options.hotspot]
    return own


def whose(run: Run, options: Options) -> str:
    """Return what the reports are of, in words."""
    if not options.hotspot:
        return run.area.name
    return str(run.hotspots.loc[options.hotspot, "name"])


def owners(run: Run, reports: pd.DataFrame) -> NDArray[np.object_]:
    """Return the hotspot of each report, "" for none."""
    return np.asarray(hotspot_of(run.hotspots, reports["longitude"], reports["latitude"]), dtype=object)


def as_of(run: Run) -> pd.Timestamp:
    """Return the end of the data: the first instant after the last month."""
    return run.period.last + pd.offsets.MonthBegin(1)


def in_metres(run: Run, reports: pd.DataFrame) -> Floats:
    """Return where the reports lie, metres east and north, shape (n, 2)."""
    return np.column_stack(run.area.project(reports["longitude"], reports["latitude"]))


def centres_m(run: Run) -> Floats:
    """Return the centres of the run's cells in metres."""
    return np.column_stack(run.area.project(*h3cells.centres(run.cells.index).T))


def cell_width_m(run: Run) -> float:
    """Return the side of a square as large as a cell."""
    return float(np.sqrt(run.cells["area_km2"].mean() * SQUARE_METRES_PER_KM2))


def is_snapped(run: Run) -> bool:
    """Return whether the points are street centres shared by many addresses (R2.1)."""
    return run.quality.location_precision == "snap_point"


def lacking(run: Run) -> frozenset[str]:
    """Return what of each report these data do not tell: its clock time, its date, its exact place."""
    reports = inside(run)
    found = {
        CLOCK: can_plan_hours(reports) is not None,
        DATE: bool((reports["time_precision"] == "month").all()),
        PLACE: bool(reports["location_precision"].isin(["snap_point", "area"]).all()),
    }
    return frozenset(what for what, is_lacking in found.items() if is_lacking)


def missing_months(run: Run) -> pd.DatetimeIndex:
    """Return the months the source did not deliver (R2.11)."""
    return pd.DatetimeIndex(pd.to_datetime(list(run.quality.missing_months)))


def cell_months(run: Run, reports: pd.DataFrame) -> pd.DataFrame:
    """Return reports of each cell of the area in each month, zeros said aloud."""
    return month_matrix(count_cells(reports, run.resolution), run.cells.index, run.period.months)


def cell_counts(run: Run) -> pd.Series:
    """Return the reports of each cell, those at default locations left out."""
    return cell_months(run, placed(run)).sum(axis=1).rename("n")


def hotspot_months(run: Run) -> pd.DataFrame:
    """Return reports of each hotspot in each month, in rank order."""
    reports = inside(run)
    counts = pd.crosstab(pd.Series(owners(run, reports), index=reports.index), reports["month"])
    ordered = run.hotspots.sort_values("rank").index
    return counts.reindex(index=ordered, columns=run.period.months, fill_value=0).astype("int64")


def ranked_names(run: Run) -> pd.Series:
    """Return the hotspots as a reader finds them, e.g. ``1. High Street``, in rank order."""
    ordered = run.hotspots.sort_values("rank")
    names: pd.Series = ordered["rank"].astype(str) + ". " + ordered["name"]
    return names


def cell_names(run: Run, cells: pd.Index) -> pd.Series:
    """Return the street most reports of each cell name, or lie on where they name none."""
    wanted = inside(run)
    shapes = run.cells.geometry.reindex(cells).to_numpy()
    return pd.Series(place_names(wanted, shapes, streets=run.streets), index=cells, name="place", dtype=object)


def hotspot_of_cell(run: Run) -> pd.Series:
    """Return the hotspot of every cell that belongs to one; index ``cell``."""
    owned = run.hotspots["cells"].str.split(",").explode()
    return pd.Series(owned.index.astype(str), index=owned.to_numpy(), name="hotspot_id", dtype=object)


def cells_table(
    run: Run, columns: pd.DataFrame, *, order: str, ascending: bool = False, counts: pd.Series | None = None
) -> pd.DataFrame:
    """Return one row a cell that has a report: cell, street, hotspot, reports, then `columns`, in order of one.

    Parameters
    ----------
    columns : DataFrame
        On the run's cells, or some of them.
    order : str
        Column to sort by.
    counts : Series of int, optional
        Reports of each cell; those at default locations left out by default.
    """
    n = (cell_counts(run) if counts is None else counts).reindex(columns.index)
    held = n.index[n.to_numpy() > 0]
    table = columns.loc[held]
    table.insert(0, "n", n.loc[held])
    table.insert(0, "hotspot_id", hotspot_of_cell(run).reindex(held).fillna(""))
    table.insert(0, "place", cell_names(run, held))
    return (
        table.sort_values([order, "n"], ascending=[ascending, False], kind="stable").rename_axis("cell").reset_index()
    )
