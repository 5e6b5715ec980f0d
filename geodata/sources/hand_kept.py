"""Small hand-kept tables (cameras, visits): read as text, columns found by name, every problem in one sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from geodata.errors import SourceError
from geodata.sources.files import Part
from geodata.sources.opening import open_table
from geodata.sources.tables import Table, read_columns

Synonyms = Mapping[str, Sequence[str]]


def read_table(path: str | Path, *, what: str, columns: Synonyms, required: Sequence[str]) -> pd.DataFrame:
    """Read a CSV or XLSX table as text, with its columns under their canonical names.

    Parameters
    ----------
    path : path
        A CSV or XLSX file with one header line.
    what : str
        What the table is, for messages, e.g. ``"cameras"``.
    columns : mapping of str to sequence of str
        Canonical name -> other names it goes by; case, spaces and underscores do not matter.
    required : sequence of str
        Canonical names that must be there.

    Returns
    -------
    DataFrame
        Columns of `columns` that were found, as stripped text; index is the line in the file (header = 1).

    Raises
    ------
    SourceError
        If the file is missing, unreadable or empty, or a required column is not there.
    """
    path = Path(path)
    table = _open(path, what)
    given = {_plain(name): name for name in reversed(table.columns)}
    found = {}
    for canonical, others in columns.items():
        match = next((given[_plain(name)] for name in (canonical, *others) if _plain(name) in given), None)
        if match is not None:
            found[canonical] = match
    missing = [name for name in required if name not in found]
    if missing:
        raise SourceError(
            f"{path.name}: the {what} table has no column {', '.join(missing)}; its columns are: "
            f"{', '.join(table.columns)}."
        )
    cells, _ = read_columns(table, list(found.values()))
    clean = pd.DataFrame({name: cells[column].str.strip_chars().to_list() for name, column in found.items()}, dtype=str)
    clean.index = pd.RangeIndex(2, len(clean) + 2, name="line")
    return clean.loc[(clean != "").any(axis=1)]


def numbers(table: pd.DataFrame, column: str, *, path: str | Path, low: float, high: float) -> pd.Series:
    """Return a text column as numbers within `low` to `high`.

    Raises
    ------
    SourceError
        If a value is not a number or lies outside; the message says how many and where the first one is.
    """
    values = pd.to_numeric(table[column], errors="coerce")
    bad = values.isna() | (values < low) | (values > high)
    if bad.any():
        line, first = next(iter(table.loc[bad, column].items()))
        raise SourceError(
            f"{Path(path).name}: {int(bad.sum())} of {len(table)} values of {column} are not a number from {low:g} to "
            f"{high:g} (first on line {line}: {first!r}); correct them."
        )
    return values.astype(float)


def _open(path: Path, what: str) -> Table:
    if not path.is_file():
        raise SourceError(f"There is no {what} file at {path}.")
    return open_table(Part(path.name, path.name, path.stat().st_size, path.read_bytes, is_explicit=True))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
