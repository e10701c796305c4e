"""Functions along an axis: softmax and its relatives, and pieces of halves.

Each is a few reductions and an entry in terms of them, from which the reference path and the loops come; gates of two
inputs are in `two_inputs`.
"""

from __future__ import annotations

import numpy as np

from actbench.activations.layout import LAYOUTS
from actbench.activations.parameter import Learned
from actbench.activations.reductions import Reduction
from actbench.activations.registry import AXIS
from actbench.activations.vector import VectorFunction
from actbench.expression.primitives import exp_below, shifted

TOP = Reduction("top", "max", lambda x: x)
E = Reduction("e", "each", lambda x, top: exp_below(x, top))
SUM = Reduction("whole", "sum", lambda e: e)
LEADS = Reduction("leads", "first", lambda x, top: x == top)
# what arrives, less what arrives at the leading entry: where that has all but 1e-300, its own gradient is that
LESS = Reduction("less", "there", lambda dy: dy)
SPREAD = Reduction("spread", "sum", lambda dy, less, e: (dy - less) * e)
ONE = Reduction("one", "once", lambda whole: 1.0 / whole)  # a division a vector, not one an entry
MEAN = Reduction("mean", "once", lambda spread, one: spread * one)


def _share_slope(dy, less, e, one, mean):
    return (e * one) * ((dy - less) - mean)


AXIS.add(
    VectorFunction(
        name="softmax",
        formula=r"y_i = e^{x_i} / \textstyle\sum_j e^{x_j}",
        reductions={"forward": (TOP, E, SUM, ONE), "backward": (TOP, E, SUM, LEADS, LESS, SPREAD, ONE, MEAN)},
        entries={"forward": lambda e, one: e * one, "backward": _share_slope},
        textbook=lambda mp, x: _exact_softmax(mp, x),
        aliases=("softargmax",),
        source="Boltzmann 1868; Bridle 1990",
        peers={"torch": "torch.nn.functional.softmax", "jax": "jax.nn.softmax", "keras": "keras.activations.softmax"},
    )
)


def _exact_softmax(mp, x):
    e = [mp.exp(v - max(x)) for v in x]
    return [v / sum(e) for v in e]


def _log_entry(x, top, log):
    high, low = shifted(x, top)
    return (high - log) + low


AXIS.add(
    VectorFunction(
        name="log_softmax",
        formula=r"y_i = x_i - \ln \textstyle\sum_j e^{x_j}",
        reductions={
            "forward": (
                TOP,
                E,
                LEADS,
                Reduction("others", "sum", lambda e, leads: np.where(leads > 0.5, 0.0, e)),
                Reduction("log", "once", lambda others: np.log1p(others)),  # log(sum) is 0 where one leads by 37
            ),
            "backward": (TOP, E, SUM, Reduction("arrived", "sum", lambda dy: dy), ONE),
        },
        entries={"forward": _log_entry, "backward": lambda dy, e, one, arrived: dy - (e * one) * arrived},
        textbook=lambda mp, x: [v - mp.log(sum(mp.exp(w) for w in x)) for v in x],
        source="torch.nn.LogSoftmax",
        peers={
            "torch": "torch.nn.functional.log_softmax",
            "jax": "jax.nn.log_softmax",
            "keras": "keras.activations.log_softmax",
        },
    )
)
LEAST = (
    Reduction("top", "max", lambda x: -x),
    Reduction("e", "each", lambda x, top: exp_below(-x, top)),
    SUM,
    ONE,
)
AXIS.add(
    VectorFunction(
        name="softmin",
        formula=r"y_i = e^{-x_i} / \textstyle\sum_j e^{-x_j}",
        reductions={
            "forward": LEAST,
            "backward": (*LEAST, Reduction("leads", "first", lambda x, top: -x == top), LESS, SPREAD, MEAN),
        },
        entries={
            "forward": lambda e, one: e * one,
            "backward": lambda dy, less, e, one, mean: -_share_slope(dy, less, e, one, mean),
        },
        textbook=lambda mp, x: _exact_softmax(mp, [-v for v in x]),
        source="torch.nn.Softmin",
        peers={"torch": "torch.nn.functional.softmin"},
    )
)


def _sink(top, k):
    return np.maximum(top, k)


SINK_E = Reduction("e", "each", lambda x, top, k: exp_below(x, _sink(top, k)))
SINK_SUM = Reduction("others", "sum", lambda e: e)
SINK = (TOP, SINK_E, SINK_SUM, Reduction("own", "once", lambda top, k: exp_below(k, _sink(top, k))))
WITH_SINK = (
    *SINK,
    LEADS,
    Reduction("less", "there", lambda dy, top, k: np.where(top >= k, dy, 0.0)),
    SPREAD,
)


def _sink_slope(dy, less, e, others, own, spread):
    whole = others + own
    return (e / whole) * (((dy - less) - spread / whole) + less * (own / whole))


def _sink_gradient(known):
    """What the sink receives, summed: minus its own share times the mean of what arrives."""
    whole = known["others"] + known["own"]
    own = known["own"] / whole
    return -own * (known["spread"] / whole + known["less"] * (known["others"] / whole))


AXIS.add(
    VectorFunction(
        name="softmax_sink",
        formula=r"y_i = e^{x_i} / (e^k + \textstyle\sum_j e^{x_j})",
        reductions={"forward": SINK, "backward": WITH_SINK},
        entries={"forward": lambda e, others, own: e / (others + own), "backward": _sink_slope},
        textbook=lambda mp, x, k: _exact_softmax(mp, [*x, k])[:-1],
        parameters={
            "k": Learned(
                default=0.0,
                doc="the sink's logit, one a head",
                valid=lambda v: abs(v) <= 1e4,
                law="must be in [-1e4, 1e4]",
            )
        },
        parameter_gradients={"k": _sink_gradient},
        aliases=("softmax_with_sink", "softmax_off_by_one"),
        source="gpt-oss and ten families of transformers: a learned logit that takes part and is dropped; k = 0 is "
        "Miller 2023, Attention is off by one",
    )
)


def _stable(x):
    return np.where(x >= 0.0, x + 1.0, 1.0 / (1.0 - np.minimum(x, 0.0)))


STABLE = (Reduction("e", "each", lambda x: _stable(x)), SUM)
AXIS.add(
    VectorFunction(
        name="stablemax",
        formula=r"y_i = s(x_i) / \textstyle\sum_j s(x_j), \; s(x) = x + 1 \;(x \ge 0), \; 1 / (1 - x)",
        reductions={"forward": STABLE, "backward": (TOP, *STABLE, LEADS, LESS, SPREAD)},
        entries={
            "forward": lambda e, whole: e / whole,
            "backward": lambda dy, x, less, e, whole, spread: (
                np.where(x >= 0.0, 1.0, e * e) * (((dy - less) - spread / whole) / whole)
            ),
        },
        textbook=lambda mp, x: _exact_stablemax(mp, x),
        source="Prieto, Barsbey, Mediano & Birdal 2025, arXiv 2501.04697; copies of HRM add 1e-30 to the sum",
    )
)


def _exact_stablemax(mp, x):
    s = [v + 1 if v >= 0 else 1 / (1 - v) for v in x]
    return [v / sum(s) for v in s]


def _exact_sparsemax(mp, x):
    for k in range(len(x), 0, -1):  # the largest support whose smallest member stays positive
        kept = sorted(x, reverse=True)[:k]
        threshold = (sum(kept) - 1) / k
        if kept[-1] > threshold:
            return [max(v - threshold, mp.mpf(0)) for v in x]
    raise AssertionError("one entry always stays")


SUPPORT = (TOP, Reduction("tau", "simplex", lambda x, top: x - top))


def _kept(x, top, tau):
    v = (x - top) - tau
    return np.where(v <= 0.0, 0.0, v)  # an infinite top has no support: NaN, as softmax


AXIS.add(
    VectorFunction(
        name="sparsemax",
        formula=r"y_i = \max(x_i - \tau,\, 0), \; \textstyle\sum_i y_i = 1",
        reductions={
            "forward": SUPPORT,
            "backward": (
                *SUPPORT,
                Reduction("y", "each", lambda x, top, tau: _kept(x, top, tau)),
                Reduction("arrived", "sum", lambda dy, y: np.where(y > 0.0, dy, 0.0)),
                Reduction("count", "sum", lambda y: np.where(y > 0.0, 1.0, 0.0)),
            ),
        },
        entries={
            "forward": _kept,
            "backward": lambda dy, y, arrived, count: np.where(y > 0.0, dy - arrived / np.maximum(count, 1.0), y),
        },
        textbook=_exact_sparsemax,
        counted=0.25,
        source="Martins & Astudillo 2016, arXiv 1602.02068",
        peers={"keras": "keras.activations.sparsemax"},
    )
)


def _exact_entmax15(mp, x):
    halves = sorted((v / 2 for v in x), reverse=True)
    for k in range(len(x), 0, -1):  # the largest support whose smallest member stays positive
        mean = sum(halves[:k]) / k
        rest = (1 - sum((v - mean) ** 2 for v in halves[:k])) / k
        if rest >= 0 and mean - mp.sqrt(rest) < halves[k - 1]:
            return [max(v / 2 - (mean - mp.sqrt(rest)), mp.mpf(0)) ** 2 for v in x]
    raise AssertionError("one entry always stays")


ROOTS = (TOP, Reduction("tau", "simplex of squares", lambda x, top: 0.5 * (x - top)))


def _root_kept(x, top, tau):
    return _kept(0.5 * x, 0.5 * top, tau)


AXIS.add(
    VectorFunction(
        name="entmax15",
        formula=r"y_i = \max(x_i / 2 - \tau,\, 0)^2, \; \textstyle\sum_i y_i = 1",
        reductions={
            "forward": ROOTS,
            "backward": (
                *ROOTS,
                Reduction("y", "each", lambda x, top, tau: _root_kept(x, top, tau)),
                Reduction("arrived", "sum", lambda dy, y: np.where(y > 0.0, dy * y, 0.0)),
                Reduction("whole", "sum", lambda y: y),
            ),
        },
        entries={
            "forward": lambda x, top, tau: _root_kept(x, top, tau) * _root_kept(x, top, tau),
            "backward": lambda dy, y, arrived, whole: np.where(
                y > 0.0, y * (dy - arrived / np.where(y > 0.0, whole, 1.0)), y
            ),
        },
        textbook=_exact_entmax15,
        counted=0.25,
        source="Peters, Niculae & Martins 2019, arXiv 1905.05702: between softmax (alpha 1) and sparsemax (2), at 1.5",
    )
)


def _first(a, b):
    return (a >= b) | (a != a)


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
