"""Who is not located: the share with coordinates by category, month, and the beat or LSOA that records state (R3.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd

from geodata.findings import HIT_RATE_RED, Finding

GROUP_MIN: Final = 30  # R3.7: fewer records say nothing about a group's hit rate

Group = Literal["category", "month", "beat", "LSOA"]

_STATED: Final[dict[Group, str]] = {"beat": "beat", "LSOA": "lsoa_code"}
"""Areas a record may state whether it has coordinates or not, and their columns."""


@dataclass(frozen=True, slots=True)
class HitRate:
    """How many of the wanted records of one category, month, beat or stated LSOA have coordinates."""

    by: Group
    group: str
    n: int
    located: int

    @property
    def rate(self) -> float:
        """Share located, 0 to 1."""
        return self.located / self.n


def hit_rates(wanted: pd.DataFrame) -> tuple[HitRate, ...]:
    """Return the hit rate by category, month and, where it can be told, beat and LSOA (R3.7).

    Missingness is not random. A record without coordinates belongs to the area it states and to no other, so there are
    rates by beat or LSOA only where such records state one: an LSOA worked out from coordinates would show all located.
    """
    is_located = _is_located(wanted)
    keys: dict[Group, Any] = {"category": wanted["category"], "month": wanted["month"]}
    keys |= {by: names.where(names != "") for by, names in _stated(wanted).items() if (names[~is_located] != "").any()}
    found = []
    for by, key in keys.items():
        counts = is_located.groupby(key, observed=True).agg(["size", "sum"])
        names = counts.index.strftime("%Y-%m") if isinstance(counts.index, pd.DatetimeIndex) else counts.index
        both = zip(names, counts["size"], counts["sum"], strict=True)
        found += [HitRate(by, str(name), int(n), int(k)) for name, n, k in both]
    return tuple(found)


def _is_located(wanted: pd.DataFrame) -> pd.Series:
    return wanted["longitude"].notna() & wanted["latitude"].notna()


def _stated(wanted: pd.DataFrame) -> dict[Group, pd.Series]:
    """Return the areas that records state, by kind; empty texts where they state none."""
    return {by: wanted[column].astype("str") for by, column in _STATED.items() if column in wanted.columns}


def unlocated_by_area(wanted: pd.DataFrame) -> Finding | None:
    """Say where records without coordinates state no beat and no LSOA, so that no hit rate by area holds for them.

    Below 30 records without coordinates nothing could be said of any area (R3.7).
    """
    missing = wanted.loc[~_is_located(wanted)]
    if len(missing) < GROUP_MIN:
        return None
    silent = pd.Series(data=True, index=missing.index)
    for names in _stated(missing).values():
        silent &= names == ""
    n = int(silent.sum())
    if n == 0:
        return None
    if n == len(missing):
        message = (
            f"Share located by beat cannot be told: none of the {n:,} records without coordinates states a beat, ward, "
            "neighbourhood or LSOA (data.police.uk never does), and no boundaries can place them. Give an extract with "
            "such a column from the log itself, named with --map beat=Column if it is not found."
        )
    else:
        message = (
            f"Shares located by beat are too high: {n:,} of the {len(missing):,} records without coordinates state no "
            "beat, ward, neighbourhood or LSOA, and count in no area."
        )
    return Finding("hit rate by beat", "info", n, message, "R3.7")


def poorly_located(rates: Sequence[HitRate]) -> Finding | None:
    """Report groups of 30 records or more of which fewer than 85% are located (R3.7)."""
    poor = sorted((r for r in rates if r.n >= GROUP_MIN and r.rate < HIT_RATE_RED), key=lambda r: r.rate)
    if not poor:
        return None
    shown = "; ".join(f"{r.by} {r.group} {r.rate:.1%} of {r.n:,}" for r in poor[:5])
    more = f" and {len(poor) - 5} more" if len(poor) > 5 else ""
    message = (
        f"Groups of which fewer than {HIT_RATE_RED:.0%} are located: {shown}{more}; the map shows less of them than "
        "happened."
    )
    return Finding("poorly located groups", "amber", len(poor), message, "R3.7")
