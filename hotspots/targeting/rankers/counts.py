"""The plain counts every ranking must beat: last month, the last n months, everything (R4.1, R4.5)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hotspots.targeting.panel import Panel
from hotspots.targeting.rankers.base import Floats


def last_step(past: Panel, _: int) -> Floats:
    """Score by the reports of the last step that was delivered."""
    delivered = np.flatnonzero(past.delivered)
    return past.followed(delivered[-1], 1) if len(delivered) else np.zeros(len(past.cells))


def count_over(months: float | None) -> Callable[[Panel, int], Floats]:
    """Return the ranker that counts reports over the last `months` months (None: over everything)."""

    def score(past: Panel, _: int) -> Floats:
        return past.count(past.recent(months))

    return score
