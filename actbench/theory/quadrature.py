"""Integrals of a stack of functions against N(0, q), by Gauss and Kronrod's rule on panels that are cut."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actbench.core.errors import ActbenchError

Array = NDArray[Any]

FAR = 38.0  # standard deviations; exp(-38^2 / 2) is float64's last binade
TOLERANCE = 1e-14  # of a panel's error, relative to the whole
GENERATIONS, PANELS = 60, 8000

# The 21-point rule of QUADPACK (Piessens et al. 1983): positive nodes, weights, those of the 10-point Gauss rule inside
_NODES = (0.995657163025808080735527280689003, 0.973906528517171720077964012084452, 0.930157491355708226001207180059508,
          0.865063366688984510732096688423493, 0.780817726586416897063717578345042, 0.679409568299024406234327365114874,
          0.562757134668604683339000099272694, 0.433395394129247190799265943165784, 0.294392862701460198131126603103866,
          0.148874338981631210884826001129720)  # fmt: skip
_KRONROD = (0.011694638867371874278064396062192, 0.032558162307964727478818972459390,
            0.054755896574351996031381300244580, 0.075039674810919952767043140916190,
            0.093125454583697605535065465083366, 0.109387158802297641899210590325805,
            0.123491976262065851077958109585166, 0.134709217311473325928054001771707,
            0.142775938577060080797094273138717, 0.147739104901338491374841515972068)  # fmt: skip
_GAUSS = (0.066671344308688137593568809893332, 0.149451349150580593145863396957658,
          0.219086362515982043995534934228163, 0.269266719309996355091226921569469,
          0.295524224714752870173815619188769)  # fmt: skip
NODES = np.array([*_NODES, 0.0, *(-node for node in reversed(_NODES))])
KRONROD = np.array([*_KRONROD, 0.149445554002916905664936468389821, *reversed(_KRONROD)])
GAUSS = np.zeros(21)
GAUSS[1::2] = [*_GAUSS, *reversed(_GAUSS)]
_RULES = np.stack([KRONROD, GAUSS], axis=1)
_LADDER = 2.0 ** np.arange(-2, 12, dtype=float)
_STEEP = 2.0 ** np.array([-22.0, -12])  # around 0, for what is as steep as smu's 1e6: two nodes lie within it
NEAR = 13.0  # standard deviations; beyond, only what grows exponentially counts, and panels are halved there
_SIGMAS = np.array([0.5, 1, 2, 3, 4.5, 6, 8, 10, NEAR, FAR])
CLOSE = 0.15  # a panel narrower than that share of its distance from the next centre is not worth its 21 points
FEW, PARTS = 8, 8  # so few open panels are cut into so many parts: a generation costs more than its points


def panels(q: float, kinks: Iterable[float] = ()) -> Array:
    """Ends of the first panels: kinks, a geometric ladder around them (the row's scale), multiples of sqrt(q)."""
    deviation = math.sqrt(q)
    centres = np.array([*{0.0, *map(float, kinks)}])[:, None]
    around = np.concatenate([centres + _LADDER, centres - _LADDER], axis=1)
    reach = np.where(np.abs(centres) > NEAR * deviation, FAR * deviation, NEAR * deviation)
    sigmas = deviation * _SIGMAS
    ends = np.concatenate([centres[:, 0], around[np.abs(around) <= reach], _STEEP, -_STEEP, sigmas, -sigmas])
    ends = np.sort(ends[np.abs(ends) <= FAR * deviation])
    distance = np.abs(ends - centres).min(axis=0)
    distance[-1] = 0.0  # the last end stays, as the first does
    inside: Array = ends[np.diff(ends, prepend=-np.inf) > CLOSE * distance]
    return inside


def expectations(columns: Callable[[Array], Array], ends: Array, q: float) -> tuple[Array, float]:
    """E columns(z), z ~ N(0, q), and the error that is estimated.

    Parameters
    ----------
    columns
        n points to ``(m, n)`` values.
    ends
        Where the first panels begin and end, rising.
    q
        The variance.

    Returns
    -------
    value, error
        ``(m,)``, and one number: the sum over panels of QUADPACK's (200 |K - G|)^1.5, which falls as the Kronrod
        rule's own error does; the largest of the columns, relative to E |column|.

    Raises
    ------
    ActbenchError
        Where a value is NaN or overflows, or halving does not settle.
    """
    with np.errstate(all="ignore"):  # what overflows is named below
        return _halved(columns, ends, q)


def _halved(columns: Callable[[Array], Array], ends: Array, q: float) -> tuple[Array, float]:
    deviation = math.sqrt(q)
    a, b = ends[:-1], ends[1:]
    total = error = scale = np.zeros(0)
    for generation in range(GENERATIONS):
        half, middle = (b - a) / 2, (a + b) / 2
        x = middle[:, None] + half[:, None] * NODES
        density = np.exp(-0.5 * np.square(x / deviation)) * (half[:, None] / (deviation * math.sqrt(2 * math.pi)))
        given = columns(x.reshape(-1)).reshape(-1, *x.shape)
        values = given * density
        both = values @ _RULES
        if not math.isfinite(both.sum()):
            raise _not_finite(x, given, q)
        whole, apart = both[..., 0], np.abs(both[..., 0] - both[..., 1])
        if generation == 0:
            scale = np.abs(values) @ KRONROD
            scale = scale.sum(axis=1)[:, None]
            scale = np.maximum(scale, 1e-16 * scale.max()) + 1e-300  # a slope that is 0 but in the last tail settles
            total, error = np.zeros(len(whole)), np.zeros(len(whole))
        estimate = np.minimum(apart, (200 * apart / scale) ** 1.5 * scale)
        settled = (estimate <= TOLERANCE * scale).all(axis=0) | (half <= 4e-16 * np.abs(middle))
        total += whole[:, settled].sum(axis=1)
        error += estimate[:, settled].sum(axis=1)
        if settled.all():
            return total, float((error / scale[:, 0]).max())
        open_ = ~settled
        if open_.sum() > PANELS:
            break
        ends = np.linspace(a[open_], b[open_], (PARTS if open_.sum() <= FEW else 2) + 1)
        a, b = ends[:-1].reshape(-1), ends[1:].reshape(-1)
    raise ActbenchError(
        f"the moments do not settle at q={q:g}; it has a jump that it does not declare, or a slope "
        "whose powers have no mean"
    )


def _not_finite(x: Array, values: Array, q: float) -> ActbenchError:
    """What is wrong with values that have no mean."""
    if np.isnan(values).any():
        where = x[np.isnan(values).any(axis=0)]
        return ActbenchError(f"value or slope is NaN at x = {where[np.abs(where).argmin()]:g}: no moments at q={q:g}")
    return ActbenchError(f"value or slope overflows within {FAR:g} standard deviations: no moments at q={q:g}")
