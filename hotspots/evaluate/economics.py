"""What a visit and a prevented report cost, with the interval of the effect (R6.17); no unit value is supplied."""

from __future__ import annotations

from hotspots.config import PatrolConfig
from hotspots.evaluate.estimators import Effect
from hotspots.evaluate.evaluation import DoseDelivered, Economics

NATIONAL_BAND_GBP = PatrolConfig().cost_per_hour_gbp
"""Price of an hour of patrol that national funding figures imply (R1.20)."""

_MINUTES = 60.0


def cost_of(dose: DoseDelivered | None, effect: Effect | None, cost_per_hour_gbp: float | None) -> Economics | None:
    """Return what the delivered visits cost and what each report prevented cost, None where no visit is known.

    The cost is patrol hours at the treated places (not person-hours, R1.21) times the price the user states, or the
    national band where none is stated. The interval of the cost of a prevented report runs from the lowest total over
    the most reports prevented to the highest over the fewest; where the interval holds no report prevented, no figure
    is given, for the cost would run to infinity; nor where the visits were not delivered as planned (R1.23).
    """
    if dose is None or not dose.delivered_visits:
        return None
    hours, person_hours = (float(dose.places[name].sum()) / _MINUTES for name in ("minutes", "person_minutes"))
    price = NATIONAL_BAND_GBP if cost_per_hour_gbp is None else (cost_per_hour_gbp, cost_per_hour_gbp)
    total = (hours * price[0], hours * price[1])
    visits = dose.qualifying_visits
    per_visit = (total[0] / visits, total[1] / visits) if visits else None
    proven = effect if dose.is_enough and effect is not None and effect.prevented_low > 0 else None
    per_prevented = (total[0] / proven.prevented_high, total[1] / proven.prevented_low) if proven else None
    best = total[0] / proven.prevented if proven and cost_per_hour_gbp is not None else None
    source = "the price stated" if cost_per_hour_gbp is not None else "the national band, as no local price was given"
    each = f", {_band(per_visit)} for each of {visits:,} qualifying visits" if per_visit else ""
    spent = (
        f"{hours:,.0f} patrol hours at the treated places ({person_hours:,.0f} person-hours, counting two people where "
        f"the log does not say) cost {_band(total)} at {_band(price)} an hour ({source}){each}; travel and planning "
        "are not in it."
    )
    return Economics(hours, person_hours, price, cost_per_hour_gbp is None, total, per_visit, per_prevented, best,
                     f"{spent} {_prevented(dose, effect, per_prevented, best)}")  # fmt: skip


def _prevented(
    dose: DoseDelivered, effect: Effect | None, per_prevented: tuple[float, float] | None, best: float | None
) -> str:
    if per_prevented is not None and effect is not None:
        single = f"; best single figure GBP {best:,.0f}" if best is not None else ""
        interval = f"{effect.confidence:.0%} interval of the effect"
        return f"Each report prevented cost {_band(per_prevented)} ({interval}{single})."
    if not dose.is_enough:
        why = "the visits were not delivered as planned"
    else:
        why = "no effect could be estimated" if effect is None else "the interval includes no report prevented"
    return f"What a prevented report cost is not established: {why}."


def _band(amounts: tuple[float, float]) -> str:
    low, high = (f"{amount:,.0f}" for amount in amounts)
    return f"GBP {low}" if low == high else f"GBP {low} to {high}"
