"""Write the sample city as the files a user would bring, and its truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.area import WGS84
from geodata.sample.city import City
from geodata.sample.places import LABEL
from geodata.sample.records import TIME_FORMAT

_DECIMALS = 6  # of a degree: about 10 cm


def write_city(city: City, folder: str | Path) -> dict[str, Path]:
    """Write the city's files into a folder, made if needed; the same city always gives the same bytes.

    Returns
    -------
    dict of str to Path
        ``incidents.csv``, ``area.geojson``, ``streets.geojson``, ``cameras.csv``, ``visits.csv``, ``truth.json``,
        ``treated.geojson`` and ``design.toml``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    outline = gpd.GeoDataFrame({"name": [city.area.name], "synthetic": LABEL}, geometry=[city.area.boundary], crs=WGS84)
    texts = {
        "incidents.csv": _csv(_with_times_as_text(city.incidents)),
        "area.geojson": _geojson(outline),
        "streets.geojson": _geojson(city.streets),
        "cameras.csv": _csv(city.cameras),
        "visits.csv": _csv(city.visits),
        "truth.json": json.dumps(city.truth, indent=1) + "\n",
        "treated.geojson": _geojson(city.treated),
        "design.toml": city.design,
    }
    paths = {name: folder / name for name in texts}
    for name, path in paths.items():
        path.write_bytes(texts[name].encode())
    return paths


def _csv(frame: pd.DataFrame) -> str:
    return str(frame.to_csv(index=False, lineterminator="\n"))


def _with_times_as_text(incidents: pd.DataFrame) -> pd.DataFrame:
    times = incidents.select_dtypes("datetime")
    texts = times.apply(lambda column: column.dt.strftime(TIME_FORMAT))
    return incidents.assign(**{str(name): texts[name] for name in texts})


def _geojson(frame: gpd.GeoDataFrame) -> str:
    """Return a FeatureCollection (EPSG:4326), one feature a line."""
    shapes = shapely.transform(frame.geometry.to_numpy(), lambda xy: np.round(xy, _DECIMALS))
    facts = frame.drop(columns=frame.geometry.name).to_dict("records")
    features = [
        json.dumps({"type": "Feature", "properties": fact, "geometry": shapely.geometry.mapping(shape)})
        for fact, shape in zip(facts, shapes, strict=True)
    ]
    head: dict[str, Any] = {"type": "FeatureCollection", "name": f"{LABEL} sample city"}
    return json.dumps(head)[:-1] + ', "features": [\n' + ",\n".join(features) + "\n]}\n"
