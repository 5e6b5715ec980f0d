"""The gate: every check a pure function returning findings; a grade; nothing dropped silently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "amber", "red"]


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

    @property
    def is_red(self) -> bool:
        """Whether any finding blocks the ranked list."""
        return any(finding.severity == "red" for finding in self.findings)
