"""Which column of a force extract holds what: synonyms, explicit mapping, and columns never to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from geodata.errors import SourceError
from geodata.sources.places import PAIRS, POSITIONS
from geodata.sources.tables import plain


def _ons(area: str, what: str) -> tuple[str, ...]:
    """Return an area's column as ONS names it, the newest year first: ``wd24nm``, ``lsoa21cd``."""
    return tuple(f"{area}{year}{what}" for year in range(29, 10, -1))


# Each field: tiers of synonyms, best first. Two columns in one tier cannot be told apart by name (R3.1).
SYNONYMS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "incident_ref": (
        ("incident_ref", "incident_reference", "incident_id", "incident_number", "incident_no"),
        ("log_no", "log_number", "log_ref", "log_reference", "log_id", "cad_no", "cad_number", "event_number",
         "event_id"),
        ("crime_id", "crime_ref", "crime_reference", "crime_number", "report_number", "urn", "reference", "ref", "id"),
    ),
    "occurred_from": (
        ("occurred_from", "occurred_from_dt", "occurred_start", "from_datetime", "from_date_time", "start_datetime",
         "start_date_time"),
        ("incident_datetime", "incident_date_time", "incident_dt", "occurred", "occurred_dt", "occurred_at",
         "occurred_on", "date_time_occurred", "occurred_date_time", "occurred_date_time_from",
         "date_and_time_of_incident", "date_time_of_incident", "date_and_time_occurred", "committed_from",
         "committed_on_from", "offence_start"),
        ("occurred_date", "date_occurred", "occurrence_date", "occur_date", "incident_date", "date_of_incident"),
        ("event_date", "event_datetime", "offence_date", "datetime", "date_time", "date_and_time"),
        ("from_date", "date_from", "start_date", "date"),
        ("month",),
    ),
    "occurred_from_time": (
        ("occurred_from_time", "occurred_time", "time_occurred", "occur_time", "incident_time", "time_of_incident"),
        ("from_time", "time_from", "start_time", "event_time", "time"),
    ),
    "occurred_to": (
        ("occurred_to", "occurred_to_dt", "occurred_end", "to_datetime", "to_date_time", "end_datetime",
         "end_date_time", "occurred_date_time_to", "committed_to", "committed_on_to", "offence_end"),
        ("to_date", "date_to", "end_date", "possible_date"),
    ),
    "occurred_to_time": (("occurred_to_time", "to_time", "time_to", "end_time", "possible_time"),),
    "created": (
        ("created_dt", "created", "created_at", "created_datetime", "created_date", "date_created", "created_on",
         "created_date_time", "incident_creation_date", "creation_date", "incident_created"),
        ("reported_dt", "reported", "reported_at", "reported_date", "date_reported", "report_date",
         "reported_datetime"),
        ("call_time", "call_datetime", "call_date", "call_date_time", "date_of_call", "received", "received_dt",
         "date_received", "logged", "logged_dt", "log_date", "log_datetime", "log_date_time", "date_logged"),
    ),
    "category": (
        ("category", "incident_category", "crime_category"),
        ("incident_type", "crime_type", "offence_type", "offence", "event_type", "type"),
        ("nsir_category", "asb_category", "asb_type"),
        ("closing_code", "closing_category", "final_code", "final_classification", "closing_code_1",
         "final_incident_type", "final_type", "final_code_description", "closing_code_description",
         "closing_type"),
        ("opening_code", "opening_category", "initial_code", "initial_classification", "opening_code_description",
         "opening_code_1", "initial_incident_type", "initial_type"),
        ("classification", "class", "call_type", "nature", "incident_classification", "nature_of_incident",
         "incident_type_description", "category_description", "type_description", "ucr_literal"),
    ),
    "heading": (
        ("nsir_category", "nsir_heading", "asb_category", "asb_type", "subcategory", "sub_category"),
        ("opening_code", "opening_category", "initial_code"),
    ),
    "qualifier": (("nsir_qualifier", "qualifier", "asb_qualifier"),),
    "longitude": (
        ("longitude", "lon", "lng", "long"),
        ("x_wgs84", "wgs84_x", "wgs84_longitude", "location_longitude", "incident_longitude", "gps_longitude",
         "longitude_wgs84"),
    ),
    "latitude": (
        ("latitude", "lat"),
        ("y_wgs84", "wgs84_y", "wgs84_latitude", "location_latitude", "incident_latitude", "gps_latitude",
         "latitude_wgs84"),
    ),
    "osgb36_longitude": (
        ("osgb36_longitude", "osgb36_lon", "longitude_osgb36", "lon_osgb36"),
        ("osgb_longitude", "osgb_lon", "longitude_osgb", "lon_osgb", "airy_longitude", "airy_lon"),
    ),
    "osgb36_latitude": (
        ("osgb36_latitude", "osgb36_lat", "latitude_osgb36", "lat_osgb36"),
        ("osgb_latitude", "osgb_lat", "latitude_osgb", "lat_osgb", "airy_latitude", "airy_lat"),
    ),
    "easting": (
        ("easting", "eastings", "east"),
        ("bng_easting", "osgb_easting", "grid_easting", "osgb_x", "easting_m", "eastings_m", "easting_bng",
         "eastings_bng", "location_easting", "incident_easting", "grid_e", "gride", "grid_ref_e", "os_x",
         "os_easting", "map_east", "x_coord_bng", "bng_x", "x_bng", "geo_easting", "xcoord_bng", "loc_easting"),
    ),
    "northing": (
        ("northing", "northings", "north"),
        ("bng_northing", "osgb_northing", "grid_northing", "osgb_y", "northing_m", "northings_m", "northing_bng",
         "northings_bng", "location_northing", "incident_northing", "grid_n", "gridn", "grid_ref_n", "os_y",
         "os_northing", "map_north", "y_coord_bng", "bng_y", "y_bng", "geo_northing", "ycoord_bng", "loc_northing"),
    ),
    "x": (("x", "x_coord", "x_coordinate", "point_x", "coord_x", "xcoord", "x_coordinates", "location_x"),),
    "y": (("y", "y_coord", "y_coordinate", "point_y", "coord_y", "ycoord", "y_coordinates", "location_y"),),
    "grid_reference": (
        ("grid_reference", "grid_ref", "gridref", "gridreference"),
        ("os_grid_reference", "os_grid_ref", "osgr", "os_ref", "ngr", "national_grid_reference"),
    ),
    "beat": (
        ("beat", "beat_code", "beat_name", "beat_id", "beat_no", "beat_number", "police_beat", "policing_beat",
         "patrol_beat"),
        ("neighbourhood", "neighbourhood_code", "neighbourhood_name", "neighbourhood_area", "policing_neighbourhood",
         "neighborhood", "sector", "npt", "npa", "npu", "npt_name", "npa_name", "npu_name", "npu_code", "snt",
         "snt_name", "neighbourhood_policing_team", "neighbourhood_policing_area", "neighbourhood_policing_unit",
         "neighbourhood_team", "safer_neighbourhood_team"),
        ("ward", "ward_name", "ward_code", "ward_nm", "ward_cd", "electoral_ward", "council_ward", "incident_ward",
         "location_ward", *_ons("wd", "nm"), *_ons("wd", "cd")),
    ),
    "lsoa_code": (
        ("lsoa_code", "lsoa_cd", "lsoa_gss_code", "lsoa_2021_code", "lsoa_2011_code", "lsoa_code_2021",
         "lsoa_code_2011", *_ons("lsoa", "cd")),
        ("lsoa", "lsoa_2021", "lsoa_2011", "lsoa21", "lsoa11"),
    ),
    "uprn": (("uprn", "address_uprn", "location_uprn"),),
    "address": (
        ("address", "address_text", "full_address", "incident_address", "location_address", "address_line"),
        ("premises", "premise", "venue", "venue_name"),
    ),
    "location": (
        ("location", "location_text", "incident_location", "location_name"),
        ("street", "street_name", "road", "road_name"),
    ),
    "officer_initiated": (
        ("officer_initiated", "officer_generated", "police_generated", "self_generated", "proactive"),
    ),
    "origin": (
        ("origin", "channel", "contact_channel", "contact_method", "call_source", "reporting_channel", "how_reported"),
    ),
    "caller": (
        ("caller_key", "caller_hash", "hashed_caller", "caller_pseudonym", "anonymised_caller"),
        ("reporter_key", "reporter_hash", "hashed_reporter", "reporter_pseudonym", "anonymised_reporter"),
    ),
    "synthetic": (("synthetic", "is_synthetic"),),
    "source": (("source", "data_source"),),
}  # fmt: skip
"""Canonical field -> tiers of column names, in lower case words joined by underscores."""

_KNOWN: Final = frozenset(name for tiers in SYNONYMS.values() for tier in tiers for name in tier)
_TWO_NAMES: Final = 2  # one may be a word of a title

ESSENTIAL: Final = (*POSITIONS, "occurred_from", "category")
_PERSON: Final = frozenset({
    "surname", "forename", "dob", "birth", "phone", "mobile", "telephone", "tel", "email", "victim", "offender",
    "suspect", "caller", "complainant", "informant", "reporter", "aggrieved", "ethnicity", "gender", "sex",
    "nationality", "person", "age",
})  # fmt: skip
_CALLER_KEYS: Final = frozenset(name for tier in SYNONYMS["caller"] for name in tier)
_CODE_TEXTS: Final = frozenset({
    "final_code_description", "closing_code_description", "opening_code_description", "incident_type_description",
    "category_description", "type_description",
})  # fmt: skip
"""What a code stands for, though called a description; what it holds is looked at all the same."""
_NAMES: Final = frozenset({
    "name", "full_name", "first_name", "last_name", "middle_name", "contact_name", "officer_name", "e_mail", "oic",
    "collar_number",
})  # fmt: skip
_FREE_TEXT: Final = frozenset({
    "notes", "note", "narrative", "comment", "comments", "description", "details", "detail", "summary", "mo", "text",
    "freetext", "remarks",
})  # fmt: skip


def is_personal(column: str) -> bool:
    """Return whether a column's name says that it holds people's details or free text, which is never read (R3.17).

    Names of keys of callers are let through to `callers.keys_only`, which looks at what the column holds.
    """
    name = plain(column)
    words = frozenset(name.split("_"))
    if name in _CALLER_KEYS or name in _CODE_TEXTS:
        return False
    return name in _NAMES or bool(words & _PERSON) or bool(words & _FREE_TEXT)


def n_known(header: Sequence[str]) -> int:
    """Return how many different names of a header are known ones."""
    return len({plain(cell) for cell in header} & _KNOWN)


def header_row(rows: Sequence[Sequence[str]]) -> int | None:
    """Return which of the first rows of a table is its header: the one that holds most known names, at least two."""
    known = [n_known(row) for row in rows]
    most = max(known, default=0)
    return known.index(most) if most >= _TWO_NAMES else None


def match(columns: Sequence[str], mapping: Mapping[str, str], name: str) -> dict[str, str]:
    """Return canonical field -> column for a force extract.

    An explicit `mapping` goes first; other fields are found by synonym. One column may serve two fields: the national
    standard's category is both category and heading.

    Raises
    ------
    SourceError
        If the mapping names an unknown field, an absent or a personal column; if two columns fit one essential field
        equally well; or if there is no position or no date.
    """
    matched = _mapped(columns, mapping, name)
    by_name: dict[str, list[str]] = {}
    for column in columns:
        if column not in matched.values():
            by_name.setdefault(plain(column), []).append(column)
    for field, tiers in SYNONYMS.items():
        if field in matched:
            continue
        best = _first_tier(field, tiers, by_name, name)
        if best is not None:
            matched[field] = best
    _drop_half_pairs(matched)
    _refuse_incomplete(matched, columns, name)
    return matched


def looks_like_incidents(columns: Sequence[str]) -> bool:
    """Return whether a header has at least a position and a date."""
    names = {plain(column) for column in columns}
    found = {field for field, tiers in SYNONYMS.items() if any(names.intersection(tier) for tier in tiers)}
    has_place = any(found >= set(pair) for pair in PAIRS) or "grid_reference" in found
    return has_place and bool(found & {"occurred_from", "created"})


def _mapped(columns: Sequence[str], mapping: Mapping[str, str], name: str) -> dict[str, str]:
    for field, column in mapping.items():
        if field not in SYNONYMS:
            raise SourceError(
                f"The mapping names the field '{field}', which does not exist; fields are: {', '.join(SYNONYMS)}."
            )
        if column not in columns:
            raise SourceError(f"The mapping names column '{column}' for {field}, but {name} has: {_listed(columns)}.")
        if is_personal(column):
            raise SourceError(
                f"The mapping names column '{column}' for {field}: people's details and free text are never read."
            )
    return dict(mapping)


def _first_tier(field: str, tiers: tuple[tuple[str, ...], ...], by_name: dict[str, list[str]], name: str) -> str | None:
    for tier in tiers:
        found = [column for synonym in tier for column in by_name.get(synonym, ())]
        if len(found) > 1 and field in ESSENTIAL and len(set(found)) == 1:
            raise SourceError(f"{name}: column '{found[0]}' is there {len(found)} times; rename or delete the others.")
        if len(found) > 1 and field in ESSENTIAL:
            raise SourceError(
                f"{name}: columns {_listed(found)} could each be the {field}; say which with a mapping, "
                f"for example {field} = '{found[0]}', or rename the other."
            )
        if found:
            return found[0]
    return None


def _drop_half_pairs(matched: dict[str, str]) -> None:
    """Leave whole pairs; x and y may be anything, so they count only where nothing else says where."""
    for pair in PAIRS:
        if not matched.keys() >= set(pair):
            for field in pair:
                matched.pop(field, None)
    if any(field in matched for field in POSITIONS if field not in ("x", "y")):
        matched.pop("x", None)
        matched.pop("y", None)


def _refuse_incomplete(matched: Mapping[str, str], columns: Sequence[str], name: str) -> None:
    missing = []
    if not any(field in matched for field in POSITIONS):
        missing.append("a position (longitude and latitude, or easting and northing)")
    if "occurred_from" not in matched and "created" not in matched:
        missing.append("a date (occurred_from)")
    if missing:
        field = "easting" if "position" in missing[0] else "occurred_from"
        raise SourceError(
            f"{name} is not recognised as incidents: no column holds {' nor '.join(missing)}; its columns are "
            f"{_listed(columns)}; rename them or give a mapping, for example {field} = 'the column'."
        )


def _listed(columns: Sequence[str], limit: int = 15) -> str:
    shown = ", ".join(f"'{column[:40]}'" for column in columns[:limit])
    return f"{shown} and {len(columns) - limit} more" if len(columns) > limit else shown
