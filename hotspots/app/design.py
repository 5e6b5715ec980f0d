"""A pilot as the Evaluate page sets it up: its design as files, frozen, and evaluated with what was delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import pandas as pd
import streamlit as st

from geodata.area import read_area
from geodata.errors import DesignError
from geodata.period import parse_month
from geodata.schema import ASB
from geodata.store import read
from hotspots.app.data import Dataset, Upload, write
from hotspots.evaluate import (
    Evaluation,
    SampleSize,
    design_files,
    evaluate,
    freeze,
    listed_history,
    randomise,
    read_assignment,
    read_design,
    sample_size,
)
from hotspots.evaluate.assignment import DesignKind
from hotspots.results import Run

VISITS, SURVEY = "visits.csv", "survey.csv"
"""What a frozen design calls the files that come later."""

_LATER = ("incidents.csv", VISITS, SURVEY)


@dataclass(frozen=True, slots=True)
class Pilot:
    """What was decided on the page.

    ``lot`` is the kind of draw, None where the places were picked; ``randomised`` says that they were drawn elsewhere.
    """

    start: str
    months: int
    treated: tuple[str, ...] = ()
    lot: DesignKind | None = None
    randomised: bool = False
    visits_per_week: float | None = None
    cost_per_hour_gbp: float | None = None
    asks_survey: bool = False
    design_effect: float = 1.0
    notes: Mapping[str, str] | None = None

    @property
    def is_chosen(self) -> bool:
        """Whether it says who is treated."""
        return self.lot is not None or bool(self.treated)


def drawn(run: Run, pilot: Pilot) -> pd.DataFrame | None:
    """Return the assignment list of a lot, drawn with the seed of the run; None where places were picked.

    Raises
    ------
    DesignError
        If the list holds too few hotspots for this lot.
    """
    if pilot.lot is None:
        return None
    return randomise(run.hotspots, pilot.lot, start=pilot.start, months=pilot.months, random_state=run.config.seed)


@st.cache_data(show_spinner=False, max_entries=4)
def designs(key: str, start: str, _dataset: Dataset) -> SampleSize:  # noqa: ARG001 - the key
    """Return what pilots from `start` could detect with the hotspots of a dataset (kept by its key).

    Raises
    ------
    DataError
        If no hotspot can be listed from the months before.
    """
    history = listed_history(_dataset.intake, _dataset.area, categories=(ASB,), start=parse_month(start))
    return sample_size(history)


def frozen(dataset: Dataset, run: Run, pilot: Pilot, *, today: str) -> dict[str, bytes]:
    """Return the design of a pilot as files, frozen on `today`; incidents, visits and survey are put beside it later.

    Raises
    ------
    DesignError
        If the design cannot be written or is broken.
    """
    survey = SURVEY if pilot.asks_survey else None
    files = _files(dataset, run, pilot, visits=VISITS if pilot.visits_per_week else None, survey=survey)
    with TemporaryDirectory(prefix="asb-hotspots-design-") as folder:
        _keep(Path(folder), files | dict.fromkeys(_LATER, b""))
        return files | {"DESIGN.toml": freeze(Path(folder) / "DESIGN.toml", today=today).encode()}


def evaluate_here(
    dataset: Dataset, run: Run, pilot: Pilot, *, visits: Upload | None = None, survey: Upload | None = None
) -> Evaluation:
    """Evaluate a pilot on the loaded records, with its visit log and survey where there are any.

    Raises
    ------
    DataError
        If no place was picked, or these data or files cannot be used.
    """
    if not pilot.is_chosen:
        raise DesignError("Pick at least one treated place.")
    later = {name: one.getvalue() for one in (visits, survey) if one is not None for name in [Path(one.name).name]}
    names = [None if one is None else Path(one.name).name for one in (visits, survey)]
    with TemporaryDirectory(prefix="asb-hotspots-design-") as folder:
        _keep(Path(folder), _files(dataset, run, pilot, visits=names[0], survey=names[1]) | later)
        (Path(folder) / "incidents.csv").touch()  # the records are those already loaded
        return evaluate(read_design(Path(folder) / "DESIGN.toml"), dataset.intake, dataset.area)


def _files(dataset: Dataset, run: Run, pilot: Pilot, *, visits: str | None, survey: str | None) -> dict[str, bytes]:
    settings: dict[str, Any] = {
        "name": f"{dataset.name} from {pilot.start}",
        "incidents": ["incidents.csv"],
        "area": "area.geojson",
        "category": list(run.config.categories),
        "start": pilot.start,
        "months_after": pilot.months,
        "visits": visits,
        "planned_visits_per_week": pilot.visits_per_week if visits else None,
        "cost_per_hour_gbp": pilot.cost_per_hour_gbp,
        "survey": survey,
        "survey_design_effect": pilot.design_effect if survey else None,
        **{key: text for key, text in (pilot.notes or {}).items() if text.strip()},
    }
    files = design_files(run.hotspots, pilot.treated, settings, assignment=drawn(run, pilot))
    if pilot.randomised:
        files["DESIGN.toml"] = files["DESIGN.toml"].replace(b'assignment = "ranked"', b'assignment = "randomised"')
    boundary = gpd.GeoDataFrame({"name": [dataset.area.name]}, geometry=[dataset.area.boundary], crs=4326)
    return files | {"area.geojson": boundary.to_json().encode()}


def _keep(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content)


def evaluate_file(path: Path) -> Evaluation:
    """Evaluate the design in a file, as the command line does.

    Raises
    ------
    DataError
        If the design or a file it names cannot be used.
    """
    design = read_design(path)
    return evaluate(design, read(design.incidents), read_area(design.area))


def evaluate_uploads(uploads: Sequence[Upload]) -> Evaluation:
    """Evaluate an uploaded design with the files it names.

    Raises
    ------
    DataError
        If there is not exactly one design file, or it or a file it names cannot be used.
    """
    with TemporaryDirectory(prefix="asb-hotspots-design-") as folder:
        found = [path for path in write(uploads, Path(folder)) if path.suffix.lower() == ".toml"]
        if len(found) != 1:
            raise DesignError(f"Give exactly one design file (.toml) and the files it names; {len(found)} were given.")
        return evaluate_file(found[0])


def read_assignment_uploads(uploads: Sequence[Upload]) -> pd.DataFrame:
    """Return who is treated when, from an uploaded assignment list or a design with the files it names.

    Raises
    ------
    DataError
        If there is neither one list nor one design, or it cannot be used.
    """
    with TemporaryDirectory(prefix="asb-hotspots-design-") as folder:
        paths = write(uploads, Path(folder))
        chosen = [path for path in paths if path.suffix.lower() == ".toml"] or paths
        if len(chosen) != 1:
            raise DesignError(
                f"Give one assignment list (.csv), or one design (.toml) with the files it names; {len(chosen)} were "
                "given."
            )
        return read_assignment(chosen[0])
