"""Do one job in a process that may be killed: a child is forked for every order, so that imports are paid for once.

Reads one JSON order a line: ``{"job": "fetch" | "save", ..., "die_at": n}``. Answers with the child's process number,
then, when it has ended, with its exit status (negative: the signal) and how many audited events it came through.
With ``die_at`` the child kills itself just before its n-th event, which is an open, rename, removal or connection.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import shapely

from geodata.area import StudyArea
from geodata.sources import read
from geodata.sources.fetch import Patience, fetch
from geodata.store import save

EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "socket.connect"}
TOWN = StudyArea("town", shapely.box(-2.16, 52.57, -2.10, 52.60))


def do(order: dict[str, Any]) -> None:
    if order["job"] == "save":
        save(read([order["file"]]), order["folder"])
        return
    fetch(
        order["force"], order["first"], order["last"], order["folder"], area=None if order["force"] else TOWN,
        base=order["base"], requests_per_second=10_000, patience=Patience(first_wait_s=0.01), random_state=0,
    )  # fmt: skip


def watch(order: dict[str, Any], count: int) -> None:
    """Count events that concern the job's folder or the network; die at one of them when told to."""
    seen = 0
    folder = str(Path(order["folder"]))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in EVENTS and (event == "socket.connect" or str(arguments[0]).startswith(folder)):
            seen += 1
            if seen == order.get("die_at"):
                os.kill(os.getpid(), signal.SIGKILL)
            os.pwrite(count, seen.to_bytes(4, "big"), 0)

    sys.addaudithook(hook)


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
            watch(order, count)
            do(order)
            os._exit(0)
        tell(child)
        _, status = os.waitpid(child, 0)
        tell(os.waitstatus_to_exitcode(status), int.from_bytes(os.pread(count, 4, 0), "big"))


if __name__ == "__main__":
    main()
