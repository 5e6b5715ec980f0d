"""The command line: `hotspots demo | sample | fetch | check | run | backtest | rank | analyse | design | ... | app`.

Exit codes: 0 done, 1 the data or the design was refused with a clear reason, 2 wrong usage.
"""

from __future__ import annotations

import gc
import sys

import typer

from geodata.errors import DataError
from geodata.text import readable
from hotspots.cli.analyse import analyse
from hotspots.cli.data import check, fetch, sample
from hotspots.cli.design import design
from hotspots.cli.evaluate import evaluate
from hotspots.cli.open_app import open_app
from hotspots.cli.patrol import patrol
from hotspots.cli.run import demo, run
from hotspots.cli.targeting import backtest, rank

app = typer.Typer(
    name="hotspots",
    help="Where anti-social behaviour reports have concentrated, where patrols and cameras would help, "
    "and whether they did.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (demo, sample, fetch, check, run, patrol, backtest, rank, analyse, evaluate):
    app.command()(command)
app.add_typer(design, name="design")
app.command("app")(open_app)

# A command loads libraries for a second and soon ends: Python's search for cycles to free, every 700 objects, finds
# next to nothing and takes a tenth of its time.
_OBJECTS_BETWEEN_SEARCHES = 200_000


def main() -> None:
    """Run the command line; a refusal is one sentence on stderr and exit code 1, never a traceback."""
    from hotspots import terminal

    gc.set_threshold(_OBJECTS_BETWEEN_SEARCHES)
    try:
        app()
    except DataError as refusal:
        said = f"hotspots: {readable(str(refusal))}"
        terminal.console(stderr=True).print(said, style="red", markup=False, soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
