"""A design as a file: DESIGN.toml read whole, and everything that is wrong with it said in one sentence."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geodata.area import WGS84
from geodata.categories import slug
from geodata.errors import DataError, DesignError
from geodata.period import Period, parse_month
from geodata.schema import ASB
from hotspots.evaluate.contradictions import contradictions
from hotspots.evaluate.design import ASSIGNMENTS, PRIMARY, Amendment, Design, design_hash
from hotspots.evaluate.lots import read_lot, rows_without_lot

_REQUIRED = ("name", "incidents", "area", "treated", "start")
_OPTIONAL = (
    "category", "months_after", "visits", "planned_visits_per_week", "rings", "assignment", "selection", "baseline",
    "recording_changes", "cost_per_hour_gbp", "harm_weights", "survey",
    "survey_design_effect", "lot", "controls",
    "period_pairs", "primary", "starts", "steps", "hours", "frozen", "frozen_on", "amendments", "notes",
)  # fmt: skip
_KNOWN = (*_REQUIRED, *_OPTIONAL)
_NEARLY = 0.8
_MAX_RINGS = 3
_MAX_DESIGN_EFFECT = 20.0
_UNREAD = ("outcomes",)
"""Keys that read as if their content were used: kept silently they would mislead."""


def read_design(path: str | Path, *, with_changes: bool = False) -> Design:
    """Read an evaluation design; paths in it are relative to the file.

    Required keys: ``name``, ``incidents`` (list of files or folders), ``area``, ``treated`` (polygon file with a
    ``name`` column) and ``start`` (YYYY-MM). Optional: ``category`` (list), ``months_after``, ``visits``,
    ``planned_visits_per_week`` (all treated places together), ``rings``, ``assignment`` ("ranked" or "randomised"),
    ``selection`` and ``baseline`` ([first, last] month), ``recording_changes`` (list of months), ``cost_per_hour_gbp``,
    ``harm_weights`` (file), ``survey`` (file, which may come after the pilot), ``survey_design_effect``, ``lot``
    (assignment list), ``controls`` (polygon file), ``[[period_pairs]]`` (``before``, ``after``: [first, last] month
    each), ``primary`` (key of `hotspots.evaluate.design.PRIMARY`), ``[starts]`` (place =
    month), ``[[steps]]`` (``measure``, ``from``), ``hours`` ([first, end] hour patrolled), ``frozen`` (the hash of
    `design_hash`), ``frozen_on``, ``[[amendments]]`` (`Amendment`) and a free table ``notes``. Other keys
    (``hypothesis``, ``known_shocks`` ...) are kept with the notes. ``with_changes`` reads a frozen design that was
    changed, so that it can be amended.

    Raises
    ------
    DesignError
        In one sentence, everything that is wrong with the design, or that it was amended after it was frozen.
    """
    path = Path(path)
    given = _toml(path)
    if broken := [*_misspelt(given), *_broken(given, path.parent)]:
        raise DesignError(f"{path.name} is not a design: {'; '.join(broken)}.")
    visits, hours = given.get("visits"), given.get("hours")
    lot = read_lot(path.parent / given["lot"]) if "lot" in given else None
    design = Design(
        name=given["name"].strip(),
        incidents=tuple(path.parent / one for one in _texts(given["incidents"])),
        area=path.parent / given["area"],
        treated=read_places(path.parent / given["treated"]),
        categories=tuple(slug(text) for text in _texts(given.get("category", ASB))),
        start=parse_month(given["start"]),
        months_after=given.get("months_after", lot.n_months if lot else None),
        visits=None if visits is None else path.parent / visits,
        planned_visits_per_week=given.get("planned_visits_per_week"),
        rings=given.get("rings"),
        assignment=given.get("assignment", ASSIGNMENTS[0] if lot is None else ASSIGNMENTS[1]),
        selection=_period(given.get("selection")),
        baseline=_period(given.get("baseline")),
        recording_changes=tuple(parse_month(month) for month in _texts(given.get("recording_changes", ()))),
        cost_per_hour_gbp=given.get("cost_per_hour_gbp"),
        harm_weights=path.parent / given["harm_weights"] if "harm_weights" in given else None,
        survey=path.parent / given["survey"] if "survey" in given else None,
        survey_design_effect=float(given.get("survey_design_effect", 1.0)),
        lot=lot,
        controls=read_places(path.parent / given["controls"], what="comparison") if "controls" in given else None,
        period_pairs=tuple((_months(one["before"]), _months(one["after"])) for one in given.get("period_pairs", ())),
        primary=given.get("primary", "reports"),
        starts={name: parse_month(month) for name, month in given.get("starts", {}).items()},
        steps=tuple((one["measure"].strip(), parse_month(one["from"])) for one in given.get("steps", ())),
        hours=None if hours is None else (hours[0], hours[1]),
        frozen=given.get("frozen", ""),
        frozen_on=given.get("frozen_on", ""),
        amendments=tuple(Amendment(**one) for one in given.get("amendments", ())),
        notes={key: value for key, value in given.items() if key not in _KNOWN} | given.get("notes", {}),
    )
    if at_odds := list(contradictions(design)):
        raise DesignError(f"{path.name} contradicts itself: {'; '.join(at_odds)}.")
    if not with_changes:
        _refuse_silent_change(design, path.name)
    return design


def read_assignment(path: str | Path) -> pd.DataFrame:
    """Return who is treated when, from an assignment list (CSV) or from a design (TOML) with or without a lot.

    Returns
    -------
    DataFrame
        As `hotspots.evaluate.randomise` has it; ``hotspot_id`` is "" where a design only names its places.

    Raises
    ------
    DesignError
        As `read_lot` and `read_design` do.
    """
    if Path(path).suffix.lower() != ".toml":
        return read_lot(path).rows
    design = read_design(path)
    if design.lot is not None:
        return design.lot.rows
    starts = {str(name): design.starts.get(str(name), design.start) for name in design.treated["name"]}
    controls = [] if design.controls is None else [str(name) for name in design.controls["name"]]
    return rows_without_lot(starts, controls, start=design.start, months=design.months_after)


def _refuse_silent_change(design: Design, file: str) -> None:
    frozen = design.amendments[-1].frozen if design.amendments else design.frozen
    if frozen and frozen != design_hash(design):
        raise DesignError(
            f"{file} was changed after it was frozen (hash {design_hash(design)[:12]}, frozen as {frozen[:12]}); "
            "restore the frozen design, or amend it with `hotspots design amend`, saying what was changed and why."
        )


def read_places(path: str | Path, *, what: str = "treated") -> gpd.GeoDataFrame:
    """Read treated or comparison places: polygons with a ``name`` each, returned in EPSG:4326.

    Raises
    ------
    DesignError
        If the file is missing or unreadable, has no ``name`` column, or a place is unnamed, named twice or no polygon.
    """
    path = Path(path)
    if not path.exists():
        raise DesignError(f"There is no file of {what} places at {path}.")
    try:
        frame: Any = gpd.read_file(path)
    except Exception as error:  # pyogrio raises many kinds; the user needs one sentence
        raise DesignError(f"{path.name} could not be read as a polygon file of {what} places.") from error
    if "name" not in frame or "geometry" not in frame or frame.empty:
        raise DesignError(f"{path.name} must hold one polygon a {what} place, with a 'name' each.")
    names = frame["name"].fillna("").astype(str).str.strip()
    if (names == "").any() or names.duplicated().any():
        wrong = int((names == "").sum()), int(names.duplicated().sum())
        raise DesignError(f"{path.name}: every {what} place needs its own name ({wrong[0]} without, {wrong[1]} twice).")
    shapes = frame.geometry if frame.crs is not None else frame.geometry.set_crs(WGS84)
    if not shapes.geom_type.isin(["Polygon", "MultiPolygon"]).all() or shapes.is_empty.any():
        raise DesignError(f"{path.name}: every {what} place must be drawn as a polygon.")
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
    slips = [f"'{key}' is not a key of a design (did you mean '{meant[0]}'?)" for key, meant in close.items() if meant]
    return slips + [f"'{key}' is not read by an evaluation; put it under [notes]" for key in _UNREAD if key in given]


def _broken(given: Mapping[str, Any], folder: Path) -> list[str]:
    """Say everything that is wrong with the values, so that one reading of the message mends them all."""
    broken = [f"'{key}' is missing" for key in _REQUIRED if key not in given]
    for key in ("name", "area", "treated", "visits", "frozen", "harm_weights", "survey", "lot", "controls"):
        if key in given and not (isinstance(given[key], str) and given[key].strip()):
            broken.append(f"'{key}' must be a text")
    for key in ("incidents", "category"):
        if key in given and not (_texts(given[key]) and all(isinstance(one, str) for one in _texts(given[key]))):
            broken.append(f"'{key}' must be a list of texts")
    for key in ("area", "treated", "visits", "incidents", "harm_weights", "lot", "controls"):
        for one in _texts(given.get(key, ())):
            if isinstance(one, str) and one.strip() and not (folder / one).exists():
                broken.append(f"'{key}' names {one}, which is not there")
    return broken + _broken_numbers(given) + _broken_dates(given) + _broken_tables(given) + _broken_amendments(given)


def _broken_dates(given: Mapping[str, Any]) -> list[str]:
    """Say which dates are no dates, in the wrong order, or make the selection window the baseline (R6.4)."""
    broken, periods = [], {}
    for key in ("selection", "baseline"):
        if key in given:
            try:
                periods[key] = _months(given[key])
            except (DataError, TypeError, ValueError) as error:
                broken.append(
                    f"'{key}' must be two months in order, [first, last] as YYYY-MM ({str(error).rstrip('.')})"
                )
    for month in _texts(given.get("recording_changes", ())):
        try:
            parse_month(month)
        except DataError as error:
            broken.append(f"'recording_changes': {str(error).rstrip('.')}")
    if "frozen_on" in given and pd.isna(pd.to_datetime(given["frozen_on"], errors="coerce")):
        broken.append("'frozen_on' must be a date, YYYY-MM-DD")
    selection, baseline = periods.get("selection"), periods.get("baseline")
    if selection and baseline and selection.first <= baseline.last and baseline.first <= selection.last:
        broken.append(
            f"the baseline {baseline} lies in the window the places were selected on ({selection}): places picked at a "
            "peak fall by themselves; take the months before the selection, or leave 'baseline' out"
        )
    try:
        start = parse_month(given.get("start", ""))
    except DataError:
        return broken
    return broken + [
        f"'{key}' ({period}) must end before the start {start:%Y-%m}"
        for key, period in periods.items()
        if period and period.last >= start
    ]


def _broken_tables(given: Mapping[str, Any]) -> list[str]:
    """Say which of the tables of a design do not hold what they must."""
    broken = []
    pairs, starts, steps = (given.get(key, ()) for key in ("period_pairs", "starts", "steps"))
    if not isinstance(pairs, list | tuple) or not all(_is_period_pair(one) for one in pairs):
        broken.append("every [[period_pairs]] needs before and after, each [first, last] month in order as YYYY-MM")
    if starts and not (isinstance(starts, dict) and all(_is_month(month) for month in starts.values())):
        broken.append("[starts] must give a month (YYYY-MM) for each place that started later")
    if not isinstance(steps, list | tuple) or not all(_is_step(one) for one in steps):
        broken.append("every [[steps]] needs a measure (text) and the month it is from (YYYY-MM)")
    hours = given.get("hours")
    if hours is not None and not (isinstance(hours, list) and len(hours) == 2 and all(map(_is_hour, hours))):
        broken.append("'hours' must be the first and the end hour patrolled, whole numbers from 0 to 24, as [15, 22]")
    elif hours is not None and hours[0] % 24 == hours[1] % 24:
        broken.append("'hours' must leave hours that were not patrolled; leave it out if patrols were round the clock")
    if given.get("primary", "reports") not in PRIMARY:
        broken.append(f"'primary' must be one of {', '.join(PRIMARY)} (harm can only stand beside them)")
    return broken


def _is_period_pair(given: Any) -> bool:
    if not isinstance(given, dict) or set(given) != {"before", "after"}:
        return False
    try:
        return all(bool(_months(given[side])) for side in ("before", "after"))
    except (DataError, TypeError, ValueError):
        return False


def _is_step(given: Any) -> bool:
    if not isinstance(given, dict) or set(given) != {"measure", "from"}:
        return False
    return isinstance(given["measure"], str) and bool(given["measure"].strip()) and _is_month(given["from"])


def _is_month(text: Any) -> bool:
    try:
        parse_month(text)
    except DataError:
        return False
    return True


def _is_hour(value: Any) -> bool:
    return _is_whole(value) and 0 <= value <= 24


def _broken_amendments(given: Mapping[str, Any]) -> list[str]:
    amendments = given.get("amendments", [])
    if not isinstance(amendments, list) or not all(_is_amendment(one) for one in amendments):
        return ["every [[amendments]] needs the texts date (YYYY-MM-DD), what, why and frozen (the new hash)"]
    if amendments and "frozen" not in given:
        return ["an amended design needs 'frozen', the hash it was first frozen with"]
    days = [one["date"] for one in amendments]
    return ["the [[amendments]] must stand in order of their dates"] if days != sorted(days) else []


def _is_amendment(given: Any) -> bool:
    if not isinstance(given, dict) or set(given) != {"date", "what", "why", "frozen"}:
        return False
    said = all(isinstance(text, str) and text for text in given.values())
    return said and not pd.isna(pd.to_datetime(given["date"], errors="coerce"))


def _period(months: Any) -> Period | None:
    """Return a pair of months as a period, None for None."""
    return None if months is None else _months(months)


def _months(months: Any) -> Period:
    first, last = (parse_month(month) for month in months)
    if first > last:
        raise ValueError(f"{first:%Y-%m} is after {last:%Y-%m}")
    return Period(first, last)


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
    cost = given.get("cost_per_hour_gbp")
    if cost is not None and not ((_is_whole(cost) or isinstance(cost, float)) and cost > 0):
        broken.append("'cost_per_hour_gbp' must be a number above 0")
    wider = given.get("survey_design_effect", 1)
    if not ((_is_whole(wider) or isinstance(wider, float)) and 1 <= wider <= _MAX_DESIGN_EFFECT):
        broken.append(f"'survey_design_effect' must be a number from 1 to {_MAX_DESIGN_EFFECT:g}")
    if given.get("assignment", ASSIGNMENTS[0]) not in ASSIGNMENTS:
        broken.append(f"'assignment' must be one of {', '.join(ASSIGNMENTS)}")
    if not isinstance(given.get("notes", {}), dict):
        broken.append("'notes' must be a table")
    return broken


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _texts(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list | tuple) else ()
