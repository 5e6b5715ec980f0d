"""Which records stay: of the wanted category and months, located, in the area; the rest counted by reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata import findings as checks
from geodata.area import StudyArea
from geodata.categories import label, slug
from geodata.errors import DataError
from geodata.findings import Finding
from geodata.institutions import Institution, LocationDecision, LocationPolicy, decide
from geodata.nothingleft import no_category_column, nothing_inside, nothing_located
from geodata.nsir import report_types, with_own_types
from geodata.period import Period, parse_month
from geodata.points import distinct
from geodata.schema import ASB
from geodata.sources.intake import DUPLICATE, NO_DATE, Intake

ALL: Final = "all"
"""Category name that keeps every category."""

IMPOSSIBLE_DATE: Final = "impossible date"
OTHER_CATEGORY: Final = "other category"
OUTSIDE_PERIOD: Final = "outside the period"
NO_COORDINATES: Final = "no coordinates"
OUTSIDE_AREA: Final = "outside the area"
EXCLUDED_LOCATION: Final = "excluded default location"
OFFICER_MADE: Final = "made by officers"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which records are wanted.

    Attributes
    ----------
    categories : tuple of str
        Category names or slugs; ``("all",)`` keeps every category.
    first_month, last_month : str or None
        ``YYYY-MM``; by default the span of the wanted records.
    policies, institutions : tuple of LocationPolicy, of Institution
        What is done with the records of default locations and institutions (R3.9, R1.11).
    with_officers : bool
        Whether records officers made themselves stay; without them only reports by the public are counted (R7.5).
    report_types : str
        File of report types instead of the one shipped: what it calls ASB is ASB (R3.3).
    """

    categories: tuple[str, ...] = (ASB,)
    first_month: str | None = None
    last_month: str | None = None
    policies: tuple[LocationPolicy, ...] = ()
    institutions: tuple[Institution, ...] = ()
    with_officers: bool = True
    report_types: str = ""


@dataclass(frozen=True)
class Sifted:
    """The wanted records on their way through the gate, before anything is said about them.

    Attributes
    ----------
    dated, wanted, located : DataFrame
        Records of possible months, those of them of the wanted categories and months, and those with coordinates.
    is_inside : array of bool
        Which of `located` lie in the area.
    incidents : DataFrame
        What stays, in the area or its buffer (``inside`` False), as RECORDS have it.
    period : Period
    dropped : dict
        Records left out, by reason.
    left_out : Series
        Those of them of another category, by category.
    types : DataFrame
        The table of report types that went by.
    slip : Finding or None
        Impossible dates.
    decisions : tuple of LocationDecision
        What was done at default locations and institutions.
    """

    dated: pd.DataFrame
    wanted: pd.DataFrame
    located: pd.DataFrame
    is_inside: NDArray[np.bool_]
    incidents: pd.DataFrame
    period: Period
    dropped: dict[str, int]
    left_out: pd.Series
    types: pd.DataFrame
    slip: Finding | None
    decisions: tuple[LocationDecision, ...]


def sift(intake: Intake, area: StudyArea, filters: Filters, *, today: pd.Timestamp | None = None) -> Sifted:
    """Drop what `geodata.screen` drops, for the same reasons, and say nothing of what is left.

    By itself for tables that stand beside a screened one and are only counted.

    Raises
    ------
    DataError
        If a category is not in the data, or nothing is left; the message says where the records went.
    """
    records = intake.records
    if records.empty:
        raise DataError("There is no dated record to screen; read the files again.")
    dropped = {DUPLICATE: 0, NO_DATE: 0} | dict(intake.dropped)
    impossible = checks.impossible_months(records["month"], today or pd.Timestamp.now())
    slip = checks.impossible_dates(records["month"], impossible)
    if slip is not None:
        records = records.loc[~records["month"].isin(impossible)]
        if records.empty:
            raise DataError(f"Every one of the {slip.n:,} dated records lies in the future; check dates and clock.")
    dropped[IMPOSSIBLE_DATE] = slip.n if slip else 0
    types = report_types(filters.report_types or None)
    records = with_own_types(records, types) if filters.report_types else records
    is_wanted = _is_wanted(intake, records["category"], filters.categories)
    of_category, left_out = records.loc[is_wanted], records.loc[~is_wanted, "category"].astype("str").value_counts()
    dropped[OTHER_CATEGORY] = len(records) - len(of_category)
    period = _period(of_category["month"], filters.first_month, filters.last_month)
    wanted = of_category.loc[period.contains(of_category["month"])]
    dropped[OUTSIDE_PERIOD] = len(of_category) - len(wanted)
    if wanted.empty:
        span = Period(of_category["month"].min(), of_category["month"].max())
        raise DataError(
            f"No record of the wanted category lies in {period}; the {len(of_category):,} there are run {span}."
        )
    located = wanted.loc[wanted["longitude"].notna() & wanted["latitude"].notna()]
    dropped[NO_COORDINATES] = len(wanted) - len(located)
    if located.empty:
        raise DataError(nothing_located(intake, len(wanted)))
    is_inside, is_near = _positions(located, area)
    dropped[OUTSIDE_AREA] = int((~is_inside).sum())
    if not is_inside.any():
        raise DataError(nothing_inside(located, area))
    incidents = located.assign(inside=is_inside).loc[is_inside | is_near]
    is_kept, decisions = decide(incidents, area, filters.policies, filters.institutions)
    dropped[EXCLUDED_LOCATION] = int((incidents["inside"].to_numpy() & ~is_kept).sum())
    incidents = incidents.loc[is_kept]
    stays = np.asarray((incidents["origin"] != "officer") | filters.with_officers)
    dropped[OFFICER_MADE] = int((incidents["inside"].to_numpy() & ~stays).sum())
    incidents = incidents.loc[stays]
    if not incidents["inside"].any():
        raise DataError(
            f"All {int(is_inside.sum()):,} records in '{area.name}' lie at excluded places or were made by officers; "
            "check the default locations and institutions, or count officers' records too."
        )
    return Sifted(records, wanted, located, is_inside, incidents, period, dropped, left_out, types, slip, decisions)


def _is_wanted(intake: Intake, category: pd.Series, names: tuple[str, ...]) -> pd.Series:
    """Return which records are of a wanted category, refusing names the data do not hold."""
    if ALL in names:
        return pd.Series(data=True, index=category.index)
    wanted = {slug(name): name for name in names}
    held = category.value_counts()
    held = held.loc[held > 0]
    unknown = [name for known, name in wanted.items() if known not in held.index]
    if unknown and intake.kind == "force_extract" and "category" not in {*intake.matched, *intake.fixed}:
        raise DataError(no_category_column(intake, unknown[0]))
    if unknown:
        known = ", ".join(f"{label(str(name))} ({name}, {n:,})" for name, n in held.head(20).items()) or "none"
        raise DataError(f"The data hold no category '{unknown[0]}'; they hold: {known}.")
    return category.isin(list(wanted))


def _period(months: pd.Series, first: str | None, last: str | None) -> Period:
    start = parse_month(first) if first else months.min()
    end = parse_month(last) if last else months.max()
    return Period(pd.Timestamp(start), pd.Timestamp(end))


def _positions(located: pd.DataFrame, area: StudyArea) -> tuple[np.ndarray, np.ndarray]:
    """Return which records lie in the area, and which in the area or its buffer; each distinct point looked up once."""
    codes, first = distinct(located["longitude"], located["latitude"])
    longitude, latitude = located[["longitude", "latitude"]].to_numpy(dtype=float)[first].T
    return area.contains(longitude, latitude)[codes], area.is_near(longitude, latitude)[codes]
