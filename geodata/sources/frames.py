"""Tables made in Python: RECORDS, part of them, or a police.uk or force table read with pandas."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import polars as pl

from geodata.area import to_wgs84
from geodata.categories import slug
from geodata.errors import DataError
from geodata.period import month_start
from geodata.schema import RECORDS, check
from geodata.sources.intake import COLUMNS, DUPLICATE, NO_DATE, Intake, join
from geodata.sources.profiles import Profile
from geodata.sources.recognise import is_incidents, read_table
from geodata.sources.tables import Table

LOCAL_ZONE: Final = "Europe/London"
NAME: Final = "table"
"""What a table made in Python is called where a file would be named."""

_NOT_TEXT: Final = ("longitude", "latitude", "month", "occurred_from", "occurred_to")
_UNKNOWN: Final = {
    "time_precision": "minute", "location_precision": "street", "origin": "unknown", "source": NAME,
}  # fmt: skip


def intake_of(frame: pd.DataFrame) -> Intake:
    """Return an intake from a table made in Python.

    Parameters
    ----------
    frame : DataFrame or GeoDataFrame
        RECORDS, or part of them: ``category``, ``month`` or a zone-aware ``occurred_from``, and ``longitude`` and
        ``latitude`` (a GeoDataFrame's points serve as well); other columns are filled as "not known". A table with the
        columns of police.uk or of a force extract is read as such a file would be.

    Raises
    ------
    DataError
        If there is no position, no date or no category, or a column breaks the RECORDS contract.
    """
    table = _with_degrees(frame)
    lacking = [column for column in ("longitude", "latitude", "category") if column not in table]
    if not {"month", "occurred_from"} & set(table.columns):
        lacking.append("month (or occurred_from)")
    if not lacking and _has_types(table):
        return _from_records(table)
    columns = tuple(str(column) for column in table.columns)
    if not is_incidents(columns):
        raise DataError(f"The table of incidents lacks {', '.join(lacking)}; it has: {', '.join(columns)}.")
    text = table.set_axis(list(columns), axis=1)
    return join([read_table(Table(NAME, NAME, columns, partial(_as_text, text)), Profile(), LOCAL_ZONE)])


def _with_degrees(frame: Any) -> pd.DataFrame:
    """Return a plain table; the points of a GeoDataFrame become longitude and latitude."""
    if not isinstance(frame, gpd.GeoDataFrame) or "longitude" in frame:
        return pd.DataFrame(frame)
    located: Any = frame if frame.crs is None else to_wgs84(frame)
    points = located.geometry
    table = pd.DataFrame(frame.drop(columns=points.name))
    return table.assign(longitude=points.x.to_numpy(), latitude=points.y.to_numpy())


def _has_types(table: pd.DataFrame) -> bool:
    """Return whether dates are dates and positions numbers, as in RECORDS, rather than text to be read."""
    dates = [table[column] for column in ("month", "occurred_from") if column in table]
    are_dates = all(pd.api.types.is_datetime64_any_dtype(column.dtype) for column in dates)
    positions = table[["longitude", "latitude"]].dtypes
    return are_dates and all(pd.api.types.is_numeric_dtype(dtype) for dtype in positions)


def _from_records(table: pd.DataFrame) -> Intake:
    records = _filled(table)
    dated = records.loc[records["month"].notna()]
    dated = dated.set_axis(pd.RangeIndex(len(dated), name="incident_id"))
    is_snapped = bool((dated["location_precision"] == "snap_point").mean() > 0.5)
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
        is_synthetic=bool(dated["source"].str.contains("SYNTHETIC", case=False).any()),
    )


def _filled(table: pd.DataFrame) -> pd.DataFrame:
    """Return every column of RECORDS: as given, derived from the others, or "not known"."""
    names = table["category"].fillna("").astype("str")
    table = table.assign(category=names.map({name: slug(name) for name in names.unique()}))
    if "month" not in table:
        table = table.assign(month=month_start(table["occurred_from"]).to_numpy())
    month = pd.to_datetime(table["month"])
    table = table.assign(month=month.dt.as_unit("us"))
    if "occurred_from" not in table:
        first, following = month, month + pd.offsets.MonthBegin(1)
        table = table.assign(
            occurred_from=first.dt.tz_localize(LOCAL_ZONE),
            occurred_to=following.dt.tz_localize(LOCAL_ZONE),
            time_precision="month",
        )
    if "occurred_to" not in table:
        table = table.assign(occurred_to=table["occurred_from"])
    table = table.assign(**{name: _UNKNOWN.get(name, "") for name in COLUMNS if name not in table})
    text = {name: table[name].fillna("").astype("str") for name in COLUMNS if name not in _NOT_TEXT}
    return table.assign(**text).astype({"longitude": float, "latitude": float})


def _as_text(table: pd.DataFrame, wanted: Sequence[str]) -> pl.DataFrame:
    columns = {name: ["" if pd.isna(value) else str(value) for value in table[name]] for name in wanted}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
