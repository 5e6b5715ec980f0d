"""From ranked cells to named hotspots of patrol size (R1.1-R1.13)."""

from hotspots.delineate.draw import delineate
from hotspots.delineate.measure import COLUMNS, empty_hotspots

__all__ = ["COLUMNS", "delineate", "empty_hotspots"]
