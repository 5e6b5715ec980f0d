"""Before and after: what changed, how sure one can be, and what cannot be seen."""

from hotspots.evaluate.assignment import randomise
from hotspots.evaluate.batch import evaluate_batch, open_lines
from hotspots.evaluate.design import Amendment, Design, design_hash
from hotspots.evaluate.design_file import read_assignment, read_design
from hotspots.evaluate.estimators import Effect, estimate, rerandomisation_p_value
from hotspots.evaluate.evaluation import (
    Check,
    Displacement,
    DoseDelivered,
    Economics,
    Evaluation,
    NaiveChange,
    Outcome,
)
from hotspots.evaluate.freezing import amend, checked_design, design_files, freeze, read_list
from hotspots.evaluate.gates import GateResult, check_gates
from hotspots.evaluate.judge import evaluate
from hotspots.evaluate.lots import Lot, lot_of, read_lot
from hotspots.evaluate.planning import LADDER, SampleSize, listed_history, rotation_power, sample_size
from hotspots.evaluate.power import DetectableFall, detectable_fall
from hotspots.evaluate.survey import SurveyChange, SurveyQuestion, Wave, read_survey, survey_change
from hotspots.evaluate.wdd import (
    DisplacementDifference,
    DisplacementQuotient,
    e_test,
    harm_weighted,
    scan_p_value,
    weighted_displacement_difference,
    weighted_displacement_quotient,
)

__all__ = [
    "LADDER",
    "Amendment",
    "Check",
    "Design",
    "DetectableFall",
    "Displacement",
    "DisplacementDifference",
    "DisplacementQuotient",
    "DoseDelivered",
    "Economics",
    "Effect",
    "Evaluation",
    "GateResult",
    "Lot",
    "NaiveChange",
    "Outcome",
    "SampleSize",
    "SurveyChange",
    "SurveyQuestion",
    "Wave",
    "amend",
    "check_gates",
    "checked_design",
    "design_files",
    "design_hash",
    "detectable_fall",
    "e_test",
    "estimate",
    "evaluate",
    "evaluate_batch",
    "freeze",
    "harm_weighted",
    "listed_history",
    "lot_of",
    "open_lines",
    "randomise",
    "read_assignment",
    "read_design",
    "read_list",
    "read_lot",
    "read_survey",
    "rerandomisation_p_value",
    "rotation_power",
    "sample_size",
    "scan_p_value",
    "survey_change",
    "weighted_displacement_difference",
    "weighted_displacement_quotient",
]
