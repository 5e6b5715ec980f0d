"""Where what was prevented could have gone: next door, to hours without patrols, or into other kinds of report."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from geodata.streams import is_linked_crime
from hotspots.evaluate import wording
from hotspots.evaluate.comparison import Comparison
from hotspots.evaluate.design import Design
from hotspots.evaluate.estimators import Effect
from hotspots.evaluate.evaluation import Displacement
from hotspots.evaluate.inference import effect_of, ring_of, with_ring
from hotspots.evaluate.methods import Panel
from hotspots.evaluate.places import monthly_counts

_MIN_TIMED = 0.5


def displacement_of(
    effect: Effect | None,
    design: Design,
    panel: Panel,
    compared: Comparison,
    *,
    outcome: pd.DataFrame,
    every_record: pd.DataFrame,
    seed: int,
) -> Displacement:
    """Return how much could have moved, by the same method as the effect; never that nothing did.

    Parameters
    ----------
    outcome : DataFrame
        INCIDENTS of the primary measure inside the area.
    every_record : DataFrame
        Public records of every category inside the area.
    """
    if effect is None:
        return Displacement(None, None, None, wording.displacement_sentence(None, None))

    def of(rows: pd.DataFrame | None) -> Effect | None:
        if rows is None:
            return None
        return effect_of(design.form, _counted(panel, compared, rows), random_state=seed)

    ring = effect_of(design.form, ring_of(panel), random_state=seed)
    total = effect_of(design.form, with_ring(panel), random_state=seed)
    inside, outside = _by_hours(design, outcome)
    related = every_record[is_linked_crime(every_record["category"])]
    in_hours, other_hours = of(inside), of(outside)
    other_kinds = of(related) if len(related) else None
    moved = most_extra(ring) if effect.prevented > 0 else None
    sentences = [wording.displacement_sentence(effect, moved)]
    if effect.prevented > 0:
        sentences += [
            wording.other_hours_sentence(design.hours, in_hours, most_extra(other_hours)),
            wording.other_kinds_sentence(effect, most_extra(other_kinds)),
        ]
    return Displacement(ring, total, moved, " ".join(sentences), in_hours, other_hours, other_kinds)


def most_extra(effect: Effect | None) -> float | None:
    """Return the most extra reports an interval allows: what could have moved there."""
    return None if effect is None else max(0.0, -effect.prevented_low)


def _by_hours(design: Design, outcome: pd.DataFrame) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """Return the timed reports inside and outside the hours patrolled; None where that cannot be told."""
    timed = outcome[outcome["time_precision"] == "minute"]
    if design.hours is None or not len(timed) or len(timed) < _MIN_TIMED * len(outcome):
        return None, None
    first, end = design.hours
    since = (timed["occurred_from"].dt.hour - first) % 24
    within = (since < (end - first) % 24).to_numpy()
    return timed[within], timed[~within]


def _counted(panel: Panel, compared: Comparison, rows: pd.DataFrame) -> Panel:
    """Return the panel with other reports of the same places and months."""
    months = pd.DatetimeIndex(compared.treated.columns)
    treated, controls = (
        monthly_counts(rows, months, places).loc[:, panel.months].to_numpy(dtype=float)
        for places in (compared.treated_places, compared.control_places)
    )
    return replace(panel, treated=treated, controls=controls)
