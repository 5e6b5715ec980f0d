"""What of a design cannot be true together: the lot, the named places, the starts and the periods held against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from hotspots.evaluate.design import Design
from hotspots.evaluate.lots import Lot

_SHOWN = 3


def contradictions(design: Design) -> Iterator[str]:
    """Yield everything in a design that cannot hold together, each in a few words with what to do."""
    treated = set(design.treated["name"])
    named = set() if design.controls is None else set(design.controls["name"])
    if both := sorted(treated & named):
        yield f"{_list(both)} is both treated and a comparison place"
    if design.lot is not None:
        yield from _against_lot(design, design.lot, treated, named)
    yield from _against_starts(design, treated)
    yield from _against_steps(design)
    yield from _against_periods(design)


def _against_lot(design: Design, lot: Lot, treated: set[str], named: set[str]) -> Iterator[str]:
    if design.assignment == "ranked":
        yield "a lot was drawn, so 'assignment' cannot be ranked"
    if lot.first_month != design.start:
        yield f"the lot starts in {lot.first_month:%Y-%m}, the design in {design.start:%Y-%m}"
    if design.months_after is not None and design.months_after > lot.n_months:
        yield f"'months_after' counts {design.months_after} months, but the lot ends after {lot.n_months}"
    if unlike := sorted(treated ^ set(lot.treated)):
        yield f"the lot and the file of treated places disagree about {_list(unlike)}"
    if lot.kind != "rotation" and (absent := sorted(set(lot.controls) - named)):
        yield f"'controls' must hold the places the lot left untreated; {_list(absent)} is not there"
    if lot.kind == "rotation" and (named or lot.controls):
        yield "in a rotation places are compared with themselves, so it takes no places that never have a turn"
    if design.starts:
        yield "places of a lot start together or in their turns, so it takes no [starts]"
    if lot.kind == "rotation" and (design.period_pairs or design.baseline or design.steps):
        yield "a rotation compares months with and without a turn, so no baseline, [[period_pairs]] or [[steps]]"


def _against_starts(design: Design, treated: set[str]) -> Iterator[str]:
    if unknown := sorted(set(design.starts) - treated):
        yield f"[starts] names {_list(unknown)}, which is no treated place"
    if early := sorted(name for name, month in design.starts.items() if month < design.start):
        yield f"{_list(early)} starts before the start {design.start:%Y-%m}"
    if design.starts and all(design.starts.get(name, design.start) > design.start for name in treated):
        yield f"no place starts in {design.start:%Y-%m}, the start of the design"
    if design.starts and design.period_pairs:
        yield "[[period_pairs]] say one start for all places, so they do not go with [starts]"


def _against_steps(design: Design) -> Iterator[str]:
    months = [month for _, month in design.steps]
    if months and months[0] != design.start:
        yield f"the first of the [[steps]] is from {months[0]:%Y-%m}, the design starts in {design.start:%Y-%m}"
    if any(one >= two for one, two in pairwise(months)):
        yield "the [[steps]] must stand in order of their months, each in a month of its own"
    if design.steps and (design.starts or design.period_pairs):
        yield "[[steps]] are the same in all places and follow each other, so they take no [starts] or [[period_pairs]]"


def _against_periods(design: Design) -> Iterator[str]:
    if design.period_pairs and design.baseline:
        yield "[[period_pairs]] say what is compared with what, so they do not go with 'baseline'"
    for before, after in design.period_pairs:
        if before.last >= design.start or after.first < design.start:
            yield f"the period pair {before} and {after} must lie on both sides of the start {design.start:%Y-%m}"
        elif design.selection and before.first <= design.selection.last and design.selection.first <= before.last:
            yield f"the months {before} lie in the window the places were selected on ({design.selection}): " \
                  "places picked at a peak fall by themselves"  # fmt: skip
    for side in (0, 1):
        periods = sorted((pair[side] for pair in design.period_pairs), key=lambda period: period.first)
        if any(one.last >= two.first for one, two in pairwise(periods)):
            yield f"two [[period_pairs]] share months {'before' if side == 0 else 'after'} the start"


def _list(names: Iterable[str]) -> str:
    every = list(names)
    rest = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return f"{', '.join(every[:_SHOWN])}{rest}"
