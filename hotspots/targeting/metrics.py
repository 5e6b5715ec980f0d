"""How good a ranking was: hit rate, PAI, PEI, RRI and overlap, with ties at the cut shared evenly (R4.4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def cells_in(areas: Sequence[float], land_cells: float) -> list[int]:
    """Return how many cells make up each share of the land, at least one."""
    return [max(1, round(share * land_cells)) for share in areas]


def hits(score: ArrayLike, counts: ArrayLike, k: Sequence[int]) -> Floats:
    """Return the later reports in the `k` highest-scored cells, for each k.

    Cells whose scores tie at the cut share the places left evenly, so the order of equal cells can neither help nor
    hurt.

    Examples
    --------
    >>> hits([3, 1, 1, 0], [5, 4, 0, 7], [1, 2, 3]).tolist()
    [5.0, 7.0, 9.0]
    """
    s, n = np.asarray(score, dtype=float), np.asarray(counts, dtype=float)
    order = np.argsort(-s, kind="stable")
    falling, held = s[order], np.concatenate([[0.0], np.cumsum(n[order])])
    cut = np.minimum(np.asarray(k, dtype=int), len(s))
    level = -falling[cut - 1]
    first, after = np.searchsorted(-falling, level, "left"), np.searchsorted(-falling, level, "right")
    return np.asarray(held[first] + (cut - first) * (held[after] - held[first]) / (after - first))


def most_possible(counts: ArrayLike, k: Sequence[int]) -> Floats:
    """Return the later reports in the k cells that turned out to hold most, for each k: what hindsight would find."""
    held = np.cumsum(np.sort(np.asarray(counts, dtype=float))[::-1])
    return np.asarray(held[np.minimum(np.asarray(k, dtype=int), len(held)) - 1])


def predictive_accuracy_index(found: ArrayLike, total: ArrayLike, area_share: ArrayLike) -> Floats:
    r"""Return PAI = (n / N) / (a / A) (Chainey, Tompson & Uhlig 2008, https://doi.org/10.1057/palgrave.sj.8350066).

    Comparable only between rankings of the same cells, area and months.
    """
    return _ratio(_ratio(found, total), area_share)


def predictive_efficiency_index(found: ArrayLike, most: ArrayLike) -> Floats:
    """Return PEI = n / n*, n* being what hindsight would have found in as many cells (Hunt 2016)."""
    return _ratio(found, most)


def recapture_rate_index(
    found: ArrayLike, found_before: ArrayLike, total: ArrayLike, total_before: ArrayLike
) -> Floats:
    """Return RRI = (n / n before) / (N / N before): above 1 the flagged cells kept more of the reports than all did.

    (Levine 2008, https://doi.org/10.1057/palgrave.sj.8350056.)
    """
    return _ratio(_ratio(found, found_before), _ratio(total, total_before))


def overlap(score: ArrayLike, earlier: ArrayLike, k: Sequence[int]) -> Floats:
    """Return the share of the `k` highest-scored cells that were among the `k` highest before; of equals the first."""
    now, then = (np.argsort(-np.asarray(s, dtype=float), kind="stable") for s in (score, earlier))
    return np.array([len(np.intersect1d(now[:size], then[:size])) / size for size in k])


def _ratio(part: ArrayLike, whole: ArrayLike) -> Floats:
    above, below = np.asarray(part, dtype=float), np.asarray(whole, dtype=float)
    undefined = np.full(np.broadcast(above, below).shape, np.nan)
    return np.asarray(np.divide(above, below, out=undefined, where=below != 0))
