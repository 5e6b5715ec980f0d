"""Colours, classes and the legend every map shares (R8.8).

One blue hue from pale to dark for counts, a black outline with a rank number for hotspots, different shapes for
places and cameras: colour is never the only cue, and a grey print reads the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

INK = "#0B0C0C"
GREY = "#3D3D3D"
PAPER = "#F4F3F0"
LAND = "#FFFFFF"
STREET = "#B9B6B0"
GRID = "#D5D8DC"
NAVY = "#12436D"
PLACE = "#801650"
SEQUENTIAL = ("#6BACE6", "#2073BC", "#12436D")
"""Government Analysis Function sequential palette, few to many."""

CLASS_QUANTILES = (0.75, 0.95)
"""A cell is middling above three quarters of the cells with reports, and high above nineteen in twenty."""


@dataclass(frozen=True, slots=True)
class CountClass:
    """One step of the legend: counts from `low` to `high` (``None``: and more) and their colour."""

    low: int
    high: int | None
    colour: str

    @property
    def label(self) -> str:
        """Return the step in words, e.g. ``4 to 9``."""
        if self.high is None:
            return f"{self.low} or more"
        return f"{self.low}" if self.high == self.low else f"{self.low} to {self.high}"


def count_classes(counts: pd.Series) -> tuple[CountClass, ...]:
    """Return up to three classes of the positive counts, few to many.

    Parameters
    ----------
    counts : Series
        Reports per cell; zeros are not drawn and not classed.

    Examples
    --------
    >>> [step.label for step in count_classes(pd.Series([0, 1, 1, 1, 1, 2, 2, 5, 9, 40]))]
    ['1 to 4', '5 to 26', '27 or more']
    """
    positive = counts[counts > 0]
    if positive.empty:
        return ()
    cuts = [int(np.floor(positive.quantile(q))) for q in CLASS_QUANTILES]
    lows = sorted({1, *(max(cut, 2) for cut in cuts)})
    lows = [low for low in lows if low <= positive.max()]
    colours = SEQUENTIAL[-len(lows) :] if len(lows) > 1 else SEQUENTIAL[1:2]
    highs = [low - 1 for low in lows[1:]] + [None]
    return tuple(CountClass(low, high, colour) for low, high, colour in zip(lows, highs, colours, strict=True))


def class_of(count: int, classes: tuple[CountClass, ...]) -> CountClass:
    """Return the class a positive count falls in."""
    return next(step for step in reversed(classes) if count >= step.low)
