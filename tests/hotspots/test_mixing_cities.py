"""What the busiest cells of two real towns had a year later, beside what allowing for luck said they would have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import geodata
from geodata import cells as h3cells
from hotspots.config import RunConfig
from hotspots.counts import count_cells, month_matrix
from hotspots.gate import take_through_gate
from hotspots.mixing import fit_mixing
from hotspots.shrinkage import fit_prior, shrink

TOP, YEAR = 10, 12


TOWNS = ("luton_lad19_E06000032", "bedford_lad19_E06000055")


def monthly(intake: geodata.Intake, boundary: Path) -> NDArray[np.float64]:
    """Return ASB reports by known cell and month, at the resolution these data are listed at."""
    area = geodata.read_area(boundary)
    gate = take_through_gate(intake, area, RunConfig())
    records = intake.records.dropna(subset=["longitude", "latitude"])
    inside = records.loc[np.asarray(area.contains(records["longitude"], records["latitude"]), dtype=bool)]
    known = pd.Index(np.unique(h3cells.assign(inside["longitude"], inside["latitude"], 9).astype(str)), dtype=object)
    counts = count_cells(gate.incidents.loc[gate.incidents["inside"]], 9)
    return month_matrix(counts, known, gate.period.months).to_numpy(dtype=float)


def years(counts: NDArray[np.float64]) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Yield a year's counts and the year that followed, brought to the level of the first."""
    for end in range(YEAR, counts.shape[1] - YEAR + 1, 3):
        now, then = counts[:, end - YEAR : end].sum(axis=1), counts[:, end : end + YEAR].sum(axis=1)
        yield now, then * now.sum() / then.sum()


def test_the_list_has_a_year_later_about_what_was_said_and_no_farther_from_it_than_a_gamma_says(
    shared: Path, record_property: Callable[[str, object], None]
) -> None:
    """Luck alone explains most of the fall; that places also change is in neither number."""
    intake = geodata.read(shared / "data/police_uk/bedfordshire-2021-05_2024-04.zip")
    missed = []
    for town in TOWNS:
        had, said, by_gamma, happened = 0.0, 0.0, 0.0, 0.0
        for now, then in years(monthly(intake, shared / f"data/boundaries/{town}.geojson")):
            top = np.argsort(-now, kind="stable")[:TOP]
            had += now[top].sum()
            said += fit_mixing(now).expected(now[top]).sum()
            by_gamma += shrink(now, fit_prior(now))[top].sum()
            happened += then[top].sum()
        falls = [1 - each / had for each in (happened, said, by_gamma)]
        record_property(f"{town}: the top {TOP} fall by, said, by gamma", " ".join(f"{fall:.1%}" for fall in falls))
        assert falls[1] == pytest.approx(falls[0], abs=0.04)
        missed.append([abs(falls[1] - falls[0]), abs(falls[2] - falls[0])])
    assert np.mean(missed, axis=0)[0] <= np.mean(missed, axis=0)[1]
