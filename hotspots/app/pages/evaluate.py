"""Did it work? The verdict first, with its interval and what it cannot see."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st
from matplotlib.figure import Figure

from hotspots.app import data, design, pilot, state, widgets, words
from hotspots.app.data import Dataset
from hotspots.app.design import Pilot
from hotspots.evaluate import Evaluation
from hotspots.evaluate.opinions import Opinions
from hotspots.report.evaluation import beside, charted, evaluation_files, notes_left
from hotspots.report.opinions import opinion_data
from hotspots.report.words import tidy

SAMPLE, UPLOAD, SET_UP = "The sample city's pilot", "A design file (DESIGN.toml)", "Set one up here"


def choose(dataset: Dataset) -> None:
    """Choose what to evaluate."""
    kinds = ([SAMPLE] if dataset.design is not None else []) + [SET_UP, UPLOAD]
    kind = st.radio("What to evaluate", kinds, horizontal=True)
    if kind == SAMPLE:
        show_sample(dataset)
    elif kind == UPLOAD:
        show_upload()
    else:
        show_set_up(dataset)


def show_sample(dataset: Dataset) -> None:
    st.write(
        "In the sample city some hotspots were patrolled from a known month, and the effect that was planted is known. "
        "Whether the tool finds it is a test of the tool."
    )
    if st.button("Evaluate the sample's pilot", type="primary") and dataset.design is not None:
        file = dataset.design
        pilot.judge(lambda: design.evaluate_file(file))


def show_upload() -> None:
    st.write(
        "A design file says what was treated, where and from which month; it is best written before the start. Add "
        "the files it names: incidents, area, treated places and, where it names them, visit log, survey and lot."
    )
    with st.form("design", border=False):
        files = st.file_uploader("DESIGN.toml and the files it names", accept_multiple_files=True)
        if st.form_submit_button("Evaluate", type="primary"):
            pilot.judge(lambda: design.evaluate_uploads(files))


def show_set_up(dataset: Dataset) -> None:
    """Walk through a pilot of the loaded data: design, power, freeze, deliver, result."""
    if len(data.months(dataset)) < 3:
        st.info("An evaluation needs months before and after a start; these data have too few.")
        return
    st.subheader("1. Design: where, from when, how long")
    st.write(
        "Treated places come from the list as it stood before the start, so that months after it cannot choose them. "
        "Untreated places of the same list serve as comparison."
    )
    start, months = pilot.choose_months(dataset)
    run = pilot.list_before(dataset, start)
    if run.hotspots.empty:
        widgets.refusals(run, "ranked")
        return
    has_run = start <= data.months(dataset)[-1]
    chosen = pilot.choose_places(run, Pilot(start, months), has_run=has_run)
    pilot.show_power(dataset, start)
    chosen = pilot.show_freeze(dataset, run, chosen)
    pilot.show_delivery(chosen)
    pilot.show_result(dataset, run, chosen)


def say(text: str) -> str:
    """Return a sentence of the evaluation as text, with its numbers written one way."""
    return words.plain(tidy(text))


def show_verdict(result: Evaluation) -> None:
    st.header(f"Verdict: {words.plain(result.design.name)}")
    for text in result.amendments:
        st.warning(say(text))
    widgets.verdict_box(tidy(result.headline))
    st.markdown(say(result.interval_sentence))
    st.markdown(f"**What could make this wrong?** {say(result.doubt_sentence)}")
    st.markdown(f"**What was measured?** {say(result.primary_sentence)}")
    show_claim_and_result(result)


def show_claim_and_result(result: Evaluation) -> None:
    """Show the claim, what comes by itself, and the result, as the report does: intervals first."""
    said = beside(result)
    boxes = st.columns(len(said))
    for box, side in zip(boxes, said, strict=True):
        box.metric(side["title"], tidy(side["figure"]), border=True)
        box.markdown(say(side["text"]))


def show_evidence(result: Evaluation) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Month by month")
        st.pyplot(monthly_figure(result), alt=chart_text(result))
        with st.expander("The same numbers as a table"):
            shown = result.series.rename(index=lambda month: f"{month:%Y-%m}")
            st.dataframe(shown.round(1))
    with right:
        st.subheader("What a fair test needs")
        widgets.table(gates_table(result), alt="Conditions of a fair test and whether they hold")
    st.markdown(f"**Did it move next door?** {say(result.displacement.sentence)}")
    st.markdown(f"**How strong is the design?** {say(result.level_text)}")
    if result.dose is not None:
        st.markdown(f"**Were the visits made?** {say(result.dose.sentence)}")
    if result.economics is not None:
        st.markdown(f"**What did it cost?** {say(result.economics.sentence)}")
    show_lines("Other outcomes, all secondary", [one.sentence for one in result.outcomes])
    show_lines("The same asked in another way", [check.message for check in result.checks])
    with st.expander("The places compared"):
        st.dataframe(places_table(result), hide_index=True)
    show_lines("Read with care", notes_left(result))


def show_lines(heading: str, lines: Sequence[str]) -> None:
    """Show sentences as a list under a heading, or nothing."""
    if lines:
        st.markdown("\n".join([f"**{heading}**", "", *(f"- {say(line)}" for line in lines)]))


def show_opinions(opinions: Opinions) -> None:
    """Show what other methods and other choices say, beside the verdict and never instead of it."""
    said = opinion_data(opinions)
    with st.expander("The same counts by other methods, with how often each raises a false alarm"):
        st.write(
            "False alarms: how often the method claimed an effect on real counts where nothing had been done. "
            "The verdict always comes from the same method; these are shown so that nobody has to pick one afterwards."
        )
        rows = [[tidy(cell) for cell in row] for row in said["rows"]]
        st.dataframe(pd.DataFrame(rows, columns=said["columns"]), hide_index=True)
        st.markdown(say(said["choices"]))
        if said["curve"]:
            widgets.drawing(said["curve"], alt="The change in per cent by every reasonable choice, with intervals")
        st.markdown("\n".join(f"- {say(line)}" for line in said["checks"]))


def gates_table(result: Evaluation) -> pd.DataFrame:
    rows = [
        ("Holds" if gate.passed else "Fails" if gate.is_required else "Weak", tidy(gate.message))
        for gate in result.gates
    ]
    return pd.DataFrame(rows, columns=["", "Condition"])


def places_table(result: Evaluation) -> pd.DataFrame:
    columns = {"name": "Place", "before": "Before", "after": "After"}
    groups = (("treated", result.treated), ("comparison", result.controls))
    return pd.concat([frame[list(columns)].rename(columns=columns).assign(Group=name) for name, frame in groups])


def monthly_figure(result: Evaluation) -> Figure:
    """Draw treated and (scaled) comparison reports a month, with the start marked."""
    series = result.series
    treated, comparison = charted(result)
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.plot(
        series.index,
        series["controls_scaled"],
        color=widgets.NAVY,
        linestyle="--",
        label=f"{comparison.capitalize()}, scaled",
    )
    axes.plot(series.index, series["treated"], color=widgets.ORANGE, linewidth=2.2, label=treated.capitalize())
    start: Any = result.after.first  # a date on a date axis, which the stubs do not know
    axes.axvline(start, color=widgets.INK, linewidth=1)
    axes.annotate("start", (start, 1), xycoords=("data", "axes fraction"), xytext=(4, -12), textcoords="offset points")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("Reports a month")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower left", ncols=2)
    return figure


def chart_text(result: Evaluation) -> str:
    names = charted(result)
    means = result.series.groupby("is_after")[["treated", "controls_scaled"]].mean()
    parts = [
        f"{'after' if is_after else 'before'}: {names[0]} {treated:.0f}, {names[1]}, scaled, {comparison:.0f}"
        for is_after, treated, comparison in means.itertuples()
    ]
    return f"Reports a month, average {'; '.join(parts)}"


def show_downloads(result: Evaluation) -> None:
    st.header("Take it away")
    if st.toggle("Make the report (PDF, Word) and its tables", value=False):
        with st.spinner("Writing the report..."):
            files = evaluation_files(result)
        widgets.downloads(files, stem="evaluation")


def main() -> None:
    widgets.page("Did it work?")
    dataset = widgets.require_dataset()
    result = state.evaluation()
    if result is None:
        choose(dataset)
    else:
        with st.expander("Evaluate something else"):
            choose(dataset)
        show_verdict(result)
        show_evidence(result)
        if result.opinions is not None:
            show_opinions(result.opinions)
        show_downloads(result)
    widgets.footer()


main()
