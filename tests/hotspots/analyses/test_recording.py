"""What misrecording could change, on a town where it is known."""

from __future__ import annotations

from dataclasses import replace

import h3
import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

import hotspots
from geodata.errors import DataError
from geodata.schema import ASB
from hotspots.analyses import analyse
from hotspots.config import RunConfig
from hotspots.results import Run

from .conftest import TOWN, UNCHECKED, town_records

ALL = replace(UNCHECKED, categories=("all",), recording_changed="2023-01")


@pytest.fixture(scope="module")
def records() -> pd.DataFrame:
    """ASB of three busy corners; every third report from 2023 on is recorded as public order at the first alone."""
    rows = town_records().reset_index(drop=True)
    corner = rows["location"].str.split(" ").str[0].astype(int)
    late = rows["occurred_from"] >= pd.Timestamp("2023-01-01", tz="Europe/London")
    linked = (corner == 0) & (np.arange(len(rows)) % 3 == 0)
    linked |= late & (corner == 1) & (np.arange(len(rows)) % 5 > 0)
    rows.loc[linked, "category"] = "public-order"
    return rows


@pytest.fixture(scope="module")
def run(records: pd.DataFrame) -> Run:
    return hotspots.run(records, TOWN, ALL)


def test_places_are_ranked_with_and_without_the_crimes_asb_is_mistaken_for(run: Run) -> None:
    found = analyse(run, "recording")
    assert found.refusal is None
    reports = run.incidents.loc[run.incidents["inside"]]
    n_asb, n_all = (reports["category"] == ASB).sum(), len(reports)
    assert 0 < found.table["linked"].sum() <= n_all - n_asb
    assert (found.table["combined"] == found.table["asb"] + found.table["linked"]).all()
    by_combined = found.table.sort_values("combined", ascending=False)
    assert by_combined["rank_combined"].iloc[0] == 1
    cell = pd.Index(
        [
            h3.latlng_to_cell(y, x, run.resolution)
            for x, y in zip(reports["longitude"], reports["latitude"], strict=True)
        ]
    )
    counts = pd.crosstab(cell, reports["category"].to_numpy() == ASB)
    rho = spearmanr(counts[True], counts.sum(axis=1)).statistic
    assert f"(rank correlation {rho:.2f} over {len(counts)} cells)" in found.sentences[0]


def test_a_share_that_moved_is_said_and_the_month_is_marked(run: Run, records: pd.DataFrame) -> None:
    found = analyse(run, "recording")
    assert any("recording may have changed" in sentence for sentence in found.sentences)
    assert found.picture.chosen == 12  # type: ignore[union-attr]
    assert any("Recording practice changed in January 2023" in note for note in run.notes)
    early = records.loc[records["occurred_from"] < pd.Timestamp("2023-01-01", tz="Europe/London")]
    shares = 100 * (early["category"] == ASB).mean()
    assert any(f"ASB was {shares:.1f}% of ASB and linked crime" in sentence for sentence in found.sentences)


def test_a_run_of_asb_alone_cannot_answer_and_says_what_to_do(snapped: Run) -> None:
    found = analyse(snapped, "recording")
    assert found.refusal is not None
    assert "--category all" in found.refusal.reason


def test_a_month_of_change_outside_the_run_is_not_said_and_a_wrong_one_refused(records: pd.DataFrame) -> None:
    run = hotspots.run(records, TOWN, replace(ALL, recording_changed="2019-05"))
    assert not any("Recording practice" in note for note in run.notes)
    found = analyse(run, "recording")
    assert found.picture.chosen is None  # type: ignore[union-attr]
    with pytest.raises(DataError, match="2019-5"):
        RunConfig(recording_changed="2019-5")
