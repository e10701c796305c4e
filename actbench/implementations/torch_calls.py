"""torch's own kernels that write into memory that is there: what its autograd calls, without its allocations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Values = dict[str, Any]


def forward_into(torch: Any) -> dict[str, Callable[[Any, Any, Values], object]]:
    """Row to ``(x, out, parameters)``."""
    aten = torch.ops.aten
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    return {
        "relu": lambda x, o, p: torch.clamp_min(x, 0, out=o),
        "relu6": lambda x, o, p: aten.hardtanh.out(x, 0, 6, out=o),
        "hardtanh": lambda x, o, p: aten.hardtanh.out(x, p["min_val"], p["max_val"], out=o),
        "leaky_relu": lambda x, o, p: aten.leaky_relu.out(x, p["negative_slope"], out=o),
        "rrelu": lambda x, o, p: aten.leaky_relu.out(x, p["negative_slope"], out=o),
        "threshold": lambda x, o, p: aten.threshold.out(x, p["threshold"], p["value"], out=o),
        "sigmoid": lambda x, o, p: torch.sigmoid(x, out=o),
        "tanh": lambda x, o, p: torch.tanh(x, out=o),
        "exponential": lambda x, o, p: torch.exp(x, out=o),
        "erf": lambda x, o, p: torch.erf(x, out=o),
        "arctan": lambda x, o, p: torch.atan(x, out=o),
        "softplus": lambda x, o, p: aten.softplus.out(x, p["beta"], 20, out=o),
        "logsigmoid": lambda x, o, p: aten.log_sigmoid.out(x, out=o),
        "silu": lambda x, o, p: aten.silu.out(x, out=o),
        "gelu": lambda x, o, p: aten.gelu.out(x, approximate="none", out=o),
        "gelu_tanh": lambda x, o, p: aten.gelu.out(x, approximate="tanh", out=o),
        "mish": lambda x, o, p: aten.mish.out(x, out=o),
        "elu": lambda x, o, p: aten.elu.out(x, p["alpha"], 1, 1, out=o),
        "celu": lambda x, o, p: aten.elu.out(x, p["alpha"], 1, 1 / p["alpha"], out=o),
        "selu": lambda x, o, p: aten.elu.out(x, alpha, scale, 1, out=o),
        "hardswish": lambda x, o, p: aten.hardswish.out(x, out=o),
        "hardsigmoid": lambda x, o, p: aten.hardsigmoid.out(x, out=o),
        "hardshrink": lambda x, o, p: aten.hardshrink.out(x, p["lambd"], out=o),
        "softshrink": lambda x, o, p: aten.softshrink.out(x, p["lambd"], out=o),
    }


def backward_into(torch: Any) -> dict[str, tuple[str, Callable[[Any, Any, Any, Values], object]]]:
    """Row to what it keeps, ``"x"`` or ``"y"``, and ``(dy, kept, out, parameters)``."""
    aten = torch.ops.aten
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    leaky = aten.leaky_relu_backward.grad_input
    return {
        "relu": ("y", lambda g, y, o, p: aten.threshold_backward.grad_input(g, y, 0, grad_input=o)),
        "relu6": ("x", lambda g, x, o, p: aten.hardtanh_backward.grad_input(g, x, 0, 6, grad_input=o)),
        "hardtanh": (
            "x", lambda g, x, o, p: aten.hardtanh_backward.grad_input(g, x, p["min_val"], p["max_val"], grad_input=o),
        ),
        "leaky_relu": ("x", lambda g, x, o, p: leaky(g, x, p["negative_slope"], False, grad_input=o)),
        "rrelu": ("x", lambda g, x, o, p: leaky(g, x, p["negative_slope"], False, grad_input=o)),
        "threshold": ("x", lambda g, x, o, p: aten.threshold_backward.grad_input(g, x, p["threshold"], grad_input=o)),
        "sigmoid": ("y", lambda g, y, o, p: aten.sigmoid_backward.grad_input(g, y, grad_input=o)),
        "tanh": ("y", lambda g, y, o, p: aten.tanh_backward.grad_input(g, y, grad_input=o)),
        "softplus": ("x", lambda g, x, o, p: aten.softplus_backward.grad_input(g, x, p["beta"], 20, grad_input=o)),
        "silu": ("x", lambda g, x, o, p: aten.silu_backward.grad_input(g, x, grad_input=o)),
        "gelu": ("x", lambda g, x, o, p: aten.gelu_backward.grad_input(g, x, approximate="none", grad_input=o)),
        "gelu_tanh": ("x", lambda g, x, o, p: aten.gelu_backward.grad_input(g, x, approximate="tanh", grad_input=o)),
        "elu": ("x", lambda g, x, o, p: aten.elu_backward.grad_input(g, p["alpha"], 1, 1, False, x, grad_input=o)),
        "celu": (
            "x",
            lambda g, x, o, p: aten.elu_backward.grad_input(g, p["alpha"], 1, 1 / p["alpha"], False, x, grad_input=o),
        ),
        "selu": ("x", lambda g, x, o, p: aten.elu_backward.grad_input(g, alpha, scale, 1, False, x, grad_input=o)),
        "hardsigmoid": ("x", lambda g, x, o, p: aten.hardsigmoid_backward.grad_input(g, x, grad_input=o)),
        "hardshrink": ("x", lambda g, x, o, p: aten.hardshrink_backward.grad_input(g, x, p["lambd"], grad_input=o)),
        "softshrink": ("x", lambda g, x, o, p: aten.softshrink_backward.grad_input(g, x, p["lambd"], grad_input=o)),
    }  # fmt: skip
