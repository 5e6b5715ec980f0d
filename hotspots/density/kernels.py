"""Kernels, the bandwidth that travels with every result, and what every density refuses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.errors import DataError, DesignError

Floats = NDArray[np.float64]

KERNELS = ("quartic", "epanechnikov", "gaussian")
GAUSSIAN_REACH = 10.0
"""Standard deviations after which a Gaussian is left out: exp(-50) is 2e-22 of its peak."""

PEAK = {"quartic": 3.0 / np.pi, "epanechnikov": 2.0 / np.pi, "gaussian": 0.5 / np.pi}
"""Height of each planar kernel of bandwidth 1 at its centre, so that its volume is 1."""

_CANONICAL = {
    "gaussian": 1.0,
    "epanechnikov": float((4 / (3 * np.pi) * 36 * 4 * np.pi) ** (1 / 6)),
    "quartic": float((9 / (5 * np.pi) * 64 * 4 * np.pi) ** (1 / 6)),
}


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """How wide the smoothing was, how that width was chosen, and what else was tried.

    Attributes
    ----------
    value_m : float
        Metres: radius of the quartic and Epanechnikov kernels, standard deviation of the Gaussian; where it varies
        from point to point, the median.
    method : str
        How it was chosen, in words.
    scores : tuple of (bandwidth in metres, score)
        Every bandwidth tried and how it did; higher is better. Empty when nothing was compared.
    """

    value_m: float
    method: str
    scores: tuple[tuple[float, float], ...] = ()

    def describe(self) -> str:
        """Return one plain sentence.

        Examples
        --------
        >>> Bandwidth(200.0, "given").describe()
        'Bandwidth 200 m (given).'
        """
        tried = ", ".join(f"{h:g} m: {score:.4g}" for h, score in self.scores)
        return f"Bandwidth {self.value_m:.0f} m ({self.method}{'; ' + tried if tried else ''})."


def canonical_factor(kernel: str) -> float:
    r"""Return by how much a kernel must be wider than a Gaussian to smooth as much.

    (R(K) / mu_2(K)^2)^(1/6) relative to the Gaussian, with R the integral of K^2 and mu_2 the variance along one
    axis, in two dimensions (Marron & Nolan 1988, https://doi.org/10.1016/0167-7152(88)90004-8): 2.402 for
    Epanechnikov, 2.779 for quartic.
    """
    return _CANONICAL[checked_kernel(kernel)]


def checked_kernel(kernel: str) -> str:
    """Return the kernel's name, or refuse one that is not known."""
    if kernel not in KERNELS:
        raise DesignError(f"The kernel '{kernel}' is not known; use one of {', '.join(KERNELS)}.")
    return kernel


def checked_bandwidth(bandwidth_m: float) -> float:
    """Return the bandwidth, or refuse one that is not a number above 0."""
    if not (bandwidth_m > 0 and np.isfinite(bandwidth_m)):
        raise DesignError(f"The bandwidth must be above 0 metres, got {bandwidth_m:g}.")
    return float(bandwidth_m)


def checked_points(points_m: ArrayLike) -> Floats:
    """Return points as an array of shape (n, 2), or refuse missing coordinates."""
    points = np.asarray(points_m, dtype=float).reshape(-1, 2)
    if not np.isfinite(points).all():
        broken = int((~np.isfinite(points)).any(axis=1).sum())
        raise DataError(f"{broken} of {len(points)} points have no coordinates; leave them out before smoothing.")
    return points


def checked_weights(weights: ArrayLike | None, n: int) -> Floats:
    """Return one weight for each of `n` points (1 if absent), or refuse missing and negative ones."""
    if weights is None:
        return np.ones(n)
    given = np.asarray(weights, dtype=float).ravel()
    if len(given) != n:
        raise DataError(f"There are {len(given)} weights for {n} points; give one weight for each point.")
    if not (given.min(initial=0.0) >= 0 and np.isfinite(given).all()):
        broken = int((~(np.isfinite(given) & (given >= 0))).sum())
        raise DataError(f"{broken} of {n} weights are negative or missing; a weight must be a number of 0 or more.")
    return given
