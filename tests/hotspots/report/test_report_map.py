from __future__ import annotations

import base64
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from geodata.errors import DataError
from hotspots.report import folium_map, map_html
from hotspots.report.leaflet import scripts, styles
from hotspots.report.maps import refuse_addresses
from hotspots.report.markup import data_text, escaped
from hotspots.report.palette import class_of, count_classes


def _page(run) -> str:
    return map_html(run).decode()


def test_the_page_holds_no_address_on_the_internet(run):
    page = _page(run)
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!data:)""", page)
    assert not [url for url in re.findall(r"https?://[^\s\"'<>)]+", page) if not url.startswith("http://www.w3.org/")]


def test_the_style_sheet_carries_its_own_images():
    css = base64.b64decode(styles()[0][1].partition("base64,")[2]).decode()
    assert "url(data:image/png" in css
    assert not re.findall(r"url\((?!data:|#)", css)


def test_scripts_do_not_point_at_their_source_maps():
    for _, uri in scripts():
        assert b"sourceMappingURL" not in base64.b64decode(uri.partition("base64,")[2])


def test_a_page_that_would_ask_the_network_is_refused():
    with pytest.raises(DataError, match=r"cdn\.example"):
        refuse_addresses('<script src="https://cdn.example/x.js"></script>')
    refuse_addresses('<svg xmlns="http://www.w3.org/2000/svg"></svg>')


def test_an_address_that_is_a_name_in_the_data_is_text_and_does_not_stop_the_map(hostile_run):
    assert b"evil.example" in map_html(hostile_run)


def test_markup_in_names_reaches_the_page_escaped(hostile_run):
    page = _page(hostile_run)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_name_that_is_template_code_is_never_computed(run_maker):
    page = _page(run_maker(["{{ 7919 * 104729 }}", "{% if %}", "{# x #}", "a", "b", "c", "d", "e", "f", "g"]))
    assert "829348951" not in page
    assert "&#123;&#123; 7919 * 104729 &#125;&#125;" in page
    assert "(( 7919 * 104729 ))" in page


def test_folium_alone_would_compute_such_a_name():
    """The trap behind `data_text`: should folium close it, this test says so."""
    import folium

    made = folium.Map(tiles=None)
    folium.Marker([52, -2], tooltip="{{ 7919 * 104729 }}").add_to(made)
    assert "829348951" in made.get_root().render()


def test_text_made_harmless_still_reads_the_same():
    import html

    for text in ("<b>", 'O"Neil & Sons', "{{ x }}", "https://a/b", "Ünïted"):
        assert html.unescape(escaped(text)) == text
    assert "{" not in data_text("{{ x }}")


def test_same_run_gives_the_same_page(run):
    assert map_html(run) == map_html(run)


def test_hotspot_features_carry_what_a_click_hands_to_the_app(run):
    page = _page(run)
    assert page.count('"hotspot_id": ') == 10
    assert '"hotspot_id": "H01"' in page
    assert '"rank": 1' in page
    assert '"name": "High Street"' in page


def test_only_cells_with_a_report_are_drawn_and_never_more_than_the_limit(run, monkeypatch):
    from hotspots.report import features

    drawn = features.cells(run)
    assert len(drawn) == int((run.cells["n_12m"] > 0).sum())
    monkeypatch.setattr(features, "MAX_CELLS", 7)
    kept = [feature["properties"]["cell"] for feature in features.cells(run)]
    busiest = run.cells.loc[run.cells["n_12m"] > 0].sort_values("rank").index[:7]
    assert kept == list(busiest)


def test_coordinates_have_at_most_six_decimals(run):
    from hotspots.report import features

    ring = features.cells(run)[0]["geometry"]["coordinates"][0]
    assert all(round(value, 6) == value for point in ring for value in point)


def test_what_must_be_said_is_on_the_map(run, refused_run):
    page = _page(run)
    assert "Where reports have concentrated: Sampleton" in page
    assert "SYNTHETIC" in page
    assert "OFFICIAL" in page
    licensed = replace(refused_run, provenance=replace(run.provenance, licence="Open Government Licence v3.0"))
    real = _page(licensed)
    assert "SYNTHETIC" not in real
    assert "Open Government Licence v3.0" in real
    assert "No ranked list" in real


def test_the_map_zooms_to_the_chosen_hotspot_and_marks_it(run):
    page = folium_map(run, selected="H03").get_root().render()
    assert page.count('"selected": true') == 1
    assert page == folium_map(run, selected="H03").get_root().render()
    assert folium_map(run, selected="nothing like it") is not None


def test_readers_may_enlarge_the_page(run):
    assert "user-scalable=no" not in _page(run)
    assert '<html lang="en">' in _page(run)


def test_every_count_has_one_class_and_classes_do_not_overlap():
    counts = pd.Series(np.random.default_rng(3).poisson(4, 500))
    classes = count_classes(counts)
    assert classes[0].low == 1
    assert classes[-1].high is None
    for n in counts[counts > 0]:
        step = class_of(int(n), classes)
        assert step.low <= n
        assert step.high is None or n <= step.high
    assert count_classes(pd.Series([0, 0])) == ()


@pytest.mark.parametrize("colours", [("#6BACE6", "#2073BC"), ("#2073BC", "#12436D")])
def test_neighbouring_classes_differ_in_grey(colours):
    grey = [0.299 * int(c[1:3], 16) + 0.587 * int(c[3:5], 16) + 0.114 * int(c[5:7], 16) for c in colours]
    assert grey[0] - grey[1] > 30
