"""One area from the API: nothing lost, nothing twice, and the exact street layout."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.area import StudyArea
from geodata.errors import DataError
from geodata.sources import read
from geodata.sources.fetch import FetchReport, Patience, fetch
from geodata.sources.fetch.api import STREET_COLUMNS, _quadrants, outline

from .police_uk_server import STREET_HEADER, PoliceUk, crime, serve

QUICK = Patience(attempts=4, first_wait_s=0.01, longest_wait_s=0.5, connect_s=2, silence_s=0.5)
MONTHS = ["2023-12", "2024-01", "2024-02"]


def many_crimes(n: int, month: str = "2024-01", first: int = 1) -> list[dict]:
    """Reports scattered over the town, every third at one and the same snap point."""
    rng = np.random.default_rng(5)
    x, y = rng.uniform(-2.16, -2.10, n).round(6), rng.uniform(52.57, 52.60, n).round(6)
    x[::3], y[::3] = -2.13, 52.585  # the middle of the box: every cut goes through it
    return [crime(first + i, x[i], y[i], month) for i in range(n)]


@pytest.fixture
def server() -> Iterator[PoliceUk]:
    with serve(PoliceUk(months=MONTHS, rate=10_000, burst=10_000)) as running:
        yield running


def ask(server: PoliceUk, folder: Path, area: StudyArea, first: str = "2024-01", last: str = "2024-01") -> FetchReport:
    return fetch(
        None, first, last, folder, area=area, base=server.base, requests_per_second=10_000, patience=QUICK,
        random_state=0,
    )  # fmt: skip


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def asked(server: PoliceUk) -> list[dict[str, str]]:
    return [given for _, path, given in server.log if path == "/api/crimes-street/all-crime"]


def test_a_month_becomes_a_street_file_worked_by_hand(server: PoliceUk, tmp_path: Path, town: StudyArea) -> None:
    server.crimes = [
        crime(9, -2.13, 52.58, category="violent-crime", persistent_id="ab12", outcome="Under investigation",
              street='On or near "The Mews", Ltd'),
        crime(4, -2.12, 52.59, category="criminal-damage-arson", kind="BTP"),
        crime(7, -2.11, 52.59),
    ]  # fmt: skip
    report = ask(server, tmp_path, town)
    assert report.files == (tmp_path / "2024-01" / "2024-01-town-street.csv",)
    assert report.files[0].read_text(encoding="utf-8") == (
        f"{STREET_HEADER}\n"
        ",2024-01,British Transport Police,British Transport Police,-2.120000,52.590000,On or near Queen Square,,,"
        "Criminal damage and arson,,\n"
        ",2024-01,,,-2.110000,52.590000,On or near Queen Square,,,Anti-social behaviour,,\n"
        'ab12,2024-01,,,-2.130000,52.580000,"On or near ""The Mews"", Ltd",,,Violence and sexual offences,'
        "Under investigation,\n"
    )
    assert ",".join(STREET_COLUMNS) == STREET_HEADER


def test_the_sources_read_what_was_fetched_category_by_category(
    server: PoliceUk, tmp_path: Path, town: StudyArea
) -> None:
    categories = ["anti-social-behaviour", "violent-crime", "theft-from-the-person", "public-order", "other-crime"]
    server.crimes = [crime(i, -2.13, 52.58, category=name) for i, name in enumerate(categories)]
    intake = read([ask(server, tmp_path, town).files[0].parents[1]])
    assert sorted(intake.records["category"]) == sorted(categories)
    assert intake.kind == "police_uk"
    assert intake.files == ("2024-01-town-street.csv",)


def test_a_polygon_with_too_many_crimes_is_cut_until_it_has_few_and_nothing_is_lost_or_doubled(
    server: PoliceUk, tmp_path: Path, town: StudyArea
) -> None:
    server.crimes, server.max_crimes = many_crimes(300), 120  # 100 at one point, on every cut
    report = ask(server, tmp_path, town)
    assert server.statuses[503] > 0
    rows = rows_of(report.files[0])
    assert len(rows) == 300
    at_middle = [row for row in rows if (row["Longitude"], row["Latitude"]) == ("-2.130000", "52.585000")]
    assert len(at_middle) == 100
    assert len(read(report.files).records) == 300


def test_how_the_area_was_cut_changes_no_byte_of_the_result(server: PoliceUk, tmp_path: Path, town: StudyArea) -> None:
    server.crimes = many_crimes(200)
    contents = set()
    for most in (10_000, 150, 80):
        server.max_crimes = most
        contents.add(ask(server, tmp_path / str(most), town).files[0].read_bytes())
    assert len(contents) == 1


def test_at_the_documented_limit_10000_crimes_come_whole_and_10001_are_cut(
    server: PoliceUk, tmp_path: Path, town: StudyArea
) -> None:
    server.crimes = many_crimes(10_001)
    server.crimes[:6_000] = [crime(i + 1, -2.15, 52.575) for i in range(6_000)]
    assert len(rows_of(ask(server, tmp_path / "more", town).files[0])) == 10_001
    assert server.statuses[503] == 1
    server.crimes.pop()
    assert len(rows_of(ask(server, tmp_path / "most", town).files[0])) == 10_000
    assert server.statuses[503] == 1


def test_a_server_that_is_down_is_not_taken_for_a_crowded_place(
    server: PoliceUk, tmp_path: Path, town: StudyArea
) -> None:
    server.faults = ["", ""] + ["503"] * 100
    with pytest.raises(DataError, match=r"^The reports of 2024-01 could not be had in 4 attempts: .* answered 503"):
        ask(server, tmp_path, town)
    assert len(server.log) < 20
    assert not list(tmp_path.glob("2024-01/*"))


def test_identical_reports_of_asb_stay_two_and_one_number_stays_one(
    server: PoliceUk, tmp_path: Path, town: StudyArea
) -> None:
    server.crimes = [crime(1, -2.13, 52.58), crime(2, -2.13, 52.58), crime(2, -2.13, 52.58)]
    assert len(rows_of(ask(server, tmp_path, town).files[0])) == 2


def test_every_polygon_is_posted_with_the_month(server: PoliceUk, tmp_path: Path, town: StudyArea) -> None:
    ask(server, tmp_path, town, "2023-12", "2024-02")
    assert [method for method, path, _ in server.log if "all-crime" in path] == ["POST"] * 3
    assert [given["date"] for given in asked(server)] == MONTHS
    assert len({given["poly"] for given in asked(server)}) == 1


def test_reports_in_the_buffer_are_asked_for_and_those_far_away_are_not(
    server: PoliceUk, tmp_path: Path, town: StudyArea
) -> None:
    east_900_m, east_1300_m = -2.10 + 0.9 / 67.7, -2.10 + 1.3 / 67.7  # a degree is 67.7 km here
    server.crimes = [crime(1, round(east_900_m, 6), 52.585), crime(2, round(east_1300_m, 6), 52.585)]
    rows = rows_of(ask(server, tmp_path, town).files[0])
    assert [row["Longitude"] for row in rows] == [f"{east_900_m:.6f}"]


def test_an_area_in_two_far_parts_is_asked_for_in_two_polygons(server: PoliceUk, tmp_path: Path) -> None:
    both = StudyArea(
        "Two towns", shapely.union(shapely.box(-2.2, 52.5, -2.19, 52.51), shapely.box(-2.0, 52.5, -1.99, 52.51))
    )
    server.crimes = [crime(1, -2.195, 52.505), crime(2, -1.995, 52.505), crime(3, -2.1, 52.505)]
    assert len(rows_of(ask(server, tmp_path, both).files[0])) == 2
    assert len(asked(server)) == 2


shapes = st.lists(
    st.tuples(st.floats(-2.3, -2.0), st.floats(52.4, 52.7)), min_size=3, max_size=12
).map(lambda points: shapely.MultiPoint(points).convex_hull.buffer(0.003))  # fmt: skip


@settings(max_examples=40)
@given(shapes, st.floats(0, 2_000))
def test_the_outline_covers_area_and_buffer_and_little_more(shape: shapely.Polygon, buffer_m: float) -> None:
    area = StudyArea("any", shape, buffer_m=buffer_m)
    sent = area.in_metres(shapely.union_all(list(outline(area))))
    assert sent.buffer(0.5).covers(area.boundary_m.buffer(buffer_m))
    assert area.boundary_m.buffer(buffer_m + 102).covers(sent)


def test_a_coast_of_thousands_of_points_is_sent_as_few(town: StudyArea) -> None:
    angles = np.linspace(0, 2 * np.pi, 5_000, endpoint=False)
    radii = 0.05 + 0.0001 * np.sin(300 * angles)
    coast = shapely.Polygon(np.c_[-2.13 + radii * np.cos(angles), 52.58 + radii * np.sin(angles)])
    (piece,) = outline(replace(town, boundary=coast))
    assert len(piece.exterior.coords) < 200


@settings(max_examples=60)
@given(shapes)
def test_quadrants_cover_the_polygon_and_stay_in_it(shape: shapely.Polygon) -> None:
    quadrants = _quadrants(shape)
    together = shapely.union_all(quadrants)
    assert together.buffer(1e-9).covers(shape)
    assert shape.buffer(1e-9).covers(together)
    west, south, east, north = shape.bounds
    for quadrant in quadrants:
        x0, y0, x1, y1 = quadrant.bounds
        assert x1 - x0 <= (east - west) / 2 + 3e-5
        assert y1 - y0 <= (north - south) / 2 + 3e-5


def test_a_second_run_asks_nothing_and_says_so(server: PoliceUk, tmp_path: Path, town: StudyArea) -> None:
    server.crimes = many_crimes(20)
    first = ask(server, tmp_path, town)
    n_asked = len(server.log)
    again = ask(server, tmp_path, town)
    assert len(server.log) == n_asked
    assert (first.months_fetched, first.months_cached) == (("2024-01",), ())
    assert (again.months_fetched, again.months_cached) == ((), ("2024-01",))
    assert (again.files, again.n_requests, again.n_bytes) == (first.files, 0, 0)


def test_a_longer_period_asks_only_for_the_new_months(server: PoliceUk, tmp_path: Path, town: StudyArea) -> None:
    ask(server, tmp_path, town)
    server.log.clear()
    report = ask(server, tmp_path, town, "2023-12", "2024-02")
    assert [given["date"] for given in asked(server)] == ["2023-12", "2024-02"]
    assert [path.name[:7] for path in report.files] == MONTHS


@pytest.mark.parametrize("damage", [b"", b"Crime ID,Month\n"])
def test_a_file_that_was_changed_is_made_again_from_the_kept_answer(
    server: PoliceUk, tmp_path: Path, town: StudyArea, damage: bytes
) -> None:
    server.crimes = many_crimes(20)
    path = ask(server, tmp_path, town).files[0]
    whole = path.read_bytes()
    path.write_bytes(damage)
    server.log.clear()
    report = ask(server, tmp_path, town)
    assert path.read_bytes() == whole
    assert report.months_fetched == ("2024-01",)
    assert asked(server) == []


def test_a_kept_answer_that_was_changed_or_is_of_an_earlier_update_is_asked_for_again(
    server: PoliceUk, tmp_path: Path, town: StudyArea
) -> None:
    server.crimes = many_crimes(20)
    path = ask(server, tmp_path, town).files[0]
    (kept,) = (tmp_path / ".fetch" / "api").iterdir()
    assert len(json.loads(kept.read_bytes())) == 20
    for spoil in (lambda: kept.write_bytes(b"[]"), lambda: setattr(server, "updated", "2024-04-04")):
        spoil()
        path.unlink()
        server.log.clear()
        assert len(rows_of(ask(server, tmp_path, town).files[0])) == 20
        assert len(asked(server)) == 1


def test_months_of_two_updates_are_mixed_only_with_a_warning(server: PoliceUk, tmp_path: Path, town: StudyArea) -> None:
    ask(server, tmp_path, town)
    server.updated = "2024-04-04"
    report = ask(server, tmp_path, town, "2024-01", "2024-02")
    assert "published in 2 updates of data.police.uk (2024-03-05, 2024-04-04)" in report.warnings[0]


@pytest.mark.parametrize("fault", ["nonsense", "other month", "cut", "drop", "trickle", "429", "500"])
def test_bad_answers_are_asked_for_again_and_never_kept(
    server: PoliceUk, tmp_path: Path, town: StudyArea, fault: str
) -> None:
    server.crimes = many_crimes(30)
    server.faults = ["", "", fault, fault]
    report = ask(server, tmp_path, town)
    assert len(rows_of(report.files[0])) == 30
    assert report.n_retries == 2


def test_a_server_that_only_talks_nonsense_is_given_up_in_one_sentence(
    server: PoliceUk, tmp_path: Path, town: StudyArea
) -> None:
    server.crimes, server.faults = many_crimes(3), ["", ""] + ["nonsense"] * 10
    with pytest.raises(DataError, match=r"reports of 2024-01 .* 4 attempts: .* not the documented list of crimes"):
        ask(server, tmp_path, town)
    assert not list(tmp_path.glob("*/*-street.csv"))


def test_months_the_api_does_not_serve_are_refused_with_those_it_does(
    server: PoliceUk, tmp_path: Path, town: StudyArea
) -> None:
    with pytest.raises(DataError, match="no reports of 2023-10, 2023-11: it serves 2023-12 to 2024-02"):
        ask(server, tmp_path, town, "2023-10", "2024-01")


def test_what_was_complete_before_a_failure_is_kept(server: PoliceUk, tmp_path: Path, town: StudyArea) -> None:
    server.crimes = many_crimes(10, "2023-12") + many_crimes(10, "2024-01", 50)
    server.faults = ["", "", ""] + ["500"] * 4
    with pytest.raises(DataError, match="reports of 2024-01"):
        ask(server, tmp_path, town, "2023-12", "2024-01")
    report = ask(server, tmp_path, town, "2023-12", "2024-01")
    assert (report.months_cached, report.months_fetched) == (("2023-12",), ("2024-01",))


def test_one_folder_never_mixes_two_areas_or_an_area_and_a_force(
    server: PoliceUk, tmp_path: Path, town: StudyArea
) -> None:
    path = ask(server, tmp_path, town).files[0]
    for other in (replace(town, name="Other"), replace(town, boundary=shapely.box(-2.2, 52.5, -2.1, 52.6))):
        with pytest.raises(DataError, match=r"already holds the reports of another area; .* choose another folder"):
            ask(server, tmp_path, other)
    with pytest.raises(DataError, match="already holds the reports of another area"):
        fetch("kent", "2024-01", "2024-01", tmp_path, base=server.base)
    path.unlink()  # nothing left to mix with
    ask(server, tmp_path, replace(town, name="Other"))


def test_a_force_named_beside_an_area_is_said_not_to_narrow_it(
    server: PoliceUk, tmp_path: Path, town: StudyArea
) -> None:
    report = fetch("kent", "2024-01", "2024-01", tmp_path, area=town, base=server.base)
    assert report.warnings == (
        "The API cannot be asked for one force: reports of forces other than kent are included.",
    )


def test_progress_is_told_month_by_month(server: PoliceUk, tmp_path: Path, town: StudyArea) -> None:
    told: list[tuple[str, int, int]] = []
    fetch(None, "2023-12", "2024-01", tmp_path, area=town, base=server.base, progress=lambda *said: told.append(said))
    assert [(done, total) for _, done, total in told] == [(0, 2), (1, 2), (2, 2)]
    assert told[1][0] == "Asking for the reports of 2024-01"


def test_a_folder_that_cannot_be_written_is_said(server: PoliceUk, tmp_path: Path, town: StudyArea) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="file could not be written"):
        ask(server, tmp_path / "file", town)


@pytest.mark.parametrize("name", ["../../etc", "a/b", "..", "C:\\x", "Ynys Môn", "", "x" * 300])
def test_the_name_of_an_area_never_leads_out_of_the_folder(
    server: PoliceUk, tmp_path: Path, town: StudyArea, name: str
) -> None:
    path = ask(server, tmp_path / "in", replace(town, name=name)).files[0]
    assert path.resolve().parents[1] == (tmp_path / "in").resolve()
    assert {entry.name for entry in tmp_path.iterdir()} == {"in"}
