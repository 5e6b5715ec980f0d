"""Each number behind a hotspot, worked again from the other tables, and what would move it (R7.12)."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import pandas as pd
import pytest
import shapely

import hotspots
from geodata.area import StudyArea
from hotspots.report import run_files
from hotspots.results import Run
from hotspots.why import CHANGE, COLUMNS, what_would_move, why

AREA = StudyArea("Little Town", shapely.box(-2.14, 52.57, -2.10, 52.60))
CORNERS = np.array([[-2.133, 52.574], [-2.12, 52.585], [-2.107, 52.596]])
STREETS = ("Mill Lane", "High Street", "Church Walk", "Short Road")


def town(n: tuple[int, ...] = (20, 14, 8)) -> pd.DataFrame:
    """Three corners with so many reports in each of 12 months, on different days, among twenty quiet ones."""
    rows = []
    quiet = np.random.default_rng(0).uniform([-2.139, 52.571], [-2.101, 52.599], (20, 2))
    for i, corner in enumerate(np.vstack([CORNERS, quiet])):
        for month in pd.date_range("2023-01-01", periods=12, freq="MS"):
            hours = np.arange(n[i] if i < len(n) else 1) * 33 % 660
            rows += [
                (*corner, month + pd.Timedelta(hours=int(hour)), f"{i + 1} {STREETS[min(i, 3)]}") for hour in hours
            ]
    frame = pd.DataFrame(rows, columns=["longitude", "latitude", "occurred_from", "location"])
    frame["occurred_from"] = frame["occurred_from"].dt.tz_localize("Europe/London")
    return frame.assign(
        occurred_to=frame["occurred_from"], time_precision="minute", location_precision="address",
        category="anti-social-behaviour", origin="public",
    )  # fmt: skip


@pytest.fixture(scope="module")
def run() -> Run:
    return hotspots.run(town(), AREA)


def value(table: pd.DataFrame, hotspot_id: str, quantity: str) -> object:
    own = table.loc[(table["hotspot_id"] == hotspot_id) & table["quantity"].str.startswith(quantity), "value"]
    assert len(own) == 1
    return own.iloc[0]


def test_a_spreadsheet_comes_to_the_same_numbers_from_the_sheet_of_cells(run: Run) -> None:
    table = why(run)
    assert list(table.columns) == COLUMNS
    assert len(run.hotspots) == 3
    for hotspot_id, row in run.hotspots.iterrows():
        own = run.cells.loc[row["cells"].split(",")]
        assert value(table, hotspot_id, "reports in all") == own["n"].sum()
        assert value(table, hotspot_id, "reports in the last") == own["n_12m"].sum()
        assert value(table, hotspot_id, "reports a similar") == pytest.approx(own["expected"].sum(), abs=1e-4)
        assert value(table, hotspot_id, "reports, allowing") == pytest.approx(own["n_shrunk"].sum(), abs=1e-4)
        assert value(table, hotspot_id, "score") == pytest.approx(own["score"].sum() / math.sqrt(len(own)), abs=1e-4)
        assert value(table, hotspot_id, "chance") == pytest.approx(own["p_top"].max(), abs=1e-4)
        assert value(table, hotspot_id, "rank") == 1 + (run.hotspots["score"] > row["score"]).sum()


def test_the_reports_said_to_overtake_do_overtake_and_half_of_them_do_not(run: Run) -> None:
    more = int(str(value(why(run), "H02", "more reports")))
    name = run.hotspots.loc["H02", "name"]
    a_month = more / 12
    enough = hotspots.run(town((20, 14 + math.ceil(1.2 * a_month), 8)), AREA)
    short = hotspots.run(town((20, 14 + math.floor(a_month / 2), 8)), AREA)
    assert enough.hotspots.loc["H01", "name"] == name
    assert short.hotspots.loc["H02", "name"] == name


def test_the_first_has_nothing_above_and_the_last_nothing_below(run: Run) -> None:
    first, last = (" ".join(what_would_move(why(run), hotspot_id)) for hotspot_id in ("H01", "H03"))
    assert "overtake the place above it" not in first
    assert "the place below would overtake it" in first
    assert "overtake the place above it" in last
    assert "the place below would overtake it" not in last


def test_what_would_move_a_hotspot_is_told_in_sentences_with_the_numbers_of_the_table(run: Run) -> None:
    table = why(run)
    said = what_would_move(table, "H02")
    more, fewer = value(table, "H02", "more reports"), value(table, "H02", "fewer reports")
    assert said[0] == f"With {more} more reports in 12 months it would overtake the place above it."
    assert said[1] == f"With {fewer} fewer reports in 12 months the place below would overtake it."
    assert said[2].startswith("Without its busiest place (2 High Street) it would be off the list: 0 reports")
    assert value(table, "H02", "without its busiest month") == "rank 2"
    assert said[3] == "Without its busiest month (2023-01) it would still be rank 2."
    assert len(said) == 4


def test_without_its_only_place_a_hotspot_leaves_the_list(run: Run) -> None:
    said = value(why(run), "H01", "without its busiest place")
    assert str(said).startswith("off the list: 0 reports")


def test_without_its_busiest_month_the_numbers_follow_by_hand(run: Run) -> None:
    table = why(run)
    own = table.loc[(table["hotspot_id"] == "H01") & table["quantity"].str.startswith("without its busiest month")]
    row = run.hotspots.loc["H01"]
    left = row["score"] * (1 - 20 / row["n_12m"])
    assert own["value"].item() == f"rank {1 + (run.hotspots['score'].iloc[1:] > left).sum()}"
    assert "(1 - 20 / 240)" in own["how"].item()


def test_it_is_a_file_of_the_run_and_text_of_the_data_stays_text(run: Run) -> None:
    renamed = run.hotspots.assign(name="=1+1")
    changed = {name: getattr(run, name) for name in Run.__dataclass_fields__} | {"hotspots": renamed}
    rows = list(csv.DictReader(io.StringIO(run_files(Run(**changed))["why.csv"].decode("utf-8-sig"))))
    assert {row["name"] for row in rows} == {"'=1+1"}
    assert {row["about"] for row in rows} == {"reports", "rank", "how steady", CHANGE}


def test_no_list_no_reasons(run: Run) -> None:
    changed = {name: getattr(run, name) for name in Run.__dataclass_fields__} | {"hotspots": run.hotspots.iloc[:0]}
    table = why(Run(**changed))
    assert table.empty
    assert list(table.columns) == COLUMNS
