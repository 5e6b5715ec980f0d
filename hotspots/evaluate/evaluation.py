"""What an evaluation concludes."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geodata.period import Period
from hotspots.evaluate.design import Design
from hotspots.evaluate.estimators import Effect
from hotspots.evaluate.gates import GateResult
from hotspots.evaluate.opinions import Opinions
from hotspots.evaluate.survey import SurveyChange
from hotspots.evaluate.verdict import VerdictKey
from hotspots.evaluate.wdd import DisplacementDifference, DisplacementQuotient
from hotspots.results import Provenance, RegressionToMean


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
    """How much of the prevented incidents could have moved: next door, to other hours, to other kinds (R6.10).

    Attributes
    ----------
    ring, total : Effect or None
        The places next door, and treated places and next door together.
    could_have_moved : float or None
        Reports that could have moved next door: the far end of the ring's interval.
    in_hours, to_other_hours : Effect or None
        Reports of the hours patrolled, and of all other hours, in the treated places; None unless the design names
        hours and reports carry clock times.
    to_other_kinds : Effect or None
        Related crime in the treated places; None where the data hold none.
    """

    ring: Effect | None
    total: Effect | None
    could_have_moved: float | None
    sentence: str
    in_hours: Effect | None = None
    to_other_hours: Effect | None = None
    to_other_kinds: Effect | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """The same estimate under another reasonable choice: how far the answer moves."""

    name: str
    effect: Effect | None
    message: str


@dataclass(frozen=True, eq=False)
class DoseDelivered:
    """Visits delivered against visits planned; ``places`` as `hotspots.patrols.visits.dose_delivered` has it.

    ``planned_visits`` and ``share`` are None where no dose was planned; ``qualifying_visits`` last at least the
    shortest time that counts (R1.15).
    """

    planned_visits: float | None
    delivered_visits: int
    qualifying_visits: int
    share: float | None
    is_enough: bool
    sentence: str
    places: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Economics:
    """What was delivered and what it cost; pairs are lowest and highest, alike where the user stated one price.

    Attributes
    ----------
    patrol_hours, person_hours : float
        Time at the treated places, and the same times the people there (R1.21).
    price_gbp : tuple of float
        Of an hour of patrol; the national band (R1.20) where ``is_national_band``.
    per_visit_gbp : tuple of float or None
        Total over qualifying visits; None where none qualified.
    per_prevented_gbp : tuple of float or None
        None where not established: the interval of the effect includes no report prevented.
    per_prevented_best_gbp : float or None
        At the best single figure of the effect, where one price was stated.
    """

    patrol_hours: float
    person_hours: float
    price_gbp: tuple[float, float]
    is_national_band: bool
    total_gbp: tuple[float, float]
    per_visit_gbp: tuple[float, float] | None
    per_prevented_gbp: tuple[float, float] | None
    per_prevented_best_gbp: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """One further outcome in the same places: a count with its ``effect``, or answers of a survey with their change.

    ``p_adjusted``: Holm over all further outcomes; None without an estimate.
    """

    name: str
    effect: Effect | None
    p_adjusted: float | None
    sentence: str
    survey: SurveyChange | None = None


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A before/after evaluation: the verdict first, then everything it rests on.

    Attributes
    ----------
    treated, controls : DataFrame
        Index ``unit`` ("T01", "C01"); ``name``, ``rank``, ``before``, ``after`` (reports), ``ring_before``,
        ``ring_after``, ``n_cells``, ``cells`` (ids joined by ","), ``longitude``, ``latitude``.
    series : DataFrame
        Index ``month`` (every month used and missing ones); ``treated``, ``controls``, ``controls_scaled`` (to the
        treated total before the start), ``ring``, ``is_after``, ``is_missing``.
    before, after : Period
        First to last month of each side; missing months in between were left out of both groups.
    effect : Effect or None
        None when a required gate is closed or no interval exists.
    regression : RegressionToMean or None
        How far these places would change by themselves, having been picked for high counts (R6.4).
    mde_pct : float or None
        Smallest fall the design could detect with 80 % power.
    permutation_p : float or None
        Studentised re-randomisation p-value of the same statistic.
    opinions : Opinions or None
        What other methods and choices say about the same counts; None where there is no effect to hold beside.
    outcomes : tuple of Outcome
        Other outcomes in the same places, corrected for being several.
    economics : Economics or None
        None where no visit is known.
    amendments : tuple of str
        Changes of the frozen design in words; printed first.
    design_sentence, primary_sentence, compared_sentence : str
        How the treated places were chosen and the effect told from chance; the measure the verdict rests on; how many
        places were compared.
    headline, interval_sentence, doubt_sentence : str
        Verdict; interval in incidents; what would have to be true for the verdict to be wrong.
    """

    design: Design
    design_hash: str
    area_name: str
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
    checks: tuple[Check, ...]
    dose: DoseDelivered | None
    outcomes: tuple[Outcome, ...]
    economics: Economics | None
    amendments: tuple[str, ...]
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
    opinions: Opinions | None = None
    regression: RegressionToMean | None = None
    design_sentence: str = ""
    primary_sentence: str = ""
    compared_sentence: str = ""
