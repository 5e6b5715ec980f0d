"""Charts for paper as SVG: what happened month by month, and how far each way of asking lets one be sure."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspots.report import palette, svg

Floats = NDArray[np.float64]

_STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000)


@dataclass(frozen=True, slots=True)
class _CurveStyle:
    colour: str
    width: float
    dash: str


_CURVES = {
    "controls_scaled": _CurveStyle(palette.GREY, 1.6, "4 2.5"),
    "treated": _CurveStyle(palette.NAVY, 2.4, ""),
}


@dataclass(frozen=True, slots=True)
class Interval:
    """One row of the interval chart, in per cent; without `low` and `high` it is a point nobody can lean on."""

    label: str
    estimate: float
    low: float | None
    high: float | None
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class _Plot:
    """The rectangle a chart draws in, and how values become heights."""

    left: float
    right: float
    top: float
    bottom: float
    highest: float

    def height_of(self, values: Any) -> Any:
        return self.bottom - (self.bottom - self.top) * values / self.highest


def monthly_chart(
    series: pd.DataFrame, treated: str = "treated places", comparison: str = "comparison places", *,
    width: float = 510.0, height: float = 165.0,
) -> str:  # fmt: skip
    """Return treated and scaled comparison reports by month, with the start marked and missing months left open.

    Parameters
    ----------
    series : DataFrame
        Index ``month``; ``treated``, ``controls_scaled``, ``is_after``, ``is_missing``.
    treated, comparison : str
        What the two lines are about; the second is scaled to the first.
    """
    most = float(np.nanmax(series[["treated", "controls_scaled"]].to_numpy(float), initial=1.0))
    step = next((s for s in _STEPS if most / s <= 5), _STEPS[-1])
    plot = _Plot(30.0, width - 8, 20.0, height - 18, step * math.ceil(most / step))
    x = np.linspace(plot.left + 6, plot.right - 6, len(series))
    marks = [
        *_start(series, x, plot),
        *_count_axis(plot, step),
        *_month_axis(series.index, x, plot.bottom),
        *_key(plot, treated, comparison),
    ]
    for column, style in _CURVES.items():
        values = series[column].to_numpy(float, copy=True)
        values[series["is_missing"].to_numpy(bool)] = np.nan
        marks.append(_curve(x, plot.height_of(values), style))
    return svg.picture(width, height, marks)


def interval_chart(rows: list[Interval], *, width: float = 510.0) -> str:
    """Return the intervals of several ways of asking, one under the other; zero is no change."""
    pitch, top, left, right = 20.0, 6.0, 200.0, width - 14
    bottom = top + pitch * len(rows)
    values = [value for row in rows for value in (row.estimate, row.low, row.high) if value is not None]
    reach = 10 * math.ceil(max(abs(value) for value in (*values, 10)) / 10)
    zero, scale = (left + right) / 2, (right - left) / (2 * reach)
    step = next((s for s in _STEPS if reach / s <= 4), _STEPS[-1])
    marks = []
    for value in range(-step * (reach // step), reach + 1, step):
        x = zero + value * scale
        marks.append(svg.line((x, top), (x, bottom), palette.GRID if value else palette.INK, 0.6 if value else 1.2))
        marks.append(svg.text(x, bottom + 10, f"{value:+d}%" if value else "no change", 7, palette.GREY))
    for position, row in enumerate(rows):
        marks += _interval(row, top + pitch * (position + 0.5), zero, scale, left - 8)
    marks.append(svg.text(zero - 6, bottom + 21, "fewer reports", 7.5, palette.INK, anchor="end"))
    marks.append(svg.text(zero + 6, bottom + 21, "more reports", 7.5, palette.INK, anchor="start"))
    return svg.picture(width, bottom + 26, marks)


def _interval(row: Interval, y: float, zero: float, scale: float, label_right: float) -> list[str]:
    colour = palette.NAVY if row.is_main else palette.GREY
    lines = textwrap.wrap(row.label, 44)[:2]
    first = y + 2.8 - 4.2 * (len(lines) - 1)
    marks = [
        svg.text(label_right, first + 8.4 * i, line, 7.4, palette.INK, bold=row.is_main, anchor="end")
        for i, line in enumerate(lines)
    ]
    middle = zero + row.estimate * scale
    if row.low is None or row.high is None:
        ring = f'<circle cx="{middle:.1f}" cy="{y:.1f}" r="3.4" fill="#FFF" stroke="{colour}" stroke-width="1.4"/>'
        return [*marks, ring]
    ends = (zero + row.low * scale, y), (zero + row.high * scale, y)
    stroke = svg.line((middle, y - 5), (middle, y + 5), palette.INK if row.is_main else colour, 1.6)
    return [*marks, svg.line(*ends, colour, 4.5 if row.is_main else 2.4), stroke]


def _start(series: pd.DataFrame, x: Floats, plot: _Plot) -> list[str]:
    """Return the shaded time after the start."""
    after = np.flatnonzero(series["is_after"].to_numpy(bool))
    if not len(after):
        return []
    at = float(x[after[0]] + x[max(after[0] - 1, 0)]) / 2
    return [
        f'<rect x="{at:.1f}" y="{plot.top}" width="{plot.right - at:.1f}" height="{plot.bottom - plot.top}" '
        'fill="#EEF1F4"/>',
        svg.line((at, plot.top), (at, plot.bottom), palette.INK, 1.1),
        svg.text(at + 4, plot.top + 8, "start", 7.5, palette.INK, bold=True, anchor="start"),
    ]


def _count_axis(plot: _Plot, step: int) -> list[str]:
    marks = []
    for value in range(0, int(plot.highest) + 1, step):
        y = float(plot.height_of(value))
        marks.append(svg.line((plot.left, y), (plot.right, y), palette.GRID, 0.6))
        marks.append(svg.text(plot.left - 4, y + 2.6, f"{value:,}", 7, palette.GREY, anchor="end"))
    return marks


def _month_axis(months: pd.Index, x: Floats, bottom: float) -> list[str]:
    """Return a mark for each month and about a dozen names."""
    every = max(1, len(months) // 12)
    marks = [svg.line((at, bottom), (at, bottom + 2.5), palette.GREY, 0.6) for at in x]
    named = zip(x[::every], months[::every], strict=True)
    return marks + [svg.text(at, bottom + 11, f"{month:%b %y}", 6.4, palette.GREY) for at, month in named]


def _key(plot: _Plot, treated: str, comparison: str) -> list[str]:
    marks, at = [], plot.left + 6
    for name, style in (
        (treated, _CURVES["treated"]),
        (f"{comparison}, scaled", _CURVES["controls_scaled"]),
    ):
        marks.append(svg.line((at, 9), (at + 20, 9), style.colour, style.width, dash=style.dash))
        marks.append(svg.text(at + 25, 11.6, name, 7.5, palette.INK, anchor="start"))
        at += 110
    return marks


def _curve(x: Floats, y: Floats, style: _CurveStyle) -> str:
    """Return a line that breaks where a value is missing."""
    drawn, pen = "", "M"
    for right, down in zip(x, y, strict=True):
        if np.isnan(down):
            pen = "M"
            continue
        drawn += f"{pen}{right:.1f} {down:.1f}"
        pen = "L"
    dashed = f' stroke-dasharray="{style.dash}"' if style.dash else ""
    return (
        f'<path d="{drawn}" fill="none" stroke="{style.colour}" stroke-width="{style.width}" '
        f'stroke-linejoin="round"{dashed}/>'
    )
