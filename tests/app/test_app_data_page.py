"""The Data page, run without a browser: what is uploaded, and what a person decides about the data."""

from __future__ import annotations

import io
import json
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from geodata.area import operation_accuracy
from geodata.institutions import LocationPolicy
from hotspots.app import data, decisions, reading
from hotspots.app.data import Beside
from hotspots.report import run_files
from hotspots.report.provenance import run_json

TIMEOUT_S = 120
HOTSPOTS = "hotspots/app/pages/hotspots.py"


@pytest.fixture(scope="module")
def city(sample_city) -> dict[str, Path]:
    return sample_city


@pytest.fixture(scope="module")
def few(city) -> pd.DataFrame:
    """Every fourth anti-social behaviour row of the sample, as text."""
    rows = pd.read_csv(city["incidents.csv"], dtype=str, keep_default_na=False)
    asb = rows.loc[rows["category"].str.contains("anti", case=False)].iloc[::4]
    assert len(asb) > 1000
    return asb


@pytest.fixture
def app(root: Path) -> AppTest:
    return AppTest.from_file(str(root / "streamlit_app.py"), default_timeout=TIMEOUT_S).run()


@pytest.fixture
def sample(app: AppTest) -> AppTest:
    return press(app, "Load the sample city")


def unchecked(app: AppTest) -> AppTest:
    """Leave out the back-test of the list, which nothing here asks about."""
    config = app.session_state["asb_config"]
    app.session_state["asb_config"] = replace(config, ranking=replace(config.ranking, backtest_origins=0))
    return app


def press(app: AppTest, label: str) -> AppTest:
    return next(b for b in app.button if b.label == label).click().run()


def field(elements, label: str):
    return next(e for e in elements if e.label == label)


def uploader(app: AppTest, start: str):
    return next(u for u in app.file_uploader if u.label.startswith(start))


def page_text(app: AppTest) -> str:
    kinds = (app.subheader, app.markdown, app.caption, app.warning, app.error)
    return "\n".join(str(element.value).replace("\\", "") for kind in kinds for element in kind)


def n_used(app: AppTest) -> int:
    """The last line of the ledger."""
    return int(app.table[0].value["Rows"].iloc[-1].replace(",", ""))


def dropped(app: AppTest, reason: str) -> int:
    ledger = app.table[0].value.set_index("What happened")["Rows"]
    found = [text for what, text in ledger.items() if reason in what]
    return int(found[0].replace("\\", "").replace(",", "").removeprefix("- ")) if found else 0


def expanders(app: AppTest) -> list[str]:
    return [block.label for block in app.expander]


def footer(app: AppTest) -> str:
    return next(b.proto.body for b in app.get("html") if 'class="asb-footer"' in b.proto.body)


def upload(app: AppTest, incidents: list[tuple[str, bytes]], area: Path, profile: bytes | None = None) -> AppTest:
    uploader(app, "Incidents").set_value([(name, content, "") for name, content in incidents])
    uploader(app, "Area").set_value([(area.name, area.read_bytes(), "application/geo+json")])
    if profile is not None:
        uploader(app, "Profile").set_value(("force.toml", profile, "application/toml"))
    return press(app, "Read these files")


def as_points(rows: pd.DataFrame) -> gpd.GeoDataFrame:
    east, north = (pd.to_numeric(rows[name]) for name in ("easting", "northing"))
    points = gpd.GeoDataFrame(rows.drop(columns=["easting", "northing"]), geometry=gpd.points_from_xy(east, north))
    return points.set_crs("EPSG:27700")


# ---- uploads


def test_a_workbook_uploaded_gives_the_same_reports_as_the_csv(root, few, city):
    def used(name: str, content: bytes) -> int:
        app = AppTest.from_file(str(root / "streamlit_app.py"), default_timeout=TIMEOUT_S).run()
        upload(app, [(name, content)], city["area.geojson"])
        assert not app.exception
        assert not app.error
        return n_used(app)

    workbook = io.BytesIO()
    few.to_excel(workbook, index=False)
    assert used("log.xlsx", workbook.getvalue()) == used("log.csv", few.to_csv(index=False).encode()) > 500


def test_map_points_uploaded_as_geojson_are_read(app, few, city, tmp_path):
    as_points(few.loc[few["easting"] != ""]).to_file(tmp_path / "log.geojson")
    upload(app, [("log.geojson", (tmp_path / "log.geojson").read_bytes())], city["area.geojson"])
    assert not app.exception
    assert not app.error
    assert n_used(app) > 500


def test_the_parts_of_a_shapefile_uploaded_together_are_one_file(app, few, city, tmp_path):
    points = as_points(few.loc[few["easting"] != ""])
    points[["incident_ref", "occurred_from", "category", "address", "geometry"]].rename(
        columns={"incident_ref": "ref", "occurred_from": "occurred"}
    ).to_file(tmp_path / "log.shp")
    parts = [(path.name, path.read_bytes()) for path in sorted(tmp_path.glob("log.*"))]
    assert len(parts) >= 4
    upload(app, parts, city["area.geojson"], b'[columns]\nincident_ref = "ref"\noccurred_from = "occurred"\n')
    assert not app.exception
    assert not app.error
    assert n_used(app) > 500


def test_several_files_at_once_are_joined(app, few, city):
    halves = [few.iloc[:700], few.iloc[700:]]
    upload(
        app, [(f"{n}.csv", half.to_csv(index=False).encode()) for n, half in enumerate(halves)], city["area.geojson"]
    )
    assert not app.error
    assert int(app.table[0].value["Rows"].iloc[0].replace(",", "")) == len(few)


def test_a_profile_says_which_column_is_which_and_what_was_read_can_be_kept_as_one(app, few, city):
    odd = few.rename(columns={"occurred_from": "Zeitpunkt", "category": "Sorte"}).to_csv(index=False).encode()
    profile = b'[columns]\noccurred_from = "Zeitpunkt"\ncategory = "Sorte"\n'
    upload(app, [("odd.csv", odd)], city["area.geojson"], profile)
    assert not app.exception
    assert not app.error
    assert "What was matched to what" in expanders(app)
    matched = app.table[-1].value
    assert "Zeitpunkt" in set(matched["Column of your file"])
    assert "Sorte" in set(matched["Column of your file"])
    assert any(b.proto.label.startswith("profile.toml") for b in app.get("download_button"))


def test_a_column_that_is_not_recognised_is_named_on_the_page(app, few, city):
    odd = few.rename(columns={"occurred_from": "Zeitpunkt"}).drop(columns=["created_dt", "occurred_to"])
    given = [("odd.csv", odd.to_csv(index=False).encode())]
    upload(app, given, city["area.geojson"])
    assert "no column holds a date" in app.error[0].value
    boxes = [t for t in app.text_area if t.label.startswith("Columns not recognised")]
    boxes[0].set_value("occurred_from Zeitpunkt")
    press(app, "Read these files")
    assert "Write each column that is not recognised as field = Column" in app.error[0].value.replace("\\", "")
    next(t for t in app.text_area if t.label.startswith("Columns not")).set_value("occurred_from = Zeitpunkt\n")
    press(app, "Read these files")
    assert not app.exception
    assert not app.error
    assert n_used(app) > 500


def test_the_profile_offered_reads_the_same_extract_again(city, few, tmp_path):
    source, kept = tmp_path / "odd.csv", tmp_path / "profile.toml"
    few.rename(columns={"category": "Sorte"}).to_csv(source, index=False)
    first = tmp_path / "first.toml"
    first.write_text('[columns]\ncategory = "Sorte"\n', encoding="utf-8")
    dataset = data.load([source], Beside(area=city["area.geojson"], profile=first))
    offered = data.profile_of(dataset)
    assert offered is not None
    kept.write_bytes(offered)
    again = data.load([source], Beside(area=city["area.geojson"], profile=kept))
    pd.testing.assert_frame_equal(again.intake.records, dataset.intake.records)


def test_police_uk_files_have_no_profile_to_keep(shared):
    file = shared / "data/police_uk/wolverhampton_2014-01_2014-02.csv"
    boundary = shared / "data/boundaries/wolverhampton_lad19_E08000031.geojson"
    assert data.profile_of(data.load([file], Beside(area=boundary))) is None


def test_the_same_records_of_another_file_or_of_more_rows_are_other_data(few, city, tmp_path):
    undated = few.iloc[:7].assign(occurred_from="", occurred_to="", created_dt="")
    for name, rows in (("a.csv", few), ("b.csv", few), ("more/a.csv", pd.concat([few, undated]))):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        rows.to_csv(tmp_path / name, index=False)
    paths = reading.Paths(area=str(city["area.geojson"]))
    a, b, more = (reading.from_folder(str(tmp_path / name), paths) for name in ("a.csv", "b.csv", "more/a.csv"))
    assert len({a.key, b.key, more.key}) == 3
    assert len(a.intake.records) == len(more.intake.records)
    assert (more.intake.n_read, more.intake.dropped["no date"]) == (len(few) + 7, 7)
    assert reading.from_folder(str(tmp_path / "a.csv"), paths).key == a.key


# ---- a database

SECRET = "s3cr3t-p4ss"


def ask(app: AppTest, address: str, query: str, area: Path, password: str = "") -> AppTest:
    field(app.text_input, "Address, without the password").set_value(address)
    field(app.text_input, "Password").set_value(password)
    field(app.text_area, "Query").set_value(query)
    areas = [u for u in app.file_uploader if u.label.startswith("Area")]
    areas[-1].set_value([(area.name, area.read_bytes(), "application/geo+json")])
    return press(app, "Ask the database")


@pytest.fixture
def database(few, tmp_path) -> str:
    file = tmp_path / "log.sqlite"
    with sqlite3.connect(file) as connection:
        few.to_sql("log", connection, index=False)
    return f"sqlite:///{file}"


def test_a_query_gives_the_reports_of_the_same_table_in_a_file(app, root, few, city, database):
    ask(app, database, "SELECT * FROM log", city["area.geojson"])
    assert not app.exception
    assert not app.error
    other = AppTest.from_file(str(root / "streamlit_app.py"), default_timeout=TIMEOUT_S).run()
    upload(other, [("log.csv", few.to_csv(index=False).encode())], city["area.geojson"])
    assert n_used(app) == n_used(other) > 500


def test_the_address_may_come_from_the_environment_the_app_was_started_in(app, city, database, monkeypatch):
    ask(app, "", "SELECT * FROM log", city["area.geojson"])
    assert "ASB_HOTSPOTS_DATABASE" in app.error[0].value.replace("\\", "")
    monkeypatch.setenv("ASB_HOTSPOTS_DATABASE", database)
    ask(app, "", "SELECT * FROM log", city["area.geojson"])
    assert not app.error
    assert n_used(app) > 500


@pytest.mark.parametrize(
    ("address", "query", "says"),
    [
        ("postgresql+psycopg://reader@127.0.0.1:9/asb", "SELECT 1", "could not be read"),
        (f"postgresql+psycopg://reader:{SECRET}@127.0.0.1:9/asb", "SELECT 1", "holds a password; take it out"),
        (f"postgresql+psycopg://reader@127.0.0.1:9/asb?password={SECRET}", "SELECT 1", "holds a password; take it out"),
        (f"reader:{SECRET}@127.0.0.1/asb", "SELECT 1", "not understood"),
        ("sqlite:////nowhere.sqlite", "SELECT 1", "no file"),
        ("sqlite:////nowhere.sqlite", " ", "Write the query"),
    ],
)
def test_a_database_that_does_not_answer_is_one_sentence_and_the_password_is_nowhere(app, city, address, query, says):
    ask(app, address, query, city["area.geojson"], SECRET)
    assert not app.exception
    (error,) = app.error
    assert says in error.value.replace("\\", "")
    assert SECRET not in error.value
    assert field(app.text_input, "Password").value == ""
    assert SECRET not in field(app.text_input, "Password").proto.SerializeToString().decode(errors="ignore")
    held = app.session_state._state.filtered_state  # all of it, the address as typed aside
    assert len(held) > 0
    assert SECRET not in repr([value for value in held.values() if value != address])


def test_what_was_asked_of_a_database_is_in_run_json_and_its_password_is_not(app, city, database):
    ask(app, database, "SELECT * FROM log", city["area.geojson"])
    run = data.run(app.session_state["asb_dataset"], app.session_state["asb_config"], lambda _: None)
    written = run_json(run).decode()
    assert "database 'log.sqlite' was asked by a query with SHA-256" in written
    assert database not in written
    assert SECRET not in repr(reading.Question(query="SELECT 1", address="sqlite://", password=SECRET))


# ---- an OSTN15 grid


def test_a_local_grid_moves_the_points_and_is_named_in_run_json(city, few, tmp_path, ntv2_grid):
    few.to_csv(tmp_path / "log.csv", index=False)
    grid = ntv2_grid(tmp_path / "own.gsb", north_s=1.0, west_s=10.0)  # the truth is about five seconds west
    paths = reading.Paths(area=str(city["area.geojson"]))
    plain = reading.from_folder(str(tmp_path / "log.csv"), paths)
    told = reading.from_folder(str(tmp_path / "log.csv"), paths, str(grid))
    assert told.key != plain.key
    apart = plain.intake.records["longitude"] - told.intake.records["longitude"]
    # OSGB36 itself lies about five seconds east of WGS84 here
    assert apart.median() == pytest.approx(5 / 3600, abs=0.5 / 3600)
    data.use_grid(told.grid)
    assert "own.gsb" in operation_accuracy()
    data.use_grid(plain.grid)
    assert "own.gsb" not in operation_accuracy()


def test_a_grid_that_is_none_is_refused_where_it_is_given(app, city, few, tmp_path):
    few.to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "own.gsb").write_bytes(b"no grid" * 50)
    field(app.text_input, "OSTN15 grid (optional): British grid coordinates to 1 m instead of 2 m").set_value(
        str(tmp_path / "own.gsb")
    )
    open_paths(app, tmp_path / "log.csv", city["area.geojson"])
    assert not app.exception
    assert "is no OSTN15 grid" in page_text(app)


def test_companions_are_left_out_only_beside_their_own_shapefile():
    given = [Path(name) for name in ("a.shp", "a.DBF", "a.prj", "b.dbf", "c.csv")]
    assert [path.name for path in reading._without_companions(given)] == ["a.shp", "b.dbf", "c.csv"]


# ---- places to decide on


def decide(app: AppTest, action: str, reason: str = "", cap: int | None = None) -> AppTest:
    field(app.selectbox, "What to do").set_value(action)
    if cap is not None:
        field(app.number_input, "If capped, leave").set_value(cap)
    field(app.text_input, "Reason").set_value(reason)
    return press(app, "Apply these decisions")


def at_station() -> tuple[int, int]:
    """Reports by the public, and all wanted records, within 25 m of the sample's police station, counted by hand."""
    dataset = data.sample()
    config = replace(data.first_config(dataset), include_officer_generated=True)
    gate = data.current_gate(dataset, config)
    (station,) = gate.report.default_locations
    inside = gate.incidents.loc[gate.incidents["inside"]]
    x, y = dataset.area.project(inside["longitude"], inside["latitude"])
    (sx,), (sy,) = dataset.area.project([station.longitude], [station.latitude])
    there = inside.loc[(x - sx) ** 2 + (y - sy) ** 2 <= 25**2]
    return int((there["origin"] != "officer").sum()), len(there)


def test_the_samples_police_station_is_asked_about_once_with_its_count(sample):
    assert "Places to decide on" in page_text(sample)
    assert len([s for s in sample.selectbox if s.label == "What to do"]) == 1
    assert "Police Station, Pinebank Drive" in page_text(sample)
    assert "382 of 11,996 records" in page_text(sample)


def test_excluding_the_police_station_takes_its_reports_away_and_the_decision_is_in_run_json(sample):
    before, (by_public, in_all) = n_used(sample), at_station()
    decide(sample, "exclude", "Booked there when nobody knows where")
    assert not sample.exception
    assert not sample.error
    assert n_used(sample) == before - by_public
    assert dropped(sample, "excluded default location") == in_all
    assert by_public >= 382

    (policy,) = sample.session_state["asb_config"].default_locations
    run = data.finished_run(data.sample(), sample.session_state["asb_config"])
    assert run is not None
    written = json.loads(run_json(run))
    assert written["config"]["default_locations"][0]["reason"] == policy.reason
    (decision,) = written["location_decisions"]
    assert decision["action"] == "exclude"
    assert decision["n_excluded"] == in_all
    assert written["n_used"] == before - by_public


def test_a_decision_stays_on_the_page_and_can_be_taken_back(sample):
    before = n_used(sample)
    decide(sample, "exclude", "Booked there")
    sample.switch_page(HOTSPOTS).run()
    sample.switch_page("hotspots/app/pages/data.py").run()
    assert field(sample.selectbox, "What to do").value == "exclude"
    assert field(sample.text_input, "Reason").value == "Booked there"
    field(sample.selectbox, "What to do").set_value("")
    press(sample, "Apply these decisions")
    assert n_used(sample) == before
    assert sample.session_state["asb_config"].default_locations == ()


def test_a_place_that_is_kept_is_no_longer_held_against_the_data(sample):
    before = n_used(sample)
    decide(sample, "keep", "The front of the station is where they gather")
    assert n_used(sample) == before
    assert "lie on one point each" not in page_text(sample)


def test_a_cap_leaves_as_many_reports_as_it_says(sample):
    _, in_all = at_station()
    decide(sample, "cap", "Some are real", cap=20)
    assert not sample.error
    assert dropped(sample, "excluded default location") == in_all - 20


@pytest.mark.parametrize(("action", "reason", "asked"), [("exclude", "", "no reason"), ("cap", "Some are real", "cap")])
def test_a_decision_without_its_reason_or_number_changes_nothing_and_says_what_is_missing(
    sample, action, reason, asked
):
    before = n_used(sample)
    decide(sample, action, reason)
    assert not sample.exception
    assert len(sample.error) == 1
    assert asked in sample.error[0].value
    assert n_used(sample) == before
    assert sample.session_state["asb_config"].default_locations == ()


def test_a_decided_place_is_listed_once_and_before_the_open_ones():
    dataset = data.sample()
    config = data.first_config(dataset)
    (open_place,) = decisions.places(data.current_gate(dataset, config).report, config, dataset.area)
    policy = LocationPolicy(longitude=open_place.longitude, latitude=open_place.latitude, action="keep", reason="Real")
    config = replace(config, default_locations=(policy,))
    (decided,) = decisions.places(data.current_gate(dataset, config).report, config, dataset.area)
    assert decided.policy == policy
    assert decided.name == open_place.name


# ---- officers' own records


def test_officers_own_records_count_only_when_asked_for(sample):
    box = field(sample.checkbox, "Count officers' own records too")
    assert box.value is False
    before, theirs = n_used(sample), dropped(sample, "made by officers")
    assert theirs > 0
    box.set_value(True)
    press(sample, "Use these")
    assert not sample.exception
    assert n_used(sample) == before + theirs
    assert sample.session_state["asb_config"].include_officer_generated


# ---- red data


@dataclass
class Red:
    """Files graded red: every fifth row has no coordinates."""

    incidents: Path
    area: Path


@pytest.fixture
def red(city, tmp_path) -> Red:
    rows = pd.read_csv(city["incidents.csv"], dtype=str, keep_default_na=False)
    rows.loc[rows.index % 5 == 0, ["easting", "northing"]] = ""
    rows.to_csv(tmp_path / "incidents.csv", index=False)
    return Red(tmp_path / "incidents.csv", city["area.geojson"])


def open_paths(app: AppTest, incidents: Path, area: Path) -> AppTest:
    field(app.text_input, "Incidents: a file, a ZIP or a folder").set_value(str(incidents))
    field(app.text_input, "Area: a polygon file").set_value(str(area))
    return press(app, "Read these paths")


def test_red_data_give_a_list_once_a_person_says_why_and_the_marking_says_so(app, red):
    unchecked(open_paths(app, red.incidents, red.area))
    assert any("Stops the list" in e.value for e in app.error)
    assert any("Groups with few coordinates" in label for label in expanders(app))
    app.switch_page(HOTSPOTS).run()
    assert len(app.dataframe) == 0
    assert "made on a person" not in footer(app)

    app.switch_page("hotspots/app/pages/data.py").run()
    field(app.text_input, "Reason for making the list all the same").set_value("For a walkabout only")
    press(app, "Use this reason")
    assert "made on a person" in footer(app)
    app.switch_page(HOTSPOTS).run()
    assert not app.exception
    assert len(app.dataframe[0].value) > 0
    assert "made on a person" in footer(app)
    run = data.finished_run(app.session_state["asb_dataset"], app.session_state["asb_config"])
    assert run is not None
    assert b"For a walkabout only" in run_files(run)["run.json"]


def test_no_reason_is_asked_for_where_only_a_short_history_stops_the_list(app, few, city, tmp_path):
    months = few["occurred_from"].str[:7]
    few.loc[months >= sorted(months.unique())[-4]].to_csv(tmp_path / "short.csv", index=False)
    open_paths(app, tmp_path / "short.csv", city["area.geojson"])
    assert not app.exception
    assert "No reason lifts this" in page_text(app)
    assert not any(t.label.startswith("Reason for making") for t in app.text_input)


def test_good_coordinates_open_no_table_of_groups_and_no_reason_is_asked_for(sample):
    assert not any("Groups with few coordinates" in label for label in expanders(sample))
    assert not any(t.label.startswith("Reason for making") for t in sample.text_input)


def test_what_was_noted_while_reading_is_in_an_expander(app, few, city):
    folder_note = few.to_csv(index=False).encode()
    upload(app, [("a.csv", folder_note), ("b.csv", folder_note)], city["area.geojson"])
    assert not app.exception
    assert any(label.startswith("Notes from reading the files") for label in expanders(app))


# ---- files that settings name


def give_places(app: AppTest, rows: str) -> AppTest:
    """Give a table of named places, as CSV, where the page asks for it."""
    uploader(app, "Named places").set_value(("places.csv", f"name,longitude,latitude\n{rows}".encode(), "text/csv"))
    return press(app, "Use these files")


def test_named_places_given_on_the_page_are_said_in_the_list_and_can_be_taken_away(sample):
    app = unchecked(sample)
    give_places(app, "Far Station,0.1,51.5\n")
    assert any("0 of 1 named places of places.csv lie in" in e.value.replace("\\", "") for e in app.error)
    assert app.session_state["asb_config"].places == ""

    give_places(app, "\n".join(f"<b>Stop {{{{{i}}}}}</b>,{-2.18 + 0.002 * i},{52.55 + 0.001 * j}"
                               for i in range(60) for j in range(90)))  # fmt: skip
    assert not app.error
    assert "In use: places.csv" in page_text(app)
    app.switch_page(HOTSPOTS).run()
    assert not app.exception
    said = app.dataframe[0].value["At or by"]
    assert said.str.contains(r"^(?:at|by) <b>Stop \{\{\d+\}\}</b>").any()
    assert any(header.value.replace("\\", "").endswith(said.iloc[0]) for header in app.header)

    app.switch_page("hotspots/app/pages/data.py").run()
    press(app, "Use none of them")
    assert app.session_state["asb_config"].places == ""
    app.switch_page(HOTSPOTS).run()
    assert "At or by" not in app.dataframe[0].value
