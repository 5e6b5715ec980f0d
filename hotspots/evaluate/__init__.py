"""Before and after: what changed, how sure one can be, and what cannot be seen."""

from hotspots.evaluate.batch import evaluate_batch, open_lines
from hotspots.evaluate.design import Design, design_hash, read_design
from hotspots.evaluate.estimators import Effect, estimate, rerandomisation_p_value
from hotspots.evaluate.evaluation import Check, Displacement, DoseDelivered, Evaluation, NaiveChange
from hotspots.evaluate.gates import GateResult, check_gates
from hotspots.evaluate.judge import evaluate
from hotspots.evaluate.power import DetectableFall, detectable_fall
from hotspots.evaluate.wdd import (
    DisplacementDifference,
    DisplacementQuotient,
    e_test,
    harm_weighted,
    weighted_displacement_difference,
    weighted_displacement_quotient,
)

__all__ = [
    "Check",
    "Design",
    "DetectableFall",
    "Displacement",
    "DisplacementDifference",
    "DisplacementQuotient",
    "DoseDelivered",
    "Effect",
    "Evaluation",
    "GateResult",
    "NaiveChange",
    "check_gates",
    "design_hash",
    "detectable_fall",
    "e_test",
    "estimate",
    "evaluate",
    "evaluate_batch",
    "harm_weighted",
    "open_lines",
    "read_design",
    "rerandomisation_p_value",
    "weighted_displacement_difference",
    "weighted_displacement_quotient",
]
