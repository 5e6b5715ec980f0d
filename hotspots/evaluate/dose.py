"""Was it delivered? Visits against the plan, before anything is said about effect (R1.23)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.period import Period, police_day
from hotspots.evaluate.design import Design
from hotspots.evaluate.evaluation import DoseDelivered
from hotspots.patrols.visits import COMPLIANCE_FLOOR, dose_delivered, read_visits


def delivered(design: Design, names: Sequence[str], after: Period, *, timezone: str) -> DoseDelivered | None:
    """Return the dose of the after period, None when the design names no visits.

    A visit counts towards the plan when it lasts at least the shortest qualifying time (R1.15). Where a lot gave turns,
    or places started later, only visits in a place's own time count; others are said, for they blur the comparison.
    """
    if design.visits is None:
        return None
    planned = design.planned_visits_per_week
    plan = pd.DataFrame(
        {
            "name": list(names),
            "visits_per_week_low": (planned or 0.0) / len(names) * _shares(design, names, after),
            "day_numbers": "",
        },
        index=[f"T{number:02d}" for number in range(1, len(names) + 1)],
    )
    visits, astray = _in_time(design, read_visits(design.visits, timezone=timezone), names, after)
    last_day = after.last + pd.offsets.MonthEnd(0)
    places = dose_delivered(visits, plan, first_day=after.first, last_day=last_day).loc[plan.index]
    n, qualifying = int(places["visits"].sum()), int(places["qualifying"].sum())
    if planned is None:
        said = f"{n} visits were logged, {qualifying} of them long enough to count; no number was planned."
        return DoseDelivered(None, n, qualifying, None, True, f"{said}{astray}", places)
    target = float(places["planned"].sum())
    share = qualifying / target
    sentence = f"{qualifying} qualifying visits were delivered of {target:.0f} planned ({share:.0%})"
    below = f", below the {COMPLIANCE_FLOOR:.0%} an outcome can be read from" if share < COMPLIANCE_FLOOR else ""
    return DoseDelivered(target, n, qualifying, share, share >= COMPLIANCE_FLOOR, f"{sentence}{below}.{astray}", places)


def _shares(design: Design, names: Sequence[str], after: Period) -> NDArray[np.float64]:
    """Return the share of the after months each place is to be visited in, over their mean where places take turns.

    A plan for all places together goes to those in their turn; a place that starts later has its visits from then on.
    """
    if design.form == "staggered":
        starts = [design.starts.get(name, design.start) for name in names]
        return np.array([(after.months >= start).mean() for start in starts])
    if design.lot is None or design.form != "rotation":
        return np.ones(len(names))
    share = design.lot.turns(names, after.months).mean(axis=1)
    return np.asarray(share / share.mean())


def _in_time(design: Design, visits: pd.DataFrame, names: Sequence[str], after: Period) -> tuple[pd.DataFrame, str]:
    """Return the visits made in each place's own time, and a word on those made out of it or to untreated places."""
    controls = set() if design.lot is None else {name.casefold() for name in design.lot.controls}
    known = {name.casefold(): number for number, name in enumerate(names)}
    place = visits["hotspot"].str.strip().str.casefold()
    month = police_day(visits["started"]).dt.to_period("M").dt.to_timestamp()
    is_out = np.zeros(len(visits), dtype=bool)
    if design.form in ("rotation", "staggered"):
        months = pd.DatetimeIndex(sorted(month.unique()))
        own = _own_time(design, names, months)
        rows, columns = place.map(known), months.searchsorted(month)
        listed = rows.notna().to_numpy()
        is_out[listed] = ~own[rows[listed].astype(int), columns[listed]]
    is_control = place.isin(controls).to_numpy()
    wrong = int(((is_out | is_control) & month.between(after.first, after.last).to_numpy()).sum())
    said = f" {wrong} visits went to places that were not to have them, which makes the effect read too small."
    return visits[~is_out], said if wrong else ""


def _own_time(design: Design, names: Sequence[str], months: pd.DatetimeIndex) -> NDArray[np.bool_]:
    if design.lot is not None:
        return design.lot.turns(names, months)
    starts = pd.DatetimeIndex([design.starts.get(name, design.start) for name in names])
    return np.asarray(months.to_numpy()[None, :] >= starts.to_numpy()[:, None])
