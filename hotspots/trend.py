"""What kind of hotspot a place is over time: new, building, long-standing, easing, coming and going, quieter lately.

Emerging-hotspot categories (R4.15): Gi* in every step of time, then a trend test on its z-scores. Steps are months, or
quarters where months are thin. What has been, never what will be.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from geodata import cells as h3cells
from geodata.errors import DataError, DesignError
from geodata.tails import binomial_above, binomial_up_to, normal_above
from hotspots.significance import false_discovery, gi_star

Floats = NDArray[np.float64]

NEW, CONSECUTIVE, HISTORICAL, INTENSIFYING = "new", "consecutive", "historical", "intensifying"
DIMINISHING, PERSISTENT, OSCILLATING, SPORADIC = "diminishing", "persistent", "oscillating", "sporadic"
INSUFFICIENT = "insufficient data"

LABELS = {
    NEW: "New",
    CONSECUTIVE: "Building",
    HISTORICAL: "Long-standing, quieter lately",
    INTENSIFYING: "Building",
    DIMINISHING: "Easing",
    PERSISTENT: "Long-standing",
    OSCILLATING: "Comes and goes",
    SPORADIC: "Comes and goes",
    INSUFFICIENT: "Too few reports to say",
    "": "",
}
"""Plain words for inspectors; the order is that of the tests (R4.15).

R4.15 calls the historical kind "Gone quiet"; on a place that is still busy that is read as "nothing happens here".
"""

MEANINGS = {
    NEW: "statistically unusual in the last step and never before",
    CONSECUTIVE: "unusual in every one of the last steps in a row, and never before",
    HISTORICAL: "unusual in at least 90% of the steps, but not in the last (the practice notes say: gone quiet)",
    INTENSIFYING: "unusual in at least 90% of the steps including the last, and rising",
    DIMINISHING: "unusual in at least 90% of the steps including the last, and falling",
    PERSISTENT: "unusual in at least 90% of the steps including the last, neither rising nor falling",
    OSCILLATING: "unusual in the last step, unusually quiet at some time before, unusual in under 90%",
    SPORADIC: "unusual in the last step, on and off before, never unusually quiet, unusual in under 90%",
    INSUFFICIENT: "too few reports in and around it for the pattern to mean anything",
}

MONTH, QUARTER = "month", "quarter"
FEWEST_MONTHS, FEWEST_QUARTERS = 12, 8  # R4.15
FEWEST_PER_STEP = 1.0  # R4.15
TREND_LEVEL = 0.05
_EXACT_UP_TO = 60  # steps; above, the normal approximation is as good


@dataclass(frozen=True, slots=True)
class Steps:
    """Gi* of every place in every step.

    Attributes
    ----------
    z : DataFrame of float, places x steps
        Gi* z-scores.
    state : DataFrame of int8, places x steps
        1 hot, -1 cold, 0 neither, after the false discovery rate within the step.
    nearby : Series of float
        Reports in the place and its neighbours in an average step: what Gi* judges.
    """

    z: pd.DataFrame
    state: pd.DataFrame
    nearby: pd.Series


@dataclass(frozen=True, slots=True)
class MannKendall:
    """Mann-Kendall trend of each series: S, its variance, tau-b, and the two-sided p-value."""

    s: Floats
    variance: Floats
    tau: Floats
    p_value: Floats


def hot_cold_steps(matrix: pd.DataFrame, neighbours: sparse.csr_array, *, false_discovery_rate: float = 0.05) -> Steps:
    r"""Return which places were statistically unusual in each step (R4.15, R4.3).

    z is Gi* (`gi_star`), and its normal p-value says how unusual the neighbourhood is among all places. The counts of
    one month are few and skewed, and the normal curve alone would call places hot in months of pure chance. A place
    must therefore also pass the exact test of N reports thrown at random on n places, m of them the neighbourhood:

    .. math:: p = \max(p_{normal}, p_{binomial}), \quad X \sim Binomial(N, m / n)

    Assumes reports of one step independent of each other, and places of the same size. Cold means fewer than chance.
    Gi* compares a place with the others of its step: where another place grows a lot, the z of all the rest falls.

    Parameters
    ----------
    matrix : DataFrame of int >= 0, places x steps
        From `month_matrix`, without the months the source did not deliver; or from `by_quarter`.
    neighbours : sparse array, shape (n, n)
        1 for each neighbour, without the place itself.
    false_discovery_rate : float
        Within each step.

    Raises
    ------
    DataError
        If a count is negative, missing or not a whole number.
    DesignError
        If a neighbour weighs other than 1, or the matrix of neighbours does not fit.
    """
    counts = _counts(matrix)
    w = sparse.csr_array(neighbours)
    if w.shape != (len(counts), len(counts)) or (w.nnz and not np.all(w.data == 1)):
        raise DesignError(f"Neighbours must be a matrix of 0 and 1 for the {len(counts):,} places of the table.")
    w = sparse.csr_array(w - sparse.diags_array(w.diagonal()))
    inside = w @ counts + counts
    members = np.asarray(w.sum(axis=1)).ravel() + 1
    z, state = np.zeros(counts.shape), np.zeros(counts.shape, dtype=np.int8)
    for t in range(counts.shape[1]):
        z[:, t], p_normal = gi_star(counts[:, t], w)
        p = np.maximum(p_normal, _thrown_at_random_p(inside[:, t], members, counts[:, t].sum()))
        state[:, t] = false_discovery(p, false_discovery_rate) * np.sign(z[:, t])
    return Steps(
        pd.DataFrame(z, index=matrix.index, columns=matrix.columns),
        pd.DataFrame(state, index=matrix.index, columns=matrix.columns),
        pd.Series(inside.mean(axis=1) if counts.shape[1] else np.nan, index=matrix.index, name="nearby"),
    )


def _counts(matrix: pd.DataFrame) -> Floats:
    counts = matrix.to_numpy(dtype=float)
    wrong = int((~np.isfinite(counts) | (counts < 0) | (counts != np.floor(counts))).sum())
    if wrong:
        raise DataError(
            f"{wrong:,} of {counts.size:,} counts are negative, missing or not whole; give counts of 0, 1, 2 and so on."
        )
    return counts


def _thrown_at_random_p(inside: Floats, members: Floats, total: float) -> Floats:
    """Return the two-sided p-value of each count `inside` so many `members` if `total` reports fell at random."""
    share = members / len(members)
    above, below = binomial_above(inside - 1, total, share), binomial_up_to(inside, total, share)
    return np.asarray(np.minimum(1.0, 2 * np.minimum(above, below)))


def by_quarter(matrix: pd.DataFrame) -> pd.DataFrame:
    """Return months added up to quarters, the last of them ending with the last month.

    Months before the first whole quarter are left out. Columns are the first days of the quarters. The months must
    follow each other.
    """
    if not _without_gap(matrix):
        raise DesignError("Quarters need months that follow each other without a gap.")
    n = matrix.shape[1] // 3
    kept = matrix.iloc[:, matrix.shape[1] - 3 * n :]
    sums = kept.to_numpy().reshape(len(matrix), n, 3).sum(axis=2)
    return pd.DataFrame(sums, index=matrix.index, columns=kept.columns[::3].rename(QUARTER))


def _without_gap(matrix: pd.DataFrame) -> bool:
    months = pd.DatetimeIndex(matrix.columns)
    return bool((np.diff(months.year * 12 + months.month) == 1).all())


def mann_kendall(series: ArrayLike) -> MannKendall:
    r"""Return the Mann-Kendall trend test of each row.

    .. math:: S = \sum_{i < j} \mathrm{sign}(x_j - x_i), \quad
        \mathrm{var}(S) = \frac{n(n-1)(2n+5) - \sum_t t(t-1)(2t+5)}{18}

    with t the sizes of ties (Mann 1945, https://doi.org/10.2307/1907187; Kendall 1975). Without ties and up to 60
    steps the p-value is exact, from the number of orders with each S; otherwise normal with the continuity
    correction, z = (|S| - 1) / sd. Assumes that without trend the steps are exchangeable: months that follow each
    other closely make p too small.

    Parameters
    ----------
    series : array of float, shape (rows, steps)
        Steps in order of time, all finite.

    Returns
    -------
    MannKendall
        ``tau`` is tau-b (0 where all values are equal).

    Examples
    --------
    >>> float(mann_kendall([[1, 2, 3, 4]]).p_value[0]) == 2 / 24
    True
    """
    x = np.atleast_2d(np.asarray(series, dtype=float))
    rows, n = x.shape
    if not np.isfinite(x).all():
        raise DataError("A trend test needs a finite value in every step.")
    s = np.zeros(rows)
    for lag in range(1, n):
        s += np.sign(x[:, lag:] - x[:, :-lag]).sum(axis=1)
    tie_variance, tied_pairs = _ties(x)
    variance = (n * (n - 1) * (2 * n + 5) - tie_variance) / 18
    pairs = n * (n - 1) / 2
    differing = np.sqrt(pairs * (pairs - tied_pairs))
    tau = np.divide(s, differing, out=np.zeros(rows), where=differing > 0)
    spread = np.sqrt(np.maximum(variance, 0.0))
    z = np.divide(np.maximum(np.abs(s) - 1, 0.0), spread, out=np.zeros(rows), where=spread > 0)
    p = 2 * normal_above(z)
    if n <= _EXACT_UP_TO:
        exact = tied_pairs == 0
        p[exact] = _exact_tail(n)[np.abs(s[exact]).astype(int)]
    return MannKendall(s, np.asarray(variance), tau, np.minimum(p, 1.0))


def _ties(x: Floats) -> tuple[Floats, Floats]:
    """Return the sum of t(t-1)(2t+5) and of t(t-1)/2 over the ties of each row."""
    ordered = np.sort(x, axis=1)
    rows, n = x.shape
    run = np.ones(rows)
    variance, pairs = np.zeros(rows), np.zeros(rows)
    for j in range(1, n + 1):
        goes_on = ordered[:, j] == ordered[:, j - 1] if j < n else np.zeros(rows, dtype=bool)
        ended = np.where(goes_on, 0.0, run)
        variance += ended * (ended - 1) * (2 * ended + 5)
        pairs += ended * (ended - 1) / 2
        run = np.where(goes_on, run + 1, 1.0)
    return variance, pairs


@cache
def _exact_tail(n: int) -> Floats:
    """Return P(|S| >= s) for s = 0 .. n(n-1)/2 when every order of n different values is as likely."""
    chance = np.ones(1)  # of each number of pairs out of order
    for k in range(2, n + 1):
        chance = np.convolve(chance, np.full(k, 1 / k))
    most = len(chance) - 1  # S = most - 2 x pairs out of order
    size = np.abs(most - 2 * np.arange(most + 1))
    at = np.bincount(size, weights=chance, minlength=most + 1)
    return np.asarray(np.cumsum(at[::-1])[::-1])


def kinds_over_time(
    steps: Steps,
    *,
    fewest_steps: int = FEWEST_MONTHS,
    fewest_per_step: float = FEWEST_PER_STEP,
    trend_level: float = TREND_LEVEL,
) -> pd.DataFrame:
    """Return what kind of hotspot each place is over time, exactly as R4.15 and in its order of tests.

    Parameters
    ----------
    steps : Steps
        From `hot_cold_steps` or `steps_of_groups`.
    fewest_steps : int
        12 months, or 8 quarters.
    fewest_per_step : float
        A place with fewer reports in and around it in the average step gets no kind but "insufficient data".
    trend_level : float
        Two-sided level of the Mann-Kendall test.

    Returns
    -------
    DataFrame
        On the index of the places: ``kind`` ("" if not a hotspot by any of the eight), ``label`` (plain words),
        ``n_hot``, ``n_cold``, ``n_steps``, ``is_hot_now``, ``last_hot`` (column label of the last hot step, None if
        never), ``tau``, ``trend_p``, ``nearby``, ``step`` ("month" or "quarter") and ``why`` (words: how often,
        when last, which way; "" if never hot).

    Raises
    ------
    DataError
        If there are fewer than `fewest_steps` steps.
    """
    n = steps.state.shape[1]
    if n < fewest_steps:
        raise DataError(
            f"Kinds of hotspot over time need at least {fewest_steps} steps, there are {n}; load more months, or use "
            f"quarters from {FEWEST_QUARTERS} quarters on (R4.15)."
        )
    state = steps.state.to_numpy()
    trend = mann_kendall(steps.z.to_numpy(dtype=float))
    direction = np.where(trend.p_value <= trend_level, np.sign(trend.s), 0)
    kind = np.array([kind_of(row, int(way)) for row, way in zip(state, direction, strict=True)], dtype=object)
    kind[(kind != "") & (steps.nearby.to_numpy() < fewest_per_step)] = INSUFFICIENT
    hot = state == 1
    last = n - 1 - hot[:, ::-1].argmax(axis=1)
    found = pd.DataFrame(
        {
            "kind": kind, "label": [LABELS[k] for k in kind], "n_hot": hot.sum(axis=1),
            "n_cold": (state == -1).sum(axis=1), "n_steps": n, "is_hot_now": hot[:, -1],
            "last_hot": pd.Series(steps.state.columns[last], index=steps.state.index).where(hot.any(axis=1), None),
            "tau": trend.tau, "trend_p": trend.p_value, "nearby": steps.nearby.to_numpy(),
            "step": QUARTER if steps.state.columns.name == QUARTER else MONTH,
        },
        index=steps.state.index,
    )  # fmt: skip
    found["why"] = [_why(row) for row in found.itertuples()]
    return found


def _why(row: Any) -> str:
    """Return the sentence beside the label: how often and when last, and which way."""
    if row.n_hot == 0:
        return ""
    last = f"{row.last_hot:%B %Y}" if isinstance(row.last_hot, pd.Timestamp) else str(row.last_hot)
    last = f"the quarter from {last}" if row.step == QUARTER else last
    trend = {INTENSIFYING: ", rising", DIMINISHING: ", falling"}.get(row.kind, "")
    few = f"; {MEANINGS[INSUFFICIENT]}" if row.kind == INSUFFICIENT else ""
    return f"statistically unusual in {row.n_hot} of {row.n_steps} {row.step}s, last in {last}{trend}{few}"


def kinds_by_suitable_steps(
    matrix: pd.DataFrame, neighbours: sparse.csr_array, *, groups: pd.Series | None = None
) -> pd.DataFrame:
    """Return `kinds_over_time` by months, and by quarters for places with less than a report a month (R4.15).

    Quarters are used where at least eight of them follow each other without a missing month; otherwise thin places
    stay "insufficient data".

    Parameters
    ----------
    matrix : DataFrame of int, places x months
        From `month_matrix`, without the months the source did not deliver.
    neighbours : sparse array
        As in `hot_cold_steps`.
    groups : Series, optional
        Place -> group, as in `steps_of_groups`: the kinds of the groups instead of those of the places.
    """

    def kinds(table: pd.DataFrame, fewest: int) -> pd.DataFrame:
        steps = hot_cold_steps(table, neighbours)
        return kinds_over_time(steps if groups is None else steps_of_groups(steps, groups), fewest_steps=fewest)

    by_month = kinds(matrix, FEWEST_MONTHS)
    thin = by_month["nearby"] < FEWEST_PER_STEP
    if not thin.any() or len(matrix.columns) < 3 * FEWEST_QUARTERS or not _without_gap(matrix):
        return by_month
    return pd.concat([by_month.loc[~thin], kinds(by_quarter(matrix), FEWEST_QUARTERS).loc[thin]]).loc[by_month.index]


def kind_of(state: ArrayLike, direction: int) -> str:
    """Return the kind of one place (R4.15), tested in its order.

    Parameters
    ----------
    state : array of int, shape (steps,)
        1 hot, -1 cold, 0 neither.
    direction : int
        1 if the z-scores rise significantly, -1 if they fall, 0 otherwise.

    Returns
    -------
    str
        One of the eight kinds, or "" for none.

    Examples
    --------
    >>> kind_of([0] * 11 + [1], 0)
    'new'
    """
    steps = np.asarray(state)
    hot = steps == 1
    n_hot, is_hot_now = int(hot.sum()), bool(hot[-1])
    is_mostly_hot = 10 * n_hot >= 9 * len(steps)
    at_the_end = int(np.argmin(hot[::-1])) if not hot.all() else len(hot)
    by_trend = {1: INTENSIFYING, -1: DIMINISHING, 0: PERSISTENT}
    if is_hot_now and n_hot == 1:
        return NEW
    if is_hot_now and at_the_end == n_hot and not is_mostly_hot:
        return CONSECUTIVE
    if is_mostly_hot:
        return by_trend[direction] if is_hot_now else HISTORICAL
    if is_hot_now:
        return OSCILLATING if (steps == -1).any() else SPORADIC
    return ""


def steps_of_groups(steps: Steps, groups: pd.Series) -> Steps:
    """Return the steps of groups of places, for example the cells of each hotspot.

    A group is hot in a step if any of its places is, cold if all are; its z-score and its reports nearby are those of
    its place with the most.

    Parameters
    ----------
    steps : Steps
    groups : Series
        Place -> group; places of no group ("" or missing) are left out.
    """
    name = groups.reindex(steps.state.index)
    own = name.notna() & (name != "")
    by: Any = name[own]
    hottest, coldest = steps.state[own].groupby(by).max(), steps.state[own].groupby(by).min()
    all_cold = (hottest == -1) & (coldest == -1)
    state = hottest.where((hottest == 1) | all_cold, 0).astype(np.int8)
    return Steps(steps.z[own].groupby(by).max(), state, steps.nearby[own].groupby(by).max())


def hotspots_with_kinds(hotspots: gpd.GeoDataFrame, matrix: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return hotspots with ``kind``, its plain label ``kind_label`` and ``kind_why``; empty texts below 12 months.

    Parameters
    ----------
    hotspots : GeoDataFrame
        HOTSPOTS.
    matrix : DataFrame of int, cells x months
        From `month_matrix`, without the months the source did not deliver.
    """
    if hotspots.empty or matrix.shape[1] < FEWEST_MONTHS:
        return hotspots.assign(kind="", kind_label="", kind_why="")
    owned = hotspots["cells"].str.split(",").explode()
    kinds = kinds_by_suitable_steps(
        matrix, h3cells.neighbours(matrix.index), groups=pd.Series(owned.index, index=owned.to_numpy())
    )
    return hotspots.join(kinds[["kind", "label", "why"]].rename(columns={"label": "kind_label", "why": "kind_why"}))
