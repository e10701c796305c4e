"""From a call to a kernel's loop: machine code that Python calls directly, or ctypes where that cannot be.

Of a call on few elements most was Python: a function that looked at its arrays 300 ns, numba's dispatcher 370.
`entry_native` does what both did in 55 ns (`python -m benchmarks.races.lab overhead`).
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from actbench.kernels import cache

THREADED = 1 << 17  # elements: from there on two threads took less time than one at every row; 0.7 to 1.6 times at 2^16
NEVER = 1 << 62
# Weight for every array moved below which a kernel waits for memory, so that it streams: at 2^24 float32 that is
# 1.4 times relu's speed (weight 2) and 1.15 times hardswish's (9), but 0.9 times tanh's and silu's (36), which hide
# what memory takes, with one thread and with two (`python -m benchmarks.races.streams`)
STREAMED = 10
LAST_CACHE = 32 << 20  # bytes, where the system does not say
MACHINE, SHARED = (ctypes.CFUNCTYPE(None, *[ctypes.c_ssize_t] * words) for words in (4, 8))
FASTCALL_KEYWORDS = 0x0080 | 0x0002


class Bound(NamedTuple):
    """What an entry looks at, in the order of `entry_native`."""

    refused: Callable[..., Any]  # takes every call that is not plain
    array_type: type
    dtype: np.dtype[Any]
    out: str
    y: str
    empty_like: Callable[..., Any]
    table: NDArray[np.int64]
    alive: tuple[Any, ...]  # what the table and Python hold addresses of


class _Method(ctypes.Structure):
    """CPython's PyMethodDef."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


@lru_cache(maxsize=1)
def streamed_from() -> int:
    """Bytes that a call moves from which on they go past the caches: three quarters of the last cache.

    A copy has 0.7 times its speed so at half of that, and 1.7 times there (`python -m benchmarks.races.streams`).
    """
    sizes = []
    for file in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = file.read_text().strip()
        unit = {"K": 1 << 10, "M": 1 << 20}.get(text[-1:])
        if unit and text[:-1].isdigit():
            sizes.append(int(text[:-1]) * unit)
    return max(sizes, default=LAST_CACHE) * 3 // 4


def _native(name: str) -> Any:
    """What `name`_native.py defines, compiled."""
    text = Path(__file__).with_name(f"{name}_native.py").read_text(encoding="utf-8")
    return cache.load(lambda keep: text.replace("cache=True", f"cache={keep}"))


@lru_cache(maxsize=1)
def machine_entry() -> int | None:
    """The address of `entry_native`'s function, or None where objects do not lie as it expects."""
    if sys.implementation.name != "cpython" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    array, pair = np.zeros((3, 5), np.float32), ("out", object())
    words = ctypes.cast(id(array), ctypes.POINTER(ctypes.c_int64))
    ints = ctypes.cast(id(array), ctypes.POINTER(ctypes.c_int32))
    items = ctypes.cast(id(pair), ctypes.POINTER(ctypes.c_int64))
    shape = ctypes.cast(words[4], ctypes.POINTER(ctypes.c_int64))
    lie = (
        object.__basicsize__ == 16
        and words[1] == id(np.ndarray)
        and words[2] == array.ctypes.data
        and ints[6] == 2
        and (shape[0], shape[1]) == (3, 5)
        and words[7] == id(array.dtype)
        and ints[16] & 0x501 == 0x501
        and (items[2], items[3], items[4]) == (2, id(pair[0]), id(pair[1]))
    )
    return int(_native("entry").address) if lie else None


@lru_cache(maxsize=1)
def _shared() -> int:
    """The address of `shared_native`'s function."""
    import numba

    numba.get_num_threads()  # starts them and names their functions to LLVM: code from the cache does not
    return int(_native("shared").address)


class Loop:
    """A kernel's machine code on arrays that fit: ``loop(*arrays, out=out)``; native, contiguous, of one size.

    Parameters
    ----------
    machine
        What numba compiled.
    dtype
        Of every array.
    count
        How many arrays are read.
    values
        Parameters that are numbers, in the kernel's order.
    threads
        How many of numba's threads share arrays of `THREADED` elements or more.
    """

    def __init__(self, machine: Any, dtype: np.dtype[Any], count: int, values: Sequence[Any], threads: int) -> None:
        assert count < 8, "entry_native has room for seven arrays and the output"
        self._machine = machine
        self._values = np.array([*values, 0], dtype)
        # in bytes of all arrays, of which some need not be read
        many = streamed_from() * (count + 1) // machine.moved
        self._streamed = many if machine.weight < STREAMED * machine.moved else NEVER
        self._threaded, self._threads, self._shared = (THREADED, threads, _shared()) if threads > 1 else (NEVER, 1, 0)
        # as `entry_native` reads it; the second is the address of the machine code that takes y, where there is one
        self.table = np.array([
            machine.address, 0, count, dtype.itemsize, self._streamed, self._values.ctypes.data,
            self._threaded, self._threads, self._shared,
        ], np.int64)  # fmt: skip
        self._run = self.entry("loop", "Fill out.", self._by_hand)

    @property
    def address(self) -> int:
        """Of the machine code."""
        return int(self._machine.address)

    def __call__(self, *arrays: NDArray[Any], out: NDArray[Any]) -> None:
        """Fill ``out``, which is one of the arrays or overlaps none."""
        self._run(*arrays, out=out)

    def entry(self, name: str, doc: str, refused: Callable[..., Any]) -> Callable[..., Any]:
        """A function that does plain calls, and hands any other to ``refused``: this itself where no entry can be."""
        machine = machine_entry()
        if machine is None:
            return refused
        method = _Method(name.encode(), machine, FASTCALL_KEYWORDS, doc.encode())
        bound = Bound(
            refused, np.ndarray, self._values.dtype, "out", "y", np.empty_like, self.table, (method, self)
        )  # fmt: skip
        new = ctypes.pythonapi.PyCFunction_NewEx
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
        return new(ctypes.addressof(method), bound, None)  # type: ignore[no-any-return]

    def _by_hand(self, *arrays: NDArray[Any], out: NDArray[Any]) -> None:
        every = (*arrays, out)
        places = np.array([array.__array_interface__["data"][0] for array in every], np.int64)
        streams = int(len(every) * out.nbytes >= self._streamed and int(places[-1]) not in places[:-1])
        operands, values = places.ctypes.data, self._values.ctypes.data
        if out.size < self._threaded:
            MACHINE(self.address)(out.size, streams, operands, values)
        else:
            SHARED(self._shared)(
                self.address, out.size, streams, operands, len(every), out.itemsize, values, self._threads
            )
