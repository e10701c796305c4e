"""x times a function of an exponential of x: tanh, erf, Gompertz and what is like them."""

from __future__ import annotations

import numpy as np

from actbench.activations.define import define
from actbench.activations.parameter import Fixed
from actbench.activations.shapes import GATE
from actbench.expression.primitives import (
    density_times,
    erf,
    exp_exp_times,
    exp_times,
    exp_times_pair,
    mills,
    normal_cdf,
    tail_size,
)
from actbench.expression.primitives.gates import FAR, decay, divided, gated, gated_slope, grown, near, scaled, tail
from actbench.expression.primitives.gaussian import TAIL_END, erf_ratio, erf_slope_times
from actbench.expression.primitives.pairs import two_sum
from actbench.expression.primitives.roots import hypotenuse
from actbench.expression.primitives.series import sinh_ratio

INF = np.inf


def _steep(c, g):
    """exp(c)^2 on the right, 1 on the left: what turns exp(c) into a factor of exp(-|c|)."""
    return np.where(c >= 0.0, g * g, 1.0)


def _telu(x):
    c, e = tail(x)
    return gated(x, np.tanh(grown(c, e)), e)


def _telu_slope(dy, x):
    c, e = tail(x)
    g = grown(c, e)
    q = np.exp(-2.0 * g)
    slope = 4.0 * q / ((1.0 + q) * (1.0 + q))
    # tanh g / g + x / cosh^2 g = (sinh 2g / 2g + x) / cosh^2 g: next to the root one rounded number and x
    left = exp_times((sinh_ratio(4.0 * e * e) + c) * slope, -np.absolute(c))
    return dy * np.where(c >= 0.0, np.tanh(g) + c * (e * (g * g * slope)), left)


define(
    "telu",
    aliases=("tanhexp",),
    forward=_telu,
    backward=_telu_slope,
    definition=lambda x: x * np.tanh(np.exp(x)),
    bounds=(-0.35328577784821125, INF),
    **GATE,
    roots_of_slope=(-1.078860058464624,),
    source="Liu & Di 2020, arXiv 2003.09855 (TanhExp); Fernandez & Mali 2024, arXiv 2402.02790 (TeLU)",
)


def _loglogish(x):
    c, e = tail(x)
    return gated(x, -np.expm1(-grown(c, e)), e)


def _loglogish_slope(dy, x):
    c, e = tail(x)
    g = grown(c, e)
    return dy * gated_slope(c, -np.expm1(-g), _steep(c, g) * np.exp(-g), e)


define(
    "loglogish",
    forward=_loglogish,
    backward=_loglogish_slope,
    definition=lambda x: -x * np.expm1(-np.exp(x)),
    bounds=(-0.31218251608651626, INF),
    **GATE,
    roots_of_slope=(-1.1721536967695336,),
    source="x (1 - exp(-exp(x))); Kunc & Kléma 2024, arXiv 2402.09092",
)


def _gish(x):
    c, e = tail(x)
    return gated(x, np.log1p(-np.expm1(-grown(c, e))), e)


def _gish_slope(dy, x):
    c, e = tail(x)
    g = grown(c, e)
    w, p = np.exp(-g), -np.expm1(-g)
    o, gate = 1.0 + p, np.log1p(p)
    # on the left w / o = 1 - 2 p / o: x is exact, and what is taken from it is small next to the root
    left = exp_times((gate / e + c) - c * (2.0 * p / o), -np.absolute(c))
    return dy * np.where(c >= 0.0, gate + c * (e * (g * g * w / o)), left)


define(
    "gish",
    forward=_gish,
    backward=_gish_slope,
    definition=lambda x: x * np.log1p(-np.expm1(-np.exp(x))),
    bounds=(-0.27815946089638693, INF),
    limits=(-0.0, INF),
    slope_limits=(-0.0, 0.6931471805599453),
    roots_of_slope=(-1.282051049260126,),
    monotone=False,
    source="Kaytan, Aydilek & Yeroglu 2023, Gish; x log(2 - exp(-exp(x)))",
)


def _softplus(c, e):
    return np.maximum(c, 0.0) + np.log1p(e)


def _serf(x):
    c, e = tail(x)
    return gated(x, erf(_softplus(c, e)), e)


def _serf_slope(dy, x):
    c, e = tail(x)
    sp = _softplus(c, e)
    # on the left erf(sp) = erf'(sp) sp K(sp^2): next to the root one rounded number and x
    rate = (np.log1p(e) / e) * erf_ratio(sp)
    slope = erf_slope_times(np.where(c >= 0.0, c, (c + rate) + e * rate) / (1.0 + e), sp)
    return dy * np.where(c >= 0.0, erf(sp) + slope, exp_times(slope, -np.absolute(c)))


define(
    "serf",
    forward=_serf,
    backward=_serf_slope,
    definition=lambda x: x * erf(np.log1p(np.exp(x))),
    bounds=(-0.3484374587596064, INF),
    **GATE,
    roots_of_slope=(-1.193059968928188,),
    source="Nag & Bhattacharyya 2021, arXiv 2108.09598",
)


def _pserf_parts(x, gamma, delta):
    u = scaled(x, delta)
    v = decay(u)
    e = np.maximum(exp_times_pair(1.0, *v), 1e-30)
    return u, v, e, gamma * _softplus(u[0], e)


def _pserf(x, gamma, delta):
    u, v, e, sp = _pserf_parts(x, gamma, delta)
    return np.where(u[0] >= 0.0, x * erf(sp), exp_times_pair(near(x) * (erf(sp) / e), *v))


def _pserf_slope(dy, x, gamma, delta):
    u, v, e, sp = _pserf_parts(x, gamma, delta)
    rate = (np.log1p(e) / e) * erf_ratio(sp)  # as in serf
    whole = (u[0] < 0.0) & (sp <= 1.0)
    factor = np.where(whole, gamma * ((u[0] + rate) + (e * rate + u[1])), near(x) * (gamma * delta))
    slope = erf_slope_times(factor / (1.0 + e), sp)
    left = np.where(whole, slope, erf(sp) / e + slope)
    return dy * np.where(u[0] >= 0.0, erf(sp) + slope, exp_times_pair(left, *v))


define(
    "pserf",
    forward=_pserf,
    backward=_pserf_slope,
    definition=lambda x, gamma, delta: x * erf(gamma * np.log1p(np.exp(delta * x))),
    parameters={
        "gamma": Fixed(
            default=1.25,
            doc="height of the gate's argument",
            valid=lambda v: 1e-3 <= v <= 1e3,
            law="must be in [0.001, 1000]",
        ),
        "delta": Fixed(
            default=0.85, doc="sharpness of the bend", valid=lambda v: 1e-3 <= v <= 1e3, law="must be in [0.001, 1000]"
        ),
    },
    bounds=(-0.5060068753569109, INF),
    **GATE,
    roots_of_slope=(-1.432947557235295,),
    source="Biswas, Kumar, Banerjee & Pandey 2021, arXiv 2109.04386",
)


def _phish_parts(x):
    c = near(x, TAIL_END[64])
    a = tail_size(c)
    t = mills(a)
    g = np.minimum(-density_times(t * a, a), -1e-30)  # gelu(-a)
    return c, a, t, np.tanh(g) / g, g


def _phish(x):
    _, a, t, ratio, _ = _phish_parts(x)
    return np.where(x >= 0.0, x * np.tanh(x * (1.0 - density_times(t, a))), density_times((t * a) * (a * ratio), a))


def _sech2(u):
    q = np.exp(-2.0 * np.absolute(u))
    return 4.0 * q / ((1.0 + q) * (1.0 + q))


def _phish_slope(dy, x):
    c, a, t, ratio, g = _phish_parts(x)
    fall = t - a  # gelu'(-a) without phi(a)
    right = c * (1.0 - density_times(t, a))
    slope = np.tanh(right) + c * (_sech2(right) * (1.0 - density_times(fall, a)))
    return dy * np.where(c >= 0.0, slope, density_times(-(t * a) * ratio - a * (_sech2(g) * fall), a))


define(
    "phish",
    forward=_phish,
    backward=_phish_slope,
    definition=lambda x: x * np.tanh(x * normal_cdf(x)),
    bounds=(0.0, INF),
    limits=(0.0, INF),
    slope_limits=(0.0, 1.0),
    roots_of_slope=(
        0.0,
        -1.1954312013879125,
    ),
    at_negative_zero=0.0,
    monotone=False,
    cancels="on the right the terms in exp(-x^2 / 2) cancel",
    source="Naveen 2022, Phish (github.com/pytorch/pytorch issue 70500)",
)


def _golu(x):
    e = np.exp(-np.absolute(x))
    return np.where(x >= 0.0, x * np.exp(-e), exp_exp_times(np.maximum(x, -FAR), np.minimum(x, 0.0)))


def _golu_slope(dy, x):
    c, e = tail(x)
    left = exp_exp_times(1.0 + c * np.exp(np.minimum(-c, 8.0)), np.minimum(c, 0.0))
    return dy * np.where(c >= 0.0, np.exp(-e) * (1.0 + c * e), left)


define(
    "golu",
    aliases=("expexpish",),
    forward=_golu,
    backward=_golu_slope,
    definition=lambda x: x * np.exp(-np.exp(-x)),
    bounds=(-0.09726013122763941, INF),
    **GATE,
    roots_of_slope=(-0.5671432904097838,),
    source="Das, Mehra, Hutter & Klein 2025, arXiv 2502.03654 (Gompertz gate); ExpExpish in Kunc & Kléma 2024",
)


def _colu(x):
    c, e = tail(x)
    w = np.exp(-grown(c, e))
    return np.where(x >= 0.0, x / (1.0 - c * (e * w)), exp_times(c / (e - c * w), -np.absolute(c)))


def _colu_slope(dy, x):
    c, e = tail(x)
    g = grown(c, e)
    high, low = two_sum(c, g)
    down, rest = decay((high, low))
    right, above = c >= 0.0, high >= 0.0
    # one exponential, of -|x + exp(x)|, is rounded next to the root, not one of x and another of -exp(x)
    k = exp_times_pair(np.where(right, e, 1.0), np.where(right, -g, down), np.where(right, 0.0, rest))
    one, fall = np.where(above, 1.0, k), np.where(above, k, 1.0)
    whole = one - c * fall
    slope = (one - c * c * (fall * (1.0 + g))) / (whole * whole)
    return dy * (slope * one)  # a slope of size 1: the tail keeps its digits


define(
    "colu",
    forward=_colu,
    backward=_colu_slope,
    definition=lambda x: x / (1.0 - x * np.exp(-(x + np.exp(x)))),
    bounds=(-0.37715856839612916, INF),
    **GATE,
    roots_of_slope=(-0.7269249885960442,),
    source="Vagerwal 2021, arXiv 2112.12078",
)


def _srs(x, alpha, beta):
    u = divided(x, beta)
    c = np.minimum(np.maximum(x, -FAR * beta), 1e30)
    e = exp_times_pair(1.0, *decay(u))
    left = exp_times_pair(c / (1.0 + np.minimum(c, 0.0) * e / alpha), *decay(u))
    return np.where(x >= 0.0, c / (c / alpha + e), left)


def _srs_slope(dy, x, alpha, beta):
    u = divided(x, beta)
    c = np.minimum(np.maximum(x, -FAR * beta), FAR * beta)
    v = decay(u)
    e = exp_times_pair(1.0, *v)
    d = np.where(c >= 0.0, c / alpha + e, 1.0 + np.minimum(c, 0.0) * e / alpha)
    # beta + c is exact beside the root -beta, where 1 + c / beta has what the division rounds off
    return dy * exp_times_pair((beta + c) / (beta * (d * d)), *v)


define(
    "srs",
    aliases=("soft_root_sign",),
    forward=_srs,
    backward=_srs_slope,
    definition=lambda x, alpha, beta: np.where(
        x > 0.0, 1.0 / (1.0 / alpha + np.exp(-(x / beta)) / x), x / (x / alpha + np.exp(-(x / beta)))
    ),
    parameters={
        "alpha": Fixed(
            default=2.0, doc="limit at inf", valid=lambda v: 1e-3 <= v <= 1e3, law="must be in [0.001, 1000]"
        ),
        "beta": Fixed(
            default=3.0, doc="width of the dip", valid=lambda v: 1e-3 <= v <= 1e3, law="must be in [0.001, 1000]"
        ),
    },
    together=(lambda alpha, beta: beta < 2.718 * alpha, "beta must be below e alpha, else the function has a pole"),
    bounds=lambda alpha, beta: (-beta / (2.718281828459045 - beta / alpha), alpha),
    limits=lambda alpha: (-0.0, alpha),
    slope_limits=(-0.0, 0.0),
    roots_of_slope=lambda beta: (-beta,),
    monotone=False,
    long_exponential="the shorter one leaves 1.2 eps where one is promised",
    source="Zhou, Li, Sun, Zhang & Lu 2020, arXiv 2003.00547; alpha 2 and beta 3 as in torch_activation",
)


def _resech(x):
    c = near(x)
    a = np.absolute(c)
    return exp_times(2.0 * c / (1.0 + np.exp(-2.0 * a)), -a)


def _resech_slope(dy, x):
    a = np.absolute(near(x))
    q = np.exp(-2.0 * a)
    # 1 - a tanh(a) over one denominator: beside the root a sum of 1 - a, which is exact, and of a small term
    return dy * exp_times(2.0 * (1.0 - a + q * (1.0 + a)) / ((1.0 + q) * (1.0 + q)), -a)


define(
    "resech",
    forward=_resech,
    backward=_resech_slope,
    definition=lambda x: 2.0 * x / (np.exp(x) + np.exp(-x)),
    bounds=(-0.6627434193491816, 0.6627434193491816),
    limits=(-0.0, 0.0),
    slope_limits=(-0.0, -0.0),
    roots_of_slope=(-1.1996786402577339, 1.1996786402577339),
    symmetry="odd",
    monotone=False,
    source="x sech(x); Njikam & Zhao 2016, A novel activation function for multilayer feed-forward networks",
)


def _pflu(x):
    c, t, r = hypotenuse(x, 1.0)
    ratio = c / t
    return np.where(x >= 0.0, 0.5 * x * (1.0 + ratio), -0.25 * ratio / (0.5 * np.absolute(x) + 0.5 * r))


def _pflu_slope(dy, x):
    c, t, r = hypotenuse(x, 1.0)
    ratio = c / t
    left = (0.5 / r) * ((t / (t + c) - ratio) / r)
    return dy * np.where(x >= 0.0, 0.5 + 0.5 * (ratio + ratio / t / t), left)


define(
    "pflu",
    forward=_pflu,
    backward=_pflu_slope,
    definition=lambda x: 0.5 * x * (1.0 + x / np.sqrt(1.0 + x * x)),
    bounds=(-0.1501415530003888, INF),
    **GATE,
    roots_of_slope=(-0.7861513777574233,),
    cancels="on the left terms of size 1 / x cancel",
    source="Zhu et al. 2021, PFLU and FPFLU, Pattern Recognition Letters (as in the nonlinear package)",
)
