"""What a source hands over, and the last steps every source shares: one copy a Crime ID, a date, a contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import pandas as pd
import polars as pl

from geodata.errors import SourceError
from geodata.schema import RECORDS, check

Kind = Literal["police_uk", "force_extract", "mixed"]

POLICE_UK_LICENCE = "Contains data from data.police.uk, Open Government Licence v3.0"

_ID_LENGTH: Final = 64  # hexadecimal digits of police.uk's Crime IDs, which are hashes
_ID_DIGITS: Final = 16

DUPLICATE = "duplicate Crime ID"
NO_DATE = "no date"

COLUMNS = (
    "longitude", "latitude", "category", "month", "occurred_from", "occurred_to", "time_precision",
    "location_precision", "location", "place_id", "crime_id", "qualifier", "origin", "source", "heading",
)  # fmt: skip
"""Columns every source fills, in order."""

OPTIONAL = ("beat", "stated_radius_m", "created", "lsoa_code", "outcome", "caller")
"""Columns a source may fill as well: the police beat or ward, how far off a place may be by the way it is written,
when the record was made, the LSOA as stated, what became of the crime, and a number that tells callers apart."""


IDENTITY: Final = {
    "police_uk": ("crime_id", "occurred_from"),
    "force_extract": ("crime_id", "occurred_from", "category"),
}
"""What makes two rows copies of one record. A Crime ID alone is not enough: Northern Ireland's 2014 files use the same
IDs for other crimes in another month, force log numbers start again every day, and one log may hold two offences."""


@dataclass(frozen=True)
class Intake:
    """Records as read, and what happened while reading.

    ``len(records) + sum(dropped.values()) == n_read`` always.

    Attributes
    ----------
    records : DataFrame
        RECORDS.
    n_read : int
        Rows in the files, repeated header lines not counted.
    files : tuple of str
        Names of the files on disk, without folders.
    matched : dict
        Canonical field -> column it was read from.
    duplicate_ids, conflicting_ids : int
        Crime IDs with several copies in one month, and those of them whose copies differ in place or category.
    dates : str
        Order of day and month that every extract was told to have or proved: ``day-first``, ``month-first`` or empty.
    exchanged_dates : int
        Dates whose day and month seem exchanged, as a spreadsheet does where both readings exist.
    fixed : dict
        What a profile said of every row: ``category``, ``qualifier`` or ``origin``.
    channels : dict
        What a profile said of channels: ``public``, ``officer`` or ``unknown``.
    """

    records: pd.DataFrame
    n_read: int
    files: tuple[str, ...]
    kind: Kind
    matched: dict[str, str]
    notes: tuple[str, ...]
    duplicate_ids: int
    conflicting_ids: int
    dropped: dict[str, int]
    is_synthetic: bool
    dates: str = ""
    exchanged_dates: int = 0
    fixed: dict[str, str] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)

    @property
    def licence(self) -> str:
        """Line that every output must carry (R2.13), or nothing for a force's own records."""
        return "" if self.kind == "force_extract" else POLICE_UK_LICENCE


@dataclass(frozen=True)
class Reading:
    """One table in the common columns, before copies and undated rows are left out."""

    frame: pl.DataFrame
    kind: Literal["police_uk", "force_extract"]
    matched: Mapping[str, str]
    file: str
    notes: tuple[str, ...] = ()
    is_synthetic: bool = False
    dates: str = ""
    exchanged_dates: int = 0
    fixed: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)


def join(readings: Iterable[Reading], notes: Iterable[str] = ()) -> Intake:
    """Return one intake from all tables read.

    Raises
    ------
    SourceError
        If there are rows but none has a date.
    """
    readings = list(readings)
    n_read = sum(reading.frame.height for reading in readings)
    parts, duplicate_ids, conflicting_ids = [], 0, 0
    for kind, key in IDENTITY.items():
        if same_kind := [common_columns(reading.frame) for reading in readings if reading.kind == kind]:
            part, duplicates, conflicts = one_copy_per_crime_id(pl.concat(same_kind, how="diagonal"), key)
            parts.append(part)
            duplicate_ids += duplicates
            conflicting_ids += conflicts
    frame = pl.concat(parts, how="diagonal")
    n_copies = n_read - frame.height
    dated = frame.filter(pl.col("month").is_not_null())
    if dated.is_empty() and n_read:
        raise SourceError(
            f"None of the {n_read:,} rows has a date that can be read; write dates as 2023-08-31, 31/08/2023 or "
            "2023-08."
        )
    kinds = {reading.kind for reading in readings}
    orders = {reading.dates for reading in readings if reading.dates}
    said = [*notes, *(note for reading in readings for note in reading.notes)]
    return Intake(
        records=to_records(with_numbers(dated) if kinds == {"police_uk"} else dated),
        n_read=n_read,
        files=tuple(sorted({reading.file for reading in readings})),
        kind=kinds.pop() if len(kinds) == 1 else "mixed",
        matched={name: column for reading in readings for name, column in reading.matched.items()},
        notes=tuple(dict.fromkeys(said)),
        duplicate_ids=duplicate_ids,
        conflicting_ids=conflicting_ids,
        dropped={DUPLICATE: n_copies, NO_DATE: frame.height - dated.height},
        is_synthetic=any(reading.is_synthetic for reading in readings),
        dates=orders.pop() if len(orders) == 1 else "",
        exchanged_dates=sum(reading.exchanged_dates for reading in readings),
        fixed={name: value for reading in readings for name, value in reading.fixed.items()},
        channels={name: value for reading in readings for name, value in reading.channels.items()},
    )


def identity_number(crime_id: pl.Expr) -> pl.Expr:
    """Return the number that the first sixteen hexadecimal digits of an ID write, or null where it is no such ID.

    police.uk's IDs are 64 such digits. Sixteen tell ten million records apart (that any two agree by chance is a
    matter of one in a million) in an eighth of the memory. IDs of another length are no hashes: references that count
    upwards share their first digits.
    """
    number = crime_id.str.head(_ID_DIGITS).str.to_integer(base=16, dtype=pl.UInt64, strict=False)
    return pl.when(crime_id.str.len_bytes() == _ID_LENGTH).then(number)


def with_numbers(frame: pl.DataFrame) -> pl.DataFrame:
    """Return police.uk records with ``crime_id`` as number, 0 for none; as they are when an ID writes no number."""
    number = frame.select(number=identity_number(pl.col("crime_id").replace("", None)))["number"]
    is_written = number.fill_null(0) > 0
    if not (is_written == (frame["crime_id"] != "")).all():
        return frame
    return frame.with_columns(crime_id=number.fill_null(0))


def common_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns every source fills, and of the optional ones those that say anything."""
    said = [name for name in OPTIONAL if name in frame.columns and frame[name].null_count() < frame.height]
    return frame.select(*COLUMNS, *said)


def one_copy_per_crime_id(frame: pl.DataFrame, key: Sequence[str]) -> tuple[pl.DataFrame, int, int]:
    """Leave one copy of each record that carries a Crime ID and agrees in every column of `key`.

    Records without an ID are never compared, so identical ASB rows stay (R2.7). Of several copies a located one is
    kept; between located ones the choice is the same in whatever order the files came.

    Returns
    -------
    frame, number of IDs with copies, number of those whose copies differ in place or category
    """
    numbered = frame.with_row_index("_row")
    with_id = numbered.filter(pl.col("crime_id") != "")
    copies = with_id.filter(pl.struct(key).is_duplicated())
    if copies.is_empty():
        return frame, 0, 0
    # a decimetre apart is the same place: another projection or another file format costs some nanometres
    place = [pl.col(column).round(6) for column in ("longitude", "latitude")]
    groups = copies.group_by(key).agg(differs=pl.struct(*place, "category").n_unique() > 1)
    order = ["longitude", "latitude", "category", "location", "occurred_to", "heading", "_row"]
    best = copies.sort(order, nulls_last=True).unique(key, keep="first")
    surplus = copies.join(best, on="_row", how="anti")
    kept = numbered.join(surplus, on="_row", how="anti", maintain_order="left").drop("_row")
    return kept, groups.height, int(groups["differs"].sum())


def to_records(frame: pl.DataFrame) -> pd.DataFrame:
    """Return the common columns as a checked RECORDS table."""
    texts = [name for name in ("beat", "lsoa_code", "outcome") if name in frame.columns]
    frame = frame.with_columns(pl.col(texts).fill_null(""))
    if "caller" in frame.columns:
        frame = frame.with_columns(pl.col("caller").fill_null(0))
    records = frame.to_pandas()
    records.index = pd.RangeIndex(len(records), name="incident_id")
    return check(records, RECORDS)
