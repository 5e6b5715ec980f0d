"""The contracts: columns, types and units of every table that crosses a module boundary.

RECORDS
    What a source read, one row a record, coordinates possibly missing. Index ``incident_id`` (int, unique). Texts that
    repeat may be categoricals; the gate makes them plain text. ``crime_id`` tells records apart: a reference as text,
    or for police.uk's long hexadecimal IDs the number their first sixteen digits write, 0 where a record has none.
    Optional: ``beat`` and ``lsoa_code`` (police beat, neighbourhood or ward, and LSOA, as stated), ``stated_radius_m``
    (how far off the place may be by the way it is written), ``created`` (when the record was made), ``caller`` (a
    number that tells callers apart and means nothing else, 0 where not known; counted, never shown).
INCIDENTS
    The located records that passed the gate: RECORDS with finite coordinates plus ``inside`` (in the study area;
    otherwise in its analysis buffer, context only) and ``error_radius_m`` (how far off the place may plausibly be).
COUNTS
    Index (``cell``, ``month``), ``n`` >= 1. Empty cells and months are absent: say the zero aloud where it matters.
CELLS
    Index ``cell``; polygons with ``land_km2`` and whatever analyses added.
HOTSPOTS
    Index ``hotspot_id``; ``rank``, ``name``, ``n``, ``expected``, ``cells`` and polygons.
CAMERAS, VISITS
    Existing cameras and delivered visits, as users give them.
"""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from geodata.errors import DataError

TimePrecision = Literal["month", "day", "minute"]
LocationPrecision = Literal["address", "street", "rounded", "snap_point", "area", "default"]

TIME_PRECISIONS = ("month", "day", "minute")
"""How finely a record says when, coarse to fine."""

LOCATION_PRECISIONS = ("default", "area", "snap_point", "rounded", "street", "address")
"""How finely a record says where, coarse to fine. ``default`` is a place records are booked to when nobody knows
where (R3.9), ``area`` the middle of a ward or postcode, ``snap_point`` a police.uk map point, ``rounded`` a coordinate
written so coarsely that nearby streets share it (R3.10)."""

ORIGINS = ("public", "officer", "unknown")
"""Who made the report: a member of the public, an officer's own activity, or not stated (R3.16, R7.5)."""

ASB = "anti-social-behaviour"
"""Category slug of anti-social behaviour."""

_RULES = {
    "not_nullable": "must not be empty",
    "field_uniqueness": "must not repeat",
    "column_in_dataframe": "is missing",
}
"""pandera's names of rules in plain words."""

Frame = TypeVar("Frame", bound=pd.DataFrame)


def _is_local_time(series: pd.Series) -> bool:
    return isinstance(series.dtype, pd.DatetimeTZDtype)


def _is_month_start(series: pd.Series) -> pd.Series:
    if not pd.api.types.is_datetime64_dtype(series.dtype):
        return pd.Series(data=False, index=series.index)
    is_first: pd.Series = series.dt.is_month_start & (series == series.dt.normalize())
    return is_first


def _text(*, one_of: tuple[str, ...] | None = None, repeats: bool = False) -> pa.Column:
    """Return a column of text; one whose texts repeat may be a categorical of texts."""
    checks = [pa.Check.isin(one_of)] if one_of else []
    if repeats:
        return pa.Column(None, [pa.Check(_is_text, error="must be text"), *checks], nullable=False)
    return pa.Column(str, checks, nullable=False, coerce=True)


def _is_text(series: pd.Series) -> bool:
    values = series.cat.categories if isinstance(series.dtype, pd.CategoricalDtype) else series
    return bool(pd.api.types.is_string_dtype(values.dtype))


def _identity() -> pa.Column:
    return pa.Column(None, pa.Check(_is_identity, error="must be text, or unsigned 64-bit numbers"), nullable=False)


def _is_identity(series: pd.Series) -> bool:
    return _is_text(series) or series.dtype == np.uint64


def _coordinate(low: float, high: float, *, nullable: bool) -> pa.Column:
    return pa.Column(float, pa.Check.in_range(low, high), nullable=nullable)


def _record_columns(*, located: bool) -> dict[str, pa.Column]:
    return {
        "longitude": _coordinate(-180, 180, nullable=not located),
        "latitude": _coordinate(-90, 90, nullable=not located),
        "category": _text(repeats=not located),
        "month": pa.Column(None, pa.Check(_is_month_start, error="must be the first day of a month, without a zone")),
        "occurred_from": pa.Column(None, pa.Check(_is_local_time, error="must carry a time zone"), nullable=True),
        "occurred_to": pa.Column(None, pa.Check(_is_local_time, error="must carry a time zone"), nullable=True),
        "time_precision": _text(repeats=not located, one_of=TIME_PRECISIONS),
        "location_precision": _text(repeats=not located, one_of=LOCATION_PRECISIONS),
        "location": _text(repeats=not located),
        "place_id": _text(repeats=not located),
        "crime_id": _identity(),
        "qualifier": _text(repeats=not located),
        "origin": _text(repeats=not located, one_of=ORIGINS),
        "source": _text(repeats=not located),
        "beat": pa.Column(str, nullable=False, coerce=True, required=False),
        "stated_radius_m": pa.Column(float, pa.Check.ge(0), nullable=True, required=False),
        "caller": pa.Column("uint64", nullable=False, required=False),
        "error_radius_m": pa.Column(float, pa.Check.gt(0), nullable=not located, required=False),
    }


_IDENTITY = pa.Index("int64", name="incident_id", unique=True)

RECORDS = pa.DataFrameSchema(_record_columns(located=False), index=_IDENTITY, name="RECORDS", strict=False)

INCIDENTS = pa.DataFrameSchema(
    {**_record_columns(located=True), "inside": pa.Column(bool)}, index=_IDENTITY, name="INCIDENTS", strict=False
)

COUNTS = pa.DataFrameSchema(
    {"n": pa.Column("int64", pa.Check.ge(1))},
    index=pa.MultiIndex([pa.Index(None, name="cell"), pa.Index(None, name="month")]),
    name="COUNTS",
)

CELLS = pa.DataFrameSchema(
    {
        "area_km2": pa.Column(float, pa.Check.gt(0)),
        "land_km2": pa.Column(float, pa.Check.ge(0)),
        "geometry": pa.Column(None),
    },
    index=pa.Index(None, name="cell", unique=True),
    name="CELLS",
    strict=False,
)

HOTSPOTS = pa.DataFrameSchema(
    {
        "rank": pa.Column("int64", pa.Check.ge(1), unique=True),
        "name": _text(),
        "n": pa.Column("int64", pa.Check.ge(0)),
        "expected": pa.Column(float, pa.Check.ge(0)),
        "cells": _text(),
        "geometry": pa.Column(None),
    },
    index=pa.Index(None, name="hotspot_id", unique=True),
    name="HOTSPOTS",
    strict=False,
)

CAMERAS = pa.DataFrameSchema(
    {
        "longitude": _coordinate(-180, 180, nullable=False),
        "latitude": _coordinate(-90, 90, nullable=False),
        "range_m": pa.Column(float, pa.Check.gt(0), coerce=True),
    },
    name="CAMERAS",
    strict=False,
)

VISITS = pa.DataFrameSchema(
    {
        "hotspot": _text(),
        "started": pa.Column(None),
        "minutes": pa.Column(float, pa.Check.ge(0), coerce=True),
        "crew": pa.Column(float, pa.Check.ge(1), coerce=True),
        "resource": _text(),
    },
    name="VISITS",
    strict=False,
)


def check(frame: Frame, schema: Any) -> Frame:
    """Return `frame` as its contract has it, or raise one error listing every broken rule.

    Raises
    ------
    DataError
        Names the table, each column and rule broken, and how many rows break it.
    """
    try:
        checked: Frame = schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        raise DataError(f"{schema.name} table: {_breaches(error)}.") from error
    return checked


def _breaches(error: SchemaErrors) -> str:
    cases = error.failure_cases
    cases = cases.assign(column=cases["column"].fillna("index"))
    found: dict[tuple[str, str], list[object]] = {}
    for column, rule, value in zip(cases["column"], cases["check"], cases["failure_case"], strict=True):
        found.setdefault((str(column), _RULES.get(str(rule), str(rule))), []).append(value)
    parts = [
        f"{column}: {rule} ({len(held)} rows, first '{held[0]}')" for (column, rule), held in sorted(found.items())
    ]
    return "; ".join(parts)


def empty_records() -> pd.DataFrame:
    """Return a RECORDS table without rows."""
    text = pd.Series([], dtype="str")
    local = pd.Series([], dtype="datetime64[us, Europe/London]")
    columns: dict[str, Any] = {
        "longitude": np.empty(0), "latitude": np.empty(0), "category": text,
        "month": pd.Series([], dtype="datetime64[us]"), "occurred_from": local, "occurred_to": local,
        "time_precision": text, "location_precision": text, "location": text, "place_id": text,
        "crime_id": text, "qualifier": text, "origin": text, "source": text,
    }  # fmt: skip
    return pd.DataFrame(columns, index=pd.Index([], dtype="int64", name="incident_id"))
