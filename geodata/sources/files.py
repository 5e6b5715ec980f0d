"""Files, folders, ZIPs and gzip files as named parts; nothing is ever unpacked to disk.

The limits keep a hostile archive from filling memory. Sizes are checked in the archive's own directory before
anything is unpacked, and again while unpacking.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path, PurePosixPath

from geodata.errors import SourceError

MAX_UNPACKED_BYTES = 4 * 1024**3
"""An archive's tables may unpack to this many bytes together."""

MAX_RATIO = 200
"""A packed file may grow by this factor; police.uk CSVs grow about five times."""

MAX_MEMBERS = 50_000
"""An archive may list this many files; three years of every force is about 5,000."""

_SMALL_BYTES = 1024**2  # below this a high ratio cannot hurt: a short repetitive file packs very well
_TABLE_SUFFIXES = (
    ".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".zip", ".gz", ".parquet", ".geoparquet",
    ".gpkg", ".shp", ".geojson", ".json", ".fgb",
)  # fmt: skip
_PACKED_SUFFIXES = (".zip", ".gz")
_SINGLE_TABLES = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")  # XLSX, XLSB, ODS
_NOT_INCIDENTS = ("-outcomes.csv", "-stop-and-search.csv")
_STREET = "-street.csv"
_OUTCOMES = "-outcomes.csv"


@dataclass(frozen=True)
class Part:
    """One table somewhere in a file, a folder or an archive.

    Attributes
    ----------
    name : str
        File name without folders.
    file : str
        Name of the file on disk it came from: itself, or the archive.
    size : int
        Bytes once unpacked (0 when only reading tells).
    read : callable
        Returns the bytes.
    is_explicit : bool
        The user named this very file (or an archive of incidents), so failing to understand it is an error; a stranger
        in a folder is only noted.
    path : Path, optional
        Where it lies on disk, when it is a file by itself (a Shapefile needs its neighbours).
    """

    name: str
    file: str
    size: int
    read: Callable[[], bytes]
    is_explicit: bool
    path: Path | None = None


@contextmanager
def collect(paths: Sequence[str | Path]) -> Iterator[tuple[list[Part], list[str]]]:
    """Give the tables found at `paths` and notes on what was passed over; archives stay open until the block ends.

    Archives and folders in police.uk layout also hold outcomes and stop-and-search files; those are no incidents and
    are left out by name (R2.6).

    Raises
    ------
    SourceError
        If nothing is there, a folder or archive holds no table, or an archive breaks a limit.
    """
    if not paths:
        raise SourceError("No file was given; name a CSV, an XLSX, a police.uk ZIP or a folder of these.")
    parts: list[Part] = []
    ignored = 0
    with ExitStack() as stack:
        for given in paths:
            path = Path(given)
            if not path.exists():
                raise SourceError(f"There is no file or folder at {path}; check the spelling.")
            for file in _tables_below(path) if path.is_dir() else [path]:
                found, passed_over = _parts_of_file(file, stack, is_explicit=not path.is_dir())
                parts += found
                ignored += passed_over
        kept, notes = _without_copies(parts)
        if ignored:
            notes.append(f"{ignored} outcomes or stop-and-search files were ignored: they hold no incidents.")
        yield kept, notes


@contextmanager
def collect_outcomes(paths: Sequence[str | Path]) -> Iterator[list[Part]]:
    """Give the outcomes files of police.uk among `paths`, in folders and in archives."""
    with ExitStack() as stack:
        yield [part for path in paths for part in _outcomes_of(Path(path), stack)]


def is_outcomes_file(path: str | Path) -> bool:
    """Return whether a file's name is that of police.uk's outcomes."""
    return str(path).lower().endswith(_OUTCOMES)


def _outcomes_of(path: Path, stack: ExitStack) -> list[Part]:
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.name.lower().endswith((_OUTCOMES, ".zip")))
        return [part for file in files if file.is_file() for part in _outcomes_of(file, stack)]
    if is_outcomes_file(path):
        return [Part(path.name, path.name, path.stat().st_size, path.read_bytes, is_explicit=True, path=path)]
    if path.suffix.lower() != ".zip" or _is_single_table(path):
        return []
    archive = stack.enter_context(open_archive(path, path.name))
    members = [member for member in list_members(archive, path.name) if is_outcomes_file(member.filename)]
    check_limits(members, path.name)
    return [
        Part(
            PurePosixPath(member.filename.replace("\\", "/")).name, path.name, member.file_size,
            partial(_unzip, archive, member, path.name), is_explicit=True,
        )
        for member in sorted(members, key=lambda member: member.filename)
    ]  # fmt: skip


def _tables_below(folder: Path) -> list[Path]:
    below = (path for path in folder.rglob("*") if path.is_file() and path.name.lower().endswith(_TABLE_SUFFIXES))
    found = sorted(path for path in below if not _is_hidden(path.relative_to(folder).parts))
    if not found:
        raise SourceError(
            f"The folder '{folder.name}' holds no CSV, TSV, XLSX or ZIP file at any depth, and no other kind of table."
        )
    return found


def _is_hidden(parts: Iterable[str]) -> bool:
    return any(part.startswith((".", "__MACOSX", "~$")) for part in parts)


def _parts_of_file(path: Path, stack: ExitStack, *, is_explicit: bool) -> tuple[list[Part], int]:
    """Return the parts of one file on disk and how many of its tables are known not to be incidents."""
    name = path.name
    if not is_explicit and name.lower().endswith(_NOT_INCIDENTS):
        return [], 1
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError as error:
        raise SourceError(f"{name} could not be opened ({error.strerror}).") from error
    if start[:2] == b"PK" and not _is_single_table(path):
        return _parts_of_archive(path, stack)
    size = path.stat().st_size
    if size == 0 and is_explicit:
        raise SourceError(f"{name} is empty (0 bytes); export it again.")
    if start[:2] == b"\x1f\x8b":
        read: Callable[[], bytes] = partial(_gunzip, path)
        name, size = name.removesuffix(".gz"), 0
    else:
        read = path.read_bytes
    is_wanted = is_explicit or name.lower().endswith(_STREET)
    return [Part(name=name, file=path.name, size=size, read=read, is_explicit=is_wanted, path=path)], 0


def _is_single_table(path: Path) -> bool:
    """Return whether a ZIP is one table in many pieces: a workbook or a zipped Shapefile."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            return any(name in names for name in _SINGLE_TABLES) or any(n.lower().endswith(".shp") for n in names)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def _parts_of_archive(path: Path, stack: ExitStack) -> tuple[list[Part], int]:
    """Return police.uk's street files of an archive or, where it holds none, every table in it, as in a folder."""
    archive = stack.enter_context(open_archive(path, path.name))
    members = list_members(archive, path.name)
    places = [PurePosixPath(member.filename.replace("\\", "/")) for member in members]
    street = [i for i, at in enumerate(places) if at.name.lower().endswith(_STREET) and not _is_hidden([at.name])]
    wanted = street or [i for i, at in enumerate(places) if _is_table_inside(at)]
    n_passed_over = sum(at.name.lower().endswith(_NOT_INCIDENTS) for at in places)
    if not wanted:
        found = ", ".join(f"'{at.name}'" for at in places[:3]) or "nothing"
        raise SourceError(
            f"The ZIP {path.name} holds no street file of police.uk (2024-01-west-midlands-street.csv) and no other "
            f"table such as a CSV or XLSX among its {len(places)} files (found {found}); archives inside it are not "
            "opened: unpack it and give the table itself."
        )
    check_limits([members[i] for i in wanted], path.name)
    if not street:
        _check_nested(archive, [members[i] for i in wanted], path.name)
    parts = [
        Part(
            places[i].name, path.name, members[i].file_size, partial(_unzip, archive, members[i], path.name),
            is_explicit=bool(street) or len(wanted) == 1,
        )
        for i in wanted
    ]  # fmt: skip
    return sorted(parts, key=lambda part: part.name), n_passed_over


def _is_table_inside(at: PurePosixPath) -> bool:
    """Return whether a member of an archive may be a table of incidents; archives in archives are never opened."""
    name = at.name.lower()
    folders = [part for part in at.parts if part not in ("..", "/")]
    may_be = name.endswith(_TABLE_SUFFIXES) and not name.endswith((*_PACKED_SUFFIXES, *_NOT_INCIDENTS))
    return may_be and not _is_hidden(folders)


def _check_nested(archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo], name: str) -> None:
    """Refuse workbooks that pass every limit one by one and break one together, packed once more as they are."""
    total = 0
    for member in members:
        if _unzip(archive, member, name, 2) != b"PK":
            continue
        data = io.BytesIO(_unzip(archive, member, name))
        if not zipfile.is_zipfile(data):
            continue
        with open_archive(data, PurePosixPath(member.filename).name) as inner:
            unpacked = sum(piece.file_size for piece in inner.infolist())
        _check_ratio(unpacked, member.compress_size, name)
        total += unpacked
    if total > MAX_UNPACKED_BYTES:
        raise SourceError(_too_large(name, total))


def open_archive(file: Path | io.BytesIO, name: str) -> zipfile.ZipFile:
    """Return an opened archive, refusing one that is damaged."""
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise SourceError(f"{name} could not be opened as a ZIP ({error}); download it again.") from error


def list_members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """Return the files an archive lists, refusing one that lists too many or one that packs too well."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise SourceError(f"The ZIP {name} was refused: it lists {len(members):,} files, the limit is {MAX_MEMBERS:,}.")
    for member in members:
        _check_ratio(member.file_size, member.compress_size, name)
    return members


def check_limits(members: Iterable[zipfile.ZipInfo], name: str) -> None:
    """Refuse an archive whose wanted members unpack to too much or are locked."""
    members = list(members)
    total = sum(member.file_size for member in members)
    if total > MAX_UNPACKED_BYTES:
        raise SourceError(_too_large(name, total))
    if any(member.flag_bits & 0x1 for member in members):
        raise SourceError(f"The ZIP {name} is locked with a password; unlock it and give the files.")


def _too_large(name: str, total: int) -> str:
    return (
        f"The ZIP {name} was refused: it would unpack to {total / 1024**3:.1f} GiB, the limit is "
        f"{MAX_UNPACKED_BYTES / 1024**3:.0f} GiB; give fewer months."
    )


def _check_ratio(unpacked: int, packed: int, name: str) -> None:
    if unpacked > _SMALL_BYTES and unpacked > MAX_RATIO * max(packed, 1):
        raise SourceError(
            f"{name} was refused as a possible ZIP bomb: a file in it grows {unpacked / max(packed, 1):,.0f} times "
            f"when unpacked, the limit is {MAX_RATIO} times."
        )


def _unzip(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, n_bytes: int = -1) -> bytes:
    try:
        with archive.open(member) as stream:
            return stream.read(n_bytes)  # never more than the size its directory declares
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise SourceError(f"The ZIP {name} is damaged ({error}); download it again.") from error


def _gunzip(path: Path) -> bytes:
    """Unpack a gzip file piece by piece; it does not say how large it will be."""
    packed = path.stat().st_size
    limit = min(MAX_UNPACKED_BYTES, max(_SMALL_BYTES, MAX_RATIO * packed))
    out = io.BytesIO()
    try:
        with gzip.open(path) as stream:
            for piece in _pieces(stream):
                out.write(piece)
                if out.tell() > limit:
                    raise SourceError(
                        f"{path.name} was refused as a possible bomb: it unpacks to more than {limit / 1024**2:,.0f} "
                        f"MiB (limits: {MAX_RATIO} times its size, {MAX_UNPACKED_BYTES / 1024**3:.0f} GiB)."
                    )
    except (OSError, EOFError, zlib.error) as error:
        raise SourceError(f"{path.name} is damaged ({error}); download it again.") from error
    return out.getvalue()


def _pieces(stream: gzip.GzipFile) -> Iterator[bytes]:
    while piece := stream.read(_SMALL_BYTES):
        yield piece


def _without_copies(parts: list[Part]) -> tuple[list[Part], list[str]]:
    """Leave out parts given twice; identical ASB rows are real, but a file read twice doubles every count.

    Two different versions of the same police.uk month and force cannot both be right: the larger is kept.
    """
    kept: dict[str, Part] = {}
    notes: list[str] = []
    for part in parts if len(parts) > 1 else ():
        key = part.name.lower() if part.name.lower().endswith(_STREET) else _digest(part)
        twin = kept.setdefault(key, part)
        if twin is part:
            continue
        if _digest(twin) == _digest(part):
            notes.append(f"{part.name} is there twice and was read once.")
        else:
            kept[key] = max(twin, part, key=lambda p: (p.size, _digest(p)))
            notes.append(f"{part.name} is there in two versions; the larger was read.")
    return list(kept.values()) or parts, notes


def _digest(part: Part) -> str:
    return blake2b(part.read(), digest_size=16).hexdigest()
