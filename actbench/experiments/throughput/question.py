"""How fast each implementation of an activation is on this machine: `actbench bench` is this experiment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from actbench.activations.registry import AXIS, along, canonical
from actbench.core.errors import ActbenchError, unknown
from actbench.core.streams import stream
from actbench.implementations import libraries
from actbench.implementations.implementation import DEVICES
from actbench.kernels.backends import FUSED
from actbench.runs.experiment import experiment
from actbench.runs.factors import any_spec, array_size, one_of
from actbench.speed.along import shape
from actbench.speed.inputs import INPUTS, LAYOUTS, sides
from actbench.speed.threads import environment, many, pinned

ROUNDS, SECONDS = 61, 8.0
DTYPES, DIRECTIONS = ("float32", "float64"), ("forward", "backward")
# measures of a contender, in order
COLUMNS: Mapping[str, str] = {
    "implementation": "who computed",
    "rank": "place among those whose time counts; empty for the others, and for the copies",
    "time_s": "seconds a call, median over rounds",
    "low_s": "lower end of its 95 % bootstrap interval",
    "high_s": "upper end",
    "ratio": "its time over ours, median over rounds: above 1 ours is faster",
    "ratio_low": "lower end of its 95 % bootstrap interval",
    "ratio_high": "upper end",
    "bytes_moved": "bytes that a pass reads and writes at least",
    "gb_per_s": "those bytes over the time",
    "copy_share": "that rate over the faster copy's, measured in the same rounds",
    "kept_bytes": "bytes kept from the forward pass for the backward pass",
    "peak_bytes": "bytes that one call takes from NumPy's allocator at most; empty where the peer has its own",
    "worst_ulp": "largest error at seeded points over the whole range, away from roots",
    "holds": "whether the fused promise holds at these points",
    "preallocated": "whether results are written into memory that is there",
    "rounds": "samples",
    "calls": "calls in a sample",
    "note": "what to know about it",
    "reason": "why it is not ranked or takes no part",
}
FACTORS = ("activation", "direction", "dtype", "size", "inputs", "layout", "threads", "device")  # of a race
PANEL = tuple(canonical(name) for name in ("relu", "prelu", "rrelu", "sigmoid", "tanh", "purlin"))  # the article's six
ALL, NONE = "all", "none"
_XLA: list[int] = []  # the threads that XLA started with in this process: it reads its flags once


def contenders(value: Any) -> str:
    """``all``, ``none``, or peers with commas between; each gets the version that is installed, for it decides."""
    asked = str(value)
    given = libraries.contenders() if asked == ALL else () if asked == NONE else asked.replace(",", " ").split()
    names, known = [name.partition("==")[0] for name in given], []
    for name in names:
        if name in (ALL, NONE):
            raise ActbenchError(f"{name!r} stands alone among peers; leave the others away, or give names")
        if name not in libraries.contenders():
            raise unknown("peer", name, [*libraries.contenders(), ALL, NONE])
    for name in names:
        installed = libraries.libraries()[name].version
        if installed is None and asked != ALL:
            here = ", ".join(peer for peer in libraries.contenders() if libraries.libraries()[peer].version)
            raise ActbenchError(f"peer {name} is not installed; known here: {here}; pip install "
                                f"{libraries.libraries()[name].distribution or name}, or leave it away")  # fmt: skip
        known.append(f"{name}=={installed}" if installed else name)
    return ",".join(dict.fromkeys(known)) or NONE


def threads_here(value: Any) -> int:
    """Threads, as many as this process may use."""
    number = int(value)
    if number != float(value) or not 1 <= number <= many():
        raise ValueError(f"threads cannot be had here, where this process may use {many()} cores; "
                         f"give a whole number, 1 or more, {many()} or fewer")  # fmt: skip
    return number


def rounds_level(value: Any) -> int:
    """Samples of each contender."""
    number = int(value)
    if number != float(value) or not 5 <= number <= 100_000:
        raise ValueError("is not a whole number, 5 or more")
    return number


def seconds_level(value: Any) -> float:
    """The most seconds for the rounds of one cell."""
    number = float(value)
    if not 0 < number < 1e6:
        raise ValueError("is not a number of seconds above 0")
    return number


def device_level(value: Any) -> str:
    """``cpu``, or ``cuda`` where torch sees a GPU."""
    name: str = one_of(DEVICES)(value)
    if name == "cuda":
        from actbench.speed import cuda

        cuda.found()
    return name


def together(cell: Mapping[str, Any]) -> None:
    """A prime number of elements cannot be transposed; on a GPU, and along an axis, arrays are contiguous."""
    if cell["activation"].partition(":")[0] in AXIS:
        function = along(cell["activation"])
        shape(function, cell["size"])
        if (cell["layout"], cell["device"]) != ("contiguous", "cpu"):
            inside = f"; where its inputs lie: {function.name}:layout=interleaved" if function.layout else ""
            raise ActbenchError(f"{function.name} is raced on contiguous arrays, on the processor{inside}")
    if cell["layout"] == "transposed":
        sides(cell["size"])
    if cell["device"] != "cpu" and cell["layout"] != "contiguous":
        raise ActbenchError(f"layout {cell['layout']} with device {cell['device']}: on a GPU only contiguous arrays "
                            "are raced")  # fmt: skip


@experiment(
    grid={
        "activation": PANEL, "direction": DIRECTIONS, "dtype": DTYPES, "size": (2**12, 2**20),
        "inputs": ("normal",), "layout": ("contiguous",), "threads": (1,), "device": ("cpu",), "peers": (ALL,),
        "most_rounds": (ROUNDS,), "most_seconds": (SECONDS,),
    },
    quick={"dtype": DTYPES[:1], "size": (2**20,)},
    columns={
        **COLUMNS,
        "samples_s": "seconds a call in each round, apart by spaces: numbers of one round are pairs",
        "places": "its place in the order of each round",
        "warnings": "what makes the numbers of the whole cell doubtful, with remedies",
    },
    checks={
        "activation": any_spec, "direction": one_of(DIRECTIONS), "dtype": one_of(DTYPES), "size": array_size,
        "inputs": one_of(INPUTS), "layout": one_of(LAYOUTS), "threads": threads_here, "device": device_level,
        "peers": contenders, "most_rounds": rounds_level, "most_seconds": seconds_level,
    },
    backend=FUSED,
    exclusive=True,
    together=together,
)  # fmt: skip
def throughput(
    *, activation: str, direction: str, dtype: str, size: int, inputs: str, layout: str, threads: int, device: str,
    peers: str, most_rounds: int, most_seconds: float,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """Which implementation is fastest here, and how far is it from what memory allows?"""
    from actbench.speed.table import Cell, measured

    asked = [] if peers == NONE else [name.partition("==")[0] for name in peers.split(",")]
    cell = Cell(activation=activation, direction=direction, dtype=dtype, size=size, inputs=inputs, layout=layout,
                threads=threads, device=device)  # fmt: skip
    with environment(threads):
        _load(asked)
        if "jax" in asked and (_XLA or [threads])[0] != threads:
            asked.remove("jax")
            yield {"implementation": "jax", "reason": f"XLA keeps the {_XLA[0]} threads that it started with; measure "
                   "each number of threads by a command of its own"}  # fmt: skip
        elif "jax" in asked:
            _XLA[:] = [threads]
        with pinned(threads):
            seed = int(stream("order of a race", activation, direction).integers(2**31))
            yield from measured(cell, contenders=asked, rounds=most_rounds, most=most_seconds, seed=seed)


def _load(asked: list[str]) -> None:
    """Peers are imported before threads are pinned, so that they can be told; what fails is said in the table."""
    for name in {contender.partition(".")[0] for contender in asked} & {"torch", "jax"}:
        try:
            import_module(name)
        except Exception:  # noqa: S112  whatever a broken peer raises, its row will say so
            continue
