"""Named places a user gives (stations, schools, parks, pubs): from GIS files, OpenStreetMap extracts and tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from geodata.area import WGS84, StudyArea
from geodata.context import NAME_COLUMN
from geodata.errors import SourceError
from geodata.sources.hand_kept import numbers, read_table
from geodata.sources.layers import read_layer, text_of
from geodata.text import readable

LAYERS: Final = ("named_place", "NamedPlace", "places", "points")
"""Layers with named places: OS Open Names' in its GeoPackage and Shapefile, and an OpenStreetMap extract's points."""

KIND_COLUMNS: Final = (
    "local_type", "kind", "fclass", "amenity", "leisure", "railway", "public_transport", "tourism", "shop", "category",
    "type",
)  # fmt: skip
"""Columns that may say what kind of place it is; the first that says anything counts."""

TAGS: Final = ("amenity", "leisure", "railway", "public_transport", "tourism", "shop")
"""Keys of OpenStreetMap that make a named thing a place people go to; roads, areas and trees have none of them."""

NO_LANDMARK: Final = re.compile(
    r"postcode|\b(?:road|street|settlement|suburban area)\b|^(?:city|town|village|hamlet|suburb|neighbourhood)$", re.I
)
"""Kinds that name no place to stand by: OS Open Names also lists every postcode, road and settlement as a point."""

_TABLE: Final = {
    "name": ("place", "place name"),
    "kind": ("type", "category"),
    "longitude": ("lon", "long", "lng"),
    "latitude": ("lat",),
}
_DEGREES: Final = (("longitude", 180.0), ("latitude", 90.0))
_TABLE_ENDS: Final = (".csv", ".tsv", ".txt", ".xlsx")
_EXTRACT_ENDS: Final = (".osm", ".pbf")


def read_places(path: str | Path, *, area: StudyArea | None = None) -> gpd.GeoDataFrame:
    """Read named places, points or areas, as ``name``, ``kind`` and their shapes in EPSG:4326.

    Lines, places without a name, and postcodes, roads and settlements, which gazetteers list as points too, are left
    out.

    Parameters
    ----------
    path : path
        OS Open Names, an OpenStreetMap extract (points and areas), any GIS file with a name column, or a CSV or XLSX
        of ``name``, ``longitude``, ``latitude`` and, optionally, ``kind``.
    area : StudyArea, optional
        Read only what touches the area and its buffer.

    Returns
    -------
    GeoDataFrame in EPSG:4326
        ``name``, ``kind`` (empty where the file does not say) and geometry; in the file's order.

    Raises
    ------
    SourceError
        If the file is missing or unreadable or holds lines alone, none of its places has a name, or none lies in the
        area or its buffer.
    """
    path = Path(path)
    places = _read(path, area)
    if area is None:
        return _some(places, path)
    near = places.loc[places.intersects(area.buffered)].reset_index(drop=True)
    if near.empty:
        n = len(_some(_read(path, None), path))
        raise SourceError(
            f"0 of {n:,} named places of {path.name} lie in {area.name} or within "
            f"{area.buffer_m / 1000:g} km of it; give places of this area."
        )
    return near


def _read(path: Path, area: StudyArea | None) -> gpd.GeoDataFrame:
    """Return the named places of a file, or none."""
    ends = path.name.lower()
    if ends.endswith(_TABLE_ENDS):
        return _landmarks(_of_table(path))
    frames = [_of_layer(path, LAYERS, area)]
    if ends.endswith(_EXTRACT_ENDS):  # parks and schools are drawn as areas
        frames = [_with_tags(frame) for frame in (*frames, _of_layer(path, ("multipolygons",), area))]
    return _landmarks(gpd.GeoDataFrame(pd.concat([_named(frame) for frame in frames], ignore_index=True), crs=WGS84))


def _of_table(path: Path) -> gpd.GeoDataFrame:
    table = read_table(path, what="place", columns=_TABLE, required=("name", "longitude", "latitude"))
    degrees = [numbers(table, name, path=path, low=-most, high=most) for name, most in _DEGREES]
    texts = {"name": table["name"].map(_plain), "kind": table.get("kind", "")}
    return gpd.GeoDataFrame(texts, geometry=gpd.points_from_xy(*degrees), crs=WGS84)


def _of_layer(path: Path, layers: Sequence[str], area: StudyArea | None) -> gpd.GeoDataFrame:
    return read_layer(
        path, what="place", preferred=layers, fits=lambda kind: "Line" not in kind,
        wanted="points or areas", columns=_columns, where="name IS NOT NULL", area=area,
    )  # fmt: skip


def _columns(fields: Sequence[str]) -> list[str]:
    return [f for f in fields if NAME_COLUMN.match(f) or f.lower() in KIND_COLUMNS or f == "other_tags"]


def _with_tags(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the rows of an OpenStreetMap layer that are places people go to, each tag as a column."""
    held = [frame["other_tags"].fillna("").str.extract(rf'"{tag}"=>"([^"]*)"', expand=False) for tag in TAGS]
    tags = pd.DataFrame(dict(zip(TAGS, held, strict=True)))
    tags = tags.combine_first(frame[[tag for tag in TAGS if tag in frame]])
    return frame[["name", "geometry"]].join(tags).loc[tags.notna().any(axis=1)]


def _named(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return ``name`` and ``kind`` from whichever columns hold them: of names the one that tells most places apart."""
    names = [str(column) for column in frame.columns if NAME_COLUMN.match(str(column))]
    best = max(names, key=lambda column: frame[column].map(_plain).nunique(), default="")
    stated = {str(column).lower(): column for column in frame.columns}
    kind = pd.Series("", index=frame.index, dtype=object)
    for column in (stated[name] for name in KIND_COLUMNS if name in stated):
        kind = kind.mask(kind == "", frame[column].map(_plain))
    told = frame[best].map(_plain) if best else ""
    shapes = shapely.make_valid(frame.geometry.to_numpy())
    return gpd.GeoDataFrame({"name": told, "kind": kind}, geometry=shapes, crs=frame.crs)


def _landmarks(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    kept = (places["name"] != "") & ~places["kind"].str.contains(NO_LANDMARK)
    return places.loc[kept].astype({"name": "str", "kind": "str"}).reset_index(drop=True)


def _some(places: gpd.GeoDataFrame, path: Path) -> gpd.GeoDataFrame:
    if places.empty:
        raise SourceError(f"The place file {path.name} holds no place with a name; give places with a name column.")
    return places


def _plain(value: object) -> str:
    return " ".join(readable(text_of(value)).replace("_", " ").split())
