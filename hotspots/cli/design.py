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
    return rows.to_csv(index=False, date_format="%Y-%m-%d").encode()


@design.command()
def new(
    folder: Annotated[Path, typer.Argument(help="Folder of a run (its hotspots.gpkg is read).")],
    *,
    name: Annotated[str, typer.Option("--name", help="What the pilot is called.")],
    incidents: Annotated[list[Path], typer.Option("--incidents", help="File or folder of incidents; repeatable.")],
    area: Area,
    start: Start,
    treated: Annotated[int, typer.Option("--treated", help="Treat the busiest N; an assignment decides instead.")] = 5,
    assignment: Annotated[Path | None, typer.Option("--assignment", help="List `randomise` wrote.")] = None,
    months: Annotated[int, typer.Option("--months", min=1, help="Months that count as result.")] = 12,
    visits: Annotated[float | None, typer.Option("--visits-per-week", help="Planned, all places together.")] = None,
    cost: Annotated[float | None, typer.Option("--cost-per-hour", help="GBP an hour of patrol.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for DESIGN.toml and treated.geojson.")],
) -> None:
    """Write a design file for hotspots of a run; look it over, add hypotheses and known shocks, then freeze it."""
    import pandas as pd

    from hotspots import terminal
    from hotspots.evaluate import design_files, read_list
    from hotspots.files import write_files

    listed = read_list(folder)
    settings = {
        "name": name,
        "incidents": [str(path.resolve()) for path in incidents],
        "area": str(area.resolve()),
        "start": start,
        "months_after": months,
        "planned_visits_per_week": visits,
        "cost_per_hour_gbp": cost,
    }
    drawn = None if assignment is None else pd.read_csv(assignment, dtype={"hotspot_id": str})
    files = design_files(listed, [str(one) for one in listed.index[:treated]], settings, assignment=drawn)
    terminal.console().print(terminal.written(write_files(out, files)))


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
