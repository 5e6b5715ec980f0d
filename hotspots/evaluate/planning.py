"""Which design, how many hotspots, how many months: what each could detect on the user's own history."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geodata.area import StudyArea
from geodata.errors import DataError
from geodata.quality import screen
from geodata.sources import Intake
from geodata.streams import public_reports
from hotspots.evaluate.gates import MAX_CONTROLS, MAX_MDE_PCT, MIN_CONTROLS
from hotspots.evaluate.places import comparison_places, monthly_counts
from hotspots.evaluate.power import FALLS, POWER, DetectableFall, detectable_fall, smallest_found

LADDER = (
    ("rotation", "Monthly rotation by lot", 5),
    ("random", "Drawn by lot among the busiest 3K or in pairs, all others as comparison", 5),
    ("top", "The busiest K, next-best as comparison: sensitive to regression to the mean", 3),
    ("other", "Anything else: description only", 2),
)
"""Designs from the strongest to the weakest: key, what is done, Maryland level it can reach."""

SIZES = (5, 10, 15, 20)
LENGTHS = (6, 12)
_SHOWN = (20, 30, 50)
_PILOTS = 200
_REDRAWS = 199
_POOL = 3
_MIN_SHAPE = 2
_AS_GOOD = 3.0  # points of detectable fall within which the design higher on the ladder is preferred
_SAID = {"rotation": "Monthly rotation by lot", "random": "Drawn by lot", "top": "The busiest treated"}


@dataclass(frozen=True, slots=True)
class SampleSize:
    """How a table of designs reads in words: the best within reach, and what more hotspots or months would bring."""

    table: pd.DataFrame
    sentence: str


def sample_size(
    history: ArrayLike, *, sizes: tuple[int, ...] = SIZES, lengths: tuple[int, ...] = LENGTHS, random_state: int = 0
) -> SampleSize:
    """Say how small a fall each design could detect with these hotspots.

    Parameters
    ----------
    history : array of float, shape (hotspots, months)
        Monthly reports of a ranked list, busiest first, before the start. Sixty hotspots are enough.
    sizes : tuple of int
        Hotspots treated at a time.
    lengths : tuple of int
        Months a pilot runs.

    Returns
    -------
    SampleSize
        ``table``: ``design``, ``hotspots`` (treated at a time), ``listed`` (taking part), ``months``, ``mde_pct`` (NaN
        where the list is too short), ``power_20``, ``power_30``, ``power_50`` (percent), ``level``, ``what``.
    """
    counts = np.asarray(history, dtype=float)[: MAX_CONTROLS + max(sizes)]
    rows = [
        {"design": design, "hotspots": k, "months": months, "level": level}
        | _row(counts, design, k, months, random_state)
        | {"what": what}
        for design, what, level in LADDER[:-1]
        for k in sizes
        for months in lengths
    ]
    table = pd.DataFrame(rows)
    return SampleSize(table, _sentence(table))


def listed_history(
    intake: Intake, area: StudyArea, *, categories: tuple[str, ...], start: pd.Timestamp | None = None, seed: int = 0
) -> pd.DataFrame:
    """Return monthly public reports of the hotspots a list made on the day before `start` would hold.

    Parameters
    ----------
    start : Timestamp, optional
        First month not to be looked at; default: every month counts as history.

    Returns
    -------
    DataFrame
        One row a hotspot in rank order (index name), one column a month; missing months left out.

    Raises
    ------
    DataError
        If nothing usable is left, or no hotspot can be listed.
    """
    last = None if start is None else f"{start - pd.DateOffset(months=1):%Y-%m}"
    gate = screen(intake, area, categories=categories, first_month=None, last_month=last)
    resolution = 9 if gate.report.location_precision == "snap_point" else 10
    outcome = public_reports(gate.incidents.loc[gate.incidents["inside"]])
    months = gate.period.months
    missing = months[months.strftime("%Y-%m").isin(gate.report.missing_months)]
    used = months[~months.isin(missing)]
    places, _, _ = comparison_places(
        outcome.loc[outcome["month"].isin(used)],
        gate.period,
        area,
        (),
        rings=1,
        seed=seed,
        missing=missing,
        default_locations=gate.report.default_locations,
        resolution=resolution,
    )
    if not places:
        raise DataError(f"No hotspot of {area.name} has a report a month in {gate.period}; nothing can be planned.")
    return monthly_counts(outcome, used, places).set_axis([place.name for place in places])


def rotation_power(history: ArrayLike, falls: ArrayLike, *, random_state: int) -> NDArray[np.float64]:
    """Return the power of a monthly rotation, half of the hotspots a month, for each planted fall.

    Real months are used as they are; only the reports of hotspots in their turn are thinned. The test is the exact
    one: the log rate of turns and non-turns, hotspot and month taken out, against the same statistic under redrawn
    rotations. It holds where an effect ends with its month (R1.17: about four days).

    Parameters
    ----------
    history : array of float, shape (hotspots, months)
        Reports of the hotspots that would rotate; an even number.
    falls : array of float, shape (n,)
        Shares.
    """
    counts = np.asarray(history, dtype=float)
    rng = np.random.default_rng(random_state)
    assigned, redrawn = (_turns(counts.shape, draws, rng) for draws in (_PILOTS, _REDRAWS))
    return np.array([_rotations_found(counts, assigned, redrawn, float(fall), rng) for fall in np.asarray(falls)])


def rotation_fall(history: ArrayLike, *, months_after: int, random_state: int) -> DetectableFall | None:
    """Return the fall a monthly rotation of these places would find in 80 % of pilots.

    Parameters
    ----------
    history : array of float, shape (places, months before the start)
        The last `months_after` of them are used, or all where there are fewer.

    Returns
    -------
    DetectableFall or None
        None without a report before the start, or with fewer than two places or months.
    """
    counts = np.asarray(history, dtype=float)[:, -months_after:]
    if min(counts.shape) < _MIN_SHAPE or counts.sum() <= 0:
        return None
    power = rotation_power(counts, FALLS, random_state=random_state)
    found = 100 * smallest_found(power)
    return DetectableFall(
        mde_pct=found,
        at_best_pct=found,
        standard_error=math.nan,
        place_variance=math.nan,
        design_effect=math.nan,
        n_placebo_starts=0,
        method=f"{_PILOTS} rotations a fall planted in the {counts.shape[1]} months before the start",
        power=tuple((100 * float(fall), float(share)) for fall, share in zip(FALLS, power, strict=True)),
    )


def _rotations_found(
    counts: NDArray[np.float64],
    assigned: NDArray[np.bool_],
    redrawn: NDArray[np.bool_],
    fall: float,
    rng: np.random.Generator,
) -> float:
    left = rng.binomial(counts.astype(np.int64), 1 - fall * assigned).astype(float)
    total = left.sum(axis=(1, 2), keepdims=True)
    expected = left.sum(axis=2, keepdims=True) * left.sum(axis=1, keepdims=True) / np.maximum(total, 1)
    residual = (left - expected).reshape(len(left), -1)
    observed = (residual * assigned.reshape(len(left), -1)).sum(axis=1)
    again = residual @ redrawn.reshape(len(redrawn), -1).T.astype(float)
    p_lower = (1 + (again <= observed[:, None] + 1e-9).sum(axis=1)) / (1 + len(redrawn))
    return float((p_lower <= 0.025).mean())


def _turns(shape: tuple[int, int], draws: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return rotations, shape (draws, hotspots, months): half a month, every second month the other half."""
    n, months = shape
    turns = np.zeros((draws, n, months), dtype=bool)
    for month in range(0, months, 2):
        rank = rng.random((draws, n)).argsort(axis=1).argsort(axis=1)
        turns[:, :, month] = rank < n // 2
        if month + 1 < months:
            turns[:, :, month + 1] = ~turns[:, :, month]
    return turns


def _row(counts: NDArray[np.float64], design: str, k: int, months: int, seed: int) -> dict[str, float]:
    listed = 2 * k if design == "rotation" else len(counts)
    too_short = {"listed": listed, "mde_pct": np.nan} | {f"power_{fall}": np.nan for fall in _SHOWN}
    if design == "rotation":
        if len(counts) < listed or counts.shape[1] < months:
            return too_short
        shares = rotation_power(counts[:listed, -months:], FALLS, random_state=seed)
    else:
        if len(counts) - k < MIN_CONTROLS or (design == "random" and len(counts) < _POOL * k):
            return too_short
        is_treated = np.arange(len(counts)) < k
        if design == "random":
            drawn = np.random.default_rng(seed).choice(_POOL * k, k, replace=False)
            is_treated = np.isin(np.arange(len(counts)), drawn)
        found = detectable_fall(counts[is_treated], counts[~is_treated], months_after=months, random_state=seed)
        if found is None:
            return too_short
        shares = np.array([share for _, share in found.power])
    powers = {f"power_{fall}": 100 * float(np.interp(fall / 100, FALLS, shares)) for fall in _SHOWN}
    return {"listed": listed, "mde_pct": 100 * smallest_found(shares)} | powers


def _sentence(table: pd.DataFrame) -> str:
    known = table.dropna(subset=["mde_pct"])
    if known.empty:
        return f"No design is possible: at least {MIN_CONTROLS} comparison hotspots beside the treated ones are needed."
    close = known[known["mde_pct"] <= known["mde_pct"].min() + _AS_GOOD]
    best = close.iloc[0]  # the table goes down the ladder, and fewer hotspots come before more
    plain = known[known["design"] == "top"]["mde_pct"]
    beside = "" if plain.empty else f" Treating the busiest places, the smallest such fall is {plain.min():.0f}%."
    hopeless = " Even that is more than half: nothing could be assessed." if best["mde_pct"] > MAX_MDE_PCT else ""
    return (
        f"{_SAID[best['design']]}, {best['hotspots']} hotspots treated at a time for {best['months']} months: a fall "
        f"of {best['mde_pct']:.0f}% would be found in {POWER:.0%} of such pilots.{beside}{hopeless}"
    )
