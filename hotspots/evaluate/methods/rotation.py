"""Rotation and crossover designs: places that take turns, judged by re-drawing the turns as they were drawn (R6.14)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from hotspots.evaluate.estimators import Floats
from hotspots.evaluate.methods.did import invert
from hotspots.evaluate.methods.panel import Panel
from hotspots.evaluate.methods.result import About, MethodResult, from_log, refused

WASHOUTS = (0, 1, 2, 4)
"""Periods after a turn that are left out of the comparison, as a sensitivity (R6.14)."""

_DRAWS = 999
_SWEEPS = 30
_LARGEST = 5.0

ROTATION = About(
    "rotation",
    "Rotation of turns, re-randomised",
    "log E y = place + period + d on turn; test: score sum of (y - fitted) on turns, turns drawn again in each period",
    "Practice rules R1.34 and R6.14; Rosenbaum (2002), doi:10.1007/978-1-4757-3692-2",
    (
        "Turns were drawn at random in each period, and carried out as drawn.",
        "What a turn does has gone when the next period begins (see the washout rows).",
    ),
    "inverted re-randomisation test",
)


@dataclass(frozen=True, slots=True)
class RotationEffect:
    """Rate ratio of turns against no turns, and its re-randomisation test.

    ``n_used`` counts the place-periods left after the washout.
    """

    log_effect: float
    p_value: float
    n_used: int


def rotation_effect(
    counts: ArrayLike,
    turns: ArrayLike,
    *,
    washout: int = 0,
    blocks: ArrayLike | None = None,
    draws: int = _DRAWS,
    random_state: int,
) -> RotationEffect | None:
    """Estimate what a turn does from places that took turns (months or days).

    Places differ, and so do periods: the estimate is the Poisson regression with effects of both. The test re-draws
    which places had their turn, separately in each block and as many as there were, and compares the score of the
    turn; it is exact under no effect whatever the counts' distribution.

    Parameters
    ----------
    counts : array of float, shape (places, periods)
    turns : array of bool, shape (places, periods)
    washout : int
        Periods without a turn are left out when a turn ended this many periods before, or fewer.
    blocks : array of int, shape (periods,), optional
        Periods with the same number were drawn together. By default a period belongs to the one before if the same
        places, or exactly the others, had their turn in it, so that the two months of a pair of turns stay a pair;
        the test is exact either way, as shuffling places within a block never changes which periods make it up.

    Returns
    -------
    RotationEffect or None
        None where turns and no turns are not both left, or one has no report.
    """
    y, on = np.asarray(counts, dtype=float), np.asarray(turns, dtype=bool)
    used = _used(on[None], washout)[0]
    if min(float(y[on & used].sum()), float(y[~on & used].sum())) <= 0:
        return None
    redrawn = _redraw(on, _blocks(on, blocks), draws, np.random.default_rng(random_state))
    estimate = _likeliest(y, on, used)
    if estimate is None:
        return None
    return RotationEffect(estimate, _p_value(y, on, redrawn, washout), int(used.sum()))


def rotation(
    panel: Panel, *, random_state: int, draws: int = _DRAWS, washouts: Sequence[int] = WASHOUTS
) -> MethodResult:
    """Compare months with and without a turn in the treated places, with the washout sensitivity as table."""
    if panel.assignment is None:
        return refused(ROTATION, "The panel has no list of turns; this method is for places that took turns.")
    months = list(panel.after)
    y, on = panel.treated[:, months], panel.assignment[:, months]
    blocks = None if panel.assignment_blocks is None else np.asarray(panel.assignment_blocks)[months]
    rows = [
        (washout, rotation_effect(y, on, washout=washout, blocks=blocks, draws=draws, random_state=random_state))
        for washout in (0, *(one for one in washouts if one))
    ]
    main = rows[0][1]
    if main is None:
        return refused(ROTATION, "Months with and without a turn need at least one report each, in the same places.")
    redrawn = _redraw(on, _blocks(on, blocks), draws, np.random.default_rng(random_state))

    def p_value(supposed: float) -> float:
        return _p_value(y * np.exp(-supposed * on), on, redrawn, 0)

    low, high = invert(p_value, main.log_effect, 0.1)
    table = pd.DataFrame(
        {
            "washout": [washout for washout, _ in rows],
            "effect_pct": [math.nan if one is None else 100 * math.expm1(one.log_effect) for _, one in rows],
            "p_value": [math.nan if one is None else one.p_value for _, one in rows],
            "place_months": [0 if one is None else one.n_used for _, one in rows],
        }
    )
    found = from_log(
        ROTATION, main.log_effect, low, high, treated_after=float(y[on].sum()), p_value=main.p_value, table=table
    )
    return replace(found, sentence=f"{found.sentence} It compares months with a turn to months without, in the same "
                                   "places; effects that last make it read too small.")  # fmt: skip


def _used(on: NDArray[np.bool_], washout: int) -> NDArray[np.bool_]:
    """Return the place-periods to compare, shape as ``on`` (draws, places, periods): not just after a turn."""
    recent = np.zeros_like(on)
    for lag in range(1, washout + 1):
        recent[..., lag:] |= on[..., :-lag]
    return np.asarray(on | ~recent)


def _blocks(on: NDArray[np.bool_], blocks: ArrayLike | None) -> NDArray[np.int64]:
    if blocks is not None:
        return np.asarray(np.unique(np.asarray(blocks), return_inverse=True)[1])
    unlike = on[:, 1:] ^ on[:, :-1]
    is_new = ~(unlike.all(axis=0) | ~unlike.any(axis=0))
    return np.concatenate([[0], np.cumsum(is_new)])


def _redraw(
    on: NDArray[np.bool_], blocks: NDArray[np.int64], draws: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return lists of turns drawn again, shape (draws, places, periods): places shuffled within each block."""
    again = np.empty((draws, *on.shape), dtype=bool)
    for block in np.unique(blocks):
        order = rng.random((draws, len(on))).argsort(axis=1)
        again[:, :, blocks == block] = on[:, blocks == block][order]
    return again


def _fitted(y: Floats, weight: Floats) -> Floats:
    """Return expected counts with effects of place and period, shape as ``weight`` (draws, places, periods).

    Iterative proportional fitting of weight x row x column to the totals of the counts in use; exact at once where
    nothing is left out.
    """
    seen = y * (weight > 0)
    rows, columns = seen.sum(axis=-1), seen.sum(axis=-2)
    if np.all(weight == 1):
        return np.asarray(rows[..., :, None] * columns[..., None, :] / rows.sum(axis=-1)[..., None, None])
    across = np.ones_like(columns)
    for _ in range(_SWEEPS):
        down = _ratio(rows, (weight * across[..., None, :]).sum(axis=-1))
        across = _ratio(columns, (weight * down[..., :, None]).sum(axis=-2))
    return np.asarray(weight * down[..., :, None] * across[..., None, :])


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


def _scores(y: Floats, on: NDArray[np.bool_], washout: int) -> Floats:
    """Return the studentised score of the turn for each list of turns, shape (draws,)."""
    used = _used(on, washout).astype(float)
    fitted = _fitted(y, used) if washout else _fitted(y, np.ones_like(y))[None]
    turned = on * used
    score = (turned * (y - fitted)).sum(axis=(-2, -1))
    left_over = (~on) * used
    information = _ratio(
        (turned * fitted).sum(axis=(-2, -1)) * (left_over * fitted).sum(axis=(-2, -1)),
        (used * fitted).sum(axis=(-2, -1)),
    )
    return np.abs(_ratio(score, np.sqrt(information)))


def _p_value(y: Floats, on: NDArray[np.bool_], redrawn: NDArray[np.bool_], washout: int) -> float:
    observed = _scores(y, on[None], washout)[0]
    return float((1 + (_scores(y, redrawn, washout) >= observed * (1 - 1e-9)).sum()) / (1 + len(redrawn)))


def _likeliest(y: Floats, on: NDArray[np.bool_], used: NDArray[np.bool_]) -> float | None:
    """Return the Poisson regression's log effect: where the score of the turn is zero."""

    def score(supposed: float) -> float:
        weight = used * np.exp(supposed * on)
        return float(((y - _converged(y, weight)) * on * used).sum())

    if score(-_LARGEST) <= 0 or score(_LARGEST) >= 0:
        return None
    return float(brentq(score, -_LARGEST, _LARGEST, xtol=1e-12))


def _converged(y: Floats, weight: Floats) -> Floats:
    seen = y * (weight > 0)
    rows, columns = seen.sum(axis=1), seen.sum(axis=0)
    across = np.ones_like(columns)
    for _ in range(2000):
        down = _ratio(rows, weight @ across)
        new = _ratio(columns, down @ weight)
        if np.allclose(new, across, rtol=1e-13, atol=0):
            break
        across = new
    return np.asarray(weight * down[:, None] * across)
