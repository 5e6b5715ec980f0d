"""Before a pilot starts: what it could detect, the frozen design and the lot, as steps of the Evaluate page."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from geodata.errors import DataError
from hotspots.app import data, widgets, words
from hotspots.app.data import Dataset
from hotspots.evaluate import randomise
from hotspots.evaluate.assignment import KINDS
from hotspots.results import Run

_KINDS = {
    "rotation": "Monthly rotation: half of the places each month",
    "pairs": "Pairs: one of each two neighbours in the list",
    "top": "Among the busiest: one in three",
}


def show_power(dataset: Dataset, start: str) -> None:
    """Say what pilots of these hotspots could detect, before anything else is chosen."""
    st.subheader("2. Power: what could be seen at all")
    st.write("How small a fall each design would find in four of five pilots, from these places' own past.")
    if not st.toggle("Work it out (a few seconds)", key="power"):
        return
    try:
        with st.spinner("Trying designs..."):
            found = data.designs(dataset.key, start, dataset)
    except DataError as error:
        st.error(words.plain(error))
        return
    st.markdown(f"**{words.plain(found.sentence)}**")
    shown = found.table.assign(design=[words_of(str(name)) for name in found.table["design"]])
    numbers = ["mde_pct", "power_20", "power_30", "power_50"]
    shown[numbers] = shown[numbers].round()
    titles = {
        "design": "Design", "hotspots": "Treated at a time", "months": "Months", "mde_pct": "Detectable fall, %",
        "power_20": "Finds 20 %, %", "power_30": "Finds 30 %, %", "power_50": "Finds 50 %, %", "level": "Level",
    }  # fmt: skip
    st.dataframe(shown[list(titles)].rename(columns=titles), hide_index=True)


def words_of(design: str) -> str:
    """Return a design's name in words."""
    return {"rotation": "Monthly rotation by lot", "random": "Drawn by lot", "top": "Busiest treated"}[design]


def show_freeze(dataset: Dataset, run: Run, treated: list[str], *, start: str, months: int, randomised: bool) -> None:
    """Offer the design as files, frozen today."""
    st.subheader("3. Freeze: write it down before the start")
    if len(treated) == 0:
        st.write("Pick the treated places first; the design is then offered here as files.")
        return
    st.write(
        "Today's date and a fingerprint go into the file. Later changes are refused unless they are owned up to. Put "
        "incidents.csv beside it when the pilot is over."
    )
    today = date.today()
    if pd.Timestamp(today) >= pd.Timestamp(start):
        st.warning("The start has passed: a design frozen now can only describe, not test.")
    files = data.frozen_design(
        dataset, run, treated, start=start, months_after=months, randomised=randomised, today=today.isoformat()
    )
    widgets.downloads(files, stem="design")


def show_delivery(run: Run, *, start: str, months: int) -> None:
    """Draw the lot, for the patrol plan to follow."""
    st.subheader("4. Deliver: by lot, and logged")
    st.write(
        "Drawing the treated places by lot is the only guard against having picked them at a peak. The rota follows "
        "the list. Log every visit (place, start, minutes, crew): below four fifths of the plan nothing is said about "
        "effect."
    )
    kind = st.selectbox("Draw the treated places by lot", KINDS, format_func=_KINDS.__getitem__, index=None, key="lot")
    if kind is None:
        return
    try:
        rows = randomise(run.hotspots, kind, start=start, months=months, random_state=run.config.seed)
    except DataError as error:
        st.error(words.plain(error))
        return
    st.caption(f"Seed {run.config.seed}: the same list whenever it is drawn again.")
    st.dataframe(rows[["hotspot_id", "name", "pair", "first_day", "last_day", "arm"]], hide_index=True, height=240)
    widgets.downloads({"assignment.csv": rows.to_csv(index=False, date_format="%Y-%m-%d").encode()}, stem="lot")
