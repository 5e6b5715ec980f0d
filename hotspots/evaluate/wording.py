"""Every sentence an evaluation says, in fixed plain words."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from geodata.quality import QualityReport
from hotspots.evaluate.design import Amendment, Design
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
        mde_text = f"; this design could only detect a fall of at least {mde.mde_pct:.0f} %" if mde else ""
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
        return f"Between {low:.0f} and {high:.0f} reports were prevented ({best})."
    if high <= 0:
        return f"Between {-high:.0f} and {-low:.0f} extra reports were made ({best})."
    return f"Anything from {-low:.0f} extra reports to {high:.0f} reports prevented fits these counts ({best})."


def doubt_sentence(verdict: VerdictKey, *, level: int) -> str:
    """Return the third sentence: what would have to be true for the verdict to be wrong."""
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
    return (
        f"Up to {moved:.0f} of the {effect.prevented:.0f} reports prevented could have moved next door; "
        "displacement is close to undetectable at these counts."
    )


def naive_warning(base: int, *, like_months: bool, min_base: int) -> str:
    """Say why the press-release percentage must not be read as an effect (R6.1, R6.4, R6.19)."""
    small = f" The base of {base} is under {min_base}: no percentage is given." if base < min_base else ""
    unlike = "" if like_months else " It compares unlike months, so season is part of it."
    return (
        "Before and after without comparison is level 2 at best: where nothing at all was done, a fall of 20 % or more "
        f"showed in 37 to 57 % of pilots on real counts.{unlike}{small}"
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
    return f"{pct:+.0f} %"
