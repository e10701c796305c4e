"""Whose theory is asked for: a row of the catalogue, a target such as ``my.py:act``, or any function of one array."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.record import Activation, Callables, Kink
from actbench.activations.registry import ACTIVATIONS, canonical, resolve
from actbench.core.errors import ActbenchError

Subject = str | Activation | Callable[..., Any]

_FUNCTIONS: dict[str, Activation] = {}  # rows made of functions, by the spec that they got; they enter no registry


def spec_of(subject: Subject) -> str:
    """The one string that stands for a subject in this process.

    Raises
    ------
    ActbenchError
        For a name that nothing answers to, or a function that does not take and return one array.
    """
    if isinstance(subject, Activation):
        return subject.spec if subject.name in _registered(subject) else _of_function(subject)
    if isinstance(subject, str):
        if subject in _FUNCTIONS:
            return subject
        if subject.partition(":")[0] in ACTIVATIONS:
            return canonical(subject)
        from actbench.implementations.targets.target import is_target

        return _of_target(subject) if is_target(subject) else canonical(subject)
    if not callable(subject):
        raise ActbenchError(f"{subject!r} is no activation; give a name, a target such as my.py:act, or a function")
    return _of_function(subject)


def row_of(spec: str) -> Activation:
    """The row behind a string of `spec_of`."""
    return _FUNCTIONS[spec] if spec in _FUNCTIONS else resolve(spec)


def _registered(row: Activation) -> tuple[str, ...]:
    """The row's own name, if the registry's row of that name has its passes."""
    try:
        return (row.name,) if resolve(row.name).callables is row.callables else ()
    except ActbenchError:
        return ()


@lru_cache(maxsize=64)
def _of_target(text: str) -> str:
    """Examine a target in a process of its own, and enter the row that it becomes."""
    import runpy
    import tempfile
    from pathlib import Path

    from actbench.implementations.targets.examine import examine

    with tempfile.TemporaryDirectory(prefix="actbench-") as folder:
        (answer,) = examine([text], Path(folder))
        if answer.reason:
            raise ActbenchError(f"{text}: {answer.reason}")
        runpy.run_path(answer.module)
    return canonical(answer.name)


class _Identity:
    """A key by which a function is itself, whatever its own equality says."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.function is other.function

    def __hash__(self) -> int:
        return id(self.function)


def _of_function(function: Any) -> str:
    return _entered(_Identity(function))


@lru_cache(maxsize=256)
def _entered(key: _Identity) -> str:
    function = key.function
    name = getattr(function, "name", None) or getattr(function, "__name__", type(function).__name__)
    spec = f"{name}#{len(_FUNCTIONS)}"  # no registered name holds a '#'
    _FUNCTIONS[spec] = function if isinstance(function, Activation) else _looked_at(function, spec)
    return spec


def _looked_at(function: Callable[..., Any], spec: str) -> Activation:
    """A row of a function that declares nothing: kinks and jumps are searched for, the slope is derived."""
    from actbench.expression.numeric import evaluate
    from actbench.implementations.targets.objects import adapt, in_words
    from actbench.implementations.targets.slopes import Slopes, find_kinks, flatter
    from actbench.implementations.targets.tracing import slope_graph, traced

    try:
        made = adapt(function)
        called = made.values("forward", "float64")
        with np.errstate(all="ignore"):
            trial = np.asarray(called(np.linspace(-1.0, 1.0, 8)))
    except Exception as error:  # somebody else's code may raise whatever it likes
        raise ActbenchError(f"{spec.partition('#')[0]}: {in_words(error)}") from None
    if trial.shape != (8,):
        raise ActbenchError(f"{spec.partition('#')[0]}: returns shape {trial.shape} for 8 numbers; return one each")

    def f(x: NDArray[Any]) -> NDArray[Any]:
        with np.errstate(all="ignore"):
            return np.asarray(called(np.array(x, np.float64)), np.float64)

    kinks = [_sharpened(f, kink) for kink in find_kinks(f)]
    differences = Slopes(f=f, kinks=tuple(kinks))
    derived = None
    if made.backward is None:
        try:
            derived = slope_graph(traced(made)[0])
        except ActbenchError:
            derived = None  # not traced: differences stand in

    def slope(x: NDArray[Any]) -> NDArray[Any]:
        with np.errstate(all="ignore"):
            if made.backward is not None:
                drawn = made.values("backward", "float64")(np.ones_like(x), x)
            elif derived is not None:
                drawn = evaluate(derived, {"x": x})
            else:
                return differences(x)
            drawn = np.array(np.broadcast_to(np.asarray(drawn, np.float64), x.shape))
            lost = ~np.isfinite(drawn)  # inf / inf far out, where the function itself is fine
            if lost.any():
                drawn[lost] = differences(x[lost])
        return drawn

    at = {kink: Kink(slope=flatter(f, kink)) for kink in kinks}
    return Activation(
        name=spec, source="a function that was given", kinks=at, opaque="a function that was given",
        callables=Callables(forward=f, definition=f, backward=lambda dy, x: dy * slope(x)),
    )  # fmt: skip


def _sharpened(f: Callable[[Any], Any], kink: float) -> float:
    """A jump's place to neighbouring floats; a kink stays where it was found, to 1e-9."""
    reach = 4e-9 * max(1.0, abs(kink))
    ends = np.array([kink - reach, kink + reach])
    low, high = (float(v) for v in f(ends))
    if abs(high - low) <= 1e-6:
        return kink
    a, b = (float(v) for v in ends)
    while a < (middle := 0.5 * (a + b)) < b:
        value = float(f(np.array([middle]))[0])
        if abs(value - low) >= abs(high - value):
            b = middle
        else:
            a = middle
    return kink if a <= kink <= b else b
