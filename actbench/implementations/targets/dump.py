"""A dump: inputs and outputs of a device that nobody here sees, as CSV, NPZ or safetensors, bfloat16 included."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from actbench.core.dtypes import info
from actbench.core.errors import ActbenchError, unknown
from actbench.core.files import read_bytes
from actbench.implementations.implementation import Array, Implementation

# What the columns, arrays and tensors may be called; the first is the one that messages name.
NAMES = {"x": ("x", "input", "in", "inputs"), "y": ("y", "output", "out", "outputs"),
         "dx": ("dx", "slope", "grad", "gradient", "backward")}  # fmt: skip
DTYPES = ("float16", "bfloat16", "float32", "float64")
TENSORS = {"F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64"}


def load(file: Path, name: str = "", *, dtype: str = "") -> Implementation:
    """The answers of a dump, at its own inputs alone.

    Parameters
    ----------
    file, name
        Columns, arrays or tensors ``x``, and ``y`` or ``dx`` (the slope, for dy = 1) or both. The name is what it is
        recognised by, and has no meaning here.
    dtype
        The format of the numbers of a CSV (decimal or C99 hexadecimal; by default float32), or of an array's numbers
        or bits. NumPy keeps bfloat16 as two bare bytes, which are read as such.

    Raises
    ------
    ActbenchError
        Where the file cannot be read, or lacks one of these.
    """
    try:
        held = _READERS[file.suffix.lower()](read_bytes(file), dtype)
    except (OSError, ValueError, KeyError, TypeError, IndexError, csv.Error, ImportError) as error:
        why = " ".join(str(error).split())[:120]
        raise ActbenchError(f"{file.name} cannot be read as {file.suffix[1:]}: {why}") from None
    found = {key: next((held[word] for word in words if word in held), None) for key, words in NAMES.items()}
    x = found["x"]
    answers = {"forward": found["y"], "backward": found["dx"]}
    if x is None or all(values is None for values in answers.values()):
        raise ActbenchError(f"{file.name} has {', '.join(held) or 'nothing'}; it needs x, and y or dx")
    x = x.reshape(-1)
    for what, values in answers.items():
        if values is not None and (values.size != x.size or values.dtype != x.dtype):
            raise ActbenchError(f"{file.name}: {what} has {values.dtype}[{values.size}] for x {x.dtype}[{x.size}]")
    if x.dtype.name not in DTYPES:
        raise unknown("format", x.dtype.name, DTYPES)
    y, dx = (None if v is None else _Answers(x, v.reshape(-1), file.name) for v in answers.values())
    return Implementation(
        library="dump", kind="dump", dtypes=(x.dtype.name,), inputs=x, forward=y,
        backward=None if dx is None else (lambda dy, x: dx(x)),
    )  # fmt: skip


class _Answers:
    """Outputs by the bits of their inputs."""

    def __init__(self, x: Array, y: Array, name: str) -> None:
        bits = _bits(x)
        order = np.argsort(bits, kind="stable")
        self.x, self.y, self.name, self.dtype = bits[order], y[order], name, x.dtype

    def __call__(self, x: Array) -> Array:
        """The answers to inputs that the dump has."""
        if x.dtype != self.dtype:
            raise ActbenchError(f"{self.name} holds {self.dtype} alone")
        bits = _bits(x)
        at = np.minimum(np.searchsorted(self.x, bits), max(self.x.size - 1, 0))
        if not self.x.size or (self.x[at] != bits).any():
            raise ActbenchError(f"{self.name} has answers at its own inputs alone; 'actbench audit' judges these")
        return np.array(self.y[at].reshape(x.shape))


def _bits(x: Array) -> Array:
    return np.ascontiguousarray(x).reshape(-1).view(f"u{x.dtype.itemsize}")


def _csv(data: bytes, dtype: str) -> dict[str, Array]:
    dtype = dtype or "float32"
    if dtype not in DTYPES:
        raise ValueError(f"no format named {dtype!r}")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    head = [name.strip().lower() for name in rows[0]]
    columns = list(zip(*(row for row in rows[1:] if row), strict=True)) or [()] * len(head)
    with np.errstate(over="ignore"):
        return {name: _numbers(values).astype(_kind(dtype)) for name, values in zip(head, columns, strict=True)}


def _numbers(words: tuple[str, ...]) -> Array:
    return np.array([float.fromhex(word) if "0x" in word.lower() else float(word) for word in words], np.float64)


def _npz(data: bytes, dtype: str) -> dict[str, Array]:
    with np.load(io.BytesIO(data), allow_pickle=False) as held:
        return {name.lower(): _in_format(held[name], dtype) for name in held.files}


def _in_format(values: Array, dtype: str) -> Array:
    """An array as numbers of the format that was named: bits as they are, numbers rounded."""
    if values.dtype.kind == "V" or (dtype and values.dtype.kind == "u"):
        return values.view(_kind(dtype or "bfloat16"))
    return values.astype(_kind(dtype)) if dtype else values


def _safetensors(data: bytes, dtype: str) -> dict[str, Array]:
    """Eight bytes of length, so much JSON, and the tensors' bytes behind it."""
    length = int.from_bytes(data[:8], "little")
    head: dict[str, Any] = json.loads(data[8 : 8 + length])
    body = memoryview(data)[8 + length :]
    found = {}
    for name, about in head.items():
        if name != "__metadata__" and about["dtype"] in TENSORS:
            begin, end = about["data_offsets"]
            found[name.lower()] = np.frombuffer(body[begin:end], _kind(TENSORS[about["dtype"]])).copy()
    return found


def _kind(dtype: str) -> np.dtype[Any]:
    info(dtype)  # makes NumPy know bfloat16, where ml_dtypes is installed
    return np.dtype(dtype)


_READERS = {".csv": _csv, ".npz": _npz, ".safetensors": _safetensors}
