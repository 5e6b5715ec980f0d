"""How steady a list is: in parts of the period, on other grids, and how far its numbers will fall by themselves."""

from hotspots.stability.assess import assess
from hotspots.stability.regression import expected_change, held_back_change
from hotspots.stability.survival import Grid, grids, redraw, survivors

__all__ = [
    "Grid",
    "assess",
    "expected_change",
    "grids",
    "held_back_change",
    "redraw",
    "survivors",
]
