"""Keys of callers: hashes are counted, whatever else a person might be known by is not read (R3.17)."""

from __future__ import annotations

import hashlib

import pandas as pd
import pytest

from geodata.errors import SourceError
from geodata.sources import read

HEADER = "incident_ref,date,category,lon,lat,caller_key"
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"


def digest(text, kind="sha256"):
    return hashlib.new(kind, text.encode()).hexdigest()


def lines(keys):
    return [f"R{n},05/08/2023,ASB,-2.1,52.5,{key}" for n, key in enumerate(keys)]


def test_hashes_become_numbers_that_are_the_same_in_every_file(extract_csv):
    keys = [digest("salt Ann"), digest("salt Bob", "md5"), digest("salt Ann").upper(), "", UUID]
    first = read([extract_csv(lines(keys), HEADER)]).records["caller"]
    assert first.dtype == "uint64"
    assert first[0] == first[2]
    assert first[3] == 0
    assert first[[0, 1, 4]].nunique() == 3
    second = read([extract_csv(lines([UUID, keys[0]]), HEADER, "other.csv")]).records["caller"]
    assert second.tolist() == [first[4], first[0]]


def test_files_without_keys_beside_files_with_them_have_callers_not_known(extract_csv):
    paths = [
        extract_csv(lines([UUID]), HEADER),
        extract_csv(["R9,05/08/2023,ASB,-2.1,52.5"], HEADER.removesuffix(",caller_key"), "plain.csv"),
    ]
    records = read(paths).records
    assert sorted(records["caller"] == 0) == [False, True]
    assert "caller" not in read(paths[1:]).records


@pytest.mark.parametrize("nobody", ["", "unknown", "withheld"])
def test_the_hash_of_nobody_is_not_a_caller(extract_csv, nobody):
    records = read([extract_csv(lines([digest(nobody), UUID]), HEADER)]).records
    assert (records["caller"] == 0).tolist() == [True, False]


@pytest.mark.parametrize(
    "keys",
    [
        ["Ann Example", "Bob Example"],
        ["07700900123", "0121 496 0000"],
        ["a.person@example.org"],
        ["NOM12345", "NOM12346"],
        ["100234", "100235"],
        ["4407700900123000", "4407700900124000"],
        [digest("x"), "Ann Example"],
    ],
)
def test_names_numbers_and_references_are_left_unread_and_never_quoted(extract_csv, keys):
    intake = read([extract_csv(lines(keys), HEADER)])
    assert "caller" not in intake.records
    [note] = [note for note in intake.notes if "caller_key" in note]
    assert "was not used to count callers" in note
    assert not any(key in note for key in keys)
    seen = intake.records.astype(str).agg(" ".join, axis=1).str.cat(sep=" ")
    assert not any(key in seen for key in keys if len(key) > 2)


def test_a_column_of_callers_under_another_name_cannot_be_mapped(extract_csv):
    path = extract_csv(lines([UUID]), HEADER.replace("caller_key", "Caller phone"))
    with pytest.raises(SourceError, match="never read"):
        read([path], mapping={"caller": "Caller phone"})


def test_officers_records_with_keys_stay_officers(extract_csv):
    rows = [f"{line},{origin}" for line, origin in zip(lines([UUID, UUID]), ["999", "officer"], strict=True)]
    records = read([extract_csv(rows, HEADER + ",channel")]).records
    assert pd.Series(records["origin"]).tolist() == ["public", "officer"]
