"""The cells of a run ranked by the default: what each had, what similar cells have, and how sure the top is (R4.6)."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from hotspots.parts import WHOLE, ranked, spans
from hotspots.ranking import probability_of_top, ranks
from hotspots.targeting.panel import Panel
from hotspots.targeting.rankers.bayes import pulled


def rank_run_cells(panel: Panel, cells: pd.Index, *, top_k: int, draws: int, random_state: int) -> pd.DataFrame:
    """Rank the cells of a run for the month that follows.

    Parameters
    ----------
    panel : Panel
        All months of the run; its wanted reports rank the cells.
    cells : Index of str
        The index of the answer.
    top_k, draws, random_state : int
        The top a probability is given for, and how it is drawn.

    Returns
    -------
    DataFrame
        ``had`` (reports a month, recent months and the coming season weighing more), ``similar`` (what cells with as
        much other crime, as many points and as busy surroundings have), ``score`` (the first pulled towards the
        second), ``rank`` (1 = highest; ties by cell) and ``p_top`` (probability that the cell truly belongs to the top
        `top_k`).
    """
    now = pulled(panel, 1)
    m = now.prior * now.months
    posterior = pd.DataFrame(
        {
            "had": now.own,
            "similar": now.prior,
            "score": now.posterior,
            "shape": now.own * now.months + now.shape,
            "scale": np.divide(m, m + now.shape, out=np.zeros(len(m)), where=m > 0),
        },
        index=panel.cells,
    ).reindex(cells, fill_value=0.0)
    rank = ranks(posterior["score"].to_numpy(), cells)
    chance = probability_of_top(
        posterior["shape"].to_numpy(), posterior["scale"].to_numpy(), rank,
        top_k=top_k, draws=draws, random_state=random_state,
    )  # fmt: skip
    return posterior[["had", "similar", "score"]].assign(rank=rank, p_top=chance)


def hotspots_with_both(hotspots: gpd.GeoDataFrame, cells: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return hotspots with ``had`` and ``similar``, summed over their cells: both numbers behind the score."""
    members = [text.split(",") for text in hotspots["cells"]]
    sums = {name: [float(cells.loc[own, name].sum()) for own in members] for name in ("had", "similar")}
    return hotspots.assign(**sums)


def panel_ranks_by_part(panel: Panel, rank: pd.Series) -> pd.DataFrame:
    """Rank the cells from each part of the months alone by the default (`hotspots.parts.ranks_by_part`).

    Parameters
    ----------
    panel : Panel
        All months of the run, one step each.
    rank : Series of int
        Rank of each cell from the whole, as in `rank_run_cells`; the index of the answer.
    """
    found = {WHOLE: rank}
    for name, months in spans(panel.n_steps).items():
        if name == WHOLE:
            continue
        part = panel.past(months.stop).since(months.start)
        score = pulled(part, 1).posterior if part.delivered.any() else np.zeros(len(panel.cells))
        own = ranked(score, panel.cells, may=part.known & (score > 0))
        found[name] = pd.Series(own, index=panel.cells).reindex(rank.index, fill_value=len(rank) + 1)
    return pd.DataFrame(found)
