"""From what a person gave on the Data page to a dataset: uploads, paths on this machine, or a query on a database."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from geodata.errors import SourceError
from geodata.sources import Intake
from geodata.sources.database import read_database
from hotspots.app.data import Beside, Dataset, Upload, load, write

DATABASE_VARIABLE: Final = "ASB_HOTSPOTS_DATABASE"
"""Environment variable whose address is asked where the page names none, as on the command line."""

_COMPANIONS: Final = (".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix")


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """What the browser sent beside the incidents."""

    area: Sequence[Upload]
    name: str = ""
    streets: Sequence[Upload] = ()
    cameras: Upload | None = None
    profile: Upload | None = None
    mapping: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """What was typed beside the incidents."""

    area: str
    name: str = ""
    streets: str = ""
    cameras: str = ""
    profile: str = ""
    mapping: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query and the database it is asked of; the password is never kept or shown."""

    query: str
    address: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Question({self.query!r})"

    def ask(self, profile: Path | None, mapping: Mapping[str, str]) -> Intake:
        """Return what the database answers; without an address the one of the environment is asked.

        Raises
        ------
        SourceError
            If there is no query or no address, or the database does not answer with incidents.
        """
        if not self.query.strip():
            raise SourceError("Write the query to ask the database, for example SELECT * FROM incidents.")
        if self.address.strip():
            return read_database(self.address, self.query, profile=profile, mapping=mapping, password=self.password)
        named = os.environ.get(DATABASE_VARIABLE, "").strip()
        if not named:
            raise SourceError(
                f"Give the address of the database, or start the app with it in the environment as {DATABASE_VARIABLE}."
            )
        return read_database(named, self.query, profile=profile, mapping=mapping)


def from_uploads(incidents: Sequence[Upload], given: Uploads, grid: str = "") -> Dataset:
    """Read uploaded files; they are on disk only while they are read.

    Raises
    ------
    SourceError
        If no incident file or no area file was given, or a file cannot be read.
    """
    if not incidents or not given.area:
        raise SourceError("Give at least one file of incidents and one area file (a boundary drawn as a polygon).")
    return _with_uploads(lambda root, _: _without_companions(write(incidents, root / "incidents")), given, grid)


def from_database(question: Question, given: Uploads, grid: str = "") -> Dataset:
    """Ask a database, and read what was uploaded beside it.

    Raises
    ------
    SourceError
        If there is no query, address or area, or the database does not answer with incidents.
    """
    if not given.area:
        raise SourceError("Give one area file (a boundary drawn as a polygon).")
    return _with_uploads(lambda _, profile: partial(question.ask, profile, columns_of(given.mapping)), given, grid)


_Incidents = Sequence[Path] | Callable[[], Intake]


def _with_uploads(incidents: Callable[[Path, Path | None], _Incidents], given: Uploads, grid: str) -> Dataset:
    with TemporaryDirectory(prefix="asb-hotspots-upload-") as folder:
        root = Path(folder)
        profile = write([given.profile], root / "profile")[0] if given.profile else None
        beside = Beside(
            area=_main_file(write(given.area, root / "area")),
            name=given.name,
            streets=_main_file(write(given.streets, root / "streets")) if given.streets else None,
            cameras=write([given.cameras], root / "cameras")[0] if given.cameras else None,
            profile=profile,
            mapping=columns_of(given.mapping),
            grid=grid,
        )
        return load(incidents(root, profile), beside)


def _main_file(paths: Sequence[Path]) -> Path:
    """Return the file to open: of a Shapefile's parts the ``.shp``."""
    return next((path for path in paths if path.suffix.lower() == ".shp"), paths[0])


def _without_companions(paths: Sequence[Path]) -> list[Path]:
    """Return the files to open: a Shapefile's other parts are found beside its ``.shp``."""
    shapes = {path.with_suffix("") for path in paths if path.suffix.lower() == ".shp"}
    return [path for path in paths if not (path.suffix.lower() in _COMPANIONS and path.with_suffix("") in shapes)]


def from_folder(incidents: str, given: Paths, grid: str = "") -> Dataset:
    """Read from paths on this machine.

    Raises
    ------
    SourceError
        If a path is missing or a file cannot be read.
    """
    if not incidents.strip() or not given.area.strip():
        raise SourceError("Give the path of the incident files and the path of the area file.")
    beside = Beside(
        area=_path(given.area),
        name=given.name,
        streets=_path(given.streets) if given.streets.strip() else None,
        cameras=_path(given.cameras) if given.cameras.strip() else None,
        profile=_path(given.profile) if given.profile.strip() else None,
        mapping=columns_of(given.mapping),
        grid=str(_path(grid)) if grid.strip() else "",
    )
    return load([_path(incidents)], beside)


def columns_of(text: str) -> dict[str, str]:
    """Return field -> column from lines such as ``category = Incident Type``, as ``--map`` takes them.

    Raises
    ------
    SourceError
        If a line has no such form.
    """
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, sign, column = (part.strip() for part in line.partition("="))
        if not (name and sign and column):
            raise SourceError(
                f"Write each column that is not recognised as field = Column, for example category = Incident Type; "
                f"'{line[:60]}' is not."
            )
        found[name] = column
    return found


def _path(text: str) -> Path:
    return Path(text.strip().strip("\"'")).expanduser()
