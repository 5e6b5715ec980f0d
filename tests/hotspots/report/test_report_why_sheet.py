"""The sheet Why worked out afresh: by a small evaluator of its formulas here, and by LibreOffice where there is one."""

from __future__ import annotations

import dataclasses
import io
import math
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely

import hotspots
from geodata.area import StudyArea
from hotspots.report import hotspots_xlsx
from hotspots.results import Run

AREA = StudyArea("Little Town", shapely.box(-2.14, 52.57, -2.10, 52.60))
CORNERS = np.array([[-2.133, 52.574], [-2.12, 52.585], [-2.107, 52.596]])
KINDS = ("Rowdy", "=1+1", "Noise", "Litter")


@pytest.fixture(scope="module")
def run() -> Run:
    """Three corners of several addresses and kinds, unlike in every month, among fifty quiet places; 14 months."""
    rng = np.random.default_rng(3)
    months = pd.date_range("2022-11-01", periods=14, freq="MS")
    rows = []
    for at, rate in [*zip(CORNERS, (14, 9, 6), strict=True), *((at, 0.7) for at in rng.uniform(
        [-2.139, 52.571], [-2.101, 52.599], (50, 2)))]:  # fmt: skip
        for month in months:
            for _ in range(rng.poisson(rate)):
                when = month + pd.Timedelta(hours=int(rng.integers(0, 660)))
                house = int(rng.pareto(1.0)) + 1
                rows.append(
                    (*(at + rng.normal(0, 1e-4, 2)), when, f"{house} @Mill Lane", KINDS[int(rng.pareto(2)) % 4])
                )
    frame = pd.DataFrame(rows, columns=["longitude", "latitude", "occurred_from", "location", "qualifier"])
    frame["occurred_from"] = frame["occurred_from"].dt.tz_localize("Europe/London")
    return hotspots.run(
        frame.assign(
            occurred_to=frame["occurred_from"], time_precision="minute", location_precision="address",
            place_id=frame["location"], category="anti-social-behaviour", origin="public",
        ),
        AREA,
    )  # fmt: skip


def worked_out(sheet: Any, column: str) -> list[Any]:
    names = [cell.value for cell in sheet[1]]
    return [line[names.index(column)] for line in sheet.iter_rows(min_row=2, values_only=True)]


def agree(said: list[Any], found: list[Any]) -> int:
    """Hold every number found against what was said; return how many there were."""
    compared = [(a, b) for a, b in zip(said, found, strict=True) if b is not None]
    for a, b in compared:
        assert a == (b if isinstance(b, str) else pytest.approx(b, rel=1e-4, abs=1e-4))
    return len(compared)


class Evaluator:
    """The few functions the formulas use, over the cells of the workbook."""

    def __init__(self, book: openpyxl.Workbook) -> None:
        self.book = book

    def __call__(self, formula: str, line: int) -> Any:
        code = "".join(  # text in quotes stays; outside, ranges become arrays and = becomes ==
            part if part.startswith('"') else self._code(part, line) for part in re.split(r'("[^"]*")', formula[1:])
        )
        functions = {name: getattr(self, name) for name in re.findall(r"\b[A-Z]{2,}(?=\()", code)}
        return eval(code, {"IF": None, **functions, "R": self.cells, "ID": self.book["Why"][f"A{line}"].value})

    @staticmethod
    def _code(part: str, line: int) -> str:
        part = re.sub(r"('[^']+'![$A-Z0-9:]+)", lambda found: f"R({found[1]!r})", part)
        return re.sub(r"(?<![<>=])=(?!=)", "==", part).replace(f"$A{line}", "ID")

    def cells(self, reference: str) -> np.ndarray:
        sheet, area = re.fullmatch(r"'(.+)'!(.+)", reference).groups()  # type: ignore[union-attr]
        return np.array([line[0].value for line in self.book[sheet][area.replace("$", "")]], dtype=object)

    @staticmethod
    def SUMIF(where: Any, what: Any, values: Any) -> float:
        return float(sum(v or 0 for w, v in zip(where, values, strict=True) if w == what))

    @staticmethod
    def COUNTIF(where: Any, what: Any) -> int:
        return int((where == what).sum())

    @staticmethod
    def LARGE(values: Any, k: int) -> float:
        return float(np.sort(values)[-int(k)])

    @staticmethod
    def INDEX(values: Any, row: int) -> Any:
        return values[int(row) - 1] if row <= len(values) else None

    @staticmethod
    def MATCH(what: Any, where: Any, _: int) -> int:
        return int(np.flatnonzero(where == what)[0]) + 1

    @staticmethod
    def TEXT(value: float | None, _: str) -> str:
        return f"{value:.0%}"

    @staticmethod
    def CONCATENATE(*parts: Any) -> str:
        return "".join(f"{part:g}" if isinstance(part, float) else str(part) for part in parts)

    @staticmethod
    def ROUNDUP(value: float, _: int) -> int:
        return math.ceil(value - 1e-9)

    @staticmethod
    def IF(so: Any, then: Any, otherwise: Any) -> Any:
        return then if so else otherwise

    SUMPRODUCT, MAX, MIN, SQRT = staticmethod(np.sum), staticmethod(np.max), staticmethod(min), staticmethod(math.sqrt)


def test_every_formula_comes_to_the_value_beside_it(run: Run) -> None:
    book = openpyxl.load_workbook(io.BytesIO(hotspots_xlsx(run)))
    sheet, work_out = book["Why"], Evaluator(book)
    found = [
        formula and work_out(formula, line)
        for line, formula in enumerate(worked_out(sheet, "recalculated"), start=2)
    ]  # fmt: skip
    assert len(run.hotspots) == 3
    assert agree(worked_out(sheet, "value"), found) >= 3 * 13
    keys = {key for key, value in zip(worked_out(sheet, "key"), found, strict=True) if value is not None}
    assert keys >= {"n", "n_12m", "months_with_reports", "top_types", "repeat_share", "expected", "n_shrunk", "score",
                    "rank", "p_top", "expected_next", "to_overtake", "to_be_overtaken", "without_busiest_place",
                    "without_busiest_month"}  # fmt: skip


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_comes_to_the_same_numbers(run: Run, tmp_path: Path) -> None:
    (tmp_path / "hotspots.xlsx").write_bytes(hotspots_xlsx(run))
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "xlsx",
         "--outdir", str(tmp_path / "again"), str(tmp_path / "hotspots.xlsx")],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    sheet = openpyxl.load_workbook(tmp_path / "again/hotspots.xlsx", data_only=True)["Why"]
    assert agree(worked_out(sheet, "value"), worked_out(sheet, "recalculated")) >= 3 * 13


def test_a_wrong_count_in_the_sheet_of_cells_would_be_seen(run: Run) -> None:
    first = run.hotspots["cells"].iloc[0].split(",")[0]
    cells = run.cells.assign(n=run.cells["n"] + (run.cells.index == first))
    book = openpyxl.load_workbook(io.BytesIO(hotspots_xlsx(dataclasses.replace(run, cells=cells))))
    formula, said = worked_out(book["Why"], "recalculated")[0], worked_out(book["Why"], "value")[0]
    assert Evaluator(book)(formula, 2) == said + 1
