"""``evaluation.json``, ``.pdf`` and ``.docx``: verdict first, interval before the point, doubt beside it."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import pandas as pd

from hotspots.evaluate import Effect, Evaluation
from hotspots.evaluate.checks import PanelCheck
from hotspots.report import charts, words
from hotspots.report.briefing import typeset
from hotspots.report.evaluation_docx import document
from hotspots.report.opinions import opinion_data, opinion_files
from hotspots.report.provenance import as_json
from hotspots.report.tables import table
from hotspots.results import RegressionToMean

MARKING = "OFFICIAL"
EVALUATION_CAVEAT = (
    "Decision support: people decide. Reports are not the same as incidents, and a change in reports may be a change "
    "in reporting. The result holds for these places and months only."
)


def evaluation_files(evaluation: Evaluation) -> dict[str, bytes]:
    """Return ``evaluation.json``, ``.pdf``, ``.docx`` and, with an estimate, other methods and choices as CSV."""
    files = {
        "evaluation.json": evaluation_json(evaluation),
        "evaluation.pdf": evaluation_pdf(evaluation),
        "evaluation.docx": document(evaluation_data(evaluation)),
    }
    return files if evaluation.opinions is None else files | opinion_files(evaluation.opinions)


def evaluation_json(evaluation: Evaluation) -> bytes:
    """Return everything the evaluation concluded and what it rests on; ``created`` comes last."""
    e = evaluation
    content = {
        "name": e.design.name,
        "verdict": e.verdict,
        "verdict_text": e.verdict_text,
        "headline": e.headline,
        "interval_sentence": e.interval_sentence,
        "doubt_sentence": e.doubt_sentence,
        "amendments": e.amendments,
        "level": e.level,
        "level_text": e.level_text,
        "effect": e.effect,
        "mde_pct": e.mde_pct,
        "mde_method": e.mde_method,
        "permutation_p": e.permutation_p,
        "gates": e.gates,
        "checks": e.checks,
        "regression_to_the_mean": e.regression,
        "displacement": e.displacement,
        "naive": e.naive,
        "wdd": e.wdd,
        "wdq": e.wdq,
        "outcomes": e.outcomes,
        "economics": e.economics,
        "dose": None if e.dose is None else _dose(e),
        "methods": None if e.opinions is None else _records(e.opinions.methods),
        "panel_checks": None if e.opinions is None else [_panel_check(one) for one in e.opinions.checks],
        "before": {"first": f"{e.before.first:%Y-%m}", "last": f"{e.before.last:%Y-%m}", "months": e.before.n_months},
        "after": {"first": f"{e.after.first:%Y-%m}", "last": f"{e.after.last:%Y-%m}", "months": e.after.n_months},
        "missing_months": e.missing_months,
        "categories": e.design.categories,
        "assignment": e.design.assignment,
        "form": e.design.form,
        "primary": e.design.primary,
        "design_sentence": e.design_sentence,
        "primary_sentence": e.primary_sentence,
        "compared_sentence": e.compared_sentence,
        "area": e.area_name,
        "resolution": e.resolution,
        "treated": _records(e.treated),
        "controls": _records(e.controls),
        "series": _records(e.series.rename(index=lambda month: f"{month:%Y-%m}")),
        "officer_generated_excluded": e.officer_generated_excluded,
        "notes": e.notes,
        "design_hash": e.design_hash,
        "fingerprint": e.provenance.fingerprint,
        "sources": e.provenance.sources,
        "seed": e.provenance.seed,
        "versions": e.provenance.versions,
        "coordinate_operation": e.provenance.coordinate_operation,
        "licence": e.provenance.licence,
        "marking": MARKING,
        "is_synthetic": e.is_synthetic,
        "caveat": EVALUATION_CAVEAT,
        "created": e.provenance.created,
    }
    return as_json(content)


def evaluation_pdf(evaluation: Evaluation) -> bytes:
    """Return the evaluation as a tagged PDF of two pages (three with an estimate) that prints in grey."""
    return typeset("evaluation.typ", evaluation_data(evaluation))


def evaluation_data(evaluation: Evaluation) -> dict[str, Any]:
    """Return every word and picture of the evaluation as plain values."""
    e = evaluation
    stamp = e.provenance
    data = {
        "title": f"Evaluation: {e.design.name}",
        "running": f"{e.area_name}, {e.before.first:%Y-%m} to {e.after.last:%Y-%m}",
        "marking": MARKING,
        "synthetic": words.SYNTHETIC if e.is_synthetic else "",
        "caveat": EVALUATION_CAVEAT,
        "provenance": f"Data {stamp.fingerprint[:12]} | design {e.design_hash[:12]} | seed {stamp.seed} | "
        f"asb-hotspots {stamp.versions.get('asb-hotspots', '?')}",
        "licence": stamp.licence,
        "name": e.design.name,
        "periods": f"Before: {e.before} ({words.counted(e.before.n_months, 'month')}). After: {e.after} "
        f"({words.counted(e.after.n_months, 'month')}). {e.compared_sentence} {e.design_sentence}",
        "amendments": list(e.amendments),
        "primary": e.primary_sentence,
        "emmie": _emmie(e),
        "outcomes": [one.sentence for one in e.outcomes],
        "moves": [check.message for check in e.checks],
        "headline": e.headline,
        "interval": e.interval_sentence,
        "doubt": e.doubt_sentence,
        "level_text": e.level_text,
        "detectable": _detectable(e),
        "monthly": charts.monthly_chart(e.series, *charted(e)),
        "monthly_alt": "Reports a month: {}, and {}, scaled; start marked".format(*charted(e)),
        "intervals": charts.interval_chart(_rows(e)) if e.effect is not None else "",
        "beside": beside(e),
        "gates": [asdict(gate) for gate in e.gates],
        "displacement": e.displacement.sentence,
        "dose": e.dose.sentence if e.dose is not None else "No visits were given, so what was delivered is not known.",
        "named_methods": _named_methods(e),
        "opinions": None if e.opinions is None else opinion_data(e.opinions),
        "notes": notes_left(e),
        "columns": [
            "Treated place",
            f"Before, {words.counted(e.before.n_months, 'month')}",
            f"After, {words.counted(e.after.n_months, 'month')}",
        ],
        "places": [_place(str(row["name"]), row["before"], row["after"], e) for _, row in e.treated.iterrows()]
        + (
            [_place("All comparison places", e.controls["before"].sum(), e.controls["after"].sum(), e)]
            if len(e.controls)
            else []
        ),
    }
    tidied: dict[str, Any] = _tidy(data)
    return tidied


def _tidy(value: Any) -> Any:
    """Return plain values with the numbers in every sentence written one way; pictures and the design's name stay."""
    if isinstance(value, str):
        return value if value.startswith("<svg") else words.tidy(value)
    if isinstance(value, dict):
        return {key: one if key in ("name", "title") else _tidy(one) for key, one in value.items()}
    return [_tidy(one) for one in value] if isinstance(value, list) else value


def _emmie(e: Evaluation) -> list[list[str]]:
    """Return the EMMIE frame (R6.21): what is known of each, and what is not said so."""
    hypothesis = str(e.design.notes.get("hypothesis", "")) or "No hypothesis was written down."
    mechanism = str(e.design.notes.get("mechanism", "")) or "Not stated in the design; this result cannot tell why."
    places = f"{words.counted(len(e.treated), 'place')}, {e.after.n_months} months, {e.area_name}"
    dose = e.dose.sentence if e.dose is not None else "No visits were given, so what was delivered is not known."
    cost = e.economics.sentence if e.economics is not None else "Not established: no visits were given."
    return [
        ["Effect", f"{e.interval_sentence} {e.displacement.sentence}"],
        ["Mechanism", f"{hypothesis} {mechanism}"],
        ["Moderators", f"{places}: what would happen elsewhere is not known. Single places are too few to judge."],
        ["Implementation", dose],
        ["Economics", cost],
    ]


def _place(name: str, before: float, after: float, e: Evaluation) -> list[str]:
    """Return a place's reports; with periods of different length only the monthly figures can be compared."""
    months = (
        len(e.series.loc[~e.series["is_missing"] & (e.series["is_after"] == is_after)]) for is_after in (False, True)
    )
    each = [f"{n:,.0f} ({n / max(span, 1):,.1f} a month)" for n, span in zip((before, after), months, strict=True)]
    return [name, *each]


def notes_left(e: Evaluation) -> list[str]:
    """Return the notes that have no heading of their own."""
    told = ("A simple before and after", "Regression to the mean:")
    said = {e.displacement.sentence, e.naive.warning, e.dose.sentence if e.dose else ""}
    return [note for note in e.notes if note not in said and not note.startswith(told)]


def _rows(e: Evaluation) -> list[charts.Interval]:
    rows = []
    if e.effect is not None:
        rows.append(_row("This evaluation, 95% interval", e.effect, is_main=True))
    rows += [
        _row(check.name[:1].upper() + check.name[1:], check.effect) for check in e.checks if check.effect is not None
    ]
    if e.displacement.total is not None:
        rows.append(_row("Treated places and next door together", e.displacement.total))
    if e.displacement.ring is not None:
        rows.append(_row("Next door alone", e.displacement.ring))
    if e.regression is not None and e.regression.reports:
        rows.append(charts.Interval("Expected with nothing done, 90% band", *_settling_pct(e.regression)))
    if e.naive.change_pct is not None:
        rows.append(charts.Interval("Before and after alone: no interval", e.naive.change_pct, None, None))
    return rows


def _row(label: str, effect: Effect, *, is_main: bool = False) -> charts.Interval:
    return charts.Interval(label, effect.effect_pct, effect.low_pct, effect.high_pct, is_main)


def _settling_pct(found: RegressionToMean) -> tuple[float, float, float]:
    """Return how far the places change by themselves, in per cent: expected, low, high."""
    expected, low, high = (100 * (n / found.reports - 1) for n in (found.expected, found.low, found.high))
    return expected, low, high


def _detectable(e: Evaluation) -> str:
    if e.mde_pct is None:
        return "How small a fall this design could have found cannot be computed."
    return (
        f"A true fall of {e.mde_pct:.0f}% would be found by four of five such pilots; smaller falls are missed more "
        "often."
    )


def beside(e: Evaluation) -> list[dict[str, str]]:
    """Return the naive claim, what luck alone would do, and the honest result, side by side (R6.4, R6.18)."""
    naive = "no percentage" if e.naive.change_pct is None else f"{e.naive.change_pct:+.0f}%"
    honest = "not assessable" if e.effect is None else f"{e.effect.low_pct:+.0f}% to {e.effect.high_pct:+.0f}%"
    return [
        {
            "title": "What a press release would say",
            "figure": naive,
            "text": f"{e.naive.before:,} reports in {e.naive.before_period}, {e.naive.after:,} in "
            f"{e.naive.after_period}, treated places alone. {e.naive.warning}",
        },
        *([_settling(e.regression)] if e.regression is not None and e.regression.reports else []),
        {
            "title": "What can be said",
            "figure": honest,
            "text": f"{_compared(e)}, 95% interval. "
            + (f"Best single figure {e.effect.effect_pct:+.0f}%." if e.effect is not None else e.verdict_text),
        },
    ]


def charted(e: Evaluation) -> tuple[str, str]:
    """Return what the two lines of the monthly chart are: in a rotation the same places, in and out of their turn."""
    if e.design.form == "rotation":
        return "places in their turn", "places out of turn"
    return "treated places", "comparison places"


def _compared(e: Evaluation) -> str:
    if e.design.form == "rotation":
        return "Change in months with a turn beyond the same places' months without"
    return "Change beyond that in the comparison places"


def _settling(found: RegressionToMean) -> dict[str, str]:
    _, low, high = _settling_pct(found)
    return {
        "title": "What would come with nothing done",
        "figure": f"{low:+.0f}% to {high:+.0f}%",
        "text": f"Places picked for a high count had some luck and settle by themselves (regression to the mean): from "
        f"{found.reports:,} reports in {found.months} months to about {found.expected:,.0f}, 90% band "
        f"{found.low:,.0f} to {found.high:,.0f}. A change of that size shows nothing.",
    }


_AGAIN = {
    "top": "Were the lot drawn again with nothing done",
    "pairs": "Were the lot drawn again with nothing done",
    "rotation": "Were the turns drawn again with nothing done",
}
"""What the share of draws is of, where there was a lot (see `Evaluation.permutation_p`)."""


def _named_methods(e: Evaluation) -> list[str]:
    lines = []
    if e.wdd is not None:
        lines.append(
            f"{e.wdd.method[:1].upper() + e.wdd.method[1:]}: {e.wdd.low:+,.0f} to {e.wdd.high:+,.0f} reports, best "
            f"{e.wdd.estimate:+,.0f} (minus: fewer). Where nothing was done it claims a change in "
            f"{e.wdd.false_positives_pct:.0f}% of pilots."
        )
    if e.wdq is not None and e.wdq.quotient is not None:
        lines.append(f"Weighted displacement quotient {e.wdq.quotient:.2f}, no interval: {e.wdq.reading}.")
    if e.permutation_p is not None:
        again = _AGAIN.get(
            e.design.form, "Had the pilot's places been drawn by lot from these and the comparison places"
        )
        lines.append(f"{again}, {_draws(e.permutation_p)} draws would show as clear a change.")
    return lines


def _draws(p: float) -> str:
    return f"{math.ceil(1000 * p)} of 1,000" if p < 0.0995 else f"{100 * p:.0f} of 100"


def _panel_check(one: PanelCheck) -> dict[str, Any]:
    return {"name": one.name, "passed": one.passed, "sentence": one.sentence}


def _dose(e: Evaluation) -> dict[str, Any]:
    dose = e.dose
    return {} if dose is None else {
        "planned_visits": dose.planned_visits, "delivered_visits": dose.delivered_visits, "share": dose.share,
        "is_enough": dose.is_enough, "sentence": dose.sentence, "places": _records(dose.places),
    }  # fmt: skip


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table(frame).to_dict("records")]
