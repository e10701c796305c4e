"""What is exact, or of leading order, at finite width: ReLU's log-normal law, dead networks, the Jacobian's spread."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from actbench.core.errors import ActbenchError
from actbench.theory.gaussian import moments, variance
from actbench.theory.subject import Subject

WEIGHTS = ("normal", "orthogonal")


@dataclass(frozen=True, kw_only=True)
class LogNorm:
    """ln of the last layer's squared norm over the first's, of a ReLU network without biases that is not dead.

    Parameters
    ----------
    mean, variance
        Exact for every width and depth.
    leading_mean, leading_variance
        The leading order in depth / width at sigma_w2 = 2, -5L / 2n and 5L / n (Hanin & Nica 2020), shifted by
        L ln(sigma_w2 / 2); far too small for narrow networks.
    alive
        The probability that the network is not dead for its input.
    """

    mean: float
    variance: float
    leading_mean: float
    leading_variance: float
    alive: float


def relu_log_norm(width: int, depth: int, sigma_w2: float = 2.0) -> LogNorm:
    """The law of a ReLU network's squared norm for one input: normal weights of variance sigma_w2 / width, no biases.

    In each layer k ~ Bin(n, 1/2) units are active, and the squared norm is multiplied by sigma_w2 / n times a chi^2 of
    k degrees of freedom: ln has mean psi(k/2) + ln 2 and variance psi_1(k/2).

    Raises
    ------
    ActbenchError
        For a width or depth below 1, or sigma_w2 that is not above 0.
    """
    from scipy.special import digamma, gammaln, polygamma

    width, depth = _sizes(width, depth)
    if variance(sigma_w2, "sigma_w2") == 0:
        raise ActbenchError("sigma_w2=0: nothing passes the first layer; give a number above 0")
    k = np.arange(1, width + 1)
    share = np.exp(gammaln(width + 1) - gammaln(k + 1) - gammaln(width - k + 1) - width * math.log(2))
    share /= share.sum()
    psi = digamma(k / 2)
    mean = float(share @ psi)
    spread = float(share @ polygamma(1, k / 2) + share @ (psi - mean) ** 2)
    shift = depth * math.log(sigma_w2 / 2)
    return LogNorm(
        mean=depth * (mean + math.log(4 / width)) + shift, variance=depth * spread,
        leading_mean=-2.5 * depth / width + shift, leading_variance=5 * depth / width,
        alive=math.exp(depth * math.log1p(-(0.5**width))),
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class BornDead:
    """The probability that a ReLU network of random symmetric weights and no biases gives 0 from the start.

    Parameters
    ----------
    point
        For one input other than 0: 1 - (1 - 2^-n)^L exactly.
    interval
        Bounds for an interval of one input feature around 0: dead on both sides of it. The lower is exact to depth 2.
    """

    point: float
    interval: tuple[float, float]


def born_dead(width: int, depth: int) -> BornDead:
    """How likely is a network born dead? The answer depends on the set of inputs (Lu et al. 2020).

    Without biases a layer's output on an interval is two rays. The first layer gives each unit to one of them; with
    p = 2^-n each ray dies with p, never both. From then on a layer kills both with r^n where 2 pi r is pi less the
    angle of two vectors without negative entries: r lies from 1/4, where the rays die independently, to 1/2, where
    they are one. That the answer rises with r follows from that of independent rays.

    Raises
    ------
    ActbenchError
        For a width or depth below 1.
    """
    width, depth = _sizes(width, depth)
    p = 0.5**width
    after = -math.expm1((depth - 1) * math.log1p(-p))  # one ray dies in the layers after the first
    one = 2 * p  # the first layer leaves one ray alive
    low, high = (one * after + (1 - one) * both for both in (after * after, after))
    return BornDead(point=-math.expm1(depth * math.log1p(-p)), interval=(low, high))


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """Squared singular values of a network's input-output Jacobian: their mean, and variance over squared mean."""

    mean: float
    spread: float


def jacobian(name: Subject, sigma_w2: float, q: float, depth: int, weights: str = "normal") -> Spectrum:
    """The Jacobian's squared singular values at infinite width (Pennington, Schoenholz & Ganguli 2017, 2018).

    Parameters
    ----------
    name
        A spec, a target or a function, as for `actbench.theory.moments`.
    sigma_w2, q
        Variance of a weight times fan_in (the squared gain of orthogonal weights), and of the pre-activations at rest.
    depth
        Layers.
    weights
        ``"normal"`` or ``"orthogonal"``.

    Returns
    -------
    Spectrum
        mean (sigma_w2 mu_1)^L, spread L (mu_2 / mu_1^2 - 1 - s_1), mu_k = E f'^2k, s_1 = -1 for normal weights, else 0.
    """
    if weights not in WEIGHTS:
        raise ActbenchError(f"no weights {weights!r}; known: {', '.join(WEIGHTS)}")
    _, depth = _sizes(1, depth)
    at = moments(name, q)
    ratio = at.d_fourth / at.d_second**2 if at.d_second else math.nan
    return Spectrum(
        mean=(variance(sigma_w2, "sigma_w2") * at.d_second) ** depth,
        spread=depth * (ratio - (0 if weights == "normal" else 1)),
    )


def _sizes(width: int, depth: int) -> tuple[int, int]:
    if not (isinstance(width, int) and isinstance(depth, int) and width >= 1 and depth >= 1):
        raise ActbenchError(f"width={width!r}, depth={depth!r}: give whole numbers of 1 or more")
    return width, depth
