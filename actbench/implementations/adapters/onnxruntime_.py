"""onnxruntime on the CPU: one operator, or a user's model of one input and one output; forward alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from actbench.activations.record import Activation
from actbench.activations.vector import VectorFunction
from actbench.core.machine import version
from actbench.implementations.implementation import Absent, Array, Implementation, Operands, PreparedCall
from actbench.implementations.libraries import Function, Library

OPSET, IR = 20, 10
NO_GRADIENTS = "onnxruntime has no gradients"
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


def _nodes(make: Any, row: Activation) -> list[Any]:
    if row.name == "silu":  # two operators that onnxruntime fuses into its own
        return [make("Sigmoid", ["x"], ["s"]), make("Mul", ["x", "s"], ["y"])]
    if row.name == "prelu":
        return [make("PRelu", ["x", "slope"], ["y"])]
    if row.name not in _OPERATORS:
        raise Absent(f"onnxruntime has no operator for {row.name}")
    operator, named, fixed = _OPERATORS[row.name]
    values = row.values()
    return [make(operator, ["x"], ["y"], **fixed, **{name: float(values[own]) for own, name in named.items()})]


def _model(row: Activation, dtype: str) -> bytes:
    """The operator as an ONNX model of one vector of any length."""
    helper, numpy_helper = import_module("onnx.helper"), import_module("onnx.numpy_helper")
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    shapes = [helper.make_tensor_value_info(name, kind, ["n"]) for name in ("x", "y")]
    weights = []
    if row.name == "prelu":
        weights = [numpy_helper.from_array(np.array([row.values()["weight"]], dtype), "slope")]
    graph = helper.make_graph(_nodes(helper.make_node, row), row.name, shapes[:1], shapes[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    return bytes(model.SerializeToString())


def session(model: bytes | str, dtype: str) -> Any:
    """onnxruntime with one thread on the processor."""
    runtime = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        if "NOT_IMPLEMENTED" in str(error) or "not supported" in str(error).lower():
            raise Absent(f"onnxruntime does not implement it in {dtype}") from None
        raise


def of_sessions(start: Callable[[str], Any], *, kind: str = "row") -> Implementation:
    """Models of one input and one output, by dtype."""
    started = cache(start)

    def forward(x: Array) -> Array:
        run = started(str(x.dtype))
        name = run.get_inputs()[0].name
        return np.array(run.run(None, {name: np.ascontiguousarray(x).reshape(-1)})[0]).reshape(x.shape)

    def prepare(direction: str, operands: Operands, device: str) -> PreparedCall:
        """Input and output bound to our memory."""
        x, out = operands.x, operands.out
        if direction == "backward":
            raise Absent(NO_GRADIENTS)
        if not x.flags.c_contiguous:
            raise Absent("onnxruntime takes contiguous arrays alone")
        run = started(str(x.dtype))
        binding = run.io_binding()
        for bind, port, array in ((binding.bind_input, run.get_inputs()[0], x),
                                  (binding.bind_output, run.get_outputs()[0], out)):  # fmt: skip
            bind(port.name, "cpu", 0, array.dtype, list(array.shape), array.ctypes.data)

        def result() -> Array:
            run.run_with_iobinding(binding)
            return np.array(out)

        return PreparedCall(call=lambda: run.run_with_iobinding(binding), result=result, preallocated=True)

    return Implementation(library="onnxruntime", version=str(version("onnxruntime")), kind=kind, forward=forward,
                          lacks={"backward": NO_GRADIENTS}, prepare=prepare)  # fmt: skip


def of_row(row: Function) -> Implementation:
    """See `actbench.implementations.libraries.Library`."""
    if isinstance(row, VectorFunction):
        raise Absent(f"{row.name} names no function of onnxruntime")
    import_module("onnxruntime")
    _nodes(lambda *a, **k: None, row)  # a row without an operator is said before a model is made
    return of_sessions(lambda dtype: session(_model(row, dtype), dtype))


LIBRARY = Library(name="onnxruntime", of_row=of_row)
