"""data.police.uk street-level files: today's 12 columns (R2.7) and the 2011 layout with Easting and Northing."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from geodata.categories import slug
from geodata.errors import SourceError
from geodata.sources import places, times
from geodata.sources.intake import COLUMNS, Reading
from geodata.sources.tables import Table

_DEGREES = {"longitude": "longitude", "latitude": "latitude"}
_METRES = {"easting": "easting", "northing": "northing"}
_REST = {"month": "month", "location": "location", "category": "crime_type", "crime_id": "crime_id"}


def plain(column: str) -> str:
    """Return a column name in lower case words joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", column.strip().lower()).strip("_")


def is_street_file(columns: Sequence[str]) -> bool:
    """Return whether a header is that of a police.uk street file."""
    found = {plain(column) for column in columns}
    has_place = {"longitude", "latitude"} <= found or {"easting", "northing"} <= found
    return {"month", "crime_type"} <= found and has_place and bool(found & {"reported_by", "falls_within"})


def other_police_uk_file(columns: Sequence[str]) -> str:
    """Return what kind of police.uk file without incidents a header belongs to, or an empty text."""
    found = {plain(column) for column in columns}
    if {"crime_id", "outcome_type"} <= found:
        return "outcomes"
    if {"object_of_search", "legislation"} <= found:
        return "stop-and-search"
    return ""


def read_table(table: Table, timezone: str) -> Reading:
    """Return a police.uk street file in the common columns.

    Points are street snap points and dates are months (R2.1, R2.5).

    Raises
    ------
    SourceError
        If the longitude and latitude columns hold British National Grid metres.
    """
    by_name = {plain(column): column for column in reversed(table.columns)}
    wanted = _REST | (_DEGREES if "longitude" in by_name and "latitude" in by_name else {})
    if not _DEGREES.keys() <= wanted.keys():
        wanted = wanted | _METRES
    matched = {field: by_name[name] for field, name in wanted.items() if name in by_name}
    text = table.select(list(matched.values())).rename({column: field for field, column in matched.items()})
    degrees, notes = places.degrees(text, table.name)
    month = times.month_spans(text["month"], timezone)
    frame = pl.DataFrame({
        "longitude": degrees["longitude"], "latitude": degrees["latitude"],
        "category": map_distinct(text["category"]), "month": month["month"],
        "occurred_from": month["occurred_from"], "occurred_to": month["occurred_to"],
        "location": text["location"] if "location" in text.columns else pl.Series([""] * text.height, dtype=pl.String),
    }).with_columns(
        time_precision=pl.lit("month"), location_precision=pl.lit("snap_point"), place_id=pl.lit(""),
        crime_id=text["crime_id"] if "crime_id" in text.columns else pl.lit(""),
        qualifier=pl.lit(""), origin=pl.lit("unknown"), source=pl.lit(table.name), heading=pl.lit(""),
    )  # fmt: skip
    return Reading(frame.select(COLUMNS), "police_uk", matched, table.file, (*table.notes, *notes))


def map_distinct(text: pl.Series) -> pl.Series:
    """Return the category slug of each text; each distinct text is looked at once."""
    distinct = text.unique()
    return text.replace_strict(distinct, pl.Series([slug(value) for value in distinct], dtype=pl.String))


def refuse_other(table: Table) -> None:
    """Raise when a table is a police.uk file that holds no incidents."""
    if kind := other_police_uk_file(table.columns):
        raise SourceError(f"{table.name} is a police.uk {kind} file and holds no incidents; give the -street.csv file.")
