"""Named textbook methods, offered beside the default with the false-positive rate measured on real counts.

None of them fits the data of hotspots: a Poisson variance is four times too small there, and the quotient has no
interval at all. They are here because boards ask for them by name, and so that published numbers can be checked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

Pair = tuple[float, float]
"""Reports before and after."""

WDD_METHOD = "weighted displacement difference (Wheeler & Ratcliffe 2018), independent Poisson counts"
WDD_FALSE_POSITIVES_PCT = 35.0
SCALED_WDD_FALSE_POSITIVES_PCT = 26.0
"""Share of no-effect pilots on real counts in which the method claims an effect (design/evaluation.md)."""

_NEGLIGIBLE = 1e-14


@dataclass(frozen=True, slots=True)
class DisplacementDifference:
    """Weighted displacement difference: incidents beyond the comparison, and its Poisson interval.

    Negative estimates are falls. The interval takes counts for independent Poisson variables, which hotspots are not.
    """

    estimate: float
    standard_error: float
    z: float
    low: float
    high: float
    confidence: float
    p_one_tailed: float
    method: str = WDD_METHOD
    false_positives_pct: float = WDD_FALSE_POSITIVES_PCT


@dataclass(frozen=True, slots=True)
class DisplacementQuotient:
    """Weighted displacement quotient with its parts (Bowers & Johnson 2003); it has no interval.

    ``quotient`` is None where the treated places did no better than the comparison (``success`` >= 0).
    """

    quotient: float | None
    success: float
    buffer: float
    gross_effect: float
    net_effect: float
    total_net_effect: float
    reading: str


def weighted_displacement_difference(
    treated: Pair,
    control: Pair,
    displacement: Pair = (0.0, 0.0),
    displacement_control: Pair = (0.0, 0.0),
    *,
    time_weights: Pair = (1.0, 1.0),
    area_weights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0),
    control_scale: float = 1.0,
    confidence: float = 0.95,
) -> DisplacementDifference:
    """Return (T1 - T0) - (C1 - C0) + (D1 - D0) - (CD1 - CD0) with its Poisson standard error.

    Every count is divided by the weight of its period and its area, its variance by the square. With a larger group
    of comparison places, `control_scale` = k says how many times larger: (C1 - C0) / k, variance (C0 + C1) / k^2.

    Parameters
    ----------
    treated, control, displacement, displacement_control : (before, after)
        Reports.
    time_weights : (float, float)
        Length of the before and of the after period.
    area_weights : four floats
        Area of treated, control, displacement and displacement control.
    control_scale : float
        Size of both control groups relative to what they stand for.

    References
    ----------
    Wheeler & Ratcliffe (2018), doi:10.1186/s40163-018-0085-5.

    Examples
    --------
    >>> found = weighted_displacement_difference((207, 110), (308, 318), (178, 157), (150, 140))
    >>> found.estimate, round(found.z, 2)
    (-118.0, -2.98)
    """
    weights = (*time_weights, *area_weights, control_scale)
    if min(weights) <= 0:
        raise ValueError(f"time, area and control weights must be above 0, got {weights}")
    groups = (treated, control, displacement, displacement_control)
    if min(count for pair in groups for count in pair) < 0:
        raise ValueError(f"counts must not be negative, got {groups}")
    scales = (1.0, -control_scale, 1.0, -control_scale)
    estimate = variance = 0.0
    for (before, after), area, scale in zip(groups, area_weights, scales, strict=True):
        per_before, per_after = time_weights[0] * area * scale, time_weights[1] * area * scale
        estimate += after / per_after - before / per_before
        variance += after / per_after**2 + before / per_before**2
    false_positives = WDD_FALSE_POSITIVES_PCT if control_scale == 1 else SCALED_WDD_FALSE_POSITIVES_PCT
    return _difference(estimate, math.sqrt(variance), confidence, false_positives)


def harm_weighted(
    differences: Sequence[DisplacementDifference], weights: Sequence[float], *, confidence: float = 0.95
) -> DisplacementDifference:
    """Return the harm-weighted sum of differences of separate types: sum w WDD, variance sum w^2 variance."""
    if len(differences) != len(weights):
        raise ValueError(f"{len(differences)} differences need as many weights, got {len(weights)}")
    estimate = sum(weight * one.estimate for one, weight in zip(differences, weights, strict=True))
    variance = sum((weight * one.standard_error) ** 2 for one, weight in zip(differences, weights, strict=True))
    false_positives = max((one.false_positives_pct for one in differences), default=WDD_FALSE_POSITIVES_PCT)
    return _difference(float(estimate), math.sqrt(variance), confidence, false_positives)


def _difference(estimate: float, error: float, confidence: float, false_positives: float) -> DisplacementDifference:
    z = estimate / error if error else 0.0
    reach = float(stats.norm.ppf(0.5 + confidence / 2)) * error
    return DisplacementDifference(
        estimate=estimate,
        standard_error=error,
        z=z,
        low=estimate - reach,
        high=estimate + reach,
        confidence=confidence,
        p_one_tailed=float(stats.norm.cdf(z)),
        false_positives_pct=false_positives,
    )


def weighted_displacement_quotient(treated: Pair, buffer: Pair, control: Pair) -> DisplacementQuotient:
    """Return the quotient (D1/C1 - D0/C0) / (T1/C1 - T0/C0) and the gross, net and total net effects.

    Raises
    ------
    ValueError
        If the comparison has no report in one of the periods.

    References
    ----------
    Bowers & Johnson (2003), doi:10.1023/A:1023444506338; Guerette (2009), POP Tool Guide 10, appendix B.

    Examples
    --------
    >>> weighted_displacement_quotient((100, 50), (100, 75), (100, 100)).quotient
    0.5
    """
    (t0, t1), (d0, d1), (c0, c1) = treated, buffer, control
    if min(c0, c1) <= 0:
        raise ValueError("the comparison needs at least one report in each period")
    success = t1 / c1 - t0 / c0
    moved = d1 / c1 - d0 / c0
    quotient = moved / success if success < -_NEGLIGIBLE else None
    return DisplacementQuotient(
        quotient=quotient,
        success=success,
        buffer=moved,
        gross_effect=t0 - t1,
        net_effect=t0 / c0 - t1 / c1,
        total_net_effect=(t0 * (c1 / c0) - t1) + (d0 * (c1 / c0) - d1),
        reading=_reading(quotient),
    )


def _reading(quotient: float | None) -> str:
    if quotient is None:
        return "undefined: the treated places did no better than the comparison"
    if quotient > 1:
        return "the fall next door is larger than in the treated places (diffusion above the effect)"
    if quotient > 0:
        return "reports next door fell too (diffusion)"
    if quotient == 0:
        return "reports next door changed as in the comparison"
    if quotient >= -1:
        return "reports next door rose by less than the fall (displacement below the effect)"
    return "reports next door rose by more than the fall (displacement above the effect)"


def e_test(
    first: float,
    second: float,
    *,
    exposure_first: float = 1.0,
    exposure_second: float = 1.0,
    pooled_variance: bool = False,
) -> float:
    """Return the two-sided p-value that two Poisson counts have the same rate (the E-test).

    Counts K1 and K2 are drawn from the pooled rate; the p-value is the probability of a standardised difference at
    least as large as the observed one. Sums run over all counts but a tail below 1e-14.

    Parameters
    ----------
    pooled_variance : bool
        Standardise by the pooled rate (as ptools does) instead of by each count's own variance (as the paper does);
        the same for equal exposures.

    References
    ----------
    Krishnamoorthy & Thomson (2004), doi:10.1016/S0378-3758(02)00408-1.

    Examples
    --------
    >>> round(e_test(3, 0), 5)
    0.08838
    """
    if min(first, second) < 0 or min(exposure_first, exposure_second) <= 0:
        raise ValueError("counts must not be negative and exposures must be above 0")
    if first + second == 0:
        return 1.0
    exposures = (exposure_first, exposure_second, pooled_variance)
    rate = (first + second) / (exposure_first + exposure_second)
    one, p_one = _poisson_support(rate * exposure_first)
    two, p_two = _poisson_support(rate * exposure_second)
    observed = _standardised(np.array([[first]]), np.array([[second]]), *exposures)[0, 0]
    as_large = _standardised(one[:, None], two[None, :], *exposures) >= observed * (1 - 1e-12)
    return float(min(1.0, p_one @ as_large @ p_two))


def scan_p_value(most: int, *, per_window: float, windows: float) -> float:
    r"""Return the chance that a window, moved freely over a Poisson series, somewhere holds `most` reports or more.

    With p and F the Poisson probabilities of the mean of a window and L windows in the series, the approximation

    .. math:: P \approx 1 - Q_2 (Q_3 / Q_2)^{L - 2}

    where Q_2 and Q_3 are the exact chances that no window of two and of three window lengths holds so many. A surge of
    one bad fortnight in years of data is seldom rare once every fortnight is looked at.

    Parameters
    ----------
    most : int
        Reports in the fullest window, 3 or more.
    per_window : float
        Reports expected in a window.
    windows : float
        Length of the series in windows, two or more.

    References
    ----------
    Naus (1982), doi:10.1080/01621459.1982.10477783.

    Examples
    --------
    >>> round(scan_p_value(6, per_window=0.6, windows=208), 5)
    0.03902
    """
    if most < 3 or per_window <= 0 or windows < 2:
        raise ValueError("a scan needs 3 reports, a mean above 0 and a series of at least two windows")
    n, psi = most, per_window

    def p(count: int) -> float:
        return float(stats.poisson.pmf(count, psi))

    def f(count: int) -> float:
        return float(stats.poisson.cdf(count, psi))

    q2 = f(n - 1) ** 2 - (n - 1) * p(n) * p(n - 2) - (n - 1 - psi) * p(n) * f(n - 3)
    a1 = 2 * p(n) * f(n - 1) * ((n - 1) * f(n - 2) - psi * f(n - 3))
    a2 = 0.5 * p(n) ** 2 * ((n - 1) * (n - 2) * f(n - 3) - 2 * (n - 2) * psi * f(n - 4) + psi**2 * f(n - 5))
    a3 = sum(p(2 * n - r) * f(r - 1) ** 2 for r in range(1, n))
    a4 = sum(p(2 * n - r) * p(r) * ((r - 1) * f(r - 2) - psi * f(r - 3)) for r in range(2, n))
    q3 = f(n - 1) ** 3 - a1 + a2 + a3 - a4
    return float(min(1.0, max(0.0, 1 - q2 * (q3 / q2) ** (windows - 2))))


def _standardised(one: Floats, two: Floats, exposure_one: float, exposure_two: float, pooled: bool) -> Floats:
    """Return |difference of rates| / SE for every pair of counts; two zeros differ by nothing."""
    difference = np.abs(one / exposure_one - two / exposure_two)
    if pooled:
        variance = (one + two) / (exposure_one + exposure_two) * (1 / exposure_one + 1 / exposure_two)
    else:
        variance = one / exposure_one**2 + two / exposure_two**2
    return np.divide(difference, np.sqrt(variance), out=np.zeros_like(variance), where=variance > 0)


def _poisson_support(mean: float) -> tuple[Floats, Floats]:
    low, high = stats.poisson.ppf(_NEGLIGIBLE, mean), stats.poisson.isf(_NEGLIGIBLE, mean)
    counts = np.arange(max(low, 0), high + 1)
    return counts, np.asarray(stats.poisson.pmf(counts, mean))
