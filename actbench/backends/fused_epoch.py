"""A whole epoch of training as one compiled function: a row's steps inlined between the matrix products of BLAS.

Small networks spend their time between products: torch eager takes about 350 us for a step of three hidden layers of
64 units at batch 32, whose products take 40. Here a step has no Python in it and no allocation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from actbench.backends import cache
from actbench.backends.fused_text import (
    PREAMBLE,
    backward_statements,
    forward_statements,
    indented,
    parameter_statements,
    parameters_of,
    saved_by,
    statements,
)
from actbench.errors import unknown
from actbench.expression import record
from actbench.records.parameter import Learned, Sampled
from actbench.registry import resolve
from actbench.words.bits import Format

# Order of the numbers in `hyper`.
HYPER = ("rate", "momentum", "decay", "beta1", "beta2", "epsilon")
# Order of the numbers in `out`: loss summed over samples, right answers, samples, 1 where a loss was not finite.
OUT = ("loss", "right", "seen", "diverged")

_HEAD = """
V = types.Array(F, 1, "C")
X = types.Array(F, 2, "C", readonly=True)
I = types.Array(types.int64, 1, "C", readonly=True)
D = types.Array(types.float64, 1, "C")
{constants}

@njit(fastmath={{"contract"}}, error_model="numpy")
def columns(d, out):
    rows, units = d.shape
    for j in range(units):
        out[j] = real(0)
    i = 0
    while i + 4 <= rows:
        r0, r1, r2, r3 = d[i], d[i + 1], d[i + 2], d[i + 3]
        for j in range(units):
            out[j] += (r0[j] + r1[j]) + (r2[j] + r3[j])
        i += 4
    while i < rows:
        r0 = d[i]
        for j in range(units):
            out[j] += r0[j]
        i += 1

@njit(fastmath={{"contract"}}, error_model="numpy")
def adam(theta, grad, m, v, t, hyper):
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

@njit(fastmath={{"contract"}}, error_model="numpy")
def descend(theta, grad, m, hyper):
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

_CROSS_ENTROPY = """
            loss = 0.0
            for i in range(k):
                zi = o[i]
                top, best = real(-np.inf), 0
                for j in range(zi.size):
                    zi[j] += bo[j]
                    if zi[j] > top:
                        top, best = zi[j], j
                for j in range(zi.size):
                    zi[j] -= top
                label = targets[order[s + i]]
                loss -= zi[label]
                right += best == label
            flat, powers = o.reshape(-1), d.reshape(-1)
            for q in range(flat.size):
                x = flat[q]
{exp}
                powers[q] = {exp_result}
            share = real(1) / real(k)
            for i in range(k):
                di = d[i]
                total = real(0)
                for j in range(di.size):
                    total += di[j]
                loss += math.log(total)
                total = share / total
                for j in range(di.size):
                    di[j] *= total
                di[targets[order[s + i]]] -= share
"""

_SQUARED = """
            loss = 0.0
            share = real(2) / real(k * o.shape[1])
            for i in range(k):
                zi, di, ti = o[i], d[i], targets[order[s + i]]
                each = 0.0
                for j in range(zi.size):
                    gap = zi[j] + bo[j] - ti[j]
                    each += gap * gap
                    di[j] = share * gap
                loss += each / zi.size
"""

_EPOCH = """
@njit([types.void(V, V, V, V, X, {target}, I, I, I, types.int64, types.int64[::1], types.boolean, D, D{types})],
      cache={cache}, nogil=True, error_model="numpy", fastmath={{"contract"}})
def kernel(theta, grad, m, v, inputs, targets, order, sizes, starts, batch, step, is_adam, hyper, out{names}):
    layers = sizes.size - 1
    w = [theta[starts[l]:starts[l] + sizes[l] * sizes[l + 1]].reshape((sizes[l], sizes[l + 1])) for l in range(layers)]
    b = [theta[starts[l] + sizes[l] * sizes[l + 1]:][:sizes[l + 1]] for l in range(layers)]
    gw = [grad[starts[l]:starts[l] + sizes[l] * sizes[l + 1]].reshape((sizes[l], sizes[l + 1])) for l in range(layers)]
    gb = [grad[starts[l] + sizes[l] * sizes[l + 1]:][:sizes[l + 1]] for l in range(layers)]
    ends = [starts[l] + sizes[l] * sizes[l + 1] + sizes[l + 1] for l in range(layers)]
    # a last batch that is smaller has its own, shorter memory: views would make every product's operand a slice
    for part in range(2):
        first, count = (0, order.size // batch) if part == 0 else (order.size // batch * batch, 1)
        k = batch if part == 0 else order.size - first
        if k == 0 or count == 0:
            continue
        h = [np.empty((k, sizes[l]), real) for l in range(layers + 1)]
        z = [np.empty((k, sizes[l] if {keep} else 0), real) for l in range(layers + 1)]
        arrive = [np.empty((k, sizes[l]), real) for l in range(layers + 1)]
        leave = [np.empty((k, sizes[l]), real) for l in range(layers + 1)]
        for turn in range(count):
            s = first + turn * batch
            for i in range(k):
                source, goal = inputs[order[s + i]], h[0][i]
                for j in range(goal.size):
                    goal[j] = source[j]
            for l in range(1, layers):
                zl, hl, bl = {product}[l], h[l], b[l - 1]
                np.dot(h[l - 1], w[l - 1], zl)
{numbers_forward}
                for i in range(k):
                    zi, hi = zl[i], hl[i]
{rows}
                    for j in range(zi.size):
                        x = zi[j] + bl[j]
{loads}
{forward}
{store}
            o, d, bo = h[layers], leave[layers], b[layers - 1]
            np.dot(h[layers - 1], w[layers - 1], o)
            right = 0
{loss}
            out[0] += loss
            out[1] += right
            out[2] += k
            if not np.isfinite(loss):
                out[3] = 1.0
                return
            for l in range(layers - 1, -1, -1):
                d = leave[l + 1]
                np.dot(h[l].T, d, gw[l])
                columns(d, gb[l])
                if l == 0:
                    break
                np.dot(d, w[l].T, arrive[l])
{numbers_backward}
                for i in range(k):
                    di, gi = arrive[l][i], leave[l][i]
{saved_rows}
{rows}
{gradient_loops}
                    for j in range(di.size):
                        dy = di[j]
{saved_loads}
{loads}
{backward}
                        gi[j] = {backward_result}
{collect}
            step[0] += 1
            if is_adam:
                adam(theta, grad, m, v, step[0], hyper)
            else:
                descend(theta, grad, m, hyper)
"""


@lru_cache(maxsize=128)
def epoch_kernel(spec: str, bits: int, loss: str) -> Callable[..., None]:
    """One network's pass over the training set in a given order, its parameters updated after every batch.

    Parameters
    ----------
    spec
        The activation; learned parameters stand behind each hidden layer's bias in ``theta`` and are trained.
    bits
        32 or 64.
    loss
        ``"cross_entropy"`` (labels are int64) or ``"squared"`` (targets ``(samples, outputs)``).

    Returns
    -------
    function
        ``kernel(theta, grad, m, v, inputs, targets, order, sizes, starts, batch, step, is_adam, hyper, out, *values)``.
        ``values`` are the row's parameters except learned ones: fixed ones as numbers, sampled ones as
        ``(samples, units of all hidden layers)`` in the order of the batches.
    """
    if loss not in ("cross_entropy", "squared"):
        raise unknown("loss", loss, ("cross_entropy", "squared"))
    return cache.load(lambda keep: _text(spec.partition(":")[0], Format(bits), loss, keep))


def _text(spec: str, form: Format, loss: str, cached: bool) -> str:
    row = resolve(spec)
    names, saved = parameters_of(row), saved_by(row)
    learned = [name for name, p in row.parameters.items() if type(p) is Learned]
    given = [name for name in names if name not in learned]
    sampled = [name for name in given if isinstance(row.parameters[name], Sampled)]
    local = {"dy": "dy", "x": "x", "y": "y", **{name: f"_{name}" for name in names}}
    forward, backward = forward_statements(row, form, local), backward_statements(row, form, local)
    gradients = parameter_statements(row, form, local)
    exp = statements(record(lambda x: np.exp(x)), form, "e", {"x": "x"})
    keep = "x" in saved
    saved_loads = [f"{name} = {name}i[j]" for name in saved]
    loads = [f"_{name} = row_{name}[j]" for name in sampled]
    at = {name: f"ends[{{layer}}] + {i}" for i, name in enumerate(learned)}
    numbers = [f"_{name} = theta[{at[name]}]" for name in names if name in learned]
    numbers += [f"_{name} = p_{name}" for name in given if name not in sampled]
    sums = [f"sum_{name} = 0.0" for name in gradients]
    loops = [
        line
        for name, part in gradients.items()
        for line in (
            "for j in range(di.size):", "    dy = di[j]", *(f"    {one}" for one in (*saved_loads, *loads, *part.lines)),
            f"    sum_{name} += {part.result}",
        )
    ]  # fmt: skip
    constants = [line for part in (forward, backward, exp, *gradients.values()) for line in part.constants]
    body = (
        _CROSS_ENTROPY.format(exp=indented(16, exp.lines), exp_result=exp.result)
        if loss == "cross_entropy"
        else _SQUARED
    )
    return (
        PREAMBLE.format(title=f"{row.name}: one epoch, {loss}", bits=form.bits)
        + _HEAD.format(constants="\n".join(constants))
        + _EPOCH.format(
            target="I" if loss == "cross_entropy" else "X", cache=cached, keep=keep, product="z" if keep else "h",
            types="".join(", X" if name in sampled else ", F" for name in given),
            names="".join(f", p_{name}" for name in given),
            numbers_forward=indented(16, [line.format(layer="l - 1") for line in numbers]),
            numbers_backward=indented(16, [line.format(layer="l - 1") for line in numbers], sums),
            rows=indented(20, [f"row_{name} = p_{name}[s + i, (l - 1) * sizes[1]:l * sizes[1]]" for name in sampled]),
            loads=indented(24, loads), forward=indented(24, forward.lines), loss=body,
            store=indented(24, [*(["zi[j] = x"] if keep else []), f"hi[j] = {forward.result}"]),
            saved_rows=indented(20, [f"{name}i = {'z' if name == 'x' else 'h'}[l][i]" for name in saved]),
            gradient_loops=indented(20, loops), saved_loads=indented(24, saved_loads), backward=indented(24, backward.lines),
            backward_result=backward.result,
            collect=indented(16, [f"grad[{at[name].format(layer='l - 1')}] = sum_{name}" for name in gradients]),
        )
    )  # fmt: skip
