"""Load data and see, before anything else, how far they can be trusted."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pandas as pd
import streamlit as st

from geodata.categories import label
from geodata.errors import DataError
from geodata.quality import Finding, QualityReport
from hotspots.app import data, state, widgets, words
from hotspots.app.data import Dataset
from hotspots.config import ALL_CATEGORIES


def load_with(read: Callable[[], Dataset]) -> None:
    """Read data and make them this session's own, or show the one sentence that says why not."""
    try:
        with st.spinner("Reading the data..."):
            new = read()
            state.use_dataset(new, data.first_config(new))
    except DataError as error:
        st.error(words.plain(error))
        return
    st.rerun()


def show_loaders() -> None:
    sample, upload, folder = st.tabs(["Sample city", "Upload files", "Files on this machine"])
    with sample:
        st.write(
            "A made-up city with three years of reports, streets, cameras and a patrol pilot. "
            "Use it to learn the tool. It is labelled SYNTHETIC wherever it is shown."
        )
        if st.button("Load the sample city", type="primary"):
            load_with(data.sample)
    with upload:
        show_upload()
    with folder:
        show_folder()


def show_upload() -> None:
    st.write("Files stay on this machine. Nothing is sent anywhere.")
    with st.form("upload", border=False):
        left, right = st.columns(2)
        incidents = left.file_uploader(
            "Incidents: police.uk CSV or ZIP, or your force's CSV or XLSX", accept_multiple_files=True
        )
        area = right.file_uploader("Area: the boundary as GeoJSON, GeoPackage or Shapefile", accept_multiple_files=True)
        streets = left.file_uploader("Streets (optional): street lines with names", accept_multiple_files=True)
        cameras = right.file_uploader("Existing cameras (optional): CSV with longitude, latitude")
        name = st.text_input("Name of the area (optional; otherwise the file's name)")
        if st.form_submit_button("Read these files", type="primary"):
            load_with(lambda: data.load_uploads(incidents, area, name=name, streets=streets, cameras=cameras))


def show_folder() -> None:
    st.write("For files too large to upload: give their paths on the machine this app runs on.")
    with st.form("folder", border=False):
        incidents = st.text_input("Incidents: a file, a ZIP or a folder")
        area = st.text_input("Area: a polygon file")
        left, right = st.columns(2)
        streets = left.text_input("Streets (optional)")
        cameras = right.text_input("Existing cameras (optional)")
        name = st.text_input("Name of the area (optional)")
        if st.form_submit_button("Read these paths", type="primary"):
            load_with(lambda: data.load_folder(incidents, area, name=name, streets=streets, cameras=cameras))


def show_choice(dataset: Dataset) -> None:
    """Choose what to count: categories and months."""
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
        if st.form_submit_button("Use these"):
            try:
                new = replace(
                    config,
                    categories=tuple(chosen) or (ALL_CATEGORIES,),
                    first_month=None if first == months[0] else first,
                    last_month=None if last == months[-1] else last,
                )
            except DataError as error:
                widgets.refuse(error)
            state.use_config(new)
            st.rerun()


def _at(months: list[str], month: str | None, otherwise: int) -> int:
    return months.index(month) if month in months else otherwise


def show_report(report: QualityReport) -> None:
    widgets.grade(report)
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
    st.subheader("What was found")
    show_findings(report.findings)
    show_default_locations(report)


def ledger(report: QualityReport) -> pd.DataFrame:
    """Rows read = used + dropped, line by line."""
    rows = [("Rows read", f"{report.n_read:,}")]
    rows += [(f"Dropped: {reason}", f"- {n:,}") for reason, n in report.dropped.items() if n]
    rows.append(("Reports used", f"{report.n_used:,}"))
    return pd.DataFrame(rows, columns=["What happened", "Rows"])


def abilities(report: QualityReport) -> pd.DataFrame:
    months = f"{report.months[0]} to {report.months[-1]} ({len(report.months)} months)" if report.months else "none"
    rows = {
        "Places are known to": words.PRECISION[report.location_precision],
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
    if not findings:
        st.write("Nothing of note.")


def show_default_locations(report: QualityReport) -> None:
    if not report.default_locations:
        return
    st.subheader("Places that may be a default entry")
    st.write(
        "One point with far more reports than a real place is likely to have is often where unknown locations are "
        "booked, such as a police station. They are flagged on the list; check them before sending anyone."
    )
    table = pd.DataFrame(
        [(place.location, f"{place.n:,}", f"{place.share:.1%}", place.reason) for place in report.default_locations],
        columns=["Place as recorded", "Reports", "Share of all", "Why flagged"],
    )
    widgets.table(table, alt="Places that may be a default entry")


def main() -> None:
    widgets.page("Data")
    dataset = state.dataset()
    if dataset is None and (folder := data.handed_over()) is not None:
        load_with(lambda: data.load_city(folder))
    if dataset is None:
        st.write(
            "Load reports of anti-social behaviour and the area to look at. "
            "Then read how far the record can be trusted."
        )
        show_loaders()
        return
    with st.expander("Load other data"):
        show_loaders()
    st.subheader(words.plain(dataset.name))
    if dataset.intake.notes:
        st.markdown("\n".join(f"- {words.plain(note)}" for note in dataset.intake.notes))
    show_choice(dataset)
    config = state.config()
    try:
        with st.spinner("Checking the data..."):
            gate = data.current_gate(dataset, config)
    except DataError as error:
        widgets.refuse(error)
    show_report(gate.report)
    if st.button("See the hotspots", type="primary"):
        st.switch_page("hotspots/app/pages/hotspots.py")
    widgets.footer()
    with suppress(DataError):  # make the list while the user reads; a refusal is for the page that needs it
        data.run(dataset, config, lambda _: None)


main()
