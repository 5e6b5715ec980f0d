"""Pictures as descriptions: what is to be seen, in numbers and words; `hotspots.report` draws them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hotspots.results import PeakWindow

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """One bar a row, longest first where the order says so.

    ``marks`` are what each bar is to be held against (a tick across it), ``stressed`` the bars that stand out.
    ``are_chances`` says that the values are chances in per cent, which are never written as certain.
    """

    labels: tuple[str, ...]
    values: tuple[float, ...]
    unit: str
    marks: tuple[float, ...] = ()
    mark_name: str = ""
    stressed: tuple[bool, ...] = ()
    stress_name: str = ""
    are_chances: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """One estimate with its interval a row, against a reference."""

    labels: tuple[str, ...]
    values: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    unit: str
    reference: float
    reference_name: str


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One named line over the points of `Lines`, with a band where ``low`` and ``high`` are given."""

    name: str
    values: Floats
    low: Floats | None = None
    high: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Lines over the same points of an axis; ``chosen`` marks one of them, by its name."""

    points: tuple[str, ...]
    lines: tuple[Line, ...]
    axis: str
    unit: str
    chosen: int | None = None
    chosen_name: str = "chosen"


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Shares of a whole that the busiest places hold: steep where few places hold much.

    ``chance`` is the same curve when reports fall at random, ``others`` are more such curves by name.
    """

    places: Floats
    reports: Floats
    places_name: str
    chance: tuple[Floats, Floats] | None = None
    point: tuple[float, float] | None = None
    point_name: str = ""
    name: str = "the reports"
    others: tuple[tuple[str, Floats, Floats], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Week:
    """Reports by day (rows, Monday first) and hour, with windows of the week outlined."""

    counts: Floats
    windows: tuple[PeakWindow, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Numbers by row and column; a starred cell stands out."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: Floats
    starred: NDArray[np.bool_]
    unit: str
    star_name: str
    middle: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Strips:
    """One small line a row over the same months; marked months stand out."""

    labels: tuple[str, ...]
    notes: tuple[str, ...]
    months: pd.DatetimeIndex
    values: Floats
    marked: NDArray[np.bool_]
    mark_name: str


@dataclass(frozen=True, slots=True, eq=False)
class MapClass:
    """One step of a map's legend: words, how dark (0 pale to 3 dark), and a sign drawn on it ("", "+", "-", "o")."""

    label: str
    shade: int
    sign: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CellMap:
    """Cells by class, with the hotspots outlined and numbered.

    ``cells`` maps a cell to the position of its class; cells of no class are absent.
    """

    cells: pd.Series
    classes: tuple[MapClass, ...]
    title: str


@dataclass(frozen=True, slots=True, eq=False)
class StreetMap:
    """Pieces of street by class: lines in metres, and the position of the class of each."""

    lines: NDArray[Any]
    of_class: NDArray[np.int64]
    classes: tuple[MapClass, ...]
    title: str


Picture = Bars | Ranges | Lines | Curve | Week | Matrix | Strips | CellMap | StreetMap

SHARES = (0.5, 0.8, 0.95)
"""Cuts of a map: at half, four in five and nineteen in twenty of the places shown."""


def shaded(values: pd.Series, *, unit: str) -> tuple[pd.Series, tuple[MapClass, ...]]:
    """Return the class of every positive value, few to many, and the legend.

    Parameters
    ----------
    values : Series of float
        By place; zeros and missing values get no class.
    unit : str
        What is counted, in the legend.
    """
    positive = values.loc[values > 0]
    if positive.empty:
        return pd.Series(dtype="int64"), ()
    cuts = [float(f"{positive.quantile(share):.2g}") for share in SHARES]
    position = pd.Series(np.searchsorted(cuts, positive.to_numpy(), side="right"), index=positive.index)
    between = [f"{low:,.3g} to {high:,.3g}" for low, high in pairwise(cuts)]
    texts = (f"up to {cuts[0]:,.3g} {unit}", *between, f"above {cuts[-1]:,.3g}")
    return position, tuple(MapClass(text, shade) for shade, text in enumerate(texts))
