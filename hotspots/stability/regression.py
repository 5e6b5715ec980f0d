"""How far the reports of a list will fall by themselves: regression to the mean of the places picked (R6.4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hotspots.mixing import Mixing, fit_mixing
from hotspots.results import RegressionToMean

Floats = NDArray[np.float64]

BAND = (0.05, 0.95)
_DRAWS = 4000
_SPLITS = 200


def expected_change(
    now: pd.Series,
    groups: Sequence[Sequence[str]],
    *,
    months: int,
    random_state: int,
    evidence: pd.Series | None = None,
    known: pd.Series | None = None,
) -> tuple[pd.DataFrame, RegressionToMean]:
    r"""Return what places picked for their count are expected to have next time if nothing is done.

    Places are picked because they had many reports, and part of a high count is luck. With the counts y the list was
    made of Poisson about rates that differ between places (`fit_mixing`), the expected count to come is

    .. math:: f \, E[\lambda | y], \qquad f = \sum now / \sum y

    however the places were picked, since the posterior already knows their counts (Efron 2011,
    https://doi.org/10.1198/jasa.2011.tm11181); f brings it to the level the whole area had in the months of `now`. The
    band comes from posterior draws of the rates and Poisson counts about them. It assumes that every place keeps its
    own rate: trend and season come on top.

    Parameters
    ----------
    now : Series of int >= 0
        Reports of every comparable cell in the months a before-and-after comparison calls "before", zeros included.
    groups : sequence of sequences of str
        Cells of each hotspot, at least one.
    months : int
        Length of that period, for the sentence.
    random_state : int
    evidence : Series of float >= 0, optional
        y: the counts the list was made of, e.g. `decayed_rate`; default `now`.
    known : Series of bool, optional
        Cells to compare with; default all of `now`.

    Returns
    -------
    each : DataFrame
        One row a group: ``expected_next``, ``next_low``, ``next_high`` (reports; 90 % band).
    whole : RegressionToMean
        The same for all groups together, beside a second witness without a model (`held_back_change`).
    """
    comparable = now.index if known is None else now.index[known.reindex(now.index, fill_value=False)]
    y = now if evidence is None else evidence
    mixing = fit_mixing(y.loc[comparable])
    compared = float(y.loc[comparable].sum())
    level = float(now.loc[comparable].sum()) / compared if compared else 0.0
    cells = [cell for group in groups for cell in group]
    belongs = np.zeros((len(cells), len(groups)))
    belongs[np.arange(len(cells)), np.repeat(np.arange(len(groups)), [len(group) for group in groups])] = 1.0
    own = y.reindex(cells, fill_value=0.0).to_numpy(dtype=float)
    drawn = np.random.default_rng(random_state).poisson(level * _drawn_rates(own, mixing, random_state)) @ belongs
    low, high = np.quantile(drawn, BAND, axis=0)
    by_cell = level * mixing.expected(own)
    each = pd.DataFrame({"expected_next": by_cell @ belongs, "next_low": low, "next_high": high})
    whole_low, whole_high = np.quantile(drawn.sum(axis=1), BAND)
    measured, modelled = held_back_change(now.loc[comparable], len(cells), random_state=random_state)
    return each, RegressionToMean(
        n_hotspots=len(groups),
        months=months,
        reports=int(now.reindex(cells, fill_value=0).sum()),
        expected=float(each["expected_next"].sum()),
        low=float(whole_low),
        high=float(whole_high),
        held_back=measured,
        held_back_by_model=modelled,
        by_cell={cell: float(value) for cell, value in zip(cells, by_cell, strict=True)},
    )


def held_back_change(counts: ArrayLike, k: int, *, random_state: int, splits: int = _SPLITS) -> tuple[float, float]:
    """Return how far the top `k` fall when half of the reports, chosen at random, are held back: measured, by model.

    Each report is dealt to one of two halves by a fair coin. If counts are Poisson the halves are independent, so the
    top `k` of one half, looked up in the other, show regression to the mean without any model of how places differ.
    With half as many reports luck weighs more, so the fall is larger than that of the whole list; what the fitted
    spread of rates says about the very same halves is returned beside it, as a check of the model.

    Returns
    -------
    measured, by_model : float
        Mean change over the splits, e.g. -0.2 for a fall by a fifth; NaN where there are no reports.
    """
    n = np.asarray(counts, dtype=np.int64)
    if k == 0 or n.sum() == 0:
        return float("nan"), float("nan")
    half = fit_mixing(n).thinned(0.5)
    n = n[n > 0]  # a place without a report has none in either half
    k = min(k, len(n))
    rng = np.random.default_rng(random_state)
    first = rng.binomial(n, 0.5, size=(splits, len(n)))
    top = np.argpartition(-first, k - 1, axis=1)[:, :k]
    shown = np.take_along_axis(first, top, axis=1)
    held = np.take_along_axis(n - first, top, axis=1)
    values, of_value = np.unique(shown, return_inverse=True)
    modelled = half.expected(values)[of_value]
    return float(held.sum() / shown.sum() - 1), float(modelled.sum() / shown.sum() - 1)


def _drawn_rates(y: Floats, mixing: Mixing, random_state: int) -> Floats:
    """Return draws of each place's rate given its count, shape (draws, places)."""
    below = mixing.likely(y).cumsum(axis=1)
    at = np.random.default_rng([random_state, 1]).random((_DRAWS, len(y)))
    picked = [np.searchsorted(below[i], at[:, i] * below[i, -1], side="right") for i in range(len(y))]
    return np.asarray(mixing.rate[np.column_stack(picked)])
