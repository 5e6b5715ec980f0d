"""What a visit and a prevented report cost, with the interval of the effect (R6.17); no unit value is supplied."""

from __future__ import annotations

from hotspots.evaluate.estimators import Effect
from hotspots.evaluate.evaluation import DoseDelivered, Economics

_MINUTES = 60.0


def cost_of(dose: DoseDelivered | None, effect: Effect | None, cost_per_hour_gbp: float | None) -> Economics | None:
    """Return the cost of a visit and of a prevented report, None where hours or their price are not known.

    The cost is patrol hours (not person hours, R1.21) times the price the user states. The interval of the cost of a
    prevented report is the total over the interval of reports prevented; where that holds none at all, no figure is
    given, for the cost would run to infinity.
    """
    if dose is None or cost_per_hour_gbp is None or not dose.delivered_visits:
        return None
    total = float(dose.places["minutes"].sum()) / _MINUTES * cost_per_hour_gbp
    per_visit = total / dose.delivered_visits
    spent = f"Patrols cost about GBP {total:,.0f}, or {per_visit:,.0f} a visit, at GBP {cost_per_hour_gbp:g} an hour"
    if effect is None or effect.prevented_low <= 0:
        return Economics(
            total, per_visit, None, None, None,
            f"{spent}. What a prevented report cost is not established: the interval includes no report prevented.",
        )  # fmt: skip
    best, low, high = (total / n for n in (effect.prevented, effect.prevented_high, effect.prevented_low))
    return Economics(
        total, per_visit, best, low, high,
        f"{spent}; between GBP {low:,.0f} and {high:,.0f} for each report prevented (best single figure {best:,.0f}).",
    )  # fmt: skip
