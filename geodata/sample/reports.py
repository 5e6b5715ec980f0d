"""What is reported: a Poisson draw for every group and month, with the pilot's planted effect, then times."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.sample.clock import Profile, draw_times, season
from geodata.sample.intensity import Group
from geodata.sample.labels import ASB_TEXT, OTHER_CATEGORIES
from geodata.sample.places import (
    DISPLACED_SHARE,
    N_MONTHS,
    OFFICER_FACTOR_AFTER,
    OFFICER_SHARE,
    OTHER_PER_MONTH,
    PILOT_EFFECT,
    PILOT_FIRST_MONTH,
)

_DRIFT_SD = 0.08  # monthly log-rate of a place, correlated from month to month: places vary more than Poisson
_DRIFT_MEMORY = 0.8
_CITY_SHOCK_SD = 0.04
_REPEAT_MONTHS = 6
_OTHER_BY_KIND = {"planted": 0.14, "lesser": 0.14, "rest": 0.72}
_PROFILES: dict[str, Profile] = {"officer": "patrol", "other": "crime"}


def make_reports(groups: list[Group], repeats: NDArray[np.int64], rng: np.random.Generator) -> pd.DataFrame:
    """Return one row a report, before anything is recorded wrongly.

    Returns
    -------
    DataFrame
        ``month`` (0-35), ``address`` (row of the addresses), ``group``, ``stream`` ("public", "officer", "displaced",
        "repeat" or "other"), ``category`` (text) and ``time`` (local, ``datetime64[s]``).
    """
    asb = _asb_rates(groups, rng)
    parts = []
    for number, (group, rate) in enumerate(zip(groups, asb, strict=True)):
        public, officer, displaced = _streams(group, rate)
        parts += [
            _draw(number, "public", public, group.members, group.weights, rng=rng),
            _draw(number, "officer", officer, group.members, group.weights, rng=rng),
            _draw(number, "displaced", displaced, group.ring, None, rng=rng),
        ]
    parts += [
        _draw(number, "other", rate, groups[number].members, None, rng=rng) for number, rate in _other_rates(groups)
    ]
    parts.append(_repeat_reports(repeats, len(groups) - 1, rng))
    reports = pd.concat(parts, ignore_index=True)
    reports["category"] = ASB_TEXT
    is_other = (reports["stream"] == "other").to_numpy()
    names, shares = zip(*OTHER_CATEGORIES.items(), strict=True)
    reports.loc[is_other, "category"] = rng.choice(names, size=int(is_other.sum()), p=shares)
    reports["time"] = _times(reports, groups, rng)
    return reports


def _asb_rates(groups: list[Group], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return expected reports by the public without a pilot, shape (groups, months).

    The season and the city's shocks are shared by all; each planted and lesser place also drifts by itself.
    """
    shock = np.exp(rng.normal(0, _CITY_SHOCK_SD, N_MONTHS))
    drift = np.zeros((len(groups), N_MONTHS))
    step = rng.normal(0, _DRIFT_SD, drift.shape)
    drift[:, 0] = step[:, 0]
    for month in range(1, N_MONTHS):
        drift[:, month] = _DRIFT_MEMORY * drift[:, month - 1] + np.sqrt(1 - _DRIFT_MEMORY**2) * step[:, month]
    drift[-1] = 0  # the rest of the city is many places: their drifts cancel
    yearly = np.array([group.rate for group in groups])[:, None]
    return np.asarray(yearly / 12 * season() * shock * np.exp(drift - _DRIFT_SD**2 / 2))


def _streams(group: Group, rate: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return expected reports by the public, by officers, and displaced, each shape (months,)."""
    is_pilot = (np.arange(N_MONTHS) >= PILOT_FIRST_MONTH) & group.is_treated
    public = rate * np.where(is_pilot, 1 + PILOT_EFFECT, 1.0)
    officer = rate * OFFICER_SHARE / (1 - OFFICER_SHARE) * np.where(is_pilot, OFFICER_FACTOR_AFTER, 1.0)
    return public, officer, (rate - public) * DISPLACED_SHARE


def _other_rates(groups: list[Group]) -> list[tuple[int, NDArray[np.float64]]]:
    size = np.array([group.rate for group in groups])
    kinds = np.array([group.kind for group in groups])
    rates = []
    for number, group in enumerate(groups):
        share = _OTHER_BY_KIND[group.kind] * size[number] / size[kinds == group.kind].sum()
        rates.append((number, np.full(N_MONTHS, OTHER_PER_MONTH * share)))
    return rates


def _draw(
    group: int,
    stream: str,
    rate: NDArray[np.float64],
    members: NDArray[np.int64],
    weights: NDArray[np.float64] | None,
    *,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return Poisson many reports a month, each at a member address."""
    months = np.repeat(np.arange(N_MONTHS), rng.poisson(rate) if rate.any() else 0)
    at = rng.choice(members, size=len(months), p=weights) if len(months) else np.empty(0, dtype=np.int64)
    return pd.DataFrame({"month": months, "address": at, "group": group, "stream": stream})


def _repeat_reports(repeats: NDArray[np.int64], group: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return 4 to 9 reports in the last six months at each repeat address, and a few before."""
    recent, earlier = rng.integers(4, 10, len(repeats)), rng.integers(0, 4, len(repeats))
    months = np.concatenate(
        [
            rng.integers(N_MONTHS - _REPEAT_MONTHS, N_MONTHS, int(recent.sum())),
            rng.integers(0, N_MONTHS - _REPEAT_MONTHS, int(earlier.sum())),
        ]
    )
    at = np.concatenate([np.repeat(repeats, recent), np.repeat(repeats, earlier)])
    return pd.DataFrame({"month": months, "address": at, "group": group, "stream": "repeat"})


def _times(reports: pd.DataFrame, groups: list[Group], rng: np.random.Generator) -> NDArray[np.datetime64]:
    is_planted = reports["group"].map(lambda number: groups[number].kind == "planted").to_numpy(dtype=bool)
    plain = np.where(is_planted, "hotspot", "elsewhere")
    own = reports["stream"].map(_PROFILES)
    profile = np.where(own.isna(), plain, own)
    months = reports["month"].to_numpy(dtype=np.int64)
    times = np.empty(len(reports), dtype="datetime64[s]")
    for name in ("hotspot", "elsewhere", "patrol", "crime"):
        chosen = profile == name
        times[chosen] = draw_times(months[chosen], name, rng)
    return times
