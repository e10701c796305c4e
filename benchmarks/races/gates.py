"""Are the fused gates as fast as torch's, eager and compiled?

``python -m benchmarks.races.gates`` races every gate that torch can say, interleaved, in one process: float32, one
array in the gate's own layout, 512 x 4096 and 4096 x 4096, one thread and two, forward and backward. A figure is the
least time of the rounds in milliseconds; the last columns are torch's over ours.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import actbench as ab

SHAPES, ROUNDS = ((512, 4096), (4096, 4096)), 9


def formulas() -> dict[str, Callable[[Any, Any], Any]]:
    """Each gate as a user of torch writes it."""
    import torch
    from torch.nn import functional

    def oai(a: Any, b: Any) -> Any:
        a, b = a.clamp(max=7.0), b.clamp(-7.0, 7.0)
        return (b + 1) * (a * torch.sigmoid(1.702 * a))

    return {
        "swiglu": lambda a, b: functional.silu(a) * b,
        "geglu": lambda a, b: functional.gelu(a) * b,
        "geglu_tanh": lambda a, b: functional.gelu(a, approximate="tanh") * b,
        "reglu": lambda a, b: functional.relu(a) * b,
        "swiglu_oai": oai,
        "swiglu_clamped": lambda a, b: functional.silu(a.clamp(max=10.0)) * b.clamp(-10.0, 10.0),
        "swiglu_step": lambda a, b: functional.silu(a).clamp(max=7.0) * b.clamp(-7.0, 7.0),
        "situ_glu": lambda a, b: 4 * torch.tanh(a / 4) * torch.sigmoid(a) * (25 * torch.tanh(b / 25)),
    }


def calls(name: str, shape: tuple[int, int], threads: int, compiled: bool) -> dict[str, dict[str, Callable[[], Any]]]:
    """Ours and torch's, by direction; a backward pass of torch takes what its forward pass kept."""
    import torch

    torch._dynamo.reset()  # else a handful of shapes and gates reach its limit, and it falls back to eager
    gate, formula = ab.get(name), formulas()[name]
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape).astype(np.float32)
    dy = rng.standard_normal((shape[0], shape[1] // 2)).astype(np.float32)
    tensor, arriving = torch.from_numpy(x).requires_grad_(), torch.from_numpy(dy)

    def whole(given: Any) -> Any:
        if gate.layout.run == 1:
            return formula(given[..., ::2], given[..., 1::2])
        half = given.shape[-1] // 2
        return formula(given[..., :half], given[..., half:])

    y, dx = np.empty_like(dy), np.empty_like(x)
    up, down = (ab.kernel(gate, way, dtype="float32", threads=threads) for way in ("forward", "backward"))
    found: dict[str, dict[str, Callable[[], Any]]] = {
        "forward": {"ours": lambda: up(x, out=y)}, "backward": {"ours": lambda: down(dy, x, out=dx)},
    }  # fmt: skip
    for kind, function in {"eager": whole, **({"compiled": torch.compile(whole)} if compiled else {})}.items():
        with torch.no_grad():
            function(tensor)
        kept = function(tensor)

        def forward(function: Any = function) -> Any:
            with torch.no_grad():
                return function(tensor)

        def backward(kept: Any = kept) -> Any:
            return torch.autograd.grad(kept, tensor, arriving, retain_graph=True)

        found["forward"][kind], found["backward"][kind] = forward, backward
    return found


def main() -> None:
    """Race and print."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--no-compile", action="store_true", help="without torch.compile")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("names", nargs="*", help="gates; by default all")
    args = parser.parse_args()
    for threads in args.threads:
        torch.set_num_threads(threads)
        for shape in SHAPES:
            for name in args.names or formulas():
                for direction, contenders in calls(name, shape, threads, not args.no_compile).items():
                    best = dict.fromkeys(contenders, float("inf"))
                    for _ in range(ROUNDS):
                        for who, call in contenders.items():
                            begun = time.perf_counter()
                            call()
                            best[who] = min(best[who], time.perf_counter() - begun)
                    ratios = "  ".join(f"{who} {best[who] / best['ours']:.2f}" for who in best if who != "ours")
                    times = "  ".join(f"{who} {1e3 * value:.2f}" for who, value in best.items())
                    where = f"{name:15} {direction:9} {shape[0]} x {shape[1]} threads {threads}"
                    print(f"{where}: {times} ms; torch/ours {ratios}")


if __name__ == "__main__":
    main()
