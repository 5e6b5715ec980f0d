"""Street lines a user gives: the basemap, the names, and where a camera could stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd

from geodata.area import WGS84
from geodata.errors import SourceError

NAME_COLUMNS = ("name", "name1", "street", "street_name", "road_name", "NAME1", "Name")
"""Columns that may hold the street's name; ``name1`` is OS Open Roads'."""


def read_streets(path: str | Path) -> gpd.GeoDataFrame:
    """Read street lines (GeoJSON, GeoPackage, Shapefile, ...) as ``name`` and geometry in EPSG:4326.

    Raises
    ------
    SourceError
        If the file is missing, unreadable, or holds no line.
    """
    path = Path(path)
    if not path.exists():
        raise SourceError(f"There is no street file at {path}.")
    try:
        frame: Any = gpd.read_file(path)
    except Exception as error:  # pyogrio raises many kinds; the user needs one sentence
        raise SourceError(f"{path.name} could not be read as a street file.") from error
    lines = frame.loc[frame.geometry.notna() & frame.geom_type.isin(["LineString", "MultiLineString"])]
    if lines.empty:
        raise SourceError(f"The street file {path.name} holds no lines; give street centre lines, not points or areas.")
    column = next((name for name in NAME_COLUMNS if name in lines), None)
    names = lines[column].fillna("").astype(str) if column else ""
    streets = gpd.GeoDataFrame({"name": names}, geometry=lines.geometry, index=lines.index)
    located = streets.set_crs(WGS84) if streets.crs is None else streets.to_crs(WGS84)
    return located.reset_index(drop=True)
