"""Effects of the experiment `gradient_flow`: by what factor does the gradient's norm change at each layer?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from actbench.statistics.estimates import Effect, Estimate, slope
from actbench.statistics.frames import by_net, paired, select


def _factor(net: Any, column: str = "grad_log_norm") -> float:
    """(norm at z^1 / norm at z^L)^(1 / (L - 1)); 0 where it is zero at z^1, NaN where it is not finite."""
    logs = net[column].to_numpy(float)
    if len(logs) < 2 or not math.isfinite(logs[-1]) or math.isnan(logs[0]) or logs[0] == math.inf:
        return math.nan
    return math.exp((logs[0] - logs[-1]) / (len(logs) - 1))


def below_last(frame: Any, by: Sequence[str] = ()) -> Any:
    """ln of the gradient's norm over that at the last layer of the same network, a series beside the frame's rows.

    -inf where no gradient arrives, as `factor` is 0 there; NaN where it is not finite, or none leaves the last layer.

    Parameters
    ----------
    by
        What tells networks apart beside ``net``.
    """
    network = [*by, "net"]
    last = frame[frame["layer"] == frame.groupby(network)["layer"].transform("max")]
    base = frame[network].merge(last[[*network, "grad_log_norm"]], on=network, how="left")["grad_log_norm"].to_numpy()
    relative = frame["grad_log_norm"] - np.where(np.isfinite(base), base, np.nan)
    return relative.where(relative != math.inf)


def factor(**levels: Any) -> Effect:
    """The factor a layer, one value per network: 0 where no gradient arrives, none where it is not finite."""

    def effect(frame: Any) -> Estimate:
        return Estimate.of(list(by_net(select(frame, **levels), _factor).values()), bounds=(0.0, math.inf))

    return effect


def left_over(**levels: Any) -> Effect:
    """What is left of the gradient's norm at the first layer, as a share of that at the last: the whole product."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        products = by_net(chosen, lambda net: _factor(net) ** (len(net) - 1))
        return Estimate.of(list(products.values()), bounds=(0.0, math.inf))

    return effect


BEYOND = 10  # layers, after which a power law has left its start behind


def exponent(**levels: Any) -> Effect:
    """The power of the layer's number by which the gradient's norm grows on its way up: least squares of logs."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        later = chosen[chosen["layer"] >= BEYOND].sort_values("layer")
        fits = [slope(list(np.log(net["layer"])), list(net["grad_log_norm"])) for _, net in later.groupby("net")]
        return Estimate.of(fits)

    return effect


def ratio(levels: dict[str, Any], rival: dict[str, Any]) -> Effect:
    """One arm's factor over another's, network by network: both arms share their unit weights."""

    def effect(frame: Any) -> Estimate:
        ours, theirs = (by_net(select(frame, **chosen), _factor) for chosen in (levels, rival))
        return Estimate.of(paired(ours, theirs, _over), bounds=(0.0, math.inf))

    return effect


def _over(ours: float, theirs: float) -> float:
    return ours / theirs if theirs else math.nan


def beyond_theory(**levels: Any) -> Effect:
    """The factor a layer less what sqrt(chi_1) along the measured lengths predicts, weights included."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        predicted = predicted_factor(chosen)
        return Estimate.of([value - predicted for value in by_net(chosen, _factor).values()])

    return effect


def predicted_factor(chosen: Any) -> float:
    """sqrt(sigma_w2 E f'^2), geometric mean along the mean measured lengths q of layers 1 to L - 1."""
    from actbench.networks.initialisation import initialisation
    from actbench.theory import gradient_factor

    activation, init = chosen["activation"].iloc[0], chosen["init"].iloc[0]
    width = int(chosen["width"].iloc[0])
    sigma_w2 = initialisation(init, activation).sigma_w2(width, width)
    q = chosen.groupby("layer")["q"].mean().to_numpy(float)[:-1]
    return gradient_factor(activation, sigma_w2, list(q))


def slopes_alone(**levels: Any) -> Effect:
    """The geometric mean over layers of the root mean square slope: what a chain of f' alone would do."""

    def effect(frame: Any) -> Estimate:
        chosen = select(frame, **levels)
        with_zero = by_net(chosen, lambda net: math.exp(_mean_log(net["slope_rms"].to_numpy(float))))
        return Estimate.of(list(with_zero.values()), bounds=(0.0, math.inf))

    return effect


def _mean_log(values: Any) -> float:
    return sum(math.log(v) if v > 0 else -math.inf for v in values) / len(values)
