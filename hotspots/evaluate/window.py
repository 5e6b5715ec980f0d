"""Which months stand on which side of the start."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geodata.errors import DesignError
from geodata.period import Period
from geodata.quality import Gate
from hotspots.evaluate.design import Design


@dataclass(frozen=True, eq=False)
class Window:
    """The months of both sides, missing ones left out; ``all_months`` keeps them for the chart."""

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
    def months_before(self) -> pd.DatetimeIndex:
        """Every month up to the start, missing ones included: what a ranking on the day before had."""
        return self.all_months[self.all_months < self.after[0]]

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
    before, after = used[used < start], used[used >= start]
    if not len(before) or not len(after):
        raise DesignError(
            f"No usable month is left {'before' if not len(before) else 'after'} the start {start:%Y-%m} "
            f"({len(missing)} missing in the source)."
        )
    return Window(before, after, missing[missing <= end], months[months <= end], months[-1])
