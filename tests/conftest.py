"""What every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

# As many workers as cores share a machine: a second thread in each would only wait for the others.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

# How long one example takes says nothing about the law it tests, and a busy machine is slow.
settings.register_profile("unhurried", parent=settings(), deadline=None)
settings.load_profile("unhurried")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's own folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real data and published numbers beside the project; skipped where they are absent."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the shared folder with real data and reference numbers is not beside this checkout")
    return folder
