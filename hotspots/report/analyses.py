"""An analysis for people: its picture as SVG, its table as CSV, and all that were asked as a workbook and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from hotspots.analyses import Analysis
from hotspots.analyses.pictures import (
    Bars,
    CellMap,
    Curve,
    Lines,
    Matrix,
    Picture,
    Ranges,
    StreetMap,
    Strips,
    Week,
)
from hotspots.report import plots, thematic, words
from hotspots.report.geo import geopackage
from hotspots.report.plots import Drawn
from hotspots.report.static_map import ground_of
from hotspots.report.tables import about_table, safe_text, table, workbook
from hotspots.results import Run

MOST_SHEET_ROWS = 500
"""Rows of a table in the workbook; the CSV holds all."""

_LONGEST_SHEET_NAME = 31


_CHARTS: dict[type, Callable[[Any], Drawn]] = {
    Bars: plots.draw_bars,
    Curve: plots.draw_curve,
    Lines: plots.draw_lines,
    Matrix: plots.draw_matrix,
    Ranges: plots.draw_ranges,
    Strips: plots.draw_strips,
    Week: plots.draw_week,
}


def draw(run: Run, picture: Picture) -> Drawn:
    """Return the marks of a picture."""
    if isinstance(picture, CellMap):
        return thematic.draw_cells(run, ground_of(run), picture)
    if isinstance(picture, StreetMap):
        return thematic.draw_streets(run, ground_of(run), picture)
    return _CHARTS[type(picture)](picture)


def picture_svg(run: Run, analysis: Analysis) -> str:
    """Return the picture alone, as a page shows it under its own heading; "" without a picture."""
    return "" if analysis.picture is None else plots.stacked([draw(run, analysis.picture)])


def analysis_svg(run: Run, analysis: Analysis) -> str:
    """Return the picture with its question above and what it rests on below, to stand alone; "" without a picture."""
    if analysis.picture is None:
        return ""
    synthetic = words.SYNTHETIC if run.is_synthetic else ""
    return plots.stacked(
        [
            plots.heading(analysis.title),
            draw(run, analysis.picture),
            plots.small_print(
                analysis.sentences[0],
                " | ".join(part for part in (run.short_marking, synthetic, run.area.name) if part),
                words.provenance(run),
                run.provenance.licence,
            ),
        ]
    )


def analysis_csv(run: Run, analysis: Analysis) -> bytes:
    """Return the table as CSV with its marking (UTF-8 with a byte order mark, so that Excel reads it right)."""
    frame = table(analysis.table, index=False).map(safe_text)
    frame["marking"] = run.marking
    frame["is_synthetic"] = run.is_synthetic
    return frame.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def analysis_gpkg(run: Run, analysis: Analysis) -> bytes | None:
    """Return the table with its shapes as a GeoPackage; None where its rows have none."""
    if analysis.shapes is None or analysis.table.empty:
        return None
    frame = gpd.GeoDataFrame(analysis.table, geometry=analysis.shapes.to_numpy(), crs=analysis.shapes.crs)
    return geopackage(run, {analysis.name: frame}, {analysis.name: "MultiPolygon"})


def own_files(run: Run, analysis: Analysis) -> dict[str, bytes]:
    """Return ``NAME.csv``, ``NAME.svg`` and, where rows have shapes, ``NAME.gpkg`` of an analysis that was answered."""
    files: dict[str, bytes] = {}
    if not analysis.table.empty:
        files[f"{analysis.name}.csv"] = analysis_csv(run, analysis)
    if analysis.picture is not None:
        files[f"{analysis.name}.svg"] = analysis_svg(run, analysis).encode()
    if shapes := analysis_gpkg(run, analysis):
        files[f"{analysis.name}.gpkg"] = shapes
    return files


def analyses_json(run: Run, analyses: Sequence[Analysis]) -> bytes:
    """Return what was asked and answered, without the tables: question, sentences, method, rows, refusal."""
    answers: list[dict[str, Any]] = [
        {
            "name": analysis.name,
            "question": analysis.title,
            "sentences": list(analysis.sentences),
            "method": list(analysis.method),
            "n_rows": len(analysis.table),
            "columns": list(map(str, analysis.table.columns)),
            "refusal": None if analysis.refusal is None else {
                "reason": analysis.refusal.reason, "rule": analysis.refusal.rule,
            },
        }
        for analysis in analyses
    ]  # fmt: skip
    content = {
        "area": run.area.name,
        "marking": run.marking,
        "is_synthetic": run.is_synthetic,
        "fingerprint": run.provenance.fingerprint,
        "seed": run.provenance.seed,
        "versions": run.provenance.versions,
        "n_used": run.quality.n_used,
        "grade": run.quality.grade,
        "months": str(run.period),
        "licence": run.provenance.licence,
        "caveat": words.CAVEAT,
        "analyses": answers,
    }
    return json.dumps(content, indent=2, ensure_ascii=False).encode()


def analyses_xlsx(run: Run, analyses: Sequence[Analysis]) -> bytes:
    """Return the answers in words on the first sheet, one sheet a table, and what they rest on."""
    sheets = {"Answers": answers_table(analyses)}
    for analysis in analyses:
        if not analysis.table.empty:
            sheets[analysis.name[:_LONGEST_SHEET_NAME]] = table(analysis.table.head(MOST_SHEET_ROWS), index=False)
    sheets["About"] = about_table(run)
    return workbook(sheets, run.provenance.created)


def answers_table(analyses: Sequence[Analysis]) -> pd.DataFrame:
    """Return every sentence of every analysis on a line of its own, and how it was found."""
    rows = []
    for analysis in analyses:
        kind = "refused" if analysis.refusal else "answer"
        rows += [(analysis.name, analysis.title, kind, sentence) for sentence in analysis.sentences]
        rows += [(analysis.name, analysis.title, "method", sentence) for sentence in analysis.method]
        if len(analysis.table) > MOST_SHEET_ROWS:
            rows.append((analysis.name, analysis.title, "note",
                         f"The sheet holds the first {MOST_SHEET_ROWS} of {len(analysis.table):,} rows; "
                         f"{analysis.name}.csv holds all."))  # fmt: skip
    return pd.DataFrame(rows, columns=["analysis", "question", "kind", "text"], dtype=object)


def analysis_files(run: Run, analyses: Sequence[Analysis]) -> dict[str, bytes]:
    """Return the files of each analysis that was answered, and all as workbook and JSON."""
    files = {name: content for analysis in analyses for name, content in own_files(run, analysis).items()}
    return {**files, "analyses.xlsx": analyses_xlsx(run, analyses), "analyses.json": analyses_json(run, analyses)}
