"""Rule numbers of the practice notes stand where methods are told, never in a sentence for an inspector."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

RULE = re.compile(r"\bR\d+\.\d+")
TELLS_THE_METHOD = {"method", "help", "rule"}
HOLDS_A_RULE = {"About", "Entry", "Refusal"}
"""Calls with a field of its own for the rule."""


def _is_set_apart(node: ast.AST) -> bool:
    """Say whether what lies below is a docstring, a method or a help text, or has a field of its own for the rule."""
    if isinstance(node, ast.FunctionDef):
        return node.name.endswith("_method")
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    if isinstance(node, ast.keyword):
        return node.arg in TELLS_THE_METHOD
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in HOLDS_A_RULE


def _texts(node: ast.AST, *, errors_too: bool) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    if not _is_set_apart(node) and (errors_too or not isinstance(node, ast.Raise)):
        for child in ast.iter_child_nodes(node):
            yield from _texts(child, errors_too=errors_too)


def test_no_sentence_of_the_tool_holds_a_rule_number(root: Path) -> None:
    found = []
    for path in sorted((root / "hotspots").rglob("*.py")):
        parted = "analyses" in path.parts or path.name in ("near_repeat.py", "trend.py")  # `analyse` parts off the rule
        tree = ast.parse(path.read_text(encoding="utf-8"))
        texts = _texts(tree, errors_too=not parted)
        found += [f"{path.name}:{line}: {text}" for line, text in texts if RULE.search(text)]
    assert found == []


def test_a_rule_number_in_a_sentence_would_be_found() -> None:
    tree = ast.parse(
        '"""R1.1"""\ndef f():\n    "R1.2"\n    return f"{1} reports (R1.3)", g(method="R1.4", said="R1.5")'
    )
    assert [text for _, text in _texts(tree, errors_too=True) if RULE.search(text)] == [" reports (R1.3)", "R1.5"]
