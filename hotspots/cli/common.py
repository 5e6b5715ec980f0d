"""What several commands do first: settings, records, street lines, and a word on what is being done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import geopandas as gpd

    from geodata.area import StudyArea
    from geodata.sources import Intake
    from hotspots.config import RunConfig


def settings_of(
    file: Path | None,
    category: list[str] | None,
    first: str | None,
    last: str | None,
    *,
    override: str | None = None,
    lsoa: Path | None = None,
    places: Path | None = None,
) -> RunConfig:
    """Return the settings of a file, with what was given on the command line on top."""
    from geodata.categories import slug
    from hotspots.config import RunConfig
    from hotspots.gate import check_small_files

    config = RunConfig.from_toml(file) if file else RunConfig()
    given: dict[str, Any] = {"first_month": first, "last_month": last, "override_reason": override}
    given |= {name: str(path) for name, path in (("lsoa", lsoa), ("places", places)) if path is not None}
    if category:
        given["categories"] = tuple(dict.fromkeys(slug(name) for name in category))
    config = replace(config, **{name: value for name, value in given.items() if value is not None})
    check_small_files(config)
    return config


@dataclass(frozen=True, slots=True)
class Records:
    """Where a command's records come from: files, or a query on a database."""

    paths: list[Path] | None
    mapping: list[str] | None = None
    profile: Path | None = None
    database: str | None = None
    query: str | None = None
    outcomes: bool = False

    def read(self) -> Intake:
        """Read them."""
        from geodata.sources.database import read_database
        from geodata.store import read

        pairs = [pair.partition("=") for pair in self.mapping or []]
        if any(not field or not column for field, _, column in pairs):
            raise typer.BadParameter("--map takes field=Column, for example --map category='Incident Type'")
        columns = {field: column for field, _, column in pairs} or None
        if self.query is not None:
            if not self.database or self.paths:
                raise typer.BadParameter("--query needs --database, and no PATH")
            if self.outcomes:
                raise typer.BadParameter("--outcomes reads police.uk's files, not a database")
            return read_database(self.database, self.query, mapping=columns, profile=self.profile)
        if not self.paths:
            raise typer.BadParameter("give at least one PATH, or --database with --query")
        return read(self.paths, mapping=columns, profile=self.profile, outcomes=self.outcomes)


def read_street_lines(path: Path | None, area: StudyArea) -> gpd.GeoDataFrame | None:
    """Return the street lines within the area, or None where no file was given."""
    from geodata.sources.streets import read_streets

    return None if path is None else read_streets(path, area=area)


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show what is being done on stderr, so that stdout stays the result."""
    from hotspots import terminal

    with terminal.console(stderr=True).status("") as status:
        yield lambda text: status.update(f"{text} ...")
