"""Which kind of source a table is, told by its header alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from geodata.sources import columns, force_extract, police_uk
from geodata.sources.intake import Reading
from geodata.sources.profiles import Profile
from geodata.sources.tables import Table


def is_incidents(header: Sequence[str], mapping: Mapping[str, str] | None = None) -> bool:
    """Return whether a header is that of a source we can read."""
    is_mapped = bool(mapping) and set((mapping or {}).values()) <= set(header)
    return police_uk.is_street_file(header) or is_mapped or columns.looks_like_incidents(header)


def read_table(table: Table, profile: Profile, timezone: str, *, outcomes: bool = False) -> Reading:
    """Return a table in the common columns, read as the kind of source its header shows.

    A profile that names columns of stops and searches is followed: they are police activity, good to test times with.

    Raises
    ------
    SourceError
        If it is a police.uk file without incidents, or a force extract that cannot be understood.
    """
    if police_uk.is_street_file(table.columns):
        return police_uk.read_table(table, timezone, outcomes=outcomes)
    is_mapped = bool(profile.columns) and set(profile.columns.values()) <= set(table.columns)
    if not is_mapped:
        police_uk.refuse_other(table)
    return force_extract.read_table(table, profile.timezone or timezone, profile)
