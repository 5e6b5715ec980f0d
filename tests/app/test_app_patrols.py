"""The patrol page under a pilot's assignment: its hotspots alone, the controls named as never planned."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from hotspots.evaluate import randomise

from .test_app_pages import button, open_app, path_of, said


@pytest.fixture
def page(root: Path) -> AppTest:
    app = button(open_app(root), "Load the sample city").click().run()
    return app.switch_page(path_of("patrols_and_cameras")).run()


def upload(page: AppTest, name: str, content: bytes) -> AppTest:
    box = next(one for one in page.file_uploader if one.label.startswith("assignment.csv"))
    return box.set_value([(name, content, "text/csv")]).run()


def test_only_assigned_hotspots_are_planned_and_the_controls_never(page):
    assert any(
        "often mean 'not known'" in one.value for one in page.caption
    )  # the midnights of the sample city name no hours
    whole = next(frame.value for frame in page.dataframe if "Visits a week" in frame.value)
    listed = pd.DataFrame({"rank": range(1, 11), "name": whole["Place"]})
    listed.index = pd.Index([f"H{number:02d}" for number in range(1, 11)], name="hotspot_id")
    month = (date.today().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    lot = randomise(listed, "pairs", start=month, months=4, random_state=1)
    shown = upload(page, "assignment.csv", lot.to_csv(index=False).encode())
    assert not shown.exception
    assert not shown.error
    assert "Only the 5 hotspots the pilot assigned are planned" in said(shown)
    assert "Never planned, because the pilot compares with them" in said(shown)
    times = next(frame.value for frame in shown.dataframe if "Start" in frame.value)
    assert set(times["Place"]) == set(lot.loc[lot["arm"] == "treated", "name"])


def test_a_file_that_is_no_assignment_is_refused_in_one_sentence(page):
    refused = upload(page, "assignment.csv", b"a,b\n1,2\n")
    assert not refused.exception
    assert "no assignment list" in said(refused)
