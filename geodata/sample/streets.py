"""The street network of the sample city: main roads between localities and warped local grids, names generated."""

from __future__ import annotations

from itertools import product

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geodata.area import BRITISH_NATIONAL_GRID, StudyArea
from geodata.sample.outline import locality_points

Floats = NDArray[np.float64]

_QUARTER_SPACING_M = 850.0
_GREEN_SHARE = 0.08  # quarters left without streets: parks, works, open land
_MIN_STREET_M = 70.0
_STEMS = (
    "Alder", "Amber", "Apple", "Ash", "Aspen", "Barley", "Beech", "Birch", "Bramble", "Briar", "Brook", "Cedar",
    "Chalk", "Cherry", "Clay", "Clover", "Copper", "Crane", "Curlew", "Damson", "Elder", "Elm", "Fern", "Finch",
    "Flint", "Gorse", "Granite", "Hawthorn", "Hazel", "Heather", "Holly", "Iron", "Juniper", "Kestrel", "Larch",
    "Lark", "Lime", "Linnet", "Maple", "Marsh", "Meadow", "Mill", "Moss", "Oak", "Orchard", "Osier", "Otter",
    "Pear", "Pine", "Plover", "Plum", "Poplar", "Quarry", "Reed", "Rowan", "Rush", "Sand", "Sedge", "Slate",
    "Sorrel", "Stone", "Swift", "Thorn", "Thrush", "Walnut", "Wheat", "Willow", "Wren",
)  # fmt: skip
_ENDINGS = ("", "bank", "croft", "dale", "field", "ford", "hurst", "side", "wood")
_KINDS = ("Avenue", "Close", "Crescent", "Drive", "Gardens", "Grove", "Lane", "Place", "Road", "Street", "Walk", "Way")


def make_streets(area: StudyArea, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the streets as lines in metres.

    Returns
    -------
    GeoDataFrame
        Columns ``name`` (unique), ``kind`` ("main road" or "street") and ``geometry`` (LineString, EPSG:27700).
    """
    boundary = area.boundary_m.buffer(-15)
    main = _clipped(np.array(_main_roads(rng), dtype=object), boundary)
    local = np.concatenate(_local_grids(boundary, rng))
    lines = np.concatenate([main, local])
    kinds = ["main road"] * len(main) + ["street"] * len(local)
    return gpd.GeoDataFrame({"name": _names(kinds, rng), "kind": kinds}, geometry=lines, crs=BRITISH_NATIONAL_GRID)


def _main_roads(rng: np.random.Generator) -> list[BaseGeometry]:
    """Return gently bent roads along the triangulation of the localities, and on to the city's edge."""
    places = locality_points()
    triangles = shapely.delaunay_triangles(shapely.multipoints(places), only_edges=True)
    ends = [shapely.get_coordinates(edge) for edge in shapely.get_parts(triangles)]
    away = places - places.mean(axis=0)
    outward = np.stack([places, places + 9000 * away / np.hypot(*away.T)[:, None]], axis=1)
    return [_bent(road[0], road[1], rng) for road in [*ends, *outward]]


def _bent(a: Floats, b: Floats, rng: np.random.Generator) -> BaseGeometry:
    t = np.linspace(0, 1, 25)[:, None]
    normal = np.array([-(b - a)[1], (b - a)[0]])
    swing, phase = rng.normal(0, 0.03), rng.uniform(1, 2.5)
    return shapely.LineString(a + t * (b - a) + normal * swing * np.sin(np.pi * t) * np.cos(phase * np.pi * t))


def _local_grids(boundary: BaseGeometry, rng: np.random.Generator) -> list[NDArray[np.object_]]:
    """Return one warped, turned grid of streets for each quarter of the city."""
    centres, n_places = _quarter_centres(boundary, rng)
    quarters = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(centres), extend_to=boundary))
    tree = shapely.STRtree(quarters)
    grids = []
    for i, centre in enumerate(centres):
        is_green = i >= n_places and rng.random() < _GREEN_SHARE
        streets = _grid(centre, rng)
        quarter = quarters[tree.query(shapely.Point(centre), predicate="intersects")[0]]
        if not is_green:
            grids.append(_clipped(streets, quarter.intersection(boundary).buffer(-8)))
    return grids


def _quarter_centres(boundary: BaseGeometry, rng: np.random.Generator) -> tuple[Floats, int]:
    """Return centres at least `_QUARTER_SPACING_M` apart, the planted localities first."""
    centres = locality_points()
    n_places = len(centres)
    west, south, east, north = boundary.bounds
    shapely.prepare(boundary)
    for x, y in rng.uniform((west, south), (east, north), (1500, 2)):
        far = np.hypot(*(centres - (x, y)).T).min() >= _QUARTER_SPACING_M
        if far and shapely.contains_xy(boundary, x, y):
            centres = np.vstack([centres, (x, y)])
    return centres, n_places


def _grid(centre: Floats, rng: np.random.Generator) -> NDArray[np.object_]:
    """Return rows and cross streets around a centre, in pieces of a few hundred metres each."""
    row_m, cross_m = rng.uniform(105, 150), rng.uniform(190, 270)
    reach = 1400.0
    rows = np.arange(-reach, reach, row_m) + rng.uniform(0, row_m) / 4
    crosses = np.arange(-reach, reach, cross_m) + rng.uniform(0, cross_m) / 4
    along = [np.column_stack([_span(x, 2 * cross_m), np.full(13, y)]) for y, x in product(rows, crosses[::2])]
    across = [np.column_stack([np.full(13, x), _span(y, 3 * row_m)]) for x, y in product(crosses, rows[::3])]
    points = np.array(along + across)
    swing, wave, phase = rng.uniform(10, 45), rng.uniform(500, 1100), rng.uniform(0, 2 * np.pi, 2)
    warped = points + swing * np.sin(2 * np.pi * points[..., ::-1] / wave + phase)
    turn = rng.uniform(0, np.pi / 2)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    lines: NDArray[np.object_] = shapely.linestrings(warped @ rotation + centre)
    return lines


def _span(start: float, length: float) -> Floats:
    return np.linspace(start, start + length, 13)


def _clipped(lines: NDArray[np.object_], shape: BaseGeometry) -> NDArray[np.object_]:
    shapely.prepare(shape)
    parts = shapely.get_parts(shapely.intersection(lines, shape))
    kept: NDArray[np.object_] = parts[(shapely.get_type_id(parts) == 1) & (shapely.length(parts) >= _MIN_STREET_M)]
    return kept


def _names(kinds: list[str], rng: np.random.Generator) -> pd.Series:
    """Return one unique generated name a street; main roads end in Road, Street, Way or Lane."""
    stems = [stem + ending for stem, ending in product(_STEMS, _ENDINGS)]
    pool = [f"{stem} {kind}" for stem, kind in product(stems, _KINDS)]
    shuffled = [pool[i] for i in rng.permutation(len(pool))]
    grand = iter([name for name in shuffled if name.endswith(("Road", "Street", "Way"))])
    taken = {next(grand) for _ in range(kinds.count("main road"))}
    main, plain = iter(sorted(taken)), iter([name for name in shuffled if name not in taken])
    return pd.Series([next(main) if kind == "main road" else next(plain) for kind in kinds], dtype="str")
