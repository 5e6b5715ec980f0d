"""The specification curve: the estimate over every reasonable choice, so that none can be picked afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd

from hotspots.evaluate.methods.panel import Panel, like_months, with_controls
from hotspots.evaluate.methods.registry import run_all

CURVE_METHODS = ("long_max", "did_cluster", "wdd_overdispersed", "ancova", "empirical_bayes")
"""Methods that answer quickly and say something about the treated places whatever the design."""

NEAREST = "20 nearest in level"
_NUMBERS = (20, 40, 60)
_ALL_MONTHS, _LIKE_MONTHS, _CLEAN_MONTHS = "all months", "like months", "without the months of choice"
_MIN_BASELINE = 3
_RINGS = {"treated places": False, "treated places and ring": True}
CURVE_COLUMNS = ["method", "baseline", "controls", "ring", "estimate_pct", "low_pct", "high_pct", "claims_effect",
            "is_default"]  # fmt: skip


def specification_curve(panel: Panel, *, random_state: int, methods: Iterable[str] = CURVE_METHODS) -> pd.DataFrame:
    """Return the estimate of each method over baselines, comparison groups and with or without the ring.

    Only months before the start and the ranking decide what a choice is; a choice that the panel does not offer (too
    few places, no like months, no ring) has no rows, and two choices that come to the same panel are one row.

    Returns
    -------
    DataFrame
        One row a specification, from the largest fall up: ``method``, ``baseline``, ``controls``, ``ring``
        ("treated places" or "treated places and ring"), ``estimate_pct``, ``low_pct``, ``high_pct``,
        ``claims_effect``, ``is_default`` (the choice fixed before the start: long_max, all months, every comparison
        place, treated places).

    References
    ----------
    Simonsohn, Simmons & Nelson (2020), doi:10.1038/s41562-020-0912-z.
    """
    wanted = tuple(methods)
    rows = []
    everyone = f"all {len(panel.controls)}"
    for (chosen, one), (ring, with_ring) in product(control_choices(panel).items(), _RINGS.items()):
        if with_ring and (one.treated_ring is None or one.controls_ring is None):
            continue
        outcome = _joined_with_ring(one) if with_ring else one
        for baseline, varied in baseline_choices(outcome).items():
            for found in run_all(varied, random_state=random_state, names=wanted):
                if found.refusal is None:
                    rows.append(
                        {
                            "method": found.name,
                            "baseline": baseline,
                            "controls": chosen,
                            "ring": ring,
                            "estimate_pct": found.estimate_pct,
                            "low_pct": found.low_pct,
                            "high_pct": found.high_pct,
                            "claims_effect": found.claims_effect,
                            "is_default": (found.name, baseline, chosen, with_ring)
                            == ("long_max", _ALL_MONTHS, everyone, False),
                        }
                    )
    return pd.DataFrame(rows, columns=CURVE_COLUMNS).sort_values("estimate_pct", kind="stable", ignore_index=True)


def control_choices(panel: Panel) -> dict[str, Panel]:
    """Return the panel with every reasonable comparison group: the next best 20, 40, 60, all, the nearest in level."""
    n = len(panel.controls)
    chosen = {f"next best {number}": with_controls(panel, np.arange(number)) for number in _NUMBERS if number < n}
    chosen[f"all {n}"] = panel
    if n > _NUMBERS[0]:
        level = np.median(panel.totals(panel.before))
        away = np.abs(panel.totals(panel.before, group="controls") - level)
        chosen[NEAREST] = with_controls(panel, np.sort(np.argsort(away, kind="stable")[: _NUMBERS[0]]))
    return chosen


def baseline_choices(panel: Panel) -> dict[str, Panel]:
    """Return the panel with every reasonable baseline: all months before, like months, months not chosen on."""
    like, clean = like_months(panel), _clean_months(panel)
    choices = {_ALL_MONTHS: panel.before}
    if like and like != panel.before:
        choices[_LIKE_MONTHS] = like
    if _MIN_BASELINE <= len(clean) < len(panel.before) and clean != like:
        choices[_CLEAN_MONTHS] = clean
    return {name: with_baseline(panel, months) for name, months in choices.items()}


def with_baseline(panel: Panel, months: tuple[int, ...]) -> Panel:
    """Return the panel with only these of the months before the start; every month from the start on stays."""
    kept = [*sorted(months), *range(panel.start, len(panel.months))]
    place = {column: position for position, column in enumerate(kept)}

    def columns(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[..., kept]

    def moved(chosen: tuple[int, ...] | None) -> tuple[int, ...] | None:
        found = None if chosen is None else tuple(place[c] for c in chosen if c in place)
        return found or None

    return replace(
        panel,
        treated=panel.treated[:, kept],
        controls=panel.controls[:, kept],
        months=panel.months[kept],
        start=len(months),
        after=tuple(place[c] for c in panel.after),
        baseline=tuple(range(len(months))),
        selection=moved(panel.selection),
        rest=columns(panel.rest),
        treated_ring=columns(panel.treated_ring),
        controls_ring=columns(panel.controls_ring),
        assignment=columns(panel.assignment),
        assignment_blocks=None if panel.assignment_blocks is None else tuple(panel.assignment_blocks[c] for c in kept),
        starts=None if panel.starts is None else tuple(place[c] for c in panel.starts),
        steps=tuple((name, place[c]) for name, c in panel.steps),
    )


def _clean_months(panel: Panel) -> tuple[int, ...]:
    chosen_on = () if panel.selection is None else panel.selection
    return tuple(column for column in panel.before if column not in chosen_on)


def _joined_with_ring(panel: Panel) -> Panel:
    """Return the panel in which every place includes its ring: what is left of a fall if some of it moved next door."""
    if panel.treated_ring is None or panel.controls_ring is None:
        return panel
    return replace(panel, treated=panel.treated + panel.treated_ring, controls=panel.controls + panel.controls_ring)
