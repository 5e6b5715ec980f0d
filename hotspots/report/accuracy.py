"""``rankings.csv``, ``accuracy.csv``, ``accuracy.json``: what was ranked at each origin, and how good it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from geodata.context import read_boundaries
from hotspots.report import words
from hotspots.report.provenance import as_json
from hotspots.report.tables import safe_text
from hotspots.results import ListAccuracy
from hotspots.targeting import BASELINE, RANKERS, Backtest, Panel
from hotspots.targeting.equality import equality_view, read_deciles


def backtest_files(backtest: Backtest, methods: Sequence[str], record: dict[str, Any]) -> dict[str, bytes]:
    """Return the files of a back-test by name.

    Parameters
    ----------
    backtest : Backtest
    methods : sequence of str
        Whose rankings are written; accuracy is given for all that were measured.
    record : dict
        What was tested: area, data, settings.
    """
    verdicts = {method: words.accuracy(backtest.of_list(method)) for method in methods}
    content = record | {
        "unit": backtest.unit,
        "horizon": backtest.horizon,
        "origins": list(backtest.origins.strftime("%Y-%m-%d")),
        "baseline": BASELINE,
        "methods": {name: _described(name) for name in backtest.scores},
        "verdicts": verdicts,
        "accuracy": _rows(backtest.accuracy),
        "accuracy_covid_months": [] if backtest.covid is None else _rows(backtest.covid),
        "monthly": _rows(backtest.monthly.assign(origin=backtest.monthly["origin"].dt.strftime("%Y-%m-%d"))),
    }
    return {
        "rankings.csv": csv_bytes(backtest.rankings(methods)),
        "accuracy.csv": csv_bytes(backtest.accuracy),
        "accuracy.json": as_json(content),
    }


def sets_csv(kind: str, answers: Mapping[str, ListAccuracy | str]) -> bytes:
    """Return ``sets.csv``: accuracy of a list of each part of the reports, or why none is given."""
    rows = [
        {"by": kind, "part": name} | ({"refused": found} if isinstance(found, str) else asdict(found))
        for name, found in answers.items()
    ]
    return csv_bytes(pd.DataFrame(rows).map(safe_text))


def equality_csv(tested: Backtest, panel: Panel, method: str, imd: Path, lsoa: Path) -> bytes:
    """Return ``equality.csv``: shares of land, flagged cells and reports by deprivation decile (R7.7)."""
    boundaries, deciles = read_boundaries(lsoa), read_deciles(imd)
    views = [
        equality_view(tested, panel, method, area=area, boundaries=boundaries, deciles=deciles).assign(area=area)
        for area in tested.monthly["area"].unique()
    ]
    return csv_bytes(pd.concat(views).reset_index())


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Return a table of numbers and plain names as CSV; numbers are written so that equal ones stay equal."""
    return frame.to_csv(index=False, lineterminator="\n").encode()


def _described(name: str) -> dict[str, Any]:
    ranker = RANKERS[name]
    return {"label": ranker.label, "opaque": ranker.is_opaque}


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict(orient="records")]
