"""Hotspots as an analyst leaves them: edits applied to the list as drawn, every number counted afresh (R1.3)."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

from geodata import cells as h3cells
from geodata.errors import DesignError
from hotspots.delineate import Basis, measure, volume_needed
from hotspots.edits import Edit
from hotspots.naming import LONGEST_NAME, clean_text

MOST_CELLS_TO_CUT = 14
"""Every way to cut so many cells in two is looked at; larger hotspots are cut by naming the cells."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A hotspot on its way through the edits: its cells, its name, and what was done to it."""

    cells: tuple[str, ...]
    name: str
    done: tuple[str, ...] = ()


def drawn_list(hotspots: gpd.GeoDataFrame) -> str:
    """Return the fingerprint of a list of hotspots: their ids and cells. Edits made to one list fit no other."""
    lines = "\n".join(f"{hotspot_id} {text}" for hotspot_id, text in hotspots["cells"].items())
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def outlines_after(hotspots: gpd.GeoDataFrame, edits: Iterable[Edit], basis: Basis) -> dict[str, Outline]:
    """Return the outlines the edits leave, by id.

    An id stays with its hotspot: a merged one keeps the first's, the part split off gets the next id that was never
    used.

    Raises
    ------
    DesignError
        If an edit names a hotspot that is not there, cells that are not free or not its own, or would leave cells that
        do not touch.
    """
    outlines = {str(i): Outline(tuple(row["cells"].split(",")), row["name"]) for i, row in hotspots.iterrows()}
    used = len(outlines)
    for number, edit in enumerate(edits, start=1):
        where = f"Edit {number} ({edit.action} {edit.hotspot})"
        old = _find(outlines, edit.hotspot, where)
        if edit.action == "drop":
            del outlines[edit.hotspot]
        elif edit.action == "rename":
            outlines[edit.hotspot] = replace(old, name=_new_name(edit, outlines, where))
        elif edit.action == "merge":
            other = _find({i: o for i, o in outlines.items() if i != edit.hotspot}, edit.other, where)
            outlines[edit.hotspot] = replace(old, cells=_touching(old.cells + other.cells, where))
            del outlines[edit.other]
        elif edit.action == "split":
            kept, parted = _parted(old, edit, basis, where)
            used += 1
            outlines[edit.hotspot] = replace(old, cells=kept)
            outlines[f"H{used:02d}"] = Outline(parted, "", (f"split from {edit.hotspot}: {edit.reason}",))
        else:
            outlines[edit.hotspot] = replace(old, cells=_changed(old, edit, outlines, basis, where))
        if edit.hotspot in outlines:
            done = (*old.done, f"{edit.describe()}: {edit.reason}")
            outlines[edit.hotspot] = replace(outlines[edit.hotspot], done=done)
        for hotspot_id, outline in outlines.items():
            if basis.cells.loc[list(outline.cells), "n"].sum() == 0:
                raise DesignError(f"{where}: {hotspot_id} would hold no report at all.")
    return outlines


def edit_hotspots(hotspots: gpd.GeoDataFrame, edits: Sequence[Edit], basis: Basis) -> gpd.GeoDataFrame:
    """Return HOTSPOTS after the edits: all numbers counted afresh, ranked afresh by the same score.

    What an edit breaks of the rules of size, volume and distance (R1.3, R1.4, R1.5) is said in ``flags``; what was
    done and why in ``edited``. Names stay, except that the part split off is named after its own streets.

    Parameters
    ----------
    hotspots : GeoDataFrame
        HOTSPOTS as drawn by `delineate`.
    edits : sequence of Edit
    basis : Basis
        What the hotspots were drawn from (`basis_of`).

    Raises
    ------
    DesignError
        As `outlines_after`.
    """
    outlines = outlines_after(hotspots, edits, basis)
    by_cells = {",".join(sorted(outline.cells)): hotspot_id for hotspot_id, outline in outlines.items()}
    counted = measure([outline.cells for outline in outlines.values()], basis)
    ids = [by_cells[text] for text in counted["cells"]]
    counted = counted.set_axis(pd.Index(ids, name="hotspot_id", dtype=object), axis=0)
    names = _names([outlines[i].name for i in ids], counted["name"].to_list())
    edited = ["; ".join(outlines[i].done) for i in ids]
    broken = _broken_rules(counted, names, basis)
    flags = [
        "; ".join([*filter(None, [flag]), *(more if done else [])])
        for flag, more, done in zip(counted["flags"], broken, edited, strict=True)
    ]
    changed = counted.assign(name=names, edited=edited, flags=flags)
    return changed.astype(dict.fromkeys(("name", "edited", "flags"), "object"))


def notes_on(edits: Sequence[Edit]) -> tuple[str, ...]:
    """Return one sentence an edit, for the record and the briefing."""
    return tuple(f"Changed by hand: {edit.hotspot}, {edit.describe()}. Reason: {edit.reason}" for edit in edits)


def best_cut(cells: Sequence[str], basis: Basis) -> tuple[tuple[str, ...], tuple[str, ...]]:
    r"""Return the two touching parts that together hold the most reports for each patrol minute.

    .. math:: \max_{A \cup B = P} R(A) + R(B)

    with R as in `delineate`; every cut of up to 14 cells into two connected parts is looked at. The first part has the
    busiest cell.

    Raises
    ------
    DesignError
        If there is one cell only, or more than 14.
    """
    if len(cells) < 2:
        raise DesignError("A hotspot of one cell cannot be split.")
    if len(cells) > MOST_CELLS_TO_CUT:
        raise DesignError(
            f"A hotspot of {len(cells)} cells is too large for a search of the best cut; name the cells to split off."
        )
    score = basis.cells["score"]
    ordered = sorted(cells, key=lambda cell: (-score[cell], cell))
    cuts = []
    for size in range(1, len(ordered)):
        for parted in itertools.combinations(ordered[1:], size):
            kept = tuple(cell for cell in ordered if cell not in parted)
            if is_contiguous(kept) and is_contiguous(parted):
                value = _per_minute(kept, basis) + _per_minute(parted, basis)
                cuts.append((round(value, 12), kept, parted))
    _, kept, parted = max(cuts, key=lambda cut: (cut[0], cut[1]))
    return kept, parted


def is_contiguous(cells: Sequence[str]) -> bool:
    """Return whether cells form one piece."""
    return len(cells) > 0 and connected_components(h3cells.neighbours(list(cells)), directed=False)[0] == 1


def _per_minute(cells: Sequence[str], basis: Basis) -> float:
    own = list(cells)
    return float(basis.cells.loc[own, "score"].sum() / (basis.config.stop_minutes + basis.minutes.loc[own].sum()))


def _find(outlines: dict[str, Outline], hotspot_id: str, where: str) -> Outline:
    if hotspot_id not in outlines:
        raise DesignError(f"{where}: there is no hotspot {hotspot_id} at this point; there are {', '.join(outlines)}.")
    return outlines[hotspot_id]


def _touching(cells: tuple[str, ...], where: str) -> tuple[str, ...]:
    if not is_contiguous(cells):
        raise DesignError(f"{where}: its cells would not all touch; a hotspot is one piece, so add the cells between.")
    return tuple(sorted(cells))


def _new_name(edit: Edit, outlines: dict[str, Outline], where: str) -> str:
    name = clean_text(edit.name)[:LONGEST_NAME].strip()
    if not name:
        raise DesignError(f"{where}: the new name is empty.")
    if any(outline.name == name for i, outline in outlines.items() if i != edit.hotspot):
        raise DesignError(f"{where}: another hotspot is called '{name}' already.")
    return name


def _parted(old: Outline, edit: Edit, basis: Basis, where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not edit.cells:
        return best_cut(old.cells, basis)
    _all_own(old, edit, where)
    kept = tuple(cell for cell in old.cells if cell not in edit.cells)
    if not kept:
        raise DesignError(f"{where}: every cell would be split off; leave at least one.")
    return _touching(kept, where), _touching(edit.cells, where)


def _changed(old: Outline, edit: Edit, outlines: dict[str, Outline], basis: Basis, where: str) -> tuple[str, ...]:
    if edit.action == "remove":
        _all_own(old, edit, where)
        kept = tuple(cell for cell in old.cells if cell not in edit.cells)
        if not kept:
            raise DesignError(f"{where}: no cell would be left; use 'drop' to take a hotspot off the list.")
        return _touching(kept, where)
    owner = {cell: i for i, outline in outlines.items() for cell in outline.cells}
    for cell in edit.cells:
        if cell in owner:
            raise DesignError(f"{where}: cell {cell} belongs to {owner[cell]} already.")
        if cell not in basis.cells.index:
            raise DesignError(f"{where}: cell {cell} is no cell of the study area at this resolution.")
    return _touching(old.cells + edit.cells, where)


def _all_own(old: Outline, edit: Edit, where: str) -> None:
    foreign = next((cell for cell in edit.cells if cell not in old.cells), None)
    if foreign is not None:
        raise DesignError(f"{where}: cell {foreign} is not part of {edit.hotspot}.")


def _names(names: Sequence[str], fresh: Sequence[str]) -> list[str]:
    """Return the names kept, and for a part split off one after its own streets that nobody else has."""
    taken = {name for name in names if name}
    given = []
    for name, own in zip(names, fresh, strict=True):
        chosen = name or next(text for text in _numbered(own) if text not in taken)
        taken.add(chosen)
        given.append(chosen)
    return given


def _numbered(name: str) -> Iterable[str]:
    yield name
    for number in itertools.count(2):
        yield f"{name} ({number})"


def _broken_rules(hotspots: gpd.GeoDataFrame, names: Sequence[str], basis: Basis) -> list[list[str]]:
    """Return, for each hotspot, the rules of a drawn hotspot that it does not keep to."""
    config, needed = basis.config, volume_needed(basis)
    x, y = basis.area.project(hotspots["longitude"], hotspots["latitude"])
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    np.fill_diagonal(apart, np.inf)
    broken = []
    sizes = zip(hotspots["area_km2"], hotspots["n_cells"], hotspots["n_12m"], strict=True)
    for i, (area_km2, n_cells, n_12m) in enumerate(sizes):
        found = []
        if area_km2 > config.max_area_km2 or n_cells > config.max_cells:
            found.append(
                f"edited to {area_km2 * 100:.1f} ha in {n_cells} cells, over {config.max_area_km2 * 100:.0f} ha or "
                f"{config.max_cells} cells"
            )
        if n_12m < needed:
            found.append(f"{n_12m} reports in the last 12 months, fewer than {needed}")
        if apart[i].min() < config.min_separation_m:
            nearest = names[int(apart[i].argmin())]
            found.append(f"{apart[i].min():.0f} m from {nearest}, closer than {config.min_separation_m:.0f} m")
        broken.append(found)
    return broken
