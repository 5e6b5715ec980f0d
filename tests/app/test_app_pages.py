"""The pages, run without a browser: each opens, says what to do without data, and tells the sample's story."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from hotspots.app import data, reading, words
from hotspots.report import run_files

PAGES = ("data", "hotspots", "patrols_and_cameras", "evaluate")
TIMEOUT_S = 120


def path_of(page: str) -> str:
    return f"hotspots/app/pages/{page}.py"


def open_app(root: Path) -> AppTest:
    return AppTest.from_file(str(root / "streamlit_app.py"), default_timeout=TIMEOUT_S).run()


def button(app: AppTest, label: str):
    return next(b for b in app.button if b.label == label)


def text_input(app: AppTest, label: str):
    return next(t for t in app.text_input if t.label == label)


def said(app: AppTest) -> str:
    """Everything the page says, as one text."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.info, app.warning, app.error)
    spoken = [element.value for kind in kinds for element in kind]
    return "\n".join([*map(str, spoken), *(block.proto.body for block in app.get("html"))])


@pytest.fixture
def app(root: Path) -> AppTest:
    return open_app(root)


@pytest.fixture
def sample(app: AppTest) -> AppTest:
    return button(app, "Load the sample city").click().run()


@pytest.fixture
def unchecked(sample: AppTest) -> AppTest:
    """The sample without the back-test of its list, for what asks for another list."""
    config = sample.session_state["asb_config"]
    sample.session_state["asb_config"] = replace(config, ranking=replace(config.ranking, backtest_origins=0))
    return sample


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_without_data_and_says_how_to_load_some(app, page):
    app.switch_page(path_of(page)).run()
    assert not app.exception
    assert app.title
    expected = "Load reports" if page == "data" else "No data are loaded"
    assert expected in said(app)


def test_the_demo_hands_its_city_over_to_the_app(root, sample_city, monkeypatch):
    monkeypatch.setenv("ASB_HOTSPOTS_OPEN", str(sample_city["incidents.csv"].parent))
    app = open_app(root)
    assert not app.exception
    assert "Sample city" in said(app)
    assert "Where the rows went" in said(app)


def test_a_city_that_is_no_longer_there_is_said_and_other_data_can_be_loaded(root, tmp_path, monkeypatch):
    monkeypatch.setenv("ASB_HOTSPOTS_OPEN", str(tmp_path / "gone"))
    app = open_app(root)
    assert not app.exception
    assert len(app.error) == 1
    assert button(app, "Load the sample city")


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_with_the_sample_and_ends_with_marking_grade_and_number_used(sample, page):
    sample.switch_page(path_of(page)).run()
    assert not sample.exception
    assert not sample.error
    (footer,) = [block.proto.body for block in sample.get("html") if 'class="asb-footer"' in block.proto.body]
    assert "SYNTHETIC" in footer
    assert "OFFICIAL" in footer
    assert "Data grade" in footer
    assert "reports used of" in footer


def test_the_data_page_says_where_every_row_went(sample):
    ledger = sample.table[0].value
    rows = [int(text.replace("\\", "").replace(",", "").replace("- ", "-")) for text in ledger["Rows"]]
    assert rows[0] + sum(rows[1:-1]) == rows[-1]


def test_choosing_a_hotspot_answers_the_inspectors_questions(sample):
    sample.switch_page(path_of("hotspots")).run()
    choice = sample.selectbox(key="hotspot_choice")
    choice.select("H03").run()
    assert not sample.exception
    text = said(sample)
    assert "Why this hotspot: 3" in text
    for question in (*words.QUESTIONS.values(), "How sure are we?"):
        assert question in text


def test_a_setting_changes_the_list(unchecked):
    unchecked.switch_page(path_of("hotspots")).run()
    number = next(n for n in unchecked.number_input if n.label == "Number of hotspots")
    number.set_value(4)
    button(unchecked, "Use these settings").click().run()
    assert not unchecked.exception
    assert len(unchecked.dataframe[0].value) == 4


def test_a_smaller_budget_buys_fewer_visits(unchecked):
    def per_week() -> float:
        metric = next(m for m in unchecked.metric if m.label.startswith("Visits a week"))
        return float(metric.value.split(" to ")[0])

    unchecked.switch_page(path_of("patrols_and_cameras")).run()
    before = per_week()
    next(n for n in unchecked.number_input if n.label.startswith("Budget")).set_value(10_000)
    button(unchecked, "Plan with these").click().run()
    assert not unchecked.exception
    assert per_week() < before


def test_a_camera_site_is_only_a_candidate_until_a_measure_and_a_watcher_are_named(sample):
    sample.switch_page(path_of("patrols_and_cameras")).run()
    text = said(sample)
    assert "A camera is a time-limited support to a plan, not a plan." in text
    assert "Candidate (measure and watcher missing)" in text
    assert "**Recommended**" not in text


def test_the_samples_pilot_gives_a_verdict_with_its_interval_and_the_naive_claim_beside_it(sample):
    sample.switch_page(path_of("evaluate")).run()
    button(sample, "Evaluate the sample's pilot").click().run()
    assert not sample.exception
    text = said(sample)
    assert "asb-verdict" in text
    assert "% interval" in text
    assert any(m.label == "What a press release would say" for m in sample.metric)


def test_the_files_of_a_run_are_offered_as_the_command_line_writes_them(sample):
    sample.switch_page(path_of("hotspots")).run()
    sample.toggle[0].set_value(True).run()
    assert not sample.exception
    labels = [b.proto.label for b in sample.get("download_button")]
    config = data.first_config(data.sample())
    run = data.finished_run(data.sample(), config)
    offered = data.files(data.sample().key, config, run)
    assert offered == run_files(run)
    assert sorted(label.split(" (")[0] for label in labels) == sorted(offered)


def test_a_file_that_is_not_incidents_gets_one_sentence_and_no_traceback(app, root):
    incidents, area = app.file_uploader[0], app.file_uploader[1]
    incidents.set_value([("notes.csv", b"a,b\n1,2\n", "text/csv")])
    area.set_value([("area.geojson", b"{}", "application/geo+json")])
    button(app, "Read these files").click().run()
    assert not app.exception
    assert len(app.error) == 1
    assert "Traceback" not in app.error[0].value


def test_missing_files_are_asked_for(app):
    button(app, "Read these files").click().run()
    assert not app.exception
    assert "at least one file of incidents" in app.error[0].value


def test_snap_point_data_are_shown_with_what_they_refuse(app, shared):
    zipped = shared / "data/police_uk/bedfordshire-2021-05_2024-04.zip"
    area = shared / "data/boundaries/luton_lad19_E06000032.geojson"
    text_input(app, "Incidents: a file, a ZIP or a folder").set_value(str(zipped))
    text_input(app, "Area: a polygon file").set_value(str(area))
    button(app, "Read these paths").click().run()
    assert not app.exception
    assert not app.error
    app.switch_page(path_of("patrols_and_cameras")).run()
    assert not app.exception
    text = said(app)
    assert "No patrol hours" in text
    assert "No camera sites" in text
    assert "SYNTHETIC" not in text
    assert "Open Government Licence" in text


@pytest.mark.parametrize("file", ["wolverhampton_2014-01_2014-02.csv", "wolverhampton_2011-02.csv"])
def test_too_few_months_give_a_map_and_no_list_and_every_page_says_so(app, shared, file):
    text_input(app, "Incidents: a file, a ZIP or a folder").set_value(str(shared / "data/police_uk" / file))
    boundary = shared / "data/boundaries/wolverhampton_lad19_E08000031.geojson"
    text_input(app, "Area: a polygon file").set_value(str(boundary))
    button(app, "Read these paths").click().run()
    for page in PAGES[1:]:
        app.switch_page(path_of(page)).run()
        assert not app.exception
        assert "No ranked hotspots" in said(app) or "too few" in said(app)


def test_text_from_data_is_shown_letter_by_letter():
    hostile = "[x](http://a.example) ![y](http://b.example) <b> $z$ :red[q] *w* `v`"
    shown = words.plain(hostile)
    assert shown.replace("\\", "").replace("\u2060", "") == hostile
    assert "://" not in shown.replace("\\", "")
    assert "](" not in shown
    assert "<b>" not in shown


@dataclass
class File:
    name: str
    content: bytes

    def getvalue(self) -> bytes:
        return self.content


def test_an_upload_named_like_a_path_stays_in_its_folder(tmp_path):
    folder = tmp_path / "inside"
    written = data.write([File("../../evil.csv", b"1"), File("a\\evil.csv", b"2")], folder)
    assert [path.read_bytes() for path in written] == [b"1", b"2"]
    assert all(folder in path.parents for path in written)


def test_of_a_shapefiles_parts_the_shp_is_opened():
    parts = [Path("area.dbf"), Path("area.shp"), Path("area.prj")]
    assert reading._main_file(parts) == Path("area.shp")


def test_the_same_content_has_the_same_key_and_one_changed_row_another():
    one = data.sample()
    moved = one.intake.records.copy()
    moved.loc[moved.index[0], "longitude"] += 0.001
    key = data._key(one.intake, one.area, one.streets, one.cameras, "")
    other_intake = type(one.intake)(**{**vars_of(one.intake), "records": moved})
    other = data._key(other_intake, one.area, one.streets, one.cameras, "")
    assert key == one.key
    assert other != key


def vars_of(intake) -> dict:
    return {name: getattr(intake, name) for name in intake.__dataclass_fields__}


def test_a_finished_run_is_not_made_again(monkeypatch):
    dataset, config = data.sample(), data.first_config(data.sample())
    steps: list[str] = []
    first = data.run(dataset, config, steps.append)
    told = len(steps)
    assert data.run(dataset, config, steps.append) is first
    assert data.finished_run(dataset, config) is first
    assert len(steps) == told
