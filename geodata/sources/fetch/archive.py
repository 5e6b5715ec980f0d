"""Monthly archives of every force: one large ZIP, continued where it was cut off, and the street files wanted of it.

``data/archive/YYYY-MM.zip`` holds about 36 months up to its own, laid out as
``YYYY-MM/YYYY-MM-<force>-street.csv`` (R2.6).
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import requests

from geodata.errors import DataError, SourceError
from geodata.sources.fetch.cache import HIDDEN, Cache
from geodata.sources.fetch.client import AskAgainError, Client
from geodata.sources.files import check_limits, list_members, open_archive

Say = Callable[[str, int, int], None]

FORCE: Final = re.compile(r"[a-z]+(-[a-z]+)*")
"""How police.uk writes a force in addresses and file names."""

_FOLDER = f"{HIDDEN}/archive/"
_MEMBER = re.compile(r"(?:^|/)(\d{4}-\d{2})/(\d{4}-\d{2})-([a-z-]+)-street\.csv$")
_PIECE_BYTES = 1024**2
_OK, _PARTIAL, _NOT_FOUND, _NO_SUCH_RANGE = 200, 206, 404, 416


@dataclass(frozen=True)
class _Identity:
    """What tells one version of a download from another."""

    tag: str
    size: int


def street_name(month: str, who: str) -> str:
    """Return the place of one month's street file in archive layout (R2.6)."""
    return f"{month}/{month}-{who}-street.csv"


def fetch_force(client: Client, cache: Cache, force: str, months: list[str], say: Say) -> list[str]:
    """Put the street files of one force into the cache; return the months for which there is none.

    The archive of the last month wanted is downloaded; where it does not reach back far enough, also the one that ends
    just before it begins.

    Raises
    ------
    DataError
        If an archive cannot be had, is damaged, or knows no such force.
    """
    absent: list[str] = []
    wanted = sorted(months)
    while wanted:
        name = _archive(client, cache, wanted[-1], say)
        reaches_back_to = cache.facts(name)["first"]
        here = [month for month in wanted if month >= reaches_back_to]
        try:
            absent += _extract(cache, name, force, here)
        except SourceError:
            cache.forget(name)  # a damaged archive must not be met again by the next run
            raise
        wanted = [month for month in wanted if month < reaches_back_to]
    return sorted(absent)


def _extract(cache: Cache, name: str, force: str, months: list[str]) -> list[str]:
    """Unpack the street files of one force; return the months for which there is none."""
    label = Path(name).name
    with open_archive(cache.path(name), label) as archive:
        members = _street_members(archive, label)
        _check_force(force, {who for _, who in members}, label)
        found = {month: members[month, force] for month in months if (month, force) in members}
        check_limits(found.values(), label)
        for month, member in found.items():
            pieces = _unpacked(archive, member, label)
            cache.write(street_name(month, force), pieces, target=f"force {force}", archive=label)
    return [month for month in months if month not in found]


def _street_members(archive: zipfile.ZipFile, label: str) -> dict[tuple[str, str], zipfile.ZipInfo]:
    """Return the street files of an archive by month and force."""
    members = {}
    for member in list_members(archive, label):
        match = _MEMBER.search(member.filename)
        if match and match[1] == match[2]:
            members[match[1], match[3]] = member
    return members


def _check_force(force: str, known: set[str], label: str) -> None:
    if force not in known:
        close = get_close_matches(force, known, n=3) or sorted(known)[:3]
        raise DataError(f"{label} knows no force '{force}' among its {len(known)}; did you mean {' or '.join(close)}?")


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, label: str) -> Iterator[bytes]:
    try:
        with archive.open(member) as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise SourceError(f"{label} is damaged ({error}); run the same command again to download it afresh.") from error


def _archive(client: Client, cache: Cache, month: str, say: Say) -> str:
    """Return the name in the cache of a whole archive that covers a month, downloading what is missing of one."""
    for name in reversed(cache.names(_FOLDER)):
        if cache.facts(name)["first"] <= month <= cache.facts(name)["last"] and cache.holds(name):
            _discard(cache.path(f"{name}.part"))
            return name
    name = f"{_FOLDER}{month}.zip"
    part = cache.path(f"{name}.part")
    if cache.path(name).exists() and _note_of(part).exists():  # the end came between the move and the manifest
        cache.path(name).replace(part)
    tag = client.persist(lambda: _download(client, cache, month, part, say), f"The archive of {month}")
    try:
        first, last = _coverage(part, month)
    except SourceError:
        _discard(part)
        raise
    cache.adopt(part, name, first=first, last=last, tag=tag)
    _discard(part)
    return name


def _coverage(part: Path, month: str) -> tuple[str, str]:
    """Return the first and last month of a downloaded archive.

    Raises
    ------
    SourceError
        If it is no ZIP, breaks a limit, or holds no street file.
    """
    label = f"{month}.zip"
    with open_archive(part, label) as archive:
        months = {month for month, _ in _street_members(archive, label)}
    if not months:
        raise SourceError(f"{label} holds no street file; it is not a police.uk archive.")
    return min(*months, month), max(*months, month)


def _download(client: Client, cache: Cache, month: str, part: Path, say: Say) -> str:
    """Download an archive, or the rest of it; return its tag.

    The note beside the part says which version it is the beginning of; the rest is only asked for by that tag
    (``If-Range``), so that two versions are never joined.
    """
    known, have = _read_note(part)
    if have and have == known.size:
        return known.tag
    headers = {"Accept-Encoding": "identity"}  # positions count bytes of the file itself
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": known.tag}
    answers = (_OK, _PARTIAL, _NO_SUCH_RANGE, _NOT_FOUND)
    what = f"The archive of {month}"
    with client.open(f"/data/archive/{month}.zip", what, headers=headers, answers=answers) as response:
        _refuse_missing(client, response, month)
        if not _continues(response, known, have):
            _discard(part)
            if response.status_code != _OK:
                raise AskAgainError("it sent another part than the one asked for")
            known, have = _identity(response), 0
            cache.note(_note_of(part), {"tag": known.tag, "size": known.size})
        with part.open("ab", buffering=0) as file:
            for piece in client.pieces(response):
                file.write(piece)
                have += len(piece)
                say(f"Downloading the archive of {month}", have, known.size)
    if known.size and have != known.size:
        raise AskAgainError(f"its answer had {have:,} instead of {known.size:,} bytes")
    return known.tag


def _refuse_missing(client: Client, response: requests.Response, month: str) -> None:
    if response.status_code == _NOT_FOUND:
        raise DataError(
            f"{client.host} has no archive of {month}; data appear about two months late and archives begin in "
            "2013-12, so choose other months."
        )


def _continues(response: requests.Response, known: _Identity, have: int) -> bool:
    """Return whether a response holds exactly the bytes after the part."""
    if response.status_code != _PARTIAL or not have:
        return False
    return response.headers.get("content-range", "") == f"bytes {have}-{known.size - 1}/{known.size}"


def _identity(response: requests.Response) -> _Identity:
    size = response.headers.get("content-length", "")
    return _Identity(response.headers.get("etag", ""), int(size) if size.isdecimal() else 0)


def _note_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _read_note(part: Path) -> tuple[_Identity, int]:
    """Return which version a part belongs to and how much of it is there; nothing where that cannot be told."""
    nothing = _Identity("", 0), 0
    try:
        note: dict[str, Any] = json.loads(_note_of(part).read_bytes())
        known = _Identity(str(note["tag"]), int(note["size"]))
        have = part.stat().st_size
    except (OSError, ValueError, KeyError, TypeError):
        return nothing
    # A weak tag does not promise equal bytes, so a part that has one cannot be continued.
    can_continue = known.tag and not known.tag.startswith("W/") and 0 < have <= known.size
    return (known, have) if can_continue else nothing


def _discard(part: Path) -> None:
    with suppress(FileNotFoundError):
        part.unlink()
    with suppress(FileNotFoundError):
        _note_of(part).unlink()
