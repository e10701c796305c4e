"""A network's passes and a whole epoch of training: loops between BLAS's matrix products. `epoch` compiles this text.

Arrays of hidden layers are ``(depth, samples, units)``, one network's parameters lie in one row, layer after layer:
weights ``(fan_in, units)``, biases, learned parameters. ``np.dot`` is SciPy's BLAS. The activation is machine code at
an address, whose operands a table names (`epoch.Calls`).
"""
# mypy: ignore-errors
# (numba's types; the text is compiled, never imported)

import math

import numpy as np
from numba import from_dtype, njit, types

from actbench.kernels.memory import invoke

real = np.float32  # in the other format `epoch` writes float64 here
F = from_dtype(np.dtype(real))
V, M, H = (types.Array(F, rank, "C") for rank in (1, 2, 3))
R = types.Array(F, 2, "C", readonly=True)
INTS, T = types.Array(types.int64, 1, "C", readonly=True), types.Array(types.int64, 2, "C")
W, D = types.Array(types.int64, 1, "C"), types.Array(types.float64, 1, "C")
CALLS = (T, M, M, W, types.int64)  # table, numbers, drawn, places, learned: see `epoch.Calls`
FORWARD, BACKWARD, GRADIENT, EXPONENTIAL = 0, 1, 2, -1  # rows of the table
DY, X, Y, OUT, DRAWN = range(5)  # operands by number; from DRAWN on the sampled parameters
OPERANDS, NUMBERS = 1, 9  # where these begin in a row of the table, up to eight each
# A squared norm outside is brought back by a power of two. Four billion either way: one layer may then change the
# norm by 2^47 before a float32 sum of squares overflows.
SMALLEST, LARGEST = 2.0**-32, 2.0**32


@njit(error_model="numpy")
def aim(arrays, z, y, drawn, layer, samples, first):
    """Note where a layer's operands lie; its sampled parameters begin with those of sample ``first`` of ``samples``."""
    arrays[X], arrays[Y] = z[layer].ctypes.data, y[layer].ctypes.data
    for j in range(drawn.shape[0]):
        arrays[DRAWN + j] = drawn[j, (layer * samples + first) * z.shape[2] :].ctypes.data


@njit(error_model="numpy")
def call(row, size, arrays, own, table, numbers, places):
    """Run one of the activation's loops on ``size`` elements; ``own`` are the layer's learned parameters."""
    for slot in range(8):
        operand, number = table[row, OPERANDS + slot], table[row, NUMBERS + slot]
        if operand >= 0:
            places[slot] = arrays[operand]
        if number >= 0:
            numbers[row, slot] = own[number]
    invoke(table[row, 0], (size, 0, places.ctypes.data, numbers[row].ctypes.data))


@njit(error_model="numpy")
def shift(z, bias):
    """Add the biases to every sample."""
    for i in range(z.shape[0]):
        row = z[i]
        for j in range(bias.size):
            row[j] += bias[j]


@njit(error_model="numpy", fastmath={"contract"})
def columns(d, out):
    """Sums over samples, four at a time: vectors without reassociation."""
    rows, units = d.shape
    out[:] = real(0)
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


@njit(error_model="numpy", fastmath={"contract"})
def squared_norm(d, sums):
    """Over samples and units; ``sums`` has room for one number a unit."""
    sums[:] = real(0)
    for i in range(d.shape[0]):
        row = d[i]
        for j in range(sums.size):
            sums[j] += row[j] * row[j]
    total = 0.0
    for j in range(sums.size):
        total += sums[j]
    return total


@njit(error_model="numpy")
def exponent_of(squares):
    """The power of two that brings a squared norm which is far from 1 back to it; else 0."""
    if 0.0 < squares < np.inf and (squares < SMALLEST or squares > LARGEST):
        return int(np.rint(math.log2(squares) / 2))
    return 0


@njit([types.void(V, R, H, H, M, types.int64, types.int64, *CALLS)], nogil=True, error_model="numpy", cache=True)
def forward(theta, x, z, y, out, samples, first, table, numbers, drawn, places, learned):
    """Fill pre-activations z, activations y (which may be z) and, where it has columns, ``out``."""
    depth, k, u = z.shape
    arrays = np.zeros(DRAWN + drawn.shape[0], np.int64)
    start, n = 0, x.shape[1]
    for layer in range(depth):
        w, bias = theta[start : start + n * u].reshape(n, u), theta[start + n * u : start + n * u + u]
        if layer == 0:
            np.dot(x, w, z[0])
        else:
            np.dot(y[layer - 1], w, z[layer])
        shift(z[layer], bias)
        start += n * u + u
        aim(arrays, z, y, drawn, layer, samples, first)
        arrays[OUT] = arrays[Y]
        call(FORWARD, k * u, arrays, theta[start:], table, numbers, places)
        start, n = start + learned, u
    if out.shape[1]:
        end = start + n * out.shape[1]
        np.dot(y[depth - 1], theta[start:end].reshape(n, out.shape[1]), out)
        shift(out, theta[end : end + out.shape[1]])


@njit([types.void(V, V, R, H, H, R, M, M, M, types.boolean, types.boolean, D, W, types.int64, types.int64, *CALLS)],
      nogil=True, error_model="numpy", cache=True)  # fmt: skip
def backward(
    theta, grad, x, z, y, d, arrive, leave, dx, at_z, rescale, squares, exponents, samples, first, table, numbers,
    drawn, places, learned,
):  # fmt: skip
    """Fill all gradients from ``d`` at the outputs, or at the last hidden layer (its z with ``at_z``) without any.

    ``arrive`` and ``leave`` have room for a hidden layer; ``dx`` becomes the inputs' gradient where it has rows. Where
    ``squares`` (depth,) has room, squared norms at z stand there, brought into range by ``rescale``.
    """
    depth, k, u = z.shape
    n, wide = x.shape[1], d.shape[1]
    hidden, later = n * u + u + learned, u * u + u + learned
    start = hidden + (depth - 1) * later
    arrays, sums = np.zeros(DRAWN + drawn.shape[0], np.int64), np.empty(u, real)
    if theta.size > start and not at_z:
        end = start + u * wide
        np.dot(y[depth - 1].T, d, grad[start:end].reshape(u, wide))
        columns(d, grad[end : end + wide])
        np.dot(d, theta[start:end].reshape(u, wide).T, arrive)
    else:
        arrive[:] = d
    for layer in range(depth - 1, -1, -1):
        n = u if layer else x.shape[1]
        start -= later if layer else hidden
        end = start + n * u
        own, slopes = theta[end + u :], grad[end + u : end + u + learned]
        if at_z and layer == depth - 1:
            leave[:] = arrive
            slopes[:] = real(0)
        else:
            aim(arrays, z, y, drawn, layer, samples, first)
            arrays[DY], arrays[OUT] = arrive.ctypes.data, leave.ctypes.data
            for i in range(learned):
                call(GRADIENT + i, k * u, arrays, own, table, numbers, places)
                columns(leave, sums)
                total = 0.0
                for j in range(u):
                    total += sums[j]
                slopes[i] = total
            call(BACKWARD, k * u, arrays, own, table, numbers, places)
        bias = grad[end : end + u]
        columns(leave, bias)
        if squares.size:
            squares[layer] = squared_norm(leave, sums)
            exponents[layer] = exponent_of(squares[layer]) if rescale else 0
            if exponents[layer]:
                factor = 2.0 ** -exponents[layer]
                for i in range(k):
                    row = leave[i]
                    for j in range(u):
                        row[j] *= real(factor)
                for part in (bias, slopes):
                    for j in range(part.size):
                        part[j] *= real(factor)
                squares[layer] *= factor * factor
        if layer:
            np.dot(y[layer - 1].T, leave, grad[start:end].reshape(u, u))
            np.dot(leave, theta[start:end].reshape(u, u).T, arrive)
        else:
            np.dot(x.T, leave, grad[start:end].reshape(n, u))
            if dx.shape[0]:
                np.dot(leave, theta[start:end].reshape(n, u).T, dx)


@njit(error_model="numpy", fastmath={"contract"})
def adam(theta, grad, m, v, step, hyper):
    rate, decay, beta1, beta2 = hyper[0], real(hyper[2]), hyper[3], hyper[4]
    keep, fresh, keep2, fresh2 = real(beta1), real(1 - beta1), real(beta2), real(1 - beta2)
    size, root = real(rate / (1 - beta1**step)), real(1 / math.sqrt(1 - beta2**step))
    epsilon = real(hyper[5])
    for i in range(theta.size):
        g = grad[i] + decay * theta[i]
        a = keep * m[i] + fresh * g
        b = keep2 * v[i] + fresh2 * (g * g)
        m[i] = a
        v[i] = b
        theta[i] -= size * (a / (np.sqrt(b) * root + epsilon))


@njit(error_model="numpy", fastmath={"contract"})
def descend(theta, grad, m, hyper):
    rate, momentum, decay = real(hyper[0]), real(hyper[1]), real(hyper[2])
    if momentum == real(0) and decay == real(0):
        for i in range(theta.size):
            theta[i] -= rate * grad[i]
    else:
        for i in range(theta.size):
            a = momentum * m[i] + (grad[i] + decay * theta[i])
            m[i] = a
            theta[i] -= rate * a


@njit(error_model="numpy", fastmath={"contract"})
def cross_entropy(outs, d, labels, order, arrays, table, numbers, places, result):
    """Add the batch's loss and right answers to ``result``; the gradient of their mean goes to ``d``."""
    k, wide = outs.shape
    loss, right = 0.0, 0
    for i in range(k):
        row = outs[i]
        top, best = real(-np.inf), 0
        for j in range(wide):
            if row[j] > top:
                top, best = row[j], j
        for j in range(wide):
            row[j] -= top
        label = labels[order[i]]
        loss -= row[label]
        right += best == label
    arrays[X], arrays[OUT] = outs.ctypes.data, d.ctypes.data
    call(EXPONENTIAL, k * wide, arrays, outs[0], table, numbers, places)
    share = real(1) / real(k)
    for i in range(k):
        row = d[i]
        total = real(0)
        for j in range(wide):
            total += row[j]
        loss += math.log(total)
        total = share / total
        for j in range(wide):
            row[j] *= total
        row[labels[order[i]]] -= share
    result[0] += loss
    result[1] += right
    return loss


@njit(error_model="numpy", fastmath={"contract"})
def squared(outs, d, targets, order, result):
    """The same for the mean square of what is missing to the targets."""
    k, wide = outs.shape
    share, loss = real(2) / real(k * wide), 0.0
    for i in range(k):
        each = 0.0
        for j in range(wide):
            gap = outs[i, j] - targets[order[i], j]
            each += gap * gap
            d[i, j] = share * gap
        loss += each / wide
    result[0] += loss
    return loss


@njit([types.void(V, V, V, V, R, INTS, R, INTS, INTS, W, types.boolean, types.boolean, D, D, *CALLS)],
      nogil=True, error_model="numpy", cache=True)  # fmt: skip
def epoch(
    theta, grad, m, v, inputs, labels, targets, order, shape, step, kept, is_adam, hyper, result, table, numbers, drawn,
    places, learned,
):  # fmt: skip
    """Train one network for an epoch; see `epoch.epoch` for the operands."""
    depth, u, wide, batch = shape
    samples, n = order.size, inputs.shape[1]
    xs, outs, ends = np.empty(batch * n, real), np.empty(batch * wide, real), np.empty(batch * wide, real)
    ys = np.empty(depth * batch * u, real)
    zs = np.empty(depth * batch * u, real) if kept else ys
    arriving, leaving = np.empty(batch * u, real), np.empty(batch * u, real)
    arrays, nothing = np.zeros(DRAWN, np.int64), np.empty((0, n), real)
    no_squares, no_exponents = np.empty(0), np.empty(0, np.int64)
    for first in range(0, samples, batch):
        k = min(batch, samples - first)
        x = xs[: k * n].reshape(k, n)
        out, d = outs[: k * wide].reshape(k, wide), ends[: k * wide].reshape(k, wide)
        z, y = zs[: depth * k * u].reshape(depth, k, u), ys[: depth * k * u].reshape(depth, k, u)
        arrive, leave = arriving[: k * u].reshape(k, u), leaving[: k * u].reshape(k, u)
        chosen = order[first : first + k]
        for i in range(k):
            x[i] = inputs[chosen[i]]
        forward(theta, x, z, y, out, samples, first, table, numbers, drawn, places, learned)
        if labels.size:
            loss = cross_entropy(out, d, labels, chosen, arrays, table, numbers, places, result)
        else:
            loss = squared(out, d, targets, chosen, result)
        result[2] += k
        if not np.isfinite(loss):
            result[3] = 1.0
            return
        backward(
            theta, grad, x, z, y, d, arrive, leave, nothing, False, False, no_squares, no_exponents, samples, first,
            table, numbers, drawn, places, learned,
        )  # fmt: skip
        step[0] += 1
        if is_adam:
            adam(theta, grad, m, v, step[0], hyper)
        else:
            descend(theta, grad, m, hyper)


kernel = forward, backward, epoch
