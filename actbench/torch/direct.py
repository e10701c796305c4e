"""Kernels on tensors with no array between: at 2^12 elements to wrap three costs as much as the kernel.

DLPack's C exchange (torch from 2.10 on) tells where a tensor's memory lies in 0.04 us; as arrays, two take 1 us.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from actbench.kernels import ufuncs
from actbench.kernels.compile import native

FASTCALL = 0x80
MAJOR = 1  # of DLPack's C exchange
EXPORT = 5  # its functions follow a version and a pointer, two words


NEGATED = sys.intern("is_neg")


class _Method(ctypes.Structure):
    """Python's PyMethodDef."""

    _fields_ = (("name", ctypes.c_char_p), ("function", ctypes.c_void_p), ("flags", ctypes.c_int),
                ("doc", ctypes.c_char_p))  # fmt: skip


_ALIVE: list[Any] = []  # what built-in functions hold addresses of


def usual() -> bool:
    """Whether words lie as the function takes them, and one lock guards objects: CPython, little-endian."""
    locked: Callable[[], bool] = getattr(sys, "_is_gil_enabled", lambda: True)
    return sys.implementation.name == "cpython" and sys.byteorder == "little" and locked()


def _refused(*tensors: Any) -> bool:
    return False


def direct(made: Any, tensor: type, parameter: type) -> Callable[..., bool]:
    """A function of tensors that writes the last one by a kernel, or leaves that to the caller: whether it did.

    Parameters
    ----------
    made
        An elementwise kernel.
    tensor, parameter
        The classes of its arguments; others may have no memory of their own.
    """
    capsule = getattr(tensor, "__dlpack_c_exchange_api__", None)
    if capsule is None or not isinstance(made, np.ufunc) or not usual():
        return _refused
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    exchange = (ctypes.c_uint64 * 6).from_address(pointer(capsule, b"dlpack_exchange_api"))
    if exchange[0] & 0xFFFFFFFF != MAJOR:
        return _refused
    tables = ufuncs.tables(made)
    context = (ctypes.c_int64 * 9)(
        exchange[EXPORT], tables["float32"], tables["float64"], ufuncs.THREADED // 2, id(True), id(False), id(tensor),
        id(parameter), id(NEGATED),
    )  # fmt: skip
    method = _Method(b"direct", native("exchange"), FASTCALL, None)
    _ALIVE.append((context, method))
    create = ctypes.pythonapi.PyCFunction_NewEx
    create.restype, create.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    found: Callable[..., bool] = create(ctypes.addressof(method), ctypes.addressof(context), None)
    return found
