"""Setting up a pilot, as steps of the Evaluate page: design, power, freeze, deliver and result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from geodata.errors import DataError
from hotspots.app import data, design, state, widgets, words
from hotspots.app.data import Dataset
from hotspots.app.design import Pilot
from hotspots.evaluate import Evaluation
from hotspots.evaluate.assignment import KINDS
from hotspots.report.words import tidy
from hotspots.results import Run

OFFERED = 15
"""Places of the list offered for picking; the untreated ones further down serve as comparison."""

_MONTHS_TO_COME = 12
_LONGEST = 36
_CHOICES = {
    "rotation": "By lot, month by month: half of the places each month (finds most)",
    "top": "By lot among the busiest: one in three treated",
    "pairs": "By lot in pairs: one of each two neighbours on the list",
    "picked": "Picked by hand (weaker: they may have been at a peak)",
}
_NAMES = {"rotation": "Monthly rotation by lot", "random": "Drawn by lot", "top": "Busiest treated"}
_CHANCE = {"power_20": 20, "power_30": 30, "power_50": 50}
_LOG = "hotspot,started,minutes,crew,resource\n"
_SURVEY = "question,group,wave,favourable,respondents\n"


def judge(evaluate: Callable[[], Evaluation]) -> None:
    """Evaluate and remember the verdict, or show the one sentence that says why not."""
    try:
        with st.spinner("Comparing before and after..."):
            state.use_evaluation(evaluate())
    except DataError as error:
        st.error(words.plain(error))
        return
    st.rerun()


def choose_months(dataset: Dataset) -> tuple[str, int]:
    """Ask from when and for how long; a pilot may be still to come."""
    known = data.months(dataset)
    to_come = pd.period_range(pd.Period(known[-1], "M") + 1, periods=_MONTHS_TO_COME, freq="M").astype(str).tolist()
    one, two = st.columns(2)
    start = one.selectbox(
        "First treated month", [*known[1:], *to_come], index=len(known) - 1,
        format_func=lambda month: f"{month} ({'after' if month in to_come else 'in'} these records)",
        help="A pilot is best set up before it starts. Choose a month in the records to judge one that has run.",
    )  # fmt: skip
    longest = _LONGEST if start in to_come else len(known) - known.index(start)
    months = two.number_input("Months that count as result", 1, longest, min(12, longest))
    return str(start), int(months)


def list_before(dataset: Dataset, start: str) -> Run:
    """Return the list as it stood before the start; its own back-test is not needed here."""
    before = max(month for month in data.months(dataset) if month < start)
    config = replace(state.config(), last_month=before, edits=(), drawn_list="")
    config = replace(config, delineation=replace(config.delineation, n_hotspots=OFFERED))
    return widgets.run_of(dataset, replace(config, ranking=replace(config.ranking, backtest_origins=0)))


def choose_places(run: Run, pilot: Pilot, *, has_run: bool) -> Pilot:
    """Ask who is treated: by lot, which is shown, or picked from the list."""
    kind = st.selectbox(
        "How the treated places are chosen", _CHOICES, index=list(_CHOICES).index("picked" if has_run else "top"),
        format_func=_CHOICES.__getitem__,
    )  # fmt: skip
    lot = next((one for one in KINDS if one == kind), None)
    if lot is None:
        names = {str(i): f"{row['rank']}. {row['name']}" for i, row in run.hotspots.sort_values("rank").iterrows()}
        treated = st.multiselect("Treated places", list(names), format_func=names.__getitem__)
        randomised = st.checkbox("These places were drawn by lot from the list")
        return replace(pilot, treated=tuple(treated), randomised=randomised)
    pilot = replace(pilot, lot=lot)
    try:
        rows = design.drawn(run, pilot)
    except DataError as error:
        st.error(words.plain(error))
        return replace(pilot, lot=None)
    if rows is not None:
        show_lot(rows, seed=run.config.seed)
    return pilot


def show_lot(rows: pd.DataFrame, *, seed: int) -> None:
    """Show who was drawn: a rotation as a calendar, other lots as two groups."""
    st.caption(f"Drawn with seed {seed}: the same lot whenever it is drawn again.")
    if rows.groupby("hotspot_id")["arm"].nunique().max() > 1:
        turns = rows.assign(month=rows["first_day"].dt.strftime("%Y-%m"), turn=rows["arm"].map({"treated": "patrol"}))
        calendar = turns.pivot_table(index="name", columns="month", values="turn", aggfunc="first").fillna("")
        st.dataframe(calendar.loc[rows["name"].unique()].rename_axis("Place").rename_axis(None, axis=1), height=240)
        return
    shown = rows[["name", "arm"]].replace({"control": "comparison"}).sort_values("arm", ascending=False)
    if rows["pair"].any():
        shown = shown.assign(Pair=rows["pair"]).sort_values(["Pair", "arm"], ascending=[True, False])
    st.dataframe(shown.rename(columns={"name": "Place", "arm": "Group"}), hide_index=True, height=240)


def show_power(dataset: Dataset, start: str) -> None:
    """Say what pilots of these hotspots could detect."""
    st.subheader("2. Power: what could be seen at all")
    st.write("How small a fall each design would find in four of five pilots, from these places' own past.")
    if not st.toggle("Work it out (a few seconds)", key="power"):
        return
    try:
        with st.spinner("Trying designs..."):
            found = design.designs(dataset.key, start, dataset)
    except DataError as error:
        st.error(words.plain(error))
        return
    st.markdown(f"**{words.plain(tidy(found.sentence))}**")
    shown = found.table.assign(design=found.table["design"].map(_NAMES), mde_pct=found.table["mde_pct"].round())
    shown[list(_CHANCE)] = shown[list(_CHANCE)].round()
    titles = {
        "design": "Design", "hotspots": "Treated at a time", "months": "Months", "mde_pct": "Smallest fall found",
        **{name: f"Finds a fall of {fall}%" for name, fall in _CHANCE.items()}, "level": "Maryland level",
    }  # fmt: skip
    percents: dict[str, Any] = {titles[name]: widgets.PERCENT for name in ("mde_pct", *_CHANCE)}
    st.dataframe(shown[list(titles)].rename(columns=titles), hide_index=True, height=320, column_config=percents)
    st.caption("Smallest fall found: in four of five pilots. Finds a fall: in how many of a hundred pilots.")


def show_freeze(dataset: Dataset, run: Run, pilot: Pilot) -> Pilot:
    """Ask what is written down before the start, and offer the design as files, frozen today."""
    st.subheader("3. Freeze: write it down before the start")
    one, two, three = st.columns(3)
    visits = one.number_input(
        "Planned visits a week, all places", 1.0, 2000.0, None, 1.0, format="%.0f", placeholder="not planned"
    )
    cost = two.number_input(
        "Price of a patrol hour, GBP", 1.0, 1000.0, None, 1.0, format="%.0f", placeholder="national: 73 to 110"
    )
    wider = three.number_input(
        "Survey: design effect", 1.0, 20.0, None, 0.1, placeholder="no survey",
        help="1 where people are a simple random sample; more where answers are weighted or whole streets were drawn.",
    )  # fmt: skip
    hypothesis = st.text_input("What is expected, and why", max_chars=500)
    shocks = st.text_input("Known shocks: events, roadworks, recording changes", max_chars=500)
    pilot = replace(
        pilot, visits_per_week=visits, cost_per_hour_gbp=cost, asks_survey=wider is not None,
        design_effect=wider or 1.0, notes={"hypothesis": hypothesis, "known_shocks": shocks},
    )  # fmt: skip
    if not pilot.is_chosen:
        st.info("Choose the treated places first; the design is then offered here as files.")
        return pilot
    today = date.today()
    if pd.Timestamp(today) >= pd.Timestamp(pilot.start):
        st.warning("This start has passed: a design frozen now describes what happened and tests nothing.")
    try:
        files = design.frozen(dataset, run, pilot, today=today.isoformat())
    except DataError as error:
        st.error(words.plain(error))
        return pilot
    st.write(
        "The files carry today's date and a fingerprint; a later change is refused unless it is owned up to. Keep them "
        "together, and put the files they name beside them when the pilot is over."
    )
    widgets.downloads(files, stem="design")
    return pilot


def show_delivery(pilot: Pilot) -> None:
    """Say what has to be logged, and by which list the rota goes."""
    st.subheader("4. Deliver: keep to the list, log every visit")
    follows = "Patrol by assignment.csv: only the places drawn, in their months. " if pilot.lot else ""
    st.write(
        f"{follows}Log every visit with its place, start, minutes and crew. If fewer than four in five planned visits "
        "are made, nothing is said about an effect. A survey is kept as totals, never as people."
    )
    widgets.downloads({"visits.csv": _LOG.encode(), "survey.csv": _SURVEY.encode()}, stem="log")


def show_result(dataset: Dataset, run: Run, pilot: Pilot) -> None:
    """Evaluate once the pilot's months are in the records."""
    st.subheader("5. Result: what changed")
    if pilot.start > data.months(dataset)[-1]:
        st.info(
            f"These records end in {data.months(dataset)[-1]}, before the start. When the pilot has run, load its "
            "months on the Data page and evaluate here, or upload the frozen design with its files."
        )
        return
    left, right = st.columns(2)
    visits = left.file_uploader("Visit log, if there is one", type=["csv", "xlsx"], key="visits")
    survey = right.file_uploader("Survey totals, if there are any", type=["csv", "xlsx"], key="survey")
    if st.button("Evaluate", type="primary"):
        judge(lambda: design.evaluate_here(dataset, run, pilot, visits=visits, survey=survey))
