"""Did it work? The verdict first, with its interval and what it cannot see."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st
from matplotlib.figure import Figure

from geodata.errors import DataError
from hotspots.app import data, pilot, state, widgets, words
from hotspots.app.data import Dataset
from hotspots.evaluate import Effect, Evaluation
from hotspots.evaluate.opinions import Opinions
from hotspots.report.evaluation import evaluation_files
from hotspots.report.opinions import opinion_data

SAMPLE, UPLOAD, SET_UP = "The sample city's pilot", "A design file (DESIGN.toml)", "Set one up here"
OFFERED = 15
"""Places of the list offered for picking; the untreated ones further down serve as comparison."""


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


def judge(evaluate: Callable[[], Evaluation]) -> None:
    """Evaluate and remember the verdict, or show the one sentence that says why not."""
    try:
        with st.spinner("Comparing before and after..."):
            state.use_evaluation(evaluate())
    except DataError as error:
        st.error(words.plain(error))
        return
    st.rerun()


def show_sample(dataset: Dataset) -> None:
    st.write(
        "In the sample city some hotspots were patrolled from a known month, and the effect that was planted is known. "
        "Whether the tool finds it is a test of the tool."
    )
    if st.button("Evaluate the sample's pilot", type="primary") and dataset.design is not None:
        design = dataset.design
        judge(lambda: data.evaluate_file(design))


def show_upload() -> None:
    st.write(
        "A design file says what was treated, where and from which month; it is best written before the start. Add "
        "the files it names: incidents, area, treated places and, if it names one, the visit log."
    )
    with st.form("design", border=False):
        files = st.file_uploader("DESIGN.toml and the files it names", accept_multiple_files=True)
        if st.form_submit_button("Evaluate", type="primary"):
            judge(lambda: data.evaluate_uploads(files))


def show_set_up(dataset: Dataset) -> None:
    """Design an evaluation from the loaded data: places are picked from the list as it stood before the start."""
    months = data.months(dataset)
    if len(months) < 3:
        st.info("An evaluation needs months before and after a start; these data have too few.")
        return
    st.write(
        "Pick the treated places from the list as it stood before the start, so that months after it cannot choose "
        "them. Untreated places of the same list serve as comparison."
    )
    st.subheader("1. Design: where, from when, how long")
    one, two = st.columns(2)
    start = one.selectbox("First treated month", months[1:], index=len(months) // 2)
    left = len(months) - months.index(start)
    after = two.number_input("Months after the start that count", 1, left, min(12, left))
    before = replace(state.config(), last_month=months[months.index(start) - 1])
    run = widgets.run_of(dataset, replace(before, delineation=replace(before.delineation, n_hotspots=OFFERED)))
    if run.hotspots.empty:
        widgets.refusals(run, "ranked")
        return
    names = {str(i): f"{row['rank']}. {row['name']}" for i, row in run.hotspots.sort_values("rank").iterrows()}
    treated = st.multiselect("Treated places", list(names), format_func=names.__getitem__)
    randomised = st.checkbox("The treated places were drawn at random from the list")
    pilot.show_power(dataset, start)
    pilot.show_freeze(dataset, run, treated, start=start, months=int(after), randomised=randomised)
    pilot.show_delivery(run, start=start, months=int(after))
    st.subheader("5. Result: what changed")
    if st.button("Evaluate", type="primary"):
        judge(lambda: data.evaluate_here(
            dataset, run, treated, start=start, months_after=int(after), randomised=randomised))  # fmt: skip


def show_verdict(result: Evaluation) -> None:
    st.header(f"Verdict: {words.plain(result.design.name)}")
    for text in result.amendments:
        st.warning(words.plain(text))
    widgets.verdict_box(result.headline)
    st.markdown(words.plain(result.interval_sentence))
    st.markdown(f"**What could make this wrong?** {words.plain(result.doubt_sentence)}")
    effect, prevented, naive = st.columns(3)
    if result.effect is None:
        effect.metric("Change beyond comparison", "not assessable", border=True)
        prevented.metric("Reports prevented", "not assessable", border=True)
    else:
        show_effect(result.effect, effect, prevented)
    change = result.naive.change_pct
    naive.metric("A simple before/after would claim", "nothing" if change is None else f"{change:+.0f}%", border=True)
    naive.markdown(
        f"{result.naive.before:,} reports in {result.naive.before_period}, {result.naive.after:,} in "
        f"{result.naive.after_period}. {words.plain(result.naive.warning)}"
    )


def show_effect(
    effect: Effect, left: st.delta_generator.DeltaGenerator, right: st.delta_generator.DeltaGenerator
) -> None:
    left.metric("Change beyond comparison", f"{effect.effect_pct:+.0f}%", border=True)
    left.markdown(f"{effect.confidence:.0%} interval: {effect.low_pct:+.0f}% to {effect.high_pct:+.0f}%")
    right.metric("Reports prevented", f"{effect.prevented:,.0f}", border=True)
    right.markdown(
        f"{effect.confidence:.0%} interval: {effect.prevented_low:,.0f} to {effect.prevented_high:,.0f} "
        "(below 0 means extra reports)"
    )


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
        if result.mde_pct is not None:
            st.markdown(
                f"The smallest fall this design could show is about **{result.mde_pct:.0f}%** "
                f"({words.plain(result.mde_method)})."
            )
    st.markdown(f"**Did it move next door?** {words.plain(result.displacement.sentence)}")
    st.markdown(f"**How strong is the design?** {words.plain(result.level_text)}")
    for check in result.checks:
        st.markdown(f"**Another way to look.** {words.plain(check.message)}")
    for outcome in result.outcomes:
        st.markdown(f"**Another outcome.** {words.plain(outcome.sentence)}")
    if result.economics is not None:
        st.markdown(f"**What did it cost?** {words.plain(result.economics.sentence)}")
    if result.dose is not None:
        st.markdown(f"**Were the visits made?** {words.plain(result.dose.sentence)}")
    with st.expander("The places compared"):
        st.dataframe(places_table(result), hide_index=True)
    said = {result.displacement.sentence, result.naive.warning, result.dose.sentence if result.dose else ""}
    if notes := [note for note in result.notes if note not in said]:
        st.markdown("\n".join(["**Read with care**", "", *(f"- {words.plain(note)}" for note in notes)]))


def show_opinions(opinions: Opinions) -> None:
    """Show what other methods and other choices say, beside the verdict and never instead of it."""
    said = opinion_data(opinions)
    with st.expander("The same counts by other methods, with how often each raises a false alarm"):
        st.write(
            "False alarms: how often the method claimed an effect on real counts where nothing had been done. "
            "The verdict always comes from the same method; these are shown so that nobody has to pick one afterwards."
        )
        st.dataframe(pd.DataFrame(said["rows"], columns=said["columns"]), hide_index=True)
        st.markdown(words.plain(said["choices"]))
        if said["curve"]:
            st.image(said["curve"], width="stretch")
        st.markdown("\n".join(f"- {words.plain(line)}" for line in said["checks"]))


def gates_table(result: Evaluation) -> pd.DataFrame:
    rows = [
        ("Holds" if gate.passed else "Fails" if gate.is_required else "Weak", gate.message) for gate in result.gates
    ]
    return pd.DataFrame(rows, columns=["", "Condition"])


def places_table(result: Evaluation) -> pd.DataFrame:
    columns = {"name": "Place", "before": "Before", "after": "After"}
    groups = (("treated", result.treated), ("comparison", result.controls))
    return pd.concat([frame[list(columns)].rename(columns=columns).assign(Group=name) for name, frame in groups])


def monthly_figure(result: Evaluation) -> Figure:
    """Draw treated and (scaled) comparison reports a month, with the start marked."""
    series = result.series
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.plot(series.index, series["controls_scaled"], color=widgets.NAVY, linestyle="--", label="Comparison, scaled")
    axes.plot(series.index, series["treated"], color=widgets.ORANGE, linewidth=2.2, label="Treated")
    start: Any = result.after.first  # a date on a date axis, which the stubs do not know
    axes.axvline(start, color=widgets.INK, linewidth=1)
    axes.annotate("start", (start, 1), xycoords=("data", "axes fraction"), xytext=(4, -12), textcoords="offset points")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("Reports a month")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="lower left", ncols=2)
    return figure


def chart_text(result: Evaluation) -> str:
    means = result.series.groupby("is_after")[["treated", "controls_scaled"]].mean()
    parts = [
        f"{'after' if is_after else 'before'}: treated {treated:.0f}, comparison scaled {comparison:.0f}"
        for is_after, treated, comparison in means.itertuples()
    ]
    return f"Reports a month, average {'; '.join(parts)}"


def show_downloads(result: Evaluation) -> None:
    st.header("Take it away")
    if st.toggle("Make the files: evaluation.json and evaluation.pdf", value=False):
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
