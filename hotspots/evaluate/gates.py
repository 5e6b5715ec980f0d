"""What a pilot must have before any percentage is printed (design/evaluation.md, Gates)."""

from __future__ import annotations

from dataclasses import dataclass

MIN_TREATED = 5
MIN_EFFECTIVE = 3.0
MIN_CONTROLS = 20
MAX_CONTROLS = 60
MIN_EXPECTED = 60.0
MAX_MDE_PCT = 50.0
PREFERRED_MONTHS_BEFORE = 12


@dataclass(frozen=True, slots=True)
class GateResult:
    """One condition of an honest estimate: whether it holds, and in words what was found and what is needed."""

    name: str
    passed: bool
    message: str
    is_required: bool = True
