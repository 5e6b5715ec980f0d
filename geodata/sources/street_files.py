"""Many clean police.uk street files at once: every field parsed once, straight to its type, repeated texts kept once.

This is `police_uk.read_table` for the usual case. Whatever is unusual about a file (other columns, another encoding,
coordinates outside the country, dates that are no months) is left to that slower reader, which knows what to say.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from geodata.categories import slug
from geodata.schema import RECORDS, check
from geodata.sources.files import Part
from geodata.sources.intake import DUPLICATE, IDENTITY, NO_DATE, Intake, one_copy_per_crime_id
from geodata.sources.tables import plain
from geodata.sources.times import localise

_FIELDS: Final = {
    "crime_id": "crime_id", "month": "month", "longitude": "longitude", "latitude": "latitude",
    "location": "location", "category": "crime_type", "lsoa_code": "lsoa_code",
}  # fmt: skip
_OUTCOME: Final = {"outcome": "last_outcome_category"}
_REPEATED: Final = ("month", "location", "category", "lsoa_code", "outcome")
_PROOF: Final = ("reported_by", "falls_within")
_COUNTRY: Final = (-9.0, 49.0, 2.6, 61.5)  # degrees around the United Kingdom
_PLACE: Final = ("longitude", "latitude")
_WORKERS: Final = 2  # one parses while another's columns are kept; polars spreads each over all processors
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
_MONTH: Final = re.compile(r"(?:199\d|20\d\d)-(?:0[1-9]|1[0-2])")
_CHECKED_ROWS: Final = 1_000

Codes = NDArray[np.integer[Any]]


@dataclass
class _Gathered:
    """Columns of the files read so far, one array a file; texts that repeat as codes into dictionaries all files share.

    Columns leave it one by one as the table is put together, so that memory holds hardly more than the table.
    """

    types: dict[str, Any]
    sources: list[str] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    months: list[int] = field(default_factory=list)  # the code of the file's only month, or -1
    arrays: dict[str, list[Any]] = field(default_factory=dict)
    dictionaries: dict[str, list[pl.DataFrame]] = field(default_factory=dict)

    def add(self, name: str, array: Any) -> None:
        """Keep a file's part of one column."""
        self.arrays.setdefault(name, []).append(array)

    def take(self, name: str) -> NDArray[Any]:
        """Return a whole column, which leaves."""
        whole: NDArray[Any] = np.concatenate(self.arrays.pop(name))
        return whole

    def texts(self, name: str) -> list[str]:
        """Return the text of each code of a column; codes no file uses have an empty text."""
        known = pl.concat(self.dictionaries[name]).unique()
        texts = [""] * (max(known["code"].to_list(), default=0) + 1)
        for code, text in known.iter_rows():
            texts[code] = text
        return texts


def read_street_files(
    parts: Sequence[Part], timezone: str, notes: Iterable[str] = (), *, outcomes: bool = False
) -> Intake | None:
    """Return the records of clean police.uk street files, or None when any of them is not clean.

    The result is that of reading them one by one, with texts that repeat as categoricals.

    Parameters
    ----------
    parts : sequence of Part
        Files named ``...-street.csv``.
    timezone : str
        Zone of month boundaries.
    outcomes : bool
        Whether to keep the last outcome category.
    """
    if not parts or not all(part.name.lower().endswith("-street.csv") for part in parts):
        return None
    wanted = _FIELDS | (_OUTCOME if outcomes else {})
    gathered = _Gathered({name: pl.Categorical(pl.Categories.random()) for name in _REPEATED if name in wanted})
    # polars forgets a dictionary as soon as no column uses it, and would give its codes out again
    anchors = [pl.Series([""], dtype=kind) for kind in gathered.types.values()]
    with ThreadPoolExecutor(_WORKERS) as workers:
        parsed = workers.map(partial(_parse, wanted=wanted, types=gathered.types), parts)
        try:
            for part, columns in zip(parts, parsed, strict=True):
                _gather(part.name, columns, gathered)
        except (pl.exceptions.PolarsError, _UnusualError):
            workers.shutdown(cancel_futures=True)
            return None
    anchors.clear()
    return _intake(parts, gathered, timezone, tuple(notes)) if sum(gathered.lengths) else None


class _UnusualError(Exception):
    """A file that the slower reader must look at."""


def _parse(part: Part, *, wanted: Mapping[str, str], types: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file's columns under their canonical names, with a key of its Crime IDs; runs beside others.

    Raises
    ------
    _UnusualError, polars errors
        If its header, numbers or places are unusual.
    """
    source, head = _source(part)
    by_name = _columns(head)
    kinds = {by_name[column]: _kind(name, types) for name, column in wanted.items()}
    scan = pl.scan_csv(source, schema_overrides=kinds, truncate_ragged_lines=True)
    columns = {name: pl.col(by_name[column]) for name, column in wanted.items()}
    filled = {name: c if name in _PLACE else c.fill_null("") for name, c in columns.items()}
    frame = scan.select(**filled).with_columns(key=pl.col("crime_id").hash(), has_id=pl.col("crime_id") != "").collect()
    if not _is_usual_place(frame["longitude"], frame["latitude"]):
        raise _UnusualError
    return {
        **{name: _narrow(frame[name].to_physical().to_numpy()) for name in types},
        **{name: frame[name].fill_null(np.nan).to_numpy() for name in _PLACE},
        "dictionaries": {name: _dictionary(frame[name]) for name in types},
        "key": frame["key"].to_numpy(), "has_id": frame["has_id"].to_numpy(),
        "crime_id": frame["crime_id"].to_arrow(),
    }  # fmt: skip


def _kind(name: str, types: Mapping[str, Any]) -> Any:
    return types.get(name, pl.String if name == "crime_id" else pl.Float64)


def _source(part: Part) -> tuple[Any, bytes]:
    """Return what polars reads, and its first bytes."""
    if part.path is not None and part.path.name == part.name:
        with part.path.open("rb") as stream:
            return part.path, stream.read(2000)
    data = part.read()
    return io.BytesIO(data), data[:2000]


def _columns(head: bytes) -> dict[str, str]:
    """Return plain name -> column of an ordinary header."""
    line, end, _ = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")
    try:
        header = line.decode("utf-8").rstrip("\r").split(",")
    except UnicodeDecodeError as error:
        raise _UnusualError from error
    by_name = {plain(column): column for column in header}
    needed = {*_FIELDS.values(), *_OUTCOME.values()}
    is_usual = bool(end) and len(by_name) == len(header) and needed <= by_name.keys() and b'"' not in line
    if not is_usual or not by_name.keys() & set(_PROOF):
        raise _UnusualError
    return by_name


def _dictionary(column: pl.Series) -> pl.DataFrame:
    held = column.unique()
    return pl.DataFrame({"code": held.to_physical(), "text": held.cast(pl.String)})


def _narrow(codes: Codes) -> Codes:
    return codes.astype(np.min_scalar_type(codes.max(initial=0)), copy=False)


def _gather(name: str, columns: Mapping[str, Any], gathered: _Gathered) -> None:
    """Keep a file's columns."""
    month = columns["month"]
    key = columns["key"] + month.astype(np.uint64) * _ODD  # the same Crime ID in another month is no copy
    gathered.add("key", np.where(columns["has_id"], key, 0))
    for column in ("crime_id", *_PLACE, *gathered.types):
        gathered.add(column, columns[column])
    for column, dictionary in columns["dictionaries"].items():
        gathered.dictionaries.setdefault(column, []).append(dictionary)
    gathered.sources.append(name)
    gathered.lengths.append(len(key))
    gathered.months.append(int(month[0]) if len(month) and (month == month[0]).all() else -1)


def _is_usual_place(x: pl.Series, y: pl.Series) -> bool:
    if not (x.is_null() == y.is_null()).all():
        return False
    west, south, east, north = _COUNTRY
    in_country = x.is_between(west, east) & y.is_between(south, north)
    return bool(in_country.drop_nulls().all()) and not bool(x.is_nan().any() or y.is_nan().any())


def _intake(parts: Sequence[Part], gathered: _Gathered, timezone: str, notes: tuple[str, ...]) -> Intake | None:
    """Return the intake, or None when some months are no months."""
    n_read = sum(gathered.lengths)
    if not all(_MONTH.fullmatch(text) for held in gathered.dictionaries["month"] for text in held["text"]):
        return None
    months = _months(gathered.texts("month"), timezone)
    lost, duplicate_ids, conflicting_ids = _surplus_copies(gathered, months)
    keep = np.ones(n_read, dtype=bool)
    keep[lost] = False
    matched = _matched(parts[0], gathered.types)
    records = _records(gathered, months, keep if len(lost) else None)
    check(records.head(_CHECKED_ROWS), RECORDS)  # the rest is made of the same dictionaries and tested numbers
    return Intake(
        records=records,
        n_read=n_read,
        files=tuple(sorted({part.file for part in parts})),
        kind="police_uk",
        matched=matched,
        notes=notes,
        duplicate_ids=duplicate_ids,
        conflicting_ids=conflicting_ids,
        dropped={DUPLICATE: len(lost), NO_DATE: 0},
        is_synthetic=False,
    )


def _matched(part: Part, held: Iterable[str]) -> dict[str, str]:
    by_name = _columns(_source(part)[1])
    fields = _FIELDS | (_OUTCOME if "outcome" in held else {})
    return {name: by_name[column] for name, column in fields.items()}


def _months(texts: Sequence[str], timezone: str) -> pl.DataFrame:
    """Return ``month``, ``occurred_from`` and ``occurred_to`` of each code."""
    days = pl.Series([f"{text}-01" if _MONTH.fullmatch(text) else None for text in texts], dtype=pl.String)
    first = days.str.to_datetime("%Y-%m-%d", time_unit="us")
    return pl.DataFrame({"month": first}).with_columns(
        occurred_from=localise(pl.col("month"), timezone),
        occurred_to=localise(pl.col("month").dt.offset_by("1mo"), timezone),
    )


def _surplus_copies(gathered: _Gathered, months: pl.DataFrame) -> tuple[NDArray[np.int64], int, int]:
    """Return the rows to leave out as copies of a record, and how many Crime IDs have copies and conflicts.

    Keys of 64 bits only find candidates; whether they are copies is decided by the Crime IDs themselves. Copies share
    their month, so when every file holds one month, months are looked at one by one.
    """
    starts = np.cumsum([0, *gathered.lengths])
    keys = gathered.arrays.pop("key")
    is_by_month = -1 not in gathered.months
    found = [np.empty(0, dtype=np.int64)]
    for month in sorted(set(gathered.months)) if is_by_month else [None]:
        files = [i for i, held in enumerate(gathered.months) if month is None or held == month]
        key = pl.Series(np.concatenate([keys[i] for i in files]))
        candidates = (key.is_duplicated() & (key != 0)).arg_true().to_numpy()
        if len(candidates):
            rows = np.concatenate([np.arange(starts[i], starts[i + 1]) for i in files])
            found.append(rows[candidates])
    rows = np.sort(np.concatenate(found))
    if not len(rows):
        return rows, 0, 0
    kept, duplicates, conflicts = one_copy_per_crime_id(_rows(gathered, rows, starts, months), IDENTITY["police_uk"])
    return np.setdiff1d(rows, kept["at"].to_numpy()), duplicates, conflicts


def _rows(
    gathered: _Gathered, rows: NDArray[np.int64], starts: NDArray[np.int64], months: pl.DataFrame
) -> pl.DataFrame:
    """Return a few rows as text and numbers."""
    which = np.searchsorted(starts, rows, side="right") - 1
    texts = {name: gathered.texts(name) for name in ("category", "location")}
    parts = []
    for i in np.unique(which):
        here = rows[which == i] - starts[i]
        column = {name: arrays[i] for name, arrays in gathered.arrays.items()}
        text = {name: [known[code] for code in column[name][here]] for name, known in texts.items()}
        month = months[column["month"][here].astype(np.int64)]
        parts.append(pl.DataFrame({
            "at": here + starts[i], "longitude": column["longitude"][here], "latitude": column["latitude"][here],
            "crime_id": pl.Series(column["crime_id"].take(pa.array(here)).to_pylist(), dtype=pl.String),
            "category": [slug(name) for name in text["category"]], "location": text["location"],
            "occurred_from": month["occurred_from"], "occurred_to": month["occurred_to"],
        }).with_columns(pl.col("longitude", "latitude").fill_nan(None), heading=pl.lit("")))  # fmt: skip
    return pl.concat(parts)


def _records(gathered: _Gathered, months: pl.DataFrame, keep: NDArray[np.bool_] | None) -> pd.DataFrame:
    """Return RECORDS, put together column by column."""

    def column(name: str) -> NDArray[Any]:
        whole = gathered.take(name)
        return whole if keep is None else whole[keep]

    def text(name: str, name_of: Callable[[str], str] = str) -> pd.Categorical:
        return _categorical(gathered.texts(name), column(name), name_of)

    chunks = pa.chunked_array(gathered.arrays.pop("crime_id"), type=pa.large_string())
    crime_id = pd.array(chunks if keep is None else chunks.filter(pa.array(keep)), dtype="str")
    n = len(crime_id)
    del chunks
    month = column("month").astype(np.int64)
    sources, source_codes = np.unique(gathered.sources, return_inverse=True)
    of_rows = np.repeat(source_codes.astype(np.min_scalar_type(len(sources))), gathered.lengths)
    columns: dict[str, Any] = {
        "longitude": column("longitude"), "latitude": column("latitude"), "category": text("category", slug),
        **{name: months[name].to_pandas().array.take(month) for name in months.columns},
        "time_precision": _constant("month", n), "location_precision": _constant("snap_point", n),
        "location": text("location"), "place_id": _constant("", n), "crime_id": crime_id,
        "qualifier": _constant("", n), "origin": _constant("unknown", n),
        "source": _categorical(sources.tolist(), of_rows if keep is None else of_rows[keep]),
        "heading": _constant("", n),
        **{name: text(name) for name in ("lsoa_code", "outcome") if name in gathered.types},
    }  # fmt: skip
    return pd.DataFrame(columns, index=pd.RangeIndex(n, name="incident_id"), copy=False)


def _categorical(texts: Sequence[str], codes: Codes, name_of: Callable[[str], str] = str) -> pd.Categorical:
    """Return codes as a categorical of sorted distinct texts: the order files were parsed in must not show."""
    used = np.zeros(len(texts), dtype=bool)
    used[codes] = True
    names = np.array([name_of(text) for text, is_used in zip(texts, used, strict=True) if is_used], dtype=object)
    distinct, place = np.unique(names.astype(str), return_inverse=True)
    dense = np.zeros(len(texts), dtype=np.min_scalar_type(-max(len(distinct), 1)))
    dense[used] = place
    return pd.Categorical.from_codes(dense[codes], categories=pd.Index(distinct.astype(object), dtype="str"))


def _constant(text: str, n: int) -> pd.Categorical:
    return pd.Categorical.from_codes(np.zeros(n, dtype=np.int8), categories=pd.Index([text], dtype="str"))
