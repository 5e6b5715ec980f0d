"""The back-test: rank as if at each earlier month, and count what the months that followed held (R4.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from geodata import cells as h3cells
from geodata.errors import DesignError
from geodata.findings import COVID
from hotspots.results import ListAccuracy, Refusal
from hotspots.targeting import metrics
from hotspots.targeting.ceiling import CEILING, MEMORIES, best_of, two_sided
from hotspots.targeting.origins import TRAINING_MONTHS, origins_of
from hotspots.targeting.panel import Floats, Panel
from hotspots.targeting.rankers import BASELINE, DEFAULT, RANKERS, Ranker
from hotspots.targeting.rankers.bayes import pulled
from hotspots.targeting.summary import LIST_AREA, in_short, summary

AREAS: Final = (0.005, 0.01, 0.02, 0.05)
"""Shares of the land looked at."""

ORIGIN_FORMAT: Final = {"month": "%Y-%m", "week": "%Y-%m-%d", "day": "%Y-%m-%d"}

FALLBACK: Final = "decayed"
"""The ranker of runs in which only one kind of report was read."""

_COVID: Final = COVID.months.to_period("M")


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a back-test found.

    Attributes
    ----------
    scores : dict
        Scores by method, shape (origins, cells).
    monthly : DataFrame
        One row an origin, method and area: ``origin`` (first tested month), ``method``, ``area``, ``k`` (cells),
        ``found``, ``total``, ``most`` (what hindsight would find), ``found_before`` and ``total_before`` (last twelve
        months of the past), ``overlap`` with the origin before, ``is_covid``.
    accuracy : DataFrame
        One row a method and area: hit rate, PAI, PEI, RRI, overlap, each over all origins, with 95 % intervals, and the
        ratio of its hits to those of the plain count with its interval.
    covid : DataFrame or None
        The same over months of the COVID restrictions, which stand apart and are not in `accuracy` (unless there are
        no others).
    """

    cells: pd.Index
    origins: pd.DatetimeIndex
    horizon: int
    unit: str
    scores: dict[str, Floats]
    monthly: pd.DataFrame
    accuracy: pd.DataFrame
    covid: pd.DataFrame | None

    def rankings(self, methods: Sequence[str]) -> pd.DataFrame:
        """Return ``origin``, ``cell``, ``score``, ``method`` of all cells but those that share the lowest score."""
        parts = [
            ranking(self.cells, score, origin, method)
            for method in methods
            for origin, score in zip(self.origins.strftime(ORIGIN_FORMAT[self.unit]), self.scores[method], strict=True)
        ]
        return pd.concat(parts, ignore_index=True)

    def of_list(self, method: str, area: float = LIST_AREA) -> ListAccuracy:
        """Return how good the lists of one method were, in words' reach."""
        tested = self.monthly.loc[~self.monthly["is_covid"], "origin"]
        months = tested if len(tested) else self.monthly["origin"]
        return in_short(
            self.accuracy,
            method,
            area,
            label=RANKERS[method].label,
            resolution=h3cells.resolution_of(self.cells[0]),
            unit=self.unit,
            horizon=self.horizon,
            first=f"{months.min():%Y-%m}",
            last=f"{months.max():%Y-%m}",
        )


def list_accuracy(
    panel: Panel, method: str, *, newest: int | None, seed: int
) -> tuple[ListAccuracy | None, tuple[Refusal, ...]]:
    """Return how good lists of one method were over the newest past months, or why that cannot be said."""
    if newest == 0:
        return None, ()
    try:
        found = run_backtest(panel, [RANKERS[method]], areas=(LIST_AREA,), newest=newest, random_state=seed)
    except DesignError as reason:
        return None, (Refusal("accuracy of the list", str(reason), "R4.4"),)
    return found.of_list(method), ()


def ranking(cells: pd.Index, score: Floats, origin: str, method: str) -> pd.DataFrame:
    """Return the cells above the lowest score, highest first; those left out share the lowest."""
    listed = np.flatnonzero(score > score.min())
    listed = listed[np.argsort(-score[listed], kind="stable")]
    return pd.DataFrame({"origin": origin, "cell": cells[listed], "score": score[listed], "method": method})


def one_ranking(panel: Panel, ranker: Ranker, horizon: int, origin: str) -> pd.DataFrame:
    """Return the ranking for the steps that follow the panel, highest first.

    Returns
    -------
    DataFrame
        ``origin``, ``cell``, ``score``, ``method``, ``rank``; for the default also ``had`` and ``similar``: the cell's
        own reports a month, recent ones weighing more, and what similar cells have.
    """
    table = ranking(panel.cells, ranker.score(panel, horizon), origin, ranker.name)
    table["rank"] = np.arange(1, len(table) + 1)
    if ranker.name != DEFAULT:
        return table
    both = pulled(panel, horizon)
    rows = panel.cells.get_indexer(pd.Index(table["cell"]))
    return table.assign(had=both.own[rows], similar=both.prior[rows])


def run_backtest(
    panel: Panel,
    rankers: Sequence[Ranker],
    *,
    horizon: int = 1,
    areas: Sequence[float] = AREAS,
    first: pd.Timestamp | None = None,
    last: pd.Timestamp | None = None,
    newest: int | None = None,
    truth: Panel | None = None,
    ceiling: bool = True,
    random_state: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Backtest:
    """Rank at each origin from its past alone, and compare with the steps that followed.

    The plain count over twelve months is always measured too.

    Parameters
    ----------
    panel : Panel
    rankers : sequence of Ranker
    horizon : int
        Steps tested after each origin.
    areas : sequence of float
        Shares of the land.
    first, last : Timestamp, optional
        First and last month that may be tested; all by default.
    newest : int, optional
        Only so many of the newest origins.
    truth : Panel, optional
        Where the later reports are counted, when `panel` holds only a part of them.
    ceiling : bool
        Whether to measure what a list that knew the months after would find.
    random_state : int
        Seed of the bootstrap.
    progress : callable, optional
        Told in a few words what is being done.

    Raises
    ------
    DesignError
        If no origin can be tested; the message says why.
    """
    truth = truth or panel
    steps = origins_of(panel, horizon, first=first, last=last)[-(newest or 0) :]
    say = progress or (lambda _: None)
    named = {ranker.name: ranker for ranker in (*rankers, RANKERS[BASELINE])}
    scores: dict[str, Floats] = {}
    for name, ranker in named.items():
        say(f"Testing {ranker.label}")
        scores[name] = np.array([ranker.score(panel.past(step), horizon) for step in steps])

    def measured(name: str, by_origin: Floats) -> pd.DataFrame:
        return _monthly(name, by_origin, truth, steps=steps, horizon=horizon, areas=areas)

    parts = [measured(name, by_origin) for name, by_origin in scores.items()]
    if ceiling:
        say("Measuring the ceiling")
        known = [np.array([two_sided(truth, step, horizon, memory) for step in steps]) for memory in MEMORIES]
        parts.append(best_of([measured(CEILING, by_origin) for by_origin in known]))
    monthly = pd.concat(parts, ignore_index=True)

    def over(chosen: pd.DataFrame) -> pd.DataFrame:
        return summary(chosen, land_cells=panel.land_cells, block=horizon, random_state=random_state)

    covid = monthly["is_covid"]
    usual = monthly if covid.all() else monthly.loc[~covid]
    apart = over(monthly.loc[covid]) if covid.any() and not covid.all() else None
    return Backtest(panel.cells, panel.steps[steps], horizon, panel.unit, scores, monthly, over(usual), apart)


def _monthly(
    name: str, scores: Floats, truth: Panel, *, steps: Sequence[int], horizon: int, areas: Sequence[float]
) -> pd.DataFrame:
    """Return how good each ranking of one method was, one row an origin and area."""
    k = metrics.cells_in(areas, truth.land_cells)
    rows = []
    earlier: Floats | None = None
    for step, score in zip(steps, scores, strict=True):
        after = truth.followed(step, horizon)
        past = truth.past(step)
        recent = past.recent(TRAINING_MONTHS)
        rows.append(
            pd.DataFrame(
                {
                    "origin": truth.steps[step],
                    "method": name,
                    "area": list(areas),
                    "k": k,
                    "found": metrics.hits(score, after, k),
                    "total": truth.totals[step : step + horizon].sum(),
                    "most": metrics.most_possible(after, k),
                    "found_before": metrics.hits(score, past.count(recent), k),
                    "total_before": float(past.totals @ recent),
                    "overlap": np.nan if earlier is None else metrics.overlap(score, earlier, k),
                    "is_covid": bool(truth.steps[step : step + horizon].to_period("M").isin(_COVID).any()),
                }
            )
        )
        earlier = score
    return pd.concat(rows, ignore_index=True)
