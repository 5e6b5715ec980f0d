"""Every sentence an evaluation says, in fixed plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from geodata.categories import label
from geodata.quality import QualityReport
from hotspots.evaluate.design import PRIMARY, Amendment, Design, DesignForm
from hotspots.evaluate.estimators import Effect
from hotspots.evaluate.evaluation import DoseDelivered, NaiveChange
from hotspots.evaluate.gates import GateResult
from hotspots.evaluate.power import DetectableFall
from hotspots.evaluate.verdict import VerdictKey
from hotspots.evaluate.window import Window
from hotspots.results import RegressionToMean

_LATE_DAYS = 3
_UNSTATED_SHARE = 0.5


def headline(
    verdict: VerdictKey,
    effect: Effect | None,
    *,
    gates: Sequence[GateResult],
    dose: DoseDelivered | None,
    level: int,
    mde: DetectableFall | None,
    is_amended: bool = False,
) -> str:
    """Return the first sentence of the report: the verdict and one reason."""
    if is_amended and verdict in ("reduction", "increase") and effect is not None:
        fewer = "fewer" if verdict == "reduction" else "more"
        return (
            f"Description only: {fewer} reports than the comparison suggests ({effect.confidence:.0%} interval "
            f"{_change(effect.low_pct)} to {_change(effect.high_pct)}), but the design was changed after the start, so "
            "this is no test of what was planned."
        )
    if verdict == "not_delivered":
        return f"Not delivered: {dose.sentence if dose else ''}"
    if verdict == "not_assessable" or effect is None:
        why = " ".join(gate.message for gate in gates) or "one group has no report in one of the periods."
        return f"Not assessable: {why}"
    interval = f"{_change(effect.low_pct)} to {_change(effect.high_pct)}"
    if verdict == "no_clear_change":
        mde_text = f"; this design could only detect a fall of at least {mde.mde_pct:.0f}%" if mde else ""
        return f"No clear evidence of change: the interval runs from {interval}{mde_text}."
    word = "Reduction" if verdict == "reduction" else "Increase"
    return (
        f"{word} beyond what trend, regression to the mean and comparison would explain "
        f"(level {level}, {effect.confidence:.0%} interval {interval})."
    )


def amendment(made: Amendment) -> str:
    """Return one amendment in words; amendments are printed before the verdict (R6.3)."""
    return f"Amended on {made.date}: {made.what}. Reason given: {made.why}."


def interval_sentence(effect: Effect | None, *, is_delivered: bool = True) -> str:
    """Return the second sentence: the interval in incidents."""
    if not is_delivered:
        return "No number of prevented reports is read from a pilot that was not delivered as planned."
    if effect is None:
        return "No number of prevented reports can be given."
    low, high = effect.prevented_low, effect.prevented_high
    best = f"best single figure {abs(effect.prevented):.0f} {'prevented' if effect.prevented >= 0 else 'extra'}"
    if low >= 0:
        return f"Between {_count(low)} and {_count(high)} reports were prevented ({best})."
    if high <= 0:
        return f"Between {_count(-high)} and {_count(-low)} extra reports were made ({best})."
    return f"Anything from {_count(-low)} extra reports to {_count(high)} reports prevented fits these counts ({best})."


def doubt_sentence(verdict: VerdictKey, *, level: int, form: DesignForm = "ranked") -> str:
    """Return the third sentence: what would have to be true for the verdict to be wrong."""
    if form == "rotation" and verdict in ("reduction", "increase"):
        return (
            "This is wrong if the turns were not carried out as drawn, or if people or officers changed how they "
            "report where patrols were; an effect that outlasts its month makes it read too small."
        )
    if verdict in ("reduction", "increase"):
        chosen = "" if level >= 5 else ", for instance because they had been picked at a peak"
        return (
            "This is wrong if the treated places would have moved apart from the other busy places without the pilot"
            f"{chosen}, or if people or officers changed how they report there."
        )
    if verdict == "no_clear_change":
        return "This hides an effect if it is smaller than the design could detect; it is not evidence of no effect."
    return "Nothing is said about an effect, so nothing can be wrong about it."


def displacement_sentence(effect: Effect | None, moved: float | None) -> str:
    """Say how much could have moved next door; never that nothing did."""
    if effect is None:
        return "Displacement cannot be judged without an estimate for the treated places."
    if effect.prevented <= 0:
        return "No prevented reports were estimated, so displacement does not arise."
    if moved is None:
        return "The places next door have too few reports to judge displacement."
    most = _part(moved, effect.prevented, "reports prevented")
    return f"{most} could have moved next door; displacement is close to undetectable at these counts."


def _part(moved: float, prevented: float, noun: str) -> str:
    """Say how many of those prevented could have moved: never more than there were."""
    of = f"of the {_count(prevented)} {noun}".rstrip()
    if moved >= prevented:
        return f"All {of}"
    return f"Up to {_count(moved)} {of}" if moved >= 0.5 else f"Hardly any {of}"


def other_hours_sentence(hours: tuple[int, int] | None, within: Effect | None, moved: float | None) -> str:
    """Say how much of what was prevented in the hours patrolled could have moved to other hours there."""
    if hours is None:
        return "The design does not say which hours were patrolled, so a move to other hours cannot be told."
    said = f"{hours[0] % 24:02d}:00-{hours[1] % 24:02d}:00"
    if within is None or moved is None:
        return f"Too few reports carry a clock time to judge a move out of the hours patrolled ({said})."
    if within.prevented <= 0:
        return f"In the hours patrolled ({said}) no prevented reports were estimated, so a move to other hours does " \
               "not arise."  # fmt: skip
    most = _part(moved, within.prevented, "prevented")
    return f"{most} in the hours patrolled ({said}) could have moved to other hours in the same places."


def other_kinds_sentence(effect: Effect, moved: float | None) -> str:
    """Say how much could have turned into another kind of report in the same places."""
    if moved is None:
        return "These data hold too little related crime to judge a move into other kinds of report."
    most = _part(moved, effect.prevented, "")
    return f"{most} could have turned into related crime there (public order, criminal damage, harassment)."


def washout_checks(table: pd.DataFrame | None) -> list[tuple[str, str]]:
    """Return what a rotation says when the months just after a turn are left out (R6.14)."""
    if table is None:
        return []
    said = []
    for row in table.to_dict("records"):
        months = f"{row['washout']:.0f} month{'s' if row['washout'] > 1 else ''}"
        if row["washout"] and pd.notna(row["effect_pct"]):
            said.append((f"{months} after a turn left out", f"Without the {months} after a turn, in case effects last: "
                         f"{_change(row['effect_pct'])} (p = {row['p_value']:.3f})."))  # fmt: skip
    return said


def step_checks(table: pd.DataFrame | None) -> list[tuple[str, str]]:
    """Return what each measure added to those before it, where they were added one after the other."""
    rows = [] if table is None else table.to_dict("records")
    return [
        (
            f"what {row['step']} added",
            f"What {row['step']} added from {row['from']} (months: {row['months']}): {_change(row['effect_pct'])} (95% "
            f"interval {_change(row['low_pct'])} to {_change(row['high_pct'])}), beyond the months just before it.",
        )
        for row in rows
        if pd.notna(row["low_pct"])
    ]


def cohort_checks(table: pd.DataFrame | None) -> list[tuple[str, str]]:
    """Return what the places say that started together, start by start."""
    if table is None:
        return []
    return [
        (
            f"places that started in {row['start']}",
            f"The {row['places']} places that started in {row['start']}: {_change(row['effect_pct'])} (95% interval "
            f"{_change(row['low_pct'])} to {_change(row['high_pct'])}).",
        )
        for row in table.to_dict("records")
        if pd.notna(row["effect_pct"])
    ]


_FORMS = {
    "ranked": "Treated places were not drawn by lot; the interval takes the largest of three variances.",
    "top": "Treated places were drawn by lot among the busiest; the interval comes from drawing that lot again.",
    "pairs": "One of each pair of like places was drawn by lot; the interval comes from drawing in the pairs again.",
    "rotation": "Places took turns by the month, drawn by lot, and are compared with themselves without a turn; the "
    "interval comes from drawing the turns again.",
    "staggered": "Places started at different times; each start is compared over its own months with places never "
    "treated, and the interval comes from leaving out one place after the other.",
}


def design_sentence(design: Design) -> str:
    """Say how the treated places were chosen and how their effect is told from chance."""
    said = _FORMS[design.form]
    if design.form == "ranked" and design.assignment == "randomised":
        said = "Treated places are said to have been drawn by lot, but the design holds no list; the interval takes " \
               "the largest of three variances."  # fmt: skip
    named = " Comparison places are those the design names." if design.controls is not None and not design.lot else ""
    return f"{said}{named}"


def primary_sentence(design: Design) -> str:
    """Say which measure the verdict rests on."""
    kinds = ", ".join(label(category).lower() for category in design.categories) or "every category"
    return (
        f"Primary measure, fixed in the design: {PRIMARY[design.primary]}, by the public ({kinds}). The verdict rests "
        "on it alone; other outcomes stand beside it and are corrected for being several."
    )


def compared_sentence(design: Design, treated: int, controls: int) -> str:
    """Say how many places were compared."""
    if design.form == "rotation":
        return f"{treated} places that took turns, compared with themselves."
    more = {"pairs": ", its partner of a pair among them", "top": ", those of the lot first"}.get(design.form, "")
    return f"{treated} treated place{'s' if treated != 1 else ''}, {controls} comparison places{more}."


def naive_warning(base: int, *, like_months: bool, min_base: int) -> str:
    """Say why the press-release percentage must not be read as an effect (R6.1, R6.4, R6.19)."""
    small = f" The base of {base} is under {min_base}: no percentage is given." if base < min_base else ""
    unlike = "" if like_months else " It compares unlike months, so season is part of it."
    return (
        "Before and after without comparison is level 2 at best: where nothing at all was done, a fall of 20% or more "
        f"showed in 37 to 57% of pilots on real counts.{unlike}{small}"
    )


def naive_sentence(naive: NaiveChange) -> str:
    """Return the press release's percentage with its warning (R6.18)."""
    if naive.change_pct is None:
        return (
            f"A simple before and after has {naive.before:,} reports in {naive.before_period}, too few for a "
            f"percentage. {naive.warning}"
        )
    return (
        f"A simple before and after would claim {_change(naive.change_pct)} ({naive.before:,} reports in "
        f"{naive.before_period}, {naive.after:,} in {naive.after_period}). {naive.warning}"
    )


def check_sentence(name: str, effect: Effect | None) -> str:
    """Return the estimate of a check in words."""
    if effect is None:
        return f"With {name}: too few reports for an interval."
    return (
        f"With {name}: {_change(effect.effect_pct)} ({effect.confidence:.0%} interval "
        f"{_change(effect.low_pct)} to {_change(effect.high_pct)})."
    )


def notes(design: Design, window: Window, *, officer: int, resolution: int) -> tuple[str, ...]:
    """Return what the reader must know about data, periods and design."""
    said = [
        "Only reports by the public count as outcome; "
        f"{officer:,} officer-generated records were left out (patrols create those themselves).",
        _season_note(window),
    ]
    if len(window.missing):
        said.append(
            f"Missing in the source and left out of both groups: {', '.join(window.missing.strftime('%Y-%m'))}."
        )
    if window.after[-1] == window.last_published:
        said.append(
            f"The last month ({window.after[-1]:%Y-%m}) is the newest published; reports of the last four to six weeks "
            "may still be missing."
        )
    if resolution == 9:
        said.append(
            "These points are street centres, not addresses: places are cells of about 10 ha, too coarse to judge a "
            "single pilot street."
        )
    if not design.frozen:
        said.append(
            "The design carries no frozen hash, so nobody can check that it was written before the start: "
            "read the result as a description."
        )
    return tuple(said)


def _season_note(window: Window) -> str:
    before, after = set(window.before.month), set(window.after.month)
    if after <= before:
        covered = "every calendar month of the after period also occurs before the start"
    else:
        covered = "some calendar months of the after period never occur before the start"
    return (
        f"Season: {covered}; both groups are compared over the same months, so a season they share cancels "
        "and one only the treated places have does not."
    )


def regression_note(expected: RegressionToMean) -> str:
    """Say how far these very places would fall by themselves, with its band (R6.4)."""
    return (
        f"Regression to the mean: {expected.describe()} Comparison places picked by the same rule share most of that."
    )


def recording_note(outcome: pd.DataFrame, window: Window) -> tuple[str, ...]:
    """Flag a last month that stops early, and an outcome whose origin is mostly not stated."""
    said = []
    dated = outcome.loc[(outcome["time_precision"] != "month") & outcome["month"].eq(window.after[-1]), "occurred_from"]
    if len(dated):
        last = dated.max().tz_localize(None)
        end = window.after[-1] + pd.offsets.MonthBegin(1)
        if (end - last).days > _LATE_DAYS:
            said.append(f"The last month is incomplete: its last report is of {last:%Y-%m-%d}.")
    unstated = float((outcome["origin"] == "unknown").mean()) if len(outcome) else 0.0
    if unstated > _UNSTATED_SHARE:
        said.append(
            f"For {unstated:.0%} of the records it is not stated who reported; officers' own may be among them."
        )
    return tuple(said)


def quality_note(report: QualityReport) -> tuple[str, ...]:
    """Pass on what the quality gate found serious enough to block a ranked list."""
    red = " ".join(finding.message for finding in report.findings if finding.severity == "red")
    return (f"Data quality (grade {report.grade}): {red}",) if red else ()


def _change(pct: float) -> str:
    return f"{pct:+.0f}%" if math.isfinite(pct) else "no bound"


def _count(reports: float) -> str:
    return f"{reports:.0f}" if math.isfinite(reports) else "any number"
