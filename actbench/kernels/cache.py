"""Compiled kernels on disk: one generated file a kernel, named by its hash, with numba's machine code beside it.

A cache that cannot be written or is damaged costs time only. Figures: compiling takes 0.1-0.5 s, loading 4 ms.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

# numba stamps its index with the source file's time and size; the name already holds the hash of the content.
STAMP = 1_000_000_000


@lru_cache(maxsize=1)
def fingerprint() -> str:
    """Everything beside the source text that decides the machine code."""
    import llvmlite
    import llvmlite.binding as llvm
    import numba

    from actbench.kernels import intrinsics, memory, table

    cpu = os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()
    features = os.environ.get("NUMBA_CPU_FEATURES") or llvm.get_host_cpu_features().flatten()
    called = [Path(str(module.__file__)).read_bytes() for module in (intrinsics, memory, table)]
    return repr(
        (
            numba.__version__,
            llvmlite.__version__,
            sys.version_info[:3],
            cpu,
            features,
            hashlib.sha256(b"".join(called)).hexdigest(),
        )
    )


def folder() -> Path | None:
    """The user's cache folder for kernels, or None where nothing can be written."""
    chosen = os.environ.get("ACTBENCH_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "actbench" / "kernels"
    for place in [Path(chosen)] if chosen else [home]:
        try:
            place.mkdir(parents=True, exist_ok=True)
            # os.access says yes to root and to read-only mounts; only a real file tells
            handle, name = tempfile.mkstemp(dir=place)
            os.close(handle)
            os.unlink(name)
        except OSError:
            continue
        return place
    return None


def load(text: Callable[[bool], str]) -> Callable[..., Any]:
    """The compiled function of a generated module, from the cache where it is there and whole.

    Parameters
    ----------
    text
        ``cache -> source``: the module's text with numba's own cache on or off.
    """
    place = folder()
    if place is None:
        warnings.warn("the kernel cache cannot be written; compiling in memory (set ACTBENCH_CACHE)", stacklevel=3)
        module = ModuleType("actbench_kernel")
        exec(text(False), module.__dict__)  # noqa: S102  our own generated text
        return module.__dict__["kernel"]  # type: ignore[no-any-return]
    body = text(True)
    name = "k_" + hashlib.sha256((fingerprint() + body).encode()).hexdigest()[:24]
    path = place / f"{name}.py"
    if not _same(path, body):
        _write(path, body)
        os.utime(path, (STAMP, STAMP))
    if not _whole(path):
        _forget(path)
    try:
        function = _import(name, path)
    except Exception:  # a damaged index or object file raises whatever pickle or LLVM raise
        _forget(path)
        function = _import(name, path)
    if not _seal(path).exists():
        _write(_seal(path), _digest(path))
    return function


def _import(name: str, path: Path) -> Callable[..., Any]:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # a module that is not there is '<dynamic>' to numba and never loads from the cache
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module.kernel  # type: ignore[no-any-return]


def _objects(path: Path) -> list[Path]:
    return sorted((path.parent / "__pycache__").glob(f"{path.stem}.*.nb[ci]"))


def _seal(path: Path) -> Path:
    return path.with_suffix(".sha256")


def _digest(path: Path) -> str:
    total = hashlib.sha256()
    for file in _objects(path):
        total.update(file.read_bytes())
    return total.hexdigest()


def _whole(path: Path) -> bool:
    """Whether the machine code is what was sealed: numba itself would load a flipped byte without a word."""
    try:
        return _seal(path).read_text() == _digest(path)
    except OSError:
        return False


def _forget(path: Path) -> None:
    for file in [*_objects(path), _seal(path)]:
        file.unlink(missing_ok=True)


def _same(path: Path, body: str) -> bool:
    try:
        return path.read_text() == body
    except (OSError, UnicodeDecodeError):
        return False


def _write(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(temporary, path)


def clear() -> int:
    """Delete every cached kernel; the number of files that went."""
    place = folder()
    files: list[Any] = [] if place is None else [*place.glob("k_*"), *place.glob("__pycache__/k_*")]
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)
