"""Near repeat: after one event, are more nearby soon than chance would have it? Knox's test, chains and originators.

Where events have clustered, never where the next one will be (R4.12, R4.20).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.stats import hypergeom

from geodata.area import StudyArea
from geodata.categories import label
from geodata.errors import DataError, DesignError
from hotspots.pair_counts import Bands, close_pairs, shuffled_tables
from hotspots.significance import false_discovery

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CATEGORIES = ("burglary", "vehicle-crime", "criminal-damage-arson")
"""Where near repeat is established (R4.12); other categories only if the user names them."""

EVENTS_PER_YEAR = 100  # R4.12
FEWEST_PERMUTATIONS = 999  # R4.12
FALSE_DISCOVERY_RATE = 0.05

ORIGINATOR, FOLLOWER = "originator", "follower"

_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, slots=True)
class NearRepeat:
    """What Knox's test found.

    Attributes
    ----------
    n_events, first_day, last_day
        What was tested.
    left_out : dict of str to int
        Events left out, by reason.
    bands : Bands
    permutations : int
    table : DataFrame
        See `knox_table`.
    observed, expected, ratio, p_value
        The headline, fixed before looking: the nearest band beyond the same place, in the first band of days.
    same_place_same_day : int
        Pairs at one place on one day: often one event recorded twice. They are in the row of the same place.
    events : DataFrame
        See `chains`; index as the events given.
    notes : tuple of str
    """

    n_events: int
    first_day: pd.Timestamp
    last_day: pd.Timestamp
    left_out: dict[str, int]
    bands: Bands
    permutations: int
    table: pd.DataFrame
    observed: int
    expected: float
    ratio: float
    p_value: float
    same_place_same_day: int
    events: pd.DataFrame
    notes: tuple[str, ...]

    def describe(self) -> str:
        """Return the headline in one sentence, e.g. for the briefing."""
        near = self.table.loc[self.table["is_headline"]].iloc[0]
        if self.expected == 0:
            return f"No two events lie {near['distance']} apart, so near repeat cannot be told."
        found = f"{self.observed:,} pairs of events lay {near['distance']} and {near['days']} apart"
        chance = f"chance would give {self.expected:,.1f} (ratio {self.ratio:.2f}, p = {self.p_value:.3f})"
        verdict = "more than chance" if self.p_value <= 0.05 else "no more than chance explains"
        return f"{found}; {chance}: {verdict}."


def near_repeat(
    incidents: pd.DataFrame,
    area: StudyArea,
    *,
    bands: Bands | None = None,
    categories: Sequence[str] = CATEGORIES,
    permutations: int = FEWEST_PERMUTATIONS,
    random_state: int,
) -> NearRepeat:
    """Run Knox's test on the events of `categories` that carry an exact date and place.

    The day of an event is the local calendar day on which it began; an event known only to lie in more than 24 hours
    has no exact day and is left out. Distances are straight lines in the area's metric projection.

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS; the buffer (``inside`` False) is left out.
    area : StudyArea
    bands : Bands, optional
        Default: same place, up to 100, 200, 400 m; 0-7, 8-14, 15-28 days, upper bounds included (R4.12).
    categories : sequence of str
        Category slugs; an empty sequence takes all.
    permutations : int
        At least 999.
    random_state : int

    Raises
    ------
    DataError
        If fewer than 100 events a year carry an exact date and place; the sentence says where the others went.
    DesignError
        If fewer than 999 permutations are asked for, or no band reaches beyond the same place.
    """
    bands = Bands() if bands is None else bands
    if permutations < FEWEST_PERMUTATIONS:
        raise DesignError(f"Knox's test needs at least {FEWEST_PERMUTATIONS} permutations, got {permutations}.")
    events, left_out = _exact_events(incidents, tuple(categories))
    _refuse_too_few(events, left_out, tuple(categories))
    x, y = area.project(events["longitude"].to_numpy(), events["latitude"].to_numpy())
    day = (events["day"].to_numpy().astype("datetime64[D]") - np.datetime64("1970-01-01", "D")) // _DAY
    table = knox_table(x, y, day, bands, permutations=permutations, random_state=random_state)
    near = table.loc[table["is_headline"]].iloc[0]
    linked = chains(x, y, day, within_m=float(near["upto_m"]), within_days=float(near["upto_days"]), index=events.index)
    return NearRepeat(
        n_events=len(events),
        first_day=events["day"].min(),
        last_day=events["day"].max(),
        left_out=left_out,
        bands=bands,
        permutations=permutations,
        table=table,
        observed=int(near["observed"]),
        expected=float(near["expected"]),
        ratio=float(near["ratio"]),
        p_value=float(near["p_value"]),
        same_place_same_day=_same_place_same_day(x, y, day),
        events=linked,
        notes=_notes(events, left_out),
    )


def knox_table(
    x_m: ArrayLike, y_m: ArrayLike, day: ArrayLike, bands: Bands, *, permutations: int, random_state: int
) -> pd.DataFrame:
    r"""Return pairs of events by distance and days apart beside what shuffled days give.

    Knox (1964, https://doi.org/10.2307/2985220) with the days shuffled over the places (Besag & Diggle 1977,
    https://doi.org/10.2307/2346974):

    .. math:: p = (1 + \#\{shuffled \ge observed\}) / (1 + permutations), \quad ratio = observed / mean(shuffled)

    Assumes that, without contagion, which days go with which places is chance; places that come into use or fall out
    of it during the period break this and look like contagion (Kulldorff & Hjalmars 1999,
    https://doi.org/10.1111/j.0006-341X.1999.00544.x).

    Parameters
    ----------
    x_m, y_m : array of float, shape (n,)
        Metres.
    day : array of int, shape (n,)
    bands : Bands
    permutations : int
    random_state : int

    Returns
    -------
    DataFrame
        One row for each band of distance and of days, and one for each band of distance on the same day (``is_part``:
        these pairs are also in the first band of days). ``distance``, ``days`` (words), ``upto_m``, ``upto_days``,
        ``observed``, ``expected``, ``ratio`` (NaN if nothing is expected), ``p_value`` (upper tail), ``is_unusual``
        (5 % false discovery rate over the rows that are not parts), ``is_part``, ``is_headline``.
    """
    fine = _with_same_day(bands)
    observed, shuffled = shuffled_tables(x_m, y_m, day, fine, shuffles=permutations, random_state=random_state)
    has_part = len(fine.days) > len(bands.days)
    rows = [
        _row(d, t, name, observed[d, at].sum(), shuffled[:, d, at].sum(axis=1), is_part=is_part, bands=bands)
        for d in range(len(bands.distance_m))
        for t, name, at, is_part in _day_columns(bands, has_part=has_part)
    ]
    table = pd.DataFrame(rows)
    whole = ~table["is_part"]
    table["is_unusual"] = False
    table.loc[whole, "is_unusual"] = false_discovery(table.loc[whole, "p_value"], FALSE_DISCOVERY_RATE)
    nearest = bands.distance_m[_nearest_band(bands)]
    table["is_headline"] = whole & (table["upto_m"] == nearest) & (table["upto_days"] == bands.days[0])
    return table


def _with_same_day(bands: Bands) -> Bands:
    """Return the bands with the same day as a band of its own."""
    same_day = 0.0 if bands.upper_included else 1.0
    days = bands.days if bands.days[0] <= same_day else (same_day, *bands.days)
    return Bands(distance_m=bands.distance_m, days=days, upper_included=bands.upper_included, metric=bands.metric)


def _day_columns(bands: Bands, *, has_part: bool) -> list[tuple[int, str, list[int], bool]]:
    """Return band, words, columns of the finer table, and whether it is part of another row."""
    shift = int(has_part)
    whole = [
        (t, _day_words(bands, t), [t + shift] if t or not has_part else [0, 1], False) for t in range(len(bands.days))
    ]
    return [(0, "on the same day", [0], True), *whole] if has_part else whole


def _row(d: int, t: int, days: str, observed: int, shuffled: Ints, *, is_part: bool, bands: Bands) -> dict[str, object]:
    expected = float(shuffled.mean()) if len(shuffled) else float("nan")
    return {
        "distance": _distance_words(bands, d),
        "days": days,
        "upto_m": bands.distance_m[d],
        "upto_days": (0.0 if bands.upper_included else 1.0) if is_part else bands.days[t],
        "observed": int(observed),
        "expected": expected,
        "ratio": observed / expected if expected > 0 else float("nan"),
        "p_value": float((1 + np.sum(shuffled >= observed)) / (1 + len(shuffled))),
        "is_part": is_part,
    }


def _nearest_band(bands: Bands) -> int:
    """Return the first band that reaches beyond the same place."""
    for d, bound in enumerate(bands.distance_m):
        if bound > (0 if bands.upper_included else 1):
            return d
    raise DesignError(f"No band of {bands.distance_m} m reaches beyond the same place; near repeat needs one.")


def _distance_words(bands: Bands, d: int) -> str:
    upper = bands.distance_m[d]
    lower = bands.distance_m[d - 1] if d else 0.0
    if upper == 0 or (d == 0 and upper <= 1 and not bands.upper_included):
        return "at the same place"
    if np.isinf(upper):
        return f"over {lower:g} m" if bands.upper_included else f"{lower:g} m or more"
    if bands.upper_included:
        return f"up to {upper:g} m" if d == 0 else f"over {lower:g} to {upper:g} m"
    return f"{lower:g} to below {upper:g} m"


def _day_words(bands: Bands, t: int) -> str:
    step = 1 if bands.upper_included else 0
    first = 0 if t == 0 else int(np.floor(bands.days[t - 1])) + step
    if np.isinf(bands.days[t]):
        return f"{first} days or more"
    last = int(np.floor(bands.days[t])) if step else int(np.ceil(bands.days[t])) - 1
    if last > first:
        return f"{first}-{last} days"
    return "1 day" if first == 1 else f"{first} days"


def chains(
    x_m: ArrayLike,
    y_m: ArrayLike,
    day: ArrayLike,
    *,
    within_m: float,
    within_days: float,
    index: pd.Index | None = None,
) -> pd.DataFrame:
    r"""Return which events hang together, and which stand at the head of more events than chance would give them.

    Two events are linked if at most `within_m` metres and `within_days` days apart; a chain is a connected set of at
    least two. The local version of Knox's test holds event i where and when it is and shuffles the days of the
    others, so that the number of its k_i neighbours in space among the m_i events of the following days is
    hypergeometric, exactly (after Rogerson 2001, https://doi.org/10.1111/1467-985X.00188):

    .. math:: p_i = P(H \ge followers_i), \quad H \sim Hypergeometric(n - 1, m_i, k_i)

    Parameters
    ----------
    x_m, y_m : array of float, shape (n,)
        Metres.
    day : array of int, shape (n,)
    within_m, within_days : float
        Both included.
    index : Index, optional
        Of the result.

    Returns
    -------
    DataFrame
        ``chain`` (1, 2, ... by first day, 0 for none), ``role`` ("originator": nothing before it in its chain within
        reach; "follower": something is; "" without a chain), ``n_after`` and ``n_before`` (linked events on later and
        earlier days), ``n_same_day``, ``expected_after``, ``p_value`` and ``is_unusual`` (5 % false discovery rate).
    """
    number = np.asarray(day, dtype=np.int64)
    n = len(number)
    i, j = close_pairs(x_m, y_m, within_m)
    k = np.bincount(i, minlength=n) + np.bincount(j, minlength=n)
    gap = number[j] - number[i]
    linked = np.abs(gap) <= within_days
    i, j, gap = i[linked], j[linked], gap[linked]
    early, late = np.where(gap >= 0, i, j), np.where(gap >= 0, j, i)
    after = np.bincount(early[gap != 0], minlength=n)
    before = np.bincount(late[gap != 0], minlength=n)
    same = np.bincount(i[gap == 0], minlength=n) + np.bincount(j[gap == 0], minlength=n)
    ordered = np.sort(number)
    soon = np.searchsorted(ordered, number + np.floor(within_days), side="right") - np.searchsorted(
        ordered, number, side="right"
    )
    p = hypergeom.sf(after - 1, n - 1, soon, k) if n > 1 else np.ones(n)
    chain = _number_chains(i, j, number)
    role = np.where(chain == 0, "", np.where(before > 0, FOLLOWER, ORIGINATOR)).astype(object)
    return pd.DataFrame(
        {
            "chain": chain, "role": role, "n_after": after, "n_before": before, "n_same_day": same,
            "expected_after": k * soon / max(n - 1, 1), "p_value": p,
            "is_unusual": false_discovery(p, FALSE_DISCOVERY_RATE),
        },
        index=pd.RangeIndex(n) if index is None else index,
    )  # fmt: skip


def _number_chains(i: Ints, j: Ints, day: Ints) -> Ints:
    """Return the chain of each event, numbered by first day, then by position; 0 for an event alone."""
    n = len(day)
    links = sparse.coo_array((np.ones(len(i)), (i, j)), shape=(n, n))
    _, part = sparse.csgraph.connected_components(links, directed=False)
    chained = np.bincount(part, minlength=n)[part] > 1
    order = np.lexsort((np.arange(n), day))
    order = order[chained[order]]
    chain = np.zeros(n, dtype=np.int64)
    chain[order] = pd.factorize(part[order])[0] + 1
    return chain


def summarise_chains(events: pd.DataFrame, day: pd.Series) -> pd.DataFrame:
    """Return one row a chain: ``n_events``, ``first_day``, ``last_day``, ``days``, longest first.

    Parameters
    ----------
    events : DataFrame
        From `chains`.
    day : Series of datetime
        Day of each event, on the index of `events`.
    """
    held = pd.DataFrame({"chain": events["chain"], "day": day.reindex(events.index)})
    grouped = held.loc[held["chain"] > 0].groupby("chain")["day"]
    listed = pd.DataFrame({"n_events": grouped.size(), "first_day": grouped.min(), "last_day": grouped.max()})
    listed["days"] = (listed["last_day"] - listed["first_day"]).dt.days
    return listed.sort_values(["n_events", "first_day"], ascending=[False, True], kind="stable")


def _exact_events(incidents: pd.DataFrame, categories: tuple[str, ...]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the events that can be tested, with ``day``, and how many were left out by reason."""
    start = incidents["occurred_from"].dt.tz_localize(None)
    end = incidents["occurred_to"].dt.tz_localize(None)
    span = (end - start).fillna(pd.Timedelta(0))
    inside = incidents["inside"] if "inside" in incidents else pd.Series(data=True, index=incidents.index)
    reasons = {
        "outside the area": ~inside,
        "another category": ~incidents["category"].isin(categories) if categories else ~inside & inside,
        "known to the month only": incidents["time_precision"] == "month",
        "no date": start.isna(),
        "date not known to within 24 hours": span > pd.Timedelta(days=1),
        "located to an area only": incidents["location_precision"] == "area",
    }
    kept = pd.Series(data=True, index=incidents.index)
    left_out = {}
    for reason, is_out in reasons.items():
        if n := int((kept & is_out).sum()):
            left_out[reason] = n
        kept &= ~is_out
    return incidents.loc[kept].assign(day=start[kept].dt.normalize()), left_out


def _refuse_too_few(events: pd.DataFrame, left_out: dict[str, int], categories: tuple[str, ...]) -> None:
    years = max((events["day"].max() - events["day"].min()).days / 365.25, 1.0) if len(events) else 1.0
    if len(events) >= EVENTS_PER_YEAR * years:
        return
    wanted = ", ".join(map(label, categories)) if categories else "all categories"
    lost = "; ".join(f"{reason}: {n:,}" for reason, n in left_out.items())
    over = f" over {years:.1f} years" if years > 1 else ""
    raise DataError(
        f"Near repeat needs at least {EVENTS_PER_YEAR} events a year with an exact date and place; of {wanted} there "
        f"are {len(events):,}{over}" + (f" ({lost})" if lost else "") + ". "
        "Police.uk data give no day; load a force extract with dates, more months, or name other categories (R4.12)."
    )


def _same_place_same_day(x: ArrayLike, y: ArrayLike, day: ArrayLike) -> int:
    held = pd.DataFrame({"x": np.asarray(x), "y": np.asarray(y), "day": np.asarray(day)}).value_counts()
    return int((held * (held - 1) // 2).sum())


def _notes(events: pd.DataFrame, left_out: dict[str, int]) -> tuple[str, ...]:
    said = [f"{n:,} left out: {reason}." for reason, n in left_out.items()]
    if snapped := int((events["location_precision"] == "snap_point").sum()):
        said.append(
            f"{snapped:,} of {len(events):,} events are located to a street centre: the same place means the same "
            "street centre, and distances are between street centres."
        )
    return tuple(said)
