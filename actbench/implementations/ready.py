"""Other people's implementations as they are raced: one call on arrays that stay, results where the peer can put them.

One ``ready`` a module: ``ready(activation, direction, operands)`` gives a `Ready`, or the reason why there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from actbench.activations.record import Activation
from actbench.core.errors import unknown

Array = NDArray[Any]

DEVICES = ("cpu", "cuda")
ON_CUDA = ("torch", "torch.compile")  # peers that are raced on a GPU too
# Name in tables to module; `torch.compile` lies beside torch.
CONTENDERS: Mapping[str, str] = MappingProxyType(
    {
        "numpy": "numpy_",
        "torch": "torch_race",
        "torch.compile": "compiled_torch",
        "jax": "jax_race",
        "onnxruntime": "onnxruntime_",
        "keras": "keras_race",
    }
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Operands:
    """The arrays of one race; competitors read ``x``, ``dy``, ``y`` and write ``out``.

    Parameters
    ----------
    x, dy, y
        Input; gradient of the output; the activation's output at x.
    out
        Where those write that can.
    """

    x: Array
    dy: Array
    y: Array
    out: Array

    @property
    def size(self) -> int:
        """Elements."""
        return self.x.size


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedCall:
    """A competitor at the start.

    Parameters
    ----------
    call
        What is timed.
    result
        The values of one call as a NumPy array; not timed.
    refresh
        Reads the operands again, where ``call`` does not work on their memory itself.
    kept
        Bytes that are kept from the forward pass for the backward pass; None where nobody can tell.
    preallocated
        Whether results are written into memory that is there already.
    around
        What must be open while calls run: x64 for jax, no_grad for torch.
    note
        What a reader of the table should know.
    """

    call: Callable[[], object]
    result: Callable[[], Array]
    refresh: Callable[[], None] = lambda: None
    kept: int | None = None
    preallocated: bool = False
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    note: str = ""


def get_prepared(
    contender: str, activation: Activation, direction: str, operands: Operands, device: str = "cpu"
) -> tuple[PreparedCall | None, str]:
    """A peer's competitor for one direction of an activation, or the reason why it takes no part.

    Parameters
    ----------
    racer
        One of `RACERS`.
    activation
        A row; its parameters are handed to the peer.
    direction
        ``"forward"`` or ``"backward"``.
    operands
        The arrays; their dtype is the race's.
    device
        One of `DEVICES`; on a GPU the peer works on copies of the arrays there.

    Raises
    ------
    ActbenchError
        For a racer that is not known.
    """
    if contender not in CONTENDERS:
        raise unknown("peer", contender, CONTENDERS)
    if device != "cpu" and contender not in ON_CUDA:
        return None, "is raced on the processor alone"
    try:
        module = import_module(f"actbench.implementations.{CONTENDERS[contender]}")
        found: tuple[PreparedCall | None, str] = module.ready(activation, direction, operands, device)
        if found[0] is not None:
            with found[0].around():
                found[0].call()
    except ModuleNotFoundError as error:
        return None, f"{error.name} is not installed"
    except Exception as error:  # a peer that fails to import or to run takes no part, whatever it raises
        return None, f"{type(error).__name__}: {error}".split("\n")[0][:200]
    return found
