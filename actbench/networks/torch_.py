"""Networks in torch around our activations: a perceptron with our weights and batches, and a small transformer.

The activation is ours, as one function with its own backward pass; all else is torch's. What torch then finds cannot
be blamed on our matrix products, gradients or optimiser.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.activations.registry import AXIS, along, resolve
from actbench.core.errors import ActbenchError
from actbench.core.streams import stream
from actbench.kernels.kernel import kernel
from actbench.networks.data import Data
from actbench.networks.design import Design, initialise
from actbench.networks.training import order_of
from actbench.torch.functions import of_spec

Array = NDArray[Any]
CONTEXT, BATCH, HEADS, CHANNELS, HIDDEN, BLOCKS = 32, 12, 4, 48, 96, 1
CHARACTERS = 200_000  # of the text; the last tenth tests, the tenth before it chooses step sizes
SCORED = 32  # batches of BATCH windows that a loss is taken over


def why_not() -> str:
    """Why there is no torch, or nothing where there is."""
    import importlib.util

    return "" if importlib.util.find_spec("torch") else "torch is not installed; pip install torch"


def _torch() -> Any:
    return import_module("torch")


def perceptron(design: Design, data: Data, net: int, *, rate: float, batch: int, epochs: int) -> list[tuple[Any, Any]]:
    """Train one of our plain networks in torch, by SGD on cross-entropy, with our weights and in our order of samples.

    Returns
    -------
    Weights ``(fan_in, fan_out)`` and biases of every layer, as tensors.
    """
    torch = _torch()

    if not design.plain or not data.classes:
        raise ActbenchError("torch's perceptron takes plain networks and data with classes")
    torch.set_num_threads(1)
    f = of_spec(resolve(design.activation).spec)
    parameters = initialise(design, [net], np.float32)
    layers: list[Any] = [
        tuple(torch.from_numpy(parameters[kind, layer][0].copy()).requires_grad_() for kind in ("w", "b"))
        for layer in range(1, design.depth + 2)
    ]
    x, y = torch.from_numpy(data.x.astype(np.float32)), torch.from_numpy(np.array(data.y))
    optimiser = torch.optim.SGD([p for layer in layers for p in layer], lr=rate)
    for epoch in range(1, epochs + 1):
        order = order_of(net, len(x), epoch)
        for start in range(0, len(x), batch):
            part = torch.from_numpy(order[start : start + batch])
            loss = torch.nn.functional.cross_entropy(outputs(layers, x[part], f), y[part])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return layers


def outputs(layers: Sequence[tuple[Any, Any]], x: Any, f: Callable[[Any], Any]) -> Any:
    """A perceptron's last layer, without an activation."""
    for weights, biases in layers[:-1]:
        x = f(x @ weights + biases)
    weights, biases = layers[-1]
    return x @ weights + biases


def accuracy(layers: Sequence[tuple[Any, Any]], x: Array, y: Array, spec: str) -> float:
    """The share of right answers; NaN for a network that diverged."""
    torch = _torch()

    with torch.no_grad():
        out = outputs(layers, torch.from_numpy(x.astype(np.float32)), of_spec(resolve(spec).spec)).numpy()
    return float((out.argmax(axis=1) == y).mean()) if np.isfinite(out).all() else math.nan


@lru_cache(maxsize=1)
def text() -> tuple[Array, int]:
    """Python's own manual on its syntax, which ships with it, as numbers of characters; and how many there are."""
    from pydoc_data.topics import topics

    whole = "".join(topics[name] for name in sorted(topics))[:CHARACTERS]
    characters = sorted(set(whole))
    place = {c: i for i, c in enumerate(characters)}
    return np.array([place[c] for c in whole], np.int64), len(characters)


def parts() -> dict[str, tuple[int, int]]:
    """Where the training, validation and test parts of the text begin and end."""
    size = len(text()[0])
    return {"train": (0, size * 8 // 10), "valid": (size * 8 // 10, size * 9 // 10), "test": (size * 9 // 10, size)}


def transformer(spec: str, net: int, *, rate: float, steps: int) -> dict[str, float]:
    """Train a causal transformer of one block on characters; its losses in bits a character.

    The block: layer norm, attention, and after another layer norm a gated feed-forward (Shazeer 2020), whose gate
    goes through the activation: W2 (f(W x) * V x); of a gate of the catalogue W2 gate(W x, V x).
    Adam with torch's defaults. Weights and batches are drawn from streams named by the network's number.

    Returns
    -------
    ``train_loss`` (mean over the last tenth of the steps), ``valid_loss``, ``test_loss``; NaN where it diverged.
    """
    torch = _torch()

    torch.set_num_threads(1)
    codes, kinds = text()
    f = gate_of(spec)
    p = weights_of(net, kinds)
    optimiser = torch.optim.Adam(p.values(), lr=rate)
    mask = causal()
    low, high = parts()["train"]
    history = []
    for step in range(steps):
        starts = stream("batches", "text", net, step).integers(low, high - CONTEXT - 1, BATCH)
        loss = _loss(p, codes, starts, f, mask)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        history.append(float(loss.detach()))
    found = {"train_loss": float(np.mean(history[-max(1, steps // 10):])) / math.log(2)}  # fmt: skip
    with torch.no_grad():
        for part in ("valid", "test"):
            begin, end = parts()[part]
            starts = np.linspace(begin, end - CONTEXT - 1, SCORED * BATCH).astype(np.int64)
            each = [float(_loss(p, codes, some, f, mask)) for some in starts.reshape(SCORED, BATCH)]
            found[f"{part}_loss"] = float(np.mean(each)) / math.log(2)
    return found


@cache
def gate_of(spec: str) -> Callable[[Any, Any], Any]:
    """A gate of the catalogue, or f(a) b with a row f, as a function of two tensors with its own backward passes."""
    if spec.partition(":")[0] not in AXIS:
        f = of_spec(resolve(spec).spec)
        return lambda a, b: f(a) * b
    torch, gate = _torch(), along(spec)
    if not gate.views:
        raise ActbenchError(f"{gate.name} has no two inputs; give a gate or an elementwise row")
    calls = [
        kernel(gate.view(side), way, dtype="float32")
        for side, way in (("a", "forward"), ("a", "backward"), ("b", "backward"))
    ]

    def run(which: int, *given: Any) -> Any:
        return torch.from_numpy(calls[which](*(x.numpy(force=True) for x in given)))

    def value(ctx: Any, a: Any, b: Any) -> Any:
        ctx.save_for_backward(a, b)
        return run(0, a, b)

    def slopes(ctx: Any, dy: Any) -> tuple[Any, Any]:
        a, b = ctx.saved_tensors
        return run(1, dy, a, b), run(2, dy, b, a)

    once = torch.autograd.function.once_differentiable(slopes)
    parts = {"forward": staticmethod(value), "backward": staticmethod(once)}
    return type(gate.name, (torch.autograd.Function,), parts).apply  # type: ignore[attr-defined,no-any-return]


def causal() -> Any:
    """What is added to the scores of attention: -inf for every place that is still to come."""
    torch = _torch()

    return torch.full((CONTEXT, CONTEXT), -math.inf).triu(1)


def weights_of(net: int, kinds: int) -> dict[str, Any]:
    """The initial weights of one transformer."""
    shapes: dict[str, tuple[int, ...]] = {"embed": (kinds, CHANNELS), "place": (CONTEXT, CHANNELS)}
    for block in range(BLOCKS):
        shapes[f"{block}.qkv"] = (CHANNELS, 3 * CHANNELS)
        shapes[f"{block}.out"] = (CHANNELS, CHANNELS)
        shapes[f"{block}.gate"] = shapes[f"{block}.value"] = (CHANNELS, HIDDEN)
        shapes[f"{block}.down"] = (HIDDEN, CHANNELS)
    shapes["head"] = (CHANNELS, kinds)
    return {name: _drawn(net, name, shape) for name, shape in shapes.items()}


def _drawn(net: int, name: str, shape: tuple[int, ...]) -> Any:
    torch = _torch()

    unit = stream("weights", "transformer", net, name).standard_normal(shape, dtype=np.float32)
    scale = 0.1 if name in ("embed", "place") else 1 / math.sqrt(shape[0])
    return torch.from_numpy(unit * np.float32(scale)).requires_grad_()


def _loss(p: dict[str, Any], codes: Array, starts: Array, f: Callable[[Any, Any], Any], mask: Any) -> Any:
    """Mean cross-entropy, in nats, of the next character over all places of the windows that start there."""
    torch = _torch()

    windows = torch.from_numpy(codes[starts[:, None] + np.arange(CONTEXT + 1)])
    found = logits(p, windows[:, :-1], f, mask)
    return torch.nn.functional.cross_entropy(found.reshape(-1, found.shape[-1]), windows[:, 1:].reshape(-1))


def logits(p: dict[str, Any], seen: Any, f: Callable[[Any, Any], Any], mask: Any) -> Any:
    """``(windows, places, characters)``: what comes next at each place, from what stands up to there."""
    layer_norm = _torch().nn.functional.layer_norm

    h = p["embed"][seen] + p["place"]
    for block in range(BLOCKS):
        x = layer_norm(h, (CHANNELS,))
        heads = (x @ p[f"{block}.qkv"]).chunk(3, dim=-1)
        q, k, v = (t.reshape(len(seen), CONTEXT, HEADS, -1).transpose(1, 2) for t in heads)
        share = (q @ k.transpose(-1, -2) / math.sqrt(CHANNELS // HEADS) + mask).softmax(dim=-1)
        h = h + (share @ v).transpose(1, 2).reshape(len(seen), CONTEXT, CHANNELS) @ p[f"{block}.out"]
        x = layer_norm(h, (CHANNELS,))
        h = h + f(x @ p[f"{block}.gate"], x @ p[f"{block}.value"]) @ p[f"{block}.down"]
    return layer_norm(h, (CHANNELS,)) @ p["head"]
