"""What is compared: both groups of places as the design names them, and their reports month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from geodata import cells as h3cells
from geodata.area import StudyArea
from geodata.errors import DesignError
from geodata.quality import DefaultLocation
from hotspots.evaluate.design import Design
from hotspots.evaluate.gates import MAX_CONTROLS
from hotspots.evaluate.methods import Panel
from hotspots.evaluate.opinions import panel_of
from hotspots.evaluate.places import (
    Place,
    best_rank,
    comparison_places,
    monthly_counts,
    treated_places,
    with_rings,
)
from hotspots.evaluate.window import Window
from hotspots.results import RegressionToMean
from hotspots.stability.regression import expected_change

_RINGS = {10: 2, 9: 1}  # about 300 m either way


@dataclass(frozen=True, eq=False)
class Comparison:
    """Both groups of places and their monthly reports (rows: places in order; columns: months).

    ``rest`` are the reports of the area without the treated places and their rings.
    """

    treated_places: tuple[Place, ...]
    control_places: tuple[Place, ...]
    treated: pd.DataFrame
    controls: pd.DataFrame
    treated_ring: pd.DataFrame
    controls_ring: pd.DataFrame
    rest: pd.Series
    regression: RegressionToMean
    notes: tuple[str, ...]


def compare(
    design: Design,
    reports: pd.DataFrame,
    outcome: pd.DataFrame,
    area: StudyArea,
    window: Window,
    *,
    resolution: int,
    seed: int,
    default_locations: Sequence[DefaultLocation] = (),
) -> Comparison:
    """Return the treated places, the places they are compared with, and the monthly reports of each and of its ring.

    Comparison places are those the design names. After a lot they come first and the next best of the ranking fill up;
    where the design names its own, no other is taken; where it names none, all are the next best. Places that take
    turns are compared with themselves.

    Parameters
    ----------
    reports : DataFrame
        INCIDENTS the places are ranked by.
    outcome : DataFrame
        INCIDENTS that are counted: the primary measure.

    Raises
    ------
    DesignError
        If places overlap, lie outside the area or hold no report, or a comparison place of the user's own lies where
        reports may have been displaced to.
    """
    rings = design.rings or _RINGS[resolution]
    treated, named = _named(design, area, resolution)
    if design.controls is not None and design.lot is None:
        _refuse_near(treated, named, rings)
    found, cells, notes = comparison_places(
        reports.loc[reports["month"].isin(window.history)],
        window.history_period,
        area,
        (*treated, *named),
        rings=rings,
        seed=seed,
        missing=window.missing,
        default_locations=default_locations,
    )
    if design.form == "rotation" or (design.controls is not None and design.lot is None):
        found, notes = (), ()
    controls = (*named, *found[: MAX_CONTROLS - len(named)])
    ranked = tuple(replace(place, rank=best_rank(place, cells)) for place in treated)
    treated, controls = with_rings(ranked, controls, rings)
    _, regression = expected_change(
        cells["n"], [place.cells for place in treated], months=len(window.history), random_state=seed
    )
    (own, theirs), (near_own, near_theirs) = (
        [monthly_counts(outcome, window.all_months, places, of_ring=of_ring) for places in (treated, controls)]
        for of_ring in (False, True)
    )
    if not own.to_numpy().sum():
        raise DesignError(
            "No treated place has a report in the whole period; check the polygons and their coordinate system."
        )
    everywhere = outcome.groupby("month").size().reindex(window.all_months, fill_value=0)
    return Comparison(
        treated,
        controls,
        own,
        theirs,
        near_own,
        near_theirs,
        rest=everywhere - own.sum() - near_own.sum(),
        regression=regression,
        notes=(*notes, *_near_note(treated, named, rings)),
    )


def panel_for(compared: Comparison, design: Design, window: Window) -> Panel:
    """Return the counts with everything the design says about them, as every method reads it; missing months left out.

    ``starts``, ``steps``, ``selection``, the turns and the pairs become columns and rows.
    """
    groups = (compared.treated, compared.controls, compared.treated_ring, compared.controls_ring)
    panel = panel_of(*groups, before=window.before, after=window.after)
    names = [[place.name for place in group] for group in (compared.treated_places, compared.control_places)]
    return replace(
        panel,
        selection=_columns(panel.months, design.selection.months) if design.selection else None,
        rest=compared.rest.loc[panel.months].to_numpy(dtype=float),
        **_of_design(design, panel.months, *names),
    )


def _of_design(design: Design, months: pd.DatetimeIndex, treated: list[str], controls: list[str]) -> dict[str, Any]:
    """Return what the lot, the starts and the steps mean in columns and rows."""
    more: dict[str, Any] = {}
    if design.lot is not None and design.lot.kind == "rotation":
        more["assignment"] = design.lot.turns(treated, months)
    elif design.lot is not None:
        more["pool"] = tuple(controls.index(name) for name in design.lot.controls)
        rows = [(treated.index(one), controls.index(other)) for one, other in design.lot.pairs]
        more["pairs"] = tuple(rows) or None
    if design.form == "staggered":
        more["starts"] = tuple(int(months.searchsorted(design.starts.get(name, design.start))) for name in treated)
    if design.steps:
        more["steps"] = tuple((name, int(months.searchsorted(month))) for name, month in design.steps)
    return more


def _columns(months: pd.DatetimeIndex, chosen: pd.DatetimeIndex) -> tuple[int, ...] | None:
    return tuple(int(column) for column in np.flatnonzero(months.isin(chosen))) or None


def _named(design: Design, area: StudyArea, resolution: int) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """Return the treated places and the comparison places the design names, checked against each other."""
    if design.controls is None:
        return treated_places(design.treated, area, resolution), ()
    both = pd.concat([design.treated, design.controls], ignore_index=True)
    places = treated_places(both, area, resolution)
    return places[: len(design.treated)], places[len(design.treated) :]


def _in_reach(treated: Sequence[Place], named: Sequence[Place], rings: int) -> list[str]:
    near = h3cells.ring_around([cell for place in treated for cell in place.cells], rings)
    return [place.name for place in named if near & set(place.cells)]


def _refuse_near(treated: Sequence[Place], named: Sequence[Place], rings: int) -> None:
    if near := _in_reach(treated, named, rings):
        raise DesignError(
            f"{len(near)} of {len(named)} comparison places lie within {rings} cells of a treated place "
            f"({', '.join(near[:5])}), where reports may have moved to; name places further away, or fewer 'rings'."
        )


def _near_note(treated: Sequence[Place], named: Sequence[Place], rings: int) -> tuple[str, ...]:
    near = _in_reach(treated, named, rings)
    said = (
        f"{len(near)} of the {len(named)} places the lot left untreated lie within {rings} cells of a treated one: "
        "reports that moved there make the effect look larger."
    )
    return (said,) if near else ()
