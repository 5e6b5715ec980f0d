"""Every estimator of the field on one panel: one input, one result, and how often each was fooled."""

from hotspots.evaluate.methods.panel import Panel, like_months, make_panel, with_controls
from hotspots.evaluate.methods.registry import METHODS, comparison_table, run_all
from hotspots.evaluate.methods.result import About, MethodResult

__all__ = [
    "METHODS",
    "About",
    "MethodResult",
    "Panel",
    "comparison_table",
    "like_months",
    "make_panel",
    "run_all",
    "with_controls",
]
