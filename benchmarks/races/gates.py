"""Are fused gates and functions along an axis as fast as torch's, eager and compiled, jax's and onnxruntime's?

``python -m benchmarks.races.gates`` races softmax, log_softmax and every gate that torch can say, interleaved, in one
process: float32, one array in the gate's own layout, 512 x 4096 and 4096 x 4096, forward and backward, each answer
compared with ours first. Above 1, ours is faster. XLA keeps the threads that it starts with, so jax takes part with the
first number of threads alone; onnxruntime has one thread here and no backward passes. Any function along an axis may be
named; ``numpy`` is its own row in NumPy, which a fused kernel must not lose to.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

import actbench as ab
from actbench.core.errors import reason_of
from actbench.implementations.gates import FORMULAS, functions_of, in_one_array
from actbench.speed.threads import environment, pinned
from benchmarks.races.shown import OURS, shown

SHAPES = ((512, 4096), (4096, 4096))
ALONG = ("softmax", "log_softmax")
Calls = dict[str, dict[str, Callable[[], Any]]]  # direction, who


def whole(name: str, ops: Any) -> Callable[[Any], Any]:
    """A gate of one array in its own layout, or a function along the last axis."""
    if name in ALONG:
        return getattr(ops, name)  # type: ignore[no-any-return]
    return in_one_array(ab.get(name), ops)  # type: ignore[arg-type]


def of_torch(name: str, x: Any, dy: Any, *, compiled: bool) -> dict[str, Callable[[], Any]]:
    """A backward pass of torch takes what its forward pass kept."""
    import torch

    f = torch.nn.functional
    ops = SimpleNamespace(
        **vars(functions_of("torch")), softmax=partial(f.softmax, dim=-1), log_softmax=partial(f.log_softmax, dim=-1)
    )
    if compiled:
        torch._dynamo.reset()  # else a handful of shapes and gates reach its limit, and it falls back to eager
    function = torch.compile(whole(name, ops)) if compiled else whole(name, ops)
    leaf, arriving = torch.from_numpy(x).requires_grad_(), torch.from_numpy(dy)
    kept = function(leaf)

    def forward() -> Any:
        with torch.no_grad():
            return function(leaf)

    return {"forward": forward,
            "backward": lambda: torch.autograd.grad(kept, leaf, arriving, retain_graph=True)[0]}  # fmt: skip


def of_jax(name: str, x: Any, dy: Any) -> dict[str, Callable[[], Any]]:
    """Compiled; the backward pass computes what it needs of the forward pass again, as in a step of its own."""
    import jax

    ops = SimpleNamespace(**vars(functions_of("jax")), softmax=jax.nn.softmax, log_softmax=jax.nn.log_softmax)
    function = whole(name, ops)
    up, down = jax.jit(function), jax.jit(lambda dy, x: jax.vjp(function, x)[1](dy)[0])
    there, arriving = jax.numpy.asarray(x), jax.numpy.asarray(dy)
    return {
        "forward": lambda: up(there).block_until_ready(),
        "backward": lambda: down(arriving, there).block_until_ready(),
    }


def of_onnxruntime(name: str, x: Any, dy: Any) -> dict[str, Callable[[], Any]]:
    """Its own softmax, and the gates that its operators say in few nodes; input and output bound to our memory."""
    from onnx import TensorProto, helper

    from actbench.implementations.adapters.onnxruntime_ import of_sessions, session
    from actbench.implementations.implementation import Operands

    split = helper.make_node("Split", ["x"], ["a", "b"], axis=-1, num_outputs=2)
    nodes = {
        "softmax": [helper.make_node("Softmax", ["x"], ["y"], axis=-1)],
        "log_softmax": [helper.make_node("LogSoftmax", ["x"], ["y"], axis=-1)],
        "glu": [split, helper.make_node("Sigmoid", ["b"], ["s"]), helper.make_node("Mul", ["a", "s"], ["y"])],
        "swiglu": [split, helper.make_node("Sigmoid", ["a"], ["s"]), helper.make_node("Mul", ["a", "s"], ["t"]),
                   helper.make_node("Mul", ["t", "b"], ["y"])],
        "reglu": [split, helper.make_node("Relu", ["a"], ["r"]), helper.make_node("Mul", ["r", "b"], ["y"])],
    }.get(name)  # fmt: skip
    if nodes is None:
        return {}
    ports = [helper.make_tensor_value_info(port, TensorProto.FLOAT, list(a.shape)) for port, a in (("x", x), ("y", dy))]
    graph = helper.make_graph(nodes, name, ports[:1], ports[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8).SerializeToString()
    out = np.empty_like(dy)
    ready = of_sessions(lambda dtype: session(model, dtype)).prepared("forward", Operands(x=x, dy=dy, y=dy, out=out))

    def forward() -> Any:
        ready.call()
        return out

    return {"forward": forward}


def of_numpy(name: str, x: Any, dy: Any) -> dict[str, Callable[[], Any]]:
    """The row itself, in float64 and rounded once."""
    row: Any = ab.get(name)
    return {"forward": lambda: row.forward(x), "backward": lambda: row.backward(dy, x)}


PEERS: dict[str, Callable[..., dict[str, Callable[[], Any]]]] = {
    "torch": partial(of_torch, compiled=False), "torch.compile": partial(of_torch, compiled=True), "jax": of_jax,
    "onnxruntime": of_onnxruntime, "numpy": of_numpy,
}  # fmt: skip


def calls(name: str, shape: tuple[int, int], threads: int, peers: list[str]) -> Calls:
    """Everybody's calls whose answers are ours to a few digits; what stays away says why."""
    function: Any = ab.get(name)
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape).astype(np.float32)
    y = np.asarray(function(x))
    dy = rng.standard_normal(y.shape).astype(np.float32)
    dx = np.empty_like(x)
    up, down = (ab.kernel(function, way, dtype="float32", threads=threads) for way in ("forward", "backward"))
    found: Calls = {"forward": {OURS: lambda: up(x, out=y)}, "backward": {OURS: lambda: down(dy, x, out=dx)}}
    for who in peers:
        try:
            theirs = PEERS[who](name, x, dy)
            for direction, call in theirs.items():
                got = call()
                right = found[direction][OURS]()
                np.testing.assert_allclose(getattr(got, "numpy", lambda got=got: np.asarray(got))(), right, 1e-3, 1e-5)
                found[direction][who] = call
        except Exception as error:  # not installed, or it does not compile here
            print(f"{name}: without {who}: {reason_of(error)}")
    return found


def main() -> None:
    """Race and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rows", type=int, nargs="+", default=[rows for rows, _ in SHAPES], help="of 4,096 numbers")
    parser.add_argument("names", nargs="*", help="by default softmax, log_softmax and gates that torch has")
    args = parser.parse_args()
    for turn, threads in enumerate(args.threads):
        able = {"jax": not turn, "onnxruntime": threads == 1, "numpy": threads == 1}
        peers = [who for who in args.peers if able.get(who, True)]
        with environment(threads), pinned(threads):
            for rows in args.rows:
                for name in args.names or [*ALONG, *FORMULAS]:
                    able_here = peers if name in (*ALONG, *FORMULAS) else [who for who in peers if who == "numpy"]
                    for direction, contenders in calls(name, (rows, SHAPES[0][1]), threads, able_here).items():
                        shown(f"{name} {direction} {rows} x {SHAPES[0][1]} threads {threads}", contenders, most=3.0)


if __name__ == "__main__":
    main()
