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
from numpy.typing import NDArray

from geodata.categories import slug
from geodata.schema import RECORDS, check
from geodata.sources.files import Part
from geodata.sources.intake import DUPLICATE, IDENTITY, NO_DATE, Intake, identity_number, one_copy_per_crime_id
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
    """Columns of the files read so far, one array a file; texts that repeat as codes into categories all files share.

    Columns leave it one by one as the table is put together, so that memory holds hardly more than the table.
    """

    categories: dict[str, pl.Categories]
    anchors: list[pl.Series]  # polars forgets categories as soon as no column uses them
    sources: list[str] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    months: list[int] = field(default_factory=list)  # the code of the file's only month, or -1
    arrays: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, name: str, array: Any) -> None:
        """Keep a file's part of one column."""
        self.arrays.setdefault(name, []).append(array)

    def take(self, name: str) -> NDArray[Any]:
        """Return a whole column, which leaves."""
        whole: NDArray[Any] = np.concatenate(self.arrays.pop(name))
        return whole

    def texts(self, name: str) -> list[str]:
        """Return the text of each code of a column."""
        return self.categories[name].to_series().to_list()


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
    categories = {str(name): pl.Categories.random() for name in _REPEATED if name in wanted}
    types = {name: pl.Categorical(held) for name, held in categories.items()}
    gathered = _Gathered(categories, [pl.Series([""], dtype=kind) for kind in types.values()])
    with ThreadPoolExecutor(_WORKERS) as workers:
        parsed = workers.map(partial(_parse, wanted=wanted, types=types), parts)
        try:
            for part, columns in zip(parts, parsed, strict=True):
                _gather(part.name, columns, gathered)
        except (pl.exceptions.PolarsError, _UnusualError):
            workers.shutdown(cancel_futures=True)
            return None
    return _intake(parts, gathered, timezone, tuple(notes)) if sum(gathered.lengths) else None


class _UnusualError(Exception):
    """A file that the slower reader must look at."""


def _parse(part: Part, *, wanted: Mapping[str, str], types: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file's columns under their canonical names; runs beside others.

    Raises
    ------
    _UnusualError, polars errors
        If its header, numbers, Crime IDs or places are unusual.
    """
    source, head = _source(part)
    by_name = _columns(head)
    kinds = {by_name[column]: _kind(name, types) for name, column in wanted.items()}
    columns = {name: pl.col(by_name[column]) for name, column in wanted.items()}
    columns = {name: column if name in _PLACE else column.fill_null("") for name, column in columns.items()}
    has_id = columns["crime_id"].str.len_bytes() > 0
    columns["crime_id"] = identity_number(columns["crime_id"]).fill_null(0)
    scan = pl.scan_csv(source, schema_overrides=kinds, truncate_ragged_lines=True)
    frame = scan.select(**columns, has_id=has_id).collect()
    if not (frame["has_id"] == (frame["crime_id"] > 0)).all():
        raise _UnusualError
    if not _is_usual_place(frame["longitude"], frame["latitude"]):
        raise _UnusualError
    return {
        **{name: _narrow(frame[name].to_physical().to_numpy()) for name in types},
        **{name: frame[name].fill_null(np.nan).to_numpy() for name in _PLACE},
        "crime_id": frame["crime_id"].to_numpy(),
    }


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


def _narrow(codes: Codes) -> Codes:
    return codes.astype(np.min_scalar_type(codes.max(initial=0)), copy=False)


def _gather(name: str, columns: Mapping[str, Any], gathered: _Gathered) -> None:
    """Keep a file's columns."""
    month = columns["month"]
    for column, array in columns.items():
        gathered.add(column, array)
    gathered.sources.append(name)
    gathered.lengths.append(len(month))
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
    months = _months(gathered.texts("month"), timezone)
    if not all(months["month"][codes].is_not_null().all() for codes in _month_codes(gathered)):
        return None
    lost, duplicate_ids, conflicting_ids = _surplus_copies(parts, gathered, months)
    keep = np.ones(n_read, dtype=bool)
    keep[lost] = False
    matched = _matched(parts[0], gathered.categories)
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


def _month_codes(gathered: _Gathered) -> list[Codes]:
    """Return the codes of each file's months, one code where a file holds one month."""
    pairs = zip(gathered.months, gathered.arrays["month"], strict=True)
    return [codes.astype(np.int64) if month < 0 else np.array([month]) for month, codes in pairs if len(codes)]


def _surplus_copies(
    parts: Sequence[Part], gathered: _Gathered, months: pl.DataFrame
) -> tuple[NDArray[np.int64], int, int]:
    """Return the rows to leave out as copies of a record, and how many Crime IDs have copies and conflicts.

    The numbers of Crime IDs only find candidates; whether they are copies is decided by the IDs themselves, read again.
    Copies share their month, so when every file holds one month, months are looked at one by one.
    """
    starts = np.cumsum([0, *gathered.lengths])
    is_by_month = -1 not in gathered.months
    found = [np.empty(0, dtype=np.int64)]
    for month in sorted(set(gathered.months)) if is_by_month else [None]:
        files = [i for i, held in enumerate(gathered.months) if month is None or held == month]
        number = np.concatenate([gathered.arrays["crime_id"][i] for i in files])
        has_id = np.flatnonzero(number)
        key = number[has_id]
        if not is_by_month:  # the same Crime ID in another month is no copy
            key = key + np.concatenate(gathered.arrays["month"])[has_id].astype(np.uint64) * _ODD
        known = pl.Series(key)
        if known.n_unique() < len(known):
            rows = np.concatenate([np.arange(starts[i], starts[i + 1]) for i in files])
            found.append(rows[has_id[known.is_duplicated().to_numpy()]])
    rows = np.sort(np.concatenate(found))
    if not len(rows):
        return rows, 0, 0
    candidates = _rows(parts, gathered, rows, starts, months)
    kept, duplicates, conflicts = one_copy_per_crime_id(candidates, IDENTITY["police_uk"])
    return np.setdiff1d(rows, kept["at"].to_numpy()), duplicates, conflicts


def _rows(
    parts: Sequence[Part],
    gathered: _Gathered,
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    months: pl.DataFrame,
) -> pl.DataFrame:
    """Return a few rows as text and numbers."""
    which = np.searchsorted(starts, rows, side="right") - 1
    texts = {name: gathered.texts(name) for name in ("category", "location")}
    found = []
    for i in np.unique(which):
        here = rows[which == i] - starts[i]
        column = {name: arrays[i] for name, arrays in gathered.arrays.items()}
        text = {name: [known[code] for code in column[name][here]] for name, known in texts.items()}
        month = months[column["month"][here].astype(np.int64)]
        found.append(pl.DataFrame({
            "at": here + starts[i], "longitude": column["longitude"][here], "latitude": column["latitude"][here],
            "crime_id": _crime_ids(parts[i])[here],
            "category": [slug(name) for name in text["category"]], "location": text["location"],
            "occurred_from": month["occurred_from"], "occurred_to": month["occurred_to"],
        }).with_columns(pl.col("longitude", "latitude").fill_nan(None), heading=pl.lit("")))  # fmt: skip
    return pl.concat(found)


def _crime_ids(part: Part) -> pl.Series:
    """Return a file's Crime IDs as text."""
    source, head = _source(part)
    column = _columns(head)[_FIELDS["crime_id"]]
    scan = pl.scan_csv(source, schema_overrides={column: pl.String}, truncate_ragged_lines=True)
    return scan.select(column).collect().to_series()


def _records(gathered: _Gathered, months: pl.DataFrame, keep: NDArray[np.bool_] | None) -> pd.DataFrame:
    """Return RECORDS, put together column by column."""

    def kept(whole: Any) -> Any:
        return whole if keep is None else whole[keep]

    def text(name: str, name_of: Callable[[str], str] = str) -> pd.Categorical:
        whole = _categorical(gathered.texts(name), gathered.arrays.pop(name), name_of)
        return whole if keep is None else whole[keep].remove_unused_categories()

    n = sum(gathered.lengths) if keep is None else int(keep.sum())
    sources, source_codes = np.unique(gathered.sources, return_inverse=True)
    of_files = [np.full(rows, code) for code, rows in zip(source_codes, gathered.lengths, strict=True)]
    month = gathered.arrays.pop("month")
    columns: dict[str, Any] = {
        **{name: kept(gathered.take(name)) for name in _PLACE}, "category": text("category", slug),
        **{name: kept(_moments(months[name], month)) for name in months.columns},
        "time_precision": _constant("month", n), "location_precision": _constant("snap_point", n),
        "location": text("location"), "place_id": _constant("", n), "crime_id": kept(gathered.take("crime_id")),
        "qualifier": _constant("", n), "origin": _constant("unknown", n),
        "source": kept(_categorical(sources.tolist(), of_files)),
        "heading": _constant("", n),
        **{name: text(name) for name in ("lsoa_code", "outcome") if name in gathered.categories},
    }  # fmt: skip
    return pd.DataFrame(columns, index=pd.RangeIndex(n, name="incident_id"), copy=False)


def _categorical(texts: Sequence[str], codes: Sequence[Codes], name_of: Callable[[str], str] = str) -> pd.Categorical:
    """Return codes as a categorical of sorted distinct texts: the order files were parsed in must not show.

    File by file, because numpy widens what it is indexed by to eight bytes a row.
    """
    used = np.zeros(len(texts), dtype=bool)
    for held in codes:
        used[held] = True
    names = np.array([name_of(text) for text, is_used in zip(texts, used, strict=True) if is_used], dtype=object)
    distinct, place = np.unique(names.astype(str), return_inverse=True)
    dense = np.zeros(len(texts), dtype=np.min_scalar_type(-max(len(distinct), 1)))
    dense[used] = place
    whole = np.concatenate([dense[held] for held in codes])
    return pd.Categorical.from_codes(whole, categories=pd.Index(distinct.astype(object), dtype="str"))


def _moments(of_code: pl.Series, codes: Sequence[Codes]) -> Any:
    """Return the moment of each row, put together file by file as well."""
    moments = of_code.to_pandas()
    return pd.concat([moments.take(held.astype(np.intp)) for held in codes], ignore_index=True).array


def _constant(text: str, n: int) -> pd.Categorical:
    return pd.Categorical.from_codes(np.zeros(n, dtype=np.int8), categories=pd.Index([text], dtype="str"))
