"""What the design could ever detect, said before the result (R6.8 in its honest form)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtri, ndtri, stdtrit

from hotspots.evaluate.estimators import LogEffect, log_effect, unit_moments

Floats = NDArray[np.float64]

POWER = 0.8
"""Share of pilots in which the printed fall would be found."""

FALLBACK_DESIGN_EFFECT = 4.0
"""Variance of real hotspots over a Poisson count when the user's own history is too short to measure it."""

MIN_HISTORY_MONTHS = 12
"""Months before the start from which placebo splits measure how much places vary."""

UPPER_LIMIT = 0.8
"""Confidence of the upper limit of the measured variance between places, which the made-up pilots are drawn with.

A few places carry most of it, so it is known as poorly as from seven or eight counts. Planning with the estimate
itself found the printed fall in 68 % of pilots on real counts instead of 80 %.
"""

FALLS = np.array([0.05, *np.arange(0.1, 0.95, 0.1)])
"""Falls planted, as shares."""

_PILOTS = 300
_MAX_STARTS = 6
_SMALLEST_Q = 1e-3


@dataclass(frozen=True, slots=True)
class DetectableFall:
    """The smallest fall the design would find in 80 % of pilots, and what that rests on.

    Attributes
    ----------
    mde_pct : float
        Percent; 100 where even the disappearance of nearly every report would be missed too often.
    at_best_pct : float
        The same if places vary no more than measured, without the upper limit: what the gate asks (R6.8).
    standard_error : float
        Standard error of the log effect where nothing changes (root mean square over the made-up pilots).
    place_variance : float
        Variance of a place's own log change beyond chance and beyond what all places share.
    design_effect : float
        Mean of the largest of the three variances over the mean Poisson variance.
    n_placebo_starts : int
        Pretended starts the place variance was measured at; 0: the fallback.
    power : tuple of (float, float)
        Planted fall in percent and the share of pilots that found it.
    """

    mde_pct: float
    at_best_pct: float
    standard_error: float
    place_variance: float
    design_effect: float
    n_placebo_starts: int
    method: str
    power: tuple[tuple[float, float], ...] = ()


def detectable_fall(
    treated: ArrayLike, controls: ArrayLike, *, months_after: int, confidence: float = 0.95, random_state: int = 0
) -> DetectableFall | None:
    """Return the fall found in 80 % of pilots, from monthly counts before the start alone.

    The default estimator is run on 300 made-up pilots for each of ten planted falls. In each, the places keep
    the counts they had before the start; their later counts are Poisson around the same rate, times a gamma factor
    of mean 1 for each place, thinned by the planted fall in the treated places. Planting matters: with fewer
    reports left the interval widens, and a formula with the error of an unchanged count promises too much. The
    variance of the factor comes from placebo splits of the user's own history: at pretended starts, the excess of
    the squared residuals of all places over chance (the between-place variance of `estimators.estimate`), taken at
    its 80 % upper limit because it is itself uncertain. With too short a history it is what a design effect of 4, the
    value measured on real hotspots, amounts to.

    Parameters
    ----------
    treated, controls : array of float, shape (places, months before the start)
        Monthly counts.
    months_after : int
        Months the pilot runs.

    Returns
    -------
    DetectableFall or None
        None where a group has no report before the start, or fewer than two places.

    References
    ----------
    R6.8; power by simulation as Arnold et al. (2011), doi:10.1186/1471-2288-11-94; planning with an upper limit of a
    measured variance as Browne (1995), doi:10.1002/sim.4780141709.
    """
    before_t, before_c = (np.asarray(group, dtype=float) for group in (treated, controls))
    if min(len(before_t), len(before_c)) < 2 or min(before_t.sum(), before_c.sum()) <= 0 or months_after < 1:
        return None
    places = np.vstack([before_t, before_c])
    found = _measured_variance(places, months_after)
    if found is not None:
        variance, starts = found
        planned = _upper_limit(places, months_after, variance)
        method = f"{_PILOTS} made-up pilots a fall; places vary as they did before, by {starts} pretended pilot(s)"
    else:
        variance, starts = _assumed_variance(places, months_after), 0
        planned = variance
        method = (
            f"{_PILOTS} made-up pilots a fall, design effect {FALLBACK_DESIGN_EFFECT:g}: history too short to measure"
        )
    level, ratio = 0.5 + confidence / 2, months_after / places.shape[1]
    of_variance = partial(_Pilots, before_t.sum(axis=1), before_c.sum(axis=1), ratio, seed=random_state)
    pilots = of_variance(planned)
    power = pilots.power(level)
    mde = smallest_found(power)
    at_best = mde if planned == variance else smallest_found(of_variance(variance).power(level))
    unchanged = pilots.outcome(0.0)
    error = math.sqrt(_mean(unchanged.standard_error**2))
    return DetectableFall(
        mde_pct=100 * mde,
        at_best_pct=100 * min(at_best, mde),
        standard_error=error,
        place_variance=variance,
        design_effect=_mean(unchanged.largest) / _mean(unchanged.v_poisson),
        n_placebo_starts=starts,
        method=method,
        power=tuple((100 * float(fall), float(share)) for fall, share in zip(FALLS, power, strict=True)),
    )


class _Pilots:
    """Made-up pilots of one design: the same chance for every planted fall, so that power rises smoothly."""

    def __init__(self, treated: Floats, controls: Floats, ratio: float, variance: float, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.before = treated
        self.units = (len(treated), len(controls))
        self.after = _later(treated, ratio, variance, rng)
        self.thinning = int(rng.integers(2**31))
        self.controls = _group_sums(controls, _later(controls, ratio, variance, rng))

    def outcome(self, fall: float) -> LogEffect:
        """Return the log effect and its variances in every pilot, the treated places thinned by `fall`."""
        left = np.random.default_rng(self.thinning).binomial(self.after.astype(np.int64), 1 - fall).astype(float)
        return log_effect(_group_sums(self.before, left), self.controls, units=self.units)

    def power(self, level: float) -> Floats:
        """Return the share of pilots that find each of `FALLS`."""
        return np.array([_share_found(self.outcome(fall), level) for fall in FALLS])


def _later(before: Floats, ratio: float, variance: float, rng: np.random.Generator) -> Floats:
    """Return later counts of every pilot and place, shape (pilots, places)."""
    shape = (_PILOTS, len(before))
    factor = rng.gamma(1 / variance, variance, shape) if variance > 0 else np.ones(shape)
    return rng.poisson(before * ratio * factor).astype(float)


def _group_sums(before: Floats, after: Floats) -> Floats:
    """Return the column sums of `unit_moments` for every pilot, shape (pilots, 7)."""
    flat = unit_moments(np.broadcast_to(before, after.shape).ravel(), after.ravel())
    return np.asarray(flat.reshape(*after.shape, -1).sum(axis=1))


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else math.inf


def _share_found(found: LogEffect, level: float) -> float:
    """Return the share of pilots whose whole interval lies below no change; one without an interval finds nothing."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return float((found.log_effect + stdtrit(found.df, level) * found.standard_error < 0).mean())


def smallest_found(power: Floats) -> float:
    """Return the fall at which power first passes 80 %, linear between the falls planted; 1 where it never does.

    Power is smoothed into a rising curve first: near a total fall it drops again, for no interval is left.
    """
    rising = np.maximum.accumulate(power)
    if rising[-1] < POWER:
        return 1.0
    first = int(np.argmax(rising >= POWER))
    if first == 0:
        return float(FALLS[0])
    step = (POWER - rising[first - 1]) / (rising[first] - rising[first - 1])
    return float(FALLS[first - 1] + step * (FALLS[first] - FALLS[first - 1]))


def _measured_variance(places: Floats, months_after: int) -> tuple[float, int] | None:
    """Return the between-place variance at pretended starts, pooled, and how many starts there were."""
    n_months = places.shape[1]
    if n_months < MIN_HISTORY_MONTHS:
        return None
    length = min(months_after, n_months // 2)
    starts = np.unique(np.linspace(max(length, MIN_HISTORY_MONTHS // 2), n_months - length, _MAX_STARTS).astype(int))
    excess = spread = 0.0
    for start in starts:
        more, per = _excess(places[:, :start].sum(axis=1), places[:, start : start + length].sum(axis=1))
        excess, spread = excess + more, spread + per
    return (max(0.0, excess / spread), len(starts)) if spread > 0 else None


def _upper_limit(places: Floats, months_after: int, variance: float) -> float:
    """Return the upper limit of a measured between-place variance, on the degrees of freedom its places amount to.

    Each squared residual has the variance 2 (v + v^2 tau2)^2, so that their sum varies as a multiple of chi squared on
    (sum of v + v^2 tau2)^2 / sum of its squares degrees of freedom (Satterthwaite): far fewer than there are places.
    """
    if variance <= 0:
        return 0.0
    v = _split_variance(places, months_after)
    squares = v + v**2 * variance
    df = squares.sum() ** 2 / (squares**2).sum()
    return float(variance * df / chdtri(df, UPPER_LIMIT))


def _excess(before: Floats, after: Floats) -> tuple[float, float]:
    """Return sum[r^2 - v (1 - n/N)] and sum v^2, whose ratio estimates the between-place variance."""
    n = before + after
    total = n.sum()
    if total <= 0:
        return 0.0, 0.0
    q = after.sum() / total
    v, residual = n * q * (1 - q), after - n * q
    return float((residual**2 - v * (1 - n / total)).sum()), float((v**2).sum())


def _assumed_variance(places: Floats, months_after: int) -> float:
    """Return the between-place variance that makes squared residuals four times their Poisson value."""
    v = _split_variance(places, months_after)
    return float((FALLBACK_DESIGN_EFFECT - 1) * v.sum() / (v**2).sum())


def _split_variance(places: Floats, months_after: int) -> Floats:
    """Return each place's binomial variance of a split of its reports into before and after, at its rate so far."""
    ratio = months_after / places.shape[1]
    q = ratio / (1 + ratio)
    return np.asarray(places.sum(axis=1) * (1 + ratio) * max(q * (1 - q), _SMALLEST_Q))


def poisson_detectable_fall(treated_before: float, controls_before: float, *, ratio: float) -> float:
    """Return the textbook detectable fall in percent (R6.8): a lower bound, for real hotspots vary more than Poisson.

    Parameters
    ----------
    treated_before, controls_before : float
        Reports of each group before the start.
    ratio : float
        Months after over months before.
    """
    variance = (1 / treated_before + 1 / controls_before) * (1 + 1 / ratio)
    return -100 * math.expm1(-(ndtri(0.975) + ndtri(POWER)) * math.sqrt(variance))
