"""Outcomes beside the count: repeats, callers, events, harm, hours, related crime and answers of a survey (R6.16)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.area import StudyArea
from geodata.errors import DesignError
from geodata.events import group_events
from geodata.streams import is_linked_crime
from hotspots.evaluate.design import PRIMARY
from hotspots.evaluate.estimators import Effect, estimate
from hotspots.evaluate.evaluation import Outcome
from hotspots.evaluate.places import Place, monthly_counts, place_numbers
from hotspots.evaluate.survey import MIN_ASKED, SurveyChange, SurveyQuestion, describe, limits, survey_change
from hotspots.evaluate.window import Window
from hotspots.harm import HarmWeights, harm_of
from hotspots.repeats import place_units
from hotspots.significance.multiple import adjust

LEVEL = 0.05
_REPEAT_MONTHS = 12
_NIGHT = (18, 6)
_MIN_TIMED = 0.5
_MIN_KNOWN = 0.5
_SURVEY = "survey"


class Groups(NamedTuple):
    """Treated and comparison places of one evaluation."""

    treated: Sequence[Place]
    controls: Sequence[Place]


class Measured(NamedTuple):
    """One further outcome before it is corrected for being one of several."""

    name: str
    effect: Effect | None = None
    survey: SurveyChange | None = None
    said: str = ""

    @property
    def p_value(self) -> float | None:
        """The uncorrected p-value of whichever there is."""
        found = self.effect or self.survey
        return None if found is None else found.p_value


def counted_outcomes(
    outcome: pd.DataFrame,
    every_record: pd.DataFrame,
    area: StudyArea,
    groups: Groups,
    window: Window,
    *,
    weights: HarmWeights | None = None,
    primary: str = "reports",
) -> list[Measured]:
    """Return what happened to other counts in the same places, by the default estimator.

    Parameters
    ----------
    outcome : DataFrame
        INCIDENTS of the primary outcome, made by the public, inside the area.
    every_record : DataFrame
        Public records of every category inside the area, for related crime and harm.
    groups : Groups
    weights : HarmWeights, optional
        The user's own (R4.13); without them there is no harm outcome.
    primary : str
        Key of `hotspots.evaluate.design.PRIMARY`; the measure the verdict rests on is not told again.
    """
    every = [("reports", outcome, None), *_measures(outcome, every_record, area, weights)]
    measured = [
        Measured(name, _effect(rows, groups, window, values))
        for name, rows, values in every
        if name != PRIMARY[primary]
    ]
    return [*measured, *_callers(outcome, groups, window)]


def _callers(outcome: pd.DataFrame, groups: Groups, window: Window) -> Iterator[Measured]:
    """Return distinct callers: each counts once a month at a place, so that one who calls daily weighs as one (R4.10).

    Sums of months stay comparable between periods of different length; different callers of a whole period do not.
    """
    if "caller" not in outcome or (outcome["caller"] > 0).mean() < _MIN_KNOWN:
        return
    known = outcome[outcome["caller"] > 0]
    known = known.assign(place=place_numbers(known, [*groups.treated, *groups.controls]))
    known = known[known["place"] >= 0]
    once = known.drop_duplicates(["place", "month", "caller"])
    said = []
    for months, when in ((window.before, "before"), (window.after, "after")):
        calls, callers = (
            rows[(rows["place"] < len(groups.treated)) & rows["month"].isin(months)] for rows in (known, once)
        )
        each = f" ({len(calls) / len(callers):.2f} calls each in a month they called)" if len(callers) else ""
        said.append(f"{callers['caller'].nunique():,} different callers in {len(months)} months {when}{each}")
    yield Measured(
        "distinct callers (each counted once a month at a place)",
        _effect(once, groups, window, None),
        said=f"The treated places had {' and '.join(said)}.",
    )


def primary_rows(primary: str, outcome: pd.DataFrame, area: StudyArea) -> pd.DataFrame:
    """Return the rows the primary measure counts.

    Raises
    ------
    DesignError
        If these data cannot tell it, for want of addresses or clock times.
    """
    if primary == "reports":
        return outcome
    for name, rows, _ in _measures(outcome, outcome.head(0), area, None):
        if name == PRIMARY[primary]:
            return rows
    needed = "addresses" if primary == "repeat_reports" else "clock times"
    raise DesignError(
        f"The primary measure is {PRIMARY[primary]}, but fewer than half of these reports carry {needed}; use the "
        "force's own records, or a design with the primary measure 'reports'."
    )


def survey_outcomes(questions: Sequence[SurveyQuestion], *, design_effect: float = 1.0) -> list[Measured]:
    """Return what happened to the answers of a survey."""
    return [
        Measured(f"{_SURVEY}, '{one.question}'", None, survey_change(one, design_effect=design_effect), describe(one))
        for one in questions
    ]


def corrected(measured: Sequence[Measured]) -> tuple[Outcome, ...]:
    """Return further outcomes with p-values corrected by Holm (1979) over all of them.

    The primary outcome, declared before the start, is not among them and needs no correction.
    """
    p_values = {number: one.p_value for number, one in enumerate(measured) if one.p_value is not None}
    adjusted = dict(zip(p_values, adjust(list(p_values.values())), strict=True)) if p_values else {}
    made = []
    for number, one in enumerate(measured):
        p = float(adjusted[number]) if number in adjusted else None
        said = _survey_sentence(one, p) if one.name.startswith(_SURVEY) else _count_sentence(one, p)
        made.append(Outcome(one.name, one.effect, p, said, one.survey))
    return tuple(made)


def _measures(
    outcome: pd.DataFrame, every_record: pd.DataFrame, area: StudyArea, weights: HarmWeights | None
) -> Iterator[tuple[str, pd.DataFrame, pd.Series | None]]:
    if (outcome["location_precision"] == "address").mean() >= _MIN_TIMED:
        yield PRIMARY["repeat_reports"], _repeats(outcome, area), None
    timed = outcome[outcome["time_precision"] == "minute"]
    if len(timed) >= _MIN_TIMED * len(outcome) and len(timed):
        yield PRIMARY["events"], _events(outcome, area), None
        hour = timed["occurred_from"].dt.hour
        by_night = (hour >= _NIGHT[0]) | (hour < _NIGHT[1])
        yield PRIMARY["night_reports"], timed[by_night], None
        yield PRIMARY["day_reports"], timed[~by_night], None
    related = every_record[is_linked_crime(every_record["category"])]
    if len(related):
        yield "related crime (public order, criminal damage, harassment)", related, None
    if weights is not None:
        harm = harm_of(every_record, weights)
        yield f"harm (weights of {weights.source})", every_record, harm


def _repeats(outcome: pd.DataFrame, area: StudyArea) -> pd.DataFrame:
    """Return the reports about a place that had another in the twelve months before."""
    located = outcome.assign(place=place_units(outcome, area)["place"])
    located = located[located["place"] != ""].sort_values(["place", "month", "occurred_from"], kind="stable")
    months = located["month"].dt.year * 12 + located["month"].dt.month
    gap = months.groupby(located["place"]).diff()
    again: pd.DataFrame = located[gap <= _REPEAT_MONTHS]
    return again


def _events(outcome: pd.DataFrame, area: StudyArea) -> pd.DataFrame:
    try:
        is_first = group_events(outcome, area).is_first
    except DesignError:
        return outcome.head(0)
    firsts: pd.DataFrame = outcome.loc[is_first.reindex(outcome.index, fill_value=True).to_numpy(dtype=bool)]
    return firsts


def _effect(rows: pd.DataFrame, groups: Groups, window: Window, values: pd.Series | None) -> Effect | None:
    """Return the estimate; weighted sums are scaled so that their variance is that of a count where chance is alone."""
    sums = [_sums(rows, group, window, months, values) for group in groups for months in (window.before, window.after)]
    return estimate(*sums)


def _sums(
    rows: pd.DataFrame, places: Sequence[Place], window: Window, months: pd.DatetimeIndex, values: pd.Series | None
) -> NDArray[np.float64]:
    if values is None:
        return monthly_counts(rows, window.all_months, places).loc[:, months].sum(axis=1).to_numpy(dtype=float)
    scale = float((values**2).sum() / values.sum()) if values.sum() > 0 else 1.0
    total = np.zeros(len(places))
    for value in np.unique(values[values > 0]):
        total += value * monthly_counts(rows[values == value], window.all_months, places).loc[:, months].sum(axis=1)
    return np.asarray(total / scale)


def _count_sentence(one: Measured, p: float | None) -> str:
    title, effect, said = one.name[:1].upper() + one.name[1:], one.effect, f" {one.said}" if one.said else ""
    if effect is None or p is None:
        return f"{title}: too few for an interval.{said}"
    change = f"{effect.low_pct:+.0f}% to {effect.high_pct:+.0f}% ({effect.confidence:.0%} interval)"
    return f"{title}: {change}; {_told_apart(p, 'fewer' if effect.effect_pct < 0 else 'more')}.{said}"


def _survey_sentence(one: Measured, p: float | None) -> str:
    title = f"{one.name[:1].upper()}{one.name[1:]}: favourable answers {one.said}"
    if one.survey is None or p is None:
        return f"{title}; fewer than {MIN_ASKED} people in a group, so no change is worked out."
    change = one.survey
    beyond = "beyond the comparison places" if change.comparison else "with no comparison places"
    interval = f"{change.low_points:+.0f} to {change.high_points:+.0f} points ({change.confidence:.0%} interval)"
    word = "more favourable" if change.points > 0 else "less favourable"
    return f"{title}. Change {beyond}: {interval}; {_told_apart(p, word)}. {limits(change)}"


def _told_apart(p: float, word: str) -> str:
    if p >= LEVEL:
        return f"not told apart from chance once several outcomes are looked at (Holm p = {p:.2f})"
    shown = "under 0.001" if p < 0.001 else f"= {p:.3f}"
    return f"{word}, also after correction for several outcomes (Holm p {shown})"
