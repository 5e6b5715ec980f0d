"""Did it work? One design, or many pilots given as counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from hotspots.cli.common import Records, progress


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
        evaluate_one(design, out)
    elif batch is not None:
        _evaluate_batch(batch, out)


def evaluate_one(design_file: Path, out: Path) -> None:
    """Evaluate one design, write its files and say the verdict."""
    from geodata.area import read_area
    from hotspots import terminal
    from hotspots.evaluate import evaluate as judge
    from hotspots.evaluate import read_design
    from hotspots.files import write_files
    from hotspots.report.evaluation import evaluation_files

    with progress() as say:
        say("Reading the design")
        design = read_design(design_file)
        say("Comparing before and after")
        evaluation = judge(design, Records(list(design.incidents)).read(), read_area(design.area))
        written = write_files(out, evaluation_files(evaluation))
    terminal.console().print(terminal.verdict(evaluation))
    terminal.console().print(terminal.written(written))


def _evaluate_batch(pilots: Path, out: Path) -> None:
    from hotspots.evaluate import evaluate_batch, open_lines
    from hotspots.files import write_files

    answers = [json.dumps(answer) for answer in evaluate_batch(open_lines(pilots))]
    write_files(out.parent, {out.name: ("\n".join(answers) + "\n").encode()})
