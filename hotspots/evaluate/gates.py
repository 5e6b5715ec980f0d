"""What a pilot must have before any percentage is printed (design/evaluation.md, Gates)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

MIN_TREATED = 5
MIN_EFFECTIVE = 3.0
MIN_CONTROLS = 20
MAX_CONTROLS = 60
MIN_EXPECTED = 60.0
MAX_MDE_PCT = 50.0
MIN_LOTS = 40
PREFERRED_MONTHS_BEFORE = 12


@dataclass(frozen=True, slots=True)
class GateResult:
    """One condition of an honest estimate: whether it holds, and in words what was found and what is needed."""

    name: str
    passed: bool
    message: str
    is_required: bool = True


def check_gates(
    treated_before: ArrayLike,
    n_controls: int,
    *,
    months_before: int,
    months_after: int,
    mde_pct: float | None,
    at_a_time: int | None = None,
) -> tuple[GateResult, ...]:
    """Return every gate, from what was known before the start only.

    Parameters
    ----------
    treated_before : array of float, shape (K,)
        Reports of each treated place over all months before the start.
    n_controls : int
        Comparison places of the same ranking.
    mde_pct : float or None
        ``at_best_pct`` of `power.detectable_fall`; None closes its gate.
    at_a_time : int, optional
        Places treated in one month, where places take turns: they are then compared with themselves.
    """
    before = np.asarray(treated_before, dtype=float)
    share = 1.0 if at_a_time is None else at_a_time / max(len(before), 1)
    expected = share * float(before.sum()) * months_after / max(months_before, 1)
    effective = effective_number(before)
    mde = "cannot be computed" if mde_pct is None else f"is {mde_pct:.0f}%"
    return (
        GateResult(
            "treated places",
            (len(before) if at_a_time is None else at_a_time) >= MIN_TREATED,
            f"{len(before)} treated places; at least {MIN_TREATED} are needed."
            if at_a_time is None
            else f"{at_a_time} of {len(before)} places treated at a time; at least {MIN_TREATED} are needed.",
        ),
        GateResult(
            "effective number",
            effective >= MIN_EFFECTIVE,
            f"The reports are spread as over {effective:.1f} equal places; at least {MIN_EFFECTIVE:g} are needed.",
        ),
        GateResult(
            "comparison places",
            at_a_time is not None or n_controls >= MIN_CONTROLS,
            f"{n_controls} comparison places of the same ranking; at least {MIN_CONTROLS} are needed."
            if at_a_time is None
            else "Places that take turns are compared with themselves; no others are needed.",
        ),
        GateResult(
            "expected reports",
            expected >= MIN_EXPECTED,
            f"{expected:,.0f} reports expected in the treated places after the start; "
            f"at least {MIN_EXPECTED:g} are needed.",
        ),
        GateResult(
            "detectable fall",
            mde_pct is not None and mde_pct <= MAX_MDE_PCT,
            f"The smallest fall this design could detect, at best, {mde}; it must not exceed {MAX_MDE_PCT:g}%.",
        ),
        GateResult(
            "months before",
            months_before >= PREFERRED_MONTHS_BEFORE,
            f"{months_before} months before the start; {PREFERRED_MONTHS_BEFORE} or more are preferred.",
            is_required=False,
        ),
    )


def lots_gate(lots: int) -> GateResult:
    """Return whether so many ways of drawing the lot can show anything: the rarest must be rarer than one in twenty."""
    return GateResult(
        "ways to draw the lot",
        lots >= MIN_LOTS,
        f"The lot could have fallen in {lots:,} ways; at least {MIN_LOTS} are needed for an interval of 95%, "
        "that is six pairs, or five of fifteen places.",
    )


def closed(gates: Sequence[GateResult]) -> tuple[GateResult, ...]:
    """Return the required gates that do not hold."""
    return tuple(gate for gate in gates if gate.is_required and not gate.passed)


def effective_number(counts: ArrayLike) -> float:
    """Return 1 / sum of squared shares: how many equal places the counts amount to (0 without a report)."""
    values = np.asarray(counts, dtype=float)
    total = values.sum()
    return float(total**2 / (values**2).sum()) if total > 0 else 0.0
