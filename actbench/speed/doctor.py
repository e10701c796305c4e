"""Is this machine fit to measure? What it is, how noisy it is, which threads compute, and which parts are not there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from actbench.core import machine as software

FIT, UNFIT, NOTE = "ok", "bad", "note"
NOISE_FLOOR = 0.03  # half width of a ratio's interval: more, and a difference of 5 % is not seen
ALARMS = 0.25  # share of identical pairs that are called different; 1 in 20 is meant
BUSY = 0.5  # load average beyond what this process makes, per core

# distribution to what it brings; the first group of pyproject's extras
PARTS = {
    "torch": "a peer, and its compiler", "jax": "a peer", "keras": "a peer", "onnxruntime": "a peer",
    "onnx": "writes the models that onnxruntime runs", "ai-edge-litert": "a peer, XNNPACK",
    "asv": "benchmarks of commits", "distributed": "clusters", "pyarrow": "Parquet files", "ml_dtypes": "bfloat16",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at: its name, what was found, whether that is fit, and what to do."""

    what: str
    found: str
    state: str = NOTE
    remedy: str = ""


def examine(*, pairs: int = 20) -> Iterator[Finding]:
    """Everything, the quick looks first.

    Parameters
    ----------
    pairs
        Identical pairs in the test of the noise: half a second each.
    """
    yield from _machine()
    yield from _threads()
    yield from _kernels()
    yield from _clock()
    yield from _noise(pairs)
    yield from _bandwidth()
    yield from _parts()


def _machine() -> Iterator[Finding]:
    machine = software.machine()
    yield Finding(
        what="processor", found=f"{machine['processor']}, {machine['cores_usable']} of {machine['cores']} cores"
    )
    yield Finding(what="system", found=str(machine["system"]))
    if machine["memory_bytes"]:
        yield Finding(what="memory", found=f"{machine['memory_bytes'] / 2**30:.1f} GiB")
    governors = sorted({_read(file) for file in Path("/sys/devices/system/cpu").glob("cpu*/cpufreq/scaling_governor")})
    if not governors:
        yield Finding(what="governor", found="not told; a virtual machine, or another system")
    else:
        slow = any(name not in ("performance", "schedutil") for name in governors)
        yield Finding(
            what="governor", found=", ".join(governors), state=UNFIT if slow else FIT,
            remedy="set it to performance: cpupower frequency-set -g performance" if slow else "",
        )  # fmt: skip
    if hasattr(os, "getloadavg"):
        load = os.getloadavg()[0]
        busy = load > 1 + BUSY * int(machine["cores_usable"] or 1)
        yield Finding(
            what="load", found=f"{load:.1f} over the last minute", state=UNFIT if busy else FIT,
            remedy="stop other programs" if busy else "",
        )  # fmt: skip


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return "unreadable"


def _threads() -> Iterator[Finding]:
    import numpy.linalg  # noqa: F401  loads the BLAS
    from threadpoolctl import threadpool_info

    for library in threadpool_info():
        version = library.get("version") or ""
        yield Finding(what=f"threads of {library['internal_api']} {version}".strip(), found=str(library["num_threads"]))
        if library["internal_api"] == "openblas":
            yield _products(str(library.get("architecture") or "unknown"))
    told = {name: os.environ[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
            if name in os.environ}  # fmt: skip
    yield Finding(what="told by the environment", found=", ".join(f"{k}={v}" for k, v in told.items()) or "nothing")


def _products(core: str) -> Finding:
    """OpenBLAS takes kernels for AVX2 on a processor that it does not know: Zen 5 in 0.3.31."""
    # SkylakeX instead of Haswell there: a step of the trainer 17 us for 34 at batch 32, 53 for 107 at 128
    narrow = core.lower() in ("haswell", "zen") and "X86_V4" in software.vector_extensions()
    return Finding(
        what="matrix products are for", found=f"{core}, which leaves AVX-512 unused" if narrow else core,
        remedy="OPENBLAS_CORETYPE=SKYLAKEX trains about twice as fast, with other last digits" if narrow else "",
    )  # fmt: skip


def _kernels() -> Iterator[Finding]:
    from actbench.kernels import cache

    switched_off = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
    compiler = "numba is switched off" if switched_off else f"numba {software.versions().get('numba')}"
    yield Finding(
        what="compiler", found=compiler,
        state=UNFIT if switched_off else FIT, remedy="unset NUMBA_DISABLE_JIT" if switched_off else "",
    )  # fmt: skip
    told = os.environ.get("NUMBA_CPU_NAME")
    if told:
        yield Finding(
            what="processor that kernels are for", found=told, state=UNFIT if told == "generic" else NOTE,
            remedy="unset NUMBA_CPU_NAME: generic kernels use no vector extensions" if told == "generic" else "",
        )  # fmt: skip
    place = cache.folder()
    yield Finding(
        what="cache of kernels", found=str(place) if place else "cannot be written: every process compiles again",
        state=FIT if place else UNFIT, remedy="" if place else "set ACTBENCH_CACHE to a folder of yours",
    )  # fmt: skip


def _clock() -> Iterator[Finding]:
    from actbench.speed.race import tick

    step = tick()
    coarse = step > 1e-6
    yield Finding(
        what="clock", found=f"{step * 1e9:.0f} ns a tick", state=UNFIT if coarse else FIT,
        remedy="samples must last 1,000 ticks" if coarse else "",
    )  # fmt: skip


def _noise(pairs: int) -> Iterator[Finding]:
    from actbench.speed.calibration import identical
    from actbench.speed.threads import pinned

    with pinned(1):
        rate = identical(pairs=pairs)
    noisy, often = rate.half_width > NOISE_FLOOR, rate.share > ALARMS
    yield Finding(
        what="noise floor", found=f"ratios of identical calls are known to +-{rate.half_width:.2%}",
        state=UNFIT if noisy else FIT, remedy="stop other programs; take more rounds" if noisy else "",
    )  # fmt: skip
    low, high = rate.interval()
    yield Finding(
        what="false alarms", found=f"{rate.found} of {rate.of} identical pairs called different at 95 % "
        f"({rate.share:.0%} [{low:.0%}, {high:.0%}]; 5 % is meant)",
        state=UNFIT if often else FIT, remedy="the machine changes its pace; stop other programs" if often else "",
    )  # fmt: skip


def _bandwidth() -> Iterator[Finding]:
    import numpy as np

    from actbench.speed.inputs import aligned
    from actbench.speed.race import race
    from actbench.speed.threads import pinned

    for power in (12, 18, 24):
        x, out = aligned(1 << power, "float32", 0), aligned(1 << power, "float32", 1)
        with pinned(1):
            found = race({"copy": lambda x=x, out=out: np.copyto(out, x)}, rounds=9, target=0.002)  # type: ignore[misc]
        rate = 2 * x.nbytes / found.median("copy").value / 1e9
        yield Finding(what=f"copy of 2^{power} float32", found=f"{rate:.1f} GB/s with one thread")


def _parts() -> Iterator[Finding]:
    from importlib import metadata

    yield Finding(what="python", found=software.versions()["python"])
    for name in ("numpy", "scipy", "numba", "pandas"):
        yield Finding(what=name, found=software.versions().get(name, "not installed"))
    for name, brings in PARTS.items():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Finding(what=name, found=f"not installed ({brings})", remedy=f"pip install {name}")
            continue
        yield Finding(what=name, found=f"{version} ({brings})")
