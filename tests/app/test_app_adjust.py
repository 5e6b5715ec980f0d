"""The hotspots as an analyst leaves them, through the page: hours, changes, undo, and the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from hotspots.app import adjust, data
from hotspots.edits import parse_edits

PAGE = "hotspots/app/pages/hotspots.py"


@pytest.fixture
def page(root: Path) -> AppTest:
    app = AppTest.from_file(str(root / "streamlit_app.py"), default_timeout=120).run()
    press(app, "Load the sample city")
    loaded = config(app)
    app.session_state["asb_config"] = replace(loaded, ranking=replace(loaded.ranking, backtest_origins=0))
    app.switch_page(PAGE).run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    return next(b for b in app.button if b.label == label).click().run()


def choose(app: AppTest, label: str, value: object) -> AppTest:
    return next(s for s in app.selectbox if s.label.startswith(label)).set_value(value).run()


def write(app: AppTest, label: str, value: str) -> AppTest:
    return next(t for t in app.text_input if t.label == label).set_value(value).run()


def config(app: AppTest):
    return app.session_state["asb_config"]


def run_of(app: AppTest):
    return data.finished_run(app.session_state["asb_dataset"], config(app))


def said(app: AppTest) -> str:
    return "\n".join(str(e.value) for kind in (app.header, app.markdown, app.info, app.error) for e in kind)


def test_a_change_is_made_shown_and_undone(page):
    before = run_of(page)
    choose(page, "What should change", "rename")
    press(page, "Make this change")
    assert "needs 'reason'" in said(page)
    write(page, "New name", "The [Precinct]")
    write(page, "Reason", "what officers call it")
    press(page, "Make this change")
    assert not page.exception
    assert run_of(page).hotspots.loc["H01", "name"] == "The [Precinct]"
    assert "Changed by hand" in said(page)
    choose(page, "What should change", "add")
    cells = next(m for m in page.multiselect if m.label.startswith("Cells around it"))
    first = cells.options[0]
    assert "in 12 months" in first
    labels = adjust.cell_labels(run_of(page), "H01", sorted(run_of(page).cells.index[:3]))
    assert len(labels) == 3
    cells.select(first).run()
    write(page, "Reason", "the steps belong to it")
    press(page, "Make this change")
    assert run_of(page).hotspots.loc["H01", "n_cells"] == before.hotspots.loc["H01", "n_cells"] + 1
    edits = config(page).edits
    assert [edit.action for edit in edits] == ["rename", "add"]
    assert config(page).drawn_list == before.drawn_list
    press(page, "Undo the last")
    assert config(page).edits == edits[:1]
    press(page, "Back to the list as drawn")
    assert config(page).edits == ()
    assert run_of(page).drawn_list == before.drawn_list
    assert not page.exception


@pytest.mark.slow
def test_a_list_of_the_night_is_one_click_and_drops_changes_to_another_list(page):
    before = run_of(page)
    choose(page, "What should change", "drop")
    write(page, "Reason", "closed")
    press(page, "Make this change")
    assert len(run_of(page).hotspots) == len(before.hotspots) - 1
    next(g for g in page.button_group if "hours" in g.label).set_value("night").run()
    assert not page.exception
    assert (config(page).hours, config(page).edits) == ("night", ())
    assert run_of(page).quality.n_used < before.quality.n_used


def test_a_file_of_changes_is_read_as_the_page_writes_it():
    content = b"drawn_list = 'ab'\n[[edits]]\naction = 'drop'\nhotspot = 'H01'\nreason = 'closed'\n"
    edits, drawn_list = parse_edits(content, "edits.toml")
    assert (edits[0].describe(), drawn_list) == ("taken off the list", "ab")
