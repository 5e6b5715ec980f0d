"""Where reports have concentrated: the map, the ranked list, and why each place is on it."""

from dataclasses import replace
from itertools import accumulate

import streamlit as st

from geodata.errors import DataError
from hotspots.app import adjust, answers, data, state, widgets, words
from hotspots.app.why import show_why
from hotspots.config import RunConfig
from hotspots.report import words as report_words
from hotspots.results import Run

RESOLUTIONS = {None: "Chosen from the data", 9: "9: about 10 hectares a cell", 10: "10: about 1.4 hectares a cell"}
MAP, TABLE, CHOICE = "hotspot_map", "hotspot_table", "hotspot_choice"


def show_summary(run: Run) -> None:
    """The few sentences to read out: how concentrated, how steady, how far the measures agree."""
    if run.stability is not None and not run.stability.is_stable:
        st.error("**Unstable list.** The two halves of the months name different places. Use it with care.")
    st.header("How sure is this list?")
    said = [f"- {words.plain(line)}" for line in report_words.sureness(run)]
    for column, lines in zip(st.columns(2, gap="large"), halves(said), strict=True):
        column.markdown("\n".join(lines))


def halves(lines: list[str]) -> tuple[list[str], list[str]]:
    """Part lines where both parts are about equally long to read."""
    lengths = list(accumulate(len(line) for line in lines))
    cut = sum(2 * (length - len(line)) < lengths[-1] for line, length in zip(lines, lengths, strict=True))
    return lines[:cut], lines[cut:]


def show_map_and_table(run: Run) -> None:
    widgets.finding(words.first_places(run))
    left, right = st.columns([2, 3], gap="medium")
    with right:
        show_table(run)
        st.caption(
            "A rank weighs the reports of a place, recent months and what similar places have, against its size: a "
            "larger place with more reports can come later."
        )
        hotspot_id = widgets.hotspot_choice(run, key=CHOICE)
        if state.selected() and st.button("Show the whole area"):
            state.select("")
            st.rerun()
    with left:
        widgets.hotspot_map(run, key=MAP, selected=state.selected())
    show_details(run, hotspot_id)
    show_summary(run)


def show_table(run: Run) -> None:
    table = words.ranked_table(run)
    row = table.index.get_loc(widgets.hotspot_shown(run))
    st.session_state[TABLE] = {"selection": {"rows": [row], "columns": [], "cells": []}}
    number, column = st.column_config.NumberColumn, st.column_config.Column
    st.dataframe(
        table,
        key=TABLE,
        hide_index=True,
        height=min(420, 38 + 35 * len(table)),
        on_select=lambda: _select_row(list(table.index)),
        selection_mode=["single-row-required", "single-cell"],
        column_config={
            "Rank": number(width=40),
            "Place": column(width=200),
            "12 months": number(width=70, help="Reports in the last 12 months"),
            "When": column(width=100, help="The window of the week with most reports for the hours of one shift"),
            "Check": column(width=48, help="Something to look at before acting; see below the map"),
            "At or by": column(width=190, help="The nearest of your named places, and how far off the hotspot's edge"),
            "Truly top": column(width=66, help="How likely the place truly belongs to the top, allowing for luck"),
            "All": number(width=50, help="Reports in all months used"),
            "Similar": number(width=55, help="Reports a similar place would have had in all months"),
        },
        alt="Ranked hotspots, the same as on the map",
    )


def _select_row(ids: list[str]) -> None:
    """Look at the hotspot whose row, or any cell of whose row, was clicked."""
    selection = st.session_state[TABLE]["selection"]
    rows = [row for row, _ in selection.get("cells", [])] or selection["rows"]
    if rows:
        state.select(ids[rows[0]])


def show_details(run: Run, hotspot_id: str) -> None:
    row = run.hotspots.loc[hotspot_id]
    st.header(f"Why this hotspot: {row['rank']}. {words.plain(report_words.placed(row))}")
    if row["flags"]:
        st.warning(f"**Check first.** {words.plain(row['flags'])}")
    if row["edited"]:
        st.info(f"**Changed by hand.** {words.plain(row['edited'])}")
    asked = words.answers(run, hotspot_id)
    columns = st.columns(2, gap="large")
    for number, (question, answer) in enumerate(asked):
        columns[number % 2].markdown(f"**{question}** {words.plain(answer)}")
    monthly = data.monthly_counts(run, hotspot_id).rename_axis("Month").rename(lambda month: f"{month:%Y-%m}")
    st.markdown("**Reports in each month**")
    st.bar_chart(
        monthly, color=widgets.NAVY, height=220, x_label="", y_label="Reports",
        alt=f"Reports in each month, from {monthly.min()} to {monthly.max()}, {monthly.sum()} in all",
    )  # fmt: skip
    with st.expander("The same numbers as a table"):
        st.dataframe(monthly.to_frame().T)
    adjust.show_panel(run, hotspot_id, map_key=MAP)
    show_why(run, hotspot_id)
    answers.in_depth(run, hotspot_id)


def show_settings(config: RunConfig) -> None:
    with st.expander("Settings"), st.form("settings", border=False):
        one, two, three, four = st.columns(4)
        n_hotspots = one.number_input("Number of hotspots", 1, 50, config.delineation.n_hotspots)
        minimum = two.number_input("Fewest reports in 12 months", 1, 1000, config.delineation.min_incidents_12m)
        resolution = three.selectbox(
            "Size of cell", list(RESOLUTIONS), index=list(RESOLUTIONS).index(config.resolution),
            format_func=RESOLUTIONS.__getitem__,
        )  # fmt: skip
        bandwidth = four.number_input("Width of the density map (m)", 100, 1000, int(config.density.bandwidth_m), 50)
        st.write(
            "The months that count are set on the Data page. Other settings draw another list, without changes by hand."
        )
        if st.form_submit_button("Use these settings"):
            try:
                new = replace(
                    config,
                    resolution=resolution,
                    delineation=replace(config.delineation, n_hotspots=int(n_hotspots), min_incidents_12m=int(minimum)),
                    density=replace(config.density, bandwidth_m=float(bandwidth)),
                )
            except DataError as error:
                widgets.refuse(error)
            state.use_config(adjust.without_edits(new))
            st.rerun()


def show_downloads(run: Run) -> None:
    st.header("Take it away")
    dataset = widgets.require_dataset()
    if not st.toggle("Make the files: map, briefing, tables, GIS layers", value=False):
        return
    with st.spinner("Writing the briefing, the map and the tables..."):
        files = data.files(dataset.key, run.config, run)
    widgets.downloads(files, stem="run")


def main() -> None:
    widgets.page("Where reports have concentrated")
    widgets.require_dataset()
    adjust.choose_hours(state.config())
    run = adjust.current_run()
    if run.hotspots.empty:
        widgets.refusals(run)
        st.write("There is no ranked list; the map shows the counts only.")
        widgets.hotspot_map(run, key=MAP)
    else:
        show_map_and_table(run)
        answers.about_the_list(run)
        widgets.refusals(run)
    if run.notes:
        with st.expander("Notes on this list"):
            st.markdown("\n".join(f"- {words.plain(note)}" for note in run.notes))
    show_settings(state.config())
    show_downloads(run)
    widgets.footer()


main()
