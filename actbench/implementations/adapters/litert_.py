"""LiteRT on the CPU, TensorFlow Lite's interpreter: one operator, which its delegate XNNPACK computes; forward alone.

Only the interpreter's own memory is computed on, so a race times ``invoke`` and what brings x there is not timed.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Any

from actbench.activations.record import Activation
from actbench.core.machine import version
from actbench.implementations.implementation import Absent, Array, Implementation, Operands, PreparedCall
from actbench.implementations.libraries import Function, Library

DISTRIBUTION, NO_GRADIENTS = "ai-edge-litert", "LiteRT's operators have no gradients"
# Row to its operators in the schema's names, each with its options; the second of silu multiplies by the input.
OPERATORS: dict[str, tuple[tuple[str, str, dict[str, Any]], ...]] = {
    "relu": (("RELU", "", {}),),
    "relu6": (("RELU6", "", {}),),
    "hardtanh": (("RELU_N1_TO_1", "", {}),),
    "leaky_relu": (("LEAKY_RELU", "LeakyReluOptions", {"alpha": "negative_slope"}),),
    "hardswish": (("HARD_SWISH", "HardSwishOptions", {}),),
    "elu": (("ELU", "", {}),),
    "exponential": (("EXP", "ExpOptions", {}),),
    "sigmoid": (("LOGISTIC", "", {}),),
    "tanh": (("TANH", "", {}),),
    "silu": (("LOGISTIC", "", {}), ("MUL", "MulOptions", {})),
    "gelu": (("GELU", "GeluOptions", {"approximate": False}),),
    "gelu_tanh": (("GELU", "GeluOptions", {"approximate": True}),),
}


def _model(row: Activation) -> bytes:
    """The row's operators as a model of one vector, whose length the interpreter is told."""
    schema, flatbuffers = import_module("ai_edge_litert.schema_py_generated"), import_module("flatbuffers")
    values = row.values()
    graph, model = schema.SubGraphT(), schema.ModelT()
    graph.tensors, graph.operators, model.operatorCodes = [], [], []
    for place, (operator, kind, options) in enumerate((("", "", {}), *OPERATORS[row.name])):
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.name = [1], schema.TensorType.FLOAT32, f"t{place}"
        graph.tensors.append(tensor)
        if not place:
            continue
        code, step = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = getattr(schema.BuiltinOperator, operator)
        code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
        step.opcodeIndex, step.outputs = place - 1, [place]
        step.inputs = [0] if operator != "MUL" else [0, place - 1]
        if kind:
            step.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            step.builtinOptions = getattr(schema, f"{kind}T")()
            for name, value in options.items():
                setattr(step.builtinOptions, name, float(values[value]) if isinstance(value, str) else value)
        model.operatorCodes.append(code)
        graph.operators.append(step)
    graph.inputs, graph.outputs = [0], [len(graph.tensors) - 1]
    model.version, model.buffers, model.subgraphs = 3, [schema.BufferT()], [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _interpreter(model: bytes, size: int) -> Any:
    """An interpreter of vectors of that length with one thread."""
    found = import_module("ai_edge_litert.interpreter").Interpreter(model_content=model, num_threads=1)
    found.resize_tensor_input(0, [size])
    found.allocate_tensors()
    return found


def of_row(row: Function) -> Implementation:
    """See `actbench.implementations.libraries.Library`."""
    if row.name not in OPERATORS:
        raise Absent(f"LiteRT has no operator for {row.name}")
    assert isinstance(row, Activation)
    if row.bound and row.name != "leaky_relu":
        raise Absent(f"LiteRT's {row.name} has no parameters")
    model = _model(row)
    last = len(OPERATORS[row.name])
    started = lru_cache(maxsize=2)(lambda size: _interpreter(model, size))

    def values(run: Any, x: Array) -> Array:
        run.set_tensor(0, x.reshape(-1))
        run.invoke()
        found: Array = run.get_tensor(last)
        return found.reshape(x.shape)

    def prepare(direction: str, operands: Operands, device: str) -> PreparedCall:
        x = operands.x
        if direction == "backward":
            raise Absent(NO_GRADIENTS)
        if x.dtype.name != "float32":
            raise Absent(f"LiteRT's operators take float32, not {x.dtype}")
        run = _interpreter(model, x.size)
        return PreparedCall(
            call=run.invoke, result=lambda: values(run, x), refresh=lambda: run.set_tensor(0, x.reshape(-1)),
            preallocated=True, note="on its own copy of x, which is not timed",
        )  # fmt: skip

    return Implementation(
        library="litert", version=str(version(DISTRIBUTION)), dtypes=("float32",), prepare=prepare,
        forward=lambda x: values(started(x.size), x) if x.size else x.copy(), lacks={"backward": NO_GRADIENTS},
    )  # fmt: skip


LIBRARY = Library(name="litert", of_row=of_row, distribution=DISTRIBUTION)
