"""A back-test, or one ranking, from records in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from geodata.area import StudyArea
from geodata.period import parse_month
from geodata.sources import Intake, intake_of
from hotspots.config import RunConfig
from hotspots.gate import take_through_gate
from hotspots.targeting.assemble import month_before, panel_of, refuse_unrankable
from hotspots.targeting.backtest import Backtest, one_ranking, run_backtest
from hotspots.targeting.rankers import DEFAULT, ranker_named, rankers_named

PATROL_CELL = 10
"""Resolution unless told otherwise (R1.2), so that towns can be compared."""


def backtest(
    incidents: Intake | pd.DataFrame,
    area: StudyArea,
    config: RunConfig | None = None,
    *,
    methods: Sequence[str] = (DEFAULT,),
    resolution: int = PATROL_CELL,
    horizon: int = 1,
    step: str = "month",
    first: str | None = None,
    last: str | None = None,
) -> Backtest:
    """Rank as if at each past month, from the months before it alone, and count the reports that followed.

    Parameters
    ----------
    incidents : Intake or DataFrame
        What `geodata.read` returned, or a RECORDS table; every category, so that similar cells can be told.
    area : StudyArea
    config : RunConfig, optional
        Its categories are what is ranked by.
    methods : sequence of str
        Names of rankers, or ``all``; the plain count and the ceiling are measured besides.
    resolution, horizon, step
        Cells, steps tested at once, and what a step is: month, week or day.
    first, last : str, optional
        ``YYYY-MM``, months tested; all by default.

    Raises
    ------
    DataError
        If the records cannot be tested in this way; the message says why.
    """
    settings = config or RunConfig()
    rankers = rankers_named(methods)
    intake = incidents if isinstance(incidents, Intake) else intake_of(incidents)
    gate = take_through_gate(intake, area, settings)
    panel = panel_of(gate, intake, area, settings, resolution=resolution, step=step)
    return run_backtest(
        panel, rankers, horizon=horizon, random_state=settings.seed,
        first=None if first is None else parse_month(first), last=None if last is None else parse_month(last),
    )  # fmt: skip


def rank(
    incidents: Intake | pd.DataFrame,
    area: StudyArea,
    origin: str,
    config: RunConfig | None = None,
    *,
    method: str = DEFAULT,
    resolution: int = PATROL_CELL,
    horizon: int = 1,
) -> pd.DataFrame:
    """Rank the cells for the month `origin` (``YYYY-MM``) from the months before it alone, highest first.

    Returns
    -------
    DataFrame
        As `one_ranking`.

    Raises
    ------
    DataError
        If a ranking of these records would be luck; the message says why.
    """
    ranker = ranker_named(method)
    until = month_before(parse_month(origin))
    settings = replace(config or RunConfig(), last_month=f"{until:%Y-%m}")
    intake = incidents if isinstance(incidents, Intake) else intake_of(incidents)
    gate = take_through_gate(intake, area, settings)
    refuse_unrankable(gate, until, settings.override_reason)
    panel = panel_of(gate, intake, area, settings, resolution=resolution, until=until)
    return one_ranking(panel, ranker, horizon, origin)
