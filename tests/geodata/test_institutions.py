from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geodata.area import StudyArea
from geodata.errors import DesignError, SourceError
from geodata.institutions import (
    Institution,
    LocationPolicy,
    decide,
    decisions_finding,
    kind_of_place,
    location_policies,
    named_institutions,
    read_institutions,
)

from .conftest import records

TOWN = StudyArea("town", shapely.box(-2.16, 52.57, -2.10, 52.60))
STATION = (-2.1160, 52.5800)


def at(*longitudes: float, **columns: object) -> pd.DataFrame:
    return records(len(longitudes), longitude=list(longitudes), latitude=STATION[1], **columns)


def policy(action: str = "exclude", cap: int = 0, reason: str = "calls logged at the desk") -> LocationPolicy:
    return LocationPolicy(longitude=STATION[0], latitude=STATION[1], action=action, cap=cap, reason=reason)  # type: ignore[arg-type]


def test_excluded_records_go_kept_ones_stay_and_both_are_on_record() -> None:
    reports = at(STATION[0], STATION[0] + 0.0003, -2.13, location="Police Station")  # the second lies 20 m away
    is_kept, [made] = decide(reports, TOWN, [policy()])
    assert is_kept.tolist() == [False, False, True]
    assert (made.name, made.action, made.reason, made.n, made.n_excluded) == (
        "Police Station", "exclude", "calls logged at the desk", 2, 2,
    )  # fmt: skip
    is_kept, [made] = decide(reports, TOWN, [policy("keep")])
    assert is_kept.all()
    assert (made.n, made.n_excluded) == (2, 0)


def test_a_cap_leaves_records_spread_over_time() -> None:
    months = pd.date_range("2023-01", periods=12, freq="MS")
    reports = at(*[STATION[0]] * 12, month=months[::-1])
    is_kept, [made] = decide(reports, TOWN, [policy("cap", cap=4)])
    assert (made.n, made.n_excluded) == (12, 8)
    assert sorted(reports.loc[is_kept, "month"].dt.month) == [2, 5, 8, 11]


@given(st.integers(1, 40), st.integers(1, 50))
def test_a_cap_leaves_as_many_as_it_says_or_all(n: int, cap: int) -> None:
    is_kept, [made] = decide(at(*[STATION[0]] * n), TOWN, [policy("cap", cap=cap)])
    assert is_kept.sum() == min(n, cap) == n - made.n_excluded


def test_the_first_decision_that_fits_settles_a_record() -> None:
    site = Institution("The whole quarter", shapely.box(-2.12, 52.579, -2.11, 52.581))
    is_kept, made = decide(at(STATION[0], -2.1115, -2.13), TOWN, [policy("keep")], [site])
    assert is_kept.tolist() == [True, False, True]
    assert [(each.n, each.n_excluded) for each in made] == [(1, 0), (1, 1)]


def test_a_decision_about_a_place_without_records_is_on_record_too() -> None:
    is_kept, [made] = decide(at(-2.13), TOWN, [policy()])
    assert is_kept.all()
    assert (made.n, made.n_excluded, made.name) == (0, 0, "")
    finding = decisions_finding([made])
    assert finding is not None
    assert "52.58000, -2.11600: excluded (0 records, 0 left out; calls logged at the desk)" in finding.message
    assert finding.severity == "amber"
    assert finding.message.endswith("1 of these places hold no record: check their coordinates.")


def test_records_of_the_buffer_go_with_the_place_but_are_not_counted() -> None:
    reports = at(STATION[0], STATION[0]).assign(inside=[True, False])
    is_kept, [made] = decide(reports, TOWN, [policy()])
    assert not is_kept.any()
    assert (made.n, made.n_excluded) == (1, 1)


# ---- as users give them


def test_policies_come_from_toml_tables() -> None:
    table = {"longitude": -2.116, "latitude": 52.58, "action": "cap", "cap": 20, "reason": "a real hostel"}
    assert location_policies([table])[0].cap == 20
    assert location_policies([{"longitude": 1, "latitude": 2, "reason": "r"}])[0].action == "exclude"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"longitude": -2.1, "latitude": 52.5}, "Table 1 of default_locations lacks reason"),
        ({"longitude": -2.1, "latitude": 52.5, "reason": " "}, "has no reason"),
        ({"longitude": -2.1, "latitude": 52.5, "reason": "r", "acton": "keep"}, "may hold only: longitude, latitude"),
        ({"longitude": -2.1, "latitude": 52.5, "reason": "r", "action": "drop"}, "write one of: keep, exclude, cap"),
        ({"longitude": -2.1, "latitude": 52.5, "reason": "r", "action": "cap"}, "needs cap"),
        ({"longitude": -2.1, "latitude": 52.5, "reason": "r", "cap": 3}, "needs cap"),
        ({"longitude": 391370, "latitude": 298718, "reason": "r"}, "write degrees"),
        ({"longitude": "west", "latitude": 52.5, "reason": "r"}, "wrong kind"),
    ],
)
def test_a_wrong_table_is_refused_in_words(table: dict[str, object], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        location_policies([table])


def test_institutions_are_read_from_polygons_and_points(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"Name": ["HMP Somewhere", None], "action": ["exclude", "keep"]},
        geometry=[shapely.box(-2.12, 52.579, -2.11, 52.581), shapely.Point(-2.13, 52.58)], crs=4326,
    ).to_crs(27700)  # fmt: skip
    frame.to_file(tmp_path / "sites.gpkg")
    prison, hostel = read_institutions(tmp_path / "sites.gpkg")
    assert (prison.name, prison.action, hostel.name, hostel.action) == (
        "HMP Somewhere", "exclude", "unnamed institution", "keep",
    )  # fmt: skip
    is_kept, made = decide(at(STATION[0], -2.13, -2.14), TOWN, (), [prison, hostel])
    assert is_kept.tolist() == [False, True, True]
    assert [(each.n, each.n_excluded) for each in made] == [(1, 1), (1, 0)]


def test_a_file_without_sites_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file of institutions"):
        read_institutions(tmp_path / "none.geojson")
    (tmp_path / "text.geojson").write_text("no map")
    with pytest.raises(SourceError, match=r"text\.geojson could not be read"):
        read_institutions(tmp_path / "text.geojson")
    lines = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1, 1)])], crs=4326)
    lines.to_file(tmp_path / "lines.geojson")
    with pytest.raises(SourceError, match="neither polygons nor points"):
        read_institutions(tmp_path / "lines.geojson")


# ---- names


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("On or near Police Station", "police station"),
        ("BILSTON STREET POLICE STN, POLICE STATION", "police station"),
        ("New Cross Hospital, Wolverhampton Road", "hospital"),
        ("HMP Featherstone", "prison"),
        ("Wolverhampton Combined Court Centre", "court"),
        ("Civic Centre, St Peter's Square", "council offices"),
        ("LOCATION NOT KNOWN", "no known place"),
        ("Wolverhampton Bus Station", "bus or railway station"),
        ("Town Centre", "town centre"),
        ("Hospital Lane", ""),
        ("12 Prison Road", ""),
        ("Tudor Court", ""),
        ("Station Road", ""),
        ("On or near Town Centre Car Park", ""),
        ("", ""),
    ],
)
def test_institutions_are_known_by_name_and_streets_are_not(text: str, kind: str) -> None:
    assert kind_of_place(text) == kind


def test_a_busy_point_named_as_an_institution_is_found_and_a_quiet_one_is_not() -> None:
    longitude = np.concatenate([np.linspace(-2.15, -2.12, 394), np.full(5, -2.11), np.full(1, -2.105)])
    location = ["Some Street"] * 394 + ["General Hospital"] * 5 + ["Crown Court"]
    [(kind, place)] = named_institutions(at(*longitude, location=location))
    assert (kind, place.n, place.longitude, place.location) == ("hospital", 5, -2.11, "General Hospital")
    assert named_institutions(at(-2.1).iloc[:0]) == ()
