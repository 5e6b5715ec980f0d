"""Ten million police.uk rows in 144 CSVs: our reader, which reads every record whole, beside five-column scans.

Each reader runs in a process of its own (libraries imported before the clock starts); prints seconds, the ratio to
polars' scan and peak memory. Target: at most polars' five-column scan plus half, and below 1.5 GB.

Run with ``python benchmarks/bench_read.py [--rows 10000000] [--rounds 3]``, or on real files: ``--files X.zip``.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

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


READERS: dict[str, Callable[[list[str]], int]] = {
    "pandas five columns": with_pandas,
    "polars five columns": with_polars,
    "geodata whole records": with_geodata,
}


def measure(name: str, listing: Path) -> tuple[float, float, int]:
    """Return seconds, peak megabytes and rows of one reader in a fresh process."""
    line = [sys.executable, __file__, "--reader", name, "--listing", str(listing)]
    said = json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)
    return said["seconds"], said["peak_mb"], said["rows"]


def run_reader(name: str, listing: Path) -> None:
    import geopandas  # noqa: F401  # imported by our reader anyway: no part of reading
    import pandas  # noqa: F401

    import geodata.sources  # noqa: F401

    paths = json.loads(listing.read_text())
    started = time.perf_counter()
    rows = READERS[name](paths)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "rows": rows}))


def compare(paths: list[Path], rounds: int, folder: Path) -> None:
    listing = folder / "listing.json"
    listing.write_text(json.dumps([str(path) for path in paths]))
    found = {name: [] for name in READERS if name == "geodata whole records" or paths[0].suffix == ".csv"}
    for _ in range(rounds):  # in turn, so that a busy spell of the machine meets all of them
        for name, runs in found.items():
            runs.append(measure(name, listing))
    base = statistics.median(run[0] for run in found.get("polars five columns", found["geodata whole records"]))
    for name, runs in found.items():
        seconds = statistics.median(run[0] for run in runs)
        peak = max(run[1] for run in runs)
        print(f"{name:<24}{seconds:8.2f} s {seconds / base:6.2f} x polars {peak:8,.0f} MB {runs[0][2]:12,} rows")


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--rows", type=int, default=10_000_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--files", type=Path, nargs="*")
    asked.add_argument("--reader")
    asked.add_argument("--listing", type=Path)
    given = asked.parse_args()
    if given.reader:
        run_reader(given.reader, given.listing)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.files:
            compare(given.files, given.rounds, folder)
            return
        write_files(folder, given.rows)
        compare(sorted(folder.glob("*.csv")), given.rounds, folder)


if __name__ == "__main__":
    main()
