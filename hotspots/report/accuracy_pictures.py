"""Pictures of a back-test: each method against the plain count, and month by month what each list found."""

from __future__ import annotations

import numpy as np
import pandas as pd

from hotspots.analyses.pictures import Line, Lines, Ranges
from hotspots.report import plots
from hotspots.targeting import BASELINE, RANKERS, Backtest
from hotspots.targeting.ceiling import CEILING

CEILING_LABEL = "a list made with the months after in hand"


def short_of(method: str) -> str:
    """Return the short name of a method, as pictures and tables have it."""
    return "ceiling" if method == CEILING else RANKERS[method].short


def meanings(tested: Backtest, method: str) -> str:
    """Return what the short names stand for, the method of the list first."""
    others = [name for name in tested.accuracy["method"].drop_duplicates() if name not in (method, CEILING)]
    told = [f"{short_of(name)}: {RANKERS[name].label}" for name in others]
    return f"This list is by {short_of(method)}: {RANKERS[method].label}. Beside it, " + "; ".join(
        [*told, f"ceiling: {CEILING_LABEL}."]
    )


def ratios_svg(tested: Backtest, area: float) -> str:
    """Return what each method found, in times of what the plain count found, with its 95% interval."""
    rows = _at(tested.accuracy, area)
    rows = rows.loc[rows["method"] != BASELINE].sort_values("ratio", ascending=False)
    picture = Ranges(
        labels=tuple(map(short_of, rows["method"])),
        values=tuple(rows["ratio"]),
        low=tuple(rows["ratio_low"]),
        high=tuple(rows["ratio_high"]),
        unit="times what a simple count found",
        reference=1.0,
        reference_name="a simple count",
    )
    return plots.stacked([plots.draw_ranges(picture)])


def months_svg(tested: Backtest, area: float, method: str) -> str:
    """Return the share of the reports found in each tested period: by one method, the plain count and the ceiling."""
    rows = _at(tested.monthly, area).assign(rate=lambda t: 100 * t["found"] / t["total"].where(t["total"] > 0))
    by_method = rows.set_index(["origin", "method"])["rate"].unstack("method").sort_index()  # noqa: PD010 - no repeats
    names = [name for name in dict.fromkeys((method, BASELINE, CEILING)) if name in by_method]
    picture = Lines(
        points=tuple(pd.DatetimeIndex(by_method.index).strftime("%b %Y" if tested.unit == "month" else "%d %b %Y")),
        lines=tuple(Line(short_of(name), by_method[name].to_numpy(dtype=float)) for name in names),
        axis=f"{tested.unit} tested",
        unit="% of the reports that followed",
    )
    return plots.stacked([plots.draw_lines(picture)])


def thinning_svg(curve: pd.DataFrame) -> str:
    """Return how the share found falls as reports thin out, for the list and for the plain count of the same part."""
    given = curve.loc[curve["refused"] == ""]
    picture = Lines(
        points=tuple(f"{n:,.0f}" for n in given["reports_a_month"]),
        lines=(
            Line("this list", 100 * given["hit_rate"].to_numpy(dtype=float)),
            Line("a simple count", 100 * given["count_hit_rate"].to_numpy(dtype=float)),
        ),
        axis="reports a month the list is made of",
        unit="% of all reports that followed",
    )
    return plots.stacked([plots.draw_lines(picture)])


def _at(frame: pd.DataFrame, area: float) -> pd.DataFrame:
    return frame.loc[np.isclose(frame["area"], area)]
