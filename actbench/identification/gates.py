"""Gates of two inputs, in every layout and order, with their limits and steepnesses fitted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.layout import Layout
from actbench.activations.registry import AXIS, along
from actbench.activations.vector import VectorFunction
from actbench.core.errors import ActbenchError
from actbench.identification.elementwise import apart, difference
from actbench.identification.found import Near

Array = NDArray[Any]
# both inputs take each of these: plain, clamped and step gates differ at large ones alone
AT = np.array([-60.0, -26.0, -17.0, -11.0, -8.0, -6.5, -5.0, -3.0, -1.5, -0.7, -0.2, 0.0, 0.3, 0.8, 1.0, 2.0, 3.3, 5.2,
               6.4, 7.3, 9.1, 10.6, 14.0, 16.5, 24.0, 60.0])  # fmt: skip
A, B = (grid.reshape(-1) for grid in np.meshgrid(AT, AT, indexing="ij"))


def rows() -> list[VectorFunction]:
    """Every gate, the plainest first."""
    return sorted((row for row in AXIS if row.views), key=lambda row: len(row.parameters))


def near(y: Array, spec: str, has: Array) -> Near:
    """A gate beside values at `A` and `B`."""
    off = difference(y, has)
    i = int(off.argmax())
    inside = (np.abs(A) <= 12.0) & (np.abs(B) <= 12.0)
    return Near(spec=spec, distance=float(off[i]), apart=apart(y, has, inside), at=(float(A[i]), float(B[i])),
                came=float(y[i]), has=float(has[i]))  # fmt: skip


def search(values: dict[Layout | None, Array], tolerance: float) -> Iterator[list[Near]]:
    """Gates at their defaults, without their clamps, then with fitted parameters; of each the best layout.

    Parameters
    ----------
    values
        The black box at `A` and `B` by layout; None for a function of two arrays, whose order is free.
    """
    for stage in (_at_defaults, _known_elsewhere, _fitted):
        found = []
        for row in rows():
            for layout, y in values.items():
                for swapped in (False, True) if layout is None else (False,):
                    at = y.reshape(AT.size, AT.size).T.reshape(-1) if swapped else y
                    found += [near(at, _spec(row, spec, layout, swapped), has) for spec, has in stage(row, at)]
        yield sorted(found, key=lambda one: one.distance)


def _spec(row: VectorFunction, spec: str, layout: Layout | None, swapped: bool) -> str:
    if layout is None:
        name = "halves_value_first" if swapped else "halves"
        return along(spec).bind(layout=name).spec
    return along(spec).bind(layout=layout.name).spec


def _at_defaults(row: VectorFunction, y: Array) -> Iterator[tuple[str, Array]]:
    yield row.spec, np.asarray(row.of(A, B))


def _known_elsewhere(row: VectorFunction, y: Array) -> Iterator[tuple[str, Array]]:
    """Without a clamp, and at other libraries' numbers."""
    choices = [{k: v for k, v in values.items() if k in row.parameters} for values in row.defaults.values()]
    if "limit" in row.parameters:
        choices.append({"limit": np.inf})
    if "alpha" in row.parameters:
        choices += [{"alpha": alpha} | more for alpha in (1.0, 1.702) for more in ({}, *choices)]
    for numbers in filter(None, choices):
        bound = row.bind(**numbers)
        yield bound.spec, np.asarray(bound.of(A, B))


def _fitted(row: VectorFunction, y: Array) -> Iterator[tuple[str, Array]]:
    from scipy.optimize import least_squares

    names = list(row.parameters)
    if not names:
        return
    use = np.isfinite(y)
    size = np.maximum(np.abs(y), 0.01 * np.abs(y[use]).max() if use.any() else 1.0)

    def bound(logs: Any) -> VectorFunction:
        return row.bind(**{name: float(f"{np.exp(v):.10g}") for name, v in zip(names, logs, strict=True)})

    def off(logs: Any) -> Array:
        try:
            has = np.asarray(bound(logs).of(A, B))
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
        try:
            made = row.bind(**{name: float(f"{np.exp(v):.{digits}g}") for name, v in zip(names, best, strict=True)})
        except ActbenchError:
            continue
        yield made.spec, np.asarray(made.of(A, B))
