"""Kernel density: exact, by whatever way it is computed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial import cKDTree
from sklearn.neighbors import KernelDensity

from geodata.errors import DesignError
from hotspots.density import KERNELS, collapse_points, kernel_density

CORNER = np.array([390_000.0, 295_000.0])  # metres east and north, as large as real ones


def by_pairs(points, at, bandwidth, kernel, weights):
    """Every pair by the formula: the oracle without any cleverness."""
    u2 = ((at[:, None, :] - points[None, :, :]) ** 2).sum(axis=2) / bandwidth**2
    inside = u2 < 1
    shape = {
        "quartic": 3 / np.pi * (1 - u2) ** 2 * inside,
        "epanechnikov": 2 / np.pi * (1 - u2) * inside,
        "gaussian": np.exp(-u2 / 2) / (2 * np.pi),
    }[kernel]
    return shape @ weights / bandwidth**2


def city(rng, n=400, extent=5000.0):
    points = np.round(rng.uniform(0, extent, (n, 2)), 1) + CORNER
    return points, rng.integers(1, 30, n).astype(float), rng.uniform(-500, extent + 500, (300, 2)) + CORNER


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("bandwidth", [50.0, 200.0, 1500.0, 20_000.0])
def test_density_equals_the_sum_over_every_pair(kernel, bandwidth):
    points, weights, at = city(np.random.default_rng(1))
    found = kernel_density(points, at, bandwidth_m=bandwidth, kernel=kernel, weights=weights)
    expected = by_pairs(points, at, bandwidth, kernel, weights)
    assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * expected.max())


@pytest.mark.parametrize("kernel", ["epanechnikov", "gaussian"])
@pytest.mark.parametrize("bandwidth", [100.0, 400.0])
def test_density_equals_scikit_learn(kernel, bandwidth):
    points, weights, at = city(np.random.default_rng(2))
    model = KernelDensity(kernel=kernel, bandwidth=bandwidth, rtol=0, atol=0).fit(points, sample_weight=weights)
    with np.errstate(divide="ignore"):
        expected = np.exp(model.score_samples(at)) * weights.sum()
    found = kernel_density(points, at, bandwidth_m=bandwidth, kernel=kernel, weights=weights)
    seen = expected > 1e-9 * expected.max()
    assert seen.sum() > 50
    assert_allclose(found[seen], expected[seen], rtol=1e-9)


def test_density_equals_the_published_closed_forms(shared):
    table = pd.read_csv(shared / "reference" / "kde" / "memphis_kde_reference.csv")
    robberies = pd.read_csv(shared / "reference" / "sfhotspot" / "memphis_robberies.csv")
    from pyproj import Transformer

    x, y = Transformer.from_crs("EPSG:4326", "EPSG:32615", always_xy=True).transform(robberies["lon"], robberies["lat"])
    points, weights = collapse_points(x, y)
    ours = table.loc[table["kernel"].isin(KERNELS)]
    assert len(ours) == 24
    for (kernel, bandwidth), rows in ours.groupby(["kernel", "bandwidth_m"]):
        found = kernel_density(points, rows[["x", "y"]], bandwidth_m=bandwidth, kernel=kernel, weights=weights)
        assert_allclose(found, rows["density_per_m2"], rtol=1e-9, atol=1e-18)


def test_sfhotspot_density_is_an_unscaled_quartic_sum(shared):
    """Ashby's package prints SUM (1 - u^2)^2; ours times pi h^2 / 3 is that sum."""
    frame = pd.read_csv(shared / "reference" / "sfhotspot" / "recomputed_jan_500m.csv")
    robberies = pd.read_csv(shared / "reference" / "sfhotspot" / "memphis_robberies_jan.csv")
    from pyproj import Transformer

    x, y = Transformer.from_crs("EPSG:4326", "EPSG:32615", always_xy=True).transform(robberies["lon"], robberies["lat"])
    west, south = 761986.2, 3876436.0
    at = np.column_stack([west + 250 + 500 * frame["i"][:10], south + 250 + 500 * frame["j"][:10]])
    bandwidth = 8876.7
    found = kernel_density(np.column_stack([x, y]), at, bandwidth_m=bandwidth) * np.pi * bandwidth**2 / 3
    assert_allclose(found, [11.1, 11.2, 11.2, 11.1, 10.9, 10.5, 10.0, 9.45, 8.76, 10.1], rtol=6e-3)


@pytest.mark.parametrize(("kernel", "peak"), [("quartic", 3.0), ("epanechnikov", 2.0), ("gaussian", 0.5)])
def test_one_report_at_the_centre_gives_the_peak_of_the_kernel(kernel, peak):
    found = kernel_density([[10.0, 20.0]], [[10.0, 20.0]], bandwidth_m=100.0, kernel=kernel)
    assert_allclose(found, peak / np.pi / 100.0**2, rtol=1e-14)


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_surface_holds_every_report_once(kernel):
    side = np.arange(-2000.0, 2000.0, 20.0) + 10
    grid = np.column_stack([axis.ravel() for axis in np.meshgrid(side, side)])
    surface = kernel_density([[0.0, 0.0], [100.0, 0.0]], grid, bandwidth_m=250.0, kernel=kernel, weights=[3.0, 4.0])
    assert surface.sum() * 20 * 20 == pytest.approx(7.0, rel=1e-3)


COORDINATES = st.floats(-3000, 3000).map(lambda v: round(v, 1))
PLACES = st.lists(st.tuples(COORDINATES, COORDINATES), min_size=1, max_size=25)


@given(PLACES, st.integers(0, 2**31), st.sampled_from(KERNELS))
def test_density_is_linear_in_the_weights(places, seed, kernel):
    rng = np.random.default_rng(seed)
    a, b = rng.uniform(0, 5, (2, len(places)))
    at = rng.uniform(-3000, 3000, (20, 2))

    def density(weights):
        return kernel_density(places, at, bandwidth_m=700.0, kernel=kernel, weights=weights)

    assert_allclose(density(2 * a + b), 2 * density(a) + density(b), rtol=1e-9, atol=1e-18)


@given(PLACES, st.randoms(use_true_random=False))
def test_the_order_of_points_changes_no_bit(places, random):
    at = np.array([[0.0, 0.0], [500.0, -800.0]])
    shuffled = random.sample(places, len(places))
    assert_array_equal(kernel_density(places, at, bandwidth_m=900.0), kernel_density(shuffled, at, bandwidth_m=900.0))


@given(PLACES, st.integers(0, 2**31))
def test_any_points_any_bandwidth_equals_the_tree(places, seed):
    """A second oracle: neighbours from scipy's tree, summed in numpy."""
    rng = np.random.default_rng(seed)
    points, bandwidth = np.array(places), float(rng.uniform(1, 5000))
    at = np.vstack([points, rng.uniform(-4000, 4000, (10, 2))])
    near = cKDTree(points).query_ball_point(at, bandwidth)
    squares = [((points[j] - p) ** 2).sum(axis=1) / bandwidth**2 for j, p in zip(near, at, strict=True)]
    expected = [3 / np.pi / bandwidth**2 * ((1 - u2) ** 2).sum() for u2 in squares]
    assert_allclose(kernel_density(points, at, bandwidth_m=bandwidth), expected, rtol=1e-9, atol=1e-20)


def test_one_point_far_away_costs_no_memory_and_changes_nothing_here():
    near = np.array([[0.0, 0.0], [30.0, 40.0]])
    far = np.vstack([near, [5e6, 5e6]])
    at = np.array([[10.0, 10.0]])
    assert_allclose(kernel_density(far, at, bandwidth_m=100.0), kernel_density(near, at, bandwidth_m=100.0), rtol=1e-12)


def test_collapsing_points_adds_their_weights():
    points, weights = collapse_points([2.0, 1.0, 2.0, -0.0, 0.0], [5.0, 5.0, 5.0, 1.0, 1.0], [1.0, 2.0, 3.0, 4.0, 5.0])
    assert points.tolist() == [[0.0, 1.0], [1.0, 5.0], [2.0, 5.0]]
    assert weights.tolist() == [9.0, 2.0, 4.0]


def test_nothing_gives_nothing():
    assert kernel_density(np.empty((0, 2)), [[0.0, 0.0]], bandwidth_m=1.0).tolist() == [0.0]
    assert kernel_density([[0.0, 0.0]], np.empty((0, 2)), bandwidth_m=1.0).shape == (0,)
    points, weights = collapse_points([], [])
    assert points.shape == (0, 2)
    assert weights.shape == (0,)


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"kernel": "triangular", "bandwidth_m": 1.0}, "triangular"), ({"bandwidth_m": 0.0}, "above 0"),
     ({"bandwidth_m": float("nan")}, "above 0")],
)  # fmt: skip
def test_a_kernel_or_bandwidth_that_makes_no_sense_is_refused(settings, words):
    with pytest.raises(DesignError, match=words):
        kernel_density([[0.0, 0.0]], [[0.0, 0.0]], **settings)


def test_inputs_are_left_as_they_were():
    points, weights, at = city(np.random.default_rng(3), n=20)
    copies = points.copy(), weights.copy(), at.copy()
    kernel_density(points, at, bandwidth_m=500.0, weights=weights)
    for given_array, copy in zip((points, weights, at), copies, strict=True):
        assert_array_equal(given_array, copy)


@pytest.mark.parametrize("n", [199_999, 300_001])
def test_many_points_are_collapsed_as_numpy_does_it(n):
    rng = np.random.default_rng(n)
    points = rng.integers(-40, 40, (n, 2)) / 10 * [1, -1]  # zeros of both signs
    distinct, total = collapse_points(points[:, 0], points[:, 1])
    known, counts = np.unique(points + 0.0, axis=0, return_counts=True)
    np.testing.assert_array_equal(distinct, known)
    np.testing.assert_array_equal(total, counts)
    _, weighed = collapse_points(points[:, 0], points[:, 1], np.arange(n) % 4)
    assert weighed.sum() == (np.arange(n) % 4).sum()
    spread = rng.uniform(0, 1, (n, 2))
    assert len(collapse_points(spread[:, 0], spread[:, 1])[0]) == n
