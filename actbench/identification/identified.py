"""`identify`: the row that a black box is, from a few calls of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.layout import Layout
from actbench.activations.registry import AXIS, along, named
from actbench.core.errors import ActbenchError
from actbench.identification import elementwise, gates
from actbench.identification.blackbox import BlackBox
from actbench.identification.found import Identified, Near

Array = NDArray[Any]
NEAREST = 5
PLAIN = 0.5  # a scaled copy of a row stands before moved and fitted ones that are up to twice as near
SAME = 3  # parameters of a row that is named as the same function: one of many can be anything


def identify(subject: Any) -> Identified:
    """Which function of the catalogue a black box is, with its parameters, layout and scale.

    Parameters
    ----------
    subject
        A function of one array, or of two for a gate; a module of torch; a target such as ``"my.py:act"``, which is
        loaded in this process.

    Returns
    -------
    `Identified`: the row, a f(b x + c) + d around it, the layout of a gate's inputs, other names of the same function;
    or none, with the nearest five rows and the input at which each differs most.

    Raises
    ------
    ActbenchError
        For what cannot be called with one array or with two.
    """
    name, given = _loaded(subject)
    box = BlackBox(given)
    with np.errstate(all="ignore"):  # 0 times an infinite limit, far out
        if box.kind == "elementwise":
            return _elementwise(name, box)
        return _gate(name, box) if box.kind in ("halved", "two") else _along(name, box)


def _loaded(subject: Any) -> tuple[str, Any]:
    if not isinstance(subject, str):
        return getattr(subject, "__name__", type(subject).__name__), subject
    from actbench.implementations.targets import is_target
    from actbench.implementations.targets.target import load, parse

    if is_target(subject):
        return subject, load(parse(subject))
    return subject, named(subject)


def _told(name: str, kind: str, stages: Any, tolerance: float) -> Identified:
    """The first stage that has a row, or the nearest of all."""
    tried: dict[str, Near] = {}
    for stage in stages:
        right = [one for one in stage if one.distance <= tolerance]
        if right:
            plain = min(right, key=_plainness)
            other: dict[str, Near] = {}  # of a row the form that takes the fewest numbers
            for one in sorted(right, key=lambda one: one.numbers):
                if _row(one) != _row(plain) and _parameters(one.spec) <= SAME:
                    other.setdefault(_row(one), one)
            same = tuple(one.form for one in other.values())
            return Identified(subject=name, found=plain, kind=kind, same=same)
        for one in stage:
            if _row(one) not in tried or _rank(one) < _rank(tried[_row(one)]):
                tried[_row(one)] = one
    return Identified(subject=name, found=None, kind=kind, nearest=_nearest(tried.values()))


def _plainness(one: Near) -> tuple[float, ...]:
    """What the forms of one function are chosen by: few numbers, not moved, short numbers, little moved."""
    longest, moved = max(map(len, re.findall(r"[\d.]+", one.form)), default=0), abs(one.shift) + abs(one.offset)
    return one.numbers, one.distance > 1e-12, moved > 0, longest, moved


def _nearest(tried: Iterable[Near]) -> tuple[Near, ...]:
    """The nearest, of rows that are one curve there (tanh, lecun_tanh) the plainest."""

    def rank(one: Near) -> tuple[float, int, bool]:
        row = named(one.spec)
        return float(f"{_rank(one):.3g}"), len(row.parameters), "torch" not in row.peers

    kept: list[Near] = []
    for one in sorted(tried, key=rank):
        if not any(one.at == other.at and abs(one.has - other.has) <= 1e-4 * one.apart for other in kept):
            kept.append(one)
    return tuple(kept[:NEAREST])


def _rank(one: Near) -> float:
    """What the nearest rows are sorted by."""
    return one.apart * (PLAIN if one.plain else 1.0)


def _row(one: Near) -> str:
    return one.spec.partition(":")[0]


def _parameters(spec: str) -> int:
    return len(named(spec).parameters)


def _elementwise(name: str, box: BlackBox) -> Identified:
    asked = elementwise.ask(box, box.dtype)
    finite = asked.y[np.isfinite(asked.y)]
    if finite.size and np.ptp(finite) == 0.0:
        return _constant(name, "elementwise", float(finite[0]))
    return _told(name, "elementwise", elementwise.search(asked), box.tolerance)


def _constant(name: str, kind: str, value: float) -> Identified:
    said = f"it gives {value + 0.0:g} for every input" + (": a clamp at 0 does that" if value == 0 else "")
    return Identified(subject=name, found=None, kind=kind, remarks=(said,))


def _gate(name: str, box: BlackBox) -> Identified:
    layouts: list[Layout | None] = [None] if box.kind == "two" else list(box.layouts())
    asked = {layout: gates.ask(partial(box.of_two, layout=layout), box.dtype) for layout in layouts}
    y = next(iter(asked.values())).y
    if np.ptp(y) == 0.0:
        return _constant(name, "gate", float(y[0]))
    for layout, at in asked.items():
        if single := _of_one(name, box, layout, at):
            return single
    found = _told(name, "gate", gates.search(asked), box.tolerance)
    return found if found.found else _product(name, box, asked) or found


def _of_one(name: str, box: BlackBox, layout: Layout | None, asked: gates.Asked) -> Identified | None:
    """Where one input takes no part: the other's elementwise function."""
    table = asked.table
    for axis, side in ((1, "a"), (0, "b")):
        if (np.ptp(table, axis=axis) == 0.0).all():
            found = _told(name, "gate", elementwise.search(_asked_one(box, side, layout, 0.7)), box.tolerance)
            where = f" in the layout {layout.name}" if layout is not None else ""
            said = f"it is no gate: a function of {side} alone{where}; the other input takes no part"
            return Identified(subject=name, found=found.found, kind="elementwise", same=found.same,
                              nearest=found.nearest, remarks=(said,))  # fmt: skip
    return None


def _asked_one(box: BlackBox, side: str, layout: Layout | None, other: float) -> elementwise.Asked:
    """Asked of one input, the other fixed."""

    def call(x: Array) -> Array:
        fixed = np.full_like(x, other)
        return box.of_two(*((x, fixed) if side == "a" else (fixed, x)), layout)

    return elementwise.ask(call, box.dtype)


def _product(name: str, box: BlackBox, asked: dict[Layout | None, gates.Asked]) -> Identified | None:
    """An elementwise row times the other input, which no gate of the catalogue is."""
    for layout, given in asked.items():
        for side, own in (("a", given.table), ("b", given.table.T)):
            wanted = own[:, [int(np.flatnonzero(gates.AT == 1.0)[0])]] * gates.AT
            if (elementwise.difference(own.reshape(-1), wanted.reshape(-1)) <= box.tolerance).all():
                found = _told(name, "gate", elementwise.search(_asked_one(box, side, layout, 1.0)), box.tolerance)
                if found.found:
                    where = f", in the layout {layout.name}" if layout is not None else ""
                    said = f"this row of {side} times the other input{where}: no gate of the catalogue by itself"
                    return Identified(subject=name, found=found.found, kind="gate", same=found.same, remarks=(said,))
    return None


def _along(name: str, box: BlackBox) -> Identified:
    """Functions that mix a vector: at their defaults, at whole numbers for k, and fitted."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((24, 12)) * np.repeat([0.5, 2.0, 8.0], 8)[:, None]
    y = np.stack([box(line) for line in x])
    factor = y.shape[1] / x.shape[1]

    def near(spec: str) -> Near:
        has = np.asarray(along(spec)(x))
        distance, apart, place = elementwise.beside(y.reshape(-1), has.reshape(-1), np.ones(y.size, bool))
        i, j = divmod(place, y.shape[1])
        return Near(spec=spec, distance=distance, apart=apart, body="over what was tried", at=(float(x[i][j % 12]),),
                    came=float(y[i, j]), has=float(has[i, j]))  # fmt: skip

    def stages() -> Any:
        mine = [row for row in AXIS if row.factor == factor and not row.views]
        yield sorted((near(row.spec) for row in mine), key=lambda one: one.distance)
        choices = [(row, name) for row in mine for name in row.parameters]
        yield sorted((_line(row, name, near, x, y) for row, name in choices), key=lambda one: one.distance)

    return _told(name, "axis", stages(), box.tolerance)


def _line(row: Any, name: str, near: Any, x: Array, y: Array) -> Near:
    """One parameter searched: whole numbers for a count, least squares for others."""
    if row.parameters[name].valid(1.5) is False:
        specs = [row.bind(**{name: k}).spec for k in range(1, x.shape[1] + 1)]
        found_near: Near = min((near(spec) for spec in specs), key=lambda one: one.distance)
        return found_near
    from scipy.optimize import minimize_scalar

    def off(value: float) -> float:
        try:
            return float(np.log1p(np.square(np.asarray(row.bind(**{name: value})(x)) - y)).sum())
        except ActbenchError:
            return 1e9

    found = minimize_scalar(off, bracket=(row.values()[name] - 0.5, row.values()[name] + 0.7), tol=1e-12).x
    tried: list[Near] = []
    for digits in (3, 6, 12):
        try:
            tried.append(near(row.bind(**{name: float(f"{found:.{digits}g}")}).spec))
        except ActbenchError:
            continue
    tried = tried or [near(row.spec)]
    return min(tried, key=lambda one: one.distance)


def is_configuration(text: str) -> bool:
    """Whether a text names a model's configuration rather than a function."""
    return text.endswith(".json")
