"""What an exported kernel is worth: its header compiled, and every float compared with the exact slope or value.

The certificate is of the header as a compiler made it: its name, flags and target stand in it.
"""

from __future__ import annotations

import csv
import ctypes
import io
import platform
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.accuracy.exhaustive import exhaust
from actbench.accuracy.meter import ErrorMeter, where_promised
from actbench.activations.record import Activation
from actbench.core.dtypes import Format
from actbench.core.errors import ActbenchError
from actbench.core.files import read_bytes, write_text
from actbench.core.machine import machine, output
from actbench.kernels.backends import FUSED, allowed
from actbench.kernels.c99 import FORMATS, directions, function_name, header
from actbench.kernels.lower import operands_of

FLAGS = "-std=c99 -O3 -march=native -fno-math-errno"  # in C99 gcc contracts nothing, so compilers make the same bits
SAMPLED = 20_000  # float64 points, most of them screened with the row in float64, the worst settled by mpmath
SHIPPED = Path(__file__).with_name("certificates.csv")
TYPES: dict[str, Callable[[str], Any]] = {
    "str": str, "int": int, "float": float, "float | None": lambda text: float(text) if text else None,
}  # fmt: skip


def compiler(name: str | None = None) -> str:
    """A C compiler of this machine: the one that is asked for, or cc, gcc or clang.

    Raises
    ------
    ActbenchError
        Where it is not there.
    """
    asked = ("cc", "gcc", "clang") if name is None else (name,)
    found = next((path for one in asked if (path := shutil.which(one))), None)
    if found is None:
        raise ActbenchError(f"no C compiler is here (looked for {', '.join(asked)}); install one or name one")
    return found


@contextmanager
def compiled(row: Activation, *, cc: str, flags: str, second: bool = False) -> Iterator[Callable[[str, str], Loop]]:
    """A row's header as a shared library: ``call(direction, dtype)`` gives ``f(x, out=)`` or ``f(dy, x, out=)``.

    Parameters
    ----------
    row
        Its parameters are bound to their values.
    cc, flags
        The compiler and its flags.
    second
        Whether second derivatives come too.

    Raises
    ------
    ActbenchError
        Where it does not compile, with the compiler's first line.
    """
    names = [function_name(row, direction, form) for direction in directions(second) for form in FORMATS]
    table = "".join(f"void *take_{name}(void) {{ return (void *)(size_t){name}_n; }}\n" for name in names)
    files = {"kernel.h": header([row], version="", second=second), "kernel.c": '#include "kernel.h"\n' + table}
    with library(files, cc=cc, flags=flags) as loaded:

        def call(direction: str, dtype: str) -> Loop:
            return _callable(loaded, row, direction, dtype)

        yield call


@contextmanager
def library(files: Mapping[str, str], *, cc: str, flags: str) -> Iterator[Any]:
    """Texts by file name, of which ``kernel.c`` is compiled, as a shared library.

    Raises
    ------
    ActbenchError
        Where it does not compile, with the compiler's first line.
    """
    with tempfile.TemporaryDirectory(prefix="actbench-c-") as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        done = subprocess.run(  # noqa: S603  a compiler that the user named or that was found, files of ours
            [cc, *shlex.split(flags), "-shared", "-fPIC", "kernel.c", "-o", "kernel.so", "-lm"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise ActbenchError(f"{cc} {flags} refused the header: {(done.stderr.splitlines() or ['no reason'])[0]}")
        yield ctypes.CDLL(str(Path(folder) / "kernel.so"))


class Loop:
    """A compiled loop ``f(count, arrays..., numbers..., out)`` of one format.

    Parameters
    ----------
    address, dtype
        Of the machine code, and of its arrays.
    arrays, numbers
        How many arrays it reads, and the parameters behind them.
    """

    def __init__(self, address: int, dtype: str, arrays: int, numbers: Sequence[float] = ()) -> None:
        real = ctypes.c_float if dtype == "float32" else ctypes.c_double
        kinds = [ctypes.c_size_t, *[ctypes.c_void_p] * arrays, *[real] * len(numbers), ctypes.c_void_p]
        self.run = ctypes.CFUNCTYPE(None, *kinds)(address)
        self.dtype, self.arrays, self.numbers = dtype, arrays, numbers

    def prepared(self, *arrays: NDArray[Any], out: NDArray[Any]) -> Callable[[], None]:
        """The call on arrays that are contiguous, of its format and kept by the caller."""
        given = (out.size, *(array.ctypes.data for array in arrays), *self.numbers, out.ctypes.data)
        return lambda: self.run(*given)

    def __call__(self, *arrays: NDArray[Any], out: NDArray[Any] | None = None) -> NDArray[Any]:
        """Fill and return ``out``, or a new array; of dy and x a forward loop takes the last."""
        held = [np.ascontiguousarray(array, self.dtype) for array in arrays[-self.arrays :]]
        out = np.empty_like(held[0]) if out is None else out
        self.prepared(*held, out=out)()
        return out


def _callable(loaded: Any, row: Activation, direction: str, dtype: str) -> Loop:
    form = next(form for form in FORMATS if form.name == dtype)
    take = loaded[f"take_{function_name(row, direction, form)}"]
    take.restype = ctypes.c_void_p
    names = operands_of(row, direction)
    values = row.values()
    numbers = [float(values[name]) for name in names if name in row.parameters]
    return Loop(take(), dtype, len(names) - len(numbers), numbers)


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """The errors of one function of a header as it was compiled: a line of a file of certificates.

    Parameters
    ----------
    function
        Its name in C.
    code
        What `code` says of its row's header: what is known of another text is no certificate.
    compiled
        Compiler, flags, target.
    inputs
        How many were compared: 2^32, or a sample.
    worst_ulp, at
        The largest error outside root zones, settled by mpmath, and where it occurs, as a hexadecimal float.
    root_zone_eps
        The largest absolute error next to declared roots, in epsilons; None without roots.
    lost
        Results 0, NaN or infinite for a number, and NaN inputs whose result is not NaN.
    """

    function: str
    code: str
    compiled: str
    inputs: int
    worst_ulp: float
    at: str
    root_zone_eps: float | None
    lost: int

    def __str__(self) -> str:
        inputs = "all 2^32 inputs" if self.inputs == 1 << 32 else f"{self.inputs:,} sampled inputs"
        roots = "" if self.root_zone_eps is None else f", {self.root_zone_eps:.2g} epsilons next to roots"
        more = "" if self.holds else "; more than is promised"
        return (
            f"worst {self.worst_ulp:.2f} ulp at {self.at} of {inputs}{roots}, {self.lost} lost{more} ({self.compiled})"
        )

    @property
    def holds(self) -> bool:
        """Whether the promise of fused kernels is kept."""
        direction = next((way for way in ("backward", "second") if f"_{way}_f" in self.function), "forward")
        ulp, epsilons = allowed(FUSED, "float32" if self.function.endswith("32") else "float64", direction)
        return self.worst_ulp <= ulp and (self.root_zone_eps or 0.0) <= epsilons and not self.lost


def code(row: Activation, direction: str = "forward") -> str:
    """A hash of what a row's header says but in comments, and of its parameters' values.

    That of a second derivative is of the header that has it.
    """
    text = header([row], version="", second=direction == "second").partition("#include <string.h>")[2]
    said = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return sha256(f"{row.spec}{said}".encode()).hexdigest()[:16]


def kept(file: Path) -> dict[str, Certificate]:
    """The certificates of a file by function; none where there is no file.

    Raises
    ------
    ActbenchError
        For a file of another kind.
    """
    if not file.exists():
        return {}
    if not file.is_file():
        raise ActbenchError(f"{file} is no plain file; name a CSV file")
    lines = csv.DictReader(io.StringIO(read_bytes(file).decode("utf-8", "replace")))
    types = [(f.name, TYPES[str(f.type)]) for f in fields(Certificate)]
    try:
        found = [Certificate(**{name: of_type(line[name]) for name, of_type in types}) for line in lines]
    except (KeyError, TypeError, ValueError) as error:
        raise ActbenchError(f"{file} holds no certificates ({error}); name a file that --keep may write") from None
    return {one.function: one for one in found}


def shipped(rows: Iterable[Activation]) -> dict[str, Certificate]:
    """What the package's own file says of rows' headers, where they have not changed since."""
    known = kept(SHIPPED)
    found: dict[str, Certificate] = {}
    for row in rows:
        for way in directions(True):
            lines = [line for form in FORMATS if (line := known.get(function_name(row, way, form)))]
            found |= {line.function: line for line in lines if line.code == code(row, way)}
    return found


def certificates(
    row: Activation, *, cc: str, flags: str = FLAGS, every: bool = True, threads: int = 1,
    told: Callable[[str], None] = lambda line: None, keep: Path | None = None, second: bool = False,
) -> dict[str, Certificate]:  # fmt: skip
    """Measure each function of a row's header, by its name in C.

    Parameters
    ----------
    row, cc, flags, second
        As for `compiled`.
    every
        All 2^32 floats, 5 to 100 s of processor time a function, or `SAMPLED` points as for double.
    threads
        How many cores.
    told
        Is told which function comes next.
    keep
        A CSV file where each certificate is written as soon as it is known, and taken from while code and compiler are
        the same.
    """
    version = (output(cc, "--version") or cc).splitlines()[0]
    where = f"{version} {flags}, {platform.machine()}, {machine()['processor']}"
    now = {direction: code(row, direction) for direction in directions(second)}
    jobs = {function_name(row, direction, form): (direction, form) for direction in now for form in FORMATS}
    known = {} if keep is None else kept(keep)
    lines = {
        name: line for name, (direction, form) in jobs.items()
        if (line := known.get(name)) and (line.code, line.compiled) == (now[direction], where)
        and (line.inputs == 1 << 32 or not every or form.bits != 32)
    }  # fmt: skip
    if len(lines) == len(jobs):
        return lines
    with compiled(row, cc=cc, flags=flags, second=second) as call:
        for name in [name for name in jobs if name not in lines]:
            direction, form = jobs[name]
            told(name)
            found = _measured(row, direction, form, call(direction, form.name), every and form.bits == 32, threads)
            lines[name] = Certificate(function=name, code=now[direction], compiled=where, **found)
            if keep is not None:  # read again: another process may have written
                _write(keep, {**kept(keep), name: lines[name]})
    return lines


def _measured(
    row: Activation, direction: str, form: Format, run: Callable[..., Any], wide: bool, threads: int
) -> dict[str, Any]:
    if wide:
        found = exhaust(row.spec, direction, threads=threads, narrow=run)
        lost = found.lost + found.special + found.nan_lost
        at, root = found.at_hex, found.root_zone_eps
        return {"inputs": found.inputs, "worst_ulp": found.worst_ulp, "at": at, "root_zone_eps": root, "lost": lost}
    x = where_promised(row.spec, form.name, SAMPLED, direction)
    got = run(np.ones_like(x), x) if direction == "backward" else run(x)
    measured = ErrorMeter(row.spec, direction, form.name, x).measure(got)
    lost = measured.lost + measured.special
    at, root = float(measured.at).hex(), measured.root_eps
    return {"inputs": x.size, "worst_ulp": measured.worst, "at": at, "root_zone_eps": root, "lost": lost}


def _write(file: Path, known: Mapping[str, Certificate]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, [f.name for f in fields(Certificate)], lineterminator="\n")
    writer.writeheader()
    for _, line in sorted(known.items()):
        numbers = {key: float(f"{value:.4g}") for key, value in vars(line).items() if isinstance(value, float)}
        writer.writerow({**vars(line), **numbers})
    write_text(file, text.getvalue())
