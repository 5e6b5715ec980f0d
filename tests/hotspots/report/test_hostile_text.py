"""Control characters, formulas and XML entities: what a file brings in is shown, never obeyed, on every surface."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

import geodata
from geodata.area import StudyArea
from geodata.errors import SourceError
from geodata.text import readable
from hotspots import terminal
from hotspots.cli import app
from hotspots.report import briefing_pdf, hotspots_csv, hotspots_xlsx, map_html, svg, why_csv
from hotspots.report.tables import safe_text

ESCAPE = "\x1b[31mred\x07\x00 \u202eback"
SQUARE = "-2.2,52.5 -2.1,52.5 -2.1,52.6 -2.2,52.6 -2.2,52.5"


@pytest.fixture(scope="module")
def unseen_run(run_maker):
    """A town whose streets and name hold what a terminal obeys and XML cannot hold."""
    names = [ESCAPE, *(f"Street {i} {ESCAPE}" for i in range(9))]
    made = run_maker(names, with_streets=False)
    hotspots = made.hotspots.assign(kind_label="New", kind_why=ESCAPE)
    area = StudyArea(f"Town {ESCAPE}", made.area.boundary)
    return replace(made, area=area, hotspots=hotspots, notes=(ESCAPE,))


def printed(shown) -> str:
    screen = terminal.console()
    with screen.capture() as kept:
        screen.print(shown)
    return kept.get()


def test_what_a_terminal_obeys_is_taken_out_and_the_rest_stays():
    assert readable(ESCAPE) == "[31mred back"
    assert readable("a\tb\nÜñ €") == "a\tb\nÜñ €"
    assert safe_text("\x07=1+1") == "'=1+1"


def test_a_picture_of_such_a_name_is_still_xml():
    drawn = svg.picture(10, 10, [svg.text(1, 1, f"<b>{ESCAPE}", 9, "#000")])
    (text,) = ElementTree.fromstring(drawn)
    assert text.text == "<b>[31mred back"


def test_the_briefing_and_the_map_are_made_and_show_it(unseen_run):
    assert briefing_pdf(unseen_run).startswith(b"%PDF")
    assert not {b"\x1b", b"\x07", b"\x00"} & {bytes([byte]) for byte in map_html(unseen_run)}


def test_tables_hold_none_of_it(unseen_run):
    for content in (hotspots_csv(unseen_run), why_csv(unseen_run)):
        assert b"\x1b" not in content
        assert b"red" in content
    book = openpyxl.load_workbook(io.BytesIO(hotspots_xlsx(unseen_run)))
    assert "red" in book["Hotspots"]["C2"].value


def test_the_terminal_is_told_none_of_it(unseen_run, monkeypatch):
    monkeypatch.setattr("hotspots.why.what_would_move", lambda *_: [ESCAPE])
    parts = (terminal.banner, terminal.ranked_list, terminal.confidence)
    said = "".join(printed(part(unseen_run)) for part in parts)
    assert "red" in said
    assert not set("\x1b\x07\x00\u202e") & set(said)


def test_a_refusal_that_quotes_such_text_is_one_harmless_line(tmp_path, capfd, monkeypatch):
    from hotspots.cli import main

    monkeypatch.setattr("sys.argv", ["hotspots", "check", str(tmp_path / "no\x1b]0;title\x07.csv"), "--area", "none"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert not set("\x1b\x07") & set(capfd.readouterr().err)


def test_the_lot_holds_no_formula(unseen_run, tmp_path):
    from hotspots.report import hotspots_gpkg

    listed = unseen_run.hotspots.assign(name="=cmd|'/C calc'!A0")
    (tmp_path / "hotspots.gpkg").write_bytes(hotspots_gpkg(replace(unseen_run, hotspots=listed)))
    lot = tmp_path / "lot.csv"
    done = CliRunner().invoke(app, ["design", "randomise", str(tmp_path), "--start", "2027-01", "--out", str(lot)])
    assert done.exit_code == 0
    assert set(pd.read_csv(lot)["name"]) == {"'=cmd|'/C calc'!A0"}


ENTITIES = {
    "of a file": '<!DOCTYPE x [<!ENTITY j SYSTEM "file://{secret}">]>',
    "of entities": '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]>",
}


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_workbook_with_an_entity_is_refused_and_nothing_is_opened(tmp_path, entity):
    book = openpyxl.Workbook()
    for row in (["longitude", "latitude", "date", "category"], [-2.1, 52.5, "2024-01-02 10:00", "SECRET"]):
        book.active.append(row)
    book.save(tmp_path / "plain.xlsx")
    head = _entity(tmp_path, entity)
    with zipfile.ZipFile(tmp_path / "plain.xlsx") as old, zipfile.ZipFile(tmp_path / "evil.xlsx", "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if b"SECRET" in part:
                at = part.index(b"<worksheet") if b"<worksheet" in part else part.index(b"<sst")
                part = part[:at] + head.encode() + part[at:].replace(b"SECRET", b"&j;")
            new.writestr(name, part)
    with pytest.raises(SourceError, match=r"evil\.xlsx could not be read") as refused:
        geodata.read([tmp_path / "evil.xlsx"])
    assert "TOP" not in str(refused.value)


@pytest.mark.parametrize("entity", ENTITIES)
def test_a_boundary_with_an_entity_never_becomes_a_name(tmp_path, entity):
    ring = f"<outerBoundaryIs><LinearRing><coordinates>{SQUARE}</coordinates></LinearRing></outerBoundaryIs>"
    (tmp_path / "area.kml").write_text(
        f'<?xml version="1.0"?>{_entity(tmp_path, entity)}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        f"<Placemark><name>&j;</name><Polygon>{ring}</Polygon></Placemark></Document></kml>"
    )
    with pytest.raises(SourceError, match=r"area\.kml could not be read as a polygon file") as refused:
        geodata.read_area(tmp_path / "area.kml")
    assert "TOP" not in str(refused.value)


def _entity(folder: Path, entity: str) -> str:
    (folder / "secret.txt").write_text("TOP SECRET")
    return ENTITIES[entity].replace("{secret}", str(folder / "secret.txt"))
