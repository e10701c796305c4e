"""The libraries that rows name, ours among them, and what each has for a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any

from actbench.activations.record import Activation
from actbench.activations.vector import VectorFunction
from actbench.core.errors import reason_of, unknown
from actbench.core.machine import version
from actbench.implementations import adapters
from actbench.implementations.implementation import Absent, Call, Implementation, Operands, PreparedCall

Function = Activation | VectorFunction


@dataclass(frozen=True, kw_only=True, eq=False)
class Library:
    """Somebody's library: how it computes what rows name, and what it makes of a user's object.

    Parameters
    ----------
    name
        In tables.
    of_row
        What it has for a row; raises `Absent` with the reason where there is nothing. The library itself is imported
        inside this alone.
    distribution, installed
        Whose version counts, by default the name; or what says the version, None where the library is not here.
    graded
        Whether `actbench run accuracy` asks it; ``numpy`` there is our reference path.
    raced
        Whether races ask it: ours are entered by the race itself.
    of_object
        What an object of a user is to this library, as an `Implementation`, or None where it is not one of its own.
    of_answer
        What a user's function is to this library by what it returned for a NumPy array (None: it refused one, and
        may be tried with what the library takes), or None. Asked only where the library is loaded already.
    forms, around
        The passes of ReLU and its rivals for the experiment ``throughput`` (see `actbench.implementations.forms`), and
        what must be open while they run.
    """

    name: str
    of_row: Callable[[Function], Implementation]
    distribution: str = ""
    installed: Callable[[], str | None] | None = None
    graded: bool = True
    raced: bool = True
    of_object: Callable[[Any], Implementation | None] | None = None
    of_answer: Callable[[Callable[..., Any], Any], Implementation | None] | None = None
    forms: Callable[[str, Mapping[str, Operands]], Mapping[str, Callable[[], object]]] | None = None

    around: Callable[[], AbstractContextManager[object]] = nullcontext

    @property
    def version(self) -> str | None:
        """What is installed, read without importing it; None where there is none."""
        return self.installed() if self.installed else version(self.distribution or self.name)


@cache
def libraries() -> Mapping[str, Library]:
    """Every library that has an adapter, by name."""
    modules = (import_module(f"{adapters.__name__}.{info.name}") for info in iter_modules(adapters.__path__))
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Library)]
    return MappingProxyType({library.name: library for library in sorted(found, key=lambda library: library.name)})


def graded() -> tuple[str, ...]:
    """Libraries whose accuracy is measured beside ours."""
    return tuple(name for name, library in libraries().items() if library.graded)


def contenders() -> tuple[str, ...]:
    """Libraries that are raced beside ours."""
    return tuple(name for name, library in libraries().items() if library.raced)


def implementation(library: str, function: Function) -> Implementation:
    """What a library has for a row.

    Parameters
    ----------
    library
        One of `libraries`.
    function
        A row, whose bound parameters are handed to the library by name, or an axis function.

    Raises
    ------
    ActbenchError
        For a library that is not known; `Absent`, which is one, with the reason where it has nothing.
    """
    if library not in libraries():
        raise unknown("peer", library, libraries())
    record = libraries()[library]
    if library != "actbench" and record.version is None:
        raise Absent(f"{record.distribution or library} is not installed")
    try:
        return record.of_row(function)
    except (ImportError, AttributeError) as error:
        named = function.peers.get(library, function.name)
        raise Absent(f"{library} {record.version} has no {named} ({error})") from None


def values(library: str, function: Function, direction: str, dtype: str) -> Call:
    """One pass of a library's on arrays; backward takes dy and x.

    Raises
    ------
    Absent
        With the reason why there is none.
    """
    return implementation(library, function).values(direction, dtype)


def prepared(library: str, function: Function, direction: str, operands: Operands, device: str = "cpu") -> PreparedCall:
    """One pass of a library's at the start of a race.

    Raises
    ------
    Absent
        With the reason why it takes no part, whatever the library raised.
    """
    try:
        return implementation(library, function).prepared(direction, operands, device)
    except Absent:
        raise
    except ModuleNotFoundError as error:
        raise Absent(f"{error.name} is not installed") from None
    except Exception as error:
        raise Absent(reason_of(error)) from None
