"""What the sample plants can be found: the ten hotspots by a plain count, the pilot's effect over many seeds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import cKDTree

from geodata.sample import make_city
from geodata.sample.outline import locality_points
from geodata.sample.places import LOCALITIES, PILOT_EFFECT

CENTRES = locality_points()
RADIUS_M = np.array([place.radius_m for place in LOCALITIES])
IS_TREATED = np.array([place.is_treated for place in LOCALITIES])
PATCH_M = 150.0
HALF_LIFE_MONTHS = 5
N_SEEDS_FAST, N_SEEDS_SLOW = 6, 40


@pytest.fixture(scope="module")
def counted():
    """Located ASB of one seed, made once a seed: metres, month number, by the public or not, planted repeat or not."""
    made: dict[int, pd.DataFrame] = {}

    def asb(seed: int) -> pd.DataFrame:
        if seed not in made:
            city = make_city(seed)
            rows = city.incidents.drop_duplicates("incident_ref")
            is_usable = (rows["category"] == "Anti-social behaviour") & rows["easting"].notna()
            used = rows[is_usable & (rows["address"] != city.truth["default_location"]["address"])]
            since = used["occurred_from"].dt
            repeats = [place["uprn"] for place in city.truth["repeat_addresses"]]
            made[seed] = pd.DataFrame(
                {
                    "x": used["easting"].astype(float),
                    "y": used["northing"].astype(float),
                    "month": (since.year - 2021) * 12 + since.month - 8,
                    "is_public": used["officer_initiated"] == "N",
                    "is_repeat": used["uprn"].isin(repeats),
                }
            )
        return made[seed]

    return asb


def _best_patches(asb: pd.DataFrame, weights: np.ndarray, n: int) -> np.ndarray:
    """Return the `n` heaviest 150 m discs around reported points, 400 m apart, heaviest first."""
    points, codes = np.unique(asb[["x", "y"]].to_numpy(), axis=0, return_inverse=True)
    mass = np.bincount(codes.ravel(), weights=weights)
    tree = cKDTree(points)
    score = np.array([mass[near].sum() for near in tree.query_ball_point(points, PATCH_M)])
    chosen: list[np.ndarray] = []
    for row in np.argsort(-score, kind="stable"):
        if all(np.hypot(*(points[row] - other)) >= 400 for other in chosen):
            chosen.append(points[row])
        if len(chosen) == n:
            break
    return np.array(chosen)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("decayed", [False, True])
def test_the_planted_hotspots_are_the_ten_heaviest_patches(counted, seed, decayed):
    asb = counted(seed)
    age = 35 - asb["month"].to_numpy()
    weights = 0.5 ** (age / HALF_LIFE_MONTHS) if decayed else np.ones(len(asb))
    away, nearest = cKDTree(CENTRES).query(_best_patches(asb, weights, 10))
    assert sorted(nearest) == list(range(10))
    assert away.max() < PATCH_M


@pytest.mark.parametrize("seed", range(4))
def test_at_least_forty_untreated_places_have_a_report_a_month(counted, seed):
    asb = counted(seed)
    before = asb[(asb["month"] < 24) & asb["is_public"]]
    patches = _best_patches(before, np.ones(len(before)), 60)
    is_free = cKDTree(CENTRES[IS_TREATED]).query(patches)[0] > 500
    near = cKDTree(before[["x", "y"]].to_numpy()).query_ball_point(patches[is_free], PATCH_M, return_length=True)
    assert (near >= 24).sum() >= 40


def _log_effect(asb: pd.DataFrame) -> float:
    """log(T1/T0) - log(C1/C0) on public reports: planted discs against the city beyond every planted ring.

    The planted repeat addresses stay out: by design they are busy in the last six months only.
    """
    public = asb[asb["is_public"] & ~asb["is_repeat"]]
    away, nearest = cKDTree(CENTRES).query(public[["x", "y"]].to_numpy())
    treated = (away <= RADIUS_M[nearest]) & IS_TREATED[nearest]
    after = public["month"].to_numpy() >= 24
    (t1, t0), (c1, c0) = ((after[group].sum(), (~after[group]).sum()) for group in (treated, away > 500))
    return float(np.log(t1 / t0) - np.log(c1 / c0))


def _assert_effect_is_planted(estimates: list[float]) -> None:
    error = max(np.std(estimates, ddof=1), 0.05) / np.sqrt(len(estimates))
    assert abs(np.mean(estimates) - np.log(1 + PILOT_EFFECT)) < 3 * error


def test_the_planted_effect_is_what_comparison_with_the_rest_of_the_city_estimates(counted):
    _assert_effect_is_planted([_log_effect(counted(seed)) for seed in range(N_SEEDS_FAST)])


@pytest.mark.slow
def test_the_planted_effect_is_estimated_without_bias_over_many_seeds(counted):
    estimates = [_log_effect(counted(seed)) for seed in range(N_SEEDS_SLOW)]
    _assert_effect_is_planted(estimates)
    assert 0.04 < np.std(estimates) < 0.11  # findable, but not beyond honest doubt


def _ring_share(asb: pd.DataFrame) -> tuple[int, int]:
    away, nearest = cKDTree(CENTRES).query(asb[["x", "y"]].to_numpy())
    ring = (away > 150) & (away <= 350) & IS_TREATED[nearest]
    after = asb["month"].to_numpy() >= 24
    return int((ring & after).sum()), int((ring & ~after).sum())


def test_displaced_reports_raise_the_rings_of_treated_places(counted):
    after, before = np.sum([_ring_share(counted(seed)) for seed in range(N_SEEDS_FAST)], axis=0)
    assert after > 1.15 * before / 2


def test_officer_generated_reports_are_few_before_and_rise_where_patrols_go(counted):
    asb = pd.concat([counted(seed) for seed in range(N_SEEDS_FAST)])
    away, nearest = cKDTree(CENTRES).query(asb[["x", "y"]].to_numpy())
    treated = (away <= RADIUS_M[nearest]) & IS_TREATED[nearest]
    after = asb["month"].to_numpy() >= 24
    share = 1 - asb["is_public"].to_numpy()
    assert share[~after].mean() == pytest.approx(0.08, abs=0.01)
    assert share[~treated & after].mean() == pytest.approx(0.08, abs=0.01)
    assert share[treated & after].mean() > share[treated & ~after].mean() + 0.10
