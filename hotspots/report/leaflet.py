"""Leaflet and jQuery from the installed packages, as ``data:`` URIs: a map that never asks the network.

Stock folium links ten files on content delivery networks; on a closed police network it draws nothing and says
nothing. The two libraries come from PyPI (XStatic-Leaflet, XStatic-jQuery), so no third-party code is copied here.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from pathlib import Path

import folium
import xstatic.pkg.jquery as jquery_files
import xstatic.pkg.leaflet as leaflet_files

_STYLE_IMAGE = re.compile(r"url\((images/[^)]+)\)")


@cache
def scripts() -> tuple[tuple[str, str], ...]:
    """Return (name, ``data:`` URI) of the scripts a map needs, in loading order."""
    files = {
        "leaflet": Path(leaflet_files.BASE_DIR) / "leaflet.js",
        "jquery": Path(jquery_files.BASE_DIR) / "jquery.min.js",
    }
    return tuple((name, _uri(_without_map(path), "text/javascript")) for name, path in files.items())


@cache
def styles() -> tuple[tuple[str, str], ...]:
    """Return (name, ``data:`` URI) of Leaflet's style sheet, its images inside it."""
    folder = Path(leaflet_files.BASE_DIR)
    css = (folder / "leaflet.css").read_text(encoding="utf-8")
    inlined = _STYLE_IMAGE.sub(lambda found: f"url({_uri((folder / found[1]).read_bytes(), 'image/png')})", css)
    return (("leaflet_css", _uri(inlined.encode(), "text/css")),)


def _without_map(path: Path) -> bytes:
    """Return a script without its source-map line, which a browser's tools would try to fetch."""
    return re.sub(rb"\n//# sourceMappingURL=\S+\s*$", b"\n", path.read_bytes())


def _uri(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


class OfflineMap(folium.Map):
    """A folium map whose scripts and styles travel with it; bootstrap and icon fonts are left out."""

    default_js = list(scripts())  # noqa: RUF012 - folium reads both from the class
    default_css = list(styles())  # noqa: RUF012
