"""Rows cut from bytes say what a CSV reader says of them, whatever is odd about the files."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.errors import SourceError
from geodata.sources import Intake, read, street_rows
from geodata.sources.distinct import Texts, add, find
from geodata.sources.street_rows import STRETCHES, Cutter, Rows, UnusualError

from .conftest import STREET_HEADER, street_line
from .test_street_files import is_read_at_once, one_by_one, same

ODD_LINES = (
    "", STREET_HEADER, street_line() + ",more", street_line().rsplit(",", 3)[0], street_line("a1" * 31 + "zz"),
    street_line("0" * 64), street_line("0" * 16 + "a" * 48), street_line("A1" * 32), street_line(" " * 64),
    street_line('"' + "a1" * 32 + '"'), street_line('""'), street_line("2014/123"), street_line("a" * 63),
    street_line("a" * 65), street_line("+" + "a" * 63), street_line(month="01/01/2024"), street_line(month="2024-13"),
    street_line(month=""), street_line(month='"2024-01"'), street_line(longitude=1e-7), street_line(longitude="-2,1"),
    street_line(longitude=" -2.1"), street_line(longitude="-2.1 "), street_line(longitude="x"),
    street_line(longitude="inf"), street_line(longitude=391370, latitude=298718), street_line(latitude=""),
    street_line(longitude='"-2.1"'), street_line(location='"He said ""no"""'), street_line(location='"a'),
    street_line(location='a"b'), street_line(location='"a"b'), street_line(location='"two\nlines"'),
    street_line(location="a\rb"), street_line(location="a\0b"), street_line(location=" padded "), "\0", ",", '"', "\r",
    ",,,,,,,,,,,", street_line(category="é"), street_line() + "a note",
)  # fmt: skip
"""Lines that no clean file has, or that look odd and are not."""


def ordinary(number: int) -> str:
    return street_line(
        crime_id="" if number % 3 == 0 else f"{number % 5 + 1:016x}" + "ab" * 24,
        month=f"2024-0{number % 2 + 1}",
        longitude=-2.1 - number % 4 / 1000,
        location=f"On or near Street {number % 7}",
        category=("Drugs", "Anti-social behaviour")[number % 2],
    )


@st.composite
def street_file(draw: st.DrawFn) -> bytes:
    lines = [ordinary(number) for number in draw(st.lists(st.integers(0, 60), max_size=8))]
    for odd in draw(st.lists(st.sampled_from(ODD_LINES), max_size=2)):
        lines.insert(draw(st.integers(0, len(lines))), odd)
    end = draw(st.sampled_from(["\n", "\r\n", "\n"]))
    text = end.join([STREET_HEADER, *lines]) + draw(st.sampled_from([end, "", end + end]))
    mark = draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"]))
    return mark + text.encode(draw(st.sampled_from(["utf-8", "utf-8", "cp1252"])))


def outcome(reading: object) -> Intake | str:
    try:
        return reading()  # type: ignore[operator,no-any-return]
    except SourceError as error:
        return str(error)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(street_file(), min_size=1, max_size=3), piece=st.sampled_from([700, 1024**2]))
def test_any_odd_files_give_the_same_both_ways(tmp_path: Path, files: list[bytes], piece: int) -> None:
    paths = [tmp_path / f"2024-0{i}-x-street.csv" for i in range(len(files))]
    for path, content in zip(paths, files, strict=True):
        path.write_bytes(content)
    with mock.patch.object(street_rows, "_PIECE", piece):
        found = outcome(lambda: read(paths))
    expected = outcome(lambda: one_by_one(paths))
    if isinstance(found, Intake) and isinstance(expected, Intake):
        same(found, expected)
    else:
        assert found == expected


def texts_of(cutter: Cutter, rows: Rows, kind: str) -> list[str]:
    known = cutter.texts[kind].lines().decode().split("\n")
    return [known[code] for code in np.broadcast_to(getattr(rows, kind), rows.crime_id.shape)]


@pytest.mark.parametrize("piece", [4096, 1024**2])
def test_rows_are_cut_as_the_csv_module_cuts_them(piece: int) -> None:
    # so many places that the table of texts grows several times, and some rows that end a piece
    def location(n: int) -> str:
        return f'"On or near {n}, The Mews"' if n % 5 == 0 else f"On or near {n} Road"

    lines = [
        street_line(f"{n + 1:064x}"[::-1], f"20{n // 3000 + 10}-05", latitude=n / 1000, location=location(n))
        for n in range(30_000)
    ]
    with mock.patch.object(street_rows, "_PIECE", piece):
        cutter = Cutter()
        rows = cutter.cut(io.BytesIO("\n".join(lines).encode()))
    cells = list(csv.reader(lines))
    assert rows.crime_id.tolist() == [int(row[0][:16], 16) for row in cells]
    at = 1
    for kind, columns in STRETCHES.items():
        stop = at + len(columns)
        assert list(csv.reader(texts_of(cutter, rows, kind))) == [row[at:stop] for row in cells]
        at = stop
    assert len(cutter.texts["where"]) == len({tuple(row[4:9]) for row in cells})


@given(st.lists(st.text("ab", max_size=40), max_size=300), st.integers(0, 3))
def test_every_text_keeps_one_number(texts: list[str], key: int) -> None:
    held = Texts(slots=np.zeros(2, dtype=np.uint64), held=np.zeros(10, dtype=np.uint64))
    data = np.zeros(64, dtype=np.uint8)
    numbers = []
    for text in texts:
        line = f"{text},more of the line"[:50].encode()  # no text begins with another: each ends with its only comma
        data[: len(line)] = np.frombuffer(line, dtype=np.uint8)
        end = len(text) + 1
        hash_of_it = np.uint64(key and hash(text) % key)  # few hashes, so that texts share them
        held.make_room(1, end)
        number, stop = find(data, 0, hash_of_it, held.slots, held.held)
        assert stop == (-1 if number < 0 else end)
        numbers.append(add(data, 0, end, hash_of_it, *held.arrays()) if number < 0 else number)
    first_met = list(dict.fromkeys(texts))
    assert numbers == [first_met.index(text) for text in texts]
    assert held.lines() == "\n".join(first_met).encode()
    assert len(held) == len(first_met)


def test_texts_made_to_collide_are_refused_before_they_cost_time() -> None:
    held = Texts()
    held.make_room(1000, 20_000)
    found = []
    for number in range(1000):
        data = np.frombuffer(f"{number:09},......".encode() + bytes(16), dtype=np.uint8).copy()
        found.append(add(data, 0, 10, np.uint64(7), *held.arrays()))
    assert found == [*range(256), *[-1] * 744]


@given(st.binary(min_size=8, max_size=8))
def test_digits_are_told_from_everything_else(eight: bytes) -> None:
    word = np.frombuffer(eight, dtype=np.uint64)[0]
    are_digits = [byte in b"0123456789abcdefABCDEF" for byte in eight]
    assert [bool(byte) for byte in int(street_rows._no_digits(word)).to_bytes(8, "little")] == [
        not is_digit for is_digit in are_digits
    ]
    if all(are_digits):
        assert street_rows._digits_number(word) == int(eight, 16)


@given(st.binary(max_size=400), st.integers(0, 300))
def test_random_bytes_are_cut_or_left_to_the_slower_reader(noise: bytes, at: int) -> None:
    clean = (street_line("a1" * 32) + "\n").encode() * 4
    data = clean[:at] + noise + clean[at:]
    try:
        rows = Cutter().cut(io.BytesIO(data))
    except UnusualError:
        return
    cells = list(csv.reader(io.StringIO(data.decode("latin-1"), newline="")))
    assert len(rows.crime_id) == len(cells)
    assert {len(row) for row in cells} <= {12}


def test_a_line_longer_than_any_is_left_to_the_slower_reader(tmp_path: Path) -> None:
    path = tmp_path / "2024-01-x-street.csv"
    path.write_text(f"{STREET_HEADER}\n{street_line(location='x' * 2**21)}\n{street_line()}\n")
    assert not is_read_at_once([path])
    assert read([path]).n_read == 2


def test_too_many_names_for_one_point_are_left_to_the_slower_reader(tmp_path: Path) -> None:
    lines = [street_line(longitude=-2.1288123, location=f"On or near {n} Road") for n in range(600)]
    path = tmp_path / "2024-01-x-street.csv"
    path.write_text("\n".join([STREET_HEADER, *lines]))
    assert not is_read_at_once([path])
    assert read([path]).records["location"].nunique() == 600
