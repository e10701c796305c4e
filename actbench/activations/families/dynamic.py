"""Functions with learned scales that stand where a normalisation stood, or widen a gate's range."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from actbench.activations.define import define
from actbench.activations.families.gated import _gelu, _gelu_slope
from actbench.activations.families.learned_gates import PER_PI, _calu, _calu_slope, _crossing
from actbench.activations.parameter import Learned
from actbench.activations.registry import ACTIVATIONS
from actbench.activations.shapes import GATE, SIGMOID
from actbench.expression.primitives import erf, exp_times_pair, normal_cdf, x_sigmoid, x_sigmoid_slope
from actbench.expression.primitives.gates import decay, near, scaled
from actbench.expression.primitives.gaussian import ROOT_2
from actbench.expression.primitives.pairs import quotient, total, two_product

INF = np.inf
FLAT_FROM = 28.0  # exp(-28^2) is 0 in every format
PER_ROOT_PI = 2.0 / math.sqrt(math.pi)


def _positive(default, doc, low=1e-3, high=1e3):
    return Learned(default=default, doc=doc, valid=lambda v: low <= v <= high, law=f"must be in [{low:g}, {high:g}]")


def _any(default, doc):
    return Learned(default=default, doc=doc, valid=lambda v: abs(v) <= 1e3, law="must be in [-1000, 1000]")


def _sech2_times(c, u):
    """c * (1 - tanh^2 u) of an argument in two parts."""
    high, low = decay(u)
    o = 1.0 + np.exp(2.0 * high)
    return exp_times_pair(4.0 * c / (o * o), 2.0 * high, 2.0 * low)


SCALES = {
    "alpha": _positive(0.5, "steepness"),
    "gamma": _any(1.0, "factor of the result, one number or one per unit of the last axis"),
    "beta": _any(0.0, "what is added, likewise"),
}


def _bounds(gamma, beta):
    return (beta - abs(gamma), beta + abs(gamma))


def _ends(gamma, beta):
    return (beta - gamma, beta + gamma)


def _dyt_roots(alpha, gamma, beta):
    return (math.atanh(-beta / gamma) / alpha,) if 0 < abs(beta) < abs(gamma) else ()


define(
    "dyt",
    aliases=("dynamic_tanh",),
    forward=lambda x, alpha, gamma, beta: gamma * np.tanh(alpha * x) + beta,
    backward=lambda dy, x, alpha, gamma: dy * _sech2_times(gamma * alpha, scaled(x, alpha)),
    definition=lambda x, alpha, gamma, beta: gamma * np.tanh(alpha * x) + beta,
    parameters=SCALES,
    parameter_gradients={
        "alpha": lambda dy, x, alpha, gamma: dy * (near(x, 1e9) * _sech2_times(gamma, scaled(x, alpha))),
        "gamma": lambda dy, x, alpha: dy * np.tanh(alpha * x),
        "beta": lambda dy: dy,
    },
    bounds=_bounds,
    limits=_ends,
    slope_limits=lambda gamma: (gamma * 0.0, gamma * 0.0),
    roots=_dyt_roots,
    at_negative_zero=lambda gamma, beta: gamma * -0.0 + beta,
    monotone=lambda gamma: bool(np.all(np.greater_equal(gamma, 0))),
    source="Zhu, Chen, He, LeCun & Liu 2025, Transformers without normalization, arXiv 2503.10622",
    peers={"liger": "liger_kernel.transformers.dyt.LigerDyT"},
)


def _derf_argument(x, alpha, shift):
    return total(scaled(x, alpha), (shift, 0.0 * shift))


def _bell_times(c, u):
    """c * erf'(u) of an argument in two parts."""
    size = np.minimum(np.absolute(u[0]), FLAT_FROM)
    rest = np.where(np.absolute(u[0]) < FLAT_FROM, np.where(u[0] >= 0.0, u[1], -u[1]), 0.0)
    square, more = two_product(size, size)
    return exp_times_pair(PER_ROOT_PI * c, -square, -more - 2.0 * size * rest)


def _derf_roots(alpha, gamma, beta, shift):
    if beta == 0.0:
        return (-shift / alpha,) if shift else ()
    if abs(beta) >= abs(gamma):
        return ()
    return ((_crossing(lambda u: gamma * math.erf(u) + beta, -6.0, 6.0) - shift) / alpha,)


define(
    "derf",
    aliases=("dynamic_erf",),
    forward=lambda x, alpha, gamma, beta, shift: gamma * erf(alpha * x + shift) + beta,
    backward=lambda dy, x, alpha, gamma, shift: dy * _bell_times(gamma * alpha, _derf_argument(x, alpha, shift)),
    definition=lambda x, alpha, gamma, beta, shift: gamma * erf(alpha * x + shift) + beta,
    parameters={**SCALES, "shift": _any(0.0, "what is added to the scaled input")},
    parameter_gradients={
        "alpha": lambda dy, x, alpha, gamma, shift: (
            dy * (near(x, 1e9) * _bell_times(gamma, _derf_argument(x, alpha, shift)))
        ),
        "gamma": lambda dy, x, alpha, shift: dy * erf(alpha * x + shift),
        "beta": lambda dy: dy,
        "shift": lambda dy, x, alpha, gamma, shift: dy * _bell_times(gamma, _derf_argument(x, alpha, shift)),
    },
    bounds=_bounds,
    limits=_ends,
    slope_limits=lambda gamma: (gamma * 0.0, gamma * 0.0),
    roots=_derf_roots,
    at_negative_zero=lambda gamma, beta, shift: gamma * math.erf(shift) + beta,
    monotone=lambda gamma: bool(np.all(np.greater_equal(gamma, 0))),
    defaults={"maxtext": {"shift": 1.0}},
    source="Stronger normalization-free transformers 2025, arXiv 2512.10938: gamma erf(alpha x + s) + beta",
)


def _apa_parts(x, kappa, lambd):
    """-|kappa x| in two parts, exp of it, and the same over lambda."""
    u = scaled(x, kappa)
    v = decay(u)
    return u[0] >= 0.0, np.exp(v[0]), quotient(v, lambd)


def _apa_times(a, b, x, kappa, lambd, power):
    """a (lambda e^(-kappa x) + 1)^-power for x >= 0, b (lambda + e^(kappa x))^-power e^(kappa x / lambda) for x < 0."""
    right, e, steep = _apa_parts(x, kappa, lambd)
    level = np.exp(-power * np.log1p(lambd * e))
    return np.where(right, a * level, exp_times_pair(b * np.exp(-power * np.log(lambd + e)), *steep))


def _apa_slope_times(c, x, kappa, lambd):
    """c * kappa e^(-kappa x) (lambda e^(-kappa x) + 1)^(-1 / lambda - 1)."""
    right, _, _ = _apa_parts(x, kappa, lambd)
    high, low = decay(scaled(x, kappa))
    level = _apa_times(c * kappa, c * kappa, x, kappa, lambd, 1.0 / lambd + 1.0)
    return np.where(right, exp_times_pair(np.where(right, level, 0.0), high, low), level)


def _aglu_slope(dy, x, kappa, lambd):
    right, e, _ = _apa_parts(x, kappa, lambd)
    high, low = decay(scaled(x, kappa))
    c = near(x)
    more = _apa_times(c * kappa, 0.0, x, kappa, lambd, 1.0 / lambd + 1.0)
    rise = exp_times_pair(np.where(right, more, 0.0), high, low)
    level = _apa_times(1.0, 1.0 + c * kappa / (lambd + e), x, kappa, lambd, 1.0 / lambd)
    return dy * np.where(right, level + rise, level)


def _apa_d_lambda(c, x, kappa, lambd):
    """c times the derivative in lambda."""
    right, e, _ = _apa_parts(x, kappa, lambd)
    high, _ = decay(scaled(x, kappa))
    logs = np.where(right, np.log1p(lambd * e), np.log(lambd + e) - high)
    share = np.where(right, e / (1.0 + lambd * e), 1.0 / (lambd + e))
    factor = c * (logs / (lambd * lambd) - share / lambd)
    return _apa_times(factor, factor, x, kappa, lambd, 1.0 / lambd)


def _aglu_lowest(kappa, lambd):
    return _crossing(lambda x: 1.0 + x * kappa / (lambd + math.exp(kappa * x)), -50.0 * lambd / kappa, 0.0)


def _aglu_least(kappa, lambd):
    at = _aglu_lowest(kappa, lambd)
    return at * (lambd * math.exp(-kappa * at) + 1.0) ** (-1.0 / lambd)


ADAPTIVE = {
    "kappa": _positive(1.0, "steepness of the gate"),
    "lambd": _positive(1.0, "asymmetry of the gate; towards 0 it is Gompertz's function", 0.1, 10.0),
}
define(
    "apa",
    aliases=("adaptive_parametric_activation",),
    forward=lambda x, kappa, lambd: _apa_times(1.0, 1.0, x, kappa, lambd, 1.0 / lambd),
    backward=lambda dy, x, kappa, lambd: dy * _apa_slope_times(1.0, x, kappa, lambd),
    definition=lambda x, kappa, lambd: np.exp(-np.log1p(lambd * np.exp(-(kappa * x))) / lambd),
    parameters=ADAPTIVE,
    parameter_gradients={
        "kappa": lambda dy, x, kappa, lambd: dy * _apa_slope_times(near(x, 1e7) / kappa, x, kappa, lambd),
        "lambd": lambda dy, x, kappa, lambd: dy * _apa_d_lambda(1.0, x, kappa, lambd),
    },
    **SIGMOID,
    at_negative_zero=lambda lambd: (1.0 + lambd) ** (-1.0 / lambd),
    identical_to=("sigmoid",),
    defaults={"ultralytics": {"kappa": 0.5, "lambd": 0.5}},  # the means of what it draws from (0, 1)
    source="Alexandridis, Deng, Nguyen & Luo 2024, arXiv 2407.08567: (lambda e^(-kappa x) + 1)^(-1 / lambda)",
)
define(
    "aglu",
    aliases=("adaptive_generalised_linear_unit",),
    forward=lambda x, kappa, lambd: _apa_times(x, near(x, 1e7), x, kappa, lambd, 1.0 / lambd),
    backward=_aglu_slope,
    definition=lambda x, kappa, lambd: x * np.exp(-np.log1p(lambd * np.exp(-(kappa * x))) / lambd),
    parameters=ADAPTIVE,
    parameter_gradients={
        "kappa": lambda dy, x, kappa, lambd: (
            dy * _apa_slope_times(near(x, 1e7) * near(x, 1e7) / kappa, x, kappa, lambd)
        ),
        "lambd": lambda dy, x, kappa, lambd: dy * _apa_d_lambda(near(x, 1e7), x, kappa, lambd),
    },
    bounds=lambda kappa, lambd: (_aglu_least(kappa, lambd), INF),
    **GATE,
    roots_of_slope=lambda kappa, lambd: (_aglu_lowest(kappa, lambd),),
    identical_to=("silu",),
    source="Alexandridis, Deng, Nguyen & Luo 2024, arXiv 2407.08567; Ultralytics' module of this name lacks the factor x",
)

RANGE = Learned(
    default=0.0, doc="how far the gate's range (0, 1) reaches beyond itself on both sides",
    valid=lambda v: -0.45 <= v <= 10, law="must be in [-0.45, 10]",
)  # fmt: skip


def _expanded(x, alpha, left):
    """x [G (1 + 2 alpha) - alpha] from x G(x) for x <= 0: no inf - inf, and nothing cancels on the right.

    Left of the root that alpha > 0 brings two terms cancel: 13 ulp of float64 at alpha = 0.2, x = -1.54.
    """
    size = np.absolute(x)
    slope = np.where(x >= 0.0, 1.0 + alpha, np.where(x < 0.0, alpha, x))
    reached = np.where(slope == 0.0, 0.0, size)  # a slope of exactly 0 at -inf
    return slope * reached + (1.0 + 2.0 * alpha) * left(-size)


def _expanded_unit(name, other, left, slope, gate, tilt, lowest, definition):
    """A row: x G(x) for x <= 0, its slope, G, 2 G - 1, where the slope of x G is least (or -inf), the formula."""

    def height(v, alpha):
        return (1.0 + 2.0 * alpha) * float(slope(np.float64(v))) - alpha

    def roots_of_slope(alpha):
        at = [-1e6, *([lowest] if lowest > -INF else []), 1e3]
        return tuple(
            _crossing(lambda v: height(v, alpha), a, b)
            for a, b in pairwise(at)
            if height(a, alpha) * height(b, alpha) < 0
        )

    def roots(alpha):
        return (_crossing(lambda v: gate(v) * (1.0 + 2.0 * alpha) - alpha, -1e12, 0.0),) if alpha > 0 else ()

    def bounds(alpha):
        if alpha < 0:
            return (-INF, INF)
        at = roots_of_slope(alpha)
        return (min([v * (gate(v) * (1.0 + 2.0 * alpha) - alpha) for v in at], default=-PER_PI), INF)

    end, left_slope = (-PER_PI, 0.0) if lowest == -INF else (0.0, -0.0)
    define(
        name,
        forward=lambda x, alpha: _expanded(x, alpha, left),
        backward=lambda dy, x, alpha: dy * ((1.0 + 2.0 * alpha) * slope(x) - alpha),
        definition=definition,
        parameters={"alpha": RANGE},
        parameter_gradients={"alpha": lambda dy, x: dy * (x * tilt(x))},
        bounds=bounds,
        limits=lambda alpha: (alpha * INF if alpha else end, INF),
        slope_limits=lambda alpha: (left_slope - alpha, 1.0 + alpha),
        roots=roots,
        roots_of_slope=roots_of_slope,
        at_negative_zero=0.0,
        monotone=lambda alpha: not roots_of_slope(alpha) and alpha <= 0,
        identical_to=(other,),
        cancels=ACTIVATIONS[other].cancels,
        source="Huang 2024, Expanded gating ranges improve activation functions, arXiv 2405.20768",
    )


def _phi(x):
    return 0.5 * math.erfc(-x / ROOT_2)


def _logistic(x):
    return 1.0 / (1.0 + math.exp(-x)) if x > -700 else 0.0


def _cauchy(x):
    return 0.5 + PER_PI * math.atan(x) if x > -1 else PER_PI * math.atan(-1.0 / x)


_expanded_unit(
    "xsilu", "silu", x_sigmoid, x_sigmoid_slope, _logistic, lambda x: np.tanh(0.5 * x), -2.399357280520047,
    lambda x, alpha: x * ((1.0 + 2.0 * alpha) / (1.0 + np.exp(-x)) - alpha),
)  # fmt: skip
_expanded_unit(
    "xgelu", "gelu", _gelu, lambda x: _gelu_slope(1.0, x), _phi, lambda x: erf(x / ROOT_2), -ROOT_2,
    lambda x, alpha: x * (normal_cdf(x) * (1.0 + 2.0 * alpha) - alpha),
)  # fmt: skip
_expanded_unit(
    "xatlu", "calu", _calu, lambda x: _calu_slope(1.0, x), _cauchy, lambda x: 2.0 * PER_PI * np.arctan(x), -INF,
    lambda x, alpha: np.where(
        x >= 0.0,
        x * ((0.5 + np.arctan(x) / (4.0 * np.arctan(1.0 + 0.0 * x))) * (1.0 + 2.0 * alpha) - alpha),
        x * (np.arctan(-1.0 / x) / (4.0 * np.arctan(1.0 + 0.0 * x)) * (1.0 + 2.0 * alpha) - alpha),
    ),
)  # fmt: skip
