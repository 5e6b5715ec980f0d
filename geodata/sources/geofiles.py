"""GIS files (GeoPackage, Shapefile, GeoJSON, FlatGeobuf) and Parquet: attributes as text, points as degrees."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final

import geopandas as gpd
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely

from geodata.area import BRITISH_NATIONAL_GRID, WGS84, to_wgs84
from geodata.errors import SourceError
from geodata.sources.columns import looks_like_incidents
from geodata.sources.files import Part, check_limits, list_members, open_archive
from geodata.sources.places import POSITIONS
from geodata.sources.refusing import one_sentence
from geodata.sources.synonyms import known_as, words
from geodata.sources.tables import Table, plain
from geodata.sources.typed import as_text

DEGREES: Final = ("longitude", "latitude")
"""Columns a geometry is given as; columns of the file that say the same are left aside."""

_GRID_EXTENT: Final = (700_000.0, 1_300_000.0)
_POSITIONS: Final = known_as(*POSITIONS)
_SHAPEFILE_PIECES: Final = (".shp", ".shx", ".dbf", ".prj", ".cpg")
_TEXTLESS: Final = (pa.types.is_nested, pa.types.is_binary, pa.types.is_large_binary, pa.types.is_null)


def open_geofile(part: Part, data: bytes) -> Table:
    """Return the points of a GIS file as a table: its attributes, and ``longitude`` and ``latitude``.

    The layer whose columns look like incidents is read, and with it every layer of the same columns, as sheets of a
    workbook are; others are named in a note.

    Raises
    ------
    SourceError
        If the file is damaged, or holds lines or polygons.
    """
    source = _source(part, data)
    advice = "export it again, or give a CSV"
    with one_sentence(f"{part.name} could not be read as a GIS file", advice):
        layers = [str(layer) for layer in pyogrio.list_layers(source)[:, 0]]
        # By number: GDAL names the layer of an unnamed GeoJSON after a file in memory, another one at every call.
        infos = [pyogrio.read_info(source, layer=number, force_feature_count=False) for number in range(len(layers))]
    if not layers:
        raise SourceError(f"{part.name} holds no layer; {advice}.")
    layer = next((number for number, info in enumerate(infos) if _is_likely(info)), 0)
    info = infos[layer]
    kind = info["geometry_type"]
    if kind is not None and not _may_hold_points(kind):
        raise SourceError(not_points(part.name, kind))
    same = [number for number, other in enumerate(infos) if number != layer and _is_alike(other, info)]
    notes = _layer_notes(part.name, layers, layer, same)
    fields = tuple(str(field) for field in info["fields"])
    read: list[tuple[int, dict[str, str]]] = [(layer, {field: field for field in fields})]
    read += [(number, _renamed(fields, infos[number])) for number in same]
    if kind is None:
        return Table(part.name, part.file, fields, partial(_read_layers, part, source, read, ()), tuple(notes))
    columns, note = _with_degrees(list(fields), part.name, str(info["crs"]) if info["crs"] else "")
    return Table(part.name, part.file, columns, partial(_read_layers, part, source, read, DEGREES), (*notes, *note))


def _is_alike(info: dict[str, Any], chosen: dict[str, Any]) -> bool:
    """Return whether a layer holds the same columns as another, and points where the other does."""
    kinds = info["geometry_type"], chosen["geometry_type"]
    has_same_shapes = all(kind is not None and _may_hold_points(kind) for kind in kinds) or kinds == (None, None)
    own, other = (sorted(plain(str(field)) for field in layer["fields"]) for layer in (info, chosen))
    return has_same_shapes and own == other and _is_likely(info)


def _renamed(fields: Sequence[str], info: dict[str, Any]) -> dict[str, str]:
    """Return what a layer calls each of another layer's columns."""
    by_name = {plain(str(field)): str(field) for field in info["fields"]}
    return {field: by_name[plain(field)] for field in fields}


def _layer_notes(name: str, layers: Sequence[str], layer: int, same: Sequence[int]) -> list[str]:
    if len(layers) == 1:
        return []
    others = [title for number, title in enumerate(layers) if number != layer and number not in same]
    said = f"{name}: layer '{layers[layer]}' was read"
    said += f" with {', '.join(layers[number] for number in same)}, which have the same columns" if same else ""
    return [f"{said}; ignored: {', '.join(others)}." if others else f"{said}."]


def open_parquet(part: Part, data: bytes) -> Table:
    """Return a Parquet or GeoParquet file as a table; only the columns asked for are ever unpacked.

    Raises
    ------
    SourceError
        If the file is damaged, or its geometry is lines or polygons.
    """
    with one_sentence(f"{part.name} could not be read as Parquet", "export it again"):
        file = pq.ParquetFile(pa.BufferReader(data))
        schema = file.schema_arrow
        geo = json.loads((schema.metadata or {}).get(b"geo", b"null"))
        fields = [f.name for f in schema if not any(is_it(f.type) for is_it in _TEXTLESS)]
    if not isinstance(geo, dict):
        return Table(part.name, part.file, tuple(fields), partial(_read_parquet, part.name, data, ""))
    geometry = str(geo.get("primary_column", "geometry"))
    columns, notes = _with_degrees([field for field in fields if field != geometry], part.name, "")
    return Table(part.name, part.file, columns, partial(_read_parquet, part.name, data, geometry), tuple(notes))


def degrees_of(shapes: Any, crs: Any, name: str) -> pl.DataFrame:
    """Return ``longitude`` and ``latitude`` of points, null where there is none.

    Parameters
    ----------
    shapes : array of shapely geometries
        Points, or multipoints of one point; missing and empty ones are not located.
    crs : anything geopandas takes for a coordinate system, or None
        None: degrees when all lie within their range, otherwise British National Grid metres.
    name : str
        File name for messages.

    Raises
    ------
    SourceError
        If there are other shapes, or coordinates without a system that are neither.
    """
    shapes = np.asarray(shapes, dtype=object)
    held = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    is_point = np.isin(shapely.get_type_id(shapes), [0, 4]) & (shapely.get_num_coordinates(shapes) == 1)
    if (held & ~is_point).any():
        raise SourceError(not_points(name, shapes[held & ~is_point][0].geom_type, int((held & ~is_point).sum())))
    points = shapely.centroid(shapes[held])  # of one point: the point itself
    if crs is None:
        crs = _guessed_crs(points, name)
    located = to_wgs84(gpd.GeoSeries(points, crs=crs))
    values = np.full((len(shapes), 2), np.nan)
    values[held] = np.column_stack([located.x, located.y])
    values[~np.isfinite(values).all(axis=1)] = np.nan
    return pl.DataFrame(values, schema=list(DEGREES), orient="row").fill_nan(None)


def not_points(name: str, kind: str, n: int | None = None) -> str:
    """Return the sentence that refuses shapes other than points."""
    many = f" ({n:,})" if n else ""
    return (
        f"{name} holds shapes of kind {kind}{many}, not points, so it is no list of incidents; give boundaries as the "
        "area and lines as streets."
    )


def _source(part: Part, data: bytes) -> Any:
    """Return the path where a file needs its neighbours (.dbf, .prj), otherwise its bytes."""
    if data[:2] == b"PK":
        return _flat_archive(part, data)
    return part.path if part.path is not None and data[:4] == b"\x00\x00\x27\x0a" else data


def _flat_archive(part: Part, data: bytes) -> bytes:
    """Return a ZIP of the Shapefile's own files without folders, in which GDAL does not look; nothing else is kept."""
    out = io.BytesIO()
    with open_archive(io.BytesIO(data), part.name) as archive:
        members = list_members(archive, part.name)
        check_limits(members, part.name)
        with one_sentence(f"The ZIP {part.name} is damaged", "export it again"), zipfile.ZipFile(out, "w") as flat:
            for member in members:
                name = PurePosixPath(member.filename.replace("\\", "/")).name
                if name.lower().endswith(_SHAPEFILE_PIECES) and not name.startswith("."):
                    flat.writestr(name, archive.read(member))
    return out.getvalue()


def _is_likely(info: dict[str, Any]) -> bool:
    kind = info["geometry_type"]
    columns = [str(field) for field in info["fields"]]
    if kind is None:
        return looks_like_incidents(columns)
    return _may_hold_points(kind) and looks_like_incidents([*columns, *DEGREES])


def _may_hold_points(kind: str) -> bool:
    return kind.startswith(("Point", "MultiPoint", "Unknown", "GeometryCollection", "3D Point", "Measured"))


def _with_degrees(fields: list[str], name: str, crs: str) -> tuple[tuple[str, ...], list[str]]:
    """Return the columns of a table with geometry: columns that repeat the position are left aside."""
    repeated = [field for field in fields if words(field) in _POSITIONS]
    system = f" ({crs})" if crs and len(crs) < 20 else ""
    note = f"{name}: positions were taken from the points of the file's geometry{system}"
    note += f", not from its columns {', '.join(repeated)}." if repeated else "."
    return (*(field for field in fields if field not in repeated), *DEGREES), [note]


def _read_layers(
    part: Part,
    source: Path | bytes,
    layers: Sequence[tuple[int, dict[str, str]]],
    degrees: Sequence[str],
    wanted: Sequence[str],
) -> pl.DataFrame:
    """Return columns of layers, one below another; each layer has names and a coordinate system of its own."""
    frames = []
    for layer, names in layers:
        frame = _read_layer(part, source, layer, degrees, [names.get(column, column) for column in wanted])
        frames.append(frame.rename(dict(zip(frame.columns, wanted, strict=True))))
    return pl.concat(frames)


def _read_layer(
    part: Part, source: Path | bytes, layer: int, degrees: Sequence[str], wanted: Sequence[str]
) -> pl.DataFrame:
    attributes = [column for column in wanted if column not in degrees]
    with one_sentence(f"{part.name} could not be read as a GIS file", "export it again, or give a CSV"):
        frame: Any = pyogrio.read_dataframe(
            source, layer=layer, columns=attributes, read_geometry=bool(degrees), datetime_as_string=True
        )
        texts = {column: as_text(pl.from_pandas(frame[column])) for column in attributes}
    if not degrees:
        return pl.DataFrame(texts).select(wanted)
    return _table(texts, lambda: degrees_of(frame.geometry.to_numpy(), frame.crs, part.name), wanted)


def _read_parquet(name: str, data: bytes, geometry: str, wanted: Sequence[str]) -> pl.DataFrame:
    degrees = DEGREES if geometry else ()
    attributes = [column for column in wanted if column not in degrees]
    with one_sentence(f"{name} could not be read as Parquet", "export it again"):
        table = pq.ParquetFile(pa.BufferReader(data)).read(columns=attributes)
        frame = pl.DataFrame(pl.from_arrow(table))
        texts = {column: as_text(frame[column]) for column in attributes}
    if not geometry:
        return pl.DataFrame(texts).select(wanted)
    with one_sentence(f"{name} could not be read as GeoParquet", "export it again"):
        shapes: Any = gpd.read_parquet(io.BytesIO(data), columns=[geometry])
    return _table(texts, lambda: degrees_of(shapes.geometry.to_numpy(), shapes.crs, name), wanted)


def _table(texts: dict[str, pl.Series], degrees: Callable[[], pl.DataFrame], wanted: Sequence[str]) -> pl.DataFrame:
    located = {column.name: as_text(column) for column in degrees().iter_columns()}
    return pl.DataFrame({**texts, **located}).select(wanted)


def _guessed_crs(points: Any, name: str) -> str:
    if not len(points):
        return WGS84
    x, y = shapely.get_x(points), shapely.get_y(points)
    if (np.abs(x) <= 180).all() and (np.abs(y) <= 90).all():
        return WGS84
    if ((x >= 0) & (x <= _GRID_EXTENT[0]) & (y >= 0) & (y <= _GRID_EXTENT[1])).all():
        return BRITISH_NATIONAL_GRID
    raise SourceError(
        f"{name} states no coordinate system, and its points (first {x[0]:.10g}, {y[0]:.10g}) are neither degrees nor "
        "British National Grid metres; save it with one, for example EPSG:27700."
    )
