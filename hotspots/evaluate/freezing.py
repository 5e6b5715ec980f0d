"""A design file made from a list of hotspots, frozen before the start, amended in the open (R6.3)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geodata.errors import DesignError
from hotspots.evaluate.design import design_hash
from hotspots.evaluate.design_file import read_design

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
    """Return ``DESIGN.toml`` and ``treated.geojson`` for the chosen hotspots.

    Parameters
    ----------
    hotspots : GeoDataFrame
        From `read_list`.
    treated : iterable of str
        Ids of the treated hotspots; ignored where an assignment is given.
    settings : mapping
        Keys of a design (`read_design`); paths as the file shall name them. None is left out.
    assignment : DataFrame or None
        From `randomise`: who is treated comes from it, and the design is marked as randomised.
    """
    wanted = list(treated)
    if assignment is not None:
        if assignment.groupby("hotspot_id")["arm"].nunique().max() > 1:
            raise DesignError(
                "A rotation has no fixed treated places; evaluate it with the method 'rotation', which needs the list."
            )
        wanted = list(assignment.loc[assignment["arm"] == "treated", "hotspot_id"])
    if unknown := [one for one in wanted if one not in hotspots.index]:
        raise DesignError(
            f"The list has no hotspot {', '.join(unknown)}; it has {', '.join(map(str, hotspots.index))}."
        )
    chosen = hotspots.loc[wanted, ["name", "geometry"]]
    keys = {"name": None, "incidents": None, "area": None} | dict(settings) | {"treated": "treated.geojson"}
    keys["assignment"] = "ranked" if assignment is None else "randomised"
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items() if value is not None]
    return {"DESIGN.toml": ("\n".join(lines) + "\n").encode(), "treated.geojson": chosen.to_json().encode()}


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
