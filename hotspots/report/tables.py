"""CSV and XLSX: text from the data stays text, whatever a spreadsheet would like to make of it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from geodata.text import readable
from hotspots.report import words
from hotspots.report.why_sheet import Formula, hotspot_cells, reports_behind, why_with_formulas
from hotspots.results import Run
from hotspots.why import why

MAX_CELL_ROWS = 500
WIDEST = 60
"""Width of a column at most, in letters; longer text is wrapped."""

ONE_PAGE_WIDE = 220
"""Letters a line that can still be read when a sheet is printed to the width of a page."""

_FORMULA_START = ("=", "+", "-", "@", "\t", "\r")
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(</dcterms:)")


def safe_text(value: object) -> object:
    """Return text a spreadsheet cannot run: formulas get an apostrophe, control characters go, numbers stay.

    Examples
    --------
    >>> safe_text("=1+1"), safe_text("High Street"), safe_text(-2.5)
    ("'=1+1", 'High Street', -2.5)
    """
    if not isinstance(value, str):
        return value
    said = readable(value)
    return f"'{said}" if said.startswith(_FORMULA_START) else said


def hotspots_csv(run: Run) -> bytes:
    """Return the ranked hotspots as CSV (UTF-8 with a byte order mark, so that Excel reads it right)."""
    frame = table(run.hotspots).map(safe_text)
    frame["marking"] = run.marking
    frame["is_synthetic"] = run.is_synthetic
    frame["licence"] = run.provenance.licence
    return frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def why_csv(run: Run) -> bytes:
    """Return each number behind each hotspot as CSV: how it comes about, and what would move it up or down (R7.12)."""
    frame = why(run).map(safe_text).assign(marking=run.marking, is_synthetic=run.is_synthetic)
    return frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def hotspots_xlsx(run: Run) -> bytes:
    """Return hotspots, why, the busiest 500 cells, repeat places, patrols, cameras and what they rest on as a workbook.

    The sheet Why works its numbers out afresh from the sheets of cells, months, kinds and places. Same run, same bytes:
    entries carry a fixed date and the workbook the run's own time.
    """
    facts = {
        "Hotspots": table(run.hotspots),
        "Cells": table(hotspot_cells(run, MAX_CELL_ROWS)),
        "Repeat places": table(run.repeat_locations),
        **reports_behind(run),
    }
    sheets = {
        "Hotspots": facts["Hotspots"],
        "Why": why_with_formulas(run, facts),
        **facts,
        "Patrols": table(run.patrols),
        "Cameras": table(run.cameras),
        "About": about_table(run),
    }
    return workbook(sheets, run.provenance.created)


def workbook(sheets: Mapping[str, pd.DataFrame], created: str) -> bytes:
    """Return tables as the sheets of a workbook; entries carry a fixed date and the workbook the time given."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, frame in sheets.items():
        _fill(book.create_sheet(title), frame)
    stream = io.BytesIO()
    book.save(stream)
    return _undated(stream.getvalue(), created)


def table(frame: pd.DataFrame, *, index: bool = True) -> pd.DataFrame:
    """Return a result frame as a plain table: index as the first column, no geometry, floats to 6 places."""
    flat = pd.DataFrame(frame.drop(columns="geometry", errors="ignore")).reset_index(drop=not index)
    floats = [name for name in flat.columns if pd.api.types.is_float_dtype(flat[name])]
    flat[floats] = flat[floats].round(6)
    return flat


def about_table(run: Run) -> pd.DataFrame:
    """Return what a reader of the tables must know: source, numbers, grade, seed, refusals, caveat (R7.11)."""
    stamp, quality = run.provenance, run.quality
    rows = [
        ("Title", f"{words.CLAIM}: {run.area.name}"),
        ("Marking", run.marking),
        *([("SYNTHETIC", words.SYNTHETIC)] if run.is_synthetic else []),
        ("Period", words.months_and_hours(run)),
        ("Categories", ", ".join(run.config.categories)),
        ("Records read", quality.n_read),
        ("Records used", quality.n_used),
        *[(f"Left out: {reason}", n) for reason, n in quality.dropped.items()],
        ("Data grade", quality.grade),
        *[(f"Finding ({f.severity}, {f.rule})", f.message) for f in quality.findings],
        *[(f"Refused: {refusal.analysis} ({refusal.rule})", refusal.reason) for refusal in run.refused],
        *[("Note", note) for note in run.notes],
        *[("How sure", line) for line in words.sureness(run)],
        ("H3 resolution", run.resolution),
        ("Sources", ", ".join(stamp.sources)),
        ("Fingerprint", stamp.fingerprint),
        *[(f"File of the setting {name}", said) for name, said in stamp.setting_files.items()],
        ("Seed", stamp.seed),
        ("Versions", ", ".join(f"{name} {number}" for name, number in stamp.versions.items())),
        ("Coordinate operation", stamp.coordinate_operation),
        ("Licence", stamp.licence),
        ("Caveat", words.CAVEAT),
        ("Created", stamp.created),
    ]
    return pd.DataFrame(rows, columns=["what", "value"], dtype=object)


def _fill(sheet: Worksheet, frame: pd.DataFrame) -> None:
    for column, name in enumerate(frame.columns, start=1):
        cell = sheet.cell(row=1, column=column, value=str(name))
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="12436D")
        cell.alignment = Alignment(vertical="top", wrap_text=True)
    for line, values in enumerate(frame.itertuples(index=False, name=None), start=2):
        for column, value in enumerate(values, start=1):
            _write(sheet, line, column, value)
    for column, name in enumerate(frame.columns, start=1):
        shown = [value for value in frame[name].head(200) if not isinstance(value, Formula)]
        longest = max([len(str(name)), *(len(str(value)) for value in shown)])
        sheet.column_dimensions[get_column_letter(column)].width = min(max(9, longest + 2), WIDEST)
    sheet.freeze_panes = "A2"
    _set_up_print(sheet, frame)
    if len(frame):
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(frame.columns))}{len(frame) + 1}"


def _set_up_print(sheet: Worksheet, frame: pd.DataFrame) -> None:
    """Print across, the heading on every page; to the width of the page where that can still be read."""
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.print_title_rows = "1:1"
    if sum(column.width for column in sheet.column_dimensions.values()) <= ONE_PAGE_WIDE:
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
        sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    elif "name" in frame.columns[:4]:
        sheet.print_title_cols = f"A:{get_column_letter(list(frame.columns).index('name') + 1)}"


def _write(sheet: Worksheet, line: int, column: int, value: Any) -> None:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return
    cell = sheet.cell(row=line, column=column)
    if isinstance(value, Formula):
        cell.value = value.text
    elif isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"  # openpyxl makes a formula of text that starts with "="
        cell.quotePrefix = True
        cell.alignment = Alignment(vertical="top", wrap_text=len(value) > WIDEST)
    else:
        cell.value = value.item() if isinstance(value, np.generic) else value


def _undated(content: bytes, created: str) -> bytes:
    """Return the workbook with fixed dates on its parts and the run's own time as its date."""
    moment = created[:19].encode() + b"Z"
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            part = old.read(entry)
            if entry.filename == "docProps/core.xml":
                part = _MODIFIED.sub(rb"\g<1>" + moment + rb"\g<2>", part)
            fixed = zipfile.ZipInfo(entry.filename, date_time=_ZIP_EPOCH)
            fixed.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(fixed, part)
    return stream.getvalue()
