"""Checks of an estimate that need only its counts: placebos in time and place, single places, and other choices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hotspots.evaluate.estimators import Effect, estimate
from hotspots.evaluate.methods.did import permutation
from hotspots.evaluate.methods.events import pre_trend
from hotspots.evaluate.methods.panel import Panel
from hotspots.evaluate.methods.specification import baseline_choices, control_choices

MIN_MONTHS_BEFORE = 12
"""Months a pretended start needs before it."""

_DRAWS = 999
_PLACEBO_STARTS = 6
_ALARM = 0.05
_LARGE_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class PanelCheck:
    """One check: whether it gives cause for doubt, in one sentence, with the numbers behind it.

    Attributes
    ----------
    passed : bool or None
        None where the counts do not allow the check.
    table : DataFrame or None
        One row a variant, with ``effect_pct``, ``low_pct`` and ``high_pct``.
    """

    name: str
    passed: bool | None
    sentence: str
    table: pd.DataFrame | None = None


def panel_checks(panel: Panel, *, random_state: int) -> tuple[PanelCheck, ...]:
    """Return every check of this module on the default estimate."""
    return (
        placebo_in_time(panel),
        placebo_in_place(panel, random_state=random_state),
        trend_before(panel, random_state=random_state),
        leave_one_place_out(panel),
        control_choice(panel),
        baseline_choice(panel),
    )


def placebo_in_time(panel: Panel) -> PanelCheck:
    """Pretend the pilot had started earlier, using months before the start only: nothing should be found."""
    name, length = "placebo in time", min(len(panel.after), panel.start - MIN_MONTHS_BEFORE)
    if length < 1:
        return PanelCheck(
            name,
            None,
            f"A pretended start needs {MIN_MONTHS_BEFORE} months before it and one after; there are {panel.start} "
            "months before the start.",
        )
    starts = np.unique(np.linspace(MIN_MONTHS_BEFORE, panel.start - length, _PLACEBO_STARTS).astype(int))
    table = _table(
        "pretended_start",
        {
            f"{panel.months[start]:%Y-%m}": _default(panel, tuple(range(start)), tuple(range(start, start + length)))
            for start in starts
        },
    )
    found = int(_claims(table).sum())
    return PanelCheck(
        name,
        found == 0,
        f"{found} of {len(table)} pretended starts before the pilot show an effect where none can be"
        f"{'' if found else ', as it should be'}.",
        table,
    )


def placebo_in_place(panel: Panel, *, random_state: int) -> PanelCheck:
    """Pretend other places had been treated, and say how many groups of places show as much."""
    found = permutation(panel, random_state=random_state, draws=_DRAWS)
    if found.p_value is None:
        return PanelCheck("placebo in place", None, found.sentence)
    share = 100 * found.p_value
    return PanelCheck(
        "placebo in place",
        found.p_value <= _ALARM,
        f"{share:.1f}% of groups of places drawn at random show a change as clear as the treated places'.",
    )


def trend_before(panel: Panel, *, random_state: int) -> PanelCheck:
    """Ask whether treated and comparison places were drifting apart before the start."""
    found = pre_trend(panel, random_state=random_state)
    if found is None:
        return PanelCheck("trend before", None, "Too few months or reports before the start to test the trend before.")
    passed = found.p_value > _ALARM
    end = "no more than chance gives, which does not show that there was none" if passed else "more than chance gives"
    return PanelCheck(
        "trend before",
        passed,
        f"Before the start the gap between the groups drifted by {found.pct_per_year:+.0f}% a year "
        f"(p = {found.p_value:.2f}): {end}.",
    )


def leave_one_place_out(panel: Panel) -> PanelCheck:
    """Drop each treated place in turn, to see whether the answer hangs on one of them."""
    name, k = "leave one place out", len(panel.treated)
    whole = _default(panel, panel.before, panel.after)
    if whole is None or k < 3:
        return PanelCheck(name, None, f"{k} treated places with an estimate; at least 3 are needed.")
    before, after = (panel.totals(months) for months in (panel.before, panel.after))
    theirs = [panel.totals(months, group="controls") for months in (panel.before, panel.after)]
    without = {row: estimate(np.delete(before, row), np.delete(after, row), *theirs) for row in range(k)}
    table = _table("treated_row", without)
    changed = int((_claims(table) != (whole.is_reduction or whole.is_increase)).sum())
    low, high = table["effect_pct"].min(), table["effect_pct"].max()
    return PanelCheck(
        name,
        changed == 0,
        f"Without one treated place the estimate runs from {low:+.0f}% to {high:+.0f}%; dropping one changes whether "
        f"it is clear of no change for {changed} of {k} places.",
        table,
    )


def control_choice(panel: Panel) -> PanelCheck:
    """Compare with other reasonable comparison groups and say how far the answer moves."""
    choices = {name: _default(one, one.before, one.after) for name, one in control_choices(panel).items()}
    return _choice("control choice", "comparison groups", choices)


def baseline_choice(panel: Panel) -> PanelCheck:
    """Compare with other reasonable baselines and say how far the answer moves."""
    choices = {name: _default(one, one.before, one.after) for name, one in baseline_choices(panel).items()}
    return _choice("baseline choice", "baselines", choices)


def _choice(name: str, kind: str, choices: dict[str, Effect | None]) -> PanelCheck:
    table = _table(name.split(maxsplit=1)[0], choices).dropna()
    if len(table) < 2:
        return PanelCheck(name, None, f"These counts offer {len(table)} of the {kind}: nothing to compare.")
    low, high = table["effect_pct"].min(), table["effect_pct"].max()
    width = float((table["high_pct"] - table["low_pct"]).median())
    claims = int(_claims(table).sum())
    return PanelCheck(
        name,
        bool(high - low <= _LARGE_SHARE * width) and claims in (0, len(table)),
        f"Over {len(table)} reasonable {kind} the estimate runs from {low:+.0f}% to {high:+.0f}%; {claims} of them "
        "are clear of no change.",
        table,
    )


def _default(panel: Panel, before: tuple[int, ...], after: tuple[int, ...]) -> Effect | None:
    return estimate(*(panel.totals(m, group=group) for group in ("treated", "controls") for m in (before, after)))


def _table(variant: str, effects: dict[str, Effect | None] | dict[int, Effect | None]) -> pd.DataFrame:
    columns = ("effect_pct", "low_pct", "high_pct")
    rows = [[key, *(np.nan if one is None else getattr(one, c) for c in columns)] for key, one in effects.items()]
    return pd.DataFrame(rows, columns=[variant, *columns])


def _claims(table: pd.DataFrame) -> pd.Series:
    return (table["low_pct"] > 0) | (table["high_pct"] < 0)
