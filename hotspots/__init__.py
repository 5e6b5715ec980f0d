"""What follows from the reports: where they concentrate, when to patrol, where a camera would help, whether it worked.

>>> import geodata, hotspots                                            # doctest: +SKIP
>>> intake = geodata.read(["bedfordshire.zip"])                         # doctest: +SKIP
>>> area = geodata.read_area("luton.geojson")                           # doctest: +SKIP
>>> run = hotspots.run(intake, area)                                    # doctest: +SKIP
>>> run.hotspots[["rank", "name", "n"]]                                 # doctest: +SKIP
>>> hotspots.backtest(intake, area).accuracy                            # doctest: +SKIP
>>> hotspots.analyse(run, "repeat-clocks").sentences                    # doctest: +SKIP
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hotspots import analyses
    from hotspots.analyses import analyse
    from hotspots.config import RunConfig
    from hotspots.pipeline import run
    from hotspots.results import Run
    from hotspots.targeting.ask import backtest, rank

__all__ = ["Run", "RunConfig", "analyse", "analyses", "backtest", "rank", "run"]

# Threads of scikit-learn would otherwise spin while they wait for each other: on a busy machine a fit of 2 ms takes 90.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

_HOME = {
    "Run": "hotspots.results",
    "RunConfig": "hotspots.config",
    "analyse": "hotspots.analyses",
    "backtest": "hotspots.targeting.ask",
    "rank": "hotspots.targeting.ask",
    "run": "hotspots.pipeline",
}


def __getattr__(name: str) -> Any:
    """Load the recipe when it is first asked for: the command line answers `--help` without the whole stack."""
    if name == "analyses":
        return import_module("hotspots.analyses")
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'hotspots' has no attribute '{name}'")
