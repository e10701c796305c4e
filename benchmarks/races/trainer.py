"""How much time does one small network cost to train, against torch and jax doing the same steps?

Run it as a program: digits, three hidden layers of 64 units, float32, one thread. Every candidate takes the same
steps in the same order from the same weights, and what comes out is compared before anything is timed. Rounds time all
candidates in random order; what is shown are medians of ratios within a round, in processor time of all threads: wall
time counts whoever else is on the machine. torch and jax are optional; what is missing is left out with its reason.

What is timed is training alone, from initial weights that are there to trained ones, ten epochs of it: bringing the
weights to where they are trained, the optimiser's state, gathering every batch by its indices, the steps. Everybody is
given, and nobody is charged for, initial weights and shuffled orders as arrays of their own kind, the data in float32,
modules, and compiled code. Drawing weights and orders is left out since each library has a generator of its own.
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
from threadpoolctl import threadpool_info, threadpool_limits

from actbench.networks.data import Data, data_set
from actbench.networks.network import Network
from actbench.networks.training import Recipe, design_for, fit, order_of
from benchmarks.races.engine import ratio

WIDTH, DEPTH, EPOCHS, BLOCK = 64, 3, 10, 16
SAMPLES = 1152  # 36 batches of 32, 9 of 128: jax's scan wants them equal
RATES = {"sgd": 0.1, "adam": 1e-3}
# Least times faster than torch eager. Zen 5: OpenBLAS 0.3.30 takes its AVX2 kernels there and SGD has 5.8 and 2.9;
# with OPENBLAS_CORETYPE=SKYLAKEX it has 11.8 and 6.1 (Adam: 10.2 and 4.3, then 19.7 and 8.9).
TARGETS = {32: 10, 128: 5}
BEST = 1.3  # least times faster than the best of the batched rivals
# Mean difference a weight after all epochs that still counts as the same steps; other networks differ by 0.2. Found:
# at most 1e-7, but 5e-4 for torch vmap with ReLU under Adam at batch 32.
SAME = 1e-2
SEED = 7

Run = Callable[[], Any]
Weights = list[np.ndarray]  # of each layer in turn the weights (nets, fan_in, fan_out) and the biases (nets, fan_out)


@lru_cache(maxsize=1)
def data() -> Data:
    """The digits, shortened to full batches, in float32."""
    whole = data_set("digits")
    return Data(name="digits", x=whole.x[:SAMPLES].astype(np.float32), y=whole.y[:SAMPLES].copy(),
                test_x=whole.test_x, test_y=whole.test_y, classes=10)  # fmt: skip


def recipe(optimiser: str, batch: int) -> Recipe:
    """The case's recipe."""
    return Recipe(optimiser=optimiser, rate=RATES[optimiser], batch=batch, epochs=EPOCHS)  # type: ignore[arg-type]


def birth(activation: str) -> Network:
    """A block of networks as they are born."""
    return Network(design_for(data(), activation=activation, width=WIDTH, depth=DEPTH), range(BLOCK))


def weights(network: Network) -> Weights:
    """A block's weights and biases, as views."""
    return [network.parameters[kind, layer] for layer in range(1, DEPTH + 2) for kind in ("w", "b")]


@lru_cache(maxsize=1)
def orders() -> np.ndarray:
    """(nets, epochs, samples): what `train` uses."""
    return np.stack([[order_of(net, SAMPLES, epoch + 1) for epoch in range(EPOCHS)] for net in range(BLOCK)])


def batches(order: Any, batch: int) -> Iterator[Any]:
    """Index batches of all epochs; the last axis of ``order`` is cut."""
    for epoch in range(EPOCHS):
        for start in range(0, SAMPLES, batch):
            yield order[..., epoch, start : start + batch]


def ours(activation: str, optimiser: str, batch: int) -> Run:
    """A block in compiled epochs."""
    network, first, order = birth(activation), birth(activation).parameters.flat, orders()

    def run() -> Weights:
        network.parameters.flat[:] = first
        fit(network, data(), recipe(optimiser, batch), order=lambda net, _, epoch: order[net, epoch - 1])
        return weights(network)

    return run


def torch_eager(activation: str, optimiser: str, batch: int) -> Run:
    """One network, modules and torch.optim as everybody writes them."""
    import torch

    torch.set_num_threads(1)
    kind = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[activation]
    x, y = torch.tensor(data().x, dtype=torch.float32), torch.tensor(data().y)
    order, loss_of = torch.from_numpy(orders()), torch.nn.CrossEntropyLoss()
    # Linear keeps its weights turned
    first = [torch.from_numpy(part[0].T.copy()) for part in weights(birth(activation))]
    layers = [part for w in first[::2] for part in (torch.nn.Linear(w.shape[1], w.shape[0]), kind())]
    net = torch.nn.Sequential(*layers[:-1])

    def run() -> Weights:
        with torch.no_grad():
            for own, part in zip(net.parameters(), first, strict=True):
                own.copy_(part)
        rule = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimiser](net.parameters(), lr=RATES[optimiser])
        for index in batches(order[0], batch):
            rule.zero_grad()
            loss_of(net(x[index]), y[index]).backward()
            rule.step()
        return [own.detach().numpy().T[None] for own in net.parameters()]

    return run


def _torch_block(activation: str, optimiser: str, batch: int, gradients: Callable[[Any, Any, Any], Any]) -> Run:
    """A block of networks in torch, the optimiser in its fused form; ``gradients`` fills ``.grad``."""
    import torch

    torch.set_num_threads(1)
    x, y = torch.tensor(data().x, dtype=torch.float32), torch.tensor(data().y)
    order, first = torch.from_numpy(orders()), [torch.from_numpy(part) for part in weights(birth(activation))]

    def run() -> Weights:
        own = [part.clone().requires_grad_() for part in first]
        kind = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[optimiser]
        rule = kind(own, lr=RATES[optimiser], fused=True)
        for index in batches(order, batch):
            gradients(own, x[index], y[index])
            rule.step()
        return [part.detach().numpy() for part in own]

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
    flat = [jnp.asarray(part) for part in weights(birth(activation))]
    first, order = list(zip(flat[::2], flat[1::2], strict=True)), jnp.asarray(orders())

    def run() -> Weights:
        return [np.asarray(part) for pair in jax.block_until_ready(compiled(first, order)) for part in pair]

    return run


# name -> how it is built, and how many networks one run trains
CANDIDATES: dict[str, tuple[Callable[[str, str, int], Run], int]] = {
    "actbench": (ours, BLOCK),
    "torch eager": (torch_eager, 1),
    "torch bmm": (torch_bmm, BLOCK),
    "torch vmap": (torch_vmap, BLOCK),
    "jax scan + vmap": (jax_block, BLOCK),
}


def built(case: tuple[str, str, int]) -> dict[str, Run]:
    """Candidates that can run here, warmed up; their first network's weights end where ours do."""
    found: dict[str, Run] = {}
    ends: dict[str, np.ndarray] = {}
    for name, (build, _) in CANDIDATES.items():
        try:
            found[name] = build(*case)
        except ImportError as error:
            print(f"   {name} is left out: {error}")
            continue
        ends[name] = np.concatenate([part[0].reshape(-1) for part in found[name]()])
        gap = float(np.abs(ends[name] - ends["actbench"]).mean())
        if not gap < SAME:
            raise SystemExit(f"{name} does not take actbench's steps: mean difference {gap:.1e} a weight in {case}")
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
    ratios = {name: ratio(times, name, "actbench") for name in times}
    for name, each in sorted(times.items(), key=lambda item: np.median(item[1])):
        middle, low, high = ratios[name]
        print(f"   {name:16s} {np.median(each):7.3f} ms an epoch and network, ", end="")
        print(f"{middle:6.2f} [{low:.2f}, {high:.2f}] times actbench's")
    rivals = [name for name in times if name not in ("actbench", "torch eager")]
    if rivals:
        best = min(rivals, key=lambda name: ratios[name][0])
        print(f"   targets: torch eager >= {TARGETS[batch]}, best rival ({best}) >= {BEST}", flush=True)


def main(arguments: Iterable[str] | None = None) -> None:
    """Print the ratios of every case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activations", nargs="+", default=["relu", "tanh"])
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(arguments)  # type: ignore[arg-type]
    # jax reads this when it starts; the others are told below
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import scipy.linalg  # noqa: F401  the BLAS of compiled epochs

    print("OpenBLAS for", ", ".join(sorted({str(lib.get("architecture")) for lib in threadpool_info()})))
    with threadpool_limits(1):
        for activation in options.activations:
            for optimiser in ("sgd", "adam"):
                for batch in (32, 128):
                    show((activation, optimiser, batch), options.rounds)


if __name__ == "__main__":
    main()
