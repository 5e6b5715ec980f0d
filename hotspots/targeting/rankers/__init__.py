"""Ways of ranking cells behind one small interface: fit on the past, score cells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from geodata.errors import DesignError
from hotspots.targeting.rankers.base import Ranker
from hotspots.targeting.rankers.bayes import averaged_bayes, decayed_count, neighbourhood_bayes
from hotspots.targeting.rankers.counts import count_over, last_step
from hotspots.targeting.rankers.learned import boosted_trees, ensemble, poisson_regression
from hotspots.targeting.rankers.smoothed import density_over, gi_star_score, tuned_density

BASELINE: Final = "count12"
"""The plain count every list is held against (R4.5)."""

DEFAULT: Final = "ebreg_mean"

RANKERS: Final[dict[str, Ranker]] = {
    ranker.name: ranker
    for ranker in (
        Ranker(DEFAULT, "similar cells", "what a cell had, pulled towards what similar cells have", averaged_bayes),
        Ranker("last1", "last month", "reports of the last month", last_step),
        Ranker(BASELINE, "count, 12 months", "plain count over 12 months", count_over(12)),
        Ranker("count24", "count, 24 months", "plain count over 24 months", count_over(24)),
        Ranker("countall", "count, all months", "plain count over all months", count_over(None)),
        Ranker("kde", "density, 200 m", "quartic density, 200 m", density_over(200.0)),
        Ranker("kde_tuned", "density, tuned", "quartic density, bandwidth chosen on earlier months", tuned_density),
        Ranker("decayed", "decayed count", "recent months and the same season count more", decayed_count),
        Ranker("gi_star", "Gi*", "Gi* over the cell and its ring", gi_star_score),
        Ranker(
            "eb_neighbours",
            "cells around",
            "what a cell had, pulled towards what the cells around it have",
            neighbourhood_bayes,
        ),
        Ranker("poisson_glm", "Poisson regression", "Poisson regression on earlier months", poisson_regression),
        Ranker(
            "boosted_trees", "boosted trees", "boosted trees on earlier months (opaque)", boosted_trees, is_opaque=True
        ),
        Ranker("ensemble", "average of four", "average of four methods (opaque)", ensemble, is_opaque=True),
    )
}
"""Every ranker by name, the default first."""


def rankers_named(names: Iterable[str]) -> tuple[Ranker, ...]:
    """Return the rankers of these names, each once, in the order given; ``all`` names every one.

    Raises
    ------
    DesignError
        If a name is not known; the message lists those that are.
    """
    wanted = list(dict.fromkeys(names))
    if "all" in wanted:
        return tuple(RANKERS.values())
    unknown = [name for name in wanted if name not in RANKERS]
    if unknown:
        raise DesignError(f"There is no ranking method '{unknown[0]}'; the methods are: {', '.join(RANKERS)}, or all.")
    return tuple(RANKERS[name] for name in wanted)


def ranker_named(name: str) -> Ranker:
    """Return one ranker.

    Raises
    ------
    DesignError
        If the name is not known, or names all.
    """
    found = rankers_named([name])
    if len(found) > 1:
        raise DesignError(f"One ranking needs one method: {', '.join(RANKERS)}.")
    return found[0]


__all__ = ["BASELINE", "DEFAULT", "RANKERS", "Ranker", "ranker_named", "rankers_named"]
