"""Levels that experiments share: the article's panel, and what each factor accepts."""

from __future__ import annotations

from sys import float_info
from typing import Any

from actbench.activations.registry import AXIS, along, canonical, named
from actbench.networks.data import INPUTS
from actbench.networks.design import NORMS
from actbench.networks.initialisation import bias_level, init_level
from actbench.networks.training import OPTIMISERS

ARTICLE = ("identity", "relu", "leaky_relu", "prelu", "rrelu", "sigmoid", "tanh")
LARGEST = 100_000
# ReLU's other orientations, by name; a factor of the output is the height of one that points as ReLU does.
TURNS = {
    "mirrored": "oriented_relu",
    "downwards": "oriented_relu:facing=1.0,height=-1.0",
    "turned by 180 degrees": "oriented_relu:height=-1.0",
}
FACTORS = {height: f"oriented_relu:facing=1.0,height={height}" for height in (0.25, 0.5, 2.0, 4.0)}
LARGEST_ARRAY = 2**28


def activation_spec(value: Any) -> str:
    """The canonical spec of an activation."""
    return canonical(str(value))


def any_spec(value: Any) -> str:
    """The canonical spec of an activation, or of a function along an axis."""
    return named(str(value)).spec


def gate_spec(value: Any) -> str:
    """The canonical spec of an activation, or of a gate of two inputs."""
    name = str(value).partition(":")[0]
    return along(str(value)).spec if name in AXIS and AXIS[name].views else canonical(str(value))


def positive(value: Any) -> int:
    """A whole number from 1."""
    number = as_number(value)
    if not 1 <= number <= LARGEST or number != int(number):
        raise ValueError(f"is not a whole number from 1 to {LARGEST}")
    return int(number)


def as_number(value: Any) -> float:
    """Any number, or NaN, which no range holds."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def one_of(known: Any) -> Any:
    """A level that is among these."""

    def check(value: Any) -> str:
        if value not in known:
            raise ValueError(f"is not known; known: {', '.join(known)}")
        return str(value)

    return check


data_name = one_of(INPUTS)
optimiser_name = one_of(OPTIMISERS)
norm_name = one_of(NORMS)


def array_size(value: Any) -> int:
    """Elements of an array: ``1048576``, ``2^20``."""
    base, caret, power = str(value).replace("**", "^").replace(",", "").partition("^")
    try:
        # by the exponent first, for 2^9999999999 would be computed before it could be refused
        number = float(base) ** min(float(power), 100.0) if caret else float(base)
    except (ValueError, OverflowError):
        raise ValueError("is not a number of elements; write 1048576 or 2^20") from None
    if number != number or not 1 <= number <= LARGEST_ARRAY or number != int(number):
        raise ValueError(f"is not a whole number from 1 to {LARGEST_ARRAY}; write 1048576 or 2^20")
    return int(number)


def init_name(value: Any) -> str:
    """An initialisation: ``he``, ``critical:0.05``, ..."""
    return init_level(value)


def bias_name(value: Any) -> str:
    """``own``, ``zero``, ``constant:NUMBER`` or ``normal:DEVIATION``."""
    bias_level(str(value))
    return str(value)


def number_in(low: float, high: float = float("inf")) -> Any:
    """A finite number from the first to the second."""

    def check(value: Any) -> float:
        number = as_number(value)
        if not low <= number <= min(high, float_info.max):
            raise ValueError(f"is not a number from {low:g} " + ("on" if high == float("inf") else f"to {high:g}"))
        return number

    return check


rate_or_none = number_in(0)  # 0 stands for what has no step size


def rate_level(value: Any) -> float:
    """A step size above 0."""
    number = as_number(value)
    if not 0 < number < float("inf"):
        raise ValueError("is not a number above 0")
    return number


def split_level(value: Any) -> str:
    """``own``, each network on the split of its number; ``own:FIRST``, counted from there; or one split's number."""
    kind, _, first = str(value).partition(":")
    number = first if kind == "own" else kind
    if kind == "own" and not first:
        return "own"
    if not number.isdigit() or int(number) > LARGEST:
        raise ValueError(f"is not own, own:FIRST, or the number of a split from 0 to {LARGEST}")
    return str(value)


# what a factor of such a name takes, unless its experiment says otherwise
CHECKS = {
    "activation": activation_spec, "direction": one_of(("forward", "backward")), "depth": positive, "width": positive,
    "init": init_name, "bias": bias_name, "norm": norm_name, "optimiser": optimiser_name, "rate": rate_level,
    "split": split_level,
}  # fmt: skip
