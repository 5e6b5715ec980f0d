"""The evaluation design: what was decided before the start, read from DESIGN.toml and frozen by a hash (R6.3)."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geodata.area import WGS84
from geodata.categories import slug
from geodata.errors import DataError, DesignError
from geodata.period import parse_month
from geodata.schema import ASB

ASSIGNMENTS = ("ranked", "randomised")
"""How the treated places were chosen: the busiest of a ranking, or drawn at random from one list."""

_REQUIRED = ("name", "incidents", "area", "treated", "start")
_OPTIONAL = ("category", "months_after", "visits", "planned_visits_per_week", "rings", "assignment", "frozen", "notes")
_KNOWN = (*_REQUIRED, *_OPTIONAL)
_NEARLY = 0.8
_MAX_RINGS = 3
_COORDINATE_DIGITS = 6  # about 0.1 m: saving a file again must not look like an amendment


@dataclass(frozen=True, eq=False)
class Design:
    """One before/after evaluation as it was planned.

    Attributes
    ----------
    incidents : tuple of Path
        Files or folders of incidents.
    treated : GeoDataFrame
        Treated places: ``name`` and polygons in EPSG:4326.
    start : Timestamp
        First treated month.
    months_after : int or None
        Months from the start that count; None takes every month published.
    planned_visits_per_week : float or None
        All treated places together.
    rings : int or None
        Rings of cells around a place watched for displacement; None: 2 at resolution 10, 1 at resolution 9.
    assignment : str
        "ranked" (the busiest places were treated) or "randomised".
    frozen : str
        Hash stored when the design was frozen, "" if it never was.
    notes : dict
        Free text of the design: hypotheses, known shocks, stopping rule.
    """

    name: str
    incidents: tuple[Path, ...]
    area: Path
    treated: gpd.GeoDataFrame
    categories: tuple[str, ...]
    start: pd.Timestamp
    months_after: int | None = None
    visits: Path | None = None
    planned_visits_per_week: float | None = None
    rings: int | None = None
    assignment: str = "ranked"
    frozen: str = ""
    notes: dict[str, Any] = field(default_factory=dict)


def read_design(path: str | Path) -> Design:
    """Read an evaluation design; paths in it are relative to the file.

    Required keys: ``name``, ``incidents`` (list of files or folders), ``area``, ``treated`` (polygon file with a
    ``name`` column) and ``start`` (YYYY-MM). Optional: ``category`` (list), ``months_after``, ``visits``,
    ``planned_visits_per_week`` (all treated places together), ``rings``, ``assignment`` ("ranked" or "randomised"),
    ``frozen`` (the hash of `design_hash`) and a free table ``notes``. Other keys (``hypothesis``, ``known_shocks`` ...)
    are kept with the notes.

    Raises
    ------
    DesignError
        In one sentence, everything that is wrong with the design, or that it was amended after it was frozen.
    """
    path = Path(path)
    given = _toml(path)
    if broken := [*_misspelt(given), *_broken(given, path.parent)]:
        raise DesignError(f"{path.name} is not a design: {'; '.join(broken)}.")
    visits = given.get("visits")
    design = Design(
        name=given["name"].strip(),
        incidents=tuple(path.parent / one for one in _texts(given["incidents"])),
        area=path.parent / given["area"],
        treated=read_treated(path.parent / given["treated"]),
        categories=tuple(slug(text) for text in _texts(given.get("category", ASB))),
        start=parse_month(given["start"]),
        months_after=given.get("months_after"),
        visits=None if visits is None else path.parent / visits,
        planned_visits_per_week=given.get("planned_visits_per_week"),
        rings=given.get("rings"),
        assignment=given.get("assignment", ASSIGNMENTS[0]),
        frozen=given.get("frozen", ""),
        notes={key: value for key, value in given.items() if key not in _KNOWN} | given.get("notes", {}),
    )
    if design.frozen and design.frozen != design_hash(design):
        raise DesignError(
            f"{path.name} was changed after it was frozen (hash {design_hash(design)[:12]}, frozen as "
            f"{design.frozen[:12]}); restore the frozen design, or remove 'frozen' and report the amendment."
        )
    return design


def design_hash(design: Design) -> str:
    """Return the SHA-256 of everything that decides the answer, whatever the order of keys, files or places.

    The incidents themselves are not part of it: a design is frozen before they exist.
    """
    shapes = shapely.set_precision(shapely.normalize(design.treated.geometry.to_numpy()), 10**-_COORDINATE_DIGITS)
    places = sorted(zip(design.treated["name"], shapely.to_wkt(shapes, rounding_precision=6), strict=True))
    content = {
        "name": design.name,
        "area": design.area.name,
        "treated": places,
        "categories": sorted(design.categories),
        "start": f"{design.start:%Y-%m}",
        "months_after": design.months_after,
        "planned_visits_per_week": design.planned_visits_per_week,
        "rings": design.rings,
        "assignment": design.assignment,
        "notes": design.notes,
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def read_treated(path: str | Path) -> gpd.GeoDataFrame:
    """Read the treated places: polygons with a ``name`` each, returned in EPSG:4326.

    Raises
    ------
    DesignError
        If the file is missing or unreadable, has no ``name`` column, or a place is unnamed, named twice or no polygon.
    """
    path = Path(path)
    if not path.exists():
        raise DesignError(f"There is no file of treated places at {path}.")
    try:
        frame: Any = gpd.read_file(path)
    except Exception as error:  # pyogrio raises many kinds; the user needs one sentence
        raise DesignError(f"{path.name} could not be read as a polygon file of treated places.") from error
    if "name" not in frame or "geometry" not in frame or frame.empty:
        raise DesignError(f"{path.name} must hold one polygon a treated place, with a 'name' each.")
    names = frame["name"].fillna("").astype(str).str.strip()
    if (names == "").any() or names.duplicated().any():
        wrong = int((names == "").sum()), int(names.duplicated().sum())
        raise DesignError(
            f"{path.name}: every treated place needs its own name ({wrong[0]} without, {wrong[1]} twice)."
        )
    shapes = frame.geometry if frame.crs is not None else frame.geometry.set_crs(WGS84)
    if not shapes.geom_type.isin(["Polygon", "MultiPolygon"]).all() or shapes.is_empty.any():
        raise DesignError(f"{path.name}: every treated place must be drawn as a polygon.")
    valid = shapely.make_valid(shapes.to_crs(WGS84).to_numpy())
    return gpd.GeoDataFrame({"name": names.to_numpy()}, geometry=valid, crs=WGS84)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise DesignError(f"There is no design file at {path}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DesignError(f"{path.name} is not valid TOML: {error}.") from error


def _misspelt(given: Mapping[str, Any]) -> list[str]:
    """Other keys are free text of the design; one that nearly names a setting is a slip that must not pass."""
    close = {key: get_close_matches(key, _KNOWN, n=1, cutoff=_NEARLY) for key in given if key not in _KNOWN}
    return [f"'{key}' is not a key of a design (did you mean '{meant[0]}'?)" for key, meant in close.items() if meant]


def _broken(given: Mapping[str, Any], folder: Path) -> list[str]:
    """Say everything that is wrong with the values, so that one reading of the message mends them all."""
    broken = [f"'{key}' is missing" for key in _REQUIRED if key not in given]
    for key in ("name", "area", "treated", "visits", "frozen"):
        if key in given and not (isinstance(given[key], str) and given[key].strip()):
            broken.append(f"'{key}' must be a text")
    for key in ("incidents", "category"):
        if key in given and not (_texts(given[key]) and all(isinstance(one, str) for one in _texts(given[key]))):
            broken.append(f"'{key}' must be a list of texts")
    for key in ("area", "treated", "visits", "incidents"):
        for one in _texts(given.get(key, ())):
            if isinstance(one, str) and one.strip() and not (folder / one).exists():
                broken.append(f"'{key}' names {one}, which is not there")
    return broken + _broken_numbers(given)


def _broken_numbers(given: Mapping[str, Any]) -> list[str]:
    broken = []
    if "start" in given:
        try:
            parse_month(given["start"])
        except DataError as error:
            broken.append(f"'start': {str(error).rstrip('.')}")
    months, rings, visits = (given.get(key) for key in ("months_after", "rings", "planned_visits_per_week"))
    if months is not None and not (_is_whole(months) and months >= 1):
        broken.append("'months_after' must be a whole number of at least 1")
    if rings is not None and not (_is_whole(rings) and 1 <= rings <= _MAX_RINGS):
        broken.append(f"'rings' must be a whole number from 1 to {_MAX_RINGS}")
    if visits is not None and not ((_is_whole(visits) or isinstance(visits, float)) and visits > 0):
        broken.append("'planned_visits_per_week' must be a number above 0")
    if given.get("assignment", ASSIGNMENTS[0]) not in ASSIGNMENTS:
        broken.append(f"'assignment' must be one of {', '.join(ASSIGNMENTS)}")
    if not isinstance(given.get("notes", {}), dict):
        broken.append("'notes' must be a table")
    return broken


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _texts(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list | tuple) else ()
