"""Tables of text: encoding, delimiter, header; only the columns asked for are read."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl

from geodata.errors import SourceError
from geodata.sources.files import Part

_DELIMITERS = ",\t;|"
_HEADER_LINES = 20  # a header is looked for this far down, below any title
_START_BYTES = 1_000_000
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True)
class Table:
    """A header, and a way to read some of its columns as text (missing values are empty texts).

    ``select`` returns one row a line; read through `read_columns`, which leaves out lines that repeat the header.
    """

    name: str
    file: str
    columns: tuple[str, ...]
    select: Callable[[Sequence[str]], pl.DataFrame]
    notes: tuple[str, ...] = ()


def plain(column: str) -> str:
    """Return a column name in lower case words joined by underscores; "CallerName" is two words."""
    return re.sub(r"[^a-z0-9]+", "_", _CAMEL.sub(" ", column).lower()).strip("_")


def map_distinct(text: pl.Series, function: Callable[[str], str]) -> pl.Series:
    """Return `function` of each text; each distinct text is looked at once."""
    distinct = text.unique()
    new = pl.Series([function(value) for value in distinct], dtype=pl.String)
    return text.replace_strict(distinct, new, return_dtype=pl.String)


def open_text(
    part: Part, data: bytes, header_row: Callable[[Sequence[Sequence[str]]], int | None] = lambda _: 0
) -> Table:
    """Return the table in a text file: CSV, TSV, or with semicolons or bars.

    Parameters
    ----------
    part, data
        The file and its bytes.
    header_row : callable
        Which of the first lines, taken apart, is the header; None or 0 for the first.

    Raises
    ------
    SourceError
        If it is empty, binary, or cannot be taken apart into columns.
    """
    text, notes = to_utf8(data, part.name)
    text = text.lstrip(b"\r\n")
    if not text.strip():
        raise SourceError(f"{part.name} is empty; export it again.")
    if b"\n" not in text:
        text = text.replace(b"\r", b"\n")
    rows = [_apart(line) for line in text[:_START_BYTES].split(b"\n")[:_HEADER_LINES]]
    n_above = header_row([row for _, row in rows]) or 0
    if n_above:
        text = text.split(b"\n", n_above)[n_above]
        notes += (f"{part.name}: lines above the header, which were skipped: {n_above}.",)
    delimiter, columns = rows[n_above]
    notes += _too_long(text, delimiter, len(columns), part.name)
    return Table(part.name, part.file, columns, partial(_select_text, text, delimiter, columns, part.name), notes)


def _apart(line: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the delimiter of a line and its fields."""
    written = line.decode("utf-8", errors="replace").rstrip("\r")
    delimiter = max(_DELIMITERS, key=written.count)
    try:
        return delimiter, tuple(next(csv.reader([written], delimiter=delimiter), [""]))
    except csv.Error:  # a field of a hundred thousand letters, or a stray carriage return: no header
        return delimiter, (written,)


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
    frame = _read(text, delimiter, sorted(set(positions)), name)
    by_position = dict(zip(sorted(set(positions)), frame.columns, strict=True))
    return frame.select(pl.col(by_position[i]).alias(c) for i, c in zip(positions, wanted, strict=True))


def _read(text: bytes, delimiter: str, positions: Sequence[int], name: str) -> pl.DataFrame:
    try:
        return pl.read_csv(
            text, separator=delimiter, columns=list(positions), infer_schema=False, truncate_ragged_lines=True
        ).fill_null("")
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0][:160]
        raise SourceError(f"{name} cannot be taken apart into columns ({reason}); export it again as CSV.") from error


def _too_long(text: bytes, delimiter: str, n_columns: int, name: str) -> tuple[str, ...]:
    """Say how many rows have more fields than the header: read one column more, which should be empty."""
    header, line_end, rows = text.partition(b"\n")
    if not rows.strip():
        return ()
    wider = header.rstrip(b"\r") + delimiter.encode() + b"beyond" + line_end + rows
    n = int((_read(wider, delimiter, [n_columns], name).to_series().str.strip_chars() != "").sum())
    if not n:
        return ()
    return (
        f"{name}: rows with more fields than the header: {n:,}, as commas in texts without quotes give; their values "
        "may stand in the wrong columns: export texts in quotes.",
    )


def read_columns(table: Table, wanted: Sequence[str]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return columns of a table without the lines that repeat its header, as files joined by hand have them.

    Returns
    -------
    frame : DataFrame of str
    notes : tuple of str
        How many such lines there were, if any.
    """
    frame = table.select(wanted)
    if frame.is_empty() or not frame.columns:
        return frame, ()
    kept = frame.filter(~pl.all_horizontal(pl.col(c).str.strip_chars() == c.strip() for c in frame.columns))
    n = frame.height - kept.height
    note = f"{table.name}: lines that repeat the header, as after joining files by hand: {n:,}; they were skipped."
    return kept, (note,) if n else ()
