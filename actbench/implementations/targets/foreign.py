"""Targets that are no Python: an ONNX model, a symbol of a shared library, a dump of inputs and outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from actbench.core.errors import ActbenchError
from actbench.implementations.implementation import Implementation
from actbench.implementations.targets import dump, shared_library

Load = Callable[..., Implementation]


def _onnx(file: Path, name: str) -> Implementation:
    from actbench.implementations.adapters.onnxruntime_ import of_file

    return of_file(file)


# The end of a file's name to what reads it: of the file, the object's name (it may be empty), and options in brackets.
LOADERS: Mapping[str, Load] = {
    ".onnx": _onnx, ".csv": dump.load, ".npz": dump.load, ".safetensors": dump.load,
    ".so": shared_library.load, ".dylib": shared_library.load, ".dll": shared_library.load,
}  # fmt: skip
NEEDS_NAME = (".so", ".dylib", ".dll")


def is_foreign(place: str) -> bool:
    """Whether a file's name says that it is one of these."""
    return Path(place).suffix.lower() in LOADERS


def load(file: Path, name: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Implementation:
    """What a file holds, as an implementation.

    Raises
    ------
    ActbenchError
        For options that it does not have, or a file that is not what its name says.
    """
    if arguments:
        raise ActbenchError(f'options of {file.name} have names, as {name or "act"}(dtype="float64")')
    try:
        return LOADERS[file.suffix.lower()](file, name, **options)
    except TypeError as error:
        if "unexpected keyword" in str(error):
            option = str(error).rpartition("argument ")[2]
            raise ActbenchError(f"{file.name} has no option {option}; see docs/audit.md") from None
        raise
