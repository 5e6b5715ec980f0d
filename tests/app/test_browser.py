"""The app in a real browser: every page opens, the map answers a click, and nothing leaves the app's own address."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from geodata.sample import make_city, write_city

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PAGES = ("Data", "Hotspots", "Patrols and cameras", "Evaluate")
QUESTION_PAGES = ("Repeat places", "When", "Over time", "Density and clusters")
SIZE = {"width": 1400, "height": 900}
PATIENCE_MS = 60_000
QUIET_MS = 400
STILL = '[data-testid="stApp"][data-test-script-state="notRunning"]'
QUIET = """([still, quietMs]) => new Promise((settled) => {
  let timer;
  const wait = () => { clearTimeout(timer); timer = setTimeout(look, quietMs); };
  const watcher = new MutationObserver(wait);
  const look = () => {
    if (!document.querySelector(still)) return wait();
    watcher.disconnect();
    settled();
  };
  watcher.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  wait();
})"""
"""Resolves once no script runs and nothing on the page has changed for so many milliseconds."""


@pytest.fixture(scope="module")
def chromium() -> str:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium on this machine")
    return found


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[str]:
    """The app, served on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", f"--server.port={port}"]
    environment = {k: v for k, v in os.environ.items() if k != "ASB_HOTSPOTS_OPEN"}
    with subprocess.Popen(
        [*command, "--server.headless=true"], cwd=root, env=environment, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        try:
            _wait_until_up(url, server)
            yield url
        finally:
            server.terminate()


def _wait_until_up(url: str, server: subprocess.Popen) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the app did not start")


@pytest.fixture
def requests() -> list[str]:
    """Every address the browser asked for."""
    return []


@pytest.fixture
def page(chromium: str, address: str, requests: list[str]):
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, headless=True, args=FLAGS)
        context = browser.new_context(viewport=SIZE)
        opened = context.new_page()
        opened.set_default_timeout(PATIENCE_MS)
        context.on("request", lambda request: requests.append(request.url))
        opened.on("websocket", lambda ws: requests.append(ws.url))
        opened.goto(address)
        settle(opened)
        yield opened
        browser.close()


def settle(page) -> None:
    """Wait until no script runs and the page has not changed for a while."""
    page.locator(STILL).wait_for()
    page.evaluate(QUIET, [STILL, QUIET_MS])


def load_sample(page) -> None:
    page.get_by_role("button", name="Load the sample city").click()
    page.get_by_text("Where the rows went").wait_for()
    settle(page)


def go_to(page, title: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
    settle(page)


def map_frame(page):
    return page.frame_locator('iframe[title="streamlit_folium.st_folium"]').first


def outside(requests: list[str], address: str) -> list[str]:
    own = (address, address.replace("http://", "ws://"), "data:", "blob:", "about:")
    return [url for url in requests if not url.startswith(own)]


def test_every_page_opens_without_data_and_stays_on_its_own_address(page, requests, address, tmp_path):
    for title in PAGES:
        go_to(page, title)
        page.screenshot(path=str(tmp_path / f"empty {title}.png"), full_page=True)
        assert page.get_by_test_id("stException").count() == 0
        assert page.locator("h1").count() == 1
    assert outside(requests, address) == []


def test_the_sample_fills_every_page_and_stays_on_its_own_address(page, requests, address, tmp_path):
    load_sample(page)
    for title in (*PAGES, *QUESTION_PAGES):
        go_to(page, title)
        page.locator(".asb-footer").wait_for()
        settle(page)
        page.screenshot(path=str(tmp_path / f"{title}.png"))
        assert page.get_by_test_id("stException").count() == 0
        assert page.get_by_test_id("stAlertContentError").count() == 0
        assert "SYNTHETIC" in page.locator(".asb-footer").inner_text()
    assert outside(requests, address) == []


@pytest.mark.slow
def test_a_pilot_is_walked_through_from_design_to_report(page, requests, address, tmp_path):
    load_sample(page)
    go_to(page, "Evaluate")
    page.get_by_text("Set one up here").click()
    page.get_by_text("before the start. When the pilot has run").wait_for()
    settle(page)
    steps = page.locator("h3").all_inner_texts()
    assert [step.split(":")[0] for step in steps] == ["1. Design", "2. Power", "3. Freeze", "4. Deliver", "5. Result"]
    page.screenshot(path=str(tmp_path / "set up.png"), full_page=True)
    with page.expect_download() as download:
        page.get_by_role("button", name="DESIGN.toml").click()
    assert "frozen = " in Path(download.value.path()).read_text(encoding="utf-8")
    page.get_by_text("The sample city's pilot").click()
    page.get_by_role("button", name="Evaluate the sample's pilot").click()
    page.get_by_text("What would come with nothing done").wait_for()
    settle(page)
    page.screenshot(path=str(tmp_path / "verdict.png"), full_page=True)
    page.get_by_text("Make the report").click()
    page.get_by_role("button", name="evaluation.docx").wait_for()
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_test_id("stAlertContentError").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert outside(requests, address) == []


def test_the_map_shows_hexagons_and_a_click_on_a_hotspot_shows_why_it_is_one(page, requests, address, tmp_path):
    load_sample(page)
    go_to(page, "Hotspots")
    hexagons = map_frame(page).locator("path.leaflet-interactive")
    hexagons.first.wait_for(state="attached")
    assert hexagons.count() > 50
    page.screenshot(path=str(tmp_path / "map before the click.png"))
    assert page.get_by_role("heading", name="Why this hotspot: 1.").count() == 1

    map_frame(page).locator(".asb-rank", has_text="2").first.click()
    page.get_by_role("heading", name="Why this hotspot: 2.").wait_for()
    settle(page)
    page.screenshot(path=str(tmp_path / "after the click.png"), full_page=True)
    assert outside(requests, address) == []


def test_a_question_is_answered_with_a_drawing_a_table_and_a_file(page, requests, address, tmp_path):
    load_sample(page)
    go_to(page, "When")
    page.get_by_text("Is it a day or a night problem, place by place?", exact=True).click()
    page.get_by_role("heading", name="Is it a day or a night problem").wait_for()
    settle(page)
    drawing = page.locator(".asb-drawing img")
    assert drawing.evaluate("image => image.complete && image.naturalWidth > 0")
    assert "between 18:00 and 06:00" in drawing.get_attribute("alt")
    with page.expect_download() as taken:
        page.get_by_role("button", name="day-night.csv").click()
    assert "share_night" in Path(taken.value.path()).read_text(encoding="utf-8-sig")
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    page.screenshot(path=str(tmp_path / "when on a telephone.png"), full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert outside(requests, address) == []


def test_text_from_the_data_runs_nothing_and_fetches_nothing(page, requests, address, tmp_path):
    city = write_city(make_city(0), tmp_path)
    hostile = "<img src=http://a.example/a.png onerror=alert(1)>![b](http://b.example/b.png) {{7*7}}"
    incidents = pd.read_csv(city["incidents.csv"], dtype=str)
    incidents["address"] = hostile + " " + incidents["address"].fillna("").str.replace(r"^\d+ ", "", regex=True)
    incidents.to_csv(city["incidents.csv"], index=False)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))

    page.get_by_role("tab", name="Files on this machine").click()
    page.get_by_label("Incidents: a file, a ZIP or a folder").fill(str(city["incidents.csv"]))
    page.get_by_label("Area: a polygon file").fill(str(city["area.geojson"]))
    page.get_by_label("Name of the area (optional)", exact=True).fill(hostile)
    page.get_by_role("button", name="Read these paths").click()
    page.get_by_text("Where the rows went").wait_for()
    for title in (*PAGES, *QUESTION_PAGES):
        go_to(page, title)
        page.screenshot(path=str(tmp_path / f"hostile {title}.png"), full_page=True)
        assert page.locator('a[href^="http"][href*="example"]').count() == 0
        assert page.get_by_test_id("stException").count() == 0
    go_to(page, "Hotspots")
    map_frame(page).locator(".asb-rank").last.click()
    settle(page)
    assert "onerror" in page.get_by_role("heading", name="Why this hotspot").inner_text()
    assert dialogs == []
    assert outside(requests, address) == []
