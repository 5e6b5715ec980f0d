"""Exact siting: published optima, brute force, and the laws of covering."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import sparse

from geodata.errors import DesignError
from hotspots.cameras import location_set_cover, maximal_cover

PUBLISHED_OPTIMA = [448255, 671938, 791499, 875247, 927402, 941462, 950428, 955113]


@st.composite
def instances(draw):
    """Cover matrix, whole weights, p and what is covered already, small enough for brute force."""
    sites, demand = draw(st.integers(1, 7)), draw(st.integers(1, 12))
    covers = draw(hnp.arrays(bool, (sites, demand)))
    weights = draw(hnp.arrays(np.int64, demand, elements=st.integers(0, 9))).astype(float)
    existing = draw(st.none() | hnp.arrays(bool, demand))
    return covers, weights, draw(st.integers(0, sites)), existing


def best_by_brute_force(covers, weights, p, existing):
    left = weights if existing is None else np.where(existing, 0, weights)
    return max(left[covers[list(chosen)].any(axis=0)].sum() for chosen in combinations(range(len(covers)), p))


@pytest.fixture(scope="module")
def san_francisco(shared):
    folder = shared / "reference" / "spopt"
    table = pd.read_csv(
        folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv", dtype={"DestinationName": str}
    )
    distance = table.pivot_table(index="name", columns="DestinationName", values="distance")
    weights = table.groupby("DestinationName")["demand"].first().reindex(distance.columns)
    return distance <= 5000, weights.to_numpy(dtype=float)


@pytest.mark.parametrize(("p", "optimum"), list(enumerate(PUBLISHED_OPTIMA, start=1)))
def test_the_published_maximal_cover_optima_are_reached(san_francisco, p, optimum):
    covers, weights = san_francisco
    siting = maximal_cover(covers.to_numpy(), weights, p)
    assert siting.covered == optimum
    assert siting.is_proven


def test_four_stores_are_the_case_greedy_misses(san_francisco):
    covers, weights = san_francisco
    siting = maximal_cover(covers.to_numpy(), weights, 4)
    assert sorted(covers.index[list(siting.chosen)]) == ["Store_11", "Store_12", "Store_15", "Store_2"]
    assert (siting.covered, siting.greedy_covered) == (875247, 872611)
    assert siting.greedy_gap == pytest.approx(1 - 872611 / 875247)
    assert (~covers.to_numpy()[list(siting.chosen)].any(axis=0)).sum() == 21


def test_eight_stores_are_the_published_set_cover(san_francisco):
    covers, _ = san_francisco
    chosen = location_set_cover(covers.to_numpy())
    assert len(chosen) == 8
    assert covers.to_numpy()[list(chosen)].any(axis=0).all()


@given(instances())
@settings(max_examples=150, deadline=None)
def test_no_other_choice_covers_more(instance):
    covers, weights, p, existing = instance
    siting = maximal_cover(covers, weights, p, existing=existing)
    assert siting.covered == best_by_brute_force(covers, weights, p, existing)
    assert siting.greedy_covered <= siting.covered


@given(instances())
@settings(max_examples=100, deadline=None)
def test_marginal_gains_fall_and_add_up_to_what_is_covered(instance):
    covers, weights, p, existing = instance
    siting = maximal_cover(covers, weights, p, existing=existing)
    assert list(siting.marginal) == sorted(siting.marginal, reverse=True)
    assert all(gain > 0 for gain in siting.marginal)
    seen = covers[list(siting.chosen)].any(axis=0)
    left = weights if existing is None else np.where(existing, 0, weights)
    assert sum(siting.marginal) == siting.covered == left[seen].sum()
    assert len(set(siting.chosen)) == len(siting.chosen) <= p


@given(instances())
@settings(max_examples=60, deadline=None)
def test_one_more_site_never_covers_less_and_splitting_demand_changes_nothing(instance):
    covers, weights, p, existing = instance
    one = maximal_cover(covers, weights, p, existing=existing).covered
    assert maximal_cover(covers, weights, p + 1, existing=existing).covered >= one
    twice = None if existing is None else np.tile(existing, 2)
    halves = maximal_cover(np.tile(covers, 2), np.tile(weights / 2, 2), p, existing=twice)
    assert halves.covered == pytest.approx(one)


@given(instances())
@settings(max_examples=100, deadline=None)
def test_no_smaller_set_covers_everything(instance):
    covers = instance[0]
    chosen = location_set_cover(covers)
    coverable = covers.any(axis=0)
    assert (covers[list(chosen)].any(axis=0) == coverable).all()
    for fewer in combinations(range(len(covers)), max(len(chosen) - 1, 0)):
        assert not coverable.any() or (covers[list(fewer)].any(axis=0) != coverable).any()


def test_greedy_takes_the_middle_and_the_exact_choice_does_not():
    # three demand groups in a row; the middle site reaches half of each side
    covers = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]], dtype=bool)
    siting = maximal_cover(covers, [5, 6, 6, 5], 2)
    assert (set(siting.chosen), siting.covered, siting.greedy_covered) == ({0, 2}, 22, 17)


def test_a_dense_grid_and_a_sparse_one_give_the_same_choice():
    rng = np.random.default_rng(3)
    covers, weights = rng.random((30, 200)) < 0.08, rng.integers(1, 20, 200)
    dense, thin = maximal_cover(covers, weights, 5), maximal_cover(sparse.csr_array(covers), weights, 5)
    assert dense == thin == maximal_cover(sparse.coo_array(covers), weights, 5)


def test_what_is_covered_already_counts_for_nothing():
    covers = np.eye(3, dtype=bool)
    assert maximal_cover(covers, [5, 3, 1], 1, existing=[True, False, False]).chosen == (1,)
    assert maximal_cover(covers, [5, 3, 1], 3, existing=[True, True, True]).chosen == ()


def test_no_demand_or_no_site_gives_an_empty_choice():
    assert maximal_cover(np.zeros((3, 0)), [], 2).chosen == ()
    assert maximal_cover(np.zeros((0, 3)), [1, 1, 1], 2).chosen == ()
    assert location_set_cover(np.zeros((3, 2))) == ()


@pytest.mark.parametrize(("weights", "p"), [([1, 2], 1), ([1, -1, 2], 1), ([1, np.nan, 2], 1), ([1, 1, 1], -1)])
def test_what_makes_no_sense_is_refused(weights, p):
    with pytest.raises(DesignError):
        maximal_cover(np.eye(3, dtype=bool), weights, p)
