"""How wide to smooth: by rule, by cross-validated likelihood, and by hold-out accuracy (R4.2, R4.4)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from geodata.errors import DataError, DesignError
from hotspots.density.kernels import (
    PEAK,
    Bandwidth,
    Floats,
    canonical_factor,
    checked_bandwidth,
    checked_kernel,
    checked_points,
    checked_weights,
)
from hotspots.density.planar import collapse_points, kernel_density, kernel_sums

GRID_M = (100.0, 150.0, 200.0, 300.0, 400.0)
"""Bandwidths offered for tasking and overview (R4.2)."""

TIE = 0.01
"""Accuracies within this share of the best count as equal; the narrowest of them is taken (R4.2)."""


def rule_of_thumb(
    points_m: ArrayLike, *, kernel: str = "quartic", rule: str = "scott", weights: ArrayLike | None = None
) -> Bandwidth:
    r"""Return a bandwidth from the spread of the points alone: good for one round cloud, too wide for a town.

    - ``"scott"``: :math:`h = c_K \sqrt{(s_x^2 + s_y^2) / 2} \; n^{-1/6}` (Scott 1992,
      https://doi.org/10.1002/9780470316849), with :math:`c_K` from `canonical_factor`.
    - ``"normal_reference"``: the mean over both axes of :math:`4.24 \min(s, IQR / 1.34) \, n^{-1/5}`, the
      ``bandwidth.nrd`` of R's MASS (Venables & Ripley 2002, https://doi.org/10.1007/978-0-387-21706-2), taken as the
      radius of the quartic kernel. The package sfhotspot prints the value of the x axis alone.

    Parameters
    ----------
    points_m : array of float, shape (n, 2)
        Metres east and north.
    kernel : {"quartic", "epanechnikov", "gaussian"}
        Which kernel "scott" is for.
    rule : {"scott", "normal_reference"}
    weights : array of float, shape (n,), optional
        Reports at each point.

    Raises
    ------
    DesignError
        If there are fewer than 2 reports or all lie at one point.
    """
    points = checked_points(points_m)
    weight = checked_weights(weights, len(points))
    n = float(weight.sum())
    if n < 2:
        raise DesignError(f"A bandwidth cannot be estimated from {n:g} reports; give one in metres.")
    centred = points - np.average(points, axis=0, weights=weight)
    spread = np.sqrt(weight @ centred**2 / (n - 1))
    if not spread.max() > 0:
        raise DesignError(f"All {n:g} reports lie at one point, so no bandwidth can be estimated; give one in metres.")
    if rule == "scott":
        value = canonical_factor(kernel) * float(np.sqrt(np.mean(spread**2))) * n ** (-1 / 6)
        return Bandwidth(value, f"Scott's rule on both axes, {kernel} kernel")
    if rule == "normal_reference":
        middle = np.array([_interquartile(points[:, axis], weight) for axis in (0, 1)]) / 1.34
        narrow = np.where(middle > 0, np.minimum(spread, middle), spread)
        return Bandwidth(float(np.mean(4 * 1.06 * narrow)) * n ** (-1 / 5), "normal reference rule, mean of both axes")
    raise DesignError(f"The rule '{rule}' is not known; use 'scott' or 'normal_reference'.")


def _interquartile(values: Floats, weights: Floats) -> float:
    """Return the distance between quartiles by linear interpolation, as if each value stood `weight` times."""
    order = np.argsort(values, kind="stable")
    value, last = values[order], np.cumsum(weights[order])

    def quantile(share: float) -> float:
        position = share * (last[-1] - 1)
        below, above = (
            value[min(int(np.searchsorted(last, k, side="right")), len(value) - 1)]
            for k in (np.floor(position), np.ceil(position))
        )
        return float(below + (position - np.floor(position)) * (above - below))

    return quantile(0.75) - quantile(0.25)


def cross_validated_bandwidth(
    points_m: ArrayLike,
    *,
    kernel: str = "gaussian",
    grid_m: Sequence[float] = GRID_M,
    weights: ArrayLike | None = None,
) -> Bandwidth:
    r"""Return the bandwidth under which each place is best foretold by all the others.

    .. math:: L(h) = \frac{1}{N} \sum_i w_i \log \left( (1 - \tfrac{1}{N}) f_{-i}(x_i) + \tfrac{1}{N A} \right)

    leave-one-out likelihood (Habbema 1974; Duin 1976, https://doi.org/10.1109/TC.1976.1674577). Police data put many
    reports on one point, for which the likelihood grows without limit as h falls, so :math:`f_{-i}` leaves out the
    whole place, not one report. The second term, one report anywhere in the bounding rectangle of area A, keeps a
    single remote place from deciding alone.

    Parameters
    ----------
    points_m : array of float, shape (n, 2)
        Metres east and north.
    kernel : {"quartic", "epanechnikov", "gaussian"}
    grid_m : sequence of float
        Bandwidths to try, metres.
    weights : array of float, shape (n,), optional
        Reports at each point.

    Returns
    -------
    Bandwidth
        ``scores`` holds L of every bandwidth tried; of equal ones the narrowest wins.

    Raises
    ------
    DesignError
        If there are fewer than 3 distinct points, or no bandwidth to try.
    """
    checked_kernel(kernel)
    given = checked_points(points_m)
    tried = _checked_grid(grid_m)
    points, weight = collapse_points(given[:, 0], given[:, 1], checked_weights(weights, len(given)))
    points, weight = points[weight > 0], weight[weight > 0]
    sides = np.ptp(points, axis=0) if len(points) else np.zeros(2)
    if len(points) < 3 or not sides.max() > 0:
        raise DesignError(
            f"The reports lie at {len(points)} distinct points; a bandwidth by cross-validation needs at least 3."
        )
    anywhere = 1.0 / (weight.sum() * float(np.prod(np.maximum(sides, 1.0))))
    scores = [(h, _left_out_likelihood(points, weight, h, kernel, anywhere)) for h in tried]
    best = max(scores, key=lambda score: (score[1], -score[0]))
    return Bandwidth(best[0], f"cross-validated likelihood, {kernel} kernel", tuple(scores))


def _left_out_likelihood(points: Floats, weight: Floats, h: float, kernel: str, anywhere: float) -> float:
    n = weight.sum()
    own = weight * PEAK[kernel] / h**2
    others = kernel_sums(points, weight, np.full(len(points), h), points, kernel=kernel) - own
    others[others < 1e-12 * own] = 0.0  # what is left of the place itself after rounding
    likelihood = np.log((1 - 1 / n) * others / (n - weight) + anywhere)
    return float(np.average(likelihood, weights=weight))


def predictive_accuracy(scores: ArrayLike, counts: ArrayLike, area_km2: ArrayLike, *, area_share: float) -> float:
    r"""Return the predictive accuracy index of the highest-scored places over a fixed share of the area.

    .. math:: PAI = \frac{n / N}{a / A}

    (Chainey, Tompson & Uhlig 2008, https://doi.org/10.1057/palgrave.sj.8350066). Exactly `area_share` of the area is
    taken: the last place counts in part, and places of equal score share it alike, so ties favour nobody.

    Parameters
    ----------
    scores, counts, area_km2 : array of float, shape (m,)
        What ranks the places, the later reports in each, and the size of each.
    area_share : float
        a / A, above 0 and at most 1.

    Examples
    --------
    >>> predictive_accuracy([3.0, 2.0, 1.0, 0.0], [6, 2, 2, 0], [1.0, 1.0, 1.0, 1.0], area_share=0.25)
    2.4
    """
    score, count, size = (np.asarray(part, dtype=float).ravel() for part in (scores, counts, area_km2))
    if not 0 < area_share <= 1:
        raise DesignError(f"The share of the area must lie above 0 and at most at 1, got {area_share:g}.")
    if count.sum() == 0:
        raise DataError("The later months hold no report in these places, so accuracy cannot be judged.")
    levels, level = np.unique(-score, return_inverse=True)
    area = np.cumsum(np.bincount(level, weights=size, minlength=len(levels)))
    held = np.cumsum(np.bincount(level, weights=count, minlength=len(levels)))
    wanted = area_share * area[-1]
    reached = float(np.interp(wanted, np.concatenate([[0.0], area]), np.concatenate([[0.0], held])))
    return float(reached / held[-1] / area_share)


def holdout_bandwidth(
    earlier_m: ArrayLike,
    later_counts: ArrayLike,
    at_m: ArrayLike,
    area_km2: ArrayLike,
    *,
    area_share: float = 0.02,
    kernel: str = "quartic",
    grid_m: Sequence[float] = GRID_M,
    weights: ArrayLike | None = None,
) -> Bandwidth:
    """Return the bandwidth whose map of earlier months found most reports of later months in a fixed area.

    Each bandwidth of the grid ranks the places by density of the earlier reports; `predictive_accuracy` judges the
    top `area_share` by the later reports (R4.2, R4.4). Bandwidths within 1 % of the best count as equal and the
    narrowest of them is taken. Assumes the later months are like the ones the map is for.

    Parameters
    ----------
    earlier_m : array of float, shape (n, 2)
        Reports of the earlier months, metres east and north.
    later_counts : array of int, shape (m,)
        Reports of the later months in each place.
    at_m : array of float, shape (m, 2)
        Centres of the places.
    area_km2 : array of float, shape (m,)
        Size of each place (land inside the area).
    area_share : float
        Share of the area looked at.
    kernel, grid_m, weights
        As for `cross_validated_bandwidth`.

    Returns
    -------
    Bandwidth
        ``scores`` holds the accuracy index of every bandwidth tried.

    Raises
    ------
    DataError
        If there are no earlier or no later reports.
    """
    points = checked_points(earlier_m)
    if len(points) == 0:
        raise DataError("The earlier months hold no report, so no map can be judged by the later ones.")
    tried = _checked_grid(grid_m)
    scores = []
    for h in tried:
        density = kernel_density(points, at_m, bandwidth_m=h, kernel=kernel, weights=weights)
        scores.append((h, predictive_accuracy(density, later_counts, area_km2, area_share=area_share)))
    best = max(score for _, score in scores)
    value = min(h for h, score in scores if score >= (1 - TIE) * best)
    return Bandwidth(value, f"accuracy on later months in {area_share:.0%} of the area, {kernel} kernel", tuple(scores))


def _checked_grid(grid_m: Sequence[float]) -> list[float]:
    tried = sorted({checked_bandwidth(h) for h in grid_m})
    if not tried:
        raise DesignError("There is no bandwidth to try; give at least one in metres.")
    return tried
