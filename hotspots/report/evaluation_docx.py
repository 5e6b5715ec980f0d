"""``evaluation.docx``: the same words as the PDF, for pasting into a force's own report."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.shared import Mm, Pt, RGBColor

from hotspots.naming import clean_text
from hotspots.report.briefing import png_of

_NAVY = RGBColor(0x1B, 0x36, 0x5D)
_A4, _MARGIN, _TEXT_MM = (Mm(210), Mm(297)), Mm(20), 170
_EPOCH = (1980, 1, 1, 0, 0, 0)


def document(data: dict[str, Any]) -> bytes:
    """Return the DOCX of what `evaluation.evaluation_data` says; same words, same bytes.

    Amendments come before the verdict, the verdict before the interval, the interval before the doubt.
    Control characters, which XML cannot hold, are left out.
    """
    data = _printable(data)
    made = _page(data)
    _verdict(made, data)
    _evidence(made, data)
    if data["opinions"] is not None:
        _opinions(made, data["opinions"])
    made.add_heading("What had to hold before a figure was printed", level=1)
    _table(made, ["", "Condition", "Found"], [
        ["holds" if gate["passed"] else "FAILS" if gate["is_required"] else "not met", gate["name"], gate["message"]]
        for gate in data["gates"]
    ], (0.1, 0.25, 0.65))  # fmt: skip
    made.add_heading("Reports, place by place", level=1)
    _table(made, data["columns"], data["places"])
    _list(made, "Notes", data["notes"])
    return _without_clock(made)


def _page(data: dict[str, Any]) -> Any:
    """Return an empty A4 document with the marking above and the provenance below."""
    made = Document()
    made.styles["Normal"].font.name = "Calibri"
    made.styles["Normal"].font.size = Pt(10.5)
    for level in range(3):
        made.styles["Title" if level == 0 else f"Heading {level}"].font.color.rgb = _NAVY
    made.core_properties.title = data["title"]
    made.core_properties.author = "asb-hotspots"
    made.core_properties.created = made.core_properties.modified = datetime(*_EPOCH[:3])
    section = made.sections[0]
    section.page_width, section.page_height = _A4
    section.left_margin = section.right_margin = _MARGIN
    section.header.paragraphs[0].text = f"{data['marking']}   {data['running']}   {data['synthetic']}".strip()
    section.footer.paragraphs[0].add_run(f"{data['caveat']} {data['provenance']} {data['licence']}").font.size = Pt(7.5)
    return made


def _verdict(made: Any, data: dict[str, Any]) -> None:
    made.add_heading(f"Did it work? {data['name']}", level=0)
    made.add_paragraph(data["periods"])
    for text in data["amendments"]:
        made.add_paragraph().add_run(text).bold = True
    headline = made.add_paragraph().add_run(data["headline"])
    headline.bold, headline.font.size = True, Pt(13)
    made.add_paragraph(data["interval"])
    made.add_paragraph(f"Where this could be wrong. {data['doubt']}")
    made.add_paragraph(f"{data['level_text']} {data['detectable']}")
    made.add_paragraph(data["primary"])


def _evidence(made: Any, data: dict[str, Any]) -> None:
    made.add_heading("The claim and the result", level=1)
    _table(made, [side["title"] for side in data["beside"]], [[side["figure"] for side in data["beside"]],
                                                             [side["text"] for side in data["beside"]]])  # fmt: skip
    made.add_heading("Reports by month", level=1)
    _picture(made, data["monthly"], data["monthly_alt"])
    if data["intervals"]:
        made.add_heading("How far the answer moves", level=1)
        _picture(made, data["intervals"], "Change in per cent by this evaluation, its checks and other ways to look")
        for line in data["moves"]:
            made.add_paragraph(line, style="List Bullet")
    made.add_heading("Effect, mechanism, moderators, implementation, economics", level=1)
    _table(made, ["", "What is known"], data["emmie"], (0.22, 0.78))
    _list(made, "Other outcomes", data["outcomes"])
    _list(made, "The same by other named methods", data["named_methods"])


def _opinions(made: Any, said: dict[str, Any]) -> None:
    made.add_heading("The same counts by other methods", level=1)
    made.add_paragraph(said["introduction"])
    _table(made, said["columns"], said["rows"], (0.46, 0.2, 0.12, 0.22))
    made.add_heading("Over every reasonable choice", level=1)
    made.add_paragraph(said["choices"])
    if said["curve"]:
        _picture(made, said["curve"], "The change in per cent by every reasonable choice, with intervals")
    _list(made, "Checks", said["checks"])
    _list(made, "Methods with nothing to say here", said["silent"])


def _list(made: Any, heading: str, lines: list[str]) -> None:
    """Add a heading and its lines, or nothing where there is no line."""
    if not lines:
        return
    made.add_heading(heading, level=1)
    for line in lines:
        made.add_paragraph(line, style="List Bullet")


def _table(made: Any, heading: list[str], rows: list[list[str]], shares: tuple[float, ...] = ()) -> None:
    """Add a table; `shares` are the parts of the text width its columns take, equal where none are given."""
    table = made.add_table(rows=1, cols=len(heading), style="Table Grid")
    for cell, text in zip(table.rows[0].cells, heading, strict=True):
        cell.paragraphs[0].add_run(text).bold = True
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    table.autofit = False
    for column, share in zip(table.columns, shares or [1 / len(heading)] * len(heading), strict=True):
        column.width = Mm(_TEXT_MM * share)
        for cell in column.cells:
            cell.width = Mm(_TEXT_MM * share)


def _picture(made: Any, svg: str, alt: str) -> None:
    """Add a picture over the width of the text, with words for those who cannot see it."""
    shape = made.add_picture(BytesIO(png_of(svg)), width=Mm(_TEXT_MM))
    shape._inline.docPr.set("descr", alt)


def _printable(value: Any) -> Any:
    """Return plain values with every text in them cleaned."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {key: _printable(one) for key, one in value.items()}
    return [_printable(one) for one in value] if isinstance(value, list | tuple) else value


def _without_clock(made: Any) -> bytes:
    """Return the file with one fixed time on every part, so that the same words give the same bytes."""
    written, fixed = BytesIO(), BytesIO()
    made.save(written)
    with ZipFile(written) as parts, ZipFile(fixed, "w", ZIP_DEFLATED) as out:
        for name in parts.namelist():
            out.writestr(ZipInfo(name, _EPOCH), parts.read(name), ZIP_DEFLATED)
    return fixed.getvalue()
