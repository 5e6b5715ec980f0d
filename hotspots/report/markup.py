"""Text from the data, made harmless for HTML and for folium's templates."""

from __future__ import annotations

import html

from geodata.text import readable


def data_text(value: object) -> str:
    """Return text of the data as folium may hold it: curly brackets, which its templates would run, become round."""
    return str(value).replace("{", "(").replace("}", ")")


def escaped(value: object) -> str:
    """Return text of the data as HTML shows it, character by character, with nothing left to run or to fetch."""
    text = html.escape(readable(str(value)), quote=True)
    return text.replace("/", "&#47;").replace("{", "&#123;").replace("}", "&#125;")
