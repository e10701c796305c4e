"""Compiled kernels on disk: one generated file a kernel, named by its hash, with numba's machine code beside it.

A cache that cannot be written, is damaged or is not the user's alone costs time only: compiling takes 0.1 to 0.5 s,
loading 4 ms.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import os
import shutil
import stat
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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

    from actbench.kernels import intrinsics, memory, registers, sharing, table, vectors

    cpu = os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()
    features = os.environ.get("NUMBA_CPU_FEATURES") or llvm.get_host_cpu_features().flatten()
    modules = (intrinsics, memory, registers, sharing, table, vectors)
    called = [Path(str(module.__file__)).read_bytes() for module in modules]
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
    """The user's cache folder for kernels, or None where nothing can be written.

    numba's index is a pickle: whoever writes into the folder runs code in every process that reads it. A folder, or a
    ``__pycache__`` in it, that another user owns, or that others may write or replace, is therefore not used; a fresh
    one is, for as long as the process lasts.
    """
    place = _chosen()
    try:
        for part in reversed((place / "__pycache__", place, *place.parents)):
            part.mkdir(mode=0o700, exist_ok=True)  # each by itself: parents=True leaves them open under umask 0
        for part in (place, place / "__pycache__"):
            why = _exposed(part)
            if why:
                return _own_folder(f"{part} {why}")
        # os.access says yes to root and to read-only mounts; only a real file tells
        handle, name = tempfile.mkstemp(dir=place)
        os.close(handle)
        os.unlink(name)
    except OSError:
        return None
    return place


def empty() -> bool:
    """Whether no kernel was compiled into the user's folder yet; nothing is made."""
    return not any(_chosen().glob("k_*.py"))


def _chosen() -> Path:
    chosen = os.environ.get("ACTBENCH_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "actbench" / "kernels"
    return Path(chosen) if chosen else home


def _exposed(part: Path) -> str:
    """Why somebody else could write into a folder, or nothing."""
    if os.name != "posix":
        return ""
    found = part.lstat()
    if not stat.S_ISDIR(found.st_mode) and part.name == "__pycache__":
        return "is no folder"
    found = part.stat()
    if found.st_uid != os.geteuid():
        return "belongs to another user"
    if found.st_mode & 0o022:
        return "may be written by others"
    for above in {*part.absolute().parents, *part.resolve().parents}:
        mode = above.stat().st_mode
        if mode & 0o002 and not mode & stat.S_ISVTX:
            return f"lies in {above}, where others may put another in its place"
    return ""


@lru_cache(maxsize=8)
def _own_folder(why: str) -> Path:
    """A folder that nobody else enters and that goes with the process."""
    warnings.warn(f"the kernel cache {why}; kernels are compiled anew (set ACTBENCH_CACHE to a folder of your own)",
                  stacklevel=4)  # fmt: skip
    made = Path(tempfile.mkdtemp(prefix="actbench-kernels-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def load(text: Callable[[bool], str]) -> Callable[..., Any]:
    """The compiled function of a generated module, from the cache where it is there and whole.

    Parameters
    ----------
    text
        ``cache -> source``: the module's text with numba's own cache on or off.
    """
    place = folder()
    if place is not None:
        with suppress(OSError):  # a disk that is full by now
            return _kept(place, text(True))
    warnings.warn("the kernel cache cannot be written; compiling in memory (set ACTBENCH_CACHE)", stacklevel=3)
    module = ModuleType("actbench_kernel")
    exec(text(False), module.__dict__)  # noqa: S102  our own generated text
    return module.__dict__["kernel"]  # type: ignore[no-any-return]


def _kept(place: Path, body: str) -> Callable[..., Any]:
    """The compiled function, from a folder or kept in it."""
    name = "k_" + hashlib.sha256((fingerprint() + body).encode()).hexdigest()[:24]
    path = place / f"{name}.py"
    for entry in (path, _seal(path), *_objects(path)):
        _set_aside(entry)
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
        with _beside_the_file():
            spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module.kernel  # type: ignore[no-any-return]


@contextmanager
def _beside_the_file() -> Iterator[None]:
    """Inside the block numba keeps machine code in the folder that was looked at, sealed, whatever its settings say.

    ``NUMBA_CACHE_DIR`` may be a folder that others write, and ``.numba_config.yaml`` in this folder is anybody's.
    """
    from numba.core import config
    from numba.core.compiler_lock import global_compiler_lock

    settings: dict[str, Any] = vars(config)
    with global_compiler_lock:
        before = {name: settings[name] for name in settings.keys() & {"CACHE_DIR", "CACHE_LOCATOR_CLASSES"}}
        settings.update(dict.fromkeys(before, ""))
        try:
            yield
        finally:
            settings.update(before)


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
        return _seal(path).read_bytes() == _digest(path).encode()
    except OSError:
        return False


def _forget(path: Path) -> None:
    for file in [*_objects(path), _seal(path)]:
        file.unlink(missing_ok=True)


def _set_aside(path: Path) -> None:
    """Move what is no plain file, or another user's, out of the way: reading a FIFO never ends, a pickle runs code."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode) or (os.name == "posix" and found.st_uid != os.geteuid()):
        path.rename(path.with_name(f".{path.name}.{os.getpid()}.aside"))


def _same(path: Path, body: str) -> bool:
    try:
        return path.read_bytes() == body.encode()
    except OSError:
        return False


def _write(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError:
        os.unlink(temporary)
        raise


def clear() -> int:
    """Delete every cached kernel; the number of files that went."""
    place = folder()
    files: list[Any] = [] if place is None else [*place.glob("k_*"), *place.glob("__pycache__/k_*")]
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)
