"""Reading police.uk files: ten million made rows beside pandas and polars, and a real archive from it and the store.

Made rows: 144 CSVs of 12 forces and 12 months. Our reader reads every record whole, the others five columns. Target: at
most polars' time plus half, and below 1.5 GB. Each reader runs in a process of its own, libraries imported before the
clock starts; all take turns, and ratios are within a round, so that a busy spell of the machine meets all of them.
Processor seconds (all threads together) stand beside the time: on a busy machine they are the steadier of the two.

A real archive (``--archive``): read whole, one force of it, one area of it; from the files, and from the store.

Run with ``python benchmarks/bench_read.py [--rows 10000000] [--rounds 5]``, or
``python benchmarks/bench_read.py --archive X.zip --force west-midlands --area Y.geojson``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from geodata.sources import Intake

N_FILES = 144
N_POINTS = 60_000
N_STREETS = 20_000
CATEGORIES = ("Anti-social behaviour", "Violence and sexual offences", "Burglary", "Drugs", "Other theft",
              "Public order", "Shoplifting", "Vehicle crime", "Bicycle theft", "Robbery", "Other crime",
              "Criminal damage and arson", "Possession of weapons", "Theft from the person")  # fmt: skip
FIVE = {"Month": pl.Categorical, "Longitude": pl.Float64, "Latitude": pl.Float64, "Location": pl.Categorical,
        "Crime type": pl.Categorical}  # fmt: skip


def write_files(folder: Path, n_rows: int) -> None:
    """Write street files of twelve forces and twelve months; three rows in ten are ASB, without a Crime ID."""
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.uniform(-3, 1, N_POINTS), rng.uniform(51, 54, N_POINTS)]).round(6)
    street_of = rng.integers(0, N_STREETS, N_POINTS)
    streets = np.array([f"On or near Street Number {i}" for i in range(N_STREETS)])
    busy = rng.pareto(1.2, N_POINTS) + 0.1
    each = n_rows // N_FILES
    for i in range(N_FILES):
        month, force = f"2023-{i % 12 + 1:02d}", f"force-{i // 12}"
        at = rng.choice(N_POINTS, each, p=busy / busy.sum())
        kind = np.where(rng.random(each) < 0.3, 0, rng.integers(1, len(CATEGORIES), each))
        ids = np.array([row.tobytes().hex() for row in rng.integers(0, 256, (each, 32), dtype=np.uint8)])
        lsoa = street_of[at] % 4000
        pl.DataFrame({
            "Crime ID": np.where(kind == 0, "", ids), "Month": [month] * each, "Reported by": [force] * each,
            "Falls within": [force] * each, "Longitude": points[at, 0], "Latitude": points[at, 1],
            "Location": streets[street_of[at]], "LSOA code": np.char.add("E0100", (1000 + lsoa).astype(str)),
            "LSOA name": np.char.add("Town ", lsoa.astype(str)), "Crime type": np.array(CATEGORIES)[kind],
            "Last outcome category": np.where(kind == 0, "", "Investigation complete; no suspect identified"),
            "Context": [""] * each,
        }).write_csv(folder / f"{month}-{force}-street.csv")  # fmt: skip


def with_pandas(paths: list[str]) -> int:
    import pandas as pd

    kinds = {"Month": "category", "Location": "category", "Crime type": "category"}
    parts = [pd.read_csv(path, usecols=list(FIVE), dtype=kinds) for path in paths]
    return sum(len(part) for part in parts)


def with_polars(paths: list[str]) -> int:
    return pl.scan_csv(paths, schema_overrides=FIVE).select(list(FIVE)).collect().height


def with_geodata(paths: list[str]) -> int:
    from geodata.sources import read

    return read(paths).n_read


def whole(intake: Intake, _force: str, _area: str) -> int:
    return len(intake.records)


def one_force(intake: Intake, force: str, _area: str) -> int:
    source = intake.records["source"]
    of_force = [name for name in source.cat.categories if name.endswith(f"-{force}-street.csv")]
    return len(intake.records[source.isin(of_force)])


def one_area(intake: Intake, _force: str, area: str) -> int:
    from geodata.area import read_area

    records = intake.records
    return len(records[read_area(area).is_near(records["longitude"], records["latitude"])])


QUESTIONS: dict[str, Callable[[Intake, str, str], int]] = {
    "whole": whole, "one force": one_force, "one area": one_area,
}  # fmt: skip
READERS: dict[str, Callable[[list[str]], int]] = {
    "pandas five columns": with_pandas,
    "polars five columns": with_polars,
    "geodata whole records": with_geodata,
}


def in_fresh_process(*asked: str) -> dict[str, float]:
    line = [sys.executable, __file__, *asked]
    said: dict[str, float] = json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)
    return said


def timed(work: Callable[[], int]) -> None:
    """Print seconds, processor seconds, peak megabytes and rows."""
    import geopandas  # noqa: F401  # imported by our reader anyway: no part of reading
    import pandas  # noqa: F401

    import geodata.sources.street_rows  # noqa: F401

    started, spent = time.perf_counter(), time.process_time()
    rows = work()
    seconds, processor = time.perf_counter() - started, time.process_time() - spent
    held = Path("/proc/self/status").read_text()  # of this process alone: getrusage keeps its parent's peak
    peak = int(held.partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({"seconds": seconds, "processor": processor, "peak_mb": peak, "rows": rows}))


def ask_archive(path: str, question: str, force: str, area: str) -> int:
    from geodata.sources import read
    from geodata.store import load

    stored = Path(path)
    intake = load(stored.stem, stored.parent) if stored.suffix == ".parquet" else read([path])
    return QUESTIONS[question](intake, force, area)


def compare(paths: list[Path], rounds: int, folder: Path) -> None:
    listing = folder / "listing.json"
    listing.write_text(json.dumps([str(path) for path in paths]))
    found: dict[str, list[dict[str, float]]] = {name: [] for name in READERS}
    for _ in range(rounds):
        for name, runs in found.items():
            runs.append(in_fresh_process("--reader", name, "--listing", str(listing)))
    base = found["polars five columns"]
    print(f"{'':<24}{'s':>8}{'proc. s':>9}{'x polars':>10}{'best':>7}{'proc.':>7}{'MB':>8}{'rows':>13}")
    for name, runs in found.items():
        seconds, processor = (statistics.median(run[key] for run in runs) for key in ("seconds", "processor"))
        ratios = [run["seconds"] / peer["seconds"] for run, peer in zip(runs, base, strict=True)]
        of_processor = statistics.median(
            run["processor"] / peer["processor"] for run, peer in zip(runs, base, strict=True)
        )
        peak = max(run["peak_mb"] for run in runs)
        print(
            f"{name:<24}{seconds:8.2f}{processor:9.2f}{statistics.median(ratios):10.2f}{min(ratios):7.2f}"
            f"{of_processor:7.2f}{peak:8,.0f}{runs[0]['rows']:13,}"
        )


def time_archive(archive: Path, force: str, area: Path, rounds: int, folder: Path) -> None:
    from geodata.sources import read
    from geodata.store import save

    stored = save(read([archive]), folder)
    print(f"{'':<24}{'s':>8}{'best':>7}{'proc. s':>9}{'MB':>8}{'rows':>13}")
    for source, path in (("files", archive), ("store", stored)):
        for question in QUESTIONS:
            asked = ("--question", question, "--archive", str(path), "--force", force, "--area", str(area))
            runs = [in_fresh_process(*asked) for _ in range(rounds)]
            seconds = [run["seconds"] for run in runs]
            processor = statistics.median(run["processor"] for run in runs)
            print(
                f"{question + ', ' + source:<24}{statistics.median(seconds):8.2f}{min(seconds):7.2f}{processor:9.2f}"
                f"{max(run['peak_mb'] for run in runs):8,.0f}{runs[0]['rows']:13,}"
            )


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rows", type=int, default=10_000_000)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--folder", type=Path, help="where the made files are, or are to be kept")
    asked.add_argument("--archive", type=Path)
    asked.add_argument("--force")
    asked.add_argument("--area", type=Path)
    asked.add_argument("--reader", help=argparse.SUPPRESS)
    asked.add_argument("--listing", type=Path, help=argparse.SUPPRESS)
    asked.add_argument("--question", help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.reader:
        paths = json.loads(given.listing.read_text())
        timed(lambda: READERS[given.reader](paths))
        return
    if given.question:
        timed(lambda: ask_archive(str(given.archive), given.question, given.force, str(given.area)))
        return
    with tempfile.TemporaryDirectory() as name:
        if given.archive:
            time_archive(given.archive, given.force, given.area, given.rounds, Path(name))
            return
        folder = given.folder or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.glob("*-street.csv")):
            write_files(folder, given.rows)
        compare(sorted(folder.glob("*-street.csv")), given.rounds, Path(name))


if __name__ == "__main__":
    main()
