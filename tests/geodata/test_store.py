from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata import store
from geodata.errors import SourceError
from geodata.schema import empty_records
from geodata.sources import intake_of, read
from geodata.store import fingerprint, load, save

from .conftest import records, street_line

Write = Callable[..., Path]


def test_order_and_names_of_files_do_not_change_the_fingerprint(street_csv: Write) -> None:
    a = street_csv([street_line(), street_line("f" * 64, longitude="")], "2024-01-x-street.csv")
    b = street_csv([street_line(month="2024-02", category="Drugs")], "2024-02-x-street.csv")
    renamed = street_csv([street_line(month="2024-02", category="Drugs")], "other-name.csv")
    prints = {fingerprint(read(paths).records) for paths in ([a, b], [b, a], [a, renamed])}
    assert len(prints) == 1
    assert all(len(text) == 64 and int(text, 16) >= 0 for text in prints)


@given(st.permutations(range(6)))
def test_the_order_of_rows_does_not_change_the_fingerprint(order: list[int]) -> None:
    table = records(6, longitude=[-2.1, -2.2, -2.1, float("nan"), -2.1, -2.1], crime_id=["", "a", "b", "", "", "c"])
    assert fingerprint(table.iloc[order]) == fingerprint(table)


@pytest.mark.parametrize(
    ("column", "value"),
    [("longitude", -2.12880001), ("category", "drugs"), ("location", ""), ("place_id", "UPRN:1"), ("origin", "officer"),
     ("occurred_to", pd.Timestamp("2024-01-15 21:31", tz="Europe/London"))],
)  # fmt: skip
def test_any_changed_value_changes_the_fingerprint(column: str, value: object) -> None:
    assert fingerprint(records(2)) != fingerprint(records(2, **{column: value}))


def test_one_more_identical_record_changes_the_fingerprint() -> None:
    assert fingerprint(records(2)) != fingerprint(records(3))


def test_text_moved_between_cells_changes_the_fingerprint() -> None:
    a = records(2, location=["ab", "ab"], crime_id=["", "c"])
    b = records(2, location=["a", "bab"], crime_id=["", "c"])
    assert fingerprint(a) != fingerprint(b)


def test_another_crime_id_changes_the_fingerprint(street_csv: Write) -> None:
    ids = ("f" * 64, "f" * 15 + "e" + "f" * 48, "not hexadecimal")
    paths = [street_csv([street_line(one)], f"2024-01-{n}-street.csv") for n, one in enumerate(ids)]
    assert len({fingerprint(read([path]).records) for path in paths}) == len(ids)


def test_fingerprinting_leaves_the_records_alone() -> None:
    table = records(3)
    before = table.copy(deep=True)
    fingerprint(table)
    pd.testing.assert_frame_equal(table, before)


def test_what_is_saved_is_loaded_again_whole(tmp_path: Path, street_csv: Write) -> None:
    twice = street_line("fe" * 32)
    intake = read([street_csv([twice, twice, street_line(longitude="", latitude="")])])
    path = save(intake, tmp_path / "store")
    assert path.name == f"{fingerprint(intake.records)}.parquet"
    back = load(path.stem, tmp_path / "store")
    pd.testing.assert_frame_equal(back.records, intake.records)
    for item in fields(intake):
        if item.name != "records":
            assert getattr(back, item.name) == getattr(intake, item.name), item.name
    assert fingerprint(back.records) == path.stem


def test_saving_twice_leaves_one_copy_and_no_rubbish(tmp_path: Path) -> None:
    for _ in range(2):
        save(intake_of(records(3)), tmp_path)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".parquet"]


def test_a_save_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", fail)
    with pytest.raises(OSError, match="disk full"):
        store.save(intake_of(records()), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_fingerprint_and_a_damaged_store_are_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no stored records with fingerprint abc"):
        load("abc", tmp_path)
    path = save(intake_of(records()), tmp_path)
    path.write_bytes(b"PAR1 no longer")
    with pytest.raises(SourceError, match="are damaged"):
        load(path.stem, tmp_path)


def test_the_fingerprint_of_known_records_never_changes() -> None:
    # Saved runs quote it: a new pandas, polars or numpy must not change it.
    assert fingerprint(records(2)) == "de864c29cf1b698ed96bf6095ac1439772b256da9bb1bda1fa1581ad088cb440"


def test_what_a_killed_process_left_is_swept_and_what_is_being_written_stays(tmp_path):
    abandoned, young = tmp_path / ".writing-old.parquet", tmp_path / ".writing-new.parquet"
    for file in (abandoned, young):
        file.write_bytes(b"half")
    two_hours_ago = time.time() - 7200
    os.utime(abandoned, (two_hours_ago, two_hours_ago))
    save(intake_of(empty_records()), tmp_path)
    assert not abandoned.exists()
    assert young.exists()


def test_kept_records_are_read_by_their_file_alone(tmp_path: Path, street_csv: Write) -> None:
    file = street_csv([street_line(), street_line("f" * 64, longitude="")], "2024-01-x-street.csv")
    made = store.read(file)
    kept = save(made, tmp_path / "kept")
    again = store.read([kept])
    pd.testing.assert_frame_equal(again.records, made.records)
    assert [getattr(again, item.name) for item in fields(again) if item.name != "records"] == [
        getattr(made, item.name) for item in fields(made) if item.name != "records"
    ]
    for too_much in ({"paths": [kept, file]}, {"paths": kept, "mapping": {"category": "Crime type"}}):
        with pytest.raises(SourceError, match="already read and put together; give it alone"):
            store.read(**too_much)
