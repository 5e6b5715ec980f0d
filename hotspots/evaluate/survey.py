"""What people said before and after: a survey's shares, beside those of comparison places, with an interval (R6.16)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from geodata.errors import SourceError
from geodata.sources.hand_kept import numbers, read_table

MIN_ASKED = 30
"""Fewer answers in a group and wave and no share is compared (as for a base under 30, R6.19)."""

GROUPS = ("treated", "comparison")
WAVES = ("before", "after")
_FAVOURABLE, _UNFAVOURABLE, _NOT_COUNTED = "favourable", "unfavourable", "not counted"
_COLUMNS = {
    "question": ("item", "measure"),
    "group": ("area", "place", "arm"),
    "wave": ("when", "period", "round"),
    "favourable": ("positive", "n favourable"),
    "percent": ("per cent", "pct", "percent favourable"),
    "respondents": ("asked", "answered", "n", "base", "people", "count"),
    "answer": ("response", "option"),
    "counts as": ("counted as", "meaning"),
}
_MAX_QUESTIONS, _MAX_LENGTH = 20, 160
_SIGNS = np.array([1.0, -1.0, -1.0, 1.0])  # treated after, treated before, comparison after, comparison before
_POWER = 0.8
_FARTHEST_Z = 37.0  # beyond it a p-value is no number a computer holds


class Wave(NamedTuple):
    """People with a favourable answer and people who answered."""

    favourable: float
    respondents: float

    @property
    def share(self) -> float:
        """Favourable answers, 0 to 1."""
        return self.favourable / self.respondents


@dataclass(frozen=True, slots=True)
class SurveyQuestion:
    """One question, asked before and after in the treated places and, where there was a comparison, there too."""

    question: str
    treated: tuple[Wave, Wave]
    comparison: tuple[Wave, Wave] | None


@dataclass(frozen=True, slots=True)
class SurveyChange:
    """How far the share of favourable answers moved in the treated places beyond the comparison, in percentage points.

    Attributes
    ----------
    points, low_points, high_points : float
        Difference in differences of the shares, or plain difference without a comparison, and its interval.
    detectable_points : float
        Smallest change these numbers of people would show with 80 % power.
    p_value : float
        Two-sided; below 5 % exactly where the 95 % interval leaves out no change.
    """

    question: str
    treated: tuple[Wave, Wave]
    comparison: tuple[Wave, Wave] | None
    points: float
    low_points: float
    high_points: float
    detectable_points: float
    p_value: float
    design_effect: float
    confidence: float


def read_survey(path: str | Path) -> tuple[SurveyQuestion, ...]:
    """Read a survey's totals: how many people gave which answer, never who they are.

    Parameters
    ----------
    path : path
        CSV or XLSX with the columns ``question``, ``group`` (treated or comparison), ``wave`` (before or after) and
        ``respondents``, and either ``favourable`` (people with a favourable answer), or ``percent`` of them, or one row
        an answer: ``answer``, ``respondents`` who gave it, and ``counts as`` (favourable, unfavourable, not counted).
        Other columns are not read.

    Raises
    ------
    SourceError
        In one sentence, whatever keeps the table from being compared.
    """
    name = Path(path).name
    table = read_table(path, what="survey", columns=_COLUMNS, required=("question", "group", "wave", "respondents"))
    if table.empty:
        raise SourceError(f"{name}: the survey table has no rows.")
    for column, allowed in (("group", GROUPS), ("wave", WAVES)):
        table[column] = _one_of(table[column], allowed, column, name)
    table["respondents"] = numbers(table, "respondents", path=path, low=0, high=1e7)
    table["favourable"] = _favourable(table, path)
    too_many = table["favourable"] > table["respondents"] + 1e-9
    if too_many.any():
        raise SourceError(f"{name}: on line {table.index[too_many][0]} more people answer favourably than answered.")
    return _questions(table, name, is_by_answer="answer" in table)


def _favourable(table: pd.DataFrame, path: str | Path) -> pd.Series:
    """Return favourable answers a row; answers that do not count lose their people too."""
    name = Path(path).name
    if "answer" in table:
        if "counts as" not in table:
            raise SourceError(
                f"{name}: say in a column 'counts as' which answers are favourable, unfavourable or not counted."
            )
        meaning = _one_of(table["counts as"], (_FAVOURABLE, _UNFAVOURABLE, _NOT_COUNTED), "counts as", name)
        table["respondents"] = table["respondents"].where(meaning != _NOT_COUNTED, 0.0)
        return table["respondents"].where(meaning == _FAVOURABLE, 0.0)
    if "favourable" in table:
        return numbers(table, "favourable", path=path, low=0, high=1e7)
    if "percent" in table:
        table["percent"] = table["percent"].str.rstrip(" %")
        return numbers(table, "percent", path=path, low=0, high=100) / 100 * table["respondents"]
    raise SourceError(
        f"{name}: the survey table needs a column 'favourable' (people), 'percent', or 'answer' with 'counts as'."
    )


def _one_of(values: pd.Series, allowed: Sequence[str], column: str, name: str) -> pd.Series:
    said = values.str.casefold().str.replace("_", " ")
    wrong = ~said.isin(allowed)
    if wrong.any():
        raise SourceError(
            f"{name}: {column} must be one of {', '.join(allowed)}; line {values.index[wrong][0]} says "
            f"'{values[wrong].iloc[0][:40]}'."
        )
    return said


def _questions(table: pd.DataFrame, name: str, *, is_by_answer: bool) -> tuple[SurveyQuestion, ...]:
    asked = list(dict.fromkeys(table["question"]))
    if len(asked) > _MAX_QUESTIONS or max(map(len, asked)) > _MAX_LENGTH or "" in asked:
        raise SourceError(
            f"{name}: give totals of 1 to {_MAX_QUESTIONS} questions of up to {_MAX_LENGTH} letters each, a row for "
            "each group and wave; single people's answers are not read."
        )
    found = []
    for question in asked:
        own = table[table["question"] == question]
        if not is_by_answer and own.duplicated(["group", "wave"]).any():
            raise SourceError(
                f"{name}: '{question}' has two rows for one group and wave; add them up, or name answers."
            )
        waves = {
            (str(group), str(wave)): Wave(float(rows["favourable"].sum()), float(rows["respondents"].sum()))
            for (group, wave), rows in own.groupby(["group", "wave"])
        }
        pairs = {group: tuple(waves[group, wave] for wave in WAVES if (group, wave) in waves) for group in GROUPS}
        if len(pairs["treated"]) < len(WAVES) or len(pairs["comparison"]) == 1:
            raise SourceError(
                f"{name}: '{question}' was not asked before and after in every group; a change needs both waves."
            )
        comparison = pairs["comparison"]
        found.append(
            SurveyQuestion(
                question,
                (pairs["treated"][0], pairs["treated"][1]),
                (comparison[0], comparison[1]) if comparison else None,
            )
        )
    return tuple(found)


def survey_change(
    asked: SurveyQuestion, *, design_effect: float = 1.0, confidence: float = 0.95
) -> SurveyChange | None:
    r"""Return the change in the share of favourable answers beyond the comparison, None where too few answered.

    With shares p the estimate is (p_T1 - p_T0) - (p_C1 - p_C0). Its interval joins Wilson intervals (l, u) of the
    shares, each on respondents / design effect (method of variance estimates recovery):

    .. math:: L = \hat\theta - \sqrt{\sum_{s>0} (p - l)^2 + \sum_{s<0} (u - p)^2}

    and likewise above. For two shares it is Newcombe's interval (1998, method 10,
    https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I); for sums of shares Zou, Huang &
    Zhang (2009, https://doi.org/10.1016/j.csda.2008.09.033). Unlike the textbook interval it keeps its size where
    nearly all or nearly nobody agrees.

    Parameters
    ----------
    design_effect : float
        How much wider the variance is than that of a simple random sample (weights, streets drawn whole); 1 or more.

    Examples
    --------
    >>> asked = SurveyQuestion("Safe", (Wave(48, 80), Wave(56, 70)), None)
    >>> change = survey_change(asked)
    >>> [round(float(x), 2) for x in (change.points, change.low_points, change.high_points)]
    [20.0, 5.24, 33.39]
    """
    before, after = asked.treated
    waves = [after, before] if asked.comparison is None else [after, before, *reversed(asked.comparison)]
    if min(wave.respondents for wave in waves) < MIN_ASKED:
        return None
    share = np.array([wave.share for wave in waves])
    size = np.array([wave.respondents for wave in waves]) / design_effect
    signs = _SIGNS[: len(waves)]
    theta = float(signs @ share)
    z = float(stats.norm.ppf((1 + confidence) / 2))
    low, high = _bounds(share, size, signs, z)
    error = math.sqrt(float((share * (1 - share) / size).sum()))
    return SurveyChange(
        asked.question, asked.treated, asked.comparison,
        points=100 * theta, low_points=100 * low, high_points=100 * high,
        detectable_points=100 * (z + float(stats.norm.ppf(_POWER))) * error,
        p_value=_p_value(share, size, signs), design_effect=design_effect, confidence=confidence,
    )  # fmt: skip


def _bounds(
    share: NDArray[np.float64], size: NDArray[np.float64], signs: NDArray[np.float64], z: float
) -> tuple[float, float]:
    middle = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z / (1 + z**2 / size) * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    down, up = share - (middle - half), (middle + half) - share
    theta = float(signs @ share)
    below = math.sqrt(float((np.where(signs > 0, down, up) ** 2).sum()))
    above = math.sqrt(float((np.where(signs > 0, up, down) ** 2).sum()))
    return theta - below, theta + above


def _p_value(share: NDArray[np.float64], size: NDArray[np.float64], signs: NDArray[np.float64]) -> float:
    """Return the level at which the interval just reaches no change, so that the two never disagree."""
    is_up = float(signs @ share) > 0
    if abs(float(signs @ share)) < 1e-12:
        return 1.0

    def reach(z: float) -> float:
        low, high = _bounds(share, size, signs, z)
        return low if is_up else -high

    if reach(_FARTHEST_Z) > 0:
        return 0.0
    return float(2 * stats.norm.sf(optimize.brentq(reach, 0.0, _FARTHEST_Z)))


def describe(asked: SurveyQuestion) -> str:
    """Return what was answered before and after in words, group by group, with the people asked beside each share."""
    before, after = asked.treated
    said = f"{_share(before)} before and {_share(after)} after in the treated places"
    if asked.comparison is not None:
        said += f", {_share(asked.comparison[0])} and {_share(asked.comparison[1])} in the comparison places"
    return said


def limits(change: SurveyChange) -> str:
    """Return what these numbers of people could show and what a survey cannot say."""
    counted = (
        "counted as a simple random sample; if people were chosen street by street or answers were weighted, give "
        "survey_design_effect and the interval widens"
        if change.design_effect == 1
        else f"variance widened {change.design_effect:g} times for the way people were chosen"
    )
    alone = "" if change.comparison else " Nobody was asked elsewhere, so a change everywhere would look the same."
    return (
        f"A change under {change.detectable_points:.0f} points would usually have been missed ({counted}). "
        f"It speaks for those who answered, each wave taken as other people.{alone}"
    )


def _share(wave: Wave) -> str:
    return f"{100 * wave.share:.0f}% (of {wave.respondents:,.0f} people)"
