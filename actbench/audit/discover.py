"""What there is to audit behind a target, a file, a module or a library's name: candidates, in the child process."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from actbench.activations.registry import ACTIVATIONS
from actbench.core.errors import ActbenchError
from actbench.implementations.implementation import Absent
from actbench.implementations.libraries import implementation, libraries
from actbench.implementations.targets.target import is_target, load, module_at, parse

MOST = 2000  # names of one module


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Something that may be an activation.

    Parameters
    ----------
    target, name
        How it is asked for alone, and the name by which it may be recognised.
    given
        Gives the object; what it raises is the reason why it cannot be had.
    explicit
        Whether it was asked for by its own name.
    spec
        The row that it is, where a library's row names it.
    peer
        Library and row that name it, for functions that ask for more than x.
    """

    target: str
    name: str
    given: Callable[[], Any]
    explicit: bool = False
    spec: str = ""
    peer: tuple[str, str] = ("", "")

    def line(self) -> int:
        """The line of its file where it begins; 0 where nobody can tell."""
        try:
            return inspect.getsourcelines(inspect.unwrap(self.given()))[1]
        except Exception:  # an object has no source, and somebody's code may raise anything
            return 0


def candidates(asked: str) -> list[Candidate]:
    """What a text names, in the order of the file.

    Raises
    ------
    ActbenchError
        For a text that names nothing. Whatever a module itself raises goes through.
    """
    if is_target(asked) and not _whole_file(asked):
        target = parse(asked)
        name = target.attribute.partition("(")[0].rpartition(".")[2] or Path(target.place).stem
        return [Candidate(target=asked, name=name, given=lambda: load(target), explicit=True)]
    if asked in libraries() and asked != "actbench":
        return list(_of_library(asked))
    place = asked if not _whole_file(asked) else parse(f"{asked}:x").place
    if not _whole_file(asked) and not all(part.isidentifier() for part in asked.split(".")):
        raise ActbenchError(f"{asked!r} is no file, module or library; give FILE.py, FILE.py:OBJ, package.module "
                            f"or one of {', '.join(libraries())}")  # fmt: skip
    try:
        module = module_at(place)
    except ModuleNotFoundError as error:  # itself, not what it imports
        if not error.name or not f"{place}.".startswith(f"{error.name}."):
            raise
        raise ActbenchError(f"no module or file {asked!r} here; give FILE.py, FILE.py:OBJ, a module that can be "
                            f"imported or one of {', '.join(libraries())}") from None  # fmt: skip
    found = list(_of_module(module, asked, own=_whole_file(asked))) or list(_of_package(module, asked))
    if not found:
        raise ActbenchError(f"{asked!r} has no public functions or classes; name one, as {asked}:OBJ")
    return found[:MOST]


def _whole_file(asked: str) -> bool:
    return asked.endswith(".py")


def _of_library(name: str) -> Iterator[Candidate]:
    """Every row that a library has something for: what the rows name."""
    if libraries()[name].version is None:
        raise ActbenchError(f"{name} is not installed; install it, or audit another library")
    for row in ACTIVATIONS:
        try:
            made = implementation(name, row)
        except Absent:
            continue
        called = row.peers.get(name, row.name)
        yield Candidate(target=f"{name}:{called}", name=row.name, given=partial(_same, made), explicit=True,
                        spec=row.spec)  # fmt: skip


def _same(given: Any) -> Any:
    return given


def _of_package(package: ModuleType, asked: str) -> Iterator[Candidate]:
    """What the modules of a package define that has nothing itself; one that cannot be imported is its own reason."""
    for place in sorted(entry.name for entry in iter_modules(getattr(package, "__path__", ()))):
        inner = f"{asked}.{place}"
        try:
            yield from _of_module(module_at(inner), inner, own=True)
        except Exception as error:  # whatever somebody's module raises
            yield Candidate(target=inner, name=place, given=partial(_raise, error), explicit=True)


def _raise(error: Exception) -> Any:
    raise error


def _of_module(module: ModuleType, asked: str, *, own: bool) -> Iterator[Candidate]:
    """Public functions, classes and objects that can be called; of a file only what it defines itself."""
    seen: set[int] = set()
    peers = {text.partition("(")[0]: (library, row.name) for row in ACTIVATIONS for library, text in row.peers.items()}
    public = getattr(module, "__all__", None) or list(vars(module))
    for name in public:
        given = getattr(module, name, None)
        if not isinstance(name, str) or name.startswith("_") or name.endswith("_") or id(given) in seen:
            continue
        if not _callable(given) or (own and getattr(given, "__module__", module.__name__) != module.__name__
                                    and not _instance(given)):  # fmt: skip
            continue
        seen.add(id(given))
        yield Candidate(target=f"{asked}:{name}", name=name, given=partial(_same, given),
                        peer=peers.get(f"{asked}.{name}", ("", "")))  # fmt: skip


def _instance(given: Any) -> bool:
    """An object that the file made: of a class of its own or of another's."""
    return not (inspect.isclass(given) or inspect.isroutine(given) or inspect.ismodule(given))


def _callable(given: Any) -> bool:
    if inspect.ismodule(given) or (inspect.isclass(given) and issubclass(given, (BaseException, str, int, dict))):
        return False
    return callable(given) or (hasattr(given, "forward") and hasattr(given, "backward"))
