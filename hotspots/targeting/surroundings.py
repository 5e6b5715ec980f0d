"""What lies around each cell: reports by quartic kernel, with or without its own, and the cells that touch it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from geodata import cells as h3cells
from hotspots.density.kernels import PEAK

Floats = NDArray[np.float64]

SQUARE_METRES_PER_KM2 = 1e6


@dataclass(frozen=True)
class Surroundings:
    """The ground a panel stands on.

    Attributes
    ----------
    cells : Index of str, length n
    cell_km2 : float
        Area of one cell.
    centres_m : array of float, shape (n, 2)
        Centres of the cells, metres.
    points_m : array of float, shape (p, 2)
        Distinct points of the reports, those of the buffer included.
    point_cell : array of int, shape (p,)
        Row of each point's cell; -1 outside all cells.
    is_inside : array of bool, shape (p,)
        Which points lie inside the boundary; only their reports count in a cell.
    last_seen : array of int, shape (p,)
        Step of the last record of any category at each point.
    counts : array of float, shape (p, T)
        Wanted reports at each point.
    """

    cells: pd.Index
    cell_km2: float
    centres_m: Floats
    points_m: Floats
    point_cell: NDArray[np.int64]
    is_inside: NDArray[np.bool_]
    last_seen: NDArray[np.int64]
    counts: Floats
    _kept: dict[tuple[float, bool], sparse.csr_array] = field(default_factory=dict, repr=False)

    @cached_property
    def row(self) -> NDArray[np.int64]:
        """Row of the cell each point counts in; -1 for none."""
        return np.where(self.is_inside, self.point_cell, -1)

    def in_cells(self, rows: NDArray[np.int64]) -> Floats:
        """Return the wanted reports in some of the cells, shape (len(rows), T)."""
        counted = np.flatnonzero(self.row >= 0)
        shape = (len(self.cells), len(self.row))
        owner = sparse.csr_array((np.ones(len(counted)), (self.row[counted], counted)), shape=shape)
        return np.asarray(owner[rows] @ self.counts)

    def with_counts(self, counts: Floats) -> Surroundings:
        """Return the same ground with other reports at its points."""
        return replace(self, counts=counts)

    @cached_property
    def ring(self) -> sparse.csr_array:
        """Binary matrix of the cells that touch each other, shape (n, n)."""
        return h3cells.neighbours(self.cells)

    def density(self, bandwidth_m: float, reports: Floats) -> Floats:
        """Return reports per area of one cell at each centre, from so many at each point."""
        return np.asarray(self._kernel(bandwidth_m, own=True) @ reports)

    def neighbours(self, bandwidth_m: float, reports: Floats) -> Floats:
        """Return the same without the reports of the cell itself."""
        return np.asarray(self._kernel(bandwidth_m, own=False) @ reports)

    def _kernel(self, bandwidth_m: float, *, own: bool) -> sparse.csr_array:
        key = (bandwidth_m, own)
        if key not in self._kept:
            self._kept[key] = self._kernel_matrix(bandwidth_m, own=own)
        return self._kept[key]

    def _kernel_matrix(self, bandwidth_m: float, *, own: bool) -> sparse.csr_array:
        """Return what one report at each point adds to each cell (quartic, as `hotspots.density`), shape (n, p)."""
        near = cKDTree(self.points_m).sparse_distance_matrix(
            cKDTree(self.centres_m), bandwidth_m, output_type="coo_matrix"
        )
        point, cell = near.row, near.col
        kept = np.ones(len(point), dtype=bool) if own else self.point_cell[point] != cell
        scale = PEAK["quartic"] / bandwidth_m**2 * self.cell_km2 * SQUARE_METRES_PER_KM2
        value = scale * (1 - (near.data[kept] / bandwidth_m) ** 2) ** 2
        shape = (len(self.centres_m), len(self.points_m))
        return sparse.csr_array((value, (cell[kept], point[kept])), shape=shape)
