"""Places reported again and again: thresholds, chance, concentration, score, what to do by when, and the outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geodata.confidence import at_any
from geodata.errors import DataError
from hotspots.analyses import facts
from hotspots.analyses.clusters import curve
from hotspots.analyses.pictures import Bars, Line, Lines
from hotspots.analyses.result import Answer, Options
from hotspots.clocks import ACT_WITHIN_DAYS, act_by, repeat_clocks, repeat_course, repeat_share
from hotspots.facilities import share_table
from hotspots.repeats import (
    APPROACHING,
    THRESHOLD_MET,
    UNUSUAL_FALSE_DISCOVERY_RATE,
    concentration,
    dated_reports,
)
from hotspots.results import Run

MOST_ROWS = 15
"""Bars a reader takes in at once; the table holds all."""

FEWEST_PLACES = 5
"""With fewer, a fifth of the places is less than one."""

REPORTED = "created"
"""Column of a force extract that says when a report was made, where it has one."""


def clocks(run: Run, options: Options) -> Answer:
    """Where each place stands on the three clocks, those approaching a threshold included (R4.8)."""
    _need_addresses(run, "The case-review clock")
    reports = facts.reports_of(run, options)
    made = reports.get(REPORTED)
    found = repeat_clocks(
        reports, run.area, run.config.repeats, as_of=facts.as_of(run),
        default_locations=run.quality.default_locations, reported=made,
    )  # fmt: skip
    found = found.loc[found["is_repeat_12m"]]
    table = _named(run, found).sort_values(["n_6m_in_time", "n_12m"], ascending=False, kind="stable", ignore_index=True)
    front = ["place_key", "place", "case_review", "neighbourhood", "n_6m_in_time", "n_6m", "n_12m", "hotspot_id"]
    table = table[[*front, *(name for name in table.columns if name not in front)]]
    met, near = (int((table["case_review"] == status).sum()) for status in (THRESHOLD_MET, APPROACHING))
    months = run.config.repeats.case_review_months
    checked = (
        "Only reports made within a month of their incident count."
        if made is not None
        else "Whether each was made within a month of its incident is not in the data; all count."
    )
    shown = table.loc[table["case_review"] != ""].head(MOST_ROWS)
    return Answer(
        sentences=(
            f"{met:,} places meet the case-review threshold ({run.config.repeats.case_review_reports} reports in "
            f"{months} months), {near:,} approach it, {len(table):,} were reported twice or more in twelve months.",
            f"{int((table['neighbourhood'] != '').sum()):,} places reach or approach five reports in six months; by "
            "how many people is not in the data.",
            checked,
            "A threshold opens a review when someone asks for one; it is no finding about anybody.",
        ),
        table=table,
        picture=Bars(
            tuple(shown["place"]), tuple(shown["n_6m_in_time"].astype(float)), f"reports in {months} months",
            marks=(float(run.config.repeats.case_review_reports),) * len(shown), mark_name="case-review threshold",
            stressed=tuple(shown["case_review"] == THRESHOLD_MET), stress_name="threshold met",
        ) if len(shown) else None,
        method=(
            "Three clocks (R4.8): case review, neighbourhood (five reports by more than one person in six months), any "
            "repeat in twelve months. Place: property reference, else address, else points within 25 m (R4.9).",
        ),
    )  # fmt: skip


def _need_addresses(run: Run, what: str) -> None:
    if facts.is_snapped(run):
        raise DataError(
            f"{what} is about addresses; these points are street centres shared by at least eight addresses, so a "
            "repeat point is a street, never an address (R2.1, R2.2d)."
        )
    if (facts.inside(run)["location_precision"] == "area").all():
        raise DataError(f"{what} is about addresses; these reports are located to an area only (R4.9).")


def _named(run: Run, places: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the place's name, key and hotspot in front, from the run's repeat places."""
    known = run.repeat_locations[["name", "hotspot_id"]].reindex(places.index)
    table = places.copy()
    table.insert(0, "hotspot_id", known["hotspot_id"].fillna("").to_numpy())
    table.insert(0, "place", known["name"].fillna("").to_numpy())
    return table.rename_axis("place_key").reset_index()


def unusual(run: Run, options: Options) -> Answer:
    """Which places have more reports than chance gives the average place, with the false discovery rate (R4.7)."""
    table = _listed(run, options)
    table = table.loc[~table["is_default_location"]]
    if table.empty:
        raise DataError("Every repeat place here is a default location, where reports are booked by default (R3.9).")
    is_street = facts.is_snapped(run)
    found = table.loc[table["is_unusual"]]
    typical = float(table["expected"].iloc[0])
    shown = found.sort_values("n_12m", ascending=False, kind="stable").head(MOST_ROWS)
    what = "street centres" if is_street else "places"
    return Answer(
        sentences=(
            f"{len(found):,} of {len(table):,} repeat {what} had more reports in twelve months than chance gives; the "
            f"average {'street centre' if is_street else 'place'} with any report has {typical:.1f}.",
            f"Up to {UNUSUAL_FALSE_DISCOVERY_RATE:.0%} of them may be there by chance.",
            *facts.left_out(run),
            *(("A street centre stands for eight or more addresses: a busy one is a street, not an address.",)
              if is_street else ()),
        ),
        table=table.sort_values(["p_value", "rank"], kind="stable", ignore_index=True),
        picture=Bars(
            tuple(shown["place"]), tuple(shown["n_12m"].astype(float)), "reports in 12 months",
            marks=(typical,) * len(shown), mark_name="the average place",
        ) if len(shown) else None,
        method=(
            "Poisson count with the mean of the average place, Benjamini-Hochberg over all places (R4.7). Random "
            "variation is the first reason why one place has more.",
        ),
    )  # fmt: skip


def _listed(run: Run, options: Options) -> pd.DataFrame:
    """Return the run's repeat places as a table, of one hotspot if asked for."""
    places = run.repeat_locations
    if options.hotspot:
        facts.reports_of(run, options)  # refuses a hotspot that is not there
        places = places.loc[places["hotspot_id"] == options.hotspot]
    if places.empty:
        raise DataError(
            f"No place of {facts.whose(run, options)} was reported twice or more in the last twelve months."
        )
    flat = pd.DataFrame(places.drop(columns="geometry")).rename(columns={"name": "place"})
    return flat.rename_axis("place_key").reset_index()


def concentrated(run: Run, options: Options) -> Answer:
    """How few places hold most reports, and whether chance would concentrate them as much (R4.7)."""
    reports = dated_reports(facts.reports_of(run, options), run.area, run.config.repeats, facts.as_of(run))
    is_default = at_any(
        reports["longitude"], reports["latitude"], run.quality.default_locations, run.area,
        within_m=run.config.repeats.same_place_m,
    )  # fmt: skip
    reports = reports.loc[~np.asarray(is_default, dtype=bool)]
    if reports.empty:
        raise DataError(
            "No report has a place finer than an area, so how reports are shared between places is not known."
        )
    counts = reports["place"].value_counts()
    if len(counts) < FEWEST_PLACES:
        raise DataError(
            f"How reports are shared needs at least {FEWEST_PLACES} places with a report; there are {len(counts)}."
        )
    found = concentration(
        counts.to_numpy(), top_share=0.2, simulations=run.config.repeats.simulations, random_state=run.config.seed
    )
    shares = share_table(counts)
    table = _named(run, shares.loc[shares["n"] > 1])
    verdict = "more than chance explains" if found.p_value <= 0.05 else "no more than chance explains"
    return Answer(
        sentences=(
            f"The busiest 20% of {len(counts):,} places with a report hold {found.held_share:.0%} of "
            f"{int(counts.sum()):,} reports; the same reports thrown at random on the same places would give "
            f"{found.chance_share:.0%} at most in 19 of 20 cases: {verdict} (p = {found.p_value:.3f}).",
            f"Gini coefficient {found.gini:.2f}, corrected for small counts (0 = as even as whole reports can be).",
            f"{int((counts > 1).sum()):,} places with two or more reports hold "
            f"{counts[counts > 1].sum() / counts.sum():.0%} of all. Places without any report are not counted: their "
            "number is not known.",
            *(("Places are street centres here: addresses behind them cannot be told apart.",)
              if facts.is_snapped(run) else ()),
        ),
        table=table,
        picture=curve(counts, "of the places with a report", random_state=run.config.seed),
        method=(
            "Six-step table: list, rank, share, add up, compare, draw (R4.7); "
            f"{run.config.repeats.simulations} random throws.",
            "Gini corrected for small counts (Bernasco & Steenbeek 2017, https://doi.org/10.1007/s10940-016-9324-7).",
        ),
    )  # fmt: skip


def score(run: Run, options: Options) -> Answer:
    """The repeat score with each of its factors: shrunk count, recency, spread (R4.10)."""
    table = _listed(run, options).sort_values("rank", kind="stable", ignore_index=True)
    factors = ["count_factor", "recency_factor", "spread_factor", "score"]
    front = ["rank", "place", *factors, "n_12m", "n_6m", "distinct_days", "last_report", "status", "hotspot_id"]
    table = table[[*front, *(name for name in table.columns if name not in front)]]
    shown = table.loc[~table["is_default_location"]].head(MOST_ROWS)
    if shown.empty:
        raise DataError("Every repeat place here is a default location, which has no score (R3.9).")
    top = shown.iloc[0]
    half = run.config.repeats.recency_half_life_days
    return Answer(
        sentences=(
            f"First: {top['place']} with {top['score']:.1f} = {top['count_factor']:.1f} (reports in twelve months, "
            f"pulled towards the typical place) x {top['recency_factor']:.2f} (recency: halves every {half:g} days) x "
            f"{top['spread_factor']:.2f} (spread: different days per report).",
            "Many reports on one day count little, and old ones fade; no report is weighed by who made it.",
        ),
        table=table,
        picture=Bars(
            tuple(shown["place"]), tuple(shown["score"]), "repeat score",
            stressed=tuple(shown["status"] == THRESHOLD_MET), stress_name="case-review threshold met",
        ),
        method=(
            f"Score = shrunk count x 0.5^(days since the last report / {half:g}) x distinct days per report; each "
            "factor is a column (R4.10). Shrinkage: gamma-Poisson (R4.6).",
        ),
    )  # fmt: skip


def prompts(run: Run, options: Options) -> Answer:
    """Where a repeat has just happened, and by when to act: within 7 and within 28 days (R4.11)."""
    _need_addresses(run, "Acting after a repeat")
    reports = facts.reports_of(run, options)
    _refuse_months(reports, "Acting after a repeat")
    found = act_by(
        reports, run.area, run.config.repeats, as_of=facts.as_of(run), default_locations=run.quality.default_locations
    )
    table = _named(run, found)
    dates = ["trigger", "act_within_7", "act_within_28"]
    table[dates] = table[dates].apply(lambda column: column.dt.strftime("%Y-%m-%d"))
    end = facts.as_of(run) - pd.Timedelta(days=1)
    due = int((found["act_within_7"] >= end).sum())
    weeks = found["trigger"].value_counts().sort_index()
    return Answer(
        sentences=(
            f"At the end of the data ({end:%d %B %Y}) {len(found):,} places have had a repeat in the last "
            f"{ACT_WITHIN_DAYS[1]} days; at {due:,} of them the first {ACT_WITHIN_DAYS[0]} days still run.",
            "After a repeat the next report tends to come soon, so early action reaches more of them; how soon here is "
            "answered by 'How soon do repeats follow?'.",
        ),
        table=table,
        picture=Bars(
            tuple(f"{day:%a %d %b}" for day in weeks.index[::-1]), tuple(weeks.to_numpy(dtype=float)[::-1]),
            "places whose latest repeat was that day",
            stressed=tuple((weeks.index >= end - pd.Timedelta(days=ACT_WITHIN_DAYS[0]))[::-1]),
            stress_name=f"the first {ACT_WITHIN_DAYS[0]} days still run",
        ) if len(weeks) else None,
        method=(
            "Trigger: the latest report with another at the same place in the twelve months before it; act within 7 "
            "and 28 days (Problem-Oriented Policing guide on repeat victimisation; R4.11).",
        ),
    )  # fmt: skip


def _refuse_months(reports: pd.DataFrame, what: str) -> None:
    if len(reports) and (reports["time_precision"] == "month").all():
        raise DataError(
            f"{what} needs the day of each report; all {len(reports):,} are known to the month only (R2.2e)."
        )


def course(run: Run, options: Options) -> Answer:
    """How soon the next report at the same place follows, in this area's own data (R4.11)."""
    _need_addresses(run, "How soon repeats follow")
    reports = facts.reports_of(run, options)
    found = repeat_course(reports, run.area, run.config.repeats, as_of=facts.as_of(run))
    table = found.reset_index()
    cumulative, followed = found["cumulative"].to_dict(), found["share_of_followed"].to_dict()
    return Answer(
        sentences=(
            f"Of the repeats within a year {cumulative[28]:.0%} came within 28 days, "
            f"{cumulative[7]:.0%} within 7 days.",
            f"Of {int(found['n_followed'].iloc[0]):,} reports followed for a year, "
            f"{followed[365]:.0%} had another at the same place.",
            "Repeats at a place that is always busy come soon by chance alone.",
        ),
        table=table,
        picture=Lines(
            tuple(f"{days} days" for days in table["within_days"]),
            (Line("share of the repeats within a year", 100 * table["cumulative"].to_numpy(dtype=float)),),
            "after the report", "%",
        ),
        method=("Only reports with a full year of data after them are followed (R4.11).",),
    )  # fmt: skip


def outcome(run: Run, options: Options) -> Answer:
    """How many reports repeat an earlier one at the same place, month by month: a measure of success."""
    found = repeat_share(facts.reports_of(run, options), run.area, run.config.repeats, period=run.period)
    table = found.reset_index()
    table["month"] = table["month"].dt.strftime("%Y-%m")
    whole = found.loc[found["looks_back_12m"]]
    said = ["Fewer repeats at the same places is what work on repeat places should bring."]
    if len(whole) >= 2:
        before, now = whole.iloc[: len(whole) // 2], whole.iloc[len(whole) // 2 :]
        shares = [part["n_repeat"].sum() / max(part["n"].sum(), 1) for part in (before, now)]
        said.insert(0, f"{shares[1]:.0%} of the reports of {now.index[0]:%B %Y} to {now.index[-1]:%B %Y} repeat one at "
                       f"the same place in the twelve months before; in {before.index[0]:%B %Y} to "
                       f"{before.index[-1]:%B %Y} it was {shares[0]:.0%}.")  # fmt: skip
    said.append(
        "The first twelve months are left open in the picture: repeats of reports before the data begin are not seen. "
        "A fall here is no proof of an effect: see Evaluate."
    )
    shown = found["share"].where(found["looks_back_12m"])
    keep = found["looks_back_12m"].to_numpy()
    band = [np.where(keep, 100 * found[name].to_numpy(dtype=float), np.nan) for name in ("low", "high")]
    return Answer(
        sentences=tuple(said),
        table=table,
        picture=Lines(
            tuple(f"{month:%b %y}" for month in found.index),
            (Line("share of reports that are repeats, with 95% interval", 100 * shown.to_numpy(dtype=float), *band),),
            "month", "%",
        ) if keep.any() else None,
        method=(
            "Share of reports with another at the same place within the twelve months before; interval after Wilson "
            "(1927, https://doi.org/10.1080/01621459.1927.10502953), a little too narrow as reports of one place are "
            "not independent.",
        ),
    )  # fmt: skip
