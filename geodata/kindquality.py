"""What kinds of report were left out, and which wordings the table of report types does not know (R3.3)."""

from __future__ import annotations

from typing import Final

import pandas as pd

from geodata.categories import KNOWN, NOT_STATED, label
from geodata.findings import Finding, Severity
from geodata.nsir import knows_kind, unknown_headings
from geodata.text import readable

AMBER_SHARE: Final = 0.10
RED_SHARE: Final = 0.50
"""Shares of all dated records left out from which reports of ASB, or most of them, may be missing."""

_NAMED: Final = 8
_LETTERS: Final = 60


def left_out(counts: pd.Series, n_dated: int, types: pd.DataFrame) -> Finding | None:
    """Name the categories that were not wanted, and grade the share of kinds of which nothing is known.

    Parameters
    ----------
    counts : Series
        Records by category slug that were left out as of another category.
    n_dated : int
        Records of every category.
    types : DataFrame
        From `geodata.nsir.report_types`: which kinds are known to be ASB or crime.
    """
    counts = counts.drop(index=NOT_STATED, errors="ignore")
    if counts.empty:
        return None
    knows = knows_kind(types)
    is_unknown = pd.Series([slug not in KNOWN and not knows(str(slug)) for slug in counts.index], index=counts.index)
    unknown = counts.loc[is_unknown]
    message = f"Records of other categories, left out: {counts.sum():,} of {n_dated:,}: {_named(counts)}."
    if unknown.empty:
        return Finding("other categories", "info", int(counts.sum()), message, "R3.3")
    if len(unknown) < len(counts):
        message += f" Neither ASB nor crime by any wording known: {unknown.sum():,}: {_named(unknown)}."
    message += " If any of these are anti-social behaviour, give a table of report types that holds their wording."
    severity: Severity = "amber" if unknown.sum() > AMBER_SHARE * n_dated else "info"
    return Finding("other categories", severity, int(counts.sum()), message, "R3.3")


def without_category(counts: pd.Series, n_dated: int) -> Finding | None:
    """Grade the share of records left out because their category is empty: anti-social behaviour may be among them."""
    n = int(counts.get(NOT_STATED, 0))
    if n == 0:
        return None
    share = n / n_dated
    severity: Severity = "red" if share >= RED_SHARE else "amber" if share > AMBER_SHARE else "info"
    message = (
        f"Records without a category, left out: {n:,} of {n_dated:,} ({share:.1%}); anti-social behaviour among them "
        "is missing: fill the column (cells merged downwards leave all but the first row empty) or name another one."
    )
    return Finding("no category", severity, n, message, "R3.3")


def unknown_wordings(inside: pd.DataFrame, types: pd.DataFrame) -> Finding | None:
    """Name the ASB headings the table does not know: owner, route and what a patrol deters go by the qualifier."""
    counts = unknown_headings(inside, types)
    if counts.empty:
        return None
    message = (
        f"Headings the table of report types does not know: {counts.sum():,} records: {_named(counts)}; whose they are "
        "and whether a patrol deters them goes by the qualifier, or is taken as for ASB in general."
    )
    return Finding("unknown headings", "info", int(counts.sum()), message, "R3.3")


def _named(counts: pd.Series) -> str:
    """Return the commonest kinds with their counts, in a few words each: text of the data is text."""
    ordered = sorted(((str(kind), int(n)) for kind, n in counts.items()), key=lambda pair: (-pair[1], pair[0]))
    said = "; ".join(f"{readable(label(kind))[:_LETTERS]} ({n:,})" for kind, n in ordered[:_NAMED])
    return said + (f"; and {len(ordered) - _NAMED} more kinds" if len(ordered) > _NAMED else "")
