"""Where incidents come from: police.uk downloads and forces' own extracts, told apart by their content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from geodata.errors import SourceError
from geodata.sources.files import Part, collect
from geodata.sources.frames import intake_of
from geodata.sources.intake import Intake, Reading, join
from geodata.sources.recognise import read_table
from geodata.sources.tables import open_table

__all__ = ["Intake", "intake_of", "read"]


def read(
    paths: Sequence[str | Path], *, mapping: Mapping[str, str] | None = None, timezone: str = "Europe/London"
) -> Intake:
    """Read incidents from files, folders and ZIPs; several are joined.

    Parameters
    ----------
    paths : sequence of path
        police.uk CSVs (plain or gzip), folders at any depth or ZIPs in archive layout; force extracts as CSV, TSV or
        XLSX.
    mapping : mapping, optional
        Canonical field -> column, for force extracts whose columns cannot be found by name.
    timezone : str
        Zone of local times without an offset.

    Raises
    ------
    SourceError
        One sentence: which file, what is wrong, what to do.
    """
    if isinstance(paths, str | Path):
        paths = [paths]
    readings: list[Reading] = []
    with collect(paths) as (parts, notes):
        for part in parts:
            try:
                readings.append(read_table(open_table(part), mapping or {}, timezone))
            except SourceError as error:
                if part.is_explicit:
                    raise
                notes.append(f"{part.name} was ignored: {error}")
    if not readings:
        raise SourceError(f"None of the {len(parts):,} files found holds incidents; they were: {_names(parts)}.")
    intake = join(readings, notes)
    if intake.n_read == 0:
        raise SourceError(f"There is a header but no incident in {_names(parts)}; export it again.")
    return intake


def _names(parts: Sequence[Part]) -> str:
    shown = ", ".join(part.name for part in parts[:5])
    return f"{shown} and {len(parts) - 5} more" if len(parts) > 5 else shown
