"""Are functions of torch tensors as fast as torch's own?

``python -m benchmarks.races.tensors`` races ``actbench.torch.NAME`` against ``torch.nn.functional.NAME``, interleaved,
in one process: the plain forward pass, the one that records for backward, this with the backward pass behind it, and a
step of a transformer block's MLP (two linear layers, SGD). Above 1, ours is faster. An empty node of autograd
stands beside them where one records: it keeps x and computes nothing, and is as a part of ours what such nodes cost.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import actbench.torch as ours
from actbench.torch.functions import node
from benchmarks.races.shown import OURS, shown

NAMES, SIZES = ("silu", "gelu", "tanh", "relu"), (12, 14, 16, 18, 20)
TOKENS, CHANNELS = 256, 256
EMPTY = "an empty node"


def empty() -> Callable[[Any], Any]:
    """A node of autograd written in Python that keeps x, and whose values are x and dy."""
    import torch

    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x.detach()

    def backward(ctx: Any, dy: Any) -> Any:
        assert len(ctx.saved_tensors) == 1
        return dy

    made = node("Empty", forward, backward)
    # as ours are called
    return getattr(super(torch.autograd.Function, made), "apply", made.apply)  # type: ignore[no-any-return]


def passes(name: str, size: int) -> dict[str, dict[str, Callable[[], Any]]]:
    """Calls by what they do and whose they are."""
    import torch

    x, dy = torch.randn(size), torch.randn(size)
    leaf = x.clone().requires_grad_()
    found: dict[str, dict[str, Callable[[], Any]]] = {"forward": {}, "recording": {}, "step": {}}
    functions = {OURS: getattr(ours, name), "torch": getattr(torch.nn.functional, name), EMPTY: empty()}
    for who, f in functions.items():
        if who != EMPTY:
            found["forward"][who] = lambda f=f: f(x)
        found["recording"][who] = lambda f=f: f(leaf)
        found["step"][who] = lambda f=f: torch.autograd.grad(f(leaf), leaf, dy)
    return found


def mlp(name: str) -> dict[str, Callable[[], Any]]:
    """A step of a transformer block's MLP, whose activation alone differs."""
    import torch

    calls: dict[str, Callable[[], Any]] = {}
    for who, f in {OURS: getattr(ours, name), "torch": getattr(torch.nn.functional, name)}.items():
        torch.manual_seed(0)
        up, down = torch.nn.Linear(CHANNELS, 4 * CHANNELS), torch.nn.Linear(4 * CHANNELS, CHANNELS)
        optimiser = torch.optim.SGD([*up.parameters(), *down.parameters()], lr=1e-3)
        x = torch.randn(TOKENS, CHANNELS)

        def step(f: Any = f, up: Any = up, down: Any = down, optimiser: Any = optimiser, x: Any = x) -> None:
            optimiser.zero_grad()
            down(f(up(x))).square().mean().backward()
            optimiser.step()

        calls[who] = step
    return calls


def main() -> None:
    """Race and print."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--size", type=int, nargs="+", default=SIZES, help="powers of 2")
    parser.add_argument("names", nargs="*", default=NAMES, help="functions that torch.nn.functional has too")
    args = parser.parse_args()
    for threads in args.threads:
        torch.set_num_threads(threads)
        for name in args.names:
            for power in args.size:
                for what, calls in passes(name, 2**power).items():
                    shown(f"{name} {what} float32 2^{power} threads {threads}", calls)
            shown(f"{name} MLP step {TOKENS} x {CHANNELS} threads {threads}", mlp(name))


if __name__ == "__main__":
    main()
