"""A GPU at the start of a race: what its memory allows, and calls timed by the device's own events."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from actbench.core.errors import ActbenchError
from actbench.implementations.adapters.torch_ import tensors
from actbench.implementations.implementation import Operands, PreparedCall
from actbench.speed.race import Call, Stopwatch


def found() -> Any:
    """torch, where it sees a GPU.

    Raises
    ------
    ActbenchError
        Where torch is not installed or sees none.
    """
    try:
        torch: Any = import_module("torch")
    except ModuleNotFoundError:
        raise ActbenchError("--device cuda needs torch, which is not installed; install .[peers]") from None
    if not torch.cuda.is_available():
        raise ActbenchError(f"torch {torch.__version__} sees no GPU; leave --device out")
    return torch


def stopwatch(events: Any = None) -> Stopwatch:
    """Times a block of calls between two events of the device, for a call returns before its work is done.

    Parameters
    ----------
    events
        What makes an event with ``record``, ``synchronize`` and ``elapsed_time`` in milliseconds; by default
        torch.cuda.Event.
    """
    if events is None:
        torch = found()
        events = lambda: torch.cuda.Event(enable_timing=True)  # noqa: E731

    def seconds(call: Call, calls: int) -> float:
        begin, end = events(), events()
        begin.record()
        for _ in range(calls):
            call()
        end.record()
        end.synchronize()
        return float(begin.elapsed_time(end)) / 1000

    return seconds


def copy(operands: Operands, device: str) -> PreparedCall:
    """A copy of x to out within the device's memory: the limit of a pass."""
    (x, _, _, out), refresh = tensors(operands, device)

    def result() -> Any:
        return np.array(out.copy_(x).cpu().numpy())

    return PreparedCall(call=lambda: out.copy_(x), result=result, refresh=refresh, preallocated=True)
