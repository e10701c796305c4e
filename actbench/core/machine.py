"""The machine that runs this, and the versions of the software on it."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from actbench.core.errors import ActbenchError
from actbench.core.files import read_bytes

# A run of short cells by two workers, its figures included, has a peak of 700 MB of addresses with one BLAS thread.
LEAST_MEMORY = 2**30

# What may move a number or describes how it was read; those that are not installed are left out.
LIBRARIES = ("numpy", "scipy", "pandas", "numba", "llvmlite", "mpmath", "joblib", "threadpoolctl", "scikit-learn",
             "seaborn", "matplotlib", "torch", "jax", "jaxlib", "keras", "onnxruntime", "ai-edge-litert")  # fmt: skip


# What numba ends for, within its compiler or the process with it, when it is another: a pattern, and what to give.
NUMBA = {
    "NUMBA_THREADING_LAYER": ("|default|omp|tbb|workqueue|safe|forksafe|threadsafe", "give omp, tbb or workqueue"),
    "NUMBA_THREADING_LAYER_PRIORITY": ("|(?:(?:omp|tbb|workqueue)(?: |$)){3}", "give 'tbb omp workqueue' in any order"),
    "NUMBA_CPU_FEATURES": (r"|[+-][^+,-][^,]*(?:,[+-][^+,-][^,]*)*", "give +avx2,-avx512f"),
}


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
    known = {"python": platform.python_version(), "actbench": version("actbench-suite") or "not installed"}
    known.update({name: found for name in LIBRARIES if (found := version(name))})
    return known


def _processor() -> str:
    """The processor's name as people know it; `platform.processor` is empty on most Linux systems."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("model name", "Model")):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    if sys.platform == "darwin":
        return (output("sysctl", "-n", "machdep.cpu.brand_string") or "").strip() or platform.processor()
    return platform.processor() or platform.machine()


def _memory() -> int | None:
    """Memory in bytes, or None where the system does not tell through POSIX."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def memory_limit() -> int | None:
    """Bytes that this process may map (``ulimit -v``, ``-d``), or None where there is no limit."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    limits = [resource.getrlimit(getattr(resource, name))[0] for name in ("RLIMIT_AS", "RLIMIT_DATA")]
    return min((limit for limit in limits if limit != resource.RLIM_INFINITY), default=None)


def check_environment() -> None:
    """Complain about what a library would end in a traceback for, or obey, when it is loaded amid the work.

    Raises
    ------
    ActbenchError
        For numba's threads where they are no whole number from 1, and for files of settings in the current folder,
        which may be a stranger's: any of numba's, and one of matplotlib's that is no text.
    """
    threads = os.environ.get("NUMBA_NUM_THREADS") or "1"
    if not threads.isdecimal() or int(threads) < 1:
        raise ActbenchError(f"NUMBA_NUM_THREADS={threads!r} cannot be used; give a whole number from 1, or unset it")
    for name, (meant, do) in NUMBA.items():
        if not re.fullmatch(meant, told := os.environ.get(name, "")):
            raise ActbenchError(f"{name}={told!r} cannot be used; {do}, or unset it")
    if os.path.isfile(".numba_config.yaml"):  # it also names the folder of pickled code
        raise ActbenchError(".numba_config.yaml in this folder would steer how kernels are compiled; "
                            "start elsewhere, or remove it")  # fmt: skip
    if os.path.exists("matplotlibrc") and not os.path.isdir("matplotlibrc"):
        try:
            read_bytes("matplotlibrc").decode()
        except (OSError, ValueError):
            raise ActbenchError("matplotlibrc in this folder cannot be read; start elsewhere, or remove it") from None


def check_memory() -> None:
    """Complain where the libraries could not even be loaded.

    OpenBLAS asks for its buffers again and again without end, while it is loaded or in a product, where a limit leaves
    none (seen with 0.3.30, at 140 to 600 MB): nothing that runs in the same process could end that.

    Raises
    ------
    ActbenchError
        For a limit below `LEAST_MEMORY`.
    """
    limit = memory_limit()
    if limit is None:
        return
    if limit < LEAST_MEMORY:
        raise ActbenchError(f"a process may use {limit >> 20} MiB of memory here (ulimit -v), less than the "
                            f"{LEAST_MEMORY >> 20} that the libraries need; raise the limit")  # fmt: skip
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # SciPy's takes 40 MB a core else; a cell is computed by one anyway


def version(name: str) -> str | None:
    """The version of a distribution that is installed, read without importing it; None where there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def output(*words: str) -> str | None:
    """What a command prints, or None where it fails, is not there or takes more than 10 s."""
    # Optional locks off: asking for the status must not rewrite the index under somebody's own git command.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        # S603 fears words from outside: these are the two commands above.
        done = subprocess.run(words, capture_output=True, text=True, timeout=10, env=environment, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return done.stdout
