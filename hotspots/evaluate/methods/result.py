"""One result for every method: the estimate, its interval, what it assumes, and how often it is fooled."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
from scipy import stats

from hotspots.evaluate.estimators import Effect

REAL_COUNTS = "thousands of fake pilots on real ASB counts where nothing happened (design/evaluation.md)"
FAKE_PILOTS = "526 fake pilots on real ASB counts of Luton and Bedford where nothing happened (shared checks)"
TWO_CITIES = "443 fake pilots on real ASB counts of Luton and Bedford where nothing happened (shared checks)"
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class About:
    """What a method is, whatever the data.

    Attributes
    ----------
    name : str
        Key in `METHODS`.
    label : str
        What a person reads.
    equation : str
        The estimate in one line.
    reference : str
        Source, with its DOI.
    assumptions : tuple of str
        What must be true for the estimate to mean what it says.
    interval_method : str
        Where the interval comes from; "" if there is none.
    false_positives_pct : float or None
        Share of pilots without any effect in which the method claims one; None where that was not measured.
    measured : str
        Where it was measured.
    """

    name: str
    label: str
    equation: str
    reference: str
    assumptions: tuple[str, ...]
    interval_method: str = ""
    false_positives_pct: float | None = None
    measured: str = ""


@dataclass(frozen=True, eq=False)
class MethodResult:
    """What one method says about one panel.

    Attributes
    ----------
    estimate_pct, low_pct, high_pct : float or None
        Percent change caused and its 95 % interval; None where the method gives none.
    prevented, prevented_low, prevented_high : float or None
        Reports prevented over the after months (negative: extra reports), same interval.
    p_value : float or None
        Two-sided, of no effect.
    sentence : str
        The result in plain words, or the refusal.
    table : DataFrame or None
        What the method shows beside its number (event study, weights ...).
    refusal : str or None
        Why no number is given, and what would be needed.
    """

    about: About
    estimate_pct: float | None = None
    low_pct: float | None = None
    high_pct: float | None = None
    prevented: float | None = None
    prevented_low: float | None = None
    prevented_high: float | None = None
    p_value: float | None = None
    sentence: str = ""
    table: pd.DataFrame | None = None
    refusal: str | None = None

    @property
    def name(self) -> str:
        """Key in `METHODS`."""
        return self.about.name

    @property
    def label(self) -> str:
        """What a person reads."""
        return self.about.label

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What must be true for the estimate to mean what it says."""
        return self.about.assumptions

    @property
    def interval_method(self) -> str:
        """Where the interval comes from."""
        return self.about.interval_method

    @property
    def false_positive_rate(self) -> float | None:
        """Percent of no-effect pilots in which this method claims an effect."""
        return self.about.false_positives_pct

    @property
    def claims_effect(self) -> bool:
        """Whether the interval leaves out no change."""
        if self.low_pct is None or self.high_pct is None:
            return False
        return self.low_pct > 0 or self.high_pct < 0


def refused(about: About, reason: str, *, table: pd.DataFrame | None = None) -> MethodResult:
    """Return a result without a number, and the reason in one sentence."""
    return MethodResult(about, sentence=reason, refusal=reason, table=table)


def from_log(
    about: About,
    log_effect: float,
    log_low: float | None,
    log_high: float | None,
    *,
    treated_after: float,
    p_value: float | None = None,
    table: pd.DataFrame | None = None,
    note: str = "",
) -> MethodResult:
    """Return a result from a log rate ratio and its interval.

    Prevented reports are T1 (exp(-d) - 1): what the treated places would have had without the pilot, less what they
    had. Infinite bounds are allowed: the data then set none on that side.
    """
    low, high = (None if bound is None else percent(bound) for bound in (log_low, log_high))
    estimate = percent(log_effect)
    return MethodResult(
        about,
        estimate_pct=estimate,
        low_pct=low,
        high_pct=high,
        prevented=_prevented(treated_after, log_effect),
        prevented_low=None if log_high is None else _prevented(treated_after, log_high),
        prevented_high=None if log_low is None else _prevented(treated_after, log_low),
        p_value=p_value,
        sentence=describe(estimate, low, high, p_value, note),
        table=table,
    )


def from_counts(
    about: About,
    change: float,
    low: float | None,
    high: float | None,
    *,
    treated_after: float,
    p_value: float | None = None,
    table: pd.DataFrame | None = None,
    note: str = "",
) -> MethodResult:
    """Return a result from a change in reports (negative: fewer) over the after months.

    Percentages are of the reports expected without the pilot, T1 - change.
    """
    expected = treated_after - change
    if expected <= 0:
        return refused(about, f"{about.label}: {expected:.0f} reports expected without the pilot is no base for a "
                              "percentage; compare more months or more places.")  # fmt: skip
    pct = 100 * change / expected
    low_pct, high_pct = (None if bound is None else 100 * bound / expected for bound in (low, high))
    return MethodResult(
        about,
        estimate_pct=pct,
        low_pct=low_pct,
        high_pct=high_pct,
        prevented=-change,
        prevented_low=None if high is None else -high,
        prevented_high=None if low is None else -low,
        p_value=p_value,
        sentence=describe(pct, low_pct, high_pct, p_value, note),
        table=table,
    )


def log_interval(
    about: About,
    log_effect: float,
    error: float,
    *,
    treated_after: float,
    df: float | None = None,
    table: pd.DataFrame | None = None,
    note: str = "",
) -> MethodResult:
    """Return a result from a log rate ratio and its standard error: a t interval with `df`, else a normal one."""
    reach = quantile(df) * error
    return from_log(about, log_effect, log_effect - reach, log_effect + reach, treated_after=treated_after,
                    p_value=two_sided(log_effect, error, df), table=table, note=note)  # fmt: skip


def count_interval(
    about: About, change: float, error: float, *, treated_after: float, df: float | None = None
) -> MethodResult:
    """Return a result from a change in reports and its standard error: a t interval with `df`, else a normal one."""
    reach = quantile(df) * error
    return from_counts(about, change, change - reach, change + reach, treated_after=treated_after,
                       p_value=two_sided(change, error, df))  # fmt: skip


def quantile(df: float | None) -> float:
    """Return how many standard errors the interval reaches: of t with `df`, of the normal law where there are none."""
    return float(stats.norm.ppf(0.5 + CONFIDENCE / 2) if df is None else stats.t.ppf(0.5 + CONFIDENCE / 2, df))


def two_sided(estimate: float, error: float, df: float | None) -> float | None:
    """Return the two-sided p-value of an estimate; None without an error."""
    if error <= 0:
        return None
    z = abs(estimate) / error
    return float(2 * (stats.norm.sf(z) if df is None else stats.t.sf(z, df)))


def from_effect(about: About, effect: Effect, *, table: pd.DataFrame | None = None, note: str = "") -> MethodResult:
    """Return a result from the default estimate."""
    d, reach = effect.log_effect, math.log1p(effect.high_pct / 100) - effect.log_effect
    return from_log(about, d, d - reach, d + reach, treated_after=effect.treated_after, p_value=effect.p_value,
                    table=table, note=note)  # fmt: skip


def describe(estimate: float, low: float | None, high: float | None, p_value: float | None, note: str = "") -> str:
    """Return the interval first, then the best single figure, then the p-value."""
    if low is None or high is None:
        said = f"Best single figure {_signed(estimate)}, without an interval"
    else:
        said = f"95% interval {_signed(low)} to {_signed(high)}, best single figure {_signed(estimate)}"
    chance = "" if p_value is None else f" (p = {p_value:.3f})"
    return f"{said}{chance}.{' ' + note if note else ''}"


def percent(log_ratio: float) -> float:
    """Return a log rate ratio as a percentage change."""
    return 100 * math.expm1(log_ratio) if log_ratio < 700 else math.inf


def _prevented(treated_after: float, log_ratio: float) -> float:
    return treated_after * math.expm1(-log_ratio) if log_ratio > -700 else math.inf


def _signed(pct: float) -> str:
    return f"{pct:+.0f}%" if math.isfinite(pct) else "no bound"
