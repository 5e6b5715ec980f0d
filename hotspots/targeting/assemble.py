"""From an intake to a panel: what is ranked by passes the gate as in every run, and other crime beside it."""

from __future__ import annotations

from typing import Final

import pandas as pd

from geodata.area import StudyArea
from geodata.categories import slug
from geodata.errors import DesignError
from geodata.events import Events
from geodata.period import Period
from geodata.quality import Gate, blocking
from geodata.sources import Intake
from hotspots.config import ALL_CATEGORIES, RunConfig
from hotspots.gate import everything_beside
from hotspots.targeting.panel import MONTHS_PER_STEP, Panel, build_panel, steps_between

FEWEST_REPORTS: Final = 60
"""Reports below which places cannot be told apart: with so few, one or two decide who is first."""

LARGEST_GAP: Final = 12
"""Months between the records and the month ranked for that still let the records say something."""


def panel_of(
    gate: Gate,
    intake: Intake,
    area: StudyArea,
    config: RunConfig,
    *,
    resolution: int,
    step: str = "month",
    until: pd.Timestamp | None = None,
    events: Events | None = None,
    wanted: pd.Series | None = None,
) -> Panel:
    """Return the panel of the wanted reports, with every other category that was read beside them.

    Parameters
    ----------
    gate : Gate
        What passed of the wanted categories.
    intake : Intake
    area : StudyArea
    config : RunConfig
        Its categories are the wanted ones.
    resolution : int
    step : {"month", "week", "day"}
    until : Timestamp, optional
        Last month of the panel; months after the last record count as not delivered.
    events : Events, optional
        Which incidents tell of one event: later calls about it count nothing.
    wanted : Series of bool, optional
        Reports that are ranked by instead of those of the wanted categories, on the index of `everything_beside`.

    Raises
    ------
    DesignError
        If weeks or days are wanted of records that know only the month, or the step is not known.
    """
    if step not in MONTHS_PER_STEP:
        raise DesignError(f"The step '{step}' is not known; use month, week or day.")
    if step != "month" and gate.report.time_precision == "month":
        raise DesignError(f"These records know only the month, so nothing can be ranked by {step}; use months.")
    incidents = everything_beside(gate, intake, area, config)
    last = gate.period.last if until is None else max(until, gate.period.last)
    missing = [pd.Timestamp(month) for month in gate.report.missing_months]
    after = Period(gate.period.last, last).months[1:]
    return build_panel(
        incidents,
        area,
        wanted=is_wanted(incidents["category"], config) if wanted is None else wanted,
        resolution=resolution,
        steps=steps_between(gate.period.first, last, step),
        step=step,
        counted=None if events is None else events.is_first.reindex(incidents.index, fill_value=True),
        missing=pd.DatetimeIndex([*missing, *after]),
    )


def is_wanted(category: pd.Series, config: RunConfig) -> pd.Series:
    """Return which records are of a category the settings ask for."""
    if ALL_CATEGORIES in config.categories:
        return pd.Series(data=True, index=category.index)
    return category.isin([slug(name) for name in config.categories])


def month_before(origin: pd.Timestamp) -> pd.Timestamp:
    """Return the last month that may count when `origin` is ranked for."""
    return origin - pd.offsets.MonthBegin(1)


def refuse_unrankable(gate: Gate, until: pd.Timestamp, override_reason: str = "") -> None:
    """Refuse a ranking that would be luck: red data, too few reports, or an origin far beyond the data.

    Raises
    ------
    DesignError
        With the reason.
    """
    if red := blocking(gate.report, override_reason):
        raise DesignError(" ".join(finding.message for finding in red))
    if gate.report.n_used < FEWEST_REPORTS:
        raise DesignError(
            f"Only {gate.report.n_used} reports lie before the month ranked for; below {FEWEST_REPORTS} the order of "
            "places is luck, so none is ranked."
        )
    newest = gate.incidents["month"].max()
    if until > newest + pd.DateOffset(months=LARGEST_GAP):
        raise DesignError(
            f"The records end in {newest:%Y-%m}, more than {LARGEST_GAP} months before the month ranked for; "
            "read newer records or rank for an earlier month."
        )
