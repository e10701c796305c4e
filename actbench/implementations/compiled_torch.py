"""torch.compile at the start of a race: the function, or its vector-Jacobian product, fused by Inductor."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from actbench.activations.record import Activation
from actbench.implementations.ready import Array, Operands, PreparedCall
from actbench.implementations.torch_race import function_of, tensors


def ready(
    activation: Activation, direction: str, operands: Operands, device: str = "cpu"
) -> tuple[PreparedCall | None, str]:
    """As `actbench.implementations.ready.get_ready`."""
    torch = import_module("torch")
    function = function_of(activation)
    if function is None:
        return None, f"{activation.name} names no function of torch"
    # else a pool of processes computes beside the race
    setattr(import_module("torch._inductor.config"), "compile_threads", 1)  # noqa: B010  the module is not typed
    import_module("torch._dynamo").reset()  # after 8 shapes of one function it would fall back to eager silently
    (x, dy, _, _), refresh = tensors(operands, device)

    def slope(dy: Any, x: Any) -> Any:
        return torch.func.vjp(function, x)[1](dy)[0]

    given: tuple[Any, ...]
    if direction == "forward":
        compiled = torch.compile(function, dynamic=False, fullgraph=True)
        given = (x,)
    else:
        compiled = torch.compile(slope, dynamic=False, fullgraph=True)
        given = (dy, x)
    with torch.no_grad():
        found = compiled(*given)
    if found.data_ptr() in (x.data_ptr(), dy.data_ptr()):
        return None, "gives its input back: nothing is computed"

    def result() -> Array:
        return np.array(compiled(*given).cpu().numpy())

    return PreparedCall(
        call=lambda: compiled(*given), result=result, refresh=refresh, around=torch.no_grad,
        kept=operands.x.nbytes if direction == "backward" else None, note="allocates its result",
    ), ""  # fmt: skip
