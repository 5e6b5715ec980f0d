"""The plain sentences every surface says in the same way (R8.9): numbers before percentages, reports not crimes.

Terminal, app, map and briefing take their words from here, so that a meeting hears one story.
"""

from __future__ import annotations

import math
import re
from typing import cast

import pandas as pd

from hotspots.membership import hotspot_of
from hotspots.owners import whose
from hotspots.results import ListAccuracy, Refusal, Run

CLAIM = "Where reports have concentrated"
CAVEAT = (
    "Decision support: people decide. This shows where reports have concentrated. It does not say where anything will "
    "happen next, reports are not the same as incidents, and it is about places, never people."
)
SYNTHETIC = "SYNTHETIC: an invented city, not real reports"
CHANGE_Z = 3.0
"""R4.16: a change between two years is called one at or above this; below, there is no clear change."""

AT_M = 5.0
"""A named place no farther than this from the outline, where distances round to nought, is one the hotspot lies at."""

ONE_KIND = (
    "Only reports of the wanted kind were read, so cells are ranked by their own recent months and season alone; read "
    "every category, and what similar cells have counts too."
)

_FRACTIONS = (
    (1, 200), (1, 150), (1, 100), (1, 70), (1, 50), (1, 30), (1, 20), (1, 15), (1, 10), (1, 8), (1, 6), (1, 5), (1, 4),
    (1, 3), (2, 5), (1, 2), (3, 5), (2, 3), (3, 4), (4, 5), (9, 10),
)  # fmt: skip


def tidy(text: str) -> str:
    """Return a sentence with numbers written one way: a true minus, which no line breaks off, and no space before %.

    Examples
    --------
    >>> tidy("from -43 % to -4%, 2022-08")
    'from \u221243% to \u22124%, 2022-08'
    """
    return re.sub(r"(?<![\w-])-(?=\d)", "\u2212", re.sub(r"(?<=\d) %", "%", text))


def counted(n: float, noun: str = "report") -> str:
    """Return a number with its noun, e.g. ``1 report``, ``1,204 reports``."""
    return f"{n:,.0f} {noun}{'' if round(n) == 1 else 's'}"


def about(share: float) -> str:
    """Return a share as people say it (R8.9).

    Examples
    --------
    >>> about(0.21), about(0.48), about(0.001), about(0.99)
    ('about 1 in 5', 'about 1 in 2', 'fewer than 1 in 200', 'nearly all')
    """
    if share < 0.005:
        return "none" if share <= 0 else "fewer than 1 in 200"
    if share > 0.95:
        return "all" if share >= 1 else "nearly all"
    part, whole = min(_FRACTIONS, key=lambda f: abs(math.log(share / (f[0] / f[1]))))
    return f"about {part} in {whole}"


def likely(chance: float) -> str:
    """Return a chance in per cent; what rests on counts is never certain.

    Examples
    --------
    >>> likely(0.9996), likely(0.86), likely(0.001)
    ('over 99%', '86%', 'under 1%')
    """
    if chance > 0.99:
        return "over 99%"
    return "under 1%" if chance < 0.01 else f"{chance:.0%}"


HOURS = {"all": "", "day": "day, 06:00-18:00", "night": "evening and night, 18:00-06:00"}
"""What a list is of, by the run's setting (R1.10)."""


def months_and_hours(run: Run) -> str:
    """Return the months of a run, and the hours where it is not the whole day (R1.10)."""
    hours = HOURS[run.config.hours]
    return f"{run.period}, {hours}" if hours else str(run.period)


def year_label(run: Run) -> str:
    """Return what the column ``n_12m`` counts: the last 12 months, or the shorter data there are."""
    months = run.period.n_months
    if months >= 12:
        return "in the last 12 months"
    return "in the one month of data" if months == 1 else f"in the {months} months of data"


def trend(row: pd.Series) -> str:
    """Return a hotspot's change against the year before as a sentence (R4.16), never as a bare percentage."""
    now, before, z = row["n_12m"], row["n_before_12m"], row["change_z"]
    if pd.isna(before) or pd.isna(z):
        return "No full earlier year to compare with."
    against = f"{counted(now)} in the last 12 months, {before:,.0f} in the 12 months before."
    if abs(z) < CHANGE_Z:
        return f"No clear change: {against}"
    return f"{'More' if z > 0 else 'Fewer'} reports: {against}"


def persistence(row: pd.Series, run: Run) -> str:
    """Return whether a hotspot is new or long-standing (R8.5)."""
    seen = f"Reports in {row['months_with_reports']:.0f} of {counted(run.period.n_months, 'month')}"
    halves = "in the list of both halves of the period" if row["in_both_halves"] else "in the list of one half only"
    kind = row.get("kind_label", "")
    said = f"{kind}: {row['kind_why']}. " if kind else ""
    return f"{said}{seen}; {halves}."


def one_address(row: pd.Series, run: Run) -> str:
    """Return whether it is one address (R8.5); snap points cannot tell."""
    share = row["repeat_share"]
    if pd.isna(share):
        return "These data place reports on streets, so they cannot tell whether it is one address."
    places = run.repeat_locations.loc[run.repeat_locations["hotspot_id"] == row.name]
    placed = row.get("share_area", 0) + row.get("share_snap_point", 0) == 0
    reports = "reports" if placed else "reports with a place of their own"
    start = f"{about(share).capitalize()} of its {reports} come from places with 2 or more in 12 months"
    if places.empty:
        return f"{start}."
    top = places.sort_values("n_12m", ascending=False).iloc[0]
    return f"{start}; the busiest, {top['name']}, had {top['n_12m']:,.0f} of the {row['n_12m']:,}."


def when(row: pd.Series) -> str:
    """Return the peak window, or why there is none."""
    return str(row["peak"]) if row["peak"] else "These data do not tell days and hours for this place."


def visits(patrol: pd.Series) -> str:
    """Return the affordable dose, e.g. ``3 to 5 visits of 15 minutes a week``."""
    low, high = patrol["visits_per_week_low"], patrol["visits_per_week_high"]
    if pd.isna(low) or pd.isna(high):
        return "No number of visits: the budget does not reach this place."
    span = f"{low:.0f}" if round(low) == round(high) else f"{low:.0f} to {high:.0f}"
    noun = "visit" if span == "1" else "visits"
    return f"{span} {noun} of {patrol['minutes_per_visit']:.0f} minutes a week"


def window(patrol: pd.Series | None) -> tuple[str, str]:
    """Return days and hours (empty where they are not known), and how much of the demand they hold."""
    if patrol is None or not patrol["hours"]:
        return "", "Days and hours are not known from these data: ask for the force's own times before planning."
    held = f"{about(patrol['share_of_reports']).capitalize()} of its reports ({patrol['share_of_reports']:.0%})"
    pooled = f" {patrol['note']}" if patrol["note"] else ""
    return (
        f"{patrol['days']} {patrol['hours']}",
        f"{held} fall in this {patrol['share_of_week']:.0%} of the week.{pooled}",
    )


def manner(patrol: pd.Series | None) -> str:
    """Return how the visits are made: on foot, at random times inside the window (R1.15, R1.18, R1.19)."""
    if patrol is None:
        return "No patrol plan was made for this place."
    if patrol["hours"]:
        return f"On foot, at random times inside {patrol['days']} {patrol['hours']}."
    return "On foot, at times chosen from local knowledge: these data do not tell the hours."


def do(patrol: pd.Series | None) -> str:
    """Return what to do at a hotspot: dose and manner."""
    return manner(patrol) if patrol is None else f"{visits(patrol)}. {manner(patrol)}"


def by_place(row: pd.Series) -> str:
    """Return the named place a hotspot lies at or by, or nothing where there is none or its name says it already.

    Examples
    --------
    >>> by_place(pd.Series({"name": "Queen Square", "near_place": "Central Station", "near_place_m": 83.0}))
    'by Central Station (80 m)'
    """
    place = row.get("near_place", "")
    if not place or re.search(rf"(?<!\w){re.escape(place)}(?!\w)", row["name"], re.IGNORECASE):
        return ""
    metres = row["near_place_m"]
    return f"at {place}" if metres <= AT_M else f"by {place} ({round(metres, -1):.0f} m)"


def placed(row: pd.Series) -> str:
    """Return a hotspot's name and, where one is known, the named place by it."""
    return ", ".join(filter(None, [row["name"], by_place(row)]))


def reasons(run: Run) -> list[str]:
    """Return one line per hotspot, in rank order: rank, name and why it was chosen (R7.12)."""
    ordered = run.hotspots.sort_values("rank")
    return [f"{row['rank']}. {placed(row)}: {row['reason']}" for _, row in ordered.iterrows()]


def refusals(run: Run) -> list[str]:
    """Return what these data cannot support, and why."""
    return [_refusal(refusal) for refusal in run.refused]


def no_list(run: Run) -> list[str]:
    """Return why there is no ranked list; nothing where there is one."""
    if not run.hotspots.empty:
        return []
    why = [_refusal(refusal) for refusal in run.refused if "hotspot" in refusal.analysis or "list" in refusal.analysis]
    least = run.config.delineation.min_incidents_12m
    return why or list(run.notes) or [f"No place holds the {least} reports in 12 months that a hotspot needs."]


def _refusal(refusal: Refusal) -> str:
    name = refusal.analysis[:1].upper() + refusal.analysis[1:]
    return f"{name}: {refusal.reason}"


def grade(run: Run) -> str:
    """Return the quality grade as a sentence."""
    quality = run.quality
    worst = sum(finding.severity != "info" for finding in quality.findings)
    meaning = {"A": "good", "B": "usable with care", "C": "weak"}[quality.grade]
    return f"Data grade {quality.grade} ({meaning}): {quality.hit_rate:.0%} of the reports could be placed; " + (
        f"{counted(worst, 'warning')} in the quality report." if worst else "no warnings."
    )


def sureness(run: Run) -> list[str]:
    """Return how sure the list is (R8.5): concentration, stability, other grids, luck, agreement of methods."""
    lines = []
    if (c := run.concentration) is not None:
        lines.append(
            f"The busiest {c.top_share:.0%} of places hold {c.held_share:.0%} of the reports; chance alone would give "
            f"{c.chance_share:.0%}. Half of all reports lie in {c.area_share_for_half:.1%} of the area."
        )
    if (s := run.stability) is not None:
        kept = round(s.overlap * s.k)
        lines.append(
            f"{'Stable' if s.is_stable else 'UNSTABLE'}: {kept} of the top {s.k} cells are the same in both halves of "
            f"the period ({s.first_half}; {s.second_half})."
        )
    if run.robustness is not None:
        lines.extend(run.robustness.describe())
    if (a := run.agreement) is not None:
        by_repeats = (
            f" and {round(a.count_and_repeats * a.k)} by repeat places." if math.isfinite(a.count_and_repeats) else "."
        )
        lines.append(
            f"Of the top {a.k} cells by simple count, {round(a.count_and_density * a.k)} are also in the top {a.k} by "
            f"density{by_repeats}"
        )
    if run.accuracy is not None:
        lines.extend(accuracy(run.accuracy))
    return lines


def accuracy(found: ListAccuracy) -> list[str]:
    """Return how good such lists were on past months, beside a plain count and what could be known at all (R4.5)."""
    tested = counted(found.origins, found.unit)
    each = "for each" if found.horizon == 1 else f"for each and the {found.horizon - 1} {found.unit}s after it"
    interval = f"95% interval {found.ratio_low:.2f} to {found.ratio_high:.2f}"
    lines = [
        f"Checked on {tested} ({found.first} to {found.last}): {each} a list was made from the months before it alone. "
        f"Its first {counted(found.n_cells, 'cell')}, {found.area_share:.1%} of the land, held {found.hit_rate:.0%} of "
        f"the {found.n_reports:,} reports that followed ({found.hit_rate_low:.0%} to {found.hit_rate_high:.0%})."
    ]
    if found.beats_count:
        lines.append(
            f"Better than a simple count of the last 12 months: {found.ratio:.2f} times its share ({interval})."
        )
    else:
        better = " and better" if found.ratio_high < 1 else ""
        lines.append(
            f"A simple count is as good here{better}: this list found {found.ratio:.2f} times what a count of the last "
            f"12 months found ({interval})."
        )
    told_apart = next((d for d in (0, 1) if f"{found.ceiling:.{d}%}" != f"{found.hit_rate:.{d}%}"), None)
    if found.ceiling > found.hit_rate and told_apart is not None:
        this = f", this list held {found.hit_rate:.1%}" if told_apart else ""
        lines.append(
            f"Ceiling: a list made with the months after in hand would have held {found.ceiling:.{told_apart}%}{this}; "
            "the rest is luck of the month."
        )
    elif found.ceiling > 0:
        lines.append("Ceiling: reached; even a list made with the months after in hand would have held no more.")
    return lines


def budget(run: Run) -> str:
    """Return what the patrol money buys (R1.20), or nothing."""
    if run.budget is None:
        return ""
    low, high = run.budget.visits_per_week
    hours_low, hours_high = run.budget.hours_per_year
    return (
        f"GBP {run.config.patrol.budget_gbp_per_year:,.0f} a year buys about {hours_low:,.0f} to {hours_high:,.0f} "
        f"patrol hours: {low:.0f} to {high:.0f} visits of {run.config.patrol.visit_minutes:.0f} minutes a week in all."
    )


def councillor(run: Run) -> str:
    """Return two sentences for a public meeting: no names of people, numbers before percentages (R8.5, R8.9)."""
    top = run.hotspots.sort_values("rank").head(5)
    if top.empty:
        return "There is not enough data yet to name places; we look again as more months come in."
    share = run.hotspots["n_12m"].sum() / max(run.cells["n_12m"].sum(), 1)
    land = run.hotspots["area_km2"].sum() / run.area.area_km2
    return (
        f"{about(share).capitalize()} reports {year_label(run)} came from {counted(len(run.hotspots), 'small place')}, "
        f"together {land:.1%} of {run.area.name}. Visits and problem solving go there first; whether reports fall is "
        "measured against similar places without extra visits."
    )


def records(run: Run) -> str:
    """Return where the records went: read, used, left out and why."""
    quality = run.quality
    left = "; ".join(f"{reason} {n:,}" for reason, n in quality.dropped.items() if n)
    used = f"{quality.n_read:,} records read, {quality.n_used:,} used"
    return f"{used}, {sum(quality.dropped.values()):,} left out ({left})." if left else f"{used}, none left out."


def provenance(run: Run) -> str:
    """Return the line by which an output can be checked later (R7.11)."""
    stamp = run.provenance
    return (
        f"Data {stamp.fingerprint[:12]} | seed {stamp.seed} | asb-hotspots {stamp.versions.get('asb-hotspots', '?')} | "
        f"{months_and_hours(run)} | {run.quality.n_used:,} of {run.quality.n_read:,} records used | "
        f"grade {run.quality.grade}"
        + (f" | listed although red, because: {run.answered_for}" if run.answered_for else "")
    )


def hotspot_facts(run: Run, hotspot_id: str) -> dict[str, str]:
    """Return what a screen or page says about one hotspot, heading by heading (R8.3, R8.5).

    Raises
    ------
    KeyError
        If the run has no such hotspot.
    """
    row = cast("pd.Series", run.hotspots.loc[hotspot_id])
    patrol = cast("pd.Series", run.patrols.loc[hotspot_id]) if hotspot_id in run.patrols.index else None
    return {
        "why": str(row["reason"]),
        "when": when(row),
        "what": str(row["top_types"]) or "The data do not state types.",
        "whose": whose(row),
        "do": do(patrol),
        "changes": trend(row),
        "new_or_long_standing": persistence(row, run),
        "one_address": one_address(row, run),
        "notes": ". ".join(filter(None, [row["flags"][:1].upper() + row["flags"][1:], by_hand(row)])),
    }


def by_hand(row: pd.Series) -> str:
    """Return what an analyst changed about a hotspot and why, or nothing (R1.3)."""
    edited = row.get("edited", "")
    return f"Changed by hand: {edited}" if edited else ""


def monthly(run: Run, *, months: int = 12) -> pd.DataFrame:
    """Return reports a month in each hotspot over the last `months`, zeros said aloud.

    Returns
    -------
    DataFrame of int
        Index ``hotspot_id``, one column per month of the period's end, oldest first.
    """
    inside = run.incidents.loc[run.incidents["inside"]]
    owner = hotspot_of(run.hotspots, inside["longitude"], inside["latitude"])
    counts = pd.crosstab(pd.Series(owner, index=inside.index, name="hotspot_id"), inside["month"])
    wanted = run.period.months[-months:]
    return counts.reindex(index=run.hotspots.index, columns=wanted, fill_value=0).astype("int64")
