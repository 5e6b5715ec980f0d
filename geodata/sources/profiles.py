"""How one force's extract is read, kept as TOML: which column holds what, in which zone, and what every row shares."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from geodata.errors import SourceError
from geodata.sources.channels import ORIGINS
from geodata.sources.intake import Intake
from geodata.sources.places import POSITIONS
from geodata.sources.synonyms import SYNONYMS

DATE_ORDERS: Final = ("day-first", "month-first")
FIXED_FIELDS: Final = ("category", "qualifier", "origin")
_SECTIONS: Final = ("columns", "fixed", "channels", "timezone", "dates")


@dataclass(frozen=True)
class Profile:
    """A column mapping.

    Attributes
    ----------
    columns : mapping
        Canonical field -> column of the extract.
    fixed : mapping
        ``category``, ``qualifier`` or ``origin`` of every row, where the extract has no column for it.
    channels : mapping
        Value of the channel column -> ``public``, ``officer`` or ``unknown``, where its words mislead (R3.16).
    timezone : str
        Zone of local times; empty: as the caller says.
    dates : str
        ``day-first`` or ``month-first``; empty: told by the dates themselves.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    timezone: str = ""
    dates: str = ""


def load_profile(path: str | Path) -> Profile:
    """Read a profile.

    Raises
    ------
    SourceError
        If it is missing, no TOML, or says something unknown.
    """
    path = Path(path)
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SourceError(f"There is no profile at {path}; make one with `hotspots check --save-profile`.") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"The profile {path.name} is no TOML file ({str(error).splitlines()[0]}).") from error
    _refuse_unknown(said, _SECTIONS, path.name, "top level")
    columns, fixed = _texts(said, "columns", path.name), _texts(said, "fixed", path.name)
    _refuse_unknown(columns, tuple(SYNONYMS), path.name, "columns")
    _refuse_unknown(fixed, FIXED_FIELDS, path.name, "fixed")
    channels = _texts(said, "channels", path.name)
    if wrong := [value for value in channels.values() if value not in ORIGINS]:
        raise SourceError(f"The profile {path.name} says a channel is {wrong[0]!r}; write {', '.join(ORIGINS)}.")
    timezone, dates = said.get("timezone", ""), said.get("dates", "")
    if dates not in ("", *DATE_ORDERS):
        raise SourceError(f"The profile {path.name} says dates = {dates!r}; write {' or '.join(DATE_ORDERS)}.")
    if timezone:
        check_timezone(timezone)
    return Profile(columns=columns, fixed=fixed, channels=channels, timezone=timezone, dates=dates)


def save_profile(intake: Intake, path: str | Path) -> Path:
    """Write which column was taken for what, in which zone and order of dates, and what a profile said of every row.

    To be edited and used again; return the path.

    Raises
    ------
    SourceError
        If nothing was matched by name: police.uk's columns are always the same.
    """
    if intake.kind == "police_uk" or not intake.matched:
        raise SourceError("There is no profile to save: columns of police.uk files are always the same.")
    path = Path(path)
    zone = intake.records["occurred_from"].dt.tz
    lines = [
        f"# How {', '.join(intake.files[:3])} was read. Use again with `--profile {path.name}`.",
        f"timezone = {_quoted(str(zone))}",
        *([f"dates = {_quoted(intake.dates)}"] if intake.dates else []),
        "",
        "[columns]",
        *(f"{name} = {_quoted(intake.matched[name])}" for name in SYNONYMS if name in intake.matched),
        *(["", "[fixed]"] if intake.fixed else []),
        *(f"{name} = {_quoted(value)}" for name, value in intake.fixed.items()),
        *(["", "[channels]"] if intake.channels else []),
        *(f"{_quoted(name)} = {_quoted(value)}" for name, value in intake.channels.items()),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def describe_matching(intake: Intake) -> tuple[str, ...]:
    """Return one line for each field found: what it is, and which column it came from; and the datum of degrees."""
    lines = [f"{_MEANINGS.get(name, name.replace('_', ' '))} <- {column}" for name, column in intake.matched.items()]
    if intake.kind != "police_uk" and [name for name in POSITIONS if name in intake.matched] == [
        "longitude",
        "latitude",
    ]:
        lines.append(_DATUM)
    return tuple(lines)


def check_timezone(name: str) -> None:
    """Refuse a time zone that does not exist.

    Raises
    ------
    SourceError
        If it does not.
    """
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise SourceError(f"There is no time zone {name!r}; write it like Europe/London.") from error


_DATUM: Final = (
    "degrees are taken as WGS84, as GPS and web maps give them; were they on the older OSGB36 datum, all would lie "
    "some 100 m off: name such columns with --map osgb36_longitude=Column --map osgb36_latitude=Column"
)  # R3.11
_MEANINGS: Final = {
    "incident_ref": "reference of the record",
    "crime_id": "reference of the record",
    "occurred_from": "when it happened, or began",
    "occurred_from_time": "time of day it happened, or began",
    "occurred_to": "when it ended at the latest",
    "occurred_to_time": "time of day it ended at the latest",
    "created": "when it was reported",
    "category": "category",
    "heading": "opening category (ASB heading)",
    "qualifier": "ASB qualifier",
    "uprn": "property reference (UPRN)",
    "address": "address",
    "location": "street or place in words",
    "geocode_quality": "how finely it was placed",
    "officer_initiated": "made by an officer (yes or no)",
    "origin": "channel it came through",
}


def _texts(said: Mapping[str, Any], section: str, name: str) -> dict[str, str]:
    held = said.get(section, {})
    if not isinstance(held, dict) or not all(isinstance(value, str) for value in held.values()):
        raise SourceError(f'The profile {name}: [{section}] must hold lines like category = "Incident Type".')
    return held


def _refuse_unknown(said: Mapping[str, Any], known: tuple[str, ...], name: str, where: str) -> None:
    unknown = [key for key in said if key not in known]
    if unknown:
        raise SourceError(f"The profile {name} holds '{unknown[0]}' ({where}); it may hold: {', '.join(known)}.")


def _quoted(text: str) -> str:
    """Return a TOML string."""
    escaped = "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in text)
    return '"' + escaped.replace("\\u", "\0").replace("\\", "\\\\").replace('"', '\\"').replace("\0", "\\u") + '"'
