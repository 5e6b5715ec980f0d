"""The only place that writes results: all of them, or none."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from geodata.errors import DataError


def write_files(folder: str | Path, contents: Mapping[str, bytes]) -> dict[str, Path]:
    """Write every file into `folder`, each whole or not at all.

    Everything is written beside its destination first and moved into place only when all of it is there, so a full
    disk or an interruption leaves earlier results untouched.

    Returns
    -------
    dict of str to Path
        Where each file went.

    Raises
    ------
    DataError
        If the folder cannot be made or written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as staging:
            staged = Path(staging)
            for name, content in contents.items():
                (staged / name).write_bytes(content)
            for name in contents:
                (staged / name).replace(folder / name)
    except OSError as error:
        raise DataError(f"The results could not be written to {folder}: {error.strerror or error}.") from error
    return {name: folder / name for name in contents}
