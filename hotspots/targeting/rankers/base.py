"""What a ranker is: a name, words for people, and a score for each cell from the past alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hotspots.targeting.panel import Panel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranker:
    """One way of ranking cells.

    Attributes
    ----------
    name : str
        As on the command line.
    short, label : str
        As people read it, on a chart and in a sentence.
    score : callable
        Takes the past (a `Panel` that ends where the ranking begins) and how many steps are ranked for; returns a
        number for each cell, higher meaning a worse place. Whatever it learns, it learns from that past.
    is_opaque : bool
        Whether its score cannot be checked by hand.
    """

    name: str
    short: str
    label: str
    score: Callable[[Panel, int], Floats]
    is_opaque: bool = False
