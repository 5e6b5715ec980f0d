"""The gate: from records to the incidents of one area and period; nothing dropped silently; a grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from geodata.area import StudyArea
from geodata.findings import DefaultLocation, Finding, Severity
from geodata.hitrate import HitRate
from geodata.institutions import Institution, LocationDecision, LocationPolicy
from geodata.period import Period
from geodata.qualityreport import QualityReport, grade, report_on
from geodata.scenes import suspects, with_confidence, with_default_marked
from geodata.schema import ASB, INCIDENTS, check
from geodata.sifting import Filters, sift
from geodata.sources.intake import Intake
from geodata.timequality import without_stand_ins

__all__ = [
    "DefaultLocation", "Filters", "Finding", "Gate", "HitRate", "LocationDecision", "LocationPolicy", "QualityReport",
    "Severity", "blocking", "grade", "pass_gate", "screen", "sift",
]  # fmt: skip


@dataclass(frozen=True)
class Gate:
    """What passed: INCIDENTS (with the buffer's rows, ``inside`` False), the period, and the report on all of it."""

    incidents: pd.DataFrame
    period: Period
    report: QualityReport


def screen(
    intake: Intake,
    area: StudyArea,
    *,
    categories: tuple[str, ...] = (ASB,),
    first_month: str | None = None,
    last_month: str | None = None,
    policies: Sequence[LocationPolicy] = (),
    institutions: Sequence[Institution] = (),
    with_officers: bool = True,
    report_types: str = "",
    lsoa: gpd.GeoDataFrame | None = None,
    today: pd.Timestamp | None = None,
) -> Gate:
    """Take the wanted records through the gate.

    Each record is dropped for the first reason that applies, in this order: duplicate Crime ID, no date, impossible
    date, other category, outside the period, no coordinates, outside the area, excluded default location, made by
    officers. Records in the area's buffer are counted as outside but stay in ``incidents`` as context.

    Parameters
    ----------
    intake : Intake
        What a source read.
    area : StudyArea
        Where to look.
    categories : tuple of str
        Category names or slugs; ``("all",)`` keeps every category.
    first_month, last_month : str, optional
        ``YYYY-MM``; by default the span of the wanted records.
    policies, institutions : sequence of LocationPolicy, of Institution
        What is done with the records of default locations and institutions (R3.9, R1.11); a place that a policy keeps
        or caps is settled and no longer reported as a default location.
    with_officers : bool
        Whether records officers made themselves stay; without them only reports by the public are counted (R7.5).
    report_types : str
        CSV file of report types instead of the one shipped: what it calls ASB is ASB (R3.3).
    lsoa : GeoDataFrame, optional
        LSOA boundaries from `geodata.context.read_boundaries`, to check the codes that records state (R2.3)
        and to know records placed at the middle of one (R3.9).
    today : Timestamp, optional
        Records of later months are impossible; by default the clock's date.

    Raises
    ------
    DataError
        If a category is not in the data (the message names those that are), or nothing is left (it says where the
        records went, and whether coordinates look swapped or lie far away).
    """
    filters = Filters(
        categories=tuple(categories), first_month=first_month, last_month=last_month, policies=tuple(policies),
        institutions=tuple(institutions), with_officers=with_officers,
        report_types=report_types,
    )  # fmt: skip
    return pass_gate(intake, area, filters, lsoa=lsoa, today=today)


def pass_gate(
    intake: Intake,
    area: StudyArea,
    filters: Filters,
    *,
    lsoa: gpd.GeoDataFrame | None = None,
    today: pd.Timestamp | None = None,
) -> Gate:
    """Do as `screen` does, with its choice of records as one value."""
    sifted = sift(intake, area, filters, today=today)
    located = with_confidence(_plain_text(sifted.incidents), intake.records, area, lsoa)
    doubtful = suspects(located.loc[located["inside"]], area, filters.policies)
    incidents = check(with_default_marked(located, area, doubtful.default), INCIDENTS)
    report = report_on(intake, sifted, incidents, area, suspects=doubtful, lsoa=lsoa)
    return Gate(incidents=without_stand_ins(incidents), period=sifted.period, report=report)


def blocking(report: QualityReport, override_reason: str = "") -> tuple[Finding, ...]:
    """Return the findings that block the ranked list: the red ones, unless a person answers for them (R3.7).

    A reason lifts every red finding but a short history: below six months the list would be luck, whoever answers for
    it (R1.8).
    """
    red = tuple(finding for finding in report.findings if finding.severity == "red")
    return tuple(f for f in red if f.check == "short history") if override_reason.strip() else red


def _plain_text(located: pd.DataFrame) -> pd.DataFrame:
    """Return records whose repeated texts, which RECORDS may hold as categoricals, are plain text."""
    coded = located.columns[[isinstance(dtype, pd.CategoricalDtype) for dtype in located.dtypes]]
    return located.astype(dict.fromkeys(coded, "str"))
