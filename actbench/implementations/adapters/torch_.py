"""torch, eager and compiled: functions of a tensor, autograd's derivative, and its own kernels that fill memory."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from actbench.activations.vector import VectorFunction
from actbench.core.errors import ActbenchError
from actbench.core.machine import version
from actbench.implementations.forms import prepared_forms
from actbench.implementations.gates import as_written
from actbench.implementations.implementation import (
    DEVICES,
    Absent,
    Array,
    Implementation,
    Operands,
    PreparedCall,
)
from actbench.implementations.libraries import Function, Library
from actbench.implementations.named import named_by
from actbench.implementations.tensors import array, tensor

# Functions that ask for more than x: what torch itself takes, from the row's parameters.
_MORE: dict[str, Callable[[Any, Any, dict[str, Any]], tuple[Any, ...]]] = {
    "threshold": lambda torch, x, values: (values["threshold"], values["value"]),
    "prelu": lambda torch, x, values: (torch.tensor([values["weight"]], dtype=x.dtype),),
    "heaviside": lambda torch, x, values: (torch.ones((), dtype=x.dtype),),
}
Tensors = Callable[[Any], Any]


def of_tensors(function: Tensors, *, kind: str = "row") -> Implementation:
    """A function of one tensor, called on arrays; its derivative is autograd's."""
    torch = import_module("torch")

    def forward(x: Array) -> Array:
        with torch.no_grad():
            return np.array(array(function(tensor(np.array(x)))))

    def backward(dy: Array, x: Array) -> Array:
        leaf = tensor(np.array(x)).requires_grad_()
        result = function(leaf)
        if not result.requires_grad:
            return np.zeros_like(x)
        (slope,) = torch.autograd.grad(result, leaf, tensor(np.array(dy)))
        return np.array(array(slope))

    def second(x: Array) -> Array:
        leaf = tensor(np.array(x)).requires_grad_()
        result = function(leaf)
        for _ in range(2):
            if result is None or not result.requires_grad:
                return np.zeros_like(x)
            try:
                (result,) = torch.autograd.grad(result.sum(), leaf, create_graph=True, allow_unused=True)
            except RuntimeError as error:
                raise Absent(str(error)) from None  # a backward pass without a derivative of its own
        return np.zeros_like(x) if result is None else np.array(array(result))

    return Implementation(library="torch", version=str(version("torch")), kind=kind, forward=forward,
                          backward=backward, second=second, dtypes=("float16", "float32", "float64"),
                          devices=DEVICES)  # fmt: skip


def of_object(given: Any) -> Implementation | None:
    """A module as it stands, in evaluation mode and float64 where it has weights; an autograd.Function's ``apply``."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return None
    if inspect.isclass(given) and issubclass(given, torch.autograd.Function):
        made = _of_users(getattr(given, "apply"))  # noqa: B009  torch is not typed here
        return replace(made, remarks=(f"{given.__name__} is a torch.autograd.Function: its .apply is called",))
    if inspect.isclass(given) and issubclass(given, torch.nn.Module):
        from actbench.implementations.targets.objects import instance_of

        given = instance_of(given)
    if not isinstance(given, torch.nn.Module):
        return None
    module = given.double().eval()
    return _of_users(module, weights=any(True for _ in module.parameters()))


def as_it_is(given: Any) -> Implementation | None:
    """A module with weights in its own float32, where `of_object` widens it; None for anything else."""
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return None
    if inspect.isclass(given) and issubclass(given, torch.nn.Module):
        from actbench.implementations.targets.objects import instance_of

        given = instance_of(given)
    if not isinstance(given, torch.nn.Module):
        return None
    weights = [*given.parameters(), *given.buffers()]
    if not weights or any(weight.dtype != torch.float32 for weight in weights):
        return None
    module = given.eval()
    return replace(of_tensors(module, kind="function"), raw=_raw(module), dtypes=("float32",))


def of_answer(function: Callable[..., Any], answer: Any) -> Implementation | None:
    """A function that gives tensors."""
    torch = import_module("torch")
    if answer is None:
        answer = function(torch.linspace(-1.0, 1.0, 8, dtype=torch.float64))
    held = answer[0] if isinstance(answer, (tuple, list)) and answer else answer
    return _of_users(function) if isinstance(held, torch.Tensor) else None


def _of_users(function: Tensors, *, weights: bool = False) -> Implementation:
    """A user's function, whose answers are looked at: it may return anything, and write into what it is given."""
    torch = import_module("torch")
    torch.set_num_threads(1)

    def checked(x: Any) -> Any:
        before = x.detach().clone()
        answer = function(x)
        if not isinstance(answer, torch.Tensor):
            raise ActbenchError(f"gives a {type(answer).__name__} for a tensor; return one tensor of its shape")
        if not torch.equal(x.detach().nan_to_num(), before.nan_to_num()):
            raise ActbenchError("writes into its input; return a new tensor")
        return answer

    made = replace(of_tensors(checked, kind="function"), raw=None if weights else _raw(function))
    if not weights:
        return made

    def forward(x: Array) -> Array:  # weights are float64: other inputs are widened, and the answer rounded
        return made.values("forward", "float64")(x.astype(np.float64)).astype(x.dtype)

    def backward(dy: Array, x: Array) -> Array:
        pull = made.values("backward", "float64")
        return pull(dy.astype(np.float64), x.astype(np.float64)).astype(x.dtype)

    return replace(made, forward=forward, backward=backward, second=None)


def _raw(function: Tensors) -> Callable[[Array], Array]:
    """On the array's own memory and strides, where torch can have them."""
    torch = import_module("torch")

    def raw(x: Array) -> Array:
        fits = x.flags.writeable and x.flags.aligned and min(x.strides, default=0) >= 0
        with torch.no_grad():
            answer = function(tensor(x if fits else np.array(x)))
        return array(answer)

    return raw


def of_row(row: Function) -> Implementation:
    """See `actbench.implementations.libraries.Library`."""
    function = _function(row)
    made = of_tensors(function)
    return replace(made, prepare=partial(_eager, row, function))


def _function(row: Function) -> Tensors:
    """torch's function of one tensor, with the row's parameters; a gate as it is written where torch has no name."""
    torch = import_module("torch")
    if (gate := as_written(row, "torch")) is not None:
        return gate
    function, options = named_by(row, "torch")
    if isinstance(row, VectorFunction):
        return lambda x: function(x, dim=-1)
    if isinstance(function, type):
        function, options = function(**options), {}
    values, more = row.values(), _MORE.get(row.name)
    options = options if more else {**options, **row.bound}
    return lambda x: function(x, *(more(torch, x, values) if more else ()), **options)


def tensors(operands: Operands, device: str) -> tuple[list[Any], Callable[[], None]]:
    """x, dy, y and out as tensors on a device, and what copies the operands to them again; on the CPU one memory."""
    torch = import_module("torch")
    own = [torch.from_numpy(a) for a in (operands.x, operands.dy, operands.y, operands.out)]
    if device == "cpu":
        return own, lambda: None
    there = [tensor.to(device, copy=True) for tensor in own]

    def copied() -> None:
        for target, source in zip(there[:3], own[:3], strict=True):
            target.copy_(source)

    return there, copied


def kept_bytes(function: Tensors, x: Any) -> int:
    """Bytes of the tensors that autograd saves in a forward pass, each storage once."""
    torch = import_module("torch")
    seen: dict[int, int] = {}

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        function(x.detach().clone().requires_grad_())
    return sum(seen.values())


def graph_call(function: Tensors, x: Any, dy: Any) -> tuple[Callable[[], Any], Callable[[], None]]:
    """Autograd's backward pass through a graph that is built once, and what builds it again."""
    torch = import_module("torch")
    graph: list[Any] = []

    def build() -> None:
        with torch.enable_grad():
            leaf = x.detach().requires_grad_()
            graph[:] = [function(leaf), leaf]

    build()
    if not graph[0].requires_grad or graph[0] is graph[1]:
        raise Absent("has no gradient to compute")
    return lambda: torch.autograd.grad(graph[0], graph[1], dy, retain_graph=True)[0], build


def read_back(call: Callable[[], Any]) -> Array:
    """What a call gives, as an array."""
    given = call()
    return np.array((given[0] if isinstance(given, tuple) else given).detach().cpu().numpy())


def computes(result: Any, *inputs: Any) -> None:
    """Refuse a call that gives its input back."""
    if result.data_ptr() in [given.data_ptr() for given in inputs]:
        raise Absent("gives its input back: nothing is computed")


def _eager(row: Function, function: Tensors, direction: str, operands: Operands, device: str) -> PreparedCall:
    """Through ``.out`` where it can, else as a user calls it."""
    torch = import_module("torch")
    (x, dy, y, out), refresh = tensors(operands, device)
    values = row.values()
    call: Callable[[], Any]
    preallocated = True
    if direction == "forward":
        into = _forward_into(torch).get(row.name)
        preallocated = into is not None
        call = (lambda: into(x, out, values)) if into else (lambda: function(x))
        with torch.no_grad():
            computes(call(), x)
    elif row.name in (table := _backward_into(torch)):
        keeps, step = table[row.name]
        kept = y if keeps == "y" else x
        call = lambda: step(dy, kept, out, values)  # noqa: E731
    else:
        preallocated = False
        call, build = graph_call(function, x, dy)
        copied = refresh

        def refresh() -> None:
            copied()
            build()

    return PreparedCall(
        call=call, result=lambda: read_back(call), refresh=refresh, preallocated=preallocated, around=torch.no_grad,
        kept=kept_bytes(function, x) if direction == "backward" else None,
        note="" if preallocated else "allocates its result",
    )  # fmt: skip


def _of_row_compiled(row: Function) -> Implementation:
    """The function and its vector-Jacobian product, fused by Inductor; each made once for a shape."""
    torch = import_module("torch")
    function = _function(row)
    _quiet()
    made = of_tensors(torch.compile(function, fullgraph=True))
    pull = torch.compile(lambda dy, x: torch.func.vjp(function, x)[1](dy)[0], fullgraph=True)  # as one graph

    def backward(dy: Array, x: Array) -> Array:
        with torch.no_grad():
            return np.array(pull(torch.from_numpy(np.array(dy)), torch.from_numpy(np.array(x))).numpy())

    return replace(made, library="torch.compile", backward=backward, prepare=partial(_compiled, function))


def _quiet() -> None:
    setattr(import_module("torch._inductor.config"), "compile_threads", 1)  # noqa: B010  else a pool computes beside us
    dynamo = import_module("torch._dynamo")
    dynamo.reset()  # after 8 shapes of one function it would fall back to eager silently, or raise;
    dynamo.config.recompile_limit = dynamo.config.accumulated_recompile_limit = 1 << 16  # all rows are one to it


def _compiled(function: Tensors, direction: str, operands: Operands, device: str) -> PreparedCall:
    torch = import_module("torch")
    _quiet()
    (x, dy, _, _), refresh = tensors(operands, device)
    wanted = function if direction == "forward" else lambda dy, x: torch.func.vjp(function, x)[1](dy)[0]
    given = (x,) if direction == "forward" else (dy, x)
    compiled = torch.compile(wanted, dynamic=False, fullgraph=True)
    with torch.no_grad():
        computes(compiled(*given), x, dy)
    call = partial(compiled, *given)
    return PreparedCall(
        call=call, result=lambda: read_back(call), refresh=refresh, around=torch.no_grad,
        kept=operands.x.nbytes if direction == "backward" else None, note="allocates its result",
    )  # fmt: skip


def _forms(direction: str, arrays: Mapping[str, Operands]) -> dict[str, Callable[[], object]]:
    torch = import_module("torch")

    def masked(dy: Any, y: Any) -> None:
        dy[y <= 0] = 0

    calls = prepared_forms(of_row, direction, arrays)
    for name, call in (("relu masked", masked), ("relu multiplied", lambda dy, y: dy.mul_(y > 0))):
        if name in arrays:
            calls[name] = partial(call, torch.from_numpy(arrays[name].dy), torch.from_numpy(arrays[name].y))
    return calls


LIBRARY = Library(
    name="torch",
    of_row=of_row,
    of_object=of_object,
    of_answer=of_answer,
    forms=_forms,
    around=lambda: import_module("torch").no_grad(),
)
COMPILED = Library(name="torch.compile", of_row=_of_row_compiled, distribution="torch", graded=False)

# torch's own kernels that write into memory that is there: what its autograd calls, without its allocations.
Values = dict[str, Any]


def _forward_into(torch: Any) -> dict[str, Callable[[Any, Any, Values], object]]:
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


def _backward_into(torch: Any) -> dict[str, tuple[str, Callable[[Any, Any, Any, Values], object]]]:
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
