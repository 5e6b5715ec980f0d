"""Load data and see, before anything else, how far they can be trusted."""

from contextlib import suppress
from dataclasses import replace

import pandas as pd
import streamlit as st

from geodata.categories import label
from geodata.errors import DataError
from geodata.findings import HIT_RATE_GREEN
from geodata.quality import Finding, QualityReport
from hotspots.app import data, decisions, loaders, state, widgets, words
from hotspots.app.data import Dataset
from hotspots.config import ALL_CATEGORIES


def show_choice(dataset: Dataset) -> None:
    """Choose what to count: categories, months, and whether officers' own records count."""
    counts, months, config = data.categories(dataset), data.months(dataset), state.config()
    with st.form("choice"):
        left, middle, right = st.columns([2, 1, 1], vertical_alignment="bottom")
        chosen = left.multiselect(
            "What to count (nothing chosen: everything)",
            list(counts),
            default=[slug for slug in config.categories if slug in counts],
            format_func=lambda slug: f"{label(slug)} ({counts[slug]:,})",
        )
        first = middle.selectbox("From month", months, index=_at(months, config.first_month, 0))
        last = right.selectbox("To month", months, index=_at(months, config.last_month, len(months) - 1))
        told = data.tells_officers(dataset)
        with_officers = st.checkbox(
            "Count officers' own records too", value=config.include_officer_generated and told, disabled=not told
        )
        st.write(
            "Officers record most where they already patrol, so counting their records sends patrols back there."
            if told
            else "No record of these data is known to have been made by an officer."
        )
        if st.form_submit_button("Use these"):
            try:
                new = replace(
                    config,
                    categories=tuple(chosen) or (ALL_CATEGORIES,),
                    first_month=None if first == months[0] else first,
                    last_month=None if last == months[-1] else last,
                    include_officer_generated=with_officers,
                )
            except DataError as error:
                widgets.refuse(error)
            state.use_config(new)
            st.rerun()


def _at(months: list[str], month: str | None, otherwise: int) -> int:
    return months.index(month) if month in months else otherwise


def show_verdict(dataset: Dataset, report: QualityReport) -> None:
    """The grade, why it is no better, and what a person can decide about that."""
    widgets.grade(report)
    show_findings(tuple(finding for finding in report.findings if finding.message in report.reasons))
    decisions.show_override(report, state.config())
    decisions.show_places(dataset, report, state.config())
    decisions.show_files(dataset, state.config())


def show_report(report: QualityReport) -> None:
    left, right = st.columns([1, 1], gap="large")
    with left:
        st.subheader("Where the rows went")
        widgets.table(ledger(report), alt="Rows read, rows dropped by reason, and reports used")
        if report.n_context:
            st.write(
                f"Of those outside the area, {report.n_context:,} lie within 1 km of it. They are used only so that "
                "the density map does not fade at the border."
            )
    with right:
        st.subheader("What the data can say")
        widgets.table(abilities(report), hide_header=True, alt="Precision of place and time, and months")
    rest = tuple(finding for finding in report.findings if finding.message not in report.reasons)
    if rest:
        st.subheader("What else was found")
        show_findings(rest)


def ledger(report: QualityReport) -> pd.DataFrame:
    """Rows read = used + dropped, line by line."""
    rows = [("Rows read", f"{report.n_read:,}")]
    rows += [(f"Dropped: {reason}", f"- {n:,}") for reason, n in report.dropped.items() if n]
    rows.append(("Reports used", f"{report.n_used:,}"))
    return pd.DataFrame(rows, columns=["What happened", "Rows"])


def abilities(report: QualityReport) -> pd.DataFrame:
    months = f"{report.months[0]} to {report.months[-1]} ({len(report.months)} months)" if report.months else "none"
    error = report.median_error_m
    rows = {
        "Places are known to": words.PRECISION[report.location_precision],
        "Half the places are right to within": "unknown" if error is None else f"{error:,.0f} m",
        "Times are known to": words.PRECISION[report.time_precision],
        "Months with reports": months,
        "Months that may be missing": ", ".join(report.missing_months) or "none",
        "Rows with coordinates": f"{report.hit_rate:.1%}",
        "Different points": f"{report.distinct_points:,}",
    }
    return pd.DataFrame(rows.items(), columns=["What", "Found"])


def show_findings(findings: tuple[Finding, ...]) -> None:
    """Show what stops the list, then what to take care of, then what is only good to know."""
    for severity, show, heading in (("red", st.error, "Stops the list."), ("amber", st.warning, "Take care.")):
        for finding in findings:
            if finding.severity == severity:
                show(f"**{heading}** {words.plain(finding.message)}")
    known = [f"- {words.plain(finding.message)}" for finding in findings if finding.severity == "info"]
    if known:
        st.markdown("\n".join(["**Good to know**", "", *known]))


def show_details(dataset: Dataset, report: QualityReport) -> None:
    """What only some readers need: who lacks coordinates, what was noted while reading, which column was taken."""
    rates = located_by_group(report)
    if (rates["Located"] < HIT_RATE_GREEN).any():
        with st.expander(f"Groups with few coordinates: by category and by area, {HIT_RATE_GREEN:.0%} is good"):
            shown = rates.assign(Located=rates["Located"].map("{:.1%}".format), Rows=rates["Rows"].map("{:,}".format))
            widgets.table(shown, alt="Share of rows with coordinates by category and by area, lowest first")
    if report.reading_notes:
        with st.expander(f"Notes from reading the files ({len(report.reading_notes)})"):
            st.markdown("\n".join(f"- {words.plain(note)}" for note in report.reading_notes))
    matched = data.matching(dataset)
    if len(matched):
        with st.expander("What was matched to what"):
            widgets.table(matched, alt="Which column each field was read from")
            if profile := data.profile_of(dataset):
                st.write("Keep this as a profile: edit it where a column was taken for the wrong thing, and load it.")
                widgets.downloads({"profile.toml": profile}, stem="profile")


def located_by_group(report: QualityReport) -> pd.DataFrame:
    """Share of rows with coordinates by category and by area, lowest first."""
    rows = [
        (rate.by, label(rate.group) if rate.by == "category" else rate.group, rate.n, rate.rate)
        for rate in sorted(report.hit_rates, key=lambda rate: rate.rate)
        if rate.by != "month"
    ]
    return pd.DataFrame(rows, columns=["By", "Group", "Rows", "Located"])


def main() -> None:
    widgets.page("Data")
    dataset = state.dataset()
    if dataset is None and (folder := data.handed_over()) is not None:
        loaders.load_with(lambda: data.load_city(folder))
    if dataset is None:
        st.write(
            "Load reports of anti-social behaviour and the area to look at. "
            "Then read how far the record can be trusted."
        )
        loaders.show_loaders()
        return
    with st.expander("Load other data"):
        loaders.show_loaders()
    st.subheader(words.plain(dataset.name))
    show_choice(dataset)
    config = state.config()
    try:
        with st.spinner("Checking the data..."):
            gate = data.current_gate(dataset, config)
    except DataError as error:
        widgets.refuse(error)
    show_verdict(dataset, gate.report)
    show_report(gate.report)
    show_details(dataset, gate.report)
    if st.button("See the hotspots", type="primary"):
        st.switch_page("hotspots/app/pages/hotspots.py")
    widgets.footer()
    with suppress(DataError):  # make the list while the user reads; a refusal is for the page that needs it
        data.run(dataset, config, lambda _: None)


main()
