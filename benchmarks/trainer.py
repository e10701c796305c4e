"""How long does it take to train small networks on the digits?"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from benchmarks.imports import find, need, start
from benchmarks.panel import CLOCK

start("train", "compiler", "sklearn.datasets")

ACTIVATIONS = ("relu", "tanh")
OPTIMISERS = ("sgd", "adam")
NORMS = ("batch_before", "layer_before")
RATES = {"sgd": 0.1, "adam": 1e-3}


@cache
def training(
    activation: str, optimiser: str, norm: str, *, nets: int = 16, epochs: int = 1, batch: int = 32
) -> Callable[[], object]:
    """Births and epochs of a block of networks, three hidden layers of 64 units, float32; run once before."""
    need(activation)
    train, data = find("train"), find("data_set")("digits")
    design = find("design_for")(data, activation=activation, width=64, depth=3, norm=norm)
    recipe = find("Recipe")(optimiser=optimiser, rate=RATES[optimiser], batch=batch, epochs=epochs)

    def run() -> object:
        return train(design, data, range(nets), recipe)

    run()
    return run


def time_epoch(activation: str, optimiser: str) -> None:
    """One epoch of 16 networks, births included: the whole epoch as one compiled function."""
    training(activation, optimiser, "none")()


def time_epoch_by_layers(norm: str) -> None:
    """The same of 4 networks that are normalised, which goes layer by layer; relu and SGD."""
    training("relu", "sgd", norm, nets=4)()


for _benchmark, _names, _values in (
    (time_epoch, ("activation", "optimiser"), (ACTIVATIONS, OPTIMISERS)),
    (time_epoch_by_layers, ("norm",), (NORMS,)),
):
    _benchmark.params = _values
    _benchmark.param_names = _names
    _benchmark.version = "1"
    _benchmark.timer = CLOCK
    _benchmark.sample_time = 0.02
    _benchmark.rounds = 2
    _benchmark.repeat = 5
    _benchmark.warmup_time = 0.05
    _benchmark.timeout = 120  # an epoch's loop compiles in 15 s where the cache is cold
