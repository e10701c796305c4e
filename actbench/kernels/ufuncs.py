"""Kernels as NumPy's own ufuncs: layouts, byte orders, broadcasting, overlap, ``out=`` and ``where=`` come from NumPy.

A ufunc is made through NumPy's documented C-API, ``PyUFunc_FromFuncAndData``. Its inner loop is `inner_loop`, compiled
once for every kernel; what it needs to know of one is a table (`table`). Machine code is made when it is first wanted.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.record import Activation
from actbench.core.dtypes import Format
from actbench.core.errors import ActbenchError
from actbench.kernels import table
from actbench.kernels.compile import compiling, machine, native
from actbench.kernels.lower import operands_of
from actbench.kernels.pool import pool
from actbench.kernels.source import source

# Elements from which on threads share a call, where it waits for memory; half as many where it computes. On two cores a
# thread that is awake halves silu's 13 us of 2^17; to wake one takes the caller 2 to 4 us
THREADED = 1 << 18
NEVER = 1 << 62
# Weight for every array moved below which a kernel waits for memory, so that it streams: at 2^24 float32 that is
# 1.4 times relu's speed (weight 2) and 1.15 times hardswish's (9), but 0.9 times tanh's and silu's (36), which hide
# what memory takes, with one thread and with two (`python -m benchmarks.races.streams`)
STREAMED = 10
LAST_CACHE = 32 << 20  # bytes, where the system does not say
# places in NumPy's table of ufunc functions: PyUFunc_FromFuncAndData, PyUFunc_FromFuncAndDataAndSignature
MAKE, MAKE_ALONG = 1, 31
# A half is a double inside: widened exactly, rounded once. Its parameters are doubles: smu's mu = 1e6 is beyond a half
LOOPS = (("e", "d", 64), ("f", "f", 32), ("d", "d", 64))
# derived formulas are less well conditioned than rows that were written: in float32 they are computed in float64
DERIVED = (("e", "d", 64), ("f", "d", 64), ("d", "d", 64))
FORMATS = {"e": "float16", "f": "float32", "d": "float64"}
COMPILE = ctypes.CFUNCTYPE(None, ctypes.c_ssize_t, ctypes.c_ssize_t)
# An exception cannot cross a loop of C, and a function of Python would meet it itself: C's own marks the thread, which
# raises when the loop has returned. https://docs.python.org/3/c-api/init.html#c.PyThreadState_SetAsyncExc
_MARK = (ctypes.c_int, ctypes.c_ulong, ctypes.py_object)
RAISE = ctypes.CFUNCTYPE(*_MARK)(ctypes.PYFUNCTYPE(*_MARK)(("PyThreadState_SetAsyncExc", ctypes.pythonapi)))


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


@lru_cache(maxsize=2)
def _maker(place: int) -> Callable[..., Any]:
    capsule = np._core._multiarray_umath._UFUNC_API  # type: ignore[attr-defined]
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    functions = ctypes.cast(pointer(capsule, None), ctypes.POINTER(ctypes.c_void_p))
    given = [*[ctypes.c_void_p] * 3, *[ctypes.c_int] * 4, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int]
    kind = ctypes.PYFUNCTYPE(ctypes.py_object, *given, *([ctypes.c_char_p] if place == MAKE_ALONG else []))
    return kind(functions[place])


def entered(
    name: str, text: str, loop: int, kinds: Sequence[bytes], read: int, tables: Sequence[NDArray[Any]],
    keep: Any = None, signature: str = "",
) -> np.ufunc:  # fmt: skip
    """A ufunc of one loop for several kinds of operands, each with its table; with a signature, along an axis.

    Parameters
    ----------
    loop
        The address of the inner loop.
    kinds
        NumPy's numbers of the dtypes of the operands and of the result, a loop each.
    read
        How many operands are read.
    tables
        What a loop is given.
    keep
        What must live as long.
    """
    count, operands = len(tables), b"".join(kinds)
    letters = ctypes.create_string_buffer(operands, len(operands))
    functions = (ctypes.c_void_p * count)(*[loop] * count)
    data = (ctypes.c_void_p * count)(*[each.ctypes.data for each in tables])
    words = name.encode(), text.encode(), signature.encode()
    made: np.ufunc = _maker(MAKE_ALONG if signature else MAKE)(
        *(ctypes.addressof(array) for array in (functions, data, letters)), count, read, 1, -1, words[0], words[1], 0,
        *([words[2]] if signature else []),
    )  # fmt: skip
    _ALIVE[made] = (letters, functions, data, words, tables, keep)
    return made


class Variant:
    """One activation, direction and format: a table for the inner loop, and how its machine code is made.

    Parameters
    ----------
    activation
        A row; what it has bound is fixed.
    direction
        ``"forward"``, ``"backward"``, ``"backward_from_output"`` or ``"second"``.
    letter, bits
        The format of arrays, by NumPy's letter, and that of the machine code.
    threads
        How many threads share arrays of `THREADED` elements or more; see there.
    """

    def __init__(self, activation: Activation, direction: str, letter: str, bits: int, threads: int) -> None:
        self.activation, self.form, self.dtype = activation, Format(bits), FORMATS[letter]
        self.narrow = 0 if self.dtype == self.form.name else table.HALVES if letter == "e" else table.SINGLES
        self.direction, _, saved = direction.partition("_from_")
        self.saved = bool(saved)
        names = operands_of(activation, self.direction, saved=self.saved)
        self.read = 1 if direction in ("forward", "second") else 2
        self.trailing = activation.trailing
        values = activation.values()
        inside = names[self.read :]
        self.arrays = tuple(name for name in inside if name in self.trailing)
        size = bits // 8
        kind = self.form.name
        self.values = np.zeros(table.MOST, kind)
        self.values[: len(inside)] = [0.0 if name in self.trailing else values[name] for name in inside]
        self.fixed = np.zeros(table.MOST, kind)
        fixed = [values[name] for name in inside if name not in self.trailing]
        self.fixed[: len(fixed)] = fixed
        words = np.zeros((table.SLOTS >> 3) + 2 * len(self.trailing), np.int64)
        compile_, raise_ = (ctypes.cast(function, ctypes.c_void_p).value or 0 for function in (_compile, RAISE))
        for place, word in (
            (table.COMPILE, compile_), (table.RAISE, raise_), (table.VALUES, self.values.ctypes.data),
            (table.FIXED, self.fixed.ctypes.data), (table.READ, self.read), (table.TRAILING, len(self.trailing)),
            (table.BYTES, size), (table.NARROW, self.narrow), (table.STREAMED, NEVER),
            (table.THREADED, THREADED if threads > 1 else NEVER), (table.THREADS, threads),
            (table.WORK, native("work") if threads > 1 else 0),
            (table.POOL, pool().address if threads > 1 else 0),
        ):  # fmt: skip
            words[place >> 3] = word
        for number, name in enumerate(self.trailing):
            at = (table.SLOTS >> 3) + 2 * number
            words[at] = size * inside.index(name) if name in inside else -1
            words[at + 1] = self.read + self.arrays.index(name) if name in inside else -1
        self.table: NDArray[np.int64] = words
        _VARIANTS[words.ctypes.data] = self

    error: type[BaseException]  # why the machine code could not be made

    def compile(self, which: int) -> None:
        """Make the machine code that is missing."""
        arrays = self.arrays if which == table.ARRAYS else ()
        code = machine(source(self.activation, self.direction, self.form, saved=self.saved, arrays=arrays))
        waits = code.weight < STREAMED * code.moved
        if not waits and self.table[table.POOL >> 3]:
            self.table[table.THREADED >> 3] = THREADED // 2
        if waits and not self.narrow:
            # in bytes of all arrays, of which some need not be read
            self.table[table.STREAMED >> 3] = streamed_from() * (self.read + len(arrays) + 1) // code.moved
        self.table[which >> 3] = code.address


_VARIANTS: dict[int, Variant] = {}  # by the address of their table; a ufunc lives as long as the process


@COMPILE  # type: ignore[untyped-decorator, unused-ignore]
def _compile(address: int, which: int) -> None:
    try:
        variant = _VARIANTS[address]
        variant.compile(which)
    except BaseException as error:  # Ctrl-C as well, for the loop would go on without code
        variant.error = _to_raise(error)
        variant.table[table.THREAD >> 3] = threading.get_ident()
        variant.table[table.ERROR >> 3] = id(variant.error)


def _to_raise(error: BaseException) -> type[BaseException]:
    """A class that is raised as this exception: a thread is told a class, which is called with nothing."""
    kind = type(error)

    def again(self: BaseException) -> None:
        BaseException.__init__(self, *error.args)
        self.__cause__ = error

    return type(kind.__name__, (kind,), {"__init__": again, "__module__": kind.__module__})


def make(activation: Activation, direction: str, dtypes: Sequence[str], threads: int) -> np.ufunc:
    """A ufunc of float16, float32 and float64 loops.

    Parameters
    ----------
    activation, direction, threads
        As for `Variant`.
    dtypes
        Formats whose machine code is made at once.
    """
    compiling()
    loops = DERIVED if direction == "second" else LOOPS
    variants = [Variant(activation, direction, letter, bits, threads) for letter, _, bits in loops]
    if variants[0].read + len(variants[0].trailing) >= table.MOST:
        raise ActbenchError(f"{activation.name} has too many parameters for a kernel; use backend='numpy'")
    for variant in variants:
        if variant.dtype in dtypes:
            variant.compile(table.SCALAR)
    read, trailing = variants[0].read, len(variants[0].trailing)
    kinds = [
        bytes(np.dtype(kind).num for kind in x * read + more * trailing + x) for x, more, _ in loops
    ]  # fmt: skip
    name, text = f"{activation.name}_{direction}", _doc(activation, direction, variants[0].trailing)
    return entered(name, text, native("inner_loop"), kinds, read + trailing, [v.table for v in variants], variants)


def tables(made: np.ufunc) -> dict[str, int]:
    """The addresses of a kernel's tables by dtype."""
    return {variant.dtype: variant.table.ctypes.data for variant in _ALIVE[made][-1]}


_KEPT: dict[tuple[Any, ...], tuple[Any, np.ufunc]] = {}


def kept(activation: Activation, direction: str, dtypes: Sequence[str], threads: int) -> np.ufunc:
    """`make`, once for each row, its bound values, direction and threads."""
    # by identity: a name may come to mean another row, as in tests; who is kept here keeps its identity
    key = (id(activation.callables), *sorted(activation.bound.items()), direction, threads)
    if key not in _KEPT:
        _KEPT[key] = (activation.callables, make(activation, direction, dtypes, threads))
    found = _KEPT[key][1]
    for variant in _ALIVE[found][-1]:  # whoever came first may have asked for others
        if variant.dtype in dtypes and not variant.table[table.SCALAR >> 3]:
            variant.compile(table.SCALAR)
    return found


_ALIVE: dict[np.ufunc, Any] = {}  # what ufuncs hold addresses of


def _doc(activation: Activation, direction: str, trailing: Sequence[str]) -> str:
    read = {"forward": "x", "second": "x", "backward": "dy, x", "backward_from_output": "dy, y"}[direction]
    more = f" Its parameters are the last operands: {', '.join(trailing)}." if trailing else ""
    return f"{activation.name}, {direction.replace('_', ' ')}: a fused kernel of ({read}).{more}"
