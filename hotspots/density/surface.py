"""A density with what it took to make it: the bandwidth, the way, and words of caution."""

from __future__ import annotations

from dataclasses import dataclass

from numpy.typing import ArrayLike
from shapely.geometry.base import BaseGeometry

from hotspots.density.edges import edge_corrected_density
from hotspots.density.fast import gaussian_density
from hotspots.density.kernels import Bandwidth, Floats, checked_bandwidth, checked_kernel, checked_points
from hotspots.density.planar import kernel_density


@dataclass(frozen=True, slots=True)
class Surface:
    """Kernel density at places.

    Attributes
    ----------
    per_m2 : array of float, shape (m,)
        Events per square metre.
    kernel : str
    bandwidth : Bandwidth
    way : str
        How it was computed, in words.
    notes : tuple of str
        Plain sentences a reader should see beside the map.
    """

    per_m2: Floats
    kernel: str
    bandwidth: Bandwidth
    way: str
    notes: tuple[str, ...]


def density_surface(
    points_m: ArrayLike,
    at_m: ArrayLike,
    *,
    bandwidth: Bandwidth | float,
    kernel: str = "quartic",
    weights: ArrayLike | None = None,
    boundary_m: BaseGeometry | None = None,
    cell_m: float | None = None,
) -> Surface:
    """Return a kernel density, by the fastest way that is exact enough, with its bandwidth and cautions.

    Quartic and Epanechnikov kernels are summed exactly (`kernel_density`), Gaussian ones by splines and the fast
    Fourier transform (`gaussian_density`, error below 5e-4). With a boundary, each kernel is divided by its mass
    inside (`edge_corrected_density`).

    Parameters
    ----------
    points_m, at_m : array of float, shape (n, 2) and (m, 2)
        Metres east and north.
    bandwidth : Bandwidth or float
        A float (metres) is a bandwidth that was given.
    kernel : {"quartic", "epanechnikov", "gaussian"}
    weights : array of float, shape (n,), optional
    boundary_m : Polygon or MultiPolygon, optional
        In metres; correct for its edge.
    cell_m : float, optional
        Width of the cells the surface is shown in; a bandwidth below it is noted.

    Returns
    -------
    Surface
    """
    width = bandwidth if isinstance(bandwidth, Bandwidth) else Bandwidth(float(bandwidth), "given")
    h = checked_bandwidth(width.value_m)
    points = checked_points(points_m)
    if boundary_m is not None:
        density = edge_corrected_density(points, at_m, boundary_m, bandwidth_m=h, kernel=kernel, weights=weights)
        way = "exact sum, each kernel divided by its mass inside the boundary (Diggle 1985)"
    elif checked_kernel(kernel) == "gaussian":
        density = gaussian_density(points, at_m, bandwidth_m=h, weights=weights)
        way = "cubic B-splines and fast Fourier transform, relative error below 5e-4"
    else:
        density = kernel_density(points, at_m, bandwidth_m=h, kernel=kernel, weights=weights)
        way = "exact sum"
    return Surface(density, kernel, width, way, _cautions(points, h, cell_m))


def _cautions(points: Floats, h: float, cell_m: float | None) -> tuple[str, ...]:
    notes = []
    if len(points) == 0:
        notes.append("There are no reports, so the density is 0 everywhere.")
    elif (points == points[0]).all() and len(points) > 1:
        notes.append(f"All {len(points)} reports lie at one point, so the map shows the kernel, not a pattern.")
    if cell_m is not None and h < cell_m:
        notes.append(
            f"The bandwidth ({h:.0f} m) is smaller than a cell ({cell_m:.0f} m), so reports away from a cell's centre "
            "go unseen; use a wider bandwidth or smaller cells."
        )
    return tuple(notes)
