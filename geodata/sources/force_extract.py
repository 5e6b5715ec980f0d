"""A force's or council's own extract, whatever its columns are called, read into the common columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import polars as pl

from geodata import categories, nsir
from geodata.errors import SourceError
from geodata.schema import ASB
from geodata.sources import halfdates, places, times
from geodata.sources.callers import caller_numbers, keys_only
from geodata.sources.channels import TRUE, origins
from geodata.sources.columns import match, without_whole_name
from geodata.sources.geocoding import stated
from geodata.sources.intake import Reading, common_columns
from geodata.sources.personal import is_personal, without_personal
from geodata.sources.profiles import Profile
from geodata.sources.tables import Table, map_distinct, read_columns

_SNAP_LABEL: Final = r"(?i)^on or near\b"
_SNAP_DISTINCT_SHARE: Final = 0.20  # R2.2a
_MOSTLY: Final = 0.5
_LSOA_CODE: Final = r"^(?:[EWSN]\d{8}|95[A-Z]{2}\d{2}[SW]\d)$"  # Great Britain's and Northern Ireland's
_DATE_FIELDS: Final = ("occurred_from", "occurred_to", "created")
_BEFORE_LOGS: Final = r"(?:^19[0-8]\d[-/.])|(?:[-/. ]19[0-8]\d\b)"
_MANY_EARLY: Final = 0.10
_ASB_FILE: Final = re.compile(r"(?<![a-z])(asb|anti-?social)", re.IGNORECASE)


def read_table(table: Table, timezone: str, profile: Profile) -> Reading:
    """Return a force extract in the common columns.

    Columns not named by the profile are found by name.

    Raises
    ------
    SourceError
        If its columns are ambiguous or lack a position or a date, or its coordinates are in the wrong system.
    """
    matched = match(table.columns, profile.columns, table.name)
    text, repeated = _read_matched(table, matched)
    _refuse_births(text, matched, table.name)
    text, personal = without_personal(text, matched, table.name)
    text, no_keys = keys_only(text, matched, table.name)
    personal += no_keys
    text = text.with_columns(pl.lit(value).alias(field) for field, value in profile.fixed.items())
    matched = {field: column for field, column in matched.items() if field in text.columns}
    degrees, notes = places.degrees(text, table.name)
    text, mended = _mend_halves(text, table.name, profile.dates)
    when, order, time_notes = _when(text, timezone, table.name, profile.dates)
    what, kind_notes = _what(text, table.name)
    origin, channel_notes = origins(text, profile.channels, table.name)
    who = pl.DataFrame({"origin": origin}).with_columns(caller=caller_numbers(text))
    frame = pl.concat([degrees, when, what, _where(text), who], how="horizontal")
    placed, placed_notes = stated(text, frame["location"], table.name)
    frame = frame.with_columns(source=pl.lit(table.name), location_precision=_location_precision(frame, text, placed))
    frame = frame.with_columns(stated_radius_m=_stated_radius(frame, placed))
    unread = [*_unread_notes(table, matched, personal), *_category_notes(text, table.name), *kind_notes, *channel_notes]
    unread += _words_notes(matched, profile.columns, table.name) + _lsoa_notes(text, matched, table.name)
    said = (*table.notes, *repeated, *notes, *placed_notes, *mended, *time_notes, *unread, *personal)
    n_exchanged = _n_exchanged(text, when, is_mended=bool(mended))
    return Reading(
        common_columns(frame), "force_extract", matched, table.file, said,
        is_synthetic=_is_synthetic(text), dates="" if n_exchanged else order, exchanged_dates=n_exchanged,
        fixed=profile.fixed, channels=profile.channels,
    )  # fmt: skip


def _mend_halves(text: pl.DataFrame, name: str, dates: str) -> tuple[pl.DataFrame, list[str]]:
    """Return dates that a spreadsheet exchanged put back: only where proven, and the user tells their order."""
    notes = []
    for field in _DATE_FIELDS if dates else ():
        if field in text.columns and (n := int(halfdates.mixed_halves(text[field], dates).sum())):
            text = text.with_columns(halfdates.with_halves_mended(text[field], dates).alias(field))
            notes.append(f"{name}: day and month of {n:,} dates that a spreadsheet had exchanged were put back.")
    return text, notes


def _n_exchanged(text: pl.DataFrame, when: pl.DataFrame, *, is_mended: bool) -> int:
    """Return how many dates of incidents seem to have day and month exchanged (`halfdates`)."""
    is_shown = "occurred_from" in text.columns and not is_mended
    proven = int(halfdates.mixed_halves(text["occurred_from"]).sum()) if is_shown else 0
    return proven or halfdates.n_exchanged(when.filter(pl.col("time_precision") != "month")["occurred_from"])


def _read_matched(table: Table, matched: Mapping[str, str]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return the matched columns under their canonical names; one column may serve two fields."""
    distinct = list(dict.fromkeys(matched.values()))
    text, notes = read_columns(table, distinct)
    return text.select(pl.col(column).alias(field) for field, column in matched.items()), notes


def _refuse_births(text: pl.DataFrame, matched: Mapping[str, str], name: str) -> None:
    """Refuse a date column that holds years of birth: no log on a computer reaches back so far (R3.17)."""
    for field in _DATE_FIELDS:
        if field not in text.columns:
            continue
        held = text[field].filter(text[field] != "")
        early = held.filter(held.str.contains(_BEFORE_LOGS)).len()
        if early > _MANY_EARLY * held.len():
            raise SourceError(
                f"{name}: column '{matched[field]}' looks like dates of birth ({early:,} of {held.len():,} lie before "
                f"1990); name the column with the date of the incident, for example {field} = 'the column'."
            )


def _when(text: pl.DataFrame, timezone: str, name: str, dates: str) -> tuple[pl.DataFrame, str, list[str]]:
    """Return month, occurred_from, occurred_to and time_precision, the order of the dates, and notes.

    The report's date stands in for a missing one.
    """
    empty = pl.DataFrame({"start": [None] * text.height}).with_columns(
        start=pl.lit(None, dtype=pl.Datetime("us", timezone)), end=pl.lit(None, dtype=pl.Datetime("us", timezone)),
        precision=pl.lit(None, dtype=pl.String), order=pl.lit(""),
    )  # fmt: skip
    parsed = {}
    notes = []
    for field in _DATE_FIELDS:
        clock = f"{field}_time"
        written = text[field] if field in text.columns else None
        if written is not None and clock in text.columns:
            notes += _clock_notes(text[clock], name, clock)
            written = times.join_clock(written, text[clock])
        parsed[field] = empty if written is None else times.parse(written, timezone, dates)
    first, last, created = parsed["occurred_from"], parsed["occurred_to"], parsed["created"]
    stands_in = first["start"].is_null() & created["start"].is_not_null()
    start = first["start"].zip_with(~stands_in, created["start"])
    own_end = first["end"].zip_with(~stands_in, created["end"])
    is_before = (last["start"] < start).fill_null(value=False)
    is_reversed = is_before & ~stands_in  # a report made after the incident's end contradicts nothing
    end = last["end"].zip_with(last["end"].is_not_null() & ~is_before, own_end)
    when = pl.DataFrame({
        "month": start.dt.replace_time_zone(None).dt.truncate("1mo"),
        "occurred_from": start,
        "occurred_to": end,
        "time_precision": first["precision"].zip_with(~stands_in, created["precision"]).fill_null("day"),
        "created": created["start"],
    })  # fmt: skip
    said = {
        "without a readable occurred date, for which the date of the report stands in": int(stands_in.sum()),
        "that end before they start, whose end was ignored": int(is_reversed.sum()),
    }
    notes += [f"{name}: rows {what}: {n:,}." for what, n in said.items() if n]
    orders = {order for part in parsed.values() for order in part["order"].head(1) if order}
    if not dates and "month-first" in orders:
        notes.append(f"{name}: dates were read month-first (12/31/2023), because no other reading fits.")
    return when, orders.pop() if len(orders) == 1 else "", notes


def _clock_notes(clock: pl.Series, name: str, field: str) -> list[str]:
    unread = clock.filter((clock.str.strip_chars() != "") & (times.clock_times(clock) == ""))
    if unread.is_empty():
        return []
    return [
        f"{name}: values of {field} that are no times: {unread.len():,} (first '{unread[0][:20]}'); those rows keep "
        "their date alone."
    ]


def _what(text: pl.DataFrame, name: str) -> tuple[pl.DataFrame, list[str]]:
    """Return category slug, heading (the ASB heading as written) and qualifier.

    A row whose category is empty is ASB where its heading is: cells merged downwards leave all but the first empty.
    """
    blank = pl.Series([""] * text.height, dtype=pl.String)
    written = text["category"] if "category" in text.columns else blank
    heading = text["heading"] if "heading" in text.columns else written
    is_asb = nsir.asb_test()
    category = map_distinct(written, lambda value: ASB if is_asb(value) else categories.slug(value))
    if "category" not in text.columns and _ASB_FILE.search(name):
        category = pl.Series([ASB] * text.height, dtype=pl.String)
    by_heading = (category == categories.NOT_STATED) & map_distinct(
        heading, lambda value: ASB if is_asb(value) else ""
    ).eq(ASB)
    category = pl.select(pl.when(by_heading).then(pl.lit(ASB)).otherwise(category)).to_series()
    qualifier = map_distinct(text["qualifier"], categories.qualifier) if "qualifier" in text.columns else blank
    from_category = map_distinct(written, categories.qualifier)
    of_asb = category == ASB
    kinds = pl.DataFrame({
        "category": category,
        "heading": heading.zip_with(of_asb, blank),
        "qualifier": qualifier.zip_with(qualifier != "", from_category).zip_with(of_asb, blank),
    })  # fmt: skip
    n = int(by_heading.sum())
    said = f"{name}: rows without a category that are anti-social behaviour by their heading: {n:,}."
    return kinds, [said] if n else []


def _where(text: pl.DataFrame) -> pl.DataFrame:
    """Return location text, place_id, beat, the LSOA as stated and the reference of the record."""
    blank = pl.lit("")
    address = pl.col("address").str.strip_chars() if "address" in text.columns else blank
    street = pl.col("location").str.strip_chars() if "location" in text.columns else blank
    number = pl.col("uprn").str.strip_chars().str.replace(r"\.0+$", "") if "uprn" in text.columns else blank
    number = number.str.strip_chars_start("0")
    return text.select(
        location=pl.when(address != "").then(address).otherwise(street),
        place_id=pl.when(number.str.contains(r"^\d+$")).then("UPRN:" + number).otherwise(blank),
        beat=pl.col("beat").str.strip_chars() if "beat" in text.columns else pl.lit(None, dtype=pl.String),
        lsoa_code=_lsoa_codes(text) if "lsoa_code" in text.columns else pl.lit(None, dtype=pl.String),
        crime_id=pl.col("incident_ref").str.strip_chars() if "incident_ref" in text.columns else blank,
        _n=pl.int_range(pl.len()),
    ).drop("_n")


def _lsoa_codes(text: pl.DataFrame) -> pl.Series:
    """Return the LSOA codes of each row, null where there is none: names of LSOAs are no codes."""
    codes = map_distinct(text["lsoa_code"], lambda value: value.strip().upper())
    return codes.zip_with(codes.str.contains(_LSOA_CODE), pl.Series([None], dtype=pl.String))


def _location_precision(frame: pl.DataFrame, text: pl.DataFrame, placed: pl.DataFrame) -> pl.Series:
    """Return the location precision of each row.

    What the record says of its own geocoding (R3.9) goes before a UPRN or an address, which make "address"; everything
    else is "street"; but a file of months, or one of "On or near"
    labels, on few distinct points is police.uk under another header: "snap_point" (R2.2a).
    """
    located = frame.filter(pl.col("longitude").is_not_null())
    distinct_share = located.select("longitude", "latitude").n_unique() / max(located.height, 1)
    labelled_share = frame.filter(pl.col("location").str.contains(_SNAP_LABEL)).height / max(frame.height, 1)
    is_monthly = (frame["time_precision"] == "month").all()
    if labelled_share > _MOSTLY or (is_monthly and (labelled_share > 0 or distinct_share < _SNAP_DISTINCT_SHARE)):
        return pl.Series(["snap_point"] * frame.height, dtype=pl.String)
    has_address = pl.col("place_id") != ""
    if "address" in text.columns:
        has_address = has_address | (text["address"].str.strip_chars() != "")
    written = frame.select(p=pl.when(has_address).then(pl.lit("address")).otherwise(pl.lit("street")))["p"]
    return placed["precision"].fill_null(written)


def _stated_radius(frame: pl.DataFrame, placed: pl.DataFrame) -> pl.Series:
    """Return how far off each place may be: by the way it is written or, where it is an area's middle, by its size."""
    is_area = frame["location_precision"] == "area"
    wider = pl.select(pl.max_horizontal(frame["stated_radius_m"], placed["radius_m"])).to_series()
    return wider.zip_with(is_area & placed["radius_m"].is_not_null(), frame["stated_radius_m"])


def _is_synthetic(text: pl.DataFrame) -> bool:
    by_flag = "synthetic" in text.columns and text["synthetic"].str.to_lowercase().is_in((*TRUE, "synthetic")).any()
    by_source = "source" in text.columns and text["source"].str.to_uppercase().str.contains("SYNTHETIC").any()
    return bool(by_flag or by_source)


def _unread_notes(table: Table, matched: Mapping[str, str], personal_notes: list[str]) -> list[str]:
    said = " ".join(personal_notes)
    unread = [c for c in table.columns if c not in matched.values() and c and f"column {c} was not used" not in said]
    personal = [column for column in unread if is_personal(column)]
    other = [column for column in unread if column not in personal]
    notes = []
    if personal:
        notes.append(f"{table.name}: columns that may hold people's details were not read: {', '.join(personal)}.")
    if other:
        notes.append(f"{table.name}: columns not needed were not read: {', '.join(other)}.")
    return notes


def _category_notes(text: pl.DataFrame, name: str) -> list[str]:
    if "category" in text.columns:
        return []
    if _ASB_FILE.search(name):
        return [f"{name} has no category column; its name says ASB, so every row was taken as anti-social behaviour."]
    return [f"{name} has no category column; its rows carry the category '{categories.NOT_STATED}'."]


def _words_notes(matched: Mapping[str, str], given: Mapping[str, str], name: str) -> list[str]:
    told = [f"{field} from '{column}'" for field, column in without_whole_name(matched).items() if field not in given]
    said = f"{name}: columns told by words of their names (look whether they are right): {', '.join(told)}."
    return [said] if told else []


def _lsoa_notes(text: pl.DataFrame, matched: Mapping[str, str], name: str) -> list[str]:
    if "lsoa_code" not in text.columns or _lsoa_codes(text).null_count() < text.height:
        return []
    return [f"{name}: column {matched['lsoa_code']} was not used: it holds no LSOA codes, such as E01010521."]
