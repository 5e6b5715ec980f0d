"""Many tests at once: the false discovery rate, and corrections that hold for the whole family."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from geodata.errors import DesignError
from hotspots.significance.checks import Floats


def false_discovery(p: ArrayLike, rate: float) -> NDArray[np.bool_]:
    """Return which p-values pass when at most `rate` of those that pass may be false.

    Benjamini & Hochberg (1995), https://doi.org/10.1111/j.2517-6161.1995.tb02031.x. A missing p-value never passes
    and is not counted.

    Examples
    --------
    >>> false_discovery([0.01, 0.02, 0.03, 0.9], 0.05).tolist()
    [True, True, True, False]
    """
    values = np.asarray(p, dtype=float)
    known = np.flatnonzero(np.isfinite(values))
    passes = np.zeros(len(values), dtype=bool)
    if len(known) == 0:
        return passes
    order = known[np.argsort(values[known], kind="stable")]
    below = values[order] <= rate * np.arange(1, len(order) + 1) / len(order)
    if below.any():
        passes[order[: int(np.flatnonzero(below)[-1]) + 1]] = True
    return passes


def adjust(p: ArrayLike, method: Literal["holm", "bonferroni", "false discovery"] = "holm") -> Floats:
    r"""Return p-values adjusted for how many there are; compare them with the level as they are.

    - ``"holm"``: sorted p-values times n, n - 1, ..., kept rising; the chance of any false find stays below the level
      whatever the dependence (Holm 1979, https://www.jstor.org/stable/4615733).
    - ``"bonferroni"``: times n.
    - ``"false discovery"``: p n / rank, kept rising from the largest (Benjamini & Hochberg 1995,
      https://doi.org/10.1111/j.2517-6161.1995.tb02031.x).

    A missing p-value stays missing and is not counted.

    Examples
    --------
    >>> adjust([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    given = np.asarray(p, dtype=float)
    adjusted = np.full(given.shape, np.nan)
    known = np.flatnonzero(np.isfinite(given))
    order = known[np.argsort(given[known], kind="stable")]
    n, rank = len(order), np.arange(1, len(order) + 1)
    if method == "holm":
        found = np.maximum.accumulate(given[order] * (n - rank + 1))
    elif method == "bonferroni":
        found = given[order] * n
    elif method == "false discovery":
        found = np.minimum.accumulate((given[order] * n / rank)[::-1])[::-1]
    else:
        raise DesignError(f"The correction '{method}' is not known; use 'holm', 'bonferroni' or 'false discovery'.")
    adjusted[order] = np.minimum(found, 1.0)
    return adjusted


def critical_value(n: int, level: float = 0.05) -> float:
    r"""Return the z-score that the largest of n independent ones passes with chance `level` (one-sided).

    :math:`\Phi^{-1}((1 - \alpha)^{1 / n})` (Ord & Getis 1995, table 3,
    https://doi.org/10.1111/j.1538-4632.1995.tb00912.x; it prints 3.289 for n = 100 and 3.886 for 1000, the formula
    gives 3.283 and 3.884).

    Examples
    --------
    >>> round(critical_value(100), 3)
    3.283
    """
    if n < 1 or not 0 < level < 1:
        raise DesignError(f"A critical value needs at least 1 test and a level between 0 and 1, got {n} and {level:g}.")
    return float(-ndtri(-np.expm1(np.log1p(-level) / n)))
