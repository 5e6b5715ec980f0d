"""How true rates differ between places, with no shape assumed: the spread of rates that makes the counts likeliest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.errors import DataError

Floats = NDArray[np.float64]

_LOWEST = 1e-3
_RATES = 200
_STEPS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Mixing:
    """How many of the places have which rate: ``share`` of them at each of ``rate`` (expected count, > 0)."""

    rate: Floats
    share: Floats

    def likely(self, counts: ArrayLike) -> Floats:
        """Return how likely each rate is for a place with each count, shape (counts, rates); rows add up to 1."""
        y = np.atleast_1d(np.asarray(counts, dtype=float))
        has = self.share > 0
        log = np.log(self.share[has]) + y[:, None] * np.log(self.rate[has]) - self.rate[has]
        weight = np.zeros((len(y), len(self.rate)))
        weight[:, has] = np.exp(log - log.max(axis=1, keepdims=True))  # in logs: a count may be far from every rate
        return np.asarray(weight / weight.sum(axis=1, keepdims=True))

    def expected(self, counts: ArrayLike) -> Floats:
        """Return the expected rate of a place with each count."""
        return np.asarray(self.likely(counts) @ self.rate)

    def thinned(self, kept: float) -> Mixing:
        """Return the same spread where each report is kept with probability `kept`."""
        return Mixing(self.rate * kept, self.share)


def fit_mixing(counts: ArrayLike) -> Mixing:
    r"""Return the spread of rates under which the counts are likeliest.

    Counts are Poisson about rates that differ between places in any way at all. The likeliest shares on a fine grid of
    rates come from the EM algorithm (Kiefer & Wolfowitz 1956, https://doi.org/10.1214/aoms/1177728066; Koenker &
    Mizera 2014, https://doi.org/10.1080/01621459.2013.869224), started from equal shares of the logarithm and stopped
    after a hundred steps, before the shares collapse to a few spikes. A gamma is one such spread; a city of many quiet
    places and a few that are truly busy is not one, and a gamma fitted to it pulls the busy ones down by far too much.

    Parameters
    ----------
    counts : array of float >= 0, shape (n,)
        One number for each comparable place, zeros included; may be non-integer (decayed counts).

    Raises
    ------
    DataError
        If there is no count, or one that is negative or not a number.

    Examples
    --------
    >>> counts = [0, 1, 0, 2, 1, 0, 1, 0, 1, 1] * 20 + [80]
    >>> bool(fit_mixing(counts).expected(80)[0] > 70)
    True
    """
    y = np.asarray(counts, dtype=float)
    if y.size == 0 or not np.isfinite(y).all() or (y < 0).any():
        raise DataError("The spread of rates needs at least one count, none of them negative or missing.")
    values, times = np.unique(np.round(y, 1), return_counts=True)
    highest = values[-1] + 3 * np.sqrt(values[-1] + 1)
    rate = np.geomspace(_LOWEST, highest, _RATES)
    likelihood = _likelihood(values, rate)
    share = np.full(_RATES, 1 / _RATES)
    for _ in range(_STEPS):
        weight = likelihood * share
        share = times @ (weight / weight.sum(axis=1, keepdims=True)) / times.sum()
    return Mixing(rate, share)


def _likelihood(y: Floats, rate: Floats) -> Floats:
    """Return the Poisson likelihood of each count at each rate, each row up to a factor of its own."""
    log = y[:, None] * np.log(rate) - rate
    return np.asarray(np.exp(log - log.max(axis=1, keepdims=True)))
