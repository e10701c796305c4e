"""Is the engine as fast as its own matrix products, and as torch autograd doing the same?

Run it as a program: one thread, float32, forward and backward with the gradient's norm at every layer on a log scale.
Every round times all candidates once, in random order; what is shown are medians of ratios within a round, for the
noise of a shared machine hits a round as a whole.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from actbench.networks.design import Design
from actbench.networks.network import Network

CASES = ((50, 512, 512), (100, 128, 128))  # depth, width, batch
TARGETS = {512: (1.05, 1.00), 128: (1.08, 0.85)}  # most times its own products, most times torch autograd
SEED = 7

Pass = Callable[[], Any]


@lru_cache(maxsize=4)
def engine(activation: str, depth: int, width: int, batch: int) -> Network:
    """A network of the case, kernels compiled."""
    network = Network(Design(activation=activation, features=width, width=width, depth=depth), [0])
    network_pass(network, *data(width, batch))
    return network


@lru_cache(maxsize=4)
def data(width: int, batch: int) -> tuple[Any, Any]:
    """Inputs and the gradient that arrives at the last layer."""
    rng = np.random.default_rng(SEED)
    return tuple(rng.standard_normal((batch, width), dtype=np.float32) for _ in range(2))  # type: ignore[return-value]


def network_pass(network: Network, x: Any, d: Any) -> Any:
    """Forward, and backward to weights, biases and inputs."""
    network.forward(x)
    return network.backward(d, log_scale=True, inputs=True)


def products(network: Network, x: Any, d: Any) -> Pass:
    """The same matrix products alone, into memory that is used again."""
    depth = network.design.depth
    weights = [network.parameters["w", layer][0] for layer in range(1, depth + 1)]
    h = [x, *(np.empty_like(x) for _ in weights)]
    back = [np.empty_like(x), np.empty_like(x)]
    found = [np.empty_like(w) for w in weights]

    def run() -> None:
        for layer, w in enumerate(weights):
            np.matmul(h[layer], w, out=h[layer + 1])
        now = d
        for layer in range(depth - 1, -1, -1):
            np.matmul(h[layer].T, now, out=found[layer])
            now = np.matmul(now, weights[layer].T, out=back[layer % 2])

    return run


def torch_pass(network: Network, x: Any, d: Any, *, norms: bool) -> Pass:
    """torch autograd with the same weights and biases; with norms, those of the gradient at every pre-activation."""
    import torch

    torch.set_num_threads(1)
    function = getattr(torch, network.design.activation)
    layers = range(1, network.design.depth + 1)
    w = [torch.from_numpy(network.parameters["w", layer][0].copy()).requires_grad_() for layer in layers]
    b = [torch.from_numpy(network.parameters["b", layer][0].copy()).requires_grad_() for layer in layers]
    tx, td = torch.from_numpy(x.copy()).requires_grad_(), torch.from_numpy(d.copy())

    def run() -> Any:
        h, z = tx, []
        for one_w, one_b in zip(w, b, strict=True):
            z.append(torch.addmm(one_b, h, one_w))
            h = function(z[-1])
        found = torch.autograd.grad(h, [tx, *w, *b, *(z if norms else [])], td)
        return found, [float(g.norm().log()) for g in found[1 + 2 * len(w) :]]

    return run


def rounds(candidates: dict[str, Pass], count: int) -> dict[str, np.ndarray]:
    """Seconds of each candidate in each round, the order drawn anew every time."""
    rng = np.random.default_rng(SEED)
    found: dict[str, list[float]] = {name: [] for name in candidates}
    for run in candidates.values():
        run()
    for _ in range(count):
        for name in rng.permutation(list(candidates)):
            begun = time.perf_counter()
            candidates[name]()
            found[name].append(time.perf_counter() - begun)
    return {name: np.array(times) for name, times in found.items()}


def ratio(times: dict[str, np.ndarray], one: str, other: str) -> tuple[float, float, float]:
    """Median over rounds of one time over the other, and its 95 % interval by order statistics."""
    each = np.sort(times[one] / times[other])
    half = 0.98 * np.sqrt(len(each))
    low, high = (int(np.clip(len(each) / 2 + side * half, 0, len(each) - 1)) for side in (-1, 1))
    return float(np.median(each)), float(each[low]), float(each[high])


def candidates_of(activation: str, depth: int, width: int, batch: int) -> dict[str, Pass]:
    """What is compared: engine, its products alone, torch where it is installed."""
    network, (x, d) = engine(activation, depth, width, batch), data(width, batch)
    found: dict[str, Pass] = {
        "engine": lambda: network_pass(network, x, d),
        "products": products(network, x, d),
    }
    try:
        found["torch"] = torch_pass(network, x, d, norms=False)
        found["torch with norms"] = torch_pass(network, x, d, norms=True)
    except ImportError:
        print("torch is not installed: compared with the products alone")
    return found


def main(arguments: Iterable[str] | None = None) -> None:
    """Print the ratios of every case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activations", nargs="+", default=["relu", "tanh"])
    parser.add_argument("--rounds", type=int, default=21, help="rounds at width 512; ten times as many at 128")
    options = parser.parse_args(arguments)  # type: ignore[arg-type]
    with threadpool_limits(1):
        print(f"{platform.processor() or platform.machine()}, numpy {np.__version__}, one thread, float32")
        for activation in options.activations:
            for depth, width, batch in CASES:
                count = options.rounds * (1 if width >= 512 else 10)
                times = rounds(candidates_of(activation, depth, width, batch), count)
                print(f"{activation}, depth {depth}, width {width}, batch {batch}, {count} rounds:")
                for name, each in times.items():
                    print(f"   {name:17s} {1e3 * np.median(each):8.2f} ms")
                for other in [name for name in times if name != "engine"]:
                    middle, low, high = ratio(times, "engine", other)
                    print(f"   engine / {other:17s} {middle:.3f} [{low:.3f}, {high:.3f}]")
                print(f"   targets: products <= {TARGETS[width][0]}, torch <= {TARGETS[width][1]}", flush=True)


if __name__ == "__main__":
    main()
