"""Where numbers come from: the machine, the versions, the commit, and a fingerprint of the code that can move them."""

from __future__ import annotations

import ast
import functools
import gc
import hashlib
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from actbench.core.errors import ActbenchError
from actbench.core.machine import machine, output, vector_extensions, version, versions
from actbench.kernels.backends import FUSED

PACKAGE = Path(__file__).resolve().parents[1]

# What cannot reach a measurement, and why: a change there must not throw away hours of finished cells. What is in
# doubt is left in, for then a change costs time only. contract.py is not here: the accuracy experiment calls it.
OUTSIDE = {
    "cli": "parses, calls, prints",
    "report": "reads finished files",
    "claims": "reads finished frames",
    "drawing": "draws finished tables",
    "comparison": "chooses cells, and a cell's key is its content",
    "audit": "judges other people's code, and stores nothing",
    "identification": "names black boxes, and stores nothing",
    "activations/latex.py": "writes formulas",
    "activations/namesakes.py": "writes a page of the catalogue",
    "accuracy/certificate.py": "judges an exported kernel, and stores nothing",
    "accuracy/distinguish.py": "prints, and stores nothing",
    "kernels/c99.py": "exports kernels",
    "theory/table.py": "writes theory's own table",
    "testing.py": "for other projects' tests, and stores nothing",
    "statistics/calibration.py": "counts what tests say",
    "statistics/differences.py": "reads finished frames",
    "statistics/divergence.py": "reads finished frames",
    "statistics/estimates.py": "reads finished frames",
    "statistics/expectation.py": "reads estimates",
    "statistics/frames.py": "reads finished frames",
    "statistics/power.py": "reads estimates",
    "statistics/ranking.py": "reads finished frames",
    "statistics/shares.py": "reads finished frames",
    "accuracy/vectors.py": "prints, and stores nothing",
    "speed/doctor.py": "describes the machine",
    "speed/commits": "times whole checkouts, and stores nothing",
    "experiments/run.py": "chooses cells, and a cell's key is its content",
    "runs/estimate.py": "guesses how long it takes",
    "runs/folder.py": "names and writes finished files",
    "runs/provenance.py": "describes, never measures",
    "runs/progress.py": "writes on stderr",
    "core/files.py": "writes finished bytes",
    "core/machine.py": "describes the machine",
    "core/numerals.py": "writes numbers for people",
}

DOCUMENTED = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
FINISHED = ("effects.py", "figures.py")  # of an experiment: they read its finished frame


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
    if inside.parts[0] == "experiments" and inside.name in FINISHED:
        return False
    return not {inside.as_posix(), *(parent.as_posix() for parent in inside.parents)} & set(OUTSIDE)


@functools.cache
def _package_fingerprint() -> str:
    """Once a process: the code that runs does not change while it runs (half a second for 31,000 lines)."""
    collecting = gc.isenabled()
    gc.disable()  # trees have no cycles, and looking for some takes as long as parsing
    try:
        parts = [
            f"{file.relative_to(PACKAGE).as_posix()} {_said(file)}" for file in PACKAGE.rglob("*.py") if covered(file)
        ]
    finally:
        if collecting:
            gc.enable()
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()


def _said(path: Path) -> str:
    """What a Python file says: its syntax tree without docstrings and positions, hashed."""
    words: list[str] = []
    try:
        _write(ast.parse(path.read_bytes()), words)
    except (OSError, SyntaxError, ValueError) as error:
        raise ActbenchError(f"cannot read the code of {path}: {error}") from error
    return hashlib.sha256(" ".join(words).encode("utf-8", "surrogatepass")).hexdigest()


def _write(node: ast.AST, words: list[str]) -> None:
    """Add what a node says, as `ast.dump` would, in half of the time."""
    words.append(f"{type(node).__name__}(")
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, ast.AST):
            _write(value, words)
        elif isinstance(value, list):
            words.append("[")
            first = (
                field == "body" and isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None
            )
            for part in value[first:]:
                _write(part, words) if isinstance(part, ast.AST) else words.append(repr(part))
            words.append("]")
        else:
            words.append(repr(value))
    words.append(")")


def now() -> str:
    """The time in UTC to the second, as ISO 8601 writes it: ``2025-01-31T23:59:59Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
    if _git("ls-files", "--error-unmatch", str(Path(__file__).resolve())) is None:
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
    libraries = {"numpy", "scipy", backend, *(("llvmlite",) if backend == FUSED else ())}
    found: dict[str, Any] = {
        "code": fingerprint(*files),
        "libraries": {name: version(name) for name in sorted(libraries)},
        "blas": blas(),
        "vector_extensions": vector_extensions(),
    }
    if exclusive:
        found.update(machine=machine(), commit=(commit() or {}).get("commit"))
    return found


def _git(*words: str) -> str | None:
    return output("git", "-C", str(PACKAGE), *words)
