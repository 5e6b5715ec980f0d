"""Which cells to point at, and how good the list is: rankings from the past alone, measured on months that followed.

Every list is held against a plain count (R4.4, R4.5).
"""

from hotspots.targeting.backtest import AREAS, Backtest, run_backtest
from hotspots.targeting.panel import Panel, build_panel, steps_between, thin
from hotspots.targeting.rankers import BASELINE, DEFAULT, RANKERS, Ranker, ranker_named, rankers_named

__all__ = [
    "AREAS",
    "BASELINE",
    "DEFAULT",
    "RANKERS",
    "Backtest",
    "Panel",
    "Ranker",
    "build_panel",
    "ranker_named",
    "rankers_named",
    "run_backtest",
    "steps_between",
    "thin",
]
