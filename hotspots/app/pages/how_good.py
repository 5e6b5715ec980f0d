"""How good is this list? What it would have found in past months, beside a simple count and what could be known."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from geodata.errors import DataError
from hotspots.app import list_check, widgets, words
from hotspots.app.data import Dataset
from hotspots.app.list_check import Checked
from hotspots.report import accuracy_pictures as pictures
from hotspots.report import words as report_words
from hotspots.report.accuracy import backtest_files
from hotspots.results import ListAccuracy, Run
from hotspots.targeting import AREAS, BASELINE, DEFAULT, RANKERS
from hotspots.targeting.backtest import FALLBACK

BESIDE = ("decayed", "kde_tuned", "last1")
UNITS = {"month": "Months", "week": "Weeks", "day": "Days"}
PARTS = {"category": "Category", "day-night": "Day and night", "agency": "Who deals with it"}
METHODS = "Other ways of ranking to test beside it"


def ask(run: Run, method: str) -> tuple[tuple[str, ...], int, str, float]:
    """Ask what to test: how much land, over how long, and beside which other ways."""
    one, two, three = st.columns(3)
    area = one.segmented_control("Share of the land", AREAS, default=0.01, format_func="{:.1%}".format) or 0.01
    units = list(UNITS) if run.quality.time_precision != "month" else ["month"]
    unit = (
        two.segmented_control("Ranked for the next", units, default="month", format_func=UNITS.__getitem__) or "month"
    )
    horizon = three.segmented_control("How many of them at once", (1, 3), default=1) or 1
    others = [name for name in RANKERS if name not in (method, BASELINE)]
    beside = [name for name in BESIDE if name in others]
    chosen = st.multiselect(METHODS, others, default=beside, format_func=lambda name: RANKERS[name].short)
    return (method, *chosen), int(horizon), unit, float(area)


def show_result(checked: Checked, method: str, area: float) -> None:
    tested = checked.tested
    first, *rest = report_words.accuracy(tested.of_list(method, area))
    widgets.finding(first)
    for sentence in rest:
        st.markdown(f"- {words.plain(sentence)}")
    if method == FALLBACK:
        st.info(report_words.ONE_KIND)
    st.subheader("Beside a simple count")
    widgets.drawing(pictures.ratios_svg(tested, area), alt="Each way of ranking against a simple count, with intervals")
    st.caption(pictures.meanings(tested, method))
    st.subheader(f"{tested.unit.capitalize()} by {tested.unit}")
    widgets.drawing(
        pictures.months_svg(tested, area, method),
        alt="Share of the reports found in each month, by this list, a simple count, and knowing the months after",
    )
    show_numbers(tested.accuracy)
    if tested.covid is not None:
        with st.expander("Months of the COVID restrictions, kept apart"):
            show_numbers(tested.covid)


def show_numbers(accuracy: pd.DataFrame) -> None:
    """Show the accuracy of every method at every share of the land."""
    columns = {
        "Way of ranking": accuracy["method"].map(pictures.short_of),
        "Land": 100 * accuracy["area"],
        "Reports found": 100 * accuracy["hit_rate"],
        "from": 100 * accuracy["hit_rate_low"],
        "to": 100 * accuracy["hit_rate_high"],
        "Times a simple count": accuracy["ratio"],
        "at least": accuracy["ratio_low"],
        "at most": accuracy["ratio_high"],
        "PAI": accuracy["pai"],
        "PEI": accuracy["pei"],
        "RRI": accuracy["rri"],
        "Same cells as the month before": 100 * accuracy["overlap"],
    }
    number = st.column_config.NumberColumn
    shares = dict.fromkeys(("Land", "Reports found", "from", "to"), number(format="%.1f%%"))
    st.dataframe(
        pd.DataFrame(columns), hide_index=True, alt="Accuracy of each way of ranking at each share of the land",
        column_config=shares
        | {"Same cells as the month before": number(format="%d%%")}
        | {"PAI": number(format="%.1f")}
        | dict.fromkeys(("RRI", "PEI", "Times a simple count", "at least", "at most"), number(format="%.2f")),
    )  # fmt: skip
    st.caption(
        "PAI is the share of reports found over the share of the land; it grows where land is empty, so compare it "
        "only within this table. PEI is what was found over what hindsight would have found in as many cells. RRI "
        "above 1: the flagged cells kept more of their reports than all cells did. Intervals are 95%."
    )


def show_thinning(dataset: Dataset, run: Run, method: str) -> None:
    st.header("With fewer reports")
    st.write("What if only a part of these reports had been made? Drawn at random; other crime stays complete.")
    if not st.toggle("Thin the reports out", value=False):
        return
    with st.spinner("Ranking from fewer and fewer reports..."):
        curve = list_check.thinned(dataset, run, method)
    widgets.drawing(pictures.thinning_svg(curve), alt="Reports found by a list of fewer and fewer reports")
    widgets.table(pd.DataFrame([thinned_row(row) for _, row in curve.iterrows()]), alt="The list as reports thin out")


def thinned_row(row: pd.Series) -> dict[str, str]:
    kept = {"Reports a month": f"{row['reports_a_month']:,.0f}"}
    if row["refused"]:
        return kept | {"Reports found": f"No list. {row['refused']}", "By a simple count": "", "Same cells": ""}
    return kept | {
        "Reports found": f"{row['hit_rate']:.0%}",
        "By a simple count": f"{row['count_hit_rate']:.0%}",
        "Same cells": f"{row['same_cells']:.0%} of those from all reports",
    }


def show_parts(dataset: Dataset, run: Run, method: str) -> None:
    st.header("Part by part")
    kind = st.selectbox(
        "One list for each",
        list(PARTS),
        index=None,
        format_func=PARTS.__getitem__,
        placeholder="Choose how to part them",
    )
    if kind is None:
        return
    try:
        with st.spinner("Testing a list for each..."):
            answers = list_check.parts(dataset, run, kind, method)
    except DataError as error:
        st.warning(words.plain(error))
        return
    widgets.table(pd.DataFrame([part_row(name, found) for name, found in answers.items()]), alt=PARTS[kind])


def part_row(name: str, found: ListAccuracy | str) -> dict[str, str]:
    if isinstance(found, str):
        return {PART: name, "Reports tested": "", "Reports found": "", "Times a simple count": found}
    verdict = "" if found.beats_count else f"; a simple count is {'better' if found.ratio_high < 1 else 'as good'}"
    return {
        PART: name,
        "Reports tested": f"{found.n_reports:,}",
        "Reports found": f"{found.hit_rate:.0%} in {found.area_share:.0%} of the land",
        "Times a simple count": f"{found.ratio:.2f} ({found.ratio_low:.2f} to {found.ratio_high:.2f}){verdict}",
    }


PART = "Part"


def show_equality(checked: Checked, method: str, area: float) -> None:
    st.header("Where the flagged land lies")
    st.write(
        "Shares of the flagged land and of the reports by deprivation decile, 1 being the most deprived. Deprivation "
        "describes a list here; it never enters one."
    )
    one, two = st.columns(2)
    imd = one.file_uploader("Deciles by area code (CSV with lsoa21_code and IMD_decile)", type=["csv"])
    areas = two.file_uploader("Boundaries of these areas (GeoJSON or GeoPackage)", type=["geojson", "json", "gpkg"])
    if imd is None or areas is None:
        return
    try:
        view = list_check.equality(checked, method, area, imd, areas)
    except DataError as error:
        st.error(words.plain(error))
        return
    names = {"land": "Land", "flagged": "Flagged land", "reports": "All reports", "found": "Reports found there"}
    widgets.table(
        view.rename(columns=names).map("{:.0%}".format).reset_index(names="Decile"), alt="Shares by deprivation decile"
    )


def main() -> None:
    widgets.page("How good is this list?")
    dataset, run = widgets.require_dataset(), widgets.current_run()
    st.write(
        "For each past month a list was made from the months before it alone. Then the reports that followed were "
        "counted in the cells at the top of that list, and in those a simple count of twelve months would have named."
    )
    method = FALLBACK if run.accuracy is not None and run.accuracy.method == FALLBACK else DEFAULT
    methods, horizon, unit, area = ask(run, method)
    try:
        with st.spinner("Ranking for each past month..."):
            checked = list_check.check_list(dataset, run, methods, horizon, unit)
    except DataError as error:
        widgets.refuse(error)
    show_result(checked, method, area)
    show_thinning(dataset, run, method)
    show_parts(dataset, run, method)
    show_equality(checked, method, area)
    st.header("Take it away")
    record = {"area": dataset.area.name, "resolution": run.resolution, "config": run.config.to_dict()}
    widgets.downloads(backtest_files(checked.tested, (method,), record), stem="accuracy")
    widgets.footer()


main()
