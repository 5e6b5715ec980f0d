"""The same counts by every other method, over every reasonable choice, and checked: beside the verdict, never in it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from hotspots.evaluate.checks import PanelCheck, panel_checks
from hotspots.evaluate.methods import Panel, comparison_table, run_all, specification_curve
from hotspots.evaluate.methods.specification import CURVE_COLUMNS


@dataclass(frozen=True, eq=False)
class Opinions:
    """What else could be said about the same counts.

    Attributes
    ----------
    methods : DataFrame
        One row a method, as `hotspots.evaluate.methods.comparison_table` has it.
    choices : DataFrame
        One row a specification, as `hotspots.evaluate.methods.specification_curve` has it.
    checks : tuple of PanelCheck
    """

    methods: pd.DataFrame
    choices: pd.DataFrame
    checks: tuple[PanelCheck, ...]

    @property
    def choices_sentence(self) -> str:
        """How far the answer moves, in words."""
        if self.choices.empty:
            return "No other choice could be tried on these counts."
        low, high = self.choices["estimate_pct"].min(), self.choices["estimate_pct"].max()
        falls = int((self.choices["high_pct"] < 0).sum())
        return (
            f"Over {len(self.choices)} reasonable choices of method, baseline, comparison places and ring the single "
            f"figure runs from {low:+.0f}% to {high:+.0f}%; {falls} of them have an interval wholly below no change."
        )


def opinions_of(panel: Panel, *, random_state: int) -> Opinions:
    """Return what every method, every reasonable choice and every check says about a pilot's counts.

    Places that take turns are compared with themselves, which one method alone can do.
    """
    if panel.assignment is not None:
        turns = comparison_table(run_all(panel, random_state=random_state, names=("rotation",)))
        return Opinions(methods=turns, choices=pd.DataFrame(columns=CURVE_COLUMNS), checks=())
    return Opinions(
        methods=comparison_table(run_all(panel, random_state=random_state)),
        choices=specification_curve(panel, random_state=random_state),
        checks=panel_checks(panel, random_state=random_state),
    )


def panel_of(
    treated: pd.DataFrame,
    controls: pd.DataFrame,
    treated_ring: pd.DataFrame,
    controls_ring: pd.DataFrame,
    *,
    before: pd.DatetimeIndex,
    after: pd.DatetimeIndex,
) -> Panel:
    """Return the panel of a pilot from counts by place (rows) and month (columns); missing months are left out."""
    months = before.union(after)
    counts = [frame.loc[:, months].to_numpy(dtype=float) for frame in (treated, controls, treated_ring, controls_ring)]
    return Panel(
        treated=counts[0],
        controls=counts[1],
        months=months,
        start=len(before),
        after=tuple(range(len(before), len(months))),
        treated_ring=counts[2],
        controls_ring=counts[3],
    )
