"""Rows of police.uk street files cut into a Crime ID and three stretches of text, each distinct stretch kept once.

The same force and month, the same map point and the same kind of crime are written out again in millions of rows. So
a row is only cut, at its commas, into its Crime ID and *when* (month and force), *where* (point, street, LSOA) and
*what* (category, outcome). What a stretch says is worked out once, by whoever reads the distinct ones.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geodata.sources.distinct import Texts, add, fetched, find, is_same, likely_slot, mixed, word_at

STRETCHES: Final = {
    "when": ("month", "reported_by", "falls_within"),
    "where": ("longitude", "latitude", "location", "lsoa_code", "lsoa_name"),
    "what": ("crime_type", "last_outcome_category", "context"),
}
"""Columns of each stretch. A row is its Crime ID and these, in this order."""

_PIECE: Final = 2**19  # bytes cut at once: they stay in the processor's cache
_MARGIN: Final = 128  # bytes behind the text that may be looked at, though they mean nothing
_LONGEST: Final = 2**16  # bytes of a line
_SHORTEST: Final = 12  # bytes of a line: eleven commas and its end
_BLOCK: Final = 512  # lines whose places are looked up together
_ID_LENGTH: Final = 64
_COMMA, _QUOTE, _END, _RETURN = (ord(sign) for sign in ',"\n\r')


class UnusualError(Exception):
    """A file that the slower reader must look at."""


def _eight(byte: int) -> np.uint64:
    """Return a word of eight times a byte."""
    return np.uint64(0x0101010101010101 * byte)


_SIGNS: Final = np.isin(np.arange(256), [_COMMA, _QUOTE, _END, _RETURN, 0])
_ONES, _LETTER, _HIGH, _ENDS = (_eight(byte) for byte in (0x01, 0x40, 0x80, _END))
_TO_0, _PAST_9, _TO_A, _PAST_F = (_eight(0x80 - ord(sign)) for sign in "0:ag")  # each lifts its sign to the high bit


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
        held = np.zeros((_PIECE + _MARGIN) // 8, dtype=np.uint64)
        self._bytes = held.view(np.uint8)
        self._ids = np.empty(_PIECE // _SHORTEST, dtype=np.uint64)
        self._codes = np.empty((len(STRETCHES), _PIECE // _SHORTEST), dtype=np.int32)
        self._lines = np.empty((2, _PIECE // _SHORTEST), dtype=np.int32)

    def cut(self, stream: io.BufferedIOBase) -> Rows:
        """Return the rows that follow in a stream.

        Raises
        ------
        UnusualError
            If a line is not twelve fields, the first of them nothing or 64 hexadecimal digits.
        """
        text = memoryview(self._bytes.data)[:_PIECE]
        ids, codes = [], []
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
            n = self._cut_lines(stop - left)
            ids.append(self._ids[:n].copy())
            codes.append(self._codes[:, :n].copy())
            text[:left] = tail[len(tail) - left :]
        when, where, what = (held[:1] if (held == held[:1]).all() else held for held in np.concatenate(codes, axis=1))
        return Rows(np.concatenate(ids), when, where, what)

    def _cut_lines(self, stop: int) -> int:
        """Cut the lines before byte `stop`; return how many they are."""
        n = int(_find_lines(self._bytes, stop, self._ids, self._lines))
        if n < 0:
            raise UnusualError
        for texts in self.texts.values():
            texts.make_room(n, stop)
        tables = chain(*(texts.arrays() for texts in self.texts.values()))
        if not _find_stretches(self._bytes, self._lines[:, :n], self._codes, _SIGNS, *tables):
            raise UnusualError
        return n


def _fill(stream: io.BufferedIOBase, room: memoryview) -> int:
    """Read until the room is full or the stream ends; return how many bytes came."""
    filled = 0
    while filled < len(room) and (got := stream.readinto(room[filled:])):
        filled += got
    return filled


@njit(cache=True, nogil=True)
def _find_lines(data, stop, ids, lines):  # type: ignore[no-untyped-def]
    """Find the number of each line's Crime ID, where its next field starts and where it ends; return how many, or -1.

    It is -1 where a line is shorter than any of twelve fields, or does not begin with a Crime ID or none.
    """
    at, n = 0, 0
    while at < stop:
        if n == len(ids):
            return -1
        ids[n], start = _crime_id(data, at)
        if start < 0:
            return -1
        lines[0, n] = start
        at = lines[1, n] = _line_end(data, start)
        at += 1
        n += 1
    return n


@njit(cache=True, nogil=True)
def _crime_id(data, at):  # type: ignore[no-untyped-def]
    """Return the number of a line's Crime ID (0 for none) and where its next field starts, or a number below 0."""
    number = np.uint64(0)
    if data[at] == _COMMA:
        return number, at + 1
    if data[at] == _QUOTE and data[at + 1] == _QUOTE and data[at + 2] == _COMMA:
        return number, at + 3
    strange = np.uint64(0)
    for i in range(0, _ID_LENGTH, 8):
        strange |= _no_digits(word_at(data, at + i))
    number = (_digits_number(word_at(data, at)) << np.uint64(32)) | _digits_number(word_at(data, at + 8))
    if strange or number == 0 or data[at + _ID_LENGTH] != _COMMA:
        return number, -2
    return number, at + _ID_LENGTH + 1


@njit(cache=True, nogil=True)
def _no_digits(word):  # type: ignore[no-untyped-def]
    """Return the high bits of those of eight bytes that are no hexadecimal digits."""
    lower = (word & ~_HIGH) | ((word & _LETTER) >> np.uint64(1))
    is_digit = ((lower + _TO_0) & ~(lower + _PAST_9)) | ((lower + _TO_A) & ~(lower + _PAST_F))
    return (word | ~is_digit) & _HIGH


@njit(cache=True, nogil=True)
def _digits_number(word):  # type: ignore[no-untyped-def]
    """Return the number of eight hexadecimal digits: neighbours are put together, then pairs, then fours."""
    word = (word & np.uint64(0x0F0F0F0F0F0F0F0F)) + np.uint64(9) * ((word & _LETTER) >> np.uint64(6))
    word = ((word << np.uint64(4)) | (word >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    word = ((word << np.uint64(8)) | (word >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    return ((word << np.uint64(16)) | (word >> np.uint64(32))) & np.uint64(0xFFFFFFFF)


@njit(cache=True, nogil=True)
def _line_end(data, at):  # type: ignore[no-untyped-def]
    """Return where the next end of a line is, from a byte on. There must be one."""
    found = np.uint64(0)
    while not found:
        other = word_at(data, at) ^ _ENDS
        found = (other - _ONES) & ~other & _HIGH  # its lowest bit is that of the first byte that is an end
        at += 8
    n_to_it = (((found - np.uint64(1)) & _ONES) * _ONES) >> np.uint64(56)  # bytes up to that one, and it
    return at - 9 + np.int64(n_to_it)


@njit(cache=True, nogil=True)
def _find_stretches(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    data, lines, codes, signs,
    when_slots, when_held, when_used, where_slots, where_held, where_used, what_slots, what_held, what_used,
):  # fmt: skip
    """Find the codes of each line's stretches; return whether all lines are of twelve fields.

    Places are many and lie far apart in memory: of a block of lines first where each is likely to be found, then the
    rest, so that the processor fetches many at once. A *when* that repeats the one above need not be looked up. (The
    arrays of the tables come one by one: out of a tuple, counting who holds them takes as long as the look-up.)
    """
    n = lines.shape[1]
    keys = np.empty(_BLOCK, dtype=np.uint64)
    likely = np.empty(_BLOCK, dtype=np.uint64)
    behind = np.empty(_BLOCK, dtype=np.uint64)
    when, where = 0, 0
    for first in range(0, n, _BLOCK):
        last = min(first + _BLOCK, n)
        for row in range(first, last):
            start = lines[0, row]
            length = where - when
            if row and is_same(data, start, when, length):
                codes[0, row] = codes[0, row - 1]
                when, where = start, start + length
            else:
                key, when = _key(data, start), start
                codes[0, row], where = _code(data, start, key, when_slots, when_held, when_used, 3, signs)
                if where < 0 or data[where - 1] != _COMMA:
                    return False
            key, lines[0, row] = _key(data, where), where
            keys[row - first], likely[row - first] = key, likely_slot(key, where_slots)
        for i in range(last - first):
            behind[i] = fetched(likely[i], where_held)
        for row in range(first, last):
            codes[1, row], what = _code(
                data, lines[0, row], keys[row - first], where_slots, where_held, where_used, 5, signs
            )
            if what < 0 or data[what - 1] != _COMMA:
                return False
            end = lines[1, row]
            if end > what and data[end - 1] == _RETURN:
                end -= 1
            key = _key_of_line(data, what, end)
            codes[2, row], stop = _code(data, what, key, what_slots, what_held, what_used, 3, signs)
            if stop != end + 1:
                return False
    return True


@njit(cache=True, nogil=True)
def _key(data, start):  # type: ignore[no-untyped-def]
    """Return a hash of sixteen bytes: most of a point, or month and force; a shorter stretch may be kept twice."""
    return mixed(mixed(np.uint64(0), word_at(data, start)), word_at(data, start + 8))


@njit(cache=True, nogil=True)
def _key_of_line(data, start, end):  # type: ignore[no-untyped-def]
    """Return a hash of what is left of a line: its length and some of its bytes."""
    key = mixed(np.uint64(0), np.uint64(end - start))
    if end - start < 16:
        return key
    key = mixed(mixed(key, word_at(data, start)), word_at(data, (start + end) // 2))
    return mixed(key, word_at(data, end - 8))


@njit(cache=True, inline="always")
def _code(data, start, key, slots, held, used, n_fields, signs):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Return the code of the stretch of so many fields and the sign behind it, and where the next starts, or -1 twice.

    A stretch known need not be looked at sign by sign.
    """
    code, stop = find(data, start, key, slots, held)
    if code < 0:
        code, stop = _new_code(data, start, key, slots, held, used, n_fields, signs)
    return code, stop


@njit(cache=True, nogil=True)
def _new_code(data, start, key, slots, held, used, n_fields, signs):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Return the code of a stretch not met before, and where the next starts, or -1 twice."""
    stop = _fields(data, start, n_fields, signs) + 1
    code = add(data, start, stop, key, slots, held, used) if stop > 0 else -1
    return code, stop if code >= 0 else -1


@njit(cache=True, nogil=True)
def _fields(data, at, n, signs):  # type: ignore[no-untyped-def]
    """Return where the sign behind the next `n` fields of a line is, or a number below 0."""
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
