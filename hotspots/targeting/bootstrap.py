"""How sure a comparison of two rankings is: the paired moving-block bootstrap over origins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

REPETITIONS = 2000
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio with its 95 % interval; NaN where nothing can be compared."""

    value: float
    low: float
    high: float


def ratio_of_sums(
    part: ArrayLike, whole: ArrayLike, *, block: int = 1, random_state: int = 0, repetitions: int = REPETITIONS
) -> Ratio:
    """Return sum(part) / sum(whole) over origins, with a percentile interval from origins drawn with replacement.

    Both come from the same drawn origins (paired), so that a hard month is hard for both. Blocks of neighbouring
    origins are drawn together, because tested months of a horizon longer than one overlap (Künsch 1989,
    https://doi.org/10.1214/aos/1176347265).

    Parameters
    ----------
    part, whole : array of float, shape (t,)
        By origin, in order of time.
    block : int
        Origins in a block; the horizon is the natural choice.
    random_state : int
    repetitions : int

    Examples
    --------
    >>> ratio_of_sums([2, 4, 6], [1, 2, 3])
    Ratio(value=2.0, low=2.0, high=2.0)
    """
    a, b = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    if len(a) == 0 or b.sum() == 0:
        return Ratio(float("nan"), float("nan"), float("nan"))
    rows = drawn_origins(len(a), block, repetitions, random_state)
    drawn_a, drawn_b = a[rows].sum(axis=1), b[rows].sum(axis=1)
    drawn = drawn_a[drawn_b > 0] / drawn_b[drawn_b > 0]
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Ratio(float(a.sum() / b.sum()), float(low), float(high))


def drawn_origins(n: int, block: int, repetitions: int, random_state: int) -> NDArray[np.int64]:
    """Return rows of `n` origins for each repetition, in blocks of neighbours, shape (repetitions, n)."""
    size = min(block, n)
    starts = np.random.default_rng(random_state).integers(0, n - size + 1, (repetitions, -(-n // size)))
    return (starts[:, :, None] + np.arange(size)).reshape(repetitions, -1)[:, :n]
