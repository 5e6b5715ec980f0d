"""Which past months can be ranked for, and why others cannot."""

from __future__ import annotations

from typing import Final

import pandas as pd

from geodata.errors import DesignError
from hotspots.targeting.assemble import FEWEST_REPORTS
from hotspots.targeting.panel import Panel

TRAINING_MONTHS: Final = 12
"""Months that must lie before an origin (R4.4)."""


def origins_of(
    panel: Panel, horizon: int, *, first: pd.Timestamp | None = None, last: pd.Timestamp | None = None
) -> list[int]:
    """Return the steps that can be ranked for: twelve months before, and every tested step delivered.

    Raises
    ------
    DesignError
        If there are too few steps, the asked-for months lie beyond the data or in a missing month, or too few reports
        lie before them.
    """
    training = panel.steps_in(TRAINING_MONTHS)
    span = f"the data run from {panel.steps[0]:%Y-%m} to {panel.steps[-1]:%Y-%m}"
    if horizon < 1:
        raise DesignError(f"The horizon must be at least 1, got {horizon}.")
    if panel.n_steps < training + horizon:
        raise DesignError(
            f"A back-test needs {training} periods to learn from and {horizon} to test; {span}, {panel.n_steps} in all."
        )
    _refuse_missing(panel, first, last)
    latest = panel.n_steps - horizon
    in_time = [step for step in range(training, latest + 1) if _within(panel, step, horizon, first, last)]
    if not in_time:
        raise DesignError(
            f"No month with {training} periods before it and {horizon} to test lies in the months asked for; {span}, "
            f"so the first tested month may be {panel.steps[training]:%Y-%m} to {panel.steps[latest]:%Y-%m}."
        )
    delivered = [step for step in in_time if panel.delivered[step : step + horizon].all()]
    if not delivered:
        raise DesignError("Every month that could be tested is a missing month; read the months that were delivered.")
    enough = [step for step in delivered if panel.totals[:step].sum() >= FEWEST_REPORTS]
    if not enough:
        n = int(panel.totals[: delivered[-1]].sum())
        raise DesignError(
            f"Only {n} reports lie before the last month that could be tested; below {FEWEST_REPORTS} the order of "
            "places is luck, so none is ranked."
        )
    return enough


def _refuse_missing(panel: Panel, first: pd.Timestamp | None, last: pd.Timestamp | None) -> None:
    months = panel.steps.to_period("M")
    for asked in (first, last):
        if asked is not None and (~panel.delivered[months == asked.to_period("M")]).any():
            raise DesignError(
                f"{asked:%Y-%m} is a month in which records may be missing, so nothing can be tested in it; choose "
                "another month."
            )


def _within(panel: Panel, step: int, horizon: int, first: pd.Timestamp | None, last: pd.Timestamp | None) -> bool:
    begins, ends = panel.steps[step], panel.steps[step + horizon - 1]
    return (first is None or begins >= first) and (last is None or ends < last + pd.offsets.MonthBegin(1))
