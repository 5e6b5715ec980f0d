"""The few SVG marks maps and charts share; text is escaped here and nowhere else."""

from __future__ import annotations

from typing import Literal
from xml.sax.saxutils import escape

from geodata.text import readable

FONT = "DejaVu Sans"

Anchor = Literal["start", "middle", "end"]


def text(
    x: float, y: float, words: str, size: float, colour: str, *, bold: bool = False, halo: bool = False,
    anchor: Anchor = "middle",
) -> str:  # fmt: skip
    """Return words at a point; a `halo` keeps them readable over lines."""
    weight = ' font-weight="bold"' if bold else ""
    style = f'x="{x:.1f}" y="{y:.1f}" font-family="{FONT}" font-size="{size:.1f}" text-anchor="{anchor}"{weight}'
    word = escape(readable(words))
    behind = ""
    if halo:
        behind = (
            f'<text {style} fill="#FFF" stroke="#FFF" stroke-width="2" stroke-linejoin="round" '
            f'stroke-opacity="0.85">{word}</text>'
        )
    return f'{behind}<text {style} fill="{colour}">{word}</text>'


def line(start: tuple[float, float], end: tuple[float, float], colour: str, width: float, *, dash: str = "") -> str:
    """Return a straight line."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    drawn = f"M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}"
    return f'<path d="{drawn}" stroke="{colour}" stroke-width="{width}" fill="none"{dashed}/>'


def picture(width: float, height: float, marks: list[str]) -> str:
    """Return marks as one SVG of the given size in points."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}">{"".join(marks)}</svg>'
    )
