"""data.police.uk street-level files: today's 12 columns (R2.7) and the 2011 layout with Easting and Northing."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from geodata.categories import slug
from geodata.errors import SourceError
from geodata.sources import places, times
from geodata.sources.intake import Reading, common_columns
from geodata.sources.tables import Table, map_distinct, plain, read_columns

_DEGREES = {"longitude": "longitude", "latitude": "latitude"}
_METRES = {"easting": "easting", "northing": "northing"}
_NOT_INCIDENTS = {
    "outcomes": {"crime_id", "outcome_type"},
    "stop-and-search": {"object_of_search", "legislation"},
}
_REST = {
    "month": "month", "location": "location", "category": "crime_type", "crime_id": "crime_id",
    "lsoa_code": "lsoa_code",
}  # fmt: skip
_OUTCOME = {"outcome": "last_outcome_category"}


def is_street_file(columns: Sequence[str]) -> bool:
    """Return whether a header is that of a police.uk street file."""
    found = {plain(column) for column in columns}
    has_place = {"longitude", "latitude"} <= found or {"easting", "northing"} <= found
    return {"month", "crime_type"} <= found and has_place and bool(found & {"reported_by", "falls_within"})


def refuse_other(table: Table) -> None:
    """Raise when a table is a police.uk file that holds no incidents.

    Raises
    ------
    SourceError
        If it holds outcomes or stops and searches.
    """
    found = {plain(column) for column in table.columns}
    kind = next((kind for kind, columns in _NOT_INCIDENTS.items() if columns <= found), None)
    if kind:
        raise SourceError(f"{table.name} is a police.uk {kind} file and holds no incidents; give the -street.csv file.")


def read_table(table: Table, timezone: str, *, outcomes: bool = False) -> Reading:
    """Return a police.uk street file in the common columns, and the LSOA as stated.

    Points are street snap points and dates are months (R2.1, R2.5). With `outcomes` the last outcome is kept too.

    Raises
    ------
    SourceError
        If the longitude and latitude columns hold British National Grid metres.
    """
    by_name = {plain(column): column for column in reversed(table.columns)}
    wanted = (
        _REST | (_OUTCOME if outcomes else {}) | (_DEGREES if "longitude" in by_name and "latitude" in by_name else {})
    )
    if not _DEGREES.keys() <= wanted.keys():
        wanted = wanted | _METRES
    matched = {field: by_name[name] for field, name in wanted.items() if name in by_name}
    text, repeated = read_columns(table, list(matched.values()))
    text = text.rename({column: field for field, column in matched.items()})
    degrees, notes = places.degrees(text, table.name)
    month = times.month_spans(text["month"], timezone)
    frame = pl.DataFrame({
        "longitude": degrees["longitude"], "latitude": degrees["latitude"],
        "category": map_distinct(text["category"], slug), "month": month["month"],
        "occurred_from": month["occurred_from"], "occurred_to": month["occurred_to"],
        "location": text["location"] if "location" in text.columns else pl.Series([""] * text.height, dtype=pl.String),
    }).with_columns(
        time_precision=pl.lit("month"), location_precision=pl.lit("snap_point"), place_id=pl.lit(""),
        crime_id=text["crime_id"] if "crime_id" in text.columns else pl.lit(""),
        qualifier=pl.lit(""), origin=pl.lit("unknown"), source=pl.lit(table.name), heading=pl.lit(""),
        **{name: text[name] for name in ("lsoa_code", "outcome") if name in text.columns},
    )  # fmt: skip
    return Reading(common_columns(frame), "police_uk", matched, table.file, (*table.notes, *repeated, *notes))
