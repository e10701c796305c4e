"""Other people's implementations: the value and the slope that a peer gives for a row that names it.

One module a peer, each with ``load(named, activation, direction, dtype)``; the peer itself is imported inside it alone,
and one that is not there is a reason, not a crash.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module, metadata
from typing import Any

from numpy.typing import NDArray

from actbench.activations.record import Activation
from actbench.core.errors import unknown

PEERS = ("torch", "jax", "keras", "scipy")

# forward: values of x; backward: the slope at x, that is the gradient for dy = 1
Call = Callable[[NDArray[Any]], NDArray[Any]]


def version(peer: str) -> str | None:
    """The version of a peer that is installed, read without importing it; None where there is none."""
    try:
        return metadata.version(peer)
    except metadata.PackageNotFoundError:
        return None


def find(peer: str, activation: Activation, direction: str, dtype: str) -> tuple[Call | None, str]:
    """A peer's function for one direction of a row, or the reason why there is none.

    Parameters
    ----------
    peer
        One of `PEERS`.
    activation
        A row; parameters that it binds are handed to the peer by name.
    direction
        ``"forward"`` or ``"backward"``.
    dtype
        ``"float32"`` or ``"float64"``; the arrays that the function takes and gives.

    Returns
    -------
    call, reason
        ``call(x)`` gives a new array of the shape and dtype of ``x``; where it is None, ``reason`` says why.

    Raises
    ------
    ActbenchError
        For a peer that is not known.
    """
    if peer not in PEERS:
        raise unknown("peer", peer, PEERS)
    named = activation.peers.get(peer)
    if named is None:
        return None, f"{activation.name} names no function of {peer}"
    if version(peer) is None:
        return None, f"{peer} is not installed"
    module = import_module(f"actbench.implementations.{peer}_")
    try:
        return module.load(named, activation, direction, dtype)  # type: ignore[no-any-return]
    except (ImportError, AttributeError) as error:
        return None, f"{peer} {version(peer)} has no {named} ({error})"
