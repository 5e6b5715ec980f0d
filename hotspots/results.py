"""What a run concludes: frames for places, small frozen dataclasses for everything said about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
class Quarters:
    """How many hotspots the quarters of the period would have picked, each by itself (R1.9)."""

    n_hotspots: int
    in_all: int
    in_three: int
    months: int

    def describe(self) -> str:
        """Return it as a sentence."""
        return (
            f"Of {self.n_hotspots} hotspots, {self.in_three} would also have been picked by at least three of the four "
            f"quarters of the period ({self.months} months each) alone, {self.in_all} by all four."
        )


@dataclass(frozen=True, slots=True)
class Survival:
    """How many hotspots are there on other grids too (R4.18): ``by_grid`` says how many on each."""

    n_hotspots: int
    everywhere: int
    by_grid: dict[str, int]

    def describe(self) -> str:
        """Return it as a sentence."""
        each = "; ".join(f"{grid}: {n}" for grid, n in self.by_grid.items())
        rest = (
            "the list does not hang on where the cells happen to lie"
            if self.everywhere == self.n_hotspots
            else "the others owe their place in part to where the cells happen to lie"
        )
        verb = "is" if self.everywhere == 1 else "are"
        return (
            f"{self.everywhere} of {self.n_hotspots} hotspots {verb} there on every other grid tried ({each}); {rest}."
        )


@dataclass(frozen=True, slots=True)
class RegressionToMean:
    """How far the reports of the list will fall with nothing done, because it was picked for high counts (R6.4).

    ``reports`` in the last ``months``; ``expected`` in an equal period to come with a 90 % band ``low`` to ``high``.
    ``held_back`` is the fall measured with half of the reports held back at random, ``held_back_by_model`` what the
    model says of the same halves: where they differ much, do not rely on the band. ``by_cell`` is what ``expected`` is
    the sum of.
    """

    n_hotspots: int
    months: int
    reports: int
    expected: float
    low: float
    high: float
    held_back: float
    held_back_by_model: float
    by_cell: Mapping[str, float] = field(default_factory=dict)

    @property
    def change(self) -> float:
        """Expected change as a share, e.g. -0.15."""
        return self.expected / self.reports - 1 if self.reports else 0.0

    def describe(self) -> str:
        """Return it as a sentence."""
        fall = -self.change
        moved = f"{abs(fall):.0%} {'fewer' if fall > 0 else 'more'}"
        return (
            f"With nothing done, these {self.n_hotspots} places would be expected to go from {self.reports:,} reports "
            f"in {self.months} months to about {self.expected:,.0f} in the {self.months} months after ({self.low:,.0f} "
            f"to {self.high:,.0f}; {moved}), because places picked for a high count had some luck. A change of that "
            "size shows nothing about what was done there."
        )


@dataclass(frozen=True, slots=True)
class Robustness:
    """How steady a list is: in quarters of the period, on other grids, and against regression to the mean."""

    quarters: Quarters
    survival: Survival
    regression: RegressionToMean

    def describe(self) -> tuple[str, ...]:
        """Return a sentence on each."""
        return self.quarters.describe(), self.survival.describe(), self.regression.describe()


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
    setting_files: Mapping[str, str] = field(default_factory=dict)


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
    robustness: Robustness | None
    agreement: Agreement | None
    accuracy: ListAccuracy | None
    budget: PatrolBudget | None
    week: pd.DataFrame | None
    streets: gpd.GeoDataFrame | None
    existing_cameras: gpd.GeoDataFrame | None
    is_synthetic: bool
    drawn_list: str = ""  # fingerprint of the hotspots before any edit
    places: gpd.GeoDataFrame | None = None  # named places in the area and its buffer

    @property
    def marking(self) -> str:
        """Protective marking of every output, with a person's reason where red data were listed."""
        return marking(self.config, self.quality)

    @property
    def short_marking(self) -> str:
        """Protective marking where there is little room; `answered_for` then stands elsewhere on the page."""
        return marking(self.config, self.quality, with_reason=False)

    @property
    def answered_for(self) -> str:
        """Why red data were listed all the same (R3.7); "" where they were not."""
        return _answered_for(self.config, self.quality)


def marking(config: RunConfig, quality: QualityReport, *, with_reason: bool = True) -> str:
    """Return the protective marking; it says so, and why, when red data were listed (R3.7, R7.13)."""
    reason = _answered_for(config, quality)
    if not reason:
        return config.marking
    said = f"{config.marking} | data graded C, list made on a person's reason"
    return f"{said}: {reason}" if with_reason else said


def _answered_for(config: RunConfig, quality: QualityReport) -> str:
    return " ".join(config.override_reason.split()) if quality.is_red else ""
