"""Where incidents come from: police.uk downloads and forces' own extracts, told apart by their content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from geodata.errors import SourceError
from geodata.sources.files import Part, collect, is_outcomes_file
from geodata.sources.frames import intake_of
from geodata.sources.intake import Intake, Reading, join
from geodata.sources.opening import open_table
from geodata.sources.outcomes import join_outcomes, read_outcomes
from geodata.sources.profiles import Profile, check_timezone, describe_matching, load_profile, save_profile
from geodata.sources.recognise import read_table
from geodata.sources.street_files import read_street_files

__all__ = ["Intake", "Profile", "describe_matching", "intake_of", "load_profile", "read", "save_profile"]


def read(
    paths: Sequence[str | Path],
    *,
    mapping: Mapping[str, str] | None = None,
    timezone: str = "Europe/London",
    profile: str | Path | None = None,
    outcomes: bool = False,
) -> Intake:
    """Read incidents from files, folders and ZIPs; several, of different kinds too, are joined.

    Parameters
    ----------
    paths : sequence of path
        police.uk CSVs (plain or gzip), folders at any depth or ZIPs in archive layout; force extracts as CSV, TSV,
        XLSX, XLSB, XLS, ODS, Parquet, or points as GeoPackage, GeoParquet, Shapefile (zipped too), GeoJSON or
        FlatGeobuf in any coordinate system.
    mapping : mapping, optional
        Canonical field -> column, for force extracts whose columns cannot be found by name.
    timezone : str
        Zone of local times without an offset.
    profile : path, optional
        TOML file made by `save_profile`: columns, zone, order of dates, and what every row shares. `mapping` goes
        before it.
    outcomes : bool
        Whether to keep what became of each crime (column ``outcome``): from police.uk's outcomes files among `paths`,
        joined by Crime ID, otherwise as the street file says.

    Raises
    ------
    SourceError
        One sentence: which file, what is wrong, what to do.
    """
    if isinstance(paths, str | Path):
        paths = [paths]
    check_timezone(timezone)
    known = load_profile(profile) if profile is not None else Profile()
    known = replace(known, columns={**known.columns, **(mapping or {})})
    if not outcomes:
        return _read(paths, known, timezone)
    intake = _read([path for path in paths if not is_outcomes_file(path)], known, timezone, outcomes=True)
    return join_outcomes(intake, *read_outcomes(paths))


def _read(paths: Sequence[str | Path], profile: Profile, timezone: str, *, outcomes: bool = False) -> Intake:
    readings: list[Reading] = []
    with collect(paths) as (parts, notes):
        if (intake := read_street_files(parts, timezone, notes, outcomes=outcomes)) is not None:
            return intake
        for part in parts:
            try:
                readings.append(read_table(open_table(part), profile, timezone, outcomes=outcomes))
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
