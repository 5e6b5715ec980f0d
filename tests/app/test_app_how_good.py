"""The page that says how good the list is: sentences first, then pictures, tables and what the data cannot tell."""

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
from hotspots.app.data import Dataset
from hotspots.app.list_check import check_list
from hotspots.config import RunConfig

AREA = StudyArea("Little Town", shapely.box(-2.14, 52.57, -2.10, 52.60))


def town(months: int = 20, *, others: bool = True) -> Dataset:
    rng = np.random.default_rng(3)
    corners = np.column_stack([rng.uniform(-2.138, -2.102, 60), rng.uniform(52.572, 52.598, 60)])
    share = rng.lognormal(0, 1.2, 60)
    n = 80 * months
    place = rng.choice(60, n, p=share / share.sum())
    month = pd.date_range("2022-01-01", periods=months, freq="MS")[rng.integers(0, months, n)]
    nothing = pd.Series(pd.NaT, index=range(n), dtype="datetime64[us, Europe/London]")
    kinds = ("anti-social-behaviour", "violent-crime") if others else ("anti-social-behaviour",)
    records = pd.DataFrame(
        {
            "longitude": corners[place, 0], "latitude": corners[place, 1], "month": month.astype("datetime64[us]"),
            "occurred_from": nothing, "occurred_to": nothing, "time_precision": "month",
            "location_precision": "snap_point", "category": rng.choice(kinds, n), "origin": "public",
            "location": "On or near Short Road",
        }
    )  # fmt: skip
    return Dataset(f"town {months} {others}", "Little Town", intake_of(records), AREA, None, None)


def open_page(root: Path, dataset: Dataset | None) -> AppTest:
    app = AppTest.from_file(str(root / "streamlit_app.py"), default_timeout=120)
    if dataset is not None:
        app.session_state["asb_dataset"] = dataset
        app.session_state["asb_config"] = RunConfig()
    return app.run().switch_page("hotspots/app/pages/how_good.py").run()


def said(app: AppTest) -> str:
    kinds = (app.title, app.subheader, app.markdown, app.info, app.warning, app.error, app.caption)
    spoken = [element.value for kind in kinds for element in kind]
    return "\n".join([*map(str, spoken), *(block.proto.body for block in app.get("html"))])


def test_without_data_it_says_how_to_load_some(root):
    app = open_page(root, None)
    assert not app.exception
    assert "No data are loaded" in said(app)


def test_it_says_how_good_the_list_is_and_thins_it_out(root):
    app = open_page(root, town())
    assert not app.exception
    words = said(app)
    assert "Checked on 8 months" in words
    assert "simple count" in words
    assert words.count("data:image/svg+xml") == 2
    assert set(app.dataframe[0].value["Land"]) == {0.5, 1.0, 2.0, 5.0}
    app.toggle[0].set_value(True).run()
    assert not app.exception
    assert said(app).count("data:image/svg+xml") == 3
    app.selectbox[0].set_value("category").run()
    assert not app.exception
    app.selectbox[0].set_value("day-night").run()
    assert not app.exception


def test_it_judges_the_very_list_of_the_hotspots_page_which_counts_two_calls_about_one_event_once():
    plain = town()
    records = plain.intake.records
    rng = np.random.default_rng(4)
    start = pd.Series(records["month"] + pd.to_timedelta(rng.uniform(0, 27 * 24 * 60, len(records)), "min"))
    records = records.assign(
        occurred_from=start.dt.tz_localize("Europe/London", ambiguous=False, nonexistent="shift_forward"),
        time_precision="minute", location_precision="address",
    )  # fmt: skip
    records["occurred_to"] = records["occurred_from"]
    again = records.sample(frac=0.3, random_state=0)
    twice = Dataset("twice", "Little Town", intake_of(pd.concat([records, again], ignore_index=True)), AREA, None, None)
    run = hotspots.run(twice.intake, AREA)
    assert any("reports tell of" in note for note in run.notes)
    checked = check_list(twice, run, (run.accuracy.method,), 1, "month")
    assert checked.tested.of_list(run.accuracy.method) == run.accuracy


@pytest.mark.parametrize(
    ("dataset", "sentence"),
    [(town(12), "needs 12 periods to learn from"), (town(others=False), "Only reports of the wanted kind were read")],
    ids=["too short", "one kind"],
)
def test_what_the_data_cannot_tell_is_said(root, dataset, sentence):
    app = open_page(root, dataset)
    assert not app.exception
    assert sentence in said(app)
