"""Targets wherever a name stands: examined once for each state of their file, and entered as rows of this process."""

from __future__ import annotations

import atexit
import runpy
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from actbench.activations.registry import ACTIVATIONS
from actbench.core.errors import ActbenchError
from actbench.implementations.implementation import Implementation
from actbench.implementations.targets.examine import Examined, examine
from actbench.implementations.targets.objects import adapt
from actbench.implementations.targets.target import is_target, load, parse

_EXAMINED: dict[tuple[str, str, str], Examined] = {}  # by place, object and the file's bytes
_NAMED: dict[str, Examined] = {}  # by the row's name


@cache
def _folder() -> Path:
    """Where the generated modules of this process lie; it goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="actbench-targets-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def examined(text: str) -> Examined:
    """What a target is, with its row entered.

    Raises
    ------
    ActbenchError
        With the reason where it is no activation.
    """
    target = parse(text)
    key = (target.place, target.attribute, target.sha256 if target.file else "")  # a module is loaded once a process
    if key not in _EXAMINED:
        _EXAMINED[key] = examine([text], _folder())[0]
    answer = _EXAMINED[key]
    if answer.reason:
        raise ActbenchError(f"{text}: {answer.reason}")
    if answer.name not in ACTIVATIONS:  # the first time, or after a block of temporary rows
        runpy.run_path(answer.module)
    _NAMED[answer.name] = answer
    return answer


def row_name(text: str) -> str | None:
    """The row of a target, entered; None for a text that names none. See `actbench.activations.registry.ENTERING`."""
    return examined(text).name if is_target(text) else None


def given(name: str) -> Implementation | None:
    """The object behind a row, as it is and in this process; None for a row of the catalogue."""
    return adapt(load(parse(_NAMED[name].target))) if name in _NAMED else None


def modules(specs: Iterable[Any]) -> tuple[str, ...]:
    """The generated modules that another process loads to know the targets among these specs."""
    named = (_NAMED.get(str(spec).partition(":")[0]) for spec in specs)
    return tuple(dict.fromkeys(answer.module for answer in named if answer is not None))
