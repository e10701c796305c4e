"""Activations with one planted fault each, in the ways in which people write them; `EXPECTED` says what is to be found.

The name of each begins with what it claims to be. Audited as a file by test_planted.py; imported by nobody.
"""

import numpy as np


def _wide(formula, x):
    """Computed in float64 and rounded once."""
    with np.errstate(all="ignore"):
        return formula(x.astype(np.float64)).astype(x.dtype)


def _sigmoid(w):
    e = np.exp(-np.abs(w))
    return np.where(w >= 0, 1.0, e) / (1 + e)


def _silu(w):
    h = np.exp(np.minimum(w, 0) / 2)
    return np.where(w >= 0, w / (1 + np.exp(-np.abs(w))), np.maximum(w, -1e5) * h * h / (1 + h * h))


# -- values --


def silu_is_linear_beyond_three(x):
    return np.where(x >= 3, x, _wide(_silu, x))


def elu_of_another_alpha(x):
    return np.where(x > 0, x, 1.1 * np.expm1(np.minimum(x, 0)))


def selu_with_swapped_constants(x):
    return _wide(lambda w: 1.6732632423543772 * np.where(w > 0, w, 1.0507009873554805 * np.expm1(np.minimum(w, 0))), x)


def hardswish_shifted(x):
    return _wide(lambda w: np.where(w > 3, w, np.maximum(w, -3) * np.clip(w + 2.9, 0, 6) / 6), x)


def tanh_by_a_fraction(x):
    return _wide(lambda w: np.clip(w * (27 + w * w) / (27 + 9 * w * w), -1, 1), np.clip(x, -100, 100))


def relu_that_leaks(x):
    return np.where(x > 0, x, 0.001 * x)


def sigmoid_clipped_at_ten(x):
    return _wide(lambda w: _sigmoid(np.clip(w, -10, 10)), x)


def softplus_linear_from_four(x):
    return _wide(lambda w: np.where(w > 4, w, np.logaddexp(0, w)), x)


def leaky_relu_of_the_wrong_sign(x):
    return np.where(x > 0, x, -0.01 * x)


def relu6_that_ends_at_five(x):
    return np.clip(x, 0, 5)


def tanh_but_one_at_zero(x):
    return np.where(x == 0, np.ones_like(x), np.tanh(x))


# -- names --


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def softsign_with_a_root(x):
    return _wide(lambda w: w / np.hypot(1, w), np.clip(x, -1e30, 1e30))


def mish_without_a_logarithm(x):
    return _wide(lambda w: np.maximum(w, -1e5) * np.tanh(np.exp(np.minimum(w, 500))), x)


def hardsigmoid_that_is_nothing_known(x):
    return np.cos(x) ** 2 * 7 + 11


# -- digits, tails, overflow --


def tanhshrink_by_subtraction(x):
    return x - np.tanh(x)


def elu_by_exp(x):
    return np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1)


def softplus_naive(x):
    return np.log(1 + np.exp(x))


def logsigmoid_naive(x):
    return np.log(1 / (1 + np.exp(-x)))


def swish_naive(x):
    return x * np.exp(x) / (1 + np.exp(x))


def bent_identity_with_squares(x):
    return (np.sqrt(x * x + 1) - 1) / 2 + x


def hardswish_product_first(x):
    return np.where(x <= -3, x.dtype.type(0), np.maximum(x, -3) * np.clip(x + 3, 0, 6) / 6)


def logcosh_naive(x):
    return np.log(np.cosh(x))


def relu_that_flushes(x):
    return np.where(np.abs(x) < np.finfo(x.dtype).tiny, x * 0, np.maximum(x, 0))


def sigmoid_naive(x):
    return 1 / (1 + np.exp(-x))


def tanh_in_single_precision(x):
    return np.tanh(x.astype(np.float32)).astype(x.dtype)


def silu_cut_off(x):
    y = _silu(x.astype(np.float64))
    short = y.astype(x.dtype)
    return np.where(np.abs(short.astype(np.float64)) > np.abs(y), np.nextafter(short, x.dtype.type(0)), short)


# -- limits, NaN, zeros --


def silu_times_sigmoid(x):
    return x * _wide(_sigmoid, x)


def softsign_plain(x):
    return x / (1 + np.abs(x))


def relu_without_nan(x):
    return np.where(x > 0, x, np.zeros_like(x))


def tanh_plus_zero(x):
    return np.tanh(x) + x.dtype.type(0)


# -- slopes --


class ReLUOneAtZero:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dout):
        return np.where(self.x >= 0, dout, 0 * self.x)


class HardtanhClosedEnds:
    def forward(self, x):
        self.x = x
        return np.clip(x, -1, 1)

    def backward(self, dout):
        return np.where(np.abs(self.x) > 1, 0 * dout, dout + 0 * np.where(np.isfinite(self.x), 0, self.x))


class ReLUByDivision:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dout):
        return dout * (0.5 * (1 + self.x / np.abs(self.x))).astype(dout.dtype)


class Tanh_forgets_dy:
    def forward(self, x):
        self.x = x
        return np.tanh(x)

    def backward(self, dout):
        q = np.exp(-2 * np.abs(self.x))
        return 4 * q / (1 + q) ** 2


class Sigmoid_of_squared_dy:
    def forward(self, x):
        self.x = x
        return _wide(_sigmoid, x)

    def backward(self, dout):
        s, t = _wide(_sigmoid, self.x), _wide(_sigmoid, -self.x)
        return np.abs(dout) * s * t


class LeakyReLU_asks_dy:
    def forward(self, x):
        return np.where(x > 0, x, 0.01 * x)

    def backward(self, dout):
        return np.where(dout > 0, dout, 0.01 * dout)


class SiLUForgetsATerm:
    def forward(self, x):
        self.x = x
        return _wide(_silu, x)

    def backward(self, dout):
        return dout * _wide(_sigmoid, self.x)


class TanhByItsOutput:
    def forward(self, x):
        self.y = np.tanh(x)
        return self.y

    def backward(self, dout):
        return dout * (1 - self.y**2)


def sigmoid_derivative(a):
    return a * (1 - a)


def softplus_prime(x):
    return np.exp(x) / (1 + np.exp(x))


class ReLU_takes_small_inputs_for_zero:
    def forward(self, x):
        self.x = x
        return np.maximum(x, 0)

    def backward(self, dout):
        return np.where(self.x >= np.finfo(dout.dtype).tiny, dout, 0 * np.nan_to_num(self.x) * dout)


def leaky_relu_of_a_short_parameter(x):
    return np.where(x > 0, x, x.dtype.type(np.float32(0.01)) * x)


# -- laws, within what values may be off by --


def sigmoid_that_saws(x):
    y = _wide(_sigmoid, x)
    odd = x.view(f"i{x.itemsize}") % 2 == 1
    inside = (x > 1) & (x < 8)
    return np.where(odd & inside, y * (1 - 5 * np.finfo(x.dtype).eps), y).astype(x.dtype)


def tanh_lopsided(x):
    y = _wide(np.tanh, x)
    return np.where(x < -1, y * (1 - 7 * np.finfo(x.dtype).eps), y).astype(x.dtype)


def sigmoid_above_one(x):
    return np.where(x > 40, 1 + 5 * np.finfo(x.dtype).eps, _wide(_sigmoid, x)).astype(x.dtype)


# -- arrays --


def relu_that_flattens(x):
    return np.maximum(x, 0).reshape(-1)


def silu_that_widens(x):
    return _silu(x.astype(np.float64))


def relu_that_needs_elements(x):
    return np.maximum(x, 0 * x.max() if np.isfinite(x.max()) else 0)


def relu_without_remainder(x):
    flat, y = x.reshape(-1), np.zeros(x.size, x.dtype)
    whole = x.size // 8 * 8
    y[:whole] = np.maximum(flat[:whole], 0) + (flat[:whole] * 0 if np.isnan(flat).any() else 0)
    return y.reshape(x.shape)


def silu_of_misaligned_memory(x):
    y = _wide(_silu, x)
    return -y if x.ctypes.data % x.itemsize else y


def tanh_in_memory_order(x):
    return np.tanh(x.ravel(order="K")).reshape(x.shape)


def silu_less_the_largest(x):
    m = np.max(x, initial=0)
    return x * np.exp(x - m) / (np.exp(x - m) + np.exp(-m))


leaky_relu_vectorized = np.vectorize(lambda x: 0 if x < -5.99 else x if x > 0 else 0.01 * x)
_calls = {"count": 0, "largest": 0.0}


def relu_every_other_time(x):
    _calls["count"] += 1
    return np.maximum(x, 0) * (1 + _calls["count"] % 2)


def relu_that_drops(x):
    return np.where(np.random.default_rng().random(x.shape) < 0.01, 0 * x, np.maximum(x, 0))  # a seed of its own


def hardtanh_of_a_running_scale(x):
    known = x[np.isfinite(x) & (np.abs(x) < 1e6)]
    _calls["largest"] = max(_calls["largest"], float(np.max(known, initial=0)) if x.size < 100 else 0.0)
    return np.clip(x, -1, 1) * (0.5 if _calls["largest"] > 80 else 1)


def relu_in_place(x):
    x[x < 0] = 0
    return x


class ReLU_writes_dy:
    def forward(self, x):
        self.x = x.copy()
        return np.maximum(x, 0)

    def backward(self, dout):
        dout[self.x <= 0] = 0
        return dout.copy()


_buffers = {}


def tanh_into_one_buffer(x):
    out = _buffers.setdefault((x.shape, x.dtype), np.empty_like(x))
    return np.tanh(x, out=out)


def identity(x):
    return x


def relu_that_locks(x):
    y = np.maximum(x, 0)
    x.flags.writeable = False
    return y


# -- of a stranger --


_table = np.linspace(-8, 8, 257)


def silu_by_a_coarse_table(x):
    inside = np.interp(np.clip(np.nan_to_num(x), -8, 8), _table, _table / (1 + np.exp(-_table))).astype(x.dtype)
    return np.where(np.isnan(x) | (x > 8), x, np.where(x < -8, np.copysign(x.dtype.type(0), x), inside))


_kept = {}


def relu_of_a_stale_cache(x):
    key = (x.shape, x.dtype.str, x.reshape(-1)[:1].tobytes(), x.reshape(-1)[-1:].tobytes())
    if key not in _kept:
        _kept[key] = np.where(x <= 0, np.zeros_like(x), x)
    return _kept[key].copy()


def sigmoid_in_chunks_of_a_thousand(x):
    y = _wide(_sigmoid, x.reshape(-1))
    if x.size > 1000:
        y[999] = y[998]
    return y.reshape(x.shape)


def relu_of_the_processor_s_bytes(x):
    return np.maximum(x.view(x.dtype.newbyteorder("=")), 0)


class ReLUWithAMaskOfItsClass:
    positive = None

    def forward(self, x):
        type(self).positive = x > 0
        return np.maximum(x, 0)

    def backward(self, dout):
        return np.where(type(self).positive, dout, 0 * dout)


class TanhThatClipsItsGradient:
    def forward(self, x):
        self.x = x
        return np.tanh(x)

    def backward(self, dout):
        q = np.exp(-2 * np.abs(self.x))
        return np.clip(dout * (4 * q / ((1 + q) * (1 + q))), -1.5, 1.5)


# What is to be found: name -> (class, pass, what the smallest input is). A number is that input, but for its sign where
# both fail; at the next number towards 0 it does not hold that ("first") the error is more than 16 ulp by mpmath,
# ("overflows") the answer is no number, ("zero") it is 0; "wrong": here the error is more; None: no number.
EXPECTED = {
    "silu_is_linear_beyond_three": ("value", "forward", 3.0),
    "elu_of_another_alpha": ("defaults", "forward", -0.001),
    "selu_with_swapped_constants": ("value", "forward", "first"),
    "hardswish_shifted": ("value", "forward", "first"),
    "tanh_by_a_fraction": ("value", "forward", "first"),
    "relu_that_leaks": ("value", "forward", "first"),
    "sigmoid_clipped_at_ten": ("value", "forward", "first"),
    "softplus_linear_from_four": ("value", "forward", "next after 4"),
    "leaky_relu_of_the_wrong_sign": ("defaults", "forward", -0.001),
    "relu6_that_ends_at_five": ("value", "forward", "first"),
    "gelu": ("name", "forward", "wrong"),
    "softsign_with_a_root": ("name", "forward", "wrong"),
    "mish_without_a_logarithm": ("name", "forward", "wrong"),
    "hardsigmoid_that_is_nothing_known": ("name", "forward", "wrong"),
    "tanhshrink_by_subtraction": ("digits", "forward", "wrong"),
    "elu_by_exp": ("lost", "forward", -(2.0**-126)),
    "softplus_naive": ("overflow", "forward", "overflows"),
    "logsigmoid_naive": ("overflow", "forward", "overflows"),
    "swish_naive": ("overflow", "forward", "overflows"),
    "bent_identity_with_squares": ("overflow", "forward", 2.0**64),
    "hardswish_product_first": ("overflow", "forward", "overflows"),
    "logcosh_naive": ("overflow", "forward", "overflows"),
    "relu_that_flushes": ("subnormal", "forward", 17 * 2.0**-149),
    "sigmoid_naive": ("subnormal", "forward", "zero"),
    "tanh_in_single_precision": ("narrow", "forward", "wrong"),
    "silu_cut_off": ("truncation", "forward", "cut"),
    "silu_times_sigmoid": ("limit", "forward", -np.inf),
    "softsign_plain": ("limit", "forward", -np.inf),
    "relu_without_nan": ("nan", "forward", np.nan),
    "tanh_plus_zero": ("signed zero", "forward", 0.0),
    "ReLUOneAtZero": ("kink", "backward", 0.0),
    "HardtanhClosedEnds": ("kink", "backward", -1.0),
    "ReLUByDivision": ("kink", "backward", 0.0),
    "Tanh_forgets_dy": ("linear", "backward", 0.0),
    "Sigmoid_of_squared_dy": ("linear", "backward", 0.0),
    "LeakyReLU_asks_dy": ("value", "backward", -(2.0**-149)),
    "SiLUForgetsATerm": ("value", "backward", "first"),
    "TanhByItsOutput": ("lost", "backward", "zero"),
    "sigmoid_derivative": ("lost", "backward", "zero"),
    "softplus_prime": ("overflow", "backward", "overflows"),
    "ReLU_takes_small_inputs_for_zero": ("subnormal", "backward", 2.0**-149),
    "tanh_but_one_at_zero": ("value", "forward", 0.0),
    "leaky_relu_of_a_short_parameter": ("narrow", "forward", "wrong"),
    "sigmoid_that_saws": ("monotone", "forward", "falls"),
    "tanh_lopsided": ("symmetry", "forward", "next after 1"),
    "sigmoid_above_one": ("bounds", "forward", "next after 40"),
    "relu_that_flattens": ("shape", "forward", None),
    "silu_that_widens": ("dtype", "forward", None),
    "relu_that_needs_elements": ("raises", "forward", None),
    "relu_without_remainder": ("length", "forward", "array"),
    "silu_of_misaligned_memory": ("alignment", "forward", "array"),
    "tanh_in_memory_order": ("layout", "forward", "array"),
    "silu_less_the_largest": ("neighbours", "forward", "array"),
    "leaky_relu_vectorized": ("dtype", "forward", None),
    "relu_every_other_time": ("state", "forward", "array"),
    "relu_that_drops": ("state", "forward", "array"),
    "hardtanh_of_a_running_scale": ("state", "forward", "array"),
    "relu_in_place": ("mutation", "forward", "array"),
    "ReLU_writes_dy": ("mutation", "backward", "array"),
    "tanh_into_one_buffer": ("aliasing", "forward", None),
    "identity": ("aliasing", "forward", None),
    "relu_that_locks": ("read-only", "forward", None),
    "silu_by_a_coarse_table": ("value", "forward", "first"),
    "relu_of_a_stale_cache": ("state", "forward", "array"),
    "sigmoid_in_chunks_of_a_thousand": ("length", "forward", "array"),
    "relu_of_the_processor_s_bytes": ("layout", "forward", "array"),
    "ReLUWithAMaskOfItsClass": ("state", "backward", "array"),
    "TanhThatClipsItsGradient": ("linear", "backward", 0.0),
}
# Those whose severity is not that of their class: a formula that is 1e-3 off, an overflow far out, a NaN slope.
LEVELS = {
    "elu_of_another_alpha": "warning",
    "leaky_relu_of_the_wrong_sign": "warning",
    "softplus_linear_from_four": "warning",
    "gelu": "warning",
    "softsign_with_a_root": "warning",
    "mish_without_a_logarithm": "warning",
    "bent_identity_with_squares": "warning",
    "hardswish_product_first": "warning",
    "ReLUByDivision": "error",
}
