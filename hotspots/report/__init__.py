"""What a run looks like to people: maps, tables, briefings, the record. Run in, bytes out; nothing is written here."""

from __future__ import annotations

from hotspots.report.briefing import briefing_pdf
from hotspots.report.geo import cells_parquet, hotspots_gpkg
from hotspots.report.maps import folium_map, map_html
from hotspots.report.provenance import run_json
from hotspots.report.tables import hotspots_csv, hotspots_xlsx, why_csv
from hotspots.report.words import reasons
from hotspots.results import Run

__all__ = [
    "briefing_pdf",
    "cells_parquet",
    "folium_map",
    "hotspots_csv",
    "hotspots_gpkg",
    "hotspots_xlsx",
    "map_html",
    "reasons",
    "run_files",
    "run_json",
    "why_csv",
]


def run_files(run: Run) -> dict[str, bytes]:
    """Return every file of a run by name; only the command line and the app's downloads hand them on."""
    return {
        "run.json": run_json(run),
        "hotspots.gpkg": hotspots_gpkg(run),
        "hotspots.csv": hotspots_csv(run),
        "why.csv": why_csv(run),
        "hotspots.xlsx": hotspots_xlsx(run),
        "cells.parquet": cells_parquet(run),
        "map.html": map_html(run),
        "briefing.pdf": briefing_pdf(run),
    }
