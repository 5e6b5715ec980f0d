"""How many reports each ward, neighbourhood or LSOA has, and how many a year before: what councils report by."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from geodata.context import read_boundaries
from geodata.errors import DataError
from geodata.sifting import NO_COORDINATES
from hotspots.analyses import facts
from hotspots.analyses.pictures import Bars
from hotspots.analyses.result import Answer, Options
from hotspots.areas import (
    FALSE_DISCOVERY_RATE,
    FEWEST_COMPARED,
    FEWEST_REPORTS,
    WHOLE,
    AreaCounts,
    Change,
    count_by_area,
)
from hotspots.results import Run

MOST_ROWS = 20
MOST_NAMED = 5
ORDER = (
    "place", "code", "n", "per_month", "share_of_reports", "n_in_hotspots", "share_of_list", "n_now", "n_before",
    "times_before", "low", "high", "differs", "n_default", "n_not_located", "area_km2", "share_inside",
)  # fmt: skip


def areas(run: Run, options: Options) -> Answer:
    """How many reports lie in each area the user gives (R2.3), and in the same months a year before (R4.16)."""
    reports = facts.inside(run)
    found = count_by_area(
        reports, _boundaries(run, options), run.area, months=run.period.months, missing=facts.missing_months(run)
    )
    table = _beside(run, found, reports)
    return Answer(
        sentences=(
            _where_they_lie(run, found),
            _most(table),
            *_change_said(found, table),
            "Counts follow how many people live in, pass through and report from an area: a ward with many reports is "
            "no hotspot, and this order is no ranking of places to patrol.",
            *_cut(table),
            *_not_shown(table),
            *_unlocated(table),
            *facts.kept_in(run),
        ),
        table=pd.DataFrame(table.drop(columns="geometry")),
        picture=_bars(found, table),
        method=(
            "Each report counts in the area its point lies in, whatever ward or LSOA it states (R2.3); on a shared "
            "line, in the first by code.",
            "A year before: the same calendar months, compared within quarters (Mantel-Haenszel), the 95% interval "
            f"as wide as months of a quarter differ by themselves; from {FEWEST_COMPARED} such months and "
            f"{FEWEST_REPORTS} reports of both years (R4.16).",
            f"Unlike the whole: the change against that of all reports, {FALSE_DISCOVERY_RATE:.0%} false discovery "
            "rate (R4.17).",
        ),
        shapes=table.geometry,
    )


def _boundaries(run: Run, options: Options) -> gpd.GeoDataFrame:
    if options.boundaries is not None:
        return options.boundaries
    if not run.config.lsoa:
        raise DataError(
            "Counts by area need the areas: a file of wards, neighbourhoods or LSOAs with their names or codes "
            "(--boundaries, or give it on the Over time page)."
        )
    return read_boundaries(run.config.lsoa, area=run.area)


def _beside(run: Run, found: AreaCounts, reports: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return the counts with a name to read, reports in hotspots and at default locations, and who is not located."""
    table = found.table.copy()
    table.insert(0, "place", table["name"].where(table["name"] != "", table["code"]))
    table["n_in_hotspots"] = found.count(facts.owners(run, reports) != "")
    table["share_of_list"] = table["n_in_hotspots"] / max(int(table["n_in_hotspots"].sum()), 1)
    table["n_default"] = found.count(~reports.index.isin(facts.placed(run).index))
    table["n_not_located"] = _stated_only(run, table)
    says_something = {
        "code": (table["code"] != "").any(), "n_default": table["n_default"].any(),
        "n_not_located": table["n_not_located"].any(), "share_inside": (table["share_inside"] < WHOLE).any(),
    }  # fmt: skip
    return table[[*(name for name in ORDER if name in table and says_something.get(name, True)), "geometry"]]


def _stated_only(run: Run, table: pd.DataFrame) -> list[int]:
    """Return the records without coordinates that state each area, by its code or its name."""
    missing: dict[str, int] = {}
    for rate in run.quality.hit_rates:
        if rate.by in ("beat", "LSOA"):
            key = rate.group.strip().casefold()
            missing[key] = missing.get(key, 0) + rate.n - rate.located
    return [
        sum(missing.get(key, 0) for key in {code.casefold(), name.casefold()} - {""})
        for code, name in zip(table["code"], table["name"], strict=True)
    ]


def _where_they_lie(run: Run, found: AreaCounts) -> str:
    areas = f"{len(found.table):,} {'area' if len(found.table) == 1 else 'areas'}"
    n, outside = int(found.table["n"].sum()), int((found.of_report < 0).sum())
    missing = run.quality.dropped.get(NO_COORDINATES, 0)
    return (
        f"{run.area.name}: {n:,} of {n + outside:,} reports lie in the {areas} given, {outside:,} "
        f"outside all of them; {missing:,} more records of the files have no coordinates and count in no area."
    )


def _most(table: pd.DataFrame) -> str:
    def said(row: pd.Series) -> str:
        listed = f", {row['share_of_list']:.0%} of those in hotspots" if table["n_in_hotspots"].any() else ""
        return (
            f"{row['place']} {row['n']:,} ({row['per_month']:,.1f} a month, {row['share_of_reports']:.0%} of all"
            f"{listed})"
        )

    return "Most reports: " + "; ".join(said(row) for _, row in table.head(3).iterrows()) + "."


def _change_said(found: AreaCounts, table: pd.DataFrame) -> tuple[str, ...]:
    """Say how the reports changed in all, and which areas changed otherwise."""
    whole = found.whole
    if whole is None or not whole.high > 0:
        return (
            f"No change on a year before is given: it takes {FEWEST_COMPARED} months or more, and the same months a "
            "year before, all delivered.",
        )
    said = (
        f"All reports of the {len(found.compared)} months to {found.compared[-1]:%B %Y}: {whole.n_now:,}, against "
        f"{whole.n_before:,} in the same months a year before ({_times(whole)})."
    )
    unlike = table.loc[table["differs"]].head(MOST_NAMED)
    n = int(table["differs"].sum())
    if n == 0:
        none = "No area's change differs from that of all reports by more than months differ by themselves."
        return (said, none, *_not_judged(table))
    named = "; ".join(
        f"{row['place']} {row['n_now']:,} after {row['n_before']:,} ({_times(row)})" for _, row in unlike.iterrows()
    )
    more = f" and {n - len(unlike)} more" if n > len(unlike) else ""
    return (said, f"Areas that changed otherwise than all reports together: {named}{more}.", *_not_judged(table))


def _not_judged(table: pd.DataFrame) -> tuple[str, ...]:
    few = int(table["low"].isna().sum())
    if not few:
        return ()
    return (
        f"Too few reports to tell a change (fewer than {FEWEST_REPORTS} in both years together, or none in one): "
        f"{few:,} of {len(table):,} areas.",
    )


def _times(change: Change | pd.Series) -> str:
    return f"{change.times_before:.2f} times; 95% interval {change.low:.2f} to {change.high:.2f}"


def _cut(table: pd.DataFrame) -> tuple[str, ...]:
    if "share_inside" not in table:
        return ()
    n = int((table["share_inside"] < WHOLE).sum())
    return (f"Areas that reach beyond the study area and are counted only within it: {n:,} of {len(table):,}.",)


def _not_shown(table: pd.DataFrame) -> tuple[str, ...]:
    if len(table) <= MOST_ROWS:
        return ()
    return (f"The picture shows the {MOST_ROWS} areas with most reports, the table all {len(table):,}.",)


def _unlocated(table: pd.DataFrame) -> tuple[str, ...]:
    if "n_not_located" not in table:
        return ()
    return (
        f"{int(table['n_not_located'].sum()):,} records without coordinates state one of these areas; they stand in a "
        "column of their own and in no count.",
    )


def _bars(found: AreaCounts, table: pd.DataFrame) -> Bars:
    shown = table.head(MOST_ROWS)
    if not len(found.compared):
        return Bars(tuple(shown["place"]), tuple(shown["per_month"]), "reports a month")
    k = len(found.compared)
    return Bars(
        tuple(shown["place"]), tuple(shown["n_now"] / k), f"reports a month, {k} months to {found.compared[-1]:%B %Y}",
        marks=tuple(shown["n_before"] / k), mark_name="the same months a year before", stressed=tuple(shown["differs"]),
        stress_name="changed otherwise than all reports together",
    )  # fmt: skip
