"""Context a user gives beside the incidents: boundaries, and the LSOA that records state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from geodata.area import StudyArea
from geodata.errors import SourceError
from geodata.findings import Finding
from geodata.points import distinct
from geodata.sources.layers import read_layer, text_of

CODE_COLUMN: Final = re.compile(r"^(?:[a-z]{2,5}\d\d_?(?:cd|code?)|code|gss_?code|[a-z]+_code|id)$", re.IGNORECASE)
"""Columns that hold a boundary's code: the ONS way (``LSOA21CD``), also cut as a Shapefile cuts it, or plainly."""

NAME_COLUMN: Final = re.compile(r"^(?:[a-z]{2,5}\d\d_?(?:nm|name?)|name|name_?1|[a-z]+_name)$", re.IGNORECASE)
"""Columns that hold a name."""

OTHER_LSOA_SHARE: Final = 0.10
"""Above this share of rows in another LSOA than stated, stated codes and boundaries do not belong together."""

FEW_CORNERS: Final = 20
"""Outlines with fewer corners (median) are too coarse to place points: with 36 corners 3.7 % of Wolverhampton's records
fall elsewhere than stated, with 7 to 9 (generalised) 13-14 % of Luton's and Bedford's."""


def read_boundaries(path: str | Path, *, area: StudyArea | None = None) -> gpd.GeoDataFrame:
    """Read polygons (local authorities, wards, LSOAs, neighbourhoods) as ``code``, ``name`` and geometry.

    Parameters
    ----------
    path : path
        Any polygon file; ONS columns (``LAD23CD``, ``ward21_name``) are known.
    area : StudyArea, optional
        Read only what touches the area and its buffer.

    Returns
    -------
    GeoDataFrame in EPSG:4326
        ``code`` and ``name`` (empty where the file has none), sorted by both.

    Raises
    ------
    SourceError
        If the file is missing or unreadable, or holds no polygon, or polygons without any name or code.
    """
    frame = read_layer(
        path, what="boundary", preferred=(), fits=lambda kind: "Polygon" in kind, wanted="areas",
        columns=_text_columns, area=area,
    )  # fmt: skip
    if frame.empty:
        raise SourceError(f"The boundary file {Path(path).name} holds no polygon; give areas, not points or lines.")
    code, name = _best(frame, CODE_COLUMN), _best(frame, NAME_COLUMN)
    if not code and not name:
        raise SourceError(
            f"The boundary file {Path(path).name} names its areas in no column; call the column of their names 'name', "
            "or that of their codes 'code'."
        )
    shapes = shapely.make_valid(frame.geometry.to_numpy())
    found = gpd.GeoDataFrame({"code": _texts(frame, code), "name": _texts(frame, name)}, geometry=shapes, crs=frame.crs)
    return found.sort_values(["code", "name"], ignore_index=True)


def assign(longitude: ArrayLike, latitude: ArrayLike, boundaries: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return which boundary each point falls in.

    A point on the line between two belongs to the first of them in the table's order. Each distinct point is looked up
    once.

    Parameters
    ----------
    longitude, latitude : array, shape (n,)
        Degrees; missing ones lie nowhere.
    boundaries : GeoDataFrame
        As `read_boundaries` gives them.

    Returns
    -------
    DataFrame, n rows
        ``code`` and ``name``, empty texts outside all boundaries.
    """
    x, y = np.asarray(longitude, dtype=float), np.asarray(latitude, dtype=float)
    located = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    which = np.full(len(x), -1)
    if len(located):
        rows, shown = distinct(x[located], y[located])
        points: Any = shapely.points(x[located][shown], y[located][shown])
        point, polygon = shapely.STRtree(boundaries.geometry.to_numpy()).query(points, predicate="intersects")
        first = np.full(len(points), len(boundaries))
        np.minimum.at(first, point, polygon)
        which[located] = np.where(first < len(boundaries), first, -1)[rows]
    texts = {column: np.append(boundaries[column].to_numpy(dtype=object), "") for column in ("code", "name")}
    return pd.DataFrame({column: pd.array(text[which].tolist(), dtype="str") for column, text in texts.items()})


def lsoa_vintage(stated: pd.Series, candidates: Sequence[tuple[str, gpd.GeoDataFrame]]) -> str:
    """Return the label of the boundaries whose codes the stated codes are.

    LSOAs that were split or merged between 2011 and 2021 carry codes of their own in each vintage, so the vintage that
    knows more of the stated codes is theirs; between equals the first.

    Parameters
    ----------
    stated : Series of str
        LSOA codes as records state them; empty ones do not count.
    candidates : sequence of (label, boundaries)
        For example ``[("2011", lsoa11), ("2021", lsoa21)]``.
    """
    codes = stated.astype("str")
    codes = codes.loc[codes != ""]
    known = {label: int(codes.isin(boundaries["code"]).sum()) for label, boundaries in candidates}
    return max(known, key=lambda label: known[label])


def stated_lsoa(records: pd.DataFrame, boundaries: gpd.GeoDataFrame) -> Finding | None:
    """Count records whose stated LSOA is not the one their point falls in (R2.3).

    Snap points lie on the edges of LSOAs, and vintages mix; counts by area should use the location. Three causes are
    told apart: codes of another vintage (the boundaries hold no such code, yet most of its records lie inside them),
    outlines too coarse to place a point (few corners an area), and otherwise points on the edge.

    Parameters
    ----------
    records : DataFrame
        RECORDS with ``lsoa_code``.
    boundaries : GeoDataFrame
        LSOAs, at least of the area in question.

    Returns
    -------
    Finding or None
        None when no record both states an LSOA and is located.
    """
    if "lsoa_code" not in records:
        return None
    stated = records["lsoa_code"].astype("str")
    told = records.loc[(stated != "") & records["longitude"].notna()]
    # a record that states an LSOA of another place, and lies there too, is none of these boundaries' business
    found = assign(told["longitude"], told["latitude"], boundaries)["code"].to_numpy()
    codes = stated.loc[told.index].to_numpy()
    concerns = (found != "") | np.isin(codes, boundaries["code"].to_numpy())
    n = int(concerns.sum())
    if not n:
        return None
    elsewhere = int((concerns & (found != "") & (found != codes)).sum())
    outside = int((concerns & (found == "")).sum())
    wrong = elsewhere + outside
    other = int((concerns & (found != "") & np.isin(codes, _of_other_vintage(codes, found, boundaries))).sum())
    message = (
        f"Records whose stated LSOA is not where their point falls: {wrong:,} of {n:,} ({100 * wrong / n:.1f}%; "
        f"{elsewhere:,} in another LSOA, {outside:,} outside all of them)"
        f"{_why_elsewhere(elsewhere, other, boundaries)}; count by location, not by the stated code."
    )
    severity: Any = "amber" if wrong > OTHER_LSOA_SHARE * n else "info"
    return Finding("stated LSOA", severity, wrong, message, "R2.3")


def _of_other_vintage(codes: NDArray[Any], found: NDArray[Any], boundaries: gpd.GeoDataFrame) -> list[str]:
    """Return stated codes the boundaries do not hold although most records that state them lie inside.

    A neighbouring town's code is not held either, but most of its records lie outside.
    """
    unknown = ~np.isin(codes, boundaries["code"].to_numpy())
    share_inside = pd.Series(found[unknown] != "").groupby(codes[unknown]).mean()
    return [str(code) for code in share_inside.index[share_inside > 0.5]]


def _why_elsewhere(elsewhere: int, other: int, boundaries: gpd.GeoDataFrame) -> str:
    """Say which of the known causes explains records in another LSOA than they state; "" where none stands out."""
    if 2 * other > elsewhere:
        return (
            f"; most of these, {other:,}, state codes of another vintage than these boundaries, 2011 or 2021: "
            "give the boundaries of the other year"
        )
    mixed = f"; {other:,} of these state codes of another vintage, so years are mixed" if other else ""
    corners = float(np.median(shapely.get_num_coordinates(boundaries.geometry.to_numpy())))
    if corners < FEW_CORNERS and elsewhere > other:
        return (
            f"{mixed}; the outlines given have only {corners:.0f} corners an area, too coarse to place points: give "
            "the boundaries in full resolution"
        )
    return mixed


def relocate(records: pd.DataFrame, boundaries: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the records with ``lsoa_code`` set by location, whatever vintage they state (R2.3).

    Records that are not located, or lie outside the boundaries, carry an empty code.
    """
    found = assign(records["longitude"], records["latitude"], boundaries)
    return records.assign(lsoa_code=found["code"].to_numpy())


def _text_columns(fields: Sequence[str]) -> list[str]:
    return [field for field in fields if CODE_COLUMN.match(field) or NAME_COLUMN.match(field)]


def _best(frame: pd.DataFrame, pattern: re.Pattern[str]) -> str:
    """Return the column that fits and tells most areas apart; between equals the first."""
    fitting = [str(column) for column in frame.columns if column != "geometry" and pattern.match(str(column))]
    return max(fitting, key=lambda column: frame[column].map(text_of).nunique(), default="")


def _texts(frame: pd.DataFrame, column: str) -> Any:
    if not column:
        return pd.array([""] * len(frame), dtype="str")
    return pd.array([text_of(value) for value in frame[column]], dtype="str")
