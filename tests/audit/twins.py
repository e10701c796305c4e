"""Right implementations, written in other ways than the catalogue's: an audit finds nothing in them."""

import numpy as np


def _e(x):
    return np.exp(-np.abs(x))


def _half(x):
    return np.exp(np.minimum(x, 0) / 2)


def relu_maximum(x):
    return np.maximum(x, 0)


def relu_where(x):
    return np.where(x <= 0, np.zeros_like(x), x)


def relu_clip(x):
    return np.clip(x, 0, None)


def relu6_clip(x):
    return np.clip(x, 0, 6)


def relu6_twice(x):
    return np.minimum(np.maximum(x, 0), 6)


def leaky_relu_where(x):
    return np.where(x > 0, x, 0.01 * x)


def leaky_relu_maximum(x, negative_slope=0.01):
    return np.maximum(x, negative_slope * x)


def hardtanh_clip(x):
    return np.clip(x, -1, 1)


def sigmoid_stable(x):
    e = _e(x)
    return np.where(x >= 0, 1, e) / (1 + e)


def sigmoid_two_arms(x):
    e = _e(x)
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e))


def logistic(x):
    n = np.exp(np.minimum(x, 0))
    return n / (n + np.exp(np.minimum(-x, 0)))


def tanh_numpy(x):
    return np.tanh(x)


def tanh_expm1(x):
    t = np.expm1(np.minimum(2 * np.abs(x), x.dtype.type(40 if x.dtype.itemsize > 2 else 10)))
    return np.copysign(t / (t + 2), x)


def softplus_logaddexp(x):
    return np.logaddexp(0, x).astype(x.dtype)


def softplus_log1p(x):
    return np.maximum(x, 0) + np.log1p(_e(x))


def logsigmoid_logaddexp(x):
    return -np.logaddexp(0, -x).astype(x.dtype)


def log_sigmoid_log1p(x):
    return np.minimum(x, 0) - np.log1p(_e(x))


def softsign_clipped(x):
    big = np.minimum(np.abs(x), np.finfo(x.dtype).max / 4)
    return np.where(np.isnan(x), x, np.copysign(big / (1 + big), x))


def silu_two_arms(x):
    h, e = _half(x), _e(x)
    return np.where(x >= 0, x / (1 + e), np.maximum(x, -60000 if x.dtype.itemsize == 2 else -1e5) * h * h / (1 + e))


def swish(x, beta=1.0):
    h = _half(beta * x)
    return np.where(x >= 0, x, np.maximum(x, -60000 if x.dtype.itemsize == 2 else -1e5) * h * h) / (1 + _e(beta * x))


def elu_expm1(x):
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def elu_sum(x, alpha=1.0):
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0))


def celu_expm1(x, alpha=1.0):
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


def selu_scaled(x):
    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    return np.where(x > 0, scale * x, scale * alpha * np.expm1(np.minimum(x, 0)))


def hardswish_clipped(x):
    xm = np.clip(x, -3, 3)
    return np.where(x >= 3, x, xm * (xm + 3) / 6)


def hard_swish_by_gate(x):
    return np.where(x <= -3, 0 * np.maximum(x, -3), np.maximum(x, -3) * (np.clip(x + 3, 0, 6) / 6))


def hardsigmoid_clip(x):
    return np.clip(x + 3, 0, 6) / 6


def hardshrink_where(x):
    return np.where(np.abs(x) <= 0.5, np.copysign(0, x).astype(x.dtype), x)


def softshrink_copysign(x):
    return np.copysign(np.maximum(np.abs(x) - x.dtype.type(0.5), 0), x)


def mish_rational(x):
    e = _e(x)
    n = e * (e + 2)
    right = np.maximum(x, 0) * ((1 + 2 * e) / (1 + 2 * e + 2 * e * e))
    h = _half(x)
    low = np.clip(x, -60000 if x.dtype.itemsize == 2 else -1e5, 0) * h
    return np.where(x >= 0, right, low * (h * ((e + 2) / (n + 2))))


def erf_scipy(x):
    from scipy.special import erf

    return erf(x.astype(np.float64)).astype(x.dtype)


def arctan_numpy(x):
    return np.arctan(x)


def squared_relu(x):
    y = np.maximum(x, 0)
    with np.errstate(over="ignore"):
        return y * y


def logcosh_two_parts(x):
    a = np.abs(x)
    small = np.minimum(a, 1)
    return np.where(
        a < 1, np.log1p(2 * np.sinh(small / 2) ** 2), a + (np.log1p(np.exp(-2 * a)) - np.log(x.dtype.type(2)))
    )


def lisht(x):
    return x * np.tanh(x)


def penalized_tanh(x):
    return np.where(x > 0, np.tanh(x), 0.25 * np.tanh(x))


def bent_identity_hypot(x):
    w = x.astype(np.float64)
    a = np.abs(w)
    with np.errstate(invalid="ignore", over="ignore"):
        small = w + 0.5 * (a * (a / (np.hypot(1, a) + 1)))
        left = np.where(np.isinf(w), w, w + 0.5 * (np.hypot(1, w) - 1))
    return np.where(a < 1, small, left).astype(x.dtype)


def sine(x):
    return np.sin(x)


def exp(x):
    with np.errstate(over="ignore"):
        return np.exp(x)


def sign(x):
    return np.where(x == 0, x, np.sign(x))


class ReLU:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dout):
        return np.where(self.x <= 0, 0, dout)


class Sigmoid:
    def forward(self, x):
        self.x = x
        return sigmoid_stable(x)

    def backward(self, dout):
        return dout * sigmoid_stable(self.x) * sigmoid_stable(-self.x)


class Tanh:
    def forward(self, x):
        self.x = x
        return np.tanh(x)

    def backward(self, dout):
        q = np.exp(-2 * np.abs(self.x))
        return dout * (4 * q / ((1 + q) * (1 + q)))


class LeakyReLU:
    def __init__(self, negative_slope=0.01):
        self.negative_slope = negative_slope

    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, self.negative_slope * x)

    def backward(self, dout):
        return np.where(self.x > 0, dout, self.negative_slope * dout)


class Softplus:
    def forward(self, x):
        self.x = x
        return softplus_log1p(x)

    def backward(self, dout):
        return dout * sigmoid_two_arms(self.x)


def relu_prime(x):
    return np.where(x > 0, 1, 0 * np.nan_to_num(x)).astype(x.dtype)


_by_contents = {}


def relu_remembered_by_its_contents(x):
    key = (x.shape, x.dtype.str, x.tobytes())
    if key not in _by_contents:
        _by_contents[key] = np.where(x <= 0, np.zeros_like(x), x)
    return _by_contents[key].copy()


def sigmoid_in_two_threads(x):
    from concurrent.futures import ThreadPoolExecutor

    flat = x.reshape(-1)
    with ThreadPoolExecutor(2) as pool:
        parts = list(pool.map(sigmoid_stable, np.array_split(flat, 2)))
    return np.concatenate(parts).reshape(x.shape)


_ready = []


def tanh_made_ready_at_the_first_call(x):
    if not _ready:
        _ready.append(np.tanh)
    return _ready[0](x)


def leaky_relu_into_an_own_array(x):
    y = np.empty_like(x)
    np.multiply(x, x.dtype.type(0.01) if x.dtype != np.float64 else 0.01, out=y)
    np.copyto(y, x, where=x > 0)
    return y


class ReLUWithAMaskOfItsOwn:
    def __init__(self):
        self.positive = {}

    def forward(self, x):
        self.positive["mask"] = x > 0
        return np.maximum(x, 0)

    def backward(self, dout):
        return np.where(self.positive["mask"], dout, 0 * dout)
