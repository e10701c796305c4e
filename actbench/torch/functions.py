"""Rows as functions of torch tensors on the CPU: our kernels on the tensor's own memory, in every direction.

Classes are made by hand: a class statement would need torch's types where there is no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError
from actbench.kernels.kernel import kernel
from actbench.kernels.ufuncs import THREADED
from actbench.torch.direct import direct

FORMATS = ("float16", "float32", "float64")


class Passes:
    """The kernels of one row on tensors, found by the tensor's dtype.

    Parameters
    ----------
    spec
        The row and its parameters; learned and sampled ones stand at their defaults, of evaluation mode.
    """

    def __init__(self, spec: str) -> None:
        self.torch: Any = import_module("torch")
        self.row = resolve(spec).at_defaults()
        self.made: dict[tuple[str, int], dict[Any, Any]] = {}

    def kernels(self, direction: str, threads: int) -> dict[Any, Any]:
        """The kernels of a direction by dtype; made when they are first asked for."""
        passes = self

        class Kernels(dict[Any, Any]):
            def __missing__(self, dtype: Any) -> Any:
                name = str(dtype).removeprefix("torch.")
                if name not in FORMATS:
                    raise passes.refused(name, "the CPU")
                self[dtype] = kernel(passes.row, direction, dtype=name, threads=threads)
                return self[dtype]

        return self.made.setdefault((direction, threads), Kernels())

    def refused(self, dtype: str, device: Any) -> ActbenchError:
        """What is said of another tensor."""
        takes = f"{self.row.name} takes {', '.join(FORMATS)} on the CPU"
        return ActbenchError(f"{takes}, not {dtype} on {device}; convert the tensor first")

    def run(self, direction: str) -> Callable[..., Any]:
        """A function of x, or of dy and x: a new tensor, in few steps."""
        alone, torch = self.kernels(direction, 1), self.torch
        like, team, traced = torch.empty_like, torch.get_num_threads, torch.compiler.is_dynamo_compiling
        write = direct(kernel(self.row, direction), torch)

        def general(*given: Any) -> Any:
            x = given[-1]
            if not x.is_cpu:
                raise self.refused(str(x.dtype).removeprefix("torch."), x.device)
            kernels = alone if x.numel() < THREADED // 2 else self.kernels(direction, team())
            chosen, y = kernels[x.dtype], like(x)
            chosen(*(tensor.numpy(force=True) for tensor in given), out=y.numpy())
            return y

        def one(x: Any) -> Any:
            if not traced():
                y = like(x)
                if write(x, y):
                    return y
            return general(x)

        def two(dy: Any, x: Any) -> Any:
            if not traced():
                dx = like(x)
                if write(dy, x, dx):
                    return dx
            return general(dy, x)

        return two if direction == "backward" else one


def node(name: str, forward: Callable[..., Any], backward: Callable[..., Any]) -> Any:
    """A ``torch.autograd.Function``."""
    parts = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    made = type(name, (import_module("torch").autograd.Function,), parts)
    # what the engine calls: by torch's own it asks 0.5 us for other kinds of functions before it comes to this one
    made._backward_cls.apply = backward  # type: ignore[attr-defined]
    return made


@cache
def _bent(passes: Passes) -> Any:
    """f'' as a function of a tensor."""
    run = passes.run("second")

    def value(ctx: Any, x: Any) -> Any:
        return run(x)

    def none(ctx: Any, dy: Any) -> Any:
        raise ActbenchError(f"{passes.row.name} has no third derivative here; differentiate twice at most")

    return node("Second", value, none).apply


def _sloped(passes: Passes) -> Any:
    """dy f'(x) as a function of both that can be differentiated."""
    run = passes.run("backward")

    def value(ctx: Any, dy: Any, x: Any) -> Any:
        ctx.save_for_backward(dy, x)
        return run(dy, x)

    def slope(ctx: Any, arriving: Any) -> Any:
        dy, x = ctx.saved_tensors
        for_dy, for_x = ctx.needs_input_grad
        return sloped(arriving, x) if for_dy else None, arriving * dy * _bent(passes)(x) if for_x else None

    sloped = node("Backward", value, slope).apply
    return sloped


@cache
def of_spec(spec: str) -> Callable[..., Any]:
    """A row as a function of one tensor; see `function`."""
    passes = Passes(spec)
    run, back, sloped = passes.run("forward"), passes.run("backward"), _sloped(passes)
    enabled, dual = passes.torch.is_grad_enabled, passes.torch.autograd.forward_ad

    def value(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return run(x)

    def slope(ctx: Any, dy: Any) -> Any:
        (x,) = ctx.saved_tensors
        return sloped(dy, x) if enabled() else back(dy, x)

    row, kept = passes.row, node(passes.row.name, value, slope)
    # what ``apply`` calls at its end, after 0.9 us for functorch, which these functions do not take
    forward = getattr(super(passes.torch.autograd.Function, kept), "apply", kept.apply)

    def call(x: Any, **parameters: Any) -> Any:
        if parameters:
            return of_spec(resolve(spec).bind(**parameters).spec)(x)
        if (x.requires_grad and enabled()) or dual._current_level >= 0:  # which refuses a tangent
            try:
                return forward(x)
            except RuntimeError:
                return kept.apply(x)  # torch's own words for it
        return run(x)

    call.__name__ = call.__qualname__ = row.name
    call.__doc__ = f"{row.name} of a tensor on the CPU; parameters: {', '.join(row.parameters) or 'none'}."
    return call


def function(name: str) -> Callable[..., Any]:
    """A row as a function of a torch tensor: ``actbench.torch.silu`` is ``function("silu")``.

    Parameters
    ----------
    name
        A name, an alias or a spec.

    Returns
    -------
    ``f(x, **parameters)``: a new tensor of x's shape and dtype; float16, float32 or float64 on the CPU, any strides,
    none of it copied. Backward is one fused pass over dy and x; that can be differentiated once more by f''. Parameters
    are numbers. Large tensors are shared by torch's own threads.

    Raises
    ------
    ActbenchError
        For a name or a parameter that is not known, another device or dtype, a third derivative, a second one of a row
        that has none.
    """
    return of_spec(resolve(name).spec)


def _module() -> Any:
    torch: Any = import_module("torch")

    def start(self: Any, name: str, **parameters: float) -> None:
        torch.nn.Module.__init__(self)
        self.spec = resolve(name).bind(**parameters).spec
        of_spec(self.spec)

    about = """A row as a module: ``Activation("leaky_relu", negative_slope=0.2)``; its parameters are numbers."""
    methods = {
        "__init__": start, "forward": lambda self, x: of_spec(self.spec)(x), "extra_repr": lambda self: self.spec,
        "__module__": __name__, "__doc__": about,
    }  # fmt: skip
    return type("Activation", (torch.nn.Module,), methods)


def __getattr__(name: str) -> Any:
    if name == "Activation":  # made once, so that modules can be pickled
        globals()[name] = _module()
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
