"""``briefing.pdf``: a page for the tasking meeting, then one page per hotspot (R8.3, R8.5)."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import typst

from hotspots.owners import owners_of
from hotspots.report import palette, static_map, words
from hotspots.report.provenance import plain
from hotspots.results import Run

FIRST_PLACES = 5


def briefing_pdf(run: Run) -> bytes:
    """Return the briefing as a tagged PDF: cover, then one A4 page per hotspot; it prints in grey.

    Without hotspots the cover says why there is no list and shows the cells.
    """
    return typeset("briefing.typ", briefing_data(run))


def typeset(template: str, data: dict[str, Any]) -> bytes:
    """Return the PDF a Typst template of this package makes of `data`.

    Data travel as one JSON text and are shown as strings, so nothing in them can be read as Typst markup. Fonts come
    from the installed packages only, and no date is written: same data, same bytes.
    """
    with as_file(files("hotspots.report")) as folder:
        made = typst.compile(
            str(folder / template), root=str(folder), font_paths=[str(_font_folder())], ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(plain(data), ensure_ascii=False)}, format="pdf", pdf_standards="ua-1",
        )  # fmt: skip
    return bytes(made)


def png_of(svg: str, *, dots_per_inch: float = 220.0) -> bytes:
    """Return an SVG as PNG in the same fonts, for files that hold no SVG; same picture, same bytes."""
    with as_file(files("hotspots.report")) as folder:
        made = typst.compile(
            str(folder / "picture.typ"), root=str(folder), font_paths=[str(_font_folder())], ignore_system_fonts=True,
            sys_inputs={"picture": svg}, format="png", ppi=dots_per_inch,
        )  # fmt: skip
    return bytes(made)


def page_data(run: Run, title: str) -> dict[str, Any]:
    """Return what header and footer of every page say."""
    return {
        "title": title,
        "running": f"{run.area.name}, {words.months_and_hours(run)}",
        "marking": run.short_marking,
        "synthetic": words.SYNTHETIC if run.is_synthetic else "",
        "caveat": words.CAVEAT,
        "provenance": words.provenance(run),
        "licence": run.provenance.licence,
    }


def briefing_data(run: Run) -> dict[str, Any]:
    """Return every word and picture of the briefing as plain values."""
    ground = static_map.ground_of(run)
    monthly = words.monthly(run)
    ordered = run.hotspots.sort_values("rank")
    classes = palette.count_classes(run.cells.loc[run.cells["n_12m"] > 0, "n_12m"])
    n = min(FIRST_PLACES, len(ordered))
    hours = words.HOURS[run.config.hours]
    return {
        **page_data(run, f"{words.CLAIM}: {run.area.name}"),
        "heading": f"{words.CLAIM}: {run.area.name}",
        "subtitle": f"Reports from {run.period.first:%B %Y} to {run.period.last:%B %Y} "
        f"({words.counted(run.period.n_months, 'month')}{', ' * bool(hours) + hours}), for the tasking meeting",
        "first_heading": f"The first {n} of {len(ordered)} places, and when",
        "count_heading": f"Reports, {words.year_label(run).removeprefix('in the ')}",
        "year_label": words.year_label(run).removeprefix("in the "),
        "months_label": "last 12 months" if run.period.n_months >= 12 else "all months of data",
        "classes": [{"label": step.label, "colour": step.colour} for step in reversed(classes)],
        "overview": static_map.overview_map(run, ground),
        "overview_alt": f"Map of {run.area.name}: cells by number of reports, hotspots numbered by rank",
        "sureness": words.sureness(run),
        "grade": words.grade(run),
        "records": words.records(run),
        "findings": list(dict.fromkeys([*_warnings(run)[:3], *run.notes[:3]])),
        "no_list": words.no_list(run),
        "refused": [line for line in words.refusals(run) if line not in words.no_list(run)],
        "budget": words.budget(run),
        "councillor": words.councillor(run),
        "others": [f"{row['rank']} {row['name']} ({row['n_12m']:,})" for _, row in ordered.iloc[n:].iterrows()],
        "hotspots": [
            _page(run, ground, str(hotspot_id), row, monthly.loc[hotspot_id]) for hotspot_id, row in ordered.iterrows()
        ],
    }


def _page(run: Run, ground: static_map.Ground, hotspot_id: str, row: pd.Series, months: pd.Series) -> dict[str, Any]:
    facts = words.hotspot_facts(run, hotspot_id)
    patrol = run.patrols.loc[hotspot_id] if hotspot_id in run.patrols.index else None
    window, held = words.window(patrol)
    return {
        "rank": row["rank"],
        "name": row["name"],
        "near": words.by_place(row),
        "n_12m": f"{row['n_12m']:,}",
        "strap": f"{hotspot_id} | rank {row['rank']} of {len(run.hotspots)} | {words.counted(row['n_12m'])} "
        f"{words.year_label(run)} | {row['area_km2'] * 100:.1f} ha, {words.counted(row['n_cells'], 'cell')}",
        "map": static_map.hotspot_map(run, ground, hotspot_id),
        "map_alt": f"Map of {row['name']}, north up: hotspot outlined, cells by number of reports, cameras",
        "signs": _signs(run, hotspot_id),
        "why": facts["why"],
        "window": window,
        "when": held,
        "no_hours": "Hours not known",
        "what": facts["what"],
        "whose": owners_of(row),
        "do": words.manner(patrol),
        "visits": words.visits(patrol) if patrol is not None else "No patrol plan.",
        "change": facts["changes"],
        "change_word": facts["changes"].split(":")[0].rstrip("."),
        "persistence": facts["new_or_long_standing"],
        "one_address": facts["one_address"],
        "notes": facts["notes"],
        "months": [{"month": f"{month:%b}", "n": n} for month, n in months.items()],
    }


def _warnings(run: Run) -> list[str]:
    order = {"red": 0, "amber": 1}
    found = [finding for finding in run.quality.findings if finding.severity in order]
    return [finding.message for finding in sorted(found, key=lambda finding: order[finding.severity])]


def _signs(run: Run, hotspot_id: str) -> str:
    signs = []
    if (run.repeat_locations["hotspot_id"] == hotspot_id).any():
        signs.append("Diamond: one of the busiest repeat places.")
    if run.hotspots.loc[hotspot_id].get("near_place", ""):
        signs.append("Circle: named place.")
    if not run.cameras.empty:
        signs.append("Triangle: proposed camera.")
    if run.existing_cameras is not None and not run.existing_cameras.empty:
        signs.append("Square: existing camera.")
    if any("camera" in sign for sign in signs):
        signs.append("Dashed circle: range of a camera.")
    return " ".join(signs)


@cache
def _font_folder() -> Path:
    """Return where matplotlib keeps DejaVu Sans, without importing matplotlib."""
    spec = find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("matplotlib, whose DejaVu Sans the briefing is set in, is not installed")
    return Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"
