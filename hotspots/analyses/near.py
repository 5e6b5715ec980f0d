"""Near repeat, risky facilities and harm: analyses that need more than the reports of the list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from geodata.categories import label
from geodata.errors import DataError
from geodata.schema import ASB
from hotspots.analyses import facts
from hotspots.analyses.clusters import curve
from hotspots.analyses.pictures import Bars, Curve, Matrix
from hotspots.analyses.result import Answer, Options
from hotspots.facilities import FEWEST_FACILITIES, FacilityCurve, facility_curves, share_table
from hotspots.harm import rank_agreement, rank_by_harm
from hotspots.naming import street_name
from hotspots.near_repeat import NearRepeat, near_repeat, summarise_chains
from hotspots.results import Run

MOST_ROWS = 15

MOST_CURVES = 3
"""Further types of facility in one picture; the table holds all."""


def knox(run: Run, options: Options) -> Answer:
    """Knox's test of whether more events follow nearby and soon than chance would have it (R4.12)."""
    found = _near_repeat(run, options)
    wide = found.table.loc[~found.table["is_part"]]
    rows, columns = (tuple(dict.fromkeys(wide[name])) for name in ("distance", "days"))
    shape = (len(rows), len(columns))
    return Answer(
        sentences=(
            found.describe(),
            f"{found.n_events:,} events from {found.first_day:%d %B %Y} to {found.last_day:%d %B %Y}. Pairs at one "
            f"place on one day: {found.same_place_same_day:,}, often one event recorded twice; they are in the row of "
            "the same place, not in the headline.",
            f"{int(wide['is_unusual'].sum())} of {len(wide)} bands of distance and time hold more pairs than chance "
            "(5% false discovery rate).",
            "Places that came into use or fell out of it during these months look like near repeats too.",
            *found.notes,
            *facts.left_out(run),
        ),
        table=found.table,
        picture=Matrix(
            rows, columns, wide["ratio"].to_numpy(dtype=float).reshape(shape),
            wide["is_unusual"].to_numpy(dtype=bool).reshape(shape), "pairs found over pairs expected",
            "more than chance", middle=1.0,
        ),
        method=_knox_method(found, options),
    )  # fmt: skip


def chains(run: Run, options: Options) -> Answer:
    """Chains of near repeats, and the events at the head of more than chance gives (the local version, R4.12)."""
    found = _near_repeat(run, options)
    events = found.events
    reports = run.incidents.loc[events.index]
    day = reports["occurred_from"].dt.tz_localize(None).dt.normalize()
    table = summarise_chains(events, day)
    if table.empty:
        raise DataError("No two of these events lie near each other soon enough to make a chain.")
    heads = events.loc[events["chain"] > 0].assign(location=reports["location"])
    grouped = heads.groupby("chain")
    table.insert(0, "place", grouped["location"].first().map(street_name))
    table["n_originators"] = grouped["role"].agg(lambda roles: int((roles == "originator").sum()))
    table["n_unusual"] = grouped["is_unusual"].sum().astype("int64")
    for name in ("first_day", "last_day"):
        table[name] = table[name].dt.strftime("%Y-%m-%d")
    table = table.reset_index()
    shown = table.head(MOST_ROWS)
    chained = int(table["n_events"].sum())
    return Answer(
        sentences=(
            f"{chained:,} of {found.n_events:,} events hang together in {len(table):,} chains (each within the nearest "
            f"band of another); the longest has {int(table['n_events'].max()):,} events.",
            f"Events followed by more events nearby than chance gives: {int(events['is_unusual'].sum()):,} (local "
            "test, 5% false discovery rate).",
            "A chain says that events lie close in place and time, not that one caused the next.",
        ),
        table=table,
        picture=Bars(
            tuple((shown["place"].replace("", "no street name") + ", " + shown["first_day"]).astype(str)),
            tuple(shown["n_events"].astype(float)), "events in the chain",
            stressed=tuple(shown["n_unusual"] > 0), stress_name="holds an event with more after it than chance gives",
        ),
        method=(
            *_knox_method(found, options),
            "Local version: hypergeometric, exact (after Rogerson 2001, https://doi.org/10.1111/1467-985X.00188).",
        ),
    )  # fmt: skip


def _near_repeat(run: Run, options: Options) -> NearRepeat:
    return near_repeat(
        facts.placed(run), run.area, categories=options.wanted_categories, permutations=options.permutations,
        random_state=run.config.seed,
    )  # fmt: skip


def _knox_method(found: NearRepeat, options: Options) -> tuple[str, ...]:
    metres = ", ".join(f"{bound:g}" for bound in found.bands.distance_m)
    days = ", ".join(f"{bound:g}" for bound in found.bands.days)
    wanted = ", ".join(map(label, options.wanted_categories)) or "all reports of the run"
    return (
        f"Knox (1964, https://doi.org/10.2307/2985220), {found.permutations:,} shuffles of the days; bands up to "
        f"{metres} m and {days} days, upper bounds included (Bowers & Johnson 2004; R4.12).",
        f"Categories: {wanted}.",
    )


def facilities(run: Run, options: Options) -> Answer:
    """Which few facilities of one type have most of the reports, and whether by more than chance (R4.7)."""
    if options.facilities is None:
        raise DataError(
            "Risky facilities need a file of facilities: a table of name, type, longitude and latitude (--facilities, "
            "or upload it on the Repeat places page)."
        )
    curves, too_few = facility_curves(
        facts.reports_of(run, options), options.facilities, run.area, within_m=options.facility_within_m,
        simulations=run.config.repeats.simulations, random_state=run.config.seed,
    )  # fmt: skip
    few = tuple(
        f"{kind}: only {n} in the area, {FEWEST_FACILITIES} are needed for a curve." for kind, n in too_few.items()
    )
    if not curves:
        raise DataError(f"No type of facility has {FEWEST_FACILITIES} in the area. {' '.join(few)}")
    table = pd.concat([found.table.assign(type=kind) for kind, found in curves.items()], ignore_index=True)
    return Answer(
        sentences=(
            *(found.describe() for found in curves.values()),
            *few,
            "Chance is the first reason why one facility has more; the others need someone to go and look.",
        ),
        table=table.rename(columns={"name": "place"}),
        picture=_curves(list(curves.values()), random_state=run.config.seed),
        method=(
            f"Each report counts at the nearest facility of a type within {options.facility_within_m:g} m; J-curve by "
            "type, tested against random throws (Eck, Clarke & Guerette 2007, Crime Prevention Studies 21; R4.7).",
        ),
    )  # fmt: skip


def _curves(found: list[FacilityCurve], *, random_state: int) -> Curve | None:
    """Return the J-curve of the type with most reports beside chance, or those of several types."""
    held = [one for one in found if one.n_reports]
    if not held:
        return None
    first, *others = held
    alone = curve(first.table["n"], "of the facilities of a type", random_state=random_state)
    if not others:
        return replace(alone, name=first.type)
    shapes = [(part.type, share_table(part.table["n"])) for part in others[:MOST_CURVES]]
    return replace(
        alone, name=first.type, chance=None, point_name=f"{first.type}, {alone.point_name}",
        others=tuple(
            (name, shape["places_so_far"].to_numpy(), shape["reports_so_far"].to_numpy()) for name, shape in shapes
        ),
    )  # fmt: skip


def harm(run: Run, options: Options) -> Answer:
    """Rank by harm beside rank by count, with the weights the user brings (R4.13)."""
    if options.harm is None:
        raise DataError(
            "Harm needs a table of weights that you bring (category or offence_code, and weight), for example the "
            "Cambridge Crime Harm Index or the Crime Severity Score; none is built in (R4.13)."
        )
    if run.hotspots.empty:
        raise DataError("There is no ranked list in this run, so there are no places to rank by harm (R1.8).")
    reports = facts.inside(run)
    ranked = rank_by_harm(facts.owners(run, reports), reports, options.harm)
    table = ranked.rename_axis("hotspot_id").reset_index()
    table.insert(1, "place", facts.ranked_names(run).reindex(ranked.index).to_numpy())
    k = max(1, len(table) // 2)
    share, correlation = rank_agreement(ranked, k=k)
    only_asb = bool((reports["category"] == ASB).all())
    few = int(table["rests_on_few"].sum())
    said = [
        f"Of the first {k} by count, {round(share * k)} are also among the first {k} by harm"
        + (f" (rank correlation {correlation:.2f})." if np.isfinite(correlation) else "."),
        options.harm.declare(),
    ]
    if only_asb:
        said.append(
            "This run holds anti-social behaviour only, so harm ranks as the count does; run it with all categories "
            "to see a difference."
        )
    if few:
        said.append(f"At {few} places over half of the harm comes from fewer than five reports of one category.")
    return Answer(
        sentences=tuple(said),
        table=table,
        picture=Bars(
            tuple(f"{row.place} (count: {row.count_rank})" for row in table.itertuples()),
            tuple(table["harm"].astype(float)), "harm, in the units of your table",
            stressed=tuple(table["rests_on_few"]), stress_name="rests on fewer than five reports",
        ),
        method=(f"Harm of a place: the sum of the weights of its reports. {options.harm.declare()}",),
    )  # fmt: skip
