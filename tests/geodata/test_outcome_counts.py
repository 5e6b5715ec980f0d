"""What became of crimes, counted by category."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pandas as pd
from typer.testing import CliRunner

import geodata
from geodata.sources.outcomes import outcome_counts
from hotspots.cli import app

LUTON = "data/boundaries/luton_lad19_E06000032.geojson"
BEDFORDSHIRE = "data/police_uk/bedfordshire-2021-05_2024-04.zip"


def test_counts_of_a_hand_worked_table() -> None:
    rows = [("drugs", "Charged"), ("drugs", "Charged"), ("drugs", "Caution"), ("drugs", ""), ("asb", ""),
            ("theft", "No suspect"), ("theft", "Charged")]  # fmt: skip
    found = outcome_counts(pd.DataFrame(rows, columns=["category", "outcome"]))
    assert found.values.tolist() == [["drugs", 4, 3, "Charged", 2], ["theft", 2, 2, "Charged", 1]]
    assert outcome_counts(pd.DataFrame({"category": ["asb"], "outcome": [""]})).empty


def test_luton_s_outcomes_are_those_of_the_files(shared: Path, tmp_path: Path) -> None:
    area = geodata.read_area(shared / LUTON)
    records = geodata.read([shared / BEDFORDSHIRE], outcomes=True).records
    found = outcome_counts(records.loc[area.contains(records["longitude"], records["latitude"])])
    with zipfile.ZipFile(shared / BEDFORDSHIRE) as archive:
        streets = [name for name in archive.namelist() if name.endswith("-street.csv")]
        rows = pd.concat([pd.read_csv(io.BytesIO(archive.read(name))) for name in streets])
    rows = rows.loc[area.contains(rows["Longitude"], rows["Latitude"])]
    drugs = rows.loc[(rows["Crime type"] == "Drugs")].drop_duplicates("Crime ID")
    row = found.set_index("category").loc["drugs"]
    assert (row["n"], row["n_told"]) == (len(drugs), drugs["Last outcome category"].notna().sum())
    assert (row["outcome"], row["n_outcome"]) == next(iter(drugs["Last outcome category"].value_counts().items()))

    said = tmp_path / "report.json"
    given = ["check", str(shared / BEDFORDSHIRE), "--area", str(shared / LUTON), "--outcomes", "--json", str(said)]
    printed = CliRunner().invoke(app, given).output
    assert f"{row['n']:,}" in printed.partition("What became of")[2]
    report = json.loads(said.read_text())
    assert report["columns"]["outcome"] == "Last outcome category"
    assert "OSGB36" in report["coordinate_operation"]
