"""What torch, jax and keras give for a function along the last axis: its value and its vector-Jacobian product."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.vector import VectorFunction
from actbench.core.errors import unknown
from actbench.implementations.named import named_function
from actbench.implementations.peers import PEERS, version

Array = NDArray[Any]
# forward takes x, backward dy and x; both give a new array
Call = Callable[..., Array]


def find(peer: str, function: VectorFunction, direction: str, dtype: str) -> tuple[Call | None, str]:
    """A peer's function for one direction of an axis function, or the reason why there is none.

    Parameters
    ----------
    peer
        One of `actbench.implementations.peers.PEERS`.
    function, direction, dtype
        What is asked for; arrays of ``dtype`` go in and come out.

    Raises
    ------
    ActbenchError
        For a peer that is not known.
    """
    if peer not in PEERS:
        raise unknown("peer", peer, PEERS)
    named = function.peers.get(peer)
    if named is None or peer not in LOADERS:
        return None, f"{function.name} names no function of {peer}"
    if version(peer) is None:
        return None, f"{peer} is not installed"
    try:
        return LOADERS[peer](named_function(named)[0], direction, dtype)
    except (ImportError, AttributeError) as error:
        return None, f"{peer} {version(peer)} has no {named} ({error})"


def _torch(function: Any, direction: str, dtype: str, axis: str = "dim") -> tuple[Call | None, str]:
    torch = import_module("torch")

    def forward(x: Array) -> Array:
        return np.array(function(torch.from_numpy(x.copy()), **{axis: -1}).numpy())

    def backward(dy: Array, x: Array) -> Array:
        tensor = torch.from_numpy(x.copy()).requires_grad_()
        (found,) = torch.autograd.grad(function(tensor, **{axis: -1}), tensor, torch.from_numpy(dy.copy()))
        return np.array(found.numpy())

    return (forward if direction == "forward" else backward), ""


def _jax(function: Any, direction: str, dtype: str) -> tuple[Call | None, str]:
    from actbench.implementations.jax_ import _wide

    jax = import_module("jax")
    cpu = jax.devices("cpu")[0]

    def forward(x: Array) -> Array:
        with _wide(jax), jax.default_device(cpu):
            return np.array(function(jax.numpy.asarray(x), axis=-1))

    def backward(dy: Array, x: Array) -> Array:
        with _wide(jax), jax.default_device(cpu):
            _, pull = jax.vjp(lambda v: function(v, axis=-1), jax.numpy.asarray(x))
            return np.array(pull(jax.numpy.asarray(dy))[0])

    return (forward if direction == "forward" else backward), ""


def _keras(function: Any, direction: str, dtype: str) -> tuple[Call | None, str]:
    backend = import_module("keras").backend.backend()
    if backend != "torch":
        return None, f"keras computes on {backend} here; set KERAS_BACKEND=torch"
    return _torch(function, direction, dtype, axis="axis")


LOADERS: dict[str, Callable[[Any, str, str], tuple[Call | None, str]]] = {
    "torch": _torch, "jax": _jax, "keras": _keras,
}  # fmt: skip
