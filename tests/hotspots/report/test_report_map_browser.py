from __future__ import annotations

import pytest

from hotspots.report import map_html

pytestmark = pytest.mark.browser
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@pytest.fixture
def visit(chromium, tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)

        def open_from_disk(content: bytes, *, width: int = 1200, height: int = 800):
            path = tmp_path / "map.html"
            path.write_bytes(content)
            page = browser.new_page(viewport={"width": width, "height": height})
            page.said = []
            page.asked = []
            page.on("request", lambda request: page.asked.append(request.url))
            page.on("pageerror", lambda error: page.said.append(str(error)))
            page.on("dialog", lambda dialog: (page.said.append(dialog.message), dialog.dismiss()))
            page.goto(path.as_uri())
            page.wait_for_timeout(600)
            return page

        yield open_from_disk
        browser.close()


def _outside(page) -> list[str]:
    return [url for url in page.asked if not url.startswith(("data:", "file:"))]


def test_opened_from_disk_the_map_draws_every_cell_and_asks_for_nothing(visit, run):
    page = visit(map_html(run))
    drawn = page.locator(".leaflet-asb-cells-pane path").count()
    assert drawn == int((run.cells["n_12m"] > 0).sum())
    assert page.locator(".leaflet-asb-hotspots-pane path.asb-hotspot").count() == 10
    assert _outside(page) == []
    assert page.said == []


def test_a_click_on_a_hotspot_shows_why_it_is_there(visit, run):
    page = visit(map_html(run))
    page.get_by_role("button", name="High Street").click()
    page.wait_for_timeout(300)
    page.keyboard.press("Escape")
    page.wait_for_timeout(200)
    box = page.locator("path.asb-hotspot").last.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.55, box["y"] + box["height"] * 0.8)
    page.wait_for_timeout(300)
    words = page.locator(".leaflet-popup-content").inner_text()
    assert "1. High Street" in words
    assert "Wed-Sat 15:00-22:00" in words


def test_street_names_are_written_only_close_up(visit, run):
    page = visit(map_html(run))
    assert page.locator(".asb-street").count() == 0
    page.get_by_role("button", name="High Street").click()
    page.wait_for_timeout(400)
    assert page.locator(".asb-street").count() > 0


def test_the_place_a_hotspot_is_at_is_marked_and_named_close_up_and_the_layer_can_be_hidden(visit, placed):
    page = visit(map_html(placed))
    marks = page.locator('.leaflet-marker-pane [alt^="Named place"], .leaflet-marker-pane .asb-place')
    assert marks.count() > 0
    assert not marks.first.is_visible()
    for name, written in (
        ("at Central Station", "Central Station"),
        ("{{ 7*7 }}", "(( 7*7 )) <script>alert(1)</script>"),
    ):
        page.get_by_role("button", name=name).click()
        page.wait_for_timeout(500)
        labels = page.locator(".asb-landmark span").all_inner_texts()
        assert any(label.startswith(written) for label in labels)
    before = page.locator(".asb-place").count()
    page.locator(".leaflet-control-layers").hover()
    page.get_by_label("Named places").uncheck()
    page.wait_for_timeout(200)
    assert not page.locator(".asb-landmark span").first.is_visible()
    assert page.locator(".asb-place").count() == before - len(placed.places)
    assert page.said == []
    assert _outside(page) == []


def test_hostile_names_are_read_and_never_run(visit, hostile_run):
    page = visit(map_html(hostile_run))
    for name in ("<script>alert(1)</script>", "=cmd|' /C calc'!A0", "{{ 7*7 }}"):
        page.get_by_role("button", name=name, exact=True).click()
        page.wait_for_timeout(300)
        assert name in page.locator(".leaflet-popup-content h2").inner_text()
    assert page.said == []
    assert _outside(page) == []


def test_on_a_telephone_the_list_waits_below_the_map_and_shows_a_place(visit, run):
    page = visit(map_html(run), width=390, height=844)
    place = page.get_by_role("button", name="High Street")
    assert not place.is_visible()
    page.get_by_text("Ranked hotspots").click()
    place.click()
    page.wait_for_timeout(400)
    assert "1. High Street" in page.locator(".leaflet-popup-content").inner_text()
    assert not place.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_map_without_a_list_says_so(visit, refused_run):
    page = visit(map_html(refused_run))
    assert "too few for a ranked list" in page.locator(".asb-panel").inner_text()
    assert page.said == []
