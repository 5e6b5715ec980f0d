"""Commands on data: the synthetic city, a download, a look at the quality."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hotspots.cli.common import Records, settings_of
from hotspots.cli.options import Area, Category, Database, FromMonth, Lsoa, Mapping, Paths, Profile, Query, ToMonth


def sample(
    folder: Annotated[Path, typer.Argument(help="Where to write the synthetic city.")],
    *,
    seed: Annotated[int, typer.Option(help="Another seed makes another city.")] = 0,
) -> None:
    """Write the synthetic city as files: incidents, area, streets, cameras, visits, and the planted truth."""
    from geodata.sample import make_city, write_city
    from hotspots import terminal

    terminal.console().print(terminal.written(write_city(make_city(seed), folder)))


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
    keep: Annotated[
        Path | None,
        typer.Option(help="Folder for the records as read: one file, which reads in an instant as PATH next time."),
    ] = None,
    lsoa: Lsoa = None,
    outcomes: Annotated[
        bool, typer.Option("--outcomes", help="Also say what became of the crimes in the area, from police.uk's files.")
    ] = False,
    database: Database = None,
    query: Query = None,
) -> None:
    """Report how good the data are; exit code 1 when the gate is red."""
    from geodata.area import operation_accuracy, read_area
    from geodata.sources.outcomes import outcome_counts
    from geodata.sources.profiles import save_profile as write_profile
    from geodata.store import save
    from hotspots import terminal
    from hotspots.files import write_files
    from hotspots.gate import take_through_gate

    settings = settings_of(config, category, first, last, lsoa=lsoa)
    study = read_area(area)
    intake = Records(paths, mapping, profile, database, query, outcomes).read()
    if save_profile is not None:  # before the gate: a refusal there is when a profile needs editing
        write_profile(intake, save_profile)
    report = take_through_gate(intake, study, settings).report
    terminal.console().print(terminal.quality_report(report, study.name))
    terminal.console().print(terminal.matching(intake))
    if outcomes and "outcome" in intake.records:
        inside = study.contains(intake.records["longitude"], intake.records["latitude"])
        terminal.console().print(terminal.outcomes(outcome_counts(intake.records.loc[inside])))
    if keep is not None:
        terminal.console().print(terminal.written({"kept": save(intake, keep)}))
    if json_file is not None:
        operation = {"coordinate_operation": operation_accuracy("EPSG:4326", study.crs)}
        said = asdict(report) | {"columns": dict(report.columns)} | operation
        write_files(json_file.parent, {json_file.name: json.dumps(said, indent=2).encode()})
    if report.is_red:
        raise typer.Exit(1)
