"""The checks behind the gate: each a small pure function that returns one finding, or none.

Grades, thresholds and rule numbers are those of the table "Where the defaults come from" in ARCHITECTURE.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.confidence import written_rounding
from geodata.period import Period
from geodata.points import distinct
from geodata.tails import poisson_up_to

Severity = Literal["info", "amber", "red"]

HIT_RATE_GREEN: Final = 0.95  # R3.7
HIT_RATE_RED: Final = 0.85  # R3.7
DEFAULT_SHARE: Final = 0.01  # R3.9
DEFAULT_DEVIATIONS: Final = 5.0  # R3.9
MISSING_BELOW: Final = 0.5  # R2.11: share of the trailing median
TRAILING_MONTHS: Final = 12  # R2.11
MIN_TRAILING_MONTHS: Final = 3
CHANCE_LEVEL: Final = 0.01  # a fall that chance alone would explain is no missing month
MIN_MONTHS: Final = 12  # R1.8
HARD_MIN_MONTHS: Final = 6  # R1.8
COVID: Final = Period.of("2020-04", "2021-03")
COARSE_M: Final = 50.0  # R3.10: coordinates that far off by rounding alone blur a 150 m hotspot
BUSIEST_SHARE: Final = 0.10
STRAY_MONTHS: Final = 12
STRAY_SHARE: Final = 0.01
_RECORDED: Final = ["longitude", "latitude", "category", "month", "occurred_from", "location", "crime_id"]
"""What makes two records equal in every detail."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found about the data: what, how many, what it means for the user, and the rule behind it."""

    check: str
    severity: Severity
    n: int
    message: str
    rule: str


@dataclass(frozen=True, slots=True)
class DefaultLocation:
    """One coordinate that holds more reports than a real place is likely to (R3.9)."""

    longitude: float
    latitude: float
    location: str
    n: int
    share: float
    reason: str


def hit_rate(wanted: pd.DataFrame) -> Finding:
    """Grade the share of wanted records that have coordinates: 95% and more good, below 85% unreliable (R3.7)."""
    located = int(wanted["longitude"].notna().sum())
    rate = located / len(wanted)
    severity: Severity = "info" if rate >= HIT_RATE_GREEN else "amber" if rate >= HIT_RATE_RED else "red"
    meaning = {
        "info": "enough for a map of places",
        "amber": "places with poor addresses may be missing from the list",
        "red": "below the minimum for reliable mapping, so no list is made unless a person answers for it",
    }[severity]
    message = f"{located:,} of {len(wanted):,} wanted records ({_percent(rate)}) have coordinates: {meaning}."
    return Finding("coordinates", severity, len(wanted) - located, message, "R3.7")


def snap_points(inside: pd.DataFrame) -> Finding | None:
    """Say what police.uk's snap points and months cannot carry (R2.1, R2.2, R2.3, R2.12)."""
    n = int((inside["location_precision"] == "snap_point").sum())
    if n == 0:
        return None
    message = (
        f"{n:,} records lie on street snap points and carry a month only: a cluster is a street, never an address, and "
        "some points are known to be misplaced; good for an overview, not for hours, addresses or camera sites."
    )
    return Finding("snap points", "amber", n, message, "R2.1-R2.3")


def copies(duplicate_ids: int, conflicting_ids: int) -> Finding | None:
    """Report Crime IDs with several copies, and those whose copies contradict each other."""
    if duplicate_ids == 0:
        return None
    message = (
        f"Crime IDs that came in several copies: {duplicate_ids:,}, counted once each; copies that differ in place or "
        f"category: {conflicting_ids:,} (a located copy was kept)."
    )
    return Finding("duplicate Crime IDs", "info", duplicate_ids, message, "R2.7")


def identical_rows(inside: pd.DataFrame) -> Finding | None:
    """Count records equal to an earlier one in everything recorded, overlaps of files aside; they are kept (R2.7)."""
    n = int(inside.duplicated(_RECORDED).sum()) - len(_overlap(inside))
    if n <= 0:
        return None
    message = (
        f"Records equal to another one in every detail: {n:,} ({_percent(n / len(inside))}); all were kept, because "
        "places are shared and dates are coarse: they are repeat reports, not copies."
    )
    return Finding("identical rows", "info", n, message, "R2.7")


def overlapping_files(inside: pd.DataFrame) -> Finding | None:
    """Count records that stand in two files with the same minute, place and kind: files that overlap count them twice.

    Without a reference nothing tells such copies from two calls about one event, so all are kept; but two calls in the
    same minute from the same place seldom share the files out between them.
    """
    again = _overlap(inside)
    if again.empty:
        return None
    files = sorted(set(again["source"]) | set(inside.merge(again[_RECORDED].drop_duplicates(), on=_RECORDED)["source"]))
    named = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
    share = _percent(len(again) / len(inside))
    message = (
        f"Files overlap ({named}): {len(again):,} records with a time and a place ({share}) stand in another file as "
        "well, alike in every detail, and count each time; give files that do not share days, or export the reference "
        "of each record, by which copies are read once."
    )
    return Finding("overlapping files", "amber", len(again), message, "R2.7")


def _overlap(inside: pd.DataFrame) -> pd.DataFrame:
    """Return the records that an earlier file holds already, copy by copy, told by clock time, place and kind."""
    has_place = inside["longitude"].notna() & ((inside["location"] != "") | (inside["place_id"] != ""))
    told = inside[(inside["time_precision"] == "minute") & has_place]
    told = told[told.duplicated(_RECORDED, keep=False)]
    # the second of two copies in a file is met by the second in another file, not by the first
    number = told.groupby([*_RECORDED, "source"], observed=True, dropna=False).cumcount()
    return told[told.assign(number=number).duplicated([*_RECORDED, "number"])]


def distinct_points(inside: pd.DataFrame) -> Finding:
    """Count the different points the records use, and say what share the busiest tenth of them holds (R1.13)."""
    codes, _ = distinct(inside["longitude"], inside["latitude"])
    held = np.sort(np.bincount(codes))[::-1]
    busiest = held[: int(np.ceil(BUSIEST_SHARE * len(held)))].sum() / len(inside)
    message = (
        f"{len(inside):,} records lie on {len(held):,} different points ({_percent(len(held) / len(inside))} of the "
        f"records); the busiest {BUSIEST_SHARE:.0%} of the points hold {busiest:.0%} of them."
    )
    return Finding("distinct points", "info", len(held), message, "R2.2")


def missing_months(inside: pd.DataFrame, wanted: pd.DataFrame, period: Period) -> tuple[str, ...]:
    """Return months in which records may be missing (R2.11).

    A month is listed when no wanted record exists anywhere in the files, or when the area's count is below half the
    median of the 12 months before it (3 at least, empty months left out) and chance alone would seldom give so few
    (Poisson, 1%).
    """
    months = period.months
    in_files = wanted["month"].value_counts().reindex(months, fill_value=0).to_numpy()
    counts = inside["month"].value_counts().reindex(months, fill_value=0).to_numpy()
    is_missing = (in_files == 0) | fallen(counts)
    return tuple(f"{month:%Y-%m}" for month in months[is_missing])


def fallen(counts: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which months hold less than half the median of the 12 before them, and less than chance would give."""
    has_fallen = np.zeros(len(counts), dtype=bool)
    for i, n in enumerate(counts):
        before = counts[max(0, i - TRAILING_MONTHS) : i]
        before = before[before > 0]
        typical = float(np.median(before)) if len(before) >= MIN_TRAILING_MONTHS else 0.0
        has_fallen[i] = n < MISSING_BELOW * typical and poisson_up_to(n, typical) < CHANCE_LEVEL
    return has_fallen


def impossible_months(months: pd.Series, today: pd.Timestamp) -> pd.DatetimeIndex:
    """Return months that are slips of the keyboard: after `today`, or more than a year away from all others.

    A run of months that lies more than 12 months from the months with most records is a slip where it holds at most 1%
    of the records; 2011 beside 2014 in earnest is none.
    """
    counts = months.value_counts().sort_index()
    is_late = counts.index > today.tz_localize(None)
    possible = counts.loc[~is_late]
    held_months = pd.DatetimeIndex(possible.index)
    number = held_months.year.to_numpy() * 12 + held_months.month.to_numpy()
    runs = np.concatenate([[0], np.cumsum(np.diff(number) > STRAY_MONTHS)])[: len(possible)]
    held = np.bincount(runs, weights=possible.to_numpy(), minlength=1)
    is_stray = (held <= STRAY_SHARE * held.sum()) & (np.arange(len(held)) != held.argmax())
    return pd.DatetimeIndex(counts.index[is_late].append(possible.index[is_stray[runs]]))


def impossible_dates(months: pd.Series, impossible: pd.DatetimeIndex) -> Finding | None:
    """Report records of months that cannot be right; they are left out, or one of them would stretch the period."""
    if impossible.empty:
        return None
    n = int(months.isin(impossible).sum())
    shown = ", ".join(f"{month:%Y-%m}" for month in impossible[:6]) + (" ..." if len(impossible) > 6 else "")
    message = f"Records dated in the future or more than a year from all others: {n:,} ({shown}); they were left out."
    return Finding("impossible dates", "amber", n, message, "R3.13")


def missing_months_finding(missing: tuple[str, ...]) -> Finding | None:
    """Report months in which records may be missing."""
    if not missing:
        return None
    shown = ", ".join(missing[:12]) + (" ..." if len(missing) > 12 else "")
    message = f"Months in which records may be missing: {shown}; they hold none, or less than half of what is usual."
    return Finding("missing months", "amber", len(missing), message, "R2.11")


def short_history(period: Period) -> Finding | None:
    """Grade the length of the period: 12 months wanted, under 6 no list (R1.8)."""
    n = period.n_months
    if n >= MIN_MONTHS:
        return None
    months = f"{n} months" if n > 1 else "1 month"
    if n < HARD_MIN_MONTHS:
        message = f"Only {months} of records: fewer than {HARD_MIN_MONTHS}, so there is a map and no list of hotspots."
        return Finding("short history", "red", n, message, "R1.8")
    message = f"Only {months} of records: with fewer than {MIN_MONTHS} the list of hotspots is unstable."
    return Finding("short history", "amber", n, message, "R1.8")


def covid_months(period: Period) -> Finding | None:
    """Say when the period holds months of the COVID restrictions, which break every series."""
    n = int(period.months.isin(COVID.months).sum())
    if n == 0:
        return None
    message = f"Months of the COVID restrictions (2020-04 to 2021-03) in the period: {n}; reports then were unusual."
    return Finding("COVID months", "info", n, message, "R2.11")


def crowded_points(inside: pd.DataFrame) -> tuple[DefaultLocation, ...]:
    """Return the points that hold more than a real place is likely to (R3.9).

    Such a point holds over 1% of the records and lies over 5 standard deviations above the mean occupied point.
    """
    points = inside.groupby(["longitude", "latitude"], as_index=False).agg(n=("location", "size"))
    usual = points["n"].mean()
    limit = usual + DEFAULT_DEVIATIONS * points["n"].std(ddof=0)
    crowded = points.loc[(points["n"] > DEFAULT_SHARE * len(inside)) & (points["n"] > limit)]
    crowded = crowded.sort_values("n", ascending=False, kind="stable")
    columns = (crowded["longitude"], crowded["latitude"], crowded["n"])
    return tuple(_crowded_point(inside, x, y, n, usual) for x, y, n in zip(*columns, strict=True))


def _crowded_point(inside: pd.DataFrame, longitude: float, latitude: float, n: int, usual: float) -> DefaultLocation:
    at_point = (inside["longitude"] == longitude) & (inside["latitude"] == latitude)
    share = n / len(inside)
    reason = (
        f"{n:,} of {len(inside):,} records ({_percent(share)}) lie on this one point, "
        f"where the average occupied point holds {usual:.1f}"
    )
    location = str(inside.loc[at_point, "location"].mode().iloc[0])
    return DefaultLocation(float(longitude), float(latitude), location, int(n), share, reason)


def default_locations(suspected: tuple[DefaultLocation, ...]) -> Finding | None:
    """Report points that may be default locations (R3.9)."""
    if not suspected:
        return None
    message = (
        f"More records than a real place is likely to hold lie on one point each: {_listed(suspected)}; check whether "
        "records without a known place are booked there (police station, hospital, town centre)."
    )
    return Finding("default locations", "amber", sum(place.n for place in suspected), message, "R3.9")


def busiest_points(crowded: tuple[DefaultLocation, ...]) -> Finding | None:
    """Name the busiest points of data whose points stand for a street or a square: no default locations (R3.9)."""
    if not crowded:
        return None
    n = sum(place.n for place in crowded)
    message = (
        f"The busiest points hold {n:,} records: {_listed(crowded)}; each stands for a street, a square or a whole "
        "site."
    )
    return Finding("busiest points", "info", n, message, "R3.9")


def _listed(points: tuple[DefaultLocation, ...]) -> str:
    return "; ".join(f"{place.location or 'unnamed point'} ({place.n:,})" for place in points[:5])


def rounded_coordinates(inside: pd.DataFrame, area: StudyArea) -> Finding | None:
    """Report coordinates rounded to 1,000, 100 or 10 m of the grid, or to 2, 3 or 4 decimals of a degree (R3.10)."""
    points = inside[["longitude", "latitude"]].drop_duplicates().to_numpy(dtype=float)
    found = written_rounding(points, area)
    if not found.steps:
        return None
    n, worst = int((found.radius_m > 0).sum()), float(found.radius_m.max())
    steps = ", ".join(f"{k:,} to {name}" for name, k in found.steps)
    meaning = (
        "a 150 m hotspot cannot be told from its neighbour"
        if worst >= COARSE_M
        else "fine enough for places of patrol size"
    )
    severity: Severity = "amber" if worst >= COARSE_M else "info"
    message = f"{n:,} of {len(points):,} points are rounded ({steps}), up to {worst:.0f} m off by that: {meaning}."
    return Finding("rounded coordinates", severity, n, message, "R3.10")


def outside(n_outside: int, n_context: int, n_inside: int) -> Finding | None:
    """Report records outside the area; a force's file always holds some."""
    if n_outside == 0:
        return None
    message = (
        f"Located records outside the area: {n_outside:,}, inside: {n_inside:,}; of those outside, {n_context:,} are "
        "close enough to be read as context."
    )
    return Finding("outside the area", "info", n_outside, message, "R3.15")


def officer_reports(inside: pd.DataFrame, n_dropped: int = 0) -> Finding | None:
    """Report records made by officers themselves: they follow patrols, not demand (R3.16, R7.5)."""
    if n_dropped:
        message = (
            f"Records made by officers, not the public, and left out: {n_dropped:,}; they show where officers were, "
            "and counting them would send officers back there."
        )
        return Finding("officer-generated", "info", n_dropped, message, "R3.16, R7.5")
    n = int((inside["origin"] == "officer").sum())
    if n == 0:
        return None
    message = (
        f"Records made by officers, not the public: {n:,} ({_percent(n / len(inside))}); they show where officers were "
        "as well as where trouble was."
    )
    return Finding("officer-generated", "info", n, message, "R3.16")


def synthetic(*, is_synthetic: bool, n: int) -> Finding | None:
    """Say that the data are made up."""
    message = "SYNTHETIC data: these records are made up and describe no real place or event."
    return Finding("synthetic", "info", n, message, "R7.11") if is_synthetic else None


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"
