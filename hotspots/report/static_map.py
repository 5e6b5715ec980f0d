"""Maps for paper: SVG drawn from the same basemap and palette as the screen, north up, readable in grey.

Written directly rather than through a plotting library: ten maps cost milliseconds, the bytes depend on nothing but the
run, and text stays text (no markup, no formulas).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geodata.area import StudyArea
from hotspots.naming import landmark_name, named_streets
from hotspots.report import basemap, palette, svg
from hotspots.results import Run

MIN_WIDTH_M = 620.0
MARGIN_M = 150.0
MOST_LABELS = 24
MOST_PLACES = 3
_SCALE_STEPS_M = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle on the ground (metres of the area's grid) and the size of its picture in points."""

    west: float
    south: float
    metres_per_point: float
    width: float
    height: float

    @classmethod
    def around(cls, shape: BaseGeometry, width: float, height: float, margin_m: float) -> Window:
        """Return a window of the picture's proportions with `shape` (metres) in its middle."""
        west, south, east, north = shape.bounds
        ground = max((east - west + 2 * margin_m) / width, (north - south + 2 * margin_m) / height)
        return cls(
            (west + east - ground * width) / 2, (south + north - ground * height) / 2, ground, width, height
        )  # fmt: skip

    @property
    def box(self) -> BaseGeometry:
        """The window as a polygon in metres."""
        east = self.west + self.width * self.metres_per_point
        return shapely.box(self.west, self.south, east, self.south + self.height * self.metres_per_point)

    def picture(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points of the picture (y down), shape (n, 2), for metres east and north."""
        right = (x - self.west) / self.metres_per_point
        return np.column_stack([right, self.height - (y - self.south) / self.metres_per_point])


@dataclass(frozen=True, slots=True)
class Ground:
    """What the maps of a run share, projected once: shapes and points in metres."""

    boundary: BaseGeometry
    streets: NDArray[Any]
    street_names: tuple[NDArray[Any], NDArray[Any]]
    points: NDArray[np.float64]
    point_names: NDArray[Any]
    cells: NDArray[Any]
    counts: NDArray[np.int64]
    colours: tuple[str, ...]
    hotspots: dict[str, BaseGeometry]


def ground_of(run: Run) -> Ground:
    """Return boundary, streets or named points, cells and hotspots of a run in metres."""
    lines = basemap.street_lines(run)
    points = basemap.named_points(run) if lines is None else pd.DataFrame(columns=["longitude", "latitude", "name"])
    shapes, names = named_streets(run.streets) if run.streets is not None else (np.empty(0, dtype=object),) * 2
    shown = run.cells.loc[run.cells["n_12m"] > 0].sort_values("rank")
    classes = palette.count_classes(shown["n_12m"])
    return Ground(
        boundary=run.area.boundary_m,
        streets=np.empty(0, dtype=object) if lines is None else shapely.get_parts(_metres(run.area, lines)),
        street_names=(_metres(run.area, shapes), names),
        points=np.column_stack(run.area.project(points["longitude"], points["latitude"])),
        point_names=points["name"].to_numpy(dtype=object),
        cells=_metres(run.area, shown.geometry.to_numpy()),
        counts=shown["n_12m"].to_numpy(),
        colours=tuple(palette.class_of(int(n), classes).colour for n in shown["n_12m"]),
        hotspots={str(name): _metres(run.area, shape) for name, shape in run.hotspots.geometry.items()},
    )


def hotspot_map(run: Run, ground: Ground, hotspot_id: str, *, width: float = 300.0, height: float = 300.0) -> str:
    """Return the location map of one hotspot as SVG: streets, cells, the hotspot, cameras, scale and north."""
    own = ground.hotspots[hotspot_id]
    window = Window.around(own, width, height, max(MARGIN_M, (MIN_WIDTH_M - (own.bounds[2] - own.bounds[0])) / 2))
    others = {name: shape for name, shape in ground.hotspots.items() if name != hotspot_id}
    signs = _named_places(window, run, hotspot_id)
    parts = [
        *_land(window, ground, street_width=2.2),
        *_cells(window, ground, opacity=0.45, edge=0.5),
        *(path(window, shape, _outline(1.5, "4 3")) for shape in others.values()),
        path(window, own, _outline(3.2)),
        *_counts(window, ground),
        *_street_names(window, ground, taken=[sign.box for sign in signs]),
        *(part for sign in signs for part in sign.drawn()),
        *_cameras(window, run),
        *_places(window, run, hotspot_id),
        *_ranks(window, run, others, size=7),
    ]
    return _svg(window, parts)


def paper(window: Window, ground: Ground) -> Iterator[str]:
    """Yield what every map of the whole area begins with: land, streets or named points, border."""
    yield from _land(window, ground, street_width=0.35)


def outlined_hotspots(window: Window, run: Run, ground: Ground) -> Iterator[str]:
    """Yield the hotspots as outlines with their ranks."""
    for shape in ground.hotspots.values():
        yield path(window, shape, _outline(1.2))
    yield from _ranks(window, run, ground.hotspots, size=7.5)


def framed(window: Window, parts: list[str]) -> list[str]:
    """Return the parts of a map with scale bar, north arrow and edge, cut off at the edge."""
    cut = (
        f'<clipPath id="window"><rect width="{window.width:g}" height="{window.height:g}"/></clipPath>'
        f'<g clip-path="url(#window)">{"".join(parts)}</g>'
    )
    return [cut, _scale_bar(window), _north_arrow(window), _edge(window)]


def overview_map(run: Run, ground: Ground, *, width: float = 300.0, height: float = 300.0) -> str:
    """Return the map of the whole area as SVG: cells and numbered hotspots."""
    window = Window.around(ground.boundary, width, height, 0.03 * run.area.area_km2**0.5 * 1000)
    parts = [
        *paper(window, ground),
        *_cells(window, ground, opacity=0.95, edge=0.1),
        *outlined_hotspots(window, run, ground),
    ]
    return _svg(window, parts)


def _metres(area: StudyArea, shapes: Any) -> Any:
    project: Any = area.project
    return shapely.transform(shapes, project, interleaved=False)


def _land(window: Window, ground: Ground, *, street_width: float) -> Iterator[str]:
    box, detail = window.box, window.metres_per_point
    edge = box.buffer(20 * detail)
    land = shapely.intersection(shapely.simplify(ground.boundary, detail / 3), edge)
    yield f'<rect width="{window.width:g}" height="{window.height:g}" fill="{palette.PAPER}"/>'
    yield path(window, land, f'fill="{palette.LAND}"')
    if len(ground.streets):
        near = ground.streets[shapely.intersects(ground.streets, box)]
        lines = shapely.GeometryCollection(list(shapely.intersection(shapely.simplify(near, detail / 3), edge)))
        yield path(window, lines, f'fill="none" stroke="#C9C6C0" stroke-width="{street_width}" stroke-linecap="round"')
    if len(ground.points):
        inside = ground.points[shapely.intersects_xy(box, ground.points[:, 0], ground.points[:, 1])]
        radius = 1.1 if street_width > 1 else 0.4
        dots = window.picture(inside[:, 0], inside[:, 1])
        yield f'<g fill="#A5A29B">{"".join(_dot(x, y, radius) for x, y in dots)}</g>'
    border = shapely.intersection(shapely.simplify(ground.boundary, detail / 3).boundary, edge)
    yield path(window, border, f'fill="none" stroke="{palette.GREY}" stroke-width="1" stroke-dasharray="5 3"')


def _cells(window: Window, ground: Ground, *, opacity: float, edge: float) -> Iterator[str]:
    yield f'<g fill-opacity="{opacity}" stroke="{palette.INK}" stroke-width="{edge}" stroke-opacity="0.6">'
    for position in _cells_in(window, ground):
        yield path(window, ground.cells[position], f'fill="{ground.colours[position]}"')
    yield "</g>"


def _cells_in(window: Window, ground: Ground) -> list[int]:
    """Return the positions of the cells the window shows."""
    return [int(position) for position in np.flatnonzero(shapely.intersects(ground.cells, window.box))]


def _outline(width: float, dash: str = "") -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'fill="none" stroke="{palette.INK}" stroke-width="{width}" stroke-linejoin="round"{dashed}'


def _ranks(window: Window, run: Run, shapes: dict[str, BaseGeometry], *, size: float) -> Iterator[str]:
    """Yield numbered discs, last rank first so that the first lies on top."""
    for name in run.hotspots.sort_values("rank", ascending=False).index:
        if name not in shapes:
            continue
        middle = shapes[name].centroid
        x, y = window.picture(np.array([middle.x]), np.array([middle.y]))[0]
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{palette.INK}" stroke="#FFF" stroke-width="1.2"/>'
            + svg.text(x, y + size * 0.36, str(run.hotspots.loc[name, "rank"]), size * 1.05, "#FFF", bold=True)
        )


def _cameras(window: Window, run: Run) -> Iterator[str]:
    for name, row in run.cameras.iterrows():
        x, y = _at(window, run.area, row)
        yield _range(x, y, row["range_m"] / window.metres_per_point)
        yield (
            f'<path d="M{x:.1f} {y - 9:.1f}l9 16h-18z" fill="#FFF" stroke="{palette.INK}" stroke-width="1.4"/>'
            + svg.text(x, y + 5, str(name), 6.5, palette.INK, bold=True)
        )
    if run.existing_cameras is not None:
        for _, row in run.existing_cameras.iterrows():
            x, y = _at(window, run.area, row)
            yield _range(x, y, row["range_m"] / window.metres_per_point)
            yield f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{palette.GREY}" stroke="#FFF"/>'


def _places(window: Window, run: Run, hotspot_id: str) -> Iterator[str]:
    own = run.repeat_locations.loc[run.repeat_locations["hotspot_id"] == hotspot_id]
    for _, row in own.sort_values("n_12m", ascending=False, kind="stable").head(MOST_PLACES).iterrows():
        x, y = _at(window, run.area, row)
        yield f'<path d="M{x:.1f} {y - 4:.1f}l4 4-4 4-4-4z" fill="{palette.PLACE}" stroke="#FFF" stroke-width="0.8"/>'


@dataclass(frozen=True, slots=True)
class _Sign:
    """A named place on a map: where its circle stands, and its name below, which stays within the map."""

    x: float
    y: float
    name: str
    width: float

    @property
    def half(self) -> float:
        """Half of the room the name takes."""
        return max(4.0, len(self.name) * 2.4 + 3)

    @property
    def middle(self) -> float:
        """Where the name has its middle."""
        return min(max(self.x, self.half), self.width - self.half)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """What circle and name cover: left, top, right, bottom."""
        return self.middle - self.half, self.y - 4, self.middle + self.half, self.y + 14

    def drawn(self) -> Iterator[str]:
        """Yield the circle and the name."""
        style = f'fill="#FFF" stroke="{palette.INK}" stroke-width="1.6"'
        yield f'<circle cx="{self.x:.1f}" cy="{self.y:.1f}" r="3.2" {style}/>'
        yield svg.text(self.middle, self.y + 11, self.name, 7, palette.INK, bold=True, halo=True)


def _named_places(window: Window, run: Run, hotspot_id: str) -> list[_Sign]:
    """Return the named place a hotspot lies at or by, where the window shows it."""
    said = run.hotspots.loc[hotspot_id].get("near_place", "")
    if run.places is None or not said:
        return []
    shapes = _metres(run.area, run.places.geometry.to_numpy()[run.places["name"].map(landmark_name) == said])
    shown = shapely.intersection(shapes, window.box.buffer(-16 * window.metres_per_point))
    points = shapely.point_on_surface(shown[~shapely.is_empty(shown)])
    at = window.picture(shapely.get_x(points), shapely.get_y(points))
    return [_Sign(float(x), float(y), str(said), window.width) for x, y in at[:1]]


def _counts(window: Window, ground: Ground) -> Iterator[str]:
    """Yield the number of reports in each cell of the window: a grey print needs no colour."""
    for position in _cells_in(window, ground):
        x, y = _count_place(window, ground.cells[position])
        if 8 < x < window.width - 8 and 8 < y < window.height - 24:
            yield svg.text(x, y + 3.2, str(ground.counts[position]), 9, palette.INK, bold=True, halo=True)


def _count_place(window: Window, cell: BaseGeometry) -> tuple[float, float]:
    """Return where a cell's number stands: below its middle, where a camera or a diamond often is."""
    middle, south = cell.centroid, cell.bounds[1]
    x, y = window.picture(np.array([middle.x]), np.array([middle.y - 0.45 * (middle.y - south)]))[0]
    return float(x), float(y)


def _street_names(window: Window, ground: Ground, *, taken: list[tuple[float, float, float, float]]) -> Iterator[str]:
    """Yield as many street names as fit without touching each other, each name once, longest stretch first."""
    taken = [*taken, (window.width - 34, 0.0, window.width, 44.0)]  # the north arrow
    for position in _cells_in(window, ground):
        x, y = _count_place(window, ground.cells[position])
        taken.append((x - 9, y - 7, x + 9, y + 7))
    room = len(taken) + MOST_LABELS
    written: set[str] = set()
    for right, down, text in _name_places(window, ground):
        half = len(text) * 2.2 + 3
        box = (right - half, down - 6, right + half, down + 5)
        fits = box[0] > 0 and box[2] < window.width and box[1] > 0 and box[3] < window.height - 18
        if not fits or text in written or any(_overlap(box, other) for other in taken):
            continue
        if len(taken) >= room:
            return
        taken.append(box)
        written.add(text)
        yield svg.text(right, down + 2, text, 6.8, palette.GREY, halo=True)


def _name_places(window: Window, ground: Ground) -> list[tuple[float, float, str]]:
    """Return where each name could be written: the middle of what the window shows of a street, or a named point."""
    shapes, names = ground.street_names
    if len(shapes):
        near = np.flatnonzero(shapely.intersects(shapes, window.box))
        seen = shapely.intersection(shapes[near], window.box.buffer(-12 * window.metres_per_point))
        order = np.argsort(-shapely.length(seen), kind="stable")
        order = order[(shapely.get_type_id(seen[order]) == 1) & ~shapely.is_empty(seen[order])]
        middles = shapely.line_interpolate_point(seen[order], 0.5, normalized=True)
        x, y, texts = shapely.get_x(middles), shapely.get_y(middles), names[near][order]
    else:
        inside = shapely.intersects_xy(window.box, ground.points[:, 0], ground.points[:, 1])
        x, y = ground.points[inside].T
        texts = ground.point_names[inside]
    points = window.picture(x, y)
    return [(float(right), float(down), str(text)) for (right, down), text in zip(points, texts, strict=True) if text]


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and a[2] > b[0] and a[1] < b[3] and a[3] > b[1]


def _at(window: Window, area: StudyArea, row: pd.Series) -> tuple[float, float]:
    x, y = area.project([row["longitude"]], [row["latitude"]])
    return cast("tuple[float, float]", tuple(window.picture(x, y)[0]))


def _range(x: float, y: float, radius: float) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="none" stroke="{palette.INK}" stroke-width="0.9" '
        'stroke-dasharray="2.5 2.5"/>'
    )


def _dot(x: float, y: float, radius: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'


def path(window: Window, shape: BaseGeometry, style: str) -> str:
    """Return a shape in metres as one path; nothing for an empty one."""
    drawn = "".join(_rings(window, part) for part in shapely.get_parts(shape) if not part.is_empty)
    return f'<path d="{drawn}" fill-rule="evenodd" {style}/>' if drawn else ""


def _rings(window: Window, part: BaseGeometry) -> str:
    if part.geom_type == "Polygon":
        polygon = cast("shapely.Polygon", part)
        return "".join(_line(window, ring) + "z" for ring in (polygon.exterior, *polygon.interiors))
    if part.geom_type in ("LineString", "LinearRing"):
        return _line(window, part)
    return "".join(_rings(window, inner) for inner in shapely.get_parts(part) if inner.geom_type != "Point")


def _line(window: Window, line: BaseGeometry) -> str:
    points = shapely.get_coordinates(line)
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in window.picture(points[:, 0], points[:, 1]))


def _scale_bar(window: Window) -> str:
    wanted = 0.28 * window.width * window.metres_per_point
    metres = max((step for step in _SCALE_STEPS_M if step <= wanted), default=_SCALE_STEPS_M[0])
    length = metres / window.metres_per_point
    left, down = 8.0, window.height - 8
    label = f"{metres} m" if metres < 1000 else f"{metres // 1000} km"
    return (
        f'<rect x="{left - 4}" y="{down - 14}" width="{length + 44:.1f}" height="19" fill="#FFF" fill-opacity="0.85"/>'
        f'<path d="M{left} {down - 5}v5h{length:.1f}v-5" fill="none" stroke="{palette.INK}" stroke-width="1.3"/>'
        + svg.text(left + length + 19, down, label, 7.5, palette.INK)
    )


def _north_arrow(window: Window) -> str:
    x = window.width - 17
    return (
        f'<rect x="{x - 12}" y="5" width="24" height="36" fill="#FFF" fill-opacity="0.85"/>'
        f'<path d="M{x} 9l6 18-6-4-6 4z" fill="{palette.INK}"/>' + svg.text(x, 38, "N", 9, palette.INK, bold=True)
    )


def _edge(window: Window) -> str:
    return (
        f'<rect x="0.5" y="0.5" width="{window.width - 1:g}" height="{window.height - 1:g}" fill="none" '
        f'stroke="{palette.GREY}" stroke-width="1"/>'
    )


def _svg(window: Window, parts: list[str]) -> str:
    return svg.picture(window.width, window.height, [*parts, _scale_bar(window), _north_arrow(window), _edge(window)])
