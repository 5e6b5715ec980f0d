"""What became of crimes: police.uk's outcomes files, joined to their records by Crime ID (ASB has neither)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd
import polars as pl

from geodata.sources.files import collect_outcomes
from geodata.sources.intake import Intake, identity_number
from geodata.sources.opening import open_table
from geodata.sources.tables import plain, read_columns

OUTCOME_COLUMNS: Final = {"crime_id": "crime_id", "month": "month", "outcome": "outcome_type"}


def read_outcomes(paths: Sequence[str | Path]) -> tuple[pl.DataFrame, int]:
    """Return the latest outcome of each Crime ID in the outcomes files found, and how many files there were.

    Returns
    -------
    frame : DataFrame
        ``crime_id`` (unique) and ``outcome``.
    n_files : int
    """
    found = []
    with collect_outcomes(paths) as parts:
        for part in parts:
            table = open_table(part)
            by_name = {plain(column): column for column in table.columns}
            if not set(OUTCOME_COLUMNS.values()) <= by_name.keys():
                continue
            rows, _ = read_columns(table, [by_name[name] for name in OUTCOME_COLUMNS.values()])
            found.append(rows.rename({by_name[name]: field for field, name in OUTCOME_COLUMNS.items()}))
    if not found:
        return pl.DataFrame(schema={"crime_id": pl.String, "outcome": pl.String}), 0
    outcomes = pl.concat(found).filter((pl.col("crime_id") != "") & (pl.col("outcome") != ""))
    latest = outcomes.sort("crime_id", "month", "outcome").group_by("crime_id", maintain_order=True).last()
    return latest.select("crime_id", "outcome"), len(found)


def outcome_counts(records: pd.DataFrame) -> pd.DataFrame:
    """Count what became of the records of each category that has any outcome; ASB has none.

    Parameters
    ----------
    records : DataFrame
        RECORDS with ``outcome``, as reading with ``outcomes=True`` gives them.

    Returns
    -------
    DataFrame
        ``category``, ``n`` (records), ``n_told`` (with an outcome), ``outcome`` (the most frequent; between equals the
        first by name) and ``n_outcome`` (how often), most records first.
    """
    told = records.loc[records["outcome"].astype("str") != "", ["category", "outcome"]].astype("str")
    each = told.value_counts().rename("n_outcome").reset_index()
    each = each.sort_values(["n_outcome", "outcome"], ascending=[False, True]).drop_duplicates("category")
    n = each["category"].map(records["category"].astype("str").value_counts())
    n_told = each["category"].map(told["category"].value_counts())
    table = each.assign(n=n, n_told=n_told).sort_values(["n", "category"], ascending=[False, True])
    return table[["category", "n", "n_told", "outcome", "n_outcome"]].reset_index(drop=True)


def join_outcomes(intake: Intake, outcomes: pl.DataFrame, n_files: int) -> Intake:
    """Return the intake with the column ``outcome``: from the outcomes files, otherwise as the street file says.

    Records without a Crime ID keep an empty outcome.
    """
    records = intake.records
    stated = records["outcome"].astype("str") if "outcome" in records else pd.Series("", index=records.index)
    is_number = records["crime_id"].dtype == "uint64"
    if is_number:
        numbered = outcomes.with_columns(crime_id=identity_number(pl.col("crime_id")))
        outcomes = numbered.filter(pl.col("crime_id") > 0).unique("crime_id", keep="last", maintain_order=True)
    by_id = outcomes.to_pandas().set_index("crime_id")["outcome"]
    from_files = records["crime_id"].map(by_id)
    is_joined = from_files.notna()
    outcome = from_files.where(is_joined, stated).astype("str")
    note = (
        f"Outcomes files read: {n_files:,}; records whose latest outcome they hold: {int(is_joined.sum()):,} of "
        f"{int((records['crime_id'] != (0 if is_number else '')).sum()):,} with a Crime ID."
    )
    return replace(intake, records=records.assign(outcome=outcome), notes=(*intake.notes, note))
