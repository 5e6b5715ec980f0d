"""Adjust a hotspot by hand: add or take away cells, split, merge, rename or drop it, undo it, and keep it as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from geodata import cells as h3cells
from geodata.errors import DataError, DesignError
from hotspots.app import data, state, widgets, words
from hotspots.config import HOURS, RunConfig
from hotspots.edits import Edit, edits_toml, parse_edits
from hotspots.gate import why_no_day_and_night
from hotspots.naming import compass
from hotspots.results import Run

ACTIONS = {
    "add": "Add cells",
    "remove": "Take cells away",
    "split": "Split in two",
    "merge": "Merge with a neighbour",
    "rename": "Rename",
    "drop": "Take off the list",
}
HOURS_SHOWN = {"all": "All hours", "day": "Day, 06:00-18:00", "night": "Evening and night, 18:00-06:00"}
_CELLS = "adjust_cells"
_SET_ASIDE = "Changes made by hand belong to the list they were made to"


def choose_hours(config: RunConfig) -> None:
    """Let the user choose the hours the list is made of (R1.10), or say why these data cannot tell them."""
    dataset = widgets.require_dataset()
    try:
        incidents = data.current_gate(dataset, config).incidents
    except DataError as error:
        widgets.refuse(error)
    if refused := why_no_day_and_night(incidents.loc[incidents["inside"]]):
        st.caption(words.plain(refused))
        return
    chosen = st.segmented_control(
        "Reports of which hours", HOURS, default=config.hours, format_func=HOURS_SHOWN.__getitem__, required=True,
        help="Places are often busy by day or by night, not both. " + _SET_ASIDE + ".",
    )  # fmt: skip
    if chosen != config.hours:
        state.use_config(without_edits(replace(config, hours=chosen)))
        st.rerun()


def without_edits(config: RunConfig) -> RunConfig:
    """Return settings whose list is as drawn: other settings draw other hotspots, to which no earlier edit applies."""
    return replace(config, edits=(), drawn_list="")


def current_run() -> Run:
    """Return the run of this session; edits that do not fit its list any more are set aside, and can be kept."""
    dataset, config = widgets.require_dataset(), state.config()
    if config.edits and data.finished_run(dataset, config) is None:
        try:
            data.run(dataset, config, lambda _: None)
        except DesignError as error:
            state.use_config(without_edits(config))
            st.warning(f"**The changes made by hand were set aside.** {words.plain(error)}")
            _offer(config)
    return widgets.current_run()


def show_panel(run: Run, hotspot_id: str, *, map_key: str) -> None:
    """Offer the changes to one hotspot, and what was changed so far."""
    name = words.plain(run.hotspots.loc[hotspot_id, "name"])
    with st.expander(f"Adjust this hotspot: {name}", expanded=bool(run.config.edits)):
        left, right = st.columns([3, 2], gap="large")
        with left:
            _show_choices(run, hotspot_id, map_key)
        with right:
            _show_changes(run)


def _show_choices(run: Run, hotspot_id: str, map_key: str) -> None:
    action = st.selectbox("What should change", list(ACTIONS), format_func=ACTIONS.__getitem__)
    other = _choose_neighbour(run, hotspot_id) if action == "merge" else ""
    name = st.text_input("New name", max_chars=60) if action == "rename" else ""
    takes_cells = action in ("add", "remove", "split")
    cells = _choose_cells(run, hotspot_id, action, map_key) if takes_cells else ()
    reason = st.text_input("Reason", help="Kept with the run and printed with the hotspot.", max_chars=200)
    if st.button("Make this change", type="primary"):
        try:
            new = Edit(action=action, hotspot=hotspot_id, reason=reason, other=other, cells=cells, name=name)
        except DesignError as error:
            st.error(words.plain(error))
            return
        _use(run, (*run.config.edits, new), run.drawn_list)


def _choose_neighbour(run: Run, hotspot_id: str) -> str:
    rim = h3cells.ring_around(run.hotspots.loc[hotspot_id, "cells"].split(","))
    touching = [str(i) for i, text in run.hotspots["cells"].items() if i != hotspot_id and rim & set(text.split(","))]
    if not touching:
        st.write("No other hotspot touches this one. Add the cells between them first.")
        return ""
    names = run.hotspots["name"]
    return st.selectbox("Neighbour that joins it", touching, format_func=lambda i: str(names[i]))


def _choose_cells(run: Run, hotspot_id: str, action: str, map_key: str) -> tuple[str, ...]:
    own = run.hotspots.loc[hotspot_id, "cells"].split(",")
    if action == "add":
        taken = {cell for text in run.hotspots["cells"] for cell in text.split(",")}
        offered = sorted(h3cells.ring_around(own) & set(run.cells.index) - taken)
        say = "Cells around it (or click them on the map)"
    else:
        offered = sorted(own)
        say = "Cells to take away" if action == "remove" else "Cells of the second hotspot (none: the best cut)"
    labels = cell_labels(run, hotspot_id, offered)
    clicked = widgets.clicked_cell(map_key)
    key = f"{_CELLS}-{action}-{hotspot_id}-{len(run.config.edits)}"
    if clicked in offered and st.session_state.get(f"{key}-clicked") != clicked:
        st.session_state[f"{key}-clicked"] = clicked
        st.session_state[key] = [*st.session_state.get(key, []), clicked]
    return tuple(st.multiselect(say, list(labels), format_func=labels.__getitem__, key=key))


def cell_labels(run: Run, hotspot_id: str, cells: Sequence[str]) -> dict[str, str]:
    """Return cells as a person tells them apart, busiest first: the side they lie on, and their reports."""
    if not cells:
        return {}
    row = run.hotspots.loc[hotspot_id]
    counts = run.cells["n_12m"].reindex(list(cells), fill_value=0)
    x, y = run.area.project(*h3cells.centres(cells).T)
    x0, y0 = run.area.project([row["longitude"]], [row["latitude"]])
    east, north = x - x0[0], y - y0[0]
    where = pd.DataFrame({"side": compass(east, north), "n": counts.to_numpy(), "m": (east**2 + north**2) ** 0.5},
                         index=pd.Index(cells))  # fmt: skip
    where = where.sort_values("n", ascending=False, kind="stable")
    return {
        str(cell): f"{'middle' if m < 50 else side}: {n} in 12 months, {m:.0f} m from the middle"
        for cell, side, n, m in where.itertuples()
    }


def _show_changes(run: Run) -> None:
    edits = run.config.edits
    if not edits:
        st.markdown("**No change so far.** The list is as drawn.")
    else:
        st.markdown(f"**Changes so far: {len(edits)}**")
        st.markdown("\n".join(f"1. {e.hotspot}, {words.plain(e.describe())}. {words.plain(e.reason)}" for e in edits))
        undo, reset = st.columns(2)
        if undo.button("Undo the last", width="stretch"):
            _use(run, edits[:-1], run.drawn_list)
        if reset.button("Back to the list as drawn", width="stretch"):
            _use(run, (), "")
        _offer(run.config)
    given = st.file_uploader("Use changes kept earlier (edits.toml)", type=["toml"])
    if given is not None and st.button("Use this file"):
        try:
            changes, drawn_list = parse_edits(given.getvalue(), given.name)
        except DesignError as error:
            st.error(words.plain(error))
            return
        _use(run, changes, drawn_list)


def _offer(config: RunConfig) -> None:
    st.download_button(
        "Keep these changes as edits.toml", edits_toml(config.edits, config.drawn_list), file_name="edits.toml",
        on_click="ignore", width="stretch",
    )  # fmt: skip


def _use(run: Run, edits: tuple[Edit, ...], drawn_list: str) -> None:
    """Make these the edits of the session, if they can be made; otherwise say the one sentence and change nothing."""
    new = replace(run.config, edits=edits, drawn_list=drawn_list if edits else "")
    try:
        with st.spinner("Counting afresh..."):
            made = data.run(widgets.require_dataset(), new, lambda _: None)
    except DataError as error:
        st.error(words.plain(error))
        return
    if state.selected() not in made.hotspots.index:
        state.select("")
    state.use_config(new)
    st.rerun()
