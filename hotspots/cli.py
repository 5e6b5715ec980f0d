"""The command line: `hotspots demo | sample | fetch | check | run | evaluate | app`.

Exit codes: 0 done, 1 the data or the design was refused with a clear reason, 2 wrong usage.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geodata.errors import DataError

if TYPE_CHECKING:
    import geopandas as gpd

    from geodata.area import StudyArea
    from geodata.sources import Intake
    from hotspots.config import RunConfig
    from hotspots.results import Run

app = typer.Typer(
    name="hotspots",
    help="Where anti-social behaviour reports have concentrated, where patrols and cameras would help, "
    "and whether they did.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="PATH...",
        help="police.uk CSV, ZIP or folder; a force's CSV, XLSX, ODS, GeoPackage, Shapefile, GeoJSON or Parquet; "
        "several may be given.",
        show_default=False,
    ),
]
Area = Annotated[Path, typer.Option("--area", help="Any polygon file: LPA, local authority, ward.")]
Category = Annotated[
    list[str] | None,
    typer.Option("--category", help="Category to use; repeatable; 'all' keeps every category. [anti-social-behaviour]"),
]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results.")]
FromMonth = Annotated[str | None, typer.Option("--from", help="First month, YYYY-MM.")]
ToMonth = Annotated[str | None, typer.Option("--to", help="Last month, YYYY-MM.")]
Mapping = Annotated[
    list[str] | None,
    typer.Option("--map", help="field=Column, when a column is not recognised by its name; repeatable."),
]

Profile = Annotated[
    Path | None, typer.Option("--profile", help="How a force's columns are named, as --save-profile wrote it.")
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database", envvar="ASB_HOTSPOTS_DATABASE", show_envvar=True,
        help="SQLAlchemy address to ask instead of reading files; better set in the environment than typed.",
    ),
]  # fmt: skip
Query = Annotated[str | None, typer.Option("--query", help="The SELECT to ask the database.")]


@app.command()
def demo(
    *,
    no_app: Annotated[bool, typer.Option("--no-app", help="End after the files, without opening the app.")] = False,
    out: Out = Path("hotspots-demo"),
    seed: Annotated[int, typer.Option(help="Seed of the synthetic city.")] = 0,
) -> None:
    """Run the whole recipe on the synthetic sample city, then open the app."""
    from geodata.sample import make_city, write_city

    with _progress() as say:
        say("Making the synthetic city")
        city = write_city(make_city(seed), out / "sample")
    folder = city["incidents.csv"].parent
    _run_and_report(
        _Records([city["incidents.csv"]]), city["area.geojson"], out, _config(None, None, None, None),
        streets=city["streets.geojson"], cameras=city["cameras.csv"],
    )  # fmt: skip
    _evaluate_one(city["design.toml"], out)
    if not no_app:
        _open_app(sample=folder)


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(help="Where to write the synthetic city.")],
    *,
    seed: Annotated[int, typer.Option(help="Another seed makes another city.")] = 0,
) -> None:
    """Write the synthetic city as files: incidents, area, streets, cameras, visits, and the planted truth."""
    from geodata.sample import make_city, write_city
    from hotspots import terminal

    terminal.console().print(terminal.written(write_city(make_city(seed), folder)))


@app.command()
def fetch(
    folder: Annotated[Path, typer.Argument(help="Where the monthly street files go; the same folder continues.")],
    *,
    first: Annotated[str, typer.Option("--from", help="First month, YYYY-MM.")],
    last: Annotated[str, typer.Option("--to", help="Last month, YYYY-MM.")],
    force: Annotated[str | None, typer.Option(help="Force as police.uk writes it, e.g. west-midlands.")] = None,
    area: Annotated[Path | None, typer.Option(help="Polygon file: ask the API for this area instead.")] = None,
    base: Annotated[str, typer.Option(help="Address of data.police.uk or of a mirror.")] = "https://data.police.uk",
    also_host: Annotated[
        list[str] | None, typer.Option(help="Another host that may answer for it, as for the archives; repeatable.")
    ] = None,
) -> None:
    """Download street files from data.police.uk: one force from its archives, or one area from its API."""
    from geodata.area import read_area
    from geodata.sources.fetch import fetch as fetch_files
    from hotspots import terminal

    study = None if area is None else read_area(area)
    with terminal.download() as progress:
        report = fetch_files(
            force, first, last, folder, area=study, base=base, also_hosts=also_host or (), progress=progress
        )
    for warning in report.warnings:
        terminal.console(stderr=True).print(warning, style="yellow", markup=False)
    terminal.console().print(terminal.fetched(report, folder), soft_wrap=True)


@app.command()
def check(
    *,
    paths: Paths = None,
    area: Area,
    config: Annotated[Path | None, typer.Option("--config", help="Settings as TOML.")] = None,
    category: Category = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the report as JSON.")] = None,
    first: FromMonth = None,
    last: ToMonth = None,
    mapping: Mapping = None,
    profile: Profile = None,
    save_profile: Annotated[
        Path | None, typer.Option("--save-profile", help="Keep what was matched to what, for --profile next time.")
    ] = None,
    lsoa: Annotated[Path | None, typer.Option(help="LSOA boundaries, to check the codes that records state.")] = None,
    database: Database = None,
    query: Query = None,
) -> None:
    """Report how good the data are; exit code 1 when the gate is red."""
    from geodata.area import read_area
    from geodata.context import read_boundaries, stated_lsoa
    from geodata.sources.profiles import save_profile as write_profile
    from hotspots import terminal
    from hotspots.files import write_files
    from hotspots.pipeline import take_through_gate

    settings = _config(config, category, first, last)
    study = read_area(area)
    intake = _Records(paths, mapping, profile, database, query).read()
    report = take_through_gate(intake, study, settings).report
    terminal.console().print(terminal.quality_report(report, study.name))
    terminal.console().print(terminal.matching(intake))
    if lsoa is not None and (finding := stated_lsoa(intake.records, read_boundaries(lsoa))):
        terminal.console().print(terminal.finding(finding))
    if save_profile is not None:
        write_profile(intake, save_profile)
    if json_file is not None:
        write_files(json_file.parent, {json_file.name: json.dumps(asdict(report), indent=2).encode()})
    if report.is_red:
        raise typer.Exit(1)


@app.command()
def run(
    *,
    paths: Paths = None,
    area: Area,
    out: Out,
    config: Annotated[Path | None, typer.Option("--config", help="Settings as TOML.")] = None,
    category: Category = None,
    first: FromMonth = None,
    last: ToMonth = None,
    streets: Annotated[Path | None, typer.Option(help="Street lines with a name column, for map and cameras.")] = None,
    cameras: Annotated[Path | None, typer.Option(help="Existing cameras as CSV.")] = None,
    override: Annotated[
        str | None, typer.Option("--override-reason", help="Why to make the list although the data are graded red.")
    ] = None,
    mapping: Mapping = None,
    profile: Profile = None,
    database: Database = None,
    query: Query = None,
) -> None:
    """Run the whole recipe and write map, briefing, tables and provenance."""
    settings = _config(config, category, first, last, override)
    records = _Records(paths, mapping, profile, database, query)
    _run_and_report(records, area, out, settings, streets=streets, cameras=cameras)


@app.command()
def evaluate(
    design: Annotated[Path | None, typer.Argument(help="DESIGN.toml: what was treated, where, from when.")] = None,
    *,
    out: Annotated[Path, typer.Option("--out", help="Folder for the results, or the answers file of a batch.")],
    batch: Annotated[Path | None, typer.Option(help="Pilots as counts, one JSON object a line (.gz is read).")] = None,
) -> None:
    """Say whether a pilot changed anything, with its interval, its gates and what it cannot see."""
    if (design is None) == (batch is None):
        raise typer.BadParameter("give either a DESIGN.toml or --batch PILOTS.jsonl")
    if design is not None:
        _evaluate_one(design, out)
    elif batch is not None:
        _evaluate_batch(batch, out)


@app.command("app")
def open_app(*, port: Annotated[int, typer.Option(help="Port on this machine.")] = 8501) -> None:
    """Open the app in the browser; it listens on this machine only."""
    _open_app(port=port)


def main() -> None:
    """Run the command line; a refusal is one sentence on stderr and exit code 1, never a traceback."""
    from hotspots import terminal

    try:
        app()
    except DataError as refusal:
        terminal.console(stderr=True).print(f"hotspots: {refusal}", style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _config(
    file: Path | None, category: list[str] | None, first: str | None, last: str | None, override: str | None = None
) -> RunConfig:
    from geodata.categories import slug
    from hotspots.config import RunConfig

    config = RunConfig.from_toml(file) if file else RunConfig()
    given: dict[str, Any] = {"first_month": first, "last_month": last, "override_reason": override}
    if category:
        given["categories"] = tuple(dict.fromkeys(slug(name) for name in category))
    return replace(config, **{name: value for name, value in given.items() if value is not None})


@dataclass(frozen=True, slots=True)
class _Records:
    """Where a command's records come from: files, or a query on a database."""

    paths: list[Path] | None
    mapping: list[str] | None = None
    profile: Path | None = None
    database: str | None = None
    query: str | None = None

    def read(self) -> Intake:
        """Read them."""
        from geodata.sources import read
        from geodata.sources.database import read_database

        pairs = [pair.partition("=") for pair in self.mapping or []]
        if any(not field or not column for field, _, column in pairs):
            raise typer.BadParameter("--map takes field=Column, for example --map category='Incident Type'")
        columns = {field: column for field, _, column in pairs} or None
        if self.query is not None:
            if not self.database or self.paths:
                raise typer.BadParameter("--query needs --database, and no PATH")
            return read_database(self.database, self.query, mapping=columns, profile=self.profile)
        if not self.paths:
            raise typer.BadParameter("give at least one PATH, or --database with --query")
        return read(self.paths, mapping=columns, profile=self.profile)


def _read_streets(path: Path | None, area: StudyArea) -> gpd.GeoDataFrame | None:
    from geodata.sources.streets import read_streets

    return None if path is None else read_streets(path, area=area)


def _run_and_report(
    records: _Records,
    area: Path,
    out: Path,
    config: RunConfig,
    *,
    streets: Path | None = None,
    cameras: Path | None = None,
) -> Run:
    from geodata.area import read_area
    from hotspots import pipeline, terminal
    from hotspots.cameras import read_cameras
    from hotspots.files import write_files
    from hotspots.report import run_files

    with _progress() as say:
        say("Reading the area")
        study = read_area(area)
        say("Reading the records")
        intake = records.read()
        result = pipeline.run(
            intake, study, config, streets=_read_streets(streets, study),
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


def _evaluate_one(design_file: Path, out: Path) -> None:
    from geodata.area import read_area
    from hotspots import terminal
    from hotspots.evaluate import evaluate as judge
    from hotspots.evaluate import read_design
    from hotspots.files import write_files
    from hotspots.report import evaluation_files

    with _progress() as say:
        say("Reading the design")
        design = read_design(design_file)
        say("Comparing before and after")
        evaluation = judge(design, _Records(list(design.incidents)).read(), read_area(design.area))
        written = write_files(out, evaluation_files(evaluation))
    terminal.console().print(terminal.verdict(evaluation))
    terminal.console().print(terminal.written(written))


def _evaluate_batch(pilots: Path, out: Path) -> None:
    from hotspots.evaluate import evaluate_batch, open_lines
    from hotspots.files import write_files

    answers = [json.dumps(answer) for answer in evaluate_batch(open_lines(pilots))]
    write_files(out.parent, {out.name: ("\n".join(answers) + "\n").encode()})


def _open_app(*, sample: Path | None = None, port: int = 8501) -> None:
    import os
    import subprocess
    from importlib.util import find_spec

    spec = find_spec("streamlit_app")
    if spec is None or spec.origin is None:
        raise DataError("The app's start file streamlit_app.py is not installed; install the project again.")
    environment = dict(os.environ)
    if sample is not None:
        environment["ASB_HOTSPOTS_OPEN"] = str(sample.resolve())
    settings = ["--server.address=127.0.0.1", f"--server.port={port}", "--browser.gatherUsageStats=false"]
    command = [sys.executable, "-m", "streamlit", "run", spec.origin, *settings]
    sys.exit(subprocess.run(command, env=environment, check=False).returncode)  # noqa: S603 - our own interpreter


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show what is being done on stderr, so that stdout stays the result."""
    from hotspots import terminal

    with terminal.console(stderr=True).status("") as status:
        yield lambda text: status.update(f"{text} ...")


if __name__ == "__main__":
    main()
