"""Quarters of the period, each by itself (R1.9)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geodata.errors import DesignError
from hotspots.config import RankingConfig
from hotspots.stability import quarters_that_pick

MONTHS = pd.date_range("2023-01-01", periods=12, freq="MS", name="month")
FLAT = RankingConfig(half_life_months=1e6, season_weight=0.0)


def matrix(rows: dict[str, list[int]]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index", columns=MONTHS).rename_axis("cell")


STEADY, FLEETING, SECOND = [5] * 12, [0] * 9 + [20] * 3, [3] * 12


def test_counts_the_quarters_in_which_a_place_is_among_the_first_worked_by_hand() -> None:
    # Over the year: fleeting 60, steady 60 (tie, by name), second 36. Two groups need the top 2.
    # Quarters 1-3: steady 15, second 9, fleeting 0 -> steady picked, fleeting not. Quarter 4: fleeting 60, steady 15.
    counts = matrix({"a": FLEETING, "b": STEADY, "c": SECOND, "d": [1] * 12})
    assert quarters_that_pick(counts, FLAT, [["b"], ["a"]]).tolist() == [4, 1]


def test_a_group_counts_when_any_of_its_cells_does() -> None:
    counts = matrix({"a": FLEETING, "b": STEADY, "c": SECOND})
    assert quarters_that_pick(counts, FLAT, [["a", "b"]]).tolist() == [4]


def test_a_quarter_that_was_not_delivered_picks_nothing() -> None:
    counts = matrix({"a": FLEETING, "b": STEADY, "c": SECOND})
    assert quarters_that_pick(counts, FLAT, [["b"]], missing=MONTHS[:3]).tolist() == [3]


def test_a_cell_without_a_report_in_the_quarter_is_never_picked() -> None:
    counts = matrix({"a": FLEETING, "b": [0] * 12})
    assert quarters_that_pick(counts, FLAT, [["a"]]).tolist() == [1]


def test_agrees_with_the_halves_on_what_is_steady() -> None:
    rng = np.random.default_rng(0)
    counts = matrix({f"c{i:02d}": rng.poisson(10 if i < 3 else 0.3, 12).tolist() for i in range(60)})
    assert quarters_that_pick(counts, FLAT, [["c00"], ["c01"], ["c02"]]).tolist() == [4, 4, 4]


def test_fewer_than_four_months_are_refused() -> None:
    with pytest.raises(DesignError, match="at least 4 months"):
        quarters_that_pick(matrix({"a": STEADY}).iloc[:, :3], FLAT, [["a"]])


def test_no_hotspot_no_quarter() -> None:
    assert quarters_that_pick(matrix({"a": STEADY}), FLAT, []).tolist() == []
