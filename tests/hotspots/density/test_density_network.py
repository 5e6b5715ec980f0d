"""Density along streets: closed forms on a crossing, laws on random networks."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy import sparse
from scipy.sparse.csgraph import dijkstra

from geodata.errors import DataError, DesignError
from geodata.sample import make_city
from hotspots.density import network_density, street_graph
from hotspots.density.network import METHODS, lixel_lines
from hotspots.density.streets import lixels, nearest_street


def quartic(d, bandwidth):
    return 15 / 16 * (1 - (d / bandwidth) ** 2) ** 2 * (abs(d) < bandwidth)


def plus(arm=30.0):
    ends = [(0, arm), (arm, 0), (0, -arm), (-arm, 0)]
    return street_graph([shapely.LineString([(0, 0), end]) for end in ends])


def grid(n=4, side=50.0):
    lines = [
        shapely.LineString([(side * i, side * j), (side * (i + di), side * (j + dj))])
        for i in range(n) for j in range(n) for di, dj in ((1, 0), (0, 1)) if i + di < n and j + dj < n
    ]  # fmt: skip
    return street_graph(lines)


def at(found, x, y):
    rows = found.lixels
    return float(rows.loc[np.hypot(rows["x"] - x, rows["y"] - y).idxmin(), "per_m"])


def total(found):
    rows = found.lixels
    return float((rows["per_m"] * (rows["end_m"] - rows["start_m"])).sum())


def test_a_crossing_gives_the_closed_forms_of_spnetwork():
    event = [[0.0, 3.0]]
    simple = network_density(event, plus(), bandwidth_m=10, method="simple", lixel_m=2)
    assert at(simple, 3, 0) == pytest.approx(quartic(6, 10) / 10, rel=1e-12)
    split = network_density(event, plus(), bandwidth_m=10, method="discontinuous", lixel_m=2)
    assert at(split, 3, 0) == pytest.approx(quartic(6, 10) / 10 / 3, rel=1e-12)
    smooth = network_density(event, plus(), bandwidth_m=5, method="continuous", lixel_m=2)
    assert at(smooth, 0, 1) == pytest.approx((quartic(2, 5) - quartic(4, 5) / 2) / 5, rel=1e-12)
    assert at(smooth, 1, 0) == pytest.approx(quartic(4, 5) / 2 / 5, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_a_straight_street_cut_in_pieces_is_the_kernel_itself(method):
    cuts = [0, 35, 60, 140, 200, 400]
    whole = street_graph([shapely.LineString([(a, 0), (b, 0)]) for a, b in itertools.pairwise(cuts)])
    found = network_density([[200.0, 4.0]], whole, bandwidth_m=100, method=method, lixel_m=5, weights=[3.0])
    assert_allclose(found.lixels["per_m"], 3 * quartic(found.lixels["x"] - 200, 100) / 100, atol=1e-15)


def test_the_continuous_kernel_keeps_every_report_even_at_dead_ends():
    found = network_density([[0.0, 20.0], [75.0, 50.0]], grid(), bandwidth_m=120, method="continuous", lixel_m=1)
    assert total(found) == pytest.approx(2.0, abs=2e-3)
    lonely = street_graph([shapely.LineString([(0, 0), (30, 0)])])
    found = network_density([[4.0, 0.0]], lonely, bandwidth_m=20, method="continuous", lixel_m=0.5)
    assert total(found) == pytest.approx(1.0, abs=1e-3)


def test_the_discontinuous_kernel_keeps_every_report_where_there_is_no_dead_end():
    ring = np.linspace(0, 2 * np.pi, 9)
    corners = np.column_stack([100 * np.cos(ring), 100 * np.sin(ring)])
    corners[-1] = corners[0]
    around = [shapely.LineString(pair) for pair in itertools.pairwise(corners)]
    spokes = [shapely.LineString([(0, 0), corner]) for corner in corners[:-1]]
    found = network_density([[30.0, 0.0]], street_graph(around + spokes), bandwidth_m=150, lixel_m=1)
    assert total(found) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_the_simple_kernel_equals_shortest_ways_of_scipy(seed):
    rng = np.random.default_rng(seed)
    spots = rng.uniform(0, 400, (12, 2))
    pairs = {tuple(sorted(rng.choice(12, 2, replace=False))) for _ in range(24)}
    graph = street_graph([shapely.LineString(spots[list(pair)]) for pair in pairs])
    events, weights = rng.uniform(0, 400, (6, 2)), rng.uniform(0, 4, 6)
    found = network_density(
        events, graph, bandwidth_m=250, method="simple", lixel_m=15, weights=weights, max_snap_m=1e9
    )
    n = len(graph.first) - 1
    ways = sparse.coo_array((graph.length, (graph.start, graph.end)), shape=(n, n))
    between = dijkstra(ways, directed=False)
    edge, along, _ = nearest_street(events, graph)
    piece, start_m, end_m = lixels(graph, 15)
    middle, expected = (start_m + end_m) / 2, np.zeros(len(piece))
    for e, offset, weight in zip(edge, along, weights, strict=True):
        ends = [(graph.start[e], offset), (graph.end[e], graph.length[e] - offset)]
        d = np.where(piece == e, np.abs(middle - offset), np.inf)
        for node, walked in ends:
            d = np.minimum(d, walked + between[node, graph.start[piece]] + middle)
            d = np.minimum(d, walked + between[node, graph.end[piece]] + graph.length[piece] - middle)
        expected += weight * quartic(np.minimum(d, 1e6), 250) / 250
    assert_allclose(found.lixels["per_m"], expected, rtol=1e-9, atol=1e-15)


@given(st.floats(1, 149), st.sampled_from(METHODS), st.floats(10, 140))
def test_turning_every_line_round_changes_nothing(place, method, bandwidth):
    graph = grid()
    turned = street_graph(shapely.reverse(graph.lines))
    one, other = (
        network_density([[place, 50.0]], g, bandwidth_m=bandwidth, method=method, lixel_m=10) for g in (graph, turned)
    )
    rows = [found.lixels.sort_values(["x", "y"])["per_m"].to_numpy() for found in (one, other)]
    rounded = [found.lixels.round(6).sort_values(["x", "y"])["per_m"].to_numpy() for found in (one, other)]
    assert_allclose(sorted(rows[0]), sorted(rows[1]), atol=1e-12)
    assert_allclose(*rounded, atol=2e-6)


def test_reports_far_from_any_street_are_left_out_and_counted():
    found = network_density([[0.0, 3.0], [500.0, 500.0]], plus(), bandwidth_m=10, weights=[1.0, 2.0], lixel_m=2)
    assert found.n_snapped == 1.0
    assert "2 of 3 reports lie more than 50 m" in found.notes[0]
    assert "shorter than a piece" in network_density([[0, 3]], plus(), bandwidth_m=10, lixel_m=20).notes[0]


def test_ends_a_hair_apart_are_one_junction_and_lines_that_cross_are_none():
    lines = [shapely.LineString([(0, 0), (10, 0)]), shapely.LineString([(10.05, 0), (20, 0)])]
    assert sorted(street_graph(lines).degree) == [1, 1, 2]
    crossing = [shapely.LineString([(0, 0), (10, 10)]), shapely.LineString([(0, 10), (10, 0)])]
    assert sorted(street_graph(crossing).degree) == [1, 1, 1, 1]


def test_the_streets_of_the_sample_city_carry_its_reports():
    city = make_city(0)
    graph = street_graph(city.streets, area=city.area)
    located = city.incidents.dropna(subset=["easting", "northing"]).head(3000)
    points = located[["easting", "northing"]].to_numpy(dtype=float)
    found = network_density(points, graph, bandwidth_m=150, method="continuous", max_snap_m=200)
    assert found.n_snapped > 0.9 * len(points)
    assert total(found) == pytest.approx(found.n_snapped, rel=0.02)
    pieces = lixel_lines(graph, found)
    assert shapely.length(pieces).sum() == pytest.approx(graph.length.sum(), rel=1e-9)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(DesignError, match="hold no line"):
        street_graph([])
    degrees = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 52), (0.1, 52)])], crs="EPSG:4326")
    with pytest.raises(DesignError, match="degrees"):
        street_graph(degrees)
    with pytest.raises(DesignError, match="'heat' is not known"):
        network_density([[0, 1]], plus(), bandwidth_m=10, method="heat")
    with pytest.raises(DesignError, match="above 0"):
        network_density([[0, 1]], plus(), bandwidth_m=0)
    with pytest.raises(DesignError, match="longer than 0"):
        network_density([[0, 1]], plus(), bandwidth_m=10, lixel_m=0)
    with pytest.raises(DataError, match="1 of 1 weights"):
        network_density([[0, 1]], plus(), bandwidth_m=10, weights=[-1.0])
    with pytest.raises(DesignError, match="too many junctions"):
        network_density([[0, 0.2]], grid(12, 1.0), bandwidth_m=500, method="continuous", lixel_m=1)


def test_no_report_is_no_density():
    found = network_density(np.empty((0, 2)), plus(), bandwidth_m=10)
    assert found.lixels["per_m"].sum() == 0
    assert len(found.lixels) == 8
