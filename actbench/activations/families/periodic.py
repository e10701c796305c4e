"""Functions with a sine or cosine in them, and the firing rate of a neuron. At the infinities a wave has no limit."""

from __future__ import annotations

import numpy as np

from actbench.activations.define import define
from actbench.activations.parameter import Fixed, Learned
from actbench.expression.primitives import exp_times
from actbench.expression.primitives.gates import logistic, tail
from actbench.expression.primitives.pairs import two_product
from actbench.expression.primitives.periodic import cos_pair, cos_phase, cos_within, sin_pair, sin_phase, sin_within

INF, NAN = np.inf, np.nan


def _positive(v):
    return 1e-3 <= v <= 1e3


LAW = "must be in [0.001, 1000]"


def _finite(x):
    """x, or 0 where it is infinite or NaN: the sine of an infinity would warn."""
    return np.where(np.absolute(x) < INF, x, 0.0)


def _wave(x, value):
    """A wave where x is finite, else NaN."""
    return np.where(np.absolute(x) < INF, value, NAN)


def _within(x, omega):
    """Whether omega x is a float: the phase beyond the largest one is in no float."""
    return np.absolute(omega * x) < INF


def _sine(x, omega):
    within = _within(x, omega)
    wave = sin_phase(*two_product(np.where(within, x, 0.0), omega))
    return np.where(x == 0.0, x, np.where(within, wave, NAN))  # -0.0 stays


def _sine_slope(dy, x, omega):
    within = _within(x, omega)
    return dy * np.where(within, omega * cos_phase(*two_product(np.where(within, x, 0.0), omega)), NAN)


define(
    "sine",
    aliases=("sin", "siren"),
    forward=_sine,
    backward=_sine_slope,
    definition=lambda x, omega: np.sin(omega * x),
    parameters={
        "omega": Fixed(
            default=1.0, doc="frequency; NaN where omega x is beyond the largest float", valid=_positive, law=LAW
        )
    },
    bounds=(-1.0, 1.0),
    limits=(NAN, NAN),
    slope_limits=(NAN, NAN),
    symmetry="odd",
    monotone=False,
    defaults={"siren": {"omega": 30.0}},
    source="Sitzmann, Martel, Bergman, Lindell & Wetzstein 2020, arXiv 2006.09661",
    peers={"torch": "torch.sin", "jax": "jax.numpy.sin"},
)
define(
    "gcu",
    aliases=("growing_cosine_unit",),
    forward=lambda x: _wave(x, _finite(x) * np.cos(_finite(x))),
    backward=lambda dy, x: dy * _wave(x, np.cos(_finite(x)) - _finite(x) * np.sin(_finite(x))),
    definition=lambda x: x * np.cos(x),
    limits=(NAN, NAN),
    slope_limits=(NAN, NAN),
    slope_terms=lambda x: np.maximum(np.abs(np.cos(x)), np.abs(x * np.sin(x))),
    symmetry="odd",
    monotone=False,
    source="Noel, Trivedi & Dutta 2021, arXiv 2108.12943",
)


def _snake_gradient(dy, x, a):
    s = np.sin(a * x)
    return dy * (x * np.sin(2.0 * a * x) / a - s * s / (a * a))


def _snake(x, a):
    s = np.sin(a * np.where(_within(x, a), x, 0.0))
    return x + s * s / a


def _snake_slope(dy, x, a):
    within = _within(x, a)
    u = a * np.where(within, x, 0.0)
    w = np.sin(u) + np.cos(u)
    return dy * np.where(within, w * w, NAN)  # 1 + sin(2 a x)


define(
    "snake",
    forward=_snake,
    backward=_snake_slope,
    definition=lambda x, a: x + np.sin(a * x) * np.sin(a * x) / a,
    parameters={
        "a": Learned(
            default=1.0,
            doc="frequency; where a x is beyond the largest float f is x and f' NaN",
            valid=_positive,
            law=LAW,
        )
    },
    parameter_gradients={"a": _snake_gradient},
    slope_limits=(NAN, NAN),
    slope_terms=lambda x: np.ones_like(x),
    at_negative_zero=0.0,
    monotone=True,
    source="Ziyin, Hartwig & Ueda 2020, arXiv 2006.08195",
)


def _snake_beta(x, alpha, beta):
    s = sin_pair(*_phase(x, alpha))
    return x + s * s / beta


def _phase(x, alpha):
    return two_product(np.where(_within(x, alpha), x, 0.0), alpha)


def _snake_beta_slope(dy, x, alpha, beta):
    u, r = _phase(x, alpha), alpha / beta
    w = sin_pair(*u) + cos_pair(*u)
    return dy * np.where(_within(x, alpha), (1.0 - r) + r * (w * w), NAN)  # 1 + r sin(2 alpha x)


def _snake_beta_alpha(dy, x, alpha, beta):
    u = _phase(x, alpha)
    return dy * np.where(_within(x, alpha), 2.0 * x * (sin_pair(*u) * cos_pair(*u)) / beta, NAN)


def _snake_beta_beta(dy, x, alpha, beta):
    s = sin_pair(*_phase(x, alpha)) / beta
    return -dy * (s * s)


def _snake_beta_roots(alpha, beta):
    """Where x = -sin^2(alpha x) / beta beside 0: only where the slope goes below 0."""
    if alpha <= beta:
        return ()
    x = np.linspace(-1.0 / beta, 0.0, 4096)[:-1]
    y = x + np.sin(alpha * x) ** 2 / beta
    at = np.flatnonzero(y[1:] * y[:-1] < 0)
    return tuple(float(x[i]) for i in at)


define(
    "snake_beta",
    forward=_snake_beta,
    backward=_snake_beta_slope,
    definition=lambda x, alpha, beta: x + np.sin(alpha * x) * np.sin(alpha * x) / beta,
    parameters={
        "alpha": Learned(default=1.0, doc="frequency", valid=_positive, law=LAW),
        "beta": Learned(default=1.0, doc="one over the size of the wave", valid=_positive, law=LAW),
    },
    parameter_gradients={"alpha": _snake_beta_alpha, "beta": _snake_beta_beta},
    slope_limits=(NAN, NAN),
    slope_terms=lambda x: np.ones_like(x),
    roots=_snake_beta_roots,
    at_negative_zero=0.0,
    monotone=lambda alpha, beta: bool(np.all(np.less_equal(alpha, beta))),
    identical_to=("snake",),
    source="BigVGAN: Lee, Ping, Ginsburg, Catanzaro & Yoon 2022, arXiv 2206.04658, its log-scale off; its code adds 1e-9",
)


def _sinlu(x):
    c, e = tail(x)
    g = logistic(c, e)
    return np.where(x >= 0.0, (x + np.sin(_finite(x))) * g, exp_times((c + sin_within(c)) * (g / e), -np.absolute(c)))


def _sinlu_slope(dy, x):
    c, e = tail(x)
    o = 1.0 + e
    half = np.cos(0.5 * _finite(x))
    rise = 2.0 * (half * half)  # 1 + cos x
    sine, cosine = sin_within(c), cos_within(c)
    wave = c + sine
    # rise o + wave, with what cancels next to the root put together first
    left = exp_times(((1.0 + c) + (cosine + sine) + e * (1.0 + cosine)) / (o * o), -np.absolute(c))
    return dy * np.where(c >= 0.0, _wave(x, rise / o + wave * (e / (o * o))), left)


define(
    "sinlu",
    forward=_sinlu,
    backward=_sinlu_slope,
    definition=lambda x: (x + np.sin(x)) / (1.0 + np.exp(-x)),
    bounds=(-0.49737055418999104, INF),
    limits=(-0.0, INF),
    slope_limits=(-0.0, NAN),
    roots_of_slope=(-1.0828652708940811,),
    monotone=False,
    source="Paul, Bandyopadhyay, Yoon, Geem & Sarkar 2022, SinLU, Mathematics 10(3) 337 (a = b = 1)",
)


def _coslu(x):
    c, e = tail(x)
    g = logistic(c, e)
    return np.where(x >= 0.0, (x + np.cos(_finite(x))) * g, exp_times((c + cos_within(c)) * (g / e), -np.absolute(c)))


def _coslu_slope(dy, x):
    c, e = tail(x)
    o = 1.0 + e
    rise = 1.0 - np.sin(_finite(x))
    sine, cosine = sin_within(c), cos_within(c)
    wave = c + cosine
    left = exp_times(((1.0 + c) + (cosine - sine) + e * (1.0 - sine)) / (o * o), -np.absolute(c))
    return dy * np.where(c >= 0.0, _wave(x, rise / o + wave * (e / (o * o))), left)


define(
    "coslu",
    forward=_coslu,
    backward=_coslu_slope,
    definition=lambda x: (x + np.cos(x)) / (1.0 + np.exp(-x)),
    bounds=(-0.28927312866451055, INF),
    limits=(-0.0, INF),
    slope_limits=(-0.0, NAN),
    slope_terms=lambda x: np.where(x > 0.0, 1.0, 0.0),
    roots=(-0.7390851332151607,),
    roots_of_slope=(-1.905408277921408,),
    at_negative_zero=0.5,
    monotone=False,
    source="Paul, Bandyopadhyay, Yoon, Geem & Sarkar 2022, SinLU, Mathematics 10(3) 337 (CosLU with a = b = 1)",
)


def _sinc_slope(dy, x):
    a = np.where(np.absolute(x) < INF, np.absolute(x), 0.0)
    b = np.maximum(a, 1.0)
    z = np.minimum(a, 1.0) * np.minimum(a, 1.0)
    series = 0.0
    for n in range(10, 0, -1):
        series = series * z + (-1.0) ** n * 2.0 * n / _factorial(2 * n + 1)
    size = np.where(a < 1.0, np.minimum(a, 1.0) * series, (np.cos(b) - np.sin(b) / b) / b)
    return dy * np.where(np.absolute(x) < INF, np.where(x < 0.0, -size, size), np.where(x == x, 0.0, x))


def _factorial(n):
    return 1.0 if n < 2 else n * _factorial(n - 1)


def _sinc(x):
    a = np.absolute(x)
    return np.where(a == 0.0, 1.0, np.sin(_finite(a)) / np.where(a == 0.0, 1.0, a))


define(
    "sinc",
    forward=_sinc,
    backward=_sinc_slope,
    definition=lambda x: np.where(x == 0.0, 1.0, np.sin(x) / x),
    bounds=(-0.21723362821122166, 1.0),
    limits=(0.0, 0.0),
    slope_limits=(0.0, 0.0),
    roots_of_slope=(0.0,),
    slope_terms=lambda x: 1.0 / np.maximum(np.abs(x), 1.0),
    at_negative_zero=1.0,
    symmetry="even",
    monotone=False,
    source="sin(x) / x; Elfwing, Uchibe & Doya 2013 and torch_activation",
)


def _rate_slope(dy, x, tau, t_ref):
    d = np.where(x > 1.0, x - 1.0, 1.0)
    f = 1.0 / (t_ref + tau * np.log1p(1.0 / d))
    return np.where(x > 1.0, dy * ((f * f * tau / np.maximum(x, 1.0)) / d), np.where(x <= 1.0, 0.0, x))


define(
    "lif",
    aliases=("leaky_integrate_and_fire",),
    forward=lambda x, tau, t_ref: np.where(
        x > 1.0, 1.0 / (t_ref + tau * np.log1p(1.0 / np.where(x > 1.0, x - 1.0, 1.0))), np.where(x <= 1.0, 0.0, x)
    ),
    backward=_rate_slope,
    definition=lambda x, tau, t_ref: np.where(x <= 1.0, 0.0, 1.0 / (t_ref + tau * np.log1p(1.0 / (x - 1.0)))),
    parameters={
        "tau": Fixed(default=0.02, doc="membrane time constant in s", valid=lambda v: 0 < v < 1e3, law="must be > 0"),
        "t_ref": Fixed(default=0.002, doc="refractory time in s", valid=lambda v: 0 < v < 1e3, law="must be > 0"),
    },
    flat=((-INF, 1.0),),
    bounds=lambda t_ref: (0.0, 1 / t_ref),
    limits=lambda t_ref: (0.0, 1 / t_ref),
    slope_limits=(0.0, 0.0),
    excluded_slope=((1.0, 1.0),),  # infinite at 1+, 0 at 1
    at_negative_zero=0.0,
    monotone=True,
    source="firing rate in Hz against normalised current; Glorot, Bordes & Bengio 2011, equation 1; Lapicque 1907",
)
