"""Charts of analyses as SVG marks: bars, intervals, lines, curves, weeks and tables of shade; readable in grey."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspots.analyses.pictures import Bars, Curve, Line, Lines, Matrix, Ranges, Strips, Week
from hotspots.report import palette, svg
from hotspots.report.words import likely
from hotspots.results import PeakWindow

Floats = NDArray[np.float64]

WIDTH = 640.0
SIZE = 10.5
SMALL = 9.0
PALE = "#DCE9F6"
SHADES = ("#FFFFFF", PALE, "#B3D2F0", *palette.SEQUENTIAL)
"""Few to many, white to navy; numbers are written on them in black, from `DARK_FROM` on in white."""

DARK_FROM = 4
_DASHES = ("", "6 3", "2 2.5")
_OTHER, _DASHES_OF_OTHERS = palette.SEQUENTIAL[1], ("8 3", "2 2.5", "8 3 2 3")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Drawn:
    """Marks of a picture `WIDTH` wide, and how high it came out."""

    marks: list[str]
    height: float


@dataclass(frozen=True, slots=True)
class _Axis:
    """Values along a stretch of the picture, with round steps."""

    start: float
    end: float
    low: float
    high: float
    step: float

    def at(self, value: Any) -> Any:
        return self.start + (self.end - self.start) * (value - self.low) / (self.high - self.low)

    @property
    def ticks(self) -> list[float]:
        first = math.ceil(self.low / self.step - 1e-9)
        last = math.floor(self.high / self.step + 1e-9)
        return [k * self.step for k in range(first, last + 1)]


def _axis(start: float, end: float, values: Any, *, from_zero: bool = True, ticks: int = 5) -> _Axis:
    """Return an axis that holds the finite values, its ends on round steps."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    span = (high - low) or max(abs(high), 1.0)
    power = 10.0 ** math.floor(math.log10(span / ticks))
    whole = bool((known == known.round()).all())  # counts have no halves to be marked
    steps = [power * nice for nice in (1, 2, 2.5, 5, 10) if not whole or (power * nice).is_integer()]
    step = next((step for step in steps if span / step <= ticks), 1.0)
    low, high = step * math.floor(low / step + 1e-9), step * math.ceil(high / step - 1e-9)
    return _Axis(start, end, low, high if high > low else low + step, step)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:,.3g}"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _label(text: str, y: float, right: float, *, bold: bool = False) -> str:
    return svg.text(right, y + 3.6, _short(text, 32 if bold else 36), SIZE, palette.INK, bold=bold, anchor="end")


def legend(items: list[tuple[str, str]], y: float) -> tuple[list[str], float]:
    """Return a legend of (mark drawn in a box of 18 by 12, words), wrapped, and the height it takes."""
    marks, at, down = [], 6.0, y
    for mark, words in items:
        width = 26 + 5.6 * len(words)
        if at > 6 and at + width > WIDTH - 6:
            at, down = 6.0, down + 16
        marks.append(f'<g transform="translate({at:.1f} {down:.1f})">{mark}</g>')
        marks.append(svg.text(at + 23, down + 9.6, words, SMALL, palette.INK, anchor="start"))
        at += width
    return marks, (down - y + 18 if items else 0.0)


def swatch(colour: str) -> str:
    """Return a filled box for a legend."""
    return f'<rect width="18" height="12" fill="{colour}" stroke="{palette.INK}" stroke-width="0.8"/>'


def draw_bars(picture: Bars) -> Drawn:
    """Return one bar a row, with a tick where it is to be held against something."""
    pitch, left = 21.0, 232.0
    stressed = picture.stressed or (False,) * len(picture.values)
    axis = _axis(left, WIDTH - 52, [*picture.values, *picture.marks])
    items = []
    if any(stressed):
        items.append((swatch(palette.NAVY), picture.stress_name))
        items += [(swatch(palette.SEQUENTIAL[0]), "others")] if not all(stressed) else []
    if picture.marks:
        items.append((svg.line((9, 0), (9, 12), palette.INK, 2.6), picture.mark_name))
    marks, top = legend(items, 4.0)
    top += 6
    bottom = top + pitch * len(picture.values)
    for tick in axis.ticks:
        marks.append(svg.line((axis.at(tick), top), (axis.at(tick), bottom), palette.GRID, 0.8))
        marks.append(svg.text(axis.at(tick), bottom + 13, _number(tick), SMALL, palette.GREY))
    for row, (label, value, is_stressed) in enumerate(zip(picture.labels, picture.values, stressed, strict=True)):
        y = top + pitch * (row + 0.5)
        colour = palette.NAVY if is_stressed else palette.SEQUENTIAL[0]
        end = axis.at(value)
        marks.append(_label(label, y, left - 6, bold=is_stressed))
        marks.append(
            f'<rect x="{left:.1f}" y="{y - 7:.1f}" width="{max(end - left, 0):.1f}" height="14" fill="{colour}" '
            f'stroke="{palette.INK}" stroke-width="0.6"/>'
        )
        mark = axis.at(picture.marks[row]) if picture.marks else end
        said = likely(value / 100) if picture.are_chances else _number(value)
        beside = end if end + 6 * len(said) + 8 < mark else max(end, mark)
        marks.append(svg.text(beside + 5, y + 3.6, said, SIZE, palette.INK, anchor="start"))
        if picture.marks:
            marks.append(svg.line((mark, y - 9), (mark, y + 9), "#FFF", 4.4))
            marks.append(svg.line((mark, y - 9), (mark, y + 9), palette.INK, 2.6))
    marks.append(svg.text((left + WIDTH - 52) / 2, bottom + 28, picture.unit, SMALL, palette.INK))
    return Drawn(marks, bottom + 34)


def draw_ranges(picture: Ranges) -> Drawn:
    """Return one interval a row, against a reference line."""
    pitch, left, top = 22.0, 150.0, 22.0
    axis = _axis(
        left, WIDTH - 60, [*picture.low, *picture.high, *picture.values, picture.reference], from_zero=False
    )  # fmt: skip
    bottom = top + pitch * len(picture.values)
    marks = []
    for tick in axis.ticks:
        marks.append(svg.line((axis.at(tick), top), (axis.at(tick), bottom), palette.GRID, 0.8))
        marks.append(svg.text(axis.at(tick), bottom + 13, _number(tick), SMALL, palette.GREY))
    reference = axis.at(picture.reference)
    marks.append(svg.line((reference, top - 4), (reference, bottom), palette.INK, 1.6))
    marks.append(svg.text(reference, top - 8, picture.reference_name, SMALL, palette.INK))
    for row, label in enumerate(picture.labels):
        y = top + pitch * (row + 0.5)
        value, low, high = picture.values[row], picture.low[row], picture.high[row]
        clear = low > picture.reference or high < picture.reference
        colour = palette.NAVY if clear else palette.GREY
        marks.append(_label(label, y, left - 8, bold=clear))
        marks.append(svg.line((axis.at(low), y), (axis.at(high), y), colour, 5 if clear else 2.6))
        marks.append(
            f'<circle cx="{axis.at(value):.1f}" cy="{y:.1f}" r="5" fill="{colour if clear else "#FFF"}" '
            f'stroke="{colour}" stroke-width="1.8"/>'
        )
        marks.append(svg.text(WIDTH - 52, y + 3.6, f"{value:.2f}", SIZE, palette.INK, bold=clear, anchor="start"))
    marks.append(svg.text((left + WIDTH - 60) / 2, bottom + 28, f"{picture.unit} (95% interval)", SMALL, palette.INK))
    return Drawn(marks, bottom + 34)


def draw_lines(picture: Lines) -> Drawn:
    """Return lines over the points of an axis, gaps left open."""
    items = [
        (svg.line((0, 6), (18, 6), palette.NAVY if n == 0 else palette.GREY, 2.4, dash=_DASHES[n % 3]), line.name)
        for n, line in enumerate(picture.lines)
    ]
    marks, used = legend(items, 4.0)
    left, right, top, bottom = 52.0, WIDTH - 14, used + 30, used + 230
    values = [part for line in picture.lines for part in (line.values, line.low, line.high) if part is not None]
    axis = _axis(bottom, top, np.concatenate(values))
    x = np.linspace(left + 12, right - 12, len(picture.points))
    for tick in axis.ticks:
        marks.append(svg.line((left, axis.at(tick)), (right, axis.at(tick)), palette.GRID, 0.8))
        marks.append(svg.text(left - 5, axis.at(tick) + 3.4, _number(tick), SMALL, palette.GREY, anchor="end"))
    every = max(1, math.ceil(len(picture.points) / 12))
    marks += [
        svg.text(at, bottom + 14, name, SMALL, palette.GREY)
        for at, name in zip(x[::every], picture.points[::every], strict=True)
    ]
    for number, line in enumerate(picture.lines):
        marks += _line(line, x, axis, number)
    if picture.chosen is not None:
        at, value = x[picture.chosen], picture.lines[0].values[picture.chosen]
        marks.append(
            f'<circle cx="{at:.1f}" cy="{axis.at(value):.1f}" r="6" fill="#FFF" stroke="{palette.INK}" '
            'stroke-width="2.4"/>'
        )
        marks.append(
            svg.text(
                at + 10,
                axis.at(value) - 5,
                picture.chosen_name,
                SMALL,
                palette.INK,
                bold=True,
                halo=True,
                anchor="start",
            )
        )
    marks.append(svg.text(left - 44, top - 10, picture.unit, SMALL, palette.INK, anchor="start"))
    marks.append(svg.text((left + right) / 2, bottom + 29, picture.axis, SMALL, palette.INK))
    return Drawn(marks, bottom + 36)


def _line(line: Line, x: Floats, axis: _Axis, number: int) -> list[str]:
    marks = []
    if line.low is not None and line.high is not None:
        known = np.isfinite(line.low) & np.isfinite(line.high)
        there = [f"{a:.1f} {axis.at(b):.1f}" for a, b in zip(x[known], line.high[known], strict=True)]
        back = [f"{a:.1f} {axis.at(b):.1f}" for a, b in zip(x[known][::-1], line.low[known][::-1], strict=True)]
        if there:
            marks.append(f'<path d="M{"L".join(there + back)}z" fill="{PALE}"/>')
    colour = palette.NAVY if number == 0 else palette.GREY
    marks.append(_path(x, line.values, axis, colour=colour, width=2.4, dash=_DASHES[number % 3]))
    if len(x) <= 12:
        marks += [
            f'<circle cx="{a:.1f}" cy="{axis.at(b):.1f}" r="3" fill="{colour}"/>'
            for a, b in zip(x, line.values, strict=True)
            if np.isfinite(b)
        ]
    return marks


def _path(x: Floats, values: Floats, axis: _Axis, *, colour: str, width: float, dash: str = "") -> str:
    """Return a line that breaks where a value is missing."""
    drawn, pen = "", "M"
    for right, value in zip(x, values, strict=True):
        if not np.isfinite(value):
            pen = "M"
            continue
        drawn += f"{pen}{right:.1f} {axis.at(value):.1f}"
        pen = "L"
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<path d="{drawn}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"{dashed}/>'


def draw_curve(picture: Curve) -> Drawn:
    """Return the share of reports the busiest places hold, beside the same reports thrown at random."""
    items = [(svg.line((0, 6), (18, 6), palette.NAVY, 2.6), picture.name)]
    others = list(zip(picture.others, _DASHES_OF_OTHERS, strict=False))
    items += [(svg.line((0, 6), (18, 6), _OTHER, 1.8, dash=dash), name) for (name, _, _), dash in others]
    if picture.chance is not None:
        items.append((svg.line((0, 6), (18, 6), palette.GREY, 1.8, dash="5 3"), "as many thrown at random"))
    marks, used = legend(items, 4.0)
    left, right, top, bottom = 60.0, 460.0, used + 26, used + 326
    across, up = _axis(left, right, [0, 100]), _axis(bottom, top, [0, 100])
    for tick in across.ticks:
        marks.append(svg.line((across.at(tick), top), (across.at(tick), bottom), palette.GRID, 0.8))
        marks.append(svg.line((left, up.at(tick)), (right, up.at(tick)), palette.GRID, 0.8))
        marks.append(svg.text(across.at(tick), bottom + 13, f"{tick:.0f}%", SMALL, palette.GREY))
        marks.append(svg.text(left - 5, up.at(tick) + 3.4, f"{tick:.0f}%", SMALL, palette.GREY, anchor="end"))
    if picture.chance is not None:
        marks.append(_path(*_shares(picture.chance, across), up, colour=palette.GREY, width=1.8, dash="5 3"))
    for (_, places, reports), dash in others:
        marks.append(_path(*_shares((places, reports), across), up, colour=_OTHER, width=1.8, dash=dash))
    marks.append(_path(*_shares((picture.places, picture.reports), across), up, colour=palette.NAVY, width=2.6))
    if picture.point is not None:
        x, y = across.at(100 * picture.point[0]), up.at(100 * picture.point[1])
        marks.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" fill="#FFF" stroke="{palette.INK}" stroke-width="2.2"/>'
        )
        marks.append(
            svg.text(x + 10, y + 14, picture.point_name, SIZE, palette.INK, bold=True, halo=True, anchor="start")
        )
    marks.append(
        svg.text((left + right) / 2, bottom + 29, f"share {picture.places_name}, busiest first", SMALL, palette.INK)
    )
    marks.append(svg.text(left - 50, top - 10, "share of the reports", SMALL, palette.INK, anchor="start"))
    return Drawn(marks, bottom + 36)


def _shares(curve: tuple[Floats, Floats], across: _Axis) -> tuple[Floats, Floats]:
    """Return where the points of a curve of shares lie across, from 0, and their per cent, thinned for the eye."""
    places, reports = curve
    keep = np.unique(np.linspace(0, len(places) - 1, min(len(places), 400)).round().astype(int))
    return across.at(np.concatenate([[0.0], 100 * places[keep]])), np.concatenate([[0.0], 100 * reports[keep]])


def draw_week(picture: Week) -> Drawn:
    """Return reports by day and hour as shaded numbers, windows outlined."""
    left, top, pitch, high = 76.0, 26.0, 23.0, 26.0
    marks = [svg.text(left + pitch * (hour + 0.5), top - 6, f"{hour:02d}", SMALL, palette.GREY) for hour in range(24)]
    level = _levels(picture.counts)
    for day, name in enumerate(_DAYS):
        y = top + high * day
        marks.append(svg.text(left - 6, y + 17, name, SIZE, palette.INK, anchor="end"))
        for hour in range(24):
            shade = int(level[day, hour])
            ink = "#FFF" if shade >= DARK_FROM else palette.INK
            marks.append(
                f'<rect x="{left + pitch * hour:.1f}" y="{y:.1f}" width="{pitch}" height="{high}" '
                f'fill="{SHADES[shade]}" stroke="{palette.GRID}" stroke-width="0.6"/>'
            )
            marks.append(
                svg.text(left + pitch * (hour + 0.5), y + 16.5, f"{picture.counts[day, hour]:.0f}", SMALL, ink)
            )
    for window in picture.windows:
        marks += _outline(_hours_in(window), left, top, pitch, high)
    bottom = top + high * 7
    items = [(svg.line((0, 6), (18, 6), palette.INK, 3.2), "window of one shift with most reports")]
    key, used = legend(items if picture.windows else [], bottom + 10)
    marks.append(svg.text(left, 10, "hour the clock shows", SMALL, palette.GREY, anchor="start"))
    return Drawn(marks + key, bottom + 10 + used)


def _levels(counts: Floats) -> NDArray[np.int64]:
    most = float(np.nanmax(counts, initial=0.0))
    return np.ceil(counts / most * (len(SHADES) - 1)).astype(int) if most > 0 else np.zeros(counts.shape, dtype=int)


def _hours_in(window: PeakWindow) -> NDArray[np.bool_]:
    """Return which hours of the week the window holds; it may run past midnight and past Sunday."""
    held = np.zeros(168, dtype=bool)
    for day in window.days:
        held[(24 * day + window.start_hour + np.arange(window.hours)) % 168] = True
    return held.reshape(7, 24)


def _outline(held: NDArray[np.bool_], left: float, top: float, pitch: float, high: float) -> list[str]:
    marks = []
    padded = np.pad(held, 1)
    for day, hour in zip(*np.nonzero(held), strict=True):
        x, y = left + pitch * hour, top + high * day
        sides = (
            (padded[day, hour + 1], (x, y), (x + pitch, y)),
            (padded[day + 2, hour + 1], (x, y + high), (x + pitch, y + high)),
            (padded[day + 1, hour], (x, y), (x, y + high)),
            (padded[day + 1, hour + 2], (x + pitch, y), (x + pitch, y + high)),
        )
        marks += [svg.line(start, end, palette.INK, 3.2) for has_more, start, end in sides if not has_more]
    return marks


def draw_matrix(picture: Matrix) -> Drawn:
    """Return numbers by row and column, shaded above the middle; what stands out is starred."""
    left, top, high = 170.0, 40.0, 36.0
    pitch = min(120.0, (WIDTH - left - 10) / max(len(picture.columns), 1))
    marks = [svg.text(left, 12, f"{picture.unit}; * {picture.star_name}", SMALL, palette.INK, anchor="start")]
    for column, name in enumerate(picture.columns):
        marks.append(svg.text(left + pitch * (column + 0.5), top - 7, name, SIZE, palette.INK))
    above = np.nan_to_num(np.maximum(picture.values - picture.middle, 0.0))
    level = _levels(above)
    for row, name in enumerate(picture.rows):
        y = top + high * row
        marks.append(_label(name, y + high / 2, left - 8))
        for column in range(len(picture.columns)):
            shade, value = int(level[row, column]), float(picture.values[row, column])
            starred = bool(picture.starred[row, column])
            fill = SHADES[shade] if starred else "#FFF"
            words = (f"{value:.2f}" if math.isfinite(value) else "none") + (" *" if starred else "")
            marks.append(
                f'<rect x="{left + pitch * column:.1f}" y="{y:.1f}" width="{pitch:.1f}" height="{high}" fill="{fill}" '
                f'stroke="{palette.GREY}" stroke-width="0.8"/>'
            )
            ink = "#FFF" if starred and shade >= DARK_FROM else palette.INK
            marks.append(svg.text(left + pitch * (column + 0.5), y + high / 2 + 4, words, SIZE + 1, ink, bold=starred))
    return Drawn(marks, top + high * len(picture.rows) + 8)


def draw_strips(picture: Strips) -> Drawn:
    """Return one small line a row over the same months, marked months as filled dots."""
    pitch, left, right = 44.0, 232.0, WIDTH - 44
    items = [
        (f'<circle cx="9" cy="6" r="3.6" fill="{palette.NAVY}"/>', picture.mark_name),
        (svg.line((0, 6), (18, 6), palette.GREY, 1.4), "reports each month, all on one scale"),
    ]
    marks, top = legend(items, 4.0)
    top += 6
    x = np.linspace(left + 4, right - 4, len(picture.months))
    most = float(np.nanmax(picture.values, initial=1.0))
    for row, label in enumerate(picture.labels):
        base = top + pitch * (row + 1) - 8
        axis = _Axis(base, base - pitch + 14, 0.0, most, most)
        marks.append(svg.line((left, base), (right, base), palette.GRID, 0.8))
        marks.append(svg.text(left - 8, base - 16, _short(label, 32), SIZE, palette.INK, bold=True, anchor="end"))
        marks.append(svg.text(left - 8, base - 3, picture.notes[row], SMALL, palette.GREY, anchor="end"))
        marks.append(_path(x, picture.values[row], axis, colour=palette.GREY, width=1.4))
        marks += [
            f'<circle cx="{a:.1f}" cy="{axis.at(value):.1f}" r="3" fill="{palette.NAVY}"/>'
            for a, value, is_marked in zip(x, picture.values[row], picture.marked[row], strict=True)
            if is_marked and np.isfinite(value)
        ]
        last = picture.values[row][-1]
        if np.isfinite(last):
            marks.append(svg.text(right + 6, axis.at(last) + 3.4, _number(last), SMALL, palette.INK, anchor="start"))
    bottom = top + pitch * len(picture.labels)
    every = max(1, len(picture.months) // 8)
    marks += [
        svg.text(at, bottom + 8, f"{month:%b %y}", SMALL, palette.GREY)
        for at, month in zip(x[::every], picture.months[::every], strict=True)
    ]
    return Drawn(marks, bottom + 16)


def heading(words: str) -> Drawn:
    """Return a title, on as many lines as it needs."""
    lines = textwrap.wrap(words, 66) or [""]
    marks = [svg.text(6, 20 + 20 * n, line, 15, palette.INK, bold=True, anchor="start") for n, line in enumerate(lines)]
    return Drawn(marks, 12 + 20.0 * len(lines))


def small_print(*sentences: str) -> Drawn:
    """Return what stands under a picture that leaves the tool."""
    lines = [line for sentence in sentences if sentence for line in textwrap.wrap(sentence, 118)]
    marks = [svg.text(6, 14 + 12 * n, line, SMALL - 0.5, palette.GREY, anchor="start") for n, line in enumerate(lines)]
    return Drawn(marks, 12 + 12.0 * len(lines))


def stacked(parts: list[Drawn]) -> str:
    """Return parts one under the other as one SVG."""
    starts = np.cumsum([0.0, *(part.height for part in parts)])
    groups = [
        f'<g transform="translate(0 {start:.1f})">{"".join(part.marks)}</g>'
        for (start, _), part in zip(pairwise(starts), parts, strict=True)
    ]
    ground = f'<rect width="{WIDTH:g}" height="{starts[-1]:.1f}" fill="#FFF"/>'
    return svg.picture(WIDTH, float(np.ceil(starts[-1])), [ground, *groups])
