"""Names from the streets in the data, whatever the text looks like."""

from __future__ import annotations

import unicodedata

import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

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
