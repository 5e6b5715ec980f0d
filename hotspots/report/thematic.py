"""Maps of analyses as SVG marks: cells or streets by class over the paper map, a sign beside every shade."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from hotspots.analyses.pictures import CellMap, MapClass, StreetMap
from hotspots.report import palette, plots, svg
from hotspots.report.plots import Drawn
from hotspots.report.static_map import Ground, Window, framed, outlined_hotspots, paper, path
from hotspots.results import Run

HEIGHT = 560.0
_SHADES = ("#EAF1F8", *palette.SEQUENTIAL)
_STREET_WIDTHS = (0.8, 1.2, 2.4, 4.2)
_SIGNS = {"+": "M-2 0h4M0-2v4", "-": "M-2 0h4", "o": "M-1.8 0a1.8 1.8 0 1 0 3.6 0a1.8 1.8 0 1 0-3.6 0"}


def draw_cells(run: Run, ground: Ground, picture: CellMap) -> Drawn:
    """Return the area with its cells by class."""
    window = _window(run, ground)
    shapes = run.cells.geometry.reindex(picture.cells.index).to_numpy()
    metres = run.area.in_metres(shapes)
    marks = [*paper(window, ground)]
    for position, step in enumerate(picture.classes):
        own = metres[(picture.cells == position).to_numpy()]
        if len(own) == 0:
            continue
        colour = _SHADES[step.shade]
        style = f'fill="{colour}" stroke="{palette.INK}" stroke-width="0.15" fill-opacity="0.95"'
        marks.append(path(window, shapely.GeometryCollection(list(own)), style))
        marks.extend(_signs(window, own, step))
    marks += outlined_hotspots(window, run, ground)
    return _with_key(marks, window, [(_box(step), step.label) for step in picture.classes])


def draw_streets(run: Run, ground: Ground, picture: StreetMap) -> Drawn:
    """Return the area with its streets by class: the more, the wider and darker."""
    window = _window(run, ground)
    marks = [*paper(window, ground)]
    items = []
    for position, step in enumerate(picture.classes):
        own = picture.lines[picture.of_class == position]
        width, colour = _STREET_WIDTHS[step.shade], _SHADES[step.shade]
        style = f'fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round"'
        if len(own):
            marks.append(path(window, shapely.GeometryCollection(list(own)), style))
        items.append((svg.line((0, 6), (18, 6), colour, width), step.label))
    marks += outlined_hotspots(window, run, ground)
    return _with_key(marks, window, items)


def _window(run: Run, ground: Ground) -> Window:
    return Window.around(ground.boundary, plots.WIDTH, HEIGHT, 0.02 * run.area.area_km2**0.5 * 1000)


def _signs(window: Window, shapes: NDArray[Any], step: MapClass) -> Iterator[str]:
    if step.sign not in _SIGNS:
        return
    middle = shapely.centroid(shapes)
    at = window.picture(shapely.get_x(middle), shapely.get_y(middle))
    side = float(np.sqrt(shapely.area(shapes).mean())) / window.metres_per_point
    size = min(max(side / 9, 0.35), 2.2)
    ink = "#FFF" if step.shade >= 2 else palette.INK
    drawn = "".join(
        f'<path transform="translate({x:.1f} {y:.1f}) scale({size:.2f})" d="{_SIGNS[step.sign]}"/>' for x, y in at
    )
    yield f'<g fill="none" stroke="{ink}" stroke-width="1.1">{drawn}</g>'


def _box(step: MapClass) -> str:
    sign = ""
    if step.sign in _SIGNS:
        ink = "#FFF" if step.shade >= 2 else palette.INK
        sign = (
            f'<path transform="translate(9 6) scale(1.6)" d="{_SIGNS[step.sign]}" fill="none" stroke="{ink}" '
            'stroke-width="1"/>'
        )
    return plots.swatch(_SHADES[step.shade]) + sign


def _with_key(marks: list[str], window: Window, items: list[tuple[str, str]]) -> Drawn:
    """Return the framed map with its legend under it; hotspots are in every legend."""
    outline = (
        f'<rect x="1" y="1" width="16" height="10" fill="none" stroke="{palette.INK}" stroke-width="1.8"/>',
        "hotspot, with its rank",
    )
    key, used = plots.legend([*items, outline], HEIGHT + 8)
    return Drawn([*framed(window, marks), *key], HEIGHT + 10 + used)
