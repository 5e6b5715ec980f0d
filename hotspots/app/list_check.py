"""Back-tests the pages may ask for, worked out once for each run and way to ask."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from geodata.context import read_boundaries
from hotspots.app.data import KEPT_ANSWERS, Dataset, Upload, current_gate, read_upload
from hotspots.config import RunConfig
from hotspots.gate import events_of
from hotspots.results import ListAccuracy, Run
from hotspots.targeting import Backtest, Panel, rankers_named, run_backtest
from hotspots.targeting.assemble import panel_of
from hotspots.targeting.equality import equality_view, read_deciles
from hotspots.targeting.sets import backtest_sets
from hotspots.targeting.sparse import sparse_curve


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """A back-test and the panel it was made of."""

    panel: Panel
    tested: Backtest


def check_list(dataset: Dataset, run: Run, methods: tuple[str, ...], horizon: int, unit: str) -> Checked:
    """Return the back-test of these methods on the cells of a run.

    Raises
    ------
    DataError
        If nothing can be tested; the message says why.
    """
    return _check(dataset.key, run.config, (methods, horizon, unit), dataset, run)


@st.cache_resource(max_entries=KEPT_ANSWERS, show_spinner=False, hash_funcs={RunConfig: repr})
def _check(
    key: str,  # noqa: ARG001 - the key
    config: RunConfig,
    asked: tuple[tuple[str, ...], int, str],
    _dataset: Dataset,
    _run: Run,
) -> Checked:
    methods, horizon, unit = asked
    gate = current_gate(_dataset, config)
    panel = panel_of(
        gate, _dataset.intake, _dataset.area, config, resolution=_run.resolution, step=unit,
        events=events_of(gate, _dataset.area),
    )  # fmt: skip
    newest = None if unit == "month" else 52
    tested = run_backtest(panel, rankers_named(methods), horizon=horizon, newest=newest, random_state=config.seed)
    return Checked(panel, tested)


def thinned(dataset: Dataset, run: Run, method: str) -> pd.DataFrame:
    """Return how the list changes as reports thin out."""
    return _thinned(dataset.key, run.config, method, dataset, run)


@st.cache_resource(max_entries=KEPT_ANSWERS, show_spinner=False, hash_funcs={RunConfig: repr})
def _thinned(key: str, config: RunConfig, method: str, _dataset: Dataset, _run: Run) -> pd.DataFrame:
    panel = _check(key, config, ((method,), 1, "month"), _dataset, _run).panel
    return sparse_curve(panel, method, random_state=config.seed)


def parts(dataset: Dataset, run: Run, kind: str, method: str) -> dict[str, ListAccuracy | str]:
    """Return how good a list of each part of the reports would have been, or why that cannot be said.

    Raises
    ------
    DataError
        If nothing tells the reports apart in this way.
    """
    return _parts(dataset.key, run.config, (kind, method), dataset, run)


@st.cache_resource(max_entries=KEPT_ANSWERS, show_spinner=False, hash_funcs={RunConfig: repr})
def _parts(
    key: str,  # noqa: ARG001 - the key
    config: RunConfig,
    asked: tuple[str, str],
    _dataset: Dataset,
    _run: Run,
) -> dict[str, ListAccuracy | str]:
    kind, method = asked
    return backtest_sets(
        current_gate(_dataset, config), _dataset.intake, _dataset.area, config, kind=kind, method=method,
        resolution=_run.resolution,
    )  # fmt: skip


def equality(checked: Checked, method: str, area: float, imd: Upload, areas: Upload) -> pd.DataFrame:
    """Return the flagged land and what was found there by deprivation decile, from two uploaded files.

    Raises
    ------
    DataError
        If a file cannot be used; the message says why.
    """
    deciles = read_upload(imd, lambda path: {"deciles": read_deciles(path)})["deciles"]
    boundaries = read_upload(areas, lambda path: {"areas": read_boundaries(path)})["areas"]
    return equality_view(checked.tested, checked.panel, method, area=area, boundaries=boundaries, deciles=deciles)
