"""The patrol plan of a pilot: only the hotspots it assigned, each in its own time, and its controls never (R1.34)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from geodata.errors import DesignError
from hotspots.config import PatrolConfig
from hotspots.patrols.dose import affordable, share_visits
from hotspots.patrols.rota import COLUMNS, visit_times

_SHOWN = 5


@dataclass(frozen=True, eq=False)
class AssignedPlan:
    """What a pilot lets be patrolled.

    Attributes
    ----------
    turns : DataFrame
        One row a hotspot and turn: ``hotspot_id``, ``name``, ``first_day``, ``last_day``, ``visits_per_week_low``,
        ``visits_per_week_high``, ``minutes_per_visit``, ``days``, ``hours``, ``note``.
    controls : tuple of str
        Hotspots the pilot keeps for comparison and never patrols.
    outside : tuple of str
        Hotspots of the list that take no part; some of them may serve as comparison, so they are not planned either.
    sentence : str
        The same in words.
    """

    turns: pd.DataFrame
    controls: tuple[str, ...]
    outside: tuple[str, ...]
    sentence: str


def assigned_plan(
    plan: pd.DataFrame, scores: pd.Series, assignment: pd.DataFrame, config: PatrolConfig
) -> AssignedPlan:
    """Plan the visits of the hotspots a pilot assigned, turn by turn; the budget is shared among those in their turn.

    Parameters
    ----------
    plan : DataFrame
        PATROLS from `hotspots.patrols.plan`: its windows are kept, its numbers of visits are shared afresh.
    scores : Series
        ``score`` of the hotspots, on the index of the plan.
    assignment : DataFrame
        From `hotspots.evaluate.read_assignment` or `randomise`: ``hotspot_id`` ("" where only the name is known),
        ``name``, ``first_day``, ``last_day``, ``arm``.
    config : PatrolConfig

    Raises
    ------
    DesignError
        If the assignment names a hotspot that is not on this list, or whose id stands for another place here.
    """
    listed = _on_list(assignment, plan)
    budget = affordable(config)
    rows: list[dict[str, Any]] = []
    treated = listed[listed["arm"] == "treated"]
    for (first, last), turn in treated.groupby(["first_day", "last_day"], sort=True):
        ids = list(turn["hotspot_id"])
        low, high = (
            share_visits(scores.loc[ids], visits, low=config.min_visits_per_week, high=config.max_visits_per_week)
            for visits in budget.visits_per_week
        )
        for hotspot_id, few, many in zip(ids, low, high, strict=True):
            own = plan.loc[hotspot_id]
            rows.append(
                {"hotspot_id": hotspot_id, "name": own["name"], "first_day": first, "last_day": last,
                 "visits_per_week_low": int(few), "visits_per_week_high": int(many),
                 "minutes_per_visit": own["minutes_per_visit"], "days": own["days"], "hours": own["hours"],
                 "note": "" if few else "The budget does not reach this hotspot at the dear hour."}
            )  # fmt: skip
    ever = set(treated["hotspot_id"])
    names = plan["name"].to_dict()
    controls = tuple(str(names[one]) for one in dict.fromkeys(listed["hotspot_id"]) if one not in ever)
    outside = tuple(str(name) for one, name in names.items() if one not in set(listed["hotspot_id"]))
    turns = pd.DataFrame(rows)
    return AssignedPlan(turns, controls, outside, _sentence(turns, controls, outside))


def assigned_times(
    plan: pd.DataFrame, assigned: AssignedPlan, *, weeks: int, first_monday: str | pd.Timestamp, random_state: int,
    **options: Any,
) -> pd.DataFrame:  # fmt: skip
    """Draw visit times as `visit_times` does, each hotspot only on police days of its own turns.

    Returns
    -------
    DataFrame
        As `visit_times`, sorted by start.
    """
    monday = pd.Timestamp(first_monday).normalize()
    ends = monday + pd.Timedelta(weeks=weeks) - pd.Timedelta(days=1)
    drawn = []
    now = assigned.turns[(assigned.turns["last_day"] >= monday) & (assigned.turns["first_day"] <= ends)]
    for _, turn in now.groupby(["first_day", "last_day"], sort=True):
        own = plan.loc[turn["hotspot_id"]].assign(
            visits_per_week_low=turn["visits_per_week_low"].to_numpy(),
            visits_per_week_high=turn["visits_per_week_high"].to_numpy(),
        )
        drawn.append(
            visit_times(
                own,
                weeks=weeks,
                first_monday=monday,
                random_state=random_state,
                assignment=turn.assign(arm="treated"),
                **options,
            )
        )
    if not drawn:
        return pd.DataFrame(columns=COLUMNS)
    return pd.concat(drawn).sort_values(["start", "hotspot_id"], ignore_index=True)


def _on_list(assignment: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Return the assignment with the ids of this list; a new run numbers its hotspots anew, so names must agree."""
    by_name = {str(name): one for one, name in plan["name"].items()}
    given = assignment["hotspot_id"].astype(str)
    ids = given.where(given != "", assignment["name"].map(by_name).fillna(""))
    names = ids.map(plan["name"].to_dict())
    other = assignment.loc[(names != assignment["name"]).to_numpy(), "name"].drop_duplicates()
    if len(other):
        raise DesignError(
            f"{len(other)} hotspots of the assignment are not, or not under that id, on this list "
            f"({', '.join(other.head(_SHOWN))}); plan with the run the assignment was made from."
        )
    days = {key: pd.to_datetime(assignment[key]) for key in ("first_day", "last_day")}
    return assignment.assign(hotspot_id=ids, **days)


def _sentence(turns: pd.DataFrame, controls: tuple[str, ...], outside: tuple[str, ...]) -> str:
    n = turns["hotspot_id"].nunique()
    each = turns.groupby("first_day")["hotspot_id"].nunique()
    said = f"Only the {n} hotspots the pilot assigned are planned"
    if len(each) > 1:
        said += f", each in its own time ({each.min()} to {each.max()} at once)" if each.min() != each.max() else (
            f", each in its own time ({each.max()} at once)"
        )  # fmt: skip
    said += f", from {turns['first_day'].min():%Y-%m-%d} to {turns['last_day'].max():%Y-%m-%d}."
    if controls:
        said += (
            f" Never planned, because the pilot compares with them: {_list(controls)}. A patrol sent there would hide "
            "the effect."
        )
    if outside:
        said += f" The {len(outside)} other hotspots of the list take no part and are not planned either."
    return said


def _list(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
