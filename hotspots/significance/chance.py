"""How many places of a ranked list could be there by chance (R4.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geodata.errors import DataError, DesignError
from geodata.tails import log_poisson_up_to
from hotspots.shrinkage import GammaPrior
from hotspots.significance.checks import Floats
from hotspots.significance.ordinary import fit_ordinary, log_cdf


@dataclass(frozen=True, eq=False)
class ListScan:
    """What chance alone would do to a ranked list.

    Attributes
    ----------
    table : DataFrame
        One row for each listed place: ``n``; ``p_even`` and ``p_ordinary``, the chance that the busiest of all
        places would hold at least as many reports if all places were alike, and if they differed only as ordinary
        places do; ``p_top`` (NaN if not given).
    n_places : int
        Places the reports could have fallen on.
    could_be_even, could_be_ordinary : int
        Listed places whose chance is above `level`.
    not_truly_top : float
        Listed places expected not to be truly among the `top` busiest (NaN without `p_top`).
    ordinary : GammaPrior
        How ordinary places differ.
    level : float
    top : int
        How many places `p_top` calls the top: as many as were asked for, though fewer may be listed.
    """

    table: pd.DataFrame
    n_places: int
    could_be_even: int
    could_be_ordinary: int
    not_truly_top: float
    ordinary: GammaPrior
    level: float
    top: int

    def describe(self) -> str:
        """Return what it means in plain sentences."""
        k = len(self.table)
        even = self.could_be_even or "none"
        beside = f"{self.could_be_ordinary} hold no more reports" if self.could_be_ordinary else "all hold more reports"
        text = (
            f"Of the {k} places listed, {even} could be a place like any other on which reports fell by chance "
            f"({self.n_places:,} places where anything was ever recorded, all alike); {beside} "
            "than the busiest of so many ordinary places would hold anyway"
        )
        if np.isfinite(self.not_truly_top):
            text += f"; about {self.not_truly_top:.1f} are probably not truly among the {self.top} busiest"
        return text + "."


def scan_list(
    counts: pd.Series, listed: Sequence[str] | pd.Index, *, p_top: pd.Series | None = None, top: int | None = None,
    level: float = 0.05,
) -> ListScan:  # fmt: skip
    r"""Return how many places of a ranked list could be there by chance, under two stated nulls.

    - *Even*: the N reports fall on the m known places at random, each place alike. A count is Poisson with mean
      N / m, and the busiest of m independent ones reaches c with chance :math:`1 - F(c - 1)^m`.
    - *Ordinary*: places differ as gamma, so counts are negative binomial and the busiest of m reaches c with chance
      :math:`1 - F_{NB}(c - 1)^m`. Mean and shape are those under which the counts below the smallest listed one are
      most likely, given that they are below it (a truncated likelihood), so that a few special places cannot pass
      themselves off as ordinary. The chance is averaged over how uncertain mean and shape are.

    Each chance is family-wise: where the null holds, the share of maps with any listed place below `level` is about
    `level`. A place beyond "even" is no accident of counting; a place beyond "ordinary" is also out of line with the
    way places differ there. Neither says how a place will do next: see `not_truly_top` and regression to the mean.

    Parameters
    ----------
    counts : Series of int
        Reports at every known place (where anything, of any category, was ever recorded), zeros included.
    listed : sequence
        Index labels of the places on the list. For hotspots of several cells: their busiest cell.
    p_top : Series of float, optional
        Probability that each place truly belongs to the top, from `rank_cells`.
    top : int, optional
        How many places that top holds; as many as are listed by default.
    level : float

    Returns
    -------
    ListScan

    Raises
    ------
    DataError
        If a listed place has no count, or a count is negative or missing.
    DesignError
        If the list is empty or the level makes no sense.
    """
    if len(listed) == 0:
        raise DesignError("The list is empty, so there is nothing that could be chance.")
    if not 0 < level < 1:
        raise DesignError(f"The level must lie between 0 and 1, got {level:g}.")
    y = counts.to_numpy(dtype=float)
    if broken := int((~(np.isfinite(y) & (y >= 0))).sum()):
        raise DataError(f"{broken} of {len(y)} counts are negative or missing; give 0 where nothing was reported.")
    places = pd.Index(listed)
    if unknown := int((~places.isin(counts.index)).sum()):
        raise DataError(f"{unknown} of {len(places)} listed places are not among the {len(y)} known places.")
    n = counts.loc[places].to_numpy(dtype=float)
    m, ordinary, likely = len(y), *fit_ordinary(y, float(n.min()))
    table = pd.DataFrame(
        {
            "n": n.astype(np.int64),
            "p_even": _busiest_reaches(log_poisson_up_to(n - 1, y.mean()), m),
            "p_ordinary": sum(w * _busiest_reaches(log_cdf(n - 1, prior), m) for prior, w in likely),
            "p_top": np.nan if p_top is None else p_top.reindex(places).to_numpy(dtype=float),
        },
        index=places,
    )
    return ListScan(
        table=table,
        n_places=m,
        could_be_even=int((table["p_even"] > level).sum()),
        could_be_ordinary=int((table["p_ordinary"] > level).sum()),
        not_truly_top=float((1 - table["p_top"]).sum(skipna=False)),
        ordinary=ordinary,
        level=level,
        top=len(places) if top is None else top,
    )


def _busiest_reaches(log_below: Floats, m: int) -> Floats:
    return np.asarray(-np.expm1(m * log_below))
