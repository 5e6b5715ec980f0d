"""What stands around the map: title bar, legend, footer and the ranked list for the keyboard."""

from __future__ import annotations

from hotspots.report import basemap, palette, words
from hotspots.report.features import MAX_CELLS
from hotspots.report.markup import escaped
from hotspots.results import Run


def bar(run: Run) -> str:
    """Return the title bar: marking, claim, period, numbers, grade and, where it is so, SYNTHETIC."""
    synthetic = f'<span class="asb-synthetic">{words.SYNTHETIC}</span>' if run.is_synthetic else ""
    return (
        f'<header class="asb-bar"><span class="asb-mark">{escaped(run.short_marking)}</span>'
        f"<b>{words.CLAIM}: {escaped(run.area.name)}</b> "
        f"<span>{words.months_and_hours(run)}</span><span>{run.quality.n_used:,} reports used of "
        f"{run.quality.n_read:,} records read</span><span>data grade {run.quality.grade}</span>{synthetic}</header>"
    )


def legend(run: Run) -> str:
    """Return the legend as HTML; only signs that are on the map are explained."""
    shown = run.cells.loc[run.cells["n_12m"] > 0, "n_12m"]
    steps = [
        _entry(
            f'<path d="M5 2h10l5 8-5 8H5L0 10z" fill="{step.colour}" stroke="#0B0C0C"/>',
            f"{step.label} {'report' if step.high == 1 else 'reports'}",
        )
        for step in reversed(palette.count_classes(shown))
    ]
    hidden = [f"<li>Busiest {MAX_CELLS:,} cells of {len(shown):,} drawn</li>"] if len(shown) > MAX_CELLS else []
    signs = []
    if not run.hotspots.empty:
        signs.append(_entry('<path d="M2 3h16v14H2z" fill="none" stroke="#0B0C0C" stroke-width="3"/>', "Hotspot, rank"))
    if not run.repeat_locations.empty:
        signs.append(_entry('<path d="M10 3l7 7-7 7-7-7z" fill="#801650"/>', "Repeat place (zoom in)"))
    if run.places is not None and (landmarks := basemap.named_places(run)) is not None:
        of_all = f", {len(landmarks)} of {len(run.places):,}" if len(landmarks) < len(run.places) else ""
        circle = '<circle cx="10" cy="10" r="5" fill="#28A197" stroke="#0B0C0C" stroke-width="1.5"/>'
        signs.append(_entry(circle, f"Named place (zoom in){of_all}"))
    if not run.cameras.empty:
        signs.append(_entry('<path d="M10 2l9 16H1z" fill="#F46A25" stroke="#0B0C0C"/>', "Proposed camera and range"))
    if run.existing_cameras is not None and not run.existing_cameras.empty:
        signs.append(_entry('<path d="M4 4h12v12H4z" fill="#3D3D3D"/>', "Existing camera and range"))
    return (
        f'<details class="asb-legend" open><summary>Reports per cell {words.year_label(run)}</summary>'
        f"<ul>{''.join([*steps, *hidden, *signs])}</ul></details>"
    )


def _entry(shape: str, text: str) -> str:
    return f'<li><svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">{shape}</svg>{text}</li>'


def foot(run: Run) -> str:
    """Return the line with licence, caveat and provenance."""
    parts = [run.provenance.licence, words.CAVEAT, words.provenance(run)]
    text = " | ".join(escaped(part) for part in parts if part)
    return f'<footer class="asb-foot" title="{text}">{text}</footer>'


def panel(run: Run) -> str:
    """Return the ranked list beside the map: the same facts for the keyboard and for a screen reader."""
    if run.hotspots.empty:
        why = "".join(f"<tr><td>{escaped(line)}</td></tr>" for line in words.refusals(run))
        return f'<details class="asb-panel" open><summary>No ranked list</summary><table>{why}</table></details>'
    rows = "".join(
        f"<tr><td class=n>{row['rank']}</td><td><button type=button onclick=\"asb.show('{escaped(hotspot_id)}')\">"
        f"{escaped(words.placed(row))}</button></td><td class=n>{row['n_12m']:,}</td></tr>"
        for hotspot_id, row in run.hotspots.sort_values("rank").iterrows()
    )
    return (
        f'<details class="asb-panel" open><summary>Ranked hotspots</summary><table><caption>Reports '
        f"{words.year_label(run)}; choose a place to see why</caption><tr><th class=n>Rank</th><th>Place</th>"
        f"<th class=n>Reports</th></tr>{rows}</table></details>"
    )
