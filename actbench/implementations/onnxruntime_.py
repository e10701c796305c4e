"""onnxruntime at the start of a race: one operator, its input and output bound to our memory; forward alone."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from actbench.activations.record import Activation
from actbench.implementations.ready import Array, Operands, PreparedCall

OPSET, IR = 20, 10
# Row to its operator and the attribute of each parameter; from opset 20 of the ONNX specification.
_OPERATORS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "relu": ("Relu", {}, {}),
    "leaky_relu": ("LeakyRelu", {"negative_slope": "alpha"}, {}),
    "rrelu": ("LeakyRelu", {"negative_slope": "alpha"}, {}),
    "identity": ("Identity", {}, {}),
    "sigmoid": ("Sigmoid", {}, {}),
    "tanh": ("Tanh", {}, {}),
    "softplus": ("Softplus", {}, {}),
    "softsign": ("Softsign", {}, {}),
    "elu": ("Elu", {"alpha": "alpha"}, {}),
    "celu": ("Celu", {"alpha": "alpha"}, {}),
    "selu": ("Selu", {}, {}),
    "gelu": ("Gelu", {}, {"approximate": "none"}),
    "gelu_tanh": ("Gelu", {}, {"approximate": "tanh"}),
    "mish": ("Mish", {}, {}),
    "hardswish": ("HardSwish", {}, {}),
    "hardsigmoid": ("HardSigmoid", {}, {"alpha": 1 / 6, "beta": 0.5}),
    "hardsigmoid_onnx": ("HardSigmoid", {"alpha": "alpha", "beta": "beta"}, {}),
    "exponential": ("Exp", {}, {}),
    "erf": ("Erf", {}, {}),
    "arctan": ("Atan", {}, {}),
}


def _nodes(make: Any, activation: Activation, dtype: Any) -> list[Any] | None:
    if activation.name == "silu":  # two operators that onnxruntime fuses into its own
        return [make("Sigmoid", ["x"], ["s"]), make("Mul", ["x", "s"], ["y"])]
    if activation.name == "prelu":
        return [make("PRelu", ["x", "slope"], ["y"])]
    found = _OPERATORS.get(activation.name)
    if found is None:
        return None
    operator, named, fixed = found
    values = activation.values()
    attributes = {**fixed, **{name: float(values[own]) for own, name in named.items()}}
    return [make(operator, ["x"], ["y"], **attributes)]


def ready(
    activation: Activation, direction: str, operands: Operands, device: str = "cpu"
) -> tuple[PreparedCall | None, str]:
    """As `actbench.implementations.ready.get_ready`."""
    if direction == "backward":
        return None, "onnxruntime has no gradients"
    if not operands.x.flags.c_contiguous:
        return None, "onnxruntime takes contiguous arrays alone"
    runtime = import_module("onnxruntime")
    helper, numpy_helper = import_module("onnx.helper"), import_module("onnx.numpy_helper")
    x, out = operands.x, operands.out
    nodes = _nodes(helper.make_node, activation, x.dtype)
    if nodes is None:
        return None, f"onnxruntime has no operator for {activation.name}"
    kind = helper.np_dtype_to_tensor_dtype(x.dtype)
    shapes = [helper.make_tensor_value_info(name, kind, [x.size]) for name in ("x", "y")]
    weights = []
    if activation.name == "prelu":
        weights = [numpy_helper.from_array(np.array([activation.values()["weight"]], x.dtype), "slope")]
    graph = helper.make_graph(nodes, activation.name, shapes[:1], shapes[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        if "NOT_IMPLEMENTED" in str(error) or "not supported" in str(error).lower():
            return None, f"onnxruntime does not implement {nodes[0].op_type} in {x.dtype}"
        raise
    binding = session.io_binding()
    binding.bind_input("x", "cpu", 0, x.dtype, list(x.shape), x.ctypes.data)
    binding.bind_output("y", "cpu", 0, x.dtype, list(x.shape), out.ctypes.data)

    def result() -> Array:
        session.run_with_iobinding(binding)
        return np.array(out)

    return PreparedCall(call=lambda: session.run_with_iobinding(binding), result=result, preallocated=True), ""
