"""How far each place on the list stands on reports that are where they are said to be; it travels with every place."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata import cells as h3cells
from geodata.confidence import low_confidence, share_by_precision
from hotspots.membership import hotspot_of


def cells_with_confidence(cells: gpd.GeoDataFrame, located: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return cells with ``share_<precision>`` of their reports and ``median_error_m``; NaN without a report.

    Parameters
    ----------
    cells : GeoDataFrame
        CELLS of one resolution.
    located : DataFrame
        INCIDENTS as they left the gate, with ``location_precision`` and ``error_radius_m``.
    """
    own = h3cells.assign(located["longitude"], located["latitude"], h3cells.resolution_of(cells.index[0]))
    shares = share_by_precision(located, pd.Series(own, index=located.index, name="cell"))
    return cells.join(shares.drop(columns="n"))


def hotspots_with_confidence(hotspots: gpd.GeoDataFrame, located: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return hotspots with the same columns, and a flag on those of which most reports may belong elsewhere.

    Parameters
    ----------
    hotspots : GeoDataFrame
        HOTSPOTS.
    located : DataFrame
        INCIDENTS as they left the gate, with ``location_precision`` and ``error_radius_m``.
    """
    own = pd.Series(hotspot_of(hotspots, located["longitude"], located["latitude"]), index=located.index)
    group = own.where(own != "", np.nan).rename("hotspot_id")
    joined = hotspots.join(share_by_precision(located, group).drop(columns="n"))
    low = low_confidence(located, group, hotspots["area_km2"])
    flags = hotspots["flags"].str.cat(low["sentence"], sep="; ").str.strip("; ")
    return joined.assign(flags=flags)
