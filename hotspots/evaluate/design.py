"""The evaluation design: what was decided before the start, and the hash that freezes it (R6.3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import pandas as pd
import shapely

from geodata.period import Period
from hotspots.evaluate.lots import Lot

ASSIGNMENTS = ("ranked", "randomised")
"""How the treated places were chosen: the busiest of a ranking, or drawn at random from one list."""

DesignForm = Literal["ranked", "top", "pairs", "rotation", "staggered"]
"""How the effect is told apart from chance: the busiest against the next best, the three lots, or places that start at
different times."""

PRIMARY = {
    "reports": "reports",
    "repeat_reports": "repeat reports (same place within twelve months)",
    "events": "events (several calls about one counted once)",
    "night_reports": "reports of the evening and night (18:00-06:00)",
    "day_reports": "reports of the day (06:00-18:00)",
}
"""What may be the primary measure, in words. Harm is not among them: a few severe reports would decide (R6.19)."""

_COORDINATE_DIGITS = 6  # about 0.1 m: saving a file again must not look like an amendment


@dataclass(frozen=True, slots=True)
class Amendment:
    """A visible change of a frozen design: when, what and why, and the hash of the design it led to."""

    date: str
    what: str
    why: str
    frozen: str


@dataclass(frozen=True, eq=False)
class Design:
    """One before/after evaluation as it was planned.

    Attributes
    ----------
    incidents : tuple of Path
        Files or folders of incidents.
    treated : GeoDataFrame
        Treated places: ``name`` and polygons in EPSG:4326.
    start : Timestamp
        First treated month.
    months_after : int or None
        Months from the start that count; None takes every month published.
    planned_visits_per_week : float or None
        All treated places together.
    rings : int or None
        Rings of cells around a place watched for displacement; None: 2 at resolution 10, 1 at resolution 9.
    assignment : str
        "ranked" (the busiest places were treated) or "randomised".
    selection : Period or None
        Months on which the treated places were chosen.
    baseline : Period or None
        Months compared with, where the design does not take all before the start; never the selection's.
    recording_changes : tuple of Timestamp
        Months in which the way of recording changed (R3.5).
    cost_per_hour_gbp : float or None
        What an hour of patrol costs, for the cost of a visit and of a prevented report (R6.17).
    harm_weights : Path or None
        Weights of categories the user brings (R4.13), for harm as a second outcome.
    survey : Path or None
        Totals of what people answered before and after (`hotspots.evaluate.survey.read_survey`).
    survey_design_effect : float
        How much wider its variance is than that of a simple random sample.
    lot : Lot or None
        Who is treated when, where that was drawn by lot.
    controls : GeoDataFrame or None
        Comparison places the design names: ``name`` and polygons in EPSG:4326. With a lot, its controls.
    period_pairs : tuple of (Period, Period)
        Months before and the months after they are compared with; () compares everything.
    primary : str
        Key of `PRIMARY`: the measure the verdict rests on.
    starts : dict of str to Timestamp
        First treated month of places that started later than `start`, by name.
    steps : tuple of (str, Timestamp)
        Measures added one after the other in all treated places, the first at `start`.
    hours : tuple of (int, int) or None
        Hours of the day patrolled, from the first up to the second.
    frozen : str
        Hash stored when the design was frozen, "" if it never was.
    frozen_on : str
        Day it was frozen.
    amendments : tuple of Amendment
        Changes since, in order; the last carries the hash of the design as it stands.
    notes : dict
        Free text of the design: hypotheses, known shocks, stopping rule.
    """

    name: str
    incidents: tuple[Path, ...]
    area: Path
    treated: gpd.GeoDataFrame
    categories: tuple[str, ...]
    start: pd.Timestamp
    months_after: int | None = None
    visits: Path | None = None
    planned_visits_per_week: float | None = None
    rings: int | None = None
    assignment: str = "ranked"
    selection: Period | None = None
    baseline: Period | None = None
    recording_changes: tuple[pd.Timestamp, ...] = ()
    cost_per_hour_gbp: float | None = None
    harm_weights: Path | None = None
    survey: Path | None = None
    survey_design_effect: float = 1.0
    lot: Lot | None = None
    controls: gpd.GeoDataFrame | None = None
    period_pairs: tuple[tuple[Period, Period], ...] = ()
    primary: str = "reports"
    starts: Mapping[str, pd.Timestamp] = field(default_factory=dict)
    steps: tuple[tuple[str, pd.Timestamp], ...] = ()
    hours: tuple[int, int] | None = None
    frozen: str = ""
    frozen_on: str = ""
    amendments: tuple[Amendment, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def form(self) -> DesignForm:
        """What decides how the effect is estimated."""
        if self.lot is not None:
            return self.lot.kind
        return "staggered" if any(start != self.start for start in self.starts.values()) else "ranked"

    @property
    def is_randomised(self) -> bool:
        """Whether the treated places were drawn by lot."""
        return self.lot is not None or self.assignment == "randomised"

    @property
    def was_amended_late(self) -> bool:
        """Whether the design was changed once the pilot ran, or first frozen then: it can then only describe (R6.3)."""
        days = [self.frozen_on, *(amendment.date for amendment in self.amendments)]
        return any(pd.Timestamp(day) >= self.start for day in days if day)


def design_hash(design: Design) -> str:
    """Return the SHA-256 of everything that decides the answer, whatever the order of keys, files or places.

    The incidents themselves are not part of it: a design is frozen before they exist.
    """
    content: dict[str, object] = {
        "name": design.name,
        "area": design.area.name,
        "treated": _places(design.treated),
        "categories": sorted(design.categories),
        "start": f"{design.start:%Y-%m}",
        "months_after": design.months_after,
        "planned_visits_per_week": design.planned_visits_per_week,
        "rings": design.rings,
        "assignment": design.assignment,
        "notes": design.notes,
        "selection": design.selection and str(design.selection),
        "baseline": design.baseline and str(design.baseline),
        "recording_changes": [f"{month:%Y-%m}" for month in design.recording_changes],
        "cost_per_hour_gbp": design.cost_per_hour_gbp,
        "harm_weights": design.harm_weights and design.harm_weights.name,
    }
    content |= _later_keys(design)
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _later_keys(design: Design) -> dict[str, object]:
    """Return what newer keys say where they are set, so that designs frozen before there were any keep their hash."""
    said: dict[str, object] = {
        "controls": None if design.controls is None else _places(design.controls),
        "lot": None if design.lot is None else design.lot.rows.to_csv(index=False, date_format="%Y-%m-%d"),
        "period_pairs": [[str(before), str(after)] for before, after in design.period_pairs],
        "primary": "" if design.primary == "reports" else design.primary,
        "starts": {name: f"{month:%Y-%m}" for name, month in design.starts.items()},
        "steps": [[name, f"{month:%Y-%m}"] for name, month in design.steps],
        "hours": design.hours,
    }
    if design.survey is not None:
        said |= {"survey": design.survey.name, "survey_design_effect": design.survey_design_effect}
    return {key: value for key, value in said.items() if value}


def _places(frame: gpd.GeoDataFrame) -> list[tuple[str, str]]:
    shapes = shapely.set_precision(shapely.normalize(frame.geometry.to_numpy()), 10**-_COORDINATE_DIGITS)
    return sorted(zip(frame["name"], shapely.to_wkt(shapes, rounding_precision=6), strict=True))
