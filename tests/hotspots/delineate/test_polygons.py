"""The best polygon on small grids: by hand, and against looking at every polygon there is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata import cells as h3cells
from hotspots.delineate.polygons import Ground, Limits, best_first, best_polygon, reports_per_minute

MIDDLE = "8a194da9a6cffff"
CELL_KM2, WALK = 0.0136, 4.0


def ground(cells, scores, n_12m=None, minutes=None, area_km2=None):
    """Return a ground with the cells best score first, and their names in that order."""
    order = sorted(range(len(cells)), key=lambda i: (-scores[i], cells[i]))
    names = [cells[i] for i in order]
    touching = h3cells.neighbours(names)
    near = [sorted(touching.indices[touching.indptr[i] : touching.indptr[i + 1]].tolist()) for i in range(len(names))]

    def sort(values, default):
        return [default] * len(names) if values is None else [values[i] for i in order]

    return Ground(near, sort(scores, 0.0), sort(minutes, WALK), sort(area_km2, CELL_KM2), sort(n_12m, 100)), names


def limits(max_cells=7, max_area_km2=0.1, min_n_12m=36, stop_minutes=15.0):
    return Limits(max_cells, max_area_km2, min_n_12m, stop_minutes)


def is_connected(group, near):
    seen, todo = {group[0]}, [group[0]]
    while todo:
        new = set(near[todo.pop()]) & set(group) - seen
        seen |= new
        todo += new
    return len(seen) == len(group)


def every_polygon(place, free, limit):
    """Return every set of free cells that keeps to the limits, by trying all sets."""
    cells = [i for i in range(len(place.score)) if free[i]]
    for size in range(1, limit.max_cells + 1):
        for group in itertools.combinations(cells, size):
            if (
                sum(place.area_km2[i] for i in group) <= limit.max_area_km2
                and sum(place.n_12m[i] for i in group) >= limit.min_n_12m
                and is_connected(group, place.near)
            ):
                yield group


def test_by_hand_a_neighbour_joins_while_it_is_worth_its_minutes():
    """19 minutes for one cell of 10 reports, 0.526 a minute: four minutes more must bring more than 2.1 reports."""
    ring = sorted(set(h3cells.disk(MIDDLE, 1)) - {MIDDLE})
    for added, expected in ((2.0, 1), (2.2, 2)):
        place, names = ground([MIDDLE, ring[0]], [10.0, added])
        ratio, group = best_polygon(0, place, np.ones(2, bool), limits())
        assert [names[i] for i in group] == [MIDDLE, ring[0]][:expected]
        assert ratio == pytest.approx(max(10 / 19, (10 + added) / 23))


def test_by_hand_a_quiet_cell_is_taken_as_a_bridge_when_what_lies_behind_it_pays():
    line = [MIDDLE]
    for _ in range(2):
        line.append(next(c for c in h3cells.disk(line[-1], 1) if h3cells.steps_between(MIDDLE, c) == len(line)))
    place, names = ground(line, [10.0, 0.5, 9.0])
    ratio, group = best_polygon(0, place, np.ones(3, bool), limits())
    assert {names[i] for i in group} == set(line)
    assert ratio == pytest.approx(19.5 / 27)
    assert ratio > 10 / 19


def test_a_polygon_grows_until_it_holds_the_volume_even_where_that_costs():
    ring = sorted(set(h3cells.disk(MIDDLE, 1)) - {MIDDLE})
    place, _ = ground([MIDDLE, ring[0]], [10.0, 0.1], n_12m=[30, 6])
    assert best_polygon(0, place, np.ones(2, bool), limits())[1] == [0, 1]
    assert best_polygon(0, place, np.ones(2, bool), limits(min_n_12m=37)) == (0.0, [])


GRID = h3cells.disk(MIDDLE, 2)  # 19 cells
VALUES = st.lists(
    st.tuples(st.floats(0.01, 9), st.integers(0, 40), st.floats(1, 9), st.floats(0.005, 0.03)),
    min_size=len(GRID), max_size=len(GRID),
)  # fmt: skip


@settings(max_examples=25)
@given(VALUES, st.integers(1, 4), st.integers(1, 80), st.floats(1, 30), st.sampled_from([0.03, 0.05, 0.1]))
def test_no_polygon_left_is_better_than_the_one_drawn(values, max_cells, volume, stop, max_area):
    scores, n_12m, minutes, area_km2 = (list(column) for column in zip(*values, strict=True))
    place, _ = ground(GRID, scores, n_12m, minutes, area_km2)
    limit = limits(max_cells, max_area, volume, stop)
    free = np.ones(len(GRID), bool)
    drawn = list(best_first(place, limit))
    for group in drawn:
        best = max(reports_per_minute(other, place, stop) for other in every_polygon(place, free, limit))
        assert reports_per_minute(group, place, stop) == pytest.approx(best)
        assert is_connected(group, place.near)
        assert len(group) <= max_cells
        assert sum(place.area_km2[i] for i in group) <= max_area
        assert sum(place.n_12m[i] for i in group) >= volume
        assert free[group].all()
        free[group] = False
    assert not any(True for _ in every_polygon(place, free, limit))
