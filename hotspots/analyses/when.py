"""When in the week: the hours with most reports, day and night, weekends and holidays."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geodata.calendar import own_bank_holidays, school_holidays
from geodata.errors import DataError
from geodata.nsir import deterrable, report_types
from hotspots.analyses import facts
from hotspots.analyses.pictures import Bars, Ranges, Week
from hotspots.analyses.result import Answer, Options
from hotspots.patrols.plan import can_plan_hours
from hotspots.results import PeakWindow, Run
from hotspots.seasons import day_effects, split_day_night, why_no_hours
from hotspots.timing import WEEKEND_BANDS, peak_window, week_matrix


def week(run: Run, options: Options) -> Answer:
    """Reports by day and hour, and the window of one shift that holds most of them (R4.14, R1.26)."""
    _need_hours(run)
    reports = facts.reports_of(run, options)
    wanted = reports.loc[deterrable(reports, report_types(run.config.report_types or None))]
    if wanted.empty:
        raise DataError(
            f"None of {len(reports):,} reports of {facts.whose(run, options)} is of a kind a visible patrol can deter, "
            "so no window is looked for (R1.6)."
        )
    reports = wanted
    counts = week_matrix(reports)
    shift = run.config.patrol
    own = peak_window(counts, hours=shift.shift_hours, days=shift.shift_days)
    return Answer(
        sentences=(*_week_said(run, options, own, counts), *_hours_left_out(run, reports)),
        table=_windows(run, options, own, counts),
        picture=Week(counts.to_numpy(), (own,) if own else ()),
        method=(
            "A report known to an interval spreads evenly over its hours; intervals of more than 24 hours have none "
            "(Ratcliffe 2002, https://doi.org/10.1023/A:1013240828824; R4.14).",
            f"Window: {shift.shift_hours} hours on {shift.shift_days} days in a row with most reports. From 150 "
            "reports hour by hour, from 60 in 4-hour bands, from 30 weekday and weekend in 6-hour bands, below 30 "
            "pooled over all hotspots (R1.26).",
            "Only reports of kinds a visible patrol can deter, as in the patrol plan (R1.6).",
        ),
    )


def _need_hours(run: Run) -> None:
    """Refuse where the clock time is not known, with the sentence the patrol plan uses."""
    refusal = can_plan_hours(facts.inside(run))
    if refusal is not None:
        raise DataError(f"{refusal.reason} ({refusal.rule})")


def _week_said(run: Run, options: Options, own: PeakWindow | None, counts: pd.DataFrame) -> tuple[str, ...]:
    name, n = facts.whose(run, options), counts.to_numpy().sum()
    if own is None:
        return (
            f"{name}: {n:,.0f} reports of kinds a patrol can deter carry a clock time; {WEEKEND_BANDS} are needed for "
            "a window of its own, so the patrol plan pools all hotspots.",
        )
    hour = int(np.argmax(counts.to_numpy().sum(axis=0)))
    return (
        f"{name}: {own.describe()}.",
        f"The busiest hour of the day is {hour:02d}:00 to {(hour + 1) % 24:02d}:00; "
        f"{n:,.0f} reports of kinds a patrol can deter carry a clock time. Window found {own.method}.",
    )


def _hours_left_out(run: Run, reports: pd.DataFrame) -> tuple[str, ...]:
    """Say how many reports have no hour, and which clock times of the whole area were not believed."""
    lost = why_no_hours(reports)
    if not lost:
        return ()
    left_out = f"Without an hour and left out: {'; '.join(f'{n:,} ({reason})' for reason, n in lost.items())}."
    doubt = run.quality.doubtful_hours
    return (left_out, doubt) if doubt else (left_out,)


def _windows(run: Run, options: Options, own: PeakWindow | None, counts: pd.DataFrame) -> pd.DataFrame:
    """Return the window of the area and, from the patrol plan, of each hotspot."""
    area = pd.DataFrame(
        {
            "hotspot_id": [""], "place": [run.area.name], "window": [own.describe() if own else ""],
            "share_of_reports": [own.share_of_reports if own else np.nan],
            "share_of_week": [own.share_of_week if own else np.nan],
            "note": [f"{counts.to_numpy().sum():,.0f} reports, {own.method}" if own else ""],
        }
    )  # fmt: skip
    plan = run.patrols.sort_values("rank")
    plan = plan.assign(place=facts.ranked_names(run).reindex(plan.index)).rename_axis("hotspot_id").reset_index()
    listed = pd.DataFrame(plan[list(area.columns)])
    if options.hotspot:
        return listed.loc[listed["hotspot_id"] == options.hotspot].reset_index(drop=True)
    return pd.concat([area, listed], ignore_index=True)


def day_night(run: Run, _options: Options) -> Answer:
    """Reports of the day (06:00-18:00) and of the evening and night, hotspot by hotspot (R1.10)."""
    _need_hours(run)
    found = split_day_night(facts.inside(run))
    rows = {"": (run.area.name, len(found.day), len(found.night))}
    owned_day, owned_night = (pd.Series(facts.owners(run, part)) for part in (found.day, found.night))
    for hotspot_id, name in facts.ranked_names(run).items():
        rows[str(hotspot_id)] = (name, int((owned_day == hotspot_id).sum()), int((owned_night == hotspot_id).sum()))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["place", "n_day", "n_night"]).rename_axis(
        "hotspot_id"
    )
    table["share_night"] = table["n_night"] / (table["n_day"] + table["n_night"]).replace(0, np.nan)
    whole = float(table["share_night"].iloc[0])
    z = (table["share_night"] - whole) / np.sqrt(
        whole * (1 - whole) / (table["n_day"] + table["n_night"]).clip(lower=1)
    )
    table["differs"] = (z.abs() >= 3).to_numpy()
    table = table.reset_index()
    odd = table.loc[table["differs"] & (table["hotspot_id"] != ""), "place"].tolist()
    return Answer(
        sentences=(
            f"{whole:.0%} of the reports with an hour fall between 18:00 and 06:00.",
            f"Clearly unlike the area: {'; '.join(odd)}." if odd else "No hotspot is clearly unlike the area.",
            *_hours_left_out(run, facts.inside(run)),
        ),
        table=table,
        picture=Bars(
            tuple(table["place"]), tuple(100 * table["share_night"].fillna(0)), "% between 18:00 and 06:00",
            marks=(100 * whole,) * len(table), mark_name="the whole area",
            stressed=tuple(table["differs"]), stress_name="clearly unlike the area",
        ),
        method=(
            "Day 06:00-18:00, evening and night 18:00-06:00 (R1.10); an interval belongs where its larger part lies. "
            "Clearly unlike: three standard errors from the share of the area.",
        ),
    )  # fmt: skip


def holidays(run: Run, options: Options) -> Answer:
    """How many times the reports weekends, school holidays and bank holidays have, beside other days of the month."""
    known = options.school_holidays
    if known is None and run.config.school_holidays:
        known = school_holidays(run.config.school_holidays)
    held = options.bank_holidays
    if held is None and run.config.bank_holidays:
        held = own_bank_holidays(run.config.bank_holidays)
    effects = day_effects(
        facts.reports_of(run, options), run.period, school_holidays=known, bank_holidays=held, nation=options.nation
    )
    table = pd.DataFrame(
        [
            {
                "days": effect.what, "ratio": effect.ratio, "low": effect.low, "high": effect.high,
                "p_value": effect.p_value, "raw_ratio": effect.raw_ratio, "n_days": effect.n_days,
                "n_other_days": effect.n_other_days, "n": effect.n_reports,
            }
            for effect in effects.values()
        ]
    )  # fmt: skip
    told = table.loc[table["ratio"].notna()]
    typical = (
        ()
        if known is not None
        else ("School holidays are typical dates for England, good to a week or two: councils set their own.",)
    )
    return Answer(
        sentences=(*(effect.describe() for effect in effects.values()), *typical),
        table=table,
        picture=Ranges(
            tuple(told["days"]), tuple(told["ratio"]), tuple(told["low"]), tuple(told["high"]),
            "times the reports of other days", 1.0, "no difference",
        ) if len(told) else None,
        method=(
            "Mantel-Haenszel ratio of reports a day within the same month and part of the week (Greenland & Robins "
            "1985, https://doi.org/10.2307/2530643), widened for days more unlike than chance; operational days "
            "06:00-05:59 (R1.25).",
        ),
    )  # fmt: skip
