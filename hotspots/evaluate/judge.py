"""Design and incidents in, evaluation out: gates first, then the estimate, then what it cannot see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
import pandas as pd

from geodata.area import WGS84, StudyArea, operation_accuracy
from geodata.errors import DesignError
from geodata.period import Period
from geodata.quality import DefaultLocation, screen
from geodata.schema import ASB
from geodata.sources import Intake, intake_of
from geodata.store import fingerprint
from geodata.streams import officer_share_rise, public_reports, recording_change
from hotspots.evaluate import wording
from hotspots.evaluate.design import Design, design_hash
from hotspots.evaluate.dose import delivered
from hotspots.evaluate.economics import cost_of
from hotspots.evaluate.estimators import Effect, estimate, rerandomisation_p_value
from hotspots.evaluate.evaluation import Check, Displacement, Evaluation, NaiveChange, Outcome
from hotspots.evaluate.gates import MIN_CONTROLS, GateResult, check_gates, closed
from hotspots.evaluate.opinions import Opinions, opinions_of, panel_of
from hotspots.evaluate.outcomes import Groups, corrected, counted_outcomes, survey_outcomes
from hotspots.evaluate.places import (
    Place,
    best_rank,
    comparison_places,
    monthly_counts,
    table,
    treated_places,
    with_rings,
)
from hotspots.evaluate.power import detectable_fall
from hotspots.evaluate.survey import read_survey
from hotspots.evaluate.verdict import AMENDED, LEVELS, VerdictKey, maryland_level, verdict_of, verdict_text
from hotspots.evaluate.wdd import (
    DisplacementDifference,
    DisplacementQuotient,
    weighted_displacement_difference,
    weighted_displacement_quotient,
)
from hotspots.evaluate.window import Window, months_of
from hotspots.harm import read_weights
from hotspots.results import Provenance, RegressionToMean
from hotspots.stability.regression import expected_change

MIN_NAIVE_BASE = 30  # R6.19
_RINGS = {10: 2, 9: 1}  # about 300 m either way
_SIGNIFICANT_Z = 1.96
_STAMPED = ("asb-hotspots", "geopandas", "h3", "numpy", "pandas", "scipy", "shapely")


def evaluate(design: Design, incidents: Intake | pd.DataFrame, area: StudyArea, *, seed: int = 0) -> Evaluation:
    """Say what changed in the treated places beyond the comparison places, and how sure one can be.

    Only reports by the public count (R6.19, R7.5). Comparison places are the next-best untreated hotspots of the
    ranking on the day before the start. Months the source did not deliver are left out of both groups.

    Parameters
    ----------
    design : Design
        From `read_design`.
    incidents : Intake or DataFrame
        What `geodata.sources.read` returned, or a RECORDS table.
    area : StudyArea
    seed : int
        Seed of the placebo draws and of the re-randomisation.

    Raises
    ------
    DesignError
        If the start lies outside the data, or the treated places overlap, lie outside the area or hold no report.
    DataError
        If nothing usable is left after the quality gate.
    """
    intake = incidents if isinstance(incidents, Intake) else intake_of(incidents)
    gate = screen(intake, area, categories=design.categories, first_month=None, last_month=None)
    resolution = 9 if gate.report.location_precision == "snap_point" else 10
    inside = gate.incidents.loc[gate.incidents["inside"]]
    outcome = public_reports(inside)
    window = months_of(design, gate)
    panel = _panel(
        design, outcome, area, window, resolution=resolution, seed=seed, default_locations=gate.report.default_locations
    )

    mde = detectable_fall(
        panel.treated.loc[:, window.before],
        panel.controls.loc[:, window.before],
        months_after=len(window.after),
        random_state=seed,
    )
    gates = check_gates(
        panel.treated.loc[:, window.before].sum(axis=1),
        len(panel.controls),
        months_before=len(window.before),
        months_after=len(window.after),
        mde_pct=mde.mde_pct if mde else None,
    )
    public = public_reports(intake.records.loc[area.contains(intake.records["longitude"], intake.records["latitude"])])
    gates += _recording_gates(design, public, window)
    effect = None if closed(gates) else _effect(panel.treated, panel.controls, window.before, window.after)
    dose = delivered(
        design, [place.name for place in panel.treated_places], window.after_period, timezone=area.timezone
    )
    verdict: VerdictKey = "not_delivered" if dose is not None and not dose.is_enough else verdict_of(effect)
    level = maryland_level(
        has_comparison=len(panel.controls) >= MIN_CONTROLS and not design.was_amended_late,
        is_randomised=design.assignment == "randomised",
    )
    displacement = _displacement(panel, window, effect)
    naive = naive_change(panel.treated.sum(), window.before, window.after)
    wdd, wdq = _textbook(panel, window)
    officer = len(inside) - len(outcome)
    return Evaluation(
        design=design,
        design_hash=design_hash(design),
        area_name=area.name,
        before=window.before_period,
        after=window.after_period,
        missing_months=tuple(window.missing.strftime("%Y-%m")),
        resolution=resolution,
        treated=_table(panel, window, "T"),
        controls=_table(panel, window, "C"),
        series=_series(panel, window),
        effect=effect,
        displacement=displacement,
        naive=naive,
        wdd=wdd,
        wdq=wdq,
        gates=gates,
        mde_pct=mde.mde_pct if mde else None,
        mde_method=mde.method if mde else "",
        permutation_p=_permutation_p(panel, window, seed) if effect else None,
        checks=_checks(panel, window) if effect else (),
        dose=dose,
        outcomes=_outcomes(design, outcome, public, area, window, panel=panel if effect else None),
        economics=cost_of(dose, effect, design.cost_per_hour_gbp),
        amendments=tuple(wording.amendment(one) for one in design.amendments),
        level=level,
        level_text=AMENDED if design.was_amended_late else LEVELS[level],
        verdict=verdict,
        verdict_text=verdict_text(verdict, level=level, mde_pct=mde.mde_pct if mde else None),
        headline=wording.headline(
            verdict, effect, gates=closed(gates), dose=dose, level=level, mde=mde, is_amended=design.was_amended_late
        ),
        interval_sentence=wording.interval_sentence(effect, is_delivered=verdict != "not_delivered"),
        doubt_sentence=wording.doubt_sentence(verdict, level=level),
        officer_generated_excluded=officer,
        notes=(
            *wording.notes(design, window, officer=officer, resolution=resolution),
            *panel.notes,
            wording.regression_note(panel.regression),
            *wording.recording_note(outcome, window),
            *_officer_note(inside, window),
            *wording.quality_note(gate.report),
            displacement.sentence,
            wording.naive_sentence(naive),
            *((dose.sentence,) if dose else ()),
        ),
        provenance=_provenance(intake, area, seed),
        is_synthetic=intake.is_synthetic,
        opinions=_opinions(panel, window, seed) if effect else None,
        regression=panel.regression,
    )


def _officer_note(inside: pd.DataFrame, window: Window) -> tuple[str, ...]:
    """Say when officers' own share of the records rose after the start (R7.6)."""
    rise = officer_share_rise(inside, window.before_period, window.after_period)
    return (rise.message,) if rise else ()


def _recording_gates(design: Design, public: pd.DataFrame, window: Window) -> tuple[GateResult, ...]:
    """Close a claim where recording changed in between, or ASB may only have been given another name (R3.5, R6.16)."""
    changed = [month for month in design.recording_changes if window.before[0] < month <= window.after[-1]]
    gates = []
    if changed:
        gates.append(
            GateResult(
                "recording practice",
                passed=False,
                message=f"Recording changed in {', '.join(f'{month:%Y-%m}' for month in changed)}, inside the months "
                "compared; choose months on one side of the change, or an outcome it does not touch.",
            )
        )
    if design.categories == (ASB,):
        change = recording_change(public, window.before_period, window.after_period)
        message = change.message if change else "ASB as a share of ASB and linked crime moved by 10 points or less."
        is_required = change is not None and change.severity == "red"
        gates.append(GateResult("recording", change is None, message, is_required=is_required))
    return tuple(gates)


@dataclass(frozen=True, eq=False)
class Panel:
    """Both groups of places and their monthly reports (rows: places in order; columns: months)."""

    treated_places: tuple[Place, ...]
    control_places: tuple[Place, ...]
    treated: pd.DataFrame
    controls: pd.DataFrame
    treated_ring: pd.DataFrame
    controls_ring: pd.DataFrame
    regression: RegressionToMean
    notes: tuple[str, ...]


def _panel(
    design: Design,
    outcome: pd.DataFrame,
    area: StudyArea,
    window: Window,
    *,
    resolution: int,
    seed: int,
    default_locations: Sequence[DefaultLocation] = (),
) -> Panel:
    rings = design.rings or _RINGS[resolution]
    treated = treated_places(design.treated, area, resolution)
    controls, cells, notes = comparison_places(
        outcome.loc[outcome["month"].isin(window.before)],
        window.before_period,
        area,
        treated,
        rings=rings,
        seed=seed,
        missing=window.missing,
        default_locations=default_locations,
    )
    ranked = tuple(replace(place, rank=best_rank(place, cells)) for place in treated)
    treated, controls = with_rings(ranked, controls, rings)
    _, regression = expected_change(
        cells["n"], [place.cells for place in treated], months=len(window.before), random_state=seed
    )
    panel = Panel(
        treated,
        controls,
        monthly_counts(outcome, window.all_months, treated),
        monthly_counts(outcome, window.all_months, controls),
        monthly_counts(outcome, window.all_months, treated, of_ring=True),
        monthly_counts(outcome, window.all_months, controls, of_ring=True),
        regression,
        notes,
    )
    if not panel.treated.to_numpy().sum():
        raise DesignError(
            "No treated place has a report in the whole period; check the polygons and their coordinate system."
        )
    return panel


def _effect(
    treated: pd.DataFrame, controls: pd.DataFrame, before: pd.DatetimeIndex, after: pd.DatetimeIndex
) -> Effect | None:
    sums = (group.loc[:, months].sum(axis=1) for group in (treated, controls) for months in (before, after))
    return estimate(*sums)


def _permutation_p(panel: Panel, window: Window, seed: int) -> float | None:
    groups = (panel.treated, panel.controls)
    sums = (group.loc[:, months].sum(axis=1) for group in groups for months in (window.before, window.after))
    return rerandomisation_p_value(*sums, random_state=seed)


def _opinions(panel: Panel, window: Window, seed: int) -> Opinions:
    groups = (panel.treated, panel.controls, panel.treated_ring, panel.controls_ring)
    return opinions_of(panel_of(*groups, before=window.before, after=window.after), random_state=seed)


def _outcomes(
    design: Design, outcome: pd.DataFrame, public: pd.DataFrame, area: StudyArea, window: Window, *, panel: Panel | None
) -> tuple[Outcome, ...]:
    """Return further outcomes: counts where there is an effect to hold beside, a survey whatever the counts say."""
    measured = []
    if panel is not None:
        groups = Groups(panel.treated_places, panel.control_places)
        weights = read_weights(design.harm_weights) if design.harm_weights else None
        measured += counted_outcomes(outcome, public, area, groups, window, weights=weights)
    if design.survey is not None:
        measured += survey_outcomes(read_survey(design.survey), design_effect=design.survey_design_effect)
    return corrected(measured)


def _displacement(panel: Panel, window: Window, effect: Effect | None) -> Displacement:
    """Read the ring by the same formula; without an effect there is nothing that could have moved."""
    if effect is None:
        return Displacement(None, None, None, wording.displacement_sentence(None, None))
    ring = _effect(panel.treated_ring, panel.controls_ring, window.before, window.after)
    total = _effect(
        panel.treated + panel.treated_ring, panel.controls + panel.controls_ring, window.before, window.after
    )
    moved = max(0.0, -ring.prevented_low) if ring is not None and effect.prevented > 0 else None
    return Displacement(ring, total, moved, wording.displacement_sentence(effect, moved))


def _checks(panel: Panel, window: Window) -> tuple[Check, ...]:
    """Ask the same question with a clean baseline, and of a start at which nothing happened."""
    n_after = len(window.after)
    found = []
    like = _year_earlier(window.before, window.after)
    if like is not None:
        effect = _effect(panel.treated, panel.controls, like, window.after)
        found.append(("only the same months a year earlier as baseline", effect))
    if len(window.before) > n_after:
        effect = _effect(panel.treated, panel.controls, window.before[:-n_after], window.before[-n_after:])
        found.append((f"a pretended start in {window.before[-n_after]:%Y-%m}, when nothing had been done", effect))
    return tuple(Check(name, effect, wording.check_sentence(name, effect)) for name, effect in found)


def _year_earlier(before: pd.DatetimeIndex, after: pd.DatetimeIndex) -> pd.DatetimeIndex | None:
    like = after - pd.DateOffset(years=1)
    return like if like.isin(before).all() else None


def naive_change(treated: pd.Series, before: pd.DatetimeIndex, after: pd.DatetimeIndex) -> NaiveChange:
    """Return what a press release would print: the treated places against the same months a year earlier.

    Where those are not all there, against as many months just before the start.

    Parameters
    ----------
    treated : Series
        Reports of all treated places together, by month.
    """
    like = _year_earlier(before, after)
    base = like if like is not None else before[-len(after) :]
    n0, n1 = int(treated.loc[base].sum()), int(treated.loc[after].sum())
    months_ratio = len(after) / len(base)
    change = None if n0 < MIN_NAIVE_BASE else 100 * (n1 / (n0 * months_ratio) - 1)
    return NaiveChange(
        before=n0,
        after=n1,
        change_pct=change,
        before_period=str(Period(base[0], base[-1])),
        after_period=str(Period(after[0], after[-1])),
        warning=wording.naive_warning(n0, like_months=like is not None, min_base=MIN_NAIVE_BASE),
    )


def _textbook(panel: Panel, window: Window) -> tuple[DisplacementDifference | None, DisplacementQuotient | None]:
    """Return the scaled WDD over like months, and the quotient only where that shows a fall (R6.10)."""
    like = _year_earlier(window.before, window.after)
    base = like if like is not None else window.before[-len(window.after) :]
    groups = (panel.treated, panel.controls, panel.treated_ring, panel.controls_ring)
    pairs = [tuple(float(group.loc[:, months].to_numpy().sum()) for months in (base, window.after)) for group in groups]
    (t0, t1), (c0, c1), (d0, d1), (e0, e1) = pairs
    if min(t0, c0, c1) <= 0:
        return None, None
    found = weighted_displacement_difference(
        (t0, t1), (c0, c1), (d0, d1), (e0, e1), time_weights=(len(base) / len(window.after), 1.0), control_scale=c0 / t0
    )
    is_fall = found.z < -_SIGNIFICANT_Z
    return found, weighted_displacement_quotient((t0, t1), (d0, d1), (c0, c1)) if is_fall else None


def _table(panel: Panel, window: Window, prefix: str) -> pd.DataFrame:
    is_treated = prefix == "T"
    places = panel.treated_places if is_treated else panel.control_places
    counts, ring = (panel.treated, panel.treated_ring) if is_treated else (panel.controls, panel.controls_ring)
    rows = table(places, prefix, counts.loc[:, window.before].sum(axis=1), counts.loc[:, window.after].sum(axis=1))
    return rows.assign(
        ring_before=ring.loc[:, window.before].sum(axis=1).to_numpy(),
        ring_after=ring.loc[:, window.after].sum(axis=1).to_numpy(),
    )


def _series(panel: Panel, window: Window) -> pd.DataFrame:
    """Return monthly totals for the chart; the comparison is scaled to the treated total before the start."""
    months = window.all_months
    treated, controls = panel.treated.sum().astype(float), panel.controls.sum().astype(float)
    before = controls.loc[window.before].sum()
    scale = treated.loc[window.before].sum() / before if before else np.nan
    is_missing = ~months.isin(window.before.union(window.after))
    frame = pd.DataFrame(
        {"treated": treated, "controls": controls, "controls_scaled": controls * scale,
         "ring": panel.treated_ring.sum().astype(float)},
        index=months.rename("month"),
    )  # fmt: skip
    frame.loc[is_missing] = np.nan
    return frame.assign(is_after=months >= window.after[0], is_missing=is_missing)


def _provenance(intake: Intake, area: StudyArea, seed: int) -> Provenance:
    return Provenance(
        fingerprint=fingerprint(intake.records),
        sources=intake.files,
        seed=seed,
        versions={name: version(name) for name in _STAMPED},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        coordinate_operation=operation_accuracy(WGS84, area.crs),
        licence=intake.licence,
    )
