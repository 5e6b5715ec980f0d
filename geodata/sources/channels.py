"""Who made a report, told by the channel it came through: the public, an officer, or not known (R3.16)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import polars as pl

from geodata.sources.tables import map_distinct
from geodata.text import readable

TRUE: Final = ("true", "yes", "y", "1", "t")
FALSE: Final = ("false", "no", "n", "0", "f")

ORIGINS: Final = ("public", "officer", "unknown")

_OFFICERS_OWN: Final = re.compile(
    r"\b(?:officer|police|pcso|self|constable|staff)s?[ -]*(?:generated|initiated|observed|originated)\b"
    r"|\bpro-?active\b|\bstop ?(?:and|&) ?search\b"
)
_PUBLIC: Final = re.compile(
    r"\b(?:public|999|101|112|on-?line|web(?:site|chat|form)?|internet|phone|phoned|telephone|e-?mail|walk-?(?:in|ed)?"
    r"|social media|app|letter|text|sms|victim|witness|resident|(?:front|enquiry) (?:office|counter|desk)"
    r"|(?:contact|call) (?:centre|center|handler))s?\b"
)
_OFFICER: Final = re.compile(r"\b(?:police |pcso )?patrol(?:s|led|ling)?\b|\bofficers?\b|\bpcsos?\b")
_OTHER_OFFICER: Final = re.compile(
    r"\b(?:housing|council|local authority|environmental health|enforcement|asb|anti-?social behaviou?r|tenancy|estate"
    r"|welfare|liaison|school|security|park|civil|support)s? (?:enforcement )?officers?\b"
)
_DENIED: Final = re.compile(r"\b(?:non|not|no)[ -]+(?:an? )?(?:officer|police|self|pro-?active)[ -]*\w*")

_NAMED: Final = 8
_LETTERS: Final = 40


def origin_of(channel: str) -> str:
    """Return ``public``, ``officer`` or ``unknown`` for a channel as written.

    What says outright that police made it ("officer initiated") goes first, then every word of a public channel, then
    "officer" and "patrol" alone. "Police" alone says nothing: the public calls the police control room.

    Examples
    --------
    >>> origin_of("Police 101"), origin_of("Direct - Officer"), origin_of("Police Control Room")
    ('public', 'officer', 'unknown')
    """
    affirmed = _DENIED.sub(" ", channel.lower())
    if _OFFICERS_OWN.search(affirmed):
        return "officer"
    if _PUBLIC.search(affirmed):
        return "public"
    return "officer" if _OFFICER.search(_OTHER_OFFICER.sub(" ", affirmed)) else "unknown"


def origins(text: pl.DataFrame, said: Mapping[str, str], name: str) -> tuple[pl.Series, list[str]]:
    """Return who made each report, and how the values of the channel column were read.

    Parameters
    ----------
    text : DataFrame
        Fields as text: ``officer_initiated`` (yes or no) decides where it says either, else ``origin``, the channel.
    said : mapping
        Channel -> ``public``, ``officer`` or ``unknown`` by the profile, whatever the words say; case does not count.
    name : str
        File name for the note.
    """
    blank = pl.Series([""] * text.height, dtype=pl.String)
    flag = text["officer_initiated"].str.strip_chars().str.to_lowercase() if "officer_initiated" in text else blank
    channel = text["origin"].str.strip_chars() if "origin" in text else blank
    own = {written.strip().lower(): origin for written, origin in said.items()}
    by_channel = map_distinct(channel, lambda value: own.get(value.lower(), origin_of(value)))
    rows = pl.DataFrame({"flag": flag, "channel": channel, "origin": by_channel})
    decided = (
        pl.when(pl.col("flag").is_in(TRUE)).then(pl.lit("officer"))
        .when(pl.col("flag").is_in(FALSE)).then(pl.lit("public"))
        .otherwise(pl.col("origin"))
    )  # fmt: skip
    by_words = rows.filter(~pl.col("flag").is_in((*TRUE, *FALSE)) & (pl.col("channel") != ""))
    return rows.select(origin=decided)["origin"], _notes(by_words, name)


def _notes(by_words: pl.DataFrame, name: str) -> list[str]:
    """Return a note of which channel was read as what, most frequent first."""
    counted = by_words.group_by("origin", "channel").len().sort(["len", "channel"], descending=[True, False])
    parts = []
    for origin in ORIGINS:
        held = counted.filter(pl.col("origin") == origin)
        if held.is_empty():
            continue
        pairs = list(zip(held["channel"], held["len"], strict=True))
        named = ", ".join(f"{readable(channel)[:_LETTERS]} ({n:,})" for channel, n in pairs[:_NAMED])
        more = f" and {len(pairs) - _NAMED} more" if len(pairs) > _NAMED else ""
        parts.append(f"{origin}: {named}{more}")
    if not parts:
        return []
    return [f"{name}: channels were read as {'; '.join(parts)}; [channels] in a profile says otherwise."]
