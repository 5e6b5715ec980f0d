"""Named textbook methods, offered beside the default with their measured false-positive rate."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DisplacementDifference:
    """Weighted displacement difference: incidents beyond the comparison, and its Poisson interval.

    Negative estimates are falls. The interval takes counts for independent Poisson variables, which hotspots are not.
    """

    estimate: float
    standard_error: float
    z: float
    low: float
    high: float
    confidence: float
    p_one_tailed: float
    method: str
    false_positives_pct: float


@dataclass(frozen=True, slots=True)
class DisplacementQuotient:
    """Weighted displacement quotient with its parts (Bowers & Johnson 2003); it has no interval."""

    quotient: float | None
    success: float
    buffer: float
    gross_effect: float
    net_effect: float
    total_net_effect: float
    reading: str
