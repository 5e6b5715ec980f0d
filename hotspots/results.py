"""What a run concludes: frames for places, small frozen dataclasses for everything said about them."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from geodata.area import StudyArea
from geodata.period import Period
from geodata.quality import QualityReport
from hotspots.config import RunConfig


@dataclass(frozen=True, slots=True)
class Refusal:
    """An analysis these data cannot support, and why."""

    analysis: str
    reason: str
    rule: str


@dataclass(frozen=True, slots=True)
class Concentration:
    """How concentrated the reports are (R1.13), tested against chance (R4.7).

    ``top_share`` of the places with a report hold ``held_share`` of the reports; with the same number of reports
    thrown at random on the same places the top would hold ``chance_share`` (95th percentile over simulations).
    """

    n_places: int
    n_places_with_report: int
    top_share: float
    held_share: float
    chance_share: float
    p_value: float
    area_share_for_half: float
    gini: float


@dataclass(frozen=True, slots=True)
class Stability:
    """How far the same list comes back from two halves of the months (R1.9)."""

    k: int
    overlap: float
    first_half: str
    second_half: str
    is_stable: bool


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far count, kernel density and repeat score name the same places in the top k (R4.1)."""

    k: int
    count_and_density: float
    count_and_repeats: float
    rank_correlation_density: float


@dataclass(frozen=True, slots=True)
class ListAccuracy:
    """How good lists made this way were on past months, beside a plain count of twelve months (R4.4, R4.5).

    ``first`` to ``last`` are the months tested, each ranked for from the months before it alone. Of all reports that
    followed, ``hit_rate`` lay in the first ``n_cells`` cells, ``area_share`` of the land. ``ratio`` is that against the
    plain count. ``ceiling`` is what the months after, known as well, would have found. Intervals hold with 95 %.
    """

    method: str
    label: str
    resolution: int
    unit: str
    horizon: int
    origins: int
    first: str
    last: str
    n_reports: int
    area_share: float
    n_cells: int
    hit_rate: float
    hit_rate_low: float
    hit_rate_high: float
    count_hit_rate: float
    ratio: float
    ratio_low: float
    ratio_high: float
    ceiling: float
    pai: float
    pei: float
    overlap: float

    @property
    def beats_count(self) -> bool:
        """Whether it was better than the plain count by more than chance."""
        return self.ratio_low > 1


@dataclass(frozen=True, slots=True)
class PeakWindow:
    """A weekly window and the share of reports in it (R1.26).

    ``days`` are 0 = Monday ... 6 = Sunday; the window is ``start_hour`` to ``start_hour + hours`` local time on each
    of the days, and may run past midnight.
    """

    days: tuple[int, ...]
    start_hour: int
    hours: int
    share_of_reports: float
    share_of_week: float
    n: int
    method: str

    def describe(self) -> str:
        """Return the window in words, e.g. ``Wed-Sat 15:00-22:00: 41% of reports in 17% of the week``."""
        names = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
        first, last = names[self.days[0]], names[self.days[-1]]
        days = first if len(self.days) == 1 else "every day" if len(self.days) == 7 else f"{first}-{last}"
        end = (self.start_hour + self.hours) % 24
        return (
            f"{days} {self.start_hour:02d}:00-{end:02d}:00: {self.share_of_reports:.0%} of reports "
            f"in {self.share_of_week:.0%} of the week"
        )


@dataclass(frozen=True, slots=True)
class PatrolBudget:
    """What the money buys (R1.20): a low and a high figure each, from the dear and the cheap hour."""

    hours_per_year: tuple[float, float]
    visits_per_year: tuple[float, float]
    visits_per_week: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Provenance:
    """What an output must carry to be checked later (R7.11)."""

    fingerprint: str
    sources: tuple[str, ...]
    seed: int
    versions: dict[str, str]
    created: str
    coordinate_operation: str
    licence: str


@dataclass(frozen=True, slots=True)
class Run:
    """Everything one run concluded. Frames are read-only by convention.

    Attributes
    ----------
    incidents : DataFrame
        INCIDENTS used (``inside``) and those of the buffer (context).
    cells : GeoDataFrame
        CELLS: ``n``, ``n_12m``, ``expected``, ``score``, ``n_shrunk``, ``rank``, ``p_top``, ``density``,
        ``density_rank``, ``gi_z``, ``gi_p``, ``is_cluster``.
    hotspots, repeat_locations, patrols, cameras : GeoDataFrame
        See the data dictionary in README.md.
    """

    area: StudyArea
    config: RunConfig
    period: Period
    resolution: int
    quality: QualityReport
    provenance: Provenance
    incidents: pd.DataFrame
    cells: gpd.GeoDataFrame
    hotspots: gpd.GeoDataFrame
    repeat_locations: gpd.GeoDataFrame
    patrols: gpd.GeoDataFrame
    cameras: gpd.GeoDataFrame
    refused: tuple[Refusal, ...]
    notes: tuple[str, ...]
    concentration: Concentration | None
    stability: Stability | None
    agreement: Agreement | None
    accuracy: ListAccuracy | None
    budget: PatrolBudget | None
    week: pd.DataFrame | None
    streets: gpd.GeoDataFrame | None
    existing_cameras: gpd.GeoDataFrame | None
    is_synthetic: bool
    drawn_list: str = ""  # fingerprint of the hotspots before any edit

    @property
    def marking(self) -> str:
        """Protective marking of every output."""
        return marking(self.config, self.quality)


def marking(config: RunConfig, quality: QualityReport) -> str:
    """Return the protective marking; it says so when red data were listed on a person's word (R3.7, R7.13)."""
    answered = quality.is_red and bool(config.override_reason.strip())
    return f"{config.marking} | data graded C, list made on a person's reason" if answered else config.marking
