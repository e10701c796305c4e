"""x times a function of sigmoid(x), and the same with sine, cosine or an exponential beside it."""

from __future__ import annotations

import numpy as np

from actbench.activations.define import define
from actbench.activations.parameter import Fixed
from actbench.activations.record import Kink
from actbench.activations.shapes import GATE
from actbench.expression.primitives import exp_times
from actbench.expression.primitives.gates import FAR, gated, gated_slope, logistic, near, tail
from actbench.expression.primitives.series import less_one

INF = np.inf
HALF_PI = 1.5707963267948966
SHORT = 6.123233995736766e-17  # of pi / 2: sinsig takes HALF_PI as it stands, and its slope ends in this


def _sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def _logish(x):
    c, e = tail(x)
    return gated(x, np.log1p(logistic(c, e)), e)


def _logish_slope(dy, x):
    c, e = tail(x)
    s, p = logistic(c, e), np.where(c >= 0.0, 2.0 + e, 1.0 + 2.0 * e)
    d, gate = (1.0 + e) * p, np.log1p(s)  # gate' = exp(-|x|) / d
    rate = gate / s
    left = exp_times(((c + rate) + 2.0 * e * rate) / d, -np.absolute(c))  # what cancels is put together first
    return dy * np.where(c >= 0.0, gate + c * (e / d), left)


define(
    "logish",
    forward=_logish,
    backward=_logish_slope,
    definition=lambda x: x * np.log1p(_sigmoid(x)),
    bounds=(-0.25276881678944035, INF),
    limits=(-0.0, INF),
    slope_limits=(-0.0, 0.6931471805599453),
    roots_of_slope=(-1.3724541370256922,),
    monotone=False,
    source="Zhu, Zhu, Wang, Yang & Wu 2021, Logish: a new nonlinear nonmonotonic activation function, Neurocomputing 458",
)


def _smish_parts(c, e):
    """With s = p / o: tanh(log(1 + s)) = p t / d, where few roundings count next to the root of the slope."""
    o, p = 1.0 + e, np.where(c >= 0.0, 1.0, e)
    t = 2.0 * o + p
    return o, p, t, 2.0 * (o * o) + p * t


def _smish(x):
    c, e = tail(x)
    _, p, t, d = _smish_parts(c, e)
    return gated(x, p * t / d, e)


def _smish_slope(dy, x):
    c, e = tail(x)
    o, p, t, d = _smish_parts(c, e)
    rise = 4.0 * c * (o * (o + p))
    whole = (t * d + np.where(c >= 0.0, rise * e, rise)) / (d * d)
    return dy * np.where(c >= 0.0, whole, exp_times(whole, -np.absolute(c)))


define(
    "smish",
    forward=_smish,
    backward=_smish_slope,
    definition=lambda x: x * np.tanh(np.log1p(_sigmoid(x))),
    bounds=(-0.24999366366012948, INF),
    limits=(-0.0, INF),
    slope_limits=(-0.0, 0.6),
    roots_of_slope=(-1.3945193019245041,),
    monotone=False,
    source="Wang, Ren & Wang 2022, Smish, Electronics 11(4) 540 (alpha = beta = 1)",
)


def _eanaf_gate(c, e):
    return np.where(c >= 0.0, 1.0 + 2.0 * e, e + 2.0)


def _eanaf(x):
    c, e = tail(x)
    return gated(x, np.where(c >= 0.0, 1.0, e) / _eanaf_gate(c, e), e)


def _eanaf_slope(dy, x):
    c, e = tail(x)
    d = _eanaf_gate(c, e)
    rise, right = 2.0 * (1.0 + c), c >= 0.0  # exact next to the root: there exp(x) alone is rounded
    whole = np.where(right, 1.0 + e * rise, e + rise) / (d * d)
    return dy * np.where(right, whole, exp_times(whole, -np.absolute(c)))


define(
    "eanaf",
    forward=_eanaf,
    backward=_eanaf_slope,
    definition=lambda x: x / (1.0 + 2.0 * np.exp(-x)),
    bounds=(-0.157184951483814, INF),
    **GATE,
    roots_of_slope=(-1.157184951483814,),
    source="Chai, Yu, Yi, Pu & Xu 2020, EANAF; x sigmoid(x - log 2) = x tanh(softplus(x) / 2)",
)


def _sinsig_parts(c, e):
    """r and v = r e, the angle from the nearer of 0 and pi / 2; sin(v) / v and cos(v), each without its 1."""
    r = HALF_PI / (1.0 + e)
    v = r * e + np.where(c >= 0.0, SHORT, 0.0)
    return r, v, *less_one(v * v)


def _sinsig(x):
    c, e = tail(x)
    r, _, sine, cosine = _sinsig_parts(c, e)
    low = np.maximum(x, -FAR)
    return np.where(x >= 0.0, x * (1.0 + cosine), exp_times(low * (r + r * sine), -np.absolute(low)))


def _sinsig_slope(dy, x):
    c, e = tail(x)
    r, v, sine, cosine = _sinsig_parts(c, e)
    o = 1.0 + e
    right = (1.0 + cosine) + c * (e * (r / o * (v + v * sine)))
    # on the left r / o times the sum of o sin(v) / v and x cos(v): of these 1 + x is exact next to the root
    left = exp_times(r / o * (((1.0 + c) + e) + (o * sine + c * cosine)), -np.absolute(c))
    return dy * np.where(c >= 0.0, right, left)


define(
    "sinsig",
    forward=_sinsig,
    backward=_sinsig_slope,
    definition=lambda x: x * np.sin(HALF_PI * _sigmoid(x)),
    bounds=(-0.4291776320505466, INF),
    **GATE,
    roots_of_slope=(-1.316745525498137,),
    source="Douge, Berrahou, Talibi Alaoui & Talibi Alaoui 2022, SinSig",
)


def _elish(x):
    c, e = tail(x)
    return np.where(x >= 0.0, x / (1.0 + e), exp_times(np.expm1(np.minimum(c, 0.0)) / (1.0 + e), -np.absolute(c)))


def _elish_slope(dy, x):
    c, e = tail(x)
    o = 1.0 + e
    left = exp_times((e + np.expm1(np.minimum(c, 0.0)) / o) / o, -np.absolute(c))
    return dy * np.where(c >= 0.0, (o + c * e) / (o * o), left)


define(
    "elish",
    forward=_elish,
    backward=_elish_slope,
    definition=lambda x: np.where(x >= 0.0, x, np.expm1(x)) * _sigmoid(x),
    bounds=(-0.1715728752538099, INF),
    **GATE,
    roots_of_slope=(-0.881373587019543,),
    source="Basirat & Roth 2018, arXiv 1808.00783",
)


def _hard_elish(x):
    h = 0.5 * (np.clip(x, -1.0, 1.0) + 1.0)
    return np.where(x >= 0.0, np.maximum(x, -1.0) * h, np.expm1(np.minimum(np.maximum(x, -1.0), 0.0)) * h)


def _hard_elish_slope(dy, x):
    m = np.minimum(np.maximum(x, -1.0), 1.0)
    w = np.expm1(np.minimum(m, 0.0))
    left = 0.5 * ((1.0 + w) * (m + 1.0) + w)
    inside = np.where(x <= -1.0, 0.0, dy) * np.where(m >= 0.0, m + 0.5, left)
    return np.where(x >= 1.0, dy, inside)


define(
    "hard_elish",
    forward=_hard_elish,
    backward=_hard_elish_slope,
    definition=lambda x: np.where(x >= 0.0, x, np.expm1(x)) * np.clip((x + 1.0) / 2.0, 0.0, 1.0),
    kinks={-1.0: Kink(slope=0.0), 1.0: Kink(slope=1.0)},
    flat=((-INF, -1.0),),
    bounds=(-0.09967315152874262, INF),
    **GATE,
    roots_of_slope=(-0.4428544010023886,),
    source="Basirat & Roth 2018, arXiv 1808.00783",
)


def _e_swish(x, beta):
    c, e = tail(x)
    return gated(x, beta * logistic(c, e), e)


def _e_swish_slope(dy, x, beta):
    c, e = tail(x)
    o = 1.0 + e
    return dy * gated_slope(c, beta * logistic(c, e), beta / (o * o), e)


define(
    "e_swish",
    forward=_e_swish,
    backward=_e_swish_slope,
    definition=lambda x, beta: beta * x / (1.0 + np.exp(-x)),
    parameters={
        "beta": Fixed(
            default=1.75, doc="factor, 1 to 2 in the paper", valid=lambda v: 0 < v <= 1e3, law="must be in (0, 1000]"
        )
    },
    bounds=lambda beta: (-0.2784645427610738 * beta, INF),
    limits=(-0.0, INF),
    slope_limits=lambda beta: (-0.0, beta),
    roots_of_slope=(-1.2784645427610737,),
    monotone=False,
    source="Alcaide 2018, arXiv 1801.07145",
)


def _fts_slope(dy, x):
    c = np.maximum(near(x), 0.0)
    e = np.exp(-c)
    o = 1.0 + e
    return np.where(x <= 0.0, 0.0, dy * ((o + c * e) / (o * o)))


def _fts_root(T):
    """Where x sigmoid(x) = -T, by Newton's method from above, where the function is convex enough for it."""
    if T >= 0:
        return ()
    x = 1.0 - T
    for _ in range(60):
        s = 1.0 / (1.0 + np.exp(-x))
        x -= (x * s + T) / (s + x * s * (1.0 - s))
    return (float(x),)


define(
    "fts",
    aliases=("flatten_t_swish",),
    forward=lambda x, T: np.where(x <= 0.0, T, x / (1.0 + np.exp(-np.absolute(x))) + T),
    backward=_fts_slope,
    definition=lambda x, T: np.where(x <= 0.0, T, x * _sigmoid(x) + T),
    parameters={"T": Fixed(default=-0.2, doc="value for x <= 0")},
    kinks={0.0: Kink(slope=0.0)},
    flat=((-INF, 0.0),),
    bounds=lambda T: (T, INF),
    limits=lambda T: (T, INF),
    slope_limits=(0.0, 1.0),
    at_negative_zero=lambda T: T,
    roots=_fts_root,
    monotone=True,
    source="Chieng, Wahid, Ong & Perla 2018, arXiv 1812.06247",
)


def _delu(x, n):
    c, e = tail(x)
    return np.where(x > 0.0, (n + 0.5) * x - np.expm1(-np.maximum(x, 0.0)), gated(x, logistic(c, e), e))


def _delu_slope(dy, x, n):
    c, e = tail(x)
    o = 1.0 + e
    return dy * np.where(c > 0.0, (n + 0.5) + e, exp_times((o + c) / (o * o), -np.absolute(c)))


define(
    "delu",
    forward=_delu,
    backward=_delu_slope,
    definition=lambda x, n: np.where(x > 0.0, (n + 0.5) * x + np.absolute(np.expm1(-x)), x * _sigmoid(x)),
    parameters={
        "n": Fixed(
            default=1.0, doc="half a unit below the slope at inf", valid=lambda v: 0 <= v < 1e9, law="must be >= 0"
        )
    },
    kinks={0.0: Kink(slope=0.5)},
    bounds=(-0.2784645427610738, INF),
    limits=(-0.0, INF),
    slope_limits=lambda n: (-0.0, n + 0.5),
    roots_of_slope=(-1.2784645427610737,),
    monotone=False,
    source="Pishchik 2023, Trainable activations for image classification (as in torch_activation)",
)


def _suish_slope(dy, x):
    c, _ = tail(x)
    return np.where(x >= 0.0, dy, dy * exp_times(1.0 + c, -np.absolute(c)))


define(
    "suish",
    forward=lambda x: np.where(x >= 0.0, x, exp_times(tail(x)[0], -np.absolute(tail(x)[0]))),
    backward=_suish_slope,
    definition=lambda x: np.where(x >= 0.0, x, x * np.exp(x)),
    bounds=(-0.36787944117144233, INF),
    **GATE,
    roots_of_slope=(-1.0,),
    source="max(x, x exp(-|x|)); Kunc & Kléma 2024, arXiv 2402.09092; torch_activation",
)


def _lalu_slope(dy, x):
    c, e = tail(x)
    return dy * np.where(c >= 0.0, 1.0 + 0.5 * (c - 1.0) * e, exp_times(0.5 * (1.0 + c), -np.absolute(c)))


define(
    "lalu",
    aliases=("laplace_linear_unit",),
    forward=lambda x: np.where(
        x >= 0.0,
        x * (1.0 - 0.5 * np.exp(-np.absolute(x))),
        exp_times(0.5 * tail(x)[0], -np.absolute(tail(x)[0])),
    ),
    backward=_lalu_slope,
    definition=lambda x: x * np.where(x >= 0.0, 1.0 - 0.5 * np.exp(-x), 0.5 * np.exp(x)),
    bounds=(-0.18393972058572117, INF),
    **GATE,
    roots_of_slope=(-1.0,),
    source="x times the distribution function of the Laplace distribution; Kunc & Kléma 2024, arXiv 2402.09092",
)
