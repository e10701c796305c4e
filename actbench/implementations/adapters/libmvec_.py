"""glibc's libmvec: C's own functions on vectors, in loops as a user writes them and a compiler here makes them.

With ``-ffast-math`` gcc calls libmvec, which allows itself 4 ulp and gives up the ends of the range; what is written
around a call, 1 / (1 + exp(-x)), is the user's. Forward alone.
"""

from __future__ import annotations

import atexit
import ctypes
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from actbench.implementations.implementation import Absent, Array, Implementation, Operands, PreparedCall
from actbench.implementations.libraries import Function, Library

NO_GRADIENTS = "C's functions have no gradients"
# linked apart: with -ffast-math gcc's linker adds code that switches subnormals off in whoever loads the library
STEPS = (
    ("-O3", "-march=native", "-ffast-math", "-std=c11", "-fPIC", "-c", "loops.c", "-o", "loops.o"),
    ("-shared", "loops.o", "-o", "loops.so", "-lmvec", "-lm"),
)
REALS = {"float32": ("float", "f"), "float64": ("double", "")}
# in C, {f} being the suffix of a function of floats
FORMULAS = {
    "exponential": "exp{f}(x)",
    "tanh": "tanh{f}(x)",
    "erf": "erf{f}(x)",
    "arctan": "atan{f}(x)",
    "sigmoid": "1 / (1 + exp{f}(-x))",
    "logsigmoid": "-log1p{f}(exp{f}(-x))",
    "softplus": "log1p{f}(exp{f}(x))",
    "silu": "x / (1 + exp{f}(-x))",
    "elu": "x > 0 ? x : expm1{f}(x)",
    "mish": "x * tanh{f}(log1p{f}(exp{f}(x)))",
    "gelu": "x * erfc{f}(x * -({real})0.70710678118654752) / 2",
}
LOOP = """\
void {name}_{real}(size_t n, const {real} *restrict in, {real} *restrict out) {{
    for (size_t i = 0; i < n; i++) {{ {real} x = in[i]; out[i] = {formula}; }}
}}
"""


def installed() -> str | None:
    """The version of glibc, where it and a C compiler are here."""
    library, version = platform.libc_ver()
    return version if library == "glibc" and shutil.which("cc") else None


@cache
def _compiled() -> ctypes.CDLL:
    """All loops as one library."""
    text = "#include <math.h>\n#include <stddef.h>\n" + "".join(
        LOOP.format(name=name, real=real, formula=formula.format(f=f, real=real))
        for name, formula in FORMULAS.items() for real, f in REALS.values()
    )  # fmt: skip
    folder = Path(tempfile.mkdtemp(prefix="actbench-libmvec-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "loops.c").write_text(text, encoding="utf-8")
    for step in STEPS:
        done = subprocess.run(["cc", *step], cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603, S607
        if done.returncode:
            raise Absent(f"cc refused: {(done.stderr.splitlines() or ['no reason'])[0]}")
    return ctypes.CDLL(str(folder / "loops.so"))


def of_row(row: Function) -> Implementation:
    """See `actbench.implementations.libraries.Library`."""
    if row.name not in FORMULAS:
        raise Absent(f"libmvec has no operator for {row.name}")
    if getattr(row, "bound", None):
        raise Absent(f"C's {row.name} has no parameters here")

    def bound(x: Array, out: Array) -> Callable[[], object]:
        run = getattr(_compiled(), f"{row.name}_{REALS[str(x.dtype)][0]}")
        places = ctypes.c_size_t(x.size), ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(out.ctypes.data)
        return lambda: run(*places)

    def forward(x: Array) -> Array:
        x = np.ascontiguousarray(x)
        out = np.empty_like(x)
        bound(x, out)()
        return out

    def prepare(direction: str, operands: Operands, device: str) -> PreparedCall:
        x, out = operands.x, operands.out
        if direction == "backward":
            raise Absent(NO_GRADIENTS)
        if not x.flags.c_contiguous or str(x.dtype) not in REALS:
            raise Absent("C's loops take contiguous arrays of float32 and float64")
        call = bound(x, out)

        def result() -> Array:
            call()
            return np.array(out)

        return PreparedCall(call=call, result=result, preallocated=True)

    return Implementation(
        library="libmvec", version=str(installed()), forward=forward, prepare=prepare, lacks={"backward": NO_GRADIENTS}
    )


LIBRARY = Library(name="libmvec", of_row=of_row, installed=installed)
