"""Open the app in the browser."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from geodata.errors import DataError


def open_app(*, port: Annotated[int, typer.Option(help="Port on this machine.")] = 8501) -> None:
    """Open the app in the browser; it listens on this machine only."""
    serve(port=port)


def serve(*, sample: Path | None = None, port: int = 8501) -> None:
    """Run the app on this machine only, with the synthetic city in a folder if one is given."""
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
