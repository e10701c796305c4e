"""Functions along an axis: softmax and its relatives, and pieces of halves; gates are in `two_inputs`."""

from __future__ import annotations

import numpy as np

from actbench.activations.layout import LAYOUTS
from actbench.activations.registry import AXIS
from actbench.activations.vector import VectorFunction


def _shifted(x):
    """x - max(x) in two parts: rounding a difference of 700 alone costs 350 ulp of its exponential."""
    with np.errstate(invalid="ignore", over="ignore"):  # inf - inf is NaN, which is softmax's answer there
        top = x.max(axis=-1, keepdims=True)
        high = x - top
        t = high - x
        low = (x - (high - t)) + (-top - t)
    return high, np.where(np.isfinite(high) & np.isfinite(low), low, 0.0)


def _exponentials(x):
    high, low = _shifted(x)
    e = np.exp(high)
    return e + e * low


def _softmax(x):
    e = _exponentials(x)
    return e / e.sum(axis=-1, keepdims=True)


def _softmax_product(dy, x):
    y = _softmax(x)
    with np.errstate(invalid="ignore"):  # dy may be infinite
        # what arrives, less what arrives at the leading entry: where that has all but 1e-300, its own gradient is that
        d = dy - np.take_along_axis(dy, y.argmax(axis=-1)[..., None], axis=-1)
        return y * (d - (d * y).sum(axis=-1, keepdims=True))


def _log_softmax(x):
    high, low = _shifted(x)
    e = np.exp(high) * (1.0 + low)
    first = np.arange(x.shape[-1]) == x.argmax(axis=-1)[..., None]
    others = np.where(first, 0.0, e).sum(axis=-1, keepdims=True)
    return (high - np.log1p(others)) + low  # log1p of the others: log(sum) is 0 where one entry leads by 37


def _log_softmax_product(dy, x):
    return dy - _softmax(x) * dy.sum(axis=-1, keepdims=True)


def _sparsemax(x):
    ordered = -np.sort(-x, axis=-1)  # the largest first, NaN last
    top = ordered[..., :1]
    k = np.arange(1, x.shape[-1] + 1)
    with np.errstate(invalid="ignore", divide="ignore"):  # an infinite top has no support: NaN, as softmax
        below = ordered - top
        surplus = np.cumsum(below, axis=-1) - 1.0
        count = np.count_nonzero(k * below > surplus, axis=-1)[..., None]
        threshold = np.where(count > 0, np.take_along_axis(surplus, count - 1, axis=-1) / count, np.nan)
        return np.maximum((x - top) - threshold, 0.0)


def _sparsemax_product(dy, x):
    y = _sparsemax(x)
    kept = y > 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(kept, dy, 0.0).sum(axis=-1, keepdims=True) / kept.sum(axis=-1, keepdims=True)
        return np.where(kept, dy - mean, y)  # 0 or NaN


def _first(a, b):
    return (a >= b) | (a != a)


def _exact_softmax(mp, x):
    e = [mp.exp(v - max(x)) for v in x]
    return [v / sum(e) for v in e]


def _exact_sparsemax(mp, x):
    for k in range(len(x), 0, -1):  # the largest support whose smallest member stays positive
        kept = sorted(x, reverse=True)[:k]
        threshold = (sum(kept) - 1) / k
        if kept[-1] > threshold:
            return [max(v - threshold, mp.mpf(0)) for v in x]
    raise AssertionError("one entry always stays")


AXIS.add(
    VectorFunction(
        name="softmax",
        formula=r"y_i = e^{x_i} / \textstyle\sum_j e^{x_j}",
        vector=_softmax,
        product=_softmax_product,
        textbook=_exact_softmax,
        aliases=("softargmax",),
        source="Boltzmann 1868; Bridle 1990",
        peers={"torch": "torch.nn.functional.softmax", "jax": "jax.nn.softmax", "keras": "keras.activations.softmax"},
    )
)
AXIS.add(
    VectorFunction(
        name="log_softmax",
        formula=r"y_i = x_i - \ln \textstyle\sum_j e^{x_j}",
        vector=_log_softmax,
        product=_log_softmax_product,
        textbook=lambda mp, x: [v - mp.log(sum(mp.exp(w) for w in x)) for v in x],
        source="torch.nn.LogSoftmax",
        peers={
            "torch": "torch.nn.functional.log_softmax",
            "jax": "jax.nn.log_softmax",
            "keras": "keras.activations.log_softmax",
        },
    )
)
AXIS.add(
    VectorFunction(
        name="softmin",
        formula=r"y_i = e^{-x_i} / \textstyle\sum_j e^{-x_j}",
        vector=lambda x: _softmax(-x),
        product=lambda dy, x: -_softmax_product(dy, -x),
        textbook=lambda mp, x: _exact_softmax(mp, [-v for v in x]),
        source="torch.nn.Softmin",
        peers={"torch": "torch.nn.functional.softmin"},
    )
)
AXIS.add(
    VectorFunction(
        name="sparsemax",
        formula=r"y_i = \max(x_i - \tau,\, 0), \; \textstyle\sum_i y_i = 1",
        vector=_sparsemax,
        product=_sparsemax_product,
        textbook=_exact_sparsemax,
        counted=0.25,
        source="Martins & Astudillo 2016, arXiv 1602.02068",
        peers={"keras": "keras.activations.sparsemax"},
    )
)
AXIS.add(
    VectorFunction(
        name="crelu",
        formula=r"y = [\max(x, 0),\, \max(-x, 0)]",
        factor=2.0,
        pieces={
            "forward": (lambda x: np.where(x <= 0.0, 0.0, x), lambda x: np.where(x >= 0.0, 0.0, -x)),
            "backward": (
                lambda up, down, x: np.where(x > 0.0, up, np.where(x < 0.0, -down, np.where(x == 0.0, 0.0, x))),
            ),
        },
        textbook=lambda mp, x: [max(v, mp.mpf(0)) for v in x] + [max(-v, mp.mpf(0)) for v in x],
        aliases=("concatenated_relu",),
        source="Shang, Sohn, Almeida & Lee 2016, arXiv 1603.05201",
        peers={"tensorflow": "tf.nn.crelu"},
    )
)
AXIS.add(
    VectorFunction(
        name="maxout",
        formula=r"y = \max(a, b), \; x = [a, b]",
        factor=0.5,
        layout=LAYOUTS["halves"],
        pieces={
            "forward": (lambda a, b: np.where(_first(a, b), a, b),),
            "backward": (
                lambda dy, a, b: np.where(_first(a, b), dy, 0.0),
                lambda dy, a, b: np.where(_first(a, b), 0.0, dy),
            ),
        },
        definition=lambda a, b: np.maximum(a, b),
        source="Goodfellow, Warde-Farley, Mirza, Courville & Bengio 2013, arXiv 1302.4389, with two pieces, in halves",
    )
)
