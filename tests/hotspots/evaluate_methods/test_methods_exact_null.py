"""Where nothing was done each lot claims an effect as rarely as it says, and a planted fall is covered as often."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest

from hotspots.evaluate import lot_of, randomise
from hotspots.evaluate.methods import make_panel
from hotspots.evaluate.methods.did import permutation, permutation_p_value
from hotspots.evaluate.methods.rotation import rotation, rotation_effect
from hotspots.evaluate.methods.staggered import staggered

from .conftest import hotspot_counts

MONTHS = pd.date_range("2021-01", periods=36, freq="MS")
START, N_BEFORE = "2023-01", 24
NAMES = [f"Street {number}" for number in range(1, 43)]
LOTS = 50  # drawn once each; every history gets one of them
LISTED = pd.DataFrame({"rank": range(1, 43), "name": NAMES}, index=[f"H{n:02d}" for n in range(1, 43)])


def history(seed, n=42):
    """Return reports of a ranked list where nothing was done; places wander, which no method is told."""
    counts = hotspot_counts(np.random.default_rng(seed), n, len(MONTHS), mean=8.0)
    return counts[np.argsort(-counts[:, :N_BEFORE].sum(axis=1), kind="stable")]


@cache
def drawn(kind, seed, treated):
    return lot_of(randomise(LISTED, kind, start=START, months=12, random_state=seed, treated=treated))


def pilot(kind, seed, *, fall=0.0, **more):
    """Return the panel of a lot drawn for one history, as the judge would make it."""
    counts = history(seed)
    lot = drawn(kind, seed % LOTS, **more)
    turns = lot.turns(NAMES, MONTHS)
    counts = np.random.default_rng([7, seed]).binomial(counts.astype(int), np.where(turns, 1 - fall, 1.0)).astype(float)
    treated = [NAMES.index(name) for name in lot.treated]
    others = [row for row in range(len(NAMES)) if row not in treated]
    known = {"assignment": turns[treated]} if kind == "rotation" else {
        "pool": tuple(others.index(NAMES.index(name)) for name in lot.controls),
        "pairs": tuple((treated.index(NAMES.index(a)), others.index(NAMES.index(b))) for a, b in lot.pairs) or None,
    }  # fmt: skip
    return make_panel(counts[treated], counts[others], MONTHS, START, **known)


def share(flags):
    return 100 * float(np.mean(list(flags)))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "treated"), [("top", 8), ("pairs", 12)])
def test_a_lot_of_places_claims_an_effect_in_three_to_seven_percent_of_null_pilots(kind, treated):
    panels = (pilot(kind, seed, treated=treated) for seed in range(600))
    found = [permutation_p_value(panel, random_state=seed, draws=99) for seed, panel in enumerate(panels)]
    assert 3 <= share(p <= 0.05 for p in found) <= 7


@pytest.mark.slow
def test_a_rotation_claims_an_effect_in_three_to_seven_percent_of_null_pilots():
    found = []
    for seed in range(500):
        panel = pilot("rotation", seed, treated=10)
        after = list(panel.after)
        found.append(rotation_effect(panel.treated[:, after], panel.assignment[:, after], draws=99, random_state=seed))
    assert 3 <= share(one.p_value <= 0.05 for one in found) <= 7


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "treated"), [("top", 8), ("pairs", 12), ("rotation", 12)])
def test_intervals_of_a_lot_cover_a_planted_fall_as_often_as_they_say(kind, treated):
    method = rotation if kind == "rotation" else permutation
    found = [method(pilot(kind, s, fall=0.3, treated=treated), random_state=s, draws=199) for s in range(60)]
    covered = share(one.low_pct <= -30 <= one.high_pct for one in found)
    assert covered >= 95 - 100 * 2.6 * math.sqrt(0.05 * 0.95 / 60)
    assert np.median([one.estimate_pct for one in found]) == pytest.approx(-30, abs=3)


def late_starts(seed, *, fall=0.0, k=12):
    counts, starts = history(seed), np.tile([24, 24, 27], k // 3)
    rng = np.random.default_rng([9, seed])
    order = rng.permutation(len(counts))
    on = np.arange(len(MONTHS)) >= starts[:, None]
    treated = rng.binomial(counts[order[:k]].astype(int), np.where(on, 1 - fall, 1.0)).astype(float)
    return make_panel(treated, counts[order[k:]], MONTHS, START, starts=tuple(int(one) for one in starts))


def test_staggered_starts_claim_an_effect_in_three_to_seven_percent_of_null_pilots():
    found = [staggered(late_starts(seed)) for seed in range(500)]
    assert 3 <= share(one.claims_effect for one in found) <= 7


def test_intervals_of_staggered_starts_cover_a_planted_fall_as_often_as_they_say():
    found = [staggered(late_starts(seed, fall=0.3)) for seed in range(200)]
    assert 92 <= share(one.low_pct <= -30 <= one.high_pct for one in found) <= 99
