"""Every analysis by name: the question it answers, where the app shows it, and how it is asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from geodata.errors import DataError, DesignError
from hotspots.analyses import (
    by_area,
    clusters,
    density,
    facts,
    near,
    outlines,
    over_time,
    recording,
    repeat_places,
    when,
)
from hotspots.analyses.facts import CLOCK, DATE, PLACE
from hotspots.analyses.result import Analysis, Answer, Options
from hotspots.results import Refusal, Run

LIST, REPEATS, WEEK, TIME, DENSITY = "Hotspots", "Repeat places", "When", "Over time", "Density and clusters"
PAGES = (LIST, REPEATS, WEEK, TIME, DENSITY)
"""Pages of the app that show analyses."""


WHOLE_AREA = "This is about the whole area: it cannot be asked of one hotspot by itself."


@dataclass(frozen=True, slots=True)
class Entry:
    """One analysis: its question in plain English, the page it is on, the rule it follows, and its function.

    ``of_one`` says whether it can be asked of one hotspot by itself, ``takes`` what of each report it needs.
    """

    question: str
    page: str
    rule: str
    function: Callable[[Run, Options], Answer]
    of_one: bool = False
    takes: tuple[str, ...] = ()


ANALYSES: dict[str, Entry] = {
    "list-chance": Entry("How many places of the list could be chance?", LIST, "R4.7", clusters.list_chance),
    "agreement": Entry("Do count, density and repeat places name the same cells?", LIST, "R4.1",
                       clusters.agreement),
    "concentration": Entry("How concentrated are the reports?", LIST, "R1.13, R4.7", clusters.concentrated),
    "outlines": Entry("Do the hotspots hold more for each patrol minute than other ways to draw them?", LIST, "R1.3",
                      outlines.compared),
    "harm": Entry("Would the list look different by harm?", LIST, "R4.13", near.harm),
    "recording": Entry("Would the list look different if ASB were recorded as other offences?", LIST, "R3.5",
                       recording.sensitivity),
    "repeat-clocks": Entry("Which places reach a threshold, and which approach it?", REPEATS, "R4.8",
                           repeat_places.clocks, of_one=True, takes=(PLACE,)),
    "repeat-prompts": Entry("Where has a repeat just happened, and by when should we act?", REPEATS, "R4.11",
                            repeat_places.prompts, of_one=True, takes=(PLACE, DATE)),
    "repeat-score": Entry("Which repeat places come first, and why?", REPEATS, "R4.10",
                          repeat_places.score, of_one=True),
    "repeat-unusual": Entry("Which places have more reports than chance gives?", REPEATS, "R4.7",
                            repeat_places.unusual, of_one=True),
    "repeat-concentration": Entry("How few places hold most of the reports?", REPEATS, "R4.7",
                                  repeat_places.concentrated, of_one=True),
    "repeat-course": Entry("How soon do repeats follow?", REPEATS, "R4.11", repeat_places.course, of_one=True,
                           takes=(PLACE,)),
    "repeat-outcome": Entry("Are repeats at the same places becoming fewer?", REPEATS, "R4.8",
                            repeat_places.outcome, of_one=True, takes=(PLACE,)),
    "facilities": Entry("Which few facilities of a type have most of the reports?", REPEATS, "R4.7",
                        near.facilities, of_one=True),
    "near-repeat": Entry("After one event, are more nearby soon?", REPEATS, "R4.12", near.knox, takes=(DATE,)),
    "near-repeat-chains": Entry("Which events hang together in place and time?", REPEATS, "R4.12", near.chains,
                                takes=(DATE,)),
    "week": Entry("At which hours of the week do reports fall?", WEEK, "R4.14, R1.26", when.week, of_one=True,
                  takes=(CLOCK,)),
    "day-night": Entry("Is it a day or a night problem, place by place?", WEEK, "R1.10", when.day_night,
                       takes=(CLOCK,)),
    "holidays": Entry("Do weekends and holidays make a difference?", WEEK, "R1.25", when.holidays, of_one=True,
                      takes=(DATE,)),
    "seasons": Entry("Which months of the year are busy?", WEEK, "R2.11", over_time.months_of_year, of_one=True),
    "kinds": Entry("Is it new or long-standing?", TIME, "R4.15", over_time.kinds, of_one=True),
    "changes": Entry("Where were there more or fewer reports this month than the season gives?", TIME, "R4.16, R4.17",
                     over_time.changes, of_one=True),
    "areas": Entry("How many reports does each ward or LSOA have, and how many a year before?", TIME, "R2.3, R4.16",
                   by_area.areas),
    "density": Entry("Where do reports lie thick?", DENSITY, "R4.2", density.planar),
    "density-adaptive": Entry("Where do reports lie thick, drawn sharp where there are many?", DENSITY, "R4.2",
                              density.adaptive, takes=(PLACE,)),
    "density-lately": Entry("Where have reports lain thick lately?", DENSITY, "R4.2", density.lately),
    "density-compare": Entry("Where has one set of reports more than its share beside another?", DENSITY, "R4.2",
                             density.compare),
    "density-streets": Entry("Along which streets do reports lie thick?", DENSITY, "R4.2", density.along_streets),
    "bandwidth": Entry("How wide should the density be smoothed?", DENSITY, "R4.2, R4.4", density.bandwidth),
    "clusters": Entry("Which places are busier than ordinary ones?", DENSITY, "R4.3", clusters.unusual),
    "odd-cells": Entry("Which busy places stand alone among quiet ones?", DENSITY, "R4.3", clusters.odd_cells),
}  # fmt: skip
"""Name -> analysis, in the order the pages show them."""


def names_on(page: str) -> list[str]:
    """Return the names of the analyses of one page."""
    return [name for name, entry in ANALYSES.items() if entry.page == page]


def unmet(run: Run, name: str) -> tuple[str, ...]:
    """Return what an analysis needs of each report and those of a run do not tell; empty where it can be asked."""
    lacking = facts.lacking(run)
    return tuple(what for what in ANALYSES[known(name)].takes if what in lacking)


def listing() -> pd.DataFrame:
    """Return every analysis: index ``name``, with ``question``, ``page`` and ``rule``."""
    rows = {name: (entry.question, entry.page, entry.rule) for name, entry in ANALYSES.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["question", "page", "rule"]).rename_axis("name")


def known(name: str) -> str:
    """Return the name of an analysis.

    Raises
    ------
    DesignError
        If there is none of this name; the message lists those there are.
    """
    if name not in ANALYSES:
        raise DesignError(f"There is no analysis '{name}'; there are: {', '.join(ANALYSES)}.")
    return name


def analyse(run: Run, name: str, options: Options | None = None) -> Analysis:
    """Answer one question about a run, or say why these data cannot answer it.

    Parameters
    ----------
    run : Run
        From `hotspots.run`.
    name : str
        One of `listing`.
    options : Options, optional

    Returns
    -------
    Analysis
        A refusal is a result, not an error: its reason is in ``refusal`` and in ``sentences``.

    Raises
    ------
    DesignError
        If there is no analysis of this name.
    """
    entry = ANALYSES[known(name)]
    try:
        answer = entry.function(run, options or Options())
    except DataError as refused:
        reason, rule = _with_its_rule(str(refused), entry.rule)
        return Analysis(name=name, title=entry.question, sentences=(reason,), refusal=Refusal(name, reason, rule))
    whole = () if entry.of_one or not (options and options.hotspot) else (WHOLE_AREA,)
    return Analysis(
        name=name, title=entry.question, sentences=(*answer.sentences, *whole), table=answer.table,
        picture=answer.picture, method=answer.method, shapes=answer.shapes,
    )  # fmt: skip


_RULE = re.compile(r"\s*\((R\d[^()]*)\)\.?$")


def _with_its_rule(sentence: str, otherwise: str) -> tuple[str, str]:
    """Return a refusal without the rule it ends on, and that rule, or the analysis' own."""
    found = _RULE.search(sentence)
    return (sentence, otherwise) if found is None else (f"{sentence[: found.start()].rstrip('.')}.", found[1])
