"""How good is the ranking: every method on past months beside a plain count, and one ranking from the past alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hotspots.cli.common import Records, progress, settings_of
from hotspots.cli.options import Area, Category, Database, Mapping, Out, Paths, Profile, Query

if TYPE_CHECKING:
    from geodata.area import StudyArea
    from geodata.quality import Gate
    from hotspots.config import RunConfig

PATROL_CELL = 10  # R1.2, as `hotspots.targeting.ask`

Method = Annotated[
    list[str] | None,
    typer.Option("--method", help="Ranking method; repeatable; 'all' tests every one. [ebreg_mean]"),
]
Resolution = Annotated[int, typer.Option("--resolution", min=7, max=12, help="H3 resolution of the cells.")]
Horizon = Annotated[int, typer.Option("--horizon", min=1, help="Months (or weeks, days) ranked for at once.")]
Step = Annotated[str, typer.Option("--step", help="month, week or day; weeks and days need dated records.")]
Config = Annotated[Path | None, typer.Option("--config", help="Settings as TOML.")]
Override = Annotated[
    str | None, typer.Option("--override-reason", help="Why to rank although the data are graded red.")
]


def backtest(
    *,
    paths: Paths = None,
    area: Area,
    out: Out,
    method: Method = None,
    resolution: Resolution = PATROL_CELL,
    horizon: Horizon = 1,
    step: Step = "month",
    category: Category = None,
    first: Annotated[str | None, typer.Option("--from", help="First month tested, YYYY-MM.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last month tested, YYYY-MM.")] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Also one list a category, day-night or agency: sets.csv.")
    ] = None,
    sparse: Annotated[
        bool, typer.Option("--sparse", help="Also how the list changes as reports thin out: sparse.csv.")
    ] = False,
    imd: Annotated[
        Path | None, typer.Option("--imd", help="CSV of deprivation deciles by area code: equality.csv. Needs --lsoa.")
    ] = None,
    lsoa: Annotated[Path | None, typer.Option("--lsoa", help="Boundaries of the areas that --imd names.")] = None,
    config: Config = None,
    mapping: Mapping = None,
    profile: Profile = None,
    database: Database = None,
    query: Query = None,
) -> None:
    """Rank as if at each past month, from the months before it alone, and say how many later reports it found."""
    from geodata.area import read_area
    from geodata.period import parse_month
    from hotspots import terminal
    from hotspots.files import write_files
    from hotspots.gate import take_through_gate
    from hotspots.report.accuracy import backtest_files, csv_bytes, equality_csv, sets_csv
    from hotspots.targeting import DEFAULT, rankers_named, run_backtest
    from hotspots.targeting.assemble import panel_of
    from hotspots.targeting.sets import backtest_sets
    from hotspots.targeting.sparse import sparse_curve

    if (imd is None) != (lsoa is None):
        raise typer.BadParameter("--imd and --lsoa go together: deciles by area code, and the areas")
    rankers = rankers_named(method or [DEFAULT])
    settings = settings_of(config, category, None, None)
    with progress() as say:
        say("Reading the area and the records")
        study = read_area(area)
        intake = Records(paths, mapping, profile, database, query).read()
        gate = take_through_gate(intake, study, settings)
        panel = panel_of(gate, intake, study, settings, resolution=resolution, step=step)
        found = run_backtest(
            panel, rankers, horizon=horizon, random_state=settings.seed, progress=say,
            first=None if first is None else parse_month(first), last=None if last is None else parse_month(last),
        )  # fmt: skip
        names = [ranker.name for ranker in rankers]
        record = _record(study, gate, settings, resolution) | {"fallback": not panel.has_others}
        files = backtest_files(found, names, record)
        if by is not None:
            say(f"Testing a list for each {by}")
            answers = backtest_sets(gate, intake, study, settings, kind=by, method=names[0], resolution=resolution)
            files["sets.csv"] = sets_csv(by, answers)
        if sparse:
            say("Thinning the reports")
            files["sparse.csv"] = csv_bytes(sparse_curve(panel, names[0], random_state=settings.seed))
        if imd is not None and lsoa is not None:
            files["equality.csv"] = equality_csv(found, panel, names[0], imd, lsoa)
        written = write_files(out, files)
    screen = terminal.console()
    screen.print(terminal.backtest(found, names))
    if not panel.has_others:
        screen.print(terminal.fallback())
    screen.print(terminal.written(written))


def rank(
    *,
    paths: Paths = None,
    area: Area,
    origin: Annotated[str, typer.Option("--origin", help="Month ranked for, YYYY-MM; only months before it count.")],
    out: Annotated[Path, typer.Option("--out", help="CSV file for the ranking.")],
    method: Annotated[str, typer.Option("--method", help="Ranking method.")] = "ebreg_mean",
    resolution: Resolution = PATROL_CELL,
    horizon: Horizon = 1,
    category: Category = None,
    config: Config = None,
    override: Override = None,
    mapping: Mapping = None,
    profile: Profile = None,
    database: Database = None,
    query: Query = None,
) -> None:
    """Rank the cells for one month from the months before it alone, whatever else the files hold."""
    from geodata.area import read_area
    from hotspots import terminal
    from hotspots.files import write_files
    from hotspots.report.accuracy import csv_bytes
    from hotspots.targeting import ask

    settings = settings_of(config, category, None, None, override=override)
    with progress() as say:
        say("Reading the area and the records")
        study = read_area(area)
        intake = Records(paths, mapping, profile, database, query).read()
        say("Ranking")
        table = ask.rank(intake, study, origin, settings, method=method, resolution=resolution, horizon=horizon)
        written = write_files(out.parent, {out.name: csv_bytes(table)})
    screen = terminal.console()
    screen.print(
        f"{len(table):,} cells ranked for {origin} from the months before it; the others share the lowest score."
    )
    if method == "ebreg_mean" and table["similar"].nunique() <= 1:
        screen.print(terminal.fallback())
    screen.print(terminal.written(written))


def _record(area: StudyArea, gate: Gate, config: RunConfig, resolution: int) -> dict[str, Any]:
    """Return what a reader needs to repeat a back-test."""
    return {
        "area": area.name,
        "area_km2": area.area_km2,
        "period": str(gate.period),
        "missing_months": gate.report.missing_months,
        "n_used": gate.report.n_used,
        "grade": gate.report.grade,
        "resolution": resolution,
        "config": config.to_dict(),
    }
