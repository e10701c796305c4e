"""A whole epoch of training as one compiled function: a row's steps inlined between the matrix products of BLAS.

Small networks spend their time between products: torch eager takes about 350 us for a step of three hidden layers of
64 units at batch 32, whose products take 40. Here a step has no Python in it and no allocation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from actbench.activations.parameter import Learned, Sampled
from actbench.activations.registry import resolve
from actbench.core.dtypes import Format
from actbench.core.errors import unknown
from actbench.kernels import cache
from actbench.kernels.fused_products import scratch_size
from actbench.kernels.fused_text import (
    PREAMBLE,
    TYPES,
    backward_statements,
    forward_statements,
    indented,
    parameter_statements,
    parameters_of,
    saved_by,
)
from actbench.kernels.fused_tools import mark

# Order of the numbers in `hyper`.
HYPER = ("rate", "momentum", "decay", "beta1", "beta2", "epsilon")
# Order of the numbers in `out`: loss summed over samples, right answers, samples, 1 where a loss was not finite.
OUT = ("loss", "right", "seen", "diverged")

# what the epoch calls besides; the text has their hash, for the text decides the cached file
_HEAD = """
from actbench.kernels.fused_tools import tool
product, collect, columns, adam, descend, losses = [tool(name, {bits}) for name in {tools}]  # {mark}
{constants}
"""

# Everything of all layers lies in flat arrays: layer l's samples from room[l] on, unit by unit.
_EPOCH = """
@njit([types.void(V, V, V, V, X, {target}, I, I, I, types.int64, types.int64[::1], types.boolean, D, D{types})],
      cache={cache}, nogil=True, error_model="numpy", fastmath={{"contract"}})
def kernel(theta, grad, m, v, inputs, targets, order, sizes, starts, batch, step, is_adam, hyper, out{names}):
    layers, samples = sizes.size - 1, order.size
    room, longest = np.zeros(layers + 2, np.int64), batch
    for l in range(layers + 1):
        room[l + 1] = room[l] + batch * sizes[l]
        longest = sizes[l] if sizes[l] > longest else longest
    h, z = np.empty(room[-1], real), np.empty(room[-1] if {keep} else 0, real)
    arrive, leave = np.empty(batch * longest, real), np.zeros(batch * longest + {lanes}, real)
    scratch = np.zeros({scratch}, real)
{held}
    for s in range(0, samples, batch):
        k = min(batch, samples - s)
        collect(inputs, order, s, k, h)
        for l in range(1, layers + 1):
            n, u = sizes[l - 1], sizes[l]
            start, here = starts[l - 1], room[l]
            goal = {place} if l < layers else h
            product(h, room[l - 1], False, theta, start, False, l < layers, goal, here, k, u, n, scratch)
            if l == layers:
                break
            ending = start + n * u + u
{numbers}
            hi, zi = h[here:here + k * u], {place}[here:here + k * u]
{rows_forward}
            for j in range(k * u):
                x = zi[j]
{loads}
{forward}
                hi[j] = {forward_result}
        n, u, start = sizes[layers - 1], sizes[layers], starts[layers - 1]
        bias = theta[start + n * u:start + n * u + u]
        loss = losses(h[room[layers]:], leave, bias, targets, order, s, k, out)
        out[2] += k
        if not np.isfinite(loss):
            out[3] = 1.0
            return
        for l in range(layers, 0, -1):
            n, u = sizes[l - 1], sizes[l]
            start = starts[l - 1]
            product(h, room[l - 1], True, leave, 0, False, False, grad, start, n, u, k, scratch)
            columns(leave[:k * u], k, u, grad[start + n * u:start + n * u + u])
            if l == 1:
                break
            here = room[l - 1]
            product(leave, 0, False, theta, start, True, False, arrive, 0, k, n, u, scratch)
            ending = starts[l - 1] - {learned}
{numbers}
            di, gi = arrive[:k * n], leave[:k * n]
{saved_rows}
{rows_backward}
{gradient_loops}
            for j in range(k * n):
                dy = di[j]
{saved_loads}
{loads_backward}
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
        ``values`` are the row's parameters except learned ones: fixed ones as numbers, sampled ones flat from
        ``(hidden layers, samples, units)``, samples in the order of the batches.
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
    saved_loads = [f"{name} = {name}i[j]" for name in saved]
    loads = [f"_{name} = row_{name}[j]" for name in sampled]
    numbers = [f"_{name} = theta[ending + {i}]" for i, name in enumerate(learned) if name in names]
    numbers += [f"_{name} = p_{name}" for name in given if name not in sampled]
    loops = [line for name, part in gradients.items() for line in (
        f"sum_{name} = 0.0", "for j in range(k * n):", "    dy = di[j]",
        *(f"    {one}" for one in (*saved_loads, *loads, *part.lines)), f"    sum_{name} += {part.result}",
    )]  # fmt: skip
    # sampled values of layer l and sample s begin at ((l - 1) * samples + s) * units
    rows_forward = [f"row_{name} = p_{name}[((l - 1) * samples + s) * u:][:k * u]" for name in sampled]
    rows_backward = [f"row_{name} = p_{name}[((l - 2) * samples + s) * n:][:k * n]" for name in sampled]
    parts = (forward, backward, *gradients.values())
    constants = [line for part in parts for line in part.constants]
    tools = ("product", "samples", "columns", "adam", "descend", loss)
    keep = "x" in saved
    return (
        PREAMBLE.format(title=f"{row.name}: one epoch, {loss}", bits=form.bits)
        + TYPES
        + _HEAD.format(bits=form.bits, tools=tools, mark=mark(tools, form.bits), constants="\n".join(constants))
        + _EPOCH.format(
            lanes=512 // form.bits, scratch=scratch_size(str(512 // form.bits), "longest"),
            held=indented(4, *(part.held for part in parts)), target="I" if loss == "cross_entropy" else "X",
            cache=cached, keep=keep, place="z" if keep else "h", learned=len(learned),
            types="".join(", R" if name in sampled else ", F" for name in given),
            names="".join(f", p_{name}" for name in given), numbers=indented(12, numbers),
            rows_forward=indented(12, rows_forward), rows_backward=indented(12, rows_backward),
            loads=indented(16, loads), loads_backward=indented(16, loads), forward=indented(16, forward.lines),
            forward_result=forward.result,
            saved_rows=indented(12, [f"{name}i = {'z' if name == 'x' else 'h'}[here:here + k * n]" for name in saved]),
            gradient_loops=indented(12, loops), saved_loads=indented(16, saved_loads),
            backward=indented(16, backward.lines), backward_result=backward.result,
            collect=indented(12, [f"grad[ending + {learned.index(name)}] = sum_{name}" for name in gradients]),
        )
    )  # fmt: skip
