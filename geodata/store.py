"""Records kept as Parquet under the fingerprint of their content, and read from there in an instant."""

from __future__ import annotations

import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import polars.selectors as cs

from geodata.errors import SourceError
from geodata.schema import RECORDS, check
from geodata.sources import read as read_files
from geodata.sources.intake import Intake

_UNFINISHED = ".writing-"
_ABANDONED_AFTER_S = 3600
_NAME = re.compile(r"[0-9a-f]{64}")


def fingerprint(records: pd.DataFrame) -> str:
    """Return the SHA-256 of the records' content as 64 hexadecimal digits.

    Row order, row numbers and file names (``source``) do not count, so the same months read from a ZIP or from loose
    files in any order have one fingerprint; any changed value, and any record more or less, changes it.

    Parameters
    ----------
    records : DataFrame
        RECORDS.
    """
    frame = pl.from_pandas(records.drop(columns="source", errors="ignore"))
    frame = frame.select(sorted(frame.columns)).cast({cs.categorical() | cs.enum(): pl.String})
    frame = frame.sort(frame.columns, nulls_last=True)
    digest = sha256(f"{frame.height}".encode())
    for column in frame.iter_columns():
        digest.update(f"|{column.name}|".encode())
        for piece in _bytes_of(column):
            digest.update(piece)
    return digest.hexdigest()


def save(intake: Intake, folder: str | Path) -> Path:
    """Write an intake as ``<fingerprint>.parquet`` and ``<fingerprint>.json``; return the Parquet file's path.

    Each file appears whole or not at all, the records first.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _sweep(folder)
    name = fingerprint(intake.records)
    path = folder / f"{name}.parquet"
    said = {item.name: getattr(intake, item.name) for item in fields(intake) if item.name != "records"}
    _write(path, lambda file: intake.records.to_parquet(file, compression="zstd"))
    text = json.dumps(said, ensure_ascii=False, indent=1)
    _write(path.with_suffix(".json"), lambda file: file.write_text(text, encoding="utf-8"))
    return path


def load(name: str, folder: str | Path) -> Intake:
    """Return the intake stored under a fingerprint.

    Raises
    ------
    SourceError
        If there is none, or it cannot be read.
    """
    path = Path(folder) / f"{name}.parquet"
    try:
        said = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        records = pd.read_parquet(path)
    except FileNotFoundError as error:
        raise SourceError(f"There are no stored records with fingerprint {name}; read the files again.") from error
    except (OSError, ValueError) as error:
        raise SourceError(f"The stored records {name} are damaged ({error}); read the files again.") from error
    said |= {"files": tuple(said["files"]), "notes": tuple(said["notes"])}
    return Intake(records=check(records, RECORDS), **said)


def read(
    paths: str | Path | Sequence[str | Path],
    *,
    mapping: Mapping[str, str] | None = None,
    timezone: str = "Europe/London",
    profile: str | Path | None = None,
    outcomes: bool = False,
) -> Intake:
    """Read incidents from files as `geodata.sources.read` does, or records that `save` kept, given by their file.

    Raises
    ------
    SourceError
        As `geodata.sources.read` and `load`; and if kept records are mixed with other files or with a mapping, which
        come too late for records that were already read.
    """
    given = [Path(paths)] if isinstance(paths, str | Path) else [Path(path) for path in paths]
    kept = [path for path in given if _is_kept(path)]
    if not kept:
        return read_files(given, mapping=mapping, timezone=timezone, profile=profile, outcomes=outcomes)
    if len(given) > 1 or mapping or profile is not None or outcomes:
        raise SourceError(
            f"{kept[0].name} holds records that are already read and put together; give it alone, without columns or a "
            "profile, or give the files it was made from."
        )
    return load(kept[0].stem, kept[0].parent)


def _is_kept(path: Path) -> bool:
    """Return whether a path is one that `save` writes."""
    return path.suffix == ".parquet" and bool(_NAME.fullmatch(path.stem)) and path.with_suffix(".json").is_file()


def _bytes_of(column: pl.Series) -> Iterator[bytes]:
    """Give a column's content as bytes that do not depend on how a library lays it out in memory."""
    yield column.is_null().to_numpy().tobytes()
    if column.dtype == pl.String:
        text = column.fill_null("")
        yield text.str.len_bytes().cast(pl.UInt32).to_numpy().astype("<u4").tobytes()
        yield str(text.str.join("").item()).encode()
    elif column.dtype.is_float():
        yield (column.fill_null(0.0).cast(pl.Float64) + 0.0).to_numpy().astype("<f8").tobytes()
    else:
        number = column.to_physical()
        number = number.reinterpret(signed=True) if number.dtype == pl.UInt64 else number.cast(pl.Int64)
        yield number.fill_null(0).to_numpy().astype("<i8").tobytes()


def _write(path: Path, write: Callable[[Path], Any]) -> None:
    """Write a file beside its place, make sure it is on the disk, and move it there in one step."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=_UNFINISHED, suffix=path.suffix)
    os.close(handle)
    try:
        write(Path(temporary))
        with Path(temporary).open("rb+") as file:
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what a process killed in the middle of writing left behind; younger files may still be being written."""
    for left in folder.glob(f"{_UNFINISHED}*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > _ABANDONED_AFTER_S:
                left.unlink()
