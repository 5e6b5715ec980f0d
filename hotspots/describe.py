"""Why this hotspot: what its reports are, how they changed, and the sentence that says so in plain words."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.area import StudyArea
from geodata.categories import label
from geodata.period import Period
from hotspots.membership import hotspot_of
from hotspots.naming import clean_text
from hotspots.repeats import place_units

MONTHS_PER_YEAR = 12
ALERT_Z = 3.0  # R4.16
DOMINANT_PLACE = 0.5  # one address with half of the reports is a case for the address, not for a patrol (R1.31)
_TYPES_NAMED = 3


def describe(
    hotspots: gpd.GeoDataFrame,
    reports: pd.DataFrame,
    area: StudyArea,
    period: Period,
    *,
    missing: pd.DatetimeIndex | None = None,
    split_above_12m: int,
) -> gpd.GeoDataFrame:
    """Add to each hotspot what its reports say, its flags and the reason it is on the list.

    Parameters
    ----------
    hotspots : GeoDataFrame
        Index ``hotspot_id``; ``n``, ``n_12m``, ``expected``, ``cells``, ``n_cells``, ``in_both_halves``.
    reports : DataFrame
        INCIDENTS inside the area.
    area : StudyArea
    period : Period
        Months covered.
    missing : DatetimeIndex, optional
        Months the source did not deliver.
    split_above_12m : int
        Above this many reports in 12 months a hotspot has too many causes for one plan (R1.4).

    Returns
    -------
    GeoDataFrame
        A copy with ``repeat_share``, ``n_before_12m``, ``change_z``, ``top_types``, ``months_with_reports``,
        ``flags`` and ``reason``.
    """
    owner = hotspot_of(hotspots, reports["longitude"], reports["latitude"])
    own = reports.assign(hotspot_id=owner).loc[owner != ""]
    recent = own.loc[own["month"] > period.last - pd.DateOffset(months=MONTHS_PER_YEAR)]
    places = reports_at_places(recent, area)
    facts = hotspots.assign(
        repeat_share=_repeat_share(places).reindex(hotspots.index),
        n_before_12m=_count_before(own, hotspots.index, period, missing),
        top_types=_top_types(own).reindex(hotspots.index).fillna(""),
        months_with_reports=own.groupby("hotspot_id")["month"].nunique().reindex(hotspots.index, fill_value=0),
    )
    facts["change_z"] = 2 * (np.sqrt(facts["n_12m"]) - np.sqrt(facts["n_before_12m"]))
    dominant = _dominant_share(places, recent).reindex(hotspots.index)
    facts["flags"] = [
        "; ".join(_flags(row, dominant[hotspot_id], split_above_12m)) for hotspot_id, row in facts.iterrows()
    ]
    facts["reason"] = [_reason(row, period) for _, row in facts.iterrows()]
    return facts


def reports_at_places(recent: pd.DataFrame, area: StudyArea) -> pd.DataFrame:
    """Return the reports at each place of each hotspot; snap points are streets, not places, and are left out."""
    placed = recent.loc[~recent["location_precision"].isin(["snap_point", "area"])]
    units = place_units(placed, area)
    return placed.groupby(["hotspot_id", units["place"]]).size().rename("n").reset_index()


def _repeat_share(places: pd.DataFrame) -> pd.Series:
    repeated = places["n"].where(places["n"] >= 2, 0)
    return repeated.groupby(places["hotspot_id"]).sum() / places.groupby("hotspot_id")["n"].sum()


def _dominant_share(places: pd.DataFrame, recent: pd.DataFrame) -> pd.Series:
    """Return the share of all reports of each hotspot, those at middles of areas too, that its busiest place holds."""
    return places.groupby("hotspot_id")["n"].max() / recent.groupby("hotspot_id").size()


def _count_before(
    own: pd.DataFrame, index: pd.Index, period: Period, missing: pd.DatetimeIndex | None
) -> pd.Series | float:
    """Return the reports in the 12 months before the last 12; NaN where either year is not complete."""
    compared = period.months[-2 * MONTHS_PER_YEAR :]
    if len(compared) < 2 * MONTHS_PER_YEAR or (missing is not None and compared.isin(missing).any()):
        return float("nan")
    before = own["month"].isin(compared[:MONTHS_PER_YEAR])
    return own.loc[before].groupby("hotspot_id").size().reindex(index, fill_value=0).astype(float)


def _top_types(own: pd.DataFrame) -> pd.Series:
    """Return the commonest kinds of report of each hotspot in words, by the finest description the data have."""
    kind = kinds(own)
    counted = own.groupby(["hotspot_id", kind.rename("kind")]).size().rename("n").reset_index()
    counted["share"] = counted["n"] / counted.groupby("hotspot_id")["n"].transform("sum")
    counted = counted.sort_values(["hotspot_id", "n", "kind"], ascending=[True, False, True])
    counted = counted.groupby("hotspot_id").head(_TYPES_NAMED)
    words = counted["kind"].where(counted["share"] == 1, counted["kind"] + counted["share"].map(" {:.0%}".format))
    return words.groupby(counted["hotspot_id"]).agg(", ".join)


def kinds(own: pd.DataFrame) -> pd.Series:
    """Return the kind of each report in words, by the finest description the data have."""
    one_category = len(own["category"].unique()) == 1
    for column in ("heading", "qualifier"):
        if one_category and column in own and (own[column].astype(str).str.strip() != "").any():
            texts = {text: clean_text(text) or "not stated" for text in own[column].unique()}
            return own[column].map(texts).astype(object)
    return own["category"].map({slug: label(slug) for slug in own["category"].unique()}).astype(object)


def _flags(row: pd.Series, dominant: float, split_above_12m: int) -> list[str]:
    flags = []
    if row["n_12m"] > split_above_12m:
        flags.append(f"over {split_above_12m} in 12 months: split or plan as a town centre")
    if abs(row["change_z"]) >= ALERT_Z:
        flags.append(f"clear {'rise' if row['change_z'] > 0 else 'fall'} on the 12 months before")
    if dominant >= DOMINANT_PLACE:
        flags.append(f"one address holds {dominant:.0%} of the last 12 months: deal with the address first")
    if not row["in_both_halves"]:
        flags.append("not picked in both halves of the months: may not last")
    return flags


def _times(ratio: float) -> str:
    """Return a ratio to two figures: it rests on counts, and more would claim too much."""
    return f"{ratio:.0f}" if ratio >= 9.95 else f"{ratio:.1f}"


def _reason(row: pd.Series, period: Period) -> str:
    """Return one or two sentences an inspector can read out."""
    months = period.n_months
    share = f"; {row['n_12m']} of them in the last 12 months" if months > MONTHS_PER_YEAR else ""
    times = row["n"] / row["expected"] if row["expected"] > 0 else float("nan")
    alike = "a similar cell" if row["n_cells"] == 1 else f"{row['n_cells']} similar cells"
    typical = f", {_times(times)} times the {row['expected']:,.0f} that {alike} had" if np.isfinite(times) else ""
    types = f", mostly {row['top_types']}" if "%" in row["top_types"] else ""
    return (
        f"{row['n']:,} reports in {months} month{'s' if months > 1 else ''}{typical}{share}. "
        f"Reports in {row['months_with_reports']} of {months} months{types}{_change_words(row)}."
    )


def _change_words(row: pd.Series) -> str:
    if not np.isfinite(row["change_z"]):
        return ""
    now, before = int(row["n_12m"]), int(row["n_before_12m"])
    if abs(row["change_z"]) < ALERT_Z:
        return f"; no clear change on the 12 months before ({now} after {before})"
    return f"; clearly {'up' if row['change_z'] > 0 else 'down'} on the 12 months before ({now} after {before})"
