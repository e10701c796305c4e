"""ReLU's passes and its rivals' as each library writes them, for the question whether one is cheaper than the other.

Backward passes work from the kept output y alone, as the article's do: sigmoid's slope is y (1 - y), tanh's 1 - y^2.
(Our own rows of these two start from x and spend an exponential, because the kept y has lost the tail.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import Any

import numpy as np

from actbench.activations.record import Activation, Callables
from actbench.implementations.jax_ import processor
from actbench.implementations.ready import Operands
from actbench.kernels.kernel import kernel
from actbench.speed.race import Call

FORWARD = ("relu", "sigmoid", "tanh", "softplus")
BACKWARD = ("relu", "sigmoid", "tanh")
IN_PLACE = ("relu masked", "relu multiplied")  # zeros written through a mask; times a slope of 0 or 1

# pass name -> the arrays of that activation
Arrays = Mapping[str, Operands]


def _kept(name: str, backward: Callable[..., Any]) -> Activation:
    said = Callables(forward=lambda x: x + 0.0, backward=backward, definition=lambda x: x + 0.0)
    return Activation(name=name, callables=said, source="the textbook slope from the kept output")


KEPT = MappingProxyType(
    {
        "sigmoid": _kept("sigmoid_from_y", lambda dy, y: dy * (y * (1.0 - y))),
        "tanh": _kept("tanh_from_y", lambda dy, y: dy * (1.0 - y * y)),
    }
)


def _actbench(direction: str, arrays: Arrays) -> dict[str, Call]:
    dtype = next(iter(arrays.values())).x.dtype
    calls: dict[str, Call] = {}
    for name, a in arrays.items():
        if name in IN_PLACE:
            continue
        run = kernel(KEPT.get(name, name) if direction == "backward" else name, direction, dtype=dtype)
        if direction == "forward":
            calls[name] = partial(run, a.x, out=a.out)
        else:
            calls[name] = partial(run, a.dy, y=a.y, out=a.out)
    return calls


def _numpy(direction: str, arrays: Arrays) -> dict[str, Call]:
    from scipy.special import expit

    def sigmoid_slope(a: Operands) -> None:
        np.subtract(1, a.y, out=a.out)
        np.multiply(a.out, a.y, out=a.out)
        np.multiply(a.out, a.dy, out=a.out)

    def tanh_slope(a: Operands) -> None:
        np.multiply(a.y, a.y, out=a.out)
        np.subtract(1, a.out, out=a.out)
        np.multiply(a.out, a.dy, out=a.out)

    def masked(a: Operands) -> None:
        a.dy[a.y <= 0] = 0

    forward: dict[str, Callable[[Operands], object]] = {
        "relu": lambda a: np.maximum(a.x, 0, out=a.out),
        "sigmoid": lambda a: expit(a.x, out=a.out),
        "tanh": lambda a: np.tanh(a.x, out=a.out),
        "softplus": lambda a: np.logaddexp(0, a.x, out=a.out),
    }
    backward: dict[str, Callable[[Operands], object]] = {
        "relu": lambda a: np.multiply(a.dy, a.y > 0, out=a.out),
        "sigmoid": sigmoid_slope,
        "tanh": tanh_slope,
        "relu masked": masked,
        "relu multiplied": lambda a: np.multiply(a.dy, a.y > 0, out=a.dy),
    }
    chosen = forward if direction == "forward" else backward
    return {name: partial(chosen[name], a) for name, a in arrays.items()}


def _torch(direction: str, arrays: Arrays) -> dict[str, Call]:
    torch = import_module("torch")
    aten = torch.ops.aten

    def masked(x: Any, dy: Any, y: Any, out: Any) -> None:
        dy[y <= 0] = 0

    forward: dict[str, Callable[..., object]] = {
        "relu": lambda x, dy, y, out: torch.clamp_min(x, 0, out=out),
        "sigmoid": lambda x, dy, y, out: torch.sigmoid(x, out=out),
        "tanh": lambda x, dy, y, out: torch.tanh(x, out=out),
        "softplus": lambda x, dy, y, out: aten.softplus.out(x, 1, 20, out=out),
    }
    backward: dict[str, Callable[..., object]] = {
        "relu": lambda x, dy, y, out: aten.threshold_backward.grad_input(dy, y, 0, grad_input=out),
        "sigmoid": lambda x, dy, y, out: aten.sigmoid_backward.grad_input(dy, y, grad_input=out),
        "tanh": lambda x, dy, y, out: aten.tanh_backward.grad_input(dy, y, grad_input=out),
        "relu masked": masked,
        "relu multiplied": lambda x, dy, y, out: dy.mul_(y > 0),
    }
    chosen = forward if direction == "forward" else backward
    calls: dict[str, Call] = {}
    for name, a in arrays.items():
        tensors = tuple(torch.from_numpy(array) for array in (a.x, a.dy, a.y, a.out))
        calls[name] = partial(chosen[name], *tensors)
    return calls


def _waited(function: Callable[..., Any], *arrays: Any) -> object:
    return function(*arrays).block_until_ready()


def _jax(direction: str, arrays: Arrays) -> dict[str, Call]:
    jax = import_module("jax")
    jnp = jax.numpy
    forward = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh, "softplus": jax.nn.softplus}
    backward = {
        "relu": lambda dy, y: jnp.where(y > 0, dy, 0),
        "sigmoid": lambda dy, y: dy * (y * (1 - y)),
        "tanh": lambda dy, y: dy * (1 - y * y),
    }
    cpu = processor(jax)
    calls: dict[str, Call] = {}
    for name, a in arrays.items():
        if name in IN_PLACE:
            continue
        given = (a.x,) if direction == "forward" else (a.dy, a.y)
        function = jax.jit((forward if direction == "forward" else backward)[name])
        held = tuple(jax.device_put(array, cpu) for array in given)
        calls[name] = partial(_waited, function, *held)
    return calls


LIBRARIES: Mapping[str, Callable[[str, Arrays], dict[str, Call]]] = MappingProxyType(
    {"actbench": _actbench, "numpy": _numpy, "torch": _torch, "jax": _jax}
)


@contextmanager
def lined_up(direction: str, arrays: Arrays) -> Iterator[tuple[dict[tuple[str, str], Call], dict[str, str]]]:
    """The calls of all libraries for one race, and the reasons of those that are not there.

    Parameters
    ----------
    direction
        ``"forward"`` or ``"backward"``.
    arrays
        Pass to its arrays; in-place passes overwrite their ``dy``.

    Yields
    ------
    calls, absent
        ``(library, pass)`` to a call; library to why it takes no part.
    """
    calls: dict[tuple[str, str], Call] = {}
    absent: dict[str, str] = {}
    with ExitStack() as stack:
        stack.enter_context(np.errstate(all="ignore"))
        for library, load in LIBRARIES.items():
            try:
                if library == "torch":
                    stack.enter_context(import_module("torch").no_grad())
                if library == "jax":  # without x64 jax turns float64 into float32
                    jax = import_module("jax")
                    wide = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64
                    stack.enter_context(wide(True))
                calls.update({(library, name): call for name, call in load(direction, arrays).items()})
            except Exception as error:  # a library that is absent or broken takes no part
                absent[library] = f"{type(error).__name__}: {error}".split("\n")[0][:200]
        yield calls, absent
