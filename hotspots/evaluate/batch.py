"""Many pilots given as counts, one answer a line."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.errors import DesignError, SourceError
from hotspots.evaluate.estimators import Effect, estimate
from hotspots.evaluate.gates import check_gates, closed
from hotspots.evaluate.power import detectable_fall
from hotspots.evaluate.verdict import verdict_of

_GZIP = b"\x1f\x8b"
_REQUIRED = ("pilot_id", "months", "start", "after", "treated", "controls")


def open_lines(path: str | Path) -> Iterator[str]:
    """Yield the lines of a text file, plain or gzipped (told by content, not by name).

    Raises
    ------
    SourceError
        If the file is missing, cut short or not UTF-8 text.
    """
    path = Path(path)
    if not path.is_file():
        raise SourceError(f"There is no file of pilots at {path}.")
    with path.open("rb") as start:
        is_gzip = start.read(2) == _GZIP
    try:
        with gzip.open(path, "rt", encoding="utf-8") if is_gzip else path.open(encoding="utf-8") as lines:
            yield from lines
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise SourceError(f"{path.name} could not be read as lines of text: {error}.") from error


def evaluate_batch(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Answer each pilot by the default estimator, one dict a non-empty line, in order.

    Every published month before the start is baseline and the months named in ``after`` are the result. An interval
    is given when the gates on places, concentration, comparison places and expected reports hold. The detectable
    fall is answered beside it (``mde_pct``) but closes nothing here: the pilots have happened, and the interval
    itself says how little a weak one can tell.

    Yields
    ------
    dict
        ``pilot_id``, ``effect_pct``, ``lo_pct``, ``hi_pct``, ``verdict``, ``ring_pct``, ``ring_lo_pct``,
        ``ring_hi_pct``, ``mde_pct``, ``reason`` (why not assessable, else "").

    Raises
    ------
    DesignError
        Naming the line that is not a pilot, and why.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _answer(_pilot(line, number), number)


def _pilot(line: str, number: int) -> dict[str, Any]:
    try:
        pilot = json.loads(line)
    except json.JSONDecodeError as error:
        raise DesignError(f"Line {number} is not JSON: {error}.") from error
    if not isinstance(pilot, dict):
        raise DesignError(f"Line {number} is not a pilot: it must be one JSON object.")
    if missing := [key for key in _REQUIRED if key not in pilot]:
        raise DesignError(f"Line {number} is not a pilot: it has no {', '.join(missing)}.")
    return pilot


def _answer(pilot: dict[str, Any], number: int) -> dict[str, Any]:
    months = list(pilot["months"])
    if pilot["start"] not in months:
        raise DesignError(f"Line {number}: the start {pilot['start']} is not among its months.")
    start, after = months.index(pilot["start"]), list(pilot["after"])
    if not after or min(after) < start or max(after) >= len(months):
        raise DesignError(f"Line {number}: the after months must lie between the start and the last month.")
    treated, controls = (_monthly(pilot, group, "counts", number) for group in ("treated", "controls"))
    mde = detectable_fall(treated[:, :start], controls[:, :start], months_after=len(after))
    gates = check_gates(
        treated[:, :start].sum(axis=1),
        len(controls),
        months_before=start,
        months_after=len(after),
        mde_pct=mde.mde_pct if mde else None,
    )
    shut = [gate for gate in closed(gates) if gate.name != "detectable fall"]
    effect = None if shut else _split(treated, controls, start, after)
    ring = None
    if effect is not None and all("ring_counts" in unit for unit in (*pilot["treated"], *pilot["controls"])):
        near_treated, near_controls = (
            _monthly(pilot, group, "ring_counts", number) for group in ("treated", "controls")
        )
        ring = _split(near_treated, near_controls, start, after)
    no_interval = "A group has no report in one of the periods." if effect is None else ""
    return {
        "pilot_id": pilot["pilot_id"],
        **_percentages(effect, ("effect_pct", "lo_pct", "hi_pct")),
        "verdict": verdict_of(effect),
        **_percentages(ring, ("ring_pct", "ring_lo_pct", "ring_hi_pct")),
        "mde_pct": mde.mde_pct if mde else None,
        "reason": " ".join(gate.message for gate in shut) or no_interval,
    }


def _monthly(pilot: dict[str, Any], group: str, key: str, number: int) -> NDArray[np.float64]:
    try:
        rows = [unit[key] for unit in pilot[group]]
        counts = np.array(rows, dtype=float).reshape(len(rows), len(pilot["months"]))
    except (TypeError, ValueError, KeyError) as error:
        raise DesignError(
            f"Line {number}: every unit of {group} needs '{key}', one number for each of the months."
        ) from error
    if counts.size and not (np.isfinite(counts).all() and counts.min() >= 0):
        raise DesignError(f"Line {number}: {key} of {group} must be numbers of at least 0.")
    return counts


def _split(treated: NDArray[np.float64], controls: NDArray[np.float64], start: int, after: list[int]) -> Effect | None:
    return estimate(
        treated[:, :start].sum(axis=1),
        treated[:, after].sum(axis=1),
        controls[:, :start].sum(axis=1),
        controls[:, after].sum(axis=1),
    )


def _percentages(effect: Effect | None, names: tuple[str, str, str]) -> dict[str, float | None]:
    if effect is None:
        return dict.fromkeys(names)
    return dict(zip(names, (effect.effect_pct, effect.low_pct, effect.high_pct), strict=True))
