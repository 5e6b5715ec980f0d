"""The study area: its boundary, its metric coordinates, its buffer. The only place that uses pyproj."""

from __future__ import annotations

import os
import re
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Transformer
from pyproj.exceptions import ProjError
from pyproj.network import set_network_enabled  # type: ignore[attr-defined]  # public, but not declared so
from shapely.geometry.base import BaseGeometry

from geodata.errors import SourceError

WGS84 = "EPSG:4326"
BRITISH_NATIONAL_GRID = "EPSG:27700"
OSGB36 = "EPSG:4277"
"""Degrees of the datum behind the British grid: read as WGS84 they lie 104 m off in Wolverhampton (R3.11)."""

OSTN15_VARIABLE = "ASB_HOTSPOTS_OSTN15"
"""Environment variable that names a local OSTN15 grid file, such as uk_os_OSTN15_NTv2_OSGBtoETRS.tif (R3.12)."""

ANALYSIS_BUFFER_M = 1000.0
"""Reports this far outside the boundary are read, so that densities do not sag at the border (R3.15)."""

_NAME_COLUMN = re.compile(r"^(name|[a-z]+\d\dnm)$", re.IGNORECASE)

Floats = NDArray[np.float64]

_chosen_grid: ContextVar[str] = ContextVar("ostn15_grid", default="")

set_network_enabled(active=False)  # offline is the rule: never fetch a grid file

# A coarse outline of Great Britain's mainland and islands; it only decides which grid measures metres.
_GREAT_BRITAIN = shapely.Polygon(
    [(-6.6, 49.8), (-1.0, 50.3), (1.0, 50.6), (1.5, 51.05), (2.2, 52.4), (0.5, 54.0), (-1.0, 56.0), (-0.4, 61.0),
     (-3.5, 60.0), (-8.8, 58.5), (-8.0, 56.5), (-6.6, 55.45), (-5.4, 55.0), (-4.9, 54.3), (-5.6, 52.5), (-5.6, 51.3)]
)  # fmt: skip


@dataclass(frozen=True)
class StudyArea:
    """A named area with one metric coordinate system.

    Parameters
    ----------
    name : str
        What the area is called on maps and reports.
    boundary : shapely geometry
        Polygon or MultiPolygon in degrees (WGS84, x = longitude).
    buffer_m : float
        Width in metres of the band outside the boundary that is read as context only.
    """

    name: str
    boundary: BaseGeometry
    buffer_m: float = ANALYSIS_BUFFER_M

    @cached_property
    def crs(self) -> str:
        """Metric coordinate system: British National Grid in Great Britain, UTM (WGS84) elsewhere."""
        centre = self.boundary.representative_point()
        return metric_crs(centre.x, centre.y)

    @property
    def timezone(self) -> str:
        """Zone of local wall-clock time."""
        return "Europe/London" if self.crs == BRITISH_NATIONAL_GRID else "UTC"

    @cached_property
    def boundary_m(self) -> BaseGeometry:
        """Boundary in metres."""
        metres: BaseGeometry = self.in_metres(self.boundary)
        return metres

    @cached_property
    def buffered(self) -> BaseGeometry:
        """Boundary widened by `buffer_m`, in degrees."""
        wide = self.boundary_m.buffer(self.buffer_m, quad_segs=8)
        degrees: BaseGeometry = self.in_degrees(wide)
        return degrees

    @property
    def area_km2(self) -> float:
        """Land area in square kilometres."""
        return float(self.boundary_m.area / 1e6)

    def project(self, longitude: ArrayLike, latitude: ArrayLike) -> tuple[Floats, Floats]:
        """Return metres east and north for degrees."""
        return _transform(WGS84, self.crs, longitude, latitude)

    def unproject(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """Return longitude and latitude for metres east and north."""
        return _transform(self.crs, WGS84, x, y)

    def in_metres(self, shapes: Any) -> Any:
        """Return one geometry, or an array of them, in metres instead of degrees."""
        to_metres: Any = self.project
        return shapely.transform(shapes, to_metres, interleaved=False)

    def in_degrees(self, shapes: Any) -> Any:
        """Return one geometry, or an array of them, in degrees instead of metres."""
        to_degrees: Any = self.unproject
        return shapely.transform(shapes, to_degrees, interleaved=False)

    def contains(self, longitude: ArrayLike, latitude: ArrayLike) -> NDArray[np.bool_]:
        """Return which points lie inside the boundary; a missing coordinate lies nowhere."""
        return _contains(self.boundary, longitude, latitude)

    def is_near(self, longitude: ArrayLike, latitude: ArrayLike) -> NDArray[np.bool_]:
        """Return which points lie inside the boundary or within `buffer_m` of it."""
        return _contains(self.buffered, longitude, latitude)


def metric_crs(longitude: float, latitude: float) -> str:
    """Return the EPSG code that measures metres well around a point."""
    if _GREAT_BRITAIN.contains(shapely.Point(longitude, latitude)):
        return BRITISH_NATIONAL_GRID
    zone = min(60, int((longitude + 180) // 6) + 1)
    return f"EPSG:{(32600 if latitude >= 0 else 32700) + zone}"


def british_grid_to_wgs84(easting: ArrayLike, northing: ArrayLike) -> tuple[Floats, Floats]:
    """Return longitude and latitude for British National Grid metres (EPSG:27700)."""
    return _transform(BRITISH_NATIONAL_GRID, WGS84, easting, northing)


def osgb36_to_wgs84(longitude: ArrayLike, latitude: ArrayLike) -> tuple[Floats, Floats]:
    """Return longitude and latitude (WGS84) for degrees on the OSGB36 datum (R3.11)."""
    return _transform(OSGB36, WGS84, longitude, latitude)


def to_wgs84(shapes: Any) -> Any:
    """Return a GeoSeries or GeoDataFrame in degrees, from the British grid by the OSTN15 grid if one is named."""
    source = f"EPSG:{shapes.crs.to_epsg()}"
    if source not in _ON_OSGB36 or ostn15_grid() is None:
        return shapes.to_crs(WGS84)
    to_degrees: Any = partial(_transform, source, WGS84)
    moved = shapely.transform(shapes.geometry.to_numpy(), to_degrees, interleaved=False)
    if isinstance(shapes, gpd.GeoSeries):
        return gpd.GeoSeries(moved, index=shapes.index, crs=WGS84)
    return shapes.set_geometry(gpd.GeoSeries(moved, index=shapes.index, crs=WGS84))


def choose_ostn15_grid(path: str | Path) -> None:
    """Use this OSTN15 grid file in the calling thread from now on; "" goes back to the one the environment names."""
    _chosen_grid.set(str(path).strip())


def ostn15_grid() -> Path | None:
    """Return the local OSTN15 grid file that was chosen, else the one `OSTN15_VARIABLE` names, else None (R3.12).

    Raises
    ------
    SourceError
        If the file is not there.
    """
    named = _chosen_grid.get() or os.environ.get(OSTN15_VARIABLE, "").strip()
    if not named:
        return None
    path = Path(named)
    if not path.is_file():
        by = f"{OSTN15_VARIABLE} names" if not _chosen_grid.get() else "The settings name"
        raise SourceError(
            f"{by} the OSTN15 grid file {path}, which is not there; correct it, or remove it to convert coordinates "
            "without a grid (to 2 m)."
        )
    return path


def operation_accuracy(source: str = BRITISH_NATIONAL_GRID, target: str = WGS84) -> str:
    """Return the name and stated accuracy of the coordinate operation in use, for the record (R3.12)."""
    grid = ostn15_grid()
    if grid is not None and {source, target} & _ON_OSGB36:
        _by_grid(source, target, str(grid))
        return f"OSGB36 and ETRS89 by the grid file {grid.name} (1 m to WGS84; outside the grid 2 m)"
    transformer = _transformer(source, target)
    transformer.transform(400_000.0, 300_000.0)
    used = transformer.get_last_used_operation()
    accuracy = f"{used.accuracy:g} m" if used.accuracy > 0 else "accuracy not stated"
    return f"{used.description} ({accuracy})"


def read_area(path: str | Path, *, name: str | None = None, buffer_m: float = ANALYSIS_BUFFER_M) -> StudyArea:
    """Read a study area from any polygon file (GeoJSON, GeoPackage, Shapefile, ...).

    Every polygon of the first layer is joined into one boundary.

    Raises
    ------
    SourceError
        If the file is missing, unreadable, or holds no polygon.
    """
    path = Path(path)
    if not path.exists():
        raise SourceError(f"There is no area file at {path}; give a polygon file such as a ward or LPA boundary.")
    try:
        frame: Any = gpd.read_file(path)
    except Exception as error:  # pyogrio raises many kinds; the user needs one sentence
        raise SourceError(
            f"{path.name} could not be read as a polygon file; give the boundary as GeoJSON, GeoPackage or Shapefile."
        ) from error
    return area_from_frame(frame, name=name or _own_name(frame) or path.stem, buffer_m=buffer_m)


def area_from_frame(frame: Any, *, name: str, buffer_m: float = ANALYSIS_BUFFER_M) -> StudyArea:
    """Return the study area covered by the polygons of a frame.

    Raises
    ------
    SourceError
        If there is no polygon, or the coordinates are not degrees and no coordinate system is stated.
    """
    shapes = frame.geometry if hasattr(frame, "geometry") and "geometry" in frame else []
    kinds = sorted({g.geom_type for g in shapes if g is not None and not g.is_empty})
    polygons = [g for g in shapes if g is not None and not g.is_empty and g.geom_type in ("Polygon", "MultiPolygon")]
    if not polygons:
        found = ", ".join(kinds) or "no geometry"
        raise SourceError(f"The area file '{name}' holds no polygon ({found}); give a boundary drawn as a polygon.")
    series = gpd.GeoSeries(polygons, crs=frame.crs)
    if series.crs is None:
        series = series.set_crs(WGS84)
    series = to_wgs84(series)
    boundary = shapely.union_all(shapely.make_valid(series.to_numpy()))
    west, south, east, north = boundary.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise SourceError(
            f"The area file '{name}' has coordinates outside longitude/latitude ({west:.0f}, {south:.0f}); "
            "it states no coordinate system: save it with one (for example EPSG:27700)."
        )
    return StudyArea(name=name, boundary=boundary, buffer_m=buffer_m)


def _own_name(frame: Any) -> str:
    """Return the name the file itself gives its only area: ``name``, or the ONS columns such as ``LAD23NM``."""
    if len(frame) != 1:
        return ""
    columns = [column for column in frame.columns if _NAME_COLUMN.match(str(column))]
    names = [str(frame[column].iloc[0]).strip() for column in columns if isinstance(frame[column].iloc[0], str)]
    return next((name for name in names if name), "")


@lru_cache(maxsize=32)
def _transformer(source: str, target: str) -> Any:
    return Transformer.from_crs(source, target, always_xy=True)


def _transform(source: str, target: str, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    first, second = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    grid = ostn15_grid() if {source, target} & _ON_OSGB36 else None
    east, north = _transformer(source, target).transform(first, second)
    if grid is not None:
        fine_east, fine_north = _by_grid(source, target, str(grid))(first, second)
        covered = np.isfinite(fine_east) & np.isfinite(fine_north)
        east, north = np.where(covered, fine_east, east), np.where(covered, fine_north, north)
    return np.asarray(east, dtype=float), np.asarray(north, dtype=float)


_ON_OSGB36 = frozenset({BRITISH_NATIONAL_GRID, OSGB36})
_GRID_TO_OSGB36 = {
    BRITISH_NATIONAL_GRID: (
        "+step +inv +proj=tmerc +lat_0=49 +lon_0=-2 +k=0.9996012717 +x_0=400000 +y_0=-100000 +ellps=airy"
    ),
    OSGB36: "+step +proj=unitconvert +xy_in=deg +xy_out=rad",
}


@lru_cache(maxsize=8)
def _by_grid(source: str, target: str, grid: str) -> Any:
    """Return the transform by an NTv2 or GeoTIFF grid of shifts from OSGB36 to ETRS89; inf outside the grid.

    Raises
    ------
    SourceError
        If the file is no such grid.
    """
    is_forward = source in _ON_OSGB36
    first = _GRID_TO_OSGB36[source if is_forward else target]
    pipeline = (
        f'+proj=pipeline {first} +step +proj=hgridshift +grids="{grid}" +step +proj=unitconvert +xy_in=rad +xy_out=deg'
    )
    try:
        transformer = Transformer.from_pipeline(pipeline)
    except ProjError as error:
        raise SourceError(
            f"The grid file {Path(grid).name} is no OSTN15 grid of coordinate shifts; use "
            "uk_os_OSTN15_NTv2_OSGBtoETRS.tif or .gsb."
        ) from error
    return partial(transformer.transform, direction="FORWARD" if is_forward else "INVERSE")


def _contains(polygon: BaseGeometry, longitude: ArrayLike, latitude: ArrayLike) -> NDArray[np.bool_]:
    shapely.prepare(polygon)
    x, y = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
    located = np.isfinite(x) & np.isfinite(y)
    inside = np.zeros(x.shape, dtype=bool)
    inside[located] = shapely.intersects_xy(polygon, x[located], y[located])
    return inside
