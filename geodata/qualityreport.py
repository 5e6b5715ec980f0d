"""What the gate says of the records: every check in one report, and a grade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import geopandas as gpd
import pandas as pd

from geodata import findings as checks
from geodata import kindquality as kinds
from geodata import placequality as places
from geodata import timequality
from geodata.area import StudyArea
from geodata.context import stated_lsoa
from geodata.findings import DefaultLocation, Finding
from geodata.hitrate import HitRate, hit_rates, poorly_located, unlocated_by_area
from geodata.institutions import LocationDecision, decisions_finding, institutions_finding
from geodata.scenes import Suspects
from geodata.schema import LOCATION_PRECISIONS, TIME_PRECISIONS
from geodata.sifting import OFFICER_MADE, OUTSIDE_AREA, Sifted
from geodata.sources.intake import Intake

_NOTABLE_SHARE: Final = 0.10  # a coarser precision held by this share of the records is the precision of the data


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What was read, what was used, what was dropped and why, and how far to trust the rest.

    ``n_read == n_used + sum(dropped.values())`` always.
    """

    n_read: int
    n_used: int
    n_context: int  # of those dropped as outside the area, how many lie in the analysis buffer
    dropped: dict[str, int]
    findings: tuple[Finding, ...]
    grade: Literal["A", "B", "C"]
    hit_rate: float  # share of the wanted records (category, period) that have coordinates
    distinct_points: int
    location_precision: str
    time_precision: str
    months: tuple[str, ...]
    missing_months: tuple[str, ...]
    duplicate_ids: int
    conflicting_ids: int
    default_locations: tuple[DefaultLocation, ...]
    institutions: tuple[DefaultLocation, ...] = ()  # busy points named as an institution or as no place at all
    location_decisions: tuple[LocationDecision, ...] = ()
    location_shares: tuple[tuple[str, float], ...] = ()  # share of the reports used by location precision
    median_error_m: float | None = None  # plausible error of the reports used
    hit_rates: tuple[HitRate, ...] = ()
    missing_force_months: tuple[tuple[str, str], ...] = ()
    reading_notes: tuple[str, ...] = ()  # what was found while the files were read
    columns: tuple[tuple[str, str], ...] = ()  # field and the column of the files it was read from

    @property
    def is_red(self) -> bool:
        """Whether any finding blocks the ranked list."""
        return any(finding.severity == "red" for finding in self.findings)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the grade is no better: the messages of the worst findings, none for grade A."""
        worst = {"C": "red", "B": "amber"}.get(self.grade)
        return tuple(finding.message for finding in self.findings if finding.severity == worst)

    @property
    def doubtful_hours(self) -> str:
        """What to say wherever hours are shown: which clock times were not believed (R3.13); "" when all were."""
        return next((finding.message for finding in self.findings if finding.check == "time spikes"), "")


def grade(findings: tuple[Finding, ...]) -> Literal["A", "B", "C"]:
    """Return the grade of a set of findings: C with any red one, B with any amber one, otherwise A (R3.14)."""
    severities = {finding.severity for finding in findings}
    return "C" if "red" in severities else "B" if "amber" in severities else "A"


def report_on(
    intake: Intake,
    sifted: Sifted,
    incidents: pd.DataFrame,
    area: StudyArea,
    *,
    suspects: Suspects,
    lsoa: gpd.GeoDataFrame | None = None,
) -> QualityReport:
    """Say how far the records can be trusted.

    Parameters
    ----------
    intake : Intake
        What a source read.
    sifted : Sifted
        What became of each record.
    incidents : DataFrame
        INCIDENTS, with the times their records state.
    area : StudyArea
    suspects : Suspects
        Points that may be no scene.
    lsoa : GeoDataFrame, optional
        LSOA boundaries, to check the codes that records state (R2.3).
    """
    inside = incidents.loc[incidents["inside"]]
    outside = sifted.located.loc[~sifted.is_inside]
    wanted, period, dropped = sifted.wanted, sifted.period, sifted.dropped
    n_context = len(incidents) - len(inside)
    placed = inside["location_precision"]
    precision = _coarsest(placed.loc[placed != "default"], LOCATION_PRECISIONS)
    missing = checks.missing_months(inside, wanted, period)
    force_months = places.missing_force_months(wanted)
    rates = hit_rates(wanted)
    points = checks.distinct_points(inside)
    rate = checks.hit_rate(wanted)
    all_found = (
        checks.synthetic(is_synthetic=intake.is_synthetic, n=intake.n_read),
        rate,
        kinds.left_out(sifted.left_out, len(sifted.dated), sifted.types),
        kinds.without_category(sifted.left_out, len(sifted.dated)),
        kinds.unknown_wordings(inside, sifted.types),
        poorly_located(rates),
        unlocated_by_area(wanted),
        checks.short_history(period),
        checks.missing_months_finding(missing),
        places.missing_force_months_finding(force_months, places.forces_of(inside)),
        sifted.slip,
        timequality.exchanged_dates(intake.exchanged_dates),
        checks.snap_points(inside),
        checks.default_locations(suspects.default),
        checks.busiest_points(suspects.busiest),
        institutions_finding(suspects.named),
        decisions_finding(sifted.decisions),
        places.coarse_places(inside),
        checks.rounded_coordinates(inside, area),
        places.exchanged_finding(*places.exchanged(outside, area)),
        places.sign_lost_finding(places.sign_lost(sifted.located, sifted.is_inside, area)),
        *_time_findings(inside),
        checks.outside(dropped[OUTSIDE_AREA], n_context, len(inside)),
        places.far_outside(sifted.located),
        checks.copies(intake.duplicate_ids, intake.conflicting_ids),
        checks.overlapping_files(inside),
        checks.identical_rows(inside),
        points,
        places.repeated_names(inside),
        None if lsoa is None else stated_lsoa(sifted.dated, lsoa),
        checks.covid_months(period),
        checks.officer_reports(inside, dropped[OFFICER_MADE]),
    )
    findings = tuple(finding for finding in all_found if finding is not None)
    return QualityReport(
        n_read=intake.n_read,
        n_used=len(inside),
        n_context=n_context,
        dropped=dropped,
        findings=findings,
        grade=grade(findings),
        hit_rate=1 - rate.n / len(wanted),
        distinct_points=points.n,
        location_precision=precision,
        time_precision=_coarsest(inside["time_precision"], TIME_PRECISIONS),
        months=tuple(f"{month:%Y-%m}" for month in period.months),
        missing_months=missing,
        duplicate_ids=intake.duplicate_ids,
        conflicting_ids=intake.conflicting_ids,
        default_locations=suspects.default,
        institutions=suspects.named,
        location_decisions=sifted.decisions,
        location_shares=tuple((str(k), float(v)) for k, v in placed.value_counts(normalize=True).items()),
        median_error_m=round(float(inside["error_radius_m"].median()), 1),
        hit_rates=rates,
        missing_force_months=force_months,
        reading_notes=intake.notes,
        columns=tuple(sorted(intake.matched.items())),
    )


def _time_findings(inside: pd.DataFrame) -> tuple[Finding | None, ...]:
    """Check how far the times can be trusted (R3.13, R4.14, R6.19)."""
    return (
        timequality.time_spikes(inside),
        timequality.unknown_times(inside),
        timequality.long_intervals(inside),
        timequality.reversed_intervals(inside),
        timequality.same_as_created(inside),
        timequality.logged_before(inside),
        timequality.incomplete_weeks(inside),
    )


def _coarsest(held: pd.Series, coarse_to_fine: tuple[str, ...]) -> str:
    """Return the coarsest precision that a notable share of the records has."""
    share = held.value_counts(normalize=True)
    return next((name for name in coarse_to_fine if share.get(name, 0.0) >= _NOTABLE_SHARE), coarse_to_fine[0])
