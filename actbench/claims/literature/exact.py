"""What decides published results without chance: closed forms, maps and moments."""

from __future__ import annotations

import math

import numpy as np

from actbench.activations.registry import resolve
from actbench.claims.claim import Answer
from actbench.statistics.estimates import slope
from actbench.theory import correlations, critical_point, moments, product_moment


def kernel(c: float) -> float:
    """The arc-cosine kernel of degree 1 as a correlation."""
    return (math.sqrt(1 - c * c) + c * (math.pi - math.acos(c))) / math.pi


def arc_cosine() -> Answer:
    """The largest relative difference between 2 E relu(u) relu(v) / q and the kernel."""
    points = [(q, c) for q in (0.01, 1.0, 100.0) for c in np.linspace(-0.9, 0.9, 13)]
    apart = [abs(2 * product_moment("relu", q, float(c)) / q / kernel(float(c)) - 1) for q, c in points]
    return Answer(
        holds=max(apart) < 1e-8, value=max(apart), n=len(points), n_unit="pairs of length and correlation",
        evidence=f"the largest relative difference is {max(apart):.1e}",
    )  # fmt: skip


def relu_forgets_polynomially() -> Answer:
    """(1 - c_l) l^2 in ReLU's own map, against 9 pi^2 / 2."""
    c, depth = 0.5, 10_000
    for _ in range(depth):
        c = kernel(c)
    found, said = (1 - c) * depth**2, 4.5 * math.pi**2
    return Answer(
        holds=abs(found / said - 1) < 0.02, value=found, n=depth, n_unit="layers",
        evidence=f"(1 - c) l^2 is {found:.4g} after {depth:,} layers; 9 pi^2 / 2 is {said:.4g}",
    )  # fmt: skip


def tanh_forgets_more_slowly() -> Answer:
    """The power of the depth with which 1 - c falls at tanh's critical point, from layer 50 to 200."""
    point = critical_point("tanh", 0.05)
    assert point is not None
    c = correlations("tanh", point.sigma_w2, point.sigma_b2, c=0.5, q=point.q, depth=200)
    layers = list(range(50, 201, 10))
    power = slope([math.log(layer) for layer in layers], [math.log(1 - c[layer - 1]) for layer in layers])
    return Answer(
        holds=-1.2 < power < -0.8, value=power, n=200, n_unit="layers",
        evidence=f"1 - c falls as the depth to the power {power:.3g}; ReLU's falls as its square",
    )  # fmt: skip


def difference_of_relus() -> Answer:
    """The slope that the chain rule gives relu(x) - relu(-x) = x at 0, for each convention at the kink."""
    right = []
    for at_zero in (0.0, 0.5, 1.0):
        row = resolve(f"relu_at_zero:at_zero={at_zero}")
        zero, one = np.zeros(1), np.ones(1)
        found = float((row.backward(one, zero, **row.values()) + row.backward(one, -zero, **row.values()))[0])
        right.append(found == 1.0)
    return Answer(
        holds=not right[0], value=sum(right) / len(right), n=len(right), n_unit="conventions at 0",
        evidence="it is 1; at 0 the chain rule gives 0, 1 and 2 where ReLU's is taken as 0, 1/2 and 1",
    )  # fmt: skip


def swiglu_is_quadratic() -> Answer:
    """d ln |y| / d ln x of x silu(x), which a gate gives where both halves grow alike."""
    row = resolve("silu")
    x = 2.0 ** np.arange(3, 11)
    y = x * row(x)
    powers = np.diff(np.log(y)) / np.diff(np.log(x))
    return Answer(
        holds=bool((abs(powers - 2) < 0.01).all()), value=float(powers[0]), n=len(powers), n_unit="octaves from 8",
        evidence=f"the power is {powers[0]:.4f} from 8 to 16 and {powers[-1]:.4f} from 512 to 1024",
    )  # fmt: skip


def doubled_relu() -> Answer:
    """Zeros of relu(a) relu(b), where relu(a) alone has 67 %, if the two halves are independent."""
    alone, said = 0.67, 0.9
    both = 1 - (1 - alone) ** 2
    return Answer(
        holds=abs(both - said) < 0.03, value=both, n=1, n_unit="product of two shares",
        evidence=f"independence makes {both:.3f} of {alone:g}; at initialisation it makes 0.75 of 0.5",
    )  # fmt: skip


def golu_varies_less() -> Answer:
    """Variance of golu(z) against that of gelu(z) and silu(z), z ~ N(0, q)."""
    lengths, spreads = (0.25, 1.0, 4.0), {}
    for name in ("golu", "gelu", "silu"):
        at = [moments(name, q) for q in lengths]
        spreads[name] = [m.second - m.mean**2 for m in at]
    ratios = [min(spreads[rival][i] for rival in ("gelu", "silu")) / spreads["golu"][i] for i in range(len(lengths))]
    worst = min(ratios)
    told = ", ".join(f"{name} {spread[1]:.4f}" for name, spread in sorted(spreads.items(), key=lambda item: item[1][1]))
    return Answer(
        holds=worst > 1, value=worst, n=len(ratios), n_unit="lengths q",
        evidence=f"variances at q = 1: {told}; the smaller rival's is {worst:.3f} times golu's at worst",
    )  # fmt: skip
