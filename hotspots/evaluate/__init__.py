"""Before and after: what changed, how sure one can be, and what cannot be seen."""

from hotspots.evaluate.design import Design
from hotspots.evaluate.estimators import Effect, estimate, rerandomisation_p_value
from hotspots.evaluate.evaluation import Displacement, DoseDelivered, Evaluation, NaiveChange
from hotspots.evaluate.gates import GateResult
from hotspots.evaluate.wdd import DisplacementDifference, DisplacementQuotient

__all__ = [
    "Design",
    "Displacement",
    "DisplacementDifference",
    "DisplacementQuotient",
    "DoseDelivered",
    "Effect",
    "Evaluation",
    "GateResult",
    "NaiveChange",
    "estimate",
    "rerandomisation_p_value",
]
