"""Telling points apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata import points
from geodata.points import distinct

COORDINATES = st.lists(st.tuples(st.sampled_from([0.0, -0.0, 1.5, -2.1288, 52.5862]), st.floats(-90, 90)), max_size=40)


@pytest.mark.parametrize("mix", [points._MIX, np.int64(0)])
@given(rows=COORDINATES, repeat=st.integers(1, 3))
def test_rows_share_a_code_exactly_when_both_coordinates_are_equal(mix, rows, repeat):
    rows = rows * repeat
    x, y = np.array(rows, dtype=float).reshape(-1, 2).T
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(points, "_MIX", mix)  # a mix of 0 makes every point of one y collide
        codes, first = distinct(x, y)
    seen: dict[tuple[float, float], int] = {}
    expected = [seen.setdefault((a + 0.0, b + 0.0), len(seen)) for a, b in rows]
    assert codes.tolist() == expected
    assert [codes[row] for row in first] == list(range(len(seen)))
    assert all(codes[:row].tolist().count(code) == 0 for code, row in enumerate(first))
