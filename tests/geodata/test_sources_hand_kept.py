"""Hand-kept tables: columns found by name, blank lines ignored, line numbers as the user's editor shows them."""

from __future__ import annotations

import pytest

from geodata.errors import SourceError
from geodata.sources.hand_kept import numbers, read_table

COLUMNS = {"place": ("site", "location"), "metres": ("range_m",)}


def table(tmp_path, raw: bytes):
    path = tmp_path / "list.csv"
    path.write_bytes(raw)
    return read_table(path, what="sites", columns=COLUMNS, required=("place",))


def test_columns_are_found_whatever_their_case_spaces_or_order(tmp_path):
    found = table(tmp_path, b"Range M;other;SITE\n60;x; Mill Lane \n")
    assert found.to_dict("list") == {"place": ["Mill Lane"], "metres": ["60"]}


def test_the_canonical_name_wins_over_a_synonym(tmp_path):
    assert table(tmp_path, b"site,place\nno,yes\n")["place"].to_list() == ["yes"]


def test_a_windows_file_with_accents_and_blank_rows_is_read(tmp_path):
    found = table(tmp_path, "place,metres\r\nCafé,60\r\n,\r\nBar,70\r\n".encode("cp1252"))
    assert found["place"].to_list() == ["Café", "Bar"]
    assert found.index.to_list() == [2, 4]


def test_a_header_without_rows_is_a_table_without_rows(tmp_path):
    found = table(tmp_path, b"place,metres\n")
    assert found.empty
    assert list(found.columns) == ["place", "metres"]


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path):
    with pytest.raises(SourceError, match=r"list.csv: the sites table has no column place; its columns are: a, b"):
        table(tmp_path, b"a,b\n1,2\n")


def test_a_folder_is_no_table(tmp_path):
    with pytest.raises(SourceError, match="There is no sites file"):
        read_table(tmp_path, what="sites", columns=COLUMNS, required=("place",))


def test_a_value_out_of_bounds_is_shown_with_its_line(tmp_path):
    found = table(tmp_path, b"place,metres\nA,60\nB,-1\nC,NaN\n")
    with pytest.raises(SourceError, match=r"2 of 3 values of metres .* \(first on line 3: '-1'\)"):
        numbers(found, "metres", path="list.csv", low=0, high=100)
