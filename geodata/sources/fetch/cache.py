"""What has been fetched: files that are whole or absent, and a manifest of their checksums.

Everything is written into ``.fetch/tmp`` first, flushed to the disk and moved to its place in one step, the file before
its line in the manifest. A process that is killed at any moment leaves files that the manifest vouches for, files it
does not know yet (they are fetched again), and rubbish in ``.fetch/tmp`` that the next run removes.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

HIDDEN: Final = ".fetch"
"""Folder of raw answers, archives and the manifest; `geodata.sources.read` passes hidden folders over."""

_PIECE_BYTES = 1024**2


class Cache:
    """The folder of one fetch and what its manifest says of it; made where it is missing.

    Parameters
    ----------
    folder : path
        Folder the street files go to.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self._manifest = self.folder / HIDDEN / "manifest.json"
        self._temporary = self.folder / HIDDEN / "tmp"
        self._temporary.mkdir(parents=True, exist_ok=True)
        for rubbish in self._temporary.iterdir():
            rubbish.unlink(missing_ok=True)
        self._entries = _read_manifest(self._manifest)

    def path(self, name: str) -> Path:
        """Return where a file stands; `name` is relative to the folder, with forward slashes."""
        return self.folder / name

    def facts(self, name: str) -> dict[str, Any]:
        """Return what the manifest says of a file; nothing where it does not know it."""
        return self._entries.get(name, {})

    def names(self, start: str) -> list[str]:
        """Return the names the manifest knows that begin so, in order."""
        return sorted(name for name in self._entries if name.startswith(start))

    def targets(self) -> set[str]:
        """Return what the street files in the folder were fetched for."""
        return {
            entry["target"] for name, entry in self._entries.items() if "target" in entry and self.path(name).exists()
        }

    def holds(self, name: str, **facts: str) -> bool:
        """Return whether a file is there, is what the manifest says to the last byte, and has these facts."""
        entry = self.facts(name)
        if not entry or any(entry.get(fact) != value for fact, value in facts.items()):
            return False
        path = self.path(name)
        try:
            return bool(path.stat().st_size == entry["bytes"] and digest_of(path) == entry["sha256"])
        except OSError:
            return False

    def write(self, name: str, pieces: Iterable[bytes], **facts: str) -> Path:
        """Write a file whole or not at all, then vouch for it; return where it is."""
        n_bytes, digest = self._put(self.path(name), pieces)
        self._vouch(name, {"bytes": n_bytes, "sha256": digest, **facts})
        return self.path(name)

    def note(self, path: Path, facts: Mapping[str, Any]) -> None:
        """Write a small JSON file whole or not at all, without vouching for it."""
        self._put(path, [json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False).encode()])

    def adopt(self, part: Path, name: str, **facts: str) -> Path:
        """Move a finished download to its place and vouch for it; return where it is."""
        n_bytes, digest = part.stat().st_size, digest_of(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        _move(part, self.path(name))
        self._vouch(name, {"bytes": n_bytes, "sha256": digest, **facts})
        return self.path(name)

    def forget(self, name: str) -> None:
        """Remove a file and its line; the line goes first, so that nothing is vouched for that is gone."""
        if self._entries.pop(name, None) is not None:
            self.note(self._manifest, self._entries)
        self.path(name).unlink(missing_ok=True)

    def _vouch(self, name: str, entry: dict[str, Any]) -> None:
        self._entries[name] = entry
        self.note(self._manifest, self._entries)

    def _put(self, path: Path, pieces: Iterable[bytes]) -> tuple[int, str]:
        """Write beside, flush, move; return length and SHA-256."""
        temporary = self._temporary / secrets.token_hex(8)
        digest, n_bytes = sha256(), 0
        try:
            with temporary.open("xb") as file:
                for piece in pieces:
                    digest.update(piece)
                    n_bytes += len(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            _move(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        return n_bytes, digest.hexdigest()


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _move(source: Path, target: Path) -> None:
    """Put a flushed file in its place in one step, and make the disk remember the place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    if os.name == "posix":  # Windows has no handles of folders
        handle = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read_manifest(path: Path) -> dict[str, dict[str, Any]]:
    """Return the manifest; a damaged one vouches for nothing, so that everything is fetched again."""
    try:
        entries = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    if not isinstance(entries, dict):
        return {}
    return {
        name: entry
        for name, entry in entries.items()
        if isinstance(entry, dict) and {"bytes", "sha256"} <= entry.keys()
    }
