"""Every estimator of the field on one panel: one input, one result, and how often each was fooled."""

from hotspots.evaluate.methods.panel import Panel, like_months, make_panel, with_controls
from hotspots.evaluate.methods.registry import METHODS, comparison_table, run_all
from hotspots.evaluate.methods.result import About, MethodResult
from hotspots.evaluate.methods.specification import baseline_choices, control_choices, specification_curve

__all__ = [
    "METHODS",
    "About",
    "MethodResult",
    "Panel",
    "baseline_choices",
    "comparison_table",
    "control_choices",
    "like_months",
    "make_panel",
    "run_all",
    "specification_curve",
    "with_controls",
]
