"""Rows as functions of torch tensors on the CPU: our kernels on the tensor's own memory, in every direction.

Classes are made by hand: a class statement would need torch's types where there is no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from numpy import ndarray

from actbench.activations.registry import resolve
from actbench.core.errors import ActbenchError
from actbench.kernels.kernel import kernel
from actbench.kernels.ufuncs import THREADED

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

    def one(self, direction: str) -> Callable[[Any], Any]:
        """A function of x: a new tensor. In few steps: at 2^12 elements the kernel takes less time than they do."""
        alone, wrap, team = self.kernels(direction, 1), self.torch.from_numpy, self.torch.get_num_threads

        def run(x: Any) -> Any:
            if not x.is_cpu:
                raise self.refused(str(x.dtype).removeprefix("torch."), x.device)
            kernels = alone if x.numel() < THREADED else self.kernels(direction, team())
            y = kernels[x.dtype](x.numpy(force=True))
            return wrap(y) if type(y) is ndarray else x.new_tensor(y)

        return run

    def two(self) -> Callable[[Any, Any], Any]:
        """dy f'(x) as a function of both."""
        alone, wrap, team = self.kernels("backward", 1), self.torch.from_numpy, self.torch.get_num_threads

        def run(dy: Any, x: Any) -> Any:
            kernels = alone if x.numel() < THREADED else self.kernels("backward", team())
            dx = kernels[x.dtype](dy.numpy(force=True), x.numpy(force=True))
            return wrap(dx) if type(dx) is ndarray else x.new_tensor(dx)

        return run


def _function(name: str, forward: Callable[..., Any], backward: Callable[..., Any]) -> Any:
    """A ``torch.autograd.Function``'s ``apply``."""
    parts = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type(name, (import_module("torch").autograd.Function,), parts).apply  # type: ignore[attr-defined]


def _bent(passes: Passes) -> Any:
    """f'' as a function of a tensor."""
    run = passes.one("second")

    def value(ctx: Any, x: Any) -> Any:
        return run(x)

    def none(ctx: Any, dy: Any) -> Any:
        raise ActbenchError(f"{passes.row.name} has no third derivative here; differentiate twice at most")

    return _function("Second", value, none)


def _sloped(passes: Passes) -> Any:
    """dy f'(x) as a function of both that can be differentiated."""
    run, bent = passes.two(), _bent(passes)

    def value(ctx: Any, dy: Any, x: Any) -> Any:
        ctx.save_for_backward(dy, x)
        return run(dy, x)

    def slope(ctx: Any, arriving: Any) -> Any:
        dy, x = ctx.saved_tensors
        for_dy, for_x = ctx.needs_input_grad
        return sloped(arriving, x) if for_dy else None, arriving * dy * bent(x) if for_x else None

    sloped = _function("Backward", value, slope)
    return sloped


@cache
def of_spec(spec: str) -> Callable[..., Any]:
    """A row as a function of one tensor; see `function`."""
    passes = Passes(spec)
    run, back, sloped, enabled = passes.one("forward"), passes.two(), _sloped(passes), passes.torch.is_grad_enabled

    def value(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return run(x)

    def slope(ctx: Any, dy: Any) -> Any:
        (x,) = ctx.saved_tensors
        return sloped(dy, x) if enabled() else back(dy, x)

    row, forward = passes.row, _function(passes.row.name, value, slope)

    def call(x: Any, **parameters: Any) -> Any:
        if parameters:
            return of_spec(resolve(spec).bind(**parameters).spec)(x)
        return forward(x) if x.requires_grad and enabled() else run(x)

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
    are numbers. From 2^18 elements on as many threads as torch has.

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
