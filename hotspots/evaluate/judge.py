"""Design and incidents in, evaluation out: gates first, then the estimate, then what it cannot see."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.area import WGS84, StudyArea, operation_accuracy
from geodata.period import Period
from geodata.quality import screen
from geodata.schema import ASB
from geodata.sources import Intake, intake_of
from geodata.store import fingerprint
from geodata.streams import officer_share_rise, public_reports, recording_change
from hotspots.evaluate import wording
from hotspots.evaluate.comparison import Comparison, compare, panel_for
from hotspots.evaluate.design import Design, design_hash
from hotspots.evaluate.displacement import displacement_of
from hotspots.evaluate.dose import delivered
from hotspots.evaluate.economics import cost_of
from hotspots.evaluate.estimators import Effect, estimate, rerandomisation_p_value
from hotspots.evaluate.evaluation import Check, Evaluation, NaiveChange, Outcome
from hotspots.evaluate.gates import MIN_CONTROLS, GateResult, check_gates, closed, lots_gate
from hotspots.evaluate.inference import REDRAWN, answer_of, effect_of
from hotspots.evaluate.methods import Panel as Methods
from hotspots.evaluate.methods.staggered import steps
from hotspots.evaluate.opinions import opinions_of
from hotspots.evaluate.outcomes import Groups, corrected, counted_outcomes, primary_rows, survey_outcomes
from hotspots.evaluate.places import table
from hotspots.evaluate.planning import rotation_fall
from hotspots.evaluate.power import DetectableFall, detectable_fall
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
from hotspots.results import Provenance

MIN_NAIVE_BASE = 30  # R6.19
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
    counted = primary_rows(design.primary, outcome, area)
    compared = compare(
        design,
        outcome,
        counted,
        area,
        window,
        resolution=resolution,
        seed=seed,
        default_locations=gate.report.default_locations,
    )
    panel = panel_for(compared, design, window)
    is_rotation = design.form == "rotation"

    mde = _detectable(compared, panel, window, seed)
    gates = _gates(design, compared, panel, window, mde)
    public = public_reports(intake.records.loc[area.contains(intake.records["longitude"], intake.records["latitude"])])
    gates += _recording_gates(design, public, window)
    effect = None if closed(gates) else effect_of(design.form, panel, random_state=seed)
    dose = delivered(
        design, [place.name for place in compared.treated_places], window.after_period, timezone=area.timezone
    )
    verdict: VerdictKey = "not_delivered" if dose is not None and not dose.is_enough else verdict_of(effect)
    level = maryland_level(
        has_comparison=(is_rotation or len(panel.controls) >= MIN_CONTROLS) and not design.was_amended_late,
        is_randomised=design.is_randomised,
    )
    displacement = displacement_of(effect, design, panel, compared, outcome=counted, every_record=public, seed=seed)
    naive = naive_change(compared.treated.sum(), window.history, window.after)
    wdd, wdq = (None, None) if is_rotation else _textbook(compared, window)
    officer = len(inside) - len(outcome)
    return Evaluation(
        design=design,
        design_hash=design_hash(design),
        area_name=area.name,
        before=window.before_period,
        after=window.after_period,
        missing_months=tuple(window.missing.strftime("%Y-%m")),
        resolution=resolution,
        treated=_table(compared, window, "T"),
        controls=_table(compared, window, "C"),
        series=_series(design, compared, window),
        effect=effect,
        displacement=displacement,
        naive=naive,
        wdd=wdd,
        wdq=wdq,
        gates=gates,
        mde_pct=mde.mde_pct if mde else None,
        mde_method=mde.method if mde else "",
        permutation_p=_permutation_p(design, panel, effect, seed) if effect else None,
        checks=_checks(design, compared, panel, window, seed) if effect else (),
        dose=dose,
        outcomes=_outcomes(design, outcome, public, area, window, compared=compared if effect else None),
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
        doubt_sentence=wording.doubt_sentence(verdict, level=level, form=design.form),
        officer_generated_excluded=officer,
        notes=(
            *wording.notes(design, window, officer=officer, resolution=resolution),
            *compared.notes,
            wording.regression_note(compared.regression),
            *wording.recording_note(outcome, window),
            *_officer_note(inside, window),
            *wording.quality_note(gate.report),
            displacement.sentence,
            wording.naive_sentence(naive),
            *((dose.sentence,) if dose else ()),
        ),
        provenance=_provenance(intake, area, seed),
        is_synthetic=intake.is_synthetic,
        opinions=opinions_of(panel, random_state=seed) if effect else None,
        design_sentence=wording.design_sentence(design),
        primary_sentence=wording.primary_sentence(design),
        compared_sentence=wording.compared_sentence(design, len(panel.treated), len(panel.controls)),
        regression=compared.regression,
    )


def _detectable(compared: Comparison, panel: Methods, window: Window, seed: int) -> DetectableFall | None:
    """Return the smallest fall the design could detect, from the months before the start alone."""
    history = compared.treated.loc[:, window.history]
    if panel.assignment is not None:
        return rotation_fall(history, months_after=len(window.after), random_state=seed)
    months = [len(window.after)] if panel.starts is None else [len(panel.months) - start for start in panel.starts]
    return detectable_fall(
        history, compared.controls.loc[:, window.history], months_after=round(float(np.mean(months))), random_state=seed
    )


def _gates(
    design: Design, compared: Comparison, panel: Methods, window: Window, mde: DetectableFall | None
) -> tuple[GateResult, ...]:
    """Return what the design must have; a lot also needs ways enough in which it could have fallen."""
    after = list(panel.after)
    turns = None if panel.assignment is None else int(np.median(panel.assignment[:, after].sum(axis=0)))
    found = check_gates(
        compared.treated.loc[:, window.history].sum(axis=1),
        len(panel.controls),
        months_before=len(window.history),
        months_after=len(window.after),
        mde_pct=mde.at_best_pct if mde else None,
        at_a_time=turns,
    )
    if design.form == "pairs":
        return (*found, lots_gate(2 ** len(panel.pairs or ())))
    if design.form == "top":
        return (*found, lots_gate(math.comb(len(panel.treated) + len(panel.pool or ()), len(panel.treated))))
    return found


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


def _permutation_p(design: Design, panel: Methods, effect: Effect, seed: int) -> float | None:
    """Return the p-value of drawing the treated places again, as the lot was drawn where there was one."""
    if design.form in REDRAWN:
        return effect.p_value
    sums = (panel.totals(months, group=group) for group in ("treated", "controls")
            for months in (panel.before, panel.after))  # fmt: skip
    return None if design.form == "staggered" else rerandomisation_p_value(*sums, random_state=seed)


def _outcomes(
    design: Design,
    outcome: pd.DataFrame,
    public: pd.DataFrame,
    area: StudyArea,
    window: Window,
    *,
    compared: Comparison | None,
) -> tuple[Outcome, ...]:
    """Return further outcomes: counts where there is an effect to hold beside, a survey whatever the counts say."""
    measured = []
    if compared is not None and design.form != "rotation":
        groups = Groups(compared.treated_places, compared.control_places)
        weights = read_weights(design.harm_weights) if design.harm_weights else None
        measured += counted_outcomes(outcome, public, area, groups, window, weights=weights, primary=design.primary)
    if design.survey is not None:
        measured += survey_outcomes(read_survey(design.survey), design_effect=design.survey_design_effect)
    return corrected(measured)


def _checks(design: Design, compared: Comparison, panel: Methods, window: Window, seed: int) -> tuple[Check, ...]:
    """Ask the same question in another way: a clean baseline and a pretended start, or what the form itself offers."""
    if design.form in ("rotation", "staggered"):
        table = answer_of(design.form, panel, seed).table
        said = wording.washout_checks(table) if design.form == "rotation" else wording.cohort_checks(table)
        return tuple(Check(name, None, sentence) for name, sentence in said)
    found, n_after = [], len(window.after)
    like = _year_earlier(window.history, window.after)
    if like is not None and len(like) < len(window.before):
        found.append(("only the same months a year earlier as baseline", _effect(compared, like, window.after)))
    if len(window.history) > n_after:
        effect = _effect(compared, window.history[:-n_after], window.history[-n_after:])
        found.append((f"a pretended start in {window.history[-n_after]:%Y-%m}, when nothing had been done", effect))
    told = [Check(name, effect, wording.check_sentence(name, effect)) for name, effect in found]
    if panel.steps:
        told += [Check(name, None, sentence) for name, sentence in wording.step_checks(steps(panel).table)]
    return tuple(told)


def _effect(compared: Comparison, before: pd.DatetimeIndex, after: pd.DatetimeIndex) -> Effect | None:
    """Return the default estimate over other months."""
    groups = (compared.treated, compared.controls)
    return estimate(*(group.loc[:, months].sum(axis=1) for group in groups for months in (before, after)))


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


def _textbook(panel: Comparison, window: Window) -> tuple[DisplacementDifference | None, DisplacementQuotient | None]:
    """Return the scaled WDD over like months, and the quotient only where that shows a fall (R6.10)."""
    like = _year_earlier(window.history, window.after)
    base = like if like is not None else window.history[-len(window.after) :]
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


def _table(panel: Comparison, window: Window, prefix: str) -> pd.DataFrame:
    is_treated = prefix == "T"
    places = panel.treated_places if is_treated else panel.control_places
    counts, ring = (panel.treated, panel.treated_ring) if is_treated else (panel.controls, panel.controls_ring)
    rows = table(places, prefix, counts.loc[:, window.before].sum(axis=1), counts.loc[:, window.after].sum(axis=1))
    return rows.assign(
        ring_before=ring.loc[:, window.before].sum(axis=1).to_numpy(),
        ring_after=ring.loc[:, window.after].sum(axis=1).to_numpy(),
    )


def _series(design: Design, compared: Comparison, window: Window) -> pd.DataFrame:
    """Return monthly totals for the chart; the comparison is scaled to the treated total before the start."""
    months = window.all_months
    if design.lot is not None and design.form == "rotation":
        turns = design.lot.turns([place.name for place in compared.treated_places], months)
        treated, controls, scaled = _turn_series(compared.treated.to_numpy(float), turns, months.isin(window.history))
    else:
        treated, controls = (group.sum().to_numpy(float) for group in (compared.treated, compared.controls))
        is_history = months.isin(window.history)
        before = controls[is_history].sum()
        scaled = controls * (treated[is_history].sum() / before if before else np.nan)
    is_missing = ~months.isin(window.history.union(window.after))
    frame = pd.DataFrame(
        {"treated": treated, "controls": controls, "controls_scaled": scaled,
         "ring": compared.treated_ring.sum().to_numpy(float)},
        index=months.rename("month"),
    )  # fmt: skip
    frame.loc[is_missing] = np.nan
    return frame.assign(is_after=months >= window.after[0], is_missing=is_missing)


def _turn_series(
    counts: NDArray[np.float64], turns: NDArray[np.bool_], is_history: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], ...]:
    """Return reports of places in their turn, of the others, and of the others scaled to the places in their turn.

    Before the start nobody has a turn: both are the average month's share of all places.
    """
    share = turns[:, ~is_history].mean()
    total = counts.sum(axis=0)
    on = np.where(is_history, share * total, (counts * turns).sum(axis=0))
    off = np.where(is_history, (1 - share) * total, (counts * ~turns).sum(axis=0))
    level = counts[:, is_history].sum(axis=1)
    ratio = np.divide(level @ turns, level @ ~turns, out=np.full(len(total), np.nan), where=(level @ ~turns) > 0)
    return on, off, off * np.where(is_history, share / (1 - share), ratio)


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
