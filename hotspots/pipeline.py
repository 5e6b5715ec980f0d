"""The one recipe: from records to a run. The app, the command line and the notebooks all come through here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata import cells as h3cells
from geodata.area import StudyArea, operation_accuracy
from geodata.errors import DesignError
from geodata.events import Events
from geodata.landmarks import read_places
from geodata.nsir import deterrable, report_types
from geodata.period import parse_month
from geodata.quality import Gate, QualityReport, blocking
from geodata.sources import Intake, intake_of
from geodata.store import fingerprint
from hotspots import cameras as camera_sites
from hotspots import patrols as patrol_plan
from hotspots.confidence import cells_with_confidence, hotspots_with_confidence
from hotspots.config import FILE_SETTINGS, RunConfig
from hotspots.counts import count_cells, month_matrix
from hotspots.delineate import Basis, basis_of, draw, empty_hotspots
from hotspots.density import collapse_points, kernel_density
from hotspots.editing import drawn_list, edit_hotspots, notes_on
from hotspots.gate import events_of, of_hours, take_through_gate
from hotspots.nearby import hotspots_with_places, note_on_places
from hotspots.owners import hotspots_with_owners
from hotspots.parts import ranks_by_part, split_stability
from hotspots.ranking import agreement, rank_cells
from hotspots.repeats import concentration, repeat_locations
from hotspots.results import (
    Agreement,
    Concentration,
    ListAccuracy,
    PatrolBudget,
    Provenance,
    Refusal,
    Robustness,
    Run,
    Stability,
)
from hotspots.significance import false_discovery, gi_star_ordinary, scan_list
from hotspots.stability import assess
from hotspots.targeting import DEFAULT, Panel
from hotspots.targeting.assemble import FEWEST_REPORTS, panel_of
from hotspots.targeting.backtest import FALLBACK, list_accuracy
from hotspots.targeting.run_cells import hotspots_with_both, panel_ranks_by_part, rank_run_cells
from hotspots.timing import week_matrix
from hotspots.trend import hotspots_with_kinds

MONTHS_PER_YEAR = 12
SQUARE_METRES_PER_KM2 = 1e6
STAMPED = ("asb-hotspots", "geopandas", "h3", "numpy", "pandas", "pyproj", "scikit-learn", "scipy", "shapely")

Progress = Callable[[str], None]


def run(
    incidents: Intake | pd.DataFrame,
    area: StudyArea,
    config: RunConfig | None = None,
    *,
    streets: gpd.GeoDataFrame | None = None,
    cameras: gpd.GeoDataFrame | None = None,
    progress: Progress | None = None,
) -> Run:
    """Run the whole recipe: gate, counts, analyses, hotspots, patrol plan and camera sites.

    Parameters
    ----------
    incidents : Intake or DataFrame
        What `geodata.read` returned, or a RECORDS table (a GeoDataFrame of points is accepted).
    area : StudyArea
        Where to look.
    config : RunConfig, optional
        Settings; the defaults carry their practice rules.
    streets, cameras : GeoDataFrame, optional
        Street lines with ``name`` (basemap, camera candidates) and existing cameras with ``range_m``.
    progress : callable, optional
        Told in a few words what is being done.

    Returns
    -------
    Run

    Raises
    ------
    DataError
        If nothing usable is left after the gate; the message says where the records went.
    DesignError
        If edits do not fit the list these data and settings draw.
    """
    config = config or RunConfig()
    say = progress or (lambda _: None)
    intake = incidents if isinstance(incidents, Intake) else intake_of(incidents)

    say("Checking the data")
    places = read_places(config.places, area=area) if config.places else None
    gate = of_hours(take_through_gate(intake, area, config), config.hours)
    snapped = gate.report.location_precision == "snap_point"
    resolution = config.resolution or (9 if snapped else 10)
    inside = gate.incidents.loc[gate.incidents["inside"]]

    say("Counting reports in cells")
    events = events_of(gate, area)
    facts = _count(intake, gate, area, resolution, events)

    say("Ranking cells")
    missing = pd.DatetimeIndex(pd.to_datetime(list(gate.report.missing_months)))
    panel = panel_of(gate, intake, area, config, resolution=resolution, events=events)
    uses_others = panel.has_others and config.ranking.method == DEFAULT
    ranked = _rank(facts, panel, config, missing, uses_others=uses_others)
    cells = cells_with_confidence(_cells_frame(facts, ranked, gate, area, config, snapped=snapped), inside)

    say("Looking for repeat places")
    repeats = repeat_locations(
        inside, area, config.repeats, as_of=gate.period.last + pd.offsets.MonthBegin(1),
        default_locations=gate.report.default_locations,
    )  # fmt: skip

    say("Drawing hotspots")
    refused = _refusals(gate, config, snapped=snapped)
    notes = (
        _override_note(gate, config)
        + _recording_note(gate, config)
        + _stream_notes(inside, events, gate.report, config)
    )
    stability: Stability | None = None
    agreed: Agreement | None = None
    accuracy: ListAccuracy | None = None
    drawn_as = ""
    robustness: Robustness | None = None
    if _list_refusal(gate, config):
        hotspots = empty_hotspots()
    else:
        parts = _parts(panel, facts, ranked["rank"], config, missing, uses_others=uses_others)
        stability = split_stability(
            parts, gate.period.months, config.delineation.n_hotspots, min_overlap=config.stability_min_overlap
        )
        say("Checking the list on past months")
        accuracy, unchecked = list_accuracy(
            panel, DEFAULT if uses_others else FALLBACK, newest=config.ranking.backtest_origins, seed=config.seed
        )
        refused += unchecked
        hotspots, drawn_as, drawn_notes = _draw_and_edit(
            basis_of(
                cells, inside, area, config.delineation, period=gate.period, missing=missing, parts=parts,
                streets=streets,
            ), gate, config,
        )  # fmt: skip
        hotspots = hotspots_with_both(hotspots_with_confidence(hotspots, inside), cells)
        hotspots = hotspots_with_owners(
            hotspots_with_kinds(hotspots, facts.matrix.drop(columns=missing, errors="ignore")),
            inside, report_types(config.report_types or None),
        )  # fmt: skip
        hotspots, place_notes = _at_places(hotspots, places, area, config)
        notes += (
            notes_on(config.edits)
            + _chance_note(hotspots, cells, facts.known, top=config.delineation.n_hotspots)
            + drawn_notes
            + place_notes
        )
        say("Holding the list against other grids and parts of the period")
        hotspots, robustness = assess(
            hotspots, inside, area, config, events=facts.events, parts=parts, last_year=cells["n_12m"],
            known=facts.known, known_at=facts.known_at, period=gate.period, resolution=resolution,
            missing=missing, streets=streets, counted=None if events is None else events.is_first.to_numpy(),
            default_locations=gate.report.default_locations,
        )  # fmt: skip
        agreed = agreement(cells, repeats, k=config.delineation.n_hotspots)
        repeats = _locate_repeats(repeats, hotspots)

    say("Planning patrols and cameras")
    patrols = patrol_plan.plan(hotspots, inside.loc[_can_deter(inside, config)], config.patrol, area=area)
    hotspots = _with_peaks(hotspots, patrols, can_tell_hours=patrol_plan.can_plan_hours(inside) is None)
    sites = _sites(hotspots, inside, gate, area, config, streets=streets, existing=cameras)
    return Run(
        area=area,
        config=config,
        period=gate.period,
        resolution=resolution,
        quality=gate.report,
        provenance=_provenance(intake, area, config),
        incidents=gate.incidents,
        cells=cells,
        hotspots=hotspots,
        repeat_locations=repeats,
        patrols=patrols,
        cameras=sites,
        refused=refused,
        notes=notes,
        concentration=_concentration(cells, facts.known, config),
        stability=stability,
        robustness=robustness,
        agreement=agreed,
        accuracy=accuracy,
        budget=_budget(hotspots, config),
        week=None if patrol_plan.can_plan_hours(inside) else week_matrix(inside),
        streets=streets,
        existing_cameras=cameras,
        is_synthetic=intake.is_synthetic,
        drawn_list=drawn_as,
        places=places,
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    """Counts of the wanted reports: in the area by month, and with the buffer for the neighbourhood statistics."""

    matrix: pd.DataFrame  # cells of the area x months, reports inside the boundary
    events: pd.DataFrame  # the same, several calls about one event counted once; reports where times are too coarse
    known: pd.Series  # cells where anything of any category was ever recorded
    known_at: pd.DataFrame  # and the points of the area where it was
    wide: pd.Series  # cells of the area and its buffer: all reports, in or out of the boundary


def _override_note(gate: Gate, config: RunConfig) -> tuple[str, ...]:
    """Repeat why a list was made of data graded red (R3.7)."""
    if not gate.report.is_red or blocking(gate.report, config.override_reason):
        return ()
    return (f"Data graded {gate.report.grade}; the list was made all the same, because: {config.override_reason}",)


def _recording_note(gate: Gate, config: RunConfig) -> tuple[str, ...]:
    """Say from when on reports were recorded in another way (R3.5); nothing where that parts no months of the run."""
    if not config.recording_changed:
        return ()
    at = parse_month(config.recording_changed)
    if not gate.period.first < at <= gate.period.last:
        return ()
    return (f"Recording practice changed in {at:%B %Y}: numbers of before and after are not alike.",)


def _can_deter(inside: pd.DataFrame, config: RunConfig) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(deterrable(inside, report_types(config.report_types or None)))


def _stream_notes(
    inside: pd.DataFrame, events: Events | None, report: QualityReport, config: RunConfig
) -> tuple[str, ...]:
    """Say what was ranked and what the patrol hours rest on."""
    said = [report.doubtful_hours] if report.doubtful_hours else []
    if events is not None and events.n_events < events.n_calls:
        said.append(
            f"{events.n_calls:,} reports tell of {events.n_events:,} events; places are ranked by events, so that many "
            "calls about one event do not make a hotspot."
        )
    share = float(_can_deter(inside, config).mean())
    if share < 1:
        said.append(
            f"Patrol hours rest on the {share:.0%} of reports of kinds a visible patrol can deter; neighbour "
            "disputes and malicious communications are left to other agencies."
        )
    return tuple(said)


def _rank_with_others(panel: Panel, cells: pd.Index, config: RunConfig) -> pd.DataFrame:
    """Rank cells by events pulled towards what similar cells have."""
    return rank_run_cells(
        panel, cells, top_k=config.delineation.n_hotspots, draws=config.ranking.draws, random_state=config.seed
    )


def _parts(
    panel: Panel, facts: _Facts, rank: pd.Series, config: RunConfig, missing: pd.DatetimeIndex, *, uses_others: bool
) -> pd.DataFrame:
    """Rank the cells from halves and quarters of the months, each in the same way as the whole (R1.9)."""
    if uses_others:
        return panel_ranks_by_part(panel, rank)
    return ranks_by_part(facts.events, config.ranking, known=facts.known, missing=missing)


def _rank(
    facts: _Facts, panel: Panel, config: RunConfig, missing: pd.DatetimeIndex, *, uses_others: bool
) -> pd.DataFrame:
    """Rank cells by other crime and surroundings too where there is any, otherwise by their own events alone."""
    ranked = _rank_alone(facts, config, missing)
    return ranked.assign(**_rank_with_others(panel, ranked.index, config)) if uses_others else ranked


def _rank_alone(facts: _Facts, config: RunConfig, missing: pd.DatetimeIndex) -> pd.DataFrame:
    """Rank cells by events (R3.6), and shrink the plain number of reports beside it."""

    def ranked(matrix: pd.DataFrame) -> pd.DataFrame:
        return rank_cells(
            matrix, config.ranking, top_k=config.delineation.n_hotspots, known=facts.known, missing=missing,
            random_state=config.seed,
        )  # fmt: skip

    by_events = ranked(facts.events)
    if facts.events is facts.matrix:
        return by_events
    by_reports = ranked(facts.matrix)
    return by_events.assign(expected=by_reports["expected"], n_shrunk=by_reports["n_shrunk"])


def _count(intake: Intake, gate: Gate, area: StudyArea, resolution: int, events: Events | None) -> _Facts:
    inside = gate.incidents.loc[gate.incidents["inside"]]
    counts = count_cells(inside, resolution)
    reported = counts.index.get_level_values("cell").unique()
    cover = h3cells.cover(area, resolution).union(reported).rename("cell")
    matrix = month_matrix(counts, cover, gate.period.months)

    first_calls = matrix
    if events is not None:
        first_calls = month_matrix(count_cells(inside.loc[events.is_first], resolution), cover, gate.period.months)

    located = intake.records.dropna(subset=["longitude", "latitude"])
    points = located[["longitude", "latitude"]].drop_duplicates()
    points = points.loc[area.contains(points["longitude"], points["latitude"])]
    seen = pd.unique(h3cells.assign(points["longitude"], points["latitude"], resolution))
    known = pd.Series(cover.isin(seen) | (matrix.to_numpy().sum(axis=1) > 0), index=cover)

    wide_counts = count_cells(gate.incidents, resolution)["n"].groupby(level="cell").sum()
    wide_cover = h3cells.cover(area, resolution, buffered=True).union(cover).union(wide_counts.index)
    return _Facts(
        matrix=matrix,
        events=first_calls,
        known=known,
        known_at=points,
        wide=wide_counts.reindex(wide_cover, fill_value=0),
    )


def _cells_frame(
    facts: _Facts, ranked: pd.DataFrame, gate: Gate, area: StudyArea, config: RunConfig, *, snapped: bool
) -> gpd.GeoDataFrame:
    """Put every measure of a cell side by side, on the cells of the study area."""
    cells = h3cells.frame(facts.matrix.index, area)
    monthly = facts.matrix.to_numpy()
    cells["n"] = monthly.sum(axis=1)
    cells["n_events"] = facts.events.to_numpy().sum(axis=1)
    cells["n_12m"] = monthly[:, -MONTHS_PER_YEAR:].sum(axis=1)
    cells["is_known"] = facts.known
    cells = cells.join(ranked)

    neighbours = h3cells.neighbours(facts.wide.index, rings=config.significance.rings)
    z, p = gi_star_ordinary(facts.wide.to_numpy(), neighbours)
    statistic = pd.DataFrame({"gi_z": z, "gi_p": p}, index=facts.wide.index).loc[cells.index]
    cells["gi_z"], cells["gi_p"] = statistic["gi_z"], statistic["gi_p"]
    unusual = false_discovery(cells["gi_p"].to_numpy(), config.significance.false_discovery_rate)
    cells["is_cluster"] = unusual & (cells["gi_z"] > 0)

    cells["density"] = _density(cells, gate, area, config, snapped=snapped)
    cells["density_rank"] = cells["density"].rank(method="first", ascending=False).astype("int64")
    return cells


def _density(
    cells: gpd.GeoDataFrame, gate: Gate, area: StudyArea, config: RunConfig, *, snapped: bool
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Reports per square kilometre per year at the cell centres, from the reports of the area and its buffer."""
    bandwidth = config.density.bandwidth_m
    if snapped:
        bandwidth = max(bandwidth, config.density.snap_bandwidth_floor_m)
    points, weights = collapse_points(*area.project(gate.incidents["longitude"], gate.incidents["latitude"]))
    centres = np.column_stack(area.project(*h3cells.centres(cells.index).T))
    per_m2 = kernel_density(points, centres, bandwidth_m=bandwidth, kernel=config.density.kernel, weights=weights)
    return np.asarray(per_m2 * SQUARE_METRES_PER_KM2 * MONTHS_PER_YEAR / gate.period.n_months)


def _refusals(gate: Gate, config: RunConfig, *, snapped: bool) -> tuple[Refusal, ...]:
    """Say which analyses these data cannot support, and why; the list itself first."""
    inside = gate.incidents.loc[gate.incidents["inside"]]
    refused = [
        _list_refusal(gate, config),
        patrol_plan.can_plan_hours(inside),
        camera_sites.can_site(inside),
        _repeat_address_refusal() if snapped else None,
    ]
    return tuple(refusal for refusal in refused if refusal is not None)


def _repeat_address_refusal() -> Refusal:
    return Refusal(
        "repeat addresses",
        "These points are street centres shared by at least eight addresses, so a repeat point is a street, "
        "never an address.",
        "R2.1, R2.2d",
    )


def _list_refusal(gate: Gate, config: RunConfig) -> Refusal | None:
    months = gate.period.n_months
    if red := blocking(gate.report, config.override_reason):
        why = " ".join(finding.message for finding in red)
        return Refusal("ranked hotspots", why, ", ".join(dict.fromkeys(finding.rule for finding in red)))
    if months < config.hard_min_months:
        return Refusal(
            "ranked hotspots",
            f"The data cover {months} month{'s' if months > 1 else ''}; below {config.hard_min_months} months the top "
            "places are mostly luck, so there is a map of counts and no hotspot list.",
            "R1.8",
        )
    if gate.report.n_used < FEWEST_REPORTS:
        return Refusal(
            "ranked hotspots",
            f"Only {gate.report.n_used} reports are left; below {FEWEST_REPORTS} the order of places is luck, so there "
            "is a map of counts and no hotspot list.",
            "R1.8",
        )
    return None


def _locate_repeats(repeats: gpd.GeoDataFrame, hotspots: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Say in which hotspot, if any, each repeat place lies."""
    if hotspots.empty or repeats.empty:
        return repeats
    joined = gpd.sjoin(repeats[["geometry"]], hotspots[["geometry"]], predicate="intersects")
    found = joined["hotspot_id"].groupby(level=0).first()
    return repeats.assign(hotspot_id=found.reindex(repeats.index).fillna("").astype(str))


def _chance_note(hotspots: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, known: pd.Series, *, top: int) -> tuple[str, ...]:
    """Say how many places of the list could be there by chance."""
    if hotspots.empty:
        return ()
    busiest = [cells.loc[text.split(","), "n"].idxmax() for text in hotspots["cells"]]
    p_top = pd.Series(hotspots["p_top"].to_numpy(), index=busiest)
    return (scan_list(cells.loc[known, "n"], busiest, p_top=p_top, top=top).describe(),)


def _draw_and_edit(basis: Basis, gate: Gate, config: RunConfig) -> tuple[gpd.GeoDataFrame, str, tuple[str, ...]]:
    """Return the list as an analyst left it, the fingerprint of the list as drawn, and what was left out.

    Edits made to another list are refused: their ids mean other places.
    """
    hotspots, notes = draw(basis, gate.report.default_locations)
    drawn_as = drawn_list(hotspots)
    if not config.edits:
        return hotspots, drawn_as, notes
    if config.drawn_list not in ("", drawn_as):
        raise DesignError(
            f"The {len(config.edits)} edits were made to another list (drawn_list {config.drawn_list}; these data and "
            f"settings draw {drawn_as}): use the data and settings they were made with, or make them afresh."
        )
    return edit_hotspots(hotspots, config.edits, basis), drawn_as, notes


def _at_places(
    hotspots: gpd.GeoDataFrame, places: gpd.GeoDataFrame | None, area: StudyArea, config: RunConfig
) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Say which named place each hotspot lies at or by, where the user gave a file of them."""
    if places is None:
        return hotspots, ()
    placed = hotspots_with_places(hotspots, places, area, within_m=config.places_within_m)
    return placed, (note_on_places(placed, places, within_m=config.places_within_m),)


def _with_peaks(hotspots: gpd.GeoDataFrame, patrols: gpd.GeoDataFrame, *, can_tell_hours: bool) -> gpd.GeoDataFrame:
    if not can_tell_hours or hotspots.empty:
        return hotspots
    return hotspots.assign(peak=patrols["window"].reindex(hotspots.index).fillna(""))


def _concentration(cells: gpd.GeoDataFrame, known: pd.Series, config: RunConfig) -> Concentration:
    return concentration(
        cells["n"], cells["land_km2"], simulations=config.repeats.simulations, random_state=config.seed, known=known
    )


def _sites(
    hotspots: gpd.GeoDataFrame,
    inside: pd.DataFrame,
    gate: Gate,
    area: StudyArea,
    config: RunConfig,
    *,
    streets: gpd.GeoDataFrame | None,
    existing: gpd.GeoDataFrame | None,
) -> gpd.GeoDataFrame:
    if camera_sites.can_site(inside):
        return camera_sites.empty_sites()
    return camera_sites.site_cameras(
        hotspots, inside, streets=streets, existing=existing, area=area, config=config.cameras,
        default_locations=gate.report.default_locations,
    )  # fmt: skip


def _budget(hotspots: gpd.GeoDataFrame, config: RunConfig) -> PatrolBudget | None:
    return None if hotspots.empty else patrol_plan.affordable(config.patrol)


def _provenance(intake: Intake, area: StudyArea, config: RunConfig) -> Provenance:
    return Provenance(
        fingerprint=fingerprint(intake.records),
        sources=intake.files,
        seed=config.seed,
        versions={name: version(name) for name in STAMPED},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        coordinate_operation=operation_accuracy("EPSG:4326", area.crs),
        licence=intake.licence,
        setting_files={name: _file_as_read(getattr(config, name)) for name in FILE_SETTINGS if getattr(config, name)},
    )


def _file_as_read(path: str) -> str:
    """Return the name of a file and its checksum, by which it can be told from a later one of the same name."""
    file = Path(path)
    if not file.is_file():  # only an analysis would read it, and says so
        return f"{file.name}: not there"
    with file.open("rb") as opened:
        return f"{file.name}: sha256 {hashlib.file_digest(opened, 'sha256').hexdigest()}"
