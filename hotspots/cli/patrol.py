"""The rota of a run's patrol plan, or of a pilot: who is visited when, and who never."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hotspots.cli.options import Out

if TYPE_CHECKING:
    import geopandas as gpd

    from hotspots.config import PatrolConfig


def patrol(
    folder: Annotated[Path, typer.Argument(help="Folder of a run (its hotspots.gpkg and run.json are read).")],
    *,
    first_monday: Annotated[str, typer.Option("--first-monday", help="Monday of the first week, YYYY-MM-DD.")],
    weeks: Annotated[int, typer.Option("--weeks", min=1, max=104, help="Weeks to draw.")] = 4,
    assignment: Annotated[
        Path | None,
        typer.Option("--assignment", help="A pilot's list (`design randomise`) or DESIGN.toml: only its hotspots."),
    ] = None,
    dose: Annotated[
        str, typer.Option("--dose", help="Visits at the dear hour (low) or the cheap hour (high).")
    ] = "low",
    crews: Annotated[int, typer.Option("--crews", min=1, help="Crews on duty at once.")] = 1,
    seed: Annotated[int, typer.Option("--seed", help="Seed of every draw; printed in the list.")] = 0,
    out: Out,
) -> None:
    """Draw visit times; under a pilot's assignment only its hotspots, each in its own time, and its controls never."""
    import pandas as pd

    from geodata.errors import DesignError
    from hotspots import terminal
    from hotspots.evaluate import read_assignment
    from hotspots.files import write_files
    from hotspots.patrols import assigned_plan, assigned_times, visit_times

    listed, plan, config = _planned(folder)
    try:
        monday = pd.Timestamp(first_monday)
    except ValueError as error:
        raise DesignError(f"'{first_monday}' is no date; give the first Monday as YYYY-MM-DD.") from error
    how = {"weeks": weeks, "first_monday": monday, "random_state": seed, "dose": dose, "crews": crews}
    if assignment is None:
        rota, shown = visit_times(plan, **how), plan.drop(columns="geometry")  # type: ignore[arg-type]
        said = f"All {len(plan)} hotspots of the list are planned; no assignment was given."
    else:
        found = assigned_plan(plan, listed["score"], read_assignment(assignment), config)
        rota, shown, said = assigned_times(plan, found, **how), found.turns, found.sentence  # type: ignore[arg-type]
    if rota.empty:
        raise DesignError(
            f"No visit falls into the {weeks} weeks from {monday:%Y-%m-%d}: no hotspot has its turn then, or the plan "
            "names no hours."
        )
    files = {
        "patrol_plan.csv": shown.to_csv(index=assignment is None, date_format="%Y-%m-%d").encode(),
        "visit_times.csv": rota.to_csv(index=False).encode(),
    }
    screen = terminal.console()
    screen.print(terminal.rota(rota, said))
    screen.print(terminal.written(write_files(out, files)))


def _planned(folder: Path) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, PatrolConfig]:
    """Return the hotspots of a run, their patrol plan and its settings."""
    import geopandas as gpd

    from geodata.errors import DesignError
    from hotspots.config import RunConfig, with_settings
    from hotspots.evaluate import read_list

    listed = read_list(folder)
    try:
        plan = gpd.read_file(folder / "hotspots.gpkg", layer="patrols").set_index("hotspot_id")
        settings = json.loads((folder / "run.json").read_text(encoding="utf-8"))["config"]["patrol"]
    except Exception as error:  # pyogrio raises many kinds; the user needs one sentence
        raise DesignError(f"{folder} holds no patrol plan of a run; give the folder `hotspots run` wrote.") from error
    text = ["name", "days", "hours", "window", "note", "day_numbers"]
    plan[text] = plan[text].fillna("")
    return listed, plan, with_settings(RunConfig().patrol, settings)
