"""Killed at any moment, fetch and store lose nothing that was complete, show nothing half-written, and go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geodata.sources.fetch.cache import Cache
from geodata.store import load

from .police_uk_server import PoliceUk, crime, forces_archive, serve, street_text

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the test forks processes to kill them")

MONTHS = ["2023-12", "2024-01", "2024-02"]
ARCHIVE = ".fetch/archive/2024-02.zip"
N_KILLS = 20


class Worker:
    """The process that forks one killable child for every order."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def run(self, order: dict[str, Any], *, kill_after_s: float | None = None) -> tuple[int, int, float]:
        """Return exit status, number of events and seconds of one job."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        child, started = int(self.process.stdout.readline()), time.monotonic()
        if kill_after_s is not None:
            time.sleep(kill_after_s)
            with suppress(ProcessLookupError):  # it was faster
                os.kill(child, signal.SIGKILL)
        status, n_events = map(int, self.process.stdout.readline().split())
        return status, n_events, time.monotonic() - started


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    script = Path(__file__).with_name("killable.py")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, str(script)], **pipes) as process:
        yield Worker(process)
        process.stdin.close()


@pytest.fixture(scope="module")
def server() -> Iterator[PoliceUk]:
    rng = np.random.default_rng(3)
    places = np.c_[rng.uniform(-2.16, -2.10, 60), rng.uniform(52.57, 52.60, 60)].round(6)
    crimes = [crime(100 * i + j, *place, month) for i, month in enumerate(MONTHS) for j, place in enumerate(places)]
    state = PoliceUk(
        crimes=crimes, months=MONTHS, max_crimes=35, rate=1e6, burst=1e6, slow_body_s=0.02,
        archives={"2024-02": forces_archive(MONTHS, n=400, padding=400_000)},
    )  # fmt: skip
    with serve(state) as running:
        yield running


def tree(folder: Path) -> dict[str, str]:
    """Return the checksum of every file that is meant to stay; what is being written stands apart."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {
        name: sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if not name.startswith(".fetch/tmp/") and ".part" not in name
    }


def complete(folder: Path) -> set[str]:
    """Return the files the manifest vouches for, each checked to the last byte."""
    if not (folder / ".fetch").exists():
        return set()
    known = json.loads(manifest.read_bytes()) if (manifest := folder / ".fetch" / "manifest.json").exists() else {}
    cache = Cache(folder)
    assert all(cache.holds(name) for name in known), "the manifest vouches for a file that is not whole"
    return set(known)


def moments(n_events: int, seconds: float) -> list[dict[str, Any]]:
    """Return 20 moments: half of them between two events, half of them any time, as in the middle of a write."""
    rng = np.random.default_rng(11)
    events = rng.choice(np.arange(1, n_events + 1), N_KILLS // 2, replace=False)
    return [{"die_at": int(event)} for event in sorted(events)] + [
        {"kill_after_s": float(after)} for after in sorted(rng.uniform(0, seconds, N_KILLS - N_KILLS // 2))
    ]


@pytest.mark.parametrize("force", ["west-midlands", None])
def test_a_fetch_killed_at_20_moments_keeps_what_was_complete_and_ends_the_same(
    worker: Worker, server: PoliceUk, tmp_path: Path, force: str | None
) -> None:
    def order(folder: str, **more: object) -> dict[str, Any]:
        at = {"job": "fetch", "force": force, "first": MONTHS[0], "last": MONTHS[-1], "base": server.base}
        return at | {"folder": str(tmp_path / folder)} | more

    worker.run(order("warm"))
    status, n_events, seconds = worker.run(order("whole"))
    assert status == 0
    reference = tree(tmp_path / "whole")
    assert len([name for name in reference if name.endswith("-street.csv")]) == len(MONTHS)

    n_killed = 0
    for i, moment in enumerate(moments(n_events, seconds)):
        after = moment.pop("kill_after_s", None)
        status, _, _ = worker.run(order(f"killed-{i}", **moment), kill_after_s=after)
        assert status in (0, -signal.SIGKILL)
        n_killed += status != 0
        folder = tmp_path / f"killed-{i}"
        left = tree(folder)
        assert {name: left[name] for name in left if name in reference and "manifest" not in name}.items() <= (
            reference.items()
        ), "a half-written file is visible"
        assert left.keys() <= reference.keys()
        kept = complete(folder)
        times = {name: (folder / name).stat().st_mtime_ns for name in kept}

        n_asked = len(server.log)
        assert worker.run(order(f"killed-{i}"))[0] == 0
        assert len(server.log) == n_asked or ARCHIVE not in left, "a whole archive was downloaded again"
        assert tree(folder) == reference
        assert {name: (folder / name).stat().st_mtime_ns for name in kept} == times, "something complete was redone"
        assert list((folder / ".fetch" / "tmp").iterdir()) == []
        assert not list(folder.rglob("*.part*"))
    assert n_killed >= N_KILLS // 2


def test_a_save_killed_at_20_moments_shows_nothing_half_written_and_ends_the_same(
    worker: Worker, tmp_path: Path
) -> None:
    source = tmp_path / "2024-01-a-force-street.csv"
    source.write_text(street_text("2024-01", 4_000), encoding="utf-8")

    def order(folder: str, **more: object) -> dict[str, Any]:
        return {"job": "save", "file": str(source), "folder": str(tmp_path / folder)} | more

    worker.run(order("warm"))
    status, n_events, seconds = worker.run(order("whole"))
    assert status == 0
    reference = tree(tmp_path / "whole")
    (name,) = {Path(file).stem for file in reference}
    assert len(load(name, tmp_path / "whole").records) == 4_000

    n_killed = 0
    for i, moment in enumerate(moments(n_events, seconds)):
        after = moment.pop("kill_after_s", None)
        status, _, _ = worker.run(order(f"killed-{i}", **moment), kill_after_s=after)
        assert status in (0, -signal.SIGKILL)
        n_killed += status != 0
        folder = tmp_path / f"killed-{i}"
        left = {file: digest for file, digest in tree(folder).items() if not file.startswith(".")}
        assert left.items() <= reference.items(), "a half-written file is visible"
        assert worker.run(order(f"killed-{i}"))[0] == 0
        assert {file: digest for file, digest in tree(folder).items() if not file.startswith(".")} == reference
    assert n_killed >= N_KILLS // 2
