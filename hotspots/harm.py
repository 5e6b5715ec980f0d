"""Harm beside count: reports weighted by a table the user brings, never by one built in (R4.13).

No published index gives a weight for an anti-social behaviour report: theirs is a declared local number, said with
every figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import spearmanr

from geodata.categories import label, slug
from geodata.errors import DataError, DesignError
from geodata.schema import ASB
from geodata.sources.hand_kept import numbers, read_table

Floats = NDArray[np.float64]

OFFENCE_CODE = "offence_code"
"""Optional column of INCIDENTS: the offence code that a weight table may use in place of the category."""

_COLUMNS = {
    "category": ("crime_type", "offence_group", "offence_type", "offence"),
    OFFENCE_CODE: ("code", "ho_code", "home_office_code", "cjs_code"),
    "weight": ("harm", "score", "severity", "css_weight", "cchi", "cchi_days", "days"),
}
_HEAVIEST = 1e6  # a life sentence is under 6,000 days; beyond this a column was mistaken


@dataclass(frozen=True, slots=True)
class HarmWeights:
    """Weights as the user gave them.

    Attributes
    ----------
    by : str
        ``"category"`` (slugs) or ``"offence_code"``.
    weights : dict of str to float
        Weight of one report.
    asb_weight : float
        Weight of one anti-social behaviour report: a local choice, in the units of the table.
    source : str
        File name of the table.
    """

    by: str
    weights: dict[str, float]
    asb_weight: float
    source: str

    def declare(self) -> str:
        """Return the sentence that stands beside every harm figure."""
        return (
            f"Harm weights: {self.source} ({len(self.weights):,} weights, supplied by the user). One anti-social "
            f"behaviour report weighs {self.asb_weight:g}: a local choice, no published index gives one. "
            "Ranks by harm lean on a few rare, heavy reports; read them beside the count."
        )


def read_weights(path: str | Path, *, asb_weight: float = 1.0) -> HarmWeights:
    """Read a weight table, for example the Cambridge Crime Harm Index or the ONS Crime Severity Score.

    Parameters
    ----------
    path : path
        CSV or XLSX with a column ``category`` or ``offence_code``, and ``weight`` (days, score; any unit). With both,
        the offence code is used.
    asb_weight : float
        Weight of one anti-social behaviour report, at least 0. A weight for ASB in the table is refused: it is
        declared here.

    Raises
    ------
    SourceError
        If the file cannot be read, a column is missing, or a weight is not a number from 0 to 1,000,000.
    DesignError
        If a name stands twice with different weights, ASB is in the table, or `asb_weight` is not a number >= 0.
    """
    path = Path(path)
    table = read_table(path, what="harm weight", columns=_COLUMNS, required=("weight",))
    by = next((name for name in (OFFENCE_CODE, "category") if name in table), None)
    if by is None:
        raise DesignError(f"{path.name}: harm weights need a column category or offence_code beside weight.")
    weight = numbers(table, "weight", path=path, low=0.0, high=_HEAVIEST)
    name = table[by].map(slug if by == "category" else _code)
    unnamed = table.index[table[by] == ""]
    if len(unnamed):
        raise DesignError(f"{path.name}: {len(unnamed):,} rows have a weight but no {by}, first line {unnamed[0]}.")
    pairs = pd.DataFrame({"name": name, "weight": weight}).drop_duplicates()
    twice = pairs.loc[pairs["name"].duplicated(), "name"]
    if len(twice):
        raise DesignError(f"{path.name}: {len(twice):,} names have two weights, first '{twice.iloc[0]}'; keep one.")
    weights = dict(zip(pairs["name"], pairs["weight"], strict=True))
    return harm_weights(weights, by=by, asb_weight=asb_weight, source=path.name)


def harm_weights(
    weights: dict[str, float], *, by: str = "category", asb_weight: float = 1.0, source: str = "given in Python"
) -> HarmWeights:
    """Return weights given in Python, checked.

    Raises
    ------
    DesignError
        If a weight is negative, missing or infinite, `by` is unknown, or ASB has a weight among the others.
    """
    if by not in ("category", OFFENCE_CODE):
        raise DesignError(f"Harm weights go by 'category' or 'offence_code', not by '{by}'.")
    wrong = [name for name, weight in weights.items() if not (np.isfinite(weight) and weight >= 0)]
    if wrong:
        raise DesignError(
            f"{source}: {len(wrong):,} of {len(weights):,} harm weights are negative or missing, first '{wrong[0]}'; "
            "a weight is a number of 0 or more."
        )
    if not (np.isfinite(asb_weight) and asb_weight >= 0):
        raise DesignError(f"The weight of an anti-social behaviour report must be 0 or more, got {asb_weight}.")
    if by == "category" and ASB in weights:
        raise DesignError(f"{source}: take anti-social behaviour out of the table and declare its weight (asb_weight).")
    return HarmWeights(by, {str(name): float(weight) for name, weight in weights.items()}, float(asb_weight), source)


def harm_of(incidents: pd.DataFrame, weights: HarmWeights) -> pd.Series:
    """Return the harm weight of each report.

    Parameters
    ----------
    incidents : DataFrame
        INCIDENTS; with weights by offence code, a column ``offence_code``.
    weights : HarmWeights

    Returns
    -------
    Series of float
        ``harm``, on the index of `incidents`.

    Raises
    ------
    DataError
        If a report has no weight: which categories or codes, and how many reports. Nothing is weighed 0 by silence.
    """
    is_asb = (incidents["category"] == ASB).to_numpy()
    if weights.by == OFFENCE_CODE:
        if OFFENCE_CODE not in incidents and not is_asb.all():
            raise DataError("The harm weights go by offence code, but the data have no column offence_code.")
        codes = incidents[OFFENCE_CODE] if OFFENCE_CODE in incidents else incidents["category"]
        name = codes.astype(str).map(_code)
    else:
        name = incidents["category"].astype(str)
    given = name.map(weights.weights).to_numpy(dtype=float)
    harm = np.where(is_asb, weights.asb_weight, given)
    if np.isnan(harm).any():
        lacking = name[np.isnan(harm)].value_counts()
        first = "; ".join(f"'{text}' {n:,}" for text, n in lacking.head(5).items())
        raise DataError(
            f"{int(lacking.sum()):,} of {len(name):,} reports have no harm weight in {weights.source} ({first}"
            f"{' and others' if len(lacking) > 5 else ''}); add the missing weights, or choose other categories."
        )
    return pd.Series(harm, index=incidents.index, name="harm")


def rank_by_harm(places: ArrayLike, incidents: pd.DataFrame, weights: HarmWeights) -> pd.DataFrame:
    r"""Return harm beside count for each place (R4.13).

    .. math:: H_i = \sum_{reports\ r\ at\ i} w_{category(r)}

    Parameters
    ----------
    places : array of str, shape (n,)
        Cell or hotspot of each report; "" or missing for none.
    incidents : DataFrame
        INCIDENTS, in the same order.
    weights : HarmWeights

    Returns
    -------
    DataFrame
        Index ``place``, most harm first: ``n``, ``harm`` (units of the table), ``count_rank``, ``harm_rank`` (1 = most,
        equal places share the smaller number), ``n_asb``, ``harm_of_asb``, ``top_category`` (most of the harm),
        ``top_n`` (its reports), ``top_share`` (its share of the harm; NaN without harm) and ``rests_on_few`` (over half
        of the harm comes from fewer than 5 reports of one category).
    """
    held = pd.DataFrame(
        {
            "place": np.asarray(places, dtype=object),
            "category": incidents["category"].to_numpy(),
            "harm": harm_of(incidents, weights).to_numpy(),
        }
    )
    held = held.loc[held["place"].notna() & (held["place"] != "")]
    held["asb"] = held["category"] == ASB
    held["asb_harm"] = held["harm"].where(held["asb"], 0.0)
    grouped = held.groupby("place")
    table = pd.DataFrame(
        {
            "n": grouped.size(), "harm": grouped["harm"].sum(),
            "n_asb": grouped["asb"].sum().astype("int64"), "harm_of_asb": grouped["asb_harm"].sum(),
        }
    )  # fmt: skip
    heaviest = held.groupby(["place", "category"])["harm"].agg(["sum", "size"]).reset_index()
    heaviest = heaviest.sort_values(["place", "sum", "category"], ascending=[True, False, True])
    heaviest = heaviest.drop_duplicates("place").set_index("place").reindex(table.index)
    table["top_category"] = [label(category) for category in heaviest["category"]]
    table["top_n"] = heaviest["size"].astype("int64")
    table["top_share"] = (heaviest["sum"] / table["harm"]).where(table["harm"] > 0)
    table["rests_on_few"] = (table["top_share"] > 0.5) & (table["top_n"] < 5)
    table["count_rank"] = table["n"].rank(method="min", ascending=False).astype("int64")
    table["harm_rank"] = table["harm"].rank(method="min", ascending=False).astype("int64")
    return table.sort_values(["harm_rank", "count_rank"], kind="stable")


def rank_agreement(table: pd.DataFrame, *, k: int) -> tuple[float, float]:
    """Return the share of the top `k` places by count that are also top `k` by harm, and Spearman's rank correlation.

    Parameters
    ----------
    table : DataFrame
        From `rank_by_harm`.
    k : int
    """
    k = min(k, len(table))
    by_count = set(table.sort_values(["count_rank", "harm_rank"], kind="stable").index[:k])
    by_harm = set(table.sort_values(["harm_rank", "count_rank"], kind="stable").index[:k])
    share = len(by_count & by_harm) / k if k else float("nan")
    if table["n"].nunique() < 2 or table["harm"].nunique() < 2:
        return share, float("nan")
    return share, float(spearmanr(table["n"], table["harm"]).statistic)


def _code(text: str) -> str:
    return str(text).strip().upper()
