"""The verdict in fixed words (R6.20) and where the design stands on the Maryland scale (R6.1)."""

from __future__ import annotations

from typing import Literal

from hotspots.evaluate.estimators import Effect

VerdictKey = Literal["reduction", "increase", "no_clear_change", "not_assessable", "not_delivered"]

LEVELS = {
    2: "Maryland level 2 at best: before and after without a comparison cannot show that the pilot caused the change.",
    3: "Maryland level 3 at best: comparison places come from the same ranking but were not randomised, "
    "so the result is sensitive to regression to the mean.",
    5: "Maryland level 5: the treated places were drawn at random from one list.",
}
"""Where a pilot stands, by level."""


AMENDED = (
    "Maryland level 2 at best: the design was amended or frozen only after the start, so the result is a description "
    "and not a test of what was planned."
)
"""Where a pilot stands whose design was changed once it ran (R6.2, R6.3)."""


def verdict_of(effect: Effect | None) -> VerdictKey:
    """Return the verdict an interval supports; no interval supports none."""
    if effect is None:
        return "not_assessable"
    if effect.is_reduction:
        return "reduction"
    return "increase" if effect.is_increase else "no_clear_change"


def maryland_level(*, has_comparison: bool, is_randomised: bool) -> int:
    """Return the Maryland level a design can reach at best (R6.1)."""
    if not has_comparison:
        return 2
    return 5 if is_randomised else 3


def verdict_text(verdict: VerdictKey, *, level: int, mde_pct: float | None, confidence: float = 0.95) -> str:
    """Return the fixed text of the ladder (R6.20)."""
    comparison = (
        f"what trend, regression to the mean and comparison would explain (level {level}, {confidence:.0%} interval)"
    )
    mde = "" if mde_pct is None else f": smallest detectable fall {mde_pct:.0f}%"
    return {
        "not_delivered": "Not delivered",
        "not_assessable": f"Not assessable (too few incidents or places{mde})",
        "no_clear_change": "No clear evidence of change",
        "reduction": f"Reduction beyond {comparison}",
        "increase": f"Increase beyond {comparison}",
    }[verdict]
