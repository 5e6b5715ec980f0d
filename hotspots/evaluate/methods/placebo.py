"""Placebo groups: the same statistic for groups of places drawn anew, which is what chance looks like on these data."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from hotspots.evaluate.estimators import Floats, redrawn_groups
from hotspots.evaluate.methods.panel import Panel
from hotspots.evaluate.methods.result import CONFIDENCE, About, MethodResult, from_log, refused

DRAWS = 199

Statistic = Callable[[Floats, Floats], tuple[float, float] | None]
"""(pretended treated, the other places; both places x months) -> (log effect, its scale), or None if it has none."""


def judged_by_placebos(
    about: About, panel: Panel, statistic: Statistic, *, random_state: int, draws: int = DRAWS, why_none: str
) -> MethodResult:
    r"""Return a method's log effect with the p-value and interval of groups drawn from all places of the panel.

    The groups have as many places as the pilot and are drawn from treated and comparison places together, so that
    under no effect anywhere the pilot's own group is one of them: the p-value is then exact. Groups for which the
    method gives no number are left out, as the pilot would have been. The interval is d +- q scale, q being the
    95 % quantile of \|d\| / scale over the groups, so that interval and p-value never disagree.

    Parameters
    ----------
    why_none : str
        The refusal where the method gives no number for the pilot itself.
    """
    observed = statistic(panel.treated, panel.controls)
    places = np.vstack([panel.treated, panel.controls])
    drawn = redrawn_groups(len(places), len(panel.treated), draws, np.random.default_rng(random_state))
    found = [] if observed is None else [statistic(places[row], places[~row]) for row in drawn]
    ratios = np.sort([abs(d) / scale for d, scale in (one for one in found if one is not None)])
    if observed is None or not len(ratios):
        return refused(about, why_none)
    d, scale = observed
    as_extreme = int((ratios >= abs(d) / scale * (1 - 1e-9)).sum())
    allowed = math.floor((1 - CONFIDENCE) * (len(ratios) + 1)) - 1  # groups that may be as extreme with p <= 5 %
    reach = float(ratios[-1 - allowed]) * scale if allowed >= 0 else math.inf
    after = float(panel.totals(panel.after).sum())
    p_value = (1 + as_extreme) / (1 + len(ratios))
    return from_log(about, d, d - reach, d + reach, treated_after=after, p_value=p_value)
