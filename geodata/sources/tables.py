"""Text and workbooks as tables of text: encoding, delimiter, header; only the columns asked for are read."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from itertools import islice
from typing import Any

import openpyxl
import polars as pl

from geodata.errors import SourceError
from geodata.sources.files import Part, check_limits, list_members, open_archive

_DELIMITERS = ",\t;|"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_HEADER_ROWS = 20  # a workbook's header is looked for this far down, below any title


@dataclass(frozen=True)
class Table:
    """A header, and a way to read some of its columns as text (missing values are empty texts).

    ``select`` returns one row a record; lines that repeat the header are left out.
    """

    name: str
    file: str
    columns: tuple[str, ...]
    select: Callable[[Sequence[str]], pl.DataFrame]
    notes: tuple[str, ...] = ()


def plain(column: str) -> str:
    """Return a column name in lower case words joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", column.strip().lower()).strip("_")


def map_distinct(text: pl.Series, function: Callable[[str], str]) -> pl.Series:
    """Return `function` of each text; each distinct text is looked at once."""
    distinct = text.unique()
    new = pl.Series([function(value) for value in distinct], dtype=pl.String)
    return text.replace_strict(distinct, new, return_dtype=pl.String)


def open_table(part: Part) -> Table:
    """Return the table in a part.

    Raises
    ------
    SourceError
        If it is empty, binary, an old workbook, or cannot be taken apart into columns.
    """
    data = part.read()
    if data[:2] == b"PK":
        return _open_workbook(part, data)
    if data[:4] == _OLD_WORKBOOK:
        raise SourceError(f"{part.name} is an old (.xls) or password-locked Excel workbook; save it as .xlsx or CSV.")
    text, notes = to_utf8(data, part.name)
    text = text.lstrip(b"\r\n")
    if not text.strip():
        raise SourceError(f"{part.name} is empty; export it again.")
    if b"\n" not in text:
        text = text.replace(b"\r", b"\n")
    first_line = text.split(b"\n", 1)[0].decode("utf-8").rstrip("\r")
    delimiter = max(_DELIMITERS, key=first_line.count)
    columns = tuple(next(csv.reader([first_line], delimiter=delimiter)))
    return Table(part.name, part.file, columns, partial(_select_text, text, delimiter, columns, part.name), notes)


def to_utf8(data: bytes, name: str) -> tuple[bytes, tuple[str, ...]]:
    """Return text as UTF-8 without a byte-order mark, and a note when it was written in another encoding.

    Raises
    ------
    SourceError
        If the bytes are no text.
    """
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _recode(data, encoding, name), (f"{name} was written in UTF-16.",)
    start = data[:4096]
    if start[1::2].count(0) > 0.4 * len(start) and 0 not in start[::2]:
        return _recode(data, "utf-16-le", name), (f"{name} was written in UTF-16.",)
    if 0 in start:
        raise SourceError(f"{name} is not a text file or a workbook; give a CSV, TSV or XLSX file.")
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        note = f"{name} is not written in UTF-8; it was read as Windows text (cp1252)."
        return _recode(data, "cp1252", name), (note,)
    return data, ()


def _recode(data: bytes, encoding: str, name: str) -> bytes:
    try:
        return data.decode(encoding).encode("utf-8")
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{name} is not readable text (neither UTF-8 nor {encoding}, byte {error.start:,}); save it as CSV UTF-8."
        ) from error


def _select_text(
    text: bytes, delimiter: str, header: tuple[str, ...], name: str, wanted: Sequence[str]
) -> pl.DataFrame:
    # by position: header texts may repeat or be padded, positions never are
    positions = [header.index(column) for column in wanted]
    try:
        frame = pl.read_csv(
            text, separator=delimiter, columns=sorted(set(positions)), infer_schema=False, truncate_ragged_lines=True
        ).fill_null("")
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0][:160]
        raise SourceError(f"{name} cannot be taken apart into columns ({reason}); export it again as CSV.") from error
    by_position = dict(zip(sorted(set(positions)), frame.columns, strict=True))
    frame = frame.select(pl.col(by_position[i]).alias(c) for i, c in zip(positions, wanted, strict=True))
    return without_repeated_headers(frame)


def without_repeated_headers(frame: pl.DataFrame) -> pl.DataFrame:
    """Leave out lines that repeat the header, as files joined by hand have them."""
    if frame.is_empty() or not frame.columns:
        return frame
    return frame.filter(~pl.all_horizontal(pl.col(c).str.strip_chars() == c.strip() for c in frame.columns))


def _open_workbook(part: Part, data: bytes) -> Table:
    with open_archive(io.BytesIO(data), part.name) as archive:
        check_limits(list_members(archive, part.name), part.name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl remarks on styles it does not know; they carry no data
            rows, note = _first_table(openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True))
    except Exception as error:  # openpyxl raises many kinds; the user needs one sentence
        raise SourceError(f"{part.name} could not be read as an Excel workbook ({error}); save it again.") from error
    if not rows:
        raise SourceError(f"{part.name} is empty: none of its sheets holds a table.")
    columns = tuple(rows[0])
    return Table(part.name, part.file, columns, partial(_select_rows, rows, columns), note)


def _first_table(book: Any) -> tuple[list[list[str]], tuple[str, ...]]:
    """Return the rows of the widest-headed sheet from its header on."""
    sheets: dict[str, list[list[str]]] = {}
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # some exporters state one cell only
        rows = [[_cell_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
        sheets[sheet.title] = [row for row in rows if any(row)]
    title = max(sheets, key=lambda name: max((_filled(row) for row in sheets[name][:_HEADER_ROWS]), default=0))
    rows = sheets[title]
    if not rows:
        return [], ()
    header = max(range(min(_HEADER_ROWS, len(rows))), key=lambda i: (_filled(rows[i]), -i))
    others = [name for name, found in sheets.items() if found and name != title]
    note = (f"Sheet '{title}' was read; ignored: {', '.join(others)}.",) if others else ()
    return rows[header:], note


def _filled(row: list[str]) -> int:
    return sum(bool(cell) for cell in row)


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _select_rows(rows: list[list[str]], header: tuple[str, ...], wanted: Sequence[str]) -> pl.DataFrame:
    positions = {column: header.index(column) for column in wanted}
    columns = {c: [row[i] if i < len(row) else "" for row in islice(rows, 1, None)] for c, i in positions.items()}
    return without_repeated_headers(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)))
