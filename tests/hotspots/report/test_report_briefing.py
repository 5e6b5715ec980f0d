from __future__ import annotations

import time
from dataclasses import replace

import pandas as pd
import pytest
import shapely

from hotspots.report import briefing_pdf, run_files
from hotspots.report.static_map import Window, ground_of, hotspot_map, overview_map
from hotspots.results import Refusal

from .conftest import page_texts


def test_the_briefing_is_a_cover_and_one_page_per_hotspot(run):
    pages = page_texts(briefing_pdf(run))
    assert len(pages) == 11
    for page, (hotspot_id, row) in zip(pages[1:], run.hotspots.iterrows(), strict=True):
        assert row["name"] in page
        assert hotspot_id in page


def test_each_page_answers_why_when_what_do_owner_and_review(run):
    page = page_texts(briefing_pdf(run))[1]
    for asked in ("Why this place", "When", "What is reported", "Do", "Owner", "Review date", "Facilities, not people"):
        assert asked in page
    assert "Wed-Sat 15:00-22:00" in page
    assert "3 to 5 visits of 15 minutes a week" in page


def test_every_page_carries_marking_caveat_and_what_it_takes_to_check_it(run):
    for page in page_texts(briefing_pdf(run)):
        assert page.count("OFFICIAL") == 2
        assert "SYNTHETIC" in page
        assert "people decide" in page
        assert "Data 0123456789ab | seed 0" in page
        assert "2,400 of 2,600 records used | grade B" in page


def test_a_refused_run_says_why_and_shows_the_cells(refused_run):
    pages = page_texts(briefing_pdf(refused_run))
    assert len(pages) == 1
    assert "No ranked list" in pages[0]
    assert "too few for a ranked list" in pages[0]
    assert "Reports by cell" in pages[0]
    assert "SYNTHETIC" not in pages[0]


def test_text_from_the_data_is_never_typst_code(hostile_run):
    pages = page_texts(briefing_pdf(hostile_run))
    assert len(pages) == 11
    assert '#panic("x") *a* $y$ @b `c`' in pages[3]
    assert "<script>alert(1)</script>" in pages[1]


def test_much_to_say_is_set_smaller_and_stays_on_its_page(run):
    talk = "This is a long sentence about what these data cannot say and why that is so. " * 6
    long = replace(
        run, refused=tuple(Refusal(f"analysis {i}", talk, "R0") for i in range(6)),
        hotspots=run.hotspots.assign(reason=talk * 2, flags=talk),
    )  # fmt: skip
    assert len(page_texts(briefing_pdf(long))) == 11


def test_same_run_gives_the_same_pdf(run):
    assert briefing_pdf(run) == briefing_pdf(run)


@pytest.mark.slow
def test_ten_pages_take_less_than_five_seconds_on_a_busy_machine(run):
    briefing_pdf(run)
    start = time.perf_counter()
    briefing_pdf(run)
    assert time.perf_counter() - start < 5


def test_a_run_has_all_its_files(run, refused_run):
    expected = {
        "run.json",
        "hotspots.gpkg",
        "hotspots.csv",
        "why.csv",
        "hotspots.xlsx",
        "cells.parquet",
        "map.html",
        "briefing.pdf",
    }
    assert set(run_files(run)) == expected
    assert set(run_files(refused_run)) == expected


def test_the_window_keeps_proportions_and_puts_north_on_top():
    window = Window.around(shapely.box(0, 0, 100, 50), 300, 300, 100)
    west, south, east, north = window.box.bounds
    assert (east - west) == pytest.approx(north - south)
    assert ((west + east) / 2, (south + north) / 2) == pytest.approx((50, 25))
    low, high = window.picture(pd.Series([50.0, 50.0]).to_numpy(), pd.Series([0.0, 50.0]).to_numpy())
    assert high[1] < low[1]


def test_the_scale_bar_is_as_long_as_it_says(run):
    import re

    picture = hotspot_map(run, ground_of(run), "H01")
    own = shapely.transform(run.hotspots.loc["H01", "geometry"], run.area.project, interleaved=False)
    window = Window.around(own, 300, 300, max(150.0, (620.0 - (own.bounds[2] - own.bounds[0])) / 2))
    length = float(re.search(r"v5h([\d.]+)v-5", picture)[1])
    metres = int(re.search(r">(\d+) m<", picture)[1])
    assert length * window.metres_per_point == pytest.approx(metres, rel=0.01)


def test_maps_on_paper_hold_no_markup_from_the_data(hostile_run):
    ground = ground_of(hostile_run)
    for picture in (overview_map(hostile_run, ground), hotspot_map(hostile_run, ground, "H01")):
        assert "<script" not in picture
        assert picture.count("</svg>") == 1
        import xml.etree.ElementTree as ET

        ET.fromstring(picture)
