"""What columns of force extracts are called: names known for each field, compared as sets of words."""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import Final

from geodata.sources.tables import plain

_SAME_WORD: Final = {
    "reference": "ref", "number": "no", "num": "no", "datetime": "date time", "dt": "date time",
    "timestamp": "date time", "desc": "description", "loc": "location", "eastings": "easting",
    "northings": "northing", "coordinate": "coord", "coordinates": "coord", "lat": "latitude", "lon": "longitude",
    "lng": "longitude", "long": "longitude",
}  # fmt: skip
_SAY_NOTHING: Final = frozenset({"of", "the", "and", "at", "on", "m"})


@lru_cache(maxsize=4096)
def words(name: str) -> frozenset[str]:
    """Return the words of a column name: camel case taken apart, one spelling of each, words that say nothing left out.

    "DateTimeFrom" and "From Date/Time" hold the same words; "Date To" does not hold those of "Date".
    """
    spelt = " ".join(_SAME_WORD.get(word, word) for word in plain(name).split("_"))
    return frozenset(spelt.split()) - _SAY_NOTHING


def _ons(area: str, what: str) -> tuple[str, ...]:
    """Return an area's column as ONS names it, the newest year first: ``wd24nm``, ``lsoa21cd``."""
    return tuple(f"{area}{year}{what}" for year in range(29, 10, -1))


def _bounds(ends: tuple[str, ...], times: tuple[str, ...] = ("date", "date_time")) -> tuple[str, ...]:
    """Return the names of an end of the time an incident took: ``incident_start_date``."""
    events = ("occurred", "occurrence", "incident", "event", "offence", "committed")
    return tuple("_".join(parts) for parts in product(events, ends, times))


_BEGINS: Final = ("from", "start", "earliest")
_STOPS: Final = ("to", "end", "latest")

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
        (*_bounds(_BEGINS), "earliest_date", "earliest_date_time", "first_committed_date", "first_committed_date_time"),
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
        (*_bounds(_BEGINS, ("time",)), "earliest_time", "first_committed_time"),
        ("from_time", "time_from", "start_time", "event_time", "time"),
    ),
    "occurred_to": (
        ("occurred_to", "occurred_to_dt", "occurred_end", "to_datetime", "to_date_time", "end_datetime",
         "end_date_time", "occurred_date_time_to", "committed_to", "committed_on_to", "offence_end"),
        (*_bounds(_STOPS), "latest_date", "latest_date_time", "last_committed_date", "last_committed_date_time"),
        ("to_date", "date_to", "end_date", "possible_date"),
    ),
    "occurred_to_time": (
        ("occurred_to_time", *_bounds(_STOPS, ("time",)), "latest_time", "last_committed_time"),
        ("to_time", "time_to", "end_time", "possible_time"),
    ),
    "created": (
        ("created_dt", "created", "created_at", "created_datetime", "created_date", "date_created", "created_on",
         "created_date_time", "incident_creation_date", "creation_date", "incident_created",
         "incident_created_date", "incident_created_date_time", "incident_creation_date_time", "creation_date_time"),
        ("reported_dt", "reported", "reported_at", "reported_date", "date_reported", "report_date",
         "reported_datetime"),
        ("call_time", "call_datetime", "call_date", "call_date_time", "date_of_call", "received", "received_dt",
         "date_received", "call_received", "call_received_date", "call_received_date_time", "logged", "logged_dt",
         "log_date", "log_datetime", "log_date_time", "date_logged"),
    ),
    "category": (
        ("category", "incident_category", "crime_category"),
        ("incident_type", "crime_type", "offence_type", "offence", "event_type", "type"),
        ("nsir_category", "asb_category", "asb_type"),
        ("closing_code", "closing_category", "final_code", "final_classification", "closing_code_1",
         "final_incident_type", "final_type", "final_code_description", "closing_code_description",
         "closing_type", "closing_classification", "closing_class", "final_class", "final_category",
         "final_incident_type_description", "result_code", "nicl_code"),
        ("opening_code", "opening_category", "initial_code", "initial_classification", "opening_code_description",
         "opening_code_1", "initial_incident_type", "initial_type"),
        ("classification", "class", "call_type", "nature", "incident_classification", "nature_of_incident",
         "incident_type_description", "incident_category_description", "incident_class", "incident_class_1",
         "category_description", "type_description", "ucr_literal"),
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
         "eastings_bng", "location_easting", "incident_easting", "grid_e", "gride", "grid_ref_e", "grid_ref_x",
         "bng_e", "os_x",
         "os_easting", "map_east", "x_coord_bng", "bng_x", "x_bng", "geo_easting", "easting_coord", "xcoord_bng",
         "loc_easting"),
    ),
    "northing": (
        ("northing", "northings", "north"),
        ("bng_northing", "osgb_northing", "grid_northing", "osgb_y", "northing_m", "northings_m", "northing_bng",
         "northings_bng", "location_northing", "incident_northing", "grid_n", "gridn", "grid_ref_n", "grid_ref_y",
         "bng_n", "os_y",
         "os_northing", "map_north", "y_coord_bng", "bng_y", "y_bng", "geo_northing", "northing_coord", "ycoord_bng",
         "loc_northing"),
    ),
    "x": (
        ("x", "x_coord", "x_coordinate", "point_x", "coord_x", "xcoord", "x_coordinates", "location_x", "map_x",
         "geo_x"),
    ),
    "y": (
        ("y", "y_coord", "y_coordinate", "point_y", "coord_y", "ycoord", "y_coordinates", "location_y", "map_y",
         "geo_y"),
    ),
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
    "geocode_quality": (("geocode_quality", "geocoding_quality", "geocode_level", "geocode_accuracy", "match_level",
                         "location_quality", "location_precision"),),
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


@lru_cache(maxsize=64)
def known_as(*fields: str) -> frozenset[frozenset[str]]:
    """Return the words of every name known for some fields."""
    return frozenset(words(name) for field in fields for tier in SYNONYMS[field] for name in tier)
