"""onnxruntime on the CPU: one operator, or a user's model of one input and one output; forward alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from actbench.activations.record import Activation
from actbench.activations.vector import VectorFunction
from actbench.core.errors import ActbenchError
from actbench.core.machine import version
from actbench.implementations.implementation import Absent, Array, Implementation, Operands, PreparedCall
from actbench.implementations.libraries import Function, Library

OPSET, IR = 20, 10
TENSORS = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(float16)": "float16"}
EVEN = 128  # entries of a free axis that a gate halves
Shape = tuple[int, ...]
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


def of_file(file: Path) -> Implementation:
    """A user's model of one input and one output, in its own format; where its shape is fixed, in parts of that size.

    A gate of one array gives half as many numbers along the last axis, which are vectors then.

    Raises
    ------
    ActbenchError
        For another model, or where onnxruntime is not installed.
    """
    try:
        run = session(str(file), "its own format")
    except ImportError:
        raise ActbenchError(f"{file.name} needs onnxruntime; install it") from None
    ports = [*run.get_inputs(), *run.get_outputs()]
    if len(run.get_inputs()) != 1 or len(run.get_outputs()) != 1:
        raise ActbenchError(f"{file.name} has {len(run.get_inputs())} inputs and {len(run.get_outputs())} outputs; "
                            "an activation has one of each")  # fmt: skip
    dtype = TENSORS.get(ports[0].type, "")
    if not dtype or ports[1].type != ports[0].type:
        raise ActbenchError(f"{file.name} takes {ports[0].type} and gives {ports[1].type}; known: {', '.join(TENSORS)}")
    call = partial(_filled, run, ports[0].name, dtype, file.name)
    made = partial(Implementation, library="onnxruntime", version=str(version("onnxruntime")), kind="model",
                   dtypes=(dtype,), lacks={"backward": NO_GRADIENTS})  # fmt: skip
    dims = [dim if isinstance(dim, int) else 0 for dim in ports[0].shape]  # 0 is free
    if dims and _halves_or_doubles(run, ports[0].name, dims, dtype):
        return made(width=dims[-1], forward=partial(_of_rows, call, dims, file.name))

    def forward(x: Array) -> Array:
        answers = call(x, dims)
        if any(answer.shape != shape for answer, shape in answers):
            raise ActbenchError(f"{file.name} gives shape {list(answers[0][0].shape)} for {list(answers[0][1])}")
        return np.concatenate([answer.reshape(-1) for answer, _ in answers])[: x.size].reshape(x.shape)

    return made(forward=forward)


def _filled(run: Any, port: str, dtype: str, name: str, x: Array, dims: list[int]) -> list[tuple[Array, Shape]]:
    """Answers, and the shapes of what was given: as many numbers at a time as a shape holds, the last filled up by 0.

    Of the free axes, which are 0, the last is as long as all that there is.
    """
    if x.dtype != np.dtype(dtype):
        raise Absent(f"{name} computes in {dtype} alone")
    free = [i for i, dim in enumerate(dims) if not dim]
    whole = int(np.prod([dim for dim in dims if dim]))
    each = [dim or (-1 if i == free[-1] else 1) for i, dim in enumerate(dims)]
    flat = np.zeros(-(-max(x.size, 1) // whole) * whole, dtype)
    flat[: x.size] = np.ascontiguousarray(x).reshape(-1)
    parts = [flat.reshape(each)] if free else [part.reshape(each) for part in flat.reshape(-1, whole)]
    return [(np.asarray(run.run(None, {port: part})[0]), part.shape) for part in parts]


def _halves_or_doubles(run: Any, port: str, dims: list[int], dtype: str) -> bool:
    """Whether it gives half or twice as many numbers along the last axis, as gates of one array do."""
    shape = (*(dim or 1 for dim in dims[:-1]), dims[-1] or EVEN)
    try:
        came = np.asarray(run.run(None, {port: np.zeros(shape, dtype)})[0]).shape
    except Exception:  # somebody's model, which is asked again where its reason is told
        return False
    return came[:-1] == shape[:-1] and came[-1:] in ((shape[-1] // 2,), (2 * shape[-1],))


def _of_rows(call: Callable[[Array, list[int]], Any], dims: list[int], name: str, x: Array) -> Array:
    """A gate's answers to vectors along the last axis, as long as its own is."""
    if dims[-1] not in (0, x.shape[-1]):
        raise ActbenchError(f"{name} takes {dims[-1]} numbers along its last axis alone, not {x.shape[-1]}")
    answers = [answer for answer, _ in call(x, [*dims[:-1], x.shape[-1]])]
    rows = np.concatenate([answer.reshape(-1, answer.shape[-1]) for answer in answers])
    return rows[: x.size // x.shape[-1]].reshape(*x.shape[:-1], -1)


def of_row(row: Function) -> Implementation:
    """See `actbench.implementations.libraries.Library`."""
    if isinstance(row, VectorFunction):
        raise Absent(f"{row.name} names no function of onnxruntime")
    import_module("onnxruntime")
    _nodes(lambda *a, **k: None, row)  # a row without an operator is said before a model is made
    return of_sessions(lambda dtype: session(_model(row, dtype), dtype))


LIBRARY = Library(name="onnxruntime", of_row=of_row)
