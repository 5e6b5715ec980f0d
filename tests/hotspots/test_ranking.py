"""Which cells come first, how sure that is, and whether it comes back."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from scipy.stats import gamma

from geodata import cells as h3cells
from geodata.errors import DesignError
from hotspots.config import RankingConfig
from hotspots.ranking import agreement, decayed_rate, rank_cells
from hotspots.shrinkage import fit_prior, shrink

CONFIG = RankingConfig()


def matrix_of(rows, last="2024-04-01"):
    values = np.atleast_2d(np.asarray(rows, dtype="int64"))
    months = pd.date_range(end=last, periods=values.shape[1], freq="MS", name="month")
    cells = pd.Index([f"8a{i:04d}" for i in range(len(values))], name="cell", dtype=object)
    return pd.DataFrame(values, index=cells, columns=months)


MATRICES = st.integers(2, 14).flatmap(
    lambda months: st.lists(st.lists(st.integers(0, 9), min_size=months, max_size=months), min_size=1, max_size=12).map(
        matrix_of
    )
)


def test_a_decayed_count_is_worked_by_hand():
    # half-life 1 month, no season: weights 1/4 and 1/2, so y = (1/4 a + 1/2 b) (3/4) / (5/16)
    found = decayed_rate(matrix_of([[4, 0], [0, 4]]), half_life_months=1.0, season_weight=0.0)
    assert_allclose(found["y"], [2.4, 4.8])
    assert_allclose(found["months"], 0.5625 / 0.3125)


def test_the_coming_season_counts_double():
    # no decay: the month 12 before the coming one weighs 1 + 1, the one 6 before weighs 1 + 0
    same_season = np.zeros(12, dtype=int)
    other_season = np.zeros(12, dtype=int)
    same_season[0] = other_season[6] = 10
    found = decayed_rate(matrix_of([same_season, other_season]), half_life_months=1e9, season_weight=1.0)
    assert found["y"].iloc[0] == pytest.approx(2 * found["y"].iloc[1])


def test_equal_months_weigh_equally_when_nothing_decays():
    found = decayed_rate(matrix_of([[1, 2, 3, 4]]), half_life_months=1e12, season_weight=0.0)
    assert_allclose(found.to_numpy(), [[10.0, 4.0]])


def test_a_decayed_poisson_count_has_equal_mean_and_variance():
    counts = np.random.default_rng(3).poisson(2.0, (40_000, 24))
    found = decayed_rate(matrix_of(counts), half_life_months=5.0, season_weight=1.0)
    assert found["y"].var() / found["y"].mean() == pytest.approx(1.0, abs=0.03)
    assert found["y"].mean() == pytest.approx(2.0 * found["months"].iloc[0], rel=0.01)


def test_a_missing_month_weighs_nothing():
    whole = matrix_of([[3, 5, 0, 7]])
    missing = pd.DatetimeIndex(["2024-03-01"])
    with_junk = whole.copy()
    with_junk.iloc[0, 2] = 99
    kept = [
        decayed_rate(m, half_life_months=5.0, season_weight=1.0, missing=missing)["y"].iloc[0]
        for m in (whole, with_junk)
    ]
    assert kept[0] == kept[1]
    with pytest.raises(DesignError, match="missing"):
        decayed_rate(whole, half_life_months=5.0, season_weight=1.0, missing=pd.DatetimeIndex(whole.columns))


@given(MATRICES)
def test_ranks_are_the_order_of_scores_with_ties_by_cell(matrix):
    ranked = rank_cells(matrix, CONFIG, top_k=3, random_state=0)
    expected = sorted(ranked.index, key=lambda cell: (-ranked.loc[cell, "score"], cell))
    assert ranked.sort_values("rank").index.to_list() == expected
    assert sorted(ranked["rank"]) == list(range(1, len(matrix) + 1))


@given(MATRICES)
def test_allowing_for_luck_keeps_the_order_of_the_totals_and_pulls_the_highest_down(matrix):
    ranked = rank_cells(matrix, CONFIG, top_k=3, random_state=0)
    total = matrix.sum(axis=1)
    known = total > 0
    by_total = ranked.loc[known, "n_shrunk"].to_numpy()[np.argsort(total[known], kind="stable")]
    assert (np.diff(by_total) >= -1e-9).all()
    assert (ranked["n_shrunk"] <= np.maximum(total, ranked["expected"]) + 1e-9).all()
    assert ranked.loc[known, "expected"].to_numpy() == pytest.approx(total[known].mean())
    assert (ranked.loc[~known, ["expected", "n_shrunk", "score", "p_top"]] == 0).all(axis=None)


@given(MATRICES, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_irrelevant(matrix, random):
    shuffled = matrix.loc[random.sample(list(matrix.index), len(matrix))]
    there = rank_cells(matrix, CONFIG, top_k=2, random_state=1)
    back = rank_cells(shuffled, CONFIG, top_k=2, random_state=1).loc[matrix.index]
    assert_frame_equal(there, back)


def test_equal_cells_stay_tied_wherever_their_rows_stand():
    row = [3, 1, 3, 3, 0, 1, 3, 0, 1, 3, 1, 3, 0]
    for n in range(2, 40):
        ranked = rank_cells(matrix_of([row] * n), CONFIG, top_k=2, random_state=1)
        assert (ranked["score"] == ranked["score"].iloc[0]).all()
        assert ranked["rank"].to_list() == list(range(1, n + 1))


def test_planted_busy_places_keep_their_true_totals_where_a_gamma_takes_them_down():
    rng = np.random.default_rng(20)
    truth = np.append(rng.gamma(0.5, 4.0, 3000), rng.uniform(80, 200, 10))
    ranked = rank_cells(matrix_of(rng.poisson(truth[:, None] / 12, (3010, 12))), CONFIG, top_k=10, random_state=0)
    total = ranked["n_shrunk"].to_numpy()
    assert total[-10:].sum() == pytest.approx(truth[-10:].sum(), rel=0.03)
    assert total.sum() == pytest.approx(truth.sum(), rel=0.03)
    counted = rng.poisson(truth).astype(float)
    assert shrink(counted, fit_prior(counted))[-10:].sum() < 0.93 * truth[-10:].sum()


def test_a_cell_where_anything_was_recorded_expects_something():
    matrix = matrix_of([[5, 5], [0, 0], [0, 0]])
    ranked = rank_cells(matrix, CONFIG, top_k=1, known=pd.Series([True, True, False], matrix.index), random_state=0)
    assert ranked["expected"].to_list() == [5.0, 5.0, 0.0]
    assert ranked["score"].iloc[1] > 0
    assert ranked["score"].iloc[2] == 0


def test_the_same_seed_gives_the_same_probabilities():
    matrix = matrix_of(np.random.default_rng(2).poisson(2, (40, 12)))
    first, again, other = (rank_cells(matrix, CONFIG, top_k=5, random_state=s)["p_top"] for s in (4, 4, 5))
    assert first.equals(again)
    assert not first.equals(other)


def test_probabilities_of_the_top_add_up_to_its_size():
    matrix = matrix_of(np.random.default_rng(2).poisson(2, (200, 24)))
    p_top = rank_cells(matrix, CONFIG, top_k=10, random_state=0)["p_top"]
    assert p_top.sum() == pytest.approx(10.0)
    assert p_top.between(0, 1).all()


def test_the_probability_of_first_place_equals_the_integral():
    """Two cells: P(a > b) for two gammas of one scale, by numerical integration."""
    matrix = matrix_of([[9, 9, 9], [6, 6, 6]])
    config = dataclasses.replace(CONFIG, half_life_months=1e9, season_weight=0.0, draws=200_000)
    ranked = rank_cells(matrix, config, top_k=1, random_state=0)
    # the fitted prior is not exposed; its shape follows from the scores: score x months = m (n + k) / (m + k)
    m, shrunk = 3 * ranked["similar"].iloc[0], 3 * ranked["score"].iloc[0]
    shape = m * (27 - shrunk) / (shrunk - m)
    grid = np.linspace(0, 1, 40_001)[1:-1]
    integral = gamma.cdf(gamma.ppf(grid, 27 + shape), 18 + shape).mean()
    assert ranked["p_top"].iloc[0] == pytest.approx(integral, abs=0.005)


def test_a_planted_busy_cell_is_surely_first():
    counts = np.random.default_rng(9).poisson(0.3, (300, 36))
    counts[123] = np.random.default_rng(10).poisson(6.0, 36)
    ranked = rank_cells(matrix_of(counts), CONFIG, top_k=1, random_state=0)
    assert ranked["rank"].iloc[123] == 1
    assert ranked["p_top"].iloc[123] > 0.99


def test_nothing_to_rank_gives_zeros_not_errors():
    ranked = rank_cells(matrix_of([[0, 0], [0, 0]]), CONFIG, top_k=3, random_state=0)
    assert (ranked[["expected", "n_shrunk", "score", "p_top"]] == 0).all(axis=None)
    few = rank_cells(matrix_of([[1, 0], [0, 2]]), CONFIG, top_k=3, random_state=0)
    assert few["p_top"].to_list() == [1.0, 1.0]


@pytest.fixture
def ring():
    cells = pd.Index(h3cells.disk("8a194da9a6cffff", 1), name="cell", dtype=object)
    return pd.DataFrame({"n": [7, 6, 5, 4, 3, 2, 0], "density": [1.0, 2, 3, 4, 5, 6, 7]}, index=cells)


def repeats_at(cells, score):
    at = h3cells.centres(cells)
    return gpd.GeoDataFrame(
        {"longitude": at[:, 0], "latitude": at[:, 1], "score": score, "is_default_location": False},
        geometry=gpd.points_from_xy(at[:, 0], at[:, 1]),
    )


def test_agreement_is_worked_by_hand(ring):
    found = agreement(ring, repeats_at(ring.index[[0, 1, 5]], [1.0, 5.0, 3.0]), k=3)
    # top 3 by count: 0 1 2; by density: 6 5 4; by repeats: 1 5 0
    assert found.count_and_density == 0.0
    assert found.count_and_repeats == pytest.approx(2 / 3)
    assert found.rank_correlation_density == pytest.approx(-1.0)
    assert found.k == 3


def test_agreement_says_nothing_where_there_is_nothing_to_compare(ring):
    nothing = agreement(ring.assign(n=0), repeats_at(ring.index[:0], []), k=3)
    assert nothing.k == 0
    assert all(np.isnan(v) for v in (nothing.count_and_density, nothing.count_and_repeats))
    assert np.isnan(nothing.rank_correlation_density)


def test_reports_booked_to_a_default_location_do_not_make_a_repeat_place(ring):
    booked = repeats_at(ring.index[[0, 6]], [1.0, 99.0])
    booked["is_default_location"] = [False, True]
    assert agreement(ring, booked, k=1).count_and_repeats == 1.0
