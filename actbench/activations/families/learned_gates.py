"""Gates with several learned parameters, and the linear unit gated by Cauchy's distribution."""

from __future__ import annotations

import math

import numpy as np

from actbench.activations.define import define
from actbench.activations.parameter import Fixed, Learned
from actbench.activations.shapes import GATE
from actbench.expression.primitives import erf, exp_times_pair, mills, normal_cdf
from actbench.expression.primitives.exponential import horner
from actbench.expression.primitives.gates import FAR, decay, gate_slope, near, scaled, sigmoid_times
from actbench.expression.primitives.gaussian import DENSITY, ROOT_2, erf_slope_times
from actbench.expression.primitives.pairs import product, two_product, two_sum

INF = np.inf
PER_PI = 0.3183098861837907  # 1 / pi


def _positive(default, doc):
    return Learned(default=default, doc=doc, valid=lambda v: 1e-3 <= v <= 1e3, law="must be in [0.001, 1000]")


def _crossing(function, low, high):
    """Where a function of one number changes its sign, by bisection."""
    rising = function(high) > 0
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if (function(middle) > 0) == rising else (middle, high)
    return 0.5 * (low + high)


def _erfact_parts(x, alpha, beta):
    u = scaled(x, beta)
    v = decay(u)
    e = np.maximum(exp_times_pair(1.0, *v), 1e-30)
    return u, v, e, 1.0 / np.maximum(e, 1e-15)  # erf is 1 long before exp reaches 1e15


def _erfact(x, alpha, beta):
    u, v, e, g = _erfact_parts(x, alpha, beta)
    return np.where(u[0] >= 0.0, x * erf(alpha * g), exp_times_pair(near(x) * (erf(alpha * e) / e), *v))


# sqrt(pi) / 2 erf(t) / t - 1 in z = t^2, z <= 1, its own Taylor series: 2^-57
ERF_BEND = tuple((-1.0) ** n / (math.factorial(n) * (2 * n + 1)) for n in range(1, 18))
ERF_AT_0 = 1.1283791670955126  # 2 / sqrt(pi)


def _erfact_slope(dy, x, alpha, beta):
    u, v, e, g = _erfact_parts(x, alpha, beta)
    right = erf(alpha * g) + erf_slope_times(u[0] * (alpha * g), alpha * g)
    # erf(t) / t + u erf'(t), t = alpha e: around the root their ones are put together first, what is left is small
    t = np.maximum(alpha * e, 1e-36)
    c = np.minimum(t, 1.0)
    z = c * c
    small = (1.0 + u[0]) + (u[1] + (z * horner(ERF_BEND, z) + u[0] * np.expm1(-z)))
    left = np.where(t < 1.0, ERF_AT_0 * small, erf(t) / t + erf_slope_times(u[0], t))
    return dy * np.where(u[0] >= 0.0, right, exp_times_pair(alpha * left, *v))


def _erfact_gradient(dy, x, alpha, beta):
    g = np.exp(np.minimum(beta * x, 30.0))
    return dy * (x * g * erf_slope_times(1.0, alpha * g))


def _erfact_root(alpha, beta):
    """f' / erf(alpha e^u) in u = beta x: 1 + u t erf'(t) / erf(t), t = alpha e^u."""

    def slope(u):
        t = alpha * math.exp(u)
        return math.erf(t) + u * t * 2.0 / math.sqrt(math.pi) * math.exp(-t * t)

    return _crossing(slope, -2.0, 0.0) / beta if slope(-2.0) < 0 else _crossing(slope, -40.0, -2.0) / beta


def _erfact_least(alpha, beta):
    at = _erfact_root(alpha, beta)
    return at * math.erf(alpha * math.exp(beta * at))


define(
    "erfact",
    forward=_erfact,
    backward=_erfact_slope,
    definition=lambda x, alpha, beta: x * erf(alpha * np.exp(beta * x)),
    parameters={
        "alpha": _positive(0.75, "height of the gate's argument at 0"),
        "beta": _positive(0.75, "steepness of the gate"),
    },
    parameter_gradients={
        "alpha": _erfact_gradient,
        "beta": lambda dy, x, alpha, beta: _erfact_gradient(dy, x, alpha, beta) * (alpha * x),
    },
    bounds=lambda alpha, beta: (_erfact_least(alpha, beta), INF),
    **GATE,
    roots_of_slope=lambda alpha, beta: (_erfact_root(alpha, beta),),
    cancels="exp(-exp(2x)): the rounding of exp(2x) counts as often as it is large",
    source="Biswas, Kumar, Banerjee & Pandey 2021, arXiv 2109.04386 (x erf(alpha exp(beta x)), both start at 0.75)",
)


def _smu_parts(x, alpha, mu):
    """w = |k x| with k = mu (1 - alpha), Mills' ratio at sqrt(2) w, and -w^2 in two parts."""
    u = scaled(x, mu * (1.0 - alpha))
    w = np.minimum(np.absolute(u[0]), 28.0)  # erfc(28) is 0 in every format
    rest = np.where(np.absolute(u[0]) < 28.0, np.where(u[0] >= 0.0, u[1], -u[1]), 0.0)
    square, square_rest = two_product(w, w)
    return w, mills(ROOT_2 * w), -square, -square_rest - 2.0 * (w * rest)


def _smu(x, alpha, mu):
    _, t, *v = _smu_parts(x, alpha, mu)
    b, half = 1.0 - alpha, DENSITY * t  # erfc(k x) / 2 without its factor exp(-(k x)^2)
    line = np.where(alpha == 0.0, -0.0, np.where(alpha == 0.0, 0.0, x) * alpha)  # 0 * inf is no number
    right = x * (alpha + b * (1.0 - exp_times_pair(half, *v)))
    return np.where(x >= 0.0, right, line + exp_times_pair(b * (near(x, 1e6) * half), *v))


def _smu_slope(dy, x, alpha, mu):
    w, t, *v = _smu_parts(x, alpha, mu)
    b, fall = 1.0 - alpha, DENSITY * (t - ROOT_2 * w)  # erfc(w) / 2 - w erf'(w) / 2 without exp(-w^2)
    right = alpha + b * (1.0 - exp_times_pair(fall, *v))
    rise = 0.5 * erf(w) + erf_slope_times(0.5 * w, w)
    flat = alpha + b * np.where(x >= 0.0, 0.5 + rise, 0.5 - rise)  # next to the root sums cancel less than quotients
    return dy * np.where(w < 1.0, flat, np.where(x >= 0.0, right, alpha + exp_times_pair(b * fall, *v)))


def _smu_roots(alpha, mu):
    """Where erfc(w) / 2 - w exp(-w^2) / sqrt(pi), which is least at w = 1, is -alpha / (1 - alpha)."""

    def slope(w):
        return alpha + (1 - alpha) * (math.erfc(w) / 2 - w * math.exp(-w * w) / math.sqrt(math.pi))

    if slope(1.0) >= 0:
        return ()
    ends = [(0.0, 1.0)] + ([(1.0, 26.0)] if alpha > 0 else [])
    return tuple(-_crossing(slope, *pair) / (mu * (1 - alpha)) for pair in ends)


def _smu_least(alpha, mu):
    at = min((math.copysign(r, -1) for r in _smu_roots(alpha, mu)[:1]), default=0.0)
    return at * (alpha + (1 - alpha) * math.erfc(-mu * (1 - alpha) * at) / 2)


define(
    "smu",
    aliases=("smooth_maximum_unit",),
    forward=_smu,
    backward=_smu_slope,
    definition=lambda x, alpha, mu: (  # ((1 + alpha) x + (1 - alpha) x erf(mu (1 - alpha) x)) / 2
        alpha * x + (1.0 - alpha) * (x * normal_cdf(np.sqrt(2.0 + 0.0 * x) * (mu * ((1.0 - alpha) * x))))
    ),
    parameters={
        "alpha": Fixed(default=0.25, doc="slope at -inf", valid=lambda v: 0 <= v <= 0.99, law="must be in [0, 0.99]"),
        "mu": Learned(
            default=1e6, doc="sharpness of the bend", valid=lambda v: 1e-2 <= v <= 1e8, law="must be in [0.01, 1e8]"
        ),
    },
    parameter_gradients={
        "mu": lambda dy, x, alpha, mu: (
            dy * (0.5 * (1.0 - alpha) * (1.0 - alpha) * x * x * erf_slope_times(1.0, mu * (1.0 - alpha) * x))
        )
    },
    bounds=lambda alpha, mu: (-INF if alpha > 0 else _smu_least(alpha, mu), INF),
    limits=lambda alpha: (-INF if alpha > 0 else -0.0, INF),
    slope_limits=lambda alpha: (alpha, 1.0),
    roots_of_slope=_smu_roots,
    monotone=lambda alpha, mu: not _smu_roots(alpha, mu),
    source="Biswas, Kumar, Banerjee & Pandey 2021, arXiv 2111.04682; alpha 0.25 and mu 1e6 as in its implementations",
)


def _acon_argument(x, p1, p2, beta):
    """beta (p1 - p2) x in two parts: each of its roundings would cost hundreds of ulp in the tail."""
    k = product(two_sum(p1 + 0.0 * x, -p2), (beta, 0.0 * x))
    size = np.maximum(np.absolute(k[0]), 1e-9)
    c = near(x, np.minimum(FAR * 1e3, 1e6 / size))
    return product((c, 0.0 * c), k)


def _share(p, x):
    """p x; where p is 0, -0.0 whatever x is, which no sum notices."""
    return np.where(p == 0.0, -0.0, np.where(p == 0.0, 0.0, x) * p)


def _acon(x, p1, p2, beta):
    u = _acon_argument(near(x, 1e30), p1, p2, beta)
    minus = (-u[0], -u[1])
    low, high = np.where(u[0] < 0.0, near(x, 1e7), x), np.where(u[0] > 0.0, near(x, 1e7), x)
    return sigmoid_times(_share(p1, low), u) + sigmoid_times(_share(p2, high), minus)


def _acon_slope(dy, x, p1, p2, beta):
    u = _acon_argument(near(x, 1e30), p1, p2, beta)
    return dy * (p1 * gate_slope(u) + p2 * gate_slope((-u[0], -u[1])))


STEEPEST = 2.399357280520546  # the slope of u sigmoid(u) is least at -STEEPEST and largest at STEEPEST


def _acon_roots(p1, p2, beta):
    """Where G(u) = s + u s (1 - s), the slope of u sigmoid(u), is p2 / (p2 - p1)."""

    def slope(u):
        s = 1.0 / (1.0 + math.exp(-u))
        return p1 * (s + u * s * (1.0 - s)) + p2 * (1.0 - s - u * s * (1.0 - s))

    ends = [(-700.0, -STEEPEST), (-STEEPEST, STEEPEST), (STEEPEST, 700.0)]
    found = [_crossing(slope, *pair) for pair in ends if slope(pair[0]) * slope(pair[1]) < 0]
    return tuple(u / (beta * (p1 - p2)) for u in found if abs(u) < 40)


def _acon_zero(p1, p2, beta):
    return (math.log(-p2 / p1) / (beta * (p1 - p2)),) if p1 * p2 < 0 and p1 != -p2 else ()


def _acon_ends(p1, p2):
    """The slopes at -inf and inf: the smaller side of the smooth maximum on the left."""
    return (min(p1, p2), max(p1, p2))


def _acon_limits(p1, p2):
    left, right = _acon_ends(p1, p2)
    return (-left * INF if left else -0.0, right * INF if right else -0.0)


def _acon_least(p1, p2, beta):
    if p1 * p2 > 0:
        return -INF
    at = _acon_roots(p1, p2, beta)
    s = [1.0 / (1.0 + math.exp(-beta * (p1 - p2) * x)) for x in at]
    return min(x * (p1 * gate + p2 * (1.0 - gate)) for x, gate in zip(at, s, strict=True))


define(
    "acon_c",
    aliases=("acon",),
    forward=_acon,
    backward=_acon_slope,
    definition=lambda x, p1, p2, beta: (
        p1 * x / (1.0 + np.exp(-(beta * ((p1 - p2) * x)))) + p2 * x / (1.0 + np.exp(beta * ((p1 - p2) * x)))
    ),
    parameters={
        "p1": Learned(
            default=1.0, doc="slope on one side", valid=lambda v: abs(v) <= 1e3, law="must be in [-1000, 1000]"
        ),
        "p2": Learned(
            default=0.0, doc="slope on the other", valid=lambda v: abs(v) <= 1e3, law="must be in [-1000, 1000]"
        ),
        "beta": _positive(1.0, "sharpness; 0 would be the mean of both lines"),
    },
    together=(lambda p1, p2: np.abs(p1 - p2) >= 1e-3, "p1 and p2 must differ by 0.001 or more"),
    parameter_gradients={
        "p1": lambda dy, x, p1, p2, beta: dy * (x * gate_slope(scaled(x, beta * (p1 - p2)))),
        "p2": lambda dy, x, p1, p2, beta: dy * (x * gate_slope(scaled(x, beta * (p2 - p1)))),
        "beta": lambda dy, x, p1, p2, beta: dy * ((p1 - p2) * (p1 - p2)) * (x * x) * _bump(beta * (p1 - p2) * x),
    },
    bounds=lambda p1, p2, beta: (_acon_least(p1, p2, beta), INF),
    limits=_acon_limits,
    slope_limits=lambda p1, p2: tuple(end if end else 0.0 for end in _acon_ends(p1, p2)),
    at_negative_zero=lambda p1, p2: -0.0 if min(p1, p2) >= 0 else 0.0,
    roots=_acon_zero,
    roots_of_slope=_acon_roots,
    monotone=lambda p1, p2, beta: min(p1, p2) > 0 and not _acon_roots(p1, p2, beta),
    identical_to=("silu",),
    long_exponential="the shorter one leaves 1.1 eps where one is promised, at beta 2 and p 1.5, -0.5",
    source="Ma, Zhang, Liu & Sun 2021, arXiv 2009.04759 (there p1, p2 start from N(0, 1); here as Swish, ACON-A)",
)


def _bump(u):
    e = np.exp(-np.absolute(u))
    return e / ((1.0 + e) * (1.0 + e))


# (arctan(u) - u / (1 + u^2)) / u^3 in z = u^2 <= 0.7: our own relative minimax fit (Lawson iteration), degree 20, 2^-53
CAUCHY = (
    0.6666666666666666, -0.7999999999999992, 0.8571428571426774, -0.8888888888738836, 0.9090909084252753,
    -0.9230769049257332, 0.9333330014576053, -0.9411721630038608, 0.9473271229276093, -0.9520799855985108,
    0.9548187780234065, -0.9523982985504368, 0.9358645773576779, -0.887616219342962, 0.7855809459156539,
    -0.6200120631015784, 0.41352297180157244, -0.21892645676428893, 0.08486401551136767, -0.021176188023728667,
    0.002533512626760834,
)  # fmt: skip
EDGE = 1.2  # 1 / 1.2^2 = 0.694


def _cauchy_tail(a):
    """arctan(1 / a) - a / (1 + a^2) for a > 0."""
    u = 1.0 / np.maximum(a, EDGE)
    b = np.minimum(a, EDGE)
    far = u * (u * (u * horner(CAUCHY, u * u)))
    return np.where(a > EDGE, far, np.arctan(1.0 / np.maximum(b, 1e-30)) - b / (1.0 + b * b))


def _calu(x):
    a = np.absolute(x)
    tail = np.minimum(a, 1e30) * np.arctan(1.0 / np.minimum(np.maximum(a, 1e-30), 1e30))
    return np.where(x >= 0.0, x * (0.5 + PER_PI * np.arctan(a)), -PER_PI * tail)


def _calu_slope(dy, x):
    a = np.absolute(x)
    c = np.minimum(a, 1e18)
    return dy * np.where(x >= 0.0, 0.5 + PER_PI * (np.arctan(a) + c / (1.0 + c * c)), PER_PI * _cauchy_tail(a))


define(
    "calu",
    aliases=("cauchy_linear_unit",),
    forward=_calu,
    backward=_calu_slope,
    definition=lambda x: np.where(
        x >= 0.0,
        x * (0.5 + np.arctan(x) / (4.0 * np.arctan(1.0 + 0.0 * x))),
        x * np.arctan(-1.0 / x) / (4.0 * np.arctan(1.0 + 0.0 * x)),
    ),
    bounds=(-PER_PI, INF),
    limits=(-PER_PI, INF),
    slope_limits=(0.0, 1.0),
    monotone=True,
    cancels="two terms of size 1 / x^3 cancel",
    source="x times the Cauchy distribution function; Kunc & Kléma 2024, arXiv 2402.09092; torch_activation",
)
