"""What one browser session remembers: its data, its settings and the hotspot being looked at.

Widgets forget their values when their page is left, so nothing that matters lives in a widget key.
"""

from __future__ import annotations

import streamlit as st

from hotspots.app.data import Dataset
from hotspots.config import RunConfig
from hotspots.evaluate import Evaluation

_DATASET, _CONFIG, _SELECTED, _EVALUATION = "asb_dataset", "asb_config", "asb_selected", "asb_evaluation"


def dataset() -> Dataset | None:
    """Return the data loaded in this session, or None."""
    found: Dataset | None = st.session_state.get(_DATASET)
    return found


def use_dataset(new: Dataset, config: RunConfig) -> None:
    """Make `new` this session's data, start from `config`, and forget what was concluded from other data."""
    st.session_state[_DATASET] = new
    st.session_state[_CONFIG] = config
    st.session_state[_SELECTED] = ""
    st.session_state[_EVALUATION] = None


def config() -> RunConfig:
    """Return this session's settings."""
    found: RunConfig = st.session_state.get(_CONFIG, RunConfig())
    return found


def use_config(new: RunConfig) -> None:
    """Replace this session's settings."""
    st.session_state[_CONFIG] = new


def selected() -> str:
    """Return the id of the hotspot being looked at, ``""`` if none was chosen."""
    return str(st.session_state.get(_SELECTED, ""))


def select(hotspot_id: str) -> None:
    """Look at one hotspot."""
    st.session_state[_SELECTED] = hotspot_id


def evaluation() -> Evaluation | None:
    """Return the evaluation made last in this session, or None."""
    found: Evaluation | None = st.session_state.get(_EVALUATION)
    return found


def use_evaluation(new: Evaluation | None) -> None:
    """Remember an evaluation, or forget the last one."""
    st.session_state[_EVALUATION] = new
