"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="PATH...",
        help="police.uk CSV, ZIP or folder; a force's CSV, XLSX, ODS, GeoPackage, Shapefile, GeoJSON or Parquet; "
        "several may be given.",
        show_default=False,
    ),
]
Area = Annotated[Path, typer.Option("--area", help="Any polygon file: LPA, local authority, ward.")]
Category = Annotated[
    list[str] | None,
    typer.Option("--category", help="Category to use; repeatable; 'all' keeps every category. [anti-social-behaviour]"),
]
Out = Annotated[Path, typer.Option("--out", help="Folder for the results.")]
FromMonth = Annotated[str | None, typer.Option("--from", help="First month, YYYY-MM.")]
ToMonth = Annotated[str | None, typer.Option("--to", help="Last month, YYYY-MM.")]
Mapping = Annotated[
    list[str] | None,
    typer.Option("--map", help="field=Column, when a column is not recognised by its name; repeatable."),
]

Lsoa = Annotated[Path | None, typer.Option("--lsoa", help="LSOA boundaries, to check the codes that records state.")]
Places = Annotated[
    Path | None, typer.Option("--places", help="Named places (stations, schools, parks), to say what hotspots lie by.")
]
Profile = Annotated[
    Path | None, typer.Option("--profile", help="How a force's columns are named, as --save-profile wrote it.")
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database", envvar="ASB_HOTSPOTS_DATABASE", show_envvar=True,
        help="SQLAlchemy address to ask instead of reading files; better set in the environment than typed.",
    ),
]  # fmt: skip
Query = Annotated[str | None, typer.Option("--query", help="The SELECT to ask the database.")]
