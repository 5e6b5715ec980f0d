"""Street lines a user gives: the basemap, the names, and where a camera could stand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd

from geodata.area import StudyArea
from geodata.errors import SourceError
from geodata.sources.layers import read_layer, text_of

NAME_COLUMNS = (
    "name_1", "name1", "NAME1", "name", "Name", "street", "street_name", "road_name",
)  # fmt: skip
"""Columns that may hold the street's name; ``name_1`` and ``name1`` are OS Open Roads'."""

LAYERS = ("road_link", "RoadLink", "streets", "lines")
"""Layers with street lines: OS Open Roads' in its GeoPackage and its Shapefile, and an OpenStreetMap extract's."""


def read_streets(path: str | Path, *, area: StudyArea | None = None) -> gpd.GeoDataFrame:
    """Read street lines as ``name`` and geometry in EPSG:4326.

    Parameters
    ----------
    path : path
        OS Open Roads (GeoPackage), an OpenStreetMap extract (.osm, .osm.pbf), or any GeoJSON, GeoPackage or Shapefile
        of lines.
    area : StudyArea, optional
        Read only streets in the area and its buffer.

    Raises
    ------
    SourceError
        If the file is missing, unreadable, or holds no line.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise SourceError(f"{path.name} is a folder, not a street file.")
    lines = read_layer(
        path,
        what="street",
        preferred=LAYERS,
        fits=lambda kind: "LineString" in kind,
        wanted="street centre lines",
        columns=_name_columns,
        where="highway IS NOT NULL",
        area=area,
    )
    if lines.empty:
        raise SourceError(f"The street file {path.name} holds no lines; give street centre lines, not points or areas.")
    column = next((name for name in NAME_COLUMNS if name in lines), None)
    names = lines[column].map(text_of).astype("str") if column else ""
    return gpd.GeoDataFrame({"name": names}, geometry=lines.geometry, index=lines.index, crs=lines.crs)


def _name_columns(fields: Sequence[str]) -> list[str]:
    return [name for name in NAME_COLUMNS if name in fields]
