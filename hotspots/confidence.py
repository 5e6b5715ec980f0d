"""How far each place on the list stands on reports that are where they are said to be; it travels with every place."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata import cells as h3cells
from geodata.area import StudyArea
from geodata.confidence import confidence, low_confidence, share_by_precision
from geodata.quality import DefaultLocation
from hotspots.membership import hotspot_of


def locate(
    incidents: pd.DataFrame,
    area: StudyArea,
    default_locations: Sequence[DefaultLocation],
    *,
    snap_points: pd.DataFrame,
) -> pd.DataFrame:
    """Return `incidents` with how finely each is located (``location_precision``) and ``error_radius_m``.

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS.
    default_locations : sequence of DefaultLocation
        Places records are booked to when nobody knows where.
    snap_points : DataFrame
        ``longitude`` and ``latitude`` of every distinct point of the source, of any category.
    """
    known = snap_points[["longitude", "latitude"]].to_numpy(dtype=float)
    return incidents.assign(**confidence(incidents, area, default_locations, snap_points=known))


def cells_with_confidence(cells: gpd.GeoDataFrame, located: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return cells with ``share_<precision>`` of their reports and ``median_error_m``; NaN without a report.

    Parameters
    ----------
    cells : GeoDataFrame
        CELLS of one resolution.
    located : DataFrame
        From `locate`.
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
        From `locate`.
    """
    own = pd.Series(hotspot_of(hotspots, located["longitude"], located["latitude"]), index=located.index)
    group = own.where(own != "", np.nan).rename("hotspot_id")
    joined = hotspots.join(share_by_precision(located, group).drop(columns="n"))
    low = low_confidence(located, group, hotspots["area_km2"])
    flags = hotspots["flags"].str.cat(low["sentence"], sep="; ").str.strip("; ")
    return joined.assign(flags=flags)
