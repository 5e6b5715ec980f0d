"""Distinct points: police data repeat coordinates, so look up, project and smooth each one once."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

METRES_PER_DEGREE: Final = 111_195.0
"""Of latitude, on a sphere of 6,371 km; of longitude times the cosine of the latitude."""

_MIX = np.int64(-7046029254386353131)  # 2^64 / golden ratio: spreads the bits of x before y is mixed in


def distinct(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which distinct point each row is, and the first row of each distinct point.

    Rows are told apart by a hash of both coordinates; should two points share a hash, which is checked, they are
    told apart exactly instead.

    Parameters
    ----------
    x, y : array of float, shape (n,)
        Coordinates, any unit; must be finite.

    Returns
    -------
    codes : array of int, shape (n,)
        0 to m - 1, in order of first appearance.
    first : array of int, shape (m,)

    Examples
    --------
    >>> codes, first = distinct([5.0, 7.0, 5.0], [1.0, 1.0, 1.0])
    >>> codes.tolist(), first.tolist()
    ([0, 1, 0], [0, 1])
    """
    east = np.asarray(x, dtype=float) + 0.0  # so that -0.0 is 0.0
    north = np.asarray(y, dtype=float) + 0.0
    with np.errstate(over="ignore"):
        codes, _ = pd.factorize((east.view(np.int64) * _MIX) ^ north.view(np.int64))
    first = _first_rows(codes)
    if not (np.array_equal(east[first][codes], east) and np.array_equal(north[first][codes], north)):
        codes, _ = pd.factorize(east + 1j * north)
        first = _first_rows(codes)
    return codes, first


def _first_rows(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    first = np.empty(int(codes.max()) + 1 if len(codes) else 0, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return first
