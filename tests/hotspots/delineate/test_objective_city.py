"""The objective on whole cities: planted places found, how well their outlines fit, and how near the exact optimum."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from scipy import optimize, sparse

import geodata
from geodata.sample import make_city, write_city
from hotspots import pipeline
from hotspots.config import RankingConfig, RunConfig
from hotspots.delineate.draw import eligible_cells, ground_of, institution_cells, limits_of
from hotspots.delineate.measure import basis_of, centres
from hotspots.delineate.polygons import best_polygon

CITIES = 20
QUICK = RankingConfig(backtest_origins=0)  # the back-test of the list is not what is tested here
FOUND_WITHIN_M = 100.0


def run_of(seed, folder):
    city = make_city(seed)
    write_city(city, folder)
    area = geodata.read_area(folder / "area.geojson")
    return pipeline.run(geodata.read([folder / "incidents.csv"]), area, RunConfig(ranking=QUICK)), city.truth


def fit(run, truth):
    """Return which planted hotspots the list finds, and the overlap (IoU) of each with its best-fitting polygon."""
    drawn = run.area.in_metres(run.hotspots.geometry.to_numpy())
    found, overlap = [], []
    for planted in truth["hotspots"]:
        middle = shapely.Point(run.area.project([planted["longitude"]], [planted["latitude"]]))
        disc = middle.buffer(planted["radius_m"])
        found.append(shapely.distance(drawn, middle).min() <= FOUND_WITHIN_M)
        overlap.append(float(np.max(shapely.area(shapely.intersection(drawn, disc)) / shapely.area(drawn | disc))))
    return found, overlap


@pytest.mark.slow
def test_planted_hotspots_are_in_the_top_ten_and_their_outlines_fit(tmp_path, record_property):
    """Measured: recall 1.00 and median overlap 0.55; grown greedily from the busiest cell, the overlap was 0.51."""
    recall, overlap = [], []
    for seed in range(CITIES):
        found, fits = fit(*run_of(seed, tmp_path))
        recall.append(np.mean(found))
        overlap += fits
    said = f"mean recall {np.mean(recall):.3f}, median overlap {np.median(overlap):.3f} over {CITIES} cities"
    record_property("planted truth", said)
    print(said)  # noqa: T201 - tracked
    assert np.mean(recall) >= 0.95
    assert np.median(overlap) >= 0.52


def best_family(candidates, value, centre, apart_m, n):
    """Return the best sum of `value` over at most `n` disjoint polygons `apart_m` apart: a mixed-integer programme."""
    clashes = [
        (a, b)
        for a, b in zip(*np.triu_indices(len(candidates), 1), strict=True)
        if np.hypot(*(centre[a] - centre[b])) < apart_m or set(candidates[a]) & set(candidates[b])
    ]
    row = np.repeat(np.arange(len(clashes)), 2)
    clash = sparse.csr_array((np.ones(len(row)), (row, np.ravel(clashes))), shape=(len(clashes), len(candidates)))
    rules = [
        optimize.LinearConstraint(clash, ub=1),
        optimize.LinearConstraint(np.ones((1, len(candidates))), ub=n),
    ]
    answer = optimize.milp(-value, integrality=np.ones(len(value)), bounds=optimize.Bounds(0, 1), constraints=rules)
    assert answer.success
    return float(-answer.fun)


def gap_to_the_best_family(run):
    """Return how far the drawn list is below the exact choice among the best polygons of the 300 busiest cells."""
    config = run.config.delineation
    basis = basis_of(run.cells, run.incidents, run.area, config, period=run.period)
    eligible = eligible_cells(basis, institution_cells(basis, run.quality.default_locations)[0])
    ground, limits = ground_of(eligible, basis), limits_of(basis)
    free = np.ones(len(eligible), dtype=bool)
    best = [best_polygon(root, ground, free, limits) for root in range(300)]
    polygons = sorted((found for found in best if found[1]), key=lambda found: -found[0])[:200]
    candidates = [eligible.index[group].to_list() for _, group in polygons]
    candidates += [text.split(",") for text in run.hotspots["cells"]]
    value = np.array([ratio for ratio, _ in polygons] + run.hotspots["per_minute"].to_list())
    exact = best_family(candidates, value, centres(candidates, basis), config.min_separation_m, config.n_hotspots)
    drawn = float(run.hotspots["per_minute"].sum())
    assert drawn <= exact * (1 + 1e-9)
    return 1 - drawn / exact


@pytest.mark.slow
def test_drawing_the_best_first_is_near_the_best_family_there_is(tmp_path, record_property):
    """What keeping the best place on the list costs: measured 0.0 % on the sample."""
    gap = gap_to_the_best_family(run_of(0, tmp_path)[0])
    record_property("gap to the exact optimum, sample", f"{gap:.2%}")
    assert gap < 0.02


@pytest.mark.slow
def test_on_real_streets_too_best_first_is_near_the_best_family(shared, record_property):
    """Luton in cells of 1.4 ha, where busy places crowd: measured 1 to 4 %, depending on the months."""
    area = geodata.read_area(shared / "data/boundaries/luton_lad19_E06000032.geojson")
    intake = geodata.read([shared / "data/police_uk/bedfordshire-2021-05_2024-04.zip"])
    gap = gap_to_the_best_family(pipeline.run(intake, area, RunConfig(resolution=10, ranking=QUICK)))
    record_property("gap to the exact optimum, Luton", f"{gap:.2%}")
    assert gap < 0.05
