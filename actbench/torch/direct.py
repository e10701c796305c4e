"""Kernels on tensors with no array between: at 2^12 elements to wrap three costs as much as the kernel.

DLPack's C exchange (torch from 2.10 on) tells where a tensor's memory lies in 0.04 us; as arrays, two take 1 us.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from actbench.kernels import ufuncs
from actbench.kernels.compile import native

FASTCALL = 0x80
MAJOR = 1  # of DLPack's C exchange
EXPORT = 5  # its functions follow a version and a pointer, two words
# Elements from which on threads share a call: silu's 6.6 us are 4.5 so (backward 9.8, 6.1), relu's 2.2 as before. Torch
# shares its own from 2^15 on, and its threads look for work for milliseconds: they are awake
LARGE = 1 << 16

NEGATED = sys.intern("is_neg")


class _Method(ctypes.Structure):
    """Python's PyMethodDef."""

    _fields_ = (("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int),
                ("doc", ctypes.c_char_p))  # fmt: skip


_ALIVE: list[Any] = []  # what built-in functions hold addresses of


@lru_cache(maxsize=1)
def openmp() -> Any:
    """Addresses of OpenMP's ``GOMP_parallel`` and ``omp_get_thread_num``, as torch calls them, and of what we give it.

    Threads of torch's spin between its calls, and ours beside them take turns: silu forward and backward of 2^17 takes
    72 us by a pool of its own and 37 by torch's, on two cores. A forked child has no such threads and goes without.
    """
    found = (ctypes.c_int64 * 4)()
    torch: Any = import_module("torch")
    try:
        library = ctypes.CDLL(str(Path(torch.__file__).with_name("lib") / "libtorch_cpu.so"))
        if torch.backends.openmp.is_available():
            called = (library.GOMP_parallel, library.omp_get_thread_num)
            found[:2] = [ctypes.cast(function, ctypes.c_void_p).value or 0 for function in called]
            found[2:] = [native("team"), native("work")]
            os.register_at_fork(after_in_child=lambda: found.__setitem__(0, 0))
    except (OSError, AttributeError):  # another system's or another build's: the pool of our own
        found[0] = 0
    return found


def usual() -> bool:
    """Whether words lie as the function takes them, and one lock guards objects: CPython, little-endian."""
    locked: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return sys.implementation.name == "cpython" and sys.byteorder == "little" and locked()


def _refused(*tensors: Any) -> bool:
    return False


def direct(made: Any, torch: Any) -> Callable[..., bool]:
    """A function of tensors that writes the last one by a kernel, or leaves that to the caller: whether it did.

    Parameters
    ----------
    made
        An elementwise kernel.
    torch
        The module. Tensors and parameters are taken; of other classes some have no memory of their own.
    """
    tensor, team = torch.Tensor, torch.get_num_threads
    capsule = getattr(tensor, "__dlpack_c_exchange_api__", None)
    if capsule is None or not isinstance(made, np.ufunc) or not usual():
        return _refused
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    exchange = (ctypes.c_uint64 * 6).from_address(pointer(capsule, b"dlpack_exchange_api"))
    if exchange[0] & 0xFFFFFFFF != MAJOR:
        return _refused
    tables, threads = ufuncs.tables(made), openmp()
    context = (ctypes.c_int64 * 11)(
        exchange[EXPORT], tables["float32"], tables["float64"], LARGE, id(True), id(False), id(tensor),
        id(torch.nn.Parameter), id(NEGATED), ctypes.addressof(threads), id(team),
    )  # fmt: skip
    method = _Method(b"direct", native("exchange"), FASTCALL, None)
    _ALIVE.append((context, method, threads, team))
    create = ctypes.pythonapi.PyCFunction_NewEx
    create.restype, create.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    found: Callable[..., bool] = create(ctypes.addressof(method), ctypes.addressof(context), None)
    return found
