"""The gate: from records to the incidents of one area and period; nothing dropped silently; a grade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata import findings as checks
from geodata import placequality as places
from geodata import timequality
from geodata.area import StudyArea
from geodata.categories import label, slug
from geodata.confidence import at_any, confidence
from geodata.context import stated_lsoa
from geodata.errors import DataError
from geodata.findings import DefaultLocation, Finding, Severity
from geodata.institutions import (
    WITHOUT_SCENE,
    Institution,
    LocationDecision,
    LocationPolicy,
    decide,
    decisions_finding,
    institutions_finding,
    named_institutions,
)
from geodata.period import Period, parse_month
from geodata.placequality import HitRate
from geodata.points import distinct
from geodata.schema import ASB, INCIDENTS, LOCATION_PRECISIONS, TIME_PRECISIONS, check
from geodata.sources.intake import DUPLICATE, NO_DATE, Intake

__all__ = [
    "DefaultLocation", "Finding", "Gate", "HitRate", "LocationDecision", "LocationPolicy", "QualityReport", "Severity",
    "blocking", "grade", "screen",
]  # fmt: skip

ALL: Final = "all"
"""Category name that keeps every category."""

IMPOSSIBLE_DATE: Final = "impossible date"
OTHER_CATEGORY: Final = "other category"
OUTSIDE_PERIOD: Final = "outside the period"
NO_COORDINATES: Final = "no coordinates"
OUTSIDE_AREA: Final = "outside the area"
EXCLUDED_LOCATION: Final = "excluded default location"
OFFICER_MADE: Final = "made by officers"
_NOTABLE_SHARE: Final = 0.10  # a coarser precision held by this share of the records is the precision of the data
_MOSTLY: Final = 0.5
_EARTH_RADIUS_KM: Final = 6371.0


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

    @property
    def is_red(self) -> bool:
        """Whether any finding blocks the ranked list."""
        return any(finding.severity == "red" for finding in self.findings)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the grade is no better: the messages of the worst findings, none for grade A."""
        worst = {"C": "red", "B": "amber"}.get(self.grade)
        return tuple(finding.message for finding in self.findings if finding.severity == worst)


@dataclass(frozen=True)
class Gate:
    """What passed: INCIDENTS (with the buffer's rows, ``inside`` False), the period, and the report on all of it."""

    incidents: pd.DataFrame
    period: Period
    report: QualityReport


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
    slip: Finding | None
    decisions: tuple[LocationDecision, ...]


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
    lsoa : GeoDataFrame, optional
        LSOA boundaries from `geodata.context.read_boundaries`, to check the codes that records state (R2.3).
    today : Timestamp, optional
        Records of later months are impossible; by default the clock's date.

    Raises
    ------
    DataError
        If a category is not in the data (the message names those that are), or nothing is left (it says where the
        records went, and whether coordinates look swapped or lie far away).
    """
    sifted = sift(
        intake, area, categories=categories, first_month=first_month, last_month=last_month, policies=policies,
        institutions=institutions, with_officers=with_officers, today=today,
    )  # fmt: skip
    incidents = _with_confidence(_plain_text(sifted.incidents), intake.records, area)
    suspects = _suspects(incidents.loc[incidents["inside"]], area, policies)
    incidents = check(_booked(incidents, area, suspects.default), INCIDENTS)
    outside = sifted.located.loc[~sifted.is_inside]
    found = _Found(
        slip=sifted.slip,
        suspects=suspects,
        decisions=sifted.decisions,
        exchanged=places.exchanged_finding(*places.exchanged(outside, area)),
        sign=places.sign_lost_finding(places.sign_lost(sifted.located, sifted.is_inside, area)),
        far=places.far_outside(sifted.located),
        lsoa=None if lsoa is None else stated_lsoa(sifted.dated, lsoa),
    )
    report = _report(intake, sifted.wanted, incidents, area, period=sifted.period, dropped=sifted.dropped, found=found)
    return Gate(incidents=incidents, period=sifted.period, report=report)


def sift(
    intake: Intake,
    area: StudyArea,
    *,
    categories: tuple[str, ...] = (ASB,),
    first_month: str | None = None,
    last_month: str | None = None,
    policies: Sequence[LocationPolicy] = (),
    institutions: Sequence[Institution] = (),
    with_officers: bool = True,
    today: pd.Timestamp | None = None,
) -> Sifted:
    """Drop what `screen` drops, for the same reasons, and say nothing of what is left: parameters as there.

    For tables that stand beside a screened one and are only counted.
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
    of_category = records.loc[_is_wanted(records["category"], categories)]
    dropped[OTHER_CATEGORY] = len(records) - len(of_category)
    period = _period(of_category["month"], first_month, last_month)
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
        raise DataError(_nothing_located(intake, len(wanted)))
    is_inside, is_near = _positions(located, area)
    dropped[OUTSIDE_AREA] = int((~is_inside).sum())
    if not is_inside.any():
        raise DataError(_nothing_inside(located, area))
    incidents = located.assign(inside=is_inside).loc[is_inside | is_near]
    is_kept, decisions = decide(incidents, area, policies, institutions)
    dropped[EXCLUDED_LOCATION] = int((incidents["inside"].to_numpy() & ~is_kept).sum())
    incidents = incidents.loc[is_kept]
    stays = np.ones(len(incidents), dtype=bool) if with_officers else (incidents["origin"] != "officer").to_numpy()
    dropped[OFFICER_MADE] = int((incidents["inside"].to_numpy() & ~stays).sum())
    incidents = incidents.loc[stays]
    if not incidents["inside"].any():
        raise DataError(
            f"All {int(is_inside.sum()):,} records in '{area.name}' lie at excluded places or were made by officers; "
            "check the default locations and institutions, or count officers' records too."
        )
    return Sifted(records, wanted, located, is_inside, incidents, period, dropped, slip, decisions)


def grade(findings: tuple[Finding, ...]) -> Literal["A", "B", "C"]:
    """Return the grade of a set of findings: C with any red one, B with any amber one, otherwise A (R3.14)."""
    severities = {finding.severity for finding in findings}
    return "C" if "red" in severities else "B" if "amber" in severities else "A"


def blocking(report: QualityReport, override_reason: str = "") -> tuple[Finding, ...]:
    """Return the findings that block the ranked list: the red ones, unless a person answers for them (R3.7).

    A reason lifts every red finding but a short history: below six months the list would be luck, whoever answers for
    it (R1.8).
    """
    red = tuple(finding for finding in report.findings if finding.severity == "red")
    return tuple(f for f in red if f.check == "short history") if override_reason.strip() else red


def _is_wanted(category: pd.Series, names: tuple[str, ...]) -> pd.Series:
    """Return which records are of a wanted category, refusing names the data do not hold."""
    if ALL in names:
        return pd.Series(data=True, index=category.index)
    wanted = {slug(name): name for name in names}
    held = category.value_counts()
    held = held.loc[held > 0]
    unknown = [name for known, name in wanted.items() if known not in held.index]
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


def _plain_text(located: pd.DataFrame) -> pd.DataFrame:
    """Return records whose repeated texts, which RECORDS may hold as categoricals, are plain text."""
    coded = located.columns[[isinstance(dtype, pd.CategoricalDtype) for dtype in located.dtypes]]
    return located.astype(dict.fromkeys(coded, "str"))


@dataclass(frozen=True, slots=True)
class _Suspects:
    """Points that may be no scene: default locations, just busy points, and points named as institutions."""

    default: tuple[DefaultLocation, ...]
    busiest: tuple[DefaultLocation, ...]
    named: tuple[DefaultLocation, ...]


def _suspects(inside: pd.DataFrame, area: StudyArea, policies: Sequence[LocationPolicy]) -> _Suspects:
    """Return the likely default locations that nobody has settled.

    Where most points stand for a street or a square (snap points, rounded coordinates) a crowded point is just busy.
    """
    settled = [policy for policy in policies if policy.action != "exclude"]
    held = inside["location_precision"].value_counts(normalize=True)
    is_snapped = held.get("snap_point", 0.0) > _MOSTLY
    is_shared = is_snapped or held.get("rounded", 0.0) > _MOSTLY
    crowded = checks.crowded_points(inside)
    named = named_institutions(inside)
    likely = () if is_shared else crowded
    taken = {(place.longitude, place.latitude) for place in likely}
    no_scene = [place for kind, place in named if kind in WITHOUT_SCENE and not is_snapped]
    likely = (*likely, *(place for place in no_scene if (place.longitude, place.latitude) not in taken))
    is_settled = at_any([p.longitude for p in likely], [p.latitude for p in likely], settled, area)
    return _Suspects(
        default=tuple(place for place, done in zip(likely, is_settled, strict=True) if not done),
        busiest=crowded if is_shared else (),
        named=tuple(place for _, place in named),
    )


def _with_confidence(incidents: pd.DataFrame, records: pd.DataFrame, area: StudyArea) -> pd.DataFrame:
    """Return the incidents with location_precision and error_radius_m."""
    is_snapped = (incidents["location_precision"] == "snap_point").any()
    known = _known_points(records, area) if is_snapped else None
    return incidents.assign(**confidence(incidents, area, snap_points=known))


def _booked(incidents: pd.DataFrame, area: StudyArea, default: tuple[DefaultLocation, ...]) -> pd.DataFrame:
    """Return the incidents with those at default locations marked so; a snap point stays what it is."""
    there = at_any(incidents["longitude"], incidents["latitude"], default, area)
    there &= (incidents["location_precision"] != "snap_point").to_numpy()
    booked = confidence(incidents.loc[there].assign(location_precision="default"), area)
    marked = incidents[booked.columns].astype({"location_precision": object})
    marked.loc[there] = booked
    return incidents.assign(**marked)


def _known_points(records: pd.DataFrame, area: StudyArea) -> np.ndarray:
    """Return the distinct snap points of all categories near the area, shape (m, 2)."""
    west, south, east, north = area.buffered.bounds
    near = records["longitude"].between(west, east) & records["latitude"].between(south, north)
    near &= records["location_precision"] == "snap_point"
    points = records.loc[near, ["longitude", "latitude"]].to_numpy(dtype=float)
    return points[distinct(points[:, 0], points[:, 1])[1]]


def _nothing_located(intake: Intake, n: int) -> str:
    """Say in one sentence that no record is located, and what was found in the columns where positions should be."""
    found = next((note.partition("; those rows")[0] for note in intake.notes if "count as not located" in note), "")
    return f"None of the {n:,} wanted records has coordinates; export them with positions{found and f' ({found})'}."


def _nothing_inside(located: pd.DataFrame, area: StudyArea) -> str:
    """Say in one sentence why no record lies in the area: swapped coordinates, or far away."""
    longitude, latitude = located["longitude"].to_numpy(), located["latitude"].to_numpy()
    n_swapped = int(area.contains(latitude, longitude).sum())
    if n_swapped:
        return (
            f"Longitude and latitude are swapped: {n_swapped:,} of {len(located):,} located records lie in "
            f"'{area.name}' once exchanged; exchange the two columns (longitude is about "
            f"{area.boundary.centroid.x:.1f} there, latitude {area.boundary.centroid.y:.1f})."
        )
    _, n_metres = places.exchanged(located, area)
    if n_metres:
        return (
            f"Easting and northing are swapped: {n_metres:,} of {len(located):,} located records lie in '{area.name}' "
            "once exchanged; exchange the two columns."
        )
    n_mirrored = places.mirrored(located, area)
    if n_mirrored > places.MIRRORED_SHARE * len(located):
        return (
            f"The longitudes have lost their minus sign: {n_mirrored:,} of {len(located):,} located records lie in "
            f"'{area.name}' with the other sign; west of Greenwich longitudes are negative."
        )
    east, north = float(np.median(longitude)), float(np.median(latitude))
    centre = area.boundary.representative_point()
    distance = _great_circle_km(east, north, centre.x, centre.y)
    return (
        f"All {len(located):,} located records lie outside the area '{area.name}' (latitude {centre.y:.2f}, longitude "
        f"{centre.x:.2f}): they are around latitude {north:.2f}, longitude {east:.2f}, some {distance:,.0f} km away; "
        "check that records and area belong together."
    )


def _great_circle_km(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Haversine distance on a sphere."""
    a, b = np.radians(lat_a), np.radians(lat_b)
    half = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(lon_b - lon_a) / 2) ** 2
    return float(2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(half)))


@dataclass(frozen=True, slots=True)
class _Found:
    """What the gate found on its way."""

    slip: Finding | None
    suspects: _Suspects
    decisions: tuple[LocationDecision, ...]
    exchanged: Finding | None
    sign: Finding | None
    far: Finding | None
    lsoa: Finding | None


def _report(
    intake: Intake,
    wanted: pd.DataFrame,
    incidents: pd.DataFrame,
    area: StudyArea,
    *,
    period: Period,
    dropped: dict[str, int],
    found: _Found,
) -> QualityReport:
    inside = incidents.loc[incidents["inside"]]
    n_context = len(incidents) - len(inside)
    placed = inside["location_precision"]
    precision = _coarsest(placed.loc[placed != "default"], LOCATION_PRECISIONS)
    missing = checks.missing_months(inside, wanted, period)
    force_months = places.missing_force_months(wanted)
    rates = places.hit_rates(wanted)
    points = checks.distinct_points(inside)
    rate = checks.hit_rate(wanted)
    all_found = (
        checks.synthetic(is_synthetic=intake.is_synthetic, n=intake.n_read),
        rate,
        places.poorly_located(rates),
        checks.short_history(period),
        checks.missing_months_finding(missing),
        places.missing_force_months_finding(force_months, places.forces_of(inside)),
        found.slip,
        checks.snap_points(inside),
        checks.default_locations(found.suspects.default),
        checks.busiest_points(found.suspects.busiest),
        institutions_finding(found.suspects.named),
        decisions_finding(found.decisions),
        checks.rounded_coordinates(inside, area),
        found.exchanged,
        found.sign,
        *_time_findings(inside),
        checks.outside(dropped[OUTSIDE_AREA], n_context, len(inside)),
        found.far,
        checks.copies(intake.duplicate_ids, intake.conflicting_ids),
        checks.identical_rows(inside),
        points,
        places.repeated_names(inside),
        found.lsoa,
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
        default_locations=found.suspects.default,
        institutions=found.suspects.named,
        location_decisions=found.decisions,
        location_shares=tuple((str(k), float(v)) for k, v in placed.value_counts(normalize=True).items()),
        median_error_m=round(float(inside["error_radius_m"].median()), 1),
        hit_rates=rates,
        missing_force_months=force_months,
        reading_notes=intake.notes,
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
