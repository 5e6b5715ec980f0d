"""A density with its bandwidth and its cautions."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from numpy.testing import assert_allclose

from geodata.errors import DesignError
from hotspots.density import Bandwidth, density_surface, kernel_density, rule_of_thumb


def test_each_kernel_goes_the_fastest_way_that_is_exact_enough():
    rng = np.random.default_rng(1)
    points, at = rng.uniform(0, 900, (50, 2)), rng.uniform(0, 900, (30, 2))
    for kernel, rtol in (("quartic", 1e-12), ("epanechnikov", 1e-12), ("gaussian", 5e-4)):
        found = density_surface(points, at, bandwidth=150.0, kernel=kernel)
        assert_allclose(found.per_m2, kernel_density(points, at, bandwidth_m=150.0, kernel=kernel), rtol=rtol)
        assert found.bandwidth == Bandwidth(150.0, "given")
        assert found.notes == ()
    chosen = rule_of_thumb(points)
    assert density_surface(points, at, bandwidth=chosen).bandwidth is chosen


def test_a_boundary_asks_for_edge_correction():
    found = density_surface([[0.0, 50.0]], [[0.0, 50.0]], bandwidth=20.0, boundary_m=shapely.box(0, 0, 100, 100))
    assert found.per_m2[0] == pytest.approx(2 * 3 / np.pi / 400, rel=0.01)
    assert "Diggle" in found.way


def test_cautions_are_in_words():
    narrow = density_surface([[0, 0], [9, 9]], [[0, 0]], bandwidth=50.0, cell_m=131.0)
    assert narrow.notes[0].startswith("The bandwidth (50 m) is smaller than a cell (131 m)")
    one = density_surface([[0, 0]] * 3, [[0, 0]], bandwidth=50.0)
    assert one.notes == ("All 3 reports lie at one point, so the map shows the kernel, not a pattern.",)
    none = density_surface(np.empty((0, 2)), [[0, 0]], bandwidth=50.0)
    assert none.notes == ("There are no reports, so the density is 0 everywhere.",)
    assert none.per_m2.tolist() == [0.0]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(DesignError, match="'cosine' is not known"):
        density_surface([[0, 0]], [[0, 0]], bandwidth=50.0, kernel="cosine")
    with pytest.raises(DesignError, match="above 0"):
        density_surface([[0, 0]], [[0, 0]], bandwidth=float("inf"))
