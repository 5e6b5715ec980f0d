"""What every analysis answers with, and what may be chosen when it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.errors import DesignError
from hotspots.analyses.pictures import Picture
from hotspots.config import ALL_CATEGORIES
from hotspots.harm import HarmWeights
from hotspots.near_repeat import CATEGORIES, FEWEST_PERMUTATIONS
from hotspots.results import Refusal

BANDWIDTH_CHOICES = ("rule", "likelihood", "hold-out")
"""Ways to choose how wide to smooth, beside metres and the run's own setting."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Options:
    """What a user may choose; the defaults need no choice.

    Attributes
    ----------
    hotspot : str
        Ask about one hotspot (its ``hotspot_id``); "" asks about the whole area.
    bandwidth : str
        How wide to smooth: "" (the run's setting), metres as text, or one of `BANDWIDTH_CHOICES`.
    compare : tuple of two category slugs, or None
        What the dual density compares; None compares the last twelve months with the twelve before.
    half_life_days : float
        After how many days a report counts half in the density of late.
    near_repeat_categories : tuple of str
        Categories of the near-repeat test; ``("all",)`` takes every report of the run.
    permutations : int
        Of the near-repeat test, at least 999 (R4.12).
    facilities : DataFrame, optional
        From `hotspots.facilities.read_facilities`.
    facility_within_m : float
        How near a report must lie to count for a facility.
    boundaries : GeoDataFrame, optional
        Areas to count by, from `geodata.context.read_boundaries`; the LSOAs of the run's settings where none are given.
    harm : HarmWeights, optional
        From `hotspots.harm.read_weights`; none are built in (R4.13).
    school_holidays : DataFrame, optional
        From `geodata.calendar.school_holidays`; without it typical dates for England.
    bank_holidays : DataFrame, optional
        From `geodata.calendar.own_bank_holidays`, for the years it lists.
    nation : str
        Whose bank holidays in all other years.
    """

    hotspot: str = ""
    bandwidth: str = ""
    compare: tuple[str, str] | None = None
    half_life_days: float = 60.0
    near_repeat_categories: tuple[str, ...] = CATEGORIES
    permutations: int = FEWEST_PERMUTATIONS
    facilities: pd.DataFrame | None = None
    facility_within_m: float = 50.0
    boundaries: gpd.GeoDataFrame | None = None
    harm: HarmWeights | None = None
    school_holidays: pd.DataFrame | None = None
    bank_holidays: pd.DataFrame | None = None
    nation: str = "England"

    def __post_init__(self) -> None:
        if self.bandwidth and self.bandwidth not in BANDWIDTH_CHOICES and self.bandwidth_m is None:
            raise DesignError(
                f"A bandwidth is a number of metres above 0, or one of {', '.join(BANDWIDTH_CHOICES)}; "
                f"got '{self.bandwidth}'."
            )
        if self.compare is not None and self.compare[0] == self.compare[1]:
            raise DesignError(f"Compare two different categories; '{self.compare[0]}' was given twice.")

    @property
    def bandwidth_m(self) -> float | None:
        """The bandwidth given in metres, or None."""
        try:
            metres = float(self.bandwidth)
        except ValueError:
            return None
        return metres if np.isfinite(metres) and metres > 0 else None

    @property
    def wanted_categories(self) -> tuple[str, ...]:
        """Categories of the near-repeat test as `near_repeat` takes them: empty for all."""
        return () if ALL_CATEGORIES in self.near_repeat_categories else self.near_repeat_categories


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """What an analysis found, before it has its name.

    Attributes
    ----------
    sentences : tuple of str
        Plain sentences, the finding first, then limits and warnings.
    table : DataFrame
        Tidy; default index, no geometry. Text is as the data have it.
    picture : Picture or None
        What `hotspots.report` draws.
    method : tuple of str
        Equation or rule, source, and the settings used, bandwidth included.
    shapes : GeoSeries or None
        The shape of each row of the table, for a GIS (EPSG:4326).
    """

    sentences: tuple[str, ...]
    table: pd.DataFrame
    picture: Picture | None
    method: tuple[str, ...]
    shapes: gpd.GeoSeries | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Analysis:
    """One question, answered, or refused in words.

    Attributes
    ----------
    name, title : str
        As in the registry: a short name, and the question in plain English.
    sentences, table, picture, method, shapes
        As in `Answer`. Where refused: the reason, an empty table, no picture.
    refusal : Refusal or None
        Why these data cannot answer, with the rule.
    """

    name: str
    title: str
    sentences: tuple[str, ...]
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    picture: Picture | None = None
    method: tuple[str, ...] = ()
    shapes: gpd.GeoSeries | None = None
    refusal: Refusal | None = None
