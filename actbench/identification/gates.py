"""Gates of two inputs, in every layout and order, with their limits and steepnesses fitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.gate import OTHER
from actbench.activations.layout import Layout
from actbench.activations.registry import AXIS, along
from actbench.activations.vector import VectorFunction
from actbench.core.errors import ActbenchError
from actbench.identification.elementwise import BODY, X, beside
from actbench.identification.found import Near
from actbench.identification.jumps import Jump, jumps, placed

Array = NDArray[Any]
# both inputs take each of these: plain, clamped and step gates differ at large ones alone
AT = np.array([-60.0, -26.0, -17.0, -11.0, -8.0, -6.5, -5.0, -3.0, -1.5, -0.7, -0.2, 0.0, 0.3, 0.8, 1.0, 2.0, 3.3, 5.2,
               6.4, 7.3, 9.1, 10.6, 14.0, 16.5, 24.0, 60.0])  # fmt: skip
A, B = (grid.reshape(-1) for grid in np.meshgrid(AT, AT, indexing="ij"))


def rows() -> list[VectorFunction]:
    """Every gate, the plainest first."""
    return sorted((row for row in AXIS if row.views), key=lambda row: len(row.parameters))


@dataclass(frozen=True)
class Asked:
    """A black box's answers at `A` and `B`, and at both sides of its jumps along either input, the other being 1."""

    a: Array
    b: Array
    y: Array
    jumps: dict[str, tuple[Jump, ...]]

    @property
    def table(self) -> Array:
        """Its values at `A` and `B`, a row for each a."""
        return self.y[: A.size].reshape(AT.size, AT.size)

    def swapped(self) -> Asked:
        """Of the function whose inputs are named the other way round."""
        return Asked(self.b, self.a, self.y, {OTHER[side]: found for side, found in self.jumps.items()})

    def near(self, spec: str, has: Array) -> Near:
        """A gate beside it."""
        distance, apart, i = beside(self.y, has, (np.abs(self.a) <= BODY) & (np.abs(self.b) <= BODY))
        return Near(spec=spec, distance=distance, apart=apart, body=f"for |a|, |b| <= {BODY:g}",
                    at=(float(self.a[i]), float(self.b[i])), came=float(self.y[i]), has=float(has[i]))  # fmt: skip


def ask(call: Callable[[Array, Array], Array], dtype: str) -> Asked:
    """Call a black box of two inputs."""

    def along(side: str, x: Array) -> Array:
        one = np.ones_like(x)
        return call(*((x, one) if side == "a" else (one, x)))

    found = {side: jumps(partial(along, side), X, along(side, X), dtype) for side in OTHER}
    at = {side: [x for jump in found[side] for x in jump.sides] for side in found}
    a = np.concatenate([A, at["a"], np.ones(len(at["b"]))])
    b = np.concatenate([B, np.ones(len(at["a"])), at["b"]])
    return Asked(a, b, call(a, b), found)


def search(asked: dict[Layout | None, Asked]) -> Iterator[list[Near]]:
    """Gates at their defaults, without their clamps, then with fitted parameters; of each the best layout.

    Parameters
    ----------
    asked
        The black box by layout; None for a function of two arrays, whose order is free.
    """
    for stage in (_at_defaults, _known_elsewhere, _jumping, _fitted):
        found = []
        for row in rows():
            for layout, given in asked.items():
                for swapped in (False, True) if layout is None else (False,):
                    one = given.swapped() if swapped else given
                    for made in stage(row, one):
                        has = np.asarray(made.of(one.a, one.b))
                        found.append(one.near(_spec(made.spec, layout, swapped), has))
        yield sorted(found, key=lambda near: near.distance)


def _spec(spec: str, layout: Layout | None, swapped: bool) -> str:
    if layout is None:
        name = "halves_value_first" if swapped else "halves"
        return along(spec).bind(layout=name).spec
    return along(spec).bind(layout=layout.name).spec


def _at_defaults(row: VectorFunction, asked: Asked) -> Iterator[VectorFunction]:
    yield row


def _known_elsewhere(row: VectorFunction, asked: Asked) -> Iterator[VectorFunction]:
    """Without a clamp, and at other libraries' numbers."""
    choices = [{k: v for k, v in values.items() if k in row.parameters} for values in row.defaults.values()]
    if "limit" in row.parameters:
        choices.append({"limit": np.inf})
    if "alpha" in row.parameters:
        choices += [{"alpha": alpha} | more for alpha in (1.0, 1.702) for more in ({}, *choices)]
    for numbers in filter(None, choices):
        yield row.bind(**numbers)


def _jumping(row: VectorFunction, asked: Asked) -> Iterator[VectorFunction]:
    """With the parameter that is the place of a jump where the black box jumps."""
    for side, found in asked.jumps.items():
        there = placed(row.views[side], found) if found else None
        if there and there[0] in row.parameters:
            yield row.bind(**{there[0]: there[1].bound[there[0]]})


def _fitted(row: VectorFunction, asked: Asked) -> Iterator[VectorFunction]:
    from scipy.optimize import least_squares

    names, y = list(row.parameters), asked.y
    if not names:
        return
    use = np.isfinite(y)
    size = np.maximum(np.abs(y), 0.01 * np.abs(y[use]).max() if use.any() else 1.0)

    def bound(logs: Any, digits: int = 10) -> VectorFunction:
        return row.bind(**{name: float(f"{np.exp(v):.{digits}g}") for name, v in zip(names, logs, strict=True)})

    def off(logs: Any) -> Array:
        try:
            has = np.asarray(bound(logs).of(asked.a, asked.b))
        except ActbenchError:
            return np.full(y.size, 1e3)
        return np.where(use, (has - y) / size, 0.0)

    best, least = None, np.inf
    for factor in (0.4, 1.0, 2.2):
        start = np.log([max(row.values()[name], 1e-2) * factor for name in names])
        found = least_squares(off, start, method="lm", max_nfev=60 * len(names))
        if found.cost < least:
            best, least = found.x, found.cost
    if best is None or least > 50.0:
        return
    for digits in (3, 4, 6, 10):
        with suppress(ActbenchError):
            yield bound(best, digits)
