"""What an analyst changes about the hotspots as drawn: each change on record, with its reason, kept as TOML (R1.3)."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from geodata.cells import is_cell
from geodata.errors import DesignError

ACTIONS: Final = ("merge", "split", "add", "remove", "rename", "drop")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change to the list of hotspots.

    Parameters
    ----------
    action : {"merge", "split", "add", "remove", "rename", "drop"}
    hotspot : str
        The ``hotspot_id`` it is made to; ids are those of the list as drawn and never change hands.
    reason : str
        Why, in a person's words.
    other : str
        Merge: the touching hotspot that joins.
    cells : tuple of str
        Add and remove: which cells. Split: the cells that become a hotspot of their own; none asks for the best cut.
    name : str
        Rename: the new name.

    Raises
    ------
    DesignError
        If something the action needs is missing, something it does not take is given, or a cell is no H3 cell.
    """

    action: str
    hotspot: str
    reason: str
    other: str = ""
    cells: tuple[str, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise DesignError(f"An edit is one of {', '.join(ACTIONS)}; '{self.action}' is not known.")
        object.__setattr__(self, "cells", tuple(sorted(dict.fromkeys(self.cells))))
        what = f"The edit '{self.action}' of {self.hotspot or 'a hotspot'}"
        if not self.hotspot.strip():
            raise DesignError(f"{what} needs 'hotspot': the id of the hotspot, such as H03.")
        if not self.reason.strip():
            raise DesignError(f"{what} needs 'reason': why, in a few words; it is printed with the hotspot.")
        for field, actions in _TAKEN_BY.items():
            if getattr(self, field) and self.action not in actions:
                raise DesignError(f"{what} does not take '{field}'.")
        for field, actions in _NEEDED_BY.items():
            if not getattr(self, field) and self.action in actions:
                raise DesignError(f"{what} needs '{field}'.")
        wrong = next((cell for cell in self.cells if not is_cell(cell)), None)
        if wrong is not None:
            raise DesignError(f"{what} names '{wrong}', which is no H3 cell; copy cells from cells.parquet or the map.")

    def describe(self) -> str:
        """Return the change in plain words."""
        n = len(self.cells)
        cells = "1 cell" if n == 1 else f"{n} cells"
        said = {
            "merge": f"{self.other} joined to it",
            "split": f"{cells} made a hotspot of their own" if n else "split in two along the best cut",
            "add": f"{cells} added",
            "remove": f"{cells} taken away",
            "rename": f"named {self.name}",
            "drop": "taken off the list",
        }
        return said[self.action]


_TAKEN_BY: Final = {"other": ("merge",), "cells": ("split", "add", "remove"), "name": ("rename",)}
_NEEDED_BY: Final = {"other": ("merge",), "cells": ("add", "remove"), "name": ("rename",)}


def edits_of(given: Sequence[Any]) -> tuple[Edit, ...]:
    """Return edits from the tables of a settings file.

    Raises
    ------
    DesignError
        If a table is none, or names something an edit does not have.
    """
    known = {field.name for field in fields(Edit)}
    edits = []
    for number, item in enumerate(given, start=1):
        if isinstance(item, Edit):
            edits.append(item)
            continue
        if not isinstance(item, dict) or not {"action", "hotspot", "reason"} <= set(item):
            raise DesignError(f"Edit {number} needs at least 'action', 'hotspot' and 'reason'.")
        if unknown := sorted(set(item) - known):
            raise DesignError(f"Edit {number} has '{unknown[0]}'; an edit has {', '.join(sorted(known))}.")
        cells = item.get("cells", [])
        texts = {name: value for name, value in item.items() if name != "cells"}
        if not isinstance(cells, list | tuple) or not all(
            isinstance(value, str) for value in (*cells, *texts.values())
        ):
            raise DesignError(f"Edit {number}: 'cells' takes a list of texts, everything else a text.")
        edits.append(Edit(cells=tuple(cells), **texts))
    return tuple(edits)


def read_edits(path: str | Path) -> tuple[tuple[Edit, ...], str]:
    """Read ``edits.toml``.

    Returns
    -------
    edits : tuple of Edit
    drawn_list : str
        Fingerprint of the list they were made to; "" where the file does not say.

    Raises
    ------
    DesignError
        If the file is missing, is not TOML or holds anything but edits.
    """
    path = Path(path)
    try:
        return parse_edits(path.read_bytes(), path.name)
    except FileNotFoundError as error:
        raise DesignError(f"There is no file of edits at {path}.") from error


def parse_edits(content: bytes, name: str) -> tuple[tuple[Edit, ...], str]:
    """Return what a file of edits holds, as `read_edits`; `name` is what messages call it."""
    try:
        given = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DesignError(f"{name} is not valid TOML: {error}.") from error
    if unknown := sorted(set(given) - {"drawn_list", "edits"}):
        raise DesignError(f"{name} has '{unknown[0]}'; a file of edits has 'drawn_list' and [[edits]] only.")
    tables = given.get("edits", [])
    return edits_of(tables if isinstance(tables, list) else [tables]), str(given.get("drawn_list", ""))


def edits_toml(edits: Iterable[Edit], drawn_list: str) -> bytes:
    """Return ``edits.toml``: what `read_edits` reads back as the same edits."""
    lines = ["# Changes to the hotspots as drawn, for: hotspots run ... --edits edits.toml"]
    lines.append(f"drawn_list = {_toml(drawn_list)}  # the list they were made to")
    for edit in edits:
        lines += ["", "[[edits]]", *(f"{name} = {_toml(value)}" for name, value in asdict(edit).items() if value)]
    return ("\n".join(lines) + "\n").encode()


def _toml(value: str | tuple[str, ...]) -> str:
    """Return text, or a list of texts, as TOML writes it: a basic string escapes as JSON does."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f"[{', '.join(_toml(text) for text in value)}]"
