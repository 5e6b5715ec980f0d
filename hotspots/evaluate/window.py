"""Which months stand on which side of the start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geodata.errors import DesignError
from geodata.period import Period
from geodata.quality import Gate
from hotspots.evaluate.design import Design


@dataclass(frozen=True, eq=False)
class Window:
    """The months of both sides, missing ones left out; ``all_months`` keeps them for the chart.

    Attributes
    ----------
    history : DatetimeIndex
        Every usable month before the start: what places are ranked on, and what power rests on.
    before, after : DatetimeIndex
        Months that are compared; all of them unless the design says otherwise.
    """

    history: pd.DatetimeIndex
    before: pd.DatetimeIndex
    after: pd.DatetimeIndex
    missing: pd.DatetimeIndex
    all_months: pd.DatetimeIndex
    last_published: pd.Timestamp

    @property
    def before_period(self) -> Period:
        """First to last month before the start."""
        return Period(self.before[0], self.before[-1])

    @property
    def history_period(self) -> Period:
        """First to last usable month before the start."""
        return Period(self.history[0], self.history[-1])

    @property
    def after_period(self) -> Period:
        """First to last month after the start."""
        return Period(self.after[0], self.after[-1])


def months_of(design: Design, gate: Gate) -> Window:
    """Return the usable months of both sides.

    Raises
    ------
    DesignError
        If the start lies outside the data, or missing months leave one side empty.
    """
    months, start = gate.period.months, design.start
    if not months[0] < start <= months[-1]:
        raise DesignError(
            f"The start {start:%Y-%m} needs months on both sides, but the data run from {gate.period}; "
            "correct the start or add the missing months."
        )
    missing = months[months.strftime("%Y-%m").isin(gate.report.missing_months)]
    end = months[-1] if design.months_after is None else start + pd.DateOffset(months=design.months_after - 1)
    used = months[(months <= end) & ~months.isin(missing)]
    history, after = used[used < start], used[used >= start]
    before = history
    if design.baseline is not None:
        before = history[history.isin(design.baseline.months)]
    elif design.period_pairs:
        before, after = (
            side[side.isin(np.concatenate([pair[number].months for pair in design.period_pairs]))]
            for number, side in enumerate((history, after))
        )
    if not len(before) or not len(after):
        raise DesignError(
            f"No usable month is left {'before' if not len(before) else 'after'} the start {start:%Y-%m} "
            f"({len(missing)} missing in the source); add months, or widen the months the design compares."
        )
    return Window(history, before, after, missing[missing <= end], months[months <= end], months[-1])
