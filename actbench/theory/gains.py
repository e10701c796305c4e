"""Factors that keep a signal's size: forward, backward, what torch's table says beside them, and those of gates."""

from __future__ import annotations

import math
from dataclasses import dataclass

from actbench.activations.registry import ACTIVATIONS, AXIS, resolve
from actbench.core.errors import ActbenchError
from actbench.theory.gaussian import moments
from actbench.theory.subject import Subject, spec_of

# torch.nn.init.calculate_gain, 2.13: seven names; tanh's 5/3 and selu's 3/4 are conventions, sigmoid's 1 no gain at all
TORCH = {"identity": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}


@dataclass(frozen=True, kw_only=True)
class Gains:
    """Factors for a function f of z ~ N(0, q); of a gate a f(b), a and b independent of that law.

    Parameters
    ----------
    value
        1 / std f(z): the output gets variance 1 (unit scaling, Blake et al. 2023).
    forward
        1 / sqrt(E f(z)^2), times sqrt(q): a layer with weights of variance forward^2 / fan_in keeps q.
    slope
        1 / sqrt(E f'(z)^2): weights of variance slope^2 / fan_out keep the gradient; of a gate, for f's argument b.
    multiplier
        Of a gate, 1 / sqrt(E f(b)^2): keeps the gradient that arrives at a. NaN for an elementwise function.
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
    if isinstance(name, str) and name in AXIS:
        return _of_gate(name, q)
    at = moments(name, q)
    spread = at.second - at.mean * at.mean
    rounding = 1e-13 * at.second  # what a variance this far below E f^2 cannot be told from
    return Gains(
        value=_inverse(spread if spread > rounding else 0.0), forward=math.sqrt(q) * _inverse(at.second),
        slope=_inverse(at.d_second), multiplier=math.nan, torch=_in_torch(spec_of(name)),
    )  # fmt: skip


def gates() -> list[str]:
    """Names of the gates a f(b) that have gains."""
    return [function.name for function in AXIS if _gate(function.name)]


def _gate(name: str) -> str:
    """The elementwise row f of a gate f(a) b in the catalogue, at its standard parameters; else nothing."""
    gate = AXIS[name].gate
    return gate if gate in ACTIVATIONS and not AXIS[name].parameters else ""


def _of_gate(name: str, q: float) -> Gains:
    name = AXIS[name].name
    gate = _gate(name)
    if not gate:
        what = "has a clamp or a cap on its value" if AXIS[name].views else "mixes a whole vector"
        raise ActbenchError(f"{name} {what}: no gains; known gates: {', '.join(gates())}")
    at = moments(gate, q)  # E a^2 f^2 = q E f^2 and E a f = 0, for a and b are independent
    size = _inverse(q * at.second)
    return Gains(value=size, forward=math.sqrt(q) * size, slope=_inverse(q * at.d_second),
                 multiplier=_inverse(at.second), torch=math.nan)  # fmt: skip


def _inverse(square: float) -> float:
    return 1 / math.sqrt(square) if square > 0 else math.inf if square == 0 else math.nan


def _in_torch(spec: str) -> float:
    name, _, given = spec.partition(":")
    if name == "leaky_relu":
        slope = float(resolve(spec).values()["negative_slope"])
        return math.sqrt(2 / (1 + slope * slope))
    return TORCH.get(name, math.nan) if not given else math.nan
