"""Counting reports into cells and months."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from geodata import cells as h3cells
from geodata.schema import COUNTS, check
from hotspots.counts import count_cells, merge_counts, month_matrix

POINTS = [(-2.1288, 52.5862), (-2.1289, 52.5862), (-2.15, 52.60), (-2.10, 52.56)]


def table(rows):
    where, months = [POINTS[i] for i, _ in rows], [f"2024-{m:02d}-01" for _, m in rows]
    return pd.DataFrame(
        {
            "longitude": [float(x) for x, _ in where],
            "latitude": [float(y) for _, y in where],
            "month": pd.to_datetime(pd.Series(months, dtype="str")).astype("datetime64[us]"),
        }
    )


ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 12)), max_size=40)


def test_identical_reports_all_count():
    counts = count_cells(table([(0, 1), (0, 1), (0, 1)]), 10)
    assert counts["n"].to_list() == [3]
    assert counts.index[0] == (h3cells.assign([POINTS[0][0]], [POINTS[0][1]], 10)[0], pd.Timestamp("2024-01-01"))


def test_counts_keep_their_contract_even_when_there_is_nothing():
    for rows in ([], [(0, 1), (2, 5)]):
        counts = count_cells(table(rows), 9)
        check(counts, COUNTS)
        assert counts.index.names == ["cell", "month"]
        assert counts["n"].dtype == np.int64


@given(ROWS, st.integers(0, 40))
def test_counting_parts_then_merging_equals_counting_once(rows, cut):
    whole = count_cells(table(rows), 9)
    parts = merge_counts([count_cells(table(rows[cut:]), 9), count_cells(table(rows[:cut]), 9)])
    assert_frame_equal(parts, whole)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_irrelevant(rows, random):
    shuffled = random.sample(rows, len(rows))
    assert_frame_equal(count_cells(table(shuffled), 10), count_cells(table(rows), 10))


@given(ROWS)
def test_counts_add_up_to_the_number_of_rows(rows):
    frame = table(rows)
    before = frame.copy()
    assert count_cells(frame, 10)["n"].sum() == len(rows)
    assert_frame_equal(frame, before)


@given(ROWS)
def test_counts_agree_with_a_plain_loop(rows):
    frame = table(rows)
    expected: dict[tuple[str, pd.Timestamp], int] = {}
    for row in frame.itertuples():
        key = (h3cells.assign([row.longitude], [row.latitude], 9)[0], row.month)
        expected[key] = expected.get(key, 0) + 1
    assert count_cells(frame, 9)["n"].to_dict() == expected


def test_the_month_matrix_says_zeros_aloud_and_keeps_the_order_given():
    counts = count_cells(table([(0, 1), (0, 1), (2, 3)]), 9)
    first, other = h3cells.assign(*np.array([POINTS[0], POINTS[2]]).T, 9)
    cells = pd.Index([other, "no reports here", first], dtype=object)
    months = pd.date_range("2024-01-01", "2024-03-01", freq="MS")
    matrix = month_matrix(counts, cells, months)
    assert matrix.to_numpy().tolist() == [[0, 0, 1], [0, 0, 0], [2, 0, 0]]
    assert (matrix.index.name, matrix.columns.name) == ("cell", "month")


def test_the_month_matrix_leaves_out_other_months():
    counts = count_cells(table([(0, 1), (0, 12)]), 9)
    matrix = month_matrix(counts, counts.index.levels[0], pd.date_range("2024-02-01", "2024-12-01", freq="MS"))
    assert matrix.to_numpy().sum() == 1


def test_merging_nothing_but_empty_parts_gives_an_empty_table():
    empty = count_cells(table([]), 9)
    assert_frame_equal(merge_counts([empty, empty]), empty)


@pytest.mark.parametrize("resolution", [8, 9, 10, 11])
def test_no_report_is_lost_at_any_resolution(resolution):
    rows = [(i % 4, 1 + i % 12) for i in range(48)]
    assert count_cells(table(rows), resolution)["n"].sum() == 48
