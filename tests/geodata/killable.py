"""Do one job in a process that may be killed: a child is forked for every order, so that imports are paid for once.

Reads one JSON order a line: ``{"job": "fetch" | "save", ..., "die_at": n}``. Answers with the child's process number,
then, when it has ended, with its exit status (negative: the signal) and how many audited events it came through.
With ``die_at`` the child kills itself at its n-th event: before opening, moving or removing a file, before connecting,
before flushing to the disk, and in the middle of writing, which is made to happen in small pieces.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import shapely

from geodata.area import StudyArea
from geodata.sources import read
from geodata.sources.fetch import Patience, archive, cache, fetch
from geodata.store import save

AUDITED = {"open", "os.mkdir", "os.rename", "os.remove", "socket.connect"}
TOWN = StudyArea("town", shapely.box(-2.16, 52.57, -2.10, 52.60))


def do(order: dict[str, Any]) -> None:
    if order["job"] == "save":
        save(read([order["file"]]), order["folder"])
        return
    fetch(
        order["force"], order["first"], order["last"], order["folder"], area=None if order["force"] else TOWN,
        base=order["base"], requests_per_second=10_000, patience=Patience(first_wait_s=0.01), random_state=0,
    )  # fmt: skip


class Events:
    """Counts what a job does, where the parent can read it, and dies at the event it was told."""

    def __init__(self, die_at: int | None, count: int) -> None:
        self.die_at, self.count, self.seen = die_at, count, 0

    def add(self) -> None:
        self.seen += 1
        if self.seen == self.die_at:
            os.kill(os.getpid(), signal.SIGKILL)
        os.pwrite(self.count, self.seen.to_bytes(4, "big"), 0)


def watch(folder: str, events: Events) -> None:
    """Make every step of writing in a folder an event, also those inside a write."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in AUDITED and (event == "socket.connect" or str(arguments[0]).startswith(folder)):
            events.add()

    flush, to_parquet = os.fsync, pd.DataFrame.to_parquet

    def fsync(handle: int) -> None:
        events.add()
        flush(handle)

    class Digest:  # the cache passes every piece it writes through this
        def __init__(self) -> None:
            self.update, self.digest = self.add, sha256()

        def add(self, piece: bytes) -> None:
            events.add()
            self.digest.update(piece)

        def hexdigest(self) -> str:
            return self.digest.hexdigest()

    def write_slowly(path: Path, content: bytes) -> None:
        with path.open("wb", buffering=0) as file:
            for start in range(0, len(content), max(1, len(content) // 5)):
                events.add()
                file.write(content[start : start + max(1, len(content) // 5)])

    sys.addaudithook(hook)
    os.fsync = fsync
    cache.sha256 = Digest
    archive._PIECE_BYTES = 3_000
    pd.DataFrame.to_parquet = lambda frame, path, **given: write_slowly(path, to_parquet(frame, **given))
    Path.write_text = lambda path, text, **_: write_slowly(path, text.encode())


def tell(*numbers: int) -> None:
    sys.stdout.write(" ".join(map(str, numbers)) + "\n")
    sys.stdout.flush()


def main() -> None:
    count = os.memfd_create("events") if hasattr(os, "memfd_create") else os.open(os.devnull, os.O_RDWR)
    for line in sys.stdin:
        order = json.loads(line)
        os.pwrite(count, bytes(4), 0)
        child = os.fork()
        if child == 0:
            watch(order["folder"], Events(order.get("die_at"), count))
            do(order)
            os._exit(0)
        tell(child)
        _, status = os.waitpid(child, 0)
        tell(os.waitstatus_to_exitcode(status), int.from_bytes(os.pread(count, 4, 0), "big"))


if __name__ == "__main__":
    main()
