"""What an evaluation concludes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd

from geodata.period import Period
from hotspots.evaluate.estimators import Effect
from hotspots.evaluate.gates import GateResult
from hotspots.evaluate.wdd import DisplacementDifference, DisplacementQuotient
from hotspots.results import Provenance

VerdictKey = Literal["reduction", "increase", "no_clear_change", "not_assessable", "not_delivered"]


@dataclass(frozen=True, slots=True)
class NaiveChange:
    """The percentage a press release would print: treated places only, no comparison, no interval (R6.18)."""

    before: int
    after: int
    change_pct: float | None
    before_period: str
    after_period: str
    warning: str


@dataclass(frozen=True, slots=True)
class Displacement:
    """How much of the prevented incidents could have moved next door (R6.10)."""

    ring: Effect | None
    total: Effect | None
    could_have_moved: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class DoseDelivered:
    """Visits delivered against visits planned."""

    planned_visits: float
    delivered_visits: float
    share: float
    is_enough: bool
    sentence: str


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A before/after evaluation: the verdict first, then everything it rests on.

    Attributes
    ----------
    treated, controls : DataFrame
        Index ``unit``; ``name``, ``before``, ``after`` (reports), ``ring_before``, ``ring_after``, ``rank``,
        ``n_cells``, ``cells`` (ids joined by ","), ``longitude``, ``latitude``.
    series : DataFrame
        Index ``month`` (every month used and missing ones); ``treated``, ``controls``, ``controls_scaled`` (to the
        treated total before the start), ``ring``, ``is_after``, ``is_missing``.
    effect : Effect or None
        None when a gate is closed or no interval exists.
    mde_pct : float or None
        Smallest fall the design could detect with 80 % power.
    permutation_p : float or None
        Studentised re-randomisation p-value of the same statistic.
    headline, interval_sentence, doubt_sentence : str
        Verdict; interval in incidents; what would have to be true for the verdict to be wrong.
    """

    design_name: str
    design_hash: str
    area_name: str
    categories: tuple[str, ...]
    before: Period
    after: Period
    missing_months: tuple[str, ...]
    resolution: int
    treated: pd.DataFrame
    controls: pd.DataFrame
    series: pd.DataFrame
    effect: Effect | None
    displacement: Displacement
    naive: NaiveChange
    wdd: DisplacementDifference | None
    wdq: DisplacementQuotient | None
    gates: tuple[GateResult, ...]
    mde_pct: float | None
    mde_method: str
    permutation_p: float | None
    dose: DoseDelivered | None
    level: int
    level_text: str
    verdict: VerdictKey
    verdict_text: str
    headline: str
    interval_sentence: str
    doubt_sentence: str
    officer_generated_excluded: int
    notes: tuple[str, ...]
    provenance: Provenance
    is_synthetic: bool
