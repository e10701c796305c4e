"""Identity on the right, an exponential that levels off on the left; and the exponential itself."""

from __future__ import annotations

import numpy as np

from actbench.activations.define import define
from actbench.activations.parameter import Fixed, Learned
from actbench.activations.record import Kink
from actbench.expression.primitives import exp_times, exp_times_pair
from actbench.expression.primitives.pairs import two_product

INF = np.inf
# Klambauer et al. 2017: the fixed point that keeps mean 0 and variance 1, as float64
SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772
SCALE_ALPHA = 1.7580993408473768  # rounded once
REST = 0.05070098735548049  # SCALE - 1: x + REST x is finite up to the last float32 at which it is to be
SHARP = Fixed(
    default=1.0, doc="minus the limit at -inf", valid=lambda v: 1e-4 <= v <= 1e4, law="must be in [1e-4, 1e4]"
)


def _left(x):
    return np.minimum(x, 0.0)


def _grow(a, x, alpha):
    """a exp(x / alpha) for x <= 0, the quotient in two parts; one division for all elements."""
    inverse = 1.0 / alpha
    u = np.maximum(x * inverse, -1e4)
    back, error = two_product(u, alpha)
    rest = np.where(u > -1e4, ((np.maximum(x, -1e8) - back) - error) * inverse, 0.0)
    return exp_times_pair(a, u, rest)


define(
    "elu",
    forward=lambda x, alpha: np.where(x < 0.0, alpha * np.expm1(_left(x)), x),
    backward=lambda dy, x, alpha: np.where(x > 0.0, dy, dy * exp_times(alpha, _left(x))),  # never y + alpha
    definition=lambda x, alpha: np.where(x > 0.0, x, alpha * np.expm1(x)),
    parameters={
        "alpha": Fixed(
            default=1.0, doc="minus the limit at -inf", valid=lambda v: 0 < v < 1e9, law="must be in (0, 1e9)"
        )
    },
    kinks=lambda alpha: {} if alpha == 1 else {0.0: Kink(slope=alpha)},
    bounds=lambda alpha: (-alpha, INF),
    limits=lambda alpha: (-alpha, INF),
    slope_limits=(0.0, 1.0),
    monotone=True,
    source="Clevert, Unterthiner & Hochreiter 2015, arXiv 1511.07289",
    peers={"torch": "torch.nn.functional.elu", "jax": "jax.nn.elu", "keras": "keras.activations.elu"},
)
define(
    "celu",
    forward=lambda x, alpha: np.where(x < 0.0, alpha * np.expm1(_left(x) * (1.0 / alpha)), x),
    backward=lambda dy, x, alpha: np.where(x > 0.0, dy, dy * _grow(1.0, _left(x), alpha)),
    definition=lambda x, alpha: np.where(x > 0.0, x, alpha * np.expm1(x / alpha)),
    parameters={"alpha": SHARP},
    bounds=lambda alpha: (-alpha, INF),
    limits=lambda alpha: (-alpha, INF),
    slope_limits=(0.0, 1.0),
    monotone=True,
    source="Barron 2017, arXiv 1704.07483",
    peers={"torch": "torch.nn.functional.celu", "jax": "jax.nn.celu", "keras": "keras.activations.celu"},
)
define(
    "selu",
    forward=lambda x: np.where(x < 0.0, SCALE_ALPHA * np.expm1(_left(x)), x + REST * x),
    backward=lambda dy, x: dy * np.where(x > 0.0, SCALE, exp_times(SCALE_ALPHA, _left(x))),
    definition=lambda x: SCALE * np.where(x > 0.0, x, ALPHA * np.expm1(x)),
    kinks={0.0: Kink(slope=SCALE_ALPHA)},
    bounds=(-SCALE_ALPHA, INF),
    limits=(-SCALE_ALPHA, INF),
    slope_limits=(0.0, SCALE),
    monotone=True,
    source="Klambauer, Unterthiner, Mayr & Hochreiter 2017, arXiv 1706.02515",
    peers={"torch": "torch.nn.functional.selu", "jax": "jax.nn.selu", "keras": "keras.activations.selu"},
)
define(
    "pelu",
    aliases=("parametric_elu",),
    forward=lambda x, a, b: np.where(x < 0.0, a * np.expm1(_left(x) / b), a / b * x),
    backward=lambda dy, x, a, b: dy * np.where(x > 0.0, a / b, _grow(a / b, _left(x), b)),
    definition=lambda x, a, b: np.where(x > 0.0, a / b * x, a * np.expm1(x / b)),
    parameters={
        "a": Learned(
            default=1.0, doc="minus the limit at -inf", valid=lambda v: 1e-4 <= v <= 1e4, law="must be in [1e-4, 1e4]"
        ),
        "b": Learned(
            default=1.0, doc="width of the bend", valid=lambda v: 1e-4 <= v <= 1e4, law="must be in [1e-4, 1e4]"
        ),
    },
    parameter_gradients={
        "a": lambda dy, x, a, b: dy * np.where(x > 0.0, x / b, np.expm1(_left(x) / b)),
        "b": lambda dy, x, a, b: (
            dy * np.where(x > 0.0, -a * x / (b * b), -a * _left(x) / (b * b) * np.exp(_left(x) / b))
        ),
    },
    bounds=lambda a: (-a, INF),
    limits=lambda a: (-a, INF),
    slope_limits=lambda a, b: (0.0, a / b),
    monotone=True,
    source="Trottier, Giguère & Chaib-draa 2016, arXiv 1605.09332",
)
define(
    "exponential",
    aliases=("exp",),
    forward=lambda x: np.exp(x),
    backward=lambda dy, x: dy * np.exp(x),
    bounds=(0.0, INF),
    limits=(0.0, INF),
    slope_limits=(0.0, INF),
    at_negative_zero=1.0,
    monotone=True,
    source="keras.activations.exponential",
    peers={"torch": "torch.exp", "jax": "jax.numpy.exp", "keras": "keras.activations.exponential"},
)


def _soft_exponent(x, alpha):
    """alpha x in two parts, within what exp can tell apart."""
    c = np.minimum(np.maximum(np.where(alpha == 0.0, 0.0, x), -1e9), 1e9)
    high, low = two_product(c, alpha)
    return np.minimum(np.maximum(high, -1e4), 1e4), np.where(np.absolute(high) < 1e4, low, 0.0)


def _soft_exp(high, low):
    """The exponential, right to the last subnormal and up to the largest float."""
    down = exp_times_pair(1.0, np.minimum(high, 0.0), np.where(high < 0.0, low, 0.0))
    e = np.exp(np.maximum(high, 0.0))
    finite = np.where(e < INF, e, 0.0)
    return np.where(high < 0.0, down, np.where(e < INF, finite + finite * low, e))


def _soft_exponential(x, alpha):
    high, low = _soft_exponent(x, alpha)
    a = np.where(alpha == 0.0, 1.0, alpha)
    m = np.expm1(np.minimum(np.maximum(high, -2.0), 2.0))
    near = (m + (m + 1.0) * low) / a + alpha
    # (e - 1) / alpha + alpha = (e - (1 - alpha^2)) / alpha: at alpha = 1 the exponential itself
    far = (_soft_exp(high, low) + (alpha - 1.0) * (alpha + 1.0)) / a
    bent = np.where(np.absolute(high) < 0.5, near, far)
    return np.where(alpha == 0.0, x, bent)


def _soft_gradient(dy, x, alpha):
    a = np.where(alpha == 0.0, 1.0, alpha)
    m = np.expm1(alpha * x)
    return dy * np.where(alpha == 0.0, 0.5 * x * x + 1.0, (x * (m + 1.0) - m / a) / a + 1.0)


define(
    "soft_exponential",
    forward=_soft_exponential,
    backward=lambda dy, x, alpha: (
        dy * np.where(alpha == 0.0, np.where(x == x, 1.0, x), _soft_exp(*_soft_exponent(x, alpha)))
    ),
    definition=lambda x, alpha: np.where(  # at 0 with its slope in alpha
        alpha == 0.0,
        x + alpha * (0.5 * x * x + 1.0),
        (np.exp(alpha * x) + (alpha - 1.0) * (alpha + 1.0)) / np.where(alpha == 0.0, 1.0, alpha),
    ),
    parameters={
        "alpha": Learned(
            default=0.0,
            doc="from the identity at 0 to the exponential at 1",
            valid=lambda v: v == 0 or 1e-3 <= v <= 1e3,
            law="must be 0 or in [0.001, 1000]; below 0 there is no value left of 1 / alpha - alpha",
        )
    },
    parameter_gradients={"alpha": _soft_gradient},
    bounds=lambda alpha: (-INF if alpha == 0 else (alpha - 1) * (alpha + 1) / alpha, INF),
    limits=lambda alpha: (-INF if alpha == 0 else (alpha - 1) * (alpha + 1) / alpha, INF),
    slope_limits=lambda alpha: (1.0, 1.0) if alpha == 0 else (0.0, INF),
    at_negative_zero=lambda alpha: alpha if alpha else -0.0,
    roots=lambda alpha: (float(np.log1p(-alpha * alpha)) / alpha,) if 0 < alpha < 1 else (),
    monotone=True,
    identical_to=("identity",),
    source="Godfrey & Gashler 2016, arXiv 1602.01321, for alpha >= 0",
)
