"""Spreadsheets (XLSX, XLSB, XLS, ODS): the sheet of incidents, and every sheet that shares its columns."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import islice
from typing import Any, Final

import polars as pl
from python_calamine import CalamineWorkbook

from geodata.errors import SourceError
from geodata.sources.columns import header_row, looks_like_incidents, n_known
from geodata.sources.files import Part, check_limits, list_members, open_archive
from geodata.sources.refusing import one_sentence
from geodata.sources.tables import Table, plain

_HEADER_ROWS: Final = 20  # a workbook's header is looked for this far down, below any title
_MAX_CELLS: Final = 200_000_000  # the box from the first to the last filled cell; the largest sheet of a log has 30 m
_CELL: Final = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"')


def open_workbook(part: Part, data: bytes) -> Table:
    """Return the table of a workbook.

    Raises
    ------
    SourceError
        If it is locked, damaged, empty, or breaks a limit.
    """
    if data[:2] == b"PK":
        _refuse_oversized(part, data)
    with one_sentence(f"{part.name} could not be read as a workbook, it is damaged or locked", "save it again"):
        sheets = _sheets(CalamineWorkbook.from_filelike(io.BytesIO(data)))
    rows, notes = _table(sheets)
    if not rows:
        raise SourceError(f"{part.name} is empty: none of its sheets holds a table.")
    columns = tuple(rows[0])
    return Table(part.name, part.file, columns, partial(_select, rows, columns), notes)


def _refuse_oversized(part: Part, data: bytes) -> None:
    """Refuse a packed workbook that would fill memory: by its size, or by cells at the far ends of a sheet."""
    with open_archive(io.BytesIO(data), part.name) as archive:
        members = list_members(archive, part.name)
        check_limits(members, part.name)
        for member in members:
            if not re.fullmatch(r"xl/worksheets/[^/]+\.xml", member.filename):
                continue
            with one_sentence(f"{part.name} could not be read as a workbook", "save it again"):
                cells = _CELL.findall(archive.read(member))
            height = max((int(row) for _, row in cells), default=0)
            width = max((_column_number(letters) for letters, _ in cells), default=0)
            if height * width > _MAX_CELLS:
                raise SourceError(
                    f"{part.name} was refused: a sheet runs over {height:,} rows and {width:,} columns; delete the "
                    "stray cells at its far end, or save the table as CSV."
                )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _sheets(book: Any) -> dict[str, list[list[str]]]:
    """Return the filled rows of each sheet as text."""
    sheets = {}
    for title in book.sheet_names:
        rows = book.get_sheet_by_name(title).to_python(skip_empty_area=True)
        timed = {i for row in rows for i, value in enumerate(row) if isinstance(value, datetime)}
        texts = ([_cell_text(value, is_timed=i in timed) for i, value in enumerate(row)] for row in rows)
        sheets[title] = [row for row in texts if any(row)]
    return sheets


def _table(sheets: dict[str, list[list[str]]]) -> tuple[list[list[str]], tuple[str, ...]]:
    """Return the rows of the sheet of incidents from its header on; sheets with the same columns follow it.

    It is the sheet whose header holds a place and a date, most known names, and the widest of those.
    """
    headed = {title: rows[_header_row(rows) :] for title, rows in sheets.items() if rows}
    if not headed:
        return [], ()
    best = max(headed, key=lambda title: _fitness(headed[title][0]))
    header = _names(headed[best][0])
    same = [title for title in headed if title != best and sorted(_names(headed[title][0])) == sorted(header)]
    others = [title for title in headed if title != best and title not in same]
    rows = headed[best] + [row for title in same for row in _in_order(headed[title], header)]
    read = f"Sheet '{best}' was read" + (f" with {', '.join(same)}, which have the same header" if same else "")
    notes = (f"{read}; ignored: {', '.join(others)}.",) if others else (f"{read}.",) if same else ()
    return rows, notes


def _fitness(header: list[str]) -> tuple[bool, int, int]:
    return looks_like_incidents(header), n_known(header), _filled(header)


def _header_row(rows: list[list[str]]) -> int:
    told = header_row(rows[:_HEADER_ROWS])
    if told is not None:
        return told
    return max(range(min(_HEADER_ROWS, len(rows))), key=lambda i: (_filled(rows[i]), -i))


def _names(row: list[str]) -> list[str]:
    """Return the names of a header in plain words, without the empty cells at its end."""
    return [plain(cell) for cell in _stripped(row)]


def _in_order(rows: list[list[str]], header: list[str]) -> list[list[str]]:
    """Return the rows below a header with their cells in the order of another header of the same names."""
    names = _names(rows[0])
    if names == header:
        return rows[1:]
    positions = [names.index(name) for name in header]
    return [[row[i] if i < len(row) else "" for i in positions] for row in rows[1:]]


def _filled(row: list[str]) -> int:
    return sum(bool(cell) for cell in row)


def _stripped(row: list[str]) -> list[str]:
    """Return a header without the empty cells at its end."""
    end = max((i + 1 for i, cell in enumerate(row) if cell), default=0)
    return row[:end]


def _cell_text(value: object, *, is_timed: bool = False) -> str:
    """Return a cell as text; midnight, which a cell holds as a bare date, is written out in a column of times."""
    if value is None:
        return ""
    if is_timed and isinstance(value, date) and not isinstance(value, datetime):
        return f"{value.isoformat()}T00:00:00"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):  # a time of day typed into a cell without a date
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _select(rows: list[list[str]], header: tuple[str, ...], wanted: Sequence[str]) -> pl.DataFrame:
    positions = {column: header.index(column) for column in wanted}
    columns = {c: [row[i] if i < len(row) else "" for row in islice(rows, 1, None)] for c, i in positions.items()}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
