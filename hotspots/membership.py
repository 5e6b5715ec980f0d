"""Which hotspot a point belongs to: decided by its cell, as the hotspot was built, never by redrawing the polygon."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geodata import cells as h3cells


def hotspot_of(hotspots: pd.DataFrame, longitude: ArrayLike, latitude: ArrayLike) -> NDArray[Any]:
    """Return the id of the hotspot whose cells hold each point, ``""`` where none does.

    Parameters
    ----------
    hotspots : DataFrame
        HOTSPOTS: index ``hotspot_id``, ``cells`` as H3 texts joined by commas, all of one resolution.
    longitude, latitude : array of float, shape (n,)
        Degrees; must be finite.

    Returns
    -------
    array of str, shape (n,)
    """
    owner = {cell: hotspot_id for hotspot_id, text in hotspots["cells"].items() for cell in text.split(",") if cell}
    if not owner:
        return np.full(np.shape(np.asarray(longitude)), "", dtype=object)
    resolution = h3cells.resolution_of(next(iter(owner)))
    own_cells = h3cells.assign(longitude, latitude, resolution)
    return pd.Series(own_cells, dtype=object).map(owner).fillna("").to_numpy(dtype=object)
