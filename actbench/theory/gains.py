"""Factors that keep a signal's size: forward, backward, what torch's table says beside them, and those of gates."""

from __future__ import annotations

import math
from dataclasses import dataclass

from actbench.activations.registry import AXIS, along, resolve
from actbench.core.errors import ActbenchError
from actbench.theory.gaussian import moments
from actbench.theory.subject import Subject, spec_of

# torch.nn.init.calculate_gain, 2.13: seven names; tanh's 5/3 and selu's 3/4 are conventions, sigmoid's 1 no gain at all
TORCH = {"identity": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}

INSIDE = (1.0, 4.0, 30.0, -1.0)  # where a factor is not 0


@dataclass(frozen=True, kw_only=True)
class Gains:
    """Factors for a function f of z ~ N(0, q); of a gate f(a) g(b), a and b independent of that law.

    Parameters
    ----------
    value
        1 / std f(z): the output gets variance 1 (unit scaling, Blake et al. 2023).
    forward
        1 / sqrt(E f(z)^2), times sqrt(q): a layer with weights of variance forward^2 / fan_in keeps q.
    slope
        1 / sqrt(E f'(z)^2): weights of variance slope^2 / fan_out keep the gradient; of a gate, that of the gating
        input a, 1 / sqrt(E f'(a)^2 E g(b)^2).
    multiplier
        Of a gate, 1 / sqrt(E f(a)^2 E g'(b)^2): keeps the gradient that arrives at the other input, b. NaN for an
        elementwise function.
    torch
        What ``torch.nn.init.calculate_gain`` gives, NaN where it knows no such name.
    """

    value: float
    forward: float
    slope: float
    multiplier: float
    torch: float


def gains(name: Subject, q: float = 1.0) -> Gains:
    """The factors of a function or a gate (``"swiglu"``) at one variance of its input.

    Raises
    ------
    ActbenchError
        For q not above 0, or a function along an axis that is no gate.
    """
    if not q > 0:
        raise ActbenchError(f"q={q!r}: at length 0 there is no size to keep; give a finite number above 0")
    if isinstance(name, str) and name.partition(":")[0] in AXIS:
        return _of_gate(name, q)
    at = moments(name, q)
    spread = at.second - at.mean * at.mean
    rounding = 1e-13 * at.second  # what a variance this far below E f^2 cannot be told from
    return Gains(
        value=_inverse(spread if spread > rounding else 0.0), forward=math.sqrt(q) * _inverse(at.second),
        slope=_inverse(at.d_second), multiplier=math.nan, torch=_in_torch(spec_of(name)),
    )  # fmt: skip


def gates() -> list[str]:
    """Names of the gates, which have gains."""
    return [function.name for function in AXIS if function.views]


def product_moments(name: str, q: float = 1.0) -> tuple[float, float, float, float]:
    """Of a gate y = f(a) g(b): E y, E y^2, E (dy/da)^2 and E (dy/db)^2.

    Each factor is the gate at a number for its other input, over the other factor there.
    """
    gate = along(name)
    if not gate.views:
        raise ActbenchError(f"{gate.name} mixes a whole vector: no gains; known gates: {', '.join(gates())}")
    a, b = next((a, b) for a in INSIDE for b in INSIDE if gate.of(a, b) != 0)
    f, g = (moments(gate.view(side).bind(**{other: at}), q) for side, other, at in (("a", "b", b), ("b", "a", a)))
    size = float(gate.of(a, b))
    pairs = ((f.mean, g.mean / size), (f.second, g.second), (f.d_second, g.second), (f.second, g.d_second))
    mean, *squares = (one * other for one, other in pairs)
    second, at_a, at_b = (square / size**2 for square in squares)
    return mean, second, at_a, at_b


def _of_gate(name: str, q: float) -> Gains:
    mean, second, at_a, at_b = product_moments(name, q)
    spread = second - mean * mean
    return Gains(value=_inverse(spread if spread > 1e-13 * second else 0.0), forward=math.sqrt(q) * _inverse(second),
                 slope=_inverse(at_a), multiplier=_inverse(at_b), torch=math.nan)  # fmt: skip


def _inverse(square: float) -> float:
    return 1 / math.sqrt(square) if square > 0 else math.inf if square == 0 else math.nan


def _in_torch(spec: str) -> float:
    name, _, given = spec.partition(":")
    if name == "leaky_relu":
        slope = float(resolve(spec).values()["negative_slope"])
        return math.sqrt(2 / (1 + slope * slope))
    return TORCH.get(name, math.nan) if not given else math.nan
