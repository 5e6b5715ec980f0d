"""How thick reports lie: on the plane, adapted to each report, of late, beside another set, along streets."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from scipy.special import ndtri
from shapely.ops import substring

from geodata.categories import label
from geodata.errors import DataError
from hotspots.analyses import facts
from hotspots.analyses.facts import MONTHS_PER_YEAR, SQUARE_METRES_PER_KM2
from hotspots.analyses.pictures import CellMap, Line, Lines, MapClass, StreetMap, shaded
from hotspots.analyses.result import Answer, Options
from hotspots.density import (
    GRID_M,
    Bandwidth,
    StreetGraph,
    adaptive_density,
    cross_validated_bandwidth,
    density_surface,
    holdout_bandwidth,
    network_density,
    risk_ratio,
    rule_of_thumb,
    space_time_density,
    street_graph,
)
from hotspots.results import Run

HELD_OUT_MONTHS = 3
"""Months at the end that judge a bandwidth (R4.4)."""

NEAREST_SHARE = 0.002
"""An adaptive bandwidth reaches this share of all reports, at least `FEWEST_NEAREST`."""

FEWEST_NEAREST = 10

PER_KM2_YEAR = "reports per km² a year"


def chosen_bandwidth(run: Run, options: Options) -> Bandwidth:
    """Return how wide to smooth: the run's setting, metres given, or by rule, likelihood or hold-out (R4.2, R4.4)."""
    kernel = run.config.density.kernel
    points = facts.in_metres(run, facts.placed(run))
    if options.bandwidth_m is not None:
        found = Bandwidth(options.bandwidth_m, "given")
    elif options.bandwidth == "rule":
        found = rule_of_thumb(points, kernel=kernel)
    elif options.bandwidth == "likelihood":
        found = cross_validated_bandwidth(points, kernel=kernel)
    elif options.bandwidth == "hold-out":
        found = _held_out(run)
    else:
        found = Bandwidth(run.config.density.bandwidth_m, "the run's setting")
    floor = run.config.density.snap_bandwidth_floor_m
    if facts.is_snapped(run) and found.value_m < floor:
        why = f"the least for street centres, in place of {found.value_m:.0f} m: {found.method}"
        return Bandwidth(floor, why, found.scores)
    return found


def _held_out(run: Run) -> Bandwidth:
    """Return the bandwidth whose map of the earlier months found most reports of the last ones."""
    reports = facts.placed(run)
    cut = run.period.last - pd.DateOffset(months=HELD_OUT_MONTHS - 1)
    earlier = reports.loc[reports["month"] < cut]
    later = facts.cell_months(run, reports).loc[:, lambda months: months.columns >= cut].sum(axis=1)
    return holdout_bandwidth(
        facts.in_metres(run, earlier), later.to_numpy(), facts.centres_m(run), run.cells["land_km2"].to_numpy(),
        kernel=run.config.density.kernel,
    )  # fmt: skip


def planar(run: Run, options: Options) -> Answer:
    """Kernel density at the cells' centres, with the reports of the buffer or, without any, corrected at the edge."""
    width = chosen_bandwidth(run, options)
    has_buffer = not run.incidents["inside"].all()
    points = facts.in_metres(run, facts.placed(run, buffered=True))
    surface = density_surface(
        points, facts.centres_m(run), bandwidth=width, kernel=run.config.density.kernel,
        boundary_m=None if has_buffer else run.area.boundary_m, cell_m=facts.cell_width_m(run),
    )  # fmt: skip
    edge = "reports beyond the boundary count too" if has_buffer else surface.way
    return _cells_answer(
        run, surface.per_m2,
        method=(
            f"Kernel density, {surface.kernel} kernel, {surface.way}; f(s) = sum of K_h(s - x_i) (R4.2, R2.2c).",
            width.describe(), f"Edge: {edge}.",
        ),
        notes=surface.notes,
    )  # fmt: skip


def adaptive(run: Run, _options: Options) -> Answer:
    """Density with a bandwidth of its own for each report: the distance to its k-th nearest other report."""
    if facts.is_snapped(run):
        raise DataError(
            "A bandwidth of its own for each report needs exact places; these points are street centres shared by "
            "eight or more addresses, so a fixed bandwidth of 250 m or more is used instead (R2.2c)."
        )
    reports = facts.placed(run, buffered=True)
    nearest = max(FEWEST_NEAREST, round(NEAREST_SHARE * len(reports)))
    floor = facts.cell_width_m(run) / 2
    per_m2, width = adaptive_density(
        facts.in_metres(run, reports), facts.centres_m(run), nearest=nearest, floor_m=floor,
        kernel=run.config.density.kernel,
    )  # fmt: skip
    return _cells_answer(
        run, per_m2,
        method=(
            f"Adaptive kernel density, {run.config.density.kernel} kernel, k-nearest-neighbour bandwidths "
            "(Breiman, Meisel & Purcell 1977, https://doi.org/10.1080/00401706.1977.10489521).",
            width.describe(),
        ),
        notes=("Busy places are drawn sharper than with one bandwidth for all, quiet ones smoother.",),
    )  # fmt: skip


def _cells_answer(
    run: Run, per_m2: facts.Floats, *, method: tuple[str, ...], notes: tuple[str, ...], years: float | None = None
) -> Answer:
    """Return density at the cells as table, map and the sentence on what it adds to the count."""
    years = run.period.n_months / MONTHS_PER_YEAR if years is None else years
    density = pd.Series(per_m2 * SQUARE_METRES_PER_KM2 / years, index=run.cells.index)
    ranks = density.rank(method="first", ascending=False).astype("int64")
    table = facts.cells_table(
        run, pd.DataFrame({"density": density, "density_rank": ranks, "count_rank": _count_ranks(run)}),
        order="density",
    )  # fmt: skip
    top = table.iloc[0]
    both = int((table["count_rank"].head(10) <= 10).sum())
    of_class, classes = shaded(density.loc[density > density.max() / 1000], unit=PER_KM2_YEAR)
    thickest = float(f"{top['density']:.2g}")  # a smoothed peak: two figures claim enough
    sentences = (
        f"Reports lie thickest around {top['place']}: about {thickest:,.0f} {PER_KM2_YEAR}.",
        f"Of the ten cells of highest density, {both} are also among the ten with most reports; the count decides the "
        "list, the density is the picture beside it.",
    )
    return Answer(
        sentences=(*sentences, *notes, *facts.left_out(run)), table=table, method=method,
        picture=CellMap(of_class, classes, "Density at each cell"),
    )  # fmt: skip


def _count_ranks(run: Run) -> pd.Series:
    return facts.cell_counts(run).rank(method="first", ascending=False).astype("int64")


def bandwidth(run: Run, _options: Options) -> Answer:
    """Every bandwidth tried, by cross-validated likelihood and by accuracy on the last months, and the rules."""
    kernel, points = run.config.density.kernel, facts.in_metres(run, facts.placed(run))
    by_rule = rule_of_thumb(points, kernel=kernel)
    by_likelihood = cross_validated_bandwidth(points, kernel=kernel)
    by_hold_out = _held_out(run)
    table = pd.DataFrame(
        {
            "bandwidth_m": GRID_M,
            "likelihood": [score for _, score in by_likelihood.scores],
            "accuracy": [score for _, score in by_hold_out.scores],
        }
    )
    table["chosen_by"] = [
        ", ".join(
            name
            for name, found in (("likelihood", by_likelihood), ("hold-out", by_hold_out))
            if found.value_m == row.bandwidth_m
        )
        for row in table.itertuples()
    ]
    used = chosen_bandwidth(run, Options())
    sentences = (
        f"The run smooths with {used.value_m:.0f} m ({used.method}).",
        f"The map of the earlier months found most reports of the last {HELD_OUT_MONTHS} months at "
        f"{by_hold_out.value_m:.0f} m; the likelihood is highest at {by_likelihood.value_m:.0f} m.",
        f"The rule of thumb gives {by_rule.value_m:,.0f} m: made for one round cloud of points, it is too wide for a "
        "town.",
        "Bandwidths within 1% of the best accuracy count as equal, and the narrowest of them is taken.",
    )
    line = Line("accuracy on the last months (times the average place)", table["accuracy"].to_numpy(dtype=float))
    return Answer(
        sentences=sentences, table=table, method=(by_rule.describe(), by_likelihood.describe(), by_hold_out.describe()),
        picture=Lines(
            tuple(f"{h:.0f} m" for h in GRID_M), (line,), "bandwidth", "accuracy index",
            chosen=GRID_M.index(by_hold_out.value_m),
        ),
    )  # fmt: skip


def compare(run: Run, options: Options) -> Answer:
    """Dual density: where one set of reports is over-represented beside another, with its tolerance band."""
    first, second, names = _two_sets(run, options)
    width = chosen_bandwidth(run, options)
    found = risk_ratio(
        facts.in_metres(run, first), facts.in_metres(run, second), facts.centres_m(run), bandwidth_m=width.value_m,
        kernel=run.config.density.kernel,
    )  # fmt: skip
    columns = pd.DataFrame(
        {
            "ratio": found.ratio, "low": found.low, "high": found.high,
            "z": _distance_from_one(found.ratio, found.high),
            "verdict": np.select(
                [np.isnan(found.ratio), found.is_higher, found.is_lower], ["too few", "more", "fewer"], "no difference"
            ),
        },
        index=run.cells.index,
    )  # fmt: skip
    words = {"more": 2, "fewer": 1, "no difference": 0}
    classes = (
        MapClass("no clear difference", 0),
        MapClass(f"fewer of {names[0]} than chance gives", 1, "-"),
        MapClass(f"more of {names[0]} than chance gives", 3, "+"),
    )
    judged = columns["verdict"] != "too few"
    share = (1 - found.level) * int(judged.sum())
    sentences = (
        f"{names[0][:1].upper()}{names[0][1:]} ({len(first):,} reports) against {names[1]} ({len(second):,}): "
        f"{int((columns['verdict'] == 'more').sum()):,} of {int(judged.sum()):,} cells hold more of the first than the "
        f"tolerance band, {int((columns['verdict'] == 'fewer').sum()):,} fewer.",
        f"Cells are judged one by one: were both sets alike everywhere, about {share:,.0f} cells would fall outside "
        "the band by chance, often side by side.",
        *found.notes, *facts.left_out(run),
    )  # fmt: skip
    return Answer(
        sentences=sentences,
        table=facts.cells_table(run, columns, order="z"),
        picture=CellMap(columns.loc[judged, "verdict"].map(words), classes, f"{names[0]} beside {names[1]}"),
        method=(
            "Ratio of two kernel densities with one bandwidth (Kelsall & Diggle 1995, "
            f"https://doi.org/10.1002/sim.4780142106); {found.level:.0%} tolerance band about 1 under random labels.",
            width.describe(),
        ),
    )


def _distance_from_one(ratio: facts.Floats, high: facts.Floats) -> facts.Floats:
    """Return how many standard deviations each log ratio lies from 0, for sorting; NaN where there is no ratio."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(ndtri(0.975) * np.log(ratio) / np.log(high))


def _two_sets(run: Run, options: Options) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, str]]:
    """Return two sets of reports and their names: two categories, or the last year and the year before."""
    reports = facts.placed(run)
    if options.compare is not None:
        one, other = (reports.loc[reports["category"] == slug] for slug in options.compare)
        return one, other, (label(options.compare[0]), label(options.compare[1]))
    months = run.period.n_months
    if months < 2 * MONTHS_PER_YEAR:
        raise DataError(
            f"Comparing the last twelve months with the twelve before needs 24 months; there are {months}. Load more "
            "months, or compare two categories."
        )
    recent = run.period.last - pd.DateOffset(months=MONTHS_PER_YEAR - 1)
    before = recent - pd.DateOffset(months=MONTHS_PER_YEAR)
    is_recent = reports["month"] >= recent
    earlier = reports.loc[~is_recent & (reports["month"] >= before)]
    return reports.loc[is_recent], earlier, ("the last 12 months", "the 12 months before")


def lately(run: Run, options: Options) -> Answer:
    """Density in space and time: every report fades by half over a half-life."""
    reports = facts.placed(run, buffered=True)
    day, by_month = _days(reports)
    width = chosen_bandwidth(run, options)
    end = facts.as_of(run)
    per_m2_day = space_time_density(
        facts.in_metres(run, reports), day, facts.centres_m(run),
        as_of_days=(end - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1), bandwidth_m=width.value_m,
        half_life_days=options.half_life_days, kernel=run.config.density.kernel,
    )  # fmt: skip
    notes: tuple[str, ...] = (
        f"A report counts half after {options.half_life_days:g} days, seen from the end of {run.period.last:%B %Y}.",
    )
    if by_month:
        notes += (f"{by_month:,} of {len(reports):,} reports are known to the month only and are taken at its middle.",)
    return _cells_answer(
        run, per_m2_day, years=1 / 365.25, notes=notes,
        method=(
            "Spatial kernel times exponential decay, looking back only (Brunsdon, Corcoran & Higgs 2007, "
            f"https://doi.org/10.1016/j.compenvurbsys.2005.07.009); half-life {options.half_life_days:g} days.",
            width.describe(),
        ),
    )  # fmt: skip


def _days(reports: pd.DataFrame) -> tuple[facts.Floats, int]:
    """Return when each report was in days, the middle of its month where no more is known, and how many those are."""
    start = reports["occurred_from"].dt.tz_localize(None)
    coarse = (reports["time_precision"] == "month") | start.isna()
    middle = reports["month"] + pd.Timedelta(days=15)
    when = start.mask(coarse, middle)
    return ((when - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)).to_numpy(dtype=float), int(coarse.sum())


def along_streets(run: Run, options: Options) -> Answer:
    """Density along streets: distance is walked, density is reports per length of street."""
    if run.streets is None or run.streets.empty:
        raise DataError(
            "A density along streets needs the street lines; give them as a file (--streets, or on the Data page)."
        )
    width = chosen_bandwidth(run, options)
    graph = street_graph(run.streets, area=run.area)
    found = network_density(facts.in_metres(run, facts.placed(run)), graph, bandwidth_m=width.value_m)
    pieces = found.lixels
    yearly = pieces["per_m"] * 100 * MONTHS_PER_YEAR / run.period.n_months
    longitude, latitude = run.area.unproject(pieces["x"], pieces["y"])
    table = pd.DataFrame(
        {
            "place": _street_names(run, pieces), "per_100m_year": yearly,
            "longitude": np.round(longitude, 6), "latitude": np.round(latitude, 6),
            "length_m": pieces["end_m"] - pieces["start_m"],
        }
    )  # fmt: skip
    held = table["per_100m_year"] > 0
    of_class, classes = shaded(table["per_100m_year"], unit="reports per 100 m a year")
    ordered = table.loc[held].sort_values("per_100m_year", ascending=False, kind="stable", ignore_index=True)
    if ordered.empty:
        raise DataError("No report lies within 50 m of a street of this file, so there is no density along streets.")
    top = ordered.iloc[0]
    half = _length_for_half(ordered)
    total = float(table["length_m"].sum())
    return Answer(
        sentences=(
            f"Reports lie thickest along {top['place'] or 'an unnamed street'}: {top['per_100m_year']:,.0f} reports "
            "per 100 m of street a year.",
            f"Half of the reports lie along {half / 1000:,.1f} of {total / 1000:,.0f} km of street.",
            *found.notes,
            *facts.left_out(run),
        ),
        table=ordered,
        picture=_street_map(graph, pieces, of_class, classes),
        method=(
            f"Network kernel density, {found.method} (Okabe, Satoh & Sugihara 2009, "
            "https://doi.org/10.1080/13658810802475491), quartic, pieces of at most 25 m, reports within 50 m of a "
            "street.",
            width.describe(),
        ),
    )


def _street_map(
    graph: StreetGraph, pieces: pd.DataFrame, of_class: pd.Series, classes: tuple[MapClass, ...]
) -> StreetMap:
    """Return the pieces with reports as lines, neighbours of one class along a street joined."""
    held = pieces.loc[of_class.index, ["edge", "start_m", "end_m"]].assign(step=of_class.to_numpy())
    follows = held["edge"].eq(held["edge"].shift()) & held["start_m"].eq(held["end_m"].shift())
    run_of = (~(follows & held["step"].eq(held["step"].shift()))).cumsum()
    joined = held.groupby(run_of).agg({"edge": "first", "start_m": "min", "end_m": "max", "step": "first"})
    ends = zip(joined["edge"].to_numpy(), joined["start_m"].to_numpy(), joined["end_m"].to_numpy(), strict=True)
    lines = [substring(graph.lines[edge], start, end) for edge, start, end in ends]
    return StreetMap(
        np.array(lines, dtype=object), joined["step"].to_numpy(dtype=np.int64), classes, "Density along streets"
    )


def _street_names(run: Run, pieces: pd.DataFrame) -> list[str]:
    if run.streets is None or "name" not in run.streets:
        return [""] * len(pieces)
    lines = run.area.in_metres(run.streets.geometry.to_numpy())
    nearest = shapely.STRtree(lines).nearest(shapely.points(pieces[["x", "y"]].to_numpy()))
    names = run.streets["name"].fillna("").astype(str).to_numpy(dtype=object)
    return list(names[nearest])


def _length_for_half(ordered: pd.DataFrame) -> float:
    """Return the least length of street that holds half of the reports."""
    held = (ordered["per_100m_year"] * ordered["length_m"]).cumsum().to_numpy()
    reached = int(np.searchsorted(held, held[-1] / 2))
    return float(ordered["length_m"].iloc[: reached + 1].sum())
