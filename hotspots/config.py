"""Every setting of a run, with the practice rule its default comes from.

A configuration is a value: hashable, printable, comparable, written into ``run.json``. Rule numbers (R1.4 ...) refer
to the table "Where the defaults come from" in ARCHITECTURE.md.
"""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from geodata.errors import DesignError
from geodata.institutions import LocationPolicy, location_policies
from geodata.period import parse_month
from geodata.schema import ASB
from hotspots.edits import Edit, edits_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ALL_CATEGORIES = "all"
"""Category name that keeps every category."""

FILE_SETTINGS = ("institutions", "lsoa", "report_types", "school_holidays", "bank_holidays", "places")
"""Settings that name a file of the user's; what was in it when a run was made is kept as a checksum."""

HOURS = ("all", "day", "night")
"""Whose reports a list may be made of: all, those of 06:00-18:00, those of 18:00-06:00 (R1.10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DensityConfig:
    """Kernel density (R4.2): the picture beside the ranking, never the ranking itself."""

    kernel: str = "quartic"
    bandwidth_m: float = 200.0
    snap_bandwidth_floor_m: float = 250.0  # R2.2c

    def __post_init__(self) -> None:
        _require(self.kernel in ("quartic", "epanechnikov", "gaussian"), f"kernel '{self.kernel}' is not known")
        _require(self.bandwidth_m > 0, "density.bandwidth_m must be above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignificanceConfig:
    """Gi* over the cell and its first ring, with the false discovery rate (R4.3)."""

    rings: int = 1
    false_discovery_rate: float = 0.05

    def __post_init__(self) -> None:
        _require(0 < self.false_discovery_rate < 1, "significance.false_discovery_rate must lie between 0 and 1")
        _require(self.rings >= 1, "significance.rings must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingConfig:
    """How cells are ranked (R4.6): pulled towards similar cells, or a decayed count where one kind is all there is.

    Half-life and season are those of the decayed count; the default averages over three half-lives.
    """

    method: str = "ebreg_mean"  # R4.5: the default, or "decayed" for the decayed count whatever else was read
    backtest_origins: int = 24  # R4.4: past months, each season twice, that check the list of every run; 0: none
    half_life_months: float = 5.0
    season_weight: float = 1.0
    draws: int = 2000  # posterior draws for the probability of belonging to the top k

    def __post_init__(self) -> None:
        _require(self.method in ("ebreg_mean", "decayed"), "ranking.method must be 'ebreg_mean' or 'decayed'")
        _require(self.backtest_origins >= 0, "ranking.backtest_origins must not be negative")
        _require(self.half_life_months > 0, "ranking.half_life_months must be above 0")
        _require(self.season_weight >= 0, "ranking.season_weight must not be negative")
        _require(self.draws >= 100, "ranking.draws must be at least 100")


@dataclass(frozen=True, slots=True, kw_only=True)
class DelineationConfig:
    """From cells to named patrol-sized hotspots (R1.1-R1.13)."""

    n_hotspots: int = 10  # R1.12
    max_cells: int = 7  # R1.3
    max_area_km2: float = 0.10  # R1.3: about 10 ha
    stop_minutes: float = 15.0  # R1.15: a visit, before the walk through the place
    walking_kmh: float = 4.0  # design judgement: an officer on foot, looking round
    street_km_per_km2: float = 20.0  # design judgement: a built-up area; only used where no streets are given
    min_incidents_12m: int = 36  # R1.4
    split_above_12m: int = 150  # R1.4
    min_separation_m: float = 500.0  # R1.5
    institution_share: float = 0.5  # R1.11

    def __post_init__(self) -> None:
        _require(self.n_hotspots >= 1, "delineation.n_hotspots must be at least 1")
        _require(self.max_cells >= 1, "delineation.max_cells must be at least 1")
        _require(self.max_area_km2 > 0, "delineation.max_area_km2 must be above 0")
        _require(self.stop_minutes > 0, "delineation.stop_minutes must be above 0")
        _require(self.walking_kmh > 0, "delineation.walking_kmh must be above 0")
        _require(self.street_km_per_km2 > 0, "delineation.street_km_per_km2 must be above 0")
        _require(0 < self.institution_share <= 1, "delineation.institution_share must lie between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatConfig:
    """Repeat places (R4.7-R4.10)."""

    case_review_reports: int = 3  # R4.8(i): reports ...
    case_review_months: int = 6  # ... within this many months
    recency_half_life_days: float = 60.0  # R4.10
    same_place_m: float = 25.0  # R4.9
    simulations: int = 999


@dataclass(frozen=True, slots=True, kw_only=True)
class PatrolConfig:
    """What can be afforded and when (R1.15-R1.20, R1.24, R1.26)."""

    budget_gbp_per_year: float = 50_000.0  # Op Eternity, Wolverhampton LPA
    cost_per_hour_gbp: tuple[float, float] = (73.0, 110.0)  # R1.20
    visit_minutes: float = 15.0  # R1.15
    min_visits_per_week: float = 3.0  # R1.24
    max_visits_per_week: float = 21.0  # R1.24
    shift_hours: int = 7  # R1.16b: 15:00-22:00
    shift_days: int = 4  # R1.16b: Wednesday to Saturday

    def __post_init__(self) -> None:
        low, high = self.cost_per_hour_gbp
        _require(0 < low <= high, "patrol.cost_per_hour_gbp must be two rising amounts above 0")
        _require(self.visit_minutes > 0, "patrol.visit_minutes must be above 0")
        _require(1 <= self.shift_hours <= 24, "patrol.shift_hours must lie between 1 and 24")
        _require(1 <= self.shift_days <= 7, "patrol.shift_days must lie between 1 and 7")


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraConfig:
    """Deployable camera sites (R5.3, R5.7, R5.9, R5.12)."""

    n_cameras: int = 4
    range_m: float = 60.0  # R5.9: overview at 60 degrees
    deploy_weeks: int = 12  # R5.7
    review_weeks: tuple[int, ...] = (4, 12)  # R5.7
    candidate_spacing_m: float = 40.0

    def __post_init__(self) -> None:
        _require(self.n_cameras >= 0, "cameras.n_cameras must not be negative")
        _require(self.range_m > 0, "cameras.range_m must be above 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """One run of the whole recipe."""

    categories: tuple[str, ...] = (ASB,)
    first_month: str | None = None
    last_month: str | None = None
    resolution: int | None = None  # None: 10, or 9 on snap-point data (R1.2, R2.2b)
    min_months: int = 12  # R1.8: below this the list is called unstable
    hard_min_months: int = 6  # R1.8: below this there is a map and no list
    stability_min_overlap: float = 0.5  # R1.9
    seed: int = 0
    recording_changed: str = ""  # R3.5: first month (YYYY-MM) of another recording practice
    marking: str = "OFFICIAL"  # R7.13
    include_officer_generated: bool = False  # R7.5: officers' own records follow patrols, not demand
    override_reason: str = ""  # R3.7: why the list is made although the data are graded red; printed on everything
    default_locations: tuple[LocationPolicy, ...] = ()  # R3.9: what is done with the records of a place
    hours: str = HOURS[0]  # R1.10: reports of the whole day, of the day (06:00-18:00) or of evening and night
    edits: tuple[Edit, ...] = ()  # R1.3: what an analyst changed about the hotspots as drawn
    drawn_list: str = ""  # fingerprint of the list the edits were made to
    institutions: str = ""  # R1.11: file of sites, as polygons or points, whose records are left out
    lsoa: str = ""  # R2.3: file of LSOA boundaries, to check the codes that records state
    report_types: str = ""  # R3.3, R1.6: file of NSIR headings with owner and patrol flag, instead of the one shipped
    school_holidays: str = ""  # R6.5: file of school holidays, instead of typical dates for England
    bank_holidays: str = ""  # R6.5: file of bank holidays, instead of the nation's in every year it lists
    places: str = ""  # file of named places (stations, schools, parks), said beside the names of hotspots
    places_within_m: float = 150.0  # design judgement: two minutes' walk, a cell's width, well below R1.5's 500 m
    density: DensityConfig = field(default_factory=DensityConfig)
    significance: SignificanceConfig = field(default_factory=SignificanceConfig)
    ranking: RankingConfig = field(default_factory=RankingConfig)
    delineation: DelineationConfig = field(default_factory=DelineationConfig)
    repeats: RepeatConfig = field(default_factory=RepeatConfig)
    patrol: PatrolConfig = field(default_factory=PatrolConfig)
    cameras: CameraConfig = field(default_factory=CameraConfig)

    def __post_init__(self) -> None:
        _require(bool(self.categories), "categories must name at least one category, or 'all'")
        _require(self.resolution is None or 7 <= self.resolution <= 12, "resolution must lie between 7 and 12")
        _require(self.hours in HOURS, f"hours must be one of {', '.join(HOURS)}")
        _require(self.hard_min_months >= 1, "hard_min_months must be at least 1")
        _require(self.places_within_m > 0, "places_within_m must be above 0")
        for month in (self.first_month, self.last_month, self.recording_changed or None):
            if month is not None:
                parse_month(month)

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as plain nested values, as ``run.json`` holds it."""
        return asdict(self)

    @classmethod
    def from_toml(cls, path: str | Path) -> RunConfig:
        """Read a configuration from TOML; tables are the parts (``[patrol]``), the rest are the run's own settings.

        Files that settings name are looked for beside this one.

        Raises
        ------
        DesignError
            If the file is not TOML, or names a setting that does not exist.
        """
        path = Path(path)
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise DesignError(f"There is no configuration file at {path}.") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DesignError(f"{path.name} is not valid TOML: {error}.") from error
        beside = {name: str(path.parent / given[name]) for name in FILE_SETTINGS if isinstance(given.get(name), str)}
        return with_settings(cls(), given | {name: file for name, file in beside.items() if given[name]})


Config = TypeVar("Config", bound="DataclassInstance")


def with_settings(config: Config, given: dict[str, Any]) -> Config:
    """Return `config` with the given settings; nested tables go to nested parts.

    Raises
    ------
    DesignError
        If a setting does not exist; the message lists those that do.
    """
    known = {f.name: getattr(config, f.name) for f in fields(config)}
    changed: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise DesignError(f"There is no setting '{name}'; the settings here are: {', '.join(sorted(known))}.")
        current = known[name]
        if is_dataclass(current) and not isinstance(current, type) and isinstance(value, dict):
            changed[name] = with_settings(current, value)
        elif name == "default_locations":
            changed[name] = location_policies(value if isinstance(value, list) else [value])
        elif name == "edits":
            changed[name] = edits_of(value if isinstance(value, list | tuple) else [value])
        else:
            changed[name] = tuple(value) if isinstance(value, list) else value
    try:
        return replace(config, **changed)
    except TypeError as error:
        raise DesignError(f"A setting has the wrong kind of value: {error}.") from error


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise DesignError(f"{message}.")
