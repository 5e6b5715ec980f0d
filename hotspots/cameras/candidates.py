"""Where a camera could be mounted: points along streets, never an address (R5.8)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata import cells as h3cells
from geodata.area import StudyArea
from hotspots.membership import hotspot_of
from hotspots.naming import street_name

COLUMNS = ["longitude", "latitude", "hotspot_id", "street", "kind"]
STREET_LINE, STREET_POINT, CELL_CENTRE = "street line", "street point", "cell centre"


def candidate_sites(
    hotspots: gpd.GeoDataFrame,
    incidents: pd.DataFrame,
    *,
    streets: gpd.GeoDataFrame | None,
    area: StudyArea,
    spacing_m: float,
) -> pd.DataFrame:
    """Return possible camera positions inside the hotspots.

    A camera hangs on street furniture and watches a place; it is never sited at a dwelling (R5.8). Each hotspot takes
    the first of these that gives it any position:

    1. points every `spacing_m` along the street lines;
    2. the distinct points of reports that were located to a street;
    3. the centres of the next finer cells that hold reports, where reports are known by address only: the centre of a
       56 m cell is not one of the addresses in it.

    Parameters
    ----------
    hotspots : GeoDataFrame
        HOTSPOTS.
    incidents : DataFrame
        INCIDENTS.
    streets : GeoDataFrame, optional
        Lines, EPSG:4326, with ``name`` where known.
    area : StudyArea
        For metres.
    spacing_m : float
        Distance between positions along a street.

    Returns
    -------
    DataFrame
        ``longitude``, ``latitude``, ``hotspot_id``, ``street`` (name or ""), ``kind``; sorted by place.
    """
    found = _along_streets(hotspots, streets, area, spacing_m)
    for next_best in (_street_points, _finer_cell_centres):
        bare = hotspots.loc[~hotspots.index.isin(found["hotspot_id"])]
        if not bare.empty:
            found = pd.concat([found, next_best(bare, incidents)])
    return found.sort_values(["longitude", "latitude"]).reset_index(drop=True)


def _along_streets(
    hotspots: gpd.GeoDataFrame, streets: gpd.GeoDataFrame | None, area: StudyArea, spacing_m: float
) -> pd.DataFrame:
    if streets is None or streets.empty or hotspots.empty:
        return _table([], [], [], [], STREET_LINE)
    near = streets.loc[streets.intersects(hotspots.union_all())].reset_index(drop=True).explode(ignore_index=True)
    near = near.loc[near.geom_type == "LineString"]
    lines = near.geometry.to_crs(area.crs).to_numpy()
    steps = np.floor(shapely.length(lines) / spacing_m).astype(int) + 1
    which = np.repeat(np.arange(len(lines)), steps)
    along = np.concatenate([np.arange(n) * spacing_m for n in steps]) if len(lines) else np.empty(0)
    points = shapely.line_interpolate_point(lines[which], along)
    longitude, latitude = area.unproject(shapely.get_x(points), shapely.get_y(points))
    names = near["name"].fillna("").astype(str) if "name" in near else pd.Series("", index=near.index)
    sites = _table(longitude, latitude, hotspot_of(hotspots, longitude, latitude), names.to_numpy()[which], STREET_LINE)
    # junctions are the end of several lines: one position each
    return sites.loc[~sites[["longitude", "latitude"]].round(5).duplicated() & (sites["hotspot_id"] != "")]


def _street_points(hotspots: gpd.GeoDataFrame, incidents: pd.DataFrame) -> pd.DataFrame:
    on_streets = incidents.loc[incidents["location_precision"] == "street", ["longitude", "latitude", "location"]]
    inside = on_streets.loc[hotspot_of(hotspots, on_streets["longitude"], on_streets["latitude"]) != ""]
    points = inside.groupby(["longitude", "latitude"], as_index=False)["location"].agg(_most_common)
    owner = hotspot_of(hotspots, points["longitude"], points["latitude"])
    return _table(points["longitude"], points["latitude"], owner, points["location"].map(street_name), STREET_POINT)


def _finer_cell_centres(hotspots: gpd.GeoDataFrame, incidents: pd.DataFrame) -> pd.DataFrame:
    inside = incidents.loc[hotspot_of(hotspots, incidents["longitude"], incidents["latitude"]) != ""]
    if inside.empty:
        return _table([], [], [], [], CELL_CENTRE)
    finer = h3cells.resolution_of(hotspots["cells"].iloc[0].split(",")[0]) + 1
    cell = h3cells.assign(inside["longitude"], inside["latitude"], finer)
    streets = inside["location"].map(street_name).groupby(cell).agg(_most_common)
    centres = h3cells.centres(streets.index)
    owner = hotspot_of(hotspots, centres[:, 0], centres[:, 1])
    sites = _table(centres[:, 0], centres[:, 1], owner, streets.to_numpy(), CELL_CENTRE)
    return sites.loc[sites["hotspot_id"] != ""]


def _most_common(texts: pd.Series) -> str:
    return str(min(texts.mode()))


def _table(longitude: object, latitude: object, hotspot_id: object, street: object, kind: str) -> pd.DataFrame:
    columns = [np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)]
    texts = [np.asarray(hotspot_id, dtype=object), np.asarray(street, dtype=object)]
    return pd.DataFrame(dict(zip(COLUMNS, [*columns, *texts], strict=False))).assign(kind=kind)
