"""Headings and tables of the pages; the sentences themselves come from `hotspots.report.words`, as on every surface."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from geodata.quality import Gate
from geodata.sources import Intake
from hotspots.report import words
from hotspots.results import Run

_LINK = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
_JOINER = "\u2060"  # seen by no reader; where it stands no address is recognised
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|$:~&])")

GRADES = {
    "A": "Good. Fit for ranking places.",
    "B": "Usable with care. Read what was found below before acting on the list.",
    "C": "Weak. What was found below can change which places come first.",
}

PRECISION = {
    "address": "exact addresses",
    "street": "streets",
    "snap_point": "police.uk map points: street centres shared by at least eight addresses",
    "rounded": "coordinates rounded so coarsely that nearby streets share them",
    "area": "whole areas only",
    "default": "places records are booked to when nobody knows where",
    "minute": "date and time of day",
    "day": "the date, no time of day",
    "month": "the month only",
}

QUESTIONS = {
    "why": "Why here?",
    "when": "When?",
    "what": "What is reported?",
    "whose": "Whose problem is it?",
    "new_or_long_standing": "Is it new or long-standing?",
    "changes": "Is it getting better or worse?",
    "one_address": "Is it one address?",
    "do": "What could be done?",
}
"""What an inspector asks about a hotspot (R8.5), by the name of the fact that answers."""


def plain(text: object) -> str:
    """Return text from data so that markdown shows it letter by letter: no link, picture or markup comes of it."""
    return _MARKDOWN.sub(r"\\\1", _LINK.sub(_JOINER, " ".join(str(text).split())))


def footer(gate: Gate, intake: Intake, *, marking: str) -> str:
    """Return the line every page ends with: marking, grade, how many reports, which months (R3.14, R7.13)."""
    quality = gate.report
    parts = [
        marking,
        "SYNTHETIC" if intake.is_synthetic else "",
        f"Data grade {quality.grade}",
        f"{quality.n_used:,} reports used of {quality.n_read:,} rows read",
        str(gate.period),
        intake.licence,
    ]
    return " | ".join(part for part in parts if part)


def answers(run: Run, hotspot_id: str) -> list[tuple[str, str]]:
    """Return an inspector's questions about one hotspot and what these data answer, in the order they are asked.

    Text from the data is not escaped.
    """
    facts = words.hotspot_facts(run, hotspot_id)
    return [(question, facts[fact]) for fact, question in QUESTIONS.items() if facts[fact]] + [
        ("How sure are we?", sureness(run, hotspot_id))
    ]


def sureness(run: Run, hotspot_id: str) -> str:
    """Return how sure the place on the list is: shrunk count, chance of belonging to the top, rank by density."""
    row = run.hotspots.loc[hotspot_id]
    return (
        f"{words.likely(row['p_top']).capitalize()} likely to belong in the true top "
        f"{run.config.delineation.n_hotspots}. A similar place would have had {words.counted(row['expected'])}; "
        f"allowing for luck the best estimate here is {row['n_shrunk']:,.0f}. By density alone it ranks "
        f"{row['density_rank']}."
    )


def first_places(run: Run, *, n: int = 5) -> str:
    """Return which places come first and when, in one line to read out (R8.5). Text from the data is not escaped."""
    told = []
    for hotspot_id, row in run.hotspots.sort_values("rank").head(n).iterrows():
        patrol = run.patrols.loc[hotspot_id] if hotspot_id in run.patrols.index else None
        window, _ = words.window(patrol)
        told.append(f"{row['rank']}. {row['name']} ({row['n_12m']:,}{', ' * bool(window)}{window})")
    return f"Reports {words.year_label(run)}: {'; '.join(told)}."


def lacking(questions: Mapping[str, Sequence[str]]) -> str:
    """Return in one sentence which questions of a page these data cannot answer, and what that would take."""
    wanted = list(dict.fromkeys(what for taken in questions.values() for what in taken))
    n = sum(bool(taken) for taken in questions.values())
    *most, last = wanted
    these = f"The last of the {len(questions)}" if n == 1 else f"The last {n} of the {len(questions)}"
    return (
        f"{these} questions here {'is' if n == 1 else 'are'} beyond these data: "
        f"{'it takes' if n == 1 else 'they take'} {' and '.join([', '.join(most), last] if most else [last])} of each "
        "report, as a force's own extract has them."
    )


def ranked_table(run: Run) -> pd.DataFrame:
    """Return the hotspots as the table beside the map: index ``hotspot_id``, headings in plain words."""
    hotspots = run.hotspots.sort_values("rank")
    patrols = run.patrols.reindex(hotspots.index)
    table = pd.DataFrame(
        {
            "Rank": hotspots["rank"],
            "Place": hotspots["name"],
            "12 months": hotspots["n_12m"],
            "Truly top": hotspots["p_top"].map(words.likely),
            "When": (patrols["days"] + " " + patrols["hours"].str.replace(":00", "")).str.strip(),
            "Check": (hotspots["flags"] != "").map({True: "yes", False: ""}),
            "At or by": [words.by_place(row) for _, row in hotspots.iterrows()],
            "All": hotspots["n"],
            "Similar": hotspots["expected"].round(),
        },
        index=hotspots.index,
    )
    empty = [column for column in ("At or by", "When", "Check") if (table[column] == "").all()]
    return table.drop(columns=empty)
