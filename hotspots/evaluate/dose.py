"""Was it delivered? Visits against the plan, before anything is said about effect (R1.23)."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from geodata.period import Period
from hotspots.evaluate.design import Design
from hotspots.evaluate.evaluation import DoseDelivered
from hotspots.patrols.visits import COMPLIANCE_FLOOR, dose_delivered, read_visits


def delivered(design: Design, names: Sequence[str], after: Period, *, timezone: str) -> DoseDelivered | None:
    """Return the dose of the after period, None when the design names no visits.

    A visit counts towards the plan when it lasts at least the shortest qualifying time (R1.15).
    """
    if design.visits is None:
        return None
    planned = design.planned_visits_per_week
    plan = pd.DataFrame(
        {"name": list(names), "visits_per_week_low": (planned or 0.0) / len(names), "day_numbers": ""},
        index=[f"T{number:02d}" for number in range(1, len(names) + 1)],
    )
    visits = read_visits(design.visits, timezone=timezone)
    last_day = after.last + pd.offsets.MonthEnd(0)
    places = dose_delivered(visits, plan, first_day=after.first, last_day=last_day).loc[plan.index]
    n, qualifying = int(places["visits"].sum()), int(places["qualifying"].sum())
    if planned is None:
        said = f"{n} visits were logged, {qualifying} of them long enough to count; no number was planned."
        return DoseDelivered(None, n, qualifying, None, True, said, places)
    target = float(places["planned"].sum())
    share = qualifying / target
    sentence = f"{qualifying} qualifying visits were delivered of {target:.0f} planned ({share:.0%})"
    below = f", below the {COMPLIANCE_FLOOR:.0%} an outcome can be read from" if share < COMPLIANCE_FLOOR else ""
    return DoseDelivered(target, n, qualifying, share, share >= COMPLIANCE_FLOOR, f"{sentence}{below}.", places)
