"""A design file made from a list of hotspots, frozen before the start, amended in the open (R6.3)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import pandas as pd

from geodata.errors import DesignError
from hotspots.evaluate.design import Design, design_hash
from hotspots.evaluate.design_file import read_design
from hotspots.evaluate.lots import lot_of

_LIST = "hotspots.gpkg"


def read_list(path: str | Path) -> gpd.GeoDataFrame:
    """Return the hotspots of a run's folder (or of its ``hotspots.gpkg``): index ``hotspot_id``, ``rank``, ``name``.

    Raises
    ------
    DesignError
        If there is no list of hotspots there.
    """
    path = Path(path)
    file = path / _LIST if path.is_dir() else path
    try:
        frame: Any = gpd.read_file(file, layer="hotspots")
    except Exception as error:  # pyogrio raises many kinds; the user needs one sentence
        raise DesignError(f"There is no list of hotspots at {file}; give the folder `hotspots run` wrote.") from error
    if missing := {"hotspot_id", "rank", "name"} - set(frame):
        raise DesignError(f"{file.name} is not a list of hotspots: it has no {', '.join(sorted(missing))}.")
    return frame.set_index("hotspot_id").sort_values("rank")


def design_files(
    hotspots: gpd.GeoDataFrame, treated: Iterable[str], settings: Mapping[str, Any], *, assignment: pd.DataFrame | None
) -> dict[str, bytes]:
    """Return ``DESIGN.toml`` and ``treated.geojson`` for the chosen hotspots; with a lot its list and its controls.

    Parameters
    ----------
    hotspots : GeoDataFrame
        From `read_list`: the list the lot was drawn from.
    treated : iterable of str
        Ids of the treated hotspots; ignored where an assignment is given.
    settings : mapping
        Keys of a design (`read_design`); paths as the file shall name them. None is left out; tables (mappings, and
        sequences of mappings) are written as such.
    assignment : DataFrame or None
        From `randomise`: who is treated, and when, comes from it (``assignment.csv``); the places it leaves untreated
        are named in ``controls.geojson``.

    Raises
    ------
    DesignError
        If a hotspot is not on the list, or the assignment was drawn from another list.
    """
    keys: dict[str, Any] = {"name": None, "incidents": None, "area": None} | dict(settings)
    files: dict[str, bytes] = {}
    wanted = list(treated)
    if assignment is not None:
        lot = lot_of(assignment)
        ids = lot.rows.drop_duplicates("hotspot_id").set_index("name")["hotspot_id"]
        _refuse_other_list(ids, hotspots)
        wanted = list(ids.loc[list(lot.treated)])
        keys |= {"lot": "assignment.csv", "start": f"{lot.first_month:%Y-%m}"}
        files["assignment.csv"] = lot.rows.to_csv(index=False, date_format="%Y-%m-%d").encode()
        if lot.controls:
            keys["controls"] = "controls.geojson"
            files["controls.geojson"] = _polygons(hotspots, list(ids.loc[list(lot.controls)]))
    keys |= {"treated": "treated.geojson", "assignment": "ranked" if assignment is None else "randomised"}
    return {"DESIGN.toml": _toml(keys).encode(), "treated.geojson": _polygons(hotspots, wanted)} | files


def checked_design(files: Mapping[str, bytes]) -> Design:
    """Return the design that files describe, read as they would be from a folder; paths in it must be absolute.

    Raises
    ------
    DesignError
        As `read_design` does.
    """
    with TemporaryDirectory(prefix="asb-hotspots-design-") as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        return read_design(Path(folder) / "DESIGN.toml")


def _polygons(hotspots: gpd.GeoDataFrame, ids: list[str]) -> bytes:
    if unknown := [one for one in ids if one not in hotspots.index]:
        raise DesignError(
            f"The list has no hotspot {', '.join(unknown)}; it has {', '.join(map(str, hotspots.index))}."
        )
    return bytes(hotspots.loc[ids, ["name", "geometry"]].to_json().encode())


def _refuse_other_list(ids: pd.Series, hotspots: gpd.GeoDataFrame) -> None:
    """A new run numbers its hotspots anew: an id that now stands for another place must not be treated by mistake."""
    names = hotspots["name"].to_dict()
    other = [f"{one} was {name}" for name, one in ids.items() if names.get(one, name) != name]
    if other:
        raise DesignError(
            f"The assignment list was drawn from another run ({'; '.join(other[:3])}); give the folder of that run."
        )


def _toml(keys: Mapping[str, Any]) -> str:
    """Return keys as TOML: plain values first, then tables and lists of tables."""
    plain, tables = [], []
    for key, value in keys.items():
        if value is None or value in ({}, []):  # an empty table would bar the user from writing one
            continue
        if isinstance(value, Mapping):
            tables += ["", f"[{key}]", *(f"{_text(one)} = {_text(other)}" for one, other in value.items())]
        elif isinstance(value, list | tuple) and value and isinstance(value[0], Mapping):
            for row in value:
                tables += ["", f"[[{key}]]", *(f"{one} = {_text(other)}" for one, other in row.items())]
        else:
            plain.append(f"{key} = {_text(value)}")
    return "\n".join([*plain, *tables]) + "\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def freeze(path: str | Path, *, today: str) -> str:
    """Return the text of a design file with its hash and the day; its own words stay as they are.

    Raises
    ------
    DesignError
        If the design is broken, or frozen already.
    """
    design = read_design(path)
    if design.frozen:
        raise DesignError(f"{Path(path).name} was frozen on {design.frozen_on or 'an earlier day'}; amend it instead.")
    text = Path(path).read_text(encoding="utf-8")
    return f'frozen = "{design_hash(design)}"\nfrozen_on = "{today}"\n{text}'


def amend(path: str | Path, *, today: str, what: str, why: str) -> str:
    """Return the text of a changed design file with a visible amendment at its end.

    Raises
    ------
    DesignError
        If the design was never frozen, is unchanged, or what and why are not said.
    """
    design = read_design(path, with_changes=True)
    if not design.frozen:
        raise DesignError(f"{Path(path).name} was never frozen; freeze it first, an open design needs no amendment.")
    if not what.strip() or not why.strip():
        raise DesignError("An amendment says what was changed and why.")
    known = design.amendments[-1].frozen if design.amendments else design.frozen
    if known == design_hash(design):
        raise DesignError(f"{Path(path).name} is as it was frozen; change it first, then amend.")
    entry = {"date": today, "what": what.strip(), "why": why.strip(), "frozen": design_hash(design)}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items()]
    text = Path(path).read_text(encoding="utf-8").rstrip("\n")
    return "\n".join([text, "", "[[amendments]]", *lines, ""])
