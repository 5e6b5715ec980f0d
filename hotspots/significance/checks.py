"""What every test of significance refuses, and what it should be read with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from geodata.errors import DataError

Floats = NDArray[np.float64]

MIN_PLACES = 30
"""Fewer places than this say little about what is usual."""

MIN_EXPECTED = 20.0
"""Reports a place and its neighbours should hold on average for the normal p-value of Gi* to be trusted."""


def checked(values: ArrayLike, neighbours: Any) -> tuple[Floats, Any]:
    """Return values and weights as arrays that fit each other.

    Raises
    ------
    DataError
        If a value is missing, a weight is negative or missing, or the sizes differ.
    """
    x = np.asarray(values, dtype=float).ravel()
    if missing := int((~np.isfinite(x)).sum()):
        raise DataError(f"{missing} of {len(x)} places have no value; give 0 where nothing was reported.")
    w = sparse.csr_array(neighbours, dtype=float)
    if w.shape != (len(x), len(x)):
        raise DataError(
            f"There are {len(x)} values and weights of shape {w.shape}; both must speak of the same places."
        )
    if broken := int((~(np.isfinite(w.data) & (w.data >= 0))).sum()):
        raise DataError(f"{broken} weights of neighbours are negative or missing; a weight must be 0 or more.")
    return x, w


def cautions(values: ArrayLike, neighbours: Any) -> tuple[str, ...]:
    """Return in plain words what a reader of Gi* or Moran's I should know about these values.

    Examples
    --------
    >>> cautions([1.0] * 40, sparse.csr_array((40, 40)))[0]
    'All 40 places have the same value, so none can stand out.'
    """
    x, w = checked(values, neighbours)
    n = len(x)
    if n == 0:
        return ("There are no places.",)
    notes = []
    if not np.ptp(x) > 0:
        notes.append(f"All {n} places have the same value, so none can stand out.")
    if n < MIN_PLACES:
        notes.append(f"There are only {n} places; below {MIN_PLACES} it is hard to say what is usual.")
    around = sparse.csr_array(w - sparse.diags_array(w.diagonal()))
    degree = np.asarray((around > 0).sum(axis=1)).ravel()
    if islands := int((degree == 0).sum()):
        notes.append(f"{islands} of {n} places have no neighbour, so only their own value speaks for them.")
    expected = float(np.median(degree) + 1) * float(x.mean())
    if np.ptp(x) > 0 and 0 < expected < MIN_EXPECTED:
        notes.append(
            f"A place and its neighbours hold {expected:.1f} reports on average; below {MIN_EXPECTED:.0f} the normal "
            "p-value calls noise a cluster too often: use the exact one."
        )
    return tuple(notes)
