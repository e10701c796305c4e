"""From keys to numbers: 20 bytes a key where a dict takes 150."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

SOME = 4096  # keys that are made at once


class Index:
    """The number of each key, by 64 and 32 bits of hash: two of 10^7 keys meet in both with a chance of 10^-15.

    Parameters
    ----------
    keys
        Gone through once.
    numbers
        Theirs; by default 0, 1, ...
    """

    def __init__(self, keys: Collection[bytes], numbers: Sequence[int] | None = None) -> None:
        hashes, checks = np.empty(len(keys), np.int64), np.empty(len(keys), np.uint32)
        each = iter(keys)
        for start in range(0, len(keys), SOME):
            some = list(islice(each, SOME))
            hashes[start : start + SOME], checks[start : start + SOME] = _hashes(some), _checks(some)
        order = np.argsort(hashes, kind="stable").astype(np.int32 if len(keys) < 2**31 else np.int64)
        self._hashes, self._checks = hashes[order], checks[order]
        self._numbers = order if numbers is None else np.asarray(numbers, dtype=np.int64)[order]

    def with_more(self, numbers: Mapping[bytes, int]) -> Index:
        """This one with further keys."""
        more = Index(numbers, list(numbers.values()))
        places = np.searchsorted(self._hashes, more._hashes)
        more._checks = np.insert(self._checks, places, more._checks)
        more._numbers = np.insert(self._numbers.astype(np.int64), places, more._numbers)
        more._hashes = np.insert(self._hashes, places, more._hashes)
        return more

    def __len__(self) -> int:
        return len(self._hashes)

    def find(self, keys: Sequence[bytes]) -> Array:
        """The number of each of these keys, -1 of one that is not there."""
        if not len(self):
            return np.full(len(keys), -1)
        hashes = _hashes(keys)
        places = np.minimum(np.searchsorted(self._hashes, hashes), len(self) - 1)
        there = (self._hashes[places] == hashes) & (self._checks[places] == _checks(keys))
        return np.where(there, self._numbers[places], -1)


def _hashes(keys: Sequence[bytes]) -> Array:
    return np.fromiter(map(hash, keys), np.int64, len(keys))


def _checks(keys: Sequence[bytes]) -> Array:
    return np.fromiter(map(zlib.crc32, keys), np.uint32, len(keys))
