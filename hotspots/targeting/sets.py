"""One back-test for each part of the reports: categories, day and night, or whose they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pandas as pd

from geodata.area import StudyArea
from geodata.categories import label
from geodata.errors import DesignError
from geodata.nsir import agency, report_types
from geodata.quality import Gate
from geodata.sources import Intake
from hotspots.config import RunConfig
from hotspots.gate import everything_beside
from hotspots.results import ListAccuracy
from hotspots.seasons import split_day_night
from hotspots.targeting.assemble import is_wanted, panel_of
from hotspots.targeting.backtest import list_accuracy

Masks = dict[str, pd.Series]


def by_category(incidents: pd.DataFrame, _wanted: pd.Series, _config: RunConfig) -> Masks:
    """Return each category that was read, wanted or not."""
    return {label(str(name)): incidents["category"] == name for name in sorted(incidents["category"].unique())}


def by_day_and_night(incidents: pd.DataFrame, wanted: pd.Series, _config: RunConfig) -> Masks:
    """Return the wanted reports of the day (06:00-18:00) and of the evening and night (R1.10)."""
    sets = split_day_night(incidents.loc[wanted])
    named = {"Day (06:00-18:00)": sets.day, "Evening and night (18:00-06:00)": sets.night}
    return {name: pd.Series(incidents.index.isin(part.index), index=incidents.index) for name, part in named.items()}


def by_agency(incidents: pd.DataFrame, wanted: pd.Series, config: RunConfig) -> Masks:
    """Return the wanted reports by who deals with them, as the user's own kinds of report have it (R1.6).

    Those of which nothing tells are left out.
    """
    owner = agency(incidents, report_types(config.report_types or None)).where(wanted, "")
    return {name: owner == name for name in sorted(set(owner) - {""})}


KINDS: Final[dict[str, Callable[[pd.DataFrame, pd.Series, RunConfig], Masks]]] = {
    "category": by_category,
    "day-night": by_day_and_night,
    "agency": by_agency,
}
"""Ways to part the reports, by name."""


def backtest_sets(
    gate: Gate, intake: Intake, area: StudyArea, config: RunConfig, *, kind: str, method: str, resolution: int
) -> dict[str, ListAccuracy | str]:
    """Return how good a list of each part of the reports would have been, or why that cannot be said.

    Parameters
    ----------
    gate : Gate
        What passed of the wanted categories.
    intake, area, config
    kind : str
        One of `KINDS`.
    method : str
        Ranker.
    resolution : int

    Raises
    ------
    DesignError
        If the kind is not known, or no report can be told apart by it.
    """
    if kind not in KINDS:
        raise DesignError(f"Reports cannot be parted by '{kind}'; they can by {', '.join(KINDS)}.")
    incidents = everything_beside(gate, intake, area, config)
    masks = KINDS[kind](incidents, is_wanted(incidents["category"], config), config)
    if not masks:
        raise DesignError(f"Nothing in these records tells them apart by {kind}.")
    answers: dict[str, ListAccuracy | str] = {}
    for name, mask in masks.items():
        panel = panel_of(gate, intake, area, config, resolution=resolution, wanted=mask)
        found, refused = list_accuracy(panel, method, newest=None, seed=config.seed)
        answers[name] = found if found is not None else refused[0].reason
    return answers
