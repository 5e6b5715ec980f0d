"""Names from the streets in the data, whatever the text looks like."""

from __future__ import annotations

import unicodedata

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import geodata
from geodata import cells
from hotspots.naming import clean_text, is_generic, near, place_names, street_name


@pytest.mark.parametrize(
    ("location", "street"),
    [
        ("On or near High Street", "High Street"),
        ("on or near  Flowers Way ", "Flowers Way"),
        ("On or near Parking Area", "Parking Area"),
        ("12 High Street", "High Street"),
        ("12A High Street, Low Hill, Wolverhampton WV10 9AA", "High Street"),
        ("12-14 High Street", "High Street"),
        ("12 - 14a High Street", "High Street"),
        ("Flat 3, 12 MARKET STREET", "Market Street"),
        ("Unit 7B King's Road", "King's Road"),
        ("KING'S ROAD", "King's Road"),
        ("Bilston House, 4 Church Lane", "Church Lane"),
        ("Rose Cottage, Church Lane", "Rose Cottage"),
        ("outside 5 Queen Square", "Queen Square"),
        ("Police Station, Pinebank Drive", "Police Station"),
        ("A449", "A449"),
        ("3rd Avenue", "3rd Avenue"),
        ("WV1 1AA", ""),
        ("42", ""),
        ("", ""),
        ("  ,  ", ""),
        (None, ""),
        (float("nan"), ""),
    ],
)
def test_a_street_is_read_out_of_a_location(location, street):
    assert street_name(location) == street


@given(st.text())
def test_any_text_becomes_one_short_line_of_plain_text(text):
    name = street_name(text)
    assert len(name) <= 60
    assert name == " ".join(name.split())
    assert not any(unicodedata.category(c).startswith("C") for c in name)


def test_hostile_text_stays_text():
    assert street_name("<script>alert(1)</script>") == "<script>alert(1)</script>"
    assert clean_text("High\x00\u202e Street\r\n\t") == "High Street"


def box(x, y):
    return shapely.box(x, y, x + 0.01, y + 0.01)


def reports_at(*rows):
    return pd.DataFrame(
        [(x + 0.005, y + 0.005, text) for x, y, text, n in rows for _ in range(n)],
        columns=["longitude", "latitude", "location"],
    )


def test_a_place_is_named_after_the_street_most_reports_name():
    points = reports_at((0, 0, "On or near Low Street", 2), (0, 0, "7 High Street", 2), (0, 0, "9 High Street", 1))
    assert place_names(points, [box(0, 0)]) == ["High Street"]


def test_a_kind_of_place_names_it_only_if_nothing_better_is_there():
    points = reports_at(
        (0, 0, "On or near Supermarket", 9), (0, 0, "On or near Low Street", 1), (5, 5, "Parking Area", 3)
    )
    assert place_names(points, [box(0, 0), box(5, 5)]) == ["Low Street", "Parking Area"]
    assert is_generic("Parking Area")
    assert not is_generic("Parkfield Road")


def test_a_second_street_tells_two_places_of_one_name_apart():
    points = reports_at(
        (0, 0, "High Street", 3), (0, 0, "Mill Lane", 1), (1, 0, "High Street", 3), (1, 0, "Church Lane", 2)
    )
    assert place_names(points, [box(0, 0), box(1, 0)]) == ["High Street by Mill Lane", "High Street by Church Lane"]


def test_the_compass_tells_the_rest_apart():
    points = reports_at((0, 0, "High Street", 1), (0, 1, "High Street", 1), (3, 3, "Low Street", 1))
    shapes = [box(0, 0), box(0, 1), box(3, 3)]
    assert place_names(points, shapes) == ["High Street, south", "High Street, north", "Low Street"]


def test_a_place_without_text_is_named_by_its_coordinates():
    names = place_names(reports_at((-2.1338, 52.5812, "", 4)), [box(-2.1338, 52.5812)])
    assert names == ["Near 52.5862, -2.1288"] == [near(-2.1288, 52.5862)]
    assert place_names(reports_at(), [box(0, 0)]) == ["Near 0.0050, 0.0050"]
    assert place_names(reports_at(), []) == []


def street(name, *corners):
    return {"name": name, "geometry": shapely.LineString(corners)}


def lines(*streets):
    return gpd.GeoDataFrame(list(streets), crs=4326)


def test_reports_that_name_no_street_are_named_by_the_nearest_line():
    # at 60 degrees north a degree of longitude is half as long: 0.0006 degrees east are 33 m, 0.0004 north are 44 m
    points = reports_at((0, 60, "", 5), (0, 60, "  ", 1), (5, 60, "Mill Lane", 1))
    east = street("East Street", (0.0056, 60.0), (0.0056, 60.01))
    north = street("North Street", (0.0, 60.0054), (0.01, 60.0054))
    shapes = [box(0, 60), box(5, 60)]
    assert place_names(points, shapes, streets=lines(north, east)) == ["East Street", "Mill Lane"]
    assert place_names(points, shapes, streets=lines(north)) == ["North Street", "Mill Lane"]
    beyond = street("Far Street", (0.0061, 60.0), (0.0061, 60.01))  # 61 m
    unnamed = street("", (0.005, 60.0), (0.005, 60.01))
    for none in (lines(beyond), lines(unnamed), lines(beyond).drop(columns="name")):
        assert place_names(points, shapes, streets=none) == ["Near 60.0050, 0.0050", "Mill Lane"]


def test_the_street_of_most_reports_comes_first_and_its_pieces_count_once():
    points = pd.DataFrame({"longitude": [0.002] * 3 + [0.008] * 4, "latitude": 0.005, "location": ""})
    west = [street("West Street", (0.002, y), (0.002, y + 0.005)) for y in (0.0, 0.005)]  # meet at the reports
    east = street("East\x07 Street", (0.008, 0.0), (0.008, 0.01))
    assert place_names(points, [box(0, 0)], streets=lines(*west, east)) == ["East Street"]


def test_lines_name_the_streets_that_the_addresses_state(sample_city):
    # two witnesses: the address of each report, and where it lies; a house at a corner may lie nearer the other street
    records = geodata.read([sample_city["incidents.csv"]]).records.dropna(subset=["longitude", "latitude"])
    area = geodata.read_area(sample_city["area.geojson"])
    own = pd.Series(cells.assign(records["longitude"], records["latitude"], 10), index=records.index)
    busiest = pd.Index(own.value_counts().index[:150], name="cell")
    shapes = cells.frame(busiest, area).geometry.to_numpy()
    streets = geodata.read_streets(sample_city["streets.geojson"])
    told, lain = (
        [name.split(" by ")[0].split(",")[0] for name in place_names(reports, shapes, streets=streets)]
        for reports in (records, records.assign(location=""))
    )
    stated = records["location"].map(street_name).groupby(own).agg(set).loc[busiest]
    assert sum(name in names for name, names in zip(lain, stated, strict=True)) >= 0.95 * len(busiest)
    assert sum(a == b for a, b in zip(told, lain, strict=True)) >= 0.65 * len(busiest)


CELLS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.sampled_from(["High Street", "Low Street", "Parking Area", ""])),
    min_size=1, max_size=30,
)  # fmt: skip


@given(CELLS, st.randoms(use_true_random=False))
def test_names_are_all_different_and_do_not_depend_on_row_order(rows, random):
    points = reports_at(*[(x, y, text, 1) for x, y, text in rows])
    shapes = [box(x, y) for x in range(5) for y in range(5)]
    names = place_names(points, shapes)
    assert len(set(names)) == len(shapes)
    assert all(names)
    assert place_names(points.sample(frac=1, random_state=random.randrange(1000)), shapes) == names
