"""Functions along an axis that keep the largest entries or divide powers by their size."""

from __future__ import annotations

import numpy as np

from actbench.activations.parameter import Fixed, Learned
from actbench.activations.reductions import Reduction
from actbench.activations.registry import AXIS
from actbench.activations.vector import VectorFunction

K = Fixed(
    default=4, doc="how many entries stay; those that equal the last of them stay too", valid=lambda v: v >= 1 and v == int(v),
    law="must be a whole number, 1 or more",
)  # fmt: skip


def _keeper(name, size, words, source):
    """The k largest by a size of each entry."""
    AXIS.add(
        VectorFunction(
            name=name,
            formula=rf"y_i = x_i \text{{ where }} {words} \text{{ is one of the }} k \text{{ largest, else }} 0",
            reductions=dict.fromkeys(("forward", "backward"), (Reduction("least", "kth", lambda x: size(x)),)),
            entries={
                "forward": lambda x, least: np.where(size(x) < least, 0.0, x),
                "backward": lambda dy, x, least: np.where(size(x) < least, 0.0, dy),
            },
            textbook=lambda mp, x, k: _exact_topk(mp, x, k, [size(v) for v in x]),
            parameters={"k": K},
            source=source,
        )
    )


def _exact_topk(mp, x, k, sizes):
    least = sorted(sizes, reverse=True)[min(int(k), len(x)) - 1]
    return [v if size >= least else mp.mpf(0) for v, size in zip(x, sizes, strict=True)]


_keeper("topk", lambda x: x, "x_i", "sparse autoencoders: Gao et al. 2024, arXiv 2406.04093, before their ReLU")
_keeper("abstopk", abs, "|x_i|", "weight-sparse transformers: the largest in size")


SPREAD = (
    Reduction("total", "sum", lambda x: x),
    Reduction("square", "sum", lambda x, total, n: (x - total / n) * (x - total / n)),
)


def _above(x, total, square, n, c):
    return (x - total / n) - c * np.sqrt(square / n)


def _gaussian_slope(dy, x, total, square, n, c, passed):
    own = np.where(_above(x, total, square, n, c) > 0.0, dy, 0.0)
    spread = np.sqrt(square / n)
    tilt = (x - total / n) / np.where(spread > 0.0, spread, 1.0)  # a constant vector passes nothing
    return own - (passed / n) * (1.0 + c * tilt)


def _exact_gaussian(mp, x, c):
    mean = sum(x) / len(x)
    spread = mp.sqrt(sum((v - mean) ** 2 for v in x) / len(x))
    return [max(v - mean - c * spread, mp.mpf(0)) for v in x]


AXIS.add(
    VectorFunction(
        name="gaussian_topk",
        formula=r"y_i = \max(x_i - \bar x - c\, s_x,\, 0)",
        reductions={
            "forward": SPREAD,
            "backward": (
                *SPREAD,
                Reduction(
                    "passed", "sum",
                    lambda dy, x, total, square, n, c: np.where(_above(x, total, square, n, c) > 0.0, dy, 0.0),
                ),
            ),
        },
        entries={
            "forward": lambda x, total, square, n, c: np.where(
                _above(x, total, square, n, c) <= 0.0, 0.0, _above(x, total, square, n, c)
            ),
            "backward": _gaussian_slope,
        },
        textbook=_exact_gaussian,
        counted=lambda x: max(abs(float(v)) for v in x),
        parameters={
            "c": Fixed(
                default=1.6448536269514722, doc="standard deviations above the mean: Phi^-1(p), here of p = 0.95",
                valid=lambda v: abs(v) <= 40, law="must be in [-40, 40]",
            )
        },
        source="transformers gemma3n, before gelu_tanh: what a normal distribution would have above its p-quantile",
    )
)  # fmt: skip


def _power(x, p):
    return {1: x, 2: x * x, 3: x * x * x}[p]


POWERS = tuple(
    Reduction(f"square{p}", "sum", of)
    for p, of in ((1, lambda x: x * x), (2, lambda x: (x * x) * (x * x)), (3, lambda x: (x * x * x) * (x * x * x)))
)
ALONG = tuple(
    Reduction(f"along{p}", "sum", of)
    for p, of in ((1, lambda dy, x: dy * x), (2, lambda dy, x: dy * (x * x)), (3, lambda dy, x: dy * (x * x * x)))
)


def _over(square, n, eps):
    return 1.0 / np.sqrt(square / n + eps)


def _polynorm(x, n, square1, square2, square3, w1, w2, w3, bias, eps):
    parts = ((1, square1, w1), (2, square2, w2), (3, square3, w3))
    return sum(w * (_power(x, p) * _over(square, n, eps)) for p, square, w in parts) + bias


def _polynorm_slope(dy, x, n, square1, square2, square3, along1, along2, along3, w1, w2, w3, eps):
    parts = ((1, square1, along1, w1), (2, square2, along2, w2), (3, square3, along3, w3))
    whole = 0.0
    for p, square, arrived, w in parts:
        r = _over(square, n, eps)
        factor = {1: 1.0, 2: 2.0 * x, 3: 3.0 * (x * x)}[p]
        whole = whole + (w * factor) * (r * (dy - (_power(x, p) * r) * (r * (arrived / n))))
    return whole


def _exact_polynorm(mp, x, w1, w2, w3, bias, eps):
    def part(v, p):
        return v**p / mp.sqrt(sum(w ** (2 * p) for w in x) / len(x) + eps)

    return [w1 * part(v, 1) + w2 * part(v, 2) + w3 * part(v, 3) + bias for v in x]


def _weight(p):
    return Learned(default=1 / 3, doc=f"weight of x^{p} over its root mean square")


AXIS.add(
    VectorFunction(
        name="polynorm",
        formula=r"y_i = \textstyle\sum_{p=1}^{3} w_p\, x_i^p / \sqrt{\overline{x^{2p}} + \varepsilon} + b",
        reductions={"forward": POWERS, "backward": (*POWERS, *ALONG)},
        entries={"forward": _polynorm, "backward": _polynorm_slope},
        textbook=_exact_polynorm,
        counted=0.25,
        parameters={
            "w1": _weight(1), "w2": _weight(2), "w3": _weight(3),
            "bias": Learned(default=0.0, doc="what is added"),
            "eps": Fixed(default=1e-6, doc="added to the mean squares", valid=lambda v: v > 0, law="must be above 0"),
        },
        parameter_gradients={
            "w1": lambda known: known["along1"] * _over(known["square1"], known["n"], known["eps"]),
            "w2": lambda known: known["along2"] * _over(known["square2"], known["n"], known["eps"]),
            "w3": lambda known: known["along3"] * _over(known["square3"], known["n"], known["eps"]),
            "bias": lambda known: known["dy"],
        },
        defaults={"liger": {"bias": 1.0}, "haliax": {"bias": 0.0}},
        source="Zhuo et al. 2024, Polynomial composition activations, arXiv 2411.03884; liger_kernel poly_norm",
    )
)  # fmt: skip
