"""Every analysis of a run under one roof: a question in plain English, its answer in words, table and picture."""

from hotspots.analyses.registry import ANALYSES, PAGES, analyse, known, listing, names_on
from hotspots.analyses.result import BANDWIDTH_CHOICES, Analysis, Answer, Options

__all__ = [
    "ANALYSES",
    "BANDWIDTH_CHOICES",
    "PAGES",
    "Analysis",
    "Answer",
    "Options",
    "analyse",
    "known",
    "listing",
    "names_on",
]
