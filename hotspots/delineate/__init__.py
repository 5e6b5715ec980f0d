"""From ranked cells to named hotspots of patrol size (R1.1-R1.13)."""

from hotspots.delineate.draw import delineate, draw
from hotspots.delineate.measure import COLUMNS, Basis, basis_of, empty_hotspots, measure, volume_needed

__all__ = ["COLUMNS", "Basis", "basis_of", "delineate", "draw", "empty_hotspots", "measure", "volume_needed"]
