"""Where reports come from: planted hotspots, lesser places with a smooth heavy tail, and the rest of the city."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geodata.sample.outline import locality_points
from geodata.sample.places import ASB_PER_MONTH, LOCALITIES, OFFICER_SHARE, RING_M

# Fifty places well above the rest, so that next-best comparison places are mostly these and not lucky streets: with a
# smoother tail regression to the mean among them hides part of the pilot's effect, as it would in a real city (R6.4).
_N_LESSER = 50
_LESSER_RADIUS_M = 80.0
_LESSER_RATE = (18.0, 28.0)  # reports by the public a year: smallest and largest expected
_LESSER_TAIL = 1.6  # exponent of the (truncated) Pareto tail
_LESSER_FROM_PLANTED_M = 680.0
_LESSER_APART_M = 560.0
_LESSER_MIN_ADDRESSES = 8
_N_REPEAT = 12
_REPEAT_FROM_PLANTED_M = 600.0
_REPEAT_FROM_LESSER_M = 360.0

Index = NDArray[np.int64]


@dataclass(frozen=True)
class Group:
    """Addresses that share one rate of reports.

    ``rate`` is reports of ASB by the public a year without a pilot; ``weights`` sum to 1.
    """

    name: str
    kind: str  # "planted", "lesser" or "rest"
    rate: float
    is_treated: bool
    members: Index
    weights: NDArray[np.float64]
    ring: Index  # addresses that take displaced reports; empty unless treated


def make_groups(addresses: pd.DataFrame, station: int, rng: np.random.Generator) -> list[Group]:
    """Return planted hotspots, then lesser places, then the rest of the city (last).

    Parameters
    ----------
    addresses : DataFrame
        See `geodata.sample.addresses.make_addresses`.
    station : int
        Row of the police station; no lesser place lies near it.
    """
    points = addresses[["easting", "northing"]].to_numpy(float)
    tree = cKDTree(points)
    planted = [_planted(i, points, tree, rng) for i in range(len(LOCALITIES))]
    lesser = _lesser(points, tree, points[station], rng)
    taken = np.concatenate([group.members for group in planted])
    rest = np.setdiff1d(np.arange(len(points)), [*taken, station])
    weights = _background(addresses["street"].to_numpy()[rest], rng)
    rate = 12 * ASB_PER_MONTH * (1 - OFFICER_SHARE) - sum(group.rate for group in planted + lesser)
    nowhere = np.empty(0, dtype=np.int64)
    return [*planted, *lesser, Group("", "rest", rate, is_treated=False, members=rest, weights=weights, ring=nowhere)]


def repeat_places(addresses: pd.DataFrame, groups: list[Group], rng: np.random.Generator) -> Index:
    """Return dwellings far from every planted hotspot and lesser place, so that no comparison contains them."""
    points = addresses[["easting", "northing"]].to_numpy(float)
    busy = np.concatenate([group.members for group in groups if group.kind == "lesser"])
    from_lesser = cKDTree(points[busy]).query(points)[0]
    from_planted = cKDTree(locality_points()).query(points)[0]
    is_apart = (from_lesser > _REPEAT_FROM_LESSER_M - _LESSER_RADIUS_M) & (from_planted > _REPEAT_FROM_PLANTED_M)
    usable = np.flatnonzero(is_apart & addresses["is_dwelling"].to_numpy())
    return np.sort(rng.choice(usable, _N_REPEAT, replace=False))


def _planted(i: int, points: NDArray[np.float64], tree: cKDTree, rng: np.random.Generator) -> Group:
    place, centre = LOCALITIES[i], locality_points()[i]
    members = np.sort(np.array(tree.query_ball_point(centre, place.radius_m - 1), dtype=np.int64))
    distance = np.hypot(*(points[members] - centre).T)
    weights = rng.gamma(0.8, size=len(members)) * np.exp(-0.5 * (distance / (0.6 * place.radius_m)) ** 2)
    ring = np.empty(0, dtype=np.int64)
    if place.is_treated:
        ring = np.setdiff1d(tree.query_ball_point(centre, RING_M[1]), tree.query_ball_point(centre, RING_M[0]))
    return Group(
        place.name, "planted", place.reports_per_year, place.is_treated, members, weights / weights.sum(), ring
    )


def _lesser(
    points: NDArray[np.float64], tree: cKDTree, station: NDArray[np.float64], rng: np.random.Generator
) -> list[Group]:
    """Return places well apart with expected counts from a truncated Pareto tail."""
    centres = np.empty((0, 2))
    planted = np.vstack([locality_points(), station])
    for candidate in points[rng.permutation(len(points))]:
        if len(centres) == _N_LESSER:
            break
        is_apart = np.hypot(*(centres - candidate).T).min(initial=np.inf) > _LESSER_APART_M
        is_far = np.hypot(*(planted - candidate).T).min() > _LESSER_FROM_PLANTED_M
        if is_apart and is_far and len(tree.query_ball_point(candidate, _LESSER_RADIUS_M)) >= _LESSER_MIN_ADDRESSES:
            centres = np.vstack([centres, candidate])
    low, high = (rate**-_LESSER_TAIL for rate in _LESSER_RATE)
    rates = (low - rng.random(len(centres)) * (low - high)) ** (-1 / _LESSER_TAIL)
    groups = []
    for centre, rate in zip(centres, rates, strict=True):
        members = np.sort(np.array(tree.query_ball_point(centre, _LESSER_RADIUS_M), dtype=np.int64))
        weights = rng.gamma(0.8, size=len(members))
        nowhere = np.empty(0, dtype=np.int64)
        groups.append(Group("", "lesser", float(rate), False, members, weights / weights.sum(), nowhere))
    return groups


def _background(street: Index, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return address weights: gamma streets times gamma addresses, so that counts are negative binomial at both."""
    of_street = rng.gamma(1.5, size=int(street.max()) + 1)
    weights = of_street[street] * rng.gamma(0.3, size=len(street))
    return np.asarray(weights / weights.sum())
