"""Edge correction: closed forms at straight borders, and every report kept inside."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.integrate import quad

from geodata.errors import DataError, DesignError
from hotspots.density import edge_corrected_density, kernel_density, mass_inside
from hotspots.density.kernels import KERNELS

TOWN = shapely.box(0, 0, 4000, 3000)
PROFILE = {
    "quartic": lambda r: 3 / np.pi * (1 - r**2) ** 2,
    "epanechnikov": lambda r: 2 / np.pi * (1 - r**2),
    "gaussian": lambda r: np.exp(-(r**2) / 2) / (2 * np.pi),
}


def beyond(distance, kernel):
    """Mass of a kernel of bandwidth 1 beyond a straight line at this distance, by integrating circles."""
    reach = 12.0 if kernel == "gaussian" else 1.0
    if distance >= reach:
        return 0.0
    return quad(lambda r: PROFILE[kernel](r) * 2 * r * np.arccos(min(1.0, distance / r)), distance, reach)[0]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.35, 0.7, 0.95, 1.5])
def test_a_straight_border_takes_what_the_circles_say(kernel, share):
    h = 200.0
    found = mass_inside([[2000.0, share * h]], TOWN, bandwidth_m=h, kernel=kernel)
    assert found[0] == pytest.approx(1 - beyond(share, kernel), abs=2e-3)


def test_a_corner_keeps_a_quarter_and_a_hole_counts_as_outside():
    assert mass_inside([[0.0, 0.0]], TOWN, bandwidth_m=200)[0] == pytest.approx(0.25, abs=2e-3)
    park = shapely.difference(TOWN, shapely.box(1000, 1000, 3000, 2000))
    assert mass_inside([[2000.0, 1500.0]], park, bandwidth_m=200)[0] == 0.0
    assert mass_inside([[2000.0, 1000.0]], park, bandwidth_m=200)[0] == pytest.approx(0.5, abs=2e-3)


@settings(max_examples=15)
@given(st.integers(0, 2**31), st.sampled_from(KERNELS))
def test_the_corrected_surface_holds_every_report_inside(seed, kernel):
    rng = np.random.default_rng(seed)
    shape = shapely.MultiPoint(rng.uniform(0, 3000, (7, 2))).buffer(300).convex_hull
    west, south, east, north = shape.bounds
    points = np.array(
        [p for p in rng.uniform((west, south), (east, north), (60, 2)) if shape.contains(shapely.Point(p))]
    )
    step = 25.0
    x, y = np.meshgrid(np.arange(west, east, step) + step / 2, np.arange(south, north, step) + step / 2)
    nodes = np.column_stack([x.ravel(), y.ravel()])
    inside = nodes[shapely.contains_xy(shape, nodes)]
    weights = rng.integers(1, 9, len(points)).astype(float)
    found = edge_corrected_density(points, inside, shape, bandwidth_m=300, kernel=kernel, weights=weights)
    assert found.sum() * step**2 == pytest.approx(weights.sum(), rel=0.02)


def test_well_inside_nothing_changes():
    points, at = np.array([[2000.0, 1500.0], [2100.0, 1400.0]]), np.array([[2050.0, 1500.0]])
    corrected = edge_corrected_density(points, at, TOWN, bandwidth_m=300)
    assert_allclose(corrected, kernel_density(points, at, bandwidth_m=300))


def test_what_makes_no_sense_is_refused():
    with pytest.raises(DataError, match="1 of 2 points lie outside"):
        edge_corrected_density([[-50, 0], [50, 50]], [[0, 0]], TOWN, bandwidth_m=100)
    with pytest.raises(DesignError, match="no area"):
        mass_inside([[0, 0]], shapely.Polygon(), bandwidth_m=100)
    with pytest.raises(DesignError, match="too fine"):
        mass_inside([[0, 0], [4000, 3000]], TOWN, bandwidth_m=0.5)
    assert edge_corrected_density(np.empty((0, 2)), [[0, 0]], TOWN, bandwidth_m=100).tolist() == [0.0]
