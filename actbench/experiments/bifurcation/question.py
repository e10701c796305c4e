"""How many networks have a gradient that depends on the slope that ReLU is given at 0, in four precisions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from actbench.core.errors import ActbenchError
from actbench.core.streams import stream
from actbench.kernels.backends import FUSED
from actbench.networks.data import own_splits
from actbench.networks.rounding import PRECISIONS
from actbench.runs.experiment import experiment
from actbench.runs.factors import one_of, positive

DTYPE, BACKEND = "float32", FUSED
BATCH, NOISE = 100, 0.1  # the noise beside pixels of deviation 1: no two copies of an image are alike


@experiment(
    grid=[
        {"precision": ["float32"], "width": [256], "depth": [3], "copies": [50], "split": ["own"], "net": range(64)},
        {"precision": ["float64", "float16", "bfloat16"], "width": [256], "depth": [3], "copies": [50],
         "split": ["own"], "net": range(32)},
    ],
    quick={"net": range(8)},
    columns={
        "differs": "whether the slopes 0 and 1 at 0 give another gradient on some batch",
        "batches": "batches until the first on which they do, or all",
    },
    checks={"precision": one_of(PRECISIONS), "copies": positive},
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def bifurcation(
    *, precision: str, width: int, depth: int, copies: int, split: str, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """For how many networks at initialisation does the slope at 0 change the gradient on some batch of the data?

    Noisy copies of the digits, 100 a batch; weights and biases as torch has them; products add up in float32.
    """
    from actbench.networks.design import Design
    from actbench.networks.losses import cross_entropy
    from actbench.networks.network import Network

    dtype, rounding = PRECISIONS[precision]
    data = own_splits("digits", split, net)
    shape: dict[str, Any] = {"features": data.x.shape[-1], "width": width, "depth": depth, "outputs": data.classes}
    zero, one = (
        Network(Design(activation=f"relu_at_zero:at_zero={slope}", init="torch_default", **shape), net, dtype=dtype,
                backend=BACKEND, keep_z=True, rounding=rounding)
        for slope in (0.0, 1.0)
    )  # fmt: skip
    noise = [stream("noise", number, copies) for number in net]
    first = np.zeros(len(net), np.int64)  # batch that differs, counted from 1
    seen = 0
    for x, y in batches(data, noise, copies):
        seen += 1
        out = zero.forward(x)
        _finite(out)
        if any(np.any(layer.x == 0) for layer in zero.layers):  # without a zero both passes are the same
            d = cross_entropy(out, y)[1]
            one.forward(x)
            rows = [network.backward(d).parameters.rows for network in (zero, one)]
            _finite(*rows)
            first[(first == 0) & (rows[0] != rows[1]).any(axis=1)] = seen
            if first.all():
                break
    for i, number in enumerate(net):
        yield {"net": number, "differs": bool(first[i]), "batches": int(first[i] or seen)}


def _finite(*arrays: Any) -> None:
    """NaN differs from itself: a network that overflows is a failed cell, and none whose slope at 0 counts."""
    if not all(np.isfinite(each).all() for each in arrays):
        raise ActbenchError("an output or a gradient is not finite: no two of them can be compared")


def batches(data: Any, noise: list[np.random.Generator], copies: int) -> Iterator[tuple[Any, Any]]:
    """Inputs ``(nets, BATCH, features)`` and labels: the training part ``copies`` times, each with noise of its own."""
    shared = data.x.ndim == 2
    for _ in range(copies):
        drawn = [each.standard_normal(data.x.shape[-2:]) for each in noise]
        x = data.x + NOISE * np.stack(drawn)
        for start in range(0, x.shape[1], BATCH):
            part = slice(start, start + BATCH)
            yield x[:, part], data.y[part] if shared else data.y[:, part]
