"""What a source hands over, and the last steps every source shares: one copy a Crime ID, a date, a contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import geopandas as gpd
import pandas as pd
import polars as pl

from geodata.area import WGS84
from geodata.categories import slug
from geodata.errors import DataError
from geodata.period import month_start
from geodata.schema import RECORDS, check

Kind = Literal["police_uk", "force_extract", "mixed"]

DUPLICATE = "duplicate Crime ID"
NO_DATE = "no date"

COLUMNS = (
    "longitude", "latitude", "category", "month", "occurred_from", "occurred_to", "time_precision",
    "location_precision", "location", "place_id", "crime_id", "qualifier", "origin", "source", "heading",
)  # fmt: skip
"""Columns every source fills, in order."""


IDENTITY: Final = {
    "police_uk": ("crime_id", "occurred_from"),
    "force_extract": ("crime_id", "occurred_from", "category"),
}
"""What makes two rows copies of one record. A Crime ID alone is not enough: Northern Ireland's 2014 files use the same
IDs for other crimes in another month, force log numbers start again every day, and one log may hold two offences."""


@dataclass(frozen=True)
class Intake:
    """Records as read, and what happened while reading.

    ``len(records) + sum(dropped.values()) == n_read`` always.

    Attributes
    ----------
    records : DataFrame
        RECORDS.
    n_read : int
        Rows in the files, repeated header lines not counted.
    files : tuple of str
        Names of the files on disk, without folders.
    matched : dict
        Canonical field -> column it was read from.
    duplicate_ids, conflicting_ids : int
        Crime IDs with several copies in one month, and those of them whose copies differ in place or category.
    """

    records: pd.DataFrame
    n_read: int
    files: tuple[str, ...]
    kind: Kind
    matched: dict[str, str]
    notes: tuple[str, ...]
    duplicate_ids: int
    conflicting_ids: int
    dropped: dict[str, int]
    is_synthetic: bool


@dataclass(frozen=True)
class Reading:
    """One table in the common columns, before copies and undated rows are left out."""

    frame: pl.DataFrame
    kind: Literal["police_uk", "force_extract"]
    matched: Mapping[str, str]
    file: str
    notes: tuple[str, ...] = ()
    is_synthetic: bool = field(default=False)


def join(readings: Iterable[Reading], notes: Iterable[str] = ()) -> Intake:
    """Return one intake from all tables read."""
    readings = list(readings)
    n_read = sum(reading.frame.height for reading in readings)
    parts, duplicate_ids, conflicting_ids = [], 0, 0
    for kind, key in IDENTITY.items():
        if same_kind := [reading.frame.select(COLUMNS) for reading in readings if reading.kind == kind]:
            part, duplicates, conflicts = one_copy_per_crime_id(pl.concat(same_kind), key)
            parts.append(part)
            duplicate_ids += duplicates
            conflicting_ids += conflicts
    frame = pl.concat(parts)
    n_copies = n_read - frame.height
    dated = frame.filter(pl.col("month").is_not_null())
    kinds = {reading.kind for reading in readings}
    said = [*notes, *(note for reading in readings for note in reading.notes)]
    return Intake(
        records=to_records(dated),
        n_read=n_read,
        files=tuple(sorted({reading.file for reading in readings})),
        kind=kinds.pop() if len(kinds) == 1 else "mixed",
        matched={name: column for reading in readings for name, column in reading.matched.items()},
        notes=tuple(dict.fromkeys(said)),
        duplicate_ids=duplicate_ids,
        conflicting_ids=conflicting_ids,
        dropped={DUPLICATE: n_copies, NO_DATE: frame.height - dated.height},
        is_synthetic=any(reading.is_synthetic for reading in readings),
    )


def one_copy_per_crime_id(frame: pl.DataFrame, key: Sequence[str]) -> tuple[pl.DataFrame, int, int]:
    """Leave one copy of each record that carries a Crime ID and agrees in every column of `key`.

    Records without an ID are never compared, so identical ASB rows stay (R2.7). Of several copies a located one is
    kept; between located ones the choice is the same in whatever order the files came.

    Returns
    -------
    frame, number of IDs with copies, number of those whose copies differ in place or category
    """
    numbered = frame.with_row_index("_row")
    with_id = numbered.filter(pl.col("crime_id") != "")
    copies = with_id.filter(pl.struct(key).is_duplicated())
    if copies.is_empty():
        return frame, 0, 0
    groups = copies.group_by(key).agg(differs=pl.struct("longitude", "latitude", "category").n_unique() > 1)
    order = ["longitude", "latitude", "category", "location", "occurred_to", "heading", "_row"]
    best = copies.sort(order, nulls_last=True).unique(key, keep="first")
    surplus = copies.join(best, on="_row", how="anti")
    kept = numbered.join(surplus, on="_row", how="anti", maintain_order="left").drop("_row")
    return kept, groups.height, int(groups["differs"].sum())


def to_records(frame: pl.DataFrame) -> pd.DataFrame:
    """Return the common columns as a checked RECORDS table."""
    records = frame.to_pandas()
    records.index = pd.RangeIndex(len(records), name="incident_id")
    return check(records, RECORDS)


def intake_of(frame: pd.DataFrame) -> Intake:
    """Return an intake from a table made in Python.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        RECORDS, or any part of them: ``category``, ``month`` or ``occurred_from``, and ``longitude`` and ``latitude``
        (a GeoDataFrame's points serve as well). Columns that are not there are filled as "not known".

    Raises
    ------
    DataError
        If there is no position, no date or no category, or a column breaks the RECORDS contract.
    """
    table = _with_degrees(frame)
    lacking = [c for c in ("longitude", "latitude", "category") if c not in table]
    if not {"month", "occurred_from"} & set(table.columns):
        lacking.append("month (or occurred_from)")
    if lacking:
        raise DataError(
            f"The table of incidents lacks {', '.join(lacking)}; it has: {', '.join(map(str, frame.columns))}."
        )
    records = _filled(table)
    dated = records.loc[records["month"].notna()]
    dated.index = pd.RangeIndex(len(dated), name="incident_id")
    is_synthetic = bool(dated["source"].str.contains("SYNTHETIC", case=False).any())
    is_snapped = (dated["location_precision"] == "snap_point").mean() > 0.5
    return Intake(
        records=check(dated, RECORDS),
        n_read=len(records),
        files=tuple(sorted(set(dated["source"]))),
        kind="police_uk" if is_snapped else "force_extract",
        matched={name: name for name in COLUMNS if name in table},
        notes=(),
        duplicate_ids=0,
        conflicting_ids=0,
        dropped={DUPLICATE: 0, NO_DATE: len(records) - len(dated)},
        is_synthetic=is_synthetic,
    )


def _with_degrees(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a plain table; the points of a GeoDataFrame become longitude and latitude."""
    if "geometry" not in frame or not isinstance(frame, gpd.GeoDataFrame):
        return frame.copy()
    points = frame.geometry if frame.crs is None else frame.geometry.to_crs(WGS84)
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name))
    return plain.assign(longitude=points.x.to_numpy(), latitude=points.y.to_numpy())


def _filled(table: pd.DataFrame) -> pd.DataFrame:
    """Return every column of RECORDS: as given, derived from the others, or 'not known'."""
    table = table.assign(category=[slug(str(text)) for text in table["category"]])
    if "month" not in table:
        table["month"] = month_start(table["occurred_from"]).to_numpy()
    month = pd.to_datetime(table["month"])
    table["month"] = month.dt.as_unit("us")
    if "occurred_from" not in table:
        zone = "Europe/London"
        next_month = month + pd.offsets.MonthBegin(1)
        table = table.assign(
            occurred_from=month.dt.tz_localize(zone),
            occurred_to=next_month.dt.tz_localize(zone),
            time_precision="month",
        )
    if "occurred_to" not in table:
        table["occurred_to"] = table["occurred_from"]
    unknown = {"time_precision": "minute", "location_precision": "street", "origin": "unknown", "source": "a table"}
    for column in COLUMNS:
        if column not in table:
            table[column] = unknown.get(column, "")
    text = [c for c in COLUMNS if c not in ("longitude", "latitude", "month", "occurred_from", "occurred_to")]
    table[text] = table[text].fillna("").astype("str")
    return table.astype({"longitude": float, "latitude": float})
