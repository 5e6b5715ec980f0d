"""Distinct texts out of raw bytes, each kept once under a number: most texts of a large file have been met before.

Texts are looked at eight bytes at a time, as words of little-endian memory; a word may start at any byte.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

_TRIES: Final = 256  # slots looked at for one text: more are needed only where texts were made to collide
_LINE: Final = 8  # words the processor fetches together
_HALF: Final = np.uint64(32)
_LOW: Final = np.uint64(0xFFFFFFFF)
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)

Words = NDArray[np.uint64]


@dataclass(slots=True)
class Texts:
    """Distinct texts, numbered in the order they were first met.

    A hash table with open addressing. A slot is 0, or the 32 bits of a text's hash and the word of `held` where the
    text starts, behind a word of its length and number: a look-up touches memory in two places only. Which bytes the
    hash is of is the caller's choice, as long as the same text always has the same.
    """

    slots: Words = field(default_factory=lambda: np.zeros(2**14, dtype=np.uint64))  # a power of two
    held: Words = field(default_factory=lambda: np.zeros(2**16, dtype=np.uint64))
    used: NDArray[np.int64] = field(default_factory=lambda: np.array([0, 1]))  # texts, words of `held`

    def __len__(self) -> int:
        return int(self.used[0])

    def arrays(self) -> tuple[Words, Words, NDArray[np.int64]]:
        """Return the slots, what is held, and how much of it is used."""
        return self.slots, self.held, self.used

    def make_room(self, n: int, n_bytes: int) -> None:
        """Make room for so many texts more, of so many bytes together."""
        n_texts, n_words = len(self) + n, int(self.used[1]) + n_bytes // 8 + 2 * n
        if 2 * n_texts > len(self.slots):
            before, self.slots = self.slots, np.zeros(2 ** (2 * n_texts).bit_length(), dtype=np.uint64)
            _refill(self.slots, before)
        if n_words + _LINE >= len(self.held):
            self.held = np.concatenate([self.held, np.zeros(n_words + _LINE, dtype=np.uint64)])

    def lines(self) -> bytes:
        """Return all texts, one a line, each without its last byte."""
        text = memoryview(self.held.view(np.uint8).data)
        found, at = [], 1
        for _ in range(self.used[0]):
            length = int(self.held[at]) >> 32
            found.append(bytes(text[at * 8 + 8 : at * 8 + 7 + length]))
            at += (length + 15) // 8
        return b"\n".join(found)


def _word_at(typing, data, at):  # type: ignore[no-untyped-def]  # noqa: ARG001
    """Return the eight bytes from any on: numba itself only reads words that start at one byte of eight."""

    def load(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        place = builder.gep(array.data, [arguments[1]])
        return builder.load(builder.bitcast(place, context.get_value_type(types.uint64).as_pointer()), align=1)

    return types.uint64(data, types.intp), load


word_at: Any = intrinsic(_word_at)


@njit(cache=True, nogil=True)
def mixed(key, word):  # type: ignore[no-untyped-def]
    """Return a hash of eight bytes more."""
    key = (key ^ word) * _MIX
    return key ^ (key >> _HALF)


@njit(cache=True, nogil=True)
def is_same(data, at, other, length):  # type: ignore[no-untyped-def]
    """Return whether two stretches of one length are the same."""
    n_whole = length >> 3
    for i in range(n_whole):
        if word_at(data, at + 8 * i) != word_at(data, other + 8 * i):
            return False
    rest = length & 7
    i = 8 * n_whole
    return rest == 0 or _first(word_at(data, at + i) ^ word_at(data, other + i), rest) == 0


@njit(cache=True, nogil=True)
def likely_slot(key, slots):  # type: ignore[no-untyped-def]
    """Return the slot where a text of this hash is looked for first."""
    return slots[np.int64(key & _LOW) & (len(slots) - 1)]


@njit(cache=True, nogil=True)
def fetched(slot, held):  # type: ignore[no-untyped-def]
    """Return nothing that means anything, and have the processor fetch the text of a slot."""
    at = np.int64(slot & _LOW)
    return held[at] ^ held[at + _LINE]


@njit(cache=True, nogil=True)
def find(data, start, key, slots, held):  # type: ignore[no-untyped-def]
    """Return number and end of the text known under this hash that the bytes from `start` on begin with, or -1 twice.

    No known text may begin with another of them.
    """
    mask = len(slots) - 1
    tag = key & _LOW
    place = np.int64(tag) & mask
    for _ in range(_TRIES):
        slot = slots[place]
        if slot == 0:
            break
        if slot >> _HALF == tag:
            at = np.int64(slot & _LOW)
            head = held[at]
            length = np.int64(head >> _HALF)
            if _begins(data, start, held, at + 1, length):
                return np.int64(head & _LOW), start + length
        place = (place + 1) & mask
    return -1, -1


@njit(cache=True, nogil=True)
def add(data, start, stop, key, slots, held, used):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Return the number of a new text, or -1 if too many have its hash. There must be room."""
    mask = len(slots) - 1
    tag = key & _LOW
    place = np.int64(tag) & mask
    for _ in range(_TRIES):
        if slots[place] == 0:
            number, at = used
            held[at] = (np.uint64(stop - start) << _HALF) | np.uint64(number)
            for byte in range(start, stop, 8):
                at += 1
                held[at] = word_at(data, byte) if stop - byte >= 8 else _first(word_at(data, byte), stop - byte)
            slots[place] = (tag << _HALF) | np.uint64(used[1])
            used[0], used[1] = number + 1, at + 1
            return number
        place = (place + 1) & mask
    return -1


@njit(cache=True, nogil=True)
def _begins(data, start, held, at, length):  # type: ignore[no-untyped-def]
    """Return whether the bytes from `start` on begin with a text held."""
    n_whole = length >> 3
    for i in range(n_whole):
        if word_at(data, start + 8 * i) != held[at + i]:
            return False
    rest = length & 7
    return rest == 0 or _first(word_at(data, start + 8 * n_whole), rest) == held[at + n_whole]


@njit(cache=True, nogil=True)
def _first(word, n):  # type: ignore[no-untyped-def]
    """Return a word with only its first `n` bytes (1 to 8), the others 0."""
    return word & (~np.uint64(0) >> np.uint64(64 - 8 * n))


@njit(cache=True, nogil=True)
def _refill(slots, old):  # type: ignore[no-untyped-def]
    """Put what the old slots hold into new ones, which are empty and more."""
    mask = len(slots) - 1
    for slot in old:
        if slot:
            place = np.int64(slot >> _HALF) & mask
            while slots[place]:
                place = (place + 1) & mask
            slots[place] = slot
