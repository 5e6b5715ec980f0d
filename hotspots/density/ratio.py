"""Dual density: where one set of reports is over-represented beside another, and where that could be chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from geodata.errors import DataError, DesignError
from hotspots.density.kernels import (
    Bandwidth,
    Floats,
    checked_bandwidth,
    checked_kernel,
    checked_points,
    checked_weights,
)
from hotspots.density.planar import collapse_points, kernel_sums

MIN_EXPECTED = 5.0
"""Reports each set should have within the kernel, were both alike; below, no ratio is given."""


@dataclass(frozen=True, slots=True)
class RiskRatio:
    """Density of one set over density of another, place by place.

    Attributes
    ----------
    ratio : array of float, shape (m,)
        Share of the first set's reports over share of the second's; 1 where both are alike, NaN where there are too
        few reports to say.
    low, high : array of float, shape (m,)
        Tolerance band about 1: what the ratio would range over if labels were dealt out at random.
    is_higher, is_lower : array of bool, shape (m,)
        Where the ratio lies outside its band. Places are judged one by one: of places that are alike, a share of
        1 - `level` lies outside.
    reports : array of float, shape (m,)
        Effective number of reports of both sets within the kernel.
    level : float
    bandwidth : Bandwidth
    notes : tuple of str
    """

    ratio: Floats
    low: Floats
    high: Floats
    is_higher: NDArray[np.bool_]
    is_lower: NDArray[np.bool_]
    reports: Floats
    level: float
    bandwidth: Bandwidth
    notes: tuple[str, ...]


def risk_ratio(
    first_m: ArrayLike,
    second_m: ArrayLike,
    at_m: ArrayLike,
    *,
    bandwidth_m: float,
    kernel: str = "quartic",
    level: float = 0.95,
    min_expected: float = MIN_EXPECTED,
) -> RiskRatio:
    r"""Return the ratio of two densities with a tolerance band (dual kernel density).

    .. math:: r(s) = \frac{N_1^{-1} \sum_{i \in 1} K_h(s - x_i)}{N_2^{-1} \sum_{i \in 2} K_h(s - x_i)}

    with one bandwidth for both, so that their errors cancel where they are alike (Kelsall & Diggle 1995,
    https://doi.org/10.1002/sim.4780142106). If labels were dealt at random over the pooled N reports, log r would
    have mean about 0 and, by the delta method, variance

    .. math:: \frac{N}{N - 1} \; \frac{\sum K^2 - (\sum K)^2 / N}{p (1 - p) (\sum K)^2}, \quad p = N_1 / N

    from which the band follows with normal quantiles (compare Hazelton & Davies 2009,
    https://doi.org/10.1002/bimj.200810495). Where either set would have fewer than `min_expected` effective reports
    within the kernel, (sum K)^2 / sum K^2 times its share, the denominator is too low and the ratio is NaN. Assumes
    independent reports: several reports of one incident make the band too narrow.

    Parameters
    ----------
    first_m, second_m : array of float, shape (n1, 2) and (n2, 2)
        Metres east and north: say, this year and last year, or youth nuisance and all reports but those.
    at_m : array of float, shape (m, 2)
    bandwidth_m : float
    kernel : {"quartic", "epanechnikov", "gaussian"}
    level : float
        Share of ratios the band holds if both sets are alike.
    min_expected : float

    Returns
    -------
    RiskRatio

    Raises
    ------
    DataError
        If one of the sets is empty or a coordinate is missing.
    DesignError
        If kernel, bandwidth or level make no sense.
    """
    h = checked_bandwidth(bandwidth_m)
    checked_kernel(kernel)
    if not 0 < level < 1:
        raise DesignError(f"The level of the tolerance band must lie between 0 and 1, got {level:g}.")
    first, second, at = checked_points(first_m), checked_points(second_m), checked_points(at_m)
    if min(len(first), len(second)) == 0:
        raise DataError(f"A ratio needs reports in both sets; they have {len(first)} and {len(second)}.")
    n, share = len(first) + len(second), len(first) / (len(first) + len(second))
    ours, theirs = (_sums(part, at, h, kernel) for part in (first, second))
    squares = _sums(np.vstack([first, second]), at, h, kernel, squared=True)
    both = ours + theirs
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (ours / len(first)) / (theirs / len(second))
        reports = np.where(both > 0, both**2 / squares, 0.0)
        variance = n / (n - 1) * np.maximum(1 / reports - 1 / n, 0.0) / (share * (1 - share))
        wide = np.exp(ndtri(0.5 + level / 2) * np.sqrt(variance))
    known = reports * min(share, 1 - share) >= min_expected
    ratio, low, high = (np.where(known, part, np.nan) for part in (ratio, 1 / wide, wide))
    too_few = int((~known & (both > 0)).sum())
    notes = (
        (
            f"At {too_few} of {len(at)} places fewer than {min_expected:g} reports of a set could be expected within "
            f"the bandwidth, so no ratio is given there.",
        )
        if too_few
        else ()
    )
    with np.errstate(invalid="ignore"):
        return RiskRatio(
            ratio, low, high, ratio > high, ratio < low, reports, level, Bandwidth(h, "given, for both"), notes
        )


def _sums(points: Floats, at: Floats, h: float, kernel: str, *, squared: bool = False) -> Floats:
    places, weight = collapse_points(points[:, 0], points[:, 1], checked_weights(None, len(points)))
    return kernel_sums(places, weight, np.full(len(places), h), at, kernel=kernel, squared=squared)
