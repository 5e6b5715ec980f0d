"""Columns that already have a type (Parquet, databases, GIS files) as the text every other file holds."""

from __future__ import annotations

from typing import Final

import polars as pl

_WHOLE_BELOW: Final = 2.0**53
_PLAIN: Final = (pl.Date, pl.Time, pl.Boolean, pl.Categorical, pl.Enum)


def as_text(column: pl.Series) -> pl.Series:
    """Return a column as text, missing values as empty texts.

    Numbers that are all whole lose their ``.0``; times become ISO texts, with their offset where they carry a zone;
    bytes and nested values, which no field of an incident can hold, become empty.
    """
    kind = column.dtype
    if kind == pl.String:
        text = column
    elif kind.is_float():
        text = _numbers(column)
    elif isinstance(kind, pl.Datetime):
        text = column.dt.strftime("%Y-%m-%dT%H:%M:%S%:z" if kind.time_zone else "%Y-%m-%dT%H:%M:%S")
    elif kind.is_numeric() or kind.base_type() in _PLAIN:
        text = column.cast(pl.String)
    else:
        text = pl.Series([None] * len(column), dtype=pl.String)
    return text.fill_null("").alias(column.name)


def _numbers(column: pl.Series) -> pl.Series:
    finite = column.set(~column.is_finite(), None)
    held = finite.drop_nulls()
    if bool(((held == held.floor()) & (held.abs() < _WHOLE_BELOW)).all()):
        return finite.cast(pl.Int64).cast(pl.String)
    return finite.cast(pl.Float64).cast(pl.String)
