"""What other methods and other choices say about a pilot: a table in words, one picture, and two CSV files."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from hotspots.evaluate.opinions import Opinions
from hotspots.report import palette, svg
from hotspots.report.tables import safe_text, table

METHOD_COLUMNS = ["Method", "95% interval", "Single figure", "False alarms"]
_INTRODUCTION = (
    "Beside the verdict, never instead of it. False alarms: how often the method claimed an effect on real counts "
    "where nothing had been done."
)

_WIDTH, _HEIGHT, _LEFT, _TOP = 510.0, 170.0, 44.0, 8.0
_LARGEST_PCT = 100.0


def opinion_files(opinions: Opinions) -> dict[str, bytes]:
    """Return ``evaluation_methods.csv`` and ``evaluation_choices.csv``."""
    return {
        "evaluation_methods.csv": table(opinions.methods).map(safe_text).to_csv(index=False).encode(),
        "evaluation_choices.csv": table(opinions.choices, index=False).map(safe_text).to_csv(index=False).encode(),
    }


def opinion_data(opinions: Opinions) -> dict[str, Any]:
    """Return every word and picture of the page on other methods as plain values."""
    answered = opinions.methods[opinions.methods["refusal"] == ""]
    silent = opinions.methods[opinions.methods["refusal"] != ""]
    return {
        "introduction": _INTRODUCTION,
        "columns": METHOD_COLUMNS,
        "rows": method_rows(answered),
        "silent": [f"{row['label']}: {row['refusal']}" for _, row in silent.iterrows()],
        "choices": opinions.choices_sentence,
        "curve": choices_chart(opinions.choices) if len(opinions.choices) else "",
        "checks": [f"{one.name[:1].upper() + one.name[1:]}: {one.sentence}" for one in opinions.checks],
    }


def method_rows(methods: pd.DataFrame) -> list[list[str]]:
    """Return one row of words a method, under `METHOD_COLUMNS`."""
    return [
        [
            str(row["label"]),
            "none" if pd.isna(row["low_pct"]) else f"{_pct(row['low_pct'])} to {_pct(row['high_pct'])}",
            _pct(row["estimate_pct"]),
            "not measured" if pd.isna(row["false_positives_pct"]) else f"{row['false_positives_pct']:.0f}% of pilots",
        ]
        for _, row in methods.iterrows()
    ]


def choices_chart(choices: pd.DataFrame) -> str:
    """Return the specification curve: every choice from the largest fall up, the one fixed beforehand marked."""
    bounds = choices[["estimate_pct", "low_pct", "high_pct"]].to_numpy(dtype=float)
    shown = np.abs(bounds[np.abs(bounds) <= _LARGEST_PCT])
    reach = 20 * math.ceil(float(shown.max(initial=10.0)) / 20)
    bottom = _HEIGHT - 16
    middle, scale = (_TOP + bottom) / 2, (bottom - _TOP) / (2 * reach)
    pitch = (_WIDTH - _LEFT - 6) / len(choices)

    def y(pct: float) -> float:
        return float(middle - scale * np.clip(pct, -reach, reach))

    marks = []
    for value in (-reach, -reach // 2, 0, reach // 2, reach):
        colour, width = (palette.GRID, 0.6) if value else (palette.INK, 1.2)
        label = f"{value:+d}%" if value else "no change"
        marks.append(svg.line((_LEFT, y(value)), (_WIDTH - 4, y(value)), colour, width))
        marks.append(svg.text(_LEFT - 4, y(value) + 2.5, label, 7, palette.GREY, anchor="end"))
    for position, ((estimate, low, high), is_default) in enumerate(zip(bounds, choices["is_default"], strict=True)):
        x, colour = _LEFT + pitch * (position + 0.5), palette.NAVY if is_default else palette.GREY
        width, radius = (3.4, 3.4) if is_default else (0.7, 1.2)
        if not np.isnan(low + high):
            marks.append(svg.line((x, y(low)), (x, y(high)), colour, width))
        marks.append(f'<circle cx="{x:.1f}" cy="{y(estimate):.1f}" r="{radius}" fill="{palette.INK}"/>')
    marks.append(svg.text(_LEFT, _HEIGHT - 3, "One stroke a choice, largest fall first; thick: the choice the verdict "
                          "rests on", 7, palette.GREY, anchor="start"))  # fmt: skip
    return svg.picture(_WIDTH, _HEIGHT, marks)


def _pct(value: float) -> str:
    return f"{value:+.0f}%" if math.isfinite(value) else "no bound"
