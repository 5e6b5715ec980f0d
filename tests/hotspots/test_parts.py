"""Halves and quarters of the period, each ranked by itself (R1.9)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from geodata.errors import DesignError
from hotspots.config import RankingConfig
from hotspots.parts import HALVES, in_both_halves, picked, quarters_that_pick, ranks_by_part, spans, split_stability
from hotspots.results import Stability

MONTHS = pd.date_range("2023-01-01", periods=12, freq="MS", name="month")
FLAT = RankingConfig(half_life_months=1e6, season_weight=0.0)


def matrix(rows: dict[str, list[int]]) -> pd.DataFrame:
    return pd.DataFrame.from_dict(rows, orient="index", columns=MONTHS).rename_axis("cell")


def quarters(counts: pd.DataFrame, groups: list[list[str]], **more: Any) -> np.ndarray:
    return quarters_that_pick(ranks_by_part(counts, FLAT, **more), groups)


def numbered(counts: np.ndarray) -> pd.DataFrame:
    months = pd.date_range("2023-05-01", periods=counts.shape[1], freq="MS", name="month")
    cells = pd.Index([f"8a{i:04d}" for i in range(len(counts))], name="cell", dtype=object)
    return pd.DataFrame(counts, index=cells, columns=months)


def stability(counts: np.ndarray, k: int, **more: Any) -> Stability:
    table = numbered(counts)
    return split_stability(ranks_by_part(table, RankingConfig()), pd.DatetimeIndex(table.columns), k, **more)


STEADY, FLEETING, SECOND = [5] * 12, [0] * 9 + [20] * 3, [3] * 12


def test_counts_the_quarters_in_which_a_place_is_among_the_first_worked_by_hand() -> None:
    # Over the year: fleeting 60, steady 60 (tie, by name), second 36. Two groups need the top 2.
    # Quarters 1-3: steady 15, second 9, fleeting 0 -> steady picked, fleeting not. Quarter 4: fleeting 60, steady 15.
    counts = matrix({"a": FLEETING, "b": STEADY, "c": SECOND, "d": [1] * 12})
    assert quarters(counts, [["b"], ["a"]]).tolist() == [4, 1]


def test_a_group_counts_when_any_of_its_cells_does() -> None:
    counts = matrix({"a": FLEETING, "b": STEADY, "c": SECOND})
    assert quarters(counts, [["a", "b"]]).tolist() == [4]


def test_a_quarter_that_was_not_delivered_picks_nothing() -> None:
    counts = matrix({"a": FLEETING, "b": STEADY, "c": SECOND})
    assert quarters(counts, [["b"]], missing=MONTHS[:3]).tolist() == [3]


def test_a_cell_without_a_report_in_the_quarter_is_never_picked() -> None:
    counts = matrix({"a": FLEETING, "b": [0] * 12})
    assert quarters(counts, [["a"]]).tolist() == [1]


def test_agrees_with_the_halves_on_what_is_steady() -> None:
    rng = np.random.default_rng(0)
    counts = matrix({f"c{i:02d}": rng.poisson(10 if i < 3 else 0.3, 12).tolist() for i in range(60)})
    assert quarters(counts, [["c00"], ["c01"], ["c02"]]).tolist() == [4, 4, 4]


def test_fewer_than_four_months_are_refused() -> None:
    with pytest.raises(DesignError, match="at least 4 months"):
        quarters(matrix({"a": STEADY}).iloc[:, :3], [["a"]])


def test_no_hotspot_no_quarter() -> None:
    assert quarters(matrix({"a": STEADY}), []).tolist() == []


def test_a_list_that_never_changes_is_wholly_stable() -> None:
    found = stability(np.repeat(np.arange(20)[:, None], 12, axis=1), 5)
    assert found.overlap == 1.0
    assert found.is_stable
    assert (found.first_half, found.second_half) == ("2023-05 to 2023-10", "2023-11 to 2024-04")


def test_a_list_that_turns_over_is_not_stable() -> None:
    counts = np.zeros((20, 12), dtype=int)
    counts[:5, :6] = counts[5:10, 6:] = 4
    found = stability(counts, 5)
    assert found.overlap == 0.0
    assert not found.is_stable
    assert stability(counts, 5, min_overlap=0.0).is_stable
    parts = ranks_by_part(numbered(counts), RankingConfig())
    assert in_both_halves(parts, [["8a0005"], ["8a0006"]]) == [False, False]


def test_a_hotspot_is_in_both_halves_when_one_of_its_cells_is() -> None:
    counts = np.ones((30, 12), dtype=int)
    counts[7] = 9
    counts[12, 6:] = 8
    groups = [["8a0007", "8a0020"], ["8a0012"]]
    parts = ranks_by_part(numbered(counts), RankingConfig())
    assert in_both_halves(parts, groups) == [True, False]
    assert in_both_halves(parts, []) == []
    assert in_both_halves(ranks_by_part(numbered(counts[:, :1]), RankingConfig()), groups) == [False, False]


def test_one_month_cannot_be_halved() -> None:
    with pytest.raises(DesignError, match="halves"):
        stability(np.array([[1], [2]]), 1)


def test_parts_are_all_the_months_once_and_the_later_ones_are_the_longer() -> None:
    found = spans(11)
    assert [found[half] for half in HALVES] == [slice(0, 5), slice(5, 11)]
    lengths = [months.stop - months.start for name, months in found.items() if name.endswith("quarter")]
    assert (sum(lengths), lengths == sorted(lengths)) == (11, True)


def test_a_group_the_whole_never_ranked_does_not_widen_what_the_others_need() -> None:
    counts = matrix({"a": FLEETING, "b": STEADY, "c": SECOND, "d": [0] * 12})
    parts = ranks_by_part(counts, FLAT)
    assert picked(parts, [["b"], ["d"]]).to_numpy().tolist() == [[True] * 6, [False] * 6]
