"""Rows of police.uk street files cut into a Crime ID and three stretches of text, each distinct stretch kept once.

The same force and month, the same map point and the same kind of crime are written out again in millions of rows. So
a row is only cut, at its commas, into its Crime ID and *when* (month and force), *where* (point, street, LSOA) and
*what* (category, outcome). What a stretch says is worked out once, by whoever reads the distinct ones.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geodata.sources.distinct import Texts, is_same

STRETCHES: Final = {
    "when": ("month", "reported_by", "falls_within"),
    "where": ("longitude", "latitude", "location", "lsoa_code", "lsoa_name"),
    "what": ("crime_type", "last_outcome_category", "context"),
}
"""Columns of each stretch. A row is its Crime ID and these, in this order."""

_PIECE: Final = 1024**2  # bytes cut at once: they stay in the processor's cache
_MARGIN: Final = 128  # bytes behind the text that may be looked at, though they mean nothing
_LONGEST: Final = 2**16  # bytes of a line
_SHORTEST: Final = 12  # bytes of a line: eleven commas and its end
_ID_LENGTH: Final = 64
_ID_DIGITS: Final = 16
_COMMA, _QUOTE, _END, _RETURN = (ord(sign) for sign in ',"\n\r')


class UnusualError(Exception):
    """A file that the slower reader must look at."""


def _table(values: dict[int, int], other: int) -> NDArray[np.uint8]:
    """Return a value for each byte."""
    table = np.full(256, other, dtype=np.uint8)
    table[list(values)] = list(values.values())
    return table


_NO_DIGIT: Final = 16
_DIGITS: Final = _table({ord(sign): int(sign, 16) for sign in "0123456789abcdefABCDEF"}, _NO_DIGIT)
_SIGNS: Final = _table(dict.fromkeys([_COMMA, _QUOTE, _END, _RETURN, 0], 1), 0)


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of a file: the numbers of their Crime IDs (0 for none), and the codes of their stretches.

    One code stands for all rows where they share it, as those of a month do.
    """

    crime_id: NDArray[np.uint64]
    when: NDArray[np.int32]
    where: NDArray[np.int32]
    what: NDArray[np.int32]


class Cutter:
    """Cuts files, one after another, and keeps the distinct stretches of all of them. Threads do not share one."""

    def __init__(self) -> None:
        self.texts = {name: Texts() for name in STRETCHES}
        self._words = np.zeros((_PIECE + _MARGIN) // 8, dtype=np.uint64)
        self._ids = np.empty(_PIECE // _SHORTEST, dtype=np.uint64)
        self._bounds = np.empty((5, _PIECE // _SHORTEST), dtype=np.int32)

    def cut(self, stream: io.BufferedIOBase) -> list[Rows]:
        """Return the rows that follow in a stream.

        Raises
        ------
        UnusualError
            If a line is not twelve fields, the first of them nothing or 64 hexadecimal digits.
        """
        text = memoryview(self._words.view(np.uint8).data)[:_PIECE]
        found: list[Rows] = []
        left, is_last = 0, False
        while not is_last:
            stop = left + _fill(stream, text[left:])
            is_last = stop < _PIECE
            if is_last and stop and text[stop - 1] != _END:
                text[stop] = _END
                stop += 1
            tail = bytes(text[max(0, stop - _LONGEST) : stop])
            left = len(tail) - (tail.rfind(b"\n") + 1)
            if stop and left == len(tail):
                raise UnusualError
            found.append(self._cut_lines(stop - left))
            text[:left] = tail[len(tail) - left :]
        return found

    def _cut_lines(self, stop: int) -> Rows:
        """Return the rows of the lines before byte `stop`."""
        n = _cut(self._words, self._words.view(np.uint8), stop, self._ids, self._bounds, _DIGITS, _SIGNS)
        if n < 0:
            raise UnusualError
        when, when_end, where, what, end = self._bounds[:, :n]
        stretches = ((when, when_end), (where, what - 1), (what, end))
        codes = [
            texts.codes(self._words, *stretch) for texts, stretch in zip(self.texts.values(), stretches, strict=True)
        ]
        return Rows(self._ids[:n].copy(), *(held[:1] if (held == held[:1]).all() else held for held in codes))


def _fill(stream: io.BufferedIOBase, room: memoryview) -> int:
    """Read until the room is full or the stream ends; return how many bytes came."""
    filled = 0
    while filled < len(room) and (got := stream.readinto(room[filled:])):
        filled += got
    return filled


@njit(cache=True, nogil=True)
def _cut(words, data, stop, ids, bounds, digits, signs):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Find the number of each line's Crime ID, and where its stretches start and end; return how many lines, or -1.

    A line's *when* that repeats the one above is the one above, so that it need not be looked at again.
    """
    at, n = 0, 0
    when, when_end = 0, 0
    while at < stop:
        ids[n], start = _crime_id(data, at, digits)
        if start < 0:
            return -1
        where = start + when_end - when + 1
        if n == 0 or where > stop or not is_same(words, start, when, when_end - when + 1):
            when, when_end = start, _fields(data, start, 3, signs)
            where = when_end + 1
        what = _fields(data, where, 5, signs) + 1
        end = _fields(data, what, 3, signs)
        if end < 0 or data[where - 1] != _COMMA or data[what - 1] != _COMMA:
            return -1
        at = end + (2 if data[end] == _RETURN else 1)
        if data[at - 1] != _END:
            return -1
        bounds[0, n], bounds[1, n], bounds[2, n], bounds[3, n], bounds[4, n] = when, when_end, where, what, end
        n += 1
    return n


@njit(cache=True, nogil=True)
def _crime_id(data, at, digits):  # type: ignore[no-untyped-def]
    """Return the number of a line's Crime ID (0 for none) and where its next field starts, or a number below 0."""
    number = np.uint64(0)
    if data[at] == _COMMA:
        return number, at + 1
    if data[at] == _QUOTE and data[at + 1] == _QUOTE and data[at + 2] == _COMMA:
        return number, at + 3
    worst = np.uint8(0)
    for i in range(at, at + _ID_LENGTH):
        worst |= digits[data[i]]
    for i in range(at, at + _ID_DIGITS):
        number = (number << np.uint64(4)) | np.uint64(digits[data[i]])
    if worst >= _NO_DIGIT or data[at + _ID_LENGTH] != _COMMA or number == 0:
        return number, -2
    return number, at + _ID_LENGTH + 1


@njit(cache=True, nogil=True)
def _fields(data, at, n, signs):  # type: ignore[no-untyped-def]
    """Return where the sign behind the next `n` fields of a line is, or a number below 0."""
    if at < 0:
        return -2
    for k in range(n):
        if k:
            if data[at] != _COMMA:
                return -2
            at += 1
        if data[at] == _QUOTE:
            at += 1
            while not signs[data[at]] or data[at] == _COMMA:
                at += 1
            if data[at] != _QUOTE:
                return -2
            at += 1
        else:
            while not signs[data[at]]:
                at += 1
    return at
