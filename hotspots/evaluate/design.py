"""The evaluation design: what was decided before the start, read from DESIGN.toml and frozen by a hash (R6.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd


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
    rings : int or None
        Rings of cells around a place watched for displacement; None: 2 at resolution 10, 1 at resolution 9.
    assignment : str
        "ranked" (the busiest places were treated) or "randomised".
    frozen : str
        Hash stored when the design was frozen, "" if it never was.
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
    frozen: str = ""
    notes: dict[str, Any] = field(default_factory=dict)
