"""Layers of GIS files a user gives for context: the layer wanted, within an area, in degrees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from geodata.area import WGS84, StudyArea, to_wgs84
from geodata.errors import SourceError
from geodata.sources.refusing import one_sentence


def read_layer(
    path: str | Path,
    *,
    what: str,
    preferred: Sequence[str],
    fits: Callable[[str], bool],
    wanted: str,
    columns: Callable[[Sequence[str]], Sequence[str]],
    where: str = "",
    area: StudyArea | None = None,
) -> gpd.GeoDataFrame:
    """Read one layer of a GIS file in EPSG:4326; shapes that cannot be read as they are are left out.

    Parameters
    ----------
    path : path
        GeoPackage, GeoJSON, Shapefile (zipped too), FlatGeobuf, or an OpenStreetMap extract (.osm, .osm.pbf).
    what : str
        What the file holds, for messages, e.g. ``"street"``.
    preferred : sequence of str
        Names of the layers to take first, best first.
    fits : callable
        Whether a kind of geometry (``"MultiPolygon"``) is wanted.
    wanted : str
        The same in words, for messages, e.g. ``"street centre lines"``.
    columns : callable
        Given all columns, those to read.
    where : str
        Condition for OpenStreetMap extracts, which hold everything.
    area : StudyArea, optional
        Only what touches the area and its buffer; a national file is then read in a moment.

    Raises
    ------
    SourceError
        If the file is missing or damaged, or has no layer with such shapes.
    """
    path = Path(path)
    if not path.is_file():
        raise SourceError(f"There is no {what} file at {path}.")
    with one_sentence(f"{path.name} could not be read as a {what} file", "give a GeoPackage, GeoJSON or Shapefile"):
        layers = [(str(name), str(kind)) for name, kind in pyogrio.list_layers(path)]
        fitting = [name for name, kind in layers if kind != "None" and (fits(kind) or kind.startswith("Unknown"))]
    if not fitting:
        found = ", ".join(f"{name}: {kind}" for name, kind in layers) or "no layer"
        raise SourceError(f"The {what} file {path.name} holds no layer of such shapes ({found}); give {wanted}.")
    layer = next((name for name in preferred if name in fitting), fitting[0])
    is_extract = path.name.lower().endswith((".osm", ".pbf"))
    with one_sentence(f"{path.name} could not be read as a {what} file", "give a GeoPackage, GeoJSON or Shapefile"):
        info = pyogrio.read_info(path, layer=layer, force_feature_count=False)
        frame: Any = pyogrio.read_dataframe(
            path,
            layer=layer,
            columns=list(columns([str(field) for field in info["fields"]])),
            where=where if is_extract and where else None,
            bbox=None if area is None else _box(area, info["crs"]),
        )
    shapes = frame.geometry.to_numpy()
    held = frame.loc[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    held = held.loc[[fits(kind) for kind in held.geom_type]]
    located: gpd.GeoDataFrame = held.set_crs(WGS84) if held.crs is None else to_wgs84(held)
    return located.reset_index(drop=True)


def text_of(value: Any) -> str:
    """Return a value of a layer as text: a list, which GeoJSON may hold, as its parts; "" for what is missing."""
    if isinstance(value, list | np.ndarray):
        return "; ".join(filter(None, map(text_of, value)))
    return str(value).strip() if pd.notna(value) else ""


def _box(area: StudyArea, crs: str | None) -> tuple[float, float, float, float]:
    """Return the bounds of an area and its buffer in a layer's own coordinates."""
    box = gpd.GeoSeries([shapely.box(*area.buffered.bounds)], crs=WGS84).segmentize(0.05)
    west, south, east, north = (box if crs is None else box.to_crs(crs)).total_bounds
    return float(west), float(south), float(east), float(north)
