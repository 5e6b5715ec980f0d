"""Pieces that several pages share: the page frame, the footer, the map with its table, the downloads."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from contextlib import suppress
from html import escape
from typing import NoReturn

import numpy as np
import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from geodata.errors import DataError
from geodata.quality import QualityReport
from hotspots.app import data, state, words
from hotspots.app.data import Dataset
from hotspots.config import RunConfig
from hotspots.report import folium_map
from hotspots.report.furniture import legend
from hotspots.report.words import placed
from hotspots.results import Run, marking

NAVY, ORANGE, INK = "#12436D", "#F46A25", "#0B0C0C"  # Government Analysis Function palette, R8.8
MAP_HEIGHT = 560

_STYLE = """
<style>
.block-container {padding: 3.4rem 2rem 2rem 2rem; max-width: 1600px;}
[data-testid="stSidebar"] {width: 240px !important; min-width: 240px !important;}
h1 {font-size: 1.9rem !important; padding-bottom: .6rem !important;}
h2 {font-size: 1.35rem !important;}
h3 {font-size: 1.1rem !important;}
[data-testid="stMetricValue"] {font-size: 1.6rem;}
.asb-footer {border-top: 2px solid #12436D; margin-top: 1.5rem; padding-top: .5rem; font-size: .95rem; color: #0B0C0C;}
.asb-synthetic {background: #0B0C0C; color: #FFFFFF; padding: .15rem .6rem; font-weight: 700; width: fit-content;}
.asb-grade {display: flex; align-items: center; gap: 1rem; margin: .2rem 0 1rem 0;}
.asb-grade b {background: #12436D; color: #FFFFFF; font-size: 2.6rem; line-height: 1; padding: .6rem 1.1rem;}
.asb-grade span {font-size: 1.1rem; color: #0B0C0C;}
.asb-verdict {border-left: 10px solid #12436D; background: #F3F5F8; padding: .8rem 1rem; font-size: 1.3rem;
  font-weight: 600; color: #0B0C0C;}
.asb-finding {border-left: 8px solid #12436D; background: #F3F5F8; padding: .6rem .9rem; font-size: 1.1rem;
  font-weight: 600; color: #0B0C0C;}
.asb-drawing {overflow-x: auto; border: 1px solid #D5D8DC; background: #FFFFFF; max-width: 902px;}
.asb-drawing img {display: block; width: 100%; min-width: 560px;}
.asb-key {font-size: .85rem; color: #0B0C0C;}
.asb-key summary {font-weight: 600; cursor: pointer;}
.asb-key ul {list-style: none; margin: .2rem 0 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: .1rem 1rem;}
.asb-key li {display: flex; align-items: center; gap: .35rem; margin: 0; padding: 0;}
.asb-wide {overflow-x: auto;}
.asb-week {border-collapse: collapse; font-size: .8rem; width: 100%; color: #0B0C0C;}
.asb-week th {font-weight: 600; padding: .15rem .3rem; text-align: center;}
.asb-week tbody th {text-align: right; white-space: nowrap;}
.asb-week td {text-align: center; padding: .3rem .1rem; border: 1px solid #FFFFFF; min-width: 1.6rem;}
</style>
"""


def page(title: str) -> None:
    """Begin a page: its heading, the shared look, and in the sidebar what is loaded."""
    st.html(_STYLE)
    dataset = state.dataset()
    data.use_grid(dataset.grid if dataset is not None else "")
    with st.sidebar:
        _loaded(dataset)
    st.title(title)
    if dataset is not None and dataset.intake.is_synthetic:
        st.html('<div class="asb-synthetic">SYNTHETIC sample data: no real place, person or report</div>')


def _loaded(dataset: Dataset | None) -> None:
    st.markdown("**Data loaded**")
    if dataset is None:
        st.markdown("None yet. Start on the Data page.")
        return
    lines = [words.plain(dataset.name) + (" (SYNTHETIC)" if dataset.intake.is_synthetic else "")]
    with suppress(DataError):  # the page itself says what is wrong
        gate = data.current_gate(dataset, state.config())
        lines += [f"{gate.report.n_used:,} reports used", f"Data grade {gate.report.grade}", str(gate.period)]
    st.markdown("  \n".join(lines))


def require_dataset() -> Dataset:
    """Return the loaded data, or say how to load some and end the page."""
    dataset = state.dataset()
    if dataset is None:
        st.info("No data are loaded. Open the Data page, load the sample city or your own files, and come back.")
        if st.button("Go to the Data page", type="primary"):
            st.switch_page("hotspots/app/pages/data.py")
        st.stop()
    return dataset


def current_run() -> Run:
    """Return the run of the loaded data with this session's settings."""
    return run_of(require_dataset(), state.config())


def run_of(dataset: Dataset, config: RunConfig) -> Run:
    """Return a run, showing each step while it is made; a refusal ends the page."""
    made = data.finished_run(dataset, config)
    if made is not None:
        return made
    place = st.empty()
    try:
        with place.status("Working through the data...") as status:
            made = data.run(dataset, config, lambda step: status.update(label=f"{step}..."))
    except DataError as error:
        place.empty()
        refuse(error)
    place.empty()
    return made


def refuse(error: DataError) -> NoReturn:
    """Show the one sentence and end the page."""
    st.error(words.plain(error))
    footer()
    st.stop()


def footer() -> None:
    """End a page with marking, grade, number of reports used, months and licence (R3.14, R7.13)."""
    dataset, config = state.dataset(), state.config()
    line = config.marking
    if dataset is not None:
        with suppress(DataError):  # the page above has said what is wrong
            gate = data.current_gate(dataset, config)
            line = words.footer(gate, dataset.intake, marking=marking(config, gate.report))
    st.html(f'<div class="asb-footer">{escape(line)}</div>')


def table(frame: pd.DataFrame, *, alt: str, hide_header: bool = False) -> None:
    """Show a small table; its text is shown letter by letter."""
    st.table(frame.map(words.plain), hide_index=True, hide_header=hide_header, alt=alt)


def verdict_box(headline: str) -> None:
    """Show a verdict, large."""
    st.html(f'<div class="asb-verdict">{escape(headline)}</div>')


def finding(sentence: str) -> None:
    """Show the sentence to read out."""
    st.html(f'<div class="asb-finding">{escape(sentence)}</div>')


def drawing(svg: str, *, alt: str) -> None:
    """Show a drawing as large as the page is wide; on a telephone it keeps a size that can be read and is moved."""
    source = base64.b64encode(svg.encode()).decode()
    st.html(
        f'<div class="asb-drawing"><img alt="{escape(alt, quote=True)}" src="data:image/svg+xml;base64,{source}"></div>'
    )


def grade(report: QualityReport) -> None:
    """Show the data grade, large, with its meaning."""
    meaning = escape(words.GRADES[report.grade])
    st.html(f'<div class="asb-grade"><b>{report.grade}</b><span><strong>Data grade {report.grade}.</strong> '
            f"{meaning}</span></div>")  # fmt: skip


def hotspot_map(run: Run, *, key: str, height: int = MAP_HEIGHT, selected: str = "") -> None:
    """Show the map; a click on a hotspot makes it the one being looked at, panning does nothing."""
    st_folium(
        folium_map(run, selected=selected or None, framed=False),
        key=key,
        height=height,
        use_container_width=True,
        returned_objects=["last_active_drawing"],
        on_change=lambda: _select_clicked(run, key),
    )
    st.html(f'<div class="asb-key">{_SVG.sub(_as_image, legend(run))}</div>')


_SVG = re.compile(r"<svg .*?</svg>", re.DOTALL)


def _as_image(svg: re.Match[str]) -> str:
    """Return a drawing as an image, which the page keeps where it would strip the drawing."""
    whole = svg[0].replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return f'<img alt="" src="data:image/svg+xml;base64,{base64.b64encode(whole.encode()).decode()}">'


def clicked_cell(key: str) -> str:
    """Return the cell clicked last on a map, "" if it was something else."""
    drawing = (st.session_state.get(key) or {}).get("last_active_drawing") or {}
    return str((drawing.get("properties") or {}).get("cell", ""))


def _select_clicked(run: Run, key: str) -> None:
    drawing = (st.session_state.get(key) or {}).get("last_active_drawing") or {}
    hotspot_id = (drawing.get("properties") or {}).get("hotspot_id")
    if hotspot_id in run.hotspots.index:
        state.select(str(hotspot_id))


def hotspot_shown(run: Run) -> str:
    """Return the hotspot to explain: the one chosen, otherwise the first."""
    chosen = state.selected()
    return chosen if chosen in run.hotspots.index else str(run.hotspots["rank"].idxmin())


def hotspot_choice(run: Run, *, key: str) -> str:
    """Let the user choose a hotspot by rank and name; return its id."""
    names = {str(i): f"{row['rank']}. {placed(row)}" for i, row in run.hotspots.sort_values("rank").iterrows()}
    st.session_state[key] = hotspot_shown(run)
    st.selectbox(
        "Hotspot", list(names), format_func=names.__getitem__, key=key,
        on_change=lambda: state.select(st.session_state[key]),
    )  # fmt: skip
    return hotspot_shown(run)


def downloads(files: Mapping[str, bytes], *, stem: str) -> None:
    """Offer files for download, side by side."""
    columns = st.columns(min(len(files), 4))
    for number, (name, content) in enumerate(files.items()):
        columns[number % len(columns)].download_button(
            f"{name} ({_size(len(content))})", content, file_name=name, key=f"{stem}-{name}", on_click="ignore",
            width="stretch",
        )  # fmt: skip


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{max(n_bytes // 1000, 1)} kB"


def percent(values: pd.Series) -> pd.Series:
    """Return shares as whole percentages to show under `PERCENT`."""
    return (100 * values).round()


PERCENT = st.column_config.NumberColumn(format="%d%%")


def refusals(run: Run, *analyses: str) -> None:
    """Say in words which analyses these data cannot support (all of them, or those whose name holds a given word)."""
    for refusal in run.refused:
        if not analyses or any(word in refusal.analysis for word in analyses):
            st.warning(f"**No {words.plain(refusal.analysis)}.** {words.plain(refusal.reason)}")


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHADES = ("#FFFFFF", "#DCE9F6", "#B3D2F0", "#6BACE6", "#2073BC", "#12436D")
_DARK_FROM = 4


def week_table(week: pd.DataFrame, caption: str) -> None:
    """Show reports by day and hour as a table shaded by its own numbers (a number in every cell, R8.8)."""
    counts = week.to_numpy(dtype=float)
    level = np.zeros(counts.shape, dtype=int)
    if counts.max() > 0:
        level = np.ceil(counts / counts.max() * (len(_SHADES) - 1)).astype(int)
    head = "".join(f'<th scope="col">{hour:02d}</th>' for hour in range(24))
    rows = []
    for day, name in enumerate(_DAYS):
        boxes = "".join(
            f'<td style="background:{_SHADES[k]};color:{"#FFFFFF" if k >= _DARK_FROM else "#0B0C0C"}">{n:.0f}</td>'
            for n, k in zip(counts[day], level[day], strict=True)
        )
        rows.append(f'<tr><th scope="row">{name}</th>{boxes}</tr>')
    st.html(
        f'<p class="asb-key">{escape(caption)}</p><div class="asb-wide" tabindex="0"><table class="asb-week" '
        f'aria-label="{escape(caption, quote=True)}"><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
