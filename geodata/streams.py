"""Two streams and two labels: who reported (R3.16, R7.5), and what is recorded as ASB and what as crime (R3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from geodata.errors import DesignError
from geodata.findings import Finding
from geodata.period import Period
from geodata.schema import ASB, ORIGINS

SHIFT_POINTS: Final = 10.0  # R3.5, R7.6
LINKED_CRIME: Final = r"public-order|public-disorder|criminal-damage|harassment"
"""Slugs of the crimes ASB is mistaken for. On police.uk harassment is part of violence and cannot be told apart."""


def public_reports(incidents: pd.DataFrame) -> pd.DataFrame:
    """Return the incidents that officers did not generate; those of unknown origin stay (R7.5)."""
    return incidents.loc[incidents["origin"] != "officer"]


def by_origin(incidents: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Count incidents by month and by who made them (R3.16).

    Returns
    -------
    DataFrame
        Index ``month``, every month of the period; ``public``, ``officer``, ``unknown`` (counts) and ``officer_share``:
        officers' part of the reports whose origin is known, NaN in a month without any.
    """
    counts = _by_month(incidents["month"], incidents["origin"], ORIGINS, period)
    return counts.assign(officer_share=_share(counts["officer"], counts["officer"] + counts["public"]))


def officer_share_rise(incidents: pd.DataFrame, before: Period, after: Period) -> Finding | None:
    """Report a rise of more than 10 points in officers' share of reports after patrols began (R7.6).

    None also where a period has no report of known origin: then nothing can be said.
    """
    shares = []
    for period in (before, after):
        held = by_origin(incidents, period)[["public", "officer"]].sum()
        if held.sum() == 0:
            return None
        shares.append(100 * held["officer"] / held.sum())
    rise = shares[1] - shares[0]
    if rise <= SHIFT_POINTS:
        return None
    n = int(by_origin(incidents, after)["officer"].sum())
    message = (
        f"Officers made {shares[0]:.1f}% of the reports in {before} and {shares[1]:.1f}% in {after}: more patrols find "
        "more, so only reports by the public may be compared."
    )
    return Finding("officer share", "amber", n, message, "R7.6")


# ASB and the crimes it is mistaken for -------------------------------------------------------------------------------


def is_linked_crime(category: pd.Series) -> pd.Series:
    """Return which category slugs are crimes that ASB is mistaken for: public order, damage, harassment (R3.5)."""
    return category.str.contains(LINKED_CRIME, regex=True)


def combined(incidents: pd.DataFrame) -> pd.DataFrame:
    """Return ASB together with its linked crimes, which misrecording between them cannot change (R3.5)."""
    return incidents.loc[(incidents["category"] == ASB) | is_linked_crime(incidents["category"])]


def recording_shares(records: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Count ASB and linked crime by month (R3.5).

    Parameters
    ----------
    records : DataFrame
        RECORDS or INCIDENTS of every category, not of ASB alone.

    Returns
    -------
    DataFrame
        Index ``month``, every month of the period; ``asb``, ``linked`` (counts) and ``asb_share``, NaN without either.
    """
    kind = np.select([records["category"] == ASB, is_linked_crime(records["category"])], ["asb", "linked"], "other")
    counts = _by_month(records["month"], pd.Series(kind, index=records.index), ("asb", "linked"), period)
    return counts.assign(asb_share=_share(counts["asb"], counts["asb"] + counts["linked"]))


def recording_change(records: pd.DataFrame, before: Period, after: Period) -> Finding | None:
    """Block a before/after claim on ASB alone where its share of (ASB + linked crime) moved by over 10 points (R3.5).

    Either what people did or what the police call it has changed; ASB alone cannot tell which. Red means that the
    claim is blocked, not the list of hotspots: keep this finding to evaluations. Where no linked crime was read the
    finding is amber and says that nothing could be checked.

    Parameters
    ----------
    records : DataFrame
        RECORDS or INCIDENTS of every category.
    before, after : Period

    Raises
    ------
    DesignError
        If a period holds neither ASB nor linked crime.
    """
    totals = [recording_shares(records, period)[["asb", "linked"]].sum() for period in (before, after)]
    for period, held in zip((before, after), totals, strict=True):
        if held.sum() == 0:
            raise DesignError(f"There is neither ASB nor linked crime in {period}; nothing can be compared with it.")
    if all(held["linked"] == 0 for held in totals):
        message = (
            "Whether recording changed cannot be checked: the records hold no public order, criminal damage or "
            "harassment; read them too."
        )
        return Finding("recording not checked", "amber", 0, message, "R3.5")
    first, second = (100 * held["asb"] / held.sum() for held in totals)
    # Exact in whole numbers, so that a shift of 10 points itself is never over 10 by rounding.
    gap = abs(int(totals[1]["asb"]) * int(totals[0].sum()) - int(totals[0]["asb"]) * int(totals[1].sum()))
    if 100 * gap <= SHIFT_POINTS * int(totals[0].sum()) * int(totals[1].sum()):
        return None
    n = int(totals[1].sum())
    message = (
        f"ASB was {first:.1f}% of ASB and linked crime in {before} and {second:.1f}% in {after}: recording may have "
        "changed, so no claim may rest on ASB alone; count public order, criminal damage and harassment with it."
    )
    return Finding("recording change", "red", n, message, "R3.5")


def counts_by_place(incidents: pd.DataFrame, place: pd.Series) -> pd.DataFrame:
    """Count ASB, and ASB with its linked crimes, at each place (R3.5).

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS of every category.
    place : Series
        What each incident's place is called (a cell, a hotspot), on the same index; a missing one is left out.

    Returns
    -------
    DataFrame of int64
        Index: places with any of either, sorted; columns ``asb`` and ``combined`` (``asb`` <= ``combined``).
    """
    both = combined(incidents)
    at = place.loc[both.index].rename("place")
    all_kinds = at.value_counts().sort_index()
    asb = at.loc[both["category"] == ASB].value_counts().reindex(all_kinds.index, fill_value=0)
    return pd.DataFrame({"asb": asb, "combined": all_kinds}).astype("int64")


@dataclass(frozen=True, slots=True)
class RankAgreement:
    """How far two rankings of the same places agree.

    Attributes
    ----------
    rho : float
        Spearman's rank correlation, NaN with fewer than two places or where all counts of one are equal.
    n_places : int
        Places with a count above 0 in either.
    k : int
        Length of the two lists compared.
    n_shared : int
        Places that are among the first `k` of both.
    """

    rho: float
    n_places: int
    k: int
    n_shared: int


def rank_agreement(first: pd.Series, second: pd.Series, *, k: int = 10) -> RankAgreement:
    """Compare two counts per place, such as ASB alone and combined (R3.5).

    A place missing from one counts 0 there; places that are 0 in both say nothing and are left out. Equal counts share
    their mean rank in rho; in the lists the place that sorts first goes first.
    """
    table = pd.DataFrame({"first": first, "second": second}).fillna(0).sort_index()
    table = table.loc[(table > 0).any(axis=1)]
    tops = [set(table[column].sort_values(ascending=False, kind="stable").index[:k]) for column in table.columns]
    return RankAgreement(_spearman(table), len(table), k, len(tops[0] & tops[1]))


def _spearman(table: pd.DataFrame) -> float:
    if len(table) < 2 or (table.min() == table.max()).any():
        return float("nan")
    return float(np.corrcoef(table["first"].rank(), table["second"].rank())[0, 1])


def _by_month(month: pd.Series, kind: pd.Series, kinds: tuple[str, ...], period: Period) -> pd.DataFrame:
    """Count records of each kind in each month of the period, zeros said aloud."""
    counts = {name: month[kind == name].value_counts().reindex(period.months, fill_value=0) for name in kinds}
    return pd.DataFrame(counts).astype("int64")


def _share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Return part / whole, NaN where the whole is 0."""
    return part / whole.where(whole > 0)
