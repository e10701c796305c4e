"""The fast path of plain networks: memory, views and kernels of one batch size, laid out once and walked many times.

At width 128 a layer's three products take 150 us, so ten microseconds of look-ups a layer would already be 7 %.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.kernels.fused_layer import backward_kernel, forward_kernel
from actbench.networks.design import Design, Parameters
from actbench.networks.elementwise import Elementwise, Sums, summed


class Plan:
    """Hidden layers without normalisation, shortcut or sampled parameters.

    Parameters
    ----------
    design, parameters, gradients
        The network, its numbers, and where their gradients go.
    element
        Its activation; the fused backend.
    shape
        Of the inputs, ``(nets or 1, batch, features)``.
    overwrite
        Whether pre-activations give way to activations.
    """

    def __init__(
        self, design: Design, parameters: Parameters, gradients: Parameters, element: Elementwise,
        shape: tuple[int, ...], *, overwrite: bool,
    ) -> None:  # fmt: skip
        nets, batch, width = parameters.nets, shape[1], design.width
        dtype = parameters.flat.dtype
        layers = range(1, design.depth + 1)
        self.element, self.parameters, self.gradients = element, parameters, gradients
        self.given = [{name: parameters[name, layer] for name in element.learned} for layer in layers]
        self.z = [np.empty((nets, batch, width), dtype) for _ in layers]
        self.y = self.z if overwrite else [np.empty_like(z) for z in self.z]
        self.squares = np.empty((design.depth, nets))
        self.taken = np.empty((design.depth, nets), np.int64)
        self._arrive, self._leave = np.empty_like(self.z[0]), np.empty_like(self.z[0])
        self.layers: list[Any] = []  # what the owner hands out
        self._first = np.empty((nets, *shape[1:]), dtype)
        self._forward: list[tuple[Any, ...]] = []
        self._backward: list[tuple[Any, ...]] = []
        for i, layer in enumerate(layers):
            values, kinds = element.values(self.given[i])
            w, b, z, y = parameters["w", layer], parameters["b", layer], self.z[i], self.y[i]
            run = forward_kernel(element.row.spec, 8 * dtype.itemsize, kinds, overwrite, True)
            self._forward.append((w, z, run, (z, *([] if overwrite else [y]), b, *values), y))
            self._backward.append(self._step(layer, values, kinds))

    def _step(self, layer: int, values: list[Any], kinds: tuple[str, ...]) -> tuple[Any, ...]:
        """What one layer's way back needs, in the order of use."""
        element, i = self.element, layer - 1
        spec, bits = element.row.spec, 8 * self.z[0].dtype.itemsize
        run: Callable[..., None] = backward_kernel(spec, bits, kinds)
        flat = (self.parameters.nets, -1)
        saved = [{"x": self.z[i], "y": self.y[i]}[name].reshape(flat) for name in element.saves]
        learned = {name: np.empty(self.parameters.nets) for name in element.row.parameter_gradients}
        before = (self._arrive.reshape(flat), *saved, self._leave.reshape(flat), self.gradients["b", layer],
                  self.squares[i], self.taken[i])  # fmt: skip
        after = (*learned.values(), *values)
        copies = [(self.gradients[name, layer], found) for name, found in learned.items()]
        turned = self.y[i - 1].transpose(0, 2, 1) if i else None
        w = self.parameters["w", layer].transpose(0, 2, 1)
        return run, before, after, copies, turned, self.gradients["w", layer], w

    def forward(self, h: NDArray[Any]) -> NDArray[Any]:
        """The last hidden layer's output."""
        matmul = np.matmul
        for w, z, run, arguments, y in self._forward:
            matmul(h, w, z)
            run(*arguments)
            h = y
        return h

    @property
    def arriving(self) -> NDArray[Any]:
        """Where the caller puts the gradient that arrives at the last hidden layer."""
        return self._arrive

    def backward(self, inputs: NDArray[Any], *, at_z: bool, carry: bool, wanted: bool) -> NDArray[Any] | None:
        """Fill gradients, ``squares`` and ``taken``; the inputs' gradient where it is wanted."""
        matmul, leave, arrive = np.matmul, self._leave, self._arrive
        for i in range(len(self._backward) - 1, -1, -1):
            run, before, after, copies, turned, found, w = self._backward[i]
            if at_z and i == len(self._backward) - 1:
                leave[...] = arrive
                sums = Sums(bias=before[-3], squares=before[-2], taken=before[-1])
                summed(leave, sums, carry=carry)
            else:
                run(*before, carry, *after)
                for block, values in copies:
                    block[...] = values
            if i:
                matmul(turned, leave, found)
                matmul(leave, w, arrive)
            else:
                matmul(inputs.transpose(0, 2, 1), leave, found)
                return matmul(leave, w, self._first) if wanted else None
        raise AssertionError("a network has a layer")
