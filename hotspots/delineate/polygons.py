"""The best polygon around a cell, and the best places of a city one after another: exact search, no rule of thumb."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Ground:
    """Cells to draw on, best score first: who touches whom, and what each adds to a polygon."""

    near: Sequence[Sequence[int]]
    score: Sequence[float]
    minutes: Sequence[float]
    area_km2: Sequence[float]
    n_12m: Sequence[int]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a polygon must keep to (R1.3, R1.4), and the minutes of a visit before any walking (R1.15)."""

    max_cells: int
    max_area_km2: float
    min_n_12m: int
    stop_minutes: float


def reports_per_minute(group: Sequence[int], ground: Ground, stop_minutes: float) -> float:
    r"""Return the objective: reports a month, shrunk, for each minute of a visit.

    .. math:: R(P) = \frac{\sum_{i \in P} s_i}{t + \sum_{i \in P} w_i}

    with s the score of a cell, w the minutes to walk it and t the minutes of the stop.
    """
    walked = sum(ground.minutes[i] for i in group)
    return sum(ground.score[i] for i in group) / (stop_minutes + walked)


def best_polygon(root: int, ground: Ground, free: NDArray[np.bool_], limits: Limits) -> tuple[float, list[int]]:
    r"""Return the best polygon whose busiest cell is `root`, with its reports per minute; ``(0.0, [])`` if none fits.

    Every connected set of free cells with `root` the first of them is visited once (ESU: Wernicke 2006,
    https://doi.org/10.1109/TCBB.2006.51) unless it cannot lead to anything better: a set P with r cells to spare can
    only beat the ratio :math:`\lambda` found so far if

    .. math:: \sum_{i \in P} (s_i - \lambda w_i) - \lambda t + \sum_{j \in T_r} (s_j - \lambda w_j) > 0

    for T the r cells within reach with the largest gains, none of them negative (Dinkelbach 1967,
    https://doi.org/10.1287/mnsc.13.7.492); and only reach the volume if its r largest neighbours would.
    """
    reach = _within_reach(root, ground, free, limits.max_cells)
    by_volume = sorted(((ground.n_12m[i], i) for i in reach), reverse=True)
    by_gain = [(ground.score[i], i) for i in reach]
    best, found = 0.0, list[int]()
    score, minutes, area_km2, n_12m = ground.score, ground.minutes, ground.area_km2, ground.n_12m
    near = {i: [j for j in ground.near[i] if j in reach] for i in (root, *reach)}
    # members, score, minutes, area, volume, cells that may still join, cells met
    stack: list[tuple[tuple[int, ...], float, float, float, int, list[int], set[int]]] = [
        ((root,), score[root], limits.stop_minutes + minutes[root], area_km2[root], n_12m[root], near[root],
         {root, *near[root]})
    ]  # fmt: skip
    while stack:
        members, total, spent, size, volume, edge, met = stack.pop()
        if volume >= limits.min_n_12m and total > best * spent * (1 + _ROUNDING):
            best, found = total / spent, list(members)
            by_gain = sorted(((score[i] - best * minutes[i], i) for i in reach), reverse=True)
        spare = limits.max_cells - len(members)
        if spare == 0 or total - best * spent + _largest(by_gain, members, spare) <= 0:
            continue
        if volume + _largest(by_volume, members, spare) < limits.min_n_12m:
            continue
        for turn in range(len(edge) - 1, -1, -1):  # the best neighbour is pushed last and looked at first
            cell = edge[turn]
            if size + area_km2[cell] > limits.max_area_km2:
                continue
            new = [i for i in near[cell] if i not in met]
            stack.append(
                ((*members, cell), total + score[cell], spent + minutes[cell], size + area_km2[cell],
                 volume + n_12m[cell], edge[turn + 1 :] + new, met.union(new))
            )  # fmt: skip
    return best, found


_ROUNDING = 1e-12  # two orders of adding up the same cells are not an improvement


def _within_reach(root: int, ground: Ground, free: NDArray[np.bool_], max_cells: int) -> set[int]:
    """Return the free cells after `root` that a polygon of `max_cells` around it could hold."""
    reach, rim = {root}, [root]
    for _ in range(max_cells - 1):
        rim = list({j for i in rim for j in ground.near[i] if j > root and free[j]} - reach)
        reach.update(rim)
    return reach - {root}


def _largest(ordered: Sequence[tuple[float, int]], members: Sequence[int], n: int) -> float:
    """Return the sum of the `n` largest positive values of cells that are not members."""
    total = 0.0
    for value, cell in ordered:
        if n == 0 or value <= 0:
            break
        if cell not in members:
            total += value
            n -= 1
    return total


def best_first(ground: Ground, limits: Limits) -> Iterator[list[int]]:
    """Yield disjoint polygons, best reports per minute first: each is the best there is on the cells left.

    A polygon is only searched for once what its busiest cell could at most reach is more than what is in hand.
    """
    n = len(ground.score)
    free = np.ones(n, dtype=bool)
    quickest = min(ground.minutes, default=0.0)
    most = [limits.max_cells * s / (limits.stop_minutes + limits.max_cells * quickest) for s in ground.score]
    waiting: list[tuple[float, int, list[int]]] = [(-most[i], i, []) for i in range(n)]
    heapq.heapify(waiting)
    while waiting:
        _, root, group = heapq.heappop(waiting)
        if not free[root]:
            continue
        if group and free[group].all():
            free[group] = False
            yield group
            continue
        ratio, group = best_polygon(root, ground, free, limits)
        if group:
            heapq.heappush(waiting, (-ratio, root, group))
