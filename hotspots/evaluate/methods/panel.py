"""The one table every method reads: monthly counts of treated and comparison places, and which months are which."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geodata.errors import DesignError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Panel:
    """Monthly reports of both groups of places; every method takes this and nothing else.

    Attributes
    ----------
    treated, controls : array of float, shape (K, months), (J, months)
        Reports; controls in the order of the ranking.
    months : DatetimeIndex
        First day of each month; missing months are left out.
    start : int
        Column of the first treated month.
    after : tuple of int
        Columns of the months that count as result.
    baseline : tuple of int or None
        Months a textbook before/after compares with; None: `textbook_baseline`.
    selection : tuple of int or None
        Months the treated places were chosen on; None: every month before the start.
    pairs : tuple of (int, int) or None
        Rows (treated, control) that were paired before one of each was drawn.
    pool : tuple of int or None
        Rows of the controls that took part in the lot with the treated places; None: all of them.
    rest : array of float, shape (months,), or None
        Reports of the study area without treated places and rings.
    treated_ring, controls_ring : array of float or None
        Reports next door, shaped as ``treated`` and ``controls``.
    assignment : array of bool, shape (K, months), or None
        Rotation designs: which treated place had its turn in which month.
    assignment_blocks : tuple of int or None
        Rotation designs: months with the same number were drawn together; None: told by the list itself.
    starts : tuple of int or None
        First treated column of each treated place, where places started at different times.
    steps : tuple of (str, int)
        What was added when in all treated places, e.g. ``(("police", 27), ("youth work", 29))``.
    """

    treated: Floats
    controls: Floats
    months: pd.DatetimeIndex
    start: int
    after: tuple[int, ...]
    baseline: tuple[int, ...] | None = None
    selection: tuple[int, ...] | None = None
    pairs: tuple[tuple[int, int], ...] | None = None
    pool: tuple[int, ...] | None = None
    rest: Floats | None = None
    treated_ring: Floats | None = None
    controls_ring: Floats | None = None
    assignment: NDArray[np.bool_] | None = None
    assignment_blocks: tuple[int, ...] | None = None
    starts: tuple[int, ...] | None = None
    steps: tuple[tuple[str, int], ...] = field(default=())

    def __post_init__(self) -> None:
        n_months = len(self.months)
        k, j = len(self.treated), len(self.controls)
        shapes = {
            "treated": (k, n_months),
            "controls": (j, n_months),
            "rest": (n_months,),
            "treated_ring": (k, n_months),
            "controls_ring": (j, n_months),
            "assignment": (k, n_months),
        }
        for name, shape in shapes.items():
            values = getattr(self, name)
            if values is not None and np.shape(values) != shape:
                raise DesignError(f"The panel's {name} must have the shape {shape}, got {np.shape(values)}.")
            if values is not None and values.size and not (np.isfinite(values).all() and values.min() >= 0):
                raise DesignError(f"The panel's {name} must be finite numbers of at least 0.")
        if not 0 < self.start < n_months:
            raise DesignError(f"The start must leave months on both sides of {n_months}, got column {self.start}.")
        if not self.after or min(self.after) < self.start or max(self.after) >= n_months:
            raise DesignError("The after months must lie between the start and the last month.")
        if self.assignment_blocks is not None and len(self.assignment_blocks) != n_months:
            raise DesignError(f"{n_months} months need as many blocks of turns, got {len(self.assignment_blocks)}.")
        if self.starts is not None and len(self.starts) != k:
            raise DesignError(f"{k} treated places need as many starts, got {len(self.starts)}.")

    @property
    def before(self) -> tuple[int, ...]:
        """Columns of every month before the start."""
        return tuple(range(self.start))

    @property
    def textbook_baseline(self) -> tuple[int, ...]:
        """Columns a press release compares with: the given baseline, else the same months a year before, else the last.

        Months after the start are never a baseline.
        """
        if self.baseline is not None:
            return self.baseline
        return like_months(self) or tuple(range(max(0, self.start - len(self.after)), self.start))

    @property
    def month_numbers(self) -> NDArray[np.int64]:
        """Calendar months from the first to each, so that a missing month is a gap and not a shift."""
        periods = self.months.to_period("M")
        return np.asarray(periods.year * 12 + periods.month, dtype=np.int64) - (periods[0].year * 12 + periods[0].month)

    def totals(self, months: tuple[int, ...], *, group: str = "treated") -> Floats:
        """Return the reports of each place of a group ("treated", "controls", ...) summed over the given columns."""
        counts: Floats = getattr(self, group)
        return np.asarray(counts[:, list(months)].sum(axis=1), dtype=float)


def make_panel(treated: ArrayLike, controls: ArrayLike, months: Any, start: str | pd.Timestamp, **more: Any) -> Panel:
    """Return a panel from counts, months (``YYYY-MM`` or dates) and the first treated month.

    ``after`` defaults to every month from the start on; other attributes of `Panel` go by their name.

    Examples
    --------
    >>> panel = make_panel([[3, 1]], [[2, 2]], ["2024-01", "2024-02"], "2024-02")
    >>> panel.before, panel.after
    ((0,), (1,))
    """
    index = pd.DatetimeIndex(pd.to_datetime(list(months)))
    first = pd.Timestamp(start)
    if first not in index:
        raise DesignError(f"The start {first:%Y-%m} is not among the {len(index)} months of the panel.")
    column = int(np.flatnonzero(index == first)[0])
    more.setdefault("after", tuple(range(column, len(index))))
    for name in ("rest", "treated_ring", "controls_ring"):
        if more.get(name) is not None:
            more[name] = np.asarray(more[name], dtype=float)
    return Panel(np.asarray(treated, dtype=float), np.asarray(controls, dtype=float), index, column, **more)


def like_months(panel: Panel) -> tuple[int, ...]:
    """Return the columns of the same calendar months in the last year before the start; () unless all are there."""
    where = {month: column for column, month in enumerate(panel.months)}
    wanted = []
    for column in panel.after:
        month = panel.months[column]
        while month >= panel.months[panel.start]:
            month = month - pd.DateOffset(years=1)
        if month not in where:
            return ()
        wanted.append(where[month])
    return tuple(sorted(set(wanted)))


def with_controls(panel: Panel, rows: ArrayLike) -> Panel:
    """Return the panel with only these comparison places, in the given order; pairs and pool are dropped."""
    chosen = np.asarray(rows, dtype=int)
    ring = None if panel.controls_ring is None else panel.controls_ring[chosen]
    return replace(panel, controls=panel.controls[chosen], controls_ring=ring, pairs=None, pool=None)
