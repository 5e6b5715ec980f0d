"""Pairs of events by distance and days apart, and the same under dates shuffled at random: the engine of Knox's test.

Two ways to count, chosen by how crowded the points are: a list of all close pairs, made once and read for every
shuffle; or, where points are so crowded that the list would be long, the dates at each distinct point in order,
walked by two pointers, without any list.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from geodata.errors import DesignError
from geodata.points import distinct

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SmallInts = NDArray[np.int32]

CROWDED = 100
"""Close pairs per event above which a list of pairs is made only if walking the points would cost more."""

_LONGEST_LIST = 50_000_000  # pairs: about 600 MB
_WALK_COST = 2.4  # one step of a walk against one pair of a list, measured

_SHUFFLES_AT_A_TIME = 32
_MILLIMETRES = 3  # decimals of a metre that count: projected coordinates carry noise far below
_METRICS = {"euclidean": 2.0, "manhattan": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """Bands of distance and of days, each given by its upper bounds.

    With ``upper_included`` a band runs from above the bound before it up to and including its own: distance bounds
    (0, 100, 200) are "the same place", "above 0 up to 100 m" and "above 100 up to 200 m". Without, a bound belongs to
    the next band: (1, 101, 201) are [0, 1), [1, 101) and [101, 201). The last bound may be infinite. Pairs beyond the
    last bound are not counted. Distances count to the millimetre.
    """

    distance_m: tuple[float, ...] = (0.0, 100.0, 200.0, 400.0)  # R4.12
    days: tuple[float, ...] = (7.0, 14.0, 28.0)  # R4.12
    upper_included: bool = True
    metric: str = "euclidean"

    def __post_init__(self) -> None:
        for name, bounds in (("distance_m", self.distance_m), ("days", self.days)):
            rising = all(a < b for a, b in pairwise(bounds))
            if not bounds or not rising or not bounds[0] >= 0:
                raise DesignError(f"bands.{name} must be rising bounds from 0 on, got {bounds}.")
        if self.metric not in _METRICS:
            raise DesignError(f"bands.metric '{self.metric}' is not known; choose one of {', '.join(_METRICS)}.")

    def of_distance(self, metres: Floats) -> Ints:
        """Return the distance band of each distance; ``len(distance_m)`` beyond the last."""
        return self._band(self.distance_m, np.round(metres, _MILLIMETRES))

    def of_days(self, days: ArrayLike) -> Ints:
        """Return the band of each number of days apart; ``len(days)`` beyond the last."""
        return self._band(self.days, np.asarray(days, dtype=float))

    def _band(self, bounds: tuple[float, ...], values: Floats) -> Ints:
        side: Literal["left", "right"] = "left" if self.upper_included else "right"
        return np.asarray(np.searchsorted(np.asarray(bounds), values, side=side), dtype=np.int64)


def pair_table(x_m: ArrayLike, y_m: ArrayLike, day: ArrayLike, bands: Bands) -> Ints:
    """Return how many pairs of events fall into each band of distance and days apart.

    Parameters
    ----------
    x_m, y_m : array of float, shape (n,)
        Metres.
    day : array of int, shape (n,)
        Day number of each event, from any origin.
    bands : Bands

    Returns
    -------
    array of int, shape (distance bands, day bands)

    Examples
    --------
    >>> pair_table([0, 100, 100], [0, 0, 0], [1, 4, 30], Bands()).tolist()
    [[0, 0, 1], [1, 0, 0], [0, 0, 0], [0, 0, 0]]
    """
    return _counter(x_m, y_m, day, bands).observed()


def shuffled_tables(
    x_m: ArrayLike, y_m: ArrayLike, day: ArrayLike, bands: Bands, *, shuffles: int, random_state: int
) -> tuple[Ints, Ints]:
    """Return `pair_table` of the events, and of the events with their days shuffled, `shuffles` times.

    Places and days keep their own patterns; only which day belongs to which place is left to chance (Besag & Diggle
    1977, https://doi.org/10.2307/2346974).

    Returns
    -------
    observed : array of int, shape (distance bands, day bands)
    shuffled : array of int, shape (shuffles, distance bands, day bands)
    """
    counter = _counter(x_m, y_m, day, bands)
    starts = range(0, shuffles, _SHUFFLES_AT_A_TIME)
    seeds = np.random.SeedSequence(random_state).spawn(len(starts))
    sizes = [min(_SHUFFLES_AT_A_TIME, shuffles - start) for start in starts]
    # compiled code releases the lock; each block has its own stream, so the number of threads changes nothing
    with ThreadPoolExecutor() as pool:
        blocks = list(pool.map(counter.shuffled, seeds, sizes))
    empty = np.empty((0, len(bands.distance_m), len(bands.days)), dtype=np.int64)
    return counter.observed(), np.concatenate([empty, *blocks])


@dataclass(frozen=True, slots=True)
class _PairList:
    """Every close pair of events, with its distance band."""

    first: SmallInts
    second: SmallInts
    band: SmallInts
    day: SmallInts
    column: SmallInts  # day band of each number of days apart
    shape: tuple[int, int]

    def observed(self) -> Ints:
        return np.asarray(_count_listed(self.first, self.second, self.band, self.day, self.column, *self.shape))

    def shuffled(self, seed: np.random.SeedSequence, times: int) -> Ints:
        rng = np.random.default_rng(seed)
        return np.stack(
            [
                _count_listed(self.first, self.second, self.band, rng.permutation(self.day), self.column, *self.shape)
                for _ in range(times)
            ]
        )


@dataclass(frozen=True, slots=True)
class _PointLists:
    """Close pairs of distinct points, each point with its events; a point is paired with itself too."""

    first: SmallInts
    second: SmallInts
    band: SmallInts
    point: SmallInts  # of each event
    start: Ints  # of each point's events once they are grouped by point
    day: SmallInts
    by_day: Ints  # the events in order of day
    longest: SmallInts  # most days apart of each day band
    shape: tuple[int, int]

    def observed(self) -> Ints:
        return self._count(self.by_day)

    def shuffled(self, seed: np.random.SeedSequence, times: int) -> Ints:
        rng = np.random.default_rng(seed)
        return np.stack([self._count(rng.permutation(len(self.day))) for _ in range(times)])

    def _count(self, events: Ints) -> Ints:
        """Count with the i-th day in order given to the i-th of `events`."""
        days = _days_by_point(events, self.day[self.by_day], self.point, self.start)
        upto = _count_walked(self.first, self.second, self.band, self.start, days, self.longest, *self.shape)
        return np.asarray(np.diff(upto, axis=1, prepend=0))


def _counter(x_m: ArrayLike, y_m: ArrayLike, day: ArrayLike, bands: Bands) -> _PairList | _PointLists:
    x, y = np.asarray(x_m, dtype=float), np.asarray(y_m, dtype=float)
    number = np.asarray(day, dtype=np.int64)
    since_first = np.asarray(number - (number.min() if len(number) else 0), dtype=np.int32)
    point, first = distinct(x, y)
    a, b, band = close_points(x[first], y[first], bands)
    held = np.bincount(point, minlength=len(first))
    same = int(bands.of_distance(np.zeros(1))[0])
    n_pairs = int(held[a] @ held[b]) + int(np.sum(held * (held - 1) // 2))
    span = int(since_first.max()) if len(number) else 0
    column = bands.of_days(np.arange(span + 1)).astype(np.int32)
    shape = (len(bands.distance_m), len(bands.days))
    steps = int((held[a] + held[b]).sum()) * len(bands.days)
    is_cheaper = n_pairs <= min(_WALK_COST * steps, _LONGEST_LIST)
    if n_pairs <= CROWDED * max(len(x), 1) or is_cheaper:
        i, j, k = _pairs_of_events(point, held, (a, b, band), same)
        return _PairList(i, j, k, since_first, column, shape)
    own = np.arange(len(first), dtype=np.int32)
    longest = np.searchsorted(column, np.arange(len(bands.days)), side="right").astype(np.int32) - 1
    return _PointLists(
        np.concatenate([a, own]), np.concatenate([b, own]),
        np.concatenate([band, np.full(len(own), same, dtype=np.int32)]),
        point.astype(np.int32), np.concatenate([[0], np.cumsum(held)]), since_first,
        np.argsort(since_first, kind="stable"), longest, shape,
    )  # fmt: skip


def close_points(x_m: Floats, y_m: Floats, bands: Bands) -> tuple[SmallInts, SmallInts, SmallInts]:
    """Return the pairs of different points within the last distance bound, and the band of each."""
    if len(x_m) < 2:
        return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int32)
    at = np.column_stack([x_m, y_m])
    everything = 2 * float(np.ptp(at, axis=0).sum()) + 1.0
    reach = min(bands.distance_m[-1] + 0.001, everything)
    pairs = cKDTree(at).query_pairs(reach, p=_METRICS[bands.metric], output_type="ndarray")
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    apart = np.abs(at[pairs[:, 0]] - at[pairs[:, 1]])
    metres = apart.sum(axis=1) if bands.metric == "manhattan" else np.hypot(apart[:, 0], apart[:, 1])
    band = bands.of_distance(metres)
    close = band < len(bands.distance_m)
    return (
        pairs[close, 0].astype(np.int32),
        pairs[close, 1].astype(np.int32),
        band[close].astype(np.int32),
    )


def close_pairs(x_m: ArrayLike, y_m: ArrayLike, within_m: float, *, metric: str = "euclidean") -> tuple[Ints, Ints]:
    """Return the pairs of events at most `within_m` metres apart, each once, the same place included."""
    x, y = np.asarray(x_m, dtype=float), np.asarray(y_m, dtype=float)
    point, first = distinct(x, y)
    held = np.bincount(point, minlength=len(first))
    a, b, band = close_points(x[first], y[first], Bands(distance_m=(within_m,), metric=metric))
    i, j, _ = _pairs_of_events(point, held, (a, b, band), 0)
    return i.astype(np.int64), j.astype(np.int64)


def _pairs_of_events(
    point: Ints, held: Ints, close: tuple[SmallInts, SmallInts, SmallInts], same: int
) -> tuple[SmallInts, SmallInts, SmallInts]:
    """Return the pairs of events at each pair of points, and at each point itself."""
    a, b, band = close
    events = np.argsort(point, kind="stable")
    start = np.concatenate([[0], np.cumsum(held)])
    total = int(held[a] @ held[b]) + int(np.sum(held * (held - 1) // 2))
    i, j, k = _expand(events, start, a, b, band, same, total)
    order = np.lexsort((j, i))  # neighbours in the list read neighbouring days
    return i[order], j[order], k[order]


@njit(nogil=True)
def _expand(events, start, a, b, band, same, total):  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    first = np.empty(total, np.int32)
    second = np.empty(total, np.int32)
    bands = np.empty(total, np.int32)
    filled = 0
    for k in range(len(a)):
        for i in range(start[a[k]], start[a[k] + 1]):
            for j in range(start[b[k]], start[b[k] + 1]):
                first[filled], second[filled], bands[filled] = events[i], events[j], band[k]
                filled += 1
    for p in range(len(start) - 1):
        for i in range(start[p], start[p + 1]):
            for j in range(i + 1, start[p + 1]):
                first[filled], second[filled], bands[filled] = events[i], events[j], same
                filled += 1
    return first, second, bands


@njit(nogil=True)
def _count_listed(first, second, band, day, column, rows, columns):  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    counts = np.zeros((rows, columns + 1), np.int64)  # the last column collects pairs too many days apart
    for k in range(len(first)):
        counts[band[k], column[abs(day[first[k]] - day[second[k]])]] += 1
    return counts[:, :columns]


@njit(nogil=True)
def _days_by_point(events, days_in_order, point, start):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Deal the days, in order, to the events: each point's days then stand in order without sorting."""
    filled = start[:-1].copy()
    days = np.empty(len(events), np.int32)
    for i in range(len(events)):
        p = point[events[i]]
        days[filled[p]] = days_in_order[i]
        filled[p] += 1
    return days


@njit(nogil=True)
def _count_walked(first, second, band, start, days, longest, rows, columns):  # type: ignore[no-untyped-def]  # noqa: PLR0917  # pragma: no cover
    """Count pairs at most `longest` days apart by walking each two lists of days side by side."""
    counts = np.zeros((rows, columns), np.int64)
    for k in range(len(first)):
        a, b, row = first[k], second[k], band[k]
        a0, a1, b0, b1 = start[a], start[a + 1], start[b], start[b + 1]
        for c in range(columns):
            reach = longest[c]
            if reach < 0:
                continue
            low, high, found = b0, b0, 0
            for i in range(a0, a1):
                while high < b1 and days[high] <= days[i] + reach:
                    high += 1
                if a == b:
                    found += high - i - 1
                else:
                    while low < high and days[low] < days[i] - reach:
                        low += 1
                    found += high - low
            counts[row, c] += found
    return counts
