"""The steps of the Evaluate page, run without a browser: design, power, freeze, deliver, result."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from geodata.errors import DesignError
from hotspots.app import data, design
from hotspots.app.design import Pilot
from hotspots.config import RankingConfig, RunConfig
from hotspots.evaluate import design_hash, read_design

TIMEOUT_S = 180
PAGE = "hotspots/app/pages/evaluate.py"
UNCHECKED = RunConfig(ranking=RankingConfig(backtest_origins=0))
"""The recipe without the back-test of its list, which no design asks for."""
SURVEY = """question,group,wave,favourable,respondents
Safe at night,treated,before,96,200
Safe at night,treated,after,120,200
Safe at night,comparison,before,100,200
Safe at night,comparison,after,104,200
"""


def found(elements, label: str):
    return next(element for element in elements if element.label == label)


def said(app: AppTest) -> str:
    kinds = (app.header, app.subheader, app.markdown, app.info, app.warning, app.error, app.caption)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def offered(app: AppTest) -> list[str]:
    return [button.proto.label.split(" (")[0] for button in app.get("download_button")]


@pytest.fixture(scope="module")
def page(root: Path) -> AppTest:
    """The Evaluate page with the sample loaded, set to a pilot of one's own."""
    app = AppTest.from_file(str(root / "streamlit_app.py"), default_timeout=TIMEOUT_S).run()
    found(app.button, "Load the sample city").click().run()
    app.session_state["asb_config"] = UNCHECKED
    app.switch_page(PAGE).run()
    found(app.radio, "What to evaluate").set_value("Set one up here").run()
    return app


def test_a_pilot_still_to_come_is_drawn_frozen_and_told_to_come_back(page):
    last = data.months(data.sample())[-1]
    start = str(pd.Period(last, "M") + 1)
    assert found(page.selectbox, "First treated month").value == start
    assert not page.exception
    assert not page.error
    text = said(page)
    assert "Drawn with seed 0: the same lot whenever it is drawn again." in text
    assert f"These records end in {last}, before the start." in text
    assert {"DESIGN.toml", "treated.geojson", "assignment.csv", "area.geojson"} <= set(offered(page))
    assert "Evaluate" not in [button.label for button in page.button]


def test_places_picked_from_the_list_before_the_start_are_offered_as_a_design(page):
    found(page.selectbox, "How the treated places are chosen").set_value("picked").run()
    assert "Choose the treated places first" in said(page)
    assert "DESIGN.toml" not in offered(page)
    found(page.multiselect, "Treated places").set_value([f"H{n:02d}" for n in range(1, 6)]).run()
    assert not page.exception
    assert {"DESIGN.toml", "treated.geojson", "area.geojson"} <= set(offered(page))
    assert "assignment.csv" not in offered(page)


def test_one_that_has_run_is_evaluated_with_its_log_and_its_survey(page):
    found(page.selectbox, "First treated month").set_value("2023-08").run()
    found(page.selectbox, "How the treated places are chosen").set_value("top").run()
    assert not page.exception
    drawn = {row for frame in page.dataframe for row in frame.value.itertuples(index=False) if "treated" in row}
    names = sorted(row[0] for row in drawn)
    visits = pd.DataFrame(
        {"hotspot": names * 40, "started": pd.date_range("2023-08-02 15:30", periods=40 * len(names), freq="36h")}
    ).assign(minutes=15, crew=2)
    found(page.file_uploader, "Visit log, if there is one").set_value(
        [("visits.csv", visits.to_csv(index=False).encode(), "text/csv")]
    )
    found(page.file_uploader, "Survey totals, if there are any").set_value(
        [("survey.csv", SURVEY.encode(), "text/csv")]
    )
    found(page.button, "Evaluate").click().run()
    assert not page.exception
    assert not page.error
    text = said(page)
    assert "Maryland level 5" in text
    assert f"{40 * len(names)} visits were logged" in text
    assert "the national band, as no local price was given" in text
    assert "Survey, 'Safe at night'" in text
    titles = [metric.label for metric in page.metric]
    assert titles == ["What a press release would say", "What would come with nothing done", "What can be said"]
    assert "to" in page.metric[-1].value  # the interval stands large, the single figure below it


def test_frozen_files_are_a_design_whose_hash_holds(tmp_path):
    dataset = data.sample()
    run = data.run(dataset, UNCHECKED, lambda _: None)
    notes = {"hypothesis": 'fewer "reports"', "known_shocks": " "}
    pilot = Pilot("2026-01", 6, lot="pairs", visits_per_week=12.0, asks_survey=True, design_effect=1.5, notes=notes)
    files = design.frozen(dataset, run, pilot, today="2025-12-01")
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    for name in ("incidents.csv", "visits.csv"):
        (tmp_path / name).touch()
    made = read_design(tmp_path / "DESIGN.toml")
    assert made.frozen == design_hash(made)
    assert not made.was_amended_late
    assert (made.survey.name, made.survey_design_effect, made.planned_visits_per_week) == ("survey.csv", 1.5, 12)
    assert made.notes == {"hypothesis": 'fewer "reports"'}
    lot = pd.read_csv(tmp_path / "assignment.csv")
    assert set(made.treated["name"]) == set(lot.loc[lot["arm"] == "treated", "name"])
    with pytest.raises(DesignError, match="Pick at least one treated place"):
        design.evaluate_here(dataset, run, Pilot("2023-08", 12))
