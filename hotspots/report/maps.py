"""The map: folium without any network, readable without tiles, every text from the data kept as text.

Three traps are closed here. Folium links its scripts on the internet (see `leaflet`). Tooltips and popups take HTML,
so data are escaped. And folium compiles what it renders as a Jinja template, so a place named ``{{ 7*7 }}`` would be
computed: curly brackets never reach it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.resources import files
from typing import Any, cast

import folium
import numpy as np
import shapely
from branca.element import Element, Figure, MacroElement
from folium.template import Template
from folium.utilities import JsCode
from shapely.geometry.base import BaseGeometry

from geodata.errors import DataError
from hotspots.report import basemap, features, furniture, palette, words
from hotspots.report.leaflet import OfflineMap
from hotspots.report.markup import data_text, escaped
from hotspots.results import Run

PANES = {"asb-base": 390, "asb-cells": 410, "asb-hotspots": 420, "asb-names": 430}
_URL = re.compile(r"https?://[^\s\"'<>\\)]*")
_ZOOM_BAN = re.compile(r",\s*maximum-scale=1\.0, user-scalable=no")  # readers may enlarge the page (WCAG 1.4.4)
_NAMESPACE = "http://www.w3.org/"


class _Behaviour(MacroElement):
    """The page's own script, before any layer uses it."""

    _template = Template(
        "{% macro script(this, kwargs) %}{{ this.code }}\n"
        "asb.setUp({{ this._parent.get_name() }}, {{ this.labels|tojson }}, {{ this.at_points|tojson }});{% endmacro %}"
    )

    def __init__(self, code: str, labels: list[list[Any]], *, at_points: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Behaviour"
        self.code = code
        self.labels = labels
        self.at_points = at_points


_UNFRAMED = ".leaflet-top { margin-top: 0; } .leaflet-bottom { margin-bottom: 0; }"


def folium_map(run: Run, *, selected: str | None = None, framed: bool = True) -> folium.Map:
    """Return the map of a run; it works without a network, in the app and as a file.

    Parameters
    ----------
    run : Run
    selected : str, optional
        A ``hotspot_id`` to mark and to zoom to; an id the run does not have is ignored.
    framed : bool
        Whether title bar, legend and footer lie on the map; without them it fits a small place on a page that says
        the same around it (`furniture.legend`).

    Returns
    -------
    folium.Map
        Layers: area, streets (or the named points of the data), cells, hotspots (features carry ``hotspot_id``,
        ``rank`` and ``name``), repeat places, named places, proposed and existing cameras. Ids are counted, not drawn
        at random, so that the same run gives the same page.
    """
    west, south, east, north = _view(run, selected)
    # Within a page a map that takes the focus scrolls the page under the mouse, and the first click is lost.
    made = OfflineMap(
        location=[(south + north) / 2, (west + east) / 2], zoom_start=12, tiles=None, max_zoom=19, zoom_snap=0.5,
        keyboard=framed,
    )  # fmt: skip
    made.options["maxZoom"] = 19
    figure: Any = made.get_root()
    style = _asset("maps.css") + ("" if framed else _UNFRAMED)
    figure.header.add_child(Element(f"<style>{style}</style>"), name="asb_style")
    for pane, z_index in PANES.items():
        folium.map.CustomPane(pane, z_index=z_index, pointer_events=pane not in ("asb-base", "asb-names")).add_to(made)
    labels = [
        [_round(x.latitude), _round(x.longitude), data_text(x.text), sign]
        for sign, found in (("asb-landmark", basemap.place_labels(run)), ("", basemap.labels(run)))
        for x in found
    ]
    _Behaviour(_asset("maps.js"), labels, at_points=run.streets is None).add_to(made)
    for layer in _layers(run, selected):
        layer.add_to(made)
    folium.LayerControl(collapsed=True, position="topright").add_to(made)
    above, below = (70, 60) if framed else (20, 20)  # title bar and footer lie on the map
    made.fit_bounds([[south, west], [north, east]], padding_top_left=(20, above), padding_bottom_right=(20, below))
    for part in (furniture.bar(run), furniture.legend(run), furniture.foot(run)) if framed else ():
        figure.html.add_child(Element(part))
    _number_elements(figure)
    return made


def map_html(run: Run) -> bytes:
    """Return the map as one HTML file that opens from disk and asks the network for nothing.

    Raises
    ------
    DataError
        If an address outside the file is left in the page, apart from text of the data itself.
    """
    figure: Any = folium_map(run).get_root()
    figure.html.add_child(Element(furniture.panel(run)), name="asb_panel")
    figure.title = escaped(f"{words.CLAIM}: {run.area.name}")
    page: str = figure.render().replace("<html>", '<html lang="en">', 1)
    page = _ZOOM_BAN.sub("", page, count=1)
    refuse_addresses(page, known=_addresses_in_data(run))
    return page.encode()


def refuse_addresses(page: str, *, known: Iterable[str] = ()) -> None:
    """Raise if a page holds a web address that is neither an XML namespace nor one of the `known` texts.

    Raises
    ------
    DataError
        Names the first address found.
    """
    found = [address for address in _URL.findall(page) if not address.startswith(_NAMESPACE)]
    left = [address for address in found if address not in set(known)]
    if left:
        raise DataError(f"The map was not written: it would ask the network for {left[0]}; report this as a fault.")


def _layers(run: Run, selected: str | None) -> list[folium.GeoJson]:
    boundary = [features.feature(shapely.simplify(run.area.boundary, basemap.SIMPLIFY_DEGREES), {})]
    made = [
        _layer(boundary, "Study area", "asb-base", style=_style(palette.GREY, 2, "8 5", palette.LAND)),
        *_street_layer(run),
        _layer(features.cells(run), "Reports by cell", "asb-cells", style="asb.cellStyle", each="asb.withPopup"),
    ]
    if hotspots := features.hotspots(run, selected):
        made.append(
            _layer(hotspots, "Hotspots, ranked", "asb-hotspots", style="asb.hotspotStyle", each="asb.eachHotspot")
        )
    if places := features.places(run):
        made.append(_layer(places, "Repeat places", "markerPane", point="asb.placeMarker", each="asb.withPopup"))
    if landmarks := features.named_places(run):
        made.append(_layer(landmarks, "Named places", "markerPane", point="asb.placeMarker", each="asb.withPopup"))
    if cameras := features.cameras(run):
        made.append(_camera_layer(cameras, "Proposed camera sites"))
    if existing := features.existing_cameras(run):
        made.append(_camera_layer(existing, "Existing cameras"))
    return made


def _camera_layer(features: list[dict[str, Any]], name: str) -> folium.GeoJson:
    return _layer(features, name, "markerPane", point="asb.cameraMarker", each="asb.withPopup")


def _layer(
    features: list[dict[str, Any]], name: str, pane: str, *, style: str | None = None, each: str | None = None,
    point: str | None = None,
) -> folium.GeoJson:  # fmt: skip
    options: dict[str, Any] = {"pane": pane}
    if style is not None:
        options["style"] = JsCode(style)
    if point is not None:
        options["pointToLayer"] = JsCode(point)
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": features}, name=name,
        on_each_feature=JsCode(each) if each else None, smooth_factor=0.5, **options,
    )  # fmt: skip


def _style(colour: str, weight: float, dash: str = "", fill: str = "") -> str:
    filled = f"fill: true, fillColor: '{fill}', fillOpacity: 1" if fill else "fill: false"
    dashed = f"dashArray: '{dash}', " if dash else ""
    return f"function () {{ return {{color: '{colour}', weight: {weight}, {dashed}{filled}, interactive: false }}; }}"


def _street_layer(run: Run) -> list[folium.GeoJson]:
    lines = basemap.street_lines(run)
    if lines is not None:
        return [_layer([features.feature(lines, {})], "Streets", "asb-base", style=_style(palette.STREET, 1.2))]
    points = basemap.named_points(run)
    if points.empty:
        return []
    cloud = shapely.MultiPoint(np.column_stack([points["longitude"], points["latitude"]]))
    return [_layer([features.feature(cloud, {})], "Places named in the data", "asb-base", point="asb.dot")]


def _view(run: Run, selected: str | None) -> tuple[float, float, float, float]:
    shape = run.area.boundary
    if selected is not None and selected in run.hotspots.index:
        shape = cast("BaseGeometry", run.hotspots.loc[selected, "geometry"]).buffer(0.003)
    west, south, east, north = shape.bounds
    return west, south, east, north


def _addresses_in_data(run: Run) -> set[str]:
    texts = [label.text for label in basemap.labels(run)]
    frames = [run.hotspots, run.repeat_locations, *([run.places] if run.places is not None else [])]
    texts += [str(name) for frame in frames for name in frame["name"]]
    return {address for text in texts for address in _URL.findall(data_text(text))}


def _number_elements(figure: Figure) -> None:
    """Replace branca's random ids by counted ones, so that the same run renders to the same bytes."""
    waiting: list[Element] = [figure.header, figure.html, figure.script, *figure._children.values()]
    count = 0
    while waiting:
        element = waiting.pop(0)
        element._id = f"asb{count:04d}"
        count += 1
        waiting.extend(element._children.values())


def _asset(name: str) -> str:
    return files("hotspots.report").joinpath(name).read_text(encoding="utf-8")


def _round(degrees: float) -> float:
    return round(float(degrees), 6)
