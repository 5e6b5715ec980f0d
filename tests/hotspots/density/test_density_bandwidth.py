"""Choosing a bandwidth: published numbers, naive loops, and truth that was planted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from scipy.stats import gaussian_kde

from geodata.errors import DataError, DesignError
from hotspots.density import (
    GRID_M,
    cross_validated_bandwidth,
    holdout_bandwidth,
    kernel_density,
    predictive_accuracy,
    rule_of_thumb,
)
from hotspots.density.kernels import canonical_factor


def robberies(shared, name, crs):
    frame = pd.read_csv(shared / "reference" / "sfhotspot" / f"{name}.csv")
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(frame["lon"], frame["lat"])
    return np.column_stack([x, y])


@pytest.mark.parametrize(
    ("name", "crs", "x_only"),
    [
        ("memphis_robberies_jan", "EPSG:32615", 8876.7),
        ("memphis_robberies", "EPSG:32615", 5592.5),
        ("memphis_robberies", "EPSG:32616", 5588.4),
    ],
)
def test_the_normal_reference_rule_equals_mass_on_x_but_uses_both_axes(shared, name, crs, x_only):
    """Ashby's package calls mean(bx, by), whose second argument is `trim`: the x axis alone. Ours is the mean."""
    points = robberies(shared, name, crs)
    on_x, on_y = (
        rule_of_thumb(np.column_stack([points[:, axis]] * 2), rule="normal_reference").value_m for axis in (0, 1)
    )
    assert on_x == pytest.approx(x_only, abs=0.05)
    both = rule_of_thumb(points, rule="normal_reference").value_m
    assert both == pytest.approx((on_x + on_y) / 2, rel=1e-12)
    if name.endswith("jan"):
        assert both == pytest.approx(9372, abs=0.5)


def test_scotts_rule_equals_scipy_on_round_clouds():
    points = np.random.default_rng(1).normal(0, 250, (500, 2))
    theirs = gaussian_kde(points.T, "scott").factor * np.sqrt(np.cov(points.T).trace() / 2)
    assert rule_of_thumb(points, kernel="gaussian").value_m == pytest.approx(theirs, rel=1e-12)


def test_canonical_factors_match_by_integrating_the_kernels():
    r = np.linspace(0, 1, 200_001)
    for kernel, shape in (("quartic", 3 / np.pi * (1 - r**2) ** 2), ("epanechnikov", 2 / np.pi * (1 - r**2))):
        rough = np.trapezoid(shape**2 * 2 * np.pi * r, r)
        variance = np.trapezoid(shape * np.pi * r**3, r)
        assert canonical_factor(kernel) == pytest.approx((rough / variance**2 * 4 * np.pi) ** (1 / 6), rel=1e-6)
    assert canonical_factor("gaussian") == 1.0


@pytest.mark.parametrize("rule", ["scott", "normal_reference"])
def test_weights_are_repetitions(rule):
    rng = np.random.default_rng(2)
    points, weights = rng.uniform(0, 900, (40, 2)), rng.integers(0, 6, 40)
    repeated = rule_of_thumb(np.repeat(points, weights, axis=0), rule=rule)
    assert rule_of_thumb(points, rule=rule, weights=weights).value_m == pytest.approx(repeated.value_m, rel=1e-9)


@given(st.integers(0, 2**31), st.floats(0.1, 10), st.floats(0, 6.3))
def test_a_map_drawn_larger_or_turned_needs_a_bandwidth_as_much_larger(seed, scale, angle):
    points = np.random.default_rng(seed).normal(0, 100, (30, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = rule_of_thumb(scale * points @ turn + 5000).value_m
    assert moved == pytest.approx(scale * rule_of_thumb(points).value_m, rel=1e-6)


@pytest.mark.parametrize("kernel", ["gaussian", "quartic"])
def test_the_likelihood_equals_leaving_out_every_place_in_turn(kernel):
    rng = np.random.default_rng(3)
    points = np.unique(np.round(rng.uniform(0, 800, (25, 2)), -1), axis=0)
    weights = rng.integers(1, 5, len(points)).astype(float)
    n, area = weights.sum(), np.prod(np.ptp(points, axis=0))
    found = cross_validated_bandwidth(points, kernel=kernel, weights=weights)
    assert [h for h, _ in found.scores] == list(GRID_M)
    for h, score in found.scores:
        each = []
        for i in range(len(points)):
            others = np.arange(len(points)) != i
            density = kernel_density(points[others], points[i], bandwidth_m=h, kernel=kernel, weights=weights[others])
            each.append(np.log((1 - 1 / n) * density[0] / weights[others].sum() + 1 / (n * area)))
        assert score == pytest.approx(weights @ each / n, rel=1e-9)
    assert found.value_m == max(found.scores, key=lambda s: s[1])[0]


def test_the_likelihood_finds_about_the_best_width_of_a_known_cloud():
    points = np.random.default_rng(4).normal(0, 300, (800, 2))
    grid = [25, 50, 75, 100, 150, 200, 300, 500]
    found = cross_validated_bandwidth(points, grid_m=grid)
    ideal = 300 * 800 ** (-1 / 6)
    assert ideal / 1.6 < found.value_m < ideal * 1.6


def test_many_reports_at_one_point_do_not_drive_the_likelihood_to_nothing():
    rng = np.random.default_rng(5)
    points = np.repeat(rng.normal(0, 300, (300, 2)), rng.integers(1, 40, 300), axis=0)
    assert cross_validated_bandwidth(points, grid_m=[1, 10, 50, 100, 200]).value_m >= 50


def test_accuracy_by_hand():
    assert predictive_accuracy([3, 2, 1, 0], [6, 2, 2, 0], [1, 1, 1, 1], area_share=0.5) == pytest.approx(0.8 / 0.5)
    # the second place counts by half, and equal scores share: of 4 alike places any quarter holds a quarter
    assert predictive_accuracy([3, 2, 1, 0], [6, 2, 2, 0], [1, 1, 1, 1], area_share=0.375) == pytest.approx(0.7 / 0.375)
    assert predictive_accuracy([1, 1, 1, 1], [6, 2, 2, 0], [1, 1, 1, 1], area_share=0.25) == pytest.approx(1.0)


@given(st.integers(0, 2**31), st.floats(0.01, 1))
def test_no_ranking_beats_the_later_counts_themselves(seed, share):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(2, 60) + (np.arange(60) == 0)
    area = np.ones(60)
    best = predictive_accuracy(counts, counts, area, area_share=share)
    assert predictive_accuracy(rng.normal(size=60), counts, area, area_share=share) <= best + 1e-9
    assert predictive_accuracy(counts, counts, area, area_share=1.0) == pytest.approx(1.0)


def test_holdout_prefers_narrow_where_places_stay_the_same_and_wide_where_they_blur():
    rng = np.random.default_rng(6)
    side = np.arange(75.0, 6000, 150)
    cells = np.column_stack([axis.ravel() for axis in np.meshgrid(side, side)])
    lasting = np.zeros(len(cells))
    lasting[rng.choice(len(cells), 40, replace=False)] = 30.0
    blurred = 3.0 * np.exp(-((cells - 3000) ** 2).sum(axis=1) / 2 / 600**2)

    def chosen(rate):
        earlier = np.repeat(cells, rng.poisson(rate), axis=0)
        return holdout_bandwidth(earlier, rng.poisson(rate), cells, np.full(len(cells), 0.0225)).value_m

    assert chosen(lasting) == 100.0
    assert chosen(blurred) >= 300.0


def test_of_equals_the_narrowest_is_taken():
    found = holdout_bandwidth([[0, 0]] * 5, [9, 0], [[0, 0], [5000, 0]], [1.0, 1.0], area_share=0.5)
    assert found.value_m == 100.0
    assert "accuracy on later months in 50% of the area" in found.describe()


def test_what_cannot_be_estimated_is_refused():
    with pytest.raises(DesignError, match="All 4 reports lie at one point"):
        rule_of_thumb([[1, 1]] * 4)
    with pytest.raises(DesignError, match="from 1 reports"):
        rule_of_thumb([[1, 1]])
    with pytest.raises(DesignError, match="'silverman' is not known"):
        rule_of_thumb([[1, 1], [2, 2]], rule="silverman")
    with pytest.raises(DesignError, match="1 distinct points"):
        cross_validated_bandwidth([[1, 1]] * 9)
    with pytest.raises(DesignError, match="at 0 distinct points"):
        cross_validated_bandwidth(np.empty((0, 2)))
    with pytest.raises(DesignError, match="no bandwidth to try"):
        cross_validated_bandwidth([[1, 1], [2, 2], [3, 5]], grid_m=[])
    with pytest.raises(DataError, match="earlier months"):
        holdout_bandwidth(np.empty((0, 2)), [1], [[0, 0]], [1.0])
    with pytest.raises(DataError, match="later months"):
        holdout_bandwidth([[0, 0]], [0], [[0, 0]], [1.0])
    with pytest.raises(DesignError, match="share of the area"):
        predictive_accuracy([1.0], [1], [1.0], area_share=0.0)
