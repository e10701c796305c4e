"""A program, not a module: times single benchmarks of the code that stands first on the path, as it is told on stdin.

It is started once in each checkout, by its path and with ``-P``, and must run there with any older ``actbench``: it
imports nothing of the package itself. A line of JSON in, a line of JSON out.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import itertools
import json
import os
import pkgutil
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

CALLS: dict[str, Callable[[], Any]] = {}


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every function ``time_...`` that asv would find, by module."""
    package = importlib.import_module("benchmarks")
    for _, name, _ in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"benchmarks.{name}")
        for attribute, function in vars(module).items():
            if (
                attribute.startswith("time_")
                and inspect.isfunction(function)
                and function.__module__ == module.__name__
            ):
                yield f"{name}.{attribute}", function


def listed() -> list[dict[str, Any]]:
    """Benchmarks with each combination of their parameters."""
    found = []
    for name, function in functions():
        lists = getattr(function, "params", ())
        names = getattr(function, "param_names", ())
        for values in itertools.product(*lists):
            found.append({"benchmark": name, "names": list(names), "values": list(values)})
    return found


def ready(order: dict[str, Any]) -> dict[str, Any]:
    """Make the call of a case, and say how long a warm one takes."""
    module, _, attribute = order["benchmark"].rpartition(".")
    function = getattr(importlib.import_module(f"benchmarks.{module}"), attribute)
    values = order["values"]

    def call() -> Any:
        return function(*values)

    call()
    start = time.process_time()
    call()
    CALLS[order["case"]] = call
    return {"seconds": time.process_time() - start}


def timed(order: dict[str, Any]) -> dict[str, Any]:
    """Seconds of the processor a call, over a block of calls; short ones after one that is not timed.

    Not of the wall: beside other programs the spread of a pair's ratio was 0.05 so, and 0.16 on the wall.
    """
    call, number = CALLS[order["case"]], range(order["number"])
    if order["warm"]:  # the other side ran meanwhile; a long call fills the caches by itself
        call()
    start = time.process_time()
    for _ in number:
        call()
    return {"seconds": (time.process_time() - start) / len(number)}


def package() -> dict[str, Any]:
    """Which code is timed here."""
    import actbench

    return {"package": os.path.dirname(os.path.abspath(actbench.__file__))}


def answered(order: dict[str, Any]) -> dict[str, Any]:
    """The answer to one order; an exception is an answer."""
    verbs = {"list": lambda _: {"cases": listed()}, "package": lambda _: package(), "ready": ready, "time": timed}
    try:
        return verbs[order["do"]](order)
    except NotImplementedError as error:  # asv's own way to skip
        return {"skipped": str(error) or "does not apply"}
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]}


def main() -> None:
    """Answer until there are no more orders."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a benchmark prints shall not stand among the answers
    warnings.simplefilter("ignore")
    gc.disable()
    for line in sys.stdin:
        out.write(json.dumps(answered(json.loads(line))) + "\n")
        out.flush()


if __name__ == "__main__":
    main()
