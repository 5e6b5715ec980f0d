"""Distinct texts out of raw bytes, each kept once under a number: most texts of a large file have been met before.

Texts are looked at eight bytes at a time, as words of little-endian memory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

_BLOCK: Final = 512  # texts looked up together
_LINE: Final = 8  # words the processor fetches together
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_LOW: Final = np.uint64(0xFFFFFFFF)
_HALF: Final = np.uint64(32)

Numbers = NDArray[np.integer[Any]]


@dataclass(slots=True)
class Texts:
    """Distinct texts, numbered in the order they were first met.

    A hash table with open addressing. A slot is 0, or 32 bits of the text's hash and the word of `held` where the text
    starts, behind a word that tells its length and code: so that a look-up touches memory in two places only.
    """

    slots: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(2**14, dtype=np.uint64))
    held: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(2**16, dtype=np.uint64))
    used: NDArray[np.int64] = field(default_factory=lambda: np.array([0, 1]))  # texts, words of `held`

    def __len__(self) -> int:
        return int(self.used[0])

    def codes(self, words: NDArray[np.uint64], starts: Numbers, stops: Numbers) -> NDArray[np.int32]:
        """Return the code of each stretch of `words`, given by its first byte and the byte behind it."""
        codes = np.empty(len(starts), dtype=np.int32)
        n = 0
        while (n := _look_up(words, starts, stops, codes, n, self.slots, self.held, self.used)) < len(codes):
            self._grow(int(stops[n] - starts[n]))
        return codes

    def lines(self) -> bytes:
        """Return all texts, one a line."""
        text = memoryview(self.held.view(np.uint8).data)
        found, at = [], 1
        for _ in range(self.used[0]):
            length = int(self.held[at]) >> 32
            found.append(bytes(text[at * 8 + 8 : at * 8 + 8 + length]))
            at += (length + 15) // 8
        return b"\n".join(found)

    def _grow(self, length: int) -> None:
        self.held = np.concatenate([self.held, np.zeros(len(self.held) + length, dtype=np.uint64)])
        self.slots = np.zeros(2 * len(self.slots), dtype=np.uint64)
        _refill(self.slots, self.held, self.used)


@njit(cache=True, nogil=True)
def is_same(words, at, other, length):  # type: ignore[no-untyped-def]
    """Return whether two stretches of one length are the same."""
    differs = np.uint64(0)
    for i in range(0, length, 8):
        differs |= _word(words, at + i, at + length) ^ _word(words, other + i, other + length)
    return differs == 0


@njit(cache=True, nogil=True)
def _look_up(words, starts, stops, codes, n, slots, held, used):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Find the codes of stretches from the `n`-th on; return how far it came before the table was full.

    Of a block of rows first where each is likely to be found, then whether it is: the processor fetches many at once.
    """
    mask = len(slots) - 1
    keys = np.empty(_BLOCK, dtype=np.uint64)
    likely = np.empty(_BLOCK, dtype=np.uint64)
    heads = np.empty(_BLOCK, dtype=np.uint64)
    behind = np.empty(_BLOCK, dtype=np.uint64)  # only so that the rest of a text is at hand too
    for first in range(n, len(codes), _BLOCK):
        last = min(first + _BLOCK, len(codes))
        for row in range(first, last):
            if row == first or starts[row] != starts[row - 1] or stops[row] != stops[row - 1]:
                key = _key(words, np.int64(starts[row]), np.int64(stops[row]))
            keys[row - first] = key
            likely[row - first] = slots[np.int64(key) & mask]
        for i in range(last - first):
            at = np.int64(likely[i] & _LOW)
            heads[i], behind[i] = held[at], held[at + _LINE]
        for row in range(first, last):
            start, stop = np.int64(starts[row]), np.int64(stops[row])
            if row > first and start == starts[row - 1] and stop == stops[row - 1]:
                codes[row] = codes[row - 1]
                continue
            key, slot = keys[row - first], likely[row - first]
            code = _code_at(words, start, stop, key, slot, heads[row - first], held)
            place = np.int64(key) & mask
            while code < 0 and slots[place]:
                slot = slots[place]
                code = _code_at(words, start, stop, key, slot, held[np.int64(slot & _LOW)], held)
                place = (place + 1) & mask
            if code < 0:
                code, at = used
                n_words = (stop - start + 7) // 8
                if 2 * (code + 1) > len(slots) or at + 1 + n_words > len(held) - _LINE:
                    return row
                held[at] = (np.uint64(stop - start) << _HALF) | np.uint64(code)
                for k in range(n_words):
                    held[at + 1 + k] = _word(words, start + 8 * k, stop)
                slots[place] = (key & ~_LOW) | np.uint64(at)
                used[0], used[1] = code + 1, at + 1 + n_words
            codes[row] = code
    return len(codes)


@njit(cache=True, nogil=True)
def _code_at(words, start, stop, key, slot, head, held):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    """Return the code of the text a slot stands for if it is this stretch, otherwise -1."""
    if slot == 0 or (slot ^ key) > _LOW or np.int64(head >> _HALF) != stop - start:
        return -1
    at = slot & _LOW
    differs = np.uint64(0)
    for i in range(start, stop, 8):
        at += np.uint64(1)
        differs |= held[at] ^ _word(words, i, stop)
    return np.int64(head & _LOW) if differs == 0 else -1


@njit(cache=True, nogil=True)
def _refill(slots, held, used):  # type: ignore[no-untyped-def]
    """Put all texts held into empty slots."""
    mask = len(slots) - 1
    at = np.int64(1)
    for _ in range(used[0]):
        length = np.int64(held[at] >> _HALF)
        key = _key(held, 8 * (at + 1), 8 * (at + 1) + length)
        slot = np.int64(key) & mask
        while slots[slot]:
            slot = (slot + 1) & mask
        slots[slot] = (key & ~_LOW) | np.uint64(at)
        at += 1 + (length + 7) // 8


@njit(cache=True, nogil=True)
def _key(words, start, stop):  # type: ignore[no-untyped-def]
    """Return a hash of some bytes: of all, or of the first 24 and the last 16."""
    key = np.uint64(stop - start)
    if stop - start < 40:
        for at in range(start, stop, 8):
            key = _mixed(key, _word(words, at, stop))
        return key
    key = _mixed(key, _word(words, start, stop))
    key = _mixed(key, _word(words, start + 8, stop))
    key = _mixed(key, _word(words, start + 16, stop))
    key = _mixed(key, _word(words, stop - 16, stop))
    return _mixed(key, _word(words, stop - 8, stop))


@njit(cache=True, nogil=True)
def _mixed(key, word):  # type: ignore[no-untyped-def]
    key = (key ^ word) * _MIX
    return key ^ (key >> _HALF)


@njit(cache=True, nogil=True)
def _word(words, at, stop):  # type: ignore[no-untyped-def]
    """Return eight bytes from any byte on, zero from `stop` on."""
    shift = np.uint64((at & 7) * 8)
    i = np.uint64(at >> 3)  # unsigned: numba need not ask whether it counts from the end
    word = (words[i] >> shift) | ((words[i + np.uint64(1)] << np.uint64(1)) << (np.uint64(63) - shift))
    if stop - at < 8:
        word &= (np.uint64(1) << np.uint64((stop - at) * 8)) - np.uint64(1)
    return word
