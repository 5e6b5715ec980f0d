"""Kernel density in space and time: where reports have lain thick lately."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geodata.errors import DataError, DesignError
from hotspots.density.kernels import Floats, checked_points, checked_weights
from hotspots.density.planar import kernel_density


def space_time_density(
    points_m: ArrayLike,
    days: ArrayLike,
    at_m: ArrayLike,
    *,
    as_of_days: float,
    bandwidth_m: float,
    half_life_days: float,
    kernel: str = "quartic",
    weights: ArrayLike | None = None,
) -> Floats:
    r"""Return the number of events per square metre and day at given places at one moment.

    .. math:: f(s, t) = \sum_{t_i \le t} w_i \, K_h(s - x_i) \, \lambda e^{-\lambda (t - t_i)}, \quad
       \lambda = \ln 2 / H

    a spatial kernel times an exponential decay of half-life H: a separable space-time kernel (Brunsdon, Corcoran &
    Higgs 2007, https://doi.org/10.1016/j.compenvurbsys.2005.07.009) whose side in time looks back only, as in
    prospective maps (Bowers, Johnson & Pease 2004, https://doi.org/10.1093/bjc/azh036). Every report counts once in
    all over space and the time after it. It says where reports have concentrated lately, not where the next will be.

    Parameters
    ----------
    points_m : array of float, shape (n, 2)
        Metres east and north.
    days : array of float, shape (n,)
        When each event was, in days from any one origin.
    at_m : array of float, shape (m, 2)
    as_of_days : float
        The moment, in days from the same origin; later events are left out.
    bandwidth_m : float
    half_life_days : float
        H: after so many days an event counts half.
    kernel : {"quartic", "epanechnikov", "gaussian"}
    weights : array of float, shape (n,), optional

    Returns
    -------
    array of float, shape (m,)

    Raises
    ------
    DesignError
        If the half-life is not above 0, or kernel or bandwidth make no sense.
    DataError
        If a time or coordinate is missing, or a weight is negative or missing.

    Examples
    --------
    >>> now = space_time_density([[0, 0]], [0.0], [[0, 0]], as_of_days=0.0, bandwidth_m=100, half_life_days=30)
    >>> later = space_time_density([[0, 0]], [0.0], [[0, 0]], as_of_days=30.0, bandwidth_m=100, half_life_days=30)
    >>> float((later / now)[0].round(6))
    0.5
    """
    if not (half_life_days > 0 and np.isfinite(half_life_days)):
        raise DesignError(f"The half-life must be above 0 days, got {half_life_days:g}.")
    points = checked_points(points_m)
    weight, when = checked_weights(weights, len(points)), np.asarray(days, dtype=float).ravel()
    if len(when) != len(points):
        raise DataError(f"There are {len(when)} times for {len(points)} points; give one time for each point.")
    if undated := int((~np.isfinite(when)).sum()):
        raise DataError(f"{undated} of {len(when)} events have no time; leave them out of a density in time.")
    past = when <= as_of_days
    decay = np.log(2.0) / half_life_days
    faded = weight[past] * decay * np.exp(-decay * (as_of_days - when[past]))
    return kernel_density(points[past], at_m, bandwidth_m=bandwidth_m, kernel=kernel, weights=faded)
