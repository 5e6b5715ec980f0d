"""The project's own promises: what it installs, what it commits, and that its documents match its tree."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LARGEST_FILE_BYTES = 500_000
LOCKS = ("requirements.lock", "requirements-dev.lock")
RULE = re.compile(r"R\d+\.\d+")
RULE_RANGE = re.compile(r"R\d+\.\d+[-–]R\d+\.\d+")

IMPORT_NAMES = {
    "ipykernel": "",
    "python-docx": "docx",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
    "xstatic-jquery": "xstatic.pkg.jquery",
    "xstatic-leaflet": "xstatic.pkg.leaflet",
}
"""Import name of a distribution, where it is not the distribution's own name."""

NEVER_IMPORTED = {
    "tzdata": "the standard library's time zones, where the system has none",
}
"""Runtime dependencies that no module imports itself, and why they are declared all the same."""

CONDA_NAMES = {"h3": "h3-py", "tzdata": "python-tzdata"}
"""What conda-forge calls a distribution, where the name differs."""


@pytest.fixture(scope="module")
def project(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def runtime(project: dict) -> dict[str, Requirement]:
    return _by_name(project["project"]["dependencies"])


@pytest.fixture(scope="module")
def development(project: dict) -> dict[str, Requirement]:
    return _by_name(project["project"]["optional-dependencies"]["dev"])


@pytest.fixture(scope="module")
def extras(project: dict) -> dict[str, Requirement]:
    """What users may add for a database or a cluster; imported only where it is used."""
    optional = project["project"]["optional-dependencies"]
    return _by_name([line for extra, lines in optional.items() if extra != "dev" for line in lines])


@pytest.fixture(scope="module")
def tracked(root: Path) -> list[Path]:
    if not (root / ".git").exists():
        pytest.skip("this copy is no git checkout, so which files are committed is unknown")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
    return [path for name in names.split("\0") if name and (path := root / name).is_file()]


def _by_name(lines: list[str]) -> dict[str, Requirement]:
    return {canonicalize_name(requirement.name): requirement for requirement in map(Requirement, lines)}


# Installing ----------------------------------------------------------------------------------------------------------


def _pins(lock: Path) -> list[tuple[Requirement, int]]:
    """Return every pinned requirement of a lock file and how many hashes it has."""
    logical = lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return [(Requirement(line.split("--hash=")[0].strip()), line.count("--hash=sha256:")) for line in logical]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_holds_names_versions_markers_and_hashes_and_no_address(root: Path, name: str) -> None:
    assert "://" not in (root / name).read_text(encoding="utf-8")
    for pin, n_hashes in _pins(root / name):
        assert [specifier.operator for specifier in pin.specifier] == ["=="], pin
        assert pin.url is None
        assert n_hashes >= 1, f"{pin} has no hash"


def test_every_direct_dependency_is_locked_at_a_version_pyproject_allows(
    root: Path, runtime: dict[str, Requirement], development: dict[str, Requirement]
) -> None:
    for name, wanted in (("requirements.lock", runtime), ("requirements-dev.lock", runtime | development)):
        pins = [pin for pin, _ in _pins(root / name)]
        for distribution, requirement in wanted.items():
            versions = [next(iter(p.specifier)).version for p in pins if canonicalize_name(p.name) == distribution]
            assert versions, f"{distribution} is not in {name}: run .ci/lock"
            assert all(requirement.specifier.contains(version) for version in versions), f"{name}: {distribution}"


def test_what_is_tested_is_what_runs_the_two_lock_files_agree(root: Path) -> None:
    run, tested = ({str(pin) for pin, _ in _pins(root / name)} for name in LOCKS)
    assert run <= tested


def test_the_conda_environment_asks_for_the_same_packages_as_pyproject(
    root: Path, project: dict, runtime: dict[str, Requirement]
) -> None:
    entries = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    from_pip = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    entries = [entry for entry in entries if isinstance(entry, str)]
    assert f"python{project['project']['requires-python']}" in entries
    assert "--editable ." in from_pip

    listed = [*entries, *(line for line in from_pip if not line.startswith("-"))]
    found = {name: r.specifier for name, r in _by_name(listed).items() if name not in ("python", "pip")}
    assert found == {CONDA_NAMES.get(name, name): r.specifier for name, r in runtime.items()}


def test_everything_imported_is_declared_and_everything_declared_is_imported(
    root: Path, runtime: dict[str, Requirement], extras: dict[str, Requirement]
) -> None:
    used = set(_imports([root / "geodata", root / "hotspots", root / "streamlit_app.py"]))
    needed = {name: IMPORT_NAMES.get(name, name.replace("-", "_")) for name in runtime}
    in_extras = [IMPORT_NAMES.get(name, name.replace("-", "_")) for name in extras]
    assert not _undeclared(used, [*needed.values(), *in_extras]), "imported, but not declared in pyproject.toml"

    unused = {name for name, module in needed.items() if not any(_within(u, module) for u in used)}
    assert unused == set(NEVER_IMPORTED), "declared and never imported (or imported after all)"


def test_everything_the_tests_import_is_declared(
    root: Path, runtime: dict[str, Requirement], development: dict[str, Requirement]
) -> None:
    used = set(_imports([root / "tests"]))
    declared = [IMPORT_NAMES.get(name, name.replace("-", "_")) for name in runtime | development]
    assert not _undeclared(used, declared), "imported by a test, but neither a dependency nor in the extra 'dev'"


def _imports(places: list[Path]) -> Iterator[str]:
    """Yield dotted names imported from outside the standard library and the project, by statement or as resources."""
    own = {"geodata", "hotspots", "streamlit_app", "conftest", *sys.stdlib_module_names}
    for place in places:
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                yield from (name for name in _named(node) if name.split(".")[0] not in own and name != "_typeshed")


def _named(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=str(module), names=names, level=0):
            return [f"{module}.{alias.name}" if module == "xstatic.pkg" else module for alias in names]
        case ast.Constant(value=str(text)) if re.fullmatch(r"xstatic\.pkg\.\w+", text):
            return [text]
        case _:
            return []


def _within(used: str, module: str) -> bool:
    return used == module or used.startswith(f"{module}.")


def _undeclared(used: set[str], declared: object) -> set[str]:
    return {name for name in used if not any(_within(name, module) for module in declared if module)}


# The two commands and CI ---------------------------------------------------------------------------------------------


def _command(root: Path, *arguments: str) -> str:
    helper = ["bash", ".ci/readme-command", *arguments]
    return subprocess.run(helper, cwd=root, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.skipif(sys.platform == "win32", reason="the helper that reads README.md is a POSIX shell script")
@pytest.mark.parametrize(
    ("name", "lock", "ends_in"),
    [("demo", "requirements.lock", "hotspots demo"), ("test", "requirements-dev.lock", "python -m pytest -n auto")],
)
def test_readme_gives_each_command_for_a_posix_shell_and_for_powershell(
    root: Path, name: str, lock: str, ends_in: str
) -> None:
    posix, windows = _command(root, name), _command(root, name, "powershell")
    steps = posix.split(" &&\n")
    assert steps[0] == "python3 -m venv .venv"
    assert steps[2].endswith(f"--require-hashes --requirement {lock}")
    assert steps[-1] == f".venv/bin/{ends_in}"

    same = " && ".join(steps).replace("python3 -m venv", "py -3 -m venv").replace(".venv/bin/", ".venv\\Scripts\\")
    assert windows == f'cmd /c "{same}"'


def test_readme_has_exactly_two_setup_commands_and_ci_runs_the_second(root: Path) -> None:
    readme = (root / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"<!-- command: (\w+) -->", readme) == ["demo", "test"]
    assert '"$(.ci/readme-command test)"' in (root / ".ci" / "run").read_text(encoding="utf-8")


def test_the_app_listens_on_loopback_only_and_tells_nobody(root: Path) -> None:
    settings = tomllib.loads((root / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["server"]["address"] == settings["browser"]["serverAddress"] == "127.0.0.1"
    assert settings["browser"]["gatherUsageStats"] is False
    assert settings["client"] == {"toolbarMode": "viewer", "showErrorDetails": "none", "showErrorLinks": False}
    assert settings["runner"]["magicEnabled"] is False


# What is committed ---------------------------------------------------------------------------------------------------


def test_no_committed_file_names_a_machine_path_or_a_package_registry(tracked: list[Path], root: Path) -> None:
    # Written in pieces, so that this file does not name them either.
    folders = r"(?<![\w.<])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|Us" + r"ers/\w+)/"
    registries = r"py" + r"pi\.org|python" + r"hosted|npm" + r"js\.org|deb\.deb" + r"ian|ana" + r"conda\.org"
    forbidden = re.compile(f"{folders}|{registries}")
    found = {
        f"{path.relative_to(root)}: {match.group()}"
        for path in tracked
        if (match := forbidden.search(path.read_text(encoding="utf-8", errors="ignore")))
    }
    assert not found


def test_no_committed_file_is_large(tracked: list[Path]) -> None:
    assert {path.name: size for path in tracked if (size := path.stat().st_size) > LARGEST_FILE_BYTES} == {}


def test_notebooks_are_committed_without_outputs(root: Path) -> None:
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells), path.name


# Documents and tree --------------------------------------------------------------------------------------------------


def _architecture(root: Path) -> str:
    return (root / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_the_module_table_of_architecture_equals_the_tree(root: Path) -> None:
    rows = re.findall(r"^\| `((?:geodata|hotspots)/[^`]+)` \|", _architecture(root), flags=re.MULTILINE)
    files = [path for package in ("geodata", "hotspots") for path in (root / package).rglob("*.py")]
    assert sorted(rows) == sorted(path.relative_to(root).as_posix() for path in files)


def test_every_rule_a_default_cites_has_its_row_in_architecture(root: Path) -> None:
    _, _, after = _architecture(root).partition("Where the defaults come from\n")
    assert after, "ARCHITECTURE.md has no section 'Where the defaults come from'"
    section = re.split(r"^#", after, maxsplit=1, flags=re.MULTILINE)[0]
    config = RULE_RANGE.sub("", (root / "hotspots" / "config.py").read_text(encoding="utf-8"))
    assert set(RULE.findall(config)) - set(RULE.findall(section)) == set()


@pytest.mark.parametrize("package", ["geodata", "hotspots"])
def test_every_public_name_exists_and_says_what_it_is(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__doc__
    assert list(module.__all__) == sorted(set(module.__all__)), "__all__ is not sorted, or names something twice"
    for name in module.__all__:
        public = getattr(module, name)
        own_words = public.__doc__ and not public.__doc__.startswith(f"{name}(")  # what dataclass writes by itself
        assert own_words or not callable(public), f"{package}.{name} has no docstring"


def test_the_changelog_begins_with_the_version_of_the_package(root: Path, project: dict) -> None:
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+)", changelog, flags=re.MULTILINE)[1] == project["project"]["version"]


def test_imports_keep_to_the_contracts(root: Path) -> None:
    lint = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    result = subprocess.run([*lint, "--no-cache"], cwd=root, check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
