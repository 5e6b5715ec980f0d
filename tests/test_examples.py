"""The examples in docstrings are run, so that what a docstring shows is what a reader gets."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def modules_with_examples() -> list[str]:
    paths = [path for package in ("geodata", "hotspots") for path in sorted((ROOT / package).rglob("*.py"))]
    named = (path.relative_to(ROOT).with_suffix("") for path in paths if ">>> " in path.read_text(encoding="utf-8"))
    return [".".join(part for part in path.parts if part != "__init__") for path in named]


@pytest.mark.parametrize("name", modules_with_examples())
def test_the_examples_of_a_module_give_what_they_show(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
