"""Many clean police.uk street files at once: rows cut by several threads, each distinct text read once.

This is `police_uk.read_table` for the usual case. Whatever is unusual about a file (other columns, another encoding,
coordinates outside the country, dates that are no months) is left to that slower reader, which knows what to say.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from mmap import mmap
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from geodata.categories import slug
from geodata.schema import RECORDS, check
from geodata.sources.files import Part
from geodata.sources.intake import DUPLICATE, IDENTITY, NO_DATE, Intake, one_copy_per_crime_id
from geodata.sources.tables import map_distinct, plain
from geodata.sources.times import localise

if TYPE_CHECKING:
    from geodata.sources.street_rows import Cutter, Rows

_FIELDS: Final = {
    "crime_id": "crime_id", "month": "month", "longitude": "longitude", "latitude": "latitude",
    "location": "location", "category": "crime_type", "lsoa_code": "lsoa_code",
}  # fmt: skip
_OUTCOME: Final = {"outcome": "last_outcome_category"}
_PLACE: Final = ("longitude", "latitude")
_TIMES: Final = ("month", "occurred_from", "occurred_to")
_COUNTRY: Final = (-9.0, 49.0, 2.6, 61.5)  # degrees around the United Kingdom
_MONTH: Final = re.compile(r"(?:199\d|20\d\d)-(?:0[1-9]|1[0-2])")
_CHECKED_ROWS: Final = 1_000

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Street:
    """A street file: its header, its rows, and which of the cutters cut them."""

    name: str
    header: dict[str, str]
    cutter: int
    rows: Rows

    def __len__(self) -> int:
        return len(self.rows.crime_id)


@dataclass(frozen=True, slots=True)
class _Said:
    """What the distinct stretches of one kind say, those of one cutter behind those of another.

    Attributes
    ----------
    columns : dict of array
        One value a stretch; of texts, codes.
    texts : dict of Index
        The sorted texts that codes stand for.
    starts : list of int
        Where the stretches of each cutter start.
    """

    columns: dict[str, Array]
    texts: dict[str, pd.Index[Any]]
    starts: list[int]


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
    from geodata.sources.street_rows import UnusualError  # numba is not for those who read other files

    try:
        cutters, streets = _cut(parts)
        if not any(len(street) for street in streets):
            return None
        said = _said(cutters, timezone, outcomes=outcomes)
    except (pl.exceptions.PolarsError, UnicodeDecodeError, UnusualError):
        return None
    return _intake(parts, streets, said, timezone, tuple(notes))


def _cut(parts: Sequence[Part]) -> tuple[list[Cutter], list[_Street]]:
    """Return every file's rows, cut by as many threads as there are processors.

    Raises
    ------
    UnusualError
        If a file must be looked at by the slower reader.
    """
    from geodata.sources.street_rows import Cutter

    cutters = [Cutter() for _ in range(min(pl.thread_pool_size(), len(parts)))]
    idle: SimpleQueue[int] = SimpleQueue()
    for i in range(len(cutters)):
        idle.put(i)

    def cut(part: Part) -> _Street:
        i = idle.get()
        try:
            with _opened(part) as stream:
                return _Street(part.name, _header(stream), i, cutters[i].cut(stream))
        finally:
            idle.put(i)

    with ThreadPoolExecutor(len(cutters)) as workers:
        try:
            return cutters, list(workers.map(cut, parts))
        finally:
            workers.shutdown(cancel_futures=True)


def _opened(part: Part) -> io.BufferedIOBase:
    if part.path is not None and part.path.name == part.name:
        return part.path.open("rb")
    return io.BytesIO(part.read())


def _header(stream: io.BufferedIOBase) -> dict[str, str]:
    """Return plain name -> column of today's header, and leave the stream behind it."""
    from geodata.sources.street_rows import STRETCHES, UnusualError

    line = stream.readline(2000).removeprefix(b"\xef\xbb\xbf")
    header = line.decode("utf-8").rstrip("\r\n").split(",")
    by_name = {plain(column): column for column in header}
    layout = ["crime_id", *(name for names in STRETCHES.values() for name in names)]
    if list(by_name) != layout or len(header) != len(layout) or not line.endswith(b"\n") or b'"' in line:
        raise UnusualError
    return by_name


def _said(cutters: Sequence[Cutter], timezone: str, *, outcomes: bool) -> dict[str, _Said]:
    """Return what the stretches of each kind say.

    Raises
    ------
    UnusualError, UnicodeDecodeError, polars errors
        If months, places or encoding are unusual.
    """
    from geodata.sources.street_rows import STRETCHES, UnusualError

    starts: dict[str, list[int]] = {}
    frames: dict[str, pl.DataFrame] = {}
    for kind, columns in STRETCHES.items():
        read = [_read_lines(cutter.texts[kind].lines(), columns) for cutter in cutters if len(cutter.texts[kind])]
        starts[kind] = np.cumsum([0, *(len(cutter.texts[kind]) for cutter in cutters)]).tolist()
        frames[kind] = pl.concat(read)
        if frames[kind].height != starts[kind][-1]:
            raise UnusualError
    when, where, what = frames["when"], frames["where"], frames["what"]
    if not when["month"].str.contains(f"^{_MONTH.pattern}$").all() or not _is_usual_place(where):
        raise UnusualError
    first = (when["month"] + "-01").str.to_datetime("%Y-%m-%d", time_unit="us")
    times = pl.DataFrame({"month": first}).with_columns(
        occurred_from=localise(pl.col("month"), timezone),
        occurred_to=localise(pl.col("month").dt.offset_by("1mo"), timezone),
    )
    texts = {"where": {name: where[name] for name in ("location", "lsoa_code")},
             "what": {"category": map_distinct(what["crime_type"], slug)}}  # fmt: skip
    if outcomes:
        texts["what"] |= {"outcome": what["last_outcome_category"]}
    numbers = {
        "when": {name: times[name].to_physical().to_numpy() for name in _TIMES},
        "where": {name: where[name].fill_null(np.nan).to_numpy() for name in _PLACE},
    }
    return {kind: _with_codes(numbers.get(kind, {}), texts.get(kind, {}), starts[kind]) for kind in STRETCHES}


def _read_lines(lines: bytes, columns: Sequence[str]) -> pl.DataFrame:
    """Return stretches as columns, missing texts empty."""
    lines.decode("utf-8")
    types = {name: pl.Float64 if name in _PLACE else pl.String for name in columns}
    return pl.read_csv(lines, has_header=False, schema=types).with_columns(pl.col(pl.String).fill_null(""))


def _is_usual_place(where: pl.DataFrame) -> bool:
    x, y = where["longitude"], where["latitude"]
    if not (x.is_null() == y.is_null()).all():
        return False
    west, south, east, north = _COUNTRY
    in_country = x.is_between(west, east) & y.is_between(south, north)
    return bool(in_country.drop_nulls().all()) and not bool(x.is_nan().any() or y.is_nan().any())


def _with_codes(numbers: Mapping[str, Array], texts: Mapping[str, pl.Series], starts: list[int]) -> _Said:
    """Return stretches with texts as codes into the sorted distinct ones: no thread's order shows."""
    columns, known = dict(numbers), {}
    for name, column in texts.items():
        distinct = column.unique().sort()
        codes = column.cast(pl.Enum(distinct)).to_physical().to_numpy()
        columns[name] = codes.astype(np.min_scalar_type(-max(len(distinct), 1)))
        known[name] = pd.Index(distinct.to_numpy(), dtype="str")
    return _Said(columns, known, starts)


def _intake(
    parts: Sequence[Part], streets: Sequence[_Street], said: Mapping[str, _Said], timezone: str, notes: tuple[str, ...]
) -> Intake:
    columns = _columns(streets, said)
    texts = {name: known for kind in said.values() for name, known in kind.texts.items()}
    lengths = [len(street) for street in streets]
    lost, duplicate_ids, conflicting_ids = _surplus_copies(parts, lengths, columns, texts)
    keep = None
    if len(lost):
        keep = np.ones(sum(lengths), dtype=bool)
        keep[lost] = False
    sources, source = np.unique([street.name for street in streets], return_inverse=True)
    columns["source"] = np.repeat(source.astype(np.min_scalar_type(-len(sources))), lengths)
    texts["source"] = pd.Index(sources.astype(object), dtype="str")
    records = _records(columns, texts, timezone, keep)
    check(records.head(_CHECKED_ROWS), RECORDS)  # the rest is made of the same dictionaries and tested numbers
    fields = _FIELDS | (_OUTCOME if "outcome" in texts else {})
    return Intake(
        records=records,
        n_read=sum(lengths),
        files=tuple(sorted({part.file for part in parts})),
        kind="police_uk",
        matched={name: streets[-1].header[column] for name, column in fields.items()},
        notes=notes,
        duplicate_ids=duplicate_ids,
        conflicting_ids=conflicting_ids,
        dropped={DUPLICATE: len(lost), NO_DATE: 0},
        is_synthetic=False,
    )


def _columns(streets: Sequence[_Street], said: Mapping[str, _Said]) -> dict[str, Array]:
    """Return whole columns, texts as codes; each is put together by a thread of its own."""
    ends = np.cumsum([len(street) for street in streets]).tolist()

    def spread(kind: str, name: str) -> Array:
        of_stretch, starts = said[kind].columns[name], said[kind].starts
        whole = _room(ends[-1], of_stretch.dtype)
        for street, start, end in zip(streets, [0, *ends], ends, strict=False):
            codes, known = getattr(street.rows, kind), of_stretch[starts[street.cutter] :]
            if len(codes) == 1:
                whole[start:end] = known[codes[0]]
            else:
                np.take(known, codes, out=whole[start:end], mode="clip")
        return whole

    wanted = [(kind, name) for kind, held in said.items() for name in held.columns]
    with ThreadPoolExecutor(pl.thread_pool_size()) as workers:
        columns = dict(zip([name for _, name in wanted], workers.map(spread, *zip(*wanted, strict=True)), strict=True))
    numbers = np.concatenate([street.rows.crime_id for street in streets], out=_room(ends[-1], np.dtype(np.uint64)))
    return columns | {"crime_id": numbers}


def _room(n: int, kind: np.dtype[Any]) -> Array:
    """Return an array to be filled: numpy's own waits for huge pages, which took three times as long to come by."""
    return np.frombuffer(mmap(-1, n * kind.itemsize), dtype=kind)


def _surplus_copies(
    parts: Sequence[Part], lengths: Sequence[int], columns: Mapping[str, Array], texts: Mapping[str, pd.Index[Any]]
) -> tuple[NDArray[np.int64], int, int]:
    """Return the rows to leave out as copies of a record, and how many Crime IDs have copies and conflicts.

    The numbers of Crime IDs only find candidates; whether they are copies is decided by the IDs themselves, read again.
    """
    numbers = pl.Series(columns["crime_id"])
    n_without = len(numbers) - int(np.count_nonzero(columns["crime_id"]))
    if numbers.n_unique() == len(numbers) - max(0, n_without - 1):
        return np.empty(0, dtype=np.int64), 0, 0
    rows = np.flatnonzero((numbers.is_duplicated() & (numbers > 0)).to_numpy())
    key = pl.DataFrame({name: columns[name][rows] for name in ("crime_id", "month")})
    rows = rows[key.is_duplicated().to_numpy()]  # the same Crime ID in another month is no copy
    text = {name: texts[name].take(columns[name][rows]).to_numpy() for name in ("category", "location")}
    place = {name: pl.Series(columns[name][rows]).fill_nan(None) for name in _PLACE}
    times = {name: columns[name][rows] for name in ("occurred_from", "occurred_to")}
    candidates = pl.DataFrame({"at": rows, "crime_id": _crime_ids(parts, lengths, rows), **place, **text, **times})
    kept, duplicates, conflicts = one_copy_per_crime_id(
        candidates.with_columns(heading=pl.lit("")), IDENTITY["police_uk"]
    )
    return np.setdiff1d(rows, kept["at"].to_numpy()), duplicates, conflicts


def _crime_ids(parts: Sequence[Part], lengths: Sequence[int], rows: NDArray[np.int64]) -> list[str]:
    """Return the Crime IDs of a few rows, in order, as text."""
    ends = np.cumsum(lengths)
    of_part = np.searchsorted(ends, rows, side="right")
    found: list[str] = []
    for i in np.unique(of_part):
        with _opened(parts[i]) as stream:
            lines = stream.read().split(b"\n")
        in_file = rows[of_part == i] - (ends[i] - lengths[i]) + 1  # below the header
        found.extend(lines[row].partition(b",")[0].decode() for row in in_file.tolist())
    return found


def _records(
    columns: dict[str, Array], texts: Mapping[str, pd.Index[Any]], timezone: str, keep: NDArray[np.bool_] | None
) -> pd.DataFrame:
    """Return RECORDS; columns leave one by one, so that memory holds hardly more than the table."""

    def taken(name: str) -> Any:
        whole = columns.pop(name) if keep is None else columns.pop(name)[keep]
        if name in texts:
            held = pd.Categorical.from_codes(whole, categories=texts[name], validate=False)
            return held if keep is None else held.remove_unused_categories()
        if name not in _TIMES:
            return whole
        kind = "M8[us]" if name == "month" else pd.DatetimeTZDtype("us", timezone)  # whole numbers are moments in UTC
        return pd.DatetimeIndex(whole, dtype=kind, copy=False).array

    n = len(columns["month"]) if keep is None else int(keep.sum())
    table: dict[str, Any] = {
        "longitude": taken("longitude"), "latitude": taken("latitude"), "category": taken("category"),
        "month": taken("month"), "occurred_from": taken("occurred_from"), "occurred_to": taken("occurred_to"),
        "time_precision": _constant("month", n), "location_precision": _constant("snap_point", n),
        "location": taken("location"), "place_id": _constant("", n), "crime_id": taken("crime_id"),
        "qualifier": _constant("", n), "origin": _constant("unknown", n), "source": taken("source"),
        "heading": _constant("", n), **{name: taken(name) for name in ("lsoa_code", "outcome") if name in columns},
    }  # fmt: skip
    return pd.DataFrame(table, index=pd.RangeIndex(n, name="incident_id"), copy=False)


def _constant(text: str, n: int) -> pd.Categorical:
    codes = np.zeros(n, dtype=np.int8)
    return pd.Categorical.from_codes(codes, categories=pd.Index([text], dtype="str"), validate=False)
