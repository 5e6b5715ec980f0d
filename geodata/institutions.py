"""Places that may be no scene: default locations and institutions, and what is done with the records there.

A record of which nobody knows the place is often booked to the police station, "creating unhelpful hotspots" (R3.9); a
prison or a hospital fills its own cell with reports that no patrol can prevent (R1.11). Which places are kept, excluded
or capped is decided by a person, for a reason, and every decision goes on record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geodata.area import WGS84, StudyArea, to_wgs84
from geodata.confidence import SAME_PLACE_M, at_any
from geodata.errors import DesignError, SourceError
from geodata.findings import DEFAULT_SHARE, DefaultLocation, Finding
from geodata.points import distinct

Action = Literal["keep", "exclude", "cap"]
ACTIONS: Final = ("keep", "exclude", "cap")

KINDS: Final[dict[str, str]] = {
    "police station": r"police (?:station|stn|hq|headquarters)",
    "custody suite": r"custody",
    "prison": r"prison|\bhmp\b|young offender",
    "hospital": r"hospital|infirmary",
    "court": r"\b(?:magistrates|crown|county|law|combined)\b.{0,12}\bcourts?\b|\bcourt ?house\b",
    "council offices": r"council offices?|civic (?:centre|offices?)|town hall|council house",
    "no known place": r"\b(?:not known|unknown|no fixed|unspecified|not specified|no location|not stated|n/k)\b|"
    r"^\W*(?:n/?a|none|not applicable)\W*$",
    "bus or railway station": r"\b(?:bus|coach|railway|train|metro) station\b|\b(?:bus|transport) interchange\b",
    "town centre": r"^\W*(?!on or near\b)(?:[\w'.-]+ ){0,3}(?:town|city) centre\W*$",
    "middle of an area": r"\bcentroids?\b",
}
"""Names of places records are booked to, as regular expressions for texts in lower case (R3.9)."""

WITHOUT_SCENE: Final = tuple(KINDS)[:7]
"""Kinds where a report seldom happened where it is booked, or no patrol can help (R1.11); the rest are busy places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationPolicy:
    """What is done with the records within 25 m of a point (R3.9).

    Parameters
    ----------
    longitude, latitude : float
        Degrees.
    action : {"exclude", "keep", "cap"}
        ``keep`` says that the place is real and settles the question; ``cap`` leaves `cap` records, spread evenly over
        the time the records there span.
    reason : str
        Why; it is printed with the decision.
    cap : int
        How many records are left when the action is ``cap``.
    """

    longitude: float
    latitude: float
    action: Action = "exclude"
    reason: str
    cap: int = 0

    def __post_init__(self) -> None:
        where = f"The default location at {self.latitude}, {self.longitude}"
        if not (abs(self.longitude) <= 180 and abs(self.latitude) <= 90):
            raise DesignError(f"{where} lies outside longitude and latitude; write degrees.")
        if self.action not in ACTIONS:
            raise DesignError(f"{where} has the action '{self.action}'; write one of: {', '.join(ACTIONS)}.")
        if not self.reason.strip():
            raise DesignError(f"{where} has no reason; say why its records are to be kept, excluded or capped.")
        if (self.action == "cap") != (self.cap > 0):
            raise DesignError(f"{where}: the action 'cap', and no other, needs cap = how many records to leave.")


@dataclass(frozen=True, slots=True)
class Institution:
    """A site given by the user: its name, its outline or point in degrees, and what is done with records there."""

    name: str
    shape: BaseGeometry
    action: Action = "exclude"


@dataclass(frozen=True, slots=True)
class LocationDecision:
    """What was done with the records at one place: `n` wanted records in the area were there, `n_excluded` left out."""

    name: str
    longitude: float
    latitude: float
    action: Action
    reason: str
    n: int
    n_excluded: int


def location_policies(tables: Sequence[Any]) -> tuple[LocationPolicy, ...]:
    """Return policies from TOML tables ``[[default_locations]]``.

    Raises
    ------
    DesignError
        If a table lacks longitude, latitude or reason, or holds something else or of another kind.
    """
    known = [item.name for item in fields(LocationPolicy)]
    policies = []
    for number, table in enumerate(tables, start=1):
        if not isinstance(table, Mapping) or not set(table) <= set(known):
            raise DesignError(f"Table {number} of default_locations may hold only: {', '.join(known)}.")
        lacking = [name for name in ("longitude", "latitude", "reason") if name not in table]
        if lacking:
            raise DesignError(f"Table {number} of default_locations lacks {', '.join(lacking)}.")
        try:
            policies.append(LocationPolicy(**table))
        except (TypeError, AttributeError) as error:
            raise DesignError(f"Table {number} of default_locations has a value of the wrong kind.") from error
    return tuple(policies)


def read_institutions(path: str | Path) -> tuple[Institution, ...]:
    """Read institutions from a polygon or point file: a ``name`` column and, optionally, an ``action`` column.

    Raises
    ------
    SourceError
        If the file is missing, unreadable, or holds neither polygons nor points.
    """
    path = Path(path)
    if not path.exists():
        raise SourceError(f"There is no file of institutions at {path}; give polygons or points with a name column.")
    try:
        frame: Any = gpd.read_file(path)
    except Exception as error:  # pyogrio raises many kinds; the user needs one sentence
        raise SourceError(f"{path.name} could not be read as a file of institutions with shapes.") from error
    usable = getattr(frame, "geometry", pd.Series(dtype=object)) if "geometry" in frame else pd.Series(dtype=object)
    kinds = ("Point", "MultiPoint", "Polygon", "MultiPolygon")
    usable = [g is not None and not g.is_empty and g.geom_type in kinds for g in usable]
    if not any(usable):
        raise SourceError(f"{path.name} holds neither polygons nor points; draw each institution as one of them.")
    frame = frame.loc[usable]
    frame = frame.set_crs(WGS84) if frame.crs is None else to_wgs84(frame)
    named = {str(column).lower(): column for column in frame.columns}
    names = frame[named["name"]].fillna("").astype(str) if "name" in named else pd.Series("", index=frame.index)
    actions = frame[named["action"]].fillna("exclude").astype(str) if "action" in named else None
    found = []
    for at, shape in frame.geometry.items():
        action = "exclude" if actions is None else actions[at].strip().lower() or "exclude"
        if action not in ("keep", "exclude"):
            raise SourceError(f"{path.name}: an institution has the action '{action[:20]}'; write keep or exclude.")
        name = names[at].strip() or "unnamed institution"
        found.append(Institution(name, shapely.make_valid(shape), "keep" if action == "keep" else "exclude"))
    return tuple(found)


def decide(
    located: pd.DataFrame,
    area: StudyArea,
    policies: Sequence[LocationPolicy] = (),
    institutions: Sequence[Institution] = (),
) -> tuple[NDArray[np.bool_], tuple[LocationDecision, ...]]:
    """Apply the decisions; the first that fits a record settles it, points before institutions.

    Parameters
    ----------
    located : DataFrame
        Located records: ``longitude``, ``latitude``, ``location``, ``month``, ``occurred_from`` and, optionally,
        ``inside``; only those inside are counted and capped, those outside are excluded or kept with them.
    area : StudyArea
    policies : sequence of LocationPolicy
    institutions : sequence of Institution

    Returns
    -------
    is_kept : array of bool, shape (n,)
    decisions : tuple of LocationDecision
        One for each policy and institution, in order, also where no record lies there.
    """
    inside = located["inside"].to_numpy(dtype=bool) if "inside" in located else np.ones(len(located), dtype=bool)
    is_kept, is_open = np.ones(len(located), dtype=bool), np.ones(len(located), dtype=bool)
    rules: list[LocationPolicy | Institution] = [*policies, *institutions]
    decisions = []
    for rule in rules:
        there = _at(located, rule, area) & is_open
        is_open &= ~there
        leaves = there if rule.action == "exclude" else np.zeros(len(located), dtype=bool)
        if isinstance(rule, LocationPolicy) and rule.action == "cap":
            leaves = _surplus(located, there & inside, rule.cap)
        is_kept &= ~leaves
        decisions.append(_decision(rule, located, there & inside, leaves & inside))
    return is_kept, tuple(decisions)


def _at(located: pd.DataFrame, rule: LocationPolicy | Institution, area: StudyArea) -> NDArray[np.bool_]:
    codes, first = distinct(located["longitude"], located["latitude"])
    points = located[["longitude", "latitude"]].to_numpy(dtype=float)[first]
    if isinstance(rule, LocationPolicy):
        return at_any(points[:, 0], points[:, 1], [rule], area)[codes]
    reach = 0.0 if rule.shape.geom_type.endswith("Polygon") else SAME_PLACE_M
    near = shapely.dwithin(area.in_metres(rule.shape), shapely.points(*area.project(points[:, 0], points[:, 1])), reach)
    return np.asarray(near, dtype=bool)[codes]


def _surplus(located: pd.DataFrame, there: NDArray[np.bool_], cap: int) -> NDArray[np.bool_]:
    """Return which records go so that `cap` are left, spread evenly over the records in order of time."""
    leaves = np.zeros(len(located), dtype=bool)
    rows = np.flatnonzero(there)
    if len(rows) > cap:
        ordered = rows[
            located.iloc[rows].reset_index(drop=True).sort_values(["month", "occurred_from"], kind="stable").index
        ]
        stay = ordered[np.floor((np.arange(cap) + 0.5) * len(rows) / cap).astype(int)]
        leaves[rows], leaves[stay] = True, False
    return leaves


def _decision(
    rule: LocationPolicy | Institution, located: pd.DataFrame, there: NDArray[np.bool_], leaves: NDArray[np.bool_]
) -> LocationDecision:
    n, n_excluded = int(there.sum()), int(leaves.sum())
    if isinstance(rule, Institution):
        centre = rule.shape.representative_point()
        reason = "institution named by the user (R1.11)"
        return LocationDecision(rule.name, float(centre.x), float(centre.y), rule.action, reason, n, n_excluded)
    texts = located.loc[there, "location"].mode()
    name = str(texts.iloc[0]) if len(texts) else ""
    return LocationDecision(name, rule.longitude, rule.latitude, rule.action, rule.reason, n, n_excluded)


# ---- names that give a place away


def kind_of_place(text: str) -> str:
    """Return the kind of institution or stand-in a location text names, or "".

    Examples
    --------
    >>> kind_of_place("On or near Police Station"), kind_of_place("Police Street"), kind_of_place("Hospital Lane")
    ('police station', '', '')
    """
    lower = _STREET.sub(" ", text.lower())
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.search(lower)), "")


_STREET: Final = re.compile(
    r"\b(?:hospital|prison|station|court|custody|infirmary|town hall)\s+"
    r"(?:street|st|road|rd|lane|ln|avenue|ave|close|drive|way|walk|hill|approach|place|terrace|gardens|row|view)\b"
)
_PATTERNS: Final = {kind: re.compile(pattern) for kind, pattern in KINDS.items()}


def named_institutions(inside: pd.DataFrame) -> tuple[tuple[str, DefaultLocation], ...]:
    """Return points named as an institution or stand-in that hold over 1% of the records, most records first (R3.9).

    Returns
    -------
    tuple of (kind, DefaultLocation)
    """
    if inside.empty:
        return ()
    codes, first = distinct(inside["longitude"], inside["latitude"])
    n_at = np.bincount(codes)
    found = []
    for point in np.argsort(-n_at, kind="stable"):
        n = int(n_at[point])
        if n <= DEFAULT_SHARE * len(inside):
            break
        text = str(inside["location"].loc[codes == point].mode().iloc[0])
        kind = kind_of_place(text)
        if kind:
            share = n / len(inside)
            reason = f"{n:,} of {len(inside):,} records ({share:.1%}) lie on one point named as a {kind}"
            longitude, latitude = inside[["longitude", "latitude"]].to_numpy(dtype=float)[first[point]].tolist()
            found.append((kind, DefaultLocation(longitude, latitude, text, n, share, reason)))
    return tuple(found)


def institutions_finding(named: Sequence[DefaultLocation]) -> Finding | None:
    """Report busy points named as institutions or as no place at all (R1.11, R3.9)."""
    if not named:
        return None
    n = sum(place.n for place in named)
    names = "; ".join(f"{place.location} ({place.n:,})" for place in named[:5])
    message = (
        f"Busy points named as institutions or as no known place hold {n:,} records: {names}; decide for each whether "
        "to keep, exclude or cap it."
    )
    return Finding("institutions", "info", n, message, "R1.11, R3.9")


def decisions_finding(decisions: Sequence[LocationDecision]) -> Finding | None:
    """Say what was decided about default locations and institutions."""
    if not decisions:
        return None
    shown = "; ".join(
        f"{made.name or f'{made.latitude:.5f}, {made.longitude:.5f}'}: {_DONE[made.action]} ({made.n:,} records, "
        f"{made.n_excluded:,} left out; {made.reason})"
        for made in decisions[:5]
    )
    n = sum(made.n_excluded for made in decisions)
    n_empty = sum(made.n == 0 and not made.name for made in decisions)  # sites of a file may lie anywhere
    empty = f"; {n_empty} of these places hold no record: check their coordinates" if n_empty else ""
    message = f"Decisions on places: {shown}{empty}."
    return Finding("location decisions", "amber" if n_empty else "info", n, message, "R1.11, R3.9")


_DONE: Final = {"keep": "kept", "exclude": "excluded", "cap": "capped"}
