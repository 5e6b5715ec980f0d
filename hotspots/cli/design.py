"""Before a pilot starts: what it could detect, who is treated by lot, and the design frozen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotspots.cli.common import Records, progress
from hotspots.cli.options import Area, Category, Paths

if TYPE_CHECKING:
    import pandas as pd

design = typer.Typer(help="Before a pilot starts: its power, the lot, and the frozen design.", no_args_is_help=True)

Start = Annotated[str, typer.Option("--start", help="First treated month, YYYY-MM.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of every draw; printed.")]
OutFile = Annotated[Path, typer.Option("--out", help="File to write.")]


@design.command()
def power(
    *,
    paths: Paths = None,
    area: Area,
    category: Category = None,
    start: Annotated[
        str | None, typer.Option("--start", help="First treated month; later months are not read.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="CSV to write as well.")] = None,
    seed: Seed = 0,
) -> None:
    """Say what each design could detect with this area's own hotspots: how many, how long, which design."""
    from geodata.area import read_area
    from geodata.categories import slug
    from geodata.period import parse_month
    from geodata.schema import ASB
    from hotspots import terminal
    from hotspots.evaluate import listed_history, sample_size
    from hotspots.files import write_files

    with progress() as say:
        say("Listing the hotspots before the start")
        first = parse_month(start) if start else None
        wanted = tuple(slug(name) for name in category) if category else (ASB,)
        history = listed_history(Records(paths).read(), read_area(area), categories=wanted, start=first, seed=seed)
        say("Trying designs")
        found = sample_size(history, random_state=seed)
    terminal.console().print(terminal.designs(found))
    if out is not None:
        write_files(out.parent, {out.name: found.table.round(1).to_csv(index=False).encode()})


@design.command()
def randomise(
    folder: Annotated[Path, typer.Argument(help="Folder of a run (its hotspots.gpkg is read).")],
    *,
    kind: Annotated[str, typer.Option("--kind", help="rotation, pairs or top.")] = "rotation",
    start: Start,
    months: Annotated[int, typer.Option("--months", min=1, help="Months the pilot runs.")] = 12,
    treated: Annotated[int | None, typer.Option("--treated", help="Hotspots treated at a time.")] = None,
    out: OutFile,
    seed: Seed = 0,
) -> None:
    """Draw by lot which hotspots are treated, and when; the list goes to the patrol plan and to the evaluation."""
    from hotspots import terminal
    from hotspots.evaluate import randomise as draw
    from hotspots.evaluate import read_list
    from hotspots.files import write_files

    rows = draw(read_list(folder), kind, start=start, months=months, treated=treated, random_state=seed)  # type: ignore[arg-type]
    write_files(out.parent, {out.name: _csv(rows)})
    terminal.console().print(terminal.assignment(rows))


def _csv(rows: pd.DataFrame) -> bytes:
    from hotspots.report.tables import safe_text

    return rows.map(safe_text).to_csv(index=False, date_format="%Y-%m-%d").encode()


@design.command()
def new(
    folder: Annotated[Path, typer.Argument(help="Folder of a run (its hotspots.gpkg is read).")],
    *,
    name: Annotated[str, typer.Option("--name", help="What the pilot is called.")],
    incidents: Annotated[list[Path], typer.Option("--incidents", help="File or folder of incidents; repeatable.")],
    area: Area,
    start: Annotated[str | None, typer.Option("--start", help="First treated month; a lot says it itself.")] = None,
    treated: Annotated[int, typer.Option("--treated", help="Treat the busiest N; an assignment decides instead.")] = 5,
    assignment: Annotated[Path | None, typer.Option("--assignment", help="List `randomise` wrote.")] = None,
    months: Annotated[int | None, typer.Option("--months", min=1, help="Months that count as result. [12]")] = None,
    visits: Annotated[float | None, typer.Option("--visits-per-week", help="Planned, all places together.")] = None,
    cost: Annotated[float | None, typer.Option("--cost-per-hour", help="GBP an hour of patrol.")] = None,
    controls: Annotated[Path | None, typer.Option("--controls", help="Your own comparison places (polygons).")] = None,
    primary: Annotated[str | None, typer.Option("--primary", help="What the verdict rests on. [reports]")] = None,
    late: Annotated[
        list[str] | None, typer.Option("--starts", help="HOTSPOT=YYYY-MM, for one that starts later; repeatable.")
    ] = None,
    steps: Annotated[
        list[str] | None, typer.Option("--step", help="MEASURE=YYYY-MM, in the order they were added; repeatable.")
    ] = None,
    hours: Annotated[str | None, typer.Option("--hours", help="Hours patrolled, as 15-22.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for DESIGN.toml and the places.")],
) -> None:
    """Write a design file for hotspots of a run; look it over, add hypotheses and known shocks, then freeze it."""
    from hotspots import terminal
    from hotspots.evaluate import checked_design, design_files, read_list, read_lot
    from hotspots.evaluate.design_file import read_places
    from hotspots.files import write_files

    listed = read_list(folder)
    lot = None if assignment is None else read_lot(assignment)
    if start is None and lot is None:
        raise typer.BadParameter("give the first treated month with --start, or a lot with --assignment")
    names = listed["name"].to_dict()
    settings = {
        "name": name,
        "incidents": [str(path.resolve()) for path in incidents],
        "area": str(area.resolve()),
        "start": start,
        "months_after": months or (lot.n_months if lot else 12),
        "planned_visits_per_week": visits,
        "cost_per_hour_gbp": cost,
        "controls": None if controls is None else "controls.geojson",
        "primary": primary,
        "hours": None if hours is None else _hours(hours),
        "starts": {names.get(key, key): month for key, month in _pairs(late, "--starts", "HOTSPOT=YYYY-MM")},
        "steps": [{"measure": key, "from": month} for key, month in _pairs(steps, "--step", "MEASURE=YYYY-MM")],
    }
    chosen = [str(one) for one in listed.index[:treated]]
    files = design_files(listed, chosen, settings, assignment=None if lot is None else lot.rows)
    if controls is not None and "controls.geojson" not in files:
        files["controls.geojson"] = read_places(controls, what="comparison").to_json().encode()
    checked_design(files)
    terminal.console().print(terminal.written(write_files(out, files)))


def _pairs(texts: list[str] | None, option: str, form: str) -> list[tuple[str, str]]:
    pairs = [text.rpartition("=") for text in texts or []]
    if any(not key or not value for key, _, value in pairs):
        raise typer.BadParameter(f"{option} takes {form}")
    return [(key.strip(), value.strip()) for key, _, value in pairs]


def _hours(text: str) -> list[int]:
    first, _, end = text.partition("-")
    if not (first.isdigit() and end.isdigit()):
        raise typer.BadParameter("--hours takes the first and the end hour, as 15-22")
    return [int(first), int(end)]


@design.command()
def freeze(
    file: Annotated[Path, typer.Argument(help="DESIGN.toml, before the start.")],
    *,
    out: Annotated[Path | None, typer.Option("--out", help="Where to write it; default: the same file.")] = None,
) -> None:
    """Freeze a design before the start: hash and date go into the file, and later changes are refused."""
    from hotspots.evaluate import freeze as frozen

    _write(out or file, frozen(file, today=_today()))


@design.command()
def amend(
    file: Annotated[Path, typer.Argument(help="The changed DESIGN.toml.")],
    *,
    what: Annotated[str, typer.Option("--what", help="What was changed.")],
    why: Annotated[str, typer.Option("--why", help="Why.")],
    out: Annotated[Path | None, typer.Option("--out", help="Where to write it; default: the same file.")] = None,
) -> None:
    """Own up to a change of a frozen design; it is printed first on the report and lowers the verdict."""
    from hotspots.evaluate import amend as amended

    _write(out or file, amended(file, today=_today(), what=what, why=why))


def _write(file: Path, text: str) -> None:
    from hotspots import terminal
    from hotspots.files import write_files

    terminal.console().print(terminal.written(write_files(file.parent, {file.name: text.encode()})))


def _today() -> str:
    from datetime import date

    return date.today().isoformat()
