"""A point belongs to the hotspot that holds its cell."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geodata import cells as h3cells
from hotspots.membership import hotspot_of

MIDDLE = h3cells.assign([-2.13], [52.585], 10)[0]
RING = sorted(h3cells.ring_around([MIDDLE], 2))
HOTSPOTS = pd.DataFrame(
    {"cells": [MIDDLE, ",".join(RING[:4])]}, index=pd.Index(["H01", "H02"], name="hotspot_id", dtype=object)
)


def test_the_centre_of_each_cell_belongs_to_the_hotspot_of_that_cell():
    centres = h3cells.centres([MIDDLE, *RING])
    expected = ["H01", *["H02"] * 4, *[""] * (len(RING) - 4)]
    assert hotspot_of(HOTSPOTS, centres[:, 0], centres[:, 1]).tolist() == expected


@given(st.lists(st.tuples(st.floats(-2.135, -2.125), st.floats(52.582, 52.588)), max_size=20))
def test_membership_agrees_with_the_polygons(points):
    longitude, latitude = np.array(points).reshape(-1, 2).T
    owner = hotspot_of(HOTSPOTS, longitude, latitude)
    for hotspot_id, text in HOTSPOTS["cells"].items():
        shape = shapely.union_all(h3cells.polygons(text.split(",")))
        clear = shapely.distance(shape.boundary, shapely.points(longitude, latitude)) > 1e-7
        inside = shapely.contains_xy(shape, longitude, latitude)
        assert ((owner == hotspot_id) == inside)[clear].all()


def test_without_hotspots_nothing_belongs_anywhere():
    assert hotspot_of(HOTSPOTS.iloc[:0], [-2.13, -2.12], [52.585, 52.585]).tolist() == ["", ""]
    assert hotspot_of(HOTSPOTS, [], []).tolist() == []
