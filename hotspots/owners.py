"""Whose problem a hotspot is: its reports by owner, by route and by qualifier, where the data tell (R1.6, R3.3)."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import pandas as pd

from geodata.nsir import agency, route
from hotspots.membership import hotspot_of
from hotspots.naming import clean_text

COLUMNS: Final = ("owners", "routes", "qualifiers")
NOT_TOLD: Final = "not told"
_NAMED: Final = 4


def hotspots_with_owners(hotspots: gpd.GeoDataFrame, inside: pd.DataFrame, types: pd.DataFrame) -> gpd.GeoDataFrame:
    """Add to each hotspot whom its reports belong to, as the table of report types has it.

    Parameters
    ----------
    hotspots : GeoDataFrame
        HOTSPOTS.
    inside : DataFrame
        INCIDENTS of the area.
    types : DataFrame
        From `geodata.nsir.report_types`.

    Returns
    -------
    GeoDataFrame
        A copy with ``owners`` ("council 55%, ASB team 45%"), ``routes`` and ``qualifiers``, largest share first, as
        text; "not told" is what neither heading nor qualifier says. As it was where no report has either, as with
        police.uk.
    """
    said = [name for name in ("heading", "qualifier") if name in inside and (inside[name].fillna("") != "").any()]
    if hotspots.empty or not said:
        return hotspots
    own = inside.assign(hotspot_id=hotspot_of(hotspots, inside["longitude"], inside["latitude"]))
    own = own.loc[own["hotspot_id"] != ""]
    kinds = {"owners": agency(own, types), "routes": route(own, types)}
    if "qualifier" in said:
        kinds["qualifiers"] = own["qualifier"].fillna("")
    shares = {name: _shares(own["hotspot_id"], kind).reindex(hotspots.index).fillna("") for name, kind in kinds.items()}
    return hotspots.assign(**shares).astype(dict.fromkeys(shares, "object"))


def owners_of(row: pd.Series) -> str:
    """Return whose problem one hotspot is, as a sentence, or nothing where the data do not tell."""
    owners = row.get("owners", "")
    return "" if owners in ("", f"{NOT_TOLD} 100%") else f"By the kinds of report: {owners}."


def whose(row: pd.Series) -> str:
    """Return the same with the routes and the qualifiers."""
    owners, qualifiers = owners_of(row), row.get("qualifiers", "")
    if not owners:
        return ""
    kind = f" Qualifier: {qualifiers}." if qualifiers not in ("", f"{NOT_TOLD} 100%") else ""
    return f"{owners} Route: {row['routes']}.{kind}"


def _shares(hotspot_id: pd.Series, kind: pd.Series) -> pd.Series:
    """Return the shares of each kind in each hotspot as text, largest first, in whole per cent."""
    named = kind.map({text: clean_text(text) or NOT_TOLD for text in kind.unique()}).astype(object).rename("kind")
    counted = pd.crosstab(hotspot_id, named)
    return counted.div(counted.sum(axis=1), axis=0).apply(_text, axis=1).astype(object)


def _text(shares: pd.Series) -> str:
    ordered = sorted(((-share, str(kind)) for kind, share in shares.items() if share > 0))
    told = [f"{kind} {-negative:.0%}" for negative, kind in ordered[:_NAMED]]
    rest = -sum(negative for negative, _ in ordered[_NAMED:])
    return ", ".join([*told, f"others {rest:.0%}"] if rest > 0 else told)
