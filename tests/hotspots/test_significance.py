"""Gi*, Gi, Moran's I and the false discovery rate against published numbers and esda."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.spatial import cKDTree
from scipy.stats import false_discovery_control

from geodata.errors import DataError
from hotspots.significance import cautions, false_discovery, general_g, gi, gi_star, local_moran, morans_i


def within(points, distance):
    """Binary weights of all pairs no further apart than `distance`."""
    pairs = cKDTree(points).query_pairs(distance, output_type="ndarray")
    rows, columns = np.vstack([pairs, pairs[:, ::-1]]).T
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(points), len(points)))


@pytest.fixture
def getis_ord(shared):
    frame = pd.read_csv(shared / "reference" / "gistar_moran" / "getisord_xyz.csv")
    return frame[["x", "y"]].to_numpy(), frame["val"].to_numpy()


@pytest.mark.parametrize(
    ("distance", "published"), [(30, 1.221979), (60, 1.748098), (90, 1.986135), (120, 1.893374), (150, 1.237454)]
)
def test_gi_equals_getis_and_ord_1996(getis_ord, distance, published):
    points, values = getis_ord
    z, _ = gi(values, within(points, distance + 1e-6))
    assert z[119] == pytest.approx(published, abs=5e-7)  # cell 120 counted from 1


def test_gi_star_equals_getis_and_ord_1996(getis_ord):
    points, values = getis_ord
    z, _ = gi_star(values, within(points, 30 + 1e-6))
    assert z[119] == pytest.approx(1.45078, abs=5e-6)
    n = len(values)
    assert z[119] * np.sqrt((n - 1) / n) == pytest.approx(1.447943, abs=5e-6)  # printed in the paper, n-1 variance


ESDA_POINTS = np.array([(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)], dtype=float)
ESDA_VALUES = np.array([2, 3, 3.2, 5, 8, 7])


def test_gi_and_gi_star_equal_the_numbers_of_esda():
    near = within(ESDA_POINTS, 15)
    assert gi(ESDA_VALUES, near)[0][0] == pytest.approx(-1.0136729, abs=5e-8)
    assert gi_star(ESDA_VALUES, near)[0][0] == pytest.approx(-1.39727626, abs=5e-9)


def test_gi_star_equals_every_cell_of_the_memphis_grid(shared):
    grid = pd.read_csv(shared / "reference" / "sfhotspot" / "recomputed_jan_500m.csv")
    z, p = gi_star(grid["n"], within(grid[["i", "j"]].to_numpy(dtype=float), 1.5))
    assert len(grid) == 2715
    assert_allclose(z, grid["gistar"], rtol=0, atol=1e-12)
    printed = [-0.546, -0.598, -0.598, 0.716, 0.716, 0.716, -0.598, -0.598, -0.546, 0.893]
    assert_allclose(z[:10], printed, atol=5e-4)
    assert_allclose(p[:4], [0.585, 0.550, 0.550, 0.474], atol=5e-4)


@pytest.mark.parametrize("star", [False, True])
def test_random_values_equal_esda(star):
    esda = pytest.importorskip("esda")
    libpysal = pytest.importorskip("libpysal")
    rng = np.random.default_rng(7)
    for _ in range(5):
        points = rng.uniform(0, 100, (60, 2))
        near = within(points, 30)
        weights = libpysal.weights.WSP(near).to_W(silence_warnings=True)
        values = rng.poisson(3, 60).astype(float)
        theirs = esda.G_Local(values, weights, transform="B", star=star, permutations=0).Zs
        z, _ = (gi_star if star else gi)(values, near)
        assert_allclose(z, theirs, atol=1e-10)


@pytest.mark.parametrize(
    ("row_standardise", "assumption", "published"),
    [
        (True, "randomisation", (0.510951264, 0.008908762, 5.6341)),
        (True, "normality", (0.510951264, 0.008779831, 5.6754)),
        (False, "randomisation", (0.52063815, 0.00759872, 6.2116)),
    ],
)
def test_morans_i_equals_spdep_on_columbus(shared, row_standardise, assumption, published):
    folder = shared / "reference" / "gistar_moran"
    crime = pd.read_csv(folder / "columbus_old.csv")["CRIME"].to_numpy()
    weights = sparse.csr_array(pd.read_csv(folder / "columbus_W_binary.csv", header=None).to_numpy(dtype=float))
    found = morans_i(crime, weights, assumption=assumption, row_standardise=row_standardise)
    assert found.expected == pytest.approx(-0.020833333, abs=1e-9)
    assert found.statistic == pytest.approx(published[0], abs=5e-9)
    assert found.variance == pytest.approx(published[1], abs=5e-9)
    assert found.z == pytest.approx(published[2], abs=5e-5)


VALUES = st.lists(st.integers(0, 50), min_size=6, max_size=6)


@given(VALUES, st.floats(0.1, 100), st.floats(-100, 100))
def test_units_and_origin_of_the_values_are_irrelevant(values, scale, shift):
    near = within(ESDA_POINTS, 15)
    x = np.array(values, dtype=float)
    for statistic in (gi, gi_star):
        assert_allclose(statistic(x * scale + shift, near)[0], statistic(x, near)[0], atol=1e-6)


def test_nothing_stands_out_among_equal_values_or_alone():
    near = within(ESDA_POINTS, 15)
    for statistic in (gi, gi_star):
        z, p = statistic(np.full(6, 3.0), near)
        assert z.tolist() == [0.0] * 6
        assert p.tolist() == [1.0] * 6
        z, _ = statistic(np.array([5.0]), sparse.csr_array((1, 1)))
        assert z.tolist() == [0.0]
        z, _ = statistic(np.empty(0), sparse.csr_array((0, 0)))
        assert z.tolist() == []


def test_a_place_without_neighbours_has_no_gi():
    z, p = gi(np.array([1.0, 5.0, 2.0, 9.0]), sparse.csr_array((4, 4)))
    assert z.tolist() == [0.0] * 4
    assert p.tolist() == [1.0] * 4


def test_a_diagonal_in_the_weights_is_irrelevant():
    near = within(ESDA_POINTS, 15)
    with_self = sparse.csr_array(near + sparse.eye_array(6))
    for statistic in (gi, gi_star):
        assert_allclose(statistic(ESDA_VALUES, with_self)[0], statistic(ESDA_VALUES, near)[0], atol=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60), st.sampled_from([0.01, 0.05, 0.2]))
def test_false_discovery_equals_scipy(p, rate):
    adjusted = false_discovery_control(p)
    found = false_discovery(p, rate)
    unclear = np.isclose(adjusted, rate, rtol=1e-9)
    assert (found == (adjusted <= rate))[~unclear].all()


def test_a_missing_p_value_never_passes_and_does_not_count():
    assert false_discovery([0.04, np.nan, np.nan], 0.05).tolist() == [True, False, False]
    assert false_discovery([np.nan], 0.05).tolist() == [False]
    assert false_discovery([], 0.05).tolist() == []


def by_formula(values, weights, *, star):
    """Getis & Ord's z-scores, place by place, straight from the papers."""
    x, w = np.asarray(values, dtype=float), weights.toarray().copy()
    n, found = len(x), []
    for i in range(n):
        row = w[i].copy()
        row[i] = 1.0 if star else 0.0
        others = x if star else np.delete(x, i)
        row_sum, squares, m = row.sum(), (row**2).sum(), len(others)
        spread = np.sqrt((others**2).mean() - others.mean() ** 2)
        error = spread * np.sqrt((m * squares - row_sum**2) / (m - 1))
        found.append((row @ x - row_sum * others.mean()) / error if row_sum else 0.0)
    return np.array(found)


@given(st.integers(0, 2**31))
def test_weights_are_honoured_and_not_only_who_is_a_neighbour(seed):
    rng = np.random.default_rng(seed)
    near = within(rng.uniform(0, 100, (25, 2)), 35)
    near.data = rng.uniform(0.1, 3, len(near.data))
    values = rng.poisson(4, 25).astype(float) + rng.uniform(0, 1, 25)
    for statistic, star in ((gi, False), (gi_star, True)):
        found, _ = statistic(values, near)
        tested = found != 0
        assert_allclose(found[tested], by_formula(values, near, star=star)[tested], rtol=1e-9, atol=1e-12)
        twice, _ = gi(values, near * 2)
        assert_allclose(twice, gi(values, near)[0], atol=1e-9)


def test_values_and_weights_that_make_no_sense_are_refused():
    near = within(ESDA_POINTS, 15)
    for statistic in (gi, gi_star, local_moran, morans_i, general_g, cautions):
        with pytest.raises(DataError, match="1 of 6 places have no value"):
            statistic([1, 2, 3, 4, 5, np.nan], near)
        with pytest.raises(DataError, match=r"\d+ weights of neighbours are negative"):
            statistic(ESDA_VALUES, -near)
        with pytest.raises(DataError, match="5 values and weights of shape"):
            statistic(ESDA_VALUES[:5], near)
    with pytest.raises(DataError, match="at least 4 places"):
        morans_i(np.ones(6), near)
    with pytest.raises(DataError, match="two above 0"):
        general_g([0, 0, 0, 0, 0, 3], near)


def test_cautions_are_in_words():
    near = within(ESDA_POINTS, 15)
    rng = np.random.default_rng(1)
    assert cautions([], sparse.csr_array((0, 0))) == ("There are no places.",)
    assert "only 6 places" in cautions(ESDA_VALUES * 10, near)[0]
    assert "2 of 6 places have no neighbour" in cautions(ESDA_VALUES * 10, within(ESDA_POINTS, 11))[1]
    grid = np.column_stack([axis.ravel() for axis in np.meshgrid(np.arange(9.0), np.arange(9.0))])
    few = cautions(rng.poisson(0.5, 81), within(grid, 1.5))
    assert len(few) == 1
    assert "the normal p-value calls noise a cluster too often" in few[0]
    assert cautions(rng.poisson(20, 81), within(grid, 1.5)) == ()
    assert "the same value" in cautions(np.zeros(81), within(grid, 1.5))[0]


def test_general_g_equals_esda():
    found = general_g(ESDA_VALUES, within(ESDA_POINTS, 15))
    assert found.statistic == pytest.approx(0.55709779, abs=5e-9)
    assert found.p_value / 2 == pytest.approx(0.172936, abs=5e-7)  # esda prints one side


def test_the_variance_of_general_g_is_that_over_every_order_of_the_values():
    rng = np.random.default_rng(3)
    near = within(ESDA_POINTS, 15)
    near.data = rng.uniform(0.5, 2, len(near.data))
    values = np.array([0.0, 1.0, 1.0, 4.0, 9.0, 2.0])
    found = general_g(values, near)
    orders = np.array(list(itertools.permutations(values)))
    cross = (orders @ near.toarray() * orders).sum(axis=1) / (values.sum() ** 2 - (values**2).sum())
    assert found.expected == pytest.approx(cross.mean(), rel=1e-12)
    assert found.variance == pytest.approx(cross.var(), rel=1e-9)


@pytest.mark.parametrize("transform", ["R", "B"])
def test_local_moran_equals_esda(transform):
    esda = pytest.importorskip("esda")
    libpysal = pytest.importorskip("libpysal")
    rng = np.random.default_rng(8)
    points = rng.uniform(0, 100, (60, 2))
    near = within(points, 30)
    values = rng.poisson(3, 60).astype(float)
    theirs = esda.Moran_Local(
        values, libpysal.weights.WSP(near).to_W(silence_warnings=True), transformation=transform, permutations=0
    )
    found = local_moran(values, near, row_standardise=transform == "R")
    assert_allclose(found.statistic, theirs.Is, atol=1e-12)
    words = {1: "high-high", 2: "low-high", 3: "low-low", 4: "high-low"}
    assert found.quadrant.tolist() == [words[q] for q in theirs.q]


def test_local_moran_is_judged_by_every_order_of_the_other_values():
    rng = np.random.default_rng(9)
    near = within(ESDA_POINTS, 15)
    near.data = rng.uniform(0.5, 2, len(near.data))
    values = np.array([0.0, 1.0, 1.0, 4.0, 9.0, 2.0])
    found = local_moran(values, near, row_standardise=False)
    for i in range(6):
        columns, weights = near[[i], :].indices, near[[i], :].data
        others = np.delete(values, i) - values.mean()
        sums = np.array([weights @ chosen for chosen in itertools.permutations(others, len(columns))])
        scale = 5 * (values[i] - values.mean()) / ((values - values.mean()) ** 2).sum()
        expected = (found.statistic[i] - scale * sums.mean()) / (abs(scale) * sums.std())
        assert found.z[i] == pytest.approx(expected, abs=1e-9)


def test_local_moran_of_equal_values_or_islands_is_silent():
    flat = local_moran(np.ones(6), within(ESDA_POINTS, 15))
    assert flat.statistic.tolist() == [0.0] * 6
    assert flat.p.tolist() == [1.0] * 6
    alone = local_moran([1.0, 2.0, 3.0, 9.0], sparse.csr_array((4, 4)))
    assert alone.quadrant.tolist() == [""] * 4
    assert local_moran([], sparse.csr_array((0, 0))).statistic.shape == (0,)


def test_pure_noise_rarely_yields_a_cluster():
    rng = np.random.default_rng(11)
    grid = np.column_stack([axis.ravel() for axis in np.meshgrid(np.arange(25.0), np.arange(25.0))])
    near = within(grid, 1.5)
    runs = 200
    found = sum(
        bool((false_discovery((zp := gi_star(rng.poisson(20, 625), near))[1], 0.05) & (zp[0] > 0)).any())
        for _ in range(runs)
    )
    assert found / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


def test_a_planted_cluster_is_found_where_it_was_planted():
    rng = np.random.default_rng(12)
    grid = np.column_stack([axis.ravel() for axis in np.meshgrid(np.arange(25.0), np.arange(25.0))])
    rate = np.where(np.hypot(*(grid - 12).T) <= 1.5, 20.0, 4.0)
    z, p = gi_star(rng.poisson(rate), within(grid, 1.5))
    hot = np.flatnonzero(false_discovery(p, 0.05) & (z > 0))
    assert len(hot) >= 9
    assert (np.hypot(*(grid[hot] - 12).T) <= 4).all()
