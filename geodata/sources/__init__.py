"""Where incidents come from: police.uk downloads and forces' own extracts, told apart by their content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from geodata.errors import SourceError
from geodata.sources import columns, force_extract, police_uk
from geodata.sources.files import Part, collect
from geodata.sources.intake import Intake, Reading, intake_of, join
from geodata.sources.tables import Table, open_table

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
    parts, notes = collect(paths)
    readings: list[Reading] = []
    for part in parts:
        table = open_table(part)
        if not part.is_explicit and not _is_incidents(table, mapping):
            notes.append(f"{part.name} was ignored: its columns are not those of incidents.")
            continue
        readings.append(_read_table(table, mapping or {}, timezone))
    if not readings:
        raise SourceError(f"None of the {len(parts):,} files found holds incidents; they were: {_names(parts)}.")
    intake = join(readings, notes)
    if intake.n_read == 0:
        raise SourceError(f"There is a header but no incident in {_names(parts)}; export it again.")
    return intake


def _is_incidents(table: Table, mapping: Mapping[str, str] | None) -> bool:
    is_street = police_uk.is_street_file(table.columns)
    is_mapped = bool(mapping) and set((mapping or {}).values()) <= set(table.columns)
    return is_street or is_mapped or columns.looks_like_incidents(table.columns)


def _read_table(table: Table, mapping: Mapping[str, str], timezone: str) -> Reading:
    police_uk.refuse_other(table)
    if police_uk.is_street_file(table.columns):
        return police_uk.read_table(table, timezone)
    return force_extract.read_table(table, timezone, mapping)


def _names(parts: Sequence[Part]) -> str:
    shown = ", ".join(part.name for part in parts[:5])
    return f"{shown} and {len(parts) - 5} more" if len(parts) > 5 else shown
