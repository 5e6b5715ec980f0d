"""The whole recipe: on the synthetic city, and on a user's own data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotspots.cli.analyse import answer_questions
from hotspots.cli.common import Records, progress, read_street_lines, settings_of
from hotspots.cli.evaluate import evaluate_one
from hotspots.cli.open_app import serve
from hotspots.cli.options import (
    Area,
    Category,
    Database,
    FromMonth,
    Lsoa,
    Mapping,
    Out,
    Paths,
    Places,
    Profile,
    Query,
    ToMonth,
)

if TYPE_CHECKING:
    from hotspots.config import RunConfig
    from hotspots.results import Run


def demo(
    *,
    no_app: Annotated[bool, typer.Option("--no-app", help="End after the files, without opening the app.")] = False,
    out: Out = Path("hotspots-demo"),
    seed: Annotated[int, typer.Option(help="Seed of the synthetic city.")] = 0,
) -> None:
    """Run the whole recipe on the synthetic sample city, then open the app."""
    from geodata.sample import make_city, write_city

    with progress() as say:
        say("Making the synthetic city")
        city = write_city(make_city(seed), out / "sample")
    folder = city["incidents.csv"].parent
    run_and_report(
        Records([city["incidents.csv"]]), city["area.geojson"], out, settings_of(None, None, None, None),
        streets=city["streets.geojson"], cameras=city["cameras.csv"],
    )  # fmt: skip
    evaluate_one(city["design.toml"], out)
    if not no_app:
        serve(sample=folder)


def run(
    *,
    paths: Paths = None,
    area: Area,
    out: Out,
    config: Annotated[Path | None, typer.Option("--config", help="Settings as TOML.")] = None,
    category: Category = None,
    first: FromMonth = None,
    last: ToMonth = None,
    streets: Annotated[Path | None, typer.Option(help="Street lines with names, for names, map and cameras.")] = None,
    cameras: Annotated[Path | None, typer.Option(help="Existing cameras as CSV.")] = None,
    places: Places = None,
    override: Annotated[
        str | None, typer.Option("--override-reason", help="Why to make the list although the data are graded red.")
    ] = None,
    hours: Annotated[str, typer.Option(help="Hours of the list: all, day (06:00-18:00) or night (18:00-06:00).")] = "",
    edits: Annotated[
        Path | None,
        typer.Option("--edits", help="Changes to the hotspots as drawn (edits.toml, as the app writes it)."),
    ] = None,
    lsoa: Lsoa = None,
    with_analyses: Annotated[
        bool, typer.Option("--analyses", help="Also ask every question of `hotspots analyse`, into OUT/analyses.")
    ] = False,
    mapping: Mapping = None,
    profile: Profile = None,
    database: Database = None,
    query: Query = None,
) -> None:
    """Run the whole recipe and write map, briefing, tables and provenance."""
    given = settings_of(config, category, first, last, override=override, lsoa=lsoa, places=places)
    settings = with_list_options(given, hours, edits)
    records = Records(paths, mapping, profile, database, query)
    result = run_and_report(records, area, out, settings, streets=streets, cameras=cameras)
    if with_analyses:
        from hotspots.analyses import ANALYSES, Options

        answer_questions(result, list(ANALYSES), Options(), out / "analyses")


def with_list_options(config: RunConfig, hours: str, edits: Path | None) -> RunConfig:
    """Return the settings with the hours of the list and an analyst's edits, where they were given."""
    from hotspots.edits import read_edits

    if hours:
        config = replace(config, hours=hours)
    if edits is not None:
        changes, drawn_list = read_edits(edits)
        config = replace(config, edits=changes, drawn_list=drawn_list)
    return config


def run_and_report(
    records: Records,
    area: Path,
    out: Path,
    config: RunConfig,
    *,
    streets: Path | None = None,
    cameras: Path | None = None,
) -> Run:
    """Run the recipe, write its files and say in the terminal what they hold."""
    from geodata.area import read_area
    from hotspots import pipeline, terminal
    from hotspots.cameras import read_cameras
    from hotspots.files import write_files
    from hotspots.report import run_files

    with progress() as say:
        say("Reading the area")
        study = read_area(area)
        say("Reading the records")
        intake = records.read()
        result = pipeline.run(
            intake, study, config, streets=read_street_lines(streets, study),
            cameras=None if cameras is None else read_cameras(cameras), progress=say,
        )  # fmt: skip
        say("Drawing map and briefing")
        written = write_files(out, run_files(result))
    screen = terminal.console()
    screen.print(terminal.banner(result))
    screen.print(terminal.quality_report(result.quality, study.name))
    screen.print(terminal.ranked_list(result))
    screen.print(terminal.confidence(result))
    screen.print(terminal.written(written))
    return result
