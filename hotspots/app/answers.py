"""Questions on a page: choose one, read its sentences, see its picture, open its table, take its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from geodata.calendar import own_bank_holidays, school_holidays
from geodata.categories import label
from geodata.context import read_boundaries
from geodata.errors import DataError
from hotspots.analyses import ANALYSES, Options, names_on
from hotspots.analyses.registry import LIST, unmet
from hotspots.analyses.words import CHANCES, HEADINGS, KEYS, SHARES
from hotspots.app import data, widgets, words
from hotspots.app.data import Asked, Upload
from hotspots.config import ALL_CATEGORIES
from hotspots.facilities import read_facilities
from hotspots.harm import read_weights
from hotspots.report.words import likely
from hotspots.results import Run

MOST_ROWS = 200
"""Rows of a table on a page; the file holds all."""

MOST_LETTERS = 30
"""Letters of a label; whatever is longer is a sentence."""

P_VALUES = ("p_value", "gi_p", "p_even", "p_ordinary", "trend_p")
WHOLE_AREA = "The whole area"
IN_DEPTH = ("week", "seasons", "kinds", "changes", "repeat-score", "repeat-clocks", "repeat-course")
"""What one hotspot is asked first on the Hotspots page."""

_BANDWIDTHS = {
    "": "The run's setting",
    "hold-out": "What found most later reports",
    "likelihood": "Likelihood",
    "100": "100 m",
    "150": "150 m",
    "200": "200 m",
    "300": "300 m",
    "400": "400 m",
}


def show_questions(run: Run, names: Sequence[str]) -> None:
    """Let the reader choose one of several questions, those these data answer first, and answer it beside them."""
    page = ANALYSES[names[0]].page
    lacking = {name: unmet(run, name) for name in names}
    names = sorted(names, key=lambda name: bool(lacking[name]))
    if any(lacking.values()):
        st.info(words.lacking(lacking))
    left, right = st.columns([1, 3], gap="large")
    with left:
        name = st.radio("What do you want to know?", list(names), format_func=_question, key=f"question-{page}")
        asked = _choices(run, name)
    with right:
        show_answer(run, name, asked)


def _question(name: str) -> str:
    return ANALYSES[name].question


def show_answer(run: Run, name: str, asked: Asked, *, key: str = "") -> None:
    """Show what an analysis says: its sentences, its picture, its table and how it was worked out."""
    with st.spinner("Working it out..."):
        shown = data.answer(widgets.require_dataset(), run, name, asked)
    found = shown.analysis
    st.subheader(found.title)
    if found.refusal is not None:
        st.warning(f"**These data cannot answer this.** {words.plain(found.refusal.reason)}")
        return
    first, *others = found.sentences
    widgets.finding(first)
    if others:
        st.markdown("\n".join(f"- {words.plain(sentence)}" for sentence in others))
    if shown.picture:
        widgets.drawing(shown.picture, alt=f"{found.title} {first}")
    show_table(found.table, alt=found.title)
    widgets.downloads(shown.files, stem=f"{key}{name}")
    with st.expander("How this was worked out"):
        st.markdown("\n".join(f"- {words.plain(sentence)}" for sentence in found.method))


def show_table(table: pd.DataFrame, *, alt: str) -> None:
    """Show the first rows of a table under plain headings; keys for machines are in the file only."""
    kept = [name for name in table.columns if name not in KEYS and not table[name].isna().all()]
    kept.sort(key=lambda name: _is_wordy(table, name))
    shown = table[kept].head(MOST_ROWS).copy()
    columns = {}
    for name in kept:
        if name in SHARES or (name in ("low", "high") and "share" in kept):
            shown[name] = 100 * shown[name]
            is_small = shown[name].between(0, 0.5, inclusive="neither").any()
            columns[HEADINGS[name]] = st.column_config.NumberColumn(format="%.1f%%" if is_small else "%.0f%%")
        elif name in CHANCES:
            shown[name] = shown[name].map(likely, na_action="ignore")
        elif name in P_VALUES:
            shown[name] = shown[name].map(_p_value)
        elif pd.api.types.is_bool_dtype(shown[name]):
            shown[name] = shown[name].map({True: "yes", False: ""})
        elif pd.api.types.is_float_dtype(shown[name]):
            columns[HEADINGS[name]] = st.column_config.NumberColumn(format=_decimals(name))
    st.dataframe(
        shown.rename(columns=HEADINGS), hide_index=True, height=min(420, 38 + 35 * max(len(shown), 1)),
        column_config=columns, alt=f"Table: {alt}",
    )  # fmt: skip
    if len(table) > len(shown):
        st.caption(f"The first {len(shown):,} of {len(table):,} rows; the CSV holds all.")


def _is_wordy(table: pd.DataFrame, name: str) -> bool:
    """Say whether a column holds sentences: those come last, so that the numbers are seen first."""
    values = table[name].head(MOST_ROWS)
    return (
        not pd.api.types.is_numeric_dtype(values)
        and name != "place"
        and values.astype(str).str.len().max() > MOST_LETTERS
    )


def _p_value(value: float) -> str:
    """Return a p-value as people write it: never nought, and nothing where there is none."""
    if np.isnan(value):
        return ""
    return "under 0.001" if value < 0.001 else f"{value:.3f}"


def _decimals(name: str) -> str:
    return "%.0f" if name in ("bandwidth_m", "density", "n_reporters_6m") else "%.2f"


def in_depth(run: Run, hotspot_id: str) -> None:
    """Answer questions about one hotspot by itself: its hours, months, repeat places and kind over time."""
    name = _one_of(IN_DEPTH, "More about this place", "hours, months, repeat places, kind over time", key="in_depth")
    if name is not None:
        show_answer(run, name, Asked(Options(hotspot=hotspot_id)), key="in-depth-")


def about_the_list(run: Run) -> None:
    """Answer questions about the list as a whole: chance, agreement of measures, concentration, harm."""
    name = _one_of(names_on(LIST), "More about this list", "chance, agreement, concentration, harm", key="about_list")
    if name is not None:
        show_answer(run, name, _choices(run, name), key="list-")


def _one_of(names: Sequence[str], label_text: str, examples: str, *, key: str) -> str | None:
    """Let the reader choose a question, none at first: nothing is worked out unasked."""
    return st.selectbox(
        label_text, list(names), index=None, format_func=_question, key=key,
        placeholder=f"Choose a question: {examples}",
    )  # fmt: skip


def _choices(run: Run, name: str) -> Asked:
    """Return the options of a question, asking only for what it can use."""
    asked = Asked(Options())
    if ANALYSES[name].of_one and not run.hotspots.empty:
        asked = _with(asked, hotspot=_hotspot(run))
    if name.startswith("density"):
        bandwidth = st.selectbox("How wide to smooth", list(_BANDWIDTHS), format_func=_BANDWIDTHS.__getitem__)
        if name != "density-adaptive":
            asked = _with(asked, bandwidth=bandwidth)
    for wanted, ask in _ASKS.items():
        if name == wanted or name.startswith(f"{wanted}-"):
            return ask(run, asked)
    return asked


def _with(asked: Asked, **options: object) -> Asked:
    return replace(asked, options=replace(asked.options, **options))  # type: ignore[arg-type]


def _hotspot(run: Run) -> str:
    names = {"": WHOLE_AREA} | {
        str(i): f"{row['rank']}. {row['name']}" for i, row in run.hotspots.sort_values("rank").iterrows()
    }
    return str(st.selectbox("Where", list(names), format_func=names.__getitem__, key="asked_hotspot"))


def _ask_near_repeat(_run: Run, asked: Asked) -> Asked:
    every = "Every report used here"
    chosen = st.radio("Which reports", ["Burglary, vehicle crime, damage", every], key="near_repeat_reports")
    st.caption(
        "Near repeat is established for burglary, vehicle crime and damage; for other reports read it with care."
    )
    return _with(asked, near_repeat_categories=(ALL_CATEGORIES,)) if chosen == every else asked


def _ask_compare(run: Run, asked: Asked) -> Asked:
    found = run.incidents["category"].value_counts()
    years = "The last 12 months with the 12 before"
    kinds = [str(slug) for slug in found.index]
    if len(kinds) < 2:
        st.caption("This run holds one category; choose more on the Data page to compare two.")
        return asked
    one = st.selectbox("Compare", [years, *kinds], format_func=lambda slug: slug if slug == years else label(slug))
    if one == years:
        return asked
    other = st.selectbox("with", [slug for slug in kinds if slug != one], format_func=label)
    return _with(asked, compare=(one, other))


def _ask_facilities(_run: Run, asked: Asked) -> Asked:
    upload = st.file_uploader("Facilities: a table of name, type, longitude, latitude", type=["csv", "xlsx"])
    reach = st.number_input("Counts within (m)", 10, 500, 50, 10)
    asked = _with(asked, facility_within_m=float(reach))
    return _with_upload(asked, upload, lambda path: {"facilities": read_facilities(path)})


def _ask_areas(run: Run, asked: Asked) -> Asked:
    upload = st.file_uploader("Wards, neighbourhoods or LSOAs: polygons with a name or code (GeoPackage, GeoJSON, "
                              "zipped Shapefile)")  # fmt: skip
    if upload is None and run.config.lsoa:
        st.caption("Without a file of yours the LSOA boundaries of the Data page are used.")
    return _with_upload(asked, upload, lambda path: {"boundaries": read_boundaries(path, area=run.area)})


def _ask_harm(_run: Run, asked: Asked) -> Asked:
    upload = st.file_uploader("Your weights: category or offence_code, and weight", type=["csv", "xlsx"])
    weight = st.number_input("Weight of one anti-social behaviour report", 0.0, 10_000.0, 1.0)
    st.caption("No published index gives a weight for an anti-social behaviour report: this one is your local choice.")
    return _with_upload(asked, upload, lambda path: {"harm": read_weights(path, asb_weight=float(weight))},
                        also=f"{weight:g}")  # fmt: skip


def _ask_holidays(_run: Run, asked: Asked) -> Asked:
    schools = st.file_uploader("School holidays (optional): first_day, last_day, name", type=["csv"])
    banks = st.file_uploader("Bank holidays (optional): day, name", type=["csv"])
    asked = _with_upload(asked, schools, lambda path: {"school_holidays": school_holidays(path)})
    return _with_upload(
        asked, banks, lambda path: {"bank_holidays": own_bank_holidays(path)}, also=f"bank{asked.given}"
    )


def _with_upload(
    asked: Asked, upload: Upload | None, read: Callable[..., dict[str, object]], *, also: str = ""
) -> Asked:
    """Return the options with what a file holds, or say the one sentence that is wrong with it."""
    if upload is None:
        return asked
    try:
        return replace(_with(asked, **data.read_upload(upload, read)), given=data.digest(upload, also))
    except DataError as error:
        st.error(words.plain(error))
        return asked


_ASKS: dict[str, Callable[[Run, Asked], Asked]] = {
    "near-repeat": _ask_near_repeat,
    "density-compare": _ask_compare,
    "facilities": _ask_facilities,
    "areas": _ask_areas,
    "harm": _ask_harm,
    "holidays": _ask_holidays,
}
"""What a question needs asked besides, by its name."""
