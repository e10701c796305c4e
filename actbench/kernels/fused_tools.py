"""What every compiled epoch calls, whatever its row: products, sums of columns, losses and optimisers, compiled once.

With them in a file of their own an epoch compiles in half the time; inlining them was never worth its compile time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from actbench.core.dtypes import Format
from actbench.expression.graph import record
from actbench.kernels import cache
from actbench.kernels.fused_products import product, vectors
from actbench.kernels.fused_text import PREAMBLE, TYPES, indented, statements

# A batch's samples, one behind the other. By vectors: a slice of an array is counted, which is an atomic operation.
_SAMPLES = """
@njit([types.void(X, I, types.int64, types.int64, V)], cache={cache}, error_model="numpy")
def kernel(inputs, order, s, k, h):
    apart()
    u = inputs.shape[1]
    for i in range(k):
        row = order[s + i]
        for j in range(0, u - {last}, {lanes}):
            store(address(h, i * u + j), load(inputs, row * u + j))
        if u >= {lanes}:
            store(address(h, (i + 1) * u - {lanes}), load(inputs, (row + 1) * u - {lanes}))
        else:
            for j in range(u):
                h[i * u + j] = inputs[row, j]
"""

_COLUMNS = """
@njit([types.void(V, types.int64, types.int64, V)], cache={cache}, fastmath={{"contract"}}, error_model="numpy")
def kernel(d, rows, units, out):
    apart()
    for j in range(units):
        out[j] = real(0)
    i = 0
    while i + 4 <= rows:
        r0, r1 = d[i * units:(i + 1) * units], d[(i + 1) * units:(i + 2) * units]
        r2, r3 = d[(i + 2) * units:(i + 3) * units], d[(i + 3) * units:(i + 4) * units]
        for j in range(units):
            out[j] += (r0[j] + r1[j]) + (r2[j] + r3[j])
        i += 4
    while i < rows:
        r0 = d[i * units:(i + 1) * units]
        for j in range(units):
            out[j] += r0[j]
        i += 1
"""

_ADAM = """
@njit([types.void(V, V, V, V, types.int64, D)],
      cache={cache}, fastmath={{"contract"}}, error_model="numpy")
def kernel(theta, grad, m, v, t, hyper):
    apart()
    rate, decay, beta1, beta2 = hyper[0], real(hyper[2]), hyper[3], hyper[4]
    keep, fresh, keep2, fresh2 = real(beta1), real(1 - beta1), real(beta2), real(1 - beta2)
    size = real(rate / (1 - beta1**t))
    root = real(1 / math.sqrt(1 - beta2**t))
    epsilon = real(hyper[5])
    for k in range(theta.size):
        g = grad[k] + decay * theta[k]
        a = keep * m[k] + fresh * g
        b = keep2 * v[k] + fresh2 * (g * g)
        m[k] = a
        v[k] = b
        theta[k] -= size * (a / (np.sqrt(b) * root + epsilon))
"""

_DESCEND = """
@njit([types.void(V, V, V, D)], cache={cache}, fastmath={{"contract"}}, error_model="numpy")
def kernel(theta, grad, m, hyper):
    apart()
    rate, momentum, decay = real(hyper[0]), real(hyper[1]), real(hyper[2])
    if momentum == real(0) and decay == real(0):
        for k in range(theta.size):
            theta[k] -= rate * grad[k]
    else:
        for k in range(theta.size):
            a = momentum * m[k] + (grad[k] + decay * theta[k])
            m[k] = a
            theta[k] -= rate * a
"""

# The last layer's outputs become losses, and gradients in `ends`; k samples of `wide` outputs.
_CROSS_ENTROPY = """
@njit([types.float64(V, V, V, I, I, types.int64, types.int64, D)],
      cache={cache}, fastmath={{"contract"}}, error_model="numpy")
def kernel(outs, ends, bias, targets, order, s, k, out):
    apart()
{held}
    wide, loss, right = bias.size, 0.0, 0
    for i in range(k):
        zi = outs[i * wide:(i + 1) * wide]
        top, best = real(-np.inf), 0
        for j in range(wide):
            zi[j] += bias[j]
            if zi[j] > top:
                top, best = zi[j], j
        for j in range(wide):
            zi[j] -= top
        label = targets[order[s + i]]
        loss -= zi[label]
        right += best == label
    for q in range(k * wide):
        x = outs[q]
{exp}
        ends[q] = {exp_result}
    share = real(1) / real(k)
    for i in range(k):
        di = ends[i * wide:(i + 1) * wide]
        total = real(0)
        for j in range(wide):
            total += di[j]
        loss += math.log(total)
        total = share / total
        for j in range(wide):
            di[j] *= total
        di[targets[order[s + i]]] -= share
    out[0] += loss
    out[1] += right
    return loss
"""

_SQUARED = """
@njit([types.float64(V, V, V, X, I, types.int64, types.int64, D)],
      cache={cache}, fastmath={{"contract"}}, error_model="numpy")
def kernel(outs, ends, bias, targets, order, s, k, out):
    apart()
    wide, loss = bias.size, 0.0
    share = real(2) / real(k * wide)
    for i in range(k):
        zi, di, ti = outs[i * wide:(i + 1) * wide], ends[i * wide:(i + 1) * wide], targets[order[s + i]]
        each = 0.0
        for j in range(wide):
            gap = zi[j] + bias[j] - ti[j]
            each += gap * gap
            di[j] = share * gap
        loss += each / wide
    out[0] += loss
    return loss
"""

_BODIES = {
    "samples": _SAMPLES,
    "columns": _COLUMNS,
    "adam": _ADAM,
    "descend": _DESCEND,
    "cross_entropy": _CROSS_ENTROPY,
    "squared": _SQUARED,
}


@lru_cache(maxsize=32)
def tool(name: str, bits: int) -> Callable[..., Any]:
    """One of them: ``product``, ``samples``, ``columns``, ``adam``, ``descend``, ``cross_entropy`` or ``squared``."""
    return cache.load(lambda keep: _text(name, bits, keep))


def mark(names: tuple[str, ...], bits: int) -> str:
    """A hash of their texts: the text of an epoch decides its cached file, so it names what it calls."""
    return hashlib.sha256("".join(_text(name, bits, True) for name in names).encode()).hexdigest()[:16]


def _text(name: str, bits: int, cached: bool) -> str:
    head = PREAMBLE.format(title=f"{name}, for whole epochs", bits=bits) + TYPES
    if name == "product":
        return head + product(bits, cached)
    exp = statements(record(lambda x: np.exp(x)), Format(bits), "e", {"x": "x"})
    head += vectors() + "from actbench.kernels.vectors import address, apart, load, store\n"
    return head + "\n".join(exp.constants) + _BODIES[name].format(
        cache=cached, lanes=512 // bits, last=512 // bits - 1, held=indented(4, exp.held), exp=indented(8, exp.lines),
        exp_result=exp.result,
    )  # fmt: skip
