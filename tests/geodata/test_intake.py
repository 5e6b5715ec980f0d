from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from geodata.errors import DataError
from geodata.schema import ASB, RECORDS, check
from geodata.sources import intake_of, read

from .conftest import STREET_HEADER, records, street_line

Write = Callable[..., Path]


def test_rows_read_are_rows_kept_plus_rows_dropped(street_csv: Write) -> None:
    lines = [street_line("c1"), street_line("c1"), street_line(month=""), street_line(), street_line()]
    intake = read([street_csv(lines)])
    assert intake.n_read == 5 == len(intake.records) + sum(intake.dropped.values())
    check(intake.records, RECORDS)


def test_two_kinds_of_source_are_joined_and_called_mixed(street_csv: Write, extract_csv: Write) -> None:
    street = street_csv([street_line("same")])
    extract = extract_csv(["same,01/01/2024,,ASB,391370,298718"])
    intake = read([street, extract])
    assert intake.kind == "mixed"
    assert len(intake.records) == 2
    assert intake.files == ("2024-01-a-force-street.csv", "extract.csv")
    assert set(intake.records["location_precision"]) == {"snap_point", "street"}


def test_records_keep_one_identity_each(street_csv: Write) -> None:
    index = read([street_csv([street_line()] * 3)]).records.index
    assert index.name == "incident_id"
    assert list(index) == [0, 1, 2]


def test_one_path_may_be_given_alone(street_csv: Write) -> None:
    assert read(street_csv([street_line()])).n_read == 1  # type: ignore[arg-type]


def test_records_given_from_python_come_back_unchanged() -> None:
    table = records(3)
    before = table.copy(deep=True)
    intake = intake_of(table)
    pd.testing.assert_frame_equal(intake.records[table.columns], table)
    pd.testing.assert_frame_equal(table, before)
    assert (intake.n_read, intake.kind, intake.dropped["no date"]) == (3, "force_extract", 0)


def test_the_least_a_table_must_have_is_enough() -> None:
    table = pd.DataFrame({
        "longitude": [-2.1, -2.2], "latitude": [52.5, 52.6], "category": ["ASB", "Drugs"],
        "month": pd.to_datetime(["2024-01-01", None]),
    })  # fmt: skip
    intake = intake_of(table)
    assert intake.records["category"].tolist() == [ASB]
    assert intake.records["occurred_to"].tolist() == [pd.Timestamp("2024-02-01", tz="Europe/London")]
    assert intake.dropped == {"duplicate Crime ID": 0, "no date": 1}


def test_points_on_the_grid_become_degrees() -> None:
    points = gpd.points_from_xy([391370.6], [298718.3])
    table = gpd.GeoDataFrame({"category": ["ASB"], "month": pd.to_datetime(["2024-01-01"])}, geometry=points, crs=27700)
    row = intake_of(table).records.iloc[0]
    assert (row["longitude"], row["latitude"]) == pytest.approx((-2.1288, 52.5862), abs=5e-5)


def test_a_police_uk_table_read_with_pandas_is_understood(street_csv: Write) -> None:
    path = street_csv([street_line("c1"), street_line(), street_line(longitude="", latitude="")])
    from_python, from_file = intake_of(pd.read_csv(path)), read([path])
    expected = from_python.records.drop(columns="source")
    pd.testing.assert_frame_equal(from_file.records.drop(columns="source").astype(expected.dtypes), expected)
    assert from_python.kind == "police_uk"


def test_a_table_without_position_or_date_says_what_it_lacks() -> None:
    with pytest.raises(
        DataError, match=r"lacks longitude, latitude, category, month \(or occurred_from\); it has: a, b"
    ):
        intake_of(pd.DataFrame({"a": [1], "b": [2]}))


def test_a_synthetic_source_is_seen() -> None:
    assert intake_of(records(source="SYNTHETIC sample")).is_synthetic
    assert not intake_of(records()).is_synthetic


def test_unknown_words_in_a_table_from_python_are_refused() -> None:
    with pytest.raises(DataError, match="origin"):
        intake_of(records(origin="neighbour"))


def test_the_header_decides_and_not_the_name_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "anything.txt"
    path.write_text(f"{STREET_HEADER}\n{street_line()}\n")
    assert read([path]).kind == "police_uk"
