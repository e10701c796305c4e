"""Effects of the experiment `signal_propagation`: rates a layer, beside those of theory at infinite width."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from actbench.statistics.estimates import Effect, Estimate, slope
from actbench.statistics.frames import by_net, select


@lru_cache(maxsize=64)
def predicted(activation: str, init: str, width: int, depth: int, length: float) -> dict[str, list[float]]:
    """Theory's q, c and grad_log_norm (0 at the last layer) of each layer, at infinite width."""
    from actbench import theory
    from actbench.networks.initialisation import initialisation

    law = initialisation(init, activation)
    sigma_w2, sigma_b2 = law.sigma_w2(width, width), law.bias_deviation(width) ** 2
    first = sigma_w2 * length + sigma_b2
    q = theory.lengths(activation, sigma_w2, sigma_b2, first, depth)
    c = (0.5 * sigma_w2 * length + sigma_b2) / first
    steps = [theory.gradient_factor(activation, sigma_w2, [value]) for value in q[:-1]]
    total = [0.0]
    for factor in reversed(steps):
        total.append(total[-1] + (math.log(factor) if factor else -math.inf))
    return {
        "q": q, "c": theory.correlations(activation, sigma_w2, sigma_b2, c=c, q=first, depth=depth),
        "grad_log_norm": total[::-1],
    }  # fmt: skip


def _over_layers(first: int, last: int, number: Callable[[Any], float], **levels: Any) -> Effect:
    """One number a network from its rows of layers ``first`` to ``last``."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        chosen = chosen[(chosen["layer"] >= first) & (chosen["layer"] <= last)]
        return Estimate.of(list(by_net(chosen, number).values()))

    return effect


def at_layer(measure: str, layer: int, **levels: Any) -> Effect:
    """A measure at one layer."""
    return _over_layers(layer, layer, lambda rows: float(rows[measure].iloc[0]), **levels)


def growth(measure: str, first: int, last: int, **levels: Any) -> Effect:
    """By which factor a positive measure changes a layer, by least squares in its logarithm."""

    def number(rows: Any) -> float:
        values = rows[measure].to_numpy(float)
        return math.exp(slope(list(rows["layer"]), [math.log(v) for v in values])) if (values > 0).all() else math.nan

    return _over_layers(first, last, number, **levels)


def decay_over_theory(first: int, last: int, *, activation: str, init: str, **levels: Any) -> Effect:
    """Rate at which 1 - c falls a layer in its logarithm, over theory's 1 / xi_c."""
    from actbench.networks.initialisation import initialisation
    from actbench.theory import fixed_point

    def number(rows: Any) -> float:
        law, width = initialisation(init, activation), int(rows["width"].iloc[0])
        rest = fixed_point(activation, law.sigma_w2(width, width), law.bias_deviation(width) ** 2)
        gaps = [math.log(1 - v) if v < 1 else math.nan for v in rows["c"]]
        return -slope(list(rows["layer"]), gaps) * rest.xi_c

    return _over_layers(first, last, number, activation=activation, init=init, **levels)


def gap_over_theory(layer: int, *, activation: str, init: str, **levels: Any) -> Effect:
    """1 - c at one layer over what the correlation map gives there."""

    def number(rows: Any) -> float:
        width, depth, length = (rows[name].iloc[0] for name in ("width", "depth", "length"))
        said = predicted(activation, init, int(width), int(depth), float(length))["c"][layer - 1]
        return (1 - float(rows["c"].iloc[0])) / (1 - said)

    return _over_layers(layer, layer, number, activation=activation, init=init, **levels)
