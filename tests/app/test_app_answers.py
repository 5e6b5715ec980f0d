"""The pages of questions: each opens, answers in words first, and refuses in words what the data cannot tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from streamlit.testing.v1 import AppTest

import hotspots
from geodata.area import StudyArea
from geodata.sources import intake_of
from hotspots.analyses import ANALYSES, PAGES, Options, names_on
from hotspots.app import data
from hotspots.app.answers import _ASKS, IN_DEPTH
from hotspots.app.data import Asked, Dataset
from hotspots.config import RankingConfig, RunConfig

FILES = {"Hotspots": "hotspots", "Repeat places": "repeat_places", "When": "when", "Over time": "over_time",
         "Density and clusters": "density_and_clusters"}  # fmt: skip
UNCHECKED = RunConfig(ranking=RankingConfig(backtest_origins=0))
"""The recipe without the back-test of its list, which no question asks for."""

AREA = StudyArea("Little Town", shapely.box(-2.14, 52.57, -2.10, 52.60))


def street_centres() -> Dataset:
    """A town as police.uk would publish it: the month, and a street centre."""
    rng = np.random.default_rng(3)
    corners = np.column_stack([rng.uniform(-2.138, -2.102, 33), rng.uniform(52.572, 52.598, 33)])
    place = rng.choice(33, 900, p=np.r_[np.full(3, 0.2), np.full(30, 0.4 / 30)])
    months = pd.date_range("2022-01-01", periods=26, freq="MS")[rng.integers(0, 26, 900)]
    nothing = pd.Series(pd.NaT, index=range(900), dtype="datetime64[us, Europe/London]")
    records = pd.DataFrame(
        {
            "longitude": corners[place, 0], "latitude": corners[place, 1], "month": months.astype("datetime64[us]"),
            "occurred_from": nothing, "occurred_to": nothing, "time_precision": "month",
            "location_precision": "snap_point", "category": "anti-social-behaviour", "origin": "public",
            "location": [f"On or near {n} Short Road" for n in place],
        }
    )  # fmt: skip
    return Dataset("street centres", "Little Town", intake_of(records), AREA, None, None)


def open_page(root: Path, page: str, dataset: Dataset | None) -> AppTest:
    app = AppTest.from_file(str(root / "streamlit_app.py"), default_timeout=120)
    if dataset is not None:
        app.session_state["asb_dataset"] = dataset
        app.session_state["asb_config"] = UNCHECKED
    return app.run().switch_page(f"hotspots/app/pages/{FILES[page]}.py").run()


def said(app: AppTest) -> str:
    kinds = (app.title, app.subheader, app.markdown, app.info, app.warning, app.error, app.caption)
    spoken = [element.value for kind in kinds for element in kind]
    return "\n".join([*map(str, spoken), *(block.proto.body for block in app.get("html"))])


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_questions_without_data_says_how_to_load_some(root, page):
    app = open_page(root, page, None)
    assert not app.exception
    assert "No data are loaded" in said(app)


@pytest.mark.parametrize("page", [page for page in PAGES if page != "Hotspots"])
def test_a_page_of_questions_answers_the_first_in_words_picture_table_and_files(root, page):
    app = open_page(root, page, data.sample())
    assert not app.exception
    assert not app.error
    text = said(app)
    assert app.title[0].value == page
    assert ANALYSES[names_on(page)[0]].question in text
    assert 'class="asb-finding"' in text
    assert 'class="asb-drawing"' in text
    assert len(app.dataframe) == 1
    assert sorted(b.proto.label.partition(" ")[0].rpartition(".")[2] for b in app.get("download_button")) == [
        "csv",
        "svg",
    ]
    assert "Data grade" in text


@pytest.mark.slow
@pytest.mark.parametrize("name", ANALYSES)
def test_every_question_can_be_chosen(root, name):
    app = open_page(root, ANALYSES[name].page, data.sample())
    chooser = app.selectbox(key="about_list") if ANALYSES[name].page == "Hotspots" else app.radio[0]
    chooser.set_value(name).run()
    assert not app.exception
    assert not app.error
    assert ANALYSES[name].question in said(app)


def test_choosing_a_question_and_a_hotspot_answers_about_that_hotspot(root):
    app = open_page(root, "When", data.sample())
    app.radio[0].set_value("seasons").run()
    app.selectbox(key="asked_hotspot").set_value("H02").run()
    assert not app.exception
    run = data.finished_run(data.sample(), UNCHECKED)
    assert f"{run.hotspots.loc['H02', 'name']}: " in said(app)


def test_every_question_of_street_centres_and_months_is_answered_or_refused_in_words(root):
    app = open_page(root, "Repeat places", street_centres())
    for name in ("repeat-clocks", "repeat-outcome", "near-repeat", "facilities"):
        app.radio[0].set_value(name).run()
        assert not app.exception
        assert any("These data cannot answer this" in warning.value for warning in app.warning), name
    assert "never an address" not in said(app)
    app.radio[0].set_value("repeat-unusual").run()
    assert not app.warning
    assert "street, not an address" in said(app)


@pytest.mark.parametrize(("page", "first", "beyond"), [
    ("When", "seasons", "The last 3 of the 4 questions here are beyond these data: they take the clock time "
                        "and the date of each report"),
    ("Repeat places", "repeat-score", "The last 6 of the 10 questions here are beyond these data: they take "
                                      "the exact place and the date of each report"),
])  # fmt: skip
def test_a_page_opens_on_what_the_data_can_answer_and_says_what_the_rest_would_take(root, page, first, beyond):
    app = open_page(root, page, street_centres())
    assert app.radio[0].value == first
    assert not app.warning
    assert [info.value for info in app.info] == [f"{beyond}, as a force's own extract has them."]


def test_a_hotspot_is_asked_more_on_the_hotspots_page(root):
    app = AppTest.from_file(str(root / "streamlit_app.py"), default_timeout=120)
    app.session_state["asb_dataset"], app.session_state["asb_config"] = data.sample(), UNCHECKED
    app.run().switch_page("hotspots/app/pages/hotspots.py").run()
    assert 'class="asb-drawing"' not in said(app)
    app.selectbox(key="in_depth").set_value("week").run()
    assert not app.exception
    assert 'class="asb-drawing"' in said(app)


def test_a_chance_of_belonging_to_the_top_is_the_same_in_every_table_and_never_certain(root):
    app = open_page(root, "Hotspots", street_centres())
    app.selectbox(key="about_list").set_value("list-chance").run()
    assert not app.exception
    listed, asked = (frame.value["Truly top"].tolist() for frame in app.dataframe if "Truly top" in frame.value)
    assert listed == asked
    assert "over 99%" in listed


def test_the_list_is_asked_more_with_weights_of_ones_own(root):
    app = open_page(root, "Hotspots", data.sample())
    app.selectbox(key="about_list").set_value("harm").run()
    assert "none is built in" in said(app)
    weights = next(upload for upload in app.file_uploader if upload.label.startswith("Your weights"))
    weights.set_value([("css.csv", b"category,weight\nburglary,-1\n", "text/csv")]).run()
    assert "weight" in app.error[0].value
    weights = next(upload for upload in app.file_uploader if upload.label.startswith("Your weights"))
    weights.set_value([("css.csv", b"category,weight\nburglary,438\n", "text/csv")]).run()
    next(n for n in app.number_input if n.label.startswith("Weight of one")).set_value(3.0).run()
    assert not app.exception
    assert "weighs 3" in said(app)


def test_reports_are_counted_by_wards_of_ones_own(root):
    app = open_page(root, "Over time", data.sample())
    app.radio[0].set_value("areas").run()
    assert "These data cannot answer this" in app.warning[0].value
    shape = shapely.to_geojson(data.sample().area.boundary)
    ward = f'{{"type": "Feature", "properties": {{"WD23NM": "Old Town"}}, "geometry": {shape}}}'
    wards = f'{{"type": "FeatureCollection", "features": [{ward}]}}'.encode()
    app.file_uploader[0].set_value([("wards.geojson", wards, "application/json")]).run()
    assert not app.exception
    assert not app.warning
    assert "in the 1 area given" in said(app)
    ends = [b.proto.label.partition(" ")[0].rpartition(".")[2] for b in app.get("download_button")]
    assert sorted(ends) == ["csv", "gpkg", "svg"]
    assert app.dataframe[0].value["Place"].tolist() == ["Old Town"]


def test_an_answer_is_worked_out_once_for_each_way_to_ask():
    dataset, config = data.sample(), UNCHECKED
    run = data.run(dataset, config, lambda _: None)
    asked = Asked(Options(hotspot="H02"))
    first = data.answer(dataset, run, "seasons", asked)
    assert data.answer(dataset, run, "seasons", Asked(Options(hotspot="H02"))) is first
    assert data.answer(dataset, run, "seasons", Asked(Options())) is not first
    assert data.answer(dataset, run, "seasons", Asked(Options(hotspot="H02"), given="a file")) is not first


def test_every_option_is_part_of_what_tells_two_ways_to_ask_apart():
    told = {
        *data._PLAIN_OPTIONS,
        "facilities",
        "boundaries",
        "harm",
        "school_holidays",
        "bank_holidays",
    }  # those behind `given`
    assert told == set(Options.__dataclass_fields__)


def test_what_is_asked_besides_belongs_to_a_question():
    assert set(_ASKS) | set(IN_DEPTH) <= set(ANALYSES)
    assert all(ANALYSES[name].of_one for name in IN_DEPTH)
    assert hotspots.analyses.PAGES == PAGES
