"""How much time does one small network cost to train, against torch and jax doing the same steps?

Run it as a program: digits, three hidden layers of 64 units, float32, one thread. Every candidate takes the same
steps in the same order from the same weights. Rounds time all candidates in random order; what is shown are medians
of ratios within a round, in processor time of all threads: wall time counts whoever else is on the machine. torch and
jax are optional; what is missing is left out with its reason.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from actbench.network.data import Data, data_set
from actbench.network.network import Network
from actbench.network.training import Recipe, design_for, order_of, train

WIDTH, DEPTH, EPOCHS, BLOCK = 64, 3, 10, 16
SAMPLES = 1152  # 36 batches of 32, 9 of 128: jax's scan wants them equal
RATES = {"sgd": 0.1, "adam": 1e-3}
TARGETS = {32: 10, 128: 5}  # least times faster than torch eager
BEST = 1.3  # least times faster than the best of the batched rivals
SEED = 7

Run = Callable[[], Any]


@lru_cache(maxsize=1)
def data() -> Data:
    """The digits, shortened to full batches."""
    whole = data_set("digits")
    return Data(name="digits", x=whole.x[:SAMPLES].copy(), y=whole.y[:SAMPLES].copy(), test_x=whole.test_x,
                test_y=whole.test_y, classes=10)  # fmt: skip


def recipe(optimiser: str, batch: int) -> Recipe:
    """The case's recipe."""
    return Recipe(optimiser=optimiser, rate=RATES[optimiser], batch=batch, epochs=EPOCHS)  # type: ignore[arg-type]


def ours(activation: str, optimiser: str, batch: int, nets: range = range(BLOCK)) -> Network:
    """Train a block of networks; births, orders and copies included."""
    design = design_for(data(), activation=activation, width=WIDTH, depth=DEPTH)
    return train(design, data(), nets, recipe(optimiser, batch)).network


@lru_cache(maxsize=4)
def birth(activation: str) -> Network:
    """The block's initial weights."""
    return Network(design_for(data(), activation=activation, width=WIDTH, depth=DEPTH), range(BLOCK))


@lru_cache(maxsize=2)
def orders() -> np.ndarray:
    """(nets, epochs, samples): what `train` uses."""
    return np.stack([[order_of(net, SAMPLES, epoch + 1) for epoch in range(EPOCHS)] for net in range(BLOCK)])


def batches(order: Any, batch: int) -> Iterator[Any]:
    """Index batches of all epochs; the last axis of ``order`` is cut."""
    for epoch in range(EPOCHS):
        for start in range(0, SAMPLES, batch):
            yield order[..., epoch, start : start + batch]


def weights(activation: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Initial weights and biases, ``(nets, fan_in, fan_out)`` and ``(nets, fan_out)``."""
    parameters = birth(activation).parameters
    return [(parameters["w", layer].copy(), parameters["b", layer].copy()) for layer in range(1, DEPTH + 2)]


def torch_eager(activation: str, optimiser: str, batch: int) -> Run:
    """One network, modules and torch.optim as everybody writes them."""
    import torch

    torch.set_num_threads(1)
    kind = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[activation]
    x, y = torch.tensor(data().x, dtype=torch.float32), torch.tensor(data().y)
    order, first = torch.from_numpy(orders()), weights(activation)
    loss_of = torch.nn.CrossEntropyLoss()

    def run() -> Any:
        layers: list[Any] = []
        for w, b in first:
            linear = torch.nn.Linear(w.shape[1], w.shape[2])
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(w[0].T.copy()))
                linear.bias.copy_(torch.from_numpy(b[0]))
            layers += [linear, kind()]
        net = torch.nn.Sequential(*layers[:-1])
        rule = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimiser](net.parameters(), lr=RATES[optimiser])
        for index in batches(order[0], batch):
            rule.zero_grad()
            loss_of(net(x[index]), y[index]).backward()
            rule.step()
        return net

    return run


def _torch_block(activation: str, optimiser: str, batch: int, gradients: Callable[[Any, Any, Any], Any]) -> Run:
    """A block of networks in torch, the optimiser in its fused form; ``gradients`` fills ``.grad``."""
    import torch

    torch.set_num_threads(1)
    x, y = torch.tensor(data().x, dtype=torch.float32), torch.tensor(data().y)
    order, first = torch.from_numpy(orders()), weights(activation)

    def run() -> Any:
        own = [torch.from_numpy(part.copy()).requires_grad_() for pair in first for part in pair]
        kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimiser]
        rule = kind(own, lr=RATES[optimiser], fused=True)
        for index in batches(order, batch):
            gradients(own, x[index], y[index])
            rule.step()
        return own

    return run


def torch_bmm(activation: str, optimiser: str, batch: int) -> Run:
    """A block in batched matrix products with autograd."""
    import torch

    function = getattr(torch, activation)

    def gradients(own: list[Any], x: Any, y: Any) -> None:
        for part in own:
            part.grad = None
        h = x
        for layer in range(DEPTH + 1):
            h = torch.baddbmm(own[2 * layer + 1][:, None, :], h, own[2 * layer])
            h = function(h) if layer < DEPTH else h
        loss = torch.nn.functional.cross_entropy(h.reshape(-1, 10), y.reshape(-1), reduction="sum") / batch
        loss.backward()

    return _torch_block(activation, optimiser, batch, gradients)


def torch_vmap(activation: str, optimiser: str, batch: int) -> Run:
    """A block through torch.func.vmap of grad."""
    import torch

    function = getattr(torch, activation)

    def loss(own: list[Any], x: Any, y: Any) -> Any:
        h = x
        for layer in range(DEPTH + 1):
            h = h @ own[2 * layer] + own[2 * layer + 1]
            h = function(h) if layer < DEPTH else h
        return torch.nn.functional.cross_entropy(h, y)

    mapped = torch.func.vmap(torch.func.grad(loss))

    def gradients(own: list[Any], x: Any, y: Any) -> None:
        found = mapped([part.detach() for part in own], x, y)
        for part, one in zip(own, found, strict=True):
            part.grad = one

    return _torch_block(activation, optimiser, batch, gradients)


def jax_block(activation: str, optimiser: str, batch: int) -> Run:
    """A block in jax: the whole training a scan, networks by vmap, compiled."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_cpu_enable_async_dispatch", False)  # one thread: computed by the caller, as ours is
    function = {"relu": jax.nn.relu, "tanh": jnp.tanh}[activation]
    x, y = jnp.asarray(data().x, jnp.float32), jnp.asarray(data().y)
    rate = RATES[optimiser]

    def loss(own: Any, index: Any) -> Any:
        h = x[index]
        for layer, (w, b) in enumerate(own):
            h = h @ w + b
            h = function(h) if layer < DEPTH else h
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(h), y[index][:, None], 1))

    def step(state: Any, index: Any) -> Any:
        own, m, v, t = state
        grad, t = jax.grad(loss)(own, index), t + 1
        each = jax.tree_util.tree_map
        if optimiser == "sgd":
            return (each(lambda p, g: p - rate * g, own, grad), m, v, t), None
        m = each(lambda a, g: 0.9 * a + 0.1 * g, m, grad)
        v = each(lambda a, g: 0.999 * a + 0.001 * g * g, v, grad)
        size, root = rate / (1 - 0.9**t), 1 / jnp.sqrt(1 - 0.999**t)
        return (each(lambda p, a, b: p - size * a / (jnp.sqrt(b) * root + 1e-8), own, m, v), m, v, t), None

    def whole(own: Any, order: Any) -> Any:
        zero = jax.tree_util.tree_map(jnp.zeros_like, own)
        (found, _, _, _), _ = jax.lax.scan(step, (own, zero, zero, jnp.float32(0)), order.reshape(-1, batch))
        return found

    compiled = jax.jit(jax.vmap(whole))
    first = [(jnp.asarray(w), jnp.asarray(b)) for w, b in weights(activation)]
    order = jnp.asarray(orders())
    return lambda: jax.block_until_ready(compiled(first, order))


# name -> how it is built, and how many networks one run trains
CANDIDATES: dict[str, tuple[Callable[[str, str, int], Run], int]] = {
    "actbench": (lambda *case: lambda: ours(*case), BLOCK),
    "torch eager": (torch_eager, 1),
    "torch bmm": (torch_bmm, BLOCK),
    "torch vmap": (torch_vmap, BLOCK),
    "jax scan + vmap": (jax_block, BLOCK),
}


def built(case: tuple[str, str, int]) -> dict[str, Run]:
    """Candidates that can run here, warmed up."""
    found = {}
    for name, (build, _) in CANDIDATES.items():
        try:
            found[name] = build(*case)
            found[name]()
        except ImportError as error:
            print(f"   {name} is left out: {error}")
    return found


def rounds(runs: dict[str, Run], count: int) -> dict[str, np.ndarray]:
    """Milliseconds an epoch and network, of each candidate in each round; the order is drawn anew every time."""
    rng = np.random.default_rng(SEED)
    found: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(count):
        for name in rng.permutation(list(runs)):
            begun = time.process_time()
            runs[name]()
            found[name].append((time.process_time() - begun) * 1e3 / CANDIDATES[name][1] / EPOCHS)
    return {name: np.array(each) for name, each in found.items()}


def show(case: tuple[str, str, int], count: int) -> None:
    """Time one case and print it."""
    activation, optimiser, batch = case
    print(f"{activation}, {optimiser}, batch {batch} ({math.ceil(SAMPLES / batch)} steps an epoch), {count} rounds:")
    times = rounds(built(case), count)
    own = times["actbench"]
    for name, each in sorted(times.items(), key=lambda item: np.median(item[1])):
        middle = float(np.median(each / own))
        print(f"   {name:16s} {np.median(each):7.3f} ms an epoch and network, {middle:6.2f} times actbench's")
    rivals = [name for name in times if name not in ("actbench", "torch eager")]
    if rivals:
        best = min(rivals, key=lambda name: float(np.median(times[name] / own)))
        print(f"   targets: torch eager >= {TARGETS[batch]}, best rival ({best}) >= {BEST}", flush=True)


def main(arguments: Iterable[str] | None = None) -> None:
    """Print the ratios of every case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activations", nargs="+", default=["relu", "tanh"])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(arguments)  # type: ignore[arg-type]
    # jax reads this when it starts; the others are told below
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    with threadpool_limits(1):
        for activation in options.activations:
            for optimiser in ("sgd", "adam"):
                for batch in (32, 128):
                    show((activation, optimiser, batch), options.rounds)


if __name__ == "__main__":
    main()
