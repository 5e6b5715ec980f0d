"""GeoPackage and GeoParquet: the same tables with their shapes, for a GIS."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from geodata.area import WGS84
from hotspots.results import Run

_SHAPES = {"hotspots": "MultiPolygon", "cells": "Polygon", "repeat_locations": "Point", "patrols": "MultiPolygon",
           "cameras": "Point"}  # fmt: skip


def cells_parquet(run: Run) -> bytes:
    """Return every cell as GeoParquet (EPSG:4326), index column ``cell`` as H3 hexadecimal text."""
    cells = run.cells.set_crs(WGS84, allow_override=True).assign(marking=run.marking)
    cells.index = pd.Index(cells.index.astype(str), name="cell")
    stream = io.BytesIO()
    cells.to_parquet(stream, index=True)
    return stream.getvalue()


def hotspots_gpkg(run: Run) -> bytes:
    """Return a GeoPackage with the layers hotspots, cells, repeat_locations, patrols and cameras in EPSG:4326.

    A layer without rows is there with its columns. The date inside is the run's own, so that the same run gives the
    same bytes.
    """
    layers = {
        "hotspots": run.hotspots,
        "cells": run.cells.loc[run.cells["n"] > 0].sort_values("rank"),
        "repeat_locations": run.repeat_locations,
        "patrols": run.patrols,
        "cameras": run.cameras,
    }
    return geopackage(run, layers, _SHAPES)


def geopackage(run: Run, layers: Mapping[str, gpd.GeoDataFrame], shapes: Mapping[str, str]) -> bytes:
    """Return layers as a GeoPackage, each of the kind of geometry given, with the run's marking and date."""
    moment = pd.Timestamp(run.provenance.created)
    moment = moment.tz_convert("UTC") if moment.tzinfo else moment
    settings = {"OGR_CURRENT_DATE": f"{moment:%Y-%m-%dT%H:%M:%S.000Z}", "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    pyogrio.set_gdal_config_options(settings)
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "hotspots.gpkg"
            for name, frame in layers.items():
                pyogrio.write_dataframe(
                    _layer(frame.assign(marking=run.marking, is_synthetic=run.is_synthetic)), path, layer=name,
                    driver="GPKG", append=path.exists(), geometry_type=shapes[name],
                    promote_to_multi=shapes[name].startswith("Multi"), dataset_metadata=None,
                )  # fmt: skip
            return path.read_bytes()
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(settings))


def _layer(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a frame a GeoPackage can hold: index as a column, text as text, also without rows."""
    flat = frame.reset_index()
    for name in flat.columns.drop("geometry"):
        if flat[name].dtype == object:
            flat[name] = flat[name].astype("str")
    return gpd.GeoDataFrame(flat, geometry="geometry", crs=WGS84)
