"""Start times drawn at random inside the windows: being unpredictable is part of the treatment (R1.18)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.errors import DesignError
from geodata.period import police_day

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
COLUMNS = ["hotspot_id", "name", "week", "day", "start", "end", "minutes", "seed"]
MINUTES_PER_DAY = 24 * 60
DRAWS_OF_A_WEEK = 200


def visit_times(
    plan: pd.DataFrame,
    *,
    weeks: int,
    first_monday: str | pd.Timestamp,
    random_state: int,
    dose: str = "low",
    crews: int = 1,
    travel_minutes: int = 10,
    min_gap_minutes: int = 30,
    assignment: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Draw visit start times for a rota.

    Each hotspot's weekly visits are spread over the days of its window as evenly as they go, the odd ones on random
    days. Starts are whole minutes, drawn uniformly from what is still free: the visit ends inside the window, no crew
    is in two places at once, two visits to one hotspot leave a gap, and a hotspot is not visited at the same clock time
    twice in a week.

    Parameters
    ----------
    plan : DataFrame
        PATROLS from `plan`; hotspots without a window or without visits are left out.
    weeks : int
        Number of weeks.
    first_monday : date
        Monday of the first week.
    random_state : int
        Seed; the same seed gives the same rota. Repeated in the column ``seed``.
    dose : {"low", "high"}
        Which of the two weekly figures to draw.
    crews : int
        Crews on duty at once.
    travel_minutes : int
        From the end of one visit to the start of the crew's next.
    min_gap_minutes : int
        From the end of one visit to the start of the next at the same hotspot.
    assignment : DataFrame, optional
        Assignment list of a randomised pilot (`hotspots.evaluate.randomise`): ``hotspot_id``, ``first_day``,
        ``last_day``, ``arm``. A hotspot is visited only on days it is in the arm "treated"; one that is not on the
        list is not visited, for it may serve as comparison.

    Returns
    -------
    DataFrame
        ``hotspot_id``, ``name``, ``week`` (1 = first), ``day`` (of the window; a visit after midnight belongs to the
        evening before), ``start`` and ``end`` (local clock), ``minutes``, ``seed``; sorted by start.

    Raises
    ------
    DesignError
        If `first_monday` is not a Monday, or the visits of a day do not fit.
    """
    monday = pd.Timestamp(first_monday).normalize()
    if monday.weekday() != 0:
        raise DesignError(f"{monday:%Y-%m-%d} is a {monday:%A}; a rota starts on a Monday.")
    if weeks < 1 or crews < 1 or dose not in ("low", "high"):
        raise DesignError("A rota needs at least one week, one crew and a dose of 'low' or 'high'.")
    records = plan.drop(columns="geometry", errors="ignore").to_dict(orient="index")
    wanted = {str(place): row for place, row in records.items() if row["day_numbers"]}
    rows: list[tuple[object, ...]] = []
    for week, seed in enumerate(np.random.SeedSequence(random_state).spawn(weeks)):
        opens = monday + pd.Timedelta(weeks=week)
        visits = _draw_week(wanted, dose, _Rules(crews, travel_minutes, min_gap_minutes), np.random.default_rng(seed))
        for hotspot_id, day, minute in visits:
            row = wanted[hotspot_id]
            begins = opens + pd.Timedelta(minutes=minute)
            ends = begins + pd.Timedelta(minutes=row["minutes_per_visit"])
            length = row["minutes_per_visit"]
            rows.append((hotspot_id, row["name"], week + 1, DAY_NAMES[day], begins, ends, length, random_state))
    rota = pd.DataFrame(rows, columns=COLUMNS).sort_values(["start", "hotspot_id"], ignore_index=True)
    return rota if assignment is None else _as_assigned(rota, assignment)


def _as_assigned(rota: pd.DataFrame, assignment: pd.DataFrame) -> pd.DataFrame:
    """Keep the visits the lot allows; a visit after midnight belongs to the day its window opened."""
    day = police_day(rota["start"])
    pairs = rota[["hotspot_id"]].assign(day=day, visit=rota.index).merge(assignment, on="hotspot_id")
    in_turn = pairs["arm"].eq("treated") & pairs["day"].between(pairs["first_day"], pairs["last_day"])
    allowed = set(pairs.loc[in_turn, "visit"])
    return rota[rota.index.isin(allowed)].reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class _Rules:
    crews: int
    travel: int
    gap: int


Visit = tuple[str, int, int]
"""Hotspot, day of its window (0 = Monday), first minute since Monday 00:00."""


def _draw_week(plan: dict[str, dict[Any, Any]], dose: str, rules: _Rules, rng: np.random.Generator) -> list[Visit]:
    """Draw one week; visits placed one by one can block each other, so a blocked week is drawn afresh."""
    for _ in range(DRAWS_OF_A_WEEK):
        placed: list[Visit] = []
        for hotspot_id, day in _days_of_visits(plan, dose, rng):
            free = _free_starts(plan, hotspot_id, day, placed, rules)
            if len(free) == 0:
                break
            placed.append((hotspot_id, day, int(rng.choice(free))))
        else:
            return placed
    raise DesignError(
        f"The visits of {DAY_NAMES[day]} do not fit into {plan[hotspot_id]['hours']} with {rules.crews} "
        f"crew{'s' if rules.crews > 1 else ''}; add a crew, lengthen the window or plan fewer visits."
    )


def _days_of_visits(plan: dict[str, dict[Any, Any]], dose: str, rng: np.random.Generator) -> list[tuple[str, int]]:
    """Return (hotspot, day) of every visit of one week, in random order."""
    visits: list[tuple[str, int]] = []
    for hotspot_id, row in plan.items():
        days = np.array([int(day) for day in row["day_numbers"].split(",")])
        every, odd = divmod(int(row[f"visits_per_week_{dose}"]), len(days))
        on = np.concatenate([np.repeat(days, every), rng.permutation(days)[:odd]])
        visits += [(hotspot_id, int(day)) for day in on]
    return [visits[i] for i in rng.permutation(len(visits))]


def _free_starts(
    plan: dict[str, dict[Any, Any]], hotspot_id: str, day: int, placed: list[Visit], rules: _Rules
) -> NDArray[np.int64]:
    """Return the minutes of the week at which one more visit could start."""
    row = plan[hotspot_id]
    length = math.ceil(row["minutes_per_visit"])
    opens = (day * 24 + int(row["start_hour"])) * 60
    starts = np.arange(opens, opens + int(row["window_hours"]) * 60 - length + 1)
    free = np.ones(len(starts), dtype=bool)
    busy = np.zeros(len(starts), dtype=np.int64)
    for other, _, first in placed:
        after = first + math.ceil(plan[other]["minutes_per_visit"])
        if other == hotspot_id:
            free &= (starts >= after + rules.gap) | (starts + length + rules.gap <= first)
            free &= starts % MINUTES_PER_DAY != first % MINUTES_PER_DAY
        busy += (starts < after + rules.travel) & (starts + length + rules.travel > first)
    return starts[free & (busy < rules.crews)]
