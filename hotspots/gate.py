"""What passes the quality gate under a run's settings: the wanted reports, and everything else reported beside them."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from geodata.area import StudyArea
from geodata.calendar import own_bank_holidays, school_holidays
from geodata.context import read_boundaries
from geodata.errors import DataError
from geodata.events import Events, group_events
from geodata.institutions import read_institutions
from geodata.nsir import report_types
from geodata.quality import Filters, Gate, pass_gate, sift
from geodata.sources import Intake
from geodata.timequality import without_stand_ins
from hotspots.config import ALL_CATEGORIES, RunConfig
from hotspots.seasons import split_day_night
from hotspots.timing import has_hours


def take_through_gate(intake: Intake, area: StudyArea, config: RunConfig) -> Gate:
    """Return what passes the quality gate under these settings: the first step of every run, and all of `check`.

    Raises
    ------
    DataError
        If nothing usable is left.
    """
    lsoa = read_boundaries(config.lsoa) if config.lsoa else None
    return pass_gate(intake, area, _filters(config), lsoa=lsoa)


def check_small_files(config: RunConfig) -> None:
    """Read the small files that settings name, so that one that cannot be used is refused before any work is done.

    Raises
    ------
    DataError
        If a calendar or the table of report types cannot be used.
    """
    if config.school_holidays:
        school_holidays(config.school_holidays)
    if config.bank_holidays:
        own_bank_holidays(config.bank_holidays)
    if config.report_types:
        report_types(config.report_types)


def _filters(config: RunConfig) -> Filters:
    """Return which records the settings let through."""
    return Filters(
        categories=config.categories,
        first_month=config.first_month,
        last_month=config.last_month,
        policies=config.default_locations,
        institutions=tuple(read_institutions(config.institutions)) if config.institutions else (),
        with_officers=config.include_officer_generated,
        report_types=config.report_types,
    )


def events_of(gate: Gate, area: StudyArea) -> Events | None:
    """Return which reports inside the area tell of one event (R3.6); None where the clock time is not known."""
    inside = gate.incidents.loc[gate.incidents["inside"]]
    return group_events(inside, area) if gate.report.time_precision == "minute" else None


def why_no_day_and_night(incidents: pd.DataFrame) -> str:
    """Return why there can be no lists of the day and of the night; "" where there can (R1.10)."""
    if has_hours(incidents).any():
        return ""
    return (
        "None of these reports tells its hour, so there is no list of the day or of the night; load an extract with "
        "dates and times, or use the whole day."
    )


def of_hours(gate: Gate, hours: str) -> Gate:
    """Return what passed the gate of the day or of the evening and night (R1.10); the rest is counted as dropped.

    Parameters
    ----------
    gate : Gate
    hours : {"all", "day", "night"}
        As `split_day_night`: day is 06:00-18:00, night 18:00-06:00.

    Raises
    ------
    DataError
        If no report of the area tells its hour, or none lies in those hours.
    """
    if hours == "all":
        return gate
    inside = gate.incidents.loc[gate.incidents["inside"]]
    if refused := why_no_day_and_night(inside):
        raise DataError(refused)
    parts = split_day_night(gate.incidents)
    wanted, other = (parts.day, parts.night) if hours == "day" else (parts.night, parts.day)
    n_used, n_other = int(wanted["inside"].sum()), int(other["inside"].sum())
    if n_used == 0:
        raise DataError(
            f"None of the {len(inside):,} reports lies in the hours asked for ({hours}); use the whole day."
        )
    dropped = {"outside the hours asked for": n_other, "hour not known": len(inside) - n_used - n_other}
    report = replace(
        gate.report, n_used=n_used, dropped=gate.report.dropped | {why: n for why, n in dropped.items() if n}
    )
    return replace(gate, incidents=wanted, report=report)


def everything_beside(gate: Gate, intake: Intake, area: StudyArea, config: RunConfig) -> pd.DataFrame:
    """Return the records of every category that pass the gate over the same months, the wanted reports among them.

    They are only counted, so nothing is said of them: ``inside`` is there, how far off each place may be is not.
    """
    if ALL_CATEGORIES in config.categories:
        return gate.incidents
    first, last = (f"{month:%Y-%m}" for month in (gate.period.first, gate.period.last))
    beside = replace(_filters(config), categories=(ALL_CATEGORIES,), first_month=first, last_month=last)
    return without_stand_ins(sift(intake, area, beside).incidents)
