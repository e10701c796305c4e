"""Where numbers come from: the machine, the versions, the commit, and a fingerprint of the code that can move them."""

from __future__ import annotations

import ast
import functools
import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from actbench.errors import ActbenchError

PACKAGE = Path(__file__).resolve().parents[1]

# What cannot reach a measurement, and why: a change there must not throw away hours of finished cells. What is in
# doubt is left in, for then a change costs time only. conformance.py is not here: the accuracy experiment calls it.
OUTSIDE = {
    "cli": "parses, calls, prints",
    "report": "reads finished files",
    "claims": "reads finished frames",
    "statistics": "reads finished frames",
    "judging": "reads estimates",
    "reproduction.py": "chooses cells, and a cell's key is its content",
    "running/run.py": "chooses cells, and a cell's key is its content",
    "folder.py": "names and writes finished files",
    "compare": "chooses cells, and a cell's key is its content",
    "testing.py": "for other projects' tests, and stores nothing",
    "accuracy/vectors.py": "prints, and stores nothing",
    "doctor.py": "describes the machine",
    "asv.py": "reads finished files",
    "against": "times whole checkouts, and stores nothing",
    "running/provenance.py": "describes, never measures",
    "running/progress.py": "writes on stderr",
    "files.py": "writes finished bytes",
}

# What may move a number or describes how it was read; those that are not installed are left out.
LIBRARIES = ("numpy", "scipy", "pandas", "numba", "llvmlite", "mpmath", "joblib", "threadpoolctl", "scikit-learn",
             "seaborn", "matplotlib", "torch", "jax", "jaxlib", "keras", "onnxruntime")  # fmt: skip


def fingerprint(*files: str | os.PathLike[str]) -> str:
    """SHA-256, in hex, of what the package's code says, and of these files' code: comments and docstrings do not count.

    Parameters
    ----------
    *files
        Python files outside the package that a measurement also runs, such as an experiment of the user's own.
    """
    own = _package_fingerprint()
    if not files:
        return own
    return hashlib.sha256(" ".join([own, *sorted(_said(Path(file)) for file in files)]).encode()).hexdigest()


def covered(file: str | os.PathLike[str]) -> bool:
    """Whether `fingerprint` reads this file as part of the package."""
    path = Path(file).resolve()
    if not path.is_relative_to(PACKAGE):
        return False
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] not in OUTSIDE and inside.as_posix() not in OUTSIDE


@functools.cache
def _package_fingerprint() -> str:
    """Once a process: the code that runs does not change while it runs (93 ms for 3,400 lines)."""
    parts = [f"{path.relative_to(PACKAGE).as_posix()} {_said(path)}" for path in PACKAGE.rglob("*.py") if covered(path)]
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()


def _said(path: Path) -> str:
    """What a Python file says: its syntax tree without docstrings and positions, hashed."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError) as error:
        raise ActbenchError(f"cannot read the code of {path}: {error}") from error
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and type(first.value.value) is str:
                del node.body[0]
    return hashlib.sha256(ast.dump(tree).encode("utf-8", "surrogatepass")).hexdigest()


def now() -> str:
    """The time in UTC to the second, as ISO 8601 writes it: ``2025-01-31T23:59:59Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def machine() -> dict[str, Any]:
    """The machine: processor, cores that exist and that may be used, memory in bytes, system, vector extensions."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "node": platform.node(),
        "processor": _processor(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "cores_usable": usable,
        "memory_bytes": _memory(),
        "system": platform.platform(),
        "vector_extensions": vector_extensions(),
    }


def vector_extensions() -> list[str]:
    """The vector extensions that NumPy dispatches to on this processor: they decide the last bits of exp and tanh."""
    found = np.show_config(mode="dicts").get("SIMD Extensions", {})
    return sorted([*found.get("baseline", ()), *found.get("found", ())])


def versions() -> dict[str, str]:
    """Versions of Python, the package and the libraries that are installed, read without importing any of them."""
    found = {"python": platform.python_version(), "actbench": _version("actbench-suite") or "not installed"}
    found.update({name: version for name in LIBRARIES if (version := _version(name))})
    return found


def blas() -> str:
    """NumPy's BLAS with the kernels that it chose for this processor: ``openblas 0.3.31 Haswell``.

    Only NumPy's own: the list of all that are loaded depends on what was imported before (SciPy brings a second one).
    """
    from threadpoolctl import threadpool_info

    loaded = [library for library in threadpool_info() if library["user_api"] == "blas"]
    own = [library for library in loaded if "numpy" in Path(library["filepath"]).parent.name] or loaded
    if own:
        parts = [{str(lib.get(key) or "") for lib in own} for key in ("internal_api", "version", "architecture")]
        return " ".join("/".join(sorted(part)) for part in parts).strip()
    built = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    return f"{built.get('name', 'unknown')} {built.get('version', '')}".strip()


def commit() -> dict[str, Any] | None:
    """The git commit of the package's code and whether files differ from it, or None where it is not in a checkout."""
    # Tracked, for an environment folder inside another project's checkout is not that project's commit.
    if _git("ls-files", "--error-unmatch", Path(__file__).name) is None:
        return None
    head = _git("rev-parse", "HEAD")
    if head is None:
        return None
    return {"commit": head.strip(), "dirty": bool((_git("status", "--porcelain", "--", ".") or "").strip())}


def describe() -> dict[str, Any]:
    """Everything about where a run ran, ready for its run.json."""
    return {
        "machine": machine(),
        "versions": versions(),
        "blas": blas(),
        "commit": commit(),
        "fingerprint": fingerprint(),
    }


def conditions(*, backend: str, exclusive: bool, files: Iterable[str | os.PathLike[str]] = ()) -> dict[str, Any]:
    """What besides the cell decides its numbers: stored cells are reused only where all of this is the same.

    Parameters
    ----------
    backend
        What evaluates the activations; the versions of a library of that name count.
    exclusive
        True for timing: those numbers belong to one machine and one commit.
    files
        Code outside the package that the measurement runs.
    """
    libraries = {"numpy", "scipy", backend, *(("llvmlite",) if backend == "numba" else ())}
    found: dict[str, Any] = {
        "code": fingerprint(*files),
        "libraries": {name: _version(name) for name in sorted(libraries)},
        "blas": blas(),
        "vector_extensions": vector_extensions(),
    }
    if exclusive:
        found.update(machine=machine(), commit=(commit() or {}).get("commit"))
    return found


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    """The processor's name as people know it; `platform.processor` is empty on most Linux systems."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    if sys.platform == "darwin":
        return (_output("sysctl", "-n", "machdep.cpu.brand_string") or "").strip() or platform.processor()
    return platform.processor() or platform.machine()


def _memory() -> int | None:
    """Memory in bytes, or None where the system does not tell through POSIX."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _git(*words: str) -> str | None:
    return _output("git", "-C", str(PACKAGE), *words)


def _output(*words: str) -> str | None:
    """What a command prints, or None where it fails, is not there or takes more than 10 s."""
    # Optional locks off: asking for the status must not rewrite the index under somebody's own git command.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        # S603 fears words from outside: these are the two commands above.
        done = subprocess.run(words, capture_output=True, text=True, timeout=10, env=environment, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout
