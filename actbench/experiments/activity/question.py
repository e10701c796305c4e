"""How much of a random network is active, layer by layer, in each sense that "active" can have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from actbench.networks.data import inputs
from actbench.runs.experiment import experiment
from actbench.runs.factors import ARTICLE, data_name

DTYPE, BACKEND = "float32", "numpy"
BATCH = 256
OTHERS = ("softshrink", "hardshrink", "elu", "softplus", "silu")  # two-sided with zeros; one-sided without
SHAPE = {"depth": [30], "width": [128], "net": range(64)}


@experiment(
    grid=[
        {**SHAPE, "activation": ARTICLE, "data": ["normal", "digits"], "init": ["he"], "bias": ["zero"]},
        {**SHAPE, "activation": OTHERS, "data": ["normal"], "init": ["he"], "bias": ["zero"]},
        {**SHAPE, "activation": ["relu"], "data": ["normal"], "init": ["lecun"], "bias": ["zero"]},
        {**SHAPE, "activation": ["relu"], "data": ["normal"], "init": ["he", "glorot"], "bias": ["constant:-0.1"]},
    ],
    quick={"net": range(8)},
    columns={
        "layer": "layer, 1 is nearest the input",
        "active_fraction": "units with non-zero output, mean over inputs and units",
        "path_fraction": "paths from layer 1 whose units are all active, mean over inputs",
        "connection_fraction": "pairs of active units in this and the previous layer over all pairs, mean over inputs",
        "energy": "mean square of the output over inputs and units",
        "never_active_fraction": "units that are zero for every input of the batch",
        "diverged": "an output of this or an earlier layer is not finite",
    },
    checks={"data": data_name},
    batch="net",
    dtype=DTYPE,
    backend=BACKEND,
)  # fmt: skip
def activity(
    *, activation: str, data: str, depth: int, width: int, init: str, bias: str, net: tuple[int, ...]
) -> Iterator[dict[str, Any]]:
    """What fraction of units, paths and connections is active, layer by layer?"""
    from actbench.networks.design import Design
    from actbench.networks.network import Network

    x = inputs(data, BATCH, width, DTYPE)
    design = Design(activation=activation, features=x.shape[1], width=width, depth=depth, init=init, bias=bias)
    network = Network(design, net, dtype=DTYPE, backend=BACKEND)
    network.forward(x, draws=network.draw(BATCH))
    paths = np.ones((len(net), x.shape[0]))
    before: Any = None
    whole = np.ones(len(net), bool)
    for layer, h in enumerate((each.h for each in network.layers), 1):
        whole &= np.isfinite(h).all(axis=(1, 2))
        on = h != 0
        share = on.mean(axis=2)  # (nets, inputs)
        paths = paths * share
        energy = np.square(h, dtype=np.float64).mean(axis=(1, 2))
        for i, number in enumerate(net):
            row: dict[str, Any] = {"net": number, "layer": layer, "diverged": not bool(whole[i])}
            if whole[i]:  # NaN != 0 is true, so a diverged network would look fully active
                row |= {
                    "active_fraction": float(share[i].mean()),
                    "path_fraction": float(paths[i].mean()),
                    "connection_fraction": None if before is None else float((share[i] * before[i]).mean()),
                    "energy": float(energy[i]),
                    "never_active_fraction": float((~on[i].any(axis=0)).mean()),
                }
            yield row
        before = share
