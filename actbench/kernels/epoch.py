"""Compiled passes of plain networks, and a whole epoch of training as one call: a step without Python.

Small networks spend their time between products: torch eager takes 770 us for a step of three layers of 64 units at
batch 32 on a machine where its matrix products take 60.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from actbench.activations.parameter import Learned, Sampled
from actbench.activations.record import Activation
from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError
from actbench.expression.graph import argument_names
from actbench.kernels import cache
from actbench.kernels.compile import compiled, compiling
from actbench.kernels.lower import operands_of

# Order of the numbers in `hyper`.
HYPER = ("rate", "momentum", "decay", "beta1", "beta2", "epsilon")
WORDS = 17  # in a row of the table, as `epoch_native` reads it: an address, eight operands, eight numbers
ARRAYS = {"dy": 0, "x": 1, "y": 2}  # operands by number; 3 is the output, and sampled parameters follow


class Passes(NamedTuple):
    """The machine code of `epoch_native` in one format.

    ``epoch(theta, grad, m, v, inputs, labels, targets, order, shape, step, kept, is_adam, hyper, result, *calls)``
    trains one network, whose parameters are ``theta``, on ``inputs`` in an order. For cross-entropy there are
    ``labels``, else ``targets`` ``(samples, outputs)``; the other is empty. ``shape`` is (depth, units, outputs,
    batch); ``kept`` says whether pre-activations are needed on the way back. ``result`` (4) takes up the loss summed
    over samples, right answers, samples, and 1 where a loss was not finite.
    """

    forward: Callable[..., None]
    backward: Callable[..., None]
    epoch: Callable[..., None]


@lru_cache(maxsize=2)
def passes(bits: int) -> Passes:
    """The compiled passes in float32 or float64."""
    import scipy.linalg  # noqa: F401  whose BLAS they call: whoever limits its threads has to find it loaded

    compiling()
    text = Path(__file__).with_name("epoch_native.py").read_text(encoding="utf-8")
    text = text.replace("real = np.float32", f"real = np.float{bits}")
    return Passes(*cache.load(lambda keep: text.replace("cache=True", f"cache={keep}")))  # type: ignore[misc]


@dataclass(frozen=True, kw_only=True)
class Calls:
    """How compiled passes call one activation's loops.

    Parameters
    ----------
    table
        A row for the forward loop, the backward loop, the gradient of each learned parameter, and at last the
        exponential: where the machine code lies, its operands and numbers in order; -1 where there is no more.
    numbers
        What the loops are given as numbers; learned parameters are filled in layer by layer.
    drawn
        The names of the sampled parameters that come as arrays.
    learned
        How many learned parameters a layer has.
    alive
        What the table holds addresses of.
    """

    table: NDArray[np.int64]
    numbers: NDArray[Any]
    drawn: tuple[str, ...]
    learned: int
    alive: tuple[Any, ...]

    def given(self, drawn: NDArray[Any] | None = None) -> tuple[Any, ...]:
        """The last operands of every pass.

        ``drawn`` are one network's sampled parameters, ``(len(self.drawn), depth * samples * units)``.
        """
        none = np.empty((0, 0), self.numbers.dtype)
        return self.table, self.numbers, none if drawn is None else drawn, np.zeros(8, np.int64), self.learned


@lru_cache(maxsize=128)
def calls(spec: str, bits: int, drawn: bool) -> Calls:
    """The loops of a row in one format; ``drawn``: whether sampled parameters come one an element, or as numbers."""
    row = resolve(spec)
    learned = [name for name, parameter in row.parameters.items() if type(parameter) is Learned]
    if set(learned) - set(row.parameter_gradients):
        raise ActbenchError(f"{row.name} has learned parameters without a gradient; use backend='numpy'")
    sampled = tuple(name for name in sampled_by(row) if drawn)
    values, dtype = row.values(), np.dtype(f"float{bits}")
    table, numbers = np.full((3 + len(learned), WORDS), -1, np.int64), np.zeros((3 + len(learned), 8), dtype)
    alive = []
    for place, direction in enumerate(("forward", "backward", *learned)):
        operands = operands_of(row, direction, saved=True)
        arrays = tuple(name for name in operands if name in sampled)
        alive.append(compiled(spec, direction, bits, direction != "forward", arrays))
        pointers = [ARRAYS[name] for name in operands if name in ARRAYS] + [4 + sampled.index(name) for name in arrays]
        table[place, 0] = alive[-1].address
        table[place, 1 : 2 + len(pointers)] = [*pointers, 3]
        for slot, name in enumerate(name for name in operands if name not in ARRAYS and name not in arrays):
            if name in learned:
                table[place, 9 + slot] = learned.index(name)
            else:
                numbers[place, slot] = values[name]
    alive.append(compiled("exponential", "forward", bits, False, ()))
    table[-1, :3] = alive[-1].address, ARRAYS["x"], 3
    return Calls(table=table, numbers=numbers, drawn=sampled, learned=len(learned), alive=tuple(alive))


def sampled_by(row: Activation) -> list[str]:
    """The parameters that are drawn one an element in training."""
    return [name for name, parameter in row.parameters.items() if isinstance(parameter, Sampled)]


def saved_by(row: Activation) -> tuple[str, ...]:
    """The arrays that backward and the parameters' gradients need: of ``x`` and ``y``."""
    wanted = {*row.saves}
    for function in row.parameter_gradients.values():
        wanted |= {name for name in argument_names(function) if name in ("x", "y")}
    return tuple(name for name in ("x", "y") if name in wanted)
