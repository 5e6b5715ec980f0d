"""Cells by months: all that a ranking may know, built once and cut to the past for every origin."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata import cells as h3cells
from geodata.area import StudyArea
from geodata.points import distinct
from hotspots.ranking import step_weights
from hotspots.targeting.groups import GROUPS, groups_of
from hotspots.targeting.surroundings import Surroundings

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MONTHS_PER_STEP = {"month": 1.0, "week": 7 * 12 / 365.25, "day": 12 / 365.25}
"""How long one step of a panel is, in months."""

_FREQUENCY = {"month": "MS", "week": "7D", "day": "D"}


@dataclass(frozen=True, slots=True)
class Panel:
    """Reports by cell and step of time (a month, unless dates are known and weeks or days were asked for).

    Attributes
    ----------
    cells : Index of str, length n
        Every cell that touches the area.
    steps : DatetimeIndex, length T
        First day of each step.
    unit : {"month", "week", "day"}
        What one step is.
    delivered : array of bool, shape (T,)
        False where the source did not deliver the month; such a step weighs nothing and is never tested.
    rows : array of int, shape (m,)
        Cells in which anything was ever recorded; the tables below hold these alone.
    target : array of float, shape (m, T)
        Reports of the wanted kind inside the boundary; identical rows all count.
    others : array of float, shape (4, m, T)
        Other reports, in the groups of `GROUPS`.
    new_points : array of float, shape (m, T)
        Distinct points of any category first seen in the step: the places a report can be put at.
    totals : array of float, shape (T,)
        All wanted reports of the area.
    land_cells : float
        Land area of the study area in cells: the denominator of every area share.
    surroundings : Surroundings
        What lies around each cell.
    """

    cells: pd.Index
    steps: pd.DatetimeIndex
    unit: str
    delivered: Bools
    rows: NDArray[np.int64]
    target: Floats
    others: Floats
    new_points: Floats
    totals: Floats
    land_cells: float
    surroundings: Surroundings

    @property
    def n_steps(self) -> int:
        """Number of steps."""
        return len(self.steps)

    @property
    def months_per_step(self) -> float:
        """How long a step is."""
        return MONTHS_PER_STEP[self.unit]

    @property
    def known(self) -> Bools:
        """Cells with a point of any category so far; no report was ever put anywhere else."""
        return self.n_points > 0

    @property
    def n_points(self) -> Floats:
        """Distinct points known in each cell."""
        return self._on_cells(self.new_points.sum(axis=1))

    @property
    def has_others(self) -> bool:
        """Whether any other crime was loaded."""
        return bool(self.others.any())

    def past(self, step: int) -> Panel:
        """Return the panel as it stood before `step` began."""
        return replace(
            self,
            steps=self.steps[:step],
            delivered=self.delivered[:step],
            target=self.target[:, :step],
            others=self.others[:, :, :step],
            new_points=self.new_points[:, :step],
            totals=self.totals[:step],
        )

    def since(self, step: int) -> Panel:
        """Return the panel as if nothing had been recorded before `step`.

        Its points count as known from its beginning: rank for what follows it, not for steps within.
        """
        ground = self.surroundings
        points = np.zeros_like(self.new_points[:, step:])
        place = np.searchsorted(self.rows, ground.row[(ground.last_seen >= step) & (ground.row >= 0)])
        points[:, 0] = np.bincount(place, minlength=len(self.rows))
        return replace(
            self,
            steps=self.steps[step:],
            delivered=self.delivered[step:],
            target=self.target[:, step:],
            others=self.others[:, :, step:],
            new_points=points,
            totals=self.totals[step:],
            surroundings=ground.with_counts(ground.counts[:, step:]),
        )

    def steps_in(self, months: float) -> int:
        """Return how many steps make up so many months, at least one."""
        return max(1, round(months / self.months_per_step))

    def weights(self, half_life: float, *, horizon: int = 1, season_weight: float = 0.0) -> Floats:
        """Return the weight of each step for the `horizon` steps that follow the last; see `step_weights`."""
        w = step_weights(self.n_steps, half_life, season_weight, months_per_step=self.months_per_step, horizon=horizon)
        return np.where(self.delivered, w, 0.0)

    def recent(self, months: float | None = None) -> Floats:
        """Return weights of 1 on the delivered steps of the last `months` months (None: of all), 0 on the others."""
        w = self.delivered.astype(float)
        if months is not None:
            w[: -self.steps_in(months)] = 0.0
        return w

    def count(self, weights: Floats) -> Floats:
        """Return the weighted wanted reports of each cell."""
        return self._on_cells(weighted(self.target, weights))

    def count_others(self, weights: Floats) -> Floats:
        """Return the weighted other reports of each cell, shape (n, 4)."""
        return np.column_stack([self._on_cells(weighted(group, weights)) for group in self.others])

    def followed(self, step: int, horizon: int) -> Floats:
        """Return the wanted reports of each cell in the `horizon` steps from `step` on."""
        return self._on_cells(self.target[:, step : step + horizon].sum(axis=1))

    def around(self, weights: Floats, bandwidth_m: float) -> Floats:
        """Return the weighted wanted reports around each cell, its own left out, per area of one cell."""
        return self.surroundings.neighbours(bandwidth_m, self._at_points(weights))

    def density(self, weights: Floats, bandwidth_m: float) -> Floats:
        """Return the weighted wanted reports by quartic kernel at each cell's centre, per area of one cell."""
        return self.surroundings.density(bandwidth_m, self._at_points(weights))

    def _at_points(self, weights: Floats) -> Floats:
        return weighted(self.surroundings.counts[:, : self.n_steps], weights)

    def _on_cells(self, values: Floats) -> Floats:
        spread = np.zeros(len(self.cells))
        spread[self.rows] = values
        return spread


def weighted(matrix: NDArray[np.floating], weights: Floats) -> Floats:
    """Return the weighted sum of each row.

    Row by row: a matrix product may add equal rows in different orders and so break a tie between equal cells.
    """
    used = np.flatnonzero(weights)
    return np.asarray((matrix[:, used] * weights[used]).sum(axis=1))


def build_panel(
    incidents: pd.DataFrame,
    area: StudyArea,
    *,
    wanted: pd.Series,
    resolution: int,
    steps: pd.DatetimeIndex,
    step: str = "month",
    missing: pd.DatetimeIndex | None = None,
    counted: pd.Series | None = None,
) -> Panel:
    """Count incidents of every category by cell and step.

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS of every category (``inside`` False in the buffer, which only tells what lies around). Records made
        by officers and other police activity are left out here whatever was read (R7.5).
    area : StudyArea
    wanted : Series of bool
        On the index of `incidents`: the reports that are ranked by; everything else is other crime.
    resolution : int
        H3 resolution.
    steps : DatetimeIndex
        First days of the steps, in order, without a gap; incidents outside them are left out.
    step : {"month", "week", "day"}
    missing : DatetimeIndex, optional
        Months the source did not deliver.
    counted : Series of bool, optional
        On the index of `incidents`; the others, such as later calls about one event, only tell that a point exists.
    """
    group = groups_of(incidents["category"])
    is_target = wanted.to_numpy(dtype=bool)
    at = _step_of(incidents, steps, step)
    used = (at >= 0) & (is_target | (group >= 0)) & (incidents["origin"] != "officer").to_numpy()
    once = np.ones(len(incidents), dtype=bool) if counted is None else counted.to_numpy(dtype=bool)
    at, group, is_target, is_other = at[used], group[used], (is_target & once)[used], (~is_target & once)[used]
    longitude, latitude = (incidents[name].to_numpy(dtype=float)[used] for name in ("longitude", "latitude"))
    inside = incidents["inside"].to_numpy(dtype=bool)[used]

    cells = h3cells.cover(area, resolution)
    point, first, seen = _points_in_order(longitude, latitude, at)
    last_seen = np.zeros(len(first), dtype=np.int64)
    np.maximum.at(last_seen, point, at)
    near = h3cells.assign(longitude[first], latitude[first], resolution)
    surroundings = Surroundings(
        cells=cells,
        cell_km2=h3cells.mean_area_km2(area, resolution),
        centres_m=np.column_stack(area.project(*h3cells.centres(cells).T)),
        points_m=np.column_stack(area.project(longitude[first], latitude[first])),
        point_cell=cells.get_indexer(pd.Index(near, dtype=object)),
        is_inside=inside[first],
        last_seen=last_seen,
        counts=_table(point[is_target], at[is_target], (len(first), len(steps))),
    )
    rows = np.unique(surroundings.row[surroundings.row >= 0])
    place = np.full(len(cells) + 1, -1)  # the last for points in no cell
    place[rows] = np.arange(len(rows))
    row = place[surroundings.row[point]]
    shape = (len(rows), len(steps))
    is_other &= row >= 0
    known = surroundings.row >= 0
    by_group = [is_other & (group == g) for g in range(len(GROUPS))]
    return Panel(
        cells=cells,
        steps=steps,
        unit=step,
        delivered=~_is_missing(steps, missing),
        rows=rows,
        target=surroundings.in_cells(rows),
        others=np.stack([_table(row[chosen], at[chosen], shape) for chosen in by_group]),
        new_points=_table(place[surroundings.row[known]], seen[known], shape),
        totals=surroundings.counts[surroundings.is_inside].sum(axis=0),
        land_cells=area.area_km2 / surroundings.cell_km2,
        surroundings=surroundings,
    )


def _points_in_order(
    longitude: Floats, latitude: Floats, at: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return `distinct` points in the order they were first seen, and when: later ones cannot change an earlier sum."""
    point, first = distinct(longitude, latitude)
    began = np.full(len(first), np.iinfo(np.int64).max)
    np.minimum.at(began, point, at)
    order = np.lexsort((latitude[first], longitude[first], began))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return place[point], first[order], began[order]


def thin(panel: Panel, share: float, random_state: int) -> Panel:
    """Return the panel with each wanted report kept with probability `share`; other crime stays complete."""
    drawn = np.random.default_rng(random_state).binomial(panel.surroundings.counts.astype(int), share).astype(float)
    ground = panel.surroundings.with_counts(drawn)
    totals = drawn[ground.is_inside].sum(axis=0)
    return replace(panel, surroundings=ground, target=ground.in_cells(panel.rows), totals=totals)


def steps_between(first: pd.Timestamp, last: pd.Timestamp, step: str) -> pd.DatetimeIndex:
    """Return first days of the whole steps from the month `first` to the month `last`, both included."""
    end = last + pd.offsets.MonthBegin(1)
    starts = pd.date_range(first, end, freq=_FREQUENCY[step], inclusive="left", unit="us")
    return starts[:-1] if step == "week" and starts[-1] + pd.Timedelta(days=7) > end else starts


def _step_of(incidents: pd.DataFrame, steps: pd.DatetimeIndex, step: str) -> NDArray[np.int64]:
    if step == "month":
        return np.asarray(steps.get_indexer(pd.DatetimeIndex(incidents["month"])))
    began = incidents["occurred_from"].dt.tz_localize(None)
    days = 7 if step == "week" else 1
    at = ((began - steps[0]).dt.days // days).fillna(-1).to_numpy(dtype=np.int64)
    return np.where((at >= 0) & (at < len(steps)), at, -1)


def _is_missing(steps: pd.DatetimeIndex, missing: pd.DatetimeIndex | None) -> Bools:
    if missing is None or len(missing) == 0:
        return np.zeros(len(steps), dtype=bool)
    return np.asarray(steps.to_period("M").isin(missing.to_period("M")))


def _table(row: NDArray[np.int64], column: NDArray[np.int64], shape: tuple[int, int]) -> Floats:
    flat = np.bincount(row * shape[1] + column, minlength=shape[0] * shape[1])
    return flat.reshape(shape).astype(float)
