"""How long does a network's pass take, forward and backward with the gradient's norm at every layer?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from benchmarks.imports import find, need, start
from benchmarks.panel import CLOCK

start("Network", "compiler")

ACTIVATIONS = ("relu", "tanh", "silu")
SHAPES = ("50x32x64", "100x128x128", "20x256x256")  # depth x width x batch: overhead, the usual, mostly products


@cache
def network_pass(activation: str, shape: str, dtype: str = "float32") -> Callable[[], object]:
    """A pass of one network with He's initialisation on standard normal inputs, made once before."""
    need(activation)
    depth, width, batch = (int(part) for part in shape.split("x"))
    design = find("Design")(activation=activation, features=width, width=width, depth=depth)
    network = find("Network")(design, [0], dtype=dtype)
    rng = np.random.default_rng(7)
    x, d = (rng.standard_normal((batch, width)).astype(dtype) for _ in range(2))

    def run() -> object:
        network.forward(x)
        return network.backward(d, log_scale=True)

    run()
    return run


def time_pass(activation: str, shape: str) -> None:
    """Forward and backward, one network, float32, one thread."""
    network_pass(activation, shape)()


time_pass.params = (ACTIVATIONS, SHAPES)
time_pass.param_names = ("activation", "shape")
time_pass.version = "1"
time_pass.timer = CLOCK
time_pass.sample_time = 0.02
time_pass.rounds = 2
time_pass.repeat = 7
time_pass.warmup_time = 0.05
time_pass.timeout = 120
