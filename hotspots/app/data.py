"""What the pages may ask for; answers are kept by a fingerprint and a frozen configuration, never by a table.

(Streamlit hashes long tables from a sample, so a table as cache key can serve a stale answer.)
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import geopandas as gpd
import pandas as pd
import streamlit as st

from geodata.area import StudyArea, choose_ostn15_grid, read_area
from geodata.landmarks import read_places
from geodata.quality import Gate
from geodata.sample import make_city, write_city
from geodata.schema import ASB
from geodata.sources import Intake, describe_matching, save_profile
from geodata.sources.streets import read_streets
from geodata.store import fingerprint, read
from hotspots import pipeline
from hotspots.analyses import Analysis, Options, analyse
from hotspots.cameras import read_cameras
from hotspots.config import ALL_CATEGORIES, RunConfig
from hotspots.gate import check_small_files, take_through_gate
from hotspots.membership import hotspot_of
from hotspots.report import run_files
from hotspots.report.analyses import own_files, picture_svg
from hotspots.report.tables import safe_text
from hotspots.results import Run

KEPT_RUNS = 8
"""Finished runs kept in memory for all sessions together."""

KEPT_ANSWERS = 64
"""Answers to single questions kept in memory for all sessions together."""


class Upload(Protocol):
    """A file the browser sent."""

    name: str

    def getvalue(self) -> bytes:
        """Return the file's bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Records and the places around them, known by `key`: the same content has the same key."""

    key: str
    name: str
    intake: Intake
    area: StudyArea
    streets: gpd.GeoDataFrame | None
    cameras: gpd.GeoDataFrame | None
    design: Path | None = None  # the sample's pilot, as a design file
    grid: str = ""  # OSTN15 grid file these data were read with


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is read beside the incidents, as paths.

    ``grid`` is an OSTN15 file (R3.12), which every conversion of these data then goes by.
    """

    area: Path
    name: str = ""
    streets: Path | None = None
    cameras: Path | None = None
    profile: Path | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    design: Path | None = None
    grid: str = ""


def load(incidents: Sequence[Path] | Callable[[], Intake], beside: Beside) -> Dataset:
    """Read incidents, the area and whatever was given beside them, as the command line reads them.

    Raises
    ------
    SourceError
        If a file cannot be read; the message says which and what to do.
    """
    use_grid(beside.grid)
    place = read_area(beside.area, name=beside.name.strip() or None)
    intake = incidents() if callable(incidents) else read(incidents, profile=beside.profile, mapping=beside.mapping)
    lines = read_streets(beside.streets) if beside.streets else None
    existing = read_cameras(beside.cameras) if beside.cameras else None
    key = _key(intake, place, lines, existing, beside.grid)
    return Dataset(key, place.name, intake, place, lines, existing, beside.design, beside.grid)


def use_grid(grid: str) -> None:
    """Convert coordinates of this page by an OSTN15 grid file; "" without one, or by what the environment names."""
    choose_ostn15_grid(grid)


def load_city(folder: Path) -> Dataset:
    """Read a synthetic city from the folder `hotspots sample` or `hotspots demo` wrote.

    Raises
    ------
    SourceError
        If a file of the city is not there.
    """
    beside = Beside(
        area=folder / "area.geojson", streets=folder / "streets.geojson", cameras=folder / "cameras.csv",
        design=folder / "design.toml",
    )  # fmt: skip
    city = load([folder / "incidents.csv"], beside)
    return replace(city, name="Sample city")


def handed_over() -> Path | None:
    """Return the folder of the city that `hotspots demo` asks the app to open with."""
    folder = os.environ.get("ASB_HOTSPOTS_OPEN")
    return Path(folder) if folder else None


@st.cache_resource(show_spinner=False)
def sample(seed: int = 0) -> Dataset:
    """Return the synthetic city, written to a folder that lives as long as the app and read back like any data."""
    folder = TemporaryDirectory(prefix="asb-hotspots-sample-")
    _OPEN_FOLDERS.append(folder)
    write_city(make_city(seed), Path(folder.name))
    return load_city(Path(folder.name))


_KEPT_FOLDER = TemporaryDirectory(prefix="asb-hotspots-kept-")
_OPEN_FOLDERS: list[TemporaryDirectory[str]] = []  # held, so that the folder is removed when the app ends


def keep(upload: Upload) -> str:
    """Keep an uploaded file while the app runs, for a setting that names a file; the same file has one path."""
    content = upload.getvalue()
    folder = Path(_KEPT_FOLDER.name) / hashlib.sha256(content).hexdigest()[:16]
    return str(write([upload], folder)[0]) if not folder.exists() else str(next(folder.iterdir()))


def write(uploads: Sequence[Upload], folder: Path) -> list[Path]:
    """Write files under their own names; a repeated name goes to its own folder."""
    written = []
    for number, upload in enumerate(uploads):
        name = Path(upload.name.replace("\\", "/")).name
        path = folder / name if not (folder / name).exists() else folder / str(number) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(upload.getvalue())
        written.append(path)
    return written


def _key(
    intake: Intake, area: StudyArea, streets: gpd.GeoDataFrame | None, cameras: gpd.GeoDataFrame | None, grid: str
) -> str:
    digest = hashlib.sha256(fingerprint(intake.records).encode())
    said = [getattr(intake, part.name) for part in fields(intake) if part.name != "records"]
    digest.update(repr((said, area.name, grid)).encode())  # the same records may come of other files, or of fewer rows
    digest.update(area.boundary.wkb)
    for frame in (streets, cameras):
        digest.update(b"none" if frame is None else frame.to_json().encode())
    return digest.hexdigest()


def categories(dataset: Dataset) -> Mapping[str, int]:
    """Return how many records each category has, most first."""
    counts = dataset.intake.records["category"].value_counts()
    return {str(slug): int(n) for slug, n in counts.items()}


def months(dataset: Dataset) -> list[str]:
    """Return the months with any record, in order, as ``YYYY-MM``."""
    found = dataset.intake.records["month"].dropna().drop_duplicates().sort_values()
    return list(found.dt.strftime("%Y-%m"))


def matching(dataset: Dataset) -> pd.DataFrame:
    """Return which column each field was read from, in the order of `describe_matching`."""
    pairs = [line.partition(" <- ")[::2] for line in describe_matching(dataset.intake)]
    return pd.DataFrame(pairs, columns=["What the tool reads", "Column of your file"])


def profile_of(dataset: Dataset) -> bytes | None:
    """Return the profile that reads such files again, or None for police.uk, whose columns are always the same."""
    if dataset.intake.kind == "police_uk" or not dataset.intake.matched:
        return None
    with TemporaryDirectory(prefix="asb-hotspots-profile-") as folder:
        return save_profile(dataset.intake, Path(folder) / "profile.toml").read_bytes()


def tells_officers(dataset: Dataset) -> bool:
    """Return whether any record is known to have been made by an officer."""
    return bool((dataset.intake.records["origin"] == "officer").any())


def first_config(dataset: Dataset) -> RunConfig:
    """Return the settings to start from: anti-social behaviour if the data have it, otherwise everything."""
    return RunConfig(categories=(ASB,) if ASB in categories(dataset) else (ALL_CATEGORIES,))


def current_gate(dataset: Dataset, config: RunConfig) -> Gate:
    """Return the gate's verdict on the data with these categories and months.

    Raises
    ------
    DataError
        If nothing usable is left.
    """
    return _gate(dataset.key, config, dataset)


def shipped_tables() -> dict[str, bytes]:
    """Return the tables that come with the tool and a user's file may replace, by file name."""
    folder = resources.files("geodata").joinpath("data")
    return {name: folder.joinpath(name).read_bytes() for name in ("nsir.csv", "school_holidays_england.csv")}


def check_files(dataset: Dataset, config: RunConfig) -> None:
    """Read every file that the settings name once, so that one that cannot be used is refused where it is given.

    Raises
    ------
    DataError
        If a file cannot be used.
    """
    check_small_files(config)
    if config.places:
        read_places(config.places, area=dataset.area)
    current_gate(dataset, config)


@st.cache_resource(max_entries=KEPT_RUNS, show_spinner=False, hash_funcs={RunConfig: repr})
def _gate(key: str, config: RunConfig, _dataset: Dataset) -> Gate:  # noqa: ARG001 - the key
    return take_through_gate(_dataset.intake, _dataset.area, config)


@st.cache_resource(show_spinner=False)
def _runs() -> dict[tuple[str, RunConfig], Run]:
    return {}


def finished_run(dataset: Dataset, config: RunConfig) -> Run | None:
    """Return the run if it has been made already."""
    return _runs().get((dataset.key, config))


def run(dataset: Dataset, config: RunConfig, progress: Callable[[str], None]) -> Run:
    """Run the recipe once per dataset and configuration; `progress` is told each step.

    Raises
    ------
    DataError
        If these data cannot be used with these settings.
    """
    runs = _runs()
    made = runs.get((dataset.key, config)) or pipeline.run(
        dataset.intake, dataset.area, config, streets=dataset.streets, cameras=dataset.cameras, progress=progress
    )
    runs[dataset.key, config] = made
    while len(runs) > KEPT_RUNS:
        runs.pop(next(iter(runs)), None)
    return made


@st.cache_resource(max_entries=KEPT_RUNS, show_spinner=False)
def files(key: str, config: RunConfig, _run: Run) -> dict[str, bytes]:  # noqa: ARG001
    """Return the files of a run, the same bytes the command line writes."""
    return run_files(_run)


@dataclass(frozen=True, slots=True)
class Asked:
    """How a question is asked: its options, and a digest of the files behind them (a table is never a key)."""

    options: Options
    given: str = ""

    @property
    def key(self) -> str:
        """What tells this from any other way to ask, apart from the run."""
        plain = (getattr(self.options, name) for name in _PLAIN_OPTIONS)
        return "|".join(map(repr, (*plain, self.given)))


_PLAIN_OPTIONS = ("hotspot", "bandwidth", "compare", "half_life_days", "near_repeat_categories", "permutations",
                  "facility_within_m", "nation")  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """An answer as a page shows it."""

    analysis: Analysis
    picture: str
    files: dict[str, bytes]


def answer(dataset: Dataset, run: Run, name: str, asked: Asked) -> Shown:
    """Return the answer to a question about a run, worked out once for each way to ask it."""
    return _answer(dataset.key, run.config, name, asked.key, run, asked.options)


@st.cache_resource(max_entries=KEPT_ANSWERS, show_spinner=False, hash_funcs={RunConfig: repr})
def _answer(key: str, config: RunConfig, name: str, asked: str, _run: Run, _options: Options) -> Shown:  # noqa: ARG001
    found = analyse(_run, name, _options)
    return Shown(found, picture_svg(_run, found), own_files(_run, found))


def read_upload(upload: Upload, reader: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """Return what a reader makes of an uploaded file, which is on disk only while it is read.

    Raises
    ------
    DataError
        If the file cannot be used; the message says why.
    """
    with TemporaryDirectory(prefix="asb-hotspots-upload-") as folder:
        return reader(write([upload], Path(folder))[0])


def digest(upload: Upload, also: str = "") -> str:
    """Return what tells the content of a file, and what is read from it, from any other."""
    return hashlib.sha256(upload.getvalue() + also.encode()).hexdigest()


def incidents_of(run: Run, hotspot_id: str) -> pd.DataFrame:
    """Return the incidents inside one hotspot."""
    inside = run.incidents.loc[run.incidents["inside"]]
    belongs = hotspot_of(run.hotspots.loc[[hotspot_id]], inside["longitude"], inside["latitude"]) != ""
    found: pd.DataFrame = inside.loc[belongs]
    return found


def monthly_counts(run: Run, hotspot_id: str) -> pd.Series:
    """Return a hotspot's reports in each month of the run, zeros included; index ``month``."""
    counts = incidents_of(run, hotspot_id)["month"].value_counts()
    return counts.reindex(run.period.months, fill_value=0).rename("Reports")


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV that a spreadsheet opens as text, whatever the text begins with."""
    return frame.map(safe_text).to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")
